// Database owns one open data directory and everything that sessions share.

public import ApusBase
import ApusColumns
import ApusExecution
import ApusFiles
import ApusFunctions
import ApusPlan
import ApusPlugins
public import ApusStore
public import ApusSyntax
import Synchronization

/// One data directory, open in this process.
public final class Database: Sendable {
  let store: Store
  let plugins: PluginRegistry
  /// Those built in, and those of extensions.
  var functions: FunctionRegistry { plugins.functions }
  let access: AccessControl
  let ingest = IngestState()
  /// Whether `open` made the directory.
  public let isNew: Bool
  private let cache = ParseCache()
  private let clock: any WallClock
  private let sessions = Mutex<[Int32: (secret: Int32, control: SessionControl)]>([:])
  private let numbers = Atomic<Int32>(0)
  private let latest = Mutex<DatabaseSnapshot?>(nil)
  /// Of each registry that there was: what is kept by a catalog's identity stays that catalog's.
  private let functionCatalogs = Mutex<[FunctionCatalog]>([])
  /// When the directory was opened, in microseconds since 2000-01-01.
  let startTime: PostgresMicroseconds
  let serverSettings = ServerSettings()
  let catalogMisses = CatalogMisses()
  let systemCache = SystemCache()
  /// One apply of a configuration at a time.
  let isApplying = Atomic<Bool>(false)
  private let retentionRows = Mutex<RetentionRows?>(nil)
  let rollupDefinitions = RollupDefinitions()
  let rollupJobs = RollupJobs()

  private init(
    store: Store, plugins: PluginRegistry, clock: any WallClock, isNew: Bool
  ) throws(ApusError) {
    self.store = store
    self.isNew = isNew
    access = try AccessControl(store.snapshot())
    self.plugins = plugins
    self.clock = clock
    startTime = clock.now() &- postgresEpochUnixMicroseconds
    serverSettings.declare([
      ServerSetting("apus.version", apusVersion, source: "default", "The version of Apus."),
      ServerSetting("apus.data", store.directory, source: "default", "Where everything is kept."),
    ])
    let rows = RetentionRows(self)
    retentionRows.withLock { $0 = rows }
    store.use(rows)
  }

  /// Opens (or makes) the directory: replays the log. A new one gets the table `events`, the views `users` and
  /// `identities` and, where one is given, the password of the role `apus`. Extensions of the catalog are loaded from
  /// `pluginDirectory`; one that does not load is logged, and its tables fail.
  public static func open(
    directory: String, options: StoreOptions = StoreOptions(), password: String? = nil, pluginDirectory: String? = nil
  ) throws(ApusError) -> Database {
    try open(
      directory: directory, options: options, functions: .standard, password: password,
      plugins: pluginDirectory.map { PluginDirectory($0) } ?? .standard)
  }

  static func open(
    directory: String, options: StoreOptions, functions: FunctionRegistry, password: String? = nil,
    plugins: PluginDirectory = .standard
  ) throws(ApusError) -> Database {
    let rollups = RollupMaintainer()
    let store = try Store.open(directory: directory, options: options, participants: [rollups])
    do throws(ApusError) {
      let isNew = store.snapshot().settings["initialised"] == nil
      if isNew { try initialise(store, password: password) }
      try TemporarySchema.clean(store)
      let registry = PluginRegistry(directory: plugins, functions: functions)
      registry.start(store.snapshot().objects.filter { $0.kind == ExtensionDefinition.kind }.map(\.name))
      let database = try Database(store: store, plugins: registry, clock: options.clock, isNew: isNew)
      rollups.attach(database)
      return database
    } catch {
      store.close()
      throw error
    }
  }

  /// The password comes with the mark that the directory is ready: neither is ever there without the other.
  private static func initialise(_ store: Store, password: String?) throws(ApusError) {
    if store.snapshot().table(schema: "public", name: "events") == nil {
      try store.createTable(EventsTable.definition)
    }
    var changes: [CatalogChange] = [.putSetting(name: "initialised", value: "true")]
    for view in try IdentityViews.objects() { changes.append(.putObject(view)) }
    if let password {
      let verifier = try ScramVerifier.make(password: password)
      changes.append(
        .putObject(try AccessControl.roleObject(verifier, mockSecret: try Cryptography.random(32))))
    }
    try store.apply(changes)
  }

  /// Flushes nothing, ends the log cleanly and lets go of the directory.
  public func close() { store.close() }

  // MARK: - Sessions

  public func makeSession(user: String = "apus", isReadOnly: Bool = false) -> Session {
    let number = numbers.wrappingAdd(1, ordering: .relaxed).newValue
    let secret = Int32.random(in: .min ... .max)
    let session = Session(database: self, user: user, processID: number, secret: secret, isReadOnly: isReadOnly)
    sessions.withLock { $0[number] = (secret, session.control) }
    return session
  }

  /// pg_cancel_backend(): cancels what the session runs; false when there is no such session.
  func cancel(_ processID: Int32) -> Bool {
    guard let control = sessions.withLock({ $0[processID]?.control }) else { return false }
    control.cancel()
    return true
  }

  /// What every session does now, in order of process numbers.
  var activities: [SessionActivity.State] {
    sessions.withLock { $0.sorted { $0.key < $1.key }.map { $0.value.control.activity.current } }
  }

  func forget(_ processID: Int32) { sessions.withLock { $0[processID] = nil } }

  /// A cancel request: nothing happens unless both numbers fit.
  public func cancel(processID: Int32, secret: Int32) {
    sessions.withLock { sessions in
      guard let session = sessions[processID], session.secret == secret else { return }
      session.control.cancel()
    }
  }

  // MARK: - What sessions share

  func parse(_ sql: String) throws(ApusError) -> [ParsedStatement] { try cache.statements(for: sql) }

  func now() -> PostgresMicroseconds { clock.now() &- postgresEpochUnixMicroseconds }

  /// What the catalogs tell of the functions; made when first asked for.
  var functionCatalog: FunctionCatalog {
    let functions = functions
    return functionCatalogs.withLock { known in
      if let last = known.last(where: { $0.registry === functions }) { return last }
      let made = FunctionCatalog.of(functions)
      known.append(made)
      return made
    }
  }

  /// The newest snapshot, with its providers: the same object while nothing is committed.
  func snapshot() -> DatabaseSnapshot {
    let current = store.snapshot()
    return latest.withLock { latest in
      if let latest, latest.store === current { return latest }
      let made = DatabaseSnapshot(database: self, store: current)
      latest = made
      return made
    }
  }
}

/// The table that a new data directory has (DESIGN 2.3).
enum EventsTable {
  static var definition: TableDefinition {
    func text(_ name: String, notNull: Bool = false, generated: String? = nil) -> ApusStore.ColumnDefinition {
      ColumnDefinition(
        name: name, type: TypeReference(.text), isNotNull: notNull, generatedExpression: generated)
    }
    func time(_ name: String, notNull: Bool = false, defaultsToNow: Bool = false) -> ApusStore.ColumnDefinition {
      ColumnDefinition(
        name: name, type: TypeReference(.timestamptz), isNotNull: notNull,
        defaultExpression: defaultsToNow ? "now()" : nil)
    }
    return TableDefinition(
      name: "events",
      columns: [
        time("time", notNull: true, defaultsToNow: true), text("event", notNull: true),
        text("distinct_id", generated: "COALESCE(user_id, anonymous_id)"), text("user_id"), text("anonymous_id"),
        text("session_id"), text("event_id"), time("sent_at"), time("received_at", defaultsToNow: true),
        ColumnDefinition(name: "properties", type: TypeReference(.jsonb)),
      ],
      options: TableOptions(timeColumn: "time", dedupeKey: "event_id", entity: EntityColumns.standardNames))
  }
}
