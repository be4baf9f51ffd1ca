// JSONB owns what SQL does with single jsonb values: their normal form, and reaching into them.

public import ApusBase
private import Synchronization

public enum JSONB {
  /// A parser that nobody uses.
  private struct Idle: @unchecked Sendable { let parser: JSONParser }
  private static let idle = Mutex<[Idle]>([])
  private static let idleMax = 16

  /// Runs `body` with a parser of its own, which is kept for the next caller.
  public static func withParser<R>(_ body: (JSONParser) throws(ApusError) -> R) throws(ApusError) -> R {
    let free = idle.withLock { $0.popLast() }
    let taken: Idle
    if let free { taken = free } else { taken = Idle(parser: try JSONParser()) }
    defer { idle.withLock { if $0.count < idleMax { $0.append(taken) } } }
    return try body(taken.parser)
  }

  /// Parses `text` and runs `body` with its tokens. Throws 22P02, 22P05, 22021, 54000 as a cast to jsonb does.
  public static func parsing<R>(
    _ text: UnsafeRawBufferPointer, _ body: (JSONDocument) throws(ApusError) -> R
  ) throws(ApusError) -> R {
    try withParser { (parser) throws(ApusError) in
      let document = parser.parse(text)
      if let error = document.error { throw error.apusError(text) }
      return try body(document)
    }
  }

  /// The normal form of a JSON text, as jsonb prints it. Throws 22003 too.
  public static func canonicalise(_ text: UnsafeRawBufferPointer) throws(ApusError) -> [UInt8] {
    try parsing(text) { (document) throws(ApusError) in try Self.text(document, 0) }
  }

  public static func canonicalise(_ text: String) throws(ApusError) -> String {
    let result = Array(text.utf8).withUnsafeBytes { raw -> Result<[UInt8], ApusError> in
      do throws(ApusError) { return .success(try canonicalise(raw)) } catch { return .failure(error) }
    }
    return String(decoding: try result.get(), as: UTF8.self)
  }

  /// Throws as a cast to `json` does, which keeps the text as it is.
  public static func validate(_ text: UnsafeRawBufferPointer) throws(ApusError) {
    try parsing(text) { (_) throws(ApusError) in }
  }

  /// The value at token `index` as jsonb text.
  public static func text(_ document: JSONDocument, _ index: Int) throws(ApusError) -> [UInt8] {
    var writer = JSONWriter()
    try writer.putValue(document, index)
    return Array(writer.bytes)
  }

  /// The value at token `index` as `->>` gives it: a string's content, nil for JSON null, else jsonb text.
  public static func plainText(_ document: JSONDocument, _ index: Int) throws(ApusError) -> [UInt8]? {
    switch document[index].kind {
    case .null: nil
    case .string: Array(document.text(document[index]))
    default: try text(document, index)
    }
  }

  /// A step into a value.
  public enum Step: Sendable, Hashable {
    case key(String)
    /// Of an array; negative counts from the end.
    case element(Int)
    /// As in `#>`: a key of an object, or the number of an array's element.
    case either(String)
  }

  /// The token of the value that `steps` lead to from the root; nil when there is none.
  public static func find(_ document: JSONDocument, _ steps: [Step]) -> Int? {
    guard document.count > 0 else { return nil }
    var at = 0
    for step in steps {
      let kind = document[at].kind
      let next: Int?
      switch step {
      case .key(let key): next = kind == .object ? member(document, at, key) : nil
      case .element(let number): next = kind == .array ? element(document, at, number) : nil
      case .either(let name):
        next =
          kind == .object
          ? member(document, at, name) : kind == .array ? Int(name).flatMap { element(document, at, $0) } : nil
      }
      guard let next else { return nil }
      at = next
    }
    return at
  }

  /// The value of the member `key` of an object: of several, the last.
  public static func member(_ document: JSONDocument, _ object: Int, _ key: String) -> Int? {
    var key = key
    return key.withUTF8 { wanted in
      let end = document[object].end
      var found: Int?
      var at = object &+ 1
      while at < end {
        if equalBytes(document.text(document[at]), UnsafeRawBufferPointer(wanted)) { found = at &+ 1 }
        at = document[at &+ 1].end
      }
      return found
    }
  }

  /// Element `number` of an array; negative counts from the end.
  public static func element(_ document: JSONDocument, _ array: Int, _ number: Int) -> Int? {
    let total = Int(document[array].number)
    let wanted = number < 0 ? total &+ number : number
    guard wanted >= 0, wanted < total else { return nil }
    var at = array &+ 1
    for _ in 0..<wanted { at = document[at].end }
    return at
  }

  /// `->` along `steps`: jsonb text, or nil.
  public static func extract(_ value: UnsafeRawBufferPointer, _ steps: [Step]) throws(ApusError) -> [UInt8]? {
    try parsing(value) { (document) throws(ApusError) in
      guard let at = find(document, steps) else { return nil }
      return try text(document, at)
    }
  }

  /// `->>` along `steps`: text, or nil.
  public static func extractText(_ value: UnsafeRawBufferPointer, _ steps: [Step]) throws(ApusError) -> [UInt8]? {
    try parsing(value) { (document) throws(ApusError) in
      guard let at = find(document, steps) else { return nil }
      return try plainText(document, at)
    }
  }

  /// `jsonb_typeof` of jsonb text, whose first byte tells.
  public static func typeName(_ value: UnsafeRawBufferPointer) -> String {
    switch value.first {
    case UInt8(ascii: "{"): "object"
    case UInt8(ascii: "["): "array"
    case UInt8(ascii: "\""): "string"
    case UInt8(ascii: "t"), UInt8(ascii: "f"): "boolean"
    case UInt8(ascii: "n"): "null"
    default: "number"
    }
  }

  /// `text` as a jsonb string: `to_jsonb(text)`.
  public static func string(_ text: UnsafeRawBufferPointer) -> [UInt8] {
    var writer = JSONWriter(capacity: text.count + 16)
    writer.putString(text)
    return Array(writer.bytes)
  }
}
