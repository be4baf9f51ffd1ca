// ApusValue owns the values of properties and how they are written as JSON.

public import Foundation

/// A value of a property. Literals will do: `["plan": "pro", "seats": 3, "tags": ["a", "b"]]`.
public enum ApusValue: Sendable, Hashable {
  case null
  case bool(Bool)
  case int(Int)
  /// NaN and the infinities, which JSON does not have, are sent as the texts "NaN", "Infinity" and "-Infinity".
  case double(Double)
  case string(String)
  case array([ApusValue])
  case object([String: ApusValue])

  /// An instant, as text with milliseconds in UTC.
  public static func date(_ date: Date) -> ApusValue { .string(timestamp(date)) }
}

extension ApusValue: ExpressibleByNilLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByStringInterpolation, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(nilLiteral: ()) { self = .null }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(floatLiteral value: Double) { self = .double(value) }
  public init(stringLiteral value: String) { self = .string(value) }
  public init(arrayLiteral elements: ApusValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, ApusValue)...) {
    self = .object(Dictionary(elements) { _, last in last })
  }
}

extension ApusValue {
  /// Keys in order, so that equal values are equal bytes.
  func encode(into text: inout String) {
    switch self {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .int(let value): text += String(value)
    case .double(let value):
      if value.isFinite { text += "\(value)" } else { text += value.isNaN ? "\"NaN\"" : Self.infinity(value) }
    case .string(let value): Self.quote(value, to: &text)
    case .array(let values):
      text += "["
      for (index, value) in values.enumerated() {
        if index > 0 { text += "," }
        value.encode(into: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, key) in members.keys.sorted().enumerated() {
        if index > 0 { text += "," }
        Self.quote(key, to: &text)
        text += ":"
        (members[key] ?? .null).encode(into: &text)
      }
      text += "}"
    }
  }

  private static func infinity(_ value: Double) -> String { value < 0 ? "\"-Infinity\"" : "\"Infinity\"" }

  private static func quote(_ value: String, to text: inout String) {
    text += "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      default:
        if scalar.value < 0x20 {
          let digits = String(scalar.value, radix: 16)
          text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        } else {
          text.unicodeScalars.append(scalar)
        }
      }
    }
    text += "\""
  }
}

func timestamp(_ date: Date) -> String {
  date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
}
