// SQLiteDatabase owns the few calls of SQLite that Apus makes, with typed errors.

public import ApusBase
private import CSQLite

/// A value bound to or read from SQLite.
public enum SQLiteValue: Sendable, Hashable {
  case null
  case integer(Int64)
  case text(String)
  case bytes([UInt8])

  public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
  public var text: String? { if case .text(let value) = self { value } else { nil } }
  public var bytes: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }

  public static func optional(_ value: Int64?) -> SQLiteValue { value.map { .integer($0) } ?? .null }
  public static func optional(_ value: String?) -> SQLiteValue { value.map { .text($0) } ?? .null }
}

/// One connection, for one thread at a time. The database is open exclusively, its changes durable at commit.
public final class SQLiteDatabase {
  private let handle: OpaquePointer
  private let volume: SQLiteFileSystem
  private var statements: [String: OpaquePointer] = [:]
  public let path: String

  /// Opens or makes the database `path` on `system`: write-ahead journal, synchronous=FULL, exclusive.
  public init(path: String, on system: any FileSystem) throws(ApusError) {
    volume = try SQLiteFileSystem(system)
    self.path = path
    var opened: OpaquePointer?
    let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX
    let code = sqlite3_open_v2(path, &opened, flags, volume.name)
    guard code == SQLITE_OK, let opened else {
      let error = Self.error(opened, code, path)
      sqlite3_close_v2(opened)
      throw error
    }
    handle = opened
    sqlite3_extended_result_codes(opened, 1)
    for pragma in [
      "locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = FULL", "temp_store = MEMORY",
      "foreign_keys = ON", "journal_size_limit = 1048576", "cell_size_check = ON",
    ] { try run("PRAGMA \(pragma)") }
  }

  deinit { close() }

  private var isClosed = false

  /// Closes the connection; the journal is folded into the database file.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    for statement in statements.values { sqlite3_finalize(statement) }
    statements.removeAll()
    sqlite3_close_v2(handle)
  }

  /// Runs one statement and returns its rows.
  @discardableResult
  public func run(_ sql: String, _ values: [SQLiteValue] = []) throws(ApusError) -> [[SQLiteValue]] {
    guard !isClosed else { throw ApusError(.objectNotInPrerequisiteState, "the catalog is closed") }
    let statement = try prepared(sql)
    defer {
      sqlite3_reset(statement)
      sqlite3_clear_bindings(statement)
    }
    for (index, value) in values.enumerated() { try bind(value, to: Int32(index + 1), of: statement) }
    var rows: [[SQLiteValue]] = []
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return rows }
      guard code == SQLITE_ROW else { throw Self.error(handle, code, path) }
      rows.append((0..<sqlite3_column_count(statement)).map { Self.column($0, of: statement) })
    }
  }

  /// Runs `body` in a transaction: committed durably when it returns, undone when it throws.
  public func transaction<T>(_ body: () throws(ApusError) -> T) throws(ApusError) -> T {
    try run("BEGIN IMMEDIATE")
    do throws(ApusError) {
      let result = try body()
      try run("COMMIT")
      return result
    } catch {
      if sqlite3_get_autocommit(handle) == 0 { _ = try? run("ROLLBACK") }
      throw error
    }
  }

  public var changes: Int { Int(sqlite3_changes64(handle)) }

  /// Folds the journal into the database file.
  public func checkpoint() throws(ApusError) { try run("PRAGMA wal_checkpoint(TRUNCATE)") }

  /// What SQLite's own check finds wrong; empty when all is well.
  public func integrityFindings() throws(ApusError) -> [String] {
    try run("PRAGMA integrity_check").compactMap { $0.first?.text }.filter { $0 != "ok" }
  }

  private func prepared(_ sql: String) throws(ApusError) -> OpaquePointer {
    if let statement = statements[sql] { return statement }
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v2(handle, sql, -1, &statement, nil)
    guard code == SQLITE_OK, let statement else { throw Self.error(handle, code, path) }
    statements[sql] = statement
    return statement
  }

  private func bind(_ value: SQLiteValue, to index: Int32, of statement: OpaquePointer) throws(ApusError) {
    let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    let code: Int32 =
      switch value {
      case .null: sqlite3_bind_null(statement, index)
      case .integer(let value): sqlite3_bind_int64(statement, index, value)
      case .text(let value): sqlite3_bind_text(statement, index, value, Int32(value.utf8.count), transient)
      case .bytes(let value):
        value.isEmpty
          ? sqlite3_bind_zeroblob(statement, index, 0)
          : sqlite3_bind_blob64(statement, index, value, UInt64(value.count), transient)
      }
    guard code == SQLITE_OK else { throw Self.error(handle, code, path) }
  }

  private static func column(_ index: Int32, of statement: OpaquePointer) -> SQLiteValue {
    switch sqlite3_column_type(statement, index) {
    case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, index))
    case SQLITE_FLOAT: return .text(String(sqlite3_column_double(statement, index)))
    case SQLITE_TEXT:
      guard let text = sqlite3_column_text(statement, index) else { return .null }
      let count = Int(sqlite3_column_bytes(statement, index))
      return .text(String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self))
    case SQLITE_BLOB:
      let count = Int(sqlite3_column_bytes(statement, index))
      guard let bytes = sqlite3_column_blob(statement, index) else { return .bytes([]) }
      return .bytes([UInt8](UnsafeRawBufferPointer(start: bytes, count: count)))
    default: return .null
    }
  }

  private static func error(_ handle: OpaquePointer?, _ code: Int32, _ path: String) -> ApusError {
    let text =
      handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? String(cString: sqlite3_errstr(code))
    let state: SQLState =
      switch code & 0xFF {
      case SQLITE_FULL: .diskFull
      case SQLITE_CORRUPT, SQLITE_NOTADB: .dataCorrupted
      case SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM: .ioError
      case SQLITE_CONSTRAINT: .uniqueViolation
      default: .internalError
      }
    return ApusError(state, "catalog \"\(path)\": \(text)")
  }
}
