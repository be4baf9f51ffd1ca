// Ingest held to what cannot be listed: what is read back of any properties, and bodies that are broken at random.

import ApusBase
import ApusColumns
import ApusStore
import Testing

@testable import ApusEngine

@Suite struct IngestedProperties {
  /// One event a line, its number in `session_id`.
  private static func body(_ documents: [String]) -> String {
    documents.enumerated().map { #"{"event": "e", "session_id": "\#($0)", "properties": \#($1)}"# }.joined(
      separator: "\n")
  }

  private static func read(_ fixture: IngestFixture) throws -> [String?] {
    try fixture.rows().sorted { Int($0["session_id"] ?? "") ?? 0 < Int($1["session_id"] ?? "") ?? 0 }
      .map { $0["properties"] }
  }

  @Test func `what is read back equals what PostgreSQL's jsonb gives, before and after a flush and a restart`() throws {
    let fixture = try IngestFixture()
    let outcome = try fixture.post(Self.body(PropertyAnswers.all.map { $0.sent }))
    #expect(outcome.stored == PropertyAnswers.all.count)
    #expect(try Self.read(fixture) == PropertyAnswers.all.map { $0.answer })
    try fixture.reopen()
    #expect(try Self.read(fixture) == PropertyAnswers.all.map { $0.answer })
    try fixture.database.store.checkpoint()
    #expect(try Self.read(fixture) == PropertyAnswers.all.map { $0.answer })
  }

  @Test func `many small requests read back as one large one`() throws {
    let one = try IngestFixture()
    try one.post(Self.body(PropertyAnswers.all.map { $0.sent }))
    let many = try IngestFixture()
    for (index, pair) in PropertyAnswers.all.enumerated() {
      try many.post(#"{"event": "e", "session_id": "\#(index)", "properties": \#(pair.sent)}"#)
    }
    #expect(try Self.read(many) == Self.read(one))
  }

  @Test func `a value that no numeric holds spoils its own event only, whole`() throws {
    let fixture = try IngestFixture()
    try fixture.run("CREATE TABLE two (a jsonb, properties jsonb, b jsonb)")
    let outcome = try fixture.post(
      "{\"a\": {\"x\": 1}, \"b\": {\"y\": 1}}\n{\"a\": {\"x\": 2}, \"b\": {\"y\": 1e200000}}\n"
        + "{\"a\": {\"x\": 3}, \"c\": 1e200000, \"b\": 1}\n{\"a\": {\"x\": 4}, \"c\": [5]}", table: "two")
    #expect(outcome.rejected.map(\.line) == [2, 3])
    #expect(outcome.rejected.allSatisfy { $0.code == "invalid_value" })
    #expect(
      try fixture.rows("two") == [
        ["a": #"{"x": 1}"#, "b": #"{"y": 1}"#], ["a": #"{"x": 4}"#, "properties": #"{"c": [5]}"#],
      ])
  }
}

@Suite struct BrokenBodies {
  private static let seeds: [(IngestDialect, String)] = [
    (
      .native,
      #"{"time": "2026-06-30T10:00:00.123456Z", "event": "e", "user_id": "u", "event_id": "i", "#
        + #""sent_at": "2026-06-30", "properties": {"a": 1.50, "b": [1, {"c": null}], "#
        + #""d": {"e": "\u00e9\ud83d\ude00"}, "#
        + #""f": -1e-5}}"# + "\n"
        + #"{"event": "x", "extra": {"y": true}, "received_at": "2026-06-30T10:00:00+02"}"# + "\n"
    ),
    (.native, #"[{"event": "a", "properties": {}}, {"event": "b", "x": 12345678901234567890}]"#),
    (
      .segment(.batch),
      #"{"batch": [{"type": "track", "event": "A", "userId": "u", "timestamp": "2026-06-30T10:00:00Z", "#
        + #""context": {"a": 1}}, {"type": "page", "name": "N", "properties": {"name": 1, "p": [2]}}], "#
        + #""sentAt": "2026-06-30T10:00:01Z", "context": {"b": {"c": 2}}}"#
    ),
    (
      .posthog(.capture),
      #"{"api_key": "k", "sent_at": "2026-06-30T10:00:01Z", "batch": [{"event": "$identify", "distinct_id": "u", "#
        + #""uuid": "i", "timestamp": "2026-06-30T10:00:00Z", "$set": {"a": 1}, "#
        + #""properties": {"$set": {"b": [2]}, "$session_id": "s", "$process_person_profile": false}}, "#
        + #"{"event": "e", "offset": 5, "properties": {"distinct_id": 3}}]}"#
    ),
    (.posthog(.analytics), #"{"batch": [{"event": "e", "distinct_id": "u", "options": {"a": 1}, "session_id": "s"}]}"#),
    (.segment(.identify), #"{"userId": 1, "traits": {"a": {"b": {}}}, "previousId": null, "groupId": "g"}"#),
  ]
  private static let bits = [
    "\"", "\\", "{", "}", "[", "]", ",", ":", "\n", "\0", "\u{FEFF}", "null", "1e999999", "\\u0000", "\\ud800", "-",
    "9", "é", "true", "{}", "[[[[", "2026-06-30", "infinity", "\"event\"", "\"properties\":", "\"batch\":[",
  ]

  private static func mutated(_ text: String, _ random: inout SeededRandom) -> [UInt8] {
    var bytes = Array(text.utf8)
    for _ in 0..<Int.random(in: 1...6, using: &random) {
      let place = Int.random(in: 0...bytes.count, using: &random)
      let end = min(bytes.count, place + Int.random(in: 0...12, using: &random))
      switch Int.random(in: 0..<6, using: &random) {
      case 0: bytes.removeSubrange(place..<end)
      case 1: bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
      case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: place)
      case 3: if place < bytes.count { bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random) }
      case 4: bytes = Array(bytes[..<place])
      default: bytes.insert(contentsOf: (bits.randomElement(using: &random) ?? "").utf8, at: place)
      }
    }
    return bytes
  }

  @Test(arguments: [1, 2, 3] as [UInt64]) func `are answered, and what is stored of them can be read`(
    seed: UInt64
  ) throws {
    var random = SeededRandom(seed: seed)
    let fixture = try IngestFixture()
    let target = try fixture.database.ingestTarget("events")
    for _ in 0..<1_500 {
      guard let (dialect, text) = Self.seeds.randomElement(using: &random) else { continue }
      let request = IngestRequest(
        dialect: dialect, body: Self.mutated(text, &random), acceptsAnyTime: Bool.random(using: &random),
        isVerbose: Bool.random(using: &random))
      do {
        let decoded = try fixture.database.decode(request, target)
        for batch in decoded.batches {
          for column in batch.rows.columns {
            #expect(column.count == batch.rows.count, "seed \(seed)")
            for row in 0..<column.count { _ = column.value(at: row) }
          }
        }
      } catch let error as ApusError {
        #expect(error.state != .internalError, "seed \(seed): \(error)")
      }
      if Int.random(in: 0..<20, using: &random) == 0 { _ = try? fixture.database.ingest(request) }
    }
    _ = try fixture.rows()
    try fixture.reopen()
    try fixture.database.store.checkpoint()
    _ = try fixture.rows()
  }
}
