// SketchAggregates owns two-step aggregation: hyperloglog and percentile_agg make states, rollup merges them, and
// distinct_count and approx_percentile read them.

import ApusBase
import ApusColumns
import ApusSketches

enum SketchAggregates {
  static let all: [AggregateFunction] = [
    AggregateFunction(
      "hyperloglog", parameters: [.any], result: .exact(.aggregateState), emptyIsNull: false, ignoresDuplicates: true
    ) { (types, _) throws(ApusError) -> any AggregateStates in
      try ApproximateCountStates(types.first ?? .text, givesState: true)
    },
    AggregateFunction("percentile_agg", parameters: [.exact(.float8)], result: .exact(.aggregateState)) {
      (_, _) throws(ApusError) -> any AggregateStates in QuantileStates()
    },
    AggregateFunction("rollup", parameters: [.exact(.aggregateState)], result: .exact(.aggregateState)) {
      (_, _) throws(ApusError) -> any AggregateStates in RollupStates()
    },
  ]

  /// What reads states.
  static let scalars: [ScalarFunction] = [
    ScalarFunction("distinct_count", parameters: [.exact(.aggregateState)], result: .exact(.int8)) {
      (vectors, count, _) throws(ApusError) -> Vector in
      var builder = VectorBuilder(type: .int8, capacity: count)
      for row in 0..<count {
        if vectors[0].isNull(row) {
          builder.appendNull()
          continue
        }
        let state = vectors[0].rawBytes(row)
        if state.first == EntityCountStates.kind {
          let entities = EntityCountStates()
          entities.grow(to: 1)
          try entities.mergeSerialised(state, into: 0)
          builder.append(.int(entities.count(0)))
          continue
        }
        if state.first == DistinctStates.kind {
          let values = DistinctStates.ofKeys()
          values.grow(to: 1)
          try values.mergeSerialised(state, into: 0)
          builder.append(try values.finish(count: 1).value(at: 0))
          continue
        }
        let sketch = HyperLogLogs()
        sketch.grow(to: 1)
        try sketch.mergeSerialised(state, into: 0)
        builder.append(.int(sketch.estimate(0)))
      }
      return builder.finish()
    },
    ScalarFunction(
      "approx_percentile", parameters: [.exact(.float8), .exact(.aggregateState)], result: .exact(.float8)
    ) { (vectors, count, _) throws(ApusError) -> Vector in
      var builder = VectorBuilder(type: .float8, capacity: count)
      for row in 0..<count {
        guard case .float(let fraction) = vectors[0].value(at: row), !vectors[1].isNull(row) else {
          builder.appendNull()
          continue
        }
        guard fraction >= 0, fraction <= 1 else {
          throw ApusError(.numericValueOutOfRange, "percentile value \(fraction) is not between 0 and 1")
        }
        let sketch = try QuantileSketch(serialised: vectors[1].rawBytes(row))
        builder.append(sketch.quantile(fraction).map { .float($0) } ?? .null)
      }
      return builder.finish()
    },
  ]
}

final class QuantileStates: AggregateStates {
  private var sketches: [QuantileSketch] = []

  func grow(to count: Int) {
    while sketches.count < count { sketches.append(QuantileSketch()) }
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    let vector = try Vector.argument(arguments, 0).unwrapped
    defer { withExtendedLifetime(vector) {} }
    guard case .float64(let buffer) = vector.storage else {
      throw .unexpected("percentile_agg got \(vector.type.sqlName)")
    }
    let values = buffer.read(Double.self)
    var sawNaN = false
    forEachRow(count, vector.validity, groups) { row, group in
      if values[row].isNaN { sawNaN = true } else { sketches[group].add(values[row]) }
    }
    if sawNaN { throw Self.notANumber }
  }

  private static var notANumber: ApusError { ApusError(.invalidParameterValue, "percentile_agg cannot take NaN") }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    switch arguments.first {
    case .float(let value):
      if value.isNaN { throw Self.notANumber }
      if times > 0 { sketches[group].add(value, times: UInt64(times)) }
    case .null: break
    default: return false
    }
    return true
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: QuantileStates.self)
    for group in 0..<count { sketches[Int(mapping[group])].merge(other.sketches[group]) }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    var builder = VectorBuilder(type: .aggregateState, capacity: count)
    for group in 0..<count {
      if sketches[group].count == 0 { builder.appendNull() } else { builder.append(bytes: sketches[group].serialised) }
    }
    return builder.finish()
  }

  func serialise(_ group: Int) -> [UInt8] { sketches[group].serialised }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    sketches[group].merge(try QuantileSketch(serialised: bytes))
  }

  var byteCount: Int { sketches.reduce(0) { $0 + $1.byteCount } }
}

/// Merges states of one kind, which their first byte tells.
final class RollupStates: AggregateStates {
  private let unique = HyperLogLogs()
  private let entities = EntityCountStates()
  private let values = DistinctStates.ofKeys()
  private var quantiles: [QuantileSketch] = []
  private var kinds = StateArray<UInt8>(0)

  func grow(to count: Int) {
    unique.grow(to: count)
    entities.grow(to: count)
    values.grow(to: count)
    kinds.grow(to: count)
    while quantiles.count < count { quantiles.append(QuantileSketch()) }
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    let vector = try Vector.argument(arguments, 0)
    for row in 0..<count where !vector.isNull(row) {
      try mergeSerialised(vector.rawBytes(row), into: groups.map { Int($0[row]) } ?? 0)
    }
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool { false }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: RollupStates.self)
    for group in 0..<count where other.kinds[group] != 0 {
      try note(other.kinds[group], Int(mapping[group]))
      quantiles[Int(mapping[group])].merge(other.quantiles[group])
    }
    unique.merge(other.unique, mapping: mapping, count: count)
    try entities.merge(other.entities, mapping: mapping, count: count)
    try values.merge(other.values, mapping: mapping, count: count)
  }

  private func note(_ kind: UInt8, _ group: Int) throws(ApusError) {
    guard kinds[group] == 0 || kinds[group] == kind else {
      throw ApusError(.datatypeMismatch, "rollup cannot merge states of different kinds")
    }
    kinds[group] = kind
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    var builder = VectorBuilder(type: .aggregateState, capacity: count)
    for group in 0..<count {
      if kinds[group] == 0 { builder.appendNull() } else { builder.append(bytes: serialise(group)) }
    }
    return builder.finish()
  }

  func serialise(_ group: Int) -> [UInt8] {
    switch kinds[group] {
    case QuantileSketch.kind: quantiles[group].serialised
    case HyperLogLogs.kind: unique.serialise(group)
    case EntityCountStates.kind: entities.serialise(group)
    case DistinctStates.kind: values.serialise(group)
    default: []
    }
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    guard let kind = bytes.first else { return }
    switch kind {
    case QuantileSketch.kind:
      try note(kind, group)
      quantiles[group].merge(try QuantileSketch(serialised: bytes))
    case HyperLogLogs.kind:
      try note(kind, group)
      try unique.mergeSerialised(bytes, into: group)
    case EntityCountStates.kind:
      try note(kind, group)
      try entities.mergeSerialised(bytes, into: group)
    case DistinctStates.kind:
      try note(kind, group)
      try values.mergeSerialised(bytes, into: group)
    default: throw ApusError(.dataCorrupted, "aggregate state of unknown kind \(kind)")
    }
  }

  var byteCount: Int {
    let sets = unique.byteCount + entities.byteCount + values.byteCount + kinds.byteCount
    return sets + quantiles.reduce(0) { $0 + $1.byteCount }
  }
}
