// FETCH FIRST ... WITH TIES: the rows up to the limit, and those that ORDER BY does not tell from the last of them.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

extension Binding {
  /// Rows are numbered and ranked in their order: those past the offset whose rank is within the limit.
  func withTies(_ plan: LogicalPlan, limit: Expression, offset: Expression?) throws -> LogicalPlan {
    guard let keys = plan.sortKeys else {
      throw ApusError(.syntaxError, "WITH TIES cannot be specified without ORDER BY clause")
    }
    let fields = plan.fields
    func window(_ name: String) throws -> WindowCall {
      guard let function = catalog.functions.windows(named: name).first(where: { $0.parameters.isEmpty }) else {
        throw ApusError.unexpected("no function \(name)")
      }
      return WindowCall(
        function: .window(function), arguments: [], filter: nil, window: 0, frame: .standard, type: .int8)
    }
    let numbered = LogicalPlan.window(
      plan, [WindowSpec(partition: [], order: keys)], [try window("row_number"), try window("rank")],
      fields: fields + [Field("row_number", .int8), Field("rank", .int8)])
    let number = Bound(.column(fields.count, .int8))
    let rank = Bound(.column(fields.count + 1, .int8))
    let zero = Bound(.literal(.int(0), .int8))
    func test(_ symbol: String, _ left: Bound, _ right: Bound) throws -> Expression {
      try apply(OperatorName(symbol: symbol), left, right, position: nil).expression
    }
    var last = limit
    var conditions = [try test(">", Bound(limit), zero)]
    if let offset {
      let skipped = Expression.coalesce([offset, zero.expression], .int8)
      conditions.append(try test(">", number, Bound(skipped)))
      last = try test("+", Bound(limit), Bound(skipped))
    }
    conditions.append(try test("<=", rank, Bound(last)))
    // A limit of null is none.
    let condition = Expression.or([.isNull(limit, negated: false), .and(conditions)])
    let kept = LogicalPlan.sort(.filter(numbered, condition), keys, limit: nil)
    return .project(kept, fields.enumerated().map { .column($0.offset, $0.element.type) }, fields: fields)
  }
}

extension LogicalPlan {
  /// What the rows are sorted by.
  fileprivate var sortKeys: [SortKey]? {
    switch self {
    case .sort(_, let keys, _): keys
    case .distinct(let input, _): input.sortKeys
    default: nil
    }
  }
}
