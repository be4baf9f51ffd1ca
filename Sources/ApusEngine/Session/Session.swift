// Session owns one connection's state: settings, transaction, prepared statements, and the running of statements.

public import ApusBase
public import ApusColumns
import ApusExecution
public import ApusFunctions
public import ApusPlan
import ApusPlugins
import ApusStore
public import ApusSyntax
import Synchronization

/// One user's conversation with the database. Used by one thread at a time; only `control` may be touched by others.
public final class Session {
  public let database: Database
  public let user: String
  /// The number and the secret that a cancel request must name (BackendKeyData).
  public let processID: Int32
  public let secret: Int32
  /// Whether writes are refused whatever the settings say (the HTTP query endpoint).
  public let isReadOnly: Bool
  let control: SessionControl

  var settings: SessionSettings
  let settingRequests = SettingRequests()
  let random = RandomSource()
  /// Whether its schema of temporary tables may be there.
  var hasTemporaryTables = false
  let noticeRequests = NoticeRequests()
  /// Whether it carries out what a configuration file asks: then it need not be told that files manage things.
  var isConfiguring = false
  var transaction = TransactionState()
  var notices: [Notice] = []
  private(set) var prepared: [String: PreparedStatement] = [:]
  var cursors: [String: Cursor] = [:]

  init(database: Database, user: String, processID: Int32, secret: Int32, isReadOnly: Bool) {
    self.database = database
    self.user = user
    self.processID = processID
    self.secret = secret
    self.isReadOnly = isReadOnly
    control = SessionControl(SessionActivity(processID: processID, user: user, now: database.now()))
    settings = SessionSettings(user: user)
  }

  /// Forgets the session: a running transaction is rolled back, cancel requests find nothing.
  public func close() {
    rollbackAll()
    dropTemporaryTables()
    database.forget(processID)
  }

  // MARK: - What the connection asks

  public var transactionStatus: TransactionStatus {
    switch transaction.phase {
    case .idle, .implicit: .idle
    case .block: .inBlock
    case .failed: .failed
    }
  }

  /// Messages since the last call, those below client_min_messages left out.
  public func takeNotices() -> [Notice] {
    defer { notices = [] }
    let floor = Self.rank(settings.text("client_min_messages"))
    return notices.filter { Self.rank($0.severity.rawValue.lowercased()) >= floor }
  }

  private static func rank(_ level: String) -> Int {
    switch level {
    case "debug5", "debug4", "debug3", "debug2", "debug1", "debug": 0
    case "log": 1
    case "info": 5
    case "notice": 2
    case "warning": 3
    default: 4
    }
  }

  /// Reported settings that changed since the last call (ParameterStatus).
  public func takeParameterChanges() -> [(name: String, value: String)] {
    takeSettingRequests()
    return settings.takeChanges()
  }

  /// All reported settings, for the start of a connection.
  public var reportedParameters: [(name: String, value: String)] {
    SettingDefinition.all.filter(\.isReported).map { ($0.name, settings.text($0.name)) }
  }

  /// A setting from the startup packet: RESET goes back to it. Unknown names are refused as in PostgreSQL.
  public func setInitial(_ name: String, _ value: String) throws(ApusError) {
    guard let definition = SettingDefinition.named(name), definition.context == .user else {
      guard name.contains(".") else {
        throw ApusError(.undefinedObject, "unrecognized configuration parameter \"\(name)\"")
      }
      settings.setInitial(name, value)
      return
    }
    settings.setInitial(name, try definition.normalise(value))
  }

  public func setting(_ name: String) -> String? { settings.value(name) }

  /// Where the client is, for pg_stat_activity.
  public func setClient(address: String?, port: Int?) {
    control.activity.update {
      $0.clientAddress = address
      $0.clientPort = port.map { Int64($0) }
    }
  }

  // MARK: - Prepared statements

  /// Parses a string of statements; an empty one gives none.
  public func parse(_ sql: String) throws(ApusError) -> [ParsedStatement] { try database.parse(sql) }

  /// Keeps a prepared statement under a name; "" is the unnamed one, which is replaced silently.
  public func store(_ statement: PreparedStatement, as name: String) throws(ApusError) {
    if !name.isEmpty, prepared[name] != nil {
      throw ApusError(.duplicatePreparedStatement, "prepared statement \"\(name)\" already exists")
    }
    prepared[name] = statement
  }

  public func prepared(named name: String) throws(ApusError) -> PreparedStatement {
    guard let statement = prepared[name] else {
      throw ApusError(
        .invalidStatementName,
        name.isEmpty ? "unnamed prepared statement does not exist" : "prepared statement \"\(name)\" does not exist")
    }
    return statement
  }

  /// Close of the protocol: no error when there is none.
  public func forgetPrepared(_ name: String) { prepared[name] = nil }
  func forgetAllPrepared() { prepared = [:] }

  // MARK: - Contexts

  /// Notes for the client that come with the next answer.
  func notice(_ notice: Notice) { notices.append(notice) }

  /// How values are written and read in this session.
  public var formatSettings: FormatSettings {
    let context = evaluationContext()
    let order: DateOrder
    switch context.dateOrder {
    case .dayMonthYear: order = .dayMonthYear
    case .monthDayYear: order = .monthDayYear
    case .yearMonthDay: order = .yearMonthDay
    }
    // Names are looked up when a value of a reg type is written or read: seldom.
    let lookup = CatalogFunctions(
      snapshot: transaction.view?.snapshot ?? transaction.snapshot ?? database.snapshot(),
      context: SystemRelationContext(session: self),
      searchPath: lookupPath)
    return FormatSettings(
      timeZone: TimeZone.named(context.timeZone) ?? .utc, extraFloatDigits: context.extraFloatDigits,
      dateOrder: order, now: context.transactionTime, objectName: { lookup.name(of: $0, as: $1) },
      objectID: { lookup.oid(named: $0, as: $1) })
  }

  func evaluationContext(catalog: (any CatalogLookup)? = nil) -> EvaluationContext {
    let now = database.now()
    let captured = settings
    let running = control
    let interrupts: @Sendable () throws(ApusError) -> Void = { () throws(ApusError) in try running.check() }
    let order: EvaluationContext.DateOrder
    switch settings.text("DateStyle").suffix(3) {
    case "DMY": order = .dayMonthYear
    case "YMD": order = .yearMonthDay
    default: order = .monthDayYear
    }
    return EvaluationContext(
      transactionTime: transaction.startTime ?? now, statementTime: now, timeZone: settings.text("TimeZone"),
      user: user, database: "apus", searchPath: searchPath,
      extraFloatDigits: Int(settings.integer("extra_float_digits")),
      dateOrder: order, catalog: catalog, settings: { captured.value($0) }, checkInterrupts: interrupts, random: random)
  }

  /// The schemas of search_path, `"$user"` resolved away: there is no schema of that name.
  var searchPath: [String] {
    settings.text("search_path").split(separator: ",").compactMap { part in
      let name = part.trimmingSpaces()
      if name == "\"$user\"" || name == "$user" || name.isEmpty { return nil }
      if name.hasPrefix("\""), name.hasSuffix("\""), name.count >= 2 { return String(name.dropFirst().dropLast()) }
      return name.lowercased()
    }
  }
}

extension Substring {
  func trimmingSpaces() -> String {
    var part = self
    while part.first == " " { part.removeFirst() }
    while part.last == " " { part.removeLast() }
    return String(part)
  }
}

/// The part of a session that other threads may touch.
public final class SessionControl: Sendable {
  private let running = Mutex<QueryControl?>(nil)
  let activity: SessionActivity

  init(_ activity: SessionActivity) { self.activity = activity }

  func begin(_ control: QueryControl) { running.withLock { $0 = control } }
  func end() { running.withLock { $0 = nil } }

  /// Throws when what runs now is cancelled or late.
  func check() throws(ApusError) {
    let found = running.withLock { $0 }
    try found?.check()
  }

  /// Cancels what runs now, if anything does.
  public func cancel() { running.withLock { $0?.cancel() } }
}

/// Where a session stands between BEGIN and COMMIT.
struct TransactionState {
  enum Phase {
    case idle
    /// Statements outside a block, up to the Sync or the end of the query string: they commit together.
    case implicit
    case block
    /// A block in which a statement failed: only its end is accepted.
    case failed
  }
  var phase = Phase.idle
  var write: WriteTransaction?
  /// The transaction of a server, where rows go to one.
  var backendWrite: BackendTransaction?
  /// One per batch appended to `write`, told of its outcome at commit.
  var pending: [InsertOutcome] = []
  /// One per deletion held back in `write`.
  var deletions: [DeleteOutcome] = []
  /// Temporary tables that end with it.
  var droppedAtCommit: [TableID] = []
  /// What the statements of the transaction see, as long as neither it nor what is committed changes.
  var view: TransactionView?
  /// The snapshot of a REPEATABLE READ or SERIALIZABLE block, from its first statement.
  var snapshot: DatabaseSnapshot?
  /// As it was asked for.
  var isolation = "read committed"
  var pinsSnapshot: Bool { isolation == "repeatable read" || isolation == "serializable" }
  var isReadOnly = false
  var startTime: PostgresMicroseconds?
  /// In the order of their making.
  var savepoints: [Savepoint] = []
}

/// The snapshot that holds a transaction's own changes, and what it was made of.
struct TransactionView {
  var base: DatabaseSnapshot
  var version: Int
  var snapshot: DatabaseSnapshot
}

/// A point within a block that ROLLBACK TO goes back to.
struct Savepoint {
  var name: String
  var mark: WriteTransaction.Mark
  /// Batches that a server had been given.
  var backendBatches: Int
  /// Outcomes that were pending.
  var pending: Int
  var deletions: Int
  var settings: SessionSettings
  var cursors: Set<String>
  var isReadOnly: Bool
}

/// The rows of one INSERT or COPY on their way to commit.
final class InsertOutcome {
  /// Rows held back.
  var rows = 0
  /// Rows found to be duplicates at commit; nil before.
  var duplicates: Int?
  var batches = 0
  let table: String

  init(table: String) { self.table = table }

  /// What was stored, as far as is known: all of it until the commit has said otherwise.
  var stored: Int { rows - (duplicates ?? 0) }
}
