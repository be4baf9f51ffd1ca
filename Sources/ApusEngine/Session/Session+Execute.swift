// The running of statements: preparing them, and handing each to its part of the session.

public import ApusBase
public import ApusColumns
import ApusExecution
import ApusFunctions
import ApusPlan
import ApusPlugins
import ApusStore
public import ApusSyntax

/// What a prepared statement holds: the parse, from which it is bound anew under each snapshot, and the last binding.
struct StatementBody: Sendable {
  var parsed: ParsedStatement
  /// Types as the client gave them.
  var givenTypes: [DataType?]
  var query: BoundUnder<BoundQuery>?
  var insert: BoundUnder<BoundInsert>?
}

/// A binding and the snapshot that it is good for.
struct BoundUnder<Bound: Sendable>: Sendable {
  var snapshot: DatabaseSnapshot
  var path: [String]
  /// The transaction on a server that tables were bound in.
  var backendWrite: BackendTransaction?
  var bound: Bound
}

extension Session {
  /// Binds a statement as far as its parameters and columns need. Types may be nil: they are then inferred.
  public func prepare(
    _ parsed: ParsedStatement, parameterTypes: [DataType?] = []
  ) throws(ApusError) -> PreparedStatement {
    do throws(ApusError) {
      return try bound(parsed, parameterTypes: parameterTypes)
    } catch {
      database.catalogMisses.note(error, query: parsed.text, at: database.now())
      throw error
    }
  }

  private func bound(
    _ parsed: ParsedStatement, parameterTypes: [DataType?]
  ) throws(ApusError) -> PreparedStatement {
    try requireUsableBlock(parsed.root)
    var body = StatementBody(parsed: parsed, givenTypes: parameterTypes)
    var types: [DataType] = []
    var fields: [Field]?
    switch parsed.root {
    case .select(let query):
      let bound = try bindQuery(query, body)
      body.query = bound
      types = bound.bound.parameterTypes
      fields = bound.bound.fields
    case .insert(let insert):
      let bound = try bindInsert(insert, body)
      body.insert = bound
      types = bound.bound.parameterTypes
      fields = bound.bound.returning?.fields
    case .delete(let delete):
      let bound = try bindDelete(delete, body, currentSnapshot())
      types = bound.parameterTypes
      fields = bound.returning
    case .update(let update):
      let bound = try bindUpdate(update, body, currentSnapshot())
      types = bound.parameterTypes
      fields = bound.returning
    case .explain(let explain): fields = [Field("QUERY PLAN", try Self.isDocument(explain) ? .json : .text)]
    case .showVariable(let name): fields = showFields(name)
    case .call(let call): fields = callFields(call, body)
    case .fetch(let fetch): fields = fetch.isMove ? nil : try cursor(fetch.cursor).fields
    case .execute(let execute): fields = try prepared(named: execute.name).fields
    default: break
    }
    // The parameters within PREPARE are those of its statement.
    if case .prepare = parsed.root {
      types = []
    } else if types.isEmpty, parsed.parameterCount > 0 {
      types = (0..<parsed.parameterCount).map { index in
        (index < parameterTypes.count ? parameterTypes[index] : nil) ?? .text
      }
    }
    return PreparedStatement(text: parsed.text, parameterTypes: types, fields: fields, statement: body)
  }

  /// Throws 25P02 for a statement that a failed block does not take.
  public func requireUsable(_ prepared: PreparedStatement) throws(ApusError) {
    try requireUsableBlock(prepared.statement.parsed.root)
  }

  /// In a failed block only its end may even be parsed, as in PostgreSQL.
  func requireUsableBlock(_ statement: Statement) throws(ApusError) {
    guard transaction.phase == .failed else { return }
    if case .transaction(let command) = statement {
      switch command {
      case .commit, .rollback, .rollbackTo: return
      default: break
      }
    }
    throw ApusError(
      .inFailedTransaction, "current transaction is aborted, commands ignored until end of transaction block")
  }

  /// Runs a statement with its parameters. After an error the caller calls `statementFailed`.
  public func execute(
    _ prepared: PreparedStatement, parameters: [Value] = []
  ) throws(ApusError) -> Execution {
    let body = prepared.statement
    takeSettingRequests()
    try enter(body.parsed.root)
    noteActive(Self.shownText(body.parsed))
    switch body.parsed.root {
    case .select(let query): return try execute(query: query, body, parameters)
    case .insert(let insert): return try execute(insert: insert, body, parameters)
    case .delete(let delete): return try execute(delete: delete, body, parameters)
    case .update(let update): return try execute(update: update, body, parameters)
    case .truncate(let truncate): return try execute(truncate: truncate)
    case .copy(let copy): return try execute(copy: copy, body)
    case .explain(let explain): return try execute(explain: explain, body)
    case .setVariable(let variable): return try execute(set: variable)
    case .showVariable(let name): return try execute(show: name)
    case .transaction(let command): return try execute(transaction: command)
    case .prepare(let prepare): return try execute(prepare: prepare, body)
    case .execute(let execute): return try self.execute(execute: execute, body)
    case .deallocate(let name): return try execute(deallocate: name)
    case .declareCursor(let cursor): return try execute(declare: cursor, body)
    case .fetch(let fetch): return try execute(fetch: fetch)
    case .closeCursor(let name): return try execute(close: name)
    case .discard(let what): return try execute(discard: what)
    case .call(let call): return try execute(call: call, body, parameters)
    default: return try executeDefinition(body)
    }
  }

  // MARK: - What others see

  private func noteActive(_ query: String) {
    let now = database.now()
    let name = settings.text("application_name")
    let start = transaction.startTime
    control.activity.update { activity in
      activity.applicationName = name
      activity.transactionStart = start
      activity.queryStart = now
      activity.stateChange = now
      activity.state = "active"
      activity.query = query
    }
  }

  /// The statement, and what it belongs to, has come to an end.
  func noteIdle() {
    let now = database.now()
    let state: String
    switch transaction.phase {
    case .idle, .implicit: state = "idle"
    case .block: state = "idle in transaction"
    case .failed: state = "idle in transaction (aborted)"
    }
    control.activity.update { activity in
      activity.state = state
      activity.stateChange = now
    }
  }

  // MARK: - Queries

  /// What a statement sees: what is committed, with the transaction's own changes.
  func currentSnapshot() -> DatabaseSnapshot {
    let base = transaction.snapshot ?? database.snapshot()
    if transaction.phase == .block, transaction.pinsSnapshot { transaction.snapshot = base }
    guard let write = transaction.write else { return base }
    let version = write.version
    if let view = transaction.view, view.base === base, view.version == version { return view.snapshot }
    let own = write.snapshot(over: base.store)
    let snapshot = own === base.store ? base : DatabaseSnapshot(database: database, store: own)
    transaction.view = TransactionView(base: base, version: version, snapshot: snapshot)
    return snapshot
  }

  func catalog(_ snapshot: DatabaseSnapshot) -> SessionCatalog {
    let system = SystemRelationContext(session: self)
    let lookup = CatalogFunctions(snapshot: snapshot, context: system, searchPath: lookupPath)
    return SessionCatalog(
      snapshot: snapshot, context: evaluationContext(catalog: lookup), system: system, functions: database.functions,
      backendWrite: transaction.backendWrite, temporarySchema: hasTemporaryTables ? temporarySchema : nil)
  }

  func bindQuery(_ query: QueryID, _ body: StatementBody) throws(ApusError) -> BoundUnder<BoundQuery> {
    let snapshot = currentSnapshot()
    if let known = body.query, isGood(known, for: snapshot) { return known }
    let bound = try Binder.bind(
      query: query, in: body.parsed, catalog: catalog(snapshot), parameterTypes: body.givenTypes)
    return under(snapshot, bound)
  }

  func isGood<Bound>(_ known: BoundUnder<Bound>, for snapshot: DatabaseSnapshot) -> Bool {
    known.snapshot === snapshot && known.path == searchPath && known.backendWrite === transaction.backendWrite
  }

  func under<Bound>(_ snapshot: DatabaseSnapshot, _ bound: Bound) -> BoundUnder<Bound> {
    BoundUnder(snapshot: snapshot, path: searchPath, backendWrite: transaction.backendWrite, bound: bound)
  }

  private func execute(
    query: QueryID, _ body: StatementBody, _ parameters: [Value]
  ) throws(ApusError) -> Execution {
    let bound = try bindQuery(query, body)
    for column in bound.bound.plan.summedUniqueCounts {
      let state = "\(column.split(separator: ".").last ?? "")_state"
      notice(
        Notice(
          .warning, "\(column) is a unique count: its sum counts what is in several rows more than once",
          hint: "Use distinct_count(rollup(\(state)))."))
    }
    return try run(bound.bound.plan, fields: bound.bound.fields, parameters: parameters, snapshot: bound.snapshot)
  }

  /// Optimises and runs a plan; the rows are pulled through the execution.
  func run(
    _ plan: LogicalPlan, fields: [Field], parameters: [Value], snapshot: DatabaseSnapshot, verb: String = "SELECT",
    copyOutput: CopyFormat? = nil
  ) throws(ApusError) -> Execution {
    let context = catalog(snapshot).context
    let optimised = try Optimiser.optimise(
      plan, functions: database.functions, context: context, parameters: parameters)
    let timeout = UInt64(clamping: settings.integer("statement_timeout"))
    let queryControl = QueryControl(deadline: timeout == 0 ? nil : monotonicNanoseconds() + timeout * 1_000_000)
    control.begin(queryControl)
    let result: QueryResult
    do throws(ApusError) {
      result = try Executor.shared.execute(
        optimised, parameters: parameters, context: context, control: queryControl)
    } catch {
      control.end()
      throw error
    }
    let control = control
    return Execution(fields: fields, verb: verb, copyOutput: copyOutput) { () throws(ApusError) -> Batch? in
      do throws(ApusError) {
        let batch = try result.next()
        if batch == nil {
          control.end()
          self.takeSettingRequests()
        }
        return batch
      } catch {
        control.end()
        throw error
      }
    }
  }

  /// All rows of a plan, for statements that need them at once.
  func collect(_ execution: Execution) throws(ApusError) -> [Batch] {
    var batches: [Batch] = []
    while let batch = try execution.next() { batches.append(batch) }
    return batches
  }

  /// `count` values of an expression without columns.
  func evaluate(_ expression: ApusPlan.Expression, count: Int) throws(ApusError) -> Vector {
    if case .literal(let value, let type) = expression { return .constant(value, type: type, count: count) }
    let field = Field("value", expression.type)
    let rows = LogicalPlan.values(rows: Array(repeating: [], count: count), fields: [])
    let plan = LogicalPlan.project(rows, [expression], fields: [field])
    let batches = try collect(try run(plan, fields: [field], parameters: [], snapshot: currentSnapshot()))
    return try Vector.concatenated(batches.map { $0.columns[0] }, type: expression.type)
  }
}
