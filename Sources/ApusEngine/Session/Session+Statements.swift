// EXPLAIN, PREPARE and EXECUTE, cursors, DISCARD.

import ApusBase
import ApusColumns
import ApusExecution
public import ApusPlan
import ApusSyntax

/// An open cursor.
final class Cursor {
  let fields: [Field]
  let isHoldable: Bool
  /// The text that declared it.
  let statement: String
  private let execution: Execution
  private var current: Batch?
  private var offset = 0

  init(execution: Execution, isHoldable: Bool, statement: String) {
    self.statement = statement
    self.execution = execution
    self.fields = execution.fields
    self.isHoldable = isHoldable
  }

  /// Up to `count` further rows.
  func take(_ count: Int) throws(ApusError) -> [Batch] {
    var taken: [Batch] = []
    var rest = count
    while rest > 0 {
      if current == nil || offset >= (current?.count ?? 0) {
        guard let next = try execution.next() else { break }
        current = next.compacted()
        offset = 0
      }
      guard let batch = current else { break }
      let part = min(rest, batch.count - offset)
      guard part > 0 else { continue }
      let range = offset..<offset + part
      taken.append(Batch(columns: batch.columns.map { $0.slice(range) }, count: part))
      offset += part
      rest -= part
    }
    return taken
  }
}

extension Session {
  func execute(explain: Explain, _ body: StatementBody) throws(ApusError) -> Execution {
    var analyzes = false
    let isDocument = try Self.isDocument(explain)
    for option in explain.options {
      let isOff: Bool
      if case .boolean(false)? = option.value { isOff = true } else { isOff = false }
      switch option.name {
      case "analyze": analyzes = !isOff
      case "format": continue
      case "verbose", "costs", "timing", "summary", "settings", "buffers", "wal": continue
      default: throw ApusError.unsupported("EXPLAIN option \"\(option.name)\" is", position: option.position)
      }
    }
    let snapshot = currentSnapshot()
    let plan: LogicalPlan
    var fields: [Field] = []
    switch body.parsed.arena[explain.statement] {
    case .select(let query):
      let bound = try Binder.bind(
        query: query, in: body.parsed, catalog: catalog(snapshot), parameterTypes: body.givenTypes)
      plan = bound.plan
      fields = bound.fields
    case .insert(let insert):
      if analyzes { throw ApusError.unsupported("EXPLAIN ANALYZE of INSERT is") }
      plan = try Binder.bind(insert: insert, in: body.parsed, catalog: catalog(snapshot), parameterTypes: []).plan
    default: throw ApusError.unsupported("EXPLAIN of this statement is")
    }
    let context = catalog(snapshot).context
    let parameters = Array(repeating: Value.null, count: body.parsed.parameterCount)
    let optimised = try Optimiser.optimise(
      plan, functions: database.functions, context: context, parameters: parameters)
    let settings = formatSettings
    var lines = ExplainPrinter.lines(optimised) { value, type in
      var text: [UInt8] = []
      do throws(ApusError) {
        try TextFormat.output(.of([value], type: type), row: 0, settings: settings, into: &text)
      } catch {
        return ExplainPrinter.plain(value)
      }
      return String(decoding: text, as: UTF8.self)
    }
    var totals: [(name: String, number: String)] = []
    if analyzes {
      let start = monotonicNanoseconds()
      let rows = try collect(try run(plan, fields: fields, parameters: parameters, snapshot: snapshot))
        .reduce(0) { $0 + $1.count }
      let milliseconds = Double(monotonicNanoseconds() - start) / 1e6
      totals = [("Rows", "\(rows)"), ("Execution Time", "\((milliseconds * 1000).rounded() / 1000)")]
      if isDocument { return document(lines, totals) }
      lines.append("Rows: \(rows)")
      lines.append("Execution Time: \((milliseconds * 1000).rounded() / 1000) ms")
    }
    if isDocument { return document(lines, totals) }
    return Execution(
      rows: lines.map { [.text($0)] }, fields: [Field("QUERY PLAN", .text)], verb: "EXPLAIN", countsRows: false)
  }

  private func document(_ lines: [String], _ totals: [(name: String, number: String)]) -> Execution {
    Execution(
      rows: [[.text(ExplainDocument.text(lines, totals: totals))]], fields: [Field("QUERY PLAN", .json)],
      verb: "EXPLAIN", countsRows: false)
  }

  /// Whether FORMAT JSON is asked for.
  static func isDocument(_ explain: Explain) throws(ApusError) -> Bool {
    guard let option = explain.options.last(where: { $0.name == "format" }) else { return false }
    switch option.text.lowercased() {
    case "json": return true
    case "text": return false
    case "xml", "yaml": throw ApusError.unsupported("EXPLAIN (FORMAT \(option.text.uppercased())) is")
    default:
      throw ApusError(
        .invalidParameterValue, "unrecognized value for EXPLAIN option \"format\": \"\(option.text)\"",
        position: option.position)
    }
  }

  func execute(prepare: Prepare, _ body: StatementBody) throws(ApusError) -> Execution {
    var inner = body.parsed
    inner.rootID = prepare.statement
    var types: [DataType?] = []
    for name in prepare.parameterTypes {
      types.append(try TypeResolver.resolve(name, in: body.parsed.arena).type)
    }
    try store(try self.prepare(inner, parameterTypes: types), as: prepare.name)
    return Execution(command: "PREPARE")
  }

  func execute(execute: Execute, _ body: StatementBody) throws(ApusError) -> Execution {
    let statement = try prepared(named: execute.name)
    guard execute.arguments.count == statement.parameterTypes.count else {
      throw ApusError(
        .syntaxError, "wrong number of parameters for prepared statement \"\(execute.name)\"",
        detail: "Expected \(statement.parameterTypes.count) parameters but got \(execute.arguments.count).")
    }
    var values: [Value] = []
    for (argument, type) in zip(execute.arguments, statement.parameterTypes) {
      let text = body.parsed.arena.deparse(argument)
      let expression = try Binder.bindExpression(
        text, columns: [], as: TypeReference(type), name: "$\(values.count + 1)", catalog: catalog(currentSnapshot()))
      values.append(try evaluate(expression, count: 1).value(at: 0))
    }
    return try self.execute(statement, parameters: values)
  }

  /// CALL of a function that does something: its result is left out.
  func execute(call: ExprID, _ body: StatementBody) throws(ApusError) -> Execution {
    guard case .function(let function) = body.parsed.arena[call].kind else {
      throw ApusError.unexpected("CALL of something that is no call")
    }
    guard let statement = try parse("SELECT " + body.parsed.arena.deparse(call)).first else {
      throw ApusError.unexpected("a call has no text")
    }
    let prepared = try prepare(statement)
    let isProcedure = function.schema == "apus" || ["refresh_continuous_aggregate"].contains(function.name)
    guard isProcedure else {
      throw ApusError(
        .wrongObjectType, "\(function.name) is not a procedure", hint: "To call a function, use SELECT.")
    }
    _ = try collect(try self.execute(prepared))
    return Execution(command: "CALL")
  }

  func execute(deallocate name: String?) throws(ApusError) -> Execution {
    guard let name else {
      forgetAllPrepared()
      return Execution(command: "DEALLOCATE ALL")
    }
    _ = try prepared(named: name)
    forgetPrepared(name)
    return Execution(command: "DEALLOCATE")
  }

  func cursor(_ name: String) throws(ApusError) -> Cursor {
    guard let cursor = cursors[name] else {
      throw ApusError(.invalidCursorName, "cursor \"\(name)\" does not exist")
    }
    return cursor
  }

  /// The columns of an open cursor: Describe of the protocol knows cursors as portals.
  public func fields(ofCursor name: String) -> [Field]? { cursors[name]?.fields }

  func execute(declare: DeclareCursor, _ body: StatementBody) throws(ApusError) -> Execution {
    guard cursors[declare.name] == nil else {
      throw ApusError(.duplicateCursor, "cursor \"\(declare.name)\" already exists")
    }
    if declare.isScrollable == true { throw ApusError.unsupported("scrollable cursors are") }
    if declare.isBinary { throw ApusError.unsupported("binary cursors are") }
    guard transaction.phase == .block || declare.isHoldable else {
      throw ApusError(.noActiveTransaction, "DECLARE CURSOR can only be used in transaction blocks")
    }
    let snapshot = currentSnapshot()
    let bound = try Binder.bind(
      query: declare.query, in: body.parsed, catalog: catalog(snapshot), parameterTypes: body.givenTypes)
    let execution = try run(bound.plan, fields: bound.fields, parameters: [], snapshot: snapshot)
    cursors[declare.name] = Cursor(execution: execution, isHoldable: declare.isHoldable, statement: body.parsed.text)
    return Execution(command: "DECLARE CURSOR")
  }

  func execute(fetch: Fetch) throws(ApusError) -> Execution {
    let cursor = try cursor(fetch.cursor)
    guard fetch.direction == .forward, fetch.count >= 0 else {
      throw ApusError.unsupported("FETCH other than forward is")
    }
    let batches = try cursor.take(Int(clamping: fetch.count))
    let total = batches.reduce(0) { $0 + $1.count }
    if fetch.isMove { return Execution(command: "MOVE \(total)") }
    var rest = batches[...]
    return Execution(fields: cursor.fields, verb: "FETCH") { () throws(ApusError) -> Batch? in rest.popFirst() }
  }

  func execute(close name: String?) throws(ApusError) -> Execution {
    guard let name else {
      cursors = [:]
      return Execution(command: "CLOSE CURSOR ALL")
    }
    _ = try cursor(name)
    cursors[name] = nil
    return Execution(command: "CLOSE CURSOR")
  }

  func execute(discard what: Discard) throws(ApusError) -> Execution {
    if what == .all {
      guard transaction.phase != .block else {
        throw ApusError(.activeTransaction, "DISCARD ALL cannot run inside a transaction block")
      }
      settings.resetAll()
      forgetAllPrepared()
      cursors = [:]
    }
    if (what == .all || what.rawValue == "TEMP"), transaction.phase != .block { dropTemporaryTables() }
    return Execution(command: "DISCARD \(what.rawValue)")
  }
}
