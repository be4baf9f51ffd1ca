// PostgresConnection owns one connection to the remote server, and its errors.

import ApusPluginKit
import CPQ
import Glibc

/// A result of libpq, cleared at the end.
final class PostgresResult {
  let handle: OpaquePointer
  init(_ handle: OpaquePointer) { self.handle = handle }
  deinit { PQclear(handle) }

  var rowCount: Int32 { PQntuples(handle) }
  var columnCount: Int32 { PQnfields(handle) }
  var status: ExecStatusType { PQresultStatus(handle) }
  /// `COMMIT`, `DELETE 5`.
  var tag: String { PQcmdStatus(handle).map { String(cString: $0) } ?? "" }
  var affectedRows: Int64 { PQcmdTuples(handle).flatMap { Int64(String(cString: $0)) } ?? 0 }

  func text(_ row: Int32, _ column: Int32) -> String? {
    if PQgetisnull(handle, row, column) != 0 { return nil }
    return PQgetvalue(handle, row, column).map { String(cString: $0) }
  }

  func bytes(_ row: Int32, _ column: Int32) -> UnsafeRawBufferPointer? {
    if PQgetisnull(handle, row, column) != 0 { return nil }
    return UnsafeRawBufferPointer(start: PQgetvalue(handle, row, column), count: Int(PQgetlength(handle, row, column)))
  }

  fileprivate func field(_ code: Int32) -> String? {
    PQresultErrorField(handle, code).map { String(cString: $0) }
  }
}

/// One user at a time has a connection; only `cancelHandle` is for other threads.
final class PostgresConnection: @unchecked Sendable {
  let handle: OpaquePointer
  /// Whether it has served before, so that the server may have closed it since.
  var wasUsed = false

  init(_ options: ConnectionOptions) throws(PluginError) {
    let connected = Self.connect(options.keywords)
    guard let connected else { throw .outOfMemory }
    handle = connected
    guard PQstatus(handle) == CONNECTION_OK else {
      // deinit ends it.
      throw Self.refusal(connected)
    }
    PQsetNoticeProcessor(handle, { _, _ in }, nil)
  }

  deinit { PQfinish(handle) }

  private static func connect(_ keywords: [(String, String)]) -> OpaquePointer? {
    var names = keywords.map { strdup($0.0) }
    var values = keywords.map { strdup($0.1) }
    defer { for text in names + values { free(text) } }
    names.append(nil)
    values.append(nil)
    let constNames = names.map { UnsafePointer($0) }
    let constValues = values.map { UnsafePointer($0) }
    return PQconnectdbParams(constNames, constValues, 1)
  }

  private static func refusal(_ handle: OpaquePointer) -> PluginError {
    let message = oneLine(PQerrorMessage(handle).map { String(cString: $0) } ?? "no reason given")
    let isFinal = ["authentication failed", "does not exist", "no password supplied", "not permitted"]
      .contains { message.contains($0) }
    return PluginError("08001", "could not connect to the PostgreSQL server: \(message)", mayRetry: !isFinal)
  }

  private static func oneLine(_ text: String) -> String {
    text.split(separator: "\n").map { $0.drop { $0 == " " || $0 == "\t" } }.joined(separator: "; ")
  }

  var isUsable: Bool { PQstatus(handle) == CONNECTION_OK }
  /// Outside transactions and statements.
  var isIdle: Bool { PQtransactionStatus(handle) == PQTRANS_IDLE }

  /// Whether the server has something to say on a connection that lies idle: mostly that it closes it.
  var isStale: Bool {
    var descriptor = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
    return poll(&descriptor, 1, 0) != 0 || !isUsable
  }

  /// The error of a result, or of the connection where there is none.
  func error(_ result: PostgresResult?) -> PluginError {
    if !isUsable {
      let message = Self.oneLine(PQerrorMessage(handle).map { String(cString: $0) } ?? "")
      return PluginError("08006", "the connection to the PostgreSQL server was lost: \(message)", mayRetry: true)
    }
    guard let result, let state = result.field(Int32(UnicodeScalar("C").value)) else {
      let message = Self.oneLine(PQerrorMessage(handle).map { String(cString: $0) } ?? "")
      return PluginError("HV000", "the PostgreSQL server: \(message)")
    }
    return PluginError(
      state, result.field(Int32(UnicodeScalar("M").value)) ?? "the PostgreSQL server failed",
      detail: result.field(Int32(UnicodeScalar("D").value)), hint: result.field(Int32(UnicodeScalar("H").value)),
      mayRetry: state.hasPrefix("40") || state.hasPrefix("53") || state == "57P01" || state == "57P03")
  }

  /// Runs a statement; rows come in the binary format when `isBinary`.
  func execute(_ sql: String, isBinary: Bool = false) throws(PluginError) -> PostgresResult {
    let given = isBinary ? PQexecParams(handle, sql, 0, nil, nil, nil, nil, 1) : PQexec(handle, sql)
    guard let given else { throw error(nil) }
    let result = PostgresResult(given)
    switch result.status {
    case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_COPY_IN, PGRES_COPY_OUT: return result
    default: throw error(result)
    }
  }

  /// Takes what the server still says of a statement that is over.
  func finishStatement() throws(PluginError) {
    var failure: PluginError?
    while let given = PQgetResult(handle) {
      let result = PostgresResult(given)
      switch result.status {
      case PGRES_COMMAND_OK, PGRES_TUPLES_OK: break
      case PGRES_COPY_IN, PGRES_COPY_OUT:
        // A copy that goes on cannot be waited for.
        throw PluginError("08P01", "the PostgreSQL server goes on copying")
      default: failure = failure ?? error(result)
      }
    }
    if let failure { throw failure }
  }

  /// What `cancel` needs; to be freed with PQfreeCancel.
  func cancelHandle() -> OpaquePointer? { PQgetCancel(handle) }
}
