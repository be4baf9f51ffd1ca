// NumberFormatting owns to_char of numbers and to_number.

import ApusBase
import ApusColumns

enum NumberFormatting {
  private static func numeric(_ value: Numeric, _ format: String) throws(ApusError) -> Value {
    if format.isEmpty { return .text("") }
    let template = try NumberTemplate(format)
    if template.isRoman {
      if value.isNaN { throw ApusError(.featureNotSupported, "cannot convert NaN to integer") }
      if value.isInfinite { throw ApusError(.featureNotSupported, "cannot convert infinity to integer") }
      return .text(utf8: template.roman(Int64(try value.integer(as: Int32.self, typeName: "integer"))))
    }
    if template.isScientific { return .text(scientific(value, template.post)) }
    guard value.isFinite else {
      return .text(utf8: try special(template, value.isNaN ? "NaN" : "Infinity", isNegative: value.isNegative))
    }
    var scaled = value
    if template.isMultiplied {
      scaled = try value.multiplied(by: try Numeric(10 as Int64).raised(to: Numeric(Int64(template.multiplier))))
    }
    let rounded = scaled.rounded(template.post)
    return .text(
      utf8: template.text(digits: rounded.magnitude.text, isNegative: rounded.isNegative, post: template.post))
  }

  /// What is no number is shown as if its letters were digits.
  private static func special(
    _ template: NumberTemplate, _ word: String, isNegative: Bool
  ) throws(ApusError) -> [UInt8] {
    let hasOrdinal = template.nodes.contains { if case .ordinal = $0 { true } else { false } }
    if hasOrdinal, word == "NaN" {
      throw ApusError(.invalidTextRepresentation, "\"NaN\" is not a number")
    }
    return template.text(digits: word, isNegative: isNegative, post: template.post)
  }

  private static func specialScientific(_ decimals: Int) -> String {
    " #." + String(repeating: "#", count: decimals + 4)
  }

  /// `d.ddde+xx`, a space where a minus could be.
  private static func scientific(_ value: Numeric, _ decimals: Int) -> String {
    guard value.isFinite else { return specialScientific(decimals) }
    var exponent = 0
    var digits = value.magnitude.text.filter { $0 != "." }
    let whole = value.magnitude.text.prefix { $0 != "." }.count
    let zeros = digits.prefix { $0 == "0" }.count
    if zeros < digits.count {
      exponent = whole - zeros - 1
      digits.removeFirst(zeros)
    } else {
      digits = "0"
    }
    // Rounded to the wanted digits, as a number of that many decimals.
    let wanted = "\(digits.prefix(1)).\(digits.dropFirst().isEmpty ? "0" : String(digits.dropFirst()))"
    var rounded = ((try? Numeric(text: wanted)) ?? .zero).rounded(decimals).text
    if rounded.hasPrefix("10") {
      exponent += 1
      rounded = ((try? Numeric(text: "1")) ?? .one).rounded(decimals).text
    }
    let size = String(abs(exponent))
    let sign = value.isNegative ? "-" : " "
    return "\(sign)\(rounded)e\(exponent < 0 ? "-" : "+")\(size.count < 2 ? "0" + size : size)"
  }

  /// Floats show no more digits than they have: 15 of double precision, 6 of real.
  private static func float(_ value: Double, _ format: String, digits: Int) throws(ApusError) -> Value {
    if format.isEmpty { return .text("") }
    let template = try NumberTemplate(format)
    if template.isRoman {
      return .text(utf8: template.roman(Int64(exactly: value.rounded(.toNearestOrEven)) ?? 0))
    }
    guard value.isFinite else {
      if template.isScientific { return .text(specialScientific(template.post)) }
      return .text(utf8: try special(template, value.isNaN ? "NaN" : "Infinity", isNegative: value < 0))
    }
    if template.isScientific { return .text(scientific(Numeric(value), template.post)) }
    var scaled = value
    if template.isMultiplied { for _ in 0..<template.multiplier { scaled *= 10 } }
    let whole = FloatText.fixed(abs(scaled), decimals: 0).utf8.count
    let post = whole >= digits ? 0 : min(template.post, digits - whole)
    let text = FloatText.fixed(scaled, decimals: post)
    let isNegative = text.hasPrefix("-")
    return .text(
      utf8: template.text(digits: isNegative ? String(text.dropFirst()) : text, isNegative: isNegative, post: post))
  }

  /// Digits, sign and point of a text; group separators, spaces and literals are skipped.
  private static func number(_ text: String, _ format: String) throws(ApusError) -> Value {
    if format.isEmpty { return .null }
    let template = try NumberTemplate(format)
    if template.isScientific {
      throw ApusError(.featureNotSupported, "\"EEEE\" not supported for input")
    }
    if template.isRoman { throw ApusError(.featureNotSupported, "\"RN\" not supported for input") }
    let bytes = Array(text.utf8)
    var digits: [UInt8] = []
    var isNegative = false
    var at = 0
    func skipSpaces() { while at < bytes.count, isSpaceByte(bytes[at]) { at += 1 } }
    skipSpaces()
    for node in template.nodes {
      if at < bytes.count, digits.isEmpty,
        bytes[at] == 45 || bytes[at] == 43 || (bytes[at] == 60 && template.isBracketed)
      {
        isNegative = bytes[at] != 43
        at += 1
        skipSpaces()
      }
      guard at < bytes.count else { break }
      switch node {
      case .part(.nine), .part(.zero):
        // What no digit is, is passed over.
        if isDigitByte(bytes[at]) { digits.append(bytes[at]) }
        if bytes[at] != 46 { at += 1 }
      case .part(.point):
        if bytes[at] == 46 {
          digits.append(46)
          at += 1
        }
      case .part(.group): if bytes[at] == 44 { at += 1 }
      case .part(.currency), .literal: at += 1
      case .ordinal: at = min(bytes.count, at + 2)
      default: continue
      }
    }
    if at < bytes.count, bytes[at] == 45 { isNegative = true }
    let body = digits.contains(where: isDigitByte) ? String(decoding: digits, as: UTF8.self) : ""
    guard var value = try? Numeric(text: body) else {
      throw ApusError(
        .invalidTextRepresentation, "invalid input syntax for type numeric: \"\(body.isEmpty ? " " : body)\"")
    }
    if value.scale > template.post { value = value.rounded(template.post) }
    if template.isMultiplied {
      value = try value.divided(by: try Numeric(10 as Int64).raised(to: Numeric(Int64(template.multiplier))))
    }
    return .numeric(isNegative ? value.negated : value)
  }

  static var all: [ScalarFunction] {
    [
      .rows("to_char", [.numeric, .text], .text, volatility: .stable) { (row, _) throws(ApusError) in
        try numeric(row.numeric(0), row.text(1))
      },
      .rows("to_char", [.int4, .text], .text, volatility: .stable) { (row, _) throws(ApusError) in
        try numeric(Numeric(row.int(0)), row.text(1))
      },
      .rows("to_char", [.int8, .text], .text, volatility: .stable) { (row, _) throws(ApusError) in
        try numeric(Numeric(row.int(0)), row.text(1))
      },
      .rows("to_char", [.float4, .text], .text, volatility: .stable) { (row, _) throws(ApusError) in
        try float(row.float(0), row.text(1), digits: 6)
      },
      .rows("to_char", [.float8, .text], .text, volatility: .stable) { (row, _) throws(ApusError) in
        try float(row.float(0), row.text(1), digits: 15)
      },
      .rows("to_number", [.text, .text], .numeric, volatility: .stable) { (row, _) throws(ApusError) in
        try number(row.text(0), row.text(1))
      },
    ]
  }
}
