// Retention by a condition and of properties, its functions, and the options of tables that can be changed.

import ApusBase
import ApusStore
import Foundation
import Testing

@testable import ApusEngine

@Suite struct RetentionStatements {
  /// Ten days of events, one of each kind a day, in two segments a day.
  private func events() throws -> ClockedDatabase {
    let scratch = try ClockedDatabase()
    for half in [0, 12] {
      try scratch.run(
        """
        INSERT INTO events (time, event, event_id, properties)
        SELECT '2026-01-01 \(half == 0 ? "01" : "13"):00+00'::timestamptz - g * interval '1 day', e,
          e || g || '-' || \(half),
          ('{"ip": "10.0.0.' || g || '", "n": ' || g || ', "geo": {"city": "Ulm", "zip": 1}, "only": {"ip": 1}}')::jsonb
        FROM generate_series(0, 9) g, unnest(ARRAY['debug', 'buy']) e
        """)
      try scratch.run("SELECT apus.flush('events')")
    }
    return scratch
  }

  @Test func `retention with a condition deletes what matches in partitions past its age, once`() throws {
    let scratch = try events()
    try scratch.run("SELECT apus.add_retention('events', '4 days', filter => $$event = 'debug'$$)")
    let store = try scratch.database.store
    try store.keepRetention()
    // The clock stands at noon of January 1st: days whose end is four days ago are December 27th and before.
    #expect(
      try scratch.run("SELECT event, count(*), min(time)::date FROM events GROUP BY event ORDER BY event")
        == [["buy", "20", "2025-12-23"], ["debug", "10", "2025-12-28"]])
    #expect(
      try scratch.run("SELECT policy, after, filter, state, rows FROM apus.policies")
        == [["filter_retention", "4 days", "event = 'debug'", "active", "10"]])
    let table = try #require(store.snapshot().table(schema: "public", name: "events"))
    #expect(table.thinnedPartitions.count == 5)
    try store.keepRetention()
    #expect(try scratch.run("SELECT rows FROM apus.policies") == [["10"]])
    // Late rows of an old day go with the next run; the marks survive a restart.
    try scratch.run("INSERT INTO events (time, event) VALUES ('2025-12-24 10:00+00', 'debug')")
    try scratch.run("SELECT apus.flush('events')")
    try store.keepRetention()
    #expect(try scratch.run("SELECT count(*) FROM events WHERE event = 'debug'") == [["10"]])
    try scratch.reopen()
    let again = try #require(scratch.database.store.snapshot().table(schema: "public", name: "events"))
    #expect(again.thinnedPartitions == table.thinnedPartitions)
    scratch.clock.advance(by: 86_400_000_000 / 2)
    try scratch.database.store.keepRetention()
    #expect(try scratch.run("SELECT count(*) FROM events WHERE event = 'debug'") == [["8"]])
    try scratch.run("SELECT apus.remove_retention('events', filter => $$event = 'debug'$$)")
    #expect(try scratch.run("SELECT count(*) FROM apus.policies") == [["0"]])
    try scratch.database.close()
    #expect(try Store.check(directory: scratch.directory).isSound)
  }

  @Test func `a property goes from partitions past its age with what lies below it, and nothing else does`() throws {
    let scratch = try events()
    try scratch.run("SELECT apus.add_property_retention('events', 'ip', '4 days')")
    try scratch.run("SELECT apus.add_property_retention('events', property => 'geo', after => '6 days')")
    try scratch.run("SELECT apus.add_property_retention('events', 'only.ip', '8 days', 'properties')")
    let store = try scratch.database.store
    try store.keepRetention()
    let sql = """
      SELECT count(properties->'ip'), count(properties->'geo'), count(properties->'only'), count(properties->'n'),
        sum((properties->>'n')::int) FROM events
      """
    #expect(try scratch.run(sql) == [["20", "28", "36", "40", "180"]])
    #expect(
      try scratch.run("SELECT properties FROM events WHERE event_id = 'buy9-0'") == [["{\"n\": 9}"]])
    #expect(
      try scratch.run("SELECT path, after, rows FROM apus.policies ORDER BY path")
        == [["geo", "6 days", "12"], ["ip", "4 days", "20"], ["only.ip", "8 days", "4"]])
    let before = try scratch.run("SELECT segment_id FROM apus.segments ORDER BY 1")
    try store.keepRetention()
    #expect(try scratch.run("SELECT segment_id FROM apus.segments ORDER BY 1") == before)
    #expect(store.snapshot().table(schema: "public", name: "events")?.thinnedPartitions.count == 5)
    try scratch.reopen()
    #expect(try scratch.run(sql) == [["20", "28", "36", "40", "180"]])
    try scratch.database.close()
    #expect(try Store.check(directory: scratch.directory).isSound)
  }

  @Test func `policies say what they would take now`() throws {
    let scratch = try events()
    let store = try scratch.database.store
    let table = try #require(store.snapshot().table(schema: "public", name: "events")).definition.id
    let age = try store.effect(ofRetention: 5 * 86_400, on: table)
    #expect(age.partitions == 5 && age.rows == 20 && age.bytes > 0)
    let filter = try store.effect(of: FilteredRetention(filter: "event = 'debug'", seconds: 4 * 86_400), on: table)
    #expect(filter.partitions == 5 && filter.rows == 10)
    let property = PropertyRetention(column: "properties", path: ["geo", "city"], seconds: 6 * 86_400)
    #expect(try store.effect(of: property, on: table).rows == 12)
    let absent = PropertyRetention(column: "properties", path: ["nothing"], seconds: 86_400)
    #expect(try store.effect(of: absent, on: table) == RetentionEffect())
  }

  @Test func `policies that cannot be are refused by their code`() throws {
    let scratch = try ClockedDatabase()
    try scratch.run("CREATE TABLE t (id int8); CREATE TABLE u (time timestamptz, j jsonb, x text)")
    for (sql, code) in [
      ("SELECT apus.add_retention('t', '7 days')", "22023"),
      ("SELECT apus.add_retention('t', '7 days', filter => 'id = 1')", "22023"),
      ("SELECT apus.add_retention('u', '-1 days')", "22023"),
      ("SELECT apus.add_retention('u', NULL::interval)", "22004"),
      ("SELECT apus.add_retention('u', '7 days', filter => 'nowhere = 1')", "42703"),
      ("SELECT apus.add_retention('u', '7 days', filter => 'x')", "42804"),
      ("SELECT apus.add_retention('u', '7 days', filter => 'random() < 0.5')", "22023"),
      ("SELECT apus.add_retention('u', '7 days', filter => 'true) OR (true')", "42601"),
      ("SELECT apus.add_retention('u', '7 days', filter => 'x IN (SELECT x FROM u)')", "0A000"),
      ("SELECT apus.remove_retention('u')", "42704"), ("SELECT apus.remove_retention('pg_class')", "42809"),
      ("SELECT apus.add_property_retention('u', 'ip', '7 days')", "42703"),
      ("SELECT apus.add_property_retention('u', 'ip', '7 days', 'x')", "42809"),
      ("SELECT apus.add_property_retention('u', 'a..b', '7 days', 'j')", "22023"),
      ("SELECT apus.add_property_retention('u', 'a.b.c.d.e.f.g.h.i', '7 days', 'j')", "22023"),
      ("SELECT apus.remove_property_retention('u', 'ip', 'j')", "42704"),
      ("SELECT remove_retention_policy('u')", "42704"),
    ] {
      #expect(try scratch.state(sql) == code, "\(sql)")
    }
    #expect(try scratch.state("SELECT apus.add_retention('u', '7 days')", readOnly: true) == "25006")
  }

  @Test func `TimescaleDB's spellings set and remove retention`() throws {
    let scratch = try ClockedDatabase()
    try scratch.run("SELECT add_retention_policy('events', INTERVAL '90 days')")
    #expect(try scratch.run("SELECT retention FROM apus.tables WHERE table_name = 'events'") == [["90 days"]])
    #expect(try scratch.state("SELECT add_retention_policy('events', '90 days')") == "42710")
    #expect(
      try scratch.run("SELECT add_retention_policy('events', drop_after => '90 days', if_not_exists => true)")
        == [["-1"]])
    #expect(scratch.notices.map(\.message) == ["retention policy already exists, skipping"])
    try scratch.run("SELECT remove_retention_policy('events')")
    #expect(try scratch.run("SELECT retention FROM apus.tables WHERE table_name = 'events'") == [["NULL"]])
    try scratch.run("SELECT remove_retention_policy('events', if_exists => true)")
    #expect(scratch.notices.map(\.message) == ["retention policy not found, skipping"])
  }

  @Test func `options of a table that exists can be set and reset`() throws {
    let scratch = try ClockedDatabase()
    try scratch.run("CREATE TABLE t (at timestamptz, id text, j jsonb)")
    try scratch.run(
      """
      ALTER TABLE t SET (time_column = 'at', partition = '1 hour', order_by = 'id, at', dedupe_key = 'id',
        dedupe_window = '2 days', accept_past = '3 days', accept_future = '1 hour', max_columns = 2)
      """)
    let columns =
      "time_column, partition, order_by, dedupe_key, dedupe_window, accept_past, accept_future, retention"
    let sql = "SELECT \(columns) FROM apus.tables WHERE table_name = 't'"
    #expect(
      try scratch.run(sql)
        == [["at", "01:00:00", "{id,at}", "id", "2 days", "3 days", "01:00:00", "NULL"]])
    try scratch.run("INSERT INTO t VALUES ('2026-01-01 11:00+00', 'a', '{\"a\": 1, \"b\": 2, \"c\": 3}')")
    try scratch.run("INSERT INTO t VALUES ('2026-01-01 11:00+00', 'a', '{}')")
    try scratch.run("SELECT apus.flush('t')")
    #expect(try scratch.run("SELECT count(*), max(j::text) FROM t") == [["1", "{\"a\": 1, \"b\": 2, \"c\": 3}"]])
    #expect(
      try scratch.run("SELECT path FROM apus.properties WHERE table_name = 't' AND overflows") == [["c"]])
    #expect(try scratch.state("ALTER TABLE t SET (partition = '1 day')") == "0A000")
    #expect(try scratch.state("ALTER TABLE t SET (max_columns = 0)") == "22023")
    #expect(try scratch.state("ALTER TABLE t SET (retension = '1 day')") == "22023")
    try scratch.run(
      "ALTER TABLE t RESET (order_by, dedupe_key, dedupe_window, accept_past, accept_future, max_columns)")
    #expect(
      try scratch.run(sql) == [["at", "01:00:00", "{at}", "NULL", "NULL", "NULL", "NULL", "NULL"]])
  }
}
