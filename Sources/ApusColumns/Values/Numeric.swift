// Numeric owns PostgreSQL's numeric: an exact decimal of any size, with NaN and the infinities.

public import ApusBase

/// An exact decimal. Equality and order follow SQL: `1.0` equals `1.00`, though their display scales differ.
public struct Numeric: Sendable {
  public enum Sign: UInt8, Sendable { case positive, negative, notANumber, positiveInfinity, negativeInfinity }

  public var sign: Sign
  /// The power of 10,000 of the first digit.
  public var weight: Int
  /// Digits after the point that are shown (PostgreSQL's dscale).
  public var scale: Int
  /// Digits in base 10,000, most significant first, without leading or trailing zeros; zero has none.
  public var digits: [UInt16]

  public init(sign: Sign, weight: Int, scale: Int, digits: [UInt16]) {
    self.sign = sign
    self.weight = weight
    self.scale = scale
    self.digits = digits
  }
}

extension Numeric: Hashable {
  public static func == (a: Numeric, b: Numeric) -> Bool {
    a.sign == b.sign && a.digits == b.digits && (a.weight == b.weight || a.digits.isEmpty)
  }
  public func hash(into hasher: inout Hasher) {
    hasher.combine(sign)
    hasher.combine(digits)
    if !digits.isEmpty { hasher.combine(weight) }
  }
}

extension Numeric {
  /// The vector form: sign byte, Int32 weight, UInt16 scale, then UInt16 digits; little-endian.
  public var encoded: [UInt8] {
    var out: [UInt8] = [sign.rawValue]
    out.reserveCapacity(7 + digits.count * 2)
    withUnsafeBytes(of: Int32(truncatingIfNeeded: weight).littleEndian) { out.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt16(truncatingIfNeeded: scale).littleEndian) { out.append(contentsOf: $0) }
    for digit in digits { withUnsafeBytes(of: digit.littleEndian) { out.append(contentsOf: $0) } }
    return out
  }

  /// Throws XX001 for bytes that `encoded` cannot have made.
  public init(encoded raw: UnsafeRawBufferPointer) throws(ApusError) {
    guard raw.count >= 7, raw.count & 1 == 1, let sign = Sign(rawValue: raw[0]) else {
      throw ApusError(.dataCorrupted, "numeric value of \(raw.count) bytes is damaged")
    }
    let weight = Int32(littleEndian: raw.loadUnaligned(fromByteOffset: 1, as: Int32.self))
    let scale = UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 5, as: UInt16.self))
    var digits: [UInt16] = []
    digits.reserveCapacity((raw.count - 7) / 2)
    for offset in stride(from: 7, to: raw.count, by: 2) {
      let digit = UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
      guard digit < 10_000 else { throw ApusError(.dataCorrupted, "numeric digit \(digit) is out of range") }
      digits.append(digit)
    }
    self.init(sign: sign, weight: Int(weight), scale: Int(scale), digits: digits)
  }
}
