// Arithmetic of integers, floats and numeric.

import ApusBase
import ApusColumns
import Foundation

let divisionByZero = ApusError(.divisionByZero, "division by zero")

/// Integer arithmetic: the wider of two types is the result's.
enum IntegerOperators {
  static var all: [ScalarFunction] {
    arithmetic(.int2, Int16.self) + arithmetic(.int4, Int32.self) + arithmetic(.int8, Int64.self)
      + mixed(.int2, .int4, .int4, Int32.self) + mixed(.int4, .int2, .int4, Int32.self)
      + mixed(.int2, .int8, .int8, Int64.self) + mixed(.int8, .int2, .int8, Int64.self)
      + mixed(.int4, .int8, .int8, Int64.self) + mixed(.int8, .int4, .int8, Int64.self)
      + bitwise(.int2, Int16.self) + bitwise(.int4, Int32.self) + bitwise(.int8, Int64.self)
  }

  private static func outOfRange(_ type: DataType) -> ApusError {
    ApusError(.numericValueOutOfRange, "\(type.sqlName) out of range")
  }

  private static func widened<T: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ vector: Vector, _ type: DataType, _ count: Int, _: T.Type
  ) -> Vector {
    if vector.type == type || vector.type.physical == type.physical { return vector }
    if vector.type.physical == .int16 { return mapFixed(vector, Int16.self, count, type) { T(truncatingIfNeeded: $0) } }
    return mapFixed(vector, Int32.self, count, type) { T(truncatingIfNeeded: $0) }
  }

  private static func divide<T: FixedWidthInteger>(_ a: T, _ b: T, _ type: DataType) throws(ApusError) -> T {
    if b == 0 { throw divisionByZero }
    let (value, overflow) = a.dividedReportingOverflow(by: b)
    if overflow { throw outOfRange(type) }
    return value
  }

  private static func binary<T: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ left: DataType, _ right: DataType, _ type: DataType, _: T.Type
  ) -> [ScalarFunction] {
    @Sendable func both(_ arguments: [Vector], _ count: Int) -> [Vector] {
      arguments.map { widened($0, type, count, T.self) }
    }
    return [
      .infix("+", left, right, type, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipOverflowing(both(arguments, count), T.self, count, type) { $0.addingReportingOverflow($1) }
      },
      .infix("-", left, right, type, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipOverflowing(both(arguments, count), T.self, count, type) { $0.subtractingReportingOverflow($1) }
      },
      .infix("*", left, right, type, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipOverflowing(both(arguments, count), T.self, count, type) { $0.multipliedReportingOverflow(by: $1) }
      },
      .infix("/", left, right, type, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipFixedChecked(both(arguments, count), T.self, T.self, count, type) {
          (a: T, b: T) throws(ApusError) -> T in
          try divide(a, b, type)
        }
      },
    ]
  }

  private static func mixed<T: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ left: DataType, _ right: DataType, _ type: DataType, _: T.Type
  ) -> [ScalarFunction] { binary(left, right, type, T.self) }

  private static func arithmetic<T: FixedWidthInteger & SignedInteger & BitwiseCopyable & Sendable>(
    _ type: DataType, _: T.Type
  ) -> [ScalarFunction] {
    binary(type, type, type, T.self) + [
      .infix("%", type, type, type, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipFixedChecked(arguments, T.self, T.self, count, type) { (a: T, b: T) throws(ApusError) -> T in
          if b == 0 { throw divisionByZero }
          return b == -1 ? 0 : a % b
        }
      },
      .prefix("+", type, type) { arguments, _, _ in arguments[0] },
      .prefix("-", type, type, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try mapFixedChecked(arguments[0], T.self, count, type) { (a: T) throws(ApusError) -> T in
          if a == T.min { throw outOfRange(type) }
          return 0 - a
        }
      },
      .prefix("@", type, type, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try mapFixedChecked(arguments[0], T.self, count, type) { (a: T) throws(ApusError) -> T in
          if a == T.min { throw outOfRange(type) }
          return abs(a)
        }
      },
    ]
  }

  private static func bitwise<T: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ type: DataType, _: T.Type
  ) -> [ScalarFunction] {
    let bits = Int32(T.bitWidth == 64 ? 63 : 31)
    return [
      .infix("&", type, type, type) { arguments, count, _ in
        zipFixed(arguments, T.self, T.self, count, type) { $0 & $1 }
      },
      .infix("|", type, type, type) { arguments, count, _ in
        zipFixed(arguments, T.self, T.self, count, type) { $0 | $1 }
      },
      .infix("#", type, type, type) { arguments, count, _ in
        zipFixed(arguments, T.self, T.self, count, type) { $0 ^ $1 }
      },
      .prefix("~", type, type) { arguments, count, _ in mapFixed(arguments[0], T.self, count, type) { (a: T) in ~a } },
      // The machine's shift: PostgreSQL shifts int2 as int4.
      .infix("<<", type, .int4, type) { arguments, count, _ in
        zipFixed(arguments, T.self, Int32.self, count, type) { (a: T, b: Int32) -> T in
          T(truncatingIfNeeded: Int64(a) &<< Int64(b & bits))
        }
      },
      .infix(">>", type, .int4, type) { arguments, count, _ in
        zipFixed(arguments, T.self, Int32.self, count, type) { (a: T, b: Int32) -> T in
          T(truncatingIfNeeded: Int64(a) &>> Int64(b & bits))
        }
      },
    ]
  }
}

/// Floats. Overflow to infinity and underflow to zero are errors, unless an operand was infinite or zero.
enum FloatOperators {
  static let overflow = ApusError(.numericValueOutOfRange, "value out of range: overflow")
  static let underflow = ApusError(.numericValueOutOfRange, "value out of range: underflow")

  static var all: [ScalarFunction] {
    binary(.float4, Float.self, .float4, Float.self, .float4, Float.self)
      + binary(.float4, Float.self, .float8, Double.self, .float8, Double.self)
      + binary(.float8, Double.self, .float4, Float.self, .float8, Double.self)
      + binary(.float8, Double.self, .float8, Double.self, .float8, Double.self)
      + unary(.float4, Float.self) + unary(.float8, Double.self) + roots
  }

  /// The results where all are finite (and none is zero, unless zeros are in order); else nil, and each row is looked
  /// at.
  @inline(__always)
  private static func plain<
    A: BitwiseCopyable, B: BitwiseCopyable, R: BinaryFloatingPoint & BitwiseCopyable
  >(
    _ arguments: [Vector], _: A.Type, _: B.Type, _ count: Int, _ type: DataType, zeros: Bool = true,
    _ function: (A, B) -> R
  ) -> Vector? {
    var isOdd = false
    let result = zipFixed(arguments, A.self, B.self, count, type) { (a: A, b: B) -> R in
      let value = function(a, b)
      // A finite number less itself is 0; infinity and NaN give NaN.
      isOdd = isOdd || !(value - value == 0) || (!zeros && value == 0)
      return value
    }
    return isOdd ? nil : result
  }

  private static func checked<R: BinaryFloatingPoint>(
    _ value: R, overflows: Bool, underflows: Bool
  ) throws(ApusError) -> R {
    if value.isInfinite, overflows { throw overflow }
    if value == 0, underflows { throw underflow }
    return value
  }

  private static func binary<
    A: BinaryFloatingPoint & BitwiseCopyable & Sendable, B: BinaryFloatingPoint & BitwiseCopyable & Sendable,
    R: BinaryFloatingPoint & BitwiseCopyable & Sendable
  >(
    _ left: DataType, _: A.Type, _ right: DataType, _: B.Type, _ type: DataType, _: R.Type
  ) -> [ScalarFunction] {
    [
      .infix("+", left, right, type, mayFail: true) { (arguments, count, _) throws(ApusError) in
        if let fast = plain(arguments, A.self, B.self, count, type, { (a: A, b: B) in R(a) + R(b) }) { return fast }
        return try zipFixedChecked(arguments, A.self, B.self, count, type) { (a: A, b: B) throws(ApusError) -> R in
          try checked(R(a) + R(b), overflows: a.isFinite && b.isFinite, underflows: false)
        }
      },
      .infix("-", left, right, type, mayFail: true) { (arguments, count, _) throws(ApusError) in
        if let fast = plain(arguments, A.self, B.self, count, type, { (a: A, b: B) in R(a) - R(b) }) { return fast }
        return try zipFixedChecked(arguments, A.self, B.self, count, type) { (a: A, b: B) throws(ApusError) -> R in
          try checked(R(a) - R(b), overflows: a.isFinite && b.isFinite, underflows: false)
        }
      },
      .infix("*", left, right, type, mayFail: true) { (arguments, count, _) throws(ApusError) in
        if let fast = plain(arguments, A.self, B.self, count, type, zeros: false, { (a: A, b: B) in R(a) * R(b) }) {
          return fast
        }
        return try zipFixedChecked(arguments, A.self, B.self, count, type) { (a: A, b: B) throws(ApusError) -> R in
          try checked(R(a) * R(b), overflows: a.isFinite && b.isFinite, underflows: a != 0 && b != 0)
        }
      },
      .infix("/", left, right, type, mayFail: true) { (arguments, count, _) throws(ApusError) in
        // A division by zero gives what is not finite.
        if let fast = plain(arguments, A.self, B.self, count, type, zeros: false, { (a: A, b: B) in R(a) / R(b) }) {
          return fast
        }
        return try zipFixedChecked(arguments, A.self, B.self, count, type) { (a: A, b: B) throws(ApusError) -> R in
          if b == 0, !a.isNaN { throw divisionByZero }
          return try checked(R(a) / R(b), overflows: a.isFinite && b.isFinite, underflows: a != 0 && b.isFinite)
        }
      },
    ]
  }

  private static func unary<T: BinaryFloatingPoint & BitwiseCopyable & Sendable>(
    _ type: DataType, _: T.Type
  ) -> [ScalarFunction] {
    [
      .prefix("+", type, type) { arguments, _, _ in arguments[0] },
      .prefix("-", type, type) { arguments, count, _ in mapFixed(arguments[0], T.self, count, type) { (a: T) in -a } },
      .prefix("@", type, type) { arguments, count, _ in mapFixed(arguments[0], T.self, count, type) { (a: T) in abs(a) }
      },
    ]
  }

  /// `a ^ b` with PostgreSQL's errors.
  static func power(_ a: Double, _ b: Double) throws(ApusError) -> Double {
    if a == 0, b < 0 {
      throw ApusError(.invalidArgumentForPowerFunction, "zero raised to a negative power is undefined")
    }
    if a < 0, b.isFinite, b != b.rounded(.down) {
      throw ApusError(
        .invalidArgumentForPowerFunction, "a negative number raised to a non-integer power yields a complex result")
    }
    return try checked(
      pow(a, b), overflows: a.isFinite && b.isFinite, underflows: a != 0 && a.isFinite && b.isFinite)
  }

  static func squareRoot(_ a: Double) throws(ApusError) -> Double {
    if a < 0 { throw ApusError(.invalidArgumentForPowerFunction, "cannot take square root of a negative number") }
    return a.squareRoot()
  }

  private static var roots: [ScalarFunction] {
    [
      .infix("^", .float8, .float8, .float8, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipFixedChecked(arguments, Double.self, Double.self, count, .float8) {
          (a: Double, b: Double) throws(ApusError) -> Double in try power(a, b)
        }
      },
      .prefix("|/", .float8, .float8, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try mapFixedChecked(arguments[0], Double.self, count, .float8) { (a: Double) throws(ApusError) -> Double in
          try squareRoot(a)
        }
      },
      .prefix("||/", .float8, .float8) { arguments, count, _ in
        mapFixed(arguments[0], Double.self, count, .float8) { (a: Double) in cbrt(a) }
      },
    ]
  }
}
