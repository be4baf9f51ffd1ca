// FloatFunctions owns the mathematical functions of double precision, with PostgreSQL's errors.

import ApusBase
import ApusColumns
private import Glibc

enum FloatFunctions {
  private static let overflow = ApusError(.numericValueOutOfRange, "value out of range: overflow")
  private static let underflow = ApusError(.numericValueOutOfRange, "value out of range: underflow")
  private static let inputRange = ApusError(.numericValueOutOfRange, "input is out of range")

  /// A function that cannot fail.
  private static func plain(
    _ name: String, isMonotonic: Bool = false, _ body: @escaping @Sendable (Double) -> Double
  ) -> ScalarFunction {
    ScalarFunction(
      name, parameters: [.exact(.float8)], result: .exact(.float8), mayFail: false, isMonotonic: isMonotonic
    ) { (arguments, count, _) throws(ApusError) in
      mapFixed(arguments[0], Double.self, count, .float8) { (x: Double) in body(x) }
    }
  }

  private static func checked(
    _ name: String, _ body: @escaping @Sendable (Double) throws(ApusError) -> Double
  ) -> ScalarFunction {
    ScalarFunction(name, parameters: [.exact(.float8)], result: .exact(.float8)) {
      (arguments, count, _) throws(ApusError) in
      try mapFixedChecked(arguments[0], Double.self, count, .float8) { (x: Double) throws(ApusError) in try body(x) }
    }
  }

  private static func checked2(
    _ name: String, _ body: @escaping @Sendable (Double, Double) throws(ApusError) -> Double
  ) -> ScalarFunction {
    ScalarFunction(name, parameters: [.exact(.float8), .exact(.float8)], result: .exact(.float8)) {
      (arguments, count, _) throws(ApusError) in
      try zipFixedChecked(arguments, Double.self, Double.self, count, .float8) {
        (x: Double, y: Double) throws(ApusError) in try body(x, y)
      }
    }
  }

  static var all: [ScalarFunction] { rounding + powers + angles + hyperbolic }

  private static let rounding: [ScalarFunction] = [
    plain("ceil", isMonotonic: true) { $0.rounded(.up) }, plain("ceiling", isMonotonic: true) { $0.rounded(.up) },
    plain("floor", isMonotonic: true) { $0.rounded(.down) },
    plain("round", isMonotonic: true) { $0.rounded(.toNearestOrEven) },
    plain("trunc", isMonotonic: true) { $0.rounded(.towardZero) },
    plain("sign", isMonotonic: true) { $0 > 0 ? 1 : $0 < 0 ? -1 : 0 },
  ]

  private static func logarithm(_ value: Double) throws(ApusError) {
    if value == 0 { throw NumberErrors.logarithmOfZero }
    if value < 0 { throw NumberErrors.logarithmOfNegative }
  }

  private static let powers: [ScalarFunction] = [
    checked("exp") { (x) throws(ApusError) in
      let result = Glibc.exp(x)
      if result.isInfinite, !x.isInfinite { throw overflow }
      if result == 0, !x.isInfinite { throw underflow }
      return result
    },
    checked("ln") { (x) throws(ApusError) in
      try logarithm(x)
      return Glibc.log(x)
    },
    checked("log") { (x) throws(ApusError) in
      try logarithm(x)
      return Glibc.log10(x)
    },
    checked("log10") { (x) throws(ApusError) in
      try logarithm(x)
      return Glibc.log10(x)
    },
    plain("degrees") { $0 / (Double.pi / 180) }, plain("radians") { $0 * (Double.pi / 180) },
    ScalarFunction("pi", parameters: [], result: .exact(.float8), mayFail: false) {
      (_, count, _) throws(ApusError) in .constant(.float(Double.pi), type: .float8, count: count)
    },
  ]

  private static func finite(_ x: Double) throws(ApusError) {
    if x.isInfinite { throw inputRange }
  }
  private static func unit(_ x: Double) throws(ApusError) {
    if x < -1 || x > 1 { throw inputRange }
  }

  private static let angles: [ScalarFunction] = [
    checked("sin") { (x) throws(ApusError) in
      try finite(x)
      return Glibc.sin(x)
    },
    checked("cos") { (x) throws(ApusError) in
      try finite(x)
      return Glibc.cos(x)
    },
    checked("tan") { (x) throws(ApusError) in
      try finite(x)
      return Glibc.tan(x)
    },
    checked("cot") { (x) throws(ApusError) in
      try finite(x)
      return 1 / Glibc.tan(x)
    },
    checked("asin") { (x) throws(ApusError) in
      try unit(x)
      return Glibc.asin(x)
    },
    checked("acos") { (x) throws(ApusError) in
      try unit(x)
      return Glibc.acos(x)
    },
    plain("atan") { Glibc.atan($0) }, checked2("atan2") { (y, x) throws(ApusError) in Glibc.atan2(y, x) },
  ]

  private static let hyperbolic: [ScalarFunction] = [
    plain("sinh") { Glibc.sinh($0) }, plain("cosh") { Glibc.cosh($0) }, plain("tanh") { Glibc.tanh($0) },
    plain("asinh") { Glibc.asinh($0) },
    checked("acosh") { (x) throws(ApusError) in
      if x < 1 { throw inputRange }
      return Glibc.acosh(x)
    },
    checked("atanh") { (x) throws(ApusError) in
      try unit(x)
      if x == -1 { return -Double.infinity }
      if x == 1 { return Double.infinity }
      return Glibc.atanh(x)
    },
  ]
}

enum NumberErrors {
  private static let logarithmState = SQLState("2201E")
  static let logarithmOfZero = ApusError(logarithmState, "cannot take logarithm of zero")
  static let logarithmOfNegative = ApusError(logarithmState, "cannot take logarithm of a negative number")
  static func range(_ type: DataType) -> ApusError {
    ApusError(.numericValueOutOfRange, "\(type.sqlName) out of range")
  }
}
