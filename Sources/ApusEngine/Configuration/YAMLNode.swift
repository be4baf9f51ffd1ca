// YAMLNode owns the reading of YAML text into nodes with their places, through libyaml.

import ApusBase
import CYAML

/// Where something stands: both from 1.
public struct TextPlace: Sendable, Hashable, Comparable {
  public var line: Int
  public var column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  public static func < (a: TextPlace, b: TextPlace) -> Bool { (a.line, a.column) < (b.line, b.column) }
}

/// Something wrong with a configuration file.
public struct ConfigurationProblem: Error, Sendable, Hashable {
  public var place: TextPlace
  public var message: String
  public var hint: String?

  public init(_ place: TextPlace, _ message: String, hint: String? = nil) {
    self.place = place
    self.message = message
    self.hint = hint
  }

  /// `apus.yaml:3:5: ...`, with the hint behind it.
  public func text(file: String) -> String {
    "\(file):\(place.line):\(place.column): \(message)\(hint.map { " (\($0))" } ?? "")"
  }
}

/// A node of a YAML document.
struct YAMLNode {
  indirect enum Content {
    /// `isPlain`: written without quotes, so that it may be a number, a truth value or null.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([Pair])
  }
  struct Pair {
    var key: YAMLNode
    var value: YAMLNode
  }

  var content: Content
  var place: TextPlace
  /// Bytes of the text, from its first to behind its last.
  var range: Range<Int>

  /// Absent, `~` or `null`.
  var isNull: Bool {
    if case .scalar(let text, true) = content { return ["", "~", "null", "Null", "NULL"].contains(text) }
    return false
  }

  /// What it is, for messages.
  var name: String {
    switch content {
    case .scalar: isNull ? "nothing" : "a value"
    case .sequence: "a list"
    case .mapping: "a mapping"
    }
  }

  /// Nesting that is read: more is no configuration.
  private static let depthMax = 32

  /// The one document of a text; nil for an empty one.
  static func document(_ text: String) throws(ConfigurationProblem) -> YAMLNode? {
    var text = text
    let outcome: Result<YAMLNode?, ConfigurationProblem> = text.withUTF8 { bytes in
      do throws(ConfigurationProblem) { return .success(try load(bytes)) } catch { return .failure(error) }
    }
    return try outcome.get()
  }

  private static func load(_ bytes: UnsafeBufferPointer<UInt8>) throws(ConfigurationProblem) -> YAMLNode? {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else {
      throw ConfigurationProblem(TextPlace(line: 1, column: 1), "no memory to read it")
    }
    defer { yaml_parser_delete(&parser) }
    yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
    var reader = YAMLReader()
    // The parser must not move while it is used.
    return try withUnsafeMutablePointer(to: &parser) { pointer throws(ConfigurationProblem) in
      reader.pointer = pointer
      return try reader.document(depthMax: depthMax)
    }
  }
}

/// Builds nodes from libyaml's events.
private struct YAMLReader {
  var pointer: UnsafeMutablePointer<yaml_parser_t>?

  private enum Event {
    case start
    case end(TextPlace)
    case alias(TextPlace)
    case scalar(String, isPlain: Bool, TextPlace, Range<Int>, hasAnchor: Bool)
    case sequence(TextPlace, Int, hasAnchor: Bool)
    case mapping(TextPlace, Int, hasAnchor: Bool)
    case closed(Int)
    case documentStart(TextPlace)
    case documentEnd
  }

  private static func place(_ mark: yaml_mark_t) -> TextPlace {
    TextPlace(line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1)
  }

  private func next() throws(ConfigurationProblem) -> Event {
    guard let pointer else { throw ConfigurationProblem(TextPlace(line: 1, column: 1), "no parser") }
    var event = yaml_event_t()
    guard yaml_parser_parse(pointer, &event) == 1 else {
      let parser = pointer.pointee
      let problem = parser.problem.map { String(cString: $0) } ?? "it is no YAML"
      let context = parser.context.map { String(cString: $0) + ": " } ?? ""
      let mark = parser.error == YAML_READER_ERROR ? parser.mark : parser.problem_mark
      throw ConfigurationProblem(Self.place(mark), context + problem)
    }
    defer { yaml_event_delete(&event) }
    let place = Self.place(event.start_mark)
    let (from, to) = (Int(clamping: event.start_mark.index), Int(clamping: event.end_mark.index))
    switch event.type {
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: Int(clamping: scalar.length)), as: UTF8.self)
      return .scalar(
        text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE, place, from..<max(from, to),
        hasAnchor: scalar.anchor != nil)
    case YAML_SEQUENCE_START_EVENT: return .sequence(place, from, hasAnchor: event.data.sequence_start.anchor != nil)
    case YAML_MAPPING_START_EVENT: return .mapping(place, from, hasAnchor: event.data.mapping_start.anchor != nil)
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return .closed(to)
    case YAML_ALIAS_EVENT: return .alias(place)
    case YAML_DOCUMENT_START_EVENT: return .documentStart(place)
    case YAML_DOCUMENT_END_EVENT: return .documentEnd
    case YAML_STREAM_END_EVENT: return .end(place)
    default: return .start
    }
  }

  func document(depthMax: Int) throws(ConfigurationProblem) -> YAMLNode? {
    var root: YAMLNode?
    while true {
      switch try next() {
      case .end: return root
      case .documentStart(let place):
        guard root == nil else { throw ConfigurationProblem(place, "a second document: a configuration is one") }
        root = try node(try next(), depth: depthMax)
      default: continue
      }
    }
  }

  private func node(_ event: Event, depth: Int) throws(ConfigurationProblem) -> YAMLNode {
    switch event {
    case .scalar(let text, let isPlain, let place, let range, let hasAnchor):
      if hasAnchor { throw Self.anchor(place) }
      return YAMLNode(content: .scalar(text, isPlain: isPlain), place: place, range: range)
    case .sequence(let place, let start, let hasAnchor):
      if hasAnchor { throw Self.anchor(place) }
      guard depth > 0 else { throw ConfigurationProblem(place, "it is nested too deep") }
      var items: [YAMLNode] = []
      while true {
        let event = try next()
        if case .closed(let end) = event {
          return YAMLNode(content: .sequence(items), place: place, range: start..<max(start, end))
        }
        items.append(try node(event, depth: depth - 1))
      }
    case .mapping(let place, let start, let hasAnchor):
      if hasAnchor { throw Self.anchor(place) }
      guard depth > 0 else { throw ConfigurationProblem(place, "it is nested too deep") }
      var pairs: [YAMLNode.Pair] = []
      while true {
        let event = try next()
        if case .closed(let end) = event {
          return YAMLNode(content: .mapping(pairs), place: place, range: start..<max(start, end))
        }
        let key = try node(event, depth: depth - 1)
        pairs.append(YAMLNode.Pair(key: key, value: try node(try next(), depth: depth - 1)))
      }
    case .alias(let place): throw Self.anchor(place)
    case .end(let place), .documentStart(let place): throw ConfigurationProblem(place, "the text ends too soon")
    default: throw ConfigurationProblem(TextPlace(line: 1, column: 1), "the text ends too soon")
    }
  }

  private static func anchor(_ place: TextPlace) -> ConfigurationProblem {
    ConfigurationProblem(place, "anchors and aliases are not supported")
  }
}
