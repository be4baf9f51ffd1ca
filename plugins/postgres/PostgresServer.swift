// PostgresServer owns the connections to one remote database, its tables, and the scans and transactions on them.

import ApusPluginKit
import CPQ
import Synchronization

final class PostgresBackend: StorageBackend {
  private let host: PluginHost?
  init(_ host: PluginHost?) { self.host = host }

  func open(_ options: [String: String]) throws(PluginError) -> any StorageServer {
    PostgresServer(try ConnectionOptions(options), host)
  }
}

/// What a plan has to know of the remote server.
struct ServerFacts: Sendable {
  /// 150004 for 15.4.
  var version: Int32
  /// Whether "C" orders text by the bytes of UTF-8.
  var isUTF8: Bool

  /// date_bin came with PostgreSQL 14, and is right before its origin since 14.11, 15.6 and 16.2.
  var hasDateBin: Bool {
    switch version / 10_000 {
    case 14: version >= 140_011
    case 15: version >= 150_006
    case 16: version >= 160_002
    default: version >= 170_000
    }
  }
}

final class PostgresServer: StorageServer {
  private let options: ConnectionOptions
  private let host: PluginHost?
  private let idle = Mutex<[PostgresConnection]>([])
  private let known = Mutex<ServerFacts?>(nil)
  private static let idleMax = 8

  init(_ options: ConnectionOptions, _ host: PluginHost?) {
    self.options = options
    self.host = host
  }

  /// A connection of the caller's own, until it gives it back or drops it.
  func connection() throws(PluginError) -> PostgresConnection {
    while let waiting = idle.withLock({ $0.popLast() }) {
      if !waiting.isStale { return waiting }
    }
    let fresh = try PostgresConnection(options)
    let encoding = PQparameterStatus(fresh.handle, "server_encoding").map { String(cString: $0) }
    let facts = ServerFacts(version: PQserverVersion(fresh.handle), isUTF8: encoding == "UTF8")
    known.withLock { $0 = facts }
    return fresh
  }

  /// Only of connections outside transactions and statements.
  func giveBack(_ connection: PostgresConnection) {
    guard connection.isUsable, connection.isIdle else { return }
    connection.wasUsed = true
    idle.withLock { list in
      if list.count < Self.idleMax { list.append(connection) }
    }
  }

  /// A connection on which `body` has begun something. One that the server closed while it lay idle is replaced once.
  func starting<T>(
    _ body: (PostgresConnection) throws(PluginError) -> T
  ) throws(PluginError) -> (PostgresConnection, T) {
    while true {
      let connection = try connection()
      do throws(PluginError) {
        return (connection, try body(connection))
      } catch {
        if connection.wasUsed, !connection.isUsable {
          // The others lay as long.
          idle.withLock { $0.removeAll() }
          continue
        }
        giveBack(connection)
        throw error
      }
    }
  }

  private func with<T>(_ body: (PostgresConnection) throws(PluginError) -> T) throws(PluginError) -> T {
    let (connection, result) = try starting(body)
    giveBack(connection)
    return result
  }

  private func facts() throws(PluginError) -> ServerFacts {
    if let facts = known.withLock({ $0 }) { return facts }
    try with { (_) throws(PluginError) in }
    return known.withLock { $0 } ?? ServerFacts(version: 0, isUTF8: false)
  }

  func probe() throws(PluginError) -> String {
    try with { (connection) throws(PluginError) in
      let result = try connection.execute("SHOW server_version")
      return "PostgreSQL " + (result.text(0, 0) ?? "of an unknown version")
    }
  }

  func tables(in schema: String?) throws(PluginError) -> [String] {
    let name = schema.map { literal($0) } ?? "current_schema()"
    return try with { (connection) throws(PluginError) in
      let found = try connection.execute("SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = \(name)")
      guard let oid = found.rowCount > 0 ? found.text(0, 0) : nil else {
        throw PluginError("3F000", "schema \"\(schema ?? "")\" does not exist on the PostgreSQL server")
      }
      let result = try connection.execute(
        "SELECT relname FROM pg_catalog.pg_class WHERE relnamespace = \(oid) AND relkind IN ('r', 'p', 'v', 'm', 'f') "
          + "AND NOT relispartition ORDER BY relname")
      return (0..<result.rowCount).compactMap { result.text($0, 0) }
    }
  }

  func describe(_ table: BackendTable) throws(PluginError) -> [PluginColumn] {
    let name = table.remoteName
    return try with { (connection) throws(PluginError) in
      let found = try connection.execute("SELECT pg_catalog.to_regclass(\(literal(name)))::pg_catalog.oid")
      guard let oid = found.text(0, 0) else {
        throw PluginError("42P01", "relation \(name) does not exist on the PostgreSQL server")
      }
      let result = try connection.execute(
        """
        SELECT a.attname, CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE a.atttypid END,
          CASE t.typtype WHEN 'd' THEN t.typtypmod ELSE a.atttypmod END, a.attnotnull,
          pg_catalog.format_type(a.atttypid, a.atttypmod)
        FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
        WHERE a.attrelid = \(oid) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
        """)
      var columns: [PluginColumn] = []
      for row in 0..<result.rowCount {
        guard let column = result.text(row, 0) else { continue }
        guard let type = result.text(row, 1).flatMap({ UInt32($0) }).flatMap({ PluginType(rawValue: $0) }) else {
          host?.log(
            .warning, "postgres: column \(column) of \(name) is left out: no type here for \(result.text(row, 4) ?? "")"
          )
          continue
        }
        columns.append(
          PluginColumn(
            name: column, type: type, modifier: result.text(row, 2).flatMap { Int32($0) } ?? -1,
            isNullable: result.text(row, 3) != "t"))
      }
      return columns
    }
  }

  func create(_ table: BackendTable) throws(PluginError) {
    var definitions: [String] = []
    for column in table.columns {
      var definition = quoted(column.name) + " " + column.type.sqlName(modifier: column.modifier)
      if [.text, .varchar, .bpchar].contains(column.type) { definition += " COLLATE \"C\"" }
      definitions.append(definition + (column.isNullable ? "" : " NOT NULL"))
    }
    let sql = "CREATE TABLE \(table.remoteName) (\(definitions.joined(separator: ", ")))"
    try with { (connection) throws(PluginError) in _ = try connection.execute(sql) }
  }

  func drop(_ table: BackendTable) throws(PluginError) {
    try with { (connection) throws(PluginError) in
      _ = try connection.execute("DROP TABLE IF EXISTS \(table.remoteName)")
    }
  }

  func prepare(
    _ table: BackendTable, _ request: BackendScanRequest, in transaction: (any StorageTransaction)?
  ) throws(PluginError) -> any StorageScan {
    let query = try PostgresQuery(table, request, try facts())
    if let own = transaction as? PostgresTransaction { return CursorScan(own, query) }
    return CopyScan(self, query)
  }

  func begin() throws(PluginError) -> any StorageTransaction {
    let (connection, _) = try starting { (connection) throws(PluginError) in try connection.execute("BEGIN") }
    return PostgresTransaction(self, connection, try facts())
  }
}

extension BackendTable {
  /// The table's name in remote SQL; without a schema along the remote role's search_path.
  var remoteName: String { (schema.map { quoted($0) + "." } ?? "") + quoted(name) }
}

/// A name in double quotes.
func quoted(_ name: String) -> String {
  "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}

/// A text in single quotes, by standard_conforming_strings.
func literal(_ text: String) -> String {
  "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
}
