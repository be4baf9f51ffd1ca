// RollupMatch owns the question whether the partials of one grouping set can stand for rows: expressions over rows
// become expressions over partials that have the same value for every row of the partial.

import ApusColumns
import ApusFunctions

struct RollupMatch {
  let definition: RollupDefinition
  /// Which of the definition's sets.
  let set: Int
  let rules: Rules
  /// For each column of the scan, its place among the definition's columns.
  private let columns: [Int?]
  /// The column of the scan that is the bucket's time.
  let time: Int?
  let bucket: TimeBucket?
  /// Which columns of the scan are never null.
  private let notNull: [Bool]

  init(_ definition: RollupDefinition, set: Int, over scan: ScanNode, rules: Rules) {
    self.definition = definition
    self.set = set
    self.rules = rules
    columns = scan.columns.map { definition.columns.firstIndex(of: $0) }
    let timeColumn = definition.timeColumn
    time = timeColumn.flatMap { scan.columns.firstIndex(of: $0) }
    bucket = TimeBucket(definition.groupings[definition.bucket])
    let required = Set(scan.table.schema.columns.filter(\.isNotNull).map(\.id))
    notNull = scan.columns.map { $0.path.isEmpty && required.contains($0.column) }
  }

  /// The bucket over the columns of partials (`RollupDefinition.partialColumns`).
  var bucketColumn: Expression { groupingColumn(definition.bucket) }

  private func groupingColumn(_ index: Int) -> Expression { .column(1 + index, definition.groupings[index].type) }

  // MARK: Rows' expressions

  /// An expression over the scan's columns over the definition's; nil when it reads others.
  func inDefinition(_ expression: Expression) -> Expression? {
    var isKnown = true
    let moved = expression.mapReferences { level, index, type in
      guard level == 0, columns.indices.contains(index), let place = columns[index] else {
        isKnown = false
        return nil
      }
      return .column(place, type)
    }
    return isKnown ? moved : nil
  }

  /// The expression over partials; nil when the partials do not tell its value.
  func translated(_ expression: Expression) -> Expression? {
    if case .literal = expression { return expression }
    if let known = grouping(expression) { return groupingColumn(known) }
    if let known = overTime(expression) { return known }
    switch expression {
    case .column, .outer, .parameter, .subquery: return nil
    default: break
    }
    // A key stands for all values that are equal to it: those of some types may still look different.
    let isComparison = comparesOnly(expression)
    var isKnown = true
    let moved = expression.mapChildren { child in
      guard isKnown, let moved = translated(child) else {
        isKnown = false
        return child
      }
      if !isComparison, case .column(_, let type) = moved, !type.equalMeansSame { isKnown = false }
      return moved
    }
    return isKnown ? moved : nil
  }

  private func grouping(_ expression: Expression) -> Int? {
    guard let own = inDefinition(expression) else { return nil }
    return definition.sets[set].first { definition.groupings[$0] == own }
  }

  private func comparesOnly(_ expression: Expression) -> Bool {
    switch expression {
    case .call(let function, let arguments, .bool):
      return function.kind == .operator && arguments.count == 2
        && ["=", "<>", "<", "<=", ">", ">="].contains(function.name)
    case .isNull, .inList, .distinctFrom: return true
    default: return false
    }
  }

  private func isTime(_ expression: Expression) -> Bool {
    if case .column(let index, _) = expression { index == time } else { false }
  }

  /// What is the same for all times of a bucket.
  private func overTime(_ expression: Expression) -> Expression? {
    switch expression {
    case .isNull(let operand, let negated):
      return isTime(operand) ? .isNull(bucketColumn, negated: negated) : nil
    case .call(let function, let arguments, let type):
      if let wider = TimeBucket(expression, context: rules.context), isTime(wider.time) {
        guard let bucket, bucket.nests(in: wider) else { return nil }
        return wider.applied(to: bucketColumn)
      }
      // A comparison with the border of a bucket.
      guard type == .bool, function.kind == .operator, arguments.count == 2, isTime(arguments[0]),
        case .literal(.int(let value), arguments[0].type) = arguments[1], let bucket
      else { return nil }
      let (next, overflow) = value.addingReportingOverflow(1)
      switch function.name {
      case ">=", "<": return bordered(bucket, function.name, value)
      case ">": return overflow ? nil : bordered(bucket, ">=", next)
      case "<=": return overflow ? nil : bordered(bucket, "<", next)
      default: return nil
      }
    default: return nil
    }
  }

  private func bordered(_ bucket: TimeBucket, _ name: String, _ value: Int64) -> Expression? {
    bucket.border(notBefore: value) == value ? rules.compared(bucketColumn, name, value) : nil
  }

  // MARK: Aggregates

  /// How an aggregate over rows comes from partials.
  struct Measure {
    /// Makes the states of the same kind from rows.
    var stored: StoredAggregate
    /// The states, over the partials' columns; or, where the partials' keys are what is aggregated, the call that makes
    /// them of the keys.
    enum Source {
      case states(Int, filter: Expression?)
      case keys(AggregateCall)
    }
    var source: Source
  }

  func measure(_ call: AggregateCall) -> Measure? {
    guard call.order.isEmpty else { return nil }
    let filters = call.filter?.conjuncts ?? []
    for (index, measure) in definition.measures.enumerated() {
      guard matches(call, measure.call) else { continue }
      // What the measure does not filter by itself, the keys must tell.
      var missing = measure.call.filter?.conjuncts ?? []
      var rest: [Expression] = []
      for filter in filters {
        if let own = inDefinition(filter), let place = missing.firstIndex(of: own) {
          missing.remove(at: place)
        } else {
          rest.append(filter)
        }
      }
      guard missing.isEmpty else { continue }
      let translated = rest.compactMap { self.translated($0) }
      if translated.count == rest.count {
        return Measure(stored: measure.stored, source: .states(index, filter: .conjunction(translated)))
      }
    }
    return ofKeys(call, filters)
  }

  /// Whether two calls are the same but for their filters.
  private func matches(_ call: AggregateCall, _ measure: AggregateCall) -> Bool {
    if countsRows(
      call.function, call.arguments, isDistinct: call.isDistinct, { notNull.indices.contains($0) && notNull[$0] }),
      countsRows(
        measure.function, measure.arguments, isDistinct: measure.isDistinct,
        { place in
          columns.enumerated().contains { $1 == place && notNull[$0] }
        })
    {
      return true
    }
    guard call.function == measure.function, call.isDistinct == measure.isDistinct, measure.order.isEmpty,
      call.type == measure.type, call.arguments.count == measure.arguments.count
    else { return false }
    return zip(call.arguments, measure.arguments).allSatisfy { inDefinition($0) == $1 }
  }

  /// count(*), or the count of what is never null.
  private func countsRows(
    _ function: AggregateFunction, _ arguments: [Expression], isDistinct: Bool, _ isNotNull: (Int) -> Bool
  ) -> Bool {
    guard function.name == "count", !isDistinct, arguments.count <= 1 else { return false }
    switch arguments.first {
    case nil: return true
    case .literal(let value, _): return !value.isNull
    case .column(let index, _): return isNotNull(index)
    default: return false
    }
  }

  /// Aggregates that take no notice of how often a value comes: the keys have each value.
  private func ofKeys(_ call: AggregateCall, _ filters: [Expression]) -> Measure? {
    guard call.function.ignoresDuplicates || (call.isDistinct && call.function.handlesDistinct),
      !call.arguments.isEmpty,
      let stored = call.function.stored(
        call.arguments.map(\.type), isDistinct: call.isDistinct, result: call.type)
    else { return nil }
    let arguments = call.arguments.compactMap { translated($0) }
    let conditions = filters.compactMap { translated($0) }
    guard arguments.count == call.arguments.count, conditions.count == filters.count,
      arguments.allSatisfy({ $0.type.equalMeansSame })
    else { return nil }
    let keys = AggregateCall(
      function: stored.partial, arguments: arguments, isDistinct: call.isDistinct, filter: .conjunction(conditions),
      type: stored.type)
    return Measure(stored: stored, source: .keys(keys))
  }
}

extension DataType {
  /// Whether equal values are the same in every respect: not so 1.0 and 1.00, or 0.0 and -0.0.
  var equalMeansSame: Bool {
    switch self {
    case .bool, .int2, .int4, .int8, .text, .varchar, .name, .uuid, .bytea, .date, .time, .timestamp, .timestamptz: true
    default: isOIDLike
    }
  }
}
