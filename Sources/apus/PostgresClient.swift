// PostgresClient owns a connection to a server over the PostgreSQL protocol, through libpq.

import CPQ

/// One connection. Not thread-safe.
final class PostgresClient {
  private let connection: OpaquePointer

  /// Connects by a URL or a libpq connection string; exit code 3 when that fails.
  init(_ target: String) throws {
    guard let connection = PQconnectdb(target) else { throw CommandError.unreachable("no memory for a connection") }
    guard PQstatus(connection) == CONNECTION_OK else {
      let message = Self.text(PQerrorMessage(connection))
      PQfinish(connection)
      throw CommandError.unreachable("cannot connect: \(message)")
    }
    self.connection = connection
  }

  /// Connects to a server on this machine.
  convenience init(port: Int, command: String) throws {
    try self.init(
      "host=127.0.0.1 port=\(port) user=apus dbname=apus connect_timeout=10 application_name='apus \(command)'")
  }

  deinit { PQfinish(connection) }

  private static func text(_ pointer: UnsafePointer<CChar>?) -> String {
    guard let pointer else { return "" }
    var text = String(cString: pointer)
    while text.hasSuffix("\n") { text.removeLast() }
    return text
  }

  private func failure(_ result: OpaquePointer?) -> CommandError {
    let message = result.map { Self.text(PQresultErrorMessage($0)) } ?? ""
    let shown = message.isEmpty ? Self.text(PQerrorMessage(connection)) : message
    return PQstatus(connection) == CONNECTION_BAD
      ? .failed("the server closed the connection: \(shown)") : .failed(shown)
  }

  /// Runs statements; the first row of the last result as text, nil for NULL.
  @discardableResult
  func query(_ sql: String) throws -> [String?] {
    let result = PQexec(connection, sql)
    defer { PQclear(result) }
    switch PQresultStatus(result) {
    case PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: return []
    case PGRES_TUPLES_OK:
      guard PQntuples(result) > 0 else { return [] }
      return (0..<PQnfields(result)).map { column in
        PQgetisnull(result, 0, column) == 1 ? nil : Self.text(PQgetvalue(result, 0, column))
      }
    default: throw failure(result)
    }
  }

  /// Runs a COPY ... FROM STDIN: `next` gives the data piece by piece, empty at the end. The rows that were stored.
  func copy(_ sql: String, _ next: () throws -> [UInt8]) throws -> Int {
    let start = PQexec(connection, sql)
    let status = PQresultStatus(start)
    guard status == PGRES_COPY_IN else {
      let error = failure(start)
      PQclear(start)
      throw status == PGRES_COMMAND_OK ? CommandError.failed("not a COPY: \(sql)") : error
    }
    PQclear(start)
    do {
      while true {
        let piece = try next()
        if piece.isEmpty { break }
        try send(piece)
      }
    } catch {
      PQputCopyEnd(connection, "reading the input failed")
      drain()
      throw error
    }
    guard PQputCopyEnd(connection, nil) == 1 else { throw failure(nil) }
    return try finishCopy()
  }

  private func send(_ piece: [UInt8]) throws {
    let sent = piece.withUnsafeBytes { raw in
      PQputCopyData(
        connection, raw.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(truncatingIfNeeded: raw.count))
    }
    guard sent == 1 else {
      // The server's own words, if it sent any before it closed.
      if let result = PQgetResult(connection) {
        defer { PQclear(result) }
        throw failure(result)
      }
      throw failure(nil)
    }
  }

  private func finishCopy() throws -> Int {
    guard let result = PQgetResult(connection) else { throw failure(nil) }
    defer {
      PQclear(result)
      drain()
    }
    guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw failure(result) }
    return Int(Self.text(PQcmdTuples(result))) ?? 0
  }

  private func drain() {
    while let result = PQgetResult(connection) { PQclear(result) }
  }
}
