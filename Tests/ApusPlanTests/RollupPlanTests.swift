// Which queries become rollups, and which queries rollups answer, as EXPLAIN shows it.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import Testing

private final class PlanTable: TableProvider, @unchecked Sendable {
  let schema: TableSchema
  let readsPaths: Bool
  let rowCountEstimate: Int?
  var rollups: [any RollupTable] = []

  init(_ schema: TableSchema, rows: Int? = nil, readsPaths: Bool = true) {
    self.schema = schema
    self.readsPaths = readsPaths
    rowCountEstimate = rows
  }
  func capability(_ request: ScanRequest) -> ScanCapability {
    ScanCapability(filters: request.filters.map { _ in .inexact }, limit: .unsupported, aggregate: .unsupported)
  }
  func scan(_ request: ScanRequest, context: EvaluationContext) throws(ApusError) -> ScanOutput { .rowGroups([]) }
}

private final class PlanRollup: RollupTable {
  let schema = "public"
  let name: String
  let oid: OID = 40_000
  let definition: RollupDefinition
  let partials: any TableProvider
  let uncounted: any TableProvider
  let hasHistory: Bool
  var presentPartials: any TableProvider { partials }
  let presentCounted: any TableProvider
  var presentUncounted: any TableProvider { uncounted }

  init(_ name: String, _ definition: RollupDefinition, rows: Int, hasHistory: Bool = false, uncounted: Int? = nil) {
    self.name = name
    self.definition = definition
    self.hasHistory = hasHistory
    let columns = zip(definition.partialColumns, definition.partialFields).map { reference, field in
      TableColumn(id: reference.column, name: field.name, type: TypeReference(field.type))
    }
    partials = PlanTable(TableSchema(oid: 40_000, schema: "public", name: name, columns: columns), rows: rows)
    presentCounted = PlanTable(TestCatalog.events, rows: 10_000_000)
    self.uncounted = PlanTable(TestCatalog.events, rows: uncounted)
  }
}

private struct PlanCatalog: BinderCatalog {
  let functions = FunctionRegistry.standard
  var context: EvaluationContext
  var relations: [String: Relation]
  func relation(schema: String?, name: String) throws(ApusError) -> Relation? { relations[name] }
}

/// events with rollups of it, and a table without.
private struct Fixture {
  var catalog: PlanCatalog

  static let hourly = """
    SELECT time_bucket('1 hour', time) AS bucket, event, properties->>'country' AS country, count(*) AS events,
      count(DISTINCT distinct_id) AS users, sum((properties->>'amount')::float8) AS total, min(sent_at) AS sent,
      count(*) FILTER (WHERE event = 'buy') AS bought
    FROM events GROUP BY GROUPING SETS ((1), (1, 2), (1, 2, 3))
    """
  static let paid = """
    SELECT time_bucket('1 day', time) AS day, properties->>'plan' AS plan, avg((properties->>'amount')::numeric) AS mean
    FROM events WHERE event = 'buy' GROUP BY 1, 2
    """
  static let daily = """
    SELECT time_bucket('1 day', time) AS day, event, count(*) AS events FROM events GROUP BY 1, 2
    """

  init(settings: [String: String] = [:], hasHistory: Bool = false, zone: String = "UTC") throws {
    let events = PlanTable(TestCatalog.events, rows: 10_000_000)
    catalog = PlanCatalog(
      context: EvaluationContext(timeZone: zone, settings: { settings[$0] }), relations: ["events": .table(events)])
    catalog.relations["users"] = .table(PlanTable(TestCatalog.users))
    var rollups: [any RollupTable] = []
    for (name, sql, rows) in [
      ("hourly", Self.hourly, 90_000), ("paid", Self.paid, 900), ("daily", Self.daily, 3_000),
    ] {
      let rollup = PlanRollup(name, try definition(sql), rows: rows, hasHistory: hasHistory)
      catalog.relations[name] = .rollup(rollup)
      rollups.append(rollup)
    }
    events.rollups = rollups
  }

  func definition(_ sql: String) throws(ApusError) -> RollupDefinition {
    try RollupDefinition.extract(
      from: try bind(sql, catalog: catalog).plan, functions: .standard, context: catalog.context
    ).definition
  }

  func lines(_ sql: String) throws -> [String] {
    let bound = try bind(sql, catalog: catalog)
    let plan = try Optimiser.optimise(bound.plan, functions: .standard, context: catalog.context)
    #expect(PlanValidator.faults(in: plan) == [], "\(sql)")
    #expect(plan.fields.map(\.type) == bound.fields.map(\.type), "\(sql)")
    return ExplainPrinter.lines(plan)
  }

  /// The rollup and set that answer.
  func answer(_ sql: String) throws -> String? {
    try lines(sql).first { $0.contains("Rollup: ") }.map {
      $0.split(separator: ": ", maxSplits: 1).last.map { String($0) } ?? ""
    }
  }
}

@Suite struct RollupAnswerTests {
  private static let answered: [(String, String)] = [
    ("SELECT count(*) FROM events", "daily, set (day, event)"),
    ("SELECT event, count(*) FROM events GROUP BY 1", "daily, set (day, event)"),
    ("SELECT properties->>'country', count(*) FROM events GROUP BY 1", "hourly, set (bucket, event, country)"),
    ("SELECT count(DISTINCT distinct_id) FROM events", "hourly, set (bucket)"),
    ("SELECT event, count(DISTINCT distinct_id) FROM events GROUP BY event", "hourly, set (bucket, event)"),
    ("SELECT date_trunc('hour', time), count(*) FROM events GROUP BY 1", "hourly, set (bucket)"),
    ("SELECT date_trunc('week', time), count(*) FROM events GROUP BY 1", "daily, set (day, event)"),
    ("SELECT time::date, count(*) FROM events GROUP BY 1", "daily, set (day, event)"),
    (
      "SELECT time_bucket('3 hours', time), sum((properties->>'amount')::float8) FROM events GROUP BY 1",
      "hourly, set (bucket)"
    ),
    ("SELECT upper(event), count(*) FROM events GROUP BY 1", "daily, set (day, event)"),
    ("SELECT count(*) FILTER (WHERE event LIKE 'b%') FROM events", "daily, set (day, event)"),
    (
      "SELECT count(*) FILTER (WHERE event = 'buy') FROM events WHERE time >= '2026-01-01'",
      "daily, set (day, event), whole buckets [2026-01-01 00:00:00+00, )"
    ),
    (
      "SELECT count(*) FROM events WHERE event = 'a' AND time >= '2026-01-01 10:10' AND time < '2026-01-01 12:30'",
      "hourly, set (bucket, event), whole buckets [2026-01-01 11:00:00+00, 2026-01-01 12:00:00+00)"
    ),
    (
      "SELECT min(sent_at) FROM events WHERE properties->>'country' IN ('de', 'fr')",
      "hourly, set (bucket, event, country)"
    ),
    ("SELECT avg((properties->>'amount')::numeric) FROM events WHERE event = 'buy'", "paid, set (day, plan)"),
    (
      "SELECT properties->>'plan', avg((properties->>'amount')::numeric) FROM events WHERE event = 'buy' GROUP BY 1",
      "paid, set (day, plan)"
    ),
    ("SELECT DISTINCT event FROM events", "daily, set (day, event)"),
    ("SELECT count(DISTINCT event) FROM events", "daily, set (day, event)"),
    ("SELECT max(properties->>'country') FROM events", "hourly, set (bucket, event, country)"),
    (
      "SELECT event, count(*) FROM events GROUP BY ROLLUP (event) HAVING count(*) > 1 ORDER BY 2 LIMIT 3",
      "daily, set (day, event)"
    ),
    ("SELECT u.name, (SELECT count(*) FROM events) FROM users u", "daily, set (day, event)"),
    (
      "SELECT * FROM users u JOIN (SELECT event, count(*) c FROM events GROUP BY 1) e ON u.name = e.event",
      "daily, set (day, event)"
    ),
    (
      "SELECT e, sum(c) OVER (ORDER BY e) FROM (SELECT event e, count(*) c FROM events GROUP BY 1) x",
      "daily, set (day, event)"
    ),
    (
      "SELECT count(*) FROM (SELECT * FROM events WHERE event <> 'x') y WHERE time IS NOT NULL",
      "daily, set (day, event)"
    ),
    ("SELECT count(1) FROM events", "daily, set (day, event)"),
    ("SELECT count(*) FILTER (WHERE time >= '2026-01-01 05:00') FROM events", "hourly, set (bucket)"),
    ("SELECT time_bucket('1 hour', time, 'UTC'), count(*) FROM events GROUP BY 1", "hourly, set (bucket)"),
  ]

  @Test func `the smallest set of the coarsest rollup answers`() throws {
    let fixture = try Fixture()
    for (sql, answer) in Self.answered { #expect(try fixture.answer(sql) == answer, "\(sql)") }
  }

  private static let refused = [
    // Groupings and conditions that no rollup keeps.
    "SELECT user_id, count(*) FROM events GROUP BY 1",
    "SELECT count(*) FROM events WHERE user_id = 'x'",
    "SELECT count(*) FROM events WHERE sent_at > time",
    "SELECT count(*) FROM events WHERE session_id IS NULL",
    "SELECT length(user_id), count(*) FROM events GROUP BY 1",
    "SELECT coalesce(event, user_id), count(*) FROM events GROUP BY 1",
    "SELECT CASE WHEN user_id IS NULL THEN event END, count(*) FROM events GROUP BY 1",
    "SELECT DISTINCT user_id FROM events",
    "SELECT DISTINCT ON (event) event, time FROM events ORDER BY event, time",
    "SELECT event, user_id, count(*) FROM events GROUP BY GROUPING SETS ((event), (user_id))",
    "SELECT count(*) FROM events WHERE event = 'a' OR user_id = 'b'",
    // Paths that only look alike.
    "SELECT properties->>'Country', count(*) FROM events GROUP BY 1",
    "SELECT properties->'country', count(*) FROM events GROUP BY 1",
    "SELECT properties->'a'->>'country', count(*) FROM events GROUP BY 1",
    "SELECT properties->'country'->>'a', count(*) FROM events GROUP BY 1",
    "SELECT sum((properties->>'amount')::int) FROM events",
    "SELECT sum((properties->>'amount')::numeric) FROM events",
    "SELECT sum((properties->>'amounts')::float8) FROM events",
    "SELECT count(properties->'amount') FROM events",
    "SELECT count(*) FROM events WHERE properties->>'plan' = 'pro'",
    "SELECT count(*) FROM events WHERE properties ? 'country'",
    // Times that are not the same for a whole bucket.
    "SELECT date_trunc('minute', time), count(*) FROM events GROUP BY 1",
    "SELECT time_bucket('90 minutes', time), count(*) FROM events GROUP BY 1",
    "SELECT time_bucket('30 minutes', time), count(*) FROM events GROUP BY 1",
    "SELECT time_bucket('1 hour', time, timestamptz '2000-01-01 00:15+00'), count(*) FROM events GROUP BY 1",
    "SELECT time_bucket('1 hour', time, interval '5 minutes'), count(*) FROM events GROUP BY 1",
    "SELECT time_bucket('1 hour', sent_at), count(*) FROM events GROUP BY 1",
    "SELECT time_bucket('1 day', time, 'Europe/Berlin'), count(*) FROM events GROUP BY 1",
    "SELECT date_trunc('day', time, 'Asia/Kolkata'), count(*) FROM events GROUP BY 1",
    "SELECT extract(hour from time), count(*) FROM events GROUP BY 1",
    "SELECT time::text, count(*) FROM events GROUP BY 1",
    "SELECT time, count(*) FROM events GROUP BY 1",
    "SELECT time + interval '1 hour', count(*) FROM events GROUP BY 1",
    "SELECT count(*) FROM events WHERE time >= '2026-01-01 10:10' AND time < '2026-01-01 10:50'",
    "SELECT count(*) FROM events WHERE time > '2026-01-01 10:00' AND time <= '2026-01-01 11:00'",
    "SELECT count(*) FROM events WHERE time = '2026-01-01 10:00'",
    "SELECT count(*) FROM events WHERE time <> '2026-01-01 10:00'",
    "SELECT count(*) FROM events WHERE time IN ('2026-01-01 10:00', '2026-01-01 11:00')",
    "SELECT count(*) FROM events WHERE time >= '2026-01-01 10:10' OR event = 'a'",
    "SELECT count(*) FILTER (WHERE time >= '2026-01-01 10:10') FROM events",
    "SELECT count(*) FROM events WHERE time < 'infinity'",
    // Aggregates that no rollup keeps.
    "SELECT count(DISTINCT user_id) FROM events",
    "SELECT count(DISTINCT anonymous_id) FROM events",
    "SELECT approx_count_distinct(distinct_id) FROM events",
    "SELECT avg((properties->>'amount')::float8) FROM events",
    "SELECT stddev((properties->>'amount')::float8) FROM events",
    "SELECT sum(DISTINCT (properties->>'amount')::float8) FROM events",
    "SELECT sum((properties->>'amount')::float8 * 2) FROM events",
    "SELECT max(sent_at) FROM events",
    "SELECT min(time) FROM events",
    "SELECT count(session_id) FROM events",
    "SELECT count(event) FROM events",
    "SELECT sum(length(event)) FROM events",
    "SELECT bool_or(user_id = 'x') FROM events",
    "SELECT array_agg(event) FROM events",
    "SELECT string_agg(event, ',') FROM events",
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY (properties->>'amount')::float8) FROM events",
    "SELECT first(event, time) FROM events",
    "SELECT count(*) FILTER (WHERE user_id IS NULL) FROM events",
    "SELECT count(DISTINCT distinct_id) FILTER (WHERE session_id = 's') FROM events",
    // A rollup of some rows only.
    "SELECT avg((properties->>'amount')::numeric) FROM events",
    "SELECT avg((properties->>'amount')::numeric) FROM events WHERE event = 'buy' OR event = 'sell'",
    "SELECT avg((properties->>'amount')::numeric) FROM events WHERE event IN ('buy', 'sell')",
    "SELECT avg((properties->>'amount')::numeric) FILTER (WHERE event = 'buy') FROM events",
    "SELECT avg((properties->>'amount')::numeric) FROM events WHERE event = 'buy' AND properties->>'country' = 'de'",
    // Other forms of query.
    "SELECT event FROM events",
    "SELECT * FROM events LIMIT 10",
    "SELECT count(*) FROM events WHERE random() < 0.5",
    "SELECT random() < 0.5, count(*) FROM events GROUP BY 1",
    "SELECT count(*) FROM events e JOIN users u ON e.event = u.name",
    "SELECT count(*) FROM (SELECT * FROM events LIMIT 100) x",
    "SELECT count(*) FROM (SELECT event FROM events UNION ALL SELECT name FROM users) x",
    "SELECT count(*) FROM events WHERE event IN (SELECT name FROM users)",
    "SELECT name, (SELECT count(*) FROM events WHERE event = u.name) FROM users u",
    "SELECT event, row_number() OVER (PARTITION BY event ORDER BY time) FROM events",
    "SELECT count(*) FROM users",
    "SELECT sum(events) FROM daily",
  ]

  @Test func `what partials do not tell is asked of the rows`() throws {
    let fixture = try Fixture()
    #expect(Self.refused.count >= 60)
    for sql in Self.refused { #expect(try fixture.answer(sql) == nil, "\(sql)") }
  }

  @Test func `the parts are whole buckets, the edges, and rows in no partial`() throws {
    let lines = try Fixture().lines(
      "SELECT properties->>'country', count(*) FROM events WHERE time >= '2026-01-01 10:10' AND "
        + "time < '2026-01-02 12:30' GROUP BY 1")
    #expect(
      lines.count { $0.contains("Rollup Scan on hourly  (columns: country, events, set, bucket") } == 1, "\(lines)")
    #expect(lines.count { $0.contains("Scan on events") } == 3, "\(lines)")
    for note in ["before the first whole bucket", "after the last whole bucket", "not in the rollup yet"] {
      #expect(lines.count { $0.contains("Rows: \(note)") } == 1, "\(lines)")
    }
    let aligned = try Fixture().lines("SELECT count(*) FROM events WHERE time >= '2026-01-01' AND time < '2026-02-01'")
    #expect(aligned.count { $0.contains("Scan on events") } == 1, "\(aligned)")
  }

  @Test func `settings turn it off, and let history answer`() throws {
    let sql = "SELECT event, count(*) FROM events GROUP BY 1"
    #expect(try Fixture(settings: ["apus.use_rollups": "off"]).answer(sql) == nil)
    #expect(
      try Fixture(settings: ["apus.rollup_history": "on"], hasHistory: true).answer(sql)
        == "daily, set (day, event), beyond raw retention")
    #expect(try Fixture(hasHistory: true).answer(sql) == "daily, set (day, event)")
  }

  @Test func `the session's zone decides which buckets a day has`() throws {
    let sql = "SELECT date_trunc('day', time), count(*) FROM events GROUP BY 1"
    #expect(try Fixture(zone: "Europe/Berlin").answer(sql) == nil)
    #expect(try Fixture(zone: "Europe/Berlin").answer("SELECT time::date, count(*) FROM events GROUP BY 1") == nil)
    #expect(try Fixture(zone: "UTC").answer(sql) == "daily, set (day, event)")
  }

  @Test func `conditions on buckets bound the scanned time`() throws {
    let lines = try Fixture().lines("SELECT user_id FROM events WHERE date_trunc('day', time) = '2026-01-01'")
    #expect(lines.count { $0.contains("Filter: (time >= ") } == 1, "\(lines)")
    #expect(lines.count { $0.contains("Filter: (time < ") } == 1, "\(lines)")
  }
}

@Suite struct RollupDefinitionTests {
  private static let refused: [(String, String, String)] = [
    ("SELECT event, count(*) FROM events GROUP BY 1", "42P17", "time bucket"),
    ("SELECT count(*) FROM events", "42P17", "time bucket"),
    ("SELECT event FROM events", "42P17", "group"),
    (
      "SELECT time_bucket('1 hour', time) b, time_bucket('1 day', time) d, count(*) FROM events GROUP BY 1, 2", "42P17",
      "one time bucket"
    ),
    (
      "SELECT time_bucket('1 hour', time) b, event, count(*) FROM events GROUP BY GROUPING SETS ((1), (2))", "42P17",
      "every grouping set"
    ),
    (
      "SELECT time_bucket('1 hour', time) b, event, count(*) FROM events GROUP BY ROLLUP (1, 2)", "42P17",
      "every grouping set"
    ),
    ("SELECT time_bucket('1 hour', time) b, count(*) FROM events GROUP BY GROUPING SETS ((1), (1))", "42P17", "twice"),
    ("SELECT time_bucket('1 hour', time) b, count(*) FROM events GROUP BY 1, event", "42P17", "among its columns"),
    ("SELECT count(*) FROM events GROUP BY time_bucket('1 hour', time)", "42P17", "among the rollup's columns"),
    ("SELECT time_bucket('1 hour', time) b, count(*) b FROM events GROUP BY time_bucket('1 hour', time)", "42701", "b"),
    (
      "SELECT time_bucket('1 hour', time) b, count(DISTINCT user_id) u, count(*) u_state FROM events GROUP BY 1",
      "42701",
      "u_state"
    ),
    ("SELECT time_bucket('1 hour', time) b, count(*) + 1 FROM events GROUP BY 1", "0A000", "computed"),
    ("SELECT time_bucket('1 hour', time) b, 7 AS seven FROM events GROUP BY 1", "0A000", "computed"),
    ("SELECT time_bucket('1 hour', time) b, count(*) FROM events GROUP BY 1 HAVING count(*) > 1", "0A000", "HAVING"),
    ("SELECT time_bucket('1 hour', time) b, count(*) FROM events GROUP BY 1 ORDER BY 1", "0A000", "ORDER BY"),
    ("SELECT time_bucket('1 hour', time) b, count(*) FROM events GROUP BY 1 LIMIT 5", "0A000", "LIMIT"),
    ("SELECT DISTINCT time_bucket('1 hour', time) b, count(*) FROM events GROUP BY 1", "0A000", "DISTINCT"),
    ("SELECT time_bucket('1 hour', time) b, rank() OVER () FROM events GROUP BY 1", "0A000", "window"),
    (
      "SELECT time_bucket('1 hour', time) b, event, grouping(event) FROM events GROUP BY 1, ROLLUP (2)", "0A000",
      "grouping()"
    ),
    (
      "SELECT time_bucket('1 hour', e.time) b, count(*) FROM events e JOIN users u ON true GROUP BY 1", "0A000", "joins"
    ),
    (
      "SELECT time_bucket('1 hour', time) b, count(*) FROM events WHERE event IN (SELECT name FROM users) GROUP BY 1",
      "0A000", "subqueries"
    ),
    ("SELECT time_bucket('1 hour', time) b, count(*) FROM events WHERE time > now() GROUP BY 1", "42P17", "now()"),
    ("SELECT time_bucket('1 hour', time) b, current_user, count(*) FROM events GROUP BY 1, 2", "42P17", "current_user"),
    ("SELECT time_bucket('1 hour', time) b, random(), count(*) FROM events GROUP BY 1, 2", "42P17", "random()"),
    ("SELECT date_trunc('hour', time) b, count(*) FROM events GROUP BY 1", "42P17", "date_trunc()"),
    ("SELECT time_bucket('1 hour', time) b, time::date, count(*) FROM events GROUP BY 1, 2", "42P17", "cast"),
    ("SELECT time_bucket('1 hour', time) b, array_agg(event) FROM events GROUP BY 1", "0A000", "array_agg()"),
    (
      "SELECT time_bucket('1 hour', time) b, string_agg(event, ',' ORDER BY event) FROM events GROUP BY 1", "0A000",
      "string_agg()"
    ),
    (
      "SELECT time_bucket('1 hour', time) b, percentile_cont(0.5) WITHIN GROUP (ORDER BY (properties->>'x')::float8) "
        + "FROM events GROUP BY 1", "0A000", "percentile_cont()"
    ),
    (
      "SELECT time_bucket('1 hour', time) b, sum(DISTINCT (properties->>'x')::int) FROM events GROUP BY 1", "0A000",
      "DISTINCT"
    ),
    (
      "SELECT time_bucket('1 hour', time) b, sum(c) FROM (SELECT time, count(*) c FROM events GROUP BY 1) x GROUP BY 1",
      "0A000", "aggregation within"
    ),
    (
      "SELECT time_bucket('1 hour', time) b, count(*) FROM (SELECT * FROM events LIMIT 5) x GROUP BY 1", "0A000",
      "LIMIT"
    ),
    ("SELECT time_bucket('1 hour', time) b, count(*) FROM events WHERE false GROUP BY 1", "42P17", "never true"),
    ("SELECT time_bucket('1 day', bucket) b, count(*) FROM hourly GROUP BY 1", "0A000", "sum(events)"),
    ("SELECT time_bucket('1 day', bucket) b, sum(users) FROM hourly GROUP BY 1", "0A000", "rollup(x_state)"),
    ("SELECT time_bucket('1 day', bucket) b, avg(events) FROM hourly GROUP BY 1", "0A000", "avg()"),
    ("SELECT time_bucket('90 minutes', bucket) b, sum(events) FROM hourly GROUP BY 1", "42P17", "multiple"),
    ("SELECT time_bucket('1 day', bucket) b, sum(events) FROM hourly WHERE events > 3 GROUP BY 1", "0A000", "measure"),
    ("SELECT time_bucket('1 day', bucket) b, events, count(*) FROM hourly GROUP BY 1, 2", "0A000", "measure"),
    ("SELECT time_bucket('1 day', day) b, max(mean) FROM paid GROUP BY 1", "0A000", "max()"),
  ]

  @Test func `queries that are no rollups are refused, and told why`() throws {
    let fixture = try Fixture()
    for (sql, state, word) in Self.refused {
      do throws(ApusError) {
        _ = try fixture.definition(sql)
        Issue.record("taken: \(sql)")
      } catch {
        #expect(error.state.code == state, "\(sql): \(error)")
        #expect("\(error)".contains(word), "\(sql): \(error)")
      }
    }
  }

  @Test func `a definition is over the columns that it reads`() throws {
    let found = try Fixture().definition(Fixture.hourly)
    #expect(found.columns.map(\.column.value).sorted() == [1, 2, 4, 5, 8, 10])
    #expect(found.sets == [[0], [0, 1], [0, 1, 2]])
    #expect(found.outputs.map(\.field.name).prefix(4) == ["bucket", "event", "country", "events"])
    #expect(found.timeColumn?.column == ColumnID(1))
    #expect(found.stateColumns.map(\.name) == ["users_state", "total_state"])
    let twice = try Fixture().definition(
      "SELECT time_bucket('1 day', time) b, count(*) x, max(DISTINCT event) m, max(event) n, count(*) y FROM events "
        + "GROUP BY 1"
    )
    #expect(twice.measures.count == 2)
    #expect(twice.outputs.count == 5)
  }

  @Test func `a rollup over a rollup counts the table's rows`() throws {
    let fixture = try Fixture()
    let composed = try fixture.definition(
      """
      SELECT time_bucket('1 day', bucket) AS day, event, sum(events) AS events,
        distinct_count(rollup(users_state)) AS users
      FROM hourly GROUP BY 1, 2
      """)
    let direct = try fixture.definition(
      """
      SELECT time_bucket('1 day', time) AS day, event, count(*) AS events, count(DISTINCT distinct_id) AS users
      FROM events GROUP BY 1, 2
      """)
    #expect(composed.measures.map(\.call) == direct.measures.map(\.call))
    #expect(composed.groupings.map(\.type) == direct.groupings.map(\.type))
    #expect(composed.outputs.map(\.field) == direct.outputs.map(\.field))
  }

  @Test func `states stay out of a rollup's star, and can be named`() throws {
    let fixture = try Fixture()
    let all = try bind("SELECT * FROM hourly", catalog: fixture.catalog).fields.map(\.name)
    #expect(all == ["bucket", "event", "country", "events", "users", "total", "sent", "bought"])
    #expect(try bind("SELECT h.users_state FROM hourly h", catalog: fixture.catalog).fields[0].type == .aggregateState)
    #expect(try bind("SELECT * FROM hourly h NATURAL JOIN daily d", catalog: fixture.catalog).fields.count == 9)
    #expect(throws: ApusError.self) { try bind("INSERT INTO daily VALUES (now(), 'x', 1)", catalog: fixture.catalog) }
    #expect(
      try fixture.lines("SELECT event FROM hourly WHERE bucket > '2026-01-01'").contains { $0.contains("Rollup Scan") })
  }
}
