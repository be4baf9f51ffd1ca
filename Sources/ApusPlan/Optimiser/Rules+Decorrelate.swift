// Subqueries in conditions as joins: IN and EXISTS become semi joins, NOT EXISTS an anti join. DISTINCT becomes an
// aggregation.

import ApusColumns
import ApusFunctions

extension Rules {
  func decorrelated(_ plan: LogicalPlan) -> LogicalPlan {
    let inner = plan.mapParts(expression: { $0 }, input: { input, _ in decorrelated(input) })
    switch inner {
    case .filter(let input, let condition):
      if !condition.hasSubquery { return inner }
      var result = input
      var kept: [Expression] = []
      let width = input.fields.count
      for conjunct in condition.conjuncts {
        if let join = semiJoin(conjunct, width: width) {
          result = .join(result, decorrelated(join.right), join.kind, condition: join.condition)
        } else {
          kept.append(conjunct)
        }
      }
      return Expression.conjunction(kept).map { .filter(result, $0) } ?? result
    case .distinct(let input, on: nil):
      let fields = input.fields
      if fields.isEmpty { return inner }
      return .aggregate(
        input, groupings: fields.enumerated().map { .column($0, $1.type) }, sets: nil, aggregates: [], fields: fields)
    default: return inner
    }
  }

  private struct SemiJoin {
    var right: LogicalPlan
    var kind: JoinKind
    var condition: Expression?
  }

  private func semiJoin(_ conjunct: Expression, width: Int) -> SemiJoin? {
    switch conjunct {
    case .subquery(let query):
      switch query.kind {
      case .exists: return query.isCorrelated ? exists(query.plan, .semi, width: width) : nil
      case .any(let operands, let functions): return any(query, operands, functions, width: width)
      default: return nil
      }
    case .not(.subquery(let query)):
      guard query.kind == .exists, query.isCorrelated else { return nil }
      return exists(query.plan, .anti, width: width)
    default: return nil
    }
  }

  /// A subquery's expression as a join condition sees it: its own columns follow the left side's.
  private func moved(_ expression: Expression, width: Int) -> Expression? {
    if expression.hasSubquery { return nil }
    return expression.mapReferences { level, index, type in
      switch level {
      case 0: .column(width + index, type)
      case 1: .column(index, type)
      default: .outer(level: level - 1, index: index, type)
      }
    }
  }

  private func refersToLeft(_ expression: Expression) -> Bool {
    var found = false
    expression.forEachReference { level, _ in if level == 1 { found = true } }
    return found
  }

  private func refersToLeft(_ plan: LogicalPlan) -> Bool {
    var found = false
    plan.forEachReference(depth: 1) { level, _ in if level == 0 { found = true } }
    return found
  }

  /// The plan without the filters that refer to the left side, and these as join conditions; nil when it refers to
  /// the left side anywhere else.
  private func split(_ plan: LogicalPlan, width: Int) -> (right: LogicalPlan, conditions: [Expression])? {
    var inner = plan
    var conditions: [Expression] = []
    var kept: [Expression] = []
    while case .filter(let input, let condition) = inner {
      for conjunct in condition.conjuncts {
        if refersToLeft(conjunct) {
          guard let condition = moved(conjunct, width: width) else { return nil }
          conditions.append(condition)
        } else {
          var nested = false
          conjunct.forEachReference { level, _ in if level > 0 { nested = true } }
          if nested, conjunct.hasSubquery { return nil }
          kept.append(conjunct)
        }
      }
      inner = input
    }
    if refersToLeft(inner) { return nil }
    if let condition = Expression.conjunction(kept) { inner = .filter(inner, condition) }
    return (inner.deepened(by: -1), conditions)
  }

  private func exists(_ plan: LogicalPlan, _ kind: JoinKind, width: Int) -> SemiJoin? {
    var inner = plan
    while true {
      switch inner {
      case .project(let input, _, _), .sort(let input, _, nil): inner = input
      case .limit(let input, .literal(.int(let count), _)?, nil) where count > 0: inner = input
      default:
        guard let (right, conditions) = split(inner, width: width) else { return nil }
        return SemiJoin(right: right, kind: kind, condition: .conjunction(conditions))
      }
    }
  }

  private func any(
    _ query: SubqueryExpression, _ operands: [Expression], _ functions: [ScalarFunction], width: Int
  ) -> SemiJoin? {
    if operands.contains(where: \.hasSubquery) { return nil }
    var inner = query.plan
    var outputs = inner.fields.enumerated().map { Expression.column($0, $1.type) }
    if query.isCorrelated, refersToLeft(query.plan) {
      if case .project(let input, let expressions, _) = inner {
        inner = input
        outputs = expressions
      }
    }
    guard let (right, correlated) = split(inner, width: width) else { return nil }
    var conditions: [Expression] = []
    for (index, operand) in operands.enumerated() {
      guard let output = moved(outputs[index], width: width), !output.isVolatile else { return nil }
      conditions.append(.call(functions[index], [operand, output], .bool))
    }
    return SemiJoin(right: right, kind: .semi, condition: .conjunction(conditions + correlated))
  }
}
