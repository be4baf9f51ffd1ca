// SQLiteTransaction owns what one transaction writes to a database file.

import ApusPluginKit
import CSQLite

final class SQLiteTransaction: StorageTransaction {
  private let server: SQLiteServer
  let connection: SQLiteConnection
  private var insert: (table: String, statement: SQLiteStatement)?

  init(_ server: SQLiteServer, _ connection: SQLiteConnection) {
    self.server = server
    self.connection = connection
  }

  func append(
    _ table: BackendTable, _ columns: [ArrowColumnReader], rowCount: Int
  ) throws(PluginError) {
    try SQLiteServer.check(schema: table.schema)
    let statement = try insertStatement(table)
    for row in 0..<rowCount {
      for (index, column) in columns.enumerated() {
        let place = Int32(truncatingIfNeeded: index &+ 1)
        try bind(statement, place, column, row, table.columns[index])
      }
      _ = try statement.step()
      sqlite3_reset(statement.handle)
    }
    sqlite3_clear_bindings(statement.handle)
  }

  private func insertStatement(_ table: BackendTable) throws(PluginError) -> SQLiteStatement {
    if let insert, insert.table == table.name { return insert.statement }
    let names = table.columns.map { quoted($0.name) }.joined(separator: ", ")
    let places = table.columns.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
    let statement = try SQLiteStatement(
      connection, "INSERT INTO \(quoted(table.name)) (\(names)) VALUES (\(places))")
    insert = (table.name, statement)
    return statement
  }

  private func bind(
    _ statement: SQLiteStatement, _ place: Int32, _ values: ArrowColumnReader, _ row: Int, _ column: PluginColumn
  ) throws(PluginError) {
    let handle = statement.handle
    if values.isNull(row) { return try statement.check(sqlite3_bind_null(handle, place)) }
    switch column.type {
    case .bool: try statement.check(sqlite3_bind_int64(handle, place, values.bool(row) ? 1 : 0))
    case .int2:
      try statement.check(sqlite3_bind_int64(handle, place, Int64(try values.value(row, as: Int16.self))))
    case .int4, .date:
      try statement.check(sqlite3_bind_int64(handle, place, Int64(try values.value(row, as: Int32.self))))
    case .int8, .time, .timestamp, .timestamptz:
      try statement.check(sqlite3_bind_int64(handle, place, try values.value(row, as: Int64.self)))
    case .float4, .float8:
      let number =
        column.type == .float4
        ? Double(try values.value(row, as: Float.self)) : try values.value(row, as: Double.self)
      if number.isNaN {
        throw PluginError("22003", "column \"\(column.name)\": SQLite cannot store NaN")
      }
      try statement.check(sqlite3_bind_double(handle, place, number))
    case .text, .varchar, .bpchar, .name, .json, .jsonb, .numeric:
      try bindText(statement, place, try values.bytes(row))
    case .bytea:
      let bytes = try values.bytes(row)
      if bytes.isEmpty { return try statement.check(sqlite3_bind_zeroblob(handle, place, 0)) }
      try statement.check(
        sqlite3_bind_blob64(handle, place, bytes.baseAddress, UInt64(bytes.count), copiedAtOnce))
    case .uuid:
      var text = UUIDText.text(of: try values.fixed(row, width: 16))
      let failure: PluginError? = text.withUTF8 { utf8 in
        do throws(PluginError) { try bindText(statement, place, UnsafeRawBufferPointer(utf8)) } catch { return error }
        return nil
      }
      if let failure { throw failure }
    case .interval: throw .unsupported("column \"\(column.name)\" of type interval in sqlite")
    }
  }

  private func bindText(
    _ statement: SQLiteStatement, _ place: Int32, _ bytes: UnsafeRawBufferPointer
  ) throws(PluginError) {
    let start = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
    if let start {
      try statement.check(
        sqlite3_bind_text64(
          statement.handle, place, start, UInt64(bytes.count), copiedAtOnce, UInt8(SQLITE_UTF8)))
    } else {
      try statement.check(
        sqlite3_bind_text64(statement.handle, place, "", 0, copiedAtOnce, UInt8(SQLITE_UTF8)))
    }
  }

  func delete(_ table: BackendTable, _ filters: [BackendFilter]) throws(PluginError) -> Int64 {
    try SQLiteServer.check(schema: table.schema)
    let declared = table.isOwned ? [] : try connection.declaredColumns(of: table.name)
    let isUTF8 = try connection.texts("PRAGMA encoding").first == "UTF-8"
    let (sql, parameters) = try SQLiteQuery.deletion(table, filters, declared: declared, isUTF8: isUTF8)
    let statement = try SQLiteStatement(connection, sql)
    try statement.bind(parameters)
    while try statement.step() {}
    return sqlite3_changes64(connection.handle)
  }

  func commit() throws(PluginError) {
    insert = nil
    do throws(PluginError) {
      try connection.execute("COMMIT")
    } catch {
      rollback()
      throw error
    }
    server.giveBack(connection)
  }

  func rollback() {
    insert = nil
    do throws(PluginError) {
      try connection.execute("ROLLBACK")
      server.giveBack(connection)
    } catch {
      // The connection closes with the last reference, and its transaction with it.
      return
    }
  }
}
