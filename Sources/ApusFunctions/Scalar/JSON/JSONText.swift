// JSONText owns the JSON form of SQL values: to_jsonb and to_json.

import ApusBase
import ApusColumns

enum JSONText {
  static func quoted(_ text: [UInt8]) -> [UInt8] { text.withUnsafeBytes { JSONB.string($0) } }

  /// A value as JSON; `isBinary` gives jsonb's normal form, else json's.
  static func of(
    _ value: Value, _ type: DataType, _ context: EvaluationContext, isBinary: Bool
  ) throws(ApusError) -> [UInt8] {
    switch (value, type) {
    case (.null, _): return Array("null".utf8)
    case (.bool(let flag), _): return Array((flag ? "true" : "false").utf8)
    case (.text(let text), .jsonb): return Array(text.utf8)
    case (.text(let text), .json):
      return isBinary ? Array(try JSONB.canonicalise(text).utf8) : Array(text.utf8)
    case (.array(let items), _):
      let element = type.elementType ?? .text
      var out: [UInt8] = [91]
      for (index, item) in items.enumerated() {
        if index > 0 { out += isBinary ? [44, 32] : [44] }
        out += try of(item, element, context, isBinary: isBinary)
        try TextLimits.check(out.count)
      }
      return out + [93]
    case (.int(let number), .date): return quoted(date(number))
    case (.int(let number), .timestamp): return quoted(timestamp(number, nil))
    case (.int(let number), .timestamptz): return quoted(timestamp(number, context.zone))
    default:
      let text = try context.text(value, type)
      guard type.isNumber else { return quoted(text) }
      // NaN and the infinities are no JSON numbers.
      guard let last = text.last, isDigitByte(last) else { return quoted(text) }
      guard isBinary, type == .float4 || type == .float8 else { return text }
      return Array(try JSONB.canonicalise(String(decoding: text, as: UTF8.self)).utf8)
    }
  }

  private static func date(_ days: Int64) -> [UInt8] {
    var out: [UInt8] = []
    DateTimeText.appendDate(Int32(truncatingIfNeeded: days), into: &out)
    return out
  }

  /// ISO 8601: a T between the parts, the offset with minutes.
  private static func timestamp(_ value: Int64, _ zone: TimeZone?) -> [UInt8] {
    var out: [UInt8] = []
    guard TimestampRange.isFinite(value) else {
      DateTimeText.appendTimestamp(value, into: &out)
      return out
    }
    let offset = zone?.offset(at: value) ?? 0
    DateTimeText.appendTimestamp(value &+ offset, into: &out)
    let isBC = out.suffix(3) == [32, 66, 67]
    if isBC { out.removeLast(3) }
    if let space = out.firstIndex(of: 32) { out[space] = 84 }
    if zone != nil {
      let seconds = abs(offset) / Microseconds.perSecond
      out.append(offset < 0 ? 45 : 43)
      let parts = [seconds / 3_600, seconds / 60 % 60] + (seconds % 60 == 0 ? [] : [seconds % 60])
      for (index, part) in parts.enumerated() {
        if index > 0 { out.append(58) }
        out += [48 + UInt8(truncatingIfNeeded: part / 10), 48 + UInt8(truncatingIfNeeded: part % 10)]
      }
    }
    return isBC ? out + [32, 66, 67] : out
  }
}
