// Exchange owns one request on its way: its body as it comes in, and its answer once somebody has made it.

import ApusBase
import CMicroHTTPD
import Synchronization

/// One request. Until its connection is suspended only MHD's thread uses it; then only whoever makes the answer, until
/// `finish`; then MHD's thread again.
final class Exchange: @unchecked Sendable {
  let connection: OpaquePointer
  let request: Request
  let route: Route?
  let startedNanoseconds = monotonicNanoseconds()
  private let server: HTTPServer

  /// The body so far.
  private var body: [UInt8] = []
  private var discardedBytes = 0
  /// The answer to give when the request is whole, whatever the rest of its body.
  private(set) var refusal: Reply?
  /// What this request has taken of the server's budget for bodies.
  private var accountedBytes = 0
  /// Made by `finish`, handed to MHD by its own thread.
  private let response = Mutex<PreparedResponse?>(nil)
  private var status = 0

  init(connection: OpaquePointer, request: Request, server: HTTPServer) {
    self.connection = connection
    self.request = request
    self.server = server
    route = Route(path: request.path)
  }

  // MARK: - The body

  func refuse(_ reply: Reply) {
    guard refusal == nil else { return }
    refusal = reply
    body = []
  }

  /// Makes room for a body of the length that the client states, within reason: a stated length costs nothing to state.
  func reserve(_ length: Int) { body.reserveCapacity(min(length, 4 << 20)) }

  /// False when the connection should be closed without an answer: the client sends on and on what nobody reads.
  func receive(_ chunk: UnsafeRawBufferPointer) -> Bool {
    if refusal != nil {
      discardedBytes += chunk.count
      return discardedBytes <= HTTPServer.discardedBytesMax
    }
    guard body.count + chunk.count <= server.bodyBytesMax(of: route) else {
      refuse(Self.tooLarge("the body is larger than \(server.bodyBytesMax(of: route)) bytes"))
      return true
    }
    guard account(chunk.count) else {
      refuse(Self.overloaded)
      return true
    }
    body.append(contentsOf: chunk)
    return true
  }

  /// The body, which is no longer kept here.
  func takeBody() -> [UInt8] {
    defer { body = [] }
    return body
  }

  /// Takes bytes of the budget for bodies; false when there are too few left.
  func account(_ bytes: Int) -> Bool {
    guard server.reserveBodyBytes(bytes) else { return false }
    accountedBytes += bytes
    return true
  }

  static func tooLarge(_ message: String) -> Reply { .error(ApusError(.programLimitExceeded, message), status: 413) }

  static var overloaded: Reply {
    .error(ApusError(.outOfMemory, "too many request bodies at once", hint: "Send it again in a moment."))
  }

  // MARK: - The answer

  /// Stops reading from the connection until `finish`. Called on MHD's thread, within its callback.
  func suspend() {
    server.exchangeSuspended()
    MHD_suspend_connection(connection)
  }

  /// Answers a suspended request. Called once, on any thread.
  func finish(_ reply: Reply) {
    let prepared = PreparedResponse(reply)
    response.withLock { $0 = prepared }
    MHD_resume_connection(connection)
    server.exchangeResumed()
  }

  /// The answer, once there is one.
  func takeResponse() -> PreparedResponse? {
    response.withLock { response in
      defer { response = nil }
      return response
    }
  }

  func send(_ reply: Reply) -> MHD_Result { send(PreparedResponse(reply)) }

  func send(_ prepared: PreparedResponse) -> MHD_Result {
    status = prepared.status
    return prepared.queue(on: connection, closing: server.isDraining)
  }

  /// Called when MHD is done with the request, answered or not.
  func completed() {
    server.releaseBodyBytes(accountedBytes)
    let seconds = Double(monotonicNanoseconds() &- startedNanoseconds) / 1e9
    server.metrics.answered(route, status: status, seconds: seconds)
  }
}

/// A response of MHD's, made on whichever thread made the answer.
final class PreparedResponse: @unchecked Sendable {
  let status: Int
  private let response: OpaquePointer?

  init(_ reply: Reply) {
    status = reply.status
    var body = reply.body
    let count = body.count
    response = body.withUnsafeMutableBytes {
      MHD_create_response_from_buffer(count, $0.baseAddress, apus_http_copy)
    }
    guard let response else { return }
    if !reply.body.isEmpty || reply.status != 204 {
      MHD_add_response_header(response, "Content-Type", reply.contentType)
    }
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff")
    for (name, value) in reply.headers { MHD_add_response_header(response, name, value) }
  }

  /// apus_http_no closes the connection.
  func queue(on connection: OpaquePointer, closing: Bool) -> MHD_Result {
    guard let response else { return apus_http_no }
    if closing { MHD_add_response_header(response, "Connection", "close") }
    return MHD_queue_response(connection, UInt32(truncatingIfNeeded: status), response)
  }

  deinit {
    if let response { MHD_destroy_response(response) }
  }
}
