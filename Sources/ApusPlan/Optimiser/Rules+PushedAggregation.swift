// Aggregations moved into providers that compute them: what is left above merges, divides and casts.

import ApusBase
import ApusColumns
import ApusFunctions

extension Rules {
  /// Aggregations right above a scan become a scan of their groups where the provider takes them over.
  func withPushedAggregations(_ plan: LogicalPlan) -> LogicalPlan {
    if case .aggregate(let input, let groupings, nil, let aggregates, let fields) = plan,
      let pushed = pushedAggregation(input, groupings, aggregates, fields)
    {
      return pushed
    }
    return plan.mapParts(expression: { $0 }, input: { input, _ in withPushedAggregations(input) })
  }

  private func pushedAggregation(
    _ input: LogicalPlan, _ groupings: [Expression], _ aggregates: [AggregateCall], _ fields: [Field]
  ) -> LogicalPlan? {
    switch input {
    case .project(let inner, let expressions, _):
      guard case .scan = inner, expressions.allSatisfy({ !$0.isVolatile && !$0.hasSubquery }) else { return nil }
      let moved = aggregates.map { call in
        var copy = call
        copy.arguments = call.arguments.map { substituted($0, expressions) }
        copy.filter = call.filter.map { substituted($0, expressions) }
        return copy
      }
      return pushedAggregation(inner, groupings.map { substituted($0, expressions) }, moved, fields)
    case .scan(let scan): return pushedAggregation(scan, groupings, aggregates, fields)
    default: return nil
    }
  }

  private func pushedAggregation(
    _ scan: ScanNode, _ groupings: [Expression], _ aggregates: [AggregateCall], _ fields: [Field]
  ) -> LogicalPlan? {
    guard scan.limit == nil else { return nil }
    var parts = PushedParts(functions: functions, zone: context.timeZone)
    for grouping in groupings { guard parts.add(grouping: grouping) else { return nil } }
    for call in aggregates { guard parts.add(call) else { return nil } }
    let request = ScanRequest(
      columns: scan.columns, filters: scan.filters, filterOnlyColumns: scan.filterOnlyColumns)
    let aggregation = ScanAggregation(groupings: parts.groupings, calls: parts.calls)
    guard let answer = scan.table.aggregated(request, by: aggregation) else { return nil }
    let types = groupings.map(\.type) + parts.calls.map(\.type)
    let columns = answer.table.schema.columns
    guard columns.count == types.count, zip(columns, types).allSatisfy({ $0.type.type == $1 }) else { return nil }
    let node = ScanNode(
      table: answer.table, columns: columns.map { ColumnReference(column: $0.id, type: $0.type.type) },
      fields: columns.map { Field($0.name, $0.type.type) })
    var below = LogicalPlan.scan(node)
    if !answer.isExact {
      guard let merged = parts.merged(below, groupings: groupings) else { return nil }
      below = merged
    }
    let outputs = groupings.indices.map { Expression.column($0, groupings[$0].type) } + parts.results
    return .project(below, outputs, fields: fields)
  }
}

/// The groupings and calls that a provider is offered, and what the results are made of.
private struct PushedParts {
  let functions: FunctionRegistry
  let zone: String
  private(set) var groupings: [ScanAggregation.Grouping] = []
  private(set) var calls: [ScanAggregation.Call] = []
  /// One per aggregate of the query, over groupings and calls.
  private(set) var results: [Expression] = []

  init(functions: FunctionRegistry, zone: String) {
    self.functions = functions
    self.zone = zone
  }

  mutating func add(grouping: Expression) -> Bool {
    switch grouping {
    case .column(let index, let type):
      guard Self.isGroupable(type) else { return false }
      groupings.append(.column(index))
      return true
    case .call(let function, let arguments, _):
      guard let bucket = bucket(function, arguments) else { return false }
      groupings.append(bucket)
      return true
    default: return false
    }
  }

  private static func isGroupable(_ type: DataType) -> Bool {
    switch type {
    case .bool, .int2, .int4, .int8, .text, .varchar, .name, .uuid, .bytea, .date, .time, .timestamp, .timestamptz: true
    default: false
    }
  }

  /// time_bucket with its default origin, and date_trunc where the zone is UTC or there is none.
  private func bucket(_ function: ScalarFunction, _ arguments: [Expression]) -> ScanAggregation.Grouping? {
    guard arguments.count == 2, case .literal(let width, _) = arguments[0],
      case .column(let column, let type) = arguments[1], [.date, .timestamp, .timestamptz].contains(type)
    else { return nil }
    let day: Int64 = 86_400_000_000
    if function.name == "time_bucket", case .interval(let interval) = width {
      if interval.months > 0, interval.days == 0, interval.microseconds == 0 {
        return .bucket(column: column, months: interval.months, microseconds: 0, origin: 0)
      }
      let (days, overflow) = Int64(interval.days).multipliedReportingOverflow(by: day)
      let (sum, over) = days.addingReportingOverflow(interval.microseconds)
      guard interval.months == 0, !overflow, !over, sum > 0, type != .date || sum % day == 0 else { return nil }
      return .bucket(column: column, months: 0, microseconds: sum, origin: 2 * day)
    }
    guard function.name == "date_trunc", case .text(let unit) = width, type == .timestamp || type == .timestamptz,
      type == .timestamp || zone == "UTC"
    else { return nil }
    let hour: Int64 = 3_600_000_000
    switch unit.lowercased() {
    case "second": return .bucket(column: column, months: 0, microseconds: 1_000_000, origin: 0)
    case "minute": return .bucket(column: column, months: 0, microseconds: 60_000_000, origin: 0)
    case "hour": return .bucket(column: column, months: 0, microseconds: hour, origin: 0)
    case "day": return .bucket(column: column, months: 0, microseconds: day, origin: 0)
    case "week": return .bucket(column: column, months: 0, microseconds: 7 * day, origin: 2 * day)
    case "month": return .bucket(column: column, months: 1, microseconds: 0, origin: 0)
    case "quarter": return .bucket(column: column, months: 3, microseconds: 0, origin: 0)
    case "year": return .bucket(column: column, months: 12, microseconds: 0, origin: 0)
    default: return nil
    }
  }

  mutating func add(_ call: AggregateCall) -> Bool {
    guard call.order.isEmpty, !call.isDistinct || call.function.ignoresDuplicates else { return false }
    if call.function.name == "count", call.arguments.isEmpty {
      results.append(reference(.countRows, nil, .int8, call.filter))
      return true
    }
    guard call.arguments.count == 1, let column = column(call.arguments[0]) else { return false }
    let type = call.arguments[0].type
    switch call.function.name {
    case "count": results.append(reference(.count, column, .int8, call.filter))
    case "sum":
      guard let sum = Self.sumType(type), sum == call.type else { return false }
      results.append(reference(.sum, column, sum, call.filter))
    case "avg":
      guard let sum = Self.sumType(type), call.type == .numeric, let divide = division,
        let total = numeric(reference(.sum, column, sum, call.filter)),
        let count = numeric(reference(.count, column, .int8, call.filter))
      else { return false }
      results.append(.call(divide, [total, count], .numeric))
    case "min", "max":
      guard Self.isOrdered(type), call.type == type else { return false }
      results.append(reference(call.function.name == "min" ? .min : .max, column, type, call.filter))
    default: return false
    }
    return true
  }

  private func column(_ expression: Expression) -> Int? {
    if case .column(let index, _) = expression { index } else { nil }
  }

  /// Sums of floats stay here: their bits depend on the order of addition.
  private static func sumType(_ type: DataType) -> DataType? {
    switch type {
    case .int2, .int4: .int8
    case .int8, .numeric: .numeric
    default: nil
    }
  }

  private static func isOrdered(_ type: DataType) -> Bool {
    switch type {
    case .int2, .int4, .int8, .float4, .float8, .numeric, .text, .date, .time, .timestamp, .timestamptz: true
    default: false
    }
  }

  /// The column of a call in what the provider gives; calls that are equal share one.
  private mutating func reference(
    _ function: ScanAggregation.Function, _ column: Int?, _ type: DataType, _ filter: Expression?
  ) -> Expression {
    let call = ScanAggregation.Call(function: function, column: column, type: type, filter: filter)
    if let known = calls.firstIndex(of: call) { return .column(groupings.count + known, type) }
    calls.append(call)
    return .column(groupings.count + calls.count - 1, type)
  }

  private var division: ScalarFunction? {
    functions.operators(named: "/").first { $0.parameters == [.exact(.numeric), .exact(.numeric)] }
  }

  private func numeric(_ expression: Expression) -> Expression? { cast(expression, to: .numeric) }

  private func cast(_ expression: Expression, to type: DataType) -> Expression? {
    if expression.type == type { return expression }
    guard let function = functions.cast(from: expression.type, to: type)?.function else { return nil }
    return .call(function, [expression], type)
  }

  /// Rows of one group merged: counts and sums are summed, extremes taken again.
  func merged(_ plan: LogicalPlan, groupings keys: [Expression]) -> LogicalPlan? {
    let count = groupings.count
    var merges: [AggregateCall] = []
    var outputs: [Expression] = keys.indices.map { .column($0, keys[$0].type) }
    for (index, call) in calls.enumerated() {
      let input = Expression.column(count + index, call.type)
      let name = call.function == .min || call.function == .max ? call.function.rawValue : "sum"
      guard let function = functions.aggregates(named: name).first(where: { $0.parameters == [.exact(call.type)] }),
        case .exact(let type) = function.result
      else { return nil }
      merges.append(AggregateCall(function: function, arguments: [input], type: type))
      guard let output = cast(.column(count + index, type), to: call.type) else { return nil }
      let isCount = call.function == .count || call.function == .countRows
      outputs.append(isCount ? .coalesce([output, .literal(.int(0), .int8)], .int8) : output)
    }
    let fields = plan.fields
    let mergedFields = fields.prefix(count) + merges.map { Field($0.function.name, $0.type) }
    return .project(
      .aggregate(
        plan, groupings: keys.indices.map { .column($0, keys[$0].type) }, sets: nil, aggregates: merges,
        fields: Array(mergedFields)), outputs, fields: fields)
  }
}
