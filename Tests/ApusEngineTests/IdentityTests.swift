// Tests of who is who: the views users and identities, and apus.person.

import ApusBase
import ApusColumns
import Testing

@testable import ApusEngine

@Suite struct Identities {
  @Test func `ids are joined by the calls of each dialect`() throws {
    let fixture = try IngestFixture()
    try fixture.post(#"{"userId": "u1", "anonymousId": "a1", "traits": {}}"#, .segment(.identify))
    try fixture.post(#"{"userId": "u1", "previousId": "a2"}"#, .segment(.alias))
    try fixture.post(
      #"{"event": "$identify", "distinct_id": "u2", "properties": {"$anon_distinct_id": "a3"}}"#, .posthog(.capture))
    try fixture.post(
      #"{"event": "$create_alias", "distinct_id": "u2", "properties": {"alias": "a4"}}"#, .posthog(.capture))
    try fixture.post(#"{"event": "$identify", "user_id": "u3", "anonymous_id": "a5"}"#)
    // These join nothing.
    try fixture.post(#"{"event": "x", "user_id": "u4", "anonymous_id": "a6"}"#)
    try fixture.post(#"{"userId": "u5", "traits": {}}"#, .segment(.identify))
    try fixture.post(#"{"event": "$identify", "user_id": "u6", "anonymous_id": "u6"}"#)
    #expect(
      try fixture.values("SELECT anonymous_id, user_id FROM identities ORDER BY 1") == [
        ["a1", "u1"], ["a2", "u1"], ["a3", "u2"], ["a4", "u2"], ["a5", "u3"],
      ])
    #expect(
      try fixture.values("SELECT apus.person(x) FROM unnest(array['a1', 'a4', 'u1', 'a6', NULL]) AS x") == [
        ["u1"], ["u2"], ["u1"], ["a6"], ["NULL"],
      ])
  }

  @Test func `the first link of an id stands, chains are followed, and circles have one end`() throws {
    let fixture = try IngestFixture()
    func identify(_ id: String, as user: String, at time: String) throws {
      try fixture.post(
        #"{"event": "$identify", "user_id": "\#(user)", "anonymous_id": "\#(id)", "time": "2026-06-30T\#(time)Z"}"#)
    }
    try identify("shared", as: "second", at: "10:00:00")
    #expect(try fixture.values("SELECT apus.person('shared')") == [["second"]])
    // A late event: the answer is that of the events as they are now.
    try identify("shared", as: "first", at: "09:00:00")
    try identify("first", as: "last", at: "11:00:00")
    #expect(try fixture.values("SELECT apus.person('shared'), apus.person('second')") == [["last", "second"]])
    try identify("c1", as: "c2", at: "10:00:00")
    try identify("c2", as: "c3", at: "10:00:00")
    try identify("c3", as: "c1", at: "10:00:00")
    try identify("tail", as: "c3", at: "10:00:00")
    #expect(
      try fixture.values("SELECT DISTINCT apus.person(x) FROM unnest(array['c1', 'c2', 'c3', 'tail']) AS x") == [["c1"]]
    )
  }

  @Test func `a user's properties are the latest, then the first that was set once`() throws {
    let fixture = try IngestFixture()
    func set(_ members: String, at time: String) throws {
      try fixture.post(
        #"{"event": "$set", "distinct_id": "u", "timestamp": "2026-06-30T\#(time)Z", "properties": {\#(members)}}"#,
        .posthog(.capture))
    }
    try set(#""$set": {"plan": "pro", "age": 3}"#, at: "10:00:00")
    try set(#""$set": {"plan": "free"}, "$set_once": {"first": "late", "age": 1}"#, at: "09:00:00")
    try set(#""$set_once": {"first": "early"}"#, at: "08:00:00")
    try set(#""$set": {"gone": 1, "back": 1}"#, at: "07:00:00")
    try set(#""$unset": ["gone", "back"]"#, at: "07:30:00")
    try set(#""$set": {"back": {"x": [2]}}"#, at: "07:45:00")
    try fixture.post(#"{"userId": "u", "groupId": "g", "traits": {"plan": "group"}}"#, .segment(.group))
    try fixture.post(#"{"event": "x", "user_id": "v", "time": "2026-06-30T06:00:00Z"}"#)
    try fixture.post(#"{"event": "x", "anonymous_id": "nobody"}"#)
    let wanted = [
      [
        "u", "2026-06-30 07:00:00+00", "2026-06-30 12:00:00+00",
        #"{"age": 3, "back": {"x": [2]}, "plan": "pro", "first": "early"}"#,
      ],
      ["v", "2026-06-30 06:00:00+00", "2026-06-30 06:00:00+00", "{}"],
    ]
    let sql = "SELECT user_id, first_seen, last_seen, properties FROM users ORDER BY 1"
    #expect(try fixture.values(sql) == wanted)
    try fixture.run("SELECT apus.flush('events')")
    #expect(try fixture.values(sql) == wanted)
    // Views follow deletes: they say nothing that the events do not.
    try fixture.run("DELETE FROM events WHERE event = '$set' AND time >= '2026-06-30 09:30'")
    #expect(
      try fixture.values(sql)[0][3] == #"{"age": 1, "back": {"x": [2]}, "plan": "free", "first": "early"}"#)
  }
}
