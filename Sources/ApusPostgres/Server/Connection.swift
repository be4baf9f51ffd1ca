// Connection owns one client's socket and thread: it moves bytes between the socket and the session's machine.

import ApusBase
import ApusEngine
import Synchronization

/// One connection. `run` is its thread; the other methods may be called by any.
final class Connection: Sendable {
  let number: Int
  private let server: PostgresServer
  private let socket: Socket
  /// What a cancellation must name, once there is a session.
  private let key = Mutex<(processID: Int32, secret: Int32)?>(nil)

  init(server: PostgresServer, socket: Socket, number: Int) {
    self.server = server
    self.socket = socket
    self.number = number
  }

  // MARK: - From other threads

  /// The server ends: a waiting connection ends now, a busy one after what it does.
  func drain() { socket.endReading() }

  func cancel() {
    if let key = key.withLock({ $0 }) { server.database.cancel(processID: key.processID, secret: key.secret) }
  }

  func abort() {
    cancel()
    socket.abort()
  }

  // MARK: - The thread

  func run() {
    defer { socket.close() }
    socket.configure()
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 64)
    defer { buffer.deallocate() }
    let peer = socket.peer()
    Log.debug("postgres", "connection", ["conn": String(number), "peer": peer?.address ?? "unknown"])
    var decoder = MessageDecoder()
    let end = monotonicNanoseconds() + UInt64(server.configuration.authenticationSecondsMax) * 1_000_000_000
    guard let startup = negotiate(&decoder, buffer, end) else { return }
    let isKnown: Bool
    do throws(ApusError) {
      guard let answer = try authenticate(startup, &decoder, buffer, end) else { return }
      isKnown = answer
    } catch {
      server.noteRefused()
      return refuse(error)
    }
    guard isKnown || peer?.isLoopback == true else {
      server.noteRefused()
      return refuse(
        ApusError(
          .invalidAuthorization, "connections from other machines need a password, and none is set",
          hint: "Set one from this machine: ALTER ROLE apus PASSWORD '...'"))
    }
    if let error = server.admit(user: startup.user) { return refuse(error) }
    defer { server.noteEnd() }
    let session = server.database.makeSession()
    defer { session.close() }
    key.withLock { $0 = (session.processID, session.secret) }
    session.setClient(address: peer?.address, port: peer?.port)
    let machine = SessionMachine(session: session)
    machine.statementDone = { [number] text, nanoseconds in
      Self.note(text, nanoseconds, number, session.setting("log_min_duration_statement"))
    }
    if let error = machine.greet(startup, isAuthenticated: isKnown) {
      server.noteRefused()
      return refuse(error)
    }
    decoder.isAuthenticated = true
    guard flush(machine) else { return }
    converse(machine, &decoder, buffer)
    Log.debug("postgres", "disconnection", ["conn": String(number)])
  }

  /// Reads up to the startup packet; nil when the connection has ended or was another's errand.
  private func negotiate(
    _ decoder: inout MessageDecoder, _ buffer: UnsafeMutableRawBufferPointer, _ end: UInt64
  ) -> Startup? {
    if let identity = server.configuration.identity, socket.beginsWithTLS(milliseconds: Self.milliseconds(until: end)) {
      guard socket.encrypt(as: identity, deadline: end) else { return nil }
    }
    var refusals = 0
    while true {
      do throws(ApusError) {
        while let item = try decoder.next() {
          guard case .message(let message) = item else { return nil }
          switch message {
          case .sslRequest where server.configuration.identity != nil && !socket.isEncrypted:
            guard try encrypt(decoder, end) else { return nil }
          case .sslRequest, .gssEncryptionRequest:
            // Each may be asked once.
            refusals += 1
            guard refusals <= 2, socket.send([UInt8(ascii: "N")]) else { return nil }
          case .cancelRequest(let processID, let secret):
            server.noteCancelRequest()
            server.database.cancel(processID: processID, secret: secret)
            return nil
          case .startup(let minorVersion, let parameters):
            return try Startup(minorVersion: minorVersion, parameters: parameters)
          default: return nil
          }
        }
      } catch {
        server.noteRefused()
        refuse(error)
        return nil
      }
      switch socket.receive(into: buffer, milliseconds: Self.milliseconds(until: end)) {
      case .bytes(let count): decoder.feed(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]))
      case .end: return nil
      case .timeout:
        server.noteRefused()
        refuse(Self.tooSlow)
        return nil
      }
    }
  }

  private static var tooSlow: ApusError {
    ApusError(.protocolViolation, "canceling authentication due to timeout")
  }

  private static func milliseconds(until end: UInt64) -> Int32 {
    let now = monotonicNanoseconds()
    return now < end ? Int32(clamping: (end - now) / 1_000_000 + 1) : 0
  }

  /// Answers an SSLRequest; false when the client does not go on with TLS.
  private func encrypt(_ decoder: MessageDecoder, _ end: UInt64) throws(ApusError) -> Bool {
    guard let identity = server.configuration.identity else { return false }
    // What came in the clear after the request is not the client's own word: somebody in between may have sent it.
    guard decoder.pendingBytes == 0 else {
      throw ApusError(.protocolViolation, "received unencrypted data after SSL request")
    }
    return socket.send([UInt8(ascii: "S")]) && socket.encrypt(as: identity, deadline: end)
  }

  /// Asks for the password once one is set: true when it was right, false when none is asked for. nil when the client
  /// has ended the connection.
  private func authenticate(
    _ startup: Startup, _ decoder: inout MessageDecoder, _ buffer: UnsafeMutableRawBufferPointer, _ end: UInt64
  ) throws(ApusError) -> Bool? {
    guard var authentication = try Authentication(user: startup.user, database: server.database) else { return false }
    var output = OutputBuffer(capacity: 256)
    authentication.begin(into: &output)
    var isDone = false
    while true {
      while !isDone, let item = try decoder.next() {
        if case .message(.terminate) = item { return nil }
        isDone = try authentication.receive(item, into: &output)
      }
      if !output.isEmpty {
        guard socket.send(output.bytes) else { return nil }
        output.removeAll()
      }
      if isDone { return true }
      switch socket.receive(into: buffer, milliseconds: Self.milliseconds(until: end)) {
      case .bytes(let count): decoder.feed(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]))
      case .end: return nil
      case .timeout: throw Self.tooSlow
      }
    }
  }

  private func refuse(_ error: ApusError) {
    var output = OutputBuffer(capacity: 256)
    output.errorResponse(error, severity: .fatal)
    _ = socket.send(output.bytes)
    Log.debug("postgres", "connection refused", ["conn": String(number), "code": error.state.code])
  }

  /// Message after message until one side ends.
  private func converse(
    _ machine: SessionMachine, _ decoder: inout MessageDecoder, _ buffer: UnsafeMutableRawBufferPointer
  ) {
    while true {
      do throws(ApusError) {
        while !machine.isClosed, let item = try decoder.next() {
          var progress = machine.receive(item)
          while case .sendAndAdvance = progress {
            guard flush(machine) else { return }
            progress = machine.advance()
          }
          if machine.output.count >= RowStream.outputBytesMax { guard flush(machine) else { return } }
        }
      } catch {
        machine.terminate(error)
      }
      if machine.wantsFlush || machine.isClosed { guard flush(machine) else { return } }
      if machine.isClosed { return }
      switch socket.receive(into: buffer) {
      case .bytes(let count): decoder.feed(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[..<count]))
      case .end, .timeout:
        guard server.isStopping else { return }
        machine.terminate(ApusError(.adminShutdown, "terminating connection due to administrator command"))
        _ = flush(machine)
        return
      }
    }
  }

  private func flush(_ machine: SessionMachine) -> Bool {
    defer { machine.wantsFlush = false }
    guard !machine.output.isEmpty else { return true }
    defer { machine.output.removeAll() }
    return socket.send(machine.output.bytes)
  }

  /// Logs slow statements, their literals left out, and counts all.
  private static func note(_ text: String, _ nanoseconds: UInt64, _ number: Int, _ threshold: String?) {
    Metrics.shared.observe(
      "apus_postgres_statement_seconds", seconds: Double(nanoseconds) / 1e9,
      help: "Time from the receipt of a statement over the PostgreSQL protocol to its last row.")
    guard let threshold, let milliseconds = Int64(threshold), milliseconds >= 0 else { return }
    guard nanoseconds / 1_000_000 >= UInt64(milliseconds) else { return }
    Log.info(
      "postgres", "slow statement",
      ["conn": String(number), "ms": String(nanoseconds / 1_000_000), "statement": StatementText.redacted(text)])
  }
}

extension Socket {
  fileprivate func send(_ bytes: [UInt8]) -> Bool { bytes.withUnsafeBytes { send($0) } }
}
