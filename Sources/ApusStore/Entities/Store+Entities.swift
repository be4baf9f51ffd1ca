// The ids of entities between the store and its dictionaries: which columns have them, when they are durable, checks.

public import ApusBase
public import ApusColumns
import ApusFiles
import Synchronization

extension ColumnID {
  /// The hidden column of the ids of this column's values. Users' columns are numbered far below.
  var entityIDs: ColumnID { ColumnID(value | 1 << 30) }
}

extension TableDefinition {
  /// The stored columns whose values have ids, in order.
  public var entityColumns: [ColumnDefinition] {
    guard let names = options.entity, !names.isEmpty else { return [] }
    return storedColumns.filter { names.contains($0.name) && Self.mayBeEntity($0.type.type) }
  }

  public static func mayBeEntity(_ type: DataType) -> Bool { type == .text || type == .varchar }

  /// The hidden column of the ids of a column's values, an int4; nil for columns without.
  public func entityIDs(of column: ColumnID) -> ColumnID? {
    entityColumns.contains { $0.id == column } ? column.entityIDs : nil
  }

  /// What the store keeps of a row beside its columns: the ids of its entities.
  var entityIDColumns: [SegmentColumn] {
    entityColumns.map { SegmentColumn(id: $0.id.entityIDs, type: .int4, isFiltered: false) }
  }
}

/// What is known of a table's entity ids.
public struct EntityStatus: Sendable {
  public let definition: TableDefinition
  public let ids: Int
  /// Memory of the dictionary.
  public let bytes: Int
  /// New values get no id any more and are counted by their text.
  public let isFrozen: Bool
}

extension TableSnapshot {
  /// Whether rows may have an entity without id: an id of -1.
  public var hasEntitiesWithoutID: Bool {
    if definition.entityColumns.isEmpty { return false }
    return entities?.hasOverflow ?? true || pending.contains { $0.hasEntitiesWithoutID }
  }
}

extension Store {
  /// The tables that have entity ids.
  public func entityStatus() -> [EntityStatus] {
    core.withLock { core in core.tables.values.compactMap { state in state.entities.map { (state.definition, $0) } } }
      .sorted { $0.0.id < $1.0.id }
      .map { EntityStatus(definition: $0, ids: $1.count, bytes: $1.byteCount, isFrozen: $1.isFrozen) }
  }

  func measureEntities() {
    let all = entityStatus()
    Metrics.shared.set(
      "apus_entity_ids", Double(all.reduce(0) { $0 + $1.ids }), help: "Entities that have an id, of all tables.")
    Metrics.shared.set(
      "apus_entity_dictionary_bytes", Double(all.reduce(0) { $0 + $1.bytes }), help: "Memory of the ids of entities.")
    Metrics.shared.set(
      "apus_entity_tables_frozen", Double(all.count { $0.isFrozen }),
      help: "Tables whose new entities get no id any more.")
  }

  /// The dictionary of a table, which may be on its way to be made; nil when it has no entities.
  func dictionary(for table: TableDefinition) -> EntityDictionary? {
    if table.entityColumns.isEmpty { return nil }
    return dictionaries.withLock { known in
      if let dictionary = known[table.id] { return dictionary }
      let made = EntityDictionary(
        table: table.id, path: EntityDictionary.path(of: table.id, in: directory), system: system, options: options)
      known[table.id] = made
      return made
    }
  }

  /// Forgets dictionaries of tables that were not made.
  func forgetDictionaries(of definitions: [CatalogChange]) {
    for case .createTable(let table) in definitions where core.withLock({ $0.tables[table.id] == nil }) {
      dictionaries.withLock { $0[table.id] = nil }
    }
  }

  /// The changes, with the ids durable that the rows of new segments have.
  func withDurableEntities(_ changes: [StoreChange]) throws(ApusError) -> [StoreChange] {
    var tables: Set<TableID> = []
    for case .addSegment(let record) in changes { tables.insert(record.table) }
    var all = changes
    for table in tables.sorted() {
      guard let dictionary = dictionaries.withLock({ $0[table] }) else { continue }
      all.append(.entities(table, try dictionary.synchronise()))
    }
    return all
  }

  // MARK: Opening

  /// Reads the dictionaries of all tables.
  static func openEntities(
    _ contents: CatalogContents, _ directory: String, _ system: any FileSystem, _ options: StoreOptions,
    into core: inout Core
  ) throws(ApusError) {
    var named: Set<String> = []
    for table in contents.tables where !table.entityColumns.isEmpty {
      let path = EntityDictionary.path(of: table.id, in: directory)
      named.insert(lastComponent(path))
      let dictionary = EntityDictionary(table: table.id, path: path, system: system, options: options)
      if let mark = contents.entities[table.id] { try dictionary.load(mark) }
      core.tables[table.id]?.entities = dictionary
    }
    for name in try system.list(directory + "/ids") where !named.contains(name) {
      try system.remove("\(directory)/ids/\(name)")
    }
  }

  // MARK: Checking

  /// Checks the files of ids and, unless quick, that the ids in segments are those of their texts.
  static func checkEntities(
    _ contents: CatalogContents, _ directory: String, _ system: any FileSystem, _ quick: Bool,
    _ report: inout CheckReport
  ) {
    for table in contents.tables where !table.entityColumns.isEmpty {
      let path = EntityDictionary.path(of: table.id, in: directory)
      let place = "ids/" + lastComponent(path)
      let mark = contents.entities[table.id] ?? EntityMark()
      let segments = contents.segments.filter { $0.table == table.id }
      if quick {
        let size = (try? system.open(path, .read).size()) ?? 0
        if size < mark.bytes { report.error(place, "it has \(size) bytes, the catalog says \(mark.bytes)") }
        continue
      }
      let entities = EntityTable(idsMax: .max, bytesMax: .max)
      do throws(ApusError) {
        var file = EntityFile(path: path, table: table.id, system: system)
        try file.load(mark, into: entities, isReadOnly: true)
      } catch {
        report.error(place, error.message)
        continue
      }
      entities.restore(isFrozen: mark.isFrozen, hasOverflow: mark.hasOverflow)
      let cache = BlockCache(bytesMax: 16 << 20)
      for record in segments {
        do throws(ApusError) {
          let handle = try SegmentHandle(record: record, directory: directory, system: system, cache: cache)
          for group in handle.rowGroups { try checkIDs(group, table, entities, record.path, &report) }
        } catch {
          report.error(record.path, error.message)
        }
      }
    }
  }

  private static func checkIDs(
    _ group: any RowGroup, _ table: TableDefinition, _ entities: EntityTable, _ place: String,
    _ report: inout CheckReport
  ) throws(ApusError) {
    let rows = 0..<group.rowCount
    for column in table.entityColumns {
      let texts = try group.read(ColumnReference(column: column.id, type: column.type.type), rows: rows)
      let ids = try group.read(ColumnReference(column: column.id.entityIDs, type: .int4), rows: rows)
      if let row = entities.firstMismatch(ids, texts) {
        report.error(place, "row \(row) of a row group has the wrong entity id in column \"\(column.name)\"")
      }
    }
  }
}

/// The ids of entities in rows that are not committed: those that have one already.
struct EntityIDs {
  var columns: [ColumnID]
  var vectors: [Vector]
  /// Whether some have none yet: -1.
  var hasMissing: Bool
}

extension WriteTransaction.State {
  /// By batch. The dictionary of a table is asked once for all of its batches: others give ids meanwhile.
  func entityIDs(in tables: [TableID: TableSnapshot]) -> [Int: EntityIDs] {
    var found: [Int: EntityIDs] = [:]
    for id in Set(batches.map(\.table)) {
      guard let table = tables[id] else { continue }
      let entities = table.definition.entityColumns
      if entities.isEmpty { continue }
      var texts: [Vector] = []
      var places: [(batch: Int, column: ColumnID)] = []
      for (index, batch) in batches.enumerated() where batch.table == id && batch.rows.count > 0 {
        for column in entities {
          guard let place = batch.columns.firstIndex(of: column.id) else { continue }
          texts.append(batch.rows.columns[place])
          places.append((index, column.id.entityIDs))
        }
      }
      let known = table.entities?.knownIDs(of: texts) ?? EntityTable(idsMax: 0, bytesMax: 0).knownIDs(of: texts)
      for (place, vector) in zip(places, known.vectors) {
        var ids = found[place.batch] ?? EntityIDs(columns: [], vectors: [], hasMissing: known.hasMissing)
        ids.columns.append(place.column)
        ids.vectors.append(vector)
        found[place.batch] = ids
      }
    }
    return found
  }
}
