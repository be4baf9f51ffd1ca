// NumberFunctions owns the functions of integers and numeric, random, and those that are operators by another name.

import ApusBase
import ApusColumns

enum NumberFunctions {
  static var all: [ScalarFunction] { aliases + numeric + integers + buckets + random }

  // MARK: - Operators by name

  /// Functions that compute what an operator does.
  private static var aliases: [ScalarFunction] {
    var list: [ScalarFunction] = []
    for (name, symbol, types) in [
      ("abs", "@", [DataType.int2, .int4, .int8, .float4, .float8, .numeric]), ("sqrt", "|/", [.float8]),
      ("cbrt", "||/", [.float8]), ("mod", "%", [.int2, .int4, .int8, .numeric]),
      ("power", "^", [.float8, .numeric]), ("pow", "^", [.float8, .numeric]), ("dpow", "^", [.float8]),
    ] {
      for type in types {
        let count = symbol == "@" || symbol.hasPrefix("|") ? 1 : 2
        let parameters = [ParameterType](repeating: .exact(type), count: count)
        guard
          let found = OperatorLibrary.all.first(where: { $0.name == symbol && $0.parameters == parameters })
        else { continue }
        list.append(
          ScalarFunction(
            name, parameters: parameters, result: found.result, volatility: found.volatility,
            isStrict: found.isStrict, mayFail: found.mayFail, evaluate: found.evaluate))
      }
    }
    return list
  }

  // MARK: - numeric

  private static func unary(
    _ name: String, mayFail: Bool = false, isMonotonic: Bool = false,
    _ body: @escaping @Sendable (Numeric) throws(ApusError) -> Numeric
  ) -> ScalarFunction {
    .rows(name, [.numeric], .numeric, mayFail: mayFail, isMonotonic: isMonotonic) { (row, _) throws(ApusError) in
      .numeric(try body(row.numeric(0)))
    }
  }

  /// The digits after the point that round and trunc take.
  private static func places(_ value: Int64) -> Int { Int(max(-2_000, min(2_000, value))) }

  private static func factorial(_ number: Int64) throws(ApusError) -> Numeric {
    guard number >= 0 else {
      throw ApusError(.numericValueOutOfRange, "factorial of a negative number is undefined")
    }
    guard number <= 32_177 else { throw ApusError(.numericValueOutOfRange, "value overflows numeric format") }
    var result = Numeric.one
    for factor in stride(from: number, to: 1, by: -1) { result = try result.multiplied(by: Numeric(factor)) }
    return result
  }

  private static func greatestDivisor(_ a: Numeric, _ b: Numeric) throws(ApusError) -> Numeric {
    guard a.isFinite, b.isFinite else { return .notANumber }
    let scale = max(a.scale, b.scale)
    var (x, y) = (a.magnitude, b.magnitude)
    while !y.isZero { (x, y) = (y, try x.remainder(dividingBy: y)) }
    return x.rounded(scale)
  }

  private static func leastMultiple(_ a: Numeric, _ b: Numeric) throws(ApusError) -> Numeric {
    guard a.isFinite, b.isFinite else { return .notANumber }
    let scale = max(a.scale, b.scale)
    if a.isZero || b.isZero { return Numeric.zero.rounded(scale) }
    let divisor = try greatestDivisor(a, b)
    return try a.integerQuotient(dividingBy: divisor).multiplied(by: b).magnitude.rounded(scale)
  }

  private static var numeric: [ScalarFunction] {
    [
      unary("ceil", isMonotonic: true) { (x) in x.ceiling }, unary("ceiling", isMonotonic: true) { (x) in x.ceiling },
      unary("floor", isMonotonic: true) { (x) in x.floor }, unary("round", isMonotonic: true) { (x) in x.rounded(0) },
      unary("trunc", isMonotonic: true) { (x) in x.truncated(0) },
      unary("sign", isMonotonic: true) { (x) in x.isNaN ? x : Numeric(Int64(x.signum)) },
      unary("sqrt", mayFail: true) { (x) throws(ApusError) in try x.squareRoot() },
      unary("exp", mayFail: true) { (x) throws(ApusError) in try x.exponential() },
      unary("ln", mayFail: true) { (x) throws(ApusError) in try x.naturalLogarithm() },
      unary("log", mayFail: true) { (x) throws(ApusError) in try x.logarithm(base: Numeric(10 as Int64)) },
      unary("log10", mayFail: true) { (x) throws(ApusError) in try x.logarithm(base: Numeric(10 as Int64)) },
      unary("trim_scale") { (x) in x.trimmed },
      .rows("scale", [.numeric], .int4, mayFail: false) { (row, _) in
        row.numeric(0).isFinite ? .int(Int64(row.numeric(0).scale)) : .null
      },
      .rows("min_scale", [.numeric], .int4, mayFail: false) { (row, _) in
        row.numeric(0).isFinite ? .int(Int64(row.numeric(0).minimumScale)) : .null
      },
      .rows("log", [.numeric, .numeric], .numeric) { (row, _) throws(ApusError) in
        .numeric(try row.numeric(1).logarithm(base: row.numeric(0)))
      },
      .rows("div", [.numeric, .numeric], .numeric) { (row, _) throws(ApusError) in
        .numeric(try row.numeric(0).integerQuotient(dividingBy: row.numeric(1)))
      },
      .rows("round", [.numeric, .int4], .numeric, mayFail: false, isMonotonic: true) { (row, _) in
        .numeric(row.numeric(0).rounded(places(row.int(1))))
      },
      .rows("trunc", [.numeric, .int4], .numeric, mayFail: false, isMonotonic: true) { (row, _) in
        .numeric(row.numeric(0).truncated(places(row.int(1))))
      },
      .rows("factorial", [.int8], .numeric) { (row, _) throws(ApusError) in .numeric(try factorial(row.int(0))) },
      .rows("gcd", [.numeric, .numeric], .numeric) { (row, _) throws(ApusError) in
        .numeric(try greatestDivisor(row.numeric(0), row.numeric(1)))
      },
      .rows("lcm", [.numeric, .numeric], .numeric) { (row, _) throws(ApusError) in
        .numeric(try leastMultiple(row.numeric(0), row.numeric(1)))
      },
    ]
  }

  // MARK: - Integers

  private static func greatestDivisor(_ a: UInt64, _ b: UInt64) -> UInt64 {
    var (x, y) = (a, b)
    while y != 0 { (x, y) = (y, x % y) }
    return x
  }

  private static var integers: [ScalarFunction] {
    var list: [ScalarFunction] = []
    for type in [DataType.int4, .int8] {
      let largest = type == .int4 ? UInt64(Int32.max) : UInt64(Int64.max)
      list.append(
        .rows("gcd", [type, type], type) { (row, _) throws(ApusError) in
          let result = greatestDivisor(row.int(0).magnitude, row.int(1).magnitude)
          guard result <= largest else { throw NumberErrors.range(type) }
          return .int(Int64(result))
        })
      list.append(
        .rows("lcm", [type, type], type) { (row, _) throws(ApusError) in
          let (a, b) = (row.int(0).magnitude, row.int(1).magnitude)
          if a == 0 || b == 0 { return .int(0) }
          let (product, overflow) = (a / greatestDivisor(a, b)).multipliedReportingOverflow(by: b)
          guard !overflow, product <= largest else { throw NumberErrors.range(type) }
          return .int(Int64(product))
        })
    }
    return list
  }

  // MARK: - width_bucket

  private static let bucketState = SQLState("2201G")

  private static func bucketCount(_ count: Int64) throws(ApusError) {
    guard count > 0 else { throw ApusError(bucketState, "count must be greater than zero") }
  }

  private static var buckets: [ScalarFunction] {
    [
      .rows("width_bucket", [.float8, .float8, .float8, .int4], .int4) { (row, _) throws(ApusError) in
        let (value, low, high) = (row.float(0), row.float(1), row.float(2))
        let count = row.int(3)
        try bucketCount(count)
        if value.isNaN || low.isNaN || high.isNaN {
          throw ApusError(bucketState, "operand, lower bound, and upper bound cannot be NaN")
        }
        if low.isInfinite || high.isInfinite {
          throw ApusError(bucketState, "lower and upper bounds must be finite")
        }
        if low == high { throw ApusError(bucketState, "lower bound cannot equal upper bound") }
        let isUp = low < high
        if isUp ? value < low : value > low { return .int(0) }
        if isUp ? value >= high : value <= high {
          guard count < Int64(Int32.max) else { throw ApusError(.numericValueOutOfRange, "integer out of range") }
          return .int(count + 1)
        }
        // Halved where the difference would overflow.
        let width = high - low
        let share = width.isFinite ? (value - low) / width : (value / 2 - low / 2) / (high / 2 - low / 2)
        return .int(min(count, Int64(Double(count) * share) + 1))
      },
      .rows("width_bucket", [.numeric, .numeric, .numeric, .int4], .int4) { (row, _) throws(ApusError) in
        try numericBucket(row)
      },
      .typed("width_bucket", [.anyCompatible, .anyCompatibleArray], .exact(.int4)) { (row, _, _) throws(ApusError) in
        try bucket(row[0], of: row.array(1))
      },
    ]
  }

  private static func numericBucket(_ row: [Value]) throws(ApusError) -> Value {
    let (value, low, high) = (row.numeric(0), row.numeric(1), row.numeric(2))
    let count = row.int(3)
    try bucketCount(count)
    if value.isNaN || low.isNaN || high.isNaN {
      throw ApusError(bucketState, "operand, lower bound, and upper bound cannot be NaN")
    }
    if low.isInfinite || high.isInfinite { throw ApusError(bucketState, "lower and upper bounds must be finite") }
    let order = Numeric.compare(low, high)
    if order == 0 { throw ApusError(bucketState, "lower bound cannot equal upper bound") }
    let below = Numeric.compare(value, low)
    let above = Numeric.compare(value, high)
    if order < 0 ? below < 0 : below > 0 { return .int(0) }
    if order < 0 ? above >= 0 : above <= 0 {
      guard count < Int64(Int32.max) else { throw ApusError(.numericValueOutOfRange, "integer out of range") }
      return .int(count + 1)
    }
    let part = try value.subtracting(low).multiplied(by: Numeric(count))
    let index = try part.integerQuotient(dividingBy: try high.subtracting(low))
    return .int(try index.int64() + 1)
  }

  /// How many bounds, which must ascend, are at most `value`.
  private static func bucket(_ value: Value, of bounds: [Value]) throws(ApusError) -> Value {
    var low = 0
    var high = bounds.count
    while low < high {
      let middle = (low + high) / 2
      if bounds[middle].isNull {
        throw ApusError(.nullValueNotAllowed, "thresholds array must not contain NULLs")
      }
      if ValueOrder.compare(value, bounds[middle]) >= 0 { low = middle + 1 } else { high = middle }
    }
    return .int(Int64(low))
  }

  // MARK: - random

  private static let random: [ScalarFunction] = [
    ScalarFunction("random", parameters: [], result: .exact(.float8), volatility: .volatile, mayFail: false) {
      (_, count, context) throws(ApusError) -> Vector in
      let buffer = Buffer(byteCount: count * 8)
      context.random.fill(buffer.write(Double.self), count: count)
      return Vector(type: .float8, count: count, storage: .float64(buffer))
    },
    .rows("gen_random_uuid", [], .uuid, volatility: .volatile, mayFail: false) { (_, _) in
      var source = SystemRandomNumberGenerator()
      let high = ((source.next() as UInt64) & 0xFFFF_FFFF_FFFF_0FFF) | 0x4000
      let low = ((source.next() as UInt64) & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
      return .uuid(UUIDValue(high: high, low: low))
    },
    .rows("setseed", [.float8], .void, volatility: .volatile) { (row, context) throws(ApusError) in
      let seed = row.float(0)
      guard seed >= -1, seed <= 1 else {
        throw ApusError(
          .invalidParameterValue,
          "setseed parameter \(FloatText.printed(seed, significantDigits: 6)) is out of allowed range [-1,1]")
      }
      context.random.seed(seed)
      return .text("")
    },
  ]
}

extension ValueOrder {
  /// Whether two values are not distinct: null is so from null only.
  static func same(_ a: Value, _ b: Value) -> Bool {
    a.isNull == b.isNull && compare(a, b) == 0
  }
}
