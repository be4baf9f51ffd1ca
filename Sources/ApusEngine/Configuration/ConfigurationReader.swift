// ConfigurationReader owns the way from a file's text to what it says: every problem with its line and column.

public import ApusBase
private import Foundation

/// What reading a text gave.
public struct ConfigurationReading: Sendable {
  public var configuration = Configuration()
  /// In order of places; empty: the configuration can be used.
  public var problems: [ConfigurationProblem] = []
  /// The text for a server's eyes: variables put in, and what is the server's own business left out. Lines are where
  /// they were.
  public var forServer = ""

  public init(_ text: String, environment: [String: String]?) {
    var reader = ConfigurationReader(environment: environment)
    do throws(ConfigurationProblem) {
      guard let document = try YAMLNode.document(text), !document.isNull else { return }
      let root = reader.check(document, .mapping(ConfigurationSchema.root), "")
      if reader.problems.isEmpty {
        reader.read(root)
        forServer = Self.forServer(text, root: document, reader.replacements)
      }
      configuration = reader.configuration
    } catch {
      reader.problems.append(error)
    }
    problems = reader.problems.sorted { $0.place < $1.place }
  }

  /// `server:` and `storage:` emptied, and variables replaced, from the end to the start.
  private static func forServer(
    _ text: String, root: YAMLNode, _ replacements: [ConfigurationReader.Replacement]
  ) -> String {
    var characters = Array(text.unicodeScalars)
    var changes = replacements
    if case .mapping(let pairs) = root.content {
      for pair in pairs {
        guard case .scalar(let key, _) = pair.key.content, key == "server" || key == "storage" else { continue }
        changes.removeAll { pair.value.range.contains($0.range.lowerBound) }
        let lines = characters[pair.value.range.clamped(to: 0..<characters.count)].filter { $0 == "\n" }.count
        changes.append(
          ConfigurationReader.Replacement(
            range: pair.value.range, text: "{}" + String(repeating: "\n", count: lines)))
      }
    }
    for change in changes.sorted(by: { $0.range.lowerBound > $1.range.lowerBound }) {
      characters.replaceSubrange(change.range.clamped(to: 0..<characters.count), with: change.text.unicodeScalars)
    }
    var result = String.UnicodeScalarView()
    result.append(contentsOf: characters)
    return String(result)
  }
}

struct ConfigurationReader {
  struct Replacement {
    var range: Range<Int>
    var text: String
  }

  /// nil: variables are not for this reader to put in.
  let environment: [String: String]?
  var problems: [ConfigurationProblem] = []
  var configuration = Configuration()
  var replacements: [Replacement] = []

  init(environment: [String: String]?) { self.environment = environment }

  mutating func fail(_ place: TextPlace, _ message: String, hint: String? = nil) {
    problems.append(ConfigurationProblem(place, message, hint: hint))
  }

  // MARK: - Shapes

  /// Holds a node against its shape; the node with its variables put in. `path` is for messages.
  mutating func check(_ node: YAMLNode, _ shape: ConfigurationShape, _ path: String) -> YAMLNode {
    switch shape {
    case .scalar(let kind): return scalar(node, kind, path)
    case .list(let inner):
      guard case .sequence(let items) = node.content else {
        fail(node.place, "\(named(path)) is a list, not \(node.name)")
        return node
      }
      var copy = node
      copy.content = .sequence(items.enumerated().map { check($1, inner, "\(path)[\($0 + 1)]") })
      return copy
    case .either(let shapes):
      guard let fitting = shapes.first(where: { Self.fits(node, $0) }) else {
        fail(node.place, "\(named(path)) cannot be \(node.name)")
        return node
      }
      return check(node, fitting, path)
    case .mapping(let fields): return mapping(node, fields, path)
    case .named(let what, let inner): return names(node, what, inner, path)
    }
  }

  private func named(_ path: String) -> String { path.isEmpty ? "the file" : "\"\(path)\"" }

  private static func fits(_ node: YAMLNode, _ shape: ConfigurationShape) -> Bool {
    switch (node.content, shape) {
    case (.scalar, .scalar), (.sequence, .list), (.mapping, .mapping), (.mapping, .named): true
    default: false
    }
  }

  private mutating func scalar(_ node: YAMLNode, _ kind: ScalarKind, _ path: String) -> YAMLNode {
    guard case .scalar(let written, let isPlain) = node.content, !node.isNull else {
      fail(node.place, "\(named(path)) needs a value, not \(node.name)")
      return node
    }
    let text = substitute(written, node)
    if let fault = ScalarReading.fault(text, as: kind) {
      fail(node.place, "\(named(path)): \(fault.message)", hint: fault.hint)
    }
    var copy = node
    copy.content = .scalar(text, isPlain: isPlain)
    return copy
  }

  /// Puts in `${NAME}`; `$${` is `${`.
  private mutating func substitute(_ text: String, _ node: YAMLNode) -> String {
    guard text.contains("${") else { return text }
    var result = ""
    var rest = Substring(text)
    while let start = rest.range(of: "${") {
      if rest[..<start.lowerBound].hasSuffix("$") {
        result += rest[..<start.lowerBound].dropLast() + "${"
        rest = rest[start.upperBound...]
        continue
      }
      result += rest[..<start.lowerBound]
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
        fail(node.place, "\"${\" without its \"}\"", hint: "\"$${\" is \"${\" itself")
        return text
      }
      let name = String(rest[start.upperBound..<end])
      if let environment {
        guard let value = environment[name] else {
          fail(node.place, "the environment variable \"\(name)\" is not set")
          return text
        }
        result += value
      } else {
        fail(node.place, "\"${\(name)}\" is put in by the command line, not by the server")
        return text
      }
      rest = rest[rest.index(after: end)...]
    }
    result += rest
    replacements.append(Replacement(range: node.range, text: Self.quoted(result)))
    return result
  }

  /// A double-quoted scalar on one line: YAML takes what JSON takes.
  static func quoted(_ text: String) -> String { jsonText(text) }

  /// The text of a key; reports one that is none, or there twice.
  private mutating func key(_ pair: YAMLNode.Pair, _ seen: inout [String: TextPlace], _ path: String) -> String? {
    guard case .scalar(let key, _) = pair.key.content else {
      fail(pair.key.place, "a key of \(named(path)) is \(pair.key.name)")
      return nil
    }
    if let first = seen[key] {
      fail(pair.key.place, "key \"\(key)\" is there twice", hint: "first on line \(first.line)")
      return nil
    }
    seen[key] = pair.key.place
    return key
  }

  private mutating func mapping(_ node: YAMLNode, _ fields: [ConfigurationField], _ path: String) -> YAMLNode {
    if node.isNull, fields.allSatisfy({ !$0.isRequired }) {
      var copy = node
      copy.content = .mapping([])
      return copy
    }
    guard case .mapping(let pairs) = node.content else {
      fail(node.place, "\(named(path)) is a mapping, not \(node.name)")
      return node
    }
    var seen: [String: TextPlace] = [:]
    var checked: [YAMLNode.Pair] = []
    for pair in pairs {
      guard let key = key(pair, &seen, path) else { continue }
      guard let field = fields.first(where: { $0.key == key }) else {
        let known = fields.map(\.key)
        let nearest = EditDistance.nearest(to: key, among: known).map { "did you mean \"\($0)\"?" }
        fail(
          pair.key.place, "unknown key \"\(key)\"\(path.isEmpty ? "" : " in \"\(path)\"")",
          hint: nearest ?? "known are \(known.joined(separator: ", "))")
        continue
      }
      let value = check(pair.value, field.shape, path.isEmpty ? key : "\(path).\(key)")
      checked.append(YAMLNode.Pair(key: pair.key, value: value))
    }
    for field in fields where field.isRequired && seen[field.key] == nil {
      fail(node.place, "\(named(path)) needs the key \"\(field.key)\"")
    }
    var copy = node
    copy.content = .mapping(checked)
    return copy
  }

  private mutating func names(
    _ node: YAMLNode, _ what: String, _ inner: ConfigurationShape, _ path: String
  ) -> YAMLNode {
    if node.isNull {
      var copy = node
      copy.content = .mapping([])
      return copy
    }
    guard case .mapping(let pairs) = node.content else {
      fail(node.place, "\(named(path)) is a mapping of \(what) names, not \(node.name)")
      return node
    }
    var seen: [String: TextPlace] = [:]
    var checked: [YAMLNode.Pair] = []
    for pair in pairs {
      guard let key = key(pair, &seen, path) else { continue }
      let parts =
        what == "table" || what == "rollup" ? key.split(separator: ".", omittingEmptySubsequences: false) : [key[...]]
      if parts.contains(where: { $0.isEmpty || $0.utf8.count > Limits.identifierBytesMax }) || parts.count > 2 {
        fail(pair.key.place, "\"\(key)\" is no name of a \(what)")
        continue
      }
      checked.append(YAMLNode.Pair(key: pair.key, value: check(pair.value, inner, "\(path).\(key)")))
    }
    var copy = node
    copy.content = .mapping(checked)
    return copy
  }
}

extension YAMLNode {
  /// The value of a key; nil when it is not there.
  subscript(_ key: String) -> YAMLNode? {
    guard case .mapping(let pairs) = content else { return nil }
    return pairs.first { if case .scalar(let name, _) = $0.key.content { name == key } else { false } }?.value
  }

  /// Keys with their values.
  var pairs: [(key: String, place: TextPlace, value: YAMLNode)] {
    guard case .mapping(let pairs) = content else { return [] }
    return pairs.compactMap { pair in
      if case .scalar(let name, _) = pair.key.content { (name, pair.key.place, pair.value) } else { nil }
    }
  }

  var items: [YAMLNode] { if case .sequence(let items) = content { items } else { [] } }
  var text: String? { if case .scalar(let text, _) = content { text } else { nil } }
}
