// CREATE MATERIALIZED VIEW ... WITH (rollup) and what belongs to it, through sessions.

import ApusBase
import ApusColumns
import ApusStore
import Foundation
import Testing

@testable import ApusEngine

private let hourly = """
  CREATE MATERIALIZED VIEW hourly WITH (rollup) AS SELECT time_bucket('1 hour', time) AS bucket, event,
  count(*) AS events, count(DISTINCT distinct_id) AS users FROM events GROUP BY GROUPING SETS ((1), (1, 2))
  """

@Suite struct RollupStatements {
  /// Ten events an hour over `hours` hours before the clock: 'a' and 'b' in turn, of five people.
  private func filled(_ hours: Int = 50) throws -> ClockedDatabase {
    let scratch = try ClockedDatabase()
    try scratch.run(
      """
      INSERT INTO events (time, event, user_id, event_id, properties) SELECT to_timestamp(1767268800) - g * interval
      '6 minutes', CASE WHEN g % 2 = 0 THEN 'a' ELSE 'b' END, 'u' || g % 5, 'id' || g,
      jsonb_build_object('n', g) FROM generate_series(1, \(hours * 10)) g
      """)
    return scratch
  }

  @Test func `a rollup counts what is there, what comes, and what is not flushed`() throws {
    let scratch = try filled()
    try scratch.run("CHECKPOINT")
    #expect(try scratch.run(hourly) == [["CREATE MATERIALIZED VIEW"]])
    let totals = "SELECT sum(events) FROM hourly WHERE event IS NULL"
    #expect(try scratch.run(totals) == [["500"]])
    try scratch.run("INSERT INTO events (time, event, user_id) VALUES (to_timestamp(1767268000), 'a', 'new')")
    #expect(try scratch.run(totals) == [["501"]])
    try scratch.run("CHECKPOINT")
    #expect(try scratch.run(totals) == [["501"]])
    try scratch.reopen()
    #expect(try scratch.run(totals) == [["501"]])
    let rows = try scratch.run("SELECT stale_partitions, failure FROM apus.rollups")
    #expect(rows == [["0", "NULL"]])
    #expect(
      try scratch.run("SELECT distinct_count(rollup(users_state)) FROM hourly WHERE event IS NULL") == [["6"]])
    try scratch.database.close()
    #expect(try Store.check(directory: scratch.directory).isSound)
  }

  @Test func `a sum over unique counts is warned about`() throws {
    let scratch = try filled()
    try scratch.run(hourly)
    try scratch.run("SELECT sum(users) FROM hourly")
    #expect(scratch.notices.map(\.severity) == [.warning])
    #expect(scratch.notices.first?.message.contains("hourly.users is a unique count") == true)
    try scratch.run("SELECT sum(events), max(users) FROM hourly")
    #expect(scratch.notices.isEmpty)
  }

  @Test func `a delete is counted out, and what it touched is derived anew`() throws {
    let scratch = try filled()
    try scratch.run("CHECKPOINT")
    try scratch.run(hourly)
    #expect(try scratch.run("DELETE FROM events WHERE user_id = 'u1'") == [["DELETE 100"]])
    #expect(try scratch.run("SELECT stale_partitions FROM apus.rollups") == [["0"]])
    #expect(try scratch.run("SELECT sum(events), max(users) FROM hourly WHERE event IS NULL") == [["400", "4"]])
  }

  @Test func `expired rows stay in the rollup, and cannot be deleted around`() throws {
    let scratch = try filled(24 * 12)
    try scratch.run("CHECKPOINT")
    try scratch.run(hourly)
    try scratch.run("ALTER TABLE events SET (retention = '5 days')")
    try scratch.database.store.keepRetention()
    let left = try scratch.run("SELECT count(*) FROM events")[0][0]
    #expect(try #require(Int(left)) < 1500)
    #expect(try scratch.run("SELECT sum(events) FROM hourly WHERE event IS NULL") == [["2880"]])
    #expect(try scratch.run("SELECT count(*) FROM events WHERE event IN ('a', 'b')") == [[left]])
    #expect(
      try scratch.run(
        "SET apus.rollup_history = on; SELECT time_bucket('1 hour', time), count(*) FROM events GROUP BY 1"
      ).count == 288)
    // What is not expired can be deleted.
    try scratch.run("DELETE FROM events WHERE time > to_timestamp(1767268800) - interval '1 hour'")
    #expect(try scratch.run("SELECT sum(events) FROM hourly WHERE event IS NULL") == [["2871"]])
    try scratch.run("REFRESH MATERIALIZED VIEW hourly; CALL apus.refresh('hourly', '2025-01-01', '2027-01-01')")
    #expect(try scratch.run("SELECT sum(events) FROM hourly WHERE event IS NULL") == [["2871"]])
  }

  @Test func `a rollup has a retention of its own`() throws {
    let scratch = try filled(24 * 12)
    try scratch.run("CHECKPOINT")
    try scratch.run(hourly.replacingOccurrences(of: "WITH (rollup)", with: "WITH (rollup, retention = '4 days')"))
    let query = "SELECT time_bucket('1 day', time) AS b, count(*) FROM events GROUP BY 1 ORDER BY 1"
    let before = try scratch.run(query)
    try scratch.database.store.keepRetention()
    let days = try scratch.run("SELECT count(DISTINCT time_bucket('1 day', bucket)) FROM hourly")[0][0]
    #expect((3...5).contains(Int(days) ?? 0))
    // The table has all rows: the answer does not change with what the rollup lost.
    #expect(try scratch.run(query) == before)
    try scratch.run("ALTER MATERIALIZED VIEW hourly RESET (retention)")
    #expect(try scratch.run("SELECT retention FROM apus.rollups") == [["NULL"]])
  }

  @Test func `a row that cannot be rolled up leaves the table whole and the rollup honest`() throws {
    let scratch = try filled()
    try scratch.run("CHECKPOINT")
    try scratch.run(
      """
      CREATE MATERIALIZED VIEW sums WITH (rollup) AS SELECT time_bucket('1 hour', time) AS bucket,
      sum((properties->>'n')::int) AS n FROM events GROUP BY 1
      """)
    let bad = """
      INSERT INTO events (time, event, event_id, properties) VALUES (to_timestamp(1767268000), 'a', 'bad', '{"n": "x"}')
      """
    try scratch.run(bad)
    try scratch.run("CHECKPOINT")
    #expect(try scratch.run("SELECT count(*) FROM events") == [["501"]])
    let rollup = try scratch.run("SELECT stale_partitions, failure FROM apus.rollups")
    #expect(rollup[0][0] == "1" && rollup[0][1].contains("invalid input syntax for type integer"))
    #expect(try scratch.state("SELECT sum(n) FROM sums") == "22P02")
    try scratch.run("DELETE FROM events WHERE event_id = 'bad'")
    #expect(try scratch.run("SELECT sum(n) FROM sums") == [["125250"]])
    #expect(try scratch.run("SELECT stale_partitions, failure FROM apus.rollups") == [["0", "NULL"]])
  }

  @Test func `a replaced rollup keeps its history under its version`() throws {
    let scratch = try filled(24 * 12)
    try scratch.run("CHECKPOINT")
    try scratch.run(hourly)
    try scratch.run("ALTER TABLE events SET (retention = '5 days')")
    try scratch.database.store.keepRetention()
    let present = try scratch.run("SELECT count(*) FROM events")[0][0]
    try scratch.run(
      """
      CREATE MATERIALIZED VIEW hourly WITH (rollup, replace) AS SELECT time_bucket('1 hour', time) AS bucket,
      count(*) AS events FROM events GROUP BY 1
      """)
    #expect(try scratch.run("SELECT sum(events) FROM hourly") == [[present]])
    let gone = 2880 - (try #require(Int(present)))
    #expect(try scratch.run("SELECT sum(events) FROM hourly_v1 WHERE event IS NULL") == [["\(gone)"]])
    try scratch.run("DROP TABLE events CASCADE")
    #expect(try scratch.run("SELECT count(*) FROM apus.rollups") == [["0"]])
    #expect(try scratch.database.store.snapshot().allTables.allSatisfy { !$0.definition.isDerived })
  }

  @Test func `a rollup is not replaced under what reads it when that would mean something else`() throws {
    let scratch = try filled()
    try scratch.run("CHECKPOINT")
    func hourly(_ columns: String, _ rest: String) -> String {
      """
      CREATE MATERIALIZED VIEW fine WITH (rollup, replace) AS SELECT time_bucket('1 hour', time) AS bucket, \(columns)
      FROM events \(rest)
      """
    }
    try scratch.run(hourly("event, count(*) AS n", "GROUP BY 1, 2"))
    try scratch.run(
      """
      CREATE MATERIALIZED VIEW coarse WITH (rollup) AS SELECT time_bucket('1 day', bucket) AS bucket, event, sum(n) AS n
      FROM fine GROUP BY 1, 2
      """)
    let rows = try scratch.run("SELECT count(*) FROM events WHERE event <> 'a'")
    #expect(try scratch.state(hourly("event, count(*) AS n", "WHERE event <> 'a' GROUP BY 1, 2")) == "2BP01")
    #expect(try scratch.state(hourly("count(*) AS n", "GROUP BY 1")) == "2BP01")
    #expect(try scratch.run("SELECT count(*) FROM events WHERE event <> 'a'") == rows)
    // More measures and dimensions change nothing for it.
    try scratch.run(hourly("user_id, event, count(DISTINCT distinct_id) AS u, count(*) AS n", "GROUP BY 1, 2, 3"))
    let total = try scratch.run("SELECT count(*) FROM events")
    #expect(try scratch.run("SELECT sum(n) FROM coarse") == total)
    #expect(try scratch.run("SELECT sum(n) FROM fine") == total)
    try scratch.run("CREATE VIEW named AS SELECT bucket, n FROM fine; CREATE VIEW starred AS SELECT * FROM fine")
    let fewer = hourly("event, count(*) AS n", "GROUP BY 1, 2")
    #expect(try scratch.state(fewer) == "2BP01")
    try scratch.run("DROP VIEW starred")
    try scratch.run(fewer)
    #expect(try scratch.run("SELECT sum(n) FROM named") == total)
  }

  @Test func `dimensions by which no rows can be sorted are kept all the same`() throws {
    let scratch = try ClockedDatabase()
    try scratch.run(
      """
      CREATE TABLE t (time timestamptz NOT NULL, event float8, u uuid, i interval);
      CREATE MATERIALIZED VIEW r WITH (rollup) AS SELECT time_bucket('1 hour', time) AS bucket, event, u, i,
      count(*) AS n FROM t GROUP BY 1, 2, 3, 4;
      INSERT INTO t SELECT to_timestamp(1767268800) - g * interval '1 minute', g % 3, NULL, g % 2 * interval '1 day'
      FROM generate_series(1, 100) g;
      CHECKPOINT
      """)
    let table = try scratch.run("SELECT memtable_rows, segments > 0 FROM apus.tables WHERE table_name = 't'")
    #expect(table == [["0", "t"]])
    #expect(try scratch.run("SELECT stale_partitions, partials > 0 FROM apus.rollups") == [["0", "t"]])
    #expect(
      try scratch.run("SELECT event, sum(n) FROM r GROUP BY 1 ORDER BY 1") == [["0", "33"], ["1", "34"], ["2", "33"]])
    #expect(try scratch.state("CREATE TABLE x (time timestamptz, f float8) WITH (order_by = 'f')") == "0A000")
  }

  @Test func `rollups stand in the catalogs, and what cannot be is refused by its code`() throws {
    let scratch = try filled(1)
    try scratch.run(hourly)
    #expect(try scratch.run("SELECT relkind FROM pg_class WHERE relname = 'hourly'") == [["m"]])
    #expect(try scratch.run("SELECT matviewname FROM pg_matviews") == [["hourly"]])
    let columns = "SELECT attname FROM pg_attribute WHERE attrelid = 'hourly'::regclass ORDER BY attnum"
    #expect(try scratch.run(columns) == [["bucket"], ["event"], ["events"], ["users"]])
    let view = "CREATE MATERIALIZED VIEW x WITH (rollup) AS SELECT time_bucket('1 hour', time) AS b"
    for (sql, code) in [
      (hourly, "42P07"), ("CREATE TABLE hourly (a int)", "42P07"), ("CREATE VIEW hourly AS SELECT 1", "42P07"),
      ("CREATE MATERIALIZED VIEW x AS SELECT 1", "0A000"),
      ("CREATE MATERIALIZED VIEW x WITH (rollup) AS SELECT event, count(*) FROM events GROUP BY 1", "42P17"),
      ("\(view), array_agg(event) FROM events GROUP BY 1", "0A000"),
      ("\(view), count(*) FROM events WHERE time > now() GROUP BY 1", "42P17"),
      ("\(view), count(*) FROM events JOIN (SELECT 1 AS one) s ON one = 1 GROUP BY 1", "0A000"),
      ("CREATE MATERIALIZED VIEW x WITH (rollup, color = 'red') AS SELECT 1", "22023"),
      ("ALTER TABLE events RENAME COLUMN session_id TO visit", "0A000"),
      ("ALTER TABLE events RENAME TO other", "0A000"),
      ("ALTER TABLE events DROP COLUMN session_id", "0A000"),
      ("CREATE MATERIALIZED VIEW x WITH (rollup, retention = 'long') AS SELECT 1", "22023"),
      ("INSERT INTO hourly VALUES (now())", "42809"), ("DELETE FROM hourly", "42809"),
      ("DROP TABLE events", "2BP01"), ("DROP TABLE hourly", "42809"), ("DROP VIEW hourly", "42809"),
      ("DROP MATERIALIZED VIEW events", "42809"), ("DROP MATERIALIZED VIEW nowhere", "42P01"),
      ("REFRESH MATERIALIZED VIEW nowhere", "42P01"), ("CALL apus.refresh('events')", "42809"),
      ("CALL lower('x')", "42809"), ("ALTER MATERIALIZED VIEW hourly SET (replace = true)", "0A000"),
    ] {
      #expect(try scratch.state(sql) == code, "\(sql)")
    }
    try scratch.run("CREATE VIEW over AS SELECT sum(events) AS n FROM hourly")
    #expect(try scratch.state("DROP MATERIALIZED VIEW hourly") == "2BP01")
    try scratch.run("DROP MATERIALIZED VIEW hourly CASCADE; DROP MATERIALIZED VIEW IF EXISTS hourly")
    #expect(try scratch.state("SELECT * FROM over") == "42P01")
  }

  @Test func `rows of a transaction too large for the log are rolled up with it`() throws {
    let scratch = try ClockedDatabase()
    try scratch.run(hourly)
    let pad = String(repeating: "x", count: 900)
    try scratch.run(
      """
      INSERT INTO events (time, event, user_id, properties) SELECT to_timestamp(1767268800) - g * interval '1 second',
      'a', 'u' || g % 7, jsonb_build_object('pad', '\(pad)' || g) FROM generate_series(1, 80000) g
      """)
    #expect(try scratch.run("SELECT sum(events) FROM hourly WHERE event IS NULL") == [["80000"]])
    #expect(try scratch.run("SELECT count(*), count(DISTINCT distinct_id) FROM events") == [["80000", "7"]])
  }
}
