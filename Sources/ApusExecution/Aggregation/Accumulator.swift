// Accumulator owns one aggregate call over the groups of one grouping set: plain, DISTINCT or ordered.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

/// States of a call by group. One thread's own.
class Accumulator {
  func grow(to groups: Int) {}
  /// Adds rows; row i belongs to `groups[i]`, all to group 0 for nil. `vectors` are the call's arguments, then what it
  /// is ordered by.
  func accumulate(_ vectors: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {}
  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool { false }
  /// Merges another of the same kind: its group i into `mapping[i]`.
  func merge(_ other: Accumulator, mapping: [UInt32]) throws(ApusError) {}
  func finish(count: Int) throws(ApusError) -> Vector { throw .unexpected("an aggregate without result") }
  var byteCount: Int { 0 }

  static func make(_ call: AggregateCall) throws(ApusError) -> Accumulator {
    let types = call.arguments.map(\.type)
    let sorts = !call.order.isEmpty && (call.function.isOrderSensitive || call.function.isOrderedSet)
    if let percentile = PercentileAccumulator(call) { return percentile }
    if sorts { return OrderedAccumulator(call) }
    if call.isDistinct, !call.function.ignoresDuplicates {
      if call.function.handlesDistinct { return StateAccumulator(try call.function.makeStates(types, true)) }
      if call.function.isOrderSensitive { return OrderedAccumulator(call) }
      return DistinctAccumulator(call)
    }
    return StateAccumulator(try call.function.makeStates(types, false))
  }
}

/// The states of the aggregate take the rows as they come.
final class StateAccumulator: Accumulator {
  private let states: any AggregateStates
  init(_ states: any AggregateStates) { self.states = states }

  override func grow(to groups: Int) { states.grow(to: groups) }
  override func accumulate(
    _ vectors: [Vector], count: Int, groups: UnsafePointer<UInt32>?
  ) throws(ApusError) {
    try states.accumulate(vectors, count: count, groups: groups)
  }
  override func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    try states.accumulateConstant(arguments, times: times, group: group)
  }
  override func merge(_ other: Accumulator, mapping: [UInt32]) throws(ApusError) {
    guard let other = other as? StateAccumulator else { throw .unexpected("aggregates of two kinds were merged") }
    try states.mergeAll(other.states, mapping)
  }
  override func finish(count: Int) throws(ApusError) -> Vector { try states.finish(count: count) }
  override var byteCount: Int { states.byteCount }
}

extension AggregateStates {
  func mergeAll(_ other: any AggregateStates, _ mapping: [UInt32]) throws(ApusError) {
    // A copy whose address stays: `withUnsafeBufferPointer` does not carry typed errors.
    let copy = UnsafeMutablePointer<UInt32>.allocate(capacity: max(1, mapping.count))
    defer { copy.deallocate() }
    for (index, group) in mapping.enumerated() { copy[index] = group }
    try merge(other, mapping: copy, count: mapping.count)
  }

  func accumulateAll(_ vectors: [Vector], count: Int, _ groups: [UInt32]) throws(ApusError) {
    let copy = UnsafeMutablePointer<UInt32>.allocate(capacity: max(1, groups.count))
    defer { copy.deallocate() }
    for (index, group) in groups.enumerated() { copy[index] = group }
    try accumulate(vectors, count: count, groups: copy)
  }
}

/// DISTINCT for aggregates that do not do it themselves: distinct rows of group and arguments are kept to the end.
final class DistinctAccumulator: Accumulator {
  private let call: AggregateCall
  private let rows: GroupTable
  private var groupCount = 0
  private let scratch = NumberScratch()

  init(_ call: AggregateCall) {
    self.call = call
    rows = GroupTable([.int8] + call.arguments.map(\.type))
  }

  override func grow(to groups: Int) { groupCount = max(groupCount, groups) }
  override func accumulate(
    _ vectors: [Vector], count: Int, groups: UnsafePointer<UInt32>?
  ) throws(ApusError) {
    let owner = Buffer.zeroed(byteCount: count * 8)
    if let groups {
      let out = owner.write(Int64.self)
      for row in 0..<count { out[row] = Int64(groups[row]) }
    }
    let group = Vector(type: .int8, count: count, storage: .int64(owner))
    rows.insert([group] + vectors, count: count, into: scratch.fit(count))
  }

  override func merge(_ other: Accumulator, mapping: [UInt32]) throws(ApusError) {
    guard let other = other as? DistinctAccumulator else { throw .unexpected("aggregates of two kinds were merged") }
    let (owners, vectors) = try other.distinctRows()
    let mapped = Vector.int64(owners.map { Int64(mapping[Int($0)]) })
    rows.insert([mapped] + vectors, count: owners.count, into: scratch.fit(owners.count))
  }

  private func distinctRows() throws(ApusError) -> (owners: [UInt32], vectors: [Vector]) {
    let keys = try rows.keys()
    guard let first = keys.first, rows.count > 0 else {
      return ([], call.arguments.map { .nulls(type: $0.type, count: 0) })
    }
    let flat = first.flattened().fixedBuffer.read(Int64.self)
    let owners = (0..<rows.count).map { UInt32(truncatingIfNeeded: flat[$0]) }
    return (owners, Array(keys.dropFirst()))
  }

  override func finish(count: Int) throws(ApusError) -> Vector {
    let states = try call.function.makeStates(call.arguments.map(\.type), false)
    states.grow(to: count)
    let (owners, vectors) = try distinctRows()
    if !owners.isEmpty { try states.accumulateAll(vectors, count: owners.count, owners) }
    return try states.finish(count: count)
  }
  override var byteCount: Int { rows.byteCount }
}

/// ORDER BY inside the call, or WITHIN GROUP: rows are kept, sorted by group and order at the end, and then taken.
final class OrderedAccumulator: Accumulator {
  private let call: AggregateCall
  /// Group, arguments, order; parts in the order in which they came.
  private var parts: [Batch] = []
  private var held = 0

  init(_ call: AggregateCall) { self.call = call }

  override func accumulate(
    _ vectors: [Vector], count: Int, groups: UnsafePointer<UInt32>?
  ) throws(ApusError) {
    let owner = Buffer.zeroed(byteCount: count * 4)
    if let groups { owner.write(UInt32.self).update(from: groups, count: count) }
    let batch = Batch(
      columns: [Vector(type: .int4, count: count, storage: .int32(owner))] + vectors, count: count)
    held += batch.heldBytes
    parts.append(batch)
  }

  override func merge(_ other: Accumulator, mapping: [UInt32]) throws(ApusError) {
    guard let other = other as? OrderedAccumulator else { throw .unexpected("aggregates of two kinds were merged") }
    for part in other.parts {
      let owners = part.columns[0].fixedBuffer.read(UInt32.self)
      let mapped = Buffer(byteCount: part.count * 4)
      let out = mapped.write(UInt32.self)
      for row in 0..<part.count { out[row] = mapping[Int(owners[row])] }
      var columns = part.columns
      columns[0] = Vector(type: .int4, count: part.count, storage: .int32(mapped))
      parts.append(Batch(columns: columns, count: part.count))
    }
    held += other.held
  }

  override func finish(count: Int) throws(ApusError) -> Vector {
    let arguments = call.arguments.map(\.type)
    let states = try call.function.makeStates(arguments, false)
    states.grow(to: count)
    let all = try Batch.joined(parts, types: [.int4] + arguments + call.order.map(\.expression.type))
    if all.count == 0 { return try states.finish(count: count) }
    var keys = [SortColumn(all.columns[0], descending: false, nullsFirst: false)]
    for (index, key) in call.order.enumerated() {
      keys.append(
        SortColumn(
          all.columns[1 + arguments.count + index], descending: key.descending, nullsFirst: key.nullsFirst))
    }
    if call.isDistinct {
      for index in arguments.indices {
        keys.append(SortColumn(all.columns[1 + index], descending: false, nullsFirst: false))
      }
    }
    let sorter = try RowSorter(keys, count: all.count)
    var order = sorter.sorted()
    if call.isDistinct { order = distinct(order, all, arguments) }
    let taken = SelectionVector(order)
    let owners = all.columns[0].gathered(taken).fixedBuffer
    let vectors = arguments.indices.map { all.columns[1 + $0].gathered(taken) }
    try states.accumulate(vectors, count: order.count, groups: owners.read(UInt32.self))
    return try states.finish(count: count)
  }

  /// The first of the rows with equal group and arguments.
  private func distinct(_ order: [UInt32], _ all: Batch, _ arguments: [DataType]) -> [UInt32] {
    let table = GroupTable([.int4] + arguments)
    let taken = SelectionVector(order)
    let vectors = (0...arguments.count).map { all.columns[$0].gathered(taken) }
    let scratch = NumberScratch()
    let numbers = scratch.fit(order.count)
    table.insert(vectors, count: order.count, into: numbers)
    var seen = 0
    var kept: [UInt32] = []
    for (index, row) in order.enumerated() where Int(numbers[index]) == seen {
      kept.append(row)
      seen += 1
    }
    return kept
  }
  override var byteCount: Int { held }
}
