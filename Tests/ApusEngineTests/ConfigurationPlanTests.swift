// Planning and applying configuration files: what changes, what it would take, who manages what, and the way back.

import ApusBase
import ApusStore
import Foundation
import Testing

@testable import ApusEngine

extension ClockedDatabase {
  func configuration(_ text: String) throws -> Configuration {
    let reading = ConfigurationReading(text, environment: [:])
    try #require(reading.problems.isEmpty, "\(reading.problems)")
    return reading.configuration
  }

  /// A line a change: action, name, option, from, to, rows.
  func plan(_ text: String) throws -> [String] {
    try database.plan(try configuration(text)).changes.map { change in
      [change.action.rawValue, change.name, change.option, change.from, change.to].compactMap { $0 }
        .joined(separator: " ") + (change.effect.rows > 0 ? " (\(change.effect.rows))" : "")
    }
  }

  @discardableResult
  func apply(_ text: String, _ policy: ApplyPolicy = .keepingData) throws -> Int {
    try database.apply(try configuration(text), policy).changes.count
  }

  func refusal(_ text: String, _ policy: ApplyPolicy = .keepingData) throws -> ApusError? {
    do {
      try apply(text, policy)
      return nil
    } catch let error as ApusError { return error }
  }
}

@Suite struct ConfigurationPlans {
  /// Ten days of events, four a day.
  private func events() throws -> ClockedDatabase {
    let scratch = try ClockedDatabase()
    try scratch.run(
      """
      INSERT INTO events (time, event, event_id, properties)
      SELECT '2026-01-01 01:00+00'::timestamptz - g * interval '1 day', e, e || g || n, '{"ip": "10.0.0.1"}'::jsonb
      FROM generate_series(0, 9) g, unnest(ARRAY['debug', 'buy']) e, generate_series(1, 2) n
      """)
    return scratch
  }

  @Test func `a table is made with its options, and a second apply changes nothing`() throws {
    let scratch = try ClockedDatabase()
    let text = """
      tables:
        shop.purchases:
          columns: {at: timestamptz NOT NULL, order_id: text, amount: "numeric(12,2)", properties: jsonb}
          time_column: at
          partition: 1 hour
          retention: [{after: 30 days}, {after: 7 days, where: amount = 0}]
          dedupe: {key: order_id, window: 2 days}
          accept: {past: 3 days, future: any}
          properties: {max_columns: 10, drop: {card.number: 1 day}}
      """
    #expect(try scratch.plan(text) == ["create shop.purchases (at, order_id, amount, properties)"])
    #expect(try scratch.apply(text) == 1)
    #expect(
      try scratch.run(
        "SELECT time_column, partition, retention, dedupe_key, dedupe_window, accept_past, accept_future "
          + "FROM apus.tables WHERE table_schema = 'shop'")
        == [["at", "01:00:00", "30 days", "order_id", "2 days", "3 days", "NULL"]])
    #expect(
      try scratch.run("SELECT policy, after, filter, path, managed_by FROM apus.policies ORDER BY policy")
        == [
          ["filter_retention", "7 days", "amount = 0", "NULL", "file"],
          ["property_retention", "1 day", "NULL", "card.number", "file"],
          ["retention", "30 days", "NULL", "NULL", "file"],
        ])
    #expect(try scratch.plan(text) == [])
    #expect(try scratch.apply(text) == 0)
    try scratch.reopen()
    #expect(try scratch.plan(text) == [])
  }

  @Test func `options of a table are changed, each shown with what it was`() throws {
    let scratch = try events()
    let text = """
      tables:
        events:
          order_by: [user_id, time]
          retention: 60 days
          dedupe: {key: event_id, window: 3 days}
          accept: {past: 20 days, future: 2 hours}
          properties: {max_columns: 100, drop: {email: 90 days}}
      """
    #expect(
      try scratch.plan(text) == [
        "update events order_by none user_id, time", "update events dedupe_window 1 day 3 days",
        "update events accept_past retention 20 days", "update events accept_future 1 day 2 hours",
        "update events max_columns 1000 100", "update events retention none 60 days",
        "create events properties.drop.email 90 days",
      ])
    #expect(try scratch.apply(text, .additions) == 7)
    #expect(try scratch.plan(text) == [])
    // What the file does not name any more stays, and is SQL's.
    #expect(try scratch.plan("tables: {events: {retention: 60 days}}") == [])
    try scratch.apply("tables: {events: {retention: 60 days}}")
    try scratch.run("ALTER TABLE events SET (order_by = 'time')")
    #expect(scratch.notices.isEmpty)
    #expect(try scratch.plan("tables: {events: {dedupe: none}}") == ["update events dedupe_key event_id none"])
  }

  @Test func `columns that a table lacks are added`() throws {
    let scratch = try events()
    let text = "tables: {events: {columns: {event: text, score: \"int8 DEFAULT 7\", note: text}}}"
    #expect(
      try scratch.plan(text) == ["create events columns.score int8 DEFAULT 7", "create events columns.note text"])
    try scratch.apply(text, .additions)
    #expect(try scratch.plan(text) == [])
    #expect(try scratch.run("SELECT count(*), count(note) FROM events") == [["40", "0"]])
  }

  @Test func `what would drop rows now says how many, and needs leave`() throws {
    let scratch = try events()
    let text = "tables: {events: {retention: [{after: 5 days}, {after: 3 days, where: \"event = 'debug'\"}]}}"
    #expect(
      try scratch.plan(text) == [
        "update events retention none 5 days (20)", "create events retention where event = 'debug' 3 days (12)",
      ])
    let refused = try #require(try scratch.refusal(text))
    #expect(refused.state == .objectNotInPrerequisiteState)
    #expect(refused.detail?.contains("drops 20 rows of 5 partitions") == true)
    #expect(try scratch.refusal(text, .additions)?.state == .objectNotInPrerequisiteState)
    #expect(try scratch.run("SELECT retention FROM apus.tables WHERE table_name = 'events'") == [["NULL"]])
    #expect(try scratch.apply(text, .everything) == 2)
    try scratch.database.store.keepRetention()
    #expect(
      try scratch.run("SELECT event, count(*) FROM events GROUP BY 1 ORDER BY 1") == [["buy", "10"], ["debug", "8"]])
    // Nothing that is there is old enough: no leave is needed.
    #expect(try scratch.apply("tables: {events: {properties: {drop: {ip: 20 days}}}}") == 1)
    let property = "tables: {events: {properties: {drop: {ip: 2 days}}}}"
    #expect(try scratch.plan(property) == ["update events properties.drop.ip 20 days 2 days (6)"])
  }

  @Test func `an absent table is dropped with leave only`() throws {
    let scratch = try ClockedDatabase()
    try scratch.run("CREATE TABLE t (a int8); INSERT INTO t SELECT generate_series(1, 5)")
    let text = "tables: {t: {state: absent}, never: {state: absent}}"
    #expect(try scratch.plan(text) == ["delete t (5)"])
    #expect(try scratch.refusal(text)?.state == .objectNotInPrerequisiteState)
    try scratch.apply(text, .everything)
    #expect(try scratch.state("SELECT * FROM t") == "42P01")
    #expect(try scratch.plan(text) == [])
  }

  @Test func `SQL on what a file manages warns, and the plan shows the drift`() throws {
    let scratch = try ClockedDatabase()
    let text = "tables: {events: {retention: [{after: 90 days}, {after: 7 days, where: event = 'a'}]}}"
    try scratch.apply(text)
    try scratch.run("ALTER TABLE events SET (retention = '120 days')")
    #expect(scratch.notices.map(\.severity) == [.warning])
    try scratch.run("SELECT apus.remove_retention('events', filter => $$event = 'a'$$)")
    #expect(scratch.notices.map(\.severity) == [.warning])
    try scratch.run("ALTER TABLE events SET (dedupe_window = '2 days')")
    #expect(scratch.notices.isEmpty)
    let plan = try scratch.database.plan(try scratch.configuration(text))
    #expect(plan.changes.count == 2 && plan.changes.allSatisfy { $0.isDrift })
    #expect(plan.text.contains("~ retention: 120 days -> 90 days   # changed by SQL"))
    try scratch.apply(text)
    #expect(try scratch.plan(text) == [])
    // An entry that is taken out leaves things as they are, to SQL.
    let empty = try scratch.database.plan(try scratch.configuration(""))
    #expect(empty.changes.isEmpty && empty.notes.count == 1)
    try scratch.apply("")
    try scratch.run("ALTER TABLE events SET (retention = '120 days')")
    #expect(scratch.notices.isEmpty)
    try scratch.run("CREATE TABLE t (time timestamptz)")
    try scratch.apply("tables: {t: {retention: 1 day}}")
    try scratch.run("DROP TABLE t")
    #expect(scratch.notices.map(\.severity) == [.warning])
    #expect(try scratch.refusal("tables: {t: {retention: 1 day}}")?.state == .configFileError)
  }

  @Test(arguments: [
    (
      "tables: {nowhere: {retention: 1 day}}",
      "1:10: table \"nowhere\" does not exist (name its columns, and it will be made)"
    ),
    ("tables: {v: {}}", "1:10: \"v\" is a view, not a table"),
    ("tables: {plain: {retention: 1 day}}", "1:29: retention of table \"plain\" needs a time column"),
    (
      "tables: {events: {partition: 1 hour}}",
      "1:30: \"partition\" of table \"events\" is 1 day and cannot be changed while the table has rows"
    ),
    (
      "tables: {events: {columns: {event: int}}}",
      "1:29: column \"event\" is text: changing its type to integer is not supported"
    ),
    (
      "tables: {events: {retention: [{after: 1 day, where: nope = 1}]}}",
      "1:31: column \"nope\" does not exist"
    ),
    (
      "rollups: {r: {from: evnts, every: 1 hour, measures: {n: count(*)}}}",
      "1:21: \"evnts\" is no table, and no rollup of the file (did you mean \"events\"?)"
    ),
    ("tables: {plain: {properties: {drop: {a: 1 day}}}}", "1:37: table \"plain\" has no jsonb column \"properties\""),
  ])
  func `what cannot be is told with its place`(_ text: String, _ problem: String) throws {
    let scratch = try events()
    try scratch.run("CREATE VIEW v AS SELECT 1; CREATE TABLE plain (a int8)")
    let error = try #require(try scratch.refusal(text))
    #expect(error.state == .configFileError && error.message == problem, "\(error)")
  }

  @Test func `the running state written down is read without problems and plans no change`() throws {
    let scratch = try events()
    try scratch.run(
      """
      CREATE TABLE "Odd name" (ts timestamp, "a b" varchar(10) NOT NULL DEFAULT 'x: y', n numeric(10,2)[],
        k uuid, properties jsonb)
        WITH (time_column = 'ts', partition = '2 hours', retention = '30 days', dedupe_key = 'k', order_by = 'a b, ts',
          accept_past = '40 days', max_columns = 7);
      CREATE TABLE plain (id int8, g int8 GENERATED ALWAYS AS (id * 2) STORED);
      CREATE SCHEMA s; CREATE TABLE s.t (time timestamptz);
      SELECT apus.add_retention('events', '100 days');
      SELECT apus.add_retention(
        'events', '30 days', filter => $$event = 'it''s "quoted"' AND properties->>'a' = '\\'$$);
      SELECT apus.add_property_retention('events', 'user.e-mail', '12 days')
      """)
    let text = try scratch.database.configurationText()
    #expect(try scratch.plan(text) == [], "\(text)")
    try scratch.apply(text)
    #expect(try scratch.database.configurationText() == text)
    // Into another directory it makes the same.
    let other = try ClockedDatabase()
    try other.apply(text)
    #expect(try other.database.configurationText() == text)
  }

  private let rollups = """
    rollups:
      events_1m:
        from: events
        every: 1 minute
        by: [event, "properties->>'ip'"]
        sets: [[], [event], [event, "properties->>'ip'"]]
        measures:
          events: count(*)
          ids: count(event_id)
        retention: 30 days
      events_1h: {from: events_1m, every: 1 hour, retention: 2 years}
      odd: {from: events, every: 1 day, time_zone: Europe/Berlin, where: event <> 'debug', measures: {n: count(*)}}
    """

  @Test func `rollups are made, compared by what they keep, replaced and dropped`() throws {
    let scratch = try events()
    #expect(
      try scratch.plan(rollups) == [
        "create events_1m every 1 minute of events (40)", "create events_1h every 1 hour of events (40)",
        "create odd every 1 day of events (40)",
      ])
    #expect(try scratch.apply(rollups, .additions) == 3)
    #expect(try scratch.plan(rollups) == [])
    #expect(
      try scratch.run("SELECT sum(events) FROM events_1h WHERE event IS NOT NULL AND ip IS NULL") == [["40"]])
    // Spaces and spelling are no change, another measure is one.
    let spaced = rollups.replacingOccurrences(of: "count(*)", with: "COUNT( * )")
    #expect(try scratch.plan(spaced) == [])
    let changed = rollups.replacingOccurrences(of: "ids: count(event_id)", with: "first: min(time)")
    let plan = try scratch.database.plan(try scratch.configuration(changed))
    #expect(plan.changes.map(\.name) == ["events_1m", "events_1h"] && plan.recomputes && !plan.dropsData)
    #expect(try scratch.refusal(changed, .additions)?.state == .objectNotInPrerequisiteState)
    try scratch.apply(changed)
    #expect(try scratch.plan(changed) == [])
    let retained = changed.replacingOccurrences(of: "2 years", with: "3 days")
    #expect(try scratch.plan(retained).count == 1)
    #expect(try scratch.refusal(retained)?.detail?.contains("drops") == true)
    try scratch.run("ALTER MATERIALIZED VIEW events_1h SET (retention = '9 days')")
    #expect(scratch.notices.map(\.severity) == [.warning])
    try scratch.run("DROP MATERIALIZED VIEW odd")
    #expect(scratch.notices.map(\.severity) == [.warning])
    let absent = "rollups: {events_1m: {state: absent}, events_1h: {state: absent}}"
    #expect(try scratch.refusal(absent)?.state == .objectNotInPrerequisiteState)
    #expect(try scratch.apply(absent, .everything) == 2)
    #expect(try scratch.state("SELECT * FROM events_1m") == "42P01")
  }

  @Test func `retention of a rollup is set by functions too, and a rollup that does not pay is told`() throws {
    let scratch = try ClockedDatabase()
    try scratch.run(
      """
      INSERT INTO events (time, event, event_id) SELECT '2026-01-01 01:00+00'::timestamptz, 'e', g::text
      FROM generate_series(1, 2000) g
      """)
    try scratch.run("SELECT apus.flush('events')")
    let text = "rollups: {r: {from: events, every: 1 hour, by: [event_id], where: event > '', measures: {n: count(*)}}}"
    let change = try #require(try scratch.database.plan(try scratch.configuration(text)).changes.first)
    #expect(change.warning == "it keeps about 1.0 rows a row of the table")
    try scratch.apply(text)
    #expect(try scratch.database.plan(try scratch.configuration(text)).notes.count == 1)
    try scratch.run("SELECT apus.add_retention('r', '1 year')")
    #expect(
      try scratch.run("SELECT table_schema, table_name, policy, after, managed_by FROM apus.policies")
        == [["public", "r", "retention", "365 days", "file"]])
    #expect(try scratch.run("SELECT retention FROM apus.rollups") == [["365 days"]])
    #expect(try scratch.state("SELECT add_retention_policy('r', INTERVAL '2 years')") == "42710")
    #expect(try scratch.state("SELECT apus.add_retention('r', '1 year', filter => 'true')") == "0A000")
    try scratch.run("SELECT remove_retention_policy('r')")
    #expect(try scratch.state("SELECT apus.remove_retention('r')") == "42704")
    try scratch.run("SELECT add_retention_policy('r', INTERVAL '2 years')")
    #expect(try scratch.run("SELECT retention FROM apus.rollups") == [["730 days"]])
  }

  @Test func `a table and its rollups are made by one file, and the running state says so`() throws {
    let scratch = try ClockedDatabase()
    let text = """
      tables:
        clicks: {columns: {at: timestamptz NOT NULL, page: text, ms: float8}, time_column: at, retention: 90 days}
      rollups:
        clicks_1h: {from: clicks, every: 1 hour, by: [page], measures: {n: count(*), slowest: max(ms)}}
        clicks_1d: {from: clicks_1h, every: 1 day, retention: 5 years}
      """
    try scratch.apply(text, .additions)
    #expect(try scratch.plan(text) == [])
    try scratch.run(
      """
      CREATE MATERIALIZED VIEW by_sql WITH (rollup, retention = '10 days') AS
        SELECT time_bucket('1 day', at, 'Europe/Berlin') AS day, page AS "Page", avg(ms) AS a FROM clicks
        WHERE ms > 0 GROUP BY GROUPING SETS ((1), (1, 2));
      CREATE MATERIALIZED VIEW over_sql WITH (rollup) AS
        SELECT time_bucket('1 month', bucket) AS bucket, page, sum(n) AS n, max(slowest) AS slowest FROM clicks_1d
        GROUP BY 1, 2
      """)
    let dump = try scratch.database.configurationText()
    #expect(try scratch.plan(dump) == [], "\(dump)")
    try scratch.apply(dump)
    #expect(try scratch.database.configurationText() == dump)
    let other = try ClockedDatabase()
    try other.apply(dump)
    let again = try other.database.configurationText()
    #expect(again == dump, "\(again)\n---\n\(dump)")
  }

  @Test func `SQL plans, applies and writes down too`() throws {
    let scratch = try events()
    let plan = try scratch.run("CALL apus.plan('tables: {events: {retention: 5 days}}')")[0][0]
    #expect(plan.contains("\"drops_data\":true") && plan.contains("\"rows\":20"))
    #expect(try scratch.state("CALL apus.apply('tables: {events: {retention: 5 days}}')") == "55000")
    #expect(try scratch.state("CALL apus.plan('tabels: {}')") == "F0000")
    #expect(try scratch.state("CALL apus.plan('server: {password: \"${X}\"}')") == "F0000")
    #expect(try scratch.state("CALL apus.plan()") == "42883")
    #expect(try scratch.state("CALL apus.nothing()") == "42883")
    #expect(try scratch.state("BEGIN; CALL apus.configuration()") == "0A000")
    #expect(try scratch.state("CALL apus.apply('')", readOnly: true) == "25006")
    try scratch.run("CALL apus.apply(configuration => 'tables: {events: {retention: 5 days}}', allow_drop => true)")
    #expect(try scratch.run("CALL apus.configuration()")[0][0].contains("retention: 5 days"))
  }

  @Test func `docs-CONFIG is what the schema makes of it`() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let page = try String(contentsOf: root.appendingPathComponent("docs/CONFIG.md"), encoding: .utf8)
    #expect(ConfigurationSchema.documentation(page) == page, "apus config docs docs/CONFIG.md prints it")
    #expect(page.contains("| `server.http.port` | `--http-port` | `APUS_HTTP_PORT` |"))
    #expect(page.contains("| `accept.past` | `accept_past` |"))
  }

  @Test func `the JSON schema is JSON and names every key`() throws {
    let schema = ConfigurationSchema.jsonSchema
    let parsed = try JSONSerialization.jsonObject(with: Data(schema.utf8)) as? [String: Any]
    #expect((parsed?["properties"] as? [String: Any])?.count == ConfigurationSchema.root.count)
    for option in ConfigurationSchema.options { #expect(schema.contains("\"\(option.field.key)\":")) }
  }
}
