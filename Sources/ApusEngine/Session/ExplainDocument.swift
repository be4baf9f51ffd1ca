// ExplainDocument owns EXPLAIN (FORMAT JSON): the lines of the text form as nested objects.

import ApusBase

/// A node of a plan as it is shown.
private final class ExplainNode {
  let title: String
  var details: [(name: String, text: String)] = []
  var inputs: [ExplainNode] = []
  init(_ title: String) { self.title = title }

  func write(into out: inout String, indent: Int) {
    let space = String(repeating: " ", count: indent)
    out += "{\n\(space)  \"Node Type\": \(jsonText(title))"
    for (name, text) in details { out += ",\n\(space)  \(jsonText(name)): \(jsonText(text))" }
    if !inputs.isEmpty {
      out += ",\n\(space)  \"Plans\": [\n"
      for (index, input) in inputs.enumerated() {
        out += space + "    "
        input.write(into: &out, indent: indent + 4)
        out += index + 1 < inputs.count ? ",\n" : "\n"
      }
      out += "\(space)  ]"
    }
    out += "\n\(space)}"
  }
}

enum ExplainDocument {
  /// `lines` are those of the text form; `totals` stand beside the plan.
  static func text(_ lines: [String], totals: [(name: String, number: String)]) -> String {
    var open: [(indent: Int, node: ExplainNode)] = []
    var root: ExplainNode?
    for line in lines {
      let indent = line.prefix { $0 == " " }.count
      let rest = line.dropFirst(indent)
      if root == nil || rest.hasPrefix("->") {
        let node = ExplainNode(String(rest.drop { $0 == "-" || $0 == ">" || $0 == " " }))
        while let last = open.last, last.indent >= indent, root != nil { open.removeLast() }
        open.last?.node.inputs.append(node)
        open.append((root == nil ? -1 : indent, node))
        root = root ?? node
      } else if let colon = rest.firstIndex(of: ":") {
        let value = rest[rest.index(after: colon)...].drop { $0 == " " }
        open.last?.node.details.append((String(rest[..<colon]), String(value)))
      } else {
        open.last?.node.details.append((String(rest), ""))
      }
    }
    var out = "[\n  {\n    \"Plan\": "
    if let root { root.write(into: &out, indent: 4) } else { out += "{}" }
    for (name, number) in totals { out += ",\n    \(jsonText(name)): \(number)" }
    return out + "\n  }\n]"
  }
}
