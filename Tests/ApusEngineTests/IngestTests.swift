// Tests of native ingest: what becomes of each field, of each kind of body, and of events that cannot be stored.

import ApusBase
import ApusColumns
import ApusStore
import Foundation
import Testing

@testable import ApusEngine

@Suite struct NativeIngest {
  @Test func `an object, an array and lines are all taken`() throws {
    let fixture = try IngestFixture()
    #expect(try fixture.post(#"{"event": "a"}"#).stored == 1)
    #expect(try fixture.post("{\n  \"event\": \"pretty\",\n  \"properties\": {\"x\": 1}\n}\n").stored == 1)
    #expect(try fixture.post(#" [{"event": "b"}, {"event": "c"} ] "#).stored == 2)
    #expect(try fixture.post("{\"event\": \"d\"}\r\n\n{\"event\": \"e\"}\n{\"event\": \"f\"}").stored == 3)
    #expect(try fixture.post("[]").stored == 0)
    #expect(try fixture.rows().compactMap { $0["event"] } == ["a", "pretty", "b", "c", "d", "e", "f"])
  }

  @Test func `fields have the columns' names, and others go to properties`() throws {
    let fixture = try IngestFixture()
    try fixture.post(
      #"{"time": "2026-06-30T10:00:00.5+02:00", "event": "e", "user_id": "u", "anonymous_id": "a", "#
        + #""session_id": "s", "event_id": "i", "properties": {"p": 1.50, "q": {"r": null}}, "extra": [1], "p": 2}"#)
    #expect(
      try fixture.rows() == [
        [
          "time": "2026-06-30 08:00:00.5+00", "event": "e", "user_id": "u", "anonymous_id": "a", "session_id": "s",
          "event_id": "i", "received_at": "2026-06-30 12:00:00+00",
          "properties": #"{"p": 1.50, "q": {"r": null}, "extra": [1]}"#,
        ]
      ])
  }

  @Test func `without a time the time of receipt stands`() throws {
    let fixture = try IngestFixture()
    try fixture.post(#"{"event": "e", "time": null, "properties": null}"#)
    #expect(
      try fixture.rows() == [
        ["time": "2026-06-30 12:00:00+00", "event": "e", "received_at": "2026-06-30 12:00:00+00"]
      ])
  }

  @Test func `the client's clock is taken out of the time, and its own time is kept`() throws {
    let fixture = try IngestFixture()
    try fixture.post(#"{"event": "e", "time": "2026-07-05T10:00:00Z", "sent_at": "2026-07-05T10:00:03Z"}"#)
    try fixture.post(
      #"{"event": "f", "time": "2026-06-30T10:00:00Z", "sent_at": "2026-06-30T10:00:03Z", "#
        + #""received_at": "2026-06-30T11:00:00Z"}"#)
    let rows = try fixture.rows()
    #expect(rows[0]["time"] == "2026-06-30 11:59:57+00")
    #expect(rows[0]["sent_at"] == "2026-07-05 10:00:03+00")
    #expect(rows[0]["properties"] == #"{"$client_time": "2026-07-05T10:00:00Z"}"#)
    // One that brings its own receipt has been through here before.
    #expect(rows[1]["time"] == "2026-06-30 10:00:00+00")
    #expect(rows[1]["properties"] == nil)
  }

  @Test func `bad lines are told by number and kept, and the good ones land`() throws {
    let fixture = try IngestFixture()
    let lines = [
      #"{"event": "good 1"}"#, #"{"event": "broken""#, "", #"{"user_id": "u", "event_id": "no-name"}"#, "[1]",
      #"{"event": "old", "event_id": "i6", "time": "someday"}"#, #"{"event": "nul \u0000"}"#,
      #"{"event": "deep", "x": "# + String(repeating: "[", count: 70) + String(repeating: "]", count: 70) + "}",
      #"{"event": "far", "time": "2026-07-02T12:00:00Z"}"#, #"{"event": "g", "distinct_id": "d"}"#,
      #"{"event": "h", "properties": [1]}"#, #"{"event": {"a": 1}}"#,
      #"{"event": "big", "x": ""# + String(repeating: "x", count: 1 << 20) + "\"}", #"{"event": "good 2"}"#,
      #"{"event": "cut off", "#,
    ]
    let outcome = try fixture.post(lines.joined(separator: "\n"))
    #expect(outcome.stored == 2)
    #expect(outcome.rejected.map(\.line) == [2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15])
    #expect(
      outcome.rejected.map(\.code) == [
        "malformed_json", "missing_event", "not_an_object", "invalid_value", "invalid_character", "too_deep", "too_new",
        "invalid_value", "invalid_value", "invalid_value", "too_large", "malformed_json",
      ])
    #expect(outcome.rejected[1].eventID == "no-name")
    #expect(outcome.rejected[3].eventID == "i6")
    #expect(try fixture.rows().compactMap { $0["event"] } == ["good 1", "good 2"])
    let kept = try fixture.rows("rejects", schema: "apus")
    #expect(kept.count == 12)
    #expect(kept[0]["payload"] == #"{"event": "broken""#)
    #expect(kept[0]["line"] == "2")
    #expect(kept[0]["dialect"] == "native")
    #expect(kept[0]["table_name"] == "events")
    #expect(kept[1]["event_id"] == "no-name")
    #expect(kept[10]["payload"]?.utf8.count == 64 << 10)
  }

  @Test func `bytes that are not UTF-8 spoil their own line only`() throws {
    let fixture = try IngestFixture()
    let body = Array("{\"event\": \"a\"}\n{\"event\": \"".utf8) + [0xFF] + Array("\"}\n{\"event\": \"c\"}".utf8)
    let outcome = try fixture.database.ingest(IngestRequest(body: body))
    #expect(outcome.stored == 2)
    #expect(outcome.rejected.map(\.code) == ["invalid_utf8"])
    #expect(outcome.rejected.map(\.line) == [2])
  }

  @Test func `elements of an array are read one by one`() throws {
    let fixture = try IngestFixture()
    let outcome = try fixture.post(#"[{"event": "a"}, {"event": }, {"event": "c"}, {"event": "d"]"#)
    #expect(outcome.stored == 2)
    #expect(outcome.rejected.map(\.line) == [2, 4, 5])
    #expect(try fixture.post(#"[{"event": "e"}] x"#).rejected.map(\.code) == ["malformed_json"])
  }

  @Test func `a body of which nothing can be read fails whole`() throws {
    let fixture = try IngestFixture()
    for body in ["", " \n ", "nonsense", #"{"event": "#, "{]\n[}\n"] {
      #expect { try fixture.post(body) } throws: { ($0 as? ApusError)?.state == .invalidTextRepresentation }
    }
    #expect { try fixture.post("{}", table: "none") } throws: { ($0 as? ApusError)?.state == .undefinedTable }
    #expect(try fixture.rows().isEmpty)
  }

  @Test func `an event id is stored once, across requests and restarts`() throws {
    let fixture = try IngestFixture()
    let body = #"{"event": "a", "event_id": "1"}"# + "\n" + #"{"event": "b", "event_id": "2"}"# + "\n"
    #expect(try fixture.post(body + body).duplicates == 2)
    #expect(try fixture.post(body).stored == 0)
    try fixture.reopen()
    let outcome = try fixture.post(body + #"{"event": "c", "event_id": ""}"# + "\n" + #"{"event": "c"}"#, verbose: true)
    #expect(outcome.stored == 2)
    #expect(outcome.duplicates == 2)
    #expect(outcome.events.map(\.status) == [.duplicate, .duplicate, .stored, .stored])
    #expect(outcome.events.map(\.eventID) == ["1", "2", "", nil])
    #expect(try fixture.rows().count == 4)
  }

  @Test func `an import takes any time and leaves generated columns out`() throws {
    let fixture = try IngestFixture()
    let body = #"{"event": "a", "time": "1999-01-01T00:00:00Z", "sent_at": "2026-01-01T00:00:00Z", "distinct_id": "d"}"#
    let outcome = try fixture.post(body + "\n" + #"{"event": "b", "time": "2199-01-01"}"#, anyTime: true)
    #expect(outcome.stored == 2)
    #expect(
      try fixture.rows().compactMap { $0["time"] }.sorted() == ["1999-01-01 00:00:00+00", "2199-01-01 00:00:00+00"])
  }

  @Test func `numbers and truth values become text in text columns`() throws {
    let fixture = try IngestFixture()
    try fixture.post(#"{"event": "a", "user_id": 42, "session_id": true, "event_id": 1.50}"#)
    let row = try fixture.rows()[0]
    #expect(row["user_id"] == "42" && row["session_id"] == "true" && row["event_id"] == "1.50")
  }

  @Test func `counts are kept by table and dialect`() throws {
    let fixture = try IngestFixture()
    try fixture.post(#"{"event": "a", "event_id": "1"}"#)
    try fixture.post("{\"event\": \"a\", \"event_id\": \"1\"}\n{}")
    try fixture.post(#"{"event": "x"}"#, .segment(.track))
    _ = try? fixture.post("nonsense")
    let counts = fixture.database.ingestCounts
    #expect(counts.map(\.dialect) == ["native", "segment"])
    #expect(counts.map(\.stored) == [1, 1])
    #expect(counts[0].duplicates == 1)
    #expect(counts[0].rejected == 2)
  }
}

@Suite struct IngestIntoOwnTables {
  @Test func `members are read as their columns' types`() throws {
    let fixture = try IngestFixture()
    try fixture.run(
      """
      CREATE TABLE t (time timestamptz NOT NULL, a int8, b int4, c int2, d float8, e numeric(6,2), f bool, g date,
        h uuid, i varchar(3), j jsonb, k text DEFAULT 'none', l int4 DEFAULT 7, m int8[])
      """)
    let good = #"{"time": "2026-01-01", "a": 9007199254740993, "b": 2, "c": "3", "d": 1e-3, "e": 12.345, "f": "yes", "#
    let outcome = try fixture.post(
      good + #""g": "2026-02-03", "h": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "i": "abc", "j": [1, {"b": 1.0}]}"#
        + "\n"
        + #"{"k": null, "l": null, "j": null}"# + "\n" + #"{"b": 3000000000}"# + "\n" + #"{"i": "abcd"}"# + "\n"
        + #"{"z": 1}"# + "\n" + #"{"f": {}}"#, table: "t")
    #expect(outcome.stored == 2)
    #expect(outcome.rejected.map(\.line) == [3, 4, 5, 6])
    #expect(
      outcome.rejected.map(\.code) == ["invalid_value", "invalid_value", "unknown_field", "invalid_value"])
    let rows = try fixture.rows("t").sorted { ($0["time"] ?? "") < ($1["time"] ?? "") }
    #expect(
      rows[0] == [
        "time": "2026-01-01 00:00:00+00", "a": "9007199254740993", "b": "2", "c": "3", "d": "0.001", "e": "12.35",
        "f": "t", "g": "2026-02-03", "h": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "i": "abc",
        "j": #"[1, {"b": 1.0}]"#, "k": "none", "l": "7",
      ])
    #expect(rows[1] == ["time": "2026-06-30 12:00:00+00"])
  }

  @Test func `a column that must not be null must be there`() throws {
    let fixture = try IngestFixture()
    try fixture.run("CREATE TABLE u (a int8 NOT NULL, b text)")
    let outcome = try fixture.post("{\"b\": \"x\"}\n{\"a\": null}\n{\"a\": 1}", table: "u")
    #expect(outcome.stored == 1)
    #expect(outcome.rejected.map(\.code) == ["missing_value", "missing_value"])
  }

  @Test func `computed defaults stand where a column is left out, and only there`() throws {
    let fixture = try IngestFixture()
    try fixture.run("CREATE TABLE d (a int8, b text DEFAULT 'X' || 'y', c int4 DEFAULT 1 + 1)")
    let outcome = try fixture.post(#"[{"a": 1}, {"a": 2, "b": null, "c": 7}, {"a": 3, "b": "z"}]"#, table: "d")
    #expect(outcome.stored == 3)
    #expect(
      try fixture.rows("d") == [
        ["a": "1", "b": "Xy", "c": "2"], ["a": "2", "c": "7"], ["a": "3", "b": "z", "c": "2"],
      ])
  }

  @Test func `declared bounds of time hold for times with and without zone`() throws {
    let fixture = try IngestFixture()
    for type in ["timestamptz", "timestamp"] {
      try fixture.run(
        "CREATE TABLE r_\(type) (at \(type), n int8) "
          + "WITH (time_column = 'at', accept_past = '7 days', accept_future = '1 day')")
      let outcome = try fixture.post(
        "{\"at\": \"2026-06-20\"}\n{\"at\": \"2026-06-29\"}\n{\"at\": \"2026-07-02\"}", table: "r_\(type)")
      #expect(outcome.stored == 1)
      #expect(outcome.rejected.map(\.code) == ["too_old", "too_new"])
    }
  }
}

@Suite struct JSONThroughSQL {
  @Test func `inserted and copied jsonb is kept in its normal form, and read by path`() throws {
    let fixture = try IngestFixture()
    try fixture.run(
      #"INSERT INTO events (event, properties) VALUES ('e', '{"b": 1.50, "aa": 1, "b": {"c": [1, 2]}}'), ('f', NULL)"#)
    let rows = try fixture.rows()
    #expect(rows.map { $0["properties"] } == [#"{"b": {"c": [1, 2]}, "aa": 1}"#, nil])
    let group = try #require(fixture.database.store.snapshot().table(schema: "public", name: "events")?.rowGroups.first)
    let column = try #require(
      fixture.database.store.snapshot().table(schema: "public", name: "events")?.definition.column(named: "properties"))
    let path = ColumnReference(column: column.id, path: ["aa"], type: .text)
    #expect(try group.read(path, rows: 0..<2).value(at: 0) == .text("1"))
    #expect(throws: ApusError.self) {
      try fixture.run("INSERT INTO events (event, properties) VALUES ('e', '{')")
    }
  }

  @Test func `texts are read as json and jsonb as PostgreSQL reads them`() throws {
    let json = TypeReference(.json)
    let jsonb = TypeReference(.jsonb)
    #expect(try TextFormat.input(#"{"b" : 1.0,"a":2}"#, type: json, settings: .utc) == .text(#"{"b" : 1.0,"a":2}"#))
    #expect(try TextFormat.input(#"{"b" : 1.0,"a":2}"#, type: jsonb, settings: .utc) == .text(#"{"a": 2, "b": 1.0}"#))
    for (text, state) in [("{", SQLState.invalidTextRepresentation), (#""\u0000""#, .untranslatableCharacter)] {
      #expect { try TextFormat.input(text, type: jsonb, settings: .utc) } throws: {
        ($0 as? ApusError)?.state == state
      }
    }
  }
}
