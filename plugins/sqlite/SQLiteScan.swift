// SQLiteScan owns the running of a query and the way of SQLite's values into Arrow columns.

import ApusPluginKit
import CSQLite
import Synchronization

final class SQLiteScan: StorageScan {
  private let server: SQLiteServer
  private let query: SQLiteQuery
  /// A transaction's connection; nil for one of the scan's own.
  private let transactionConnection: SQLiteConnection?

  private struct Running {
    var connection: SQLiteConnection?
    var isCancelled = false
  }
  private let running = Mutex(Running())

  init(_ server: SQLiteServer, _ query: SQLiteQuery, connection: SQLiteConnection?) {
    self.server = server
    self.query = query
    transactionConnection = connection
  }

  var answer: BackendScanAnswer { query.answer }

  var types: [PluginType] {
    query.results.map { result in if case .plain(let type) = result { type } else { .numeric } }
  }

  func run() throws(PluginError) -> any StorageRows {
    let connection: SQLiteConnection
    if let transactionConnection { connection = transactionConnection } else { connection = try server.connection() }
    let isCancelled = running.withLock { state in
      state.connection = connection
      return state.isCancelled
    }
    do throws(PluginError) {
      if isCancelled { throw .cancelled }
      let statement = try SQLiteStatement(connection, query.sql)
      try statement.bind(query.parameters)
      return SQLiteRows(self, statement, query.results)
    } catch {
      finish()
      throw error
    }
  }

  func cancel() {
    running.withLock { state in
      state.isCancelled = true
      if let connection = state.connection { sqlite3_interrupt(connection.handle) }
    }
  }

  fileprivate var isCancelled: Bool { running.withLock { $0.isCancelled } }

  /// Gives the connection back. Statements on it are finalised before.
  fileprivate func finish() {
    let connection = running.withLock { state in
      defer { state.connection = nil }
      return state.connection
    }
    if let connection, transactionConnection == nil { server.giveBack(connection) }
  }
}

final class SQLiteRows: StorageRows {
  private let scan: SQLiteScan
  private var statement: SQLiteStatement?
  private let results: [ResultColumn]

  private static let rowsPerBatch = 8_192
  private static let bytesPerBatch = 4 << 20

  init(_ scan: SQLiteScan, _ statement: SQLiteStatement, _ results: [ResultColumn]) {
    self.scan = scan
    self.statement = statement
    self.results = results
  }

  deinit { end() }

  private func end() {
    if statement == nil { return }
    statement = nil
    scan.finish()
  }

  func next(into batch: ArrowBatchBuilder) throws(PluginError) -> Bool {
    do throws(PluginError) {
      return try fill(batch)
    } catch {
      end()
      throw error
    }
  }

  private func fill(_ batch: ArrowBatchBuilder) throws(PluginError) -> Bool {
    guard let statement else { return false }
    if scan.isCancelled { throw .cancelled }
    while batch.rowCount < Self.rowsPerBatch {
      guard try statement.step() else {
        end()
        return batch.rowCount > 0
      }
      var place: Int32 = 0
      for (index, result) in results.enumerated() {
        switch result {
        case .plain(let type): try StoredValue.append(statement.handle, place, type, to: batch.columns[index])
        case .wideSum: try StoredValue.appendWideSum(statement.handle, place, to: batch.columns[index])
        }
        place &+= Int32(truncatingIfNeeded: result.width)
      }
      batch.rowCount &+= 1
      if batch.rowCount & 63 == 0, batch.byteCount > Self.bytesPerBatch { break }
    }
    return true
  }
}

/// Values as SQLite keeps them.
enum StoredValue {
  static func append(
    _ row: OpaquePointer, _ place: Int32, _ type: PluginType, to column: ArrowColumnBuilder
  ) throws(PluginError) {
    let stored = sqlite3_column_type(row, place)
    if stored == SQLITE_NULL { return try column.appendNull() }
    switch type {
    case .bool, .int2, .int4, .int8, .date, .time, .timestamp, .timestamptz:
      guard stored == SQLITE_INTEGER else { throw mismatch(row, place, stored, type) }
      return try appendInteger(sqlite3_column_int64(row, place), type, to: column)
    case .float4, .float8:
      guard stored == SQLITE_FLOAT || stored == SQLITE_INTEGER else { throw mismatch(row, place, stored, type) }
      let number = sqlite3_column_double(row, place)
      if type == .float4 { return try column.append(Float(number)) }
      return try column.append(number)
    case .text, .varchar, .bpchar, .name, .json, .jsonb, .numeric:
      guard stored != SQLITE_BLOB else { throw mismatch(row, place, stored, type) }
      return try column.append(bytes: bytes(row, place, stored))
    case .bytea:
      guard stored == SQLITE_BLOB else { throw mismatch(row, place, stored, type) }
      return try column.append(bytes: bytes(row, place, stored))
    case .uuid:
      let raw = bytes(row, place, stored)
      if stored == SQLITE_BLOB, raw.count == 16 { return try column.append(bytes: raw) }
      guard stored == SQLITE_TEXT, let value = UUIDText.bytes(of: raw) else {
        throw mismatch(row, place, stored, type)
      }
      let failure: PluginError? = value.withUnsafeBytes { raw in
        do throws(PluginError) { try column.append(bytes: raw) } catch { return error }
        return nil
      }
      if let failure { throw failure }
    case .interval: throw mismatch(row, place, stored, type)
    }
  }

  private static func appendInteger(
    _ number: Int64, _ type: PluginType, to column: ArrowColumnBuilder
  ) throws(PluginError) {
    let outside = PluginError("22003", "\(number) in a SQLite table is out of range for type \(type.sqlName)")
    switch type {
    case .bool:
      guard number == 0 || number == 1 else { throw outside }
      try column.append(number == 1)
    case .int2:
      guard let small = Int16(exactly: number) else { throw outside }
      try column.append(small)
    case .int4, .date:
      guard let small = Int32(exactly: number) else { throw outside }
      try column.append(small)
    default: try column.append(number)
    }
  }

  private static func bytes(_ row: OpaquePointer, _ place: Int32, _ stored: Int32) -> UnsafeRawBufferPointer {
    let start =
      stored == SQLITE_BLOB ? sqlite3_column_blob(row, place) : UnsafeRawPointer(sqlite3_column_text(row, place))
    return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_column_bytes(row, place)))
  }

  private static func mismatch(
    _ row: OpaquePointer, _ place: Int32, _ stored: Int32, _ type: PluginType
  ) -> PluginError {
    let names = [SQLITE_INTEGER: "INTEGER", SQLITE_FLOAT: "REAL", SQLITE_TEXT: "TEXT", SQLITE_BLOB: "BLOB"]
    let name = sqlite3_column_origin(row, place)
    return PluginError(
      "HV004",
      "column \(name) of a SQLite table holds a value of class \(names[stored] ?? "?") in a row, "
        + "which is no \(type.sqlName)")
  }

  private static func sqlite3_column_origin(_ row: OpaquePointer, _ place: Int32) -> String {
    sqlite3_column_name(row, place).map { String(cString: $0) } ?? "\(place &+ 1)"
  }

  /// high * 2^32 + low, as decimal text.
  static func appendWideSum(
    _ row: OpaquePointer, _ place: Int32, to column: ArrowColumnBuilder
  ) throws(PluginError) {
    if sqlite3_column_type(row, place) == SQLITE_NULL { return try column.appendNull() }
    let high = Int128(sqlite3_column_int64(row, place))
    let low = Int128(sqlite3_column_int64(row, place &+ 1))
    let text = "\(high &* 4_294_967_296 &+ low)"
    try column.append { (out) throws(PluginError) in try out.append(text) }
  }
}
