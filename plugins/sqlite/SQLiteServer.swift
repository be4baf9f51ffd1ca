// SQLiteServer owns one database file: its connections, its tables, and the scans and transactions on them.

import ApusPluginKit
import CSQLite
import Glibc
import Synchronization

final class SQLiteBackend: StorageBackend {
  func open(_ options: [String: String]) throws(PluginError) -> any StorageServer {
    guard let path = options["path"], !path.isEmpty else {
      throw PluginError(
        "HV00J", "option \"path\" is missing", hint: "Name the database file: path '/var/lib/events.db'.")
    }
    guard path.hasPrefix("/") else {
      throw PluginError(
        "22023", "option \"path\" must be an absolute path of a file, not \"\(path)\"",
        detail: "Connections to ':memory:' would each see a database of their own.")
    }
    var busyMilliseconds: Int32 = 5000
    if let text = options["busy_timeout"] {
      guard let number = Int32(text), number >= 0 else {
        throw PluginError("22023", "option \"busy_timeout\" must be a number of milliseconds, not \"\(text)\"")
      }
      busyMilliseconds = number
    }
    return SQLiteServer(path: path, busyMilliseconds: busyMilliseconds)
  }
}

final class SQLiteServer: StorageServer {
  let path: String
  let busyMilliseconds: Int32
  private let idle = Mutex<[SQLiteConnection]>([])
  private static let idleMax = 8

  init(path: String, busyMilliseconds: Int32) {
    self.path = path
    self.busyMilliseconds = busyMilliseconds
  }

  /// A connection of the caller's own until `giveBack`. Without `creating`, a file that is not there is an error.
  func connection(creating: Bool = false) throws(PluginError) -> SQLiteConnection {
    while let waiting = idle.withLock({ $0.popLast() }) {
      // A file that was replaced is another database.
      if waiting.isCurrent { return waiting }
    }
    return try SQLiteConnection(path: path, creating: creating, busyMilliseconds: busyMilliseconds)
  }

  /// A connection on which a statement still runs is let go of: it would go on in the next one's transaction.
  func giveBack(_ connection: SQLiteConnection) {
    if sqlite3_next_stmt(connection.handle, nil) != nil { return }
    idle.withLock { list in
      if list.count < Self.idleMax { list.append(connection) }
    }
  }

  private func with<T>(
    creating: Bool = false, _ body: (SQLiteConnection) throws(PluginError) -> T
  ) throws(PluginError) -> T {
    let connection = try connection(creating: creating)
    defer { giveBack(connection) }
    return try body(connection)
  }

  func probe() throws(PluginError) -> String {
    if access(path, F_OK) == 0 {
      try with { (connection) throws(PluginError) in try connection.execute("SELECT count(*) FROM sqlite_schema") }
    } else {
      // The first CREATE TABLE makes the file, but not its directory.
      let directory = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "/"
      guard access(directory, W_OK) == 0 else {
        throw PluginError("58P01", "directory \"\(directory)\" of the database file does not exist or is not writable")
      }
    }
    return "SQLite \(String(cString: sqlite3_libversion()))"
  }

  static func check(schema: String?) throws(PluginError) {
    guard let schema, schema != "main" else { return }
    throw PluginError(
      "3F000", "schema \"\(schema)\" does not exist", hint: "The tables of a SQLite file are in schema main.")
  }

  func tables(in schema: String?) throws(PluginError) -> [String] {
    try Self.check(schema: schema)
    return try with { (connection) throws(PluginError) in
      try connection.texts(
        "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
          + "ORDER BY name")
    }
  }

  func describe(_ table: BackendTable) throws(PluginError) -> [PluginColumn] {
    try Self.check(schema: table.schema)
    return try with { (connection) throws(PluginError) in
      let declared = try connection.declaredColumns(of: table.name)
      if declared.isEmpty {
        throw PluginError("42P01", "relation \"\(table.name)\" does not exist in \(path)")
      }
      return declared.map { column in
        let (type, modifier) = StorageClass.describe(column.declaration, owned: table.isOwned)
        return PluginColumn(name: column.name, type: type, modifier: modifier, isNullable: !column.isNotNull)
      }
    }
  }

  func create(_ table: BackendTable) throws(PluginError) {
    try Self.check(schema: table.schema)
    var definitions: [String] = []
    for column in table.columns {
      let declaration = try StorageClass.declaration(of: column)
      definitions.append(quoted(column.name) + " " + declaration + (column.isNullable ? "" : " NOT NULL"))
    }
    // SQLite has no table without columns.
    if definitions.isEmpty { throw .unsupported("a table without columns in sqlite") }
    let sql = "CREATE TABLE \(quoted(table.name)) (\(definitions.joined(separator: ", ")))"
    try with(creating: true) { (connection) throws(PluginError) in try connection.execute(sql) }
  }

  func drop(_ table: BackendTable) throws(PluginError) {
    try Self.check(schema: table.schema)
    if access(path, F_OK) != 0 { return }
    try with { (connection) throws(PluginError) in
      try connection.execute("DROP TABLE IF EXISTS \(quoted(table.name))")
    }
  }

  func prepare(
    _ table: BackendTable, _ request: BackendScanRequest, in transaction: (any StorageTransaction)?
  ) throws(PluginError) -> any StorageScan {
    try Self.check(schema: table.schema)
    let own = transaction as? SQLiteTransaction
    var declared: [DeclaredColumn] = []
    var isUTF8 = true
    if !table.isOwned {
      let connection: SQLiteConnection
      if let own { connection = own.connection } else { connection = try self.connection() }
      defer { if own == nil { giveBack(connection) } }
      declared = try connection.declaredColumns(of: table.name)
      if declared.isEmpty { throw PluginError("42P01", "relation \"\(table.name)\" does not exist in \(path)") }
      isUTF8 = try connection.texts("PRAGMA encoding").first == "UTF-8"
    }
    let query = try SQLiteQuery(table, request, declared: declared, isUTF8: isUTF8)
    return SQLiteScan(self, query, connection: own?.connection)
  }

  func begin() throws(PluginError) -> any StorageTransaction {
    let connection = try connection()
    do throws(PluginError) {
      try connection.execute("BEGIN IMMEDIATE")
    } catch {
      giveBack(connection)
      throw error
    }
    return SQLiteTransaction(self, connection)
  }
}

/// A name in double quotes.
func quoted(_ name: String) -> String {
  "\"" + name.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\""
}

/// A text in single quotes.
func literal(_ text: String) -> String {
  "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
}
