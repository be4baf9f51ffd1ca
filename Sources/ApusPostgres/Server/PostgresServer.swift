// PostgresServer owns the PostgreSQL endpoint: the listening socket, its connections and their count.

public import ApusBase
public import ApusEngine
import Glibc
import Synchronization

/// Serves a database over PostgreSQL's protocol 3.0, with a thread for each connection.
public final class PostgresServer: Sendable {
  /// The bounds of one server.
  public struct Configuration: Sendable {
    /// Connections at once; `connectionsReserved` more are kept for the role `apus` by name.
    public var connectionsMax = Limits.connectionsMax
    public var connectionsReserved = Limits.connectionsReserved
    /// A client that has not finished its startup by then is let go.
    public var authenticationSecondsMax = Limits.authenticationSecondsMax
    /// What the server shows of itself over TLS; nil: connections are not encrypted.
    public var identity: TLSIdentity?
    public init() {}
  }

  /// Connections by what became of them.
  public struct Counts: Sendable, Hashable {
    /// Sessions that are open now.
    public var open = 0
    /// Sessions opened since the start.
    public var opened: UInt64 = 0
    /// Connections turned away: too many, or not let in.
    public var refused: UInt64 = 0
    /// Requests to cancel.
    public var cancelRequests: UInt64 = 0
  }

  private struct State {
    var listener: ListeningSocket?
    var isStopping = false
    var acceptorRuns = false
    var next = 0
    var connections: [Int: Connection] = [:]
    var counts = Counts()
  }

  let database: Database
  let configuration: Configuration
  private let host: String
  private let port: Int
  private let state = Mutex(State())
  /// Connections that have not named themselves yet, beyond those that may be open.
  private static let waitingMax = 64

  /// `host` is a loopback address unless a password is set; port 0 takes a free one.
  public init(
    database: Database, host: String = "127.0.0.1", port: Int = 7432, configuration: Configuration = Configuration()
  ) {
    self.database = database
    self.host = host
    self.port = port
    self.configuration = configuration
  }

  public var counts: Counts { state.withLock { $0.counts } }

  // MARK: - Start and stop

  /// Listens and takes connections from now on. Returns the port.
  public func start() throws(ApusError) -> Int {
    let listener = try ListeningSocket(host: host, port: port, servesOthers: database.hasPassword)
    state.withLock {
      $0.listener = listener
      $0.acceptorRuns = true
    }
    let isRunning = startThread(stackBytes: 256 << 10) { [self] in
      while let socket = listener.accept() { take(socket) }
      state.withLock { $0.acceptorRuns = false }
    }
    guard isRunning else {
      listener.close()
      throw ApusError(.outOfMemory, "cannot start a thread for the PostgreSQL endpoint")
    }
    Log.info("postgres", "listening", ["host": host, "port": String(listener.port)])
    return listener.port
  }

  /// Takes no more connections, tells idle sessions that the server ends (57P01), lets running statements finish for
  /// `drainSeconds`, then cancels them. Returns when every connection has ended.
  public func stop(drainSeconds: Double = 10) {
    let (listener, open) = state.withLock { state in
      state.isStopping = true
      return (state.listener, Array(state.connections.values))
    }
    listener?.stop()
    for connection in open { connection.drain() }
    if !waitForEnd(seconds: drainSeconds) {
      for connection in state.withLock({ Array($0.connections.values) }) { connection.cancel() }
      if !waitForEnd(seconds: 2) {
        for connection in state.withLock({ Array($0.connections.values) }) { connection.abort() }
        _ = waitForEnd(seconds: 10)
      }
    }
    listener?.close()
    state.withLock { $0.listener = nil }
    Log.info("postgres", "stopped")
  }

  private func waitForEnd(seconds: Double) -> Bool {
    let end = monotonicNanoseconds() + UInt64(max(0, min(seconds, 1e6)) * 1e9)
    while true {
      if state.withLock({ $0.connections.isEmpty && !$0.acceptorRuns }) { return true }
      guard monotonicNanoseconds() < end else { return false }
      _ = poll(nil, 0, 5)
    }
  }

  var isStopping: Bool { state.withLock { $0.isStopping } }

  // MARK: - Connections

  private func take(_ socket: Socket) {
    let connection: Connection? = state.withLock { state in
      let bound = configuration.connectionsMax + configuration.connectionsReserved + Self.waitingMax
      guard !state.isStopping, state.connections.count < bound else {
        state.counts.refused &+= 1
        return nil
      }
      state.next += 1
      let connection = Connection(server: self, socket: socket, number: state.next)
      state.connections[state.next] = connection
      return connection
    }
    guard let connection else { return Self.refuse(socket, Self.tooMany) }
    let isRunning = startThread(stackBytes: 16 << 20) { [self] in
      connection.run()
      state.withLock { $0.connections[connection.number] = nil }
    }
    if !isRunning {
      state.withLock {
        $0.connections[connection.number] = nil
        $0.counts.refused &+= 1
      }
      Self.refuse(socket, ApusError(.outOfMemory, "cannot start a thread for the connection"))
    }
  }

  private static var tooMany: ApusError { ApusError(.tooManyConnections, "sorry, too many clients already") }

  private static func refuse(_ socket: Socket, _ error: ApusError) {
    var output = OutputBuffer(capacity: 256)
    output.errorResponse(error, severity: .fatal)
    _ = socket.send(output.bytes)
    socket.close()
  }

  /// Counts a session in, or says why not.
  func admit(user: String) -> ApusError? {
    state.withLock { state in
      let isReservedTaken = state.counts.open >= configuration.connectionsMax + configuration.connectionsReserved
      if isReservedTaken {
        state.counts.refused &+= 1
        return Self.tooMany
      }
      if state.counts.open >= configuration.connectionsMax, user != "apus" {
        state.counts.refused &+= 1
        return ApusError(
          .tooManyConnections, "remaining connection slots are reserved for non-replication superuser connections")
      }
      state.counts.open += 1
      state.counts.opened &+= 1
      return nil
    }
  }

  func noteEnd() { state.withLock { $0.counts.open -= 1 } }
  func noteRefused() { state.withLock { $0.counts.refused &+= 1 } }
  func noteCancelRequest() { state.withLock { $0.counts.cancelRequests &+= 1 } }
}

private final class ThreadBody {
  let run: @Sendable () -> Void
  init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
  return nil
}

/// Starts a detached thread; false when there can be none.
private func startThread(stackBytes: Int, _ run: @escaping @Sendable () -> Void) -> Bool {
  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  pthread_attr_setstacksize(&attributes, stackBytes)
  pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
  var thread = pthread_t()
  let argument = Unmanaged.passRetained(ThreadBody(run))
  let code = pthread_create(&thread, &attributes, threadMain, argument.toOpaque())
  if code != 0 { argument.release() }
  return code == 0
}
