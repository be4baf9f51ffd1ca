// Tests of Segment's calls, as docs/EVENTS.md maps them.

import ApusBase
import ApusColumns
import Testing

@testable import ApusEngine

@Suite struct SegmentIngest {
  @Test func `track becomes its event`() throws {
    let fixture = try IngestFixture()
    try fixture.post(
      #"{"type": "track", "event": "Signed Up", "userId": "u1", "anonymousId": "a1", "messageId": "m1", "#
        + #""timestamp": "2026-06-30T09:00:00.000Z", "sentAt": "2026-06-30T09:00:02.000Z", "#
        + #""properties": {"plan": "pro", "price": 12.50}, "context": {"library": {"name": "x"}}, "#
        + #""integrations": {}, "writeKey": "k"}"#, .segment(.track))
    #expect(
      try fixture.rows() == [
        [
          "time": "2026-06-30 11:59:58+00", "event": "Signed Up", "user_id": "u1", "anonymous_id": "a1",
          "event_id": "m1", "sent_at": "2026-06-30 09:00:02+00", "received_at": "2026-06-30 12:00:00+00",
          "properties": #"{"plan": "pro", "price": 12.50, "$context": {"library": {"name": "x"}}, "#
            + #""$client_time": "2026-06-30T09:00:00.000Z"}"#,
        ]
      ])
  }

  @Test func `other calls have names of their own`() throws {
    let fixture = try IngestFixture()
    let calls: [(IngestDialect.SegmentCall, String, String)] = [
      (.page, #""name": "Home", "category": "Docs", "properties": {"name": "x", "url": "/"}"#, "$pageview"),
      (.screen, #""name": "Main""#, "$screen"), (.identify, #""traits": {"email": "e"}"#, "$identify"),
      (.group, #""groupId": "g", "traits": {"size": 3}"#, "$group"), (.alias, #""previousId": "p""#, "$alias"),
    ]
    for (call, members, _) in calls { try fixture.post(#"{"userId": "u", "# + members + "}", .segment(call)) }
    let rows = try fixture.rows()
    #expect(rows.compactMap { $0["event"] } == calls.map(\.2))
    #expect(
      rows.compactMap { $0["properties"] } == [
        #"{"url": "/", "name": "Home", "category": "Docs"}"#, #"{"name": "Main"}"#, #"{"$set": {"email": "e"}}"#,
        #"{"$set": {"size": 3}, "groupId": "g"}"#, #"{"previousId": "p"}"#,
      ])
  }

  @Test func `a batch's events are read one by one, with its sentAt and context`() throws {
    let fixture = try IngestFixture()
    let outcome = try fixture.post(
      #"{"batch": [{"type": "track", "event": "A", "userId": "u1", "timestamp": "2026-06-30T09:00:00Z"}, "#
        + #"{"type": "page", "name": "Home", "anonymousId": "a", "context": {"ip": "1", "app": 2}}, "#
        + #"{"type": "track", "userId": "u"}, {"type": "other"}, {"event": "x"}, "#
        + #"{"type": "track", "event": "\u0000"}, "#
        + #"{"type": "identify", "userId": 7, "traits": {}}, {"type": "track", "event": "", "userId": ""}], "#
        + #""sentAt": "2026-06-30T09:00:10Z", "context": {"ip": "0", "os": "x"}, "writeKey": "k"}"#, .segment(.batch))
    #expect(outcome.stored == 3)
    #expect(outcome.rejected.map(\.line) == [3, 4, 5, 6, 8])
    #expect(
      outcome.rejected.map(\.code) == [
        "missing_event", "unknown_type", "unknown_type", "invalid_character", "missing_event",
      ])
    let rows = try fixture.rows()
    #expect(rows[0]["time"] == "2026-06-30 11:59:50+00")
    #expect(
      rows[0]["properties"] == #"{"$context": {"ip": "0", "os": "x"}, "$client_time": "2026-06-30T09:00:00Z"}"#)
    #expect(rows[1]["properties"] == #"{"name": "Home", "$context": {"ip": "1", "os": "x", "app": 2}}"#)
    #expect(rows[2]["user_id"] == "7")
    #expect(rows[2]["properties"] == #"{"$set": {}, "$context": {"ip": "0", "os": "x"}}"#)
  }

  @Test func `an empty batch is taken, and one that is none fails`() throws {
    let fixture = try IngestFixture()
    #expect(try fixture.post(#"{"batch": []}"#, .segment(.batch)).stored == 0)
    for body in ["{}", #"{"batch": 1}"#, #"{"batch": [}"#, "[]", ""] {
      #expect(throws: ApusError.self) { try fixture.post(body, .segment(.batch)) }
    }
  }

  @Test func `a table without the columns is refused`() throws {
    let fixture = try IngestFixture()
    try fixture.run("CREATE TABLE t (time timestamptz NOT NULL, event text)")
    #expect { try fixture.post(#"{"event": "x"}"#, .segment(.track), table: "t") } throws: {
      ($0 as? ApusError)?.state == .undefinedColumn
    }
  }
}
