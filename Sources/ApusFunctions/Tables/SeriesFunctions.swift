// SeriesFunctions owns generate_series and generate_subscripts.

import ApusBase
import ApusColumns

enum SeriesFunctions {
  static var all: [TableFunction] { numbers + times + subscripts }

  private static let zeroStep = ApusError(.invalidParameterValue, "step size cannot equal zero")

  private static func series(
    _ parameters: [DataType], _ result: DataType,
    _ body: @escaping @Sendable ([Value], EvaluationContext) throws(ApusError) -> Vector
  ) -> TableFunction {
    .rows("generate_series", parameters.map { .exact($0) }, result) { (row, _, context) throws(ApusError) in
      try body(row, context)
    }
  }

  /// How many steps lead from `first` to `last`; checked against memory.
  private static func integers(_ row: [Value], _ type: DataType) throws(ApusError) -> Vector {
    let (first, last) = (row.int(0), row.int(1))
    let step = row.count > 2 ? row.int(2) : 1
    guard step != 0 else { throw zeroStep }
    if step > 0 ? first > last : first < last { return .of([], type: type) }
    let distance = step > 0 ? UInt64(bitPattern: last &- first) : UInt64(bitPattern: first &- last)
    let steps = distance / step.magnitude
    guard steps < UInt64(Int32.max) else { throw tooMany }
    let count = Int(steps) + 1
    let width = type == .int4 ? 4 : 8
    try MemoryBudget.check(count * width)
    let buffer = Buffer(byteCount: count * width)
    if type == .int4 {
      let out = buffer.write(Int32.self)
      for index in 0..<count { out[index] = Int32(truncatingIfNeeded: first &+ Int64(index) &* step) }
      return Vector(type: type, count: count, storage: .int32(buffer))
    }
    let out = buffer.write(Int64.self)
    for index in 0..<count { out[index] = first &+ Int64(index) &* step }
    return Vector(type: type, count: count, storage: .int64(buffer))
  }

  private static var tooMany: ApusError {
    ApusError(.programLimitExceeded, "generate_series would give more than \(Int32.max) rows")
  }

  private static func numerics(_ row: [Value]) throws(ApusError) -> Vector {
    for (value, name) in zip(row, ["start value", "stop value", "step size"]) {
      guard case .numeric(let number) = value else { continue }
      if number.isNaN { throw ApusError(.invalidParameterValue, "\(name) cannot be NaN") }
      if number.isInfinite { throw ApusError(.invalidParameterValue, "\(name) cannot be infinity") }
    }
    let step = row.count > 2 ? row.numeric(2) : .one
    guard !step.isZero else { throw zeroStep }
    var builder = VectorBuilder(type: .numeric)
    var value = row.numeric(0)
    let last = row.numeric(1)
    var count = 0
    while step.isNegative ? Numeric.compare(value, last) >= 0 : Numeric.compare(value, last) <= 0 {
      builder.append(.numeric(value))
      count += 1
      if count & 0xFFFF == 0 { try MemoryBudget.check(count * 16) }
      guard count < 64 << 20 else { throw tooMany }
      value = try value.adding(step)
    }
    return builder.finish()
  }

  private static var numbers: [TableFunction] {
    var list: [TableFunction] = []
    for count in 2...3 {
      for type in [DataType.int4, .int8] {
        list.append(
          series([DataType](repeating: type, count: count), type) { (row, _) throws(ApusError) in
            try integers(row, type)
          })
      }
      list.append(
        series([DataType](repeating: .numeric, count: count), .numeric) { (row, _) throws(ApusError) in
          try numerics(row)
        })
    }
    return list
  }

  private static func instants(_ row: [Value], _ type: DataType, _ zone: TimeZone?) throws(ApusError) -> Vector {
    let step = row.interval(2)
    let sign = Interval.compare(step, Interval())
    guard sign != 0 else { throw zeroStep }
    let last = row.int(1)
    var value = row.int(0)
    // An endless series: PostgreSQL would run until it is cancelled.
    guard TimestampRange.isFinite(value), TimestampRange.isFinite(last) || (sign > 0) == (last < 0) else {
      throw ApusError(.invalidParameterValue, "the bounds of generate_series must be finite")
    }
    var values: [Int64] = []
    while sign > 0 ? value <= last : value >= last {
      values.append(value)
      if values.count & 0xFFFF == 0 { try MemoryBudget.check(values.count * 16) }
      guard values.count < 128 << 20 else { throw tooMany }
      let next: Int64
      if let zone {
        next = try TimestampArithmetic.adding(step, to: value, zone: zone)
      } else {
        next = try TimestampArithmetic.adding(step, to: value)
      }
      // Mixed signs could stand still.
      guard next != value else { throw zeroStep }
      value = next
    }
    return .int64(values, type: type)
  }

  private static var times: [TableFunction] {
    [
      series([.timestamp, .timestamp, .interval], .timestamp) { (row, _) throws(ApusError) in
        try instants(row, .timestamp, nil)
      },
      series([.timestamptz, .timestamptz, .interval], .timestamptz) { (row, context) throws(ApusError) in
        try instants(row, .timestamptz, context.zone)
      },
    ]
  }

  private static var subscripts: [TableFunction] {
    (2...3).map { count in
      let parameters: [ParameterType] = [.anyArray, .exact(.int4), .exact(.bool)]
      return .rows("generate_subscripts", Array(parameters.prefix(count)), .int4) { (row, types, _) in
        guard row.int(1) == 1 else { return .of([], type: .int4) }
        // int2vector and oidvector count from 0.
        let base: Int64 = types.first == .int2vector || types.first == .oidvector ? 0 : 1
        let numbers = row.array(0).indices.map { Value.int(Int64($0) + base) }
        return .of(row.bool(2) ? numbers.reversed() : numbers, type: .int4)
      }
    }
  }
}

extension TableFunction {
  /// A strict function with one column, named as itself unless told.
  static func rows(
    _ name: String, _ parameters: [ParameterType], _ result: DataType, column: String? = nil,
    _ body: @escaping @Sendable ([Value], [DataType], EvaluationContext) throws(ApusError) -> Vector
  ) -> TableFunction {
    TableFunction(
      name, parameters: parameters, columns: { (_) throws(ApusError) in [(name: column ?? name, type: result)] },
      evaluate: { (row, types, context) throws(ApusError) in
        let vector = row.contains(.null) ? Vector.of([], type: result) : try body(row, types, context)
        return Batch(columns: [vector], count: vector.count)
      })
  }
}
