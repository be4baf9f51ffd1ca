// PostgresClient owns how the commands use a connection to a server: text rows, COPY, exit codes.

import ApusBase
import ApusREPL
import Foundation

/// One connection. Not thread-safe.
final class PostgresClient {
  private let connection: WireConnection

  /// Connects by a URL or a libpq connection string; exit code 3 when that fails.
  init(_ target: String) throws {
    // libpq's own variable; a server's tools take the server's too.
    let environment = ProcessInfo.processInfo.environment
    if environment["PGPASSWORD"] == nil, let password = try ServeOptions.givenPassword(environment) {
      setenv("PGPASSWORD", password, 1)
    }
    do throws(ApusError) {
      connection = try WireConnection(target)
    } catch {
      throw CommandError.unreachable(error.message)
    }
  }

  /// Connects to a server on this machine.
  convenience init(port: Int, command: String) throws {
    try self.init(Self.target(port: port, command: command))
  }

  static func target(port: Int, command: String) -> String {
    "host=127.0.0.1 port=\(port) user=apus dbname=apus connect_timeout=10 application_name='apus \(command)'"
  }

  /// Runs statements; the first row of the last result as text, nil for NULL.
  @discardableResult
  func query(_ sql: String) throws -> [String?] {
    let sink = ClientSink()
    do throws(ApusError) { try connection.run(sql, sink) } catch { throw failure(error) }
    return sink.row ?? []
  }

  /// The first value of what a statement gives.
  func value(_ sql: String) throws(ApusError) -> String {
    let sink = ClientSink()
    try connection.run(sql, sink)
    guard let value = sink.row?.first ?? nil else { throw ApusError.unexpected("the server gave no answer") }
    return value
  }

  /// Runs a COPY ... FROM STDIN: `next` gives the data piece by piece, empty at the end. The rows that were stored.
  func copy(_ sql: String, _ next: () throws -> [UInt8]) throws -> Int {
    try withoutActuallyEscaping(next) { next in
      let sink = ClientSink()
      sink.next = next
      do throws(ApusError) {
        try connection.run(sql, sink)
      } catch {
        throw sink.inputError ?? failure(error)
      }
      sink.next = nil
      guard sink.isCopy else { throw CommandError.failed("not a COPY: \(sql)") }
      return sink.tag.split(separator: " ").last.flatMap { Int($0) } ?? 0
    }
  }

  private func failure(_ error: ApusError) -> CommandError {
    error.state == .connectionFailure ? .failed(error.message) : CommandError(error)
  }
}

/// Keeps the first row and the tag; feeds a COPY.
private final class ClientSink: StatementSink {
  var row: [String?]?
  var tag = ""
  var isCopy = false
  var next: (() throws -> [UInt8])?
  /// What reading the input threw.
  var inputError: (any Error)?

  func notice(_ notice: Notice) { complain("\(notice.severity.rawValue): \(notice.message)") }
  func begin(_ columns: [ResultColumn]) { row = nil }
  func row(_ values: [String?]) { row = row ?? values }
  func copied(_ bytes: [UInt8]) {}
  func complete(_ tag: String) { self.tag = tag }

  func copyData() throws(ApusError) -> [UInt8] {
    isCopy = true
    do {
      return try next?() ?? []
    } catch {
      inputError = error
      throw ApusError(.queryCanceled, "reading the input failed")
    }
  }
}
