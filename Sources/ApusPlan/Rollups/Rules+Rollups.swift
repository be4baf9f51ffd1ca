// Rollups in the place of rows: aggregations over a table answered from partials for whole buckets, and from rows for
// what the partials do not stand for.

import ApusBase
import ApusColumns
import ApusFunctions

extension Rules {
  /// The plan with aggregations over tables that have rollups answered from these where they can be: the same rows, to
  /// the bit.
  func withRollups(_ plan: LogicalPlan) -> LogicalPlan {
    if context.settings("apus.use_rollups") == "off" { return plan }
    return answered(plan)
  }

  private func answered(_ plan: LogicalPlan) -> LogicalPlan {
    switch plan {
    case .aggregate(let input, let groupings, let sets, let calls, let fields):
      if let found = answered(input, groupings, sets, calls, fields) { return found }
    case .distinct(let input, on: nil):
      let fields = input.fields
      let groupings = fields.enumerated().map { Expression.column($0, $1.type) }
      if !groupings.isEmpty, let found = answered(input, groupings, nil, [], fields) { return found }
    case .scan: return plan
    default: break
    }
    return plan.mapParts(expression: { $0 }, input: { input, _ in answered(input) })
  }

  private func answered(
    _ input: LogicalPlan, _ groupings: [Expression], _ sets: [[Int]]?, _ calls: [AggregateCall], _ fields: [Field]
  ) -> LogicalPlan? {
    guard let chain = ScanChain(input), !chain.scan.table.rollups.isEmpty,
      groupings.allSatisfy(\.isOfRow), calls.allSatisfy({ $0.arguments.allSatisfy(\.isOfRow) }),
      calls.allSatisfy({ $0.filter?.isOfRow ?? true })
    else { return nil }
    let query = RollupAnswer.Query(
      chain: chain, groupings: groupings.map { chain.over($0) }, sets: sets, calls: calls.map { chain.over($0).plain },
      fields: fields)
    let readsHistory = context.settings("apus.rollup_history") == "on"
    var best: RollupAnswer?
    for rollup in chain.scan.table.rollups {
      // Which partials count is asked once, and only where the rollup can answer at all.
      var partials: (any TableProvider)?
      for set in rollup.definition.sets.indices {
        guard var answer = RollupAnswer(query, rollup, set: set, readsHistory: readsHistory, rules: self) else {
          continue
        }
        let found = partials ?? answer.partialsToRead
        partials = found
        if found.rowCountEstimate == 0 { break }
        answer.read(found)
        if best.map({ answer.cost < $0.cost }) ?? true { best = answer }
      }
    }
    return best?.plan(query)
  }
}

/// How one grouping set of a rollup answers an aggregation.
struct RollupAnswer {
  /// The aggregation, over the columns of its scan.
  struct Query {
    let chain: ScanChain
    let groupings: [Expression]
    let sets: [[Int]]?
    let calls: [AggregateCall]
    let fields: [Field]
  }

  private let rollup: any RollupTable
  private let match: RollupMatch
  private let rules: Rules
  private let readsHistory: Bool
  private let groupings: [Expression]
  private let measures: [RollupMatch.Measure]
  /// Over the partials' columns.
  private var filters: [Expression]
  private var range = TimeRangeSplit()
  private var partials: (any TableProvider)?
  /// Rows to read, more or less.
  private(set) var cost = 0.0

  /// nil when it does not.
  init?(_ query: Query, _ rollup: any RollupTable, set: Int, readsHistory: Bool, rules: Rules) {
    let match = RollupMatch(rollup.definition, set: set, over: query.chain.scan, rules: rules)
    var missing = rollup.definition.filters
    var filters: [Expression] = []
    for filter in query.chain.filters {
      if let own = match.inDefinition(filter), let place = missing.firstIndex(of: own) {
        missing.remove(at: place)
      } else if range.take(filter, time: match.time) {
        continue
      } else if let own = match.translated(filter) {
        filters.append(own)
      } else if let own = match.inDefinition(filter), rollup.definition.filters.contains(own) {
        continue
      } else {
        return nil
      }
    }
    guard missing.isEmpty, range.split(by: match.bucket) else { return nil }
    let groupings = query.groupings.compactMap { match.translated($0) }
    guard groupings.count == query.groupings.count else { return nil }
    let measures = query.calls.compactMap { match.measure($0) }
    guard measures.count == query.calls.count else { return nil }
    self.rollup = rollup
    self.match = match
    self.rules = rules
    self.readsHistory = readsHistory && rollup.hasHistory
    self.groupings = groupings
    self.measures = measures
    self.filters = filters
    for (name, border) in [(">=", range.first), ("<", range.last)] {
      guard let border else { continue }
      guard let bound = rules.compared(match.bucketColumn, name, border) else { return nil }
      self.filters.append(bound)
    }
  }

  var partialsToRead: any TableProvider { readsHistory ? rollup.partials : rollup.presentPartials }

  /// Takes the partials, and how much there is to read.
  mutating func read(_ partials: any TableProvider) {
    self.partials = partials
    let sets = rollup.definition.sets
    let weight = Double(sets[match.set].count + 1) / Double(sets.reduce(0) { $0 + $1.count + 1 })
    let now = rules.context.transactionTime
    cost = Double(partials.rowCountEstimate ?? 1_000_000) * weight * range.shareOfWhole(now: now)
    if range.hasLowerEdge || range.hasUpperEdge {
      cost += Double(rollup.presentCounted.rowCountEstimate ?? 100_000_000) * range.shareOfEdges(now: now)
    }
  }

  // MARK: The plan

  func plan(_ query: Query) -> LogicalPlan {
    let fields =
      query.fields.prefix(groupings.count)
      + zip(query.fields.dropFirst(groupings.count), measures).map {
        Field($0.name, $1.stored.type)
      }
    let parts = [ofPartials(Array(fields))] + ofRows(query, Array(fields))
    let input =
      parts.count == 1 ? parts[0] : LogicalPlan.setOperation(parts, .union, all: true, fields: Array(fields))
    let columns = fields.enumerated().map { Expression.column($0, $1.type) }
    let merges = measures.enumerated().map { index, measure in
      AggregateCall(
        function: measure.stored.merge, arguments: [columns[groupings.count + index]],
        type: query.calls[index].type)
    }
    return .aggregate(
      input, groupings: Array(columns.prefix(groupings.count)), sets: query.sets, aggregates: merges,
      fields: query.fields)
  }

  /// Groupings and states from the partials of whole buckets.
  private func ofPartials(_ fields: [Field]) -> LogicalPlan {
    let definition = rollup.definition
    let part = RollupPart(partials ?? partialsToRead, verb: "Rollup Scan", details: [("Rollup", description)])
    var conditions = filters
    if definition.sets.count > 1, let isOfSet = rules.compared(.column(0, .int2), "=", Int64(match.set)) {
      conditions.insert(isOfSet, at: 0)
    }
    let scan = LogicalPlan.scan(
      ScanNode(table: part, columns: definition.partialColumns, fields: definition.partialFields))
    let input = rules.pushed(scan, conditions)
    let width = 1 + definition.groupings.count
    func states(_ index: Int, _ filter: Expression?) -> Expression {
      let type = definition.measures[index].stored.type
      let column = Expression.column(width + index, type)
      guard let filter else { return column }
      // Null states count for nothing.
      return .caseWhen([CaseBranch(condition: filter, result: column)], otherwise: .literal(.null, type), type)
    }
    let readsKeys = measures.contains { if case .keys = $0.source { true } else { false } }
    if !readsKeys {
      let outputs = measures.map { measure -> Expression in
        if case .states(let index, let filter) = measure.source {
          states(index, filter)
        } else {
          .literal(.null, .bool)
        }
      }
      return .project(input, groupings + outputs, fields: fields)
    }
    let calls = measures.map { measure in
      switch measure.source {
      case .keys(let call): call
      case .states(let index, let filter):
        AggregateCall(
          function: measure.stored.combine, arguments: [states(index, filter)], type: measure.stored.type)
      }
    }
    return .aggregate(input, groupings: groupings, sets: nil, aggregates: calls, fields: fields)
  }

  /// The same from the rows of broken buckets, and from those that no partial counts.
  private func ofRows(_ query: Query, _ fields: [Field]) -> [LogicalPlan] {
    var parts: [LogicalPlan] = []
    func add(_ table: any TableProvider, _ what: String, _ bound: Expression?) {
      if table.rowCountEstimate == 0 { return }
      var scan = query.chain.scan
      scan.table = RollupPart(table, details: [("Rows", what)])
      scan.filters = []
      scan.filterOnlyColumns = 0
      let conditions = query.chain.filters + (bound.map { [$0] } ?? [])
      let calls = zip(query.calls, measures).map { call, measure in
        // Counts of rows and of what is never null have one state.
        AggregateCall(
          function: measure.stored.partial.name == "count" && !call.isDistinct ? call.function : measure.stored.partial,
          arguments: call.arguments, isDistinct: call.isDistinct,
          filter: call.filter, type: measure.stored.type)
      }
      parts.append(
        .aggregate(
          rules.pushed(.scan(scan), conditions), groupings: query.groupings, sets: nil, aggregates: calls,
          fields: fields))
    }
    if let time = match.time {
      let column = Expression.column(time, query.chain.scan.columns[time].type)
      if range.hasLowerEdge, let first = range.first, let bound = rules.compared(column, "<", first) {
        add(rollup.presentCounted, "before the first whole bucket", bound)
      }
      if range.hasUpperEdge, let last = range.last, let bound = rules.compared(column, ">=", last) {
        add(rollup.presentCounted, "after the last whole bucket", bound)
      }
    }
    add(readsHistory ? rollup.uncounted : rollup.presentUncounted, "not in the rollup yet", nil)
    return parts
  }

  private var description: String {
    let definition = rollup.definition
    let names = definition.sets[match.set].map { definition.groupingField($0).name }
    var text = "\(rollup.name), set (\(names.joined(separator: ", ")))"
    if range.first != nil || range.last != nil {
      let type = definition.groupings[definition.bucket].type
      func shown(_ time: Int64?) -> String {
        guard let time else { return "" }
        var out: [UInt8] = []
        try? TextFormat.output(.of([.int(time)], type: type), row: 0, settings: .utc, into: &out)
        return String(decoding: out, as: UTF8.self)
      }
      text += ", whole buckets [\(shown(range.first)), \(shown(range.last)))"
    }
    if readsHistory { text += ", beyond raw retention" }
    return text
  }
}

/// A range of times as whole buckets and what is left at its ends.
struct TimeRangeSplit {
  /// Inclusive.
  private var lower: Int64?
  /// Exclusive.
  private var upper: Int64?
  /// The borders of the whole buckets; nil where the range is open.
  private(set) var first: Int64?
  private(set) var last: Int64?

  var hasLowerEdge: Bool { lower != first }
  var hasUpperEdge: Bool { upper != last }

  /// Takes a comparison of the time with a constant. False for other conditions.
  mutating func take(_ condition: Expression, time: Int?) -> Bool {
    guard let time, case .call(let function, let arguments, .bool) = condition, function.kind == .operator,
      arguments.count == 2, case .column(time, let type) = arguments[0],
      case .literal(.int(let value), type) = arguments[1]
    else { return false }
    let (next, overflow) = value.addingReportingOverflow(1)
    func atLeast(_ value: Int64) { lower = max(lower ?? value, value) }
    func below(_ value: Int64) { upper = min(upper ?? value, value) }
    switch function.name {
    case ">=": atLeast(value)
    case "<": below(value)
    case ">" where !overflow: atLeast(next)
    case "<=" where !overflow: below(next)
    case "=" where !overflow:
      atLeast(value)
      below(next)
    default: return false
    }
    return true
  }

  /// Finds the whole buckets. False when there is none, or they cannot be told.
  mutating func split(by bucket: TimeBucket?) -> Bool {
    if lower == nil, upper == nil { return true }
    guard let bucket else { return false }
    // Near a change of the clock the borders are sought a bit further in.
    let steps = bucket.zone == nil ? [0] : [0, 5, 10].map { $0 * Microseconds.perDay }
    if let lower {
      first = steps.lazy.compactMap { bucket.border(notBefore: lower.addingReportingOverflow($0).partialValue) }.first
      if first == nil { return false }
    }
    if let upper {
      last =
        steps.lazy.compactMap { bucket.border(notAfter: upper.subtractingReportingOverflow($0).partialValue) }.first
      if last == nil { return false }
    }
    if let first, let lower, first < lower { return false }
    if let last, let upper, last > upper { return false }
    if let first, let last { return first < last }
    return true
  }

  // MARK: Estimates

  /// What a table is taken to span at least, in microseconds.
  private static let spanMin = Double(30 * Microseconds.perDay)

  /// The range's part of the table.
  private func span(_ from: Int64?, _ to: Int64?, now: Int64) -> Double {
    guard let from else { return Self.spanMin }
    guard let to else { return max(Double(Microseconds.perDay), Double(now) - Double(from)) }
    return max(0, Double(to) - Double(from))
  }

  func shareOfWhole(now: Int64) -> Double {
    let whole = span(first, last, now: now)
    return first == nil ? 1 : min(1, whole / max(Self.spanMin, whole))
  }

  func shareOfEdges(now: Int64) -> Double {
    var edges = 0.0
    if let lower, let first { edges += Double(first) - Double(lower) }
    if let upper, let last { edges += Double(upper) - Double(last) }
    return min(1, edges / max(Self.spanMin, span(lower, upper, now: now)))
  }
}
