// Tests of JSON: the normal form PostgreSQL gives, and shredding and assembling as the identity on it.

import ApusBase
import ApusColumns
import Testing

/// Random JSON texts, of few keys and values so that paths repeat, and with the odd spellings of numbers and strings.
private struct JSONSource {
  var random: SeededRandom

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  private static let keys = ["a", "b", "aa", "é", "", "x y", "long_property_name", "b\\u0061", "q\\\"", "a.b"]
  private static let scalars = [
    "null", "true", "false", "0", "-0", "7", "-12", "9223372036854775807", "-9223372036854775808",
    "9223372036854775808", "12.50", "-0.00", "0.5", "1e3", "1.50e1", "2.5e-10", "3.141592653589793",
    "0.1234567890123456789", "123456789012345678901234567890.5", "1e22", "\"\"", "\"x\"", "\"US\"", "\"tab\\t\"",
    "\"\\ud83d\\ude00\"", "\"a\\\"b\\\\\"", "\"/a/b\"", "\"null\"", "\"12.50\"",
  ]

  mutating func value(_ depth: Int) -> String {
    let pick = Int.random(in: 0..<10, using: &random)
    if depth < 11, pick < 3 { return object(depth + 1, members: Int.random(in: 0..<4, using: &random)) }
    if depth < 11, pick == 3 {
      let count = Int.random(in: 0..<4, using: &random)
      return "[" + (0..<count).map { _ in value(depth + 1) }.joined(separator: ",") + "]"
    }
    return Self.scalars.randomElement(using: &random) ?? "0"
  }

  mutating func object(_ depth: Int, members: Int) -> String {
    let parts = (0..<members).map { _ in
      let key = Self.keys.randomElement(using: &random) ?? "a"
      return "\"\(key)\"" + (Bool.random(using: &random) ? ":" : " : ") + value(depth)
    }
    return "{" + parts.joined(separator: Bool.random(using: &random) ? "," : " , ") + "}"
  }

  /// Objects nested to `depth`, with a scalar at the bottom.
  mutating func chain(_ depth: Int) -> String {
    var text = value(20)
    for _ in 0..<depth { text = "{\"\(["a", "b"].randomElement(using: &random) ?? "a")\":\(text)}" }
    return text
  }

  mutating func document() -> String {
    switch Int.random(in: 0..<20, using: &random) {
    case 0: value(0)
    case 1, 2: chain(Int.random(in: 1..<14, using: &random))
    default: object(0, members: Int.random(in: 0..<8, using: &random))
    }
  }

  /// A vector of jsonb texts as they came, with some nulls.
  mutating func column(_ count: Int) -> Vector {
    Vector.of(
      (0..<count).map { _ in Int.random(in: 0..<15, using: &random) == 0 ? .null : .text(document()) }, type: .jsonb)
  }
}

private func normal(_ value: Value) throws -> Value {
  guard case .text(let text) = value else { return value }
  return .text(try JSONB.canonicalise(text))
}

@Suite struct JSONBText {
  @Test(arguments: JSONBAnswers.all.indices)
  func `texts become jsonb, or fail, as in PostgreSQL 15`(index: Int) throws {
    let answer = JSONBAnswers.all[index]
    if let value = answer.value {
      #expect(try JSONB.canonicalise(answer.text) == value)
      let shredded = try Vector.of([.text(answer.text)], type: .jsonb).shredded()
      #expect(shredded.flattened().value(at: 0) == .text(value))
      return
    }
    let error = #expect(throws: ApusError.self) { try JSONB.canonicalise(answer.text) }
    #expect(error?.state.code == answer.state)
    #expect((error?.detail ?? error?.message) == answer.reason)
  }

  @Test func `numbers at the ends of numeric are written out`() throws {
    #expect(try JSONB.canonicalise("1e131071").utf8.count == 131_072)
    #expect(try JSONB.canonicalise("1e-16383").utf8.count == 16_385)
  }

  @Test func `ill-formed UTF-8 is 22021, wherever it stands`() {
    for bytes: [UInt8] in [[34, 0xFF, 34], [34, 0xC3, 34], [34, 0xED, 0xA0, 0x80, 34], [0xC0, 0x80], [34, 0xF5, 34]] {
      let error = #expect(throws: ApusError.self) { try bytes.withUnsafeBytes { _ = try JSONB.canonicalise($0) } }
      #expect(error?.state == .characterNotInRepertoire)
    }
  }

  @Test func `nesting beyond the limit is an error, at the limit a value`() throws {
    let limit = Limits.jsonDepthMax
    let deep = String(repeating: "[", count: limit) + String(repeating: "]", count: limit)
    #expect(try JSONB.canonicalise(deep) == deep)
    let error = #expect(throws: ApusError.self) { try JSONB.canonicalise("[" + deep + "]") }
    #expect(error?.state == .programLimitExceeded)
  }

  @Test func `values are reached by keys and numbers`() throws {
    let text = Array(#"{"a":[10,{"b":"x\ny"},null],"c":{"1":true},"a":[1,{"b":"z"}]}"#.utf8)
    func plain(_ steps: [JSONB.Step]) throws -> String? {
      try text.withUnsafeBytes { try JSONB.extractText($0, steps) }.map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(try plain([.key("a"), .element(1), .key("b")]) == "z")
    #expect(try plain([.key("a"), .element(-2)]) == "1")
    #expect(try plain([.key("a"), .element(2)]) == nil)
    #expect(try plain([.key("a"), .key("1")]) == nil)
    #expect(try plain([.either("a"), .either("0")]) == "1")
    #expect(try plain([.either("c"), .either("1")]) == "true")
    #expect(try plain([.key("c")]) == #"{"1": true}"#)
  }
}

@Suite struct Lines {
  private func read(_ text: String, lineBytesMax: Int = 1 << 20) throws -> [(line: Int, text: String)] {
    let bytes = Array(text.utf8)
    let parser = try JSONParser()
    return try bytes.withUnsafeBytes { raw in
      var out: [(line: Int, text: String)] = []
      parser.beginLines(raw, lineBytesMax: lineBytesMax)
      while let document = parser.nextLine() {
        if document.error != nil {
          out.append((document.line, "error"))
        } else {
          out.append((document.line, String(decoding: try JSONB.text(document, 0), as: UTF8.self)))
        }
      }
      return out
    }
  }

  @Test func `bad lines are told by number and the others are read`() throws {
    let found = try read("{\"a\":1}\n\n{\"a\":\r\n  [1]\r\n\"open\n{\"b\":\"x\"}\n\\\n\"q\\\"\\\\\"\n7")
    let expected = [
      (1, #"{"a": 1}"#), (3, "error"), (4, "[1]"), (5, "error"), (6, #"{"b": "x"}"#), (7, "error"), (8, #""q\"\\""#),
      (9, "7"),
    ]
    #expect(found.map(\.line) == expected.map(\.0))
    #expect(found.map(\.text) == expected.map(\.1))
  }

  @Test func `lines longer than a window are read, those over the bound are errors`() throws {
    let long = "\"" + String(repeating: "x", count: 300_000) + "\""
    let found = try read("1\n\(long)\n2\n\(long)", lineBytesMax: 400_000)
    #expect(found.map(\.text) == ["1", long, "2", long])
    #expect(try read("1\n\(long)\n2", lineBytesMax: 1000).map(\.text) == ["1", "error", "2"])
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func `reading lines together equals reading each alone`(seed: UInt64) throws {
    var source = JSONSource(seed: seed)
    var lines = (0..<3_000).map { _ in source.document() }
    for _ in 0..<Int.random(in: 0..<6, using: &source.random) {
      let at = Int.random(in: 0..<lines.count, using: &source.random)
      lines[at] = String(lines[at].dropLast())
    }
    let together = try read(lines.joined(separator: "\n"))
    let alone = lines.enumerated().compactMap { number, line -> String? in
      line.isEmpty ? nil : (try? JSONB.canonicalise(line)) ?? "error"
    }
    #expect(together.map(\.text) == alone, "seed \(seed)")
  }
}

@Suite struct ShreddingJSON {
  @Test(arguments: 0..<60 as Range<UInt64>)
  func `shredding and assembling gives jsonb's normal form`(seed: UInt64) throws {
    var source = JSONSource(seed: seed)
    let column = source.column(Int.random(in: 1..<400, using: &source.random))
    let shredded = try column.shredded()
    let back = shredded.flattened()
    #expect(back.count == column.count)
    for row in 0..<column.count { #expect(back.value(at: row) == (try normal(column.value(at: row))), "seed \(seed)") }
    guard case .shredded(let parts) = shredded.storage else { return }
    let low = Int.random(in: 0..<column.count, using: &source.random)
    let slice = parts.slice(low..<column.count).assembled()
    for row in 0..<slice.count { #expect(slice.value(at: row) == back.value(at: low + row), "seed \(seed)") }
    let picks = (0..<column.count).map { _ in UInt32.random(in: 0..<UInt32(column.count), using: &source.random) }
    let taken = parts.gathered(SelectionVector(picks)).assembled()
    for row in 0..<taken.count { #expect(taken.value(at: row) == back.value(at: Int(picks[row])), "seed \(seed)") }
  }

  @Test(arguments: 0..<60 as Range<UInt64>)
  func `a path reads as it does in each row's text`(seed: UInt64) throws {
    var source = JSONSource(seed: seed)
    let column = source.column(200)
    guard case .shredded(let parts) = try column.shredded().storage else { return }
    for _ in 0..<30 {
      let depth = Int.random(in: 1..<10, using: &source.random)
      let path = (0..<depth).map { _ in ["a", "b", "aa", "é", "", "ba"].randomElement(using: &source.random) ?? "a" }
      let text = try parts.read(path: path, as: .text)
      let json = try parts.read(path: path, as: .jsonb)
      let steps = path.map { JSONB.Step.key($0) }
      for row in 0..<column.count {
        let isNull = column.isNull(row)
        let plain = isNull ? nil : try JSONB.extractText(column.rawBytes(row), steps)
        let whole = isNull ? nil : try JSONB.extract(column.rawBytes(row), steps)
        let comment = Comment(rawValue: "seed \(seed), path \(path), row \(row)")
        #expect(text.value(at: row) == plain.map { .text(String(decoding: $0, as: UTF8.self)) } ?? .null, comment)
        #expect(json.value(at: row) == whole.map { .text(String(decoding: $0, as: UTF8.self)) } ?? .null, comment)
      }
    }
  }

  @Test(arguments: [DataType.float8, .numeric, .int8, .int4, .int2, .float4, .bool])
  func `a path read as a type is the cast of its text`(type: DataType) throws {
    var source = JSONSource(seed: 99)
    for _ in 0..<200 {
      let numbers = ["1", "0", "12.50", "-3.25", "100", "1e3", "0.1234567890123", "70000.5", "9007199254740993.5"]
      let integers = ["1", "0", "7", "-12", "32767"]
      let scalars = type == .bool ? ["true", "false", "\"t\"", "1"] : type.isInteger ? integers : numbers
      let values = (0..<20).map { _ -> Value in
        let scalar = (scalars + ["null"]).randomElement(using: &source.random) ?? "0"
        return Bool.random(using: &source.random) ? .text("{}") : .text("{\"p\":\(scalar)}")
      }
      guard case .shredded(let parts) = try Vector.of(values, type: .jsonb).shredded().storage else { return }
      let text = try parts.read(path: ["p"], as: .text)
      let typed = try parts.read(path: ["p"], as: type)
      for row in 0..<values.count {
        guard case .text(let plain) = text.value(at: row) else {
          #expect(typed.isNull(row))
          continue
        }
        #expect(typed.value(at: row) == (try TextFormat.input(plain, type: TypeReference(type), settings: .utc)))
      }
    }
  }

  @Test func `a cast that fails has PostgreSQL's words`() throws {
    for (text, type, state, message) in [
      (#"{"p":12.50}"#, DataType.int8, "22P02", #"invalid input syntax for type bigint: "12.50""#),
      (#"{"p":99999}"#, .int2, "22003", #"value "99999" is out of range for type smallint"#),
      (#"{"p":true}"#, .float8, "22P02", #"invalid input syntax for type double precision: "true""#),
      (#"{"p":{"q":1}}"#, .numeric, "22P02", #"invalid input syntax for type numeric: "{"q": 1}""#),
      (#"{"p":[]}"#, .bool, "22P02", #"invalid input syntax for type boolean: "[]""#),
    ] {
      guard case .shredded(let parts) = try Vector.of([.text(text)], type: .jsonb).shredded().storage else { return }
      let error = #expect(throws: ApusError.self) { try parts.read(path: ["p"], as: type) }
      #expect(error?.state.code == state)
      #expect(error?.message == message)
    }
  }

  @Test func `kinds follow the spelling of values`() throws {
    let texts = [
      #"{"p":1}"#, #"{"p":1.50}"#, #"{"p":"x"}"#, #"{"p":0.30000000000000004}"#, #"{"p":1e40}"#, #"{"p":null}"#,
      #"{"p":{}}"#, #"{"p":[1]}"#, #"{"p":true}"#, #"{"p":123456789012345678901.25}"#,
    ]
    guard
      case .shredded(let parts) = try Vector.of(texts.map { .text($0) }, type: .jsonb).shredded().storage
    else { return }
    #expect(parts.paths.allSatisfy { $0.path == ["p"] })
    #expect(
      parts.paths.map(\.kind) == [
        .int8, .decimal(scale: 2), .text, .float8, .numeric, .jsonNull, .emptyObject, .json, .bool,
      ])
  }

  @Test func `few distinct texts make a dictionary, many stay plain`() throws {
    let texts = (0..<1_000).map { Value.text("{\"c\":\"v\($0 % 7)\",\"u\":\"id-\($0)\"}") }
    guard case .shredded(let parts) = try Vector.of(texts, type: .jsonb).shredded().storage else { return }
    let country = try parts.read(path: ["c"], as: .text)
    #expect(country.isDictionary)
    #expect(country.value(at: 8) == .text("v1"))
    let unique = try parts.read(path: ["u"], as: .text)
    #expect(!unique.isDictionary)
    #expect(unique.value(at: 999) == .text("id-999"))
  }

  @Test func `more paths than there may be columns lose nothing`() throws {
    let texts = (0..<5_000).map { "{\"k\($0)\": {\"x\": \($0)}, \"same\": \($0 % 3)}" }
    let column = Vector.of(texts.map { .text($0) }, type: .jsonb)
    guard case .shredded(let parts) = try column.shredded().storage else { return }
    #expect(parts.paths.count <= 2 * Limits.propertyColumnsPerSegmentMax + 1)
    let back = parts.assembled()
    for row in 0..<texts.count { #expect(back.value(at: row) == (try normal(.text(texts[row])))) }
    #expect(try parts.read(path: ["k4999", "x"], as: .int8).value(at: 4_999) == .int(4_999))
    #expect(try parts.read(path: ["same"], as: .int8).value(at: 4_999) == .int(1))
  }

  @Test func `a row that fails leaves no trace`() throws {
    let builder = ShreddedBuilder()
    let parser = try JSONParser()
    for text in [#"{"a":1}"#, #"{"a":2,"b":"x","c":1e999999}"#, #"{"b":"y"}"#] {
      try Array(text.utf8).withUnsafeBytes { raw in
        let document = parser.parse(raw)
        do { try builder.append(document) } catch let error as ApusError {
          #expect(error.state == .numericValueOutOfRange)
        }
      }
    }
    let back = builder.finishVector().flattened()
    #expect((0..<back.count).map { back.value(at: $0) } == [.text(#"{"a": 1}"#), .text(#"{"b": "y"}"#)])
  }

  @Test func `numbers written out have a bound in all`() throws {
    let builder = ShreddedBuilder()
    let parser = try JSONParser()
    var refused: ApusError?
    try Array(#"{"a":1e131071}"#.utf8).withUnsafeBytes { raw in
      for _ in 0..<4_000 where refused == nil {
        let document = parser.parse(raw)
        do { try builder.append(document) } catch let error as ApusError { refused = error }
      }
    }
    #expect(refused?.state == .programLimitExceeded)
  }

  @Test(arguments: 0..<40 as Range<UInt64>)
  func `damaged texts are errors or values, never a trap`(seed: UInt64) throws {
    var source = JSONSource(seed: seed)
    let parser = try JSONParser()
    for _ in 0..<500 {
      var bytes = Array(source.document().utf8)
      for _ in 0..<Int.random(in: 1..<5, using: &source.random) where !bytes.isEmpty {
        let at = Int.random(in: 0..<bytes.count, using: &source.random)
        switch Int.random(in: 0..<4, using: &source.random) {
        case 0: bytes[at] = UInt8.random(in: 0...255, using: &source.random)
        case 1: bytes.remove(at: at)
        case 2: bytes.insert("{}[]\",:\\u0n-e.".utf8.randomElement(using: &source.random) ?? 0, at: at)
        default: bytes.removeLast(bytes.count - at)
        }
      }
      bytes.withUnsafeBytes { raw in
        let builder = ShreddedBuilder()
        let document = parser.parse(raw)
        if let error = document.error {
          #expect(!error.apusError(raw).message.isEmpty)
          return
        }
        guard (try? builder.append(document)) != nil else { return }
        #expect(builder.finishVector().flattened().value(at: 0) == (try? JSONB.canonicalise(raw)).map {
          .text(String(decoding: $0, as: UTF8.self))
        })
      }
    }
  }
}
