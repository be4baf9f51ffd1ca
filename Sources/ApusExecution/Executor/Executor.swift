// Executor owns the way from a logical plan to its rows.

public import ApusBase
public import ApusColumns
public import ApusFunctions
public import ApusPlan

/// Runs plans. One a process is enough: its worker pool is shared by all queries.
public final class Executor: Sendable {
  let pool: WorkerPool

  /// `threads` may work on one query at once, the caller's among them: the cores, unless given.
  public init(threads: Int? = nil) { pool = WorkerPool(helpers: max(0, (threads ?? WorkerPool.cores) - 1)) }

  /// The process's executor.
  public static let shared = Executor()

  /// Starts a query; its rows are produced as the result is read. Errors of planning come from here, errors of rows
  /// from
  /// `QueryResult.next`.
  public func execute(
    _ plan: LogicalPlan, parameters: [Value] = [], context: EvaluationContext, control: QueryControl = QueryControl()
  ) throws(ApusError) -> QueryResult {
    let query = QueryState(pool: pool, parameters: parameters, context: context, control: control)
    let root = try query.compile(plan)
    return QueryResult(fields: plan.fields, root: root, query: query)
  }
}
