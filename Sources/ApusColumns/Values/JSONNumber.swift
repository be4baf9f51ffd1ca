// JSONNumber owns the numbers of JSON that are not simply integers or short decimals, as numeric prints them.

public import ApusBase
private import CSimdJSON

enum JSONNumber {
  /// Digits before and after the point that PostgreSQL's numeric holds.
  private static let wholeDigitsMax = 131_072
  private static let scaleMax = 16_383

  static func overflow() -> ApusError { ApusError(.numericValueOutOfRange, "value overflows numeric format") }

  /// Writes the number, whose grammar is checked, as numeric prints it: without exponent, with the digits after the
  /// point that it was given. Throws 22003.
  static func canonicalise(
    _ text: UnsafeRawBufferPointer, into out: inout JSONWriter
  ) throws(ApusError) {
    let parts = Parts(text)
    guard abs(parts.exponent) < Int(Int32.max) / 2 else { throw overflow() }
    let scale = max(0, parts.fractionDigits - parts.exponent)
    guard scale <= scaleMax else { throw overflow() }
    // Where the point stands among the digits.
    let point = parts.digitCount - parts.fractionDigits + parts.exponent
    var lead = 0
    while lead < parts.digitCount, parts.digit(lead) == 48 { lead += 1 }
    let isZero = lead == parts.digitCount
    guard isZero || point - lead <= wholeDigitsMax else { throw overflow() }
    if parts.isNegative && !isZero { out.put(45) }
    if isZero || point <= lead {
      out.put(48)
    } else {
      for place in lead..<point { out.put(place < parts.digitCount ? parts.digit(place) : 48) }
    }
    guard scale > 0 else { return }
    out.put(46)
    for place in point..<point + scale {
      out.put(!isZero && place >= 0 && place < parts.digitCount ? parts.digit(place) : 48)
    }
  }

  /// A number's text taken apart. Digits are numbered across the point.
  private struct Parts {
    let text: UnsafeRawBufferPointer
    var isNegative = false
    var start = 0
    var whole = 0
    var fractionDigits = 0
    var exponent = 0
    var digitCount: Int { whole + fractionDigits }

    init(_ text: UnsafeRawBufferPointer) {
      self.text = text
      var at = 0
      if at < text.count, text[at] == 45 {
        isNegative = true
        at += 1
      }
      start = at
      while at < text.count, text[at] &- 48 < 10 { at += 1 }
      whole = at - start
      if at < text.count, text[at] == 46 {
        at += 1
        let first = at
        while at < text.count, text[at] &- 48 < 10 { at += 1 }
        fractionDigits = at - first
      }
      guard at < text.count, text[at] | 32 == 101 else { return }
      at += 1
      var negative = false
      if at < text.count, text[at] == 45 || text[at] == 43 {
        negative = text[at] == 45
        at += 1
      }
      while at < text.count, text[at] &- 48 < 10 {
        exponent = min(exponent * 10 + Int(text[at] &- 48), Int(Int32.max))
        at += 1
      }
      if negative { exponent = -exponent }
    }

    func digit(_ place: Int) -> UInt8 { place < whole ? text[start + place] : text[start + place + 1] }
  }

  /// The double nearest to a number's text; 0 for text that is none.
  static func double(_ text: UnsafeRawBufferPointer) -> Double {
    var value = 0.0
    guard let base = text.baseAddress else { return 0 }
    return apus_json_double(base.assumingMemoryBound(to: UInt8.self), text.count, &value) != 0 ? value : 0
  }

  /// The double whose shortest text, without exponent, is `text`; nil when no double's is.
  static func double(shortestIs text: UnsafeRawBufferPointer) -> Double? {
    guard text.count <= 400, let base = text.baseAddress else { return nil }
    var value = 0.0
    guard apus_json_double(base.assumingMemoryBound(to: UInt8.self), text.count, &value) != 0, value != 0 else {
      return nil
    }
    return withUnsafeTemporaryAllocation(byteCount: 512, alignment: 8) { room -> Double? in
      guard let start = room.baseAddress else { return nil }
      let length = apus_json_shortest(value, start.assumingMemoryBound(to: CChar.self), 512)
      return length == text.count && equalBytes(UnsafeRawPointer(start), base, length) ? value : nil
    }
  }
}
