// HTTPServer owns the HTTP endpoint: its socket, libmicrohttpd's threads, its worker threads, and its end.

public import ApusBase
public import ApusEngine
import CMicroHTTPD
import Foundation
import Synchronization

/// Where and how wide the endpoint listens.
public struct HTTPOptions: Sendable {
  /// A numeric address. Beyond loopback only a database with a password may be attached.
  public var address = "127.0.0.1"
  /// 0 takes a free port.
  public var port: UInt16 = 7480
  /// Names by which browsers reach the server, beside addresses and loopback names.
  public var hosts: [String] = []
  /// PEM files of a certificate and its key: HTTPS instead of HTTP.
  public var certificate: String?
  public var key: String?
  /// Threads that read requests and write answers.
  public var connectionThreads: UInt32 = 2
  /// Threads that decode bodies too large for the threads above.
  public var decodeThreads = 2
  /// Bodies of at most this many bytes are decoded by the thread that read them.
  public var inlineBodyBytesMax = 64 << 10
  /// Queries that run at a time; further ones wait.
  public var queryThreads = 4

  public init() {}
}

/// The HTTP endpoint. All methods may be called from any thread.
public final class HTTPServer: @unchecked Sendable {
  /// What a refused request may still send before its connection is closed.
  static let discardedBytesMax = 8 << 20
  /// A request that is refused before its body, and whose body is larger, is answered at once.
  static let drainedBytesMax = 1 << 20
  /// Memory of a connection: request line, headers and the buffer for reading.
  private static let connectionMemoryBytes = 96 << 10
  private static let queriesWaitingMax = 256
  private static let bodiesWaitingMax = 4096

  private struct Daemon: @unchecked Sendable { let pointer: OpaquePointer }
  enum Phase { case starting, serving(Database), draining }

  let options: HTTPOptions
  let rules: AccessRules
  let metrics = HTTPMetrics()
  let watch = QueryWatch()
  private let phase = Mutex(Phase.starting)
  private let daemon = Mutex<Daemon?>(nil)
  private let draining = Atomic<Bool>(false)
  private let collectors = Mutex<[@Sendable (Metrics) -> Void]>([])
  private let bodyBytes = Atomic<Int>(0)
  private let requests = Atomic<Int>(0)
  private let suspended = Atomic<Int>(0)
  let decoders: WorkerPool
  let queries: WorkerPool

  public init(_ options: HTTPOptions = HTTPOptions()) {
    self.options = options
    rules = AccessRules(listening: options.address, hosts: options.hosts)
    decoders = WorkerPool(
      name: "apus-decode", threads: options.decodeThreads, queueMax: Self.bodiesWaitingMax, stackBytes: 2 << 20)
    queries = WorkerPool(
      name: "apus-query", threads: options.queryThreads, queueMax: Self.queriesWaitingMax, stackBytes: 64 << 20)
  }

  /// Binds and answers from now on: `/livez` with 200, the rest with 503 until `attach`. The port. Throws 08006 when
  /// the port cannot be had.
  public func start() throws(ApusError) -> Int {
    let encryption = try Self.encryption(options)
    var bound: UInt16 = 0
    let socket = apus_http_listen(options.address, options.port, 511, &bound)
    guard socket >= 0 else {
      throw ApusError(
        .connectionFailure,
        "cannot listen on \(options.address) port \(options.port): \(String(cString: strerror(-socket)))")
    }
    var settings = ApusHTTPSettings()
    settings.socket = socket
    settings.threads = options.connectionThreads
    settings.connections_max = UInt32(Limits.connectionsMax + Limits.connectionsReserved)
    settings.idle_seconds = UInt32(Limits.httpIdleSecondsMax)
    settings.connection_memory_bytes = Self.connectionMemoryBytes
    // The server lives until its daemon has stopped: `stop` lets go of it.
    let context = Unmanaged.passRetained(self).toOpaque()
    let daemon = Self.start(&settings, encryption, context)
    guard let started = daemon else {
      Unmanaged<HTTPServer>.fromOpaque(context).release()
      close(socket)
      guard let certificate = options.certificate else {
        throw ApusError(.internalError, "the HTTP threads could not be started")
      }
      throw ApusError(
        .configFileError,
        "cannot serve HTTPS with the certificate \"\(certificate)\" and the key \"\(options.key ?? "")\"")
    }
    let running = Daemon(pointer: started)
    self.daemon.withLock { $0 = running }
    return Int(bound)
  }

  /// The PEM texts of the certificate and its key.
  private static func encryption(_ options: HTTPOptions) throws(ApusError) -> (certificate: String, key: String)? {
    guard let certificate = options.certificate, let key = options.key else { return nil }
    func read(_ file: String) throws(ApusError) -> String {
      guard let text = try? String(contentsOfFile: file, encoding: .utf8) else {
        throw ApusError(.configFileError, "cannot read \"\(file)\"")
      }
      return text
    }
    return (try read(certificate), try read(key))
  }

  private static func start(
    _ settings: inout ApusHTTPSettings, _ encryption: (certificate: String, key: String)?,
    _ context: UnsafeMutableRawPointer
  ) -> OpaquePointer? {
    guard let encryption else {
      return apus_http_start(&settings, handleRequest, requestCompleted, writeLog, context)
    }
    return encryption.certificate.withCString { certificate in
      encryption.key.withCString { key in
        settings.certificate = certificate
        settings.key = key
        return apus_http_start(&settings, handleRequest, requestCompleted, writeLog, context)
      }
    }
  }

  /// From now on requests are served.
  public func attach(_ database: Database) { phase.withLock { $0 = .serving(database) } }

  /// Called before each answer of `/metrics`, to set what nobody counts as it happens.
  public func addCollector(_ collect: @escaping @Sendable (Metrics) -> Void) {
    collectors.withLock { $0.append(collect) }
  }

  func collect(_ metrics: Metrics) {
    for collect in collectors.withLock({ $0 }) { collect(metrics) }
  }

  /// Takes no new connection and no new request, waits up to `drainSeconds` for those that run, then closes all.
  public func stop(drainSeconds: Double = 10) {
    draining.store(true, ordering: .releasing)
    phase.withLock { $0 = .draining }
    guard let daemon = daemon.withLock({ $0 })?.pointer else { return }
    let socket = MHD_quiesce_daemon(daemon)
    if socket >= 0 { close(socket) }
    waitUntil(seconds: drainSeconds) { requests.load(ordering: .acquiring) == 0 }
    watch.cancelAll()
    // A suspended connection must not meet the daemon's end: its answer is still being made.
    guard waitUntil(seconds: 5, { suspended.load(ordering: .acquiring) == 0 }) else {
      Log.warning("http", "requests are still running; their connections end with the process")
      return
    }
    waitUntil(seconds: 1) { requests.load(ordering: .acquiring) == 0 }
    let stopped = self.daemon.withLock { held in
      defer { held = nil }
      return held != nil
    }
    guard stopped else { return }
    MHD_stop_daemon(daemon)
    decoders.stop()
    queries.stop()
    watch.stop()
    Unmanaged.passUnretained(self).release()
  }

  @discardableResult
  private func waitUntil(seconds: Double, _ condition: () -> Bool) -> Bool {
    let deadline = monotonicNanoseconds() &+ UInt64(max(0, seconds) * 1e9)
    while !condition() {
      if monotonicNanoseconds() > deadline { return false }
      usleep(2000)
    }
    return true
  }

  // MARK: - What requests ask

  /// The database, or the answer that there is none to be had.
  func database() -> (Database?, unavailable: Reply) {
    switch phase.withLock({ $0 }) {
    case .serving(let database): (database, Reply.error(.unexpected("unreachable")))
    case .starting: (nil, .error(ApusError(.cannotConnectNow, "the database system is starting up")))
    case .draining: (nil, .error(ApusError(.adminShutdown, "the server is shutting down")))
    }
  }

  var isDraining: Bool { draining.load(ordering: .relaxed) }

  func bodyBytesMax(of route: Route?) -> Int {
    if case .ingest = route { Limits.httpBodyBytesMax } else { Limits.sqlBytesMax }
  }

  func reserveBodyBytes(_ count: Int) -> Bool {
    let total = bodyBytes.wrappingAdd(count, ordering: .relaxed).newValue
    guard total > Limits.httpBodiesBytesMax else { return true }
    bodyBytes.wrappingSubtract(count, ordering: .relaxed)
    return false
  }

  func releaseBodyBytes(_ count: Int) { bodyBytes.wrappingSubtract(count, ordering: .relaxed) }

  func requestBegan() { requests.wrappingAdd(1, ordering: .acquiringAndReleasing) }
  func requestEnded() { requests.wrappingSubtract(1, ordering: .acquiringAndReleasing) }
  func exchangeSuspended() { suspended.wrappingAdd(1, ordering: .acquiringAndReleasing) }
  func exchangeResumed() { suspended.wrappingSubtract(1, ordering: .acquiringAndReleasing) }
  var requestsRunning: Int { requests.load(ordering: .relaxed) }
}
