// QueryState owns what the operators of one running query share.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

/// Shared, immutable but for its locked caches.
final class QueryState: @unchecked Sendable {
  let pool: WorkerPool
  let parameters: [Value]
  let context: EvaluationContext
  let control: QueryControl

  init(pool: WorkerPool, parameters: [Value], context: EvaluationContext, control: QueryControl) {
    self.pool = pool
    self.parameters = parameters
    self.context = context
    self.control = control
  }

  func compile(_ plan: LogicalPlan) throws(ApusError) -> Operator { throw .unsupported("queries") }
}

/// A relational operator: pulled by one thread, though it may use the pool inside.
class Operator {
  /// The next rows, possibly none; nil at the end.
  func next() throws(ApusError) -> Batch? { nil }
  func close() {}
}
