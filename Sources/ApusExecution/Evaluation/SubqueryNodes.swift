// Subqueries in expressions: run once when they refer to nothing outside, else once for each distinct outer row.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

extension QueryState {
  func subqueryNode(_ subquery: SubqueryExpression) throws(ApusError) -> Node {
    let inputs = try operands(subquery.kind)
    let outer = subquery.plan.outerColumns
    if outer.isEmpty {
      return KnownSubqueryNode(subquery, inputs, try rows(of: subquery), context: context)
    }
    return CorrelatedSubqueryNode(subquery, inputs, outer, self)
  }

  private func operands(_ kind: SubqueryExpression.Kind) throws(ApusError) -> [Node] {
    switch kind {
    case .scalar, .exists, .array: []
    case .any(let list, _), .all(let list, _): try nodes(list)
    }
  }

  /// The rows of an uncorrelated subquery, the same for all workers.
  private func rows(of subquery: SubqueryExpression) throws(ApusError) -> Batch {
    if let known = subqueryRows[subquery.identity] { return known }
    let rows = try run(subquery.plan, kind: subquery.kind)
    subqueryRows[subquery.identity] = rows
    return rows
  }

  /// Runs a subquery as far as its kind needs.
  func run(_ plan: LogicalPlan, kind: SubqueryExpression.Kind) throws(ApusError) -> Batch {
    let most: Int
    switch kind {
    case .exists: most = 1
    case .scalar: most = 2
    default: most = Int.max
    }
    let reader = LimitReader(try compile(plan), limit: most, offset: 0)
    defer { reader.close() }
    var parts: [Batch] = []
    while let batch = try reader.next() {
      try control.check()
      try control.account(batch.heldBytes)
      parts.append(batch)
    }
    let rows = try Batch.joined(parts, types: plan.fields.map(\.type))
    if case .scalar = kind, rows.count > 1 {
      throw ApusError(.cardinalityViolation, "more than one row returned by a subquery used as an expression")
    }
    return rows
  }
}

/// What a subquery's rows say, for one outer row or for all.
struct SubqueryAnswer {
  let kind: SubqueryExpression.Kind
  let type: DataType
  let context: EvaluationContext

  /// The value of a scalar, EXISTS or ARRAY subquery.
  func value(_ rows: Batch) -> Value {
    switch kind {
    case .exists: return .bool(rows.count > 0)
    case .scalar: return rows.count == 0 ? .null : rows.columns[0].value(at: 0)
    default: return .array((0..<rows.count).map { rows.columns[0].value(at: $0) })
    }
  }

  /// ANY or ALL: the operands, one row each, against all rows.
  func compare(_ operands: [Vector], _ rows: Batch, _ functions: [ScalarFunction]) throws(ApusError) -> Truth {
    let count = operands.first?.count ?? 0
    var isAll = false
    if case .all = kind { isAll = true }
    var result = Truth(repeating: isAll, count: count)
    if rows.count == 0 { return result }
    for row in 0..<count {
      var truth = Truth(repeating: true, count: rows.count)
      for (index, function) in functions.enumerated() {
        let left = operands[index].slice(row..<row + 1)
        let one: Vector
        if case .constant = left.storage { one = left } else { one = left.flattened() }
        let box: VectorBox
        if case .constant(let inner) = one.storage { box = inner } else { box = VectorBox(one) }
        let held = Vector.repeating(box, type: one.type, count: rows.count)
        let next = Truth(try function.evaluate([held, rows.columns[index]], rows.count, context))
        truth = Truth(isTrue: truth.isTrue.and(next.isTrue), isFalse: truth.isFalse.or(next.isFalse))
      }
      let trues = truth.isTrue.setCount
      let falses = truth.isFalse.setCount
      if isAll {
        result.isTrue.put(row, trues == rows.count)
        result.isFalse.put(row, falses > 0)
      } else {
        result.isTrue.put(row, trues > 0)
        result.isFalse.put(row, falses == rows.count)
      }
    }
    return result
  }
}

/// A subquery whose rows are known.
final class KnownSubqueryNode: Node {
  private let answer: SubqueryAnswer
  private let operands: [Node]
  private let rows: Batch
  private let functions: [ScalarFunction]
  private let box: VectorBox?
  private let values: SubqueryValues?

  init(_ subquery: SubqueryExpression, _ operands: [Node], _ rows: Batch, context: EvaluationContext) {
    answer = SubqueryAnswer(kind: subquery.kind, type: subquery.type, context: context)
    self.operands = operands
    self.rows = rows
    switch subquery.kind {
    case .any(_, let list):
      functions = list
      box = nil
      values = SubqueryValues(rows, list, operands.map(\.type))
    case .all(_, let list):
      functions = list
      box = nil
      values = nil
    default:
      functions = []
      box = VectorBox(.of([answer.value(rows)], type: subquery.type))
      values = nil
    }
    super.init(type: subquery.type)
  }
  override var mayFail: Bool { operands.contains { $0.mayFail } || functions.contains { $0.mayFail } }
  override var cost: Double { box == nil ? 32 : 0 }
  override var constant: VectorBox? { box }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    if let box { return .repeating(box, type: type, count: frame.count) }
    var vectors: [Vector] = []
    for operand in operands { vectors.append(try operand.evaluate(frame)) }
    if let values { return values.contains(vectors, count: frame.count) }
    return try answer.compare(vectors, rows, functions).vector
  }
}

/// The values of `x = ANY (query)` hashed, where equality is that of keys.
final class SubqueryValues {
  private let table: GroupTable
  private let probe: GroupProbe
  private let hasNull: Bool
  private let isEmpty: Bool
  private let scratch = NumberScratch()

  init?(_ rows: Batch, _ functions: [ScalarFunction], _ types: [DataType]) {
    guard functions.count == 1, functions[0].name == "=", rows.columns.count == 1, types.count == 1,
      types[0] == rows.columns[0].type, types[0] != .jsonb
    else { return nil }
    let values = rows.columns[0]
    isEmpty = rows.count == 0
    hasNull = values.nullCount > 0
    table = GroupTable([types[0]])
    table.insert([values], count: rows.count, into: scratch.fit(rows.count))
    probe = GroupProbe(table)
  }

  func contains(_ vectors: [Vector], count: Int) -> Vector {
    if isEmpty { return .constant(.bool(false), type: .bool, count: count) }
    let groups = scratch.fit(count)
    table.find(vectors, count: count, into: groups, with: probe)
    var truth = Truth(repeating: nil, count: count)
    for row in 0..<count where !vectors[0].isNull(row) {
      if groups[row] != PairTable.absent {
        truth.isTrue.set(row)
      } else if !hasNull {
        truth.isFalse.set(row)
      }
    }
    return truth.vector
  }
}

/// A subquery that refers to the row around it. Rows that are equal in what it refers to share one run.
final class CorrelatedSubqueryNode: Node {
  private let subquery: SubqueryExpression
  private let operands: [Node]
  private let outer: [Int]
  private let query: QueryState
  private let answer: SubqueryAnswer
  private var known: [[Value]: Batch] = [:]
  private static let knownMax = 4_096

  init(_ subquery: SubqueryExpression, _ operands: [Node], _ outer: [Int], _ query: QueryState) {
    self.subquery = subquery
    self.operands = operands
    self.outer = outer
    self.query = query
    answer = SubqueryAnswer(kind: subquery.kind, type: subquery.type, context: query.context)
    super.init(type: subquery.type)
  }
  override var mayFail: Bool { true }
  override var cost: Double { 10_000 }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    var columns: [Int: Vector] = [:]
    for index in outer { columns[index] = try frame.column(index) }
    var vectors: [Vector] = []
    for operand in operands { vectors.append(try operand.evaluate(frame)) }
    var builder = VectorBuilder(type: type, capacity: frame.count)
    for row in 0..<frame.count {
      try query.control.check()
      let values = outer.map { columns[$0]?.value(at: row) ?? .null }
      let rows = try self.rows(values)
      switch subquery.kind {
      case .any(_, let functions), .all(_, let functions):
        let one = vectors.map { $0.gathered(SelectionVector([UInt32(truncatingIfNeeded: row)])) }
        let truth = try answer.compare(one, rows, functions)
        builder.append(truth.isTrue[0] ? .bool(true) : truth.isFalse[0] ? .bool(false) : .null)
      default: builder.append(answer.value(rows))
      }
    }
    return builder.finish()
  }

  private func rows(_ values: [Value]) throws(ApusError) -> Batch {
    if let found = known[values] { return found }
    var byColumn: [Int: Value] = [:]
    for (index, column) in outer.enumerated() { byColumn[column] = values[index] }
    let plan = subquery.plan.replacingOuter { index, type in .literal(byColumn[index] ?? .null, type) }
    let inner = QueryState(
      pool: query.pool, parameters: query.parameters, context: query.context, control: query.control)
    let rows = try inner.run(plan, kind: subquery.kind)
    if known.count >= Self.knownMax { known = [:] }
    known[values] = rows
    return rows
  }
}
