// NumericOperators owns the arithmetic of numeric: of small numbers in 128 bits, of all others digit by digit.

import ApusBase
import ApusColumns

enum NumericOperators {
  /// `function` of each row; `small` answers where 128 bits do.
  private static func binary(
    _ name: String, small: (@Sendable (DecimalParts, DecimalParts) -> DecimalParts?)? = nil,
    _ function: @escaping @Sendable (Numeric, Numeric) throws(ApusError) -> Numeric
  ) -> ScalarFunction {
    .infix(name, .numeric, .numeric, .numeric, mayFail: true) { (arguments, count, _) throws(ApusError) in
      let (a, b) = (BytesColumn(arguments[0]), BytesColumn(arguments[1]))
      defer { withExtendedLifetime((a.owner, b.owner)) {} }
      return try mapBytes(arguments, count, .numeric) { (row, out) throws(ApusError) in
        if let small, let x = DecimalParts(encoded: a[row]), let y = DecimalParts(encoded: b[row]),
          let result = small(x, y)
        {
          result.encode(into: &out)
        } else {
          out.append(contentsOf: try function(Numeric(encoded: a[row]), Numeric(encoded: b[row])).encoded)
        }
        return true
      }
    }
  }

  private static func unary(
    _ name: String, _ function: @escaping @Sendable (Numeric) -> Numeric
  ) -> ScalarFunction {
    .prefix(name, .numeric, .numeric) { (arguments, count, _) throws(ApusError) in
      let column = BytesColumn(arguments[0])
      defer { withExtendedLifetime(column.owner) {} }
      return try mapBytes(arguments, count, .numeric) { (row, out) throws(ApusError) in
        out.append(contentsOf: function(try Numeric(encoded: column[row])).encoded)
        return true
      }
    }
  }

  static var all: [ScalarFunction] {
    [
      binary("+", small: { $0.adding($1) }) { (a, b) throws(ApusError) in try a.adding(b) },
      binary("-", small: { $0.adding($1.negated) }) { (a, b) throws(ApusError) in try a.subtracting(b) },
      binary("*", small: { $0.multiplied(by: $1) }) { (a, b) throws(ApusError) in try a.multiplied(by: b) },
      binary("/", small: { $0.divided(by: $1) }) { (a, b) throws(ApusError) in try a.divided(by: b) },
      binary("%") { (a, b) throws(ApusError) in try a.remainder(dividingBy: b) },
      binary("^") { (a, b) throws(ApusError) in try a.raised(to: b) },
      unary("+") { $0 }, unary("-") { $0.negated },
      unary("@") { $0.sign == .negative || $0.sign == .negativeInfinity ? $0.negated : $0 },
    ]
  }
}

extension DecimalParts {
  /// `value` units of 10^-scale, at most 10^34 of them.
  init(_ value: Int128, scale: Int) {
    let pad = (4 - scale & 3) & 3
    let factor: Int128 = [1, 10, 100, 1_000][pad]
    self.init(units: value &* factor, fraction: (scale + 3) / 4, scale: scale)
  }

  /// The weight and the value of the first digit in base 10,000 of a number that is not 0.
  private var lead: (weight: Int, digit: Int) {
    var rest = units.magnitude
    var groups = 0
    while rest >= 10_000 {
      rest /= 10_000
      groups += 1
    }
    return (groups - fraction, Int(rest))
  }

  private static let tens: [Int128] = {
    var list: [Int128] = [1]
    for _ in 0..<38 { list.append(list[list.count - 1] * 10) }
    return list
  }()

  /// PostgreSQL's quotient: of at least 16 significant digits, the last rounded away from zero at a tie. nil for a
  /// division by 0, and where 128 bits are too few.
  func divided(by other: DecimalParts) -> DecimalParts? {
    guard units != 0, other.units != 0 else { return nil }
    let (own, its) = (lead, other.lead)
    let weight = own.weight - its.weight - (own.digit <= its.digit ? 1 : 0)
    let places = min(max(16 - weight * 4, scale, other.scale, 0), 1_000)
    // units / 10,000^fraction over the other's, times 10^places.
    let shift = places + 4 * (other.fraction - fraction)
    guard shift >= 0, shift < Self.tens.count, places <= 32 else { return nil }
    let (numerator, overflow) = units.magnitude.multipliedReportingOverflow(by: Self.tens[shift].magnitude)
    let divisor = other.units.magnitude
    guard !overflow, divisor < 1 << 120 else { return nil }
    let (whole, rest) = numerator.quotientAndRemainder(dividingBy: divisor)
    var quotient = whole
    if rest * 2 >= divisor { quotient += 1 }
    guard quotient < UInt128(1) << 112 else { return nil }
    let value = Int128(truncatingIfNeeded: quotient)
    return DecimalParts((units < 0) != (other.units < 0) ? 0 &- value : value, scale: places)
  }

  /// The same value with `other` more groups of four digits after the point; nil when it does not fit.
  private func widened(_ fraction: Int) -> Int128? {
    let groups = fraction - self.fraction
    guard groups >= 0, groups < Self.powers.count else { return nil }
    let (value, overflow) = units.multipliedReportingOverflow(by: Self.powers[groups])
    return overflow ? nil : value
  }

  var negated: DecimalParts { DecimalParts(units: 0 &- units, fraction: fraction, scale: scale) }

  func adding(_ other: DecimalParts) -> DecimalParts? {
    let common = max(fraction, other.fraction)
    guard let a = widened(common), let b = other.widened(common) else { return nil }
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? nil : DecimalParts(units: sum, fraction: common, scale: max(scale, other.scale))
  }

  func multiplied(by other: DecimalParts) -> DecimalParts? {
    let (product, overflow) = units.multipliedReportingOverflow(by: other.units)
    guard !overflow, scale + other.scale <= 1_000 else { return nil }
    return DecimalParts(units: product, fraction: fraction + other.fraction, scale: scale + other.scale)
  }

  /// Appends the vector form, without zeros at either end.
  func encode(into out: inout [UInt8]) {
    var magnitude = units.magnitude
    var fraction = fraction
    if magnitude == 0 {
      fraction = 0
    } else {
      while magnitude % 10_000 == 0 {
        magnitude /= 10_000
        fraction -= 1
      }
    }
    var reversed: (UInt64, UInt64, UInt64) = (0, 0, 0)
    var groups = 0
    // 39 digits are at most ten groups, kept four to a word.
    while magnitude > 0 {
      let group: UInt64
      if magnitude <= UInt128(UInt64.max) {
        let small = UInt64(truncatingIfNeeded: magnitude)
        group = small % 10_000
        magnitude = UInt128(small / 10_000)
      } else {
        group = UInt64(truncatingIfNeeded: magnitude % 10_000)
        magnitude /= 10_000
      }
      let place = UInt64(groups & 3) * 16
      switch groups >> 2 {
      case 0: reversed.0 |= group &<< place
      case 1: reversed.1 |= group &<< place
      default: reversed.2 |= group &<< place
      }
      groups += 1
    }
    out.append(units < 0 ? 1 : 0)
    let weight = groups == 0 ? 0 : Int32(truncatingIfNeeded: groups - 1 - fraction)
    withUnsafeBytes(of: weight.littleEndian) { out.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt16(truncatingIfNeeded: scale).littleEndian) { out.append(contentsOf: $0) }
    for index in stride(from: groups - 1, through: 0, by: -1) {
      let word = index >> 2 == 0 ? reversed.0 : index >> 2 == 1 ? reversed.1 : reversed.2
      let digit = UInt16(truncatingIfNeeded: word &>> (UInt64(index & 3) * 16))
      out.append(UInt8(truncatingIfNeeded: digit))
      out.append(UInt8(truncatingIfNeeded: digit >> 8))
    }
  }
}
