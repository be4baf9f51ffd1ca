// LiteralReader owns the reading of quoted literals and of numbers as values of a type.

import ApusBase
import ApusColumns
import ApusFunctions

struct LiteralReader {
  let functions: FunctionRegistry
  let context: EvaluationContext

  /// The least of the fields that an interval's modifier names (bits of PostgreSQL's datetime.h).
  private static func leastField(_ modifier: Int32) -> String? {
    let fields = modifier >> 16 & 0x7FFF
    if fields == 0x7FFF { return nil }
    let units = [(12, "seconds"), (11, "minutes"), (10, "hours"), (3, "days"), (1, "months"), (2, "years")]
    return units.first { fields & (1 << Int32($0.0)) != 0 }?.1
  }

  /// The value that PostgreSQL's input function of `type` reads from `text`: what the cast from text gives. A bare
  /// number for an interval with fields (`interval '1' day`) counts the least of them.
  func read(_ text: String, as type: DataType, modifier: Int32 = -1) throws(ApusError) -> Value {
    if type == .interval, modifier >= 0, Double(text) != nil, let unit = Self.leastField(modifier) {
      return try read(text + " " + unit, as: type)
    }
    switch type {
    case .text, .varchar, .unknown: return .text(text)
    case .numeric: return .numeric(try Numeric(text: text))
    default: break
    }
    if type.elementType == nil, let cast = functions.cast(from: .text, to: type) {
      guard let function = cast.function else { return .text(text) }
      let result = try function.evaluate([.constant(.text(text), type: .text, count: 1)], 1, context)
      return result.value(at: 0)
    }
    guard let element = type.elementType else {
      throw .unsupported("a literal of type \(type.sqlName) is")
    }
    var values: [Value] = []
    for item in try ArrayLiteral.items(text) {
      if let item { values.append(try read(item, as: element)) } else { values.append(.null) }
    }
    return .array(values)
  }
}

/// The text form of arrays: `{1,"a b",NULL}`.
enum ArrayLiteral {
  /// The elements' texts; nil for NULL.
  static func items(_ text: String) throws(ApusError) -> [String?] {
    func malformed(_ detail: String) -> ApusError {
      ApusError(.invalidTextRepresentation, "malformed array literal: \"\(text)\"", detail: detail)
    }
    let bytes = Array(text.utf8)
    var position = 0
    func skipBlanks() {
      while position < bytes.count, bytes[position] == 32 || (bytes[position] >= 9 && bytes[position] <= 13) {
        position += 1
      }
    }
    skipBlanks()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "{") else {
      if position < bytes.count, bytes[position] == UInt8(ascii: "[") {
        throw .unsupported("array bounds in a literal are")
      }
      throw malformed("Array value must start with \"{\" or dimension information.")
    }
    position += 1
    var items: [String?] = []
    skipBlanks()
    if position < bytes.count, bytes[position] == UInt8(ascii: "}") {
      position += 1
      skipBlanks()
      if position < bytes.count { throw malformed("Junk after closing right brace.") }
      return []
    }
    while true {
      items.append(try item(bytes, &position, malformed))
      skipBlanks()
      guard position < bytes.count else { throw malformed("Unexpected end of input.") }
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "}") { break }
      if byte != UInt8(ascii: ",") { throw malformed("Unexpected array element.") }
    }
    skipBlanks()
    if position < bytes.count { throw malformed("Junk after closing right brace.") }
    return items
  }

  private static func item(
    _ bytes: [UInt8], _ position: inout Int, _ malformed: (String) -> ApusError
  ) throws(ApusError) -> String? {
    while position < bytes.count, bytes[position] == 32 || (bytes[position] >= 9 && bytes[position] <= 13) {
      position += 1
    }
    var out: [UInt8] = []
    var isQuoted = false
    if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
      isQuoted = true
      position += 1
      while position < bytes.count, bytes[position] != UInt8(ascii: "\"") {
        if bytes[position] == UInt8(ascii: "\\") { position += 1 }
        guard position < bytes.count else { break }
        out.append(bytes[position])
        position += 1
      }
      guard position < bytes.count else { throw malformed("Unexpected end of input.") }
      position += 1
      return String(decoding: out, as: UTF8.self)
    }
    var kept = 0
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") { break }
      if byte == UInt8(ascii: "{") { throw .unsupported("multidimensional arrays are") }
      if byte == UInt8(ascii: "\"") { throw malformed("Unexpected array element.") }
      position += 1
      if byte == UInt8(ascii: "\\"), position < bytes.count {
        isQuoted = true
        out.append(bytes[position])
        position += 1
        kept = out.count
        continue
      }
      out.append(byte)
      if byte != 32, !(9...13).contains(byte) { kept = out.count }
    }
    out.removeLast(out.count - kept)
    if out.isEmpty, !isQuoted { throw malformed("Unexpected \"\(position < bytes.count ? "," : "}")\" character.") }
    let text = String(decoding: out, as: UTF8.self)
    return !isQuoted && text.lowercased() == "null" ? nil : text
  }
}
