// Catalog owns the SQLite database of definitions, segments and flush positions: the commit point of everything but
// small data commits.

import ApusBase
import ApusColumns
import ApusFiles
private import Foundation
private import Synchronization

/// The catalog of one data directory. Calls come one at a time; each change is one durable transaction.
final class Catalog: @unchecked Sendable {
  static let fileName = "catalog.sqlite"
  /// Of the tables below. A newer one than this is refused.
  static let formatVersion: Int64 = 4

  private let lock = Mutex(())
  private let database: SQLiteDatabase
  private let system: any FileSystem

  /// Of the database: below `formatVersion` only where it was opened without `upgrades`.
  private var version: Int64 = 1

  /// `upgrades`: a database of an older format is brought to the newest.
  init(directory: String, system: any FileSystem, upgrades: Bool = true) throws(ApusError) {
    self.system = system
    database = try SQLiteDatabase(path: directory + "/" + Self.fileName, on: system)
    try prepare(upgrades: upgrades)
  }

  func close() { lock.withLock { _ in database.close() } }

  private func exclusively<T>(_ body: () throws(ApusError) -> T) throws(ApusError) -> T {
    let outcome = lock.withLock { _ in
      // The result does not leave this thread before the lock does.
      UncheckedResult(value: Result { () throws(ApusError) in try body() })
    }
    return try outcome.value.get()
  }

  private struct UncheckedResult<T>: @unchecked Sendable { let value: Result<T, ApusError> }

  private static let schema = [
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    """
    CREATE TABLE tables (id INTEGER PRIMARY KEY, schema TEXT NOT NULL, name TEXT NOT NULL, options TEXT NOT NULL,
      UNIQUE (schema, name))
    """,
    """
    CREATE TABLE columns (table_id INTEGER NOT NULL REFERENCES tables ON DELETE CASCADE, id INTEGER NOT NULL,
      name TEXT NOT NULL, type_oid INTEGER NOT NULL, type_modifier INTEGER NOT NULL, not_null INTEGER NOT NULL,
      default_text TEXT, generated_text TEXT, dropped INTEGER NOT NULL, PRIMARY KEY (table_id, id)) WITHOUT ROWID
    """,
    """
    CREATE TABLE partitions (table_id INTEGER NOT NULL REFERENCES tables ON DELETE CASCADE, partition INTEGER NOT NULL,
      flushed_lsn INTEGER NOT NULL, PRIMARY KEY (table_id, partition)) WITHOUT ROWID
    """,
    """
    CREATE TABLE segments (id INTEGER PRIMARY KEY, table_id INTEGER NOT NULL REFERENCES tables ON DELETE CASCADE,
      partition INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL, minimum_time INTEGER,
      maximum_time INTEGER, minimum_lsn INTEGER NOT NULL, maximum_lsn INTEGER NOT NULL, received INTEGER NOT NULL)
    """,
    """
    CREATE TABLE objects (kind TEXT NOT NULL, schema TEXT NOT NULL, name TEXT NOT NULL, definition TEXT NOT NULL,
      PRIMARY KEY (kind, schema, name)) WITHOUT ROWID
    """,
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
  ]

  /// What format 2 added.
  private static let lifecycleSchema = [
    """
    CREATE TABLE deletes (segment_id INTEGER PRIMARY KEY REFERENCES segments ON DELETE CASCADE,
      version INTEGER NOT NULL, rows INTEGER NOT NULL, bitmap BLOB NOT NULL)
    """,
    """
    CREATE TABLE dropped (segment_id INTEGER PRIMARY KEY REFERENCES segments ON DELETE CASCADE,
      dropped_at INTEGER NOT NULL)
    """,
  ]

  /// What format 3 added.
  private static let thinningSchema = [
    """
    CREATE TABLE thinned (table_id INTEGER NOT NULL REFERENCES tables ON DELETE CASCADE, partition INTEGER NOT NULL,
      policy TEXT NOT NULL, through INTEGER NOT NULL, removed INTEGER NOT NULL,
      PRIMARY KEY (table_id, partition, policy)) WITHOUT ROWID
    """
  ]

  /// What format 4 added.
  private static let entitySchema = [
    """
    CREATE TABLE entities (table_id INTEGER PRIMARY KEY REFERENCES tables ON DELETE CASCADE, ids INTEGER NOT NULL,
      bytes INTEGER NOT NULL, frozen INTEGER NOT NULL, overflowed INTEGER NOT NULL)
    """
  ]

  private func prepare(upgrades: Bool) throws(ApusError) {
    let isNew = try database.run("SELECT count(*) FROM sqlite_master").first?.first?.integer == 0
    if isNew {
      try database.transaction { () throws(ApusError) in
        for statement in Self.schema + Self.lifecycleSchema + Self.thinningSchema + Self.entitySchema {
          try database.run(statement)
        }
        try putMeta("format_version", Self.formatVersion)
        try putMeta("store_id", Int64(bitPattern: UInt64.random(in: .min ... .max)))
        try putMeta("dedupe_secret", Int64(bitPattern: UInt64.random(in: .min ... .max)))
        try putMeta("next_table", Int64(TableDefinition.firstUserTable.value))
        try putMeta("next_segment", 1)
      }
      version = Self.formatVersion
      return
    }
    version = try meta("format_version") ?? 0
    guard version >= 1, version <= Self.formatVersion else {
      throw ApusError(
        .featureNotSupported,
        "the data directory has catalog format \(version); "
          + "this version of Apus knows formats up to \(Self.formatVersion)",
        hint: "start the version of Apus that wrote it, or a newer one")
    }
    guard upgrades, version < Self.formatVersion else { return }
    try database.transaction { () throws(ApusError) in
      if version < 2 { for statement in Self.lifecycleSchema { try database.run(statement) } }
      if version < 3 { for statement in Self.thinningSchema { try database.run(statement) } }
      if version < 4 { for statement in Self.entitySchema { try database.run(statement) } }
      try putMeta("format_version", Self.formatVersion)
    }
    version = Self.formatVersion
  }

  private func meta(_ name: String) throws(ApusError) -> Int64? {
    try database.run("SELECT value FROM meta WHERE name = ?", [.text(name)]).first?.first?.integer
  }

  private func putMeta(_ name: String, _ value: Int64) throws(ApusError) {
    try database.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", [.text(name), .integer(value)])
  }

  // MARK: Reading

  func load() throws(ApusError) -> CatalogContents { try exclusively { () throws(ApusError) in try contents() } }

  private func contents() throws(ApusError) -> CatalogContents {
    var contents = CatalogContents()
    guard let storeID = try meta("store_id"), let secret = try meta("dedupe_secret") else {
      throw ApusError.corrupted(database.path, offset: 0, "the store's identity is missing")
    }
    contents.storeID = UInt64(bitPattern: storeID)
    contents.dedupeSecret = UInt64(bitPattern: secret)
    contents.nextTable = TableID(UInt32(clamping: try meta("next_table") ?? 0))
    contents.nextSegment = SegmentID(UInt64(clamping: try meta("next_segment") ?? 0))
    contents.lastLSN = LSN(UInt64(bitPattern: try meta("last_lsn") ?? 0))
    contents.tables = try tables()
    for row in try database.run("SELECT * FROM segments ORDER BY id") { contents.segments.append(try segment(row)) }
    if version >= 2 { try loadLifecycle(into: &contents) }
    if version >= 3 { try loadThinnings(into: &contents) }
    for row in try database.run("SELECT table_id, partition, flushed_lsn FROM partitions") {
      let (table, partition, lsn) = (try integer(row, 0), try integer(row, 1), try integer(row, 2))
      contents.flushed[TableID(UInt32(clamping: table)), default: [:]][PartitionKey(partition)] =
        LSN(UInt64(bitPattern: lsn))
    }
    if version >= 4 { try loadEntities(into: &contents) }
    for row in try database.run("SELECT kind, schema, name, definition FROM objects ORDER BY kind, schema, name") {
      contents.objects.append(
        CatalogObject(
          kind: try text(row, 0), schema: try text(row, 1), name: try text(row, 2), definition: try text(row, 3)))
    }
    for row in try database.run("SELECT name, value FROM settings") {
      contents.settings[try text(row, 0)] = try text(row, 1)
    }
    return contents
  }

  private func loadLifecycle(into contents: inout CatalogContents) throws(ApusError) {
    for row in try database.run("SELECT segment_id, version, rows, bitmap FROM deletes") {
      let id = SegmentID(UInt64(clamping: try integer(row, 0)))
      let deletes = row[3].bytes.flatMap { SegmentDeletes.decoded($0, version: row[1].integer ?? 0) }
      guard let deletes, deletes.count == Int(try integer(row, 2)) else {
        throw damaged("the delete bitmap of segment \(id) is damaged")
      }
      contents.deletes[id] = deletes
    }
    for row in try database.run("SELECT segment_id, dropped_at FROM dropped") {
      contents.dropped[SegmentID(UInt64(clamping: try integer(row, 0)))] = try integer(row, 1)
    }
  }

  private func loadThinnings(into contents: inout CatalogContents) throws(ApusError) {
    for row in try database.run("SELECT table_id, partition, policy, through, removed FROM thinned") {
      let table = TableID(UInt32(clamping: try integer(row, 0)))
      contents.thinnings[table, default: [:]][PartitionKey(try integer(row, 1)), default: [:]][try text(row, 2)] =
        Thinning(
          through: SegmentID(UInt64(clamping: try integer(row, 3))), removedAny: try integer(row, 4) != 0)
    }
  }

  private func loadEntities(into contents: inout CatalogContents) throws(ApusError) {
    for row in try database.run("SELECT table_id, ids, bytes, frozen, overflowed FROM entities") {
      contents.entities[TableID(UInt32(clamping: try integer(row, 0)))] = EntityMark(
        ids: Int(try integer(row, 1)), bytes: Int(try integer(row, 2)), isFrozen: try integer(row, 3) != 0,
        hasOverflow: try integer(row, 4) != 0)
    }
  }

  private func tables() throws(ApusError) -> [TableDefinition] {
    var columns: [Int64: [ColumnDefinition]] = [:]
    for row in try database.run("SELECT * FROM columns ORDER BY table_id, id") {
      guard let type = DataType(oid: OID(clamping: try integer(row, 3))) else {
        throw damaged("column \"\(try text(row, 2))\" has the unknown type \(try integer(row, 3))")
      }
      columns[try integer(row, 0), default: []].append(
        ColumnDefinition(
          id: ColumnID(UInt32(clamping: try integer(row, 1))), name: try text(row, 2),
          type: TypeReference(type, modifier: Int32(clamping: try integer(row, 4))),
          isNotNull: try integer(row, 5) != 0, defaultExpression: row[6].text, generatedExpression: row[7].text,
          isDropped: try integer(row, 8) != 0))
    }
    var tables: [TableDefinition] = []
    for row in try database.run("SELECT id, schema, name, options FROM tables ORDER BY id") {
      let id = try integer(row, 0)
      guard let options = try? JSONDecoder().decode(TableOptions.self, from: Data(try text(row, 3).utf8)) else {
        throw damaged("the options of table \"\(try text(row, 2))\" do not parse")
      }
      tables.append(
        TableDefinition(
          id: TableID(UInt32(clamping: id)), schema: try text(row, 1), name: try text(row, 2),
          columns: columns[id] ?? [], options: options))
    }
    return tables
  }

  private func segment(_ row: [SQLiteValue]) throws(ApusError) -> SegmentRecord {
    SegmentRecord(
      id: SegmentID(UInt64(clamping: try integer(row, 0))), table: TableID(UInt32(clamping: try integer(row, 1))),
      partition: PartitionKey(try integer(row, 2)), rows: Int(try integer(row, 3)), bytes: Int(try integer(row, 4)),
      minimumTime: row[5].integer, maximumTime: row[6].integer,
      minimumLSN: LSN(UInt64(bitPattern: try integer(row, 7))),
      maximumLSN: LSN(UInt64(bitPattern: try integer(row, 8))), received: try integer(row, 9))
  }

  private func damaged(_ what: String) -> ApusError { ApusError.corrupted(database.path, offset: 0, what) }

  private func integer(_ row: [SQLiteValue], _ index: Int) throws(ApusError) -> Int64 {
    guard index < row.count, let value = row[index].integer else { throw damaged("a number is missing") }
    return value
  }
  private func text(_ row: [SQLiteValue], _ index: Int) throws(ApusError) -> String {
    guard index < row.count, let value = row[index].text else { throw damaged("a text is missing") }
    return value
  }

  // MARK: Changing

  /// Commits the changes durably, all or none. `lastLSN` is remembered with them.
  func commit(_ changes: [StoreChange], nextTable: TableID, nextSegment: SegmentID, lastLSN: LSN) throws(ApusError) {
    try exclusively { () throws(ApusError) in
      if let failure = system.fatal.failure { throw failure }
      try database.transaction { () throws(ApusError) in
        for change in changes { try apply(change) }
        try putMeta("next_table", Int64(nextTable.value))
        try putMeta("next_segment", Int64(clamping: nextSegment.value))
        try putMeta("last_lsn", Int64(bitPattern: lastLSN.value))
      }
    }
  }

  private func apply(_ change: StoreChange) throws(ApusError) {
    switch change {
    case .definition(let change): try apply(change)
    case .addSegment(let record):
      try database.run(
        "INSERT INTO segments VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
          .integer(Int64(clamping: record.id.value)), .integer(Int64(record.table.value)),
          .integer(record.partition.value), .integer(Int64(record.rows)), .integer(Int64(record.bytes)),
          .optional(record.minimumTime), .optional(record.maximumTime),
          .integer(Int64(bitPattern: record.minimumLSN.value)), .integer(Int64(bitPattern: record.maximumLSN.value)),
          .integer(record.received),
        ])
    case .removeSegment(let id):
      try database.run("DELETE FROM segments WHERE id = ?", [.integer(Int64(clamping: id.value))])
    case .putDeletes(let id, let deletes):
      try database.run(
        "INSERT OR REPLACE INTO deletes VALUES (?, ?, ?, ?)",
        [
          .integer(Int64(clamping: id.value)), .integer(deletes.version), .integer(Int64(deletes.count)),
          .bytes(deletes.encoded()),
        ])
    case .dropSegment(let id, let time):
      try database.run(
        "INSERT OR REPLACE INTO dropped VALUES (?, ?)", [.integer(Int64(clamping: id.value)), .integer(time)])
    case .restoreSegment(let id):
      try database.run("DELETE FROM dropped WHERE segment_id = ?", [.integer(Int64(clamping: id.value))])
    case .thinned(let table, let partition, let policy, let thinning):
      try database.run(
        "INSERT OR REPLACE INTO thinned VALUES (?, ?, ?, ?, ?)",
        [
          .integer(Int64(table.value)), .integer(partition.value), .text(policy),
          .integer(Int64(clamping: thinning.through.value)), .integer(thinning.removedAny ? 1 : 0),
        ])
    case .entities(let table, let mark):
      try database.run(
        "INSERT OR REPLACE INTO entities VALUES (?, ?, ?, ?, ?)",
        [
          .integer(Int64(table.value)), .integer(Int64(mark.ids)), .integer(Int64(mark.bytes)),
          .integer(mark.isFrozen ? 1 : 0), .integer(mark.hasOverflow ? 1 : 0),
        ])
    case .flushed(let table, let partition, let lsn):
      try database.run(
        "INSERT OR REPLACE INTO partitions VALUES (?, ?, ?)",
        [.integer(Int64(table.value)), .integer(partition.value), .integer(Int64(bitPattern: lsn.value))])
    }
  }

  private func apply(_ change: CatalogChange) throws(ApusError) {
    switch change {
    case .createTable(let table):
      try database.run(
        "INSERT INTO tables VALUES (?, ?, ?, ?)",
        [.integer(Int64(table.id.value)), .text(table.schema), .text(table.name), .text(try options(table))])
      try putColumns(table)
    case .alterTable(let table):
      try database.run(
        "UPDATE tables SET schema = ?, name = ?, options = ? WHERE id = ?",
        [.text(table.schema), .text(table.name), .text(try options(table)), .integer(Int64(table.id.value))])
      try database.run("DELETE FROM columns WHERE table_id = ?", [.integer(Int64(table.id.value))])
      try putColumns(table)
    case .dropTable(let id):
      try database.run("DELETE FROM segments WHERE table_id = ?", [.integer(Int64(id.value))])
      try database.run("DELETE FROM entities WHERE table_id = ?", [.integer(Int64(id.value))])
      try database.run("DELETE FROM tables WHERE id = ?", [.integer(Int64(id.value))])
    case .putObject(let object):
      try database.run(
        "INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?)",
        [.text(object.kind), .text(object.schema), .text(object.name), .text(object.definition)])
    case .removeObject(let kind, let schema, let name):
      try database.run(
        "DELETE FROM objects WHERE kind = ? AND schema = ? AND name = ?", [.text(kind), .text(schema), .text(name)])
    case .putSetting(let name, let value?):
      try database.run("INSERT OR REPLACE INTO settings VALUES (?, ?)", [.text(name), .text(value)])
    case .putSetting(let name, nil): try database.run("DELETE FROM settings WHERE name = ?", [.text(name)])
    }
  }

  private func options(_ table: TableDefinition) throws(ApusError) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    do {
      return String(decoding: try encoder.encode(table.options), as: UTF8.self)
    } catch {
      throw ApusError.unexpected("the options of table \"\(table.name)\" could not be encoded")
    }
  }

  private func putColumns(_ table: TableDefinition) throws(ApusError) {
    for column in table.columns {
      try database.run(
        "INSERT INTO columns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
          .integer(Int64(table.id.value)), .integer(Int64(column.id.value)), .text(column.name),
          .integer(Int64(column.type.type.oid)), .integer(Int64(column.type.modifier)),
          .integer(column.isNotNull ? 1 : 0), .optional(column.defaultExpression),
          .optional(column.generatedExpression), .integer(column.isDropped ? 1 : 0),
        ])
    }
  }

  func checkpoint() throws(ApusError) { try exclusively { () throws(ApusError) in try database.checkpoint() } }

  func integrityFindings() throws(ApusError) -> [String] {
    try exclusively { () throws(ApusError) in try database.integrityFindings() }
  }
}
