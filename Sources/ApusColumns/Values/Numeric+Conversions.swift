// Numeric from and to integers and floating point.

public import ApusBase
private import Glibc

extension Numeric {
  public init(_ value: Int64) { self.init(magnitude: UInt128(value.magnitude), negative: value < 0, scale: 0) }

  public init(_ value: Int128) { self.init(magnitude: value.magnitude, negative: value < 0, scale: 0) }

  /// `value` units of 10^-scale.
  public init(_ value: Int64, scale: Int) {
    self.init(magnitude: UInt128(value.magnitude), negative: value < 0, scale: scale)
  }

  /// `value` units of 10^-scale.
  public init(_ value: Int128, scale: Int) { self.init(magnitude: value.magnitude, negative: value < 0, scale: scale) }

  private init(magnitude: UInt128, negative: Bool, scale: Int) {
    let pad = (4 - scale & 3) & 3
    var reversed: [UInt16] = []
    var rest = magnitude
    if pad > 0 {
      // The last group holds fewer than four of the digits.
      let unit: UInt128 = pad == 1 ? 1_000 : pad == 2 ? 100 : 10
      let factor: UInt16 = pad == 1 ? 10 : pad == 2 ? 100 : 1_000
      reversed.append(UInt16(truncatingIfNeeded: rest % unit) &* factor)
      rest /= unit
    }
    while rest > UInt128(UInt64.max) {
      reversed.append(UInt16(truncatingIfNeeded: rest % 10_000))
      rest /= 10_000
    }
    var small = UInt64(truncatingIfNeeded: rest)
    while small > 0 {
      reversed.append(UInt16(truncatingIfNeeded: small % 10_000))
      small /= 10_000
    }
    reversed.reverse()
    let fraction = (scale + 3) / 4
    self = .normalised(negative ? .negative : .positive, reversed.count - 1 - fraction, scale, reversed)
  }

  /// PostgreSQL's conversion of float8: 15 significant digits.
  public init(_ value: Double) { self = Self.fromFloat(value, digits: 15) }

  /// PostgreSQL's conversion of float4: 6 significant digits.
  public init(_ value: Float) { self = Self.fromFloat(Double(value), digits: 6) }

  private static func fromFloat(_ value: Double, digits: Int) -> Numeric {
    if value.isNaN { return .notANumber }
    if value.isInfinite { return value > 0 ? .infinity : .negativeInfinity }
    return (try? Numeric(text: FloatText.printed(value, significantDigits: digits))) ?? .notANumber
  }

  /// The value rounded to an integer of 128 bits, or nil when it is none.
  public var roundedInt128: Int128? {
    guard isFinite else { return nil }
    let whole = rounded(0)
    guard whole.weight < 10 else { return nil }
    var value: UInt128 = 0
    if !whole.digits.isEmpty {
      for index in 0...whole.weight {
        let digit = index < whole.digits.count ? whole.digits[index] : 0
        let (product, overflow) = value.multipliedReportingOverflow(by: 10_000)
        let (sum, over) = product.addingReportingOverflow(UInt128(digit))
        if overflow || over { return nil }
        value = sum
      }
    }
    if sign == .negative {
      return value <= Int128.min.magnitude ? 0 &- Int128(truncatingIfNeeded: value) : nil
    }
    return Int128(exactly: value)
  }

  /// The value times 10^scale, rounded, when it fits 128 bits.
  public func unscaled(_ scale: Int) -> Int128? {
    guard isFinite else { return nil }
    let cut = rounded(scale)
    let power = Numeric(sign: .positive, weight: 0, scale: 0, digits: [1]).shifted(scale)
    return Self.product(cut, power).roundedInt128
  }

  /// The value times 10^places.
  func shifted(_ places: Int) -> Numeric {
    guard isFinite, !digits.isEmpty, places != 0 else { return self }
    let groups = places >> 2
    let factor: UInt16 = [1, 10, 100, 1_000][places & 3]
    let product = Magnitude.product(digits, [factor])
    return .normalised(sign, weight + 1 + groups, max(0, scale - places), product)
  }

  /// SQL's cast to an integer type. `name` is the type's, for the error.
  public func integer<T: FixedWidthInteger>(as _: T.Type, typeName name: String) throws(ApusError) -> T {
    if isNaN { throw .unsupportedConversion("cannot convert NaN to \(name)") }
    if isInfinite { throw .unsupportedConversion("cannot convert infinity to \(name)") }
    guard let whole = roundedInt128, let result = T(exactly: whole) else {
      throw ApusError(.numericValueOutOfRange, "\(name) out of range")
    }
    return result
  }

  public func int64() throws(ApusError) -> Int64 { try integer(as: Int64.self, typeName: "bigint") }

  /// The nearest double; too large values give infinity.
  public var double: Double {
    switch sign {
    case .notANumber: return .nan
    case .positiveInfinity: return .infinity
    case .negativeInfinity: return -.infinity
    case .positive, .negative: break
    }
    if digits.isEmpty { return 0 }
    if let fast = exactDouble { return sign == .negative ? -fast : fast }
    return strtod(text, nil)
  }

  /// A mantissa below 2^53 and a power of ten up to 22 are exact, and so is their quotient's rounding (Clinger 1990).
  private var exactDouble: Double? {
    guard digits.count <= 4 else { return nil }
    var mantissa: UInt64 = 0
    for digit in digits { mantissa = mantissa &* 10_000 &+ UInt64(digit) }
    guard mantissa < 1 << 53 else { return nil }
    let groups = weight - digits.count + 1
    guard abs(groups) <= 5 else { return nil }
    let power = Self.powers[abs(groups)]
    return groups < 0 ? Double(mantissa) / power : Double(mantissa) * power
  }

  private static let powers: [Double] = [1, 1e4, 1e8, 1e12, 1e16, 1e20]

  /// SQL's cast to float8: 22003 when it overflows.
  public func float8() throws(ApusError) -> Double {
    let value = double
    if isFinite, value.isInfinite {
      throw ApusError(.numericValueOutOfRange, "\"\(text)\" is out of range for type double precision")
    }
    return value
  }
}

extension ApusError {
  static func unsupportedConversion(_ message: String) -> ApusError { ApusError(.featureNotSupported, message) }
}
