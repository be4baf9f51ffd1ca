// Optimiser owns the order in which the rules are applied to a plan.

public import ApusBase
public import ApusColumns
public import ApusFunctions

/// Rewrites a bound plan to an equal one that reads and does less. It runs once an execution, when the parameters and
/// the time of the transaction are known: stable functions like now() become constants.
public enum Optimiser {
  /// `parameters` are the values of `$1...` in the types that the binder gave them.
  public static func optimise(
    _ plan: LogicalPlan, functions: FunctionRegistry, context: EvaluationContext, parameters: [Value] = []
  ) throws(ApusError) -> LogicalPlan {
    let rules = Rules(functions: functions, context: context, parameters: parameters)
    return rules.folded(plan)
  }

  /// The same for an expression on its own (a default, a generated column, the filter of a DELETE).
  public static func optimise(
    _ expression: Expression, context: EvaluationContext, parameters: [Value] = []
  ) -> Expression {
    ConstantFolder.folded(expression, context: context, parameters: parameters)
  }
}

/// What the rules of one run share.
struct Rules {
  let functions: FunctionRegistry
  let context: EvaluationContext
  let parameters: [Value]

  /// Constant parts evaluated, in subqueries too.
  func folded(_ plan: LogicalPlan) -> LogicalPlan {
    plan.mapParts(expression: { folded($0) }, input: { input, _ in folded(input) })
  }

  func folded(_ expression: Expression) -> Expression {
    let inner = expression.mapSubqueries { folded($0) }
    return ConstantFolder.folded(inner, context: context, parameters: parameters)
  }
}

extension Expression {
  /// The plans of the subqueries in it replaced.
  func mapSubqueries(_ change: (LogicalPlan) throws -> LogicalPlan) rethrows -> Expression {
    if !hasSubquery { return self }
    let inner = try mapChildren { try $0.mapSubqueries(change) }
    guard case .subquery(var query) = inner else { return inner }
    query.plan = try change(query.plan)
    return .subquery(query)
  }
}
