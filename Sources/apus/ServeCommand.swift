// ServeCommand owns the life of a server: start, ready line, signals, drain.

import ApusBase
import ApusEngine
import ApusHTTP
import ApusPostgres
import ApusStore
import CApusSystem
import Foundation
import Synchronization

enum ServeCommand {
  /// Requests that run may take this long to end after SIGTERM.
  private static let drainSeconds = 10.0

  /// Runs until a signal: never returns once the server has started.
  static func run(_ arguments: [String]) -> Int32 {
    let options: ServeOptions
    do {
      guard let read = try ServeOptions.read(arguments, environment: ProcessInfo.processInfo.environment) else {
        print(ServeOptions.usage)
        return 0
      }
      options = read
    } catch let error as UsageError {
      complain("apus serve: \(error.message)\n\n\(ServeOptions.usage)")
      return 2
    } catch let error as CommandError {
      complain("apus serve: \(error.message)")
      return error.status
    } catch {
      complain("apus serve: \(explain(.wrapping(error)))")
      return 1
    }
    Log.configure(level: .info, format: options.logFormat)
    prepareProcess()
    let signals = blockSignals()
    let server = RunningServer(options)
    let starter = Thread {
      do throws(ApusError) {
        try server.start()
      } catch {
        complain("apus serve: \(explain(error))")
        exit(1)
      }
    }
    // Opening binds and parses what the catalog holds.
    starter.stackSize = 64 << 20
    starter.start()
    wait(signals)
    let stopper = Thread {
      server.stop(drainSeconds: drainSeconds)
      exit(0)
    }
    stopper.start()
    wait(signals)
    Log.warning("serve", "a second signal: ending at once")
    _exit(1)
  }

  private static func explain(_ error: ApusError) -> String {
    var text = error.message
    if let detail = error.detail {
      text += "\n" + detail.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n")
    }
    if let hint = error.hint { text += "\n  \(hint)" }
    return text
  }

  // MARK: - The process

  private static func prepareProcess() {
    // Each heap keeps what was freed on it: as many as cores contend, no more.
    apus_cap_malloc_arenas(Int32(clamping: max(4, 2 * ProcessInfo.processInfo.activeProcessorCount)))
    let files = apus_raise_open_files_limit()
    if files >= 0, files < 4096 {
      Log.warning("serve", "few files may be open at once", ["limit": String(files)])
    }
    signal(SIGPIPE, SIG_IGN)
  }

  /// Keeps SIGTERM and SIGINT for `wait`. Before any thread starts: threads inherit the mask.
  private static func blockSignals() -> sigset_t {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGTERM)
    sigaddset(&signals, SIGINT)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
    return signals
  }

  private static func wait(_ signals: sigset_t) {
    var signals = signals
    var number: Int32 = 0
    while sigwait(&signals, &number) != 0 {}
  }
}

/// The parts of a server that run, and how they start and stop.
private final class RunningServer: Sendable {
  private let options: ServeOptions
  private let http: HTTPServer
  private let scheme: String
  private struct State {
    var database: Database?
    var postgres: PostgresServer?
    var isStopping = false
  }
  private let state = Mutex(State())

  init(_ options: ServeOptions) {
    self.options = options
    var settings = HTTPOptions()
    settings.address = options.address
    settings.port = options.httpPort
    settings.hosts = options.httpHosts
    settings.certificate = options.httpTLS.certificate
    settings.key = options.httpTLS.key
    scheme = options.httpTLS.certificate == nil ? "http" : "https"
    http = HTTPServer(settings)
  }

  func start() throws(ApusError) {
    // Before anything that others could see: a certificate that cannot be used is the operator's to mend.
    var configuration = PostgresServer.Configuration()
    if let certificate = options.postgresTLS.certificate, let key = options.postgresTLS.key {
      configuration.identity = try TLSIdentity(certificate: certificate, key: key)
    }
    // First, so that health checks are answered while the log is replayed.
    let httpPort = try listening(options.httpPort, "--http-port") { () throws(ApusError) in try http.start() }
    let database = try open()
    guard options.isLoopbackOnly || database.hasPassword else {
      database.close()
      throw ApusError(
        .objectNotInPrerequisiteState,
        "listening on \"\(options.address)\", which is beyond loopback, is refused while no password is set",
        hint: "Start on 127.0.0.1 and set one with ALTER ROLE apus PASSWORD '...', or make the data directory with "
          + "APUS_PASSWORD or APUS_PASSWORD_FILE set.")
    }
    do throws(ApusError) {
      try configure(database)
    } catch {
      database.close()
      throw error
    }
    let postgres = PostgresServer(
      database: database, host: options.address, port: Int(options.postgresPort), configuration: configuration)
    let isStopping = state.withLock { state in
      state.database = database
      return state.isStopping
    }
    if isStopping { return }
    let postgresPort: Int
    do throws(ApusError) {
      postgresPort = try listening(options.postgresPort, "--postgres-port") { () throws(ApusError) in
        try postgres.start()
      }
      declare(database, postgresPort: postgresPort, httpPort: httpPort)
      try database.announce(postgresPort: postgresPort, httpPort: httpPort)
    } catch {
      database.close()
      throw error
    }
    let endsAlready = state.withLock { state in
      if !state.isStopping { state.postgres = postgres }
      return state.isStopping
    }
    if endsAlready { return postgres.stop(drainSeconds: 0) }
    http.addCollector { metrics in Self.describe(postgres.counts, in: metrics) }
    http.attach(database)
    tellReady(postgresPort, httpPort)
  }

  private static func describe(_ counts: PostgresServer.Counts, in metrics: Metrics) {
    metrics.set("apus_postgres_connections", Double(counts.open), help: "Sessions over the PostgreSQL protocol.")
    for (result, count) in [("opened", counts.opened), ("refused", counts.refused)] {
      metrics.set(
        "apus_postgres_connections_total", Double(count), labels: "result=\"\(result)\"",
        help: "Connections over the PostgreSQL protocol since the start.", kind: .counter)
    }
    metrics.set(
      "apus_postgres_cancel_requests_total", Double(counts.cancelRequests),
      help: "Requests to cancel a statement since the start.", kind: .counter)
  }

  /// The ready line for programs, and lines to paste for people.
  private func tellReady(_ postgresPort: Int, _ httpPort: Int) {
    let (postgres, http) = (options.place(postgresPort), options.place(httpPort))
    Log.info("serve", "ready", ["postgres": postgres, "http": http, "data": options.data])
    if isatty(2) == 1 {
      complain(
        """

          psql postgres://apus@\(postgres)/apus
          curl \(scheme)://\(http)/v1/events -H 'Content-Type: application/json' \\
            -d '{"event": "hello", "user_id": "me"}'

        """)
    }
    print("ready postgres=\(postgres) http=\(http)")
    fflush(nil)
  }

  /// What SHOW apus.* shows.
  private func declare(_ database: Database, postgresPort: Int, httpPort: Int) {
    var settings = ConfigurationSchema.serverOptions.compactMap { field -> ServerSetting? in
      guard let flag = field.flag, let name = field.setting else { return nil }
      let value =
        switch flag {
        case "--postgres-port": String(postgresPort)
        case "--http-port": String(httpPort)
        default: options.text(flag)
        }
      return ServerSetting(name, value, source: options.sources[flag] ?? "default", field.doc)
    }
    settings.append(
      ServerSetting(
        "apus.config", options.file?.path ?? "", source: options.fileSource, "The configuration file that was read."))
    database.declare(settings)
  }

  /// Makes what the configuration file adds. Refuses, with the plan, what would drop data or compute rollups anew.
  private func configure(_ database: Database) throws(ApusError) {
    guard let file = options.file else { return }
    do throws(ApusError) {
      let plan = try database.apply(file.configuration, .additions)
      for change in plan.changes {
        Log.info(
          "serve", "the configuration file changed what is",
          ["action": change.action.rawValue, change.kind: change.name, "option": change.option ?? ""])
      }
      for note in plan.notes { Log.info("serve", note) }
    } catch {
      throw file.located(error)
    }
  }

  private var storeOptions: StoreOptions {
    var store = StoreOptions()
    store.memtableBytesMax = options.memory / 4
    store.memtableBytesPerFlush = min(store.memtableBytesPerFlush, options.memory / 32)
    store.blockCacheBytesMax = options.memory / 8
    store.reserveFraction = options.reserveFraction
    return store
  }

  private func open() throws(ApusError) -> Database {
    do throws(ApusError) {
      let database = try Database.open(
        directory: options.data, options: storeOptions, password: options.password,
        pluginDirectory: options.pluginDirectory)
      if let password = options.password, !database.isNew, !database.accepts(password: password) {
        Log.warning(
          "serve",
          "APUS_PASSWORD is not the password of this data directory, which stays as it is: it counts only when the "
            + "directory is made",
          ["change_it_with": "ALTER ROLE apus PASSWORD '...'"])
      }
      return database
    } catch {
      guard error.state == .objectInUse, let holder = Store.readLock(directory: options.data) else { throw error }
      var copy = error
      let places = [
        holder.postgres.map { "PostgreSQL clients on port \($0)" }, holder.http.map { "HTTP on port \($0)" },
      ].compactMap { $0 }
      if !places.isEmpty { copy.detail = "It serves \(places.joined(separator: " and "))." }
      throw copy
    }
  }

  /// Names the process that has the port, if that is why it cannot be had.
  private func listening(
    _ port: UInt16, _ flag: String, _ start: () throws(ApusError) -> Int
  ) throws(ApusError) -> Int {
    do throws(ApusError) {
      return try start()
    } catch {
      guard port != 0, let holder = PortHolder.describe(port) else { throw error }
      throw ApusError(
        error.state, "port \(port) is taken by \(holder)",
        hint: "Stop that process, or choose another port with \(flag); 0 takes a free one.")
    }
  }

  func stop(drainSeconds: Double) {
    let (database, postgres) = state.withLock { state in
      state.isStopping = true
      return (state.database, state.postgres)
    }
    Log.info("serve", "stopping")
    // Side by side: each waits for what its own clients have under way.
    let group = DispatchGroup()
    if let postgres {
      group.enter()
      Thread {
        postgres.stop(drainSeconds: drainSeconds)
        group.leave()
      }.start()
    }
    http.stop(drainSeconds: drainSeconds)
    group.wait()
    // nil while the start is still replaying: nothing has been taken in, and the next start replays again.
    database?.close()
    Log.info("serve", "stopped")
  }
}
