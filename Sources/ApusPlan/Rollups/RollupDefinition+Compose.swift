// The composition of a rollup over a rollup: the same over the finer one's rows.

import ApusBase
import ApusColumns
import ApusFunctions

extension RollupDefinition {
  /// The definition of a query over the columns of a rollup, in the terms of that rollup's own table. A rollup of
  /// several grouping sets is taken as though it had only the whole one: each row counts once.
  static func composed(_ query: RollupQuery, over finer: RollupDefinition) throws(ApusError) -> RollupDefinition {
    let composition = RollupComposition(query: query, finer: finer)
    var filters = finer.filters
    for filter in query.chain.filters {
      let moved = try composition.moved(filter)
      if !filters.contains(moved) { filters.append(moved) }
    }
    var groupings: [Expression] = []
    for grouping in query.groupings { groupings.append(try composition.moved(grouping)) }
    var measures: [RollupMeasure] = []
    func add(_ call: AggregateCall, of index: Int) throws(ApusError) -> Int {
      if let known = measures.firstIndex(where: { $0.call == call }) { return known }
      measures.append(RollupMeasure(call: call, stored: finer.measures[index].stored))
      return measures.count - 1
    }
    var outputs: [(field: Field, source: Output.Source)] = []
    for (index, output) in query.outputs.enumerated() {
      var field = query.fields[index]
      guard let (place, isCounted) = composition.place(output) else {
        throw .rollupUnsupported(
          "column \"\(field.name)\" is computed from groupings and measures, which is",
          hint: "Keep the groupings and measures themselves, and compute with them in a view over the rollup.")
      }
      if place < groupings.count {
        outputs.append((field, .grouping(place)))
        continue
      }
      let composed = try composition.measure(query.calls[place - groupings.count], isCounted: isCounted)
      field.type = composed.call.type
      field.modifier = -1
      outputs.append((field, .measure(try add(composed.call, of: composed.index))))
    }
    return try RollupQuery.definition(
      columns: finer.columns, filters: filters, groupings: groupings, sets: query.sets, measures: measures,
      outputs: outputs)
  }
}

private struct RollupComposition {
  let query: RollupQuery
  let finer: RollupDefinition

  /// What a column that the query scans is.
  private func source(_ index: Int) -> (source: RollupDefinition.Output.Source, isState: Bool)? {
    guard query.chain.scan.columns.indices.contains(index) else { return nil }
    let number = Int(query.chain.scan.columns[index].column.value) - 1
    if finer.outputs.indices.contains(number) { return (finer.outputs[number].source, false) }
    let states = finer.stateColumns
    let state = number - finer.outputs.count
    return states.indices.contains(state) ? (.measure(states[state].measure), true) : nil
  }

  /// The aggregation's column that an output is, and whether it counts the entries of a state.
  func place(_ output: Expression) -> (place: Int, isCounted: Bool)? {
    switch output {
    case .column(let place, _): (place, false)
    case .call(let function, let arguments, _):
      if function.name == "distinct_count", function.kind == .function, arguments.count == 1,
        case .column(let place, _) = arguments[0], place >= query.groupings.count
      {
        (place, true)
      } else {
        nil
      }
    default: nil
    }
  }

  /// A grouping or a condition over the finer rollup's groupings, over its table's columns.
  func moved(_ expression: Expression) throws(ApusError) -> Expression {
    var fault: ApusError?
    let moved = expression.mapReferences { level, index, type in
      if level > 0 { return nil }
      switch source(index) {
      case (.grouping(let grouping), _)?: return finer.groupings[grouping]
      default:
        fault = .rollupUnsupported(
          "grouping by or filtering on a measure of the rollup below is",
          hint: "Only its bucket and dimensions may be used outside of aggregates.")
        return nil
      }
    }
    if let fault { throw fault }
    return try nested(moved)
  }

  /// A time_bucket of the finer bucket as one of the time itself.
  private func nested(_ expression: Expression) throws(ApusError) -> Expression {
    guard case .call(let function, let arguments, let type) = expression, function.name == "time_bucket",
      arguments.count >= 2, arguments[1] == finer.groupings[finer.bucket]
    else { return expression }
    guard case .call(_, let inner, _) = finer.groupings[finer.bucket], inner.count >= 2 else { return expression }
    var outer = arguments
    outer[1] = inner[1]
    let result = Expression.call(function, outer, type)
    if result == finer.groupings[finer.bucket] { return result }
    guard let fine = TimeBucket(finer.groupings[finer.bucket]), let coarse = TimeBucket(result),
      fine.nests(in: coarse)
    else {
      throw .notRollup(
        "the time buckets do not lie in one another",
        detail: "Each bucket of the rollup below must lie wholly within one of this rollup.",
        hint: "Use a multiple of the width, with the same origin and time zone.")
    }
    return result
  }

  // MARK: Measures

  /// The finer rollup's measure that an aggregate of its column composes to.
  func measure(_ call: AggregateCall, isCounted: Bool) throws(ApusError) -> (index: Int, call: AggregateCall) {
    let name = call.function.name
    if name == "count", call.arguments.isEmpty {
      throw .rollupUnsupported(
        "counting the rows of a rollup is", hint: "Sum its count(*) measure: sum(events).")
    }
    guard call.arguments.count == 1, !call.isDistinct, case .column(let column, _) = call.arguments[0],
      let (source, isState) = source(column), case .measure(let index) = source
    else {
      throw .rollupUnsupported(
        "\(name)() of this in a rollup over a rollup is",
        hint: "Aggregate the measures of the rollup below: sum(count), min(min), max(max), rollup(x_state).")
    }
    let fine = finer.measures[index].call
    guard composes(call, fine, isState: isState, isCounted: isCounted) else {
      throw .rollupUnsupported(
        "\(isCounted ? "distinct_count(\(name)())" : "\(name)()") of the measure \(shown(fine)) is",
        hint: isUniqueCount(fine) || fine.function.name == "approx_count_distinct"
          ? "Unique counts do not add up: write distinct_count(rollup(x_state))."
          : "Sums compose by sum, least and greatest values by min and max, states by rollup(x_state).")
    }
    var composed = fine
    if let filter = call.filter {
      let moved = try moved(filter)
      composed.filter = .conjunction((fine.filter?.conjuncts ?? []) + moved.conjuncts)
    }
    return (index, composed)
  }

  private func shown(_ call: AggregateCall) -> String {
    isUniqueCount(call) ? "count(DISTINCT ...)" : "\(call.function.name)()"
  }

  private func isUniqueCount(_ call: AggregateCall) -> Bool {
    (call.function.name == "count" && call.isDistinct) || call.function.name == EntityCount.name
  }

  private func composes(_ call: AggregateCall, _ fine: AggregateCall, isState: Bool, isCounted: Bool) -> Bool {
    let name = call.function.name
    let finer = fine.function.name
    if isCounted {
      return name == "rollup" && isState
        && (finer == "approx_count_distinct" || isUniqueCount(fine))
    }
    if name == "rollup" { return fine.type == .aggregateState }
    if isState { return false }
    if name == "sum" { return (finer == "count" && !fine.isDistinct) || (finer == "sum" && !fine.isDistinct) }
    // The same over parts as over all, whatever the parts.
    let ofParts = ["min", "max", "bool_and", "bool_or", "every", "bit_and", "bit_or", "bit_xor"]
    return name == finer && !fine.isDistinct && ofParts.contains(name)
  }
}
