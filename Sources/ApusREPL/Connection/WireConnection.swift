// WireConnection owns a connection to a server over the PostgreSQL protocol, through libpq. The other commands talk to
// servers through it too.

public import ApusBase
private import CPQ
private import Glibc

/// One connection. Not thread-safe, but for `canceller`.
public final class WireConnection: ReplConnection {
  private let connection: OpaquePointer
  private var cancel: CancelHandle
  private let inbox = NoticeInbox()

  /// Connects by a URL or a libpq connection string. Throws 08006 (28P01 when a password is missing or wrong).
  public init(_ target: String, password: String? = nil) throws(ApusError) {
    var keywords = ["dbname", "fallback_application_name"]
    var values = [target, "apus repl"]
    if let password {
      keywords.append("password")
      values.append(password)
    }
    guard let made = Self.connect(keywords, values) else {
      throw ApusError(.connectionFailure, "no memory for a connection")
    }
    guard PQstatus(made) == CONNECTION_OK else {
      let message = Self.text(PQerrorMessage(made))
      let needsPassword = PQconnectionNeedsPassword(made) == 1
      PQfinish(made)
      throw ApusError(needsPassword ? .invalidPassword : .connectionFailure, "cannot connect: \(message)")
    }
    connection = made
    cancel = CancelHandle(made)
    PQsetClientEncoding(made, "UTF8")
    let box = Unmanaged.passUnretained(inbox).toOpaque()
    PQsetNoticeReceiver(
      made,
      { box, result in
        guard let box else { return }
        Unmanaged<NoticeInbox>.fromOpaque(box).takeUnretainedValue().notices.append(WireConnection.notice(result))
      }, box)
  }

  deinit { PQfinish(connection) }

  private static func connect(_ keywords: [String], _ values: [String]) -> OpaquePointer? {
    // libpq wants two arrays of C strings, each ended by a null.
    let pointers = (keywords + values).map { strdup($0) }
    defer { for pointer in pointers { free(pointer) } }
    let names = pointers.prefix(keywords.count).map { UnsafePointer<CChar>($0) } + [nil]
    let texts = pointers.suffix(values.count).map { UnsafePointer<CChar>($0) } + [nil]
    return PQconnectdbParams(names, texts, 1)
  }

  public var place: String {
    let (host, port) = (Self.text(PQhost(connection)), Self.text(PQport(connection)))
    return "database \"\(Self.text(PQdb(connection)))\" as \"\(Self.text(PQuser(connection)))\" at \(host):\(port)"
  }

  public var transaction: ReplTransaction {
    switch PQtransactionStatus(connection) {
    case PQTRANS_INTRANS: .inBlock
    case PQTRANS_INERROR: .failed
    default: .idle
    }
  }

  public var isAlive: Bool { PQstatus(connection) == CONNECTION_OK }

  public var canceller: @Sendable () -> Void {
    let handle = cancel
    return { handle.cancel() }
  }

  public func reconnect() -> Bool {
    PQreset(connection)
    guard isAlive else { return false }
    cancel = CancelHandle(connection)
    return true
  }

  public func close() {}

  // MARK: - Statements

  public func run(_ sql: String, _ sink: any StatementSink) throws(ApusError) {
    guard PQsendQuery(connection, sql) == 1 else { throw failure(nil) }
    PQsetSingleRowMode(connection)
    var failed: ApusError?
    var isInResult = false
    while let result = PQgetResult(connection) {
      defer { PQclear(result) }
      pass(to: sink)
      // After an error what is left is read and dropped, so that the connection stays usable.
      do throws(ApusError) {
        try take(result, &isInResult, sink, isDropping: failed != nil)
      } catch {
        if failed == nil {
          failed = error
          if PQtransactionStatus(connection) == PQTRANS_ACTIVE { cancel.cancel() }
        }
      }
      if !isAlive { break }
    }
    pass(to: sink)
    if let failed { throw failed }
  }

  private func take(
    _ result: OpaquePointer, _ isInResult: inout Bool, _ sink: any StatementSink, isDropping: Bool
  ) throws(ApusError) {
    switch PQresultStatus(result) {
    case PGRES_SINGLE_TUPLE, PGRES_TUPLES_OK:
      guard !isDropping else { return }
      if !isInResult {
        isInResult = true
        try sink.begin(
          (0..<PQnfields(result)).map { ResultColumn(Self.text(PQfname(result, $0)), type: PQftype(result, $0)) })
      }
      for row in 0..<PQntuples(result) { try sink.row(Self.row(result, row)) }
      if PQresultStatus(result) == PGRES_TUPLES_OK {
        isInResult = false
        try sink.complete(Self.text(PQcmdStatus(result)))
      }
    case PGRES_COMMAND_OK:
      if !isDropping { try sink.complete(Self.text(PQcmdStatus(result))) }
    case PGRES_COPY_IN: try copyIn(sink)
    case PGRES_COPY_OUT: try copyOut(sink, isDropping: isDropping)
    case PGRES_EMPTY_QUERY: break
    default: throw failure(result)
    }
  }

  private static func row(_ result: OpaquePointer, _ row: Int32) -> [String?] {
    (0..<PQnfields(result)).map { column in
      if PQgetisnull(result, row, column) == 1 { return nil }
      guard let start = PQgetvalue(result, row, column) else { return nil }
      let count = Int(PQgetlength(result, row, column))
      return start.withMemoryRebound(to: UInt8.self, capacity: count) {
        String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
      }
    }
  }

  private func copyIn(_ sink: any StatementSink) throws(ApusError) {
    do throws(ApusError) {
      while true {
        let bytes = try sink.copyData()
        if bytes.isEmpty { break }
        let sent = bytes.withUnsafeBytes { raw in
          PQputCopyData(
            connection, raw.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(truncatingIfNeeded: raw.count))
        }
        // Why comes with the next result.
        if sent != 1 { break }
      }
    } catch {
      PQputCopyEnd(connection, error.message)
      throw error
    }
    PQputCopyEnd(connection, nil)
  }

  private func copyOut(_ sink: any StatementSink, isDropping: Bool) throws(ApusError) {
    var failed: ApusError?
    while true {
      var buffer: UnsafeMutablePointer<CChar>?
      let count = PQgetCopyData(connection, &buffer, 0)
      guard count > 0, let buffer else { break }
      defer { PQfreemem(buffer) }
      guard !isDropping, failed == nil else { continue }
      let bytes = buffer.withMemoryRebound(to: UInt8.self, capacity: Int(count)) {
        Array(UnsafeBufferPointer(start: $0, count: Int(count)))
      }
      do throws(ApusError) {
        try sink.copied(bytes)
      } catch {
        failed = error
        cancel.cancel()
      }
    }
    if let failed { throw failed }
  }

  // MARK: - Errors and notices

  private func pass(to sink: any StatementSink) {
    for notice in inbox.notices { sink.notice(notice) }
    inbox.notices = []
  }

  fileprivate static func text(_ pointer: UnsafePointer<CChar>?) -> String {
    guard let pointer else { return "" }
    var text = String(cString: pointer)
    while text.hasSuffix("\n") { text.removeLast() }
    return text
  }

  /// A field of an error or notice (`PG_DIAG_...`), named by its letter.
  private static func part(_ result: OpaquePointer?, _ letter: Unicode.Scalar) -> String? {
    PQresultErrorField(result, Int32(letter.value)).map { text($0) }
  }

  private func failure(_ result: OpaquePointer?) -> ApusError {
    guard let result, let message = Self.part(result, "M") else {
      let text = Self.text(PQerrorMessage(connection))
      return ApusError(.connectionFailure, isAlive ? text : "the server closed the connection: \(text)")
    }
    return ApusError(
      SQLState(Self.part(result, "C") ?? "XX000"), message, detail: Self.part(result, "D"),
      hint: Self.part(result, "H"), position: Self.part(result, "P").flatMap { Int($0) },
      context: Self.part(result, "W"))
  }

  private static func notice(_ result: OpaquePointer?) -> Notice {
    Notice(
      Notice.Severity(rawValue: part(result, "V") ?? part(result, "S") ?? "NOTICE") ?? .notice,
      part(result, "M") ?? "", state: SQLState(part(result, "C") ?? "00000"), detail: part(result, "D"),
      hint: part(result, "H"))
  }
}

/// Filled by libpq while it reads, on the thread of the connection.
private final class NoticeInbox {
  var notices: [Notice] = []
}

/// What a cancel request needs; kept apart from the connection, which only one thread may use. libpq says of PQcancel
/// that it may be called from any thread, and its object is never changed.
private final class CancelHandle: @unchecked Sendable {
  private let handle: OpaquePointer?

  init(_ connection: OpaquePointer) { handle = PQgetCancel(connection) }
  deinit { PQfreeCancel(handle) }

  func cancel() {
    var message = [CChar](repeating: 0, count: 256)
    PQcancel(handle, &message, 256)
  }
}
