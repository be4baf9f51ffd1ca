// Unique counts by entity ids through SQL: the same answers as by text, in memtables, segments, past the bound of ids.

import ApusBase
import ApusStore
import Foundation
import Testing

@testable import ApusEngine

@Suite struct `Unique counts of entities in SQL` {
  private static let columns =
    "(time timestamptz NOT NULL, event text, distinct_id text GENERATED ALWAYS AS (COALESCE(user_id, anonymous_id)) "
    + "STORED, user_id text, anonymous_id text)"

  private static let queries = [
    "SELECT count(DISTINCT distinct_id), count(DISTINCT user_id), count(DISTINCT anonymous_id) FROM TABLE_NAME",
    "SELECT event, count(DISTINCT distinct_id) FROM TABLE_NAME GROUP BY 1 ORDER BY 1",
    "SELECT date_trunc('day', time), event, count(DISTINCT user_id), count(*) FROM TABLE_NAME GROUP BY 1, 2 "
      + "ORDER BY 1, 2",
    "SELECT count(DISTINCT CASE WHEN event = 'b' THEN user_id END) FROM TABLE_NAME WHERE user_id <> 'p3'",
    "SELECT count(DISTINCT u) FILTER (WHERE event = 'c') FROM (SELECT event, user_id AS u FROM TABLE_NAME) x",
    "SELECT count(DISTINCT distinct_id) FROM TABLE_NAME WHERE event = 'nothing'",
  ]

  private static func rows(_ random: inout SeededRandom, from start: Int) -> String {
    let rows = (0..<200).map { index in
      let user = random.next() % 3 == 0 ? "NULL" : "'p\(random.next() % 60)'"
      let visitor = random.next() % 4 == 0 ? "NULL" : "'p\(random.next() % 900)'"
      let event = ["a", "b", "c"][Int(random.next() % 3)]
      return "('2026-01-0\(1 + Int(random.next() % 3)) 10:00+00', '\(event)', \(user), \(visitor))"
    }
    return "(time, event, user_id, anonymous_id) VALUES \(rows.joined(separator: ", "))"
  }

  @Test(arguments: [1_000_000, 40])
  func `answers by id are those by text, wherever the rows are`(idsMax: Int) throws {
    let under = try ClockedDatabase { $0.entityIDsMax = idsMax }
    try under.run("CREATE TABLE by_id \(Self.columns)")
    try under.run("CREATE TABLE by_text \(Self.columns) WITH (entity = 'none')")
    var random = SeededRandom(seed: UInt64(idsMax))
    for round in 0..<6 {
      let rows = Self.rows(&random, from: round * 200)
      for table in ["by_id", "by_text"] { try under.run("INSERT INTO \(table) \(rows)") }
      if round % 2 == 1 { try under.run("CHECKPOINT") }
      if round == 3 { try under.reopen() }
      for query in Self.queries {
        let answers = try ["by_id", "by_text"].map { name in
          try under.run(query.replacingOccurrences(of: "TABLE_NAME", with: name))
        }
        #expect(answers[0] == answers[1], "\(query), round \(round), seed \(idsMax)")
      }
    }
    let plan = try under.run("EXPLAIN SELECT count(DISTINCT distinct_id) FROM by_id").map { $0[0] }
    #expect(plan.contains { $0.contains("count(DISTINCT COALESCE(id(user_id), id(anonymous_id)))") })
    #expect(plan.contains { $0.contains("columns: user_id") } == (idsMax == 40))
    let byText = try under.run("EXPLAIN SELECT count(DISTINCT distinct_id) FROM by_text").map { $0[0] }
    #expect(byText.allSatisfy { !$0.contains("id(user_id)") })
    let full = try under.run("SELECT table_name, state, rows FROM apus.jobs WHERE job = 'entities'")
    #expect(full == (idsMax == 40 ? [["by_id", "full", "40"]] : []))
  }

  @Test func `option entity names text columns and what is computed of them`() throws {
    let under = try ClockedDatabase()
    try under.run("CREATE TABLE a \(Self.columns) WITH (entity = 'user_id, distinct_id, anonymous_id')")
    for (option, state) in [("time", "22023"), ("nobody", "42703"), ("user_id, distinct_id", "0A000")] {
      let error = #expect(throws: ApusError.self) {
        try under.run("CREATE TABLE b \(Self.columns) WITH (entity = '\(option)')")
      }
      #expect(error?.state.code == state, "\(option)")
    }
    try under.run("CREATE TABLE c (customer text, n int); CREATE TABLE d (customer text) WITH (entity = 'customer')")
    #expect(try under.run("EXPLAIN SELECT count(DISTINCT customer) FROM c").allSatisfy { !$0[0].contains("id(") })
    #expect(try under.run("EXPLAIN SELECT count(DISTINCT customer) FROM d").contains { $0[0].contains("id(customer)") })
    for change in ["c SET (entity = 'customer')", "d RESET (entity)", "d SET (entity = 'none')"] {
      let error = #expect(throws: ApusError.self) { try under.run("ALTER TABLE \(change)") }
      #expect(error?.state.code == "0A000")
    }
  }

  @Test func `a transaction counts its own rows, those of tables that it makes too`() throws {
    let under = try ClockedDatabase()
    try under.run("CREATE TABLE a \(Self.columns)")
    try under.run("INSERT INTO a VALUES ('2026-01-01 10:00+00', 'x', DEFAULT, 'p1', NULL)")
    let count = "SELECT count(DISTINCT distinct_id) FROM"
    let insert = "INSERT INTO a (time, event, user_id) VALUES ('2026-01-01 11:00+00', 'y', 'p1'), (now(), 'y', 'p2')"
    #expect(try under.run("BEGIN; \(insert); \(count) a") == [["2"]])
    #expect(try under.run("\(count) a") == [["1"]])
    #expect(
      try under.run("BEGIN; \(insert); \(insert); UPDATE a SET user_id = 'p3' WHERE user_id = 'p1'; \(count) a") == [
        ["2"]
      ])
    let make =
      "BEGIN; CREATE TABLE b \(Self.columns); INSERT INTO b (time, user_id) VALUES (now(), 'q1'), (now(), 'q2'); "
      + "\(count) b"
    #expect(try under.run(make) == [["2"]])
    try under.run(make + "; COMMIT; INSERT INTO b (time, anonymous_id) VALUES (now(), 'q2'), (now(), 'q3')")
    #expect(try under.run("\(count) b") == [["3"]])
    try under.reopen()
    #expect(try under.run("CHECKPOINT; \(count) b") == [["3"]])
  }
}
