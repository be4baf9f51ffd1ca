// NumericText owns the two forms of a decimal that cross a backend: PostgreSQL's binary form and its text.

import ApusPluginKit

/// PostgreSQL's binary numeric: base 10,000 digits behind a header of four 16-bit numbers.
enum NumericText {
  private static let notANumber: UInt16 = 0xC000
  private static let infinite: UInt16 = 0xD000
  private static let negativeInfinite: UInt16 = 0xF000

  private static func word(_ raw: UnsafeRawBufferPointer, _ index: Int) -> UInt16 {
    UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self))
  }

  /// Appends the text of a binary value: `-12.50`, `NaN`, `Infinity`.
  static func appendText(of raw: UnsafeRawBufferPointer, to out: GrowingBytes) throws(PluginError) {
    let damaged = PluginError("22P03", "incorrect binary data format of a numeric value")
    guard raw.count >= 8 else { throw damaged }
    let count = Int(word(raw, 0))
    let weight = Int(Int16(bitPattern: word(raw, 1)))
    let sign = word(raw, 2)
    let scale = Int(word(raw, 3))
    switch sign {
    case notANumber: return try out.append("NaN")
    case infinite: return try out.append("Infinity")
    case negativeInfinite: return try out.append("-Infinity")
    case 0x4000: try out.append(UInt8(ascii: "-"))
    case 0: break
    default: throw damaged
    }
    guard raw.count == 8 &+ count &* 2, scale <= 0x3FFF else { throw damaged }
    func digit(_ place: Int) throws(PluginError) -> UInt16 {
      guard place >= 0, place < count else { return 0 }
      let value = word(raw, 4 &+ place)
      guard value < 10_000 else { throw damaged }
      return value
    }
    if weight < 0 {
      try out.append(UInt8(ascii: "0"))
    } else {
      for place in 0...weight { try append(try digit(place), isFirst: place == 0, to: out) }
    }
    if scale == 0 { return }
    try out.append(UInt8(ascii: "."))
    var left = scale
    var place = weight &+ 1
    while left > 0 {
      let value = try digit(place)
      for divisor: UInt16 in [1000, 100, 10, 1] where left > 0 {
        try out.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: value / divisor % 10))
        left &-= 1
      }
      place &+= 1
    }
  }

  private static func append(_ value: UInt16, isFirst: Bool, to out: GrowingBytes) throws(PluginError) {
    var started = !isFirst
    for divisor: UInt16 in [1000, 100, 10, 1] {
      let digit = value / divisor % 10
      started = started || digit != 0 || divisor == 1
      if started { try out.append(UInt8(ascii: "0") &+ UInt8(truncatingIfNeeded: digit)) }
    }
  }

  /// Appends the binary form of a text that PostgreSQL's own output could be, without its length.
  static func appendBinary(of text: UnsafeRawBufferPointer, to out: GrowingBytes) throws(PluginError) {
    let word = String(decoding: text.prefix(16), as: UTF8.self)
    for (name, sign) in [("NaN", notANumber), ("Infinity", infinite), ("-Infinity", negativeInfinite)]
    where word == name {
      for number: UInt16 in [0, 0, sign, 0] { try out.appendBigEndian(number) }
      return
    }
    let damaged = PluginError("22P02", "invalid input syntax for type numeric: \"\(word)\"")
    var position = 0
    var isNegative = false
    if text.first == UInt8(ascii: "-") {
      isNegative = true
      position = 1
    }
    let point = text.firstIndex(of: UInt8(ascii: ".")) ?? text.count
    let whole = point &- position
    let scale = max(text.count &- point &- 1, 0)
    guard whole &+ scale > 0, scale <= 0x3FFF, whole <= 131_072 else { throw damaged }
    // Groups of four digits that meet at the point.
    let groupsBefore = (whole &+ 3) / 4
    let groups = groupsBefore &+ (scale &+ 3) / 4
    var digits: [UInt16] = []
    digits.reserveCapacity(groups)
    for group in 0..<groups {
      var value: UInt16 = 0
      for place in 0..<4 {
        // The decimal place, counted from the first digit of the first group.
        let fromPoint = group &* 4 &+ place &- groupsBefore &* 4
        let index = fromPoint < 0 ? point &+ fromPoint : point &+ 1 &+ fromPoint
        value = value &* 10
        if index < position || index >= text.count { continue }
        guard text[index] >= 48, text[index] <= 57 else { throw damaged }
        value = value &+ UInt16(text[index] &- 48)
      }
      digits.append(value)
    }
    var weight = groupsBefore &- 1
    var first = 0
    while first < digits.count, digits[first] == 0 {
      first &+= 1
      weight &-= 1
    }
    var end = digits.count
    while end > first, digits[end &- 1] == 0 { end &-= 1 }
    if first == end {
      weight = 0
      isNegative = false
    }
    try out.appendBigEndian(UInt16(truncatingIfNeeded: end &- first))
    try out.appendBigEndian(Int16(truncatingIfNeeded: weight))
    try out.appendBigEndian(UInt16(isNegative ? 0x4000 : 0))
    try out.appendBigEndian(UInt16(truncatingIfNeeded: scale))
    for digit in digits[first..<end] { try out.appendBigEndian(digit) }
  }
}
