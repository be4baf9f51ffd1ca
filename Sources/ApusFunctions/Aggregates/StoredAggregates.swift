// StoredAggregates owns how the states of an aggregate are kept in columns: what makes them from rows, what merges them
// to a result, and what merges them to a state again. Rollups and partial aggregation are built of these.

public import ApusBase
public import ApusColumns

/// An aggregate split in two steps (DESIGN 5): partial states that can be stored, and their merge. For every split of
/// the rows into parts, `merge` over the `partial`s of the parts gives the bits that the aggregate gives over the rows.
public struct StoredAggregate: Sendable {
  /// The type of the column that keeps a state.
  public let type: DataType
  /// Takes the aggregate's own arguments (DISTINCT and FILTER included) and gives a state.
  public let partial: AggregateFunction
  /// Takes states and gives the aggregate's result. Null states count for nothing.
  public let merge: AggregateFunction
  /// Takes states and gives one state.
  public let combine: AggregateFunction
}

extension AggregateFunction {
  /// How the states of a call are kept; nil for aggregates whose states do not merge in any order to the same bits
  /// (array_agg, exact percentiles).
  public func stored(_ arguments: [DataType], isDistinct: Bool, result: DataType) -> StoredAggregate? {
    if isOrderSensitive || isOrderedSet { return nil }
    let isDistinct = isDistinct && !ignoresDuplicates
    if isDistinct, !handlesDistinct { return nil }
    if name == "count", !isDistinct {
      return StoredAggregate(
        type: .int8, partial: self, merge: CountSumStates.function, combine: CountSumStates.function)
    }
    if name == "min" || name == "max", arguments == [result] {
      return StoredAggregate(type: result, partial: self, merge: self, combine: self)
    }
    let make = makeStates
    let partial = AggregateFunction(
      name, parameters: parameters, isVariadic: isVariadic, result: .exact(.aggregateState),
      emptyIsNull: false, ignoresDuplicates: ignoresDuplicates, handlesDistinct: handlesDistinct
    ) { (types, isDistinct) throws(ApusError) -> any AggregateStates in
      PartialStates(try make(types, isDistinct))
    }
    func merging(givesState: Bool) -> AggregateFunction {
      AggregateFunction(
        name, parameters: [.exact(.aggregateState)], result: .exact(givesState ? .aggregateState : result),
        emptyIsNull: !givesState && emptyIsNull
      ) { (_, _) throws(ApusError) -> any AggregateStates in
        MergingStates(try make(arguments, isDistinct), givesState: givesState)
      }
    }
    return StoredAggregate(
      type: .aggregateState, partial: partial, merge: merging(givesState: false), combine: merging(givesState: true))
  }
}

/// States that are given out as they are.
private final class PartialStates: AggregateStates {
  private let inner: any AggregateStates

  init(_ inner: any AggregateStates) { self.inner = inner }

  func grow(to count: Int) { inner.grow(to: count) }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    try inner.accumulate(arguments, count: count, groups: groups)
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    try inner.accumulateConstant(arguments, times: times, group: group)
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    try inner.merge(try sameKind(other, as: PartialStates.self).inner, mapping: mapping, count: count)
  }

  func finish(count: Int) throws(ApusError) -> Vector { stateVector(inner, count: count) }
  func serialise(_ group: Int) -> [UInt8] { inner.serialise(group) }
  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    try inner.mergeSerialised(bytes, into: group)
  }
  var byteCount: Int { inner.byteCount }
}

/// States merged from serialised ones.
private final class MergingStates: AggregateStates {
  private let inner: any AggregateStates
  private let givesState: Bool

  init(_ inner: any AggregateStates, givesState: Bool) {
    self.inner = inner
    self.givesState = givesState
  }

  func grow(to count: Int) { inner.grow(to: count) }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    let vector = try Vector.argument(arguments, 0).flattened()
    defer { withExtendedLifetime(vector) {} }
    for row in 0..<count where !vector.isNull(row) {
      try inner.mergeSerialised(vector.rawBytes(row), into: groups.map { Int($0[row]) } ?? 0)
    }
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool { false }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    try inner.merge(try sameKind(other, as: MergingStates.self).inner, mapping: mapping, count: count)
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    givesState ? stateVector(inner, count: count) : try inner.finish(count: count)
  }
  func serialise(_ group: Int) -> [UInt8] { inner.serialise(group) }
  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    try inner.mergeSerialised(bytes, into: group)
  }
  var byteCount: Int { inner.byteCount }
}

private func stateVector(_ states: any AggregateStates, count: Int) -> Vector {
  var builder = VectorBuilder(type: .aggregateState, capacity: count)
  for group in 0..<count { builder.append(bytes: states.serialise(group)) }
  return builder.finish()
}

/// The sum of counts: 0 for none. What is kept of it is a count again.
final class CountSumStates: CountStates {
  static let function = AggregateFunction(
    "count", parameters: [.exact(.int8)], result: .exact(.int8), emptyIsNull: false
  ) { (_, _) throws(ApusError) -> any AggregateStates in CountSumStates() }

  override func accumulate(
    _ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?
  ) throws(ApusError) {
    guard count > 0 else { return }
    let vector = try Vector.argument(arguments, 0).flattened()
    defer { withExtendedLifetime(vector) {} }
    guard case .int64(let buffer) = vector.storage else {
      throw .unexpected("counts came as \(vector.type.sqlName)")
    }
    let values = buffer.read(Int64.self)
    let out = counts.pointer
    forEachRow(count, vector.validity, groups) { row, group in out[group] &+= values[row] }
  }

  override func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    guard case .int(let value)? = arguments.first else { return arguments.first?.isNull ?? false }
    counts.pointer[group] &+= value &* Int64(times)
    return true
  }
}
