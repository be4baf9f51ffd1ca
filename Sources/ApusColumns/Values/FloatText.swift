// FloatText owns the text of floating point: PostgreSQL's shortest form, its %g forms, and its input.

public import ApusBase
private import Glibc

public enum FloatText {
  /// Appends a float8 as extra_float_digits asks.
  public static func append(_ value: Double, extraFloatDigits: Int, into out: inout [UInt8]) {
    if special(value, into: &out) { return }
    if extraFloatDigits > 0 {
      // Whole numbers are most of them.
      if let whole = Int64(exactly: value), whole.magnitude < 1_000_000_000_000_000, whole != 0 || value.sign == .plus {
        return DecimalText.append(whole, into: &out)
      }
      shortest(value.description, scientificFrom: 15, into: &out)
    } else {
      out.append(contentsOf: printed(value, significantDigits: max(15 + extraFloatDigits, 1)).utf8)
    }
  }

  /// Appends a float4.
  public static func append(_ value: Float, extraFloatDigits: Int, into out: inout [UInt8]) {
    if special(Double(value), into: &out) { return }
    if extraFloatDigits > 0 {
      shortest(value.description, scientificFrom: 6, into: &out)
    } else {
      out.append(contentsOf: printed(Double(value), significantDigits: max(6 + extraFloatDigits, 1)).utf8)
    }
  }

  private static func special(_ value: Double, into out: inout [UInt8]) -> Bool {
    if value.isFinite { return false }
    out.append(contentsOf: value.isNaN ? "NaN".utf8 : value > 0 ? "Infinity".utf8 : "-Infinity".utf8)
    return true
  }

  /// Rearranges Swift's shortest digits into PostgreSQL's layout: scientific below 1e-4 and from 10^`scientificFrom`.
  private static func shortest(_ text: String, scientificFrom: Int, into out: inout [UInt8]) {
    var digits: [UInt8] = []
    var point = 0
    var exponent = 0
    var seenPoint = false
    var bytes = text.utf8.makeIterator()
    while let byte = bytes.next() {
      switch byte {
      case 45: out.append(45)
      case 46: seenPoint = true
      case 101:
        var negative = false
        while let next = bytes.next() {
          if next == 45 { negative = true } else if isDigitByte(next) { exponent = exponent * 10 + Int(next &- 48) }
        }
        if negative { exponent = -exponent }
      default:
        digits.append(byte)
        if !seenPoint { point += 1 }
      }
    }
    var lead = 0
    while lead < digits.count - 1, digits[lead] == 48 { lead += 1 }
    digits.removeFirst(lead)
    while digits.count > 1, digits.last == 48 { digits.removeLast() }
    if digits == [48] { return out.append(48) }
    // The decimal exponent of the first digit.
    layOut(digits, point - lead - 1 + exponent, scientificFrom, into: &out)
  }

  private static func layOut(_ digits: [UInt8], _ power: Int, _ scientificFrom: Int, into out: inout [UInt8]) {
    if power < -4 || power >= scientificFrom {
      out.append(digits[0])
      if digits.count > 1 {
        out.append(46)
        out.append(contentsOf: digits[1...])
      }
      out.append(101)
      out.append(power < 0 ? 45 : 43)
      DecimalText.append(UInt64(abs(power)), width: 2, into: &out)
    } else if power < 0 {
      out.append(48)
      out.append(46)
      out.append(contentsOf: repeatElement(48, count: -power - 1))
      out.append(contentsOf: digits)
    } else {
      let whole = power + 1
      out.append(contentsOf: digits.prefix(whole))
      if digits.count < whole { out.append(contentsOf: repeatElement(48, count: whole - digits.count)) }
      if digits.count > whole {
        out.append(46)
        out.append(contentsOf: digits[whole...])
      }
    }
  }

  /// C's `%.*g`.
  public static func printed(_ value: Double, significantDigits: Int) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
      let count = withVaList([Int32(significantDigits), value]) { vsnprintf(buffer.baseAddress, 64, "%.*g", $0) }
      let bytes = UnsafeRawBufferPointer(start: buffer.baseAddress, count: min(max(Int(count), 0), 63))
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  /// C's `%.*f`.
  public static func fixed(_ value: Double, decimals: Int) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
      let count = withVaList([Int32(decimals), value]) { vsnprintf(buffer.baseAddress, 512, "%.*f", $0) }
      let bytes = UnsafeRawBufferPointer(start: buffer.baseAddress, count: min(max(Int(count), 0), 511))
      return String(decoding: bytes, as: UTF8.self)
    }
  }

  /// Reads a float8. 22P02 for other text; 22003 out of range.
  public static func float8(_ text: UnsafeRawBufferPointer) throws(ApusError) -> Double {
    try parse(text, "double precision") { strtod($0, $1) }
  }

  public static func float4(_ text: UnsafeRawBufferPointer) throws(ApusError) -> Float {
    try parse(text, "real") { strtof($0, $1) }
  }

  private static func parse<T: BinaryFloatingPoint>(
    _ text: UnsafeRawBufferPointer, _ type: StaticString,
    _ convert: (UnsafePointer<CChar>, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> T
  ) throws(ApusError) -> T {
    var start = 0
    var end = text.count
    while start < end, isSpaceByte(text[start]) { start += 1 }
    while end > start, isSpaceByte(text[end - 1]) { end -= 1 }
    let body = UnsafeRawBufferPointer(rebasing: text[start..<end])
    func malformed() -> ApusError {
      ApusError(
        .invalidTextRepresentation,
        "invalid input syntax for type \(type): \"\(String(decoding: text, as: UTF8.self))\"")
    }
    guard !body.isEmpty, !body.contains(0) else { throw malformed() }
    if let word = word(body, as: T.self) { return word }
    guard body.allSatisfy({ isDigitByte($0) || $0 == 43 || $0 == 45 || $0 == 46 || $0 | 0x20 == 101 || isHex($0) })
    else { throw malformed() }
    let copy = [CChar](body.map { CChar(bitPattern: $0) }) + [0]
    var used = 0
    let value: T = copy.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      var stop: UnsafeMutablePointer<CChar>?
      let result = convert(base, &stop)
      used = stop.map { UnsafePointer($0) - base } ?? 0
      return result
    }
    guard used == body.count else { throw malformed() }
    let mantissa = body.prefix { $0 | 0x20 != 101 }
    let underflow = value == 0 && mantissa.contains { $0 >= 49 && $0 <= 57 } && !body.contains { $0 | 0x20 == 120 }
    if value.isInfinite || underflow {
      throw ApusError(
        .numericValueOutOfRange, "\"\(String(decoding: body, as: UTF8.self))\" is out of range for type \(type)")
    }
    return value
  }

  private static func isHex(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- 97 < 6 || byte | 0x20 == 120 || byte | 0x20 == 112
  }

  private static func word<T: BinaryFloatingPoint>(_ text: UnsafeRawBufferPointer, as _: T.Type) -> T? {
    guard text.count <= 9, let last = text.last, isLetterByte(last) else { return nil }
    switch String(decoding: text, as: UTF8.self).lowercased() {
    case "nan": return T.nan
    case "inf", "+inf", "infinity", "+infinity": return T.infinity
    case "-inf", "-infinity": return -T.infinity
    default: return nil
    }
  }
}
