// Optimiser owns the order in which the rules are applied to a plan.

public import ApusBase
public import ApusColumns
public import ApusFunctions

/// Rewrites a bound plan to an equal one that reads and does less. It runs once an execution, when the parameters and
/// the time of the transaction are known: stable functions like now() become constants.
public enum Optimiser {
  /// `parameters` are the values of `$1...` in the types that the binder gave them. The plan's columns stay the same.
  public static func optimise(
    _ plan: LogicalPlan, functions: FunctionRegistry, context: EvaluationContext, parameters: [Value] = []
  ) throws(ApusError) -> LogicalPlan {
    let rules = Rules(functions: functions, context: context, parameters: parameters)
    return rules.optimised(rules.folded(rules.expanded(plan)), needsColumns: true)
  }

  /// The same for an expression on its own (a default, a generated column, the filter of a DELETE).
  public static func optimise(
    _ expression: Expression, context: EvaluationContext, parameters: [Value] = []
  ) -> Expression {
    ConstantFolder.folded(expression, context: context, parameters: parameters)
  }
}

/// What the rules of one run share. Each rule is a method in a file of its own.
struct Rules {
  let functions: FunctionRegistry
  let context: EvaluationContext
  let parameters: [Value]

  /// A folded plan through all rules. Without `needsColumns` (EXISTS) only its rows count.
  func optimised(_ plan: LogicalPlan, needsColumns: Bool) -> LogicalPlan {
    var result = withRollups(formed(plan))
    result = withOptimisedSubqueries(result)
    result = withoutEntityTexts(result)
    result = needsColumns ? prunedToAll(result) : pruned(result, result.fields.map { _ in ColumnDemand() }).plan
    return negotiated(limited(withPushedAggregations(result)))
  }

  /// Conditions where they belong, and columns still whole: the form in which queries and rollups are compared.
  func formed(_ plan: LogicalPlan) -> LogicalPlan { countingEntities(pushed(decorrelated(plan), [])) }

  private func withOptimisedSubqueries(_ plan: LogicalPlan) -> LogicalPlan {
    plan.mapParts(
      expression: { expression in
        expression.mapSubqueries { query in
          optimised(query.plan, needsColumns: query.kind != .exists)
        }
      }, input: { input, _ in withOptimisedSubqueries(input) })
  }

  /// Constant parts evaluated and comparisons in their normal form, in subqueries too.
  func folded(_ plan: LogicalPlan) -> LogicalPlan {
    plan.mapParts(expression: { folded($0) }, input: { input, _ in folded(input) })
  }

  func folded(_ expression: Expression) -> Expression {
    switch expression {
    case .literal, .column, .outer: return expression
    default: break
    }
    let inner = expression.mapSubqueries { folded($0.plan) }
    return normalised(ConstantFolder.folded(inner, context: context, parameters: parameters))
  }
}

extension Expression {
  /// The plans of the subqueries in it replaced.
  func mapSubqueries(_ change: (SubqueryExpression) throws -> LogicalPlan) rethrows -> Expression {
    if !hasSubquery { return self }
    let inner = try mapChildren { try $0.mapSubqueries(change) }
    guard case .subquery(var query) = inner else { return inner }
    query.plan = try change(query)
    query.isCorrelated = query.isCorrelated && query.plan.isCorrelated
    return .subquery(query)
  }
}
