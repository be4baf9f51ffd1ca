// ComparisonOperators owns = <> < <= > >= for every type that has an order or an equality.

import ApusBase
import ApusColumns

/// What a comparison accepts of the order of its operands.
enum Comparison: String, CaseIterable, Sendable {
  case equal = "=", notEqual = "<>", less = "<", lessOrEqual = "<=", greater = ">", greaterOrEqual = ">="

  /// Whether the order (below 0, 0, above 0) of left and right passes.
  @inline(__always)
  func accepts(_ order: Int) -> Bool {
    switch self {
    case .equal: order == 0
    case .notEqual: order != 0
    case .less: order < 0
    case .lessOrEqual: order <= 0
    case .greater: order > 0
    case .greaterOrEqual: order >= 0
    }
  }
}

enum ComparisonOperators {
  static var all: [ScalarFunction] {
    integers + floats + bytes + times + others + polymorphic
  }

  // MARK: - Fixed width

  private static func integer<
    A: FixedWidthInteger & BitwiseCopyable & Sendable, B: FixedWidthInteger & BitwiseCopyable & Sendable
  >(
    _ left: DataType, _: A.Type, _ right: DataType, _: B.Type
  ) -> [ScalarFunction] {
    Comparison.allCases.map { comparison in
      .infix(comparison.rawValue, left, right, .bool) { arguments, count, _ in
        compareIntegers(arguments, A.self, B.self, count, comparison)
      }
    }
  }

  @inline(__always)
  private static func compareIntegers<
    A: FixedWidthInteger & BitwiseCopyable & Sendable, B: FixedWidthInteger & BitwiseCopyable & Sendable
  >(
    _ arguments: [Vector], _: A.Type, _: B.Type, _ count: Int, _ comparison: Comparison
  ) -> Vector {
    switch comparison {
    case .equal: compareFixed(arguments, A.self, B.self, count) { Int64($0) == Int64($1) }
    case .notEqual: compareFixed(arguments, A.self, B.self, count) { Int64($0) != Int64($1) }
    case .less: compareFixed(arguments, A.self, B.self, count) { Int64($0) < Int64($1) }
    case .lessOrEqual: compareFixed(arguments, A.self, B.self, count) { Int64($0) <= Int64($1) }
    case .greater: compareFixed(arguments, A.self, B.self, count) { Int64($0) > Int64($1) }
    case .greaterOrEqual: compareFixed(arguments, A.self, B.self, count) { Int64($0) >= Int64($1) }
    }
  }

  private static var integers: [ScalarFunction] {
    var list =
      integer(.int2, Int16.self, .int2, Int16.self) + integer(.int2, Int16.self, .int4, Int32.self)
      + integer(.int2, Int16.self, .int8, Int64.self) + integer(.int4, Int32.self, .int2, Int16.self)
      + integer(.int4, Int32.self, .int4, Int32.self) + integer(.int4, Int32.self, .int8, Int64.self)
      + integer(.int8, Int64.self, .int2, Int16.self) + integer(.int8, Int64.self, .int4, Int32.self)
      + integer(.int8, Int64.self, .int8, Int64.self) + integer(.oid, Int64.self, .oid, Int64.self)
      + integer(.date, Int32.self, .date, Int32.self) + integer(.time, Int64.self, .time, Int64.self)
      + integer(.timestamp, Int64.self, .timestamp, Int64.self)
      + integer(.timestamptz, Int64.self, .timestamptz, Int64.self)
    list += integer(.xid, Int64.self, .xid, Int64.self).filter { $0.name == "=" || $0.name == "<>" }
    for comparison in [Comparison.equal, .notEqual] {
      list.append(
        .infix(comparison.rawValue, .xid, .int4, .bool) { arguments, count, _ in
          compareFixed(arguments, Int64.self, Int32.self, count) {
            (UInt32(truncatingIfNeeded: $0) == UInt32(bitPattern: $1)) == (comparison == .equal)
          }
        })
    }
    return list
  }

  private static func float<
    A: BinaryFloatingPoint & BitwiseCopyable & Sendable, B: BinaryFloatingPoint & BitwiseCopyable & Sendable
  >(
    _ left: DataType, _: A.Type, _ right: DataType, _: B.Type
  ) -> [ScalarFunction] {
    Comparison.allCases.map { comparison in
      .infix(comparison.rawValue, left, right, .bool) { arguments, count, _ in
        compareFloats(arguments, A.self, B.self, count, comparison)
      }
    }
  }

  /// NaN is above all and equal to itself.
  @inline(__always)
  private static func compareFloats<
    A: BinaryFloatingPoint & BitwiseCopyable & Sendable, B: BinaryFloatingPoint & BitwiseCopyable & Sendable
  >(
    _ arguments: [Vector], _: A.Type, _: B.Type, _ count: Int, _ comparison: Comparison
  ) -> Vector {
    @inline(__always)
    func isLess(_ x: Double, _ y: Double) -> Bool { (x < y) != ((y != y) && (x == x)) }
    @inline(__always)
    func isEqual(_ x: Double, _ y: Double) -> Bool { (x == y) != ((x != x) && (y != y)) }
    switch comparison {
    case .equal: return compareFixed(arguments, A.self, B.self, count) { isEqual(Double($0), Double($1)) }
    case .notEqual: return compareFixed(arguments, A.self, B.self, count) { !isEqual(Double($0), Double($1)) }
    case .less: return compareFixed(arguments, A.self, B.self, count) { isLess(Double($0), Double($1)) }
    case .lessOrEqual: return compareFixed(arguments, A.self, B.self, count) { !isLess(Double($1), Double($0)) }
    case .greater: return compareFixed(arguments, A.self, B.self, count) { isLess(Double($1), Double($0)) }
    case .greaterOrEqual: return compareFixed(arguments, A.self, B.self, count) { !isLess(Double($0), Double($1)) }
    }
  }

  private static var floats: [ScalarFunction] {
    float(.float4, Float.self, .float4, Float.self) + float(.float4, Float.self, .float8, Double.self)
      + float(.float8, Double.self, .float4, Float.self) + float(.float8, Double.self, .float8, Double.self)
  }

  // MARK: - Bytes

  private static func byteWise(_ left: DataType, _ right: DataType) -> [ScalarFunction] {
    Comparison.allCases.map { comparison in
      .infix(comparison.rawValue, left, right, .bool) { arguments, count, _ in
        switch comparison {
        case .equal: compareBytesFixed(arguments, count) { equalBytes($0, $1) }
        case .notEqual: compareBytesFixed(arguments, count) { !equalBytes($0, $1) }
        default: compareBytesFixed(arguments, count) { comparison.accepts(compareBytes($0, $1)) }
        }
      }
    }
  }

  /// Strings of char(n), without the padding.
  private static var padded: [ScalarFunction] {
    Comparison.allCases.map { comparison in
      .infix(comparison.rawValue, .bpchar, .bpchar, .bool) { arguments, count, _ in
        compareBytesFixed(arguments, count) { comparison.accepts(compareBytes(unpadded($0), unpadded($1))) }
      }
    }
  }

  /// `~<~` and its kin: bytewise whatever the collation, which is how all text is compared here.
  private static var patterns: [ScalarFunction] {
    let names: [(String, Comparison)] = [
      ("~<~", .less), ("~<=~", .lessOrEqual), ("~>=~", .greaterOrEqual), ("~>~", .greater),
    ]
    return names.flatMap { name, comparison in
      [
        .infix(name, .text, .text, .bool) { arguments, count, _ in
          compareBytesFixed(arguments, count) { comparison.accepts(compareBytes($0, $1)) }
        },
        .infix(name, .bpchar, .bpchar, .bool) { arguments, count, _ in
          compareBytesFixed(arguments, count) { comparison.accepts(compareBytes(unpadded($0), unpadded($1))) }
        },
      ]
    }
  }

  private static var bytes: [ScalarFunction] {
    byteWise(.text, .text) + byteWise(.name, .name) + byteWise(.name, .text) + byteWise(.text, .name)
      + byteWise(.bytea, .bytea) + byteWise(.char, .char) + padded + patterns
  }

  // MARK: - Times of different types

  /// A side as instants (`zone` given) or as local readings; a constant stays one.
  private static func readings(_ vector: Vector, _ zone: TimeZone?, _ count: Int) -> Vector {
    if case .constant(let box) = vector.storage {
      let one = readings(box.vector, zone, 1)
      let inner = if case .constant(let box) = one.storage { box } else { VectorBox(one) }
      return Vector(type: .int8, count: count, storage: .constant(inner))
    }
    guard let zone else {
      if vector.type != .date { return vector.reinterpreted(as: .int8) }
      return mapFixed(vector, Int32.self, count, .int8) { (a: Int32) in TimeConversion.timestamp(date: a) }
    }
    var cursor = ZoneCursor(zone)
    switch vector.type {
    case .date:
      return mapFixed(vector, Int32.self, count, .int8) { (a: Int32) in
        cursor.utc(TimeConversion.timestamp(date: a))
      }
    case .timestamp: return mapFixed(vector, Int64.self, count, .int8) { (a: Int64) in cursor.utc(a) }
    default: return vector.reinterpreted(as: .int8)
    }
  }

  private static func time(_ left: DataType, _ right: DataType, zoned: Bool) -> [ScalarFunction] {
    Comparison.allCases.map { comparison in
      .infix(comparison.rawValue, left, right, .bool, volatility: zoned ? .stable : .immutable) {
        arguments, count, context in
        let zone = zoned ? context.zone : nil
        return compareIntegers(arguments.map { readings($0, zone, count) }, Int64.self, Int64.self, count, comparison)
      }
    }
  }

  private static var times: [ScalarFunction] {
    time(.date, .timestamp, zoned: false) + time(.timestamp, .date, zoned: false)
      + time(.date, .timestamptz, zoned: true) + time(.timestamptz, .date, zoned: true)
      + time(.timestamp, .timestamptz, zoned: true) + time(.timestamptz, .timestamp, zoned: true)
  }

  // MARK: - The others

  private static func valueWise(_ type: DataType) -> [ScalarFunction] {
    Comparison.allCases.map { comparison in
      .infix(comparison.rawValue, type, type, .bool) { (arguments, count, _) throws(ApusError) in
        try testValues(arguments, count) { comparison.accepts(ValueOrder.compare($0[0], $0[1])) }
      }
    }
  }

  private static func fixedWidth<T: BitwiseCopyable & Sendable>(
    _ type: DataType, _: T.Type, _ order: @escaping @Sendable (T, T) -> Int
  ) -> [ScalarFunction] {
    Comparison.allCases.map { comparison in
      .infix(comparison.rawValue, type, type, .bool) { arguments, count, _ in
        compareFixed(arguments, T.self, T.self, count) { comparison.accepts(order($0, $1)) }
      }
    }
  }

  private static var numerics: [ScalarFunction] {
    Comparison.allCases.map { comparison in
      .infix(comparison.rawValue, .numeric, .numeric, .bool) { arguments, count, _ in
        compareBytesFixed(arguments, count) { comparison.accepts(DecimalParts.compare($0, $1)) }
      }
    }
  }

  /// Shorter vectors are first.
  private static var oidVectors: [ScalarFunction] {
    Comparison.allCases.map { comparison in
      .infix(comparison.rawValue, .oidvector, .oidvector, .bool) { (arguments, count, _) throws(ApusError) in
        try testValues(arguments, count) { values in
          guard case .array(let a) = values[0], case .array(let b) = values[1] else { return false }
          let order = a.count == b.count ? ValueOrder.compare(values[0], values[1]) : a.count - b.count
          return comparison.accepts(order)
        }
      }
    }
  }

  private static var documents: [ScalarFunction] {
    Comparison.allCases.map { comparison in
      .infix(comparison.rawValue, .jsonb, .jsonb, .bool) { (arguments, count, _) throws(ApusError) in
        try compareBytesRows(arguments, count) { (a, b) throws(ApusError) in
          if equalBytes(a, b) { return comparison.accepts(0) }
          return comparison.accepts(try JSONBOrder.compare(a, b))
        }
      }
    }
  }

  private static var others: [ScalarFunction] {
    valueWise(.bool) + numerics + oidVectors + documents
      + fixedWidth(.interval, Interval.self) { Interval.compare($0, $1) }
      + fixedWidth(.uuid, UUIDValue.self) { $0 == $1 ? 0 : ($0 < $1 ? -1 : 1) }
  }

  private static var polymorphic: [ScalarFunction] {
    Comparison.allCases.map { comparison in
      ScalarFunction(
        comparison.rawValue, kind: .operator, parameters: [.anyArray, .anyArray], result: .exact(.bool), mayFail: false
      ) { (arguments, count, _) throws(ApusError) in
        try testValues(arguments, count) { comparison.accepts(ValueOrder.compare($0[0], $0[1])) }
      }
    }
  }
}

/// A char(n) string without the spaces at its end.
func unpadded(_ raw: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
  var count = raw.count
  while count > 0, raw[count - 1] == 32 { count -= 1 }
  return UnsafeRawBufferPointer(rebasing: raw[0..<count])
}

/// The order of single values.
enum ValueOrder {
  /// Below 0, 0 or above 0; nulls are last, and equal to each other.
  static func compare(_ a: Value, _ b: Value) -> Int {
    switch (a, b) {
    case (.null, .null): return 0
    case (.null, _): return 1
    case (_, .null): return -1
    case (.bool(let x), .bool(let y)): return x == y ? 0 : (y ? -1 : 1)
    case (.int(let x), .int(let y)): return x == y ? 0 : (x < y ? -1 : 1)
    case (.float(let x), .float(let y)): return FloatOrder.compare(x, y)
    case (.text(let x), .text(let y)):
      // By bytes: Swift's `==` takes two spellings of a character as equal.
      if x.utf8.lexicographicallyPrecedes(y.utf8) { return -1 }
      return y.utf8.lexicographicallyPrecedes(x.utf8) ? 1 : 0
    case (.bytes(let x), .bytes(let y)): return x == y ? 0 : (x.lexicographicallyPrecedes(y) ? -1 : 1)
    case (.numeric(let x), .numeric(let y)): return Numeric.compare(x, y)
    case (.uuid(let x), .uuid(let y)): return x == y ? 0 : (x < y ? -1 : 1)
    case (.interval(let x), .interval(let y)): return Interval.compare(x, y)
    case (.array(let x), .array(let y)):
      for (u, v) in zip(x, y) {
        let order = compare(u, v)
        if order != 0 { return order }
      }
      return x.count == y.count ? 0 : (x.count < y.count ? -1 : 1)
    default: return 0
    }
  }
}

/// Readings and instants of the types of time.
enum TimeConversion {
  static let dateInfinity = Int32.max
  static let dateMinusInfinity = Int32.min

  /// Midnight of a date.
  static func timestamp(date: Int32) -> Int64 {
    if date == dateInfinity { return .max }
    if date == dateMinusInfinity { return .min }
    let (value, overflow) = Int64(date).multipliedReportingOverflow(by: Microseconds.perDay)
    return overflow ? (date < 0 ? .min + 1 : .max - 1) : value
  }

  /// The date of a local reading.
  static func date(timestamp: Int64) -> Int32 {
    if timestamp == .max { return dateInfinity }
    if timestamp == .min { return dateMinusInfinity }
    return Int32(truncatingIfNeeded: floorDivide(timestamp, Microseconds.perDay))
  }

  static func instant(_ local: Int64, _ zone: TimeZone) -> Int64 {
    TimestampRange.isFinite(local) ? zone.utc(local) : local
  }
  static func local(_ instant: Int64, _ zone: TimeZone) -> Int64 {
    TimestampRange.isFinite(instant) ? zone.local(instant) : instant
  }
}
