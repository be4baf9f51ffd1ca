// QueryState owns what the operators of one running query share.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

/// Shared by the workers. Workers are compiled on the query's own thread, which alone touches the subqueries' rows.
final class QueryState: @unchecked Sendable {
  let pool: WorkerPool
  let parameters: [Value]
  let context: EvaluationContext
  let control: QueryControl
  /// The rows of subqueries that refer to nothing outside, by identity.
  var subqueryRows: [Int: Batch] = [:]
  /// The rows of the round before, of recursive queries under way, by identity.
  var workingRows: [Int: Batch] = [:]

  init(pool: WorkerPool, parameters: [Value], context: EvaluationContext, control: QueryControl) {
    self.pool = pool
    self.parameters = parameters
    self.context = context
    self.control = control
  }

}

/// A relational operator: pulled by one thread, though it may use the pool inside.
class Operator {
  /// The next rows, possibly none; nil at the end.
  func next() throws(ApusError) -> Batch? { nil }
  func close() {}
}
