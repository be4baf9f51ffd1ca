// The text form of numeric: PostgreSQL's input and output, and the limits of numeric(p,s).

public import ApusBase
private import Glibc

extension Numeric {
  /// PostgreSQL's bounds: digits before and after the point.
  static let weightMax = 0x7FFF
  public static let scaleMax = 16_383

  public static let zero = Numeric(sign: .positive, weight: 0, scale: 0, digits: [])
  public static let one = Numeric(1 as Int64)
  public static let notANumber = Numeric(sign: .notANumber, weight: 0, scale: 0, digits: [])
  public static let infinity = Numeric(sign: .positiveInfinity, weight: 0, scale: 0, digits: [])
  public static let negativeInfinity = Numeric(sign: .negativeInfinity, weight: 0, scale: 0, digits: [])

  public var isFinite: Bool { sign == .positive || sign == .negative }
  public var isNaN: Bool { sign == .notANumber }
  public var isInfinite: Bool { sign == .positiveInfinity || sign == .negativeInfinity }
  public var isZero: Bool { isFinite && digits.isEmpty }
  public var isNegative: Bool { sign == .negative || sign == .negativeInfinity }

  static var overflow: ApusError { ApusError(.numericValueOutOfRange, "value overflows numeric format") }

  /// The value, unless it is too large for PostgreSQL's format.
  func checked() throws(ApusError) -> Numeric {
    guard weight <= Self.weightMax, scale <= Self.scaleMax else { throw Self.overflow }
    return self
  }

  /// Reads PostgreSQL's numeric text: 22P02 for anything else, 22003 beyond the format.
  public init(text: some StringProtocol) throws(ApusError) {
    var copy = String(text)
    let parsed: Result<Numeric, ApusError> = copy.withUTF8 { bytes in
      do throws(ApusError) { return .success(try Numeric(utf8: UnsafeRawBufferPointer(bytes))) } catch {
        return .failure(error)
      }
    }
    self = try parsed.get()
  }

  /// The same from UTF-8 bytes.
  public init(utf8 bytes: UnsafeRawBufferPointer) throws(ApusError) {
    var scanner = NumericScanner(bytes)
    switch scanner.scan() {
    case .value(let number): self = try number.checked()
    case .overflow: throw Self.overflow
    case .malformed:
      throw ApusError(
        .invalidTextRepresentation,
        "invalid input syntax for type numeric: \"\(String(decoding: bytes, as: UTF8.self))\"")
    }
  }

  /// Appends the text form, with `scale` digits after the point.
  public func write(into out: inout [UInt8]) {
    switch sign {
    case .notANumber: out.append(contentsOf: "NaN".utf8)
    case .positiveInfinity: out.append(contentsOf: "Infinity".utf8)
    case .negativeInfinity: out.append(contentsOf: "-Infinity".utf8)
    case .positive, .negative: writeFinite(into: &out)
    }
  }

  private func writeFinite(into out: inout [UInt8]) {
    if sign == .negative { out.append(45) }
    if weight < 0 || digits.isEmpty {
      out.append(48)
    } else {
      for index in 0...weight {
        let digit = index < digits.count ? digits[index] : 0
        if index == 0 { DecimalText.append(UInt64(digit), into: &out) } else { Self.append4(digit, into: &out) }
      }
    }
    guard scale > 0 else { return }
    out.append(46)
    let end = out.count + scale
    var index = weight + 1
    if digits.isEmpty { index = 0 }
    while out.count < end {
      let digit = index >= 0 && index < digits.count ? digits[index] : 0
      if index < 0 {
        // Leading zero groups of a value below 0.0001.
        Self.append4(0, into: &out)
      } else {
        Self.append4(digit, into: &out)
      }
      index += 1
    }
    out.removeLast(out.count - end)
  }

  @inline(__always)
  private static func append4(_ digit: UInt16, into out: inout [UInt8]) {
    out.append(48 &+ UInt8(truncatingIfNeeded: digit / 1_000))
    out.append(48 &+ UInt8(truncatingIfNeeded: digit / 100 % 10))
    out.append(48 &+ UInt8(truncatingIfNeeded: digit / 10 % 10))
    out.append(48 &+ UInt8(truncatingIfNeeded: digit % 10))
  }

  public var text: String {
    var out: [UInt8] = []
    write(into: &out)
    return String(decoding: out, as: UTF8.self)
  }

  /// Precision and scale of a type modifier, or nil for none.
  public static func precisionAndScale(_ modifier: Int32) -> (precision: Int, scale: Int)? {
    guard modifier >= 4 else { return nil }
    let packed = modifier - 4
    // The scale is 11 bits, signed (PostgreSQL 15 allows -1000...1000).
    let scale = Int((packed & 0x7FF) ^ 1024) - 1024
    return (Int((packed >> 16) & 0xFFFF), scale)
  }

  /// The value as numeric(p,s) holds it: 22003 when it does not fit.
  public func applying(modifier: Int32) throws(ApusError) -> Numeric {
    guard let (precision, scale) = Self.precisionAndScale(modifier), !isNaN else { return self }
    if isInfinite {
      throw ApusError(
        .numericValueOutOfRange, "numeric field overflow",
        detail: "A field with precision \(precision), scale \(scale) cannot hold an infinite value.")
    }
    let result = rounded(scale)
    guard !result.digits.isEmpty else { return result }
    let leading = result.digits[0]
    let width = leading >= 1_000 ? 4 : leading >= 100 ? 3 : leading >= 10 ? 2 : 1
    if result.weight * 4 + width > precision - scale {
      let room = precision - scale
      throw ApusError(
        .numericValueOutOfRange, "numeric field overflow",
        detail: "A field with precision \(precision), scale \(scale) must round to an absolute value less than "
          + "\(room != 0 ? "10^" : "")\(room != 0 ? room : 1).")
    }
    return result
  }
}

/// Reads one numeric text.
private struct NumericScanner {
  enum Outcome {
    case value(Numeric)
    case malformed, overflow
  }

  let bytes: UnsafeRawBufferPointer
  var at = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private func byte(_ index: Int) -> UInt8 { index < bytes.count ? bytes[index] : 0 }

  private mutating func take(_ word: StaticString) -> Bool {
    let length = word.utf8CodeUnitCount
    guard at + length <= bytes.count else { return false }
    for index in 0..<length where bytes[at + index] | 0x20 != word.utf8Start[index] { return false }
    at += length
    return true
  }

  private mutating func ends() -> Bool {
    while at < bytes.count, isSpaceByte(bytes[at]) { at += 1 }
    return at == bytes.count
  }

  mutating func scan() -> Outcome {
    while at < bytes.count, isSpaceByte(bytes[at]) { at += 1 }
    let start = at
    if take("nan") { return ends() ? .value(.notANumber) : .malformed }
    let negative = byte(at) == 45
    if negative || byte(at) == 43 { at += 1 }
    if take("infinity") || take("inf") {
      return ends() ? .value(negative ? .negativeInfinity : .infinity) : .malformed
    }
    at = start
    return scanFinite()
  }

  private mutating func scanFinite() -> Outcome {
    var negative = false
    if byte(at) == 45 || byte(at) == 43 {
      negative = byte(at) == 45
      at += 1
    }
    var havePoint = byte(at) == 46
    if havePoint { at += 1 }
    guard isDigitByte(byte(at)) else { return .malformed }
    // Decimal digits, and how many of them stand before the point.
    var decimals: [UInt8] = []
    var before = 0
    var after = 0
    while at < bytes.count {
      let next = bytes[at]
      if isDigitByte(next) {
        decimals.append(next &- 48)
        if havePoint { after += 1 } else { before += 1 }
      } else if next == 46, !havePoint {
        havePoint = true
      } else {
        break
      }
      at += 1
    }
    if byte(at) | 0x20 == 101, at < bytes.count {
      at += 1
      guard let exponent = scanExponent() else { return .malformed }
      guard abs(exponent) < Int(Int32.max) / 2 else { return .overflow }
      before += exponent
      after = max(0, after - exponent)
    }
    guard ends() else { return .malformed }
    return .value(assemble(decimals, before: before, scale: after, negative: negative))
  }

  private mutating func scanExponent() -> Int? {
    var negative = false
    if byte(at) == 45 || byte(at) == 43 {
      negative = byte(at) == 45
      at += 1
    }
    guard isDigitByte(byte(at)) else { return nil }
    var value = 0
    while isDigitByte(byte(at)) {
      value = min(value * 10 + Int(bytes[at] &- 48), Int(Int32.max))
      at += 1
    }
    return negative ? -value : value
  }

  /// Groups the digits by four around the point.
  private func assemble(_ decimals: [UInt8], before: Int, scale: Int, negative: Bool) -> Numeric {
    // The first digit's power of ten is before - 1.
    let weight = before > 0 ? (before - 1) / 4 : -((-before) / 4 + 1)
    let lead = (weight + 1) * 4 - before
    var groups: [UInt16] = []
    groups.reserveCapacity((decimals.count + lead + 3) / 4)
    var index = -lead
    while index < decimals.count {
      var group: UInt16 = 0
      for offset in 0..<4 {
        let position = index + offset
        group = group &* 10 &+ (position >= 0 && position < decimals.count ? UInt16(decimals[position]) : 0)
      }
      groups.append(group)
      index += 4
    }
    return .normalised(negative ? .negative : .positive, weight, scale, groups)
  }
}

/// Whether C's isspace holds.
@inlinable @inline(__always)
public func isSpaceByte(_ byte: UInt8) -> Bool { byte == 32 || (byte >= 9 && byte <= 13) }
@inlinable @inline(__always)
public func isDigitByte(_ byte: UInt8) -> Bool { byte &- 48 < 10 }
@inlinable @inline(__always)
func isLetterByte(_ byte: UInt8) -> Bool { (byte | 0x20) &- 97 < 26 }

/// Decimal text of integers, without intermediate strings.
public enum DecimalText {
  public static func append(_ value: UInt64, into out: inout [UInt8]) {
    if value < 10 {
      out.append(48 &+ UInt8(truncatingIfNeeded: value))
      return
    }
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { buffer in
      var rest = value
      var at = 20
      while rest >= 10 {
        at &-= 1
        buffer[at] = 48 &+ UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      }
      at &-= 1
      buffer[at] = 48 &+ UInt8(truncatingIfNeeded: rest)
      out.append(contentsOf: UnsafeBufferPointer(rebasing: buffer[at..<20]))
    }
  }

  public static func append(_ value: Int64, into out: inout [UInt8]) {
    if value < 0 { out.append(45) }
    append(value.magnitude, into: &out)
  }

  /// At least `width` digits, zeros in front.
  static func append(_ value: UInt64, width: Int, into out: inout [UInt8]) {
    var bound: UInt64 = 10
    var digits = 1
    while value >= bound, digits < 19 {
      bound *= 10
      digits += 1
    }
    var missing = width - digits
    while missing > 0 {
      out.append(48)
      missing -= 1
    }
    append(value, into: &out)
  }
}
