// SQLiteConnection owns one connection to a database file, its statements and its errors.

import ApusPluginKit
import CSQLite
import Glibc

/// A column as CREATE TABLE declared it.
struct DeclaredColumn {
  var name: String
  var declaration: String
  var isNotNull: Bool
}

/// SQLite guards a connection with a mutex of its own; one user at a time has it.
final class SQLiteConnection: @unchecked Sendable {
  let handle: OpaquePointer
  private let path: String
  private let identity: FileIdentity

  private struct FileIdentity: Equatable {
    var device: UInt64 = 0
    var node: UInt64 = 0
    init(_ path: String) {
      var status = stat()
      if stat(path, &status) == 0 {
        device = UInt64(status.st_dev)
        node = UInt64(status.st_ino)
      }
    }
  }

  init(path: String, creating: Bool, busyMilliseconds: Int32) throws(PluginError) {
    let isNew = access(path, F_OK) != 0
    if isNew, !creating { throw PluginError("58P01", "database file \"\(path)\" does not exist") }
    var opened: OpaquePointer?
    let flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX | SQLITE_OPEN_EXRESCODE | (creating ? SQLITE_OPEN_CREATE : 0)
    let code = sqlite3_open_v2(path, &opened, flags, nil)
    guard let opened else { throw .outOfMemory }
    handle = opened
    self.path = path
    identity = FileIdentity(path)
    if code != SQLITE_OK {
      // deinit closes it.
      throw Self.failure(opened, code, path)
    }
    sqlite3_busy_timeout(handle, busyMilliseconds)
    // A file's own views and triggers call nothing dangerous; LIKE is PostgreSQL's; a commit is on the disk.
    try execute("PRAGMA trusted_schema = OFF")
    try execute("PRAGMA case_sensitive_like = ON")
    try execute("PRAGMA synchronous = FULL")
    if isNew { try execute("PRAGMA journal_mode = WAL") }
    try SQLFunctions.register(on: handle)
  }

  deinit { sqlite3_close_v2(handle) }

  /// Whether the path still leads to the file that is open.
  var isCurrent: Bool { FileIdentity(path) == identity }

  func error(_ code: Int32) -> PluginError { Self.failure(handle, code, path) }

  private static func failure(_ handle: OpaquePointer, _ code: Int32, _ path: String) -> PluginError {
    if code & 0xFF == SQLITE_INTERRUPT { return .cancelled }
    let message = "sqlite: " + String(cString: sqlite3_errmsg(handle))
    let (state, mayRetry) = sqlState(code, message)
    return PluginError(state, message, detail: "The database file is \(path).", mayRetry: mayRetry)
  }

  private static func sqlState(_ code: Int32, _ message: String) -> (String, Bool) {
    switch code & 0xFF {
    case SQLITE_BUSY, SQLITE_LOCKED: return ("55P03", true)
    case SQLITE_CANTOPEN: return ("08001", true)
    case SQLITE_NOMEM: return ("53200", true)
    case SQLITE_FULL: return ("53100", true)
    case SQLITE_IOERR: return ("58030", false)
    case SQLITE_CORRUPT, SQLITE_NOTADB: return ("XX001", false)
    case SQLITE_READONLY, SQLITE_PERM: return ("25006", false)
    case SQLITE_AUTH: return ("42501", false)
    case SQLITE_TOOBIG: return ("54000", false)
    case SQLITE_MISMATCH: return ("42804", false)
    case SQLITE_CONSTRAINT:
      switch code >> 8 {
      case 1: return ("23514", false)
      case 3: return ("23503", false)
      case 5: return ("23502", false)
      case 6, 8, 10: return ("23505", false)
      default: return ("23000", false)
      }
    default: break
    }
    if message.contains("no such table") { return ("42P01", false) }
    if message.contains("no such column") || message.contains("has no column") { return ("42703", false) }
    if message.contains("already exists") { return ("42P07", false) }
    if message.contains("integer overflow") { return ("22003", false) }
    return ("HV000", false)
  }

  /// Runs one statement to its end; rows are passed over.
  func execute(_ sql: String) throws(PluginError) {
    let statement = try SQLiteStatement(self, sql)
    while try statement.step() {}
  }

  /// The first column of all rows, as text.
  func texts(_ sql: String) throws(PluginError) -> [String] {
    let statement = try SQLiteStatement(self, sql)
    var found: [String] = []
    while try statement.step() { found.append(statement.text(0)) }
    return found
  }

  /// The columns of a table or view in order; none when there is no such table.
  func declaredColumns(of table: String) throws(PluginError) -> [DeclaredColumn] {
    let statement = try SQLiteStatement(
      self, "SELECT name, type, \"notnull\" FROM pragma_table_info(\(literal(table)), 'main') ORDER BY cid")
    var columns: [DeclaredColumn] = []
    while try statement.step() {
      columns.append(
        DeclaredColumn(
          name: statement.text(0), declaration: statement.text(1),
          isNotNull: sqlite3_column_int64(statement.handle, 2) != 0))
    }
    return columns
  }
}

/// A prepared statement. It keeps its connection.
final class SQLiteStatement {
  let handle: OpaquePointer
  private let connection: SQLiteConnection

  init(_ connection: SQLiteConnection, _ sql: String) throws(PluginError) {
    var prepared: OpaquePointer?
    let code = sqlite3_prepare_v2(connection.handle, sql, -1, &prepared, nil)
    guard code == SQLITE_OK, let prepared else { throw connection.error(code) }
    handle = prepared
    self.connection = connection
  }

  deinit { sqlite3_finalize(handle) }

  /// Whether there is a row.
  func step() throws(PluginError) -> Bool {
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    if code == SQLITE_DONE { return false }
    throw connection.error(code)
  }

  func bind(_ values: [Double]) throws(PluginError) {
    for (index, value) in values.enumerated() {
      try check(sqlite3_bind_double(handle, Int32(clamping: index &+ 1), value))
    }
  }

  func check(_ code: Int32) throws(PluginError) {
    if code != SQLITE_OK { throw connection.error(code) }
  }

  func text(_ column: Int32) -> String {
    let bytes = sqlite3_column_text(handle, column)
    let count = Int(sqlite3_column_bytes(handle, column))
    return String(decoding: UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count), as: UTF8.self)
  }
}
