// JSONText owns small JSON documents that keep the order of their members.

import ApusBase

/// A JSON value.
indirect enum JSONText {
  case null
  case bool(Bool)
  case number(Int)
  case string(String)
  case list([JSONText])
  case object([(String, JSONText)])

  static func optional(_ text: String?) -> JSONText { text.map { .string($0) } ?? .null }
  static func strings(_ list: [String]) -> JSONText { .list(list.map { .string($0) }) }

  /// On one line, or with `indent` over several.
  func text(indent: Int? = nil) -> String {
    switch self {
    case .null: return "null"
    case .bool(let flag): return flag ? "true" : "false"
    case .number(let number): return String(number)
    case .string(let text): return jsonText(text)
    case .list(let items): return Self.wrap("[", "]", items.map { ("", $0) }, indent)
    case .object(let members): return Self.wrap("{", "}", members.map { (jsonText($0.0) + ":", $0.1) }, indent)
    }
  }

  private static func wrap(_ open: String, _ close: String, _ items: [(String, JSONText)], _ indent: Int?) -> String {
    guard let indent, !items.isEmpty else {
      return open + items.map { $0.0 + $0.1.text() }.joined(separator: ",") + close
    }
    let inner = String(repeating: " ", count: indent + 2)
    let lines = items.map { key, value in
      "\(inner)\(key)\(key.isEmpty ? "" : " ")\(value.text(indent: indent + 2))"
    }
    return "\(open)\n\(lines.joined(separator: ",\n"))\n\(String(repeating: " ", count: indent))\(close)"
  }
}
