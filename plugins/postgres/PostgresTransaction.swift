// PostgresTransaction owns what one transaction writes to the remote database.

import ApusPluginKit
import CPQ
import Synchronization

final class PostgresTransaction: StorageTransaction {
  private let server: PostgresServer
  let connection: PostgresConnection
  private let facts: ServerFacts
  private struct State {
    var cursorCount = 0
    /// The connection serves others then: a cursor that is let go of late must not reach it.
    var hasEnded = false
  }
  /// Cursors of one transaction may be read from several threads; each statement has the connection alone.
  private let state = Mutex(State())
  private let buffer = GrowingBytes()

  private static let bytesPerMessage = 1 << 20

  init(_ server: PostgresServer, _ connection: PostgresConnection, _ facts: ServerFacts) {
    self.server = server
    self.connection = connection
    self.facts = facts
  }

  func execute(_ sql: String, isBinary: Bool = false, ends: Bool = false) throws(PluginError) -> PostgresResult {
    var failure: PluginError?
    let result = state.withLock { state in
      do throws(PluginError) {
        if state.hasEnded { throw PluginError("25P01", "the transaction on the PostgreSQL server has ended") }
        state.hasEnded = ends
        return try connection.execute(sql, isBinary: isBinary) as PostgresResult?
      } catch {
        failure = error
        return nil
      }
    }
    if let result { return result }
    throw failure ?? PluginError("XX000", "a statement gave neither a result nor an error")
  }

  func nextCursorName() -> String {
    state.withLock { state in
      state.cursorCount &+= 1
      return "apus_\(state.cursorCount)"
    }
  }

  func append(
    _ table: BackendTable, _ columns: [ArrowColumnReader], rowCount: Int
  ) throws(PluginError) {
    let names = table.columns.map { quoted($0.name) }.joined(separator: ", ")
    _ = try execute("COPY \(table.remoteName) (\(names)) FROM STDIN (FORMAT binary)")
    do throws(PluginError) {
      try send(columns, table.columns.map(\.type), rowCount)
    } catch {
      _ = PQputCopyEnd(connection.handle, "the rows could not be made")
      try? connection.finishStatement()
      throw error
    }
    guard PQputCopyEnd(connection.handle, nil) == 1 else { throw connection.error(nil) }
    try connection.finishStatement()
  }

  private func send(
    _ columns: [ArrowColumnReader], _ types: [PluginType], _ rowCount: Int
  ) throws(PluginError) {
    buffer.removeAll()
    for byte: UInt8 in [0x50, 0x47, 0x43, 0x4F, 0x50, 0x59, 0x0A, 0xFF, 0x0D, 0x0A, 0x00] { try buffer.append(byte) }
    try buffer.append(zeros: 8)
    for row in 0..<rowCount {
      try buffer.appendBigEndian(Int16(truncatingIfNeeded: columns.count))
      for (index, type) in types.enumerated() { try BinaryValue.append(columns[index], row, type, to: buffer) }
      if buffer.count >= Self.bytesPerMessage { try flush() }
    }
    try buffer.appendBigEndian(Int16(-1))
    try flush()
  }

  private func flush() throws(PluginError) {
    let bytes = buffer.bytes
    guard let length = Int32(exactly: bytes.count) else { throw PluginError("54000", "a row is longer than 2 GiB") }
    let sent = PQputCopyData(connection.handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), length)
    buffer.removeAll()
    if sent != 1 { throw connection.error(nil) }
  }

  func delete(_ table: BackendTable, _ filters: [BackendFilter]) throws(PluginError) -> Int64 {
    let result = try execute(try PostgresQuery.deletion(table, filters, facts))
    return result.affectedRows
  }

  func commit() throws(PluginError) {
    let result: PostgresResult
    do throws(PluginError) {
      result = try execute("COMMIT", ends: true)
    } catch {
      if connection.isUsable {
        // A COMMIT that fails has rolled back.
        server.giveBack(connection)
        throw error
      }
      throw PluginError(
        "40003", "the connection to the PostgreSQL server was lost during COMMIT: whether it happened is not known",
        detail: error.message)
    }
    // COMMIT of a failed transaction is a rollback, and says so only in its tag.
    let tag = result.tag
    server.giveBack(connection)
    if tag != "COMMIT" { throw PluginError("40000", "the PostgreSQL server rolled the transaction back") }
  }

  func rollback() {
    _ = try? execute("ROLLBACK", ends: true)
    server.giveBack(connection)
  }
}
