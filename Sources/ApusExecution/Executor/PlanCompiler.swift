// PlanCompiler owns the way from logical plans to stages.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

extension QueryState {
  /// What the query's reader pulls.
  func compile(_ plan: LogicalPlan) throws(ApusError) -> Operator {
    if case .limit(let input, let limit, let offset) = plan { return try limited(input, limit, offset) }
    if let reader = recursion(under: plan) { return reader }
    return StageReader(try stage(plan))
  }

  private func limited(
    _ input: LogicalPlan, _ limit: ApusPlan.Expression?, _ offset: ApusPlan.Expression?
  ) throws(ApusError) -> LimitReader {
    let skipped = try rowCount(offset, name: "OFFSET", code: .invalidRowCountInOffset) ?? 0
    let taken = try rowCount(limit, name: "LIMIT", code: .invalidRowCountInLimit) ?? Int.max
    return LimitReader(try compile(input), limit: taken, offset: skipped)
  }

  private func rowCount(
    _ expression: ApusPlan.Expression?, name: String, code: SQLState
  ) throws(ApusError) -> Int? {
    guard let expression else { return nil }
    let none = BatchFrame(Batch(columns: [], count: 1))
    guard case .int(let count) = try node(expression).evaluate(none).value(at: 0) else { return nil }
    guard count >= 0 else { throw ApusError(code, "\(name) must not be negative") }
    return Int(count)
  }

  func stage(_ plan: LogicalPlan) throws(ApusError) -> Stage {
    switch plan {
    case .scan(let scan): return ScanStage(self, scan)
    case .values(let rows, let fields): return ValuesStage(self, rows, fields: fields)
    case .filter(let input, let condition): return FilterStage(try stage(input), condition)
    case .project(let input, let expressions, let fields):
      return ProjectStage(try stage(input), expressions, fields: fields)
    case .aggregate(let input, let groupings, let sets, let aggregates, let fields):
      let plan = AggregatePlan(groupings: groupings, sets: sets, calls: aggregates)
      return AggregateStage(try stage(input), plan, fields: fields)
    case .sort(let input, let keys, let limit): return SortStage(try stage(input), keys, limit: limit)
    case .limit(let input, let limit, let offset):
      return LimitStage(try limited(input, limit, offset), self, fields: input.fields)
    case .distinct(let input, let on): return DistinctStage(try stage(input), on: on)
    case .join(let left, let right, let kind, let condition):
      return try JoinStage(try stage(left), try stage(right), kind, condition, fields: plan.fields)
    case .lateral(let left, let right, let kind, let condition):
      return LateralStage(try stage(left), right, kind, condition, fields: plan.fields)
    case .setOperation(let inputs, let operation, let all, let fields):
      return try setOperation(inputs, operation, all, fields)
    case .tableFunction(let function, let arguments, let ordinality, let fields):
      return TableFunctionStage(self, function, arguments, ordinality: ordinality, fields: fields)
    case .projectSet(let input, let functions, let fields):
      return ProjectSetStage(try stage(input), functions, fields: fields)
    case .window(let input, let windows, let calls, let fields):
      return WindowStage(try stage(input), windows, calls, fields: fields)
    case .recursive(let base, let step, let identity, let all, let fields):
      return RecursiveStage(RecursiveRows(self, base, step, identity: identity, all: all, fields: fields))
    case .working(let identity, let fields): return WorkingStage(self, identity, fields: fields)
    case .gapFill(let input, let gaps, let fields): return GapFillStage(try stage(input), gaps, fields: fields)
    }
  }

  private func setOperation(
    _ inputs: [LogicalPlan], _ operation: SetOperation, _ all: Bool, _ fields: [Field]
  ) throws(ApusError) -> Stage {
    var stages: [Stage] = []
    for input in inputs { stages.append(try stage(input)) }
    if operation != .union { return MatchedSetStage(self, stages, operation, all: all, fields: fields) }
    let appended = AppendStage(self, stages, fields: fields)
    if all { return appended }
    return DistinctStage(appended, on: nil)
  }
}
