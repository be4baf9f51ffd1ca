// Tests of PostHog's events, as docs/EVENTS.md maps them.

import ApusBase
import ApusColumns
import Testing

@testable import ApusEngine

@Suite struct PostHogIngest {
  private static let uuid = "0198b4f4-0000-7000-8000-000000000001"

  @Test func `a batch's fields have their places, and its sent_at corrects the clock`() throws {
    let fixture = try IngestFixture()
    let outcome = try fixture.post(
      #"{"api_key": "k", "sent_at": "2026-06-30T09:00:02Z", "historical_migration": false, "#
        + #""batch": [{"event": "Signed Up", "uuid": "\#(Self.uuid)", "distinct_id": "u1", "#
        + #""timestamp": "2026-06-30T09:00:00Z", "library": "x", "#
        + #""properties": {"price": 12.50, "$session_id": "s1", "$lib": "web"}}]}"#, .posthog(.capture))
    #expect(outcome.stored == 1)
    #expect(
      try fixture.rows() == [
        [
          "time": "2026-06-30 11:59:58+00", "event": "Signed Up", "user_id": "u1", "session_id": "s1",
          "event_id": Self.uuid, "sent_at": "2026-06-30 09:00:02+00", "received_at": "2026-06-30 12:00:00+00",
          "properties":
            #"{"$lib": "web", "price": 12.50, "$session_id": "s1", "$client_time": "2026-06-30T09:00:00Z"}"#,
        ]
      ])
  }

  @Test func `an event by itself and an array of events are taken too`() throws {
    let fixture = try IngestFixture()
    #expect(try fixture.post(#"{"event": "a", "api_key": "k", "distinct_id": 7}"#, .posthog(.capture)).stored == 1)
    #expect(
      try fixture.post(
        #"[{"event": "b", "properties": {"distinct_id": "u", "token": "apus_ingest_x"}}, "#
          + #"{"event": "c", "properties": {"$distinct_id": "v", "token": "phc"}}]"#, .posthog(.capture)
      ).stored == 2)
    let rows = try fixture.rows()
    #expect(rows.compactMap { $0["user_id"] } == ["7", "u", "v"])
    #expect(
      rows.map { $0["properties"] } == [
        nil, #"{"distinct_id": "u"}"#, #"{"token": "phc", "$distinct_id": "v"}"#,
      ])
  }

  @Test(arguments: ["false", "0", #""False""#, #""0""#])
  func `without a person profile the id is an anonymous one`(spelling: String) throws {
    let fixture = try IngestFixture()
    try fixture.post(
      #"{"event": "a", "distinct_id": "d", "properties": {"$process_person_profile": \#(spelling)}}"#,
      .posthog(.capture))
    try fixture.post(
      #"{"batch": [{"event": "a", "distinct_id": "d", "options": {"process_person_profile": \#(spelling)}}]}"#,
      .posthog(.analytics))
    for row in try fixture.rows() { #expect(row["user_id"] == nil && row["anonymous_id"] == "d") }
  }

  @Test func `identify brings the anonymous id along`() throws {
    let fixture = try IngestFixture()
    try fixture.post(
      #"{"event": "$identify", "distinct_id": "u", "properties": {"$anon_distinct_id": "a", "#
        + #""$set": {"x": 1, "y": 1}}, "$set": {"y": 2}, "$set_once": {"z": 3}}"#, .posthog(.capture))
    let row = try #require(try fixture.rows().first)
    #expect(row["user_id"] == "u" && row["anonymous_id"] == "a")
    #expect(
      row["properties"] == #"{"$set": {"x": 1, "y": 2}, "$set_once": {"z": 3}, "$anon_distinct_id": "a"}"#)
  }

  @Test func `what the analytics endpoint takes out of properties is put back`() throws {
    let fixture = try IngestFixture()
    var request = IngestRequest(
      dialect: .posthog(.analytics),
      body: Array(
        (#"{"created_at": "2026-06-30T09:00:00Z", "batch": [{"event": "e", "distinct_id": "u", "session_id": "s", "#
          + #""window_id": "w", "timestamp": "2026-06-30T09:00:00Z", "options": {"process_person_profile": true, "#
          + #""disable_skew_correction": true}, "properties": {"a": 1}}]}"#).utf8))
    request.library = ("posthog-go", "1.2")
    request.sentAt = fixture.database.now()
    _ = try fixture.database.ingest(request)
    let row = try #require(try fixture.rows().first)
    #expect(row["time"] == "2026-06-30 09:00:00+00" && row["session_id"] == "s" && row["sent_at"] == nil)
    #expect(
      row["properties"] == #"{"a": 1, "$lib": "posthog-go", "$window_id": "w", "$session_id": "s", "#
        + #""$lib_version": "1.2", "$ignore_sent_at": true, "$process_person_profile": true}"#)
  }

  @Test func `an offset tells how long ago it was`() throws {
    let fixture = try IngestFixture()
    try fixture.post(#"{"event": "e", "distinct_id": "u", "offset": 1500}"#, .posthog(.capture))
    #expect(try fixture.rows().first?["time"] == "2026-06-30 11:59:58.5+00")
    #expect(
      try fixture.post(#"{"event": "e", "distinct_id": "u", "offset": 9223372036854775807}"#, .posthog(.capture))
        .rejected.map(\.code) == ["invalid_value"])
  }

  @Test func `events without a name or an id are rejected, the others stored`() throws {
    let fixture = try IngestFixture()
    let outcome = try fixture.post(
      #"{"sent_at": "no time", "batch": [{"event": "a"}, {"distinct_id": "u"}, {"event": "", "distinct_id": "u"}, "#
        + #"{"event": "b", "distinct_id": ""}, {"event": "c", "distinct_id": "u", "properties": 1}, 3, "#
        + #"{"event": "d", "distinct_id": "u", "uuid": "x", "properties": null}]}"#, .posthog(.capture))
    #expect(outcome.stored == 1)
    #expect(
      outcome.rejected.map(\.code) == [
        "missing_value", "missing_event", "missing_event", "missing_value", "invalid_value", "not_an_object",
      ])
    #expect(try fixture.rows().first?["event_id"] == "x")
    for body in ["", "{\"batch\": 1}", "nonsense"] {
      #expect(throws: ApusError.self) { try fixture.post(body, .posthog(.capture)) }
    }
    #expect(throws: ApusError.self) { try fixture.post(#"{"event": "e", "distinct_id": "u"}"#, .posthog(.analytics)) }
  }
}
