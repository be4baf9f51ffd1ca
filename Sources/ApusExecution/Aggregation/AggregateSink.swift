// AggregateSink owns one thread's part of an aggregation: its groups and their states.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

/// What all threads of an aggregation share.
final class AggregatePlan {
  let groupings: [ApusPlan.Expression]
  let sets: [[Int]]
  let calls: [AggregateCall]
  /// The distinct expressions that calls take, and their places by call: arguments, then order.
  private(set) var inputs: [ApusPlan.Expression] = []
  private(set) var places: [[Int]] = []

  init(groupings: [ApusPlan.Expression], sets: [[Int]]?, calls: [AggregateCall]) {
    self.groupings = groupings
    self.sets = sets ?? [Array(groupings.indices)]
    self.calls = calls
    for call in calls {
      var own: [Int] = []
      for expression in call.arguments + call.order.map(\.expression) {
        if let known = inputs.firstIndex(of: expression) {
          own.append(known)
        } else {
          own.append(inputs.count)
          inputs.append(expression)
        }
      }
      places.append(own)
    }
  }

  /// Whether the order of rows shows in a result.
  var dependsOnOrder: Bool { calls.contains { $0.function.isOrderSensitive && $0.order.isEmpty } }
}

/// The groups of one grouping set.
final class GroupingSet {
  let groupings: [Int]
  let table: GroupTable
  let accumulators: [Accumulator]
  private let scratch = NumberScratch()

  init(_ groupings: [Int], _ plan: AggregatePlan) throws(ApusError) {
    self.groupings = groupings
    table = GroupTable(groupings.map { plan.groupings[$0].type })
    var list: [Accumulator] = []
    for call in plan.calls { list.append(try Accumulator.make(call)) }
    accumulators = list
    grow()
  }

  func grow() { for accumulator in accumulators { accumulator.grow(to: table.count) } }

  /// The group of each row of a frame; nil when all are of group 0.
  func groups(_ keys: [Vector], count: Int) -> UnsafePointer<UInt32>? {
    if groupings.isEmpty { return nil }
    let own = groupings.map { keys[$0] }
    let numbers = scratch.fit(count)
    if own.allSatisfy(\.isConstant) {
      numbers.update(repeating: table.insertConstant(own), count: count)
    } else {
      table.insert(own, count: count, into: numbers)
    }
    grow()
    return UnsafePointer(numbers)
  }

  var byteCount: Int { table.byteCount + accumulators.reduce(0) { $0 + $1.byteCount } }
}

final class AggregateSink {
  let plan: AggregatePlan
  let sets: [GroupingSet]
  private let query: QueryState
  private let groupings: [Node]
  private let inputs: [Node]
  private let filters: [Node?]
  private var accounted = 0
  private let filteredGroups = NumberScratch()

  init(_ plan: AggregatePlan, _ query: QueryState) throws(ApusError) {
    self.plan = plan
    self.query = query
    groupings = try query.nodes(plan.groupings)
    inputs = try query.nodes(plan.inputs)
    var filters: [Node?] = []
    for call in plan.calls {
      if let filter = call.filter { filters.append(try query.node(filter)) } else { filters.append(nil) }
    }
    self.filters = filters
    var sets: [GroupingSet] = []
    for set in plan.sets { sets.append(try GroupingSet(set, plan)) }
    self.sets = sets
  }

  /// Adds the rows of a frame. `known` are groupings of which bounds tell that they are constant in these rows.
  func add(_ frame: Frame, known: [VectorBox?] = []) throws(ApusError) {
    var keys: [Vector] = []
    keys.reserveCapacity(groupings.count)
    for (index, node) in groupings.enumerated() {
      if index < known.count, let box = known[index] {
        keys.append(.repeating(box, type: node.type, count: frame.count))
      } else {
        keys.append(try node.evaluate(frame))
      }
    }
    var cache: [Vector?] = Array(repeating: nil, count: inputs.count)
    for set in sets {
      let groups = set.groups(keys, count: frame.count)
      for (index, accumulator) in set.accumulators.enumerated() {
        if let filter = filters[index] {
          try addFiltered(accumulator, index, frame, filter, groups)
          continue
        }
        var vectors: [Vector] = []
        for place in plan.places[index] {
          if cache[place] == nil { cache[place] = try inputs[place].evaluate(frame) }
          if let vector = cache[place] { vectors.append(vector) }
        }
        try accumulator.accumulate(vectors, count: frame.count, groups: groups)
      }
    }
    try account()
  }

  private func addFiltered(
    _ accumulator: Accumulator, _ call: Int, _ frame: Frame, _ filter: Node, _ groups: UnsafePointer<UInt32>?
  ) throws(ApusError) {
    let bits = try filter.evaluate(frame).trueBits
    let selection = SelectionVector(bits)
    if selection.count == 0 { return }
    let part = selection.count == frame.count ? frame : PartFrame(frame, selection)
    var vectors: [Vector] = []
    for place in plan.places[call] { vectors.append(try inputs[place].evaluate(part)) }
    guard let groups else { return try accumulator.accumulate(vectors, count: part.count, groups: nil) }
    let taken = filteredGroups.fit(part.count)
    for index in 0..<selection.count { taken[index] = groups[selection[index]] }
    try accumulator.accumulate(vectors, count: part.count, groups: taken)
  }

  func account() throws(ApusError) {
    let held = sets.reduce(0) { $0 + $1.byteCount }
    guard held != accounted else { return }
    try query.control.account(held - accounted)
    accounted = held
  }

  /// Merges another thread's part into this one.
  func merge(_ other: AggregateSink) throws(ApusError) {
    for (own, theirs) in zip(sets, other.sets) {
      let count = theirs.table.count
      if count == 0 { continue }
      var mapping = [UInt32](repeating: 0, count: count)
      if !own.groupings.isEmpty {
        let keys = try theirs.table.keys()
        let numbers = NumberScratch()
        let out = numbers.fit(count)
        own.table.insert(keys, count: count, into: out)
        own.grow()
        for index in 0..<count { mapping[index] = out[index] }
      }
      for (target, source) in zip(own.accumulators, theirs.accumulators) {
        try target.merge(source, mapping: mapping)
      }
      try query.control.check()
    }
    try account()
  }

  /// The results: groupings, then aggregates.
  func results() throws(ApusError) -> [Batch] {
    var batches: [Batch] = []
    for set in sets {
      let count = set.table.count
      if count == 0 { continue }
      let keys = try set.table.keys()
      var columns: [Vector] = []
      for (index, grouping) in plan.groupings.enumerated() {
        if let place = set.groupings.firstIndex(of: index) {
          columns.append(keys[place])
        } else {
          columns.append(.nulls(type: grouping.type, count: count))
        }
      }
      for (index, accumulator) in set.accumulators.enumerated() {
        columns.append(try accumulator.finish(count: count).reinterpretedDeep(as: plan.calls[index].type))
      }
      batches.append(Batch(columns: columns, count: count))
    }
    return batches
  }
}
