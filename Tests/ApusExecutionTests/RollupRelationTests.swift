// Rollups read as relations: the same rows as the query that defines them.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import Testing

/// Rows of page views over some days.
private func events(_ count: Int, seed: UInt64) -> [[Value]] {
  var random = SeededRandom(seed: seed)
  let hour = Microseconds.perHour
  return (0..<count).map { index in
    [
      .int(Int64.random(in: 0..<240, using: &random) * hour / 2 + Int64.random(in: 0..<1000, using: &random)),
      Bool.random(using: &random) ? .text("e\(Int.random(in: 0..<3, using: &random))") : .null,
      Int.random(in: 0..<5, using: &random) == 0 ? .null : .text("u\(Int.random(in: 0..<30, using: &random))"),
      Int.random(in: 0..<9, using: &random) == 0 ? .null : .float(Double(index) * 0.37),
      .int(Int64.random(in: -9...9, using: &random)),
    ]
  }
}

private func table(_ rows: [[Value]]) -> RolledTable {
  RolledTable(
    "events", [("time", .timestamptz), ("event", .text), ("who", .text), ("amount", .float8), ("n", .int4)],
    notNull: ["time"], rows: rows)
}

@Suite struct RollupRelationTests {
  private let rows = events(3000, seed: 7)

  private func rollup(
    _ sql: String, named name: String = "r"
  ) throws -> (catalog: RollupCatalog, rollup: MemoryRollup) {
    let table = table(rows)
    let catalog = RollupCatalog([table])
    let found = try definition(sql, catalog)
    let rollup = try MemoryRollup(
      name, found, of: table, counted: [Array(rows[..<900]), Array(rows[900..<1800])],
      uncounted: Array(rows[1800...]))
    return (RollupCatalog([table], rollups: [rollup]), rollup)
  }

  private static let definitions = [
    "SELECT time_bucket('1 hour', time) AS bucket, event, count(*) AS events FROM events GROUP BY 1, 2",
    """
    SELECT count(DISTINCT who) AS users, event, time_bucket('1 day', time) AS day, sum(amount) AS total, avg(n) AS mean,
      min(amount), max(who), count(amount) FILTER (WHERE n > 0) AS some
    FROM events WHERE n <> 3 GROUP BY event, day
    """,
    """
    SELECT time_bucket('6 hours', time) AS bucket, event, who, count(*) AS c, sum(n) AS s, avg(amount) AS a
    FROM events GROUP BY bucket, ROLLUP (event, who)
    """,
    """
    SELECT time_bucket('6 hours', time) AS bucket, event, n % 2 AS odd, count(DISTINCT who) AS c
    FROM events GROUP BY bucket, CUBE (event, odd)
    """,
    """
    SELECT time_bucket('1 month', time) AS bucket, upper(event) AS e, stddev(amount), bool_or(n > 8)
    FROM events GROUP BY 1, 2
    """,
    "SELECT time_bucket('1 day', time, 'Europe/Berlin') AS b, count(*) FROM events GROUP BY 1",
    "SELECT time_bucket('1 day', time) AS b, count(*) AS one, count(*) AS two FROM events GROUP BY 1",
  ]

  @Test(arguments: definitions) func `gives the rows of its query`(_ sql: String) throws {
    let (catalog, _) = try rollup(sql)
    let wanted = try values(try optimised(try bound(sql, catalog)))
    #expect(texts(try values(try optimised(try bound("SELECT * FROM r", catalog)))) == texts(wanted))
  }

  @Test func `filters and unread measures are left to both sides`() throws {
    let (catalog, _) = try rollup(Self.definitions[1])
    let sql = "SELECT event, total FROM r WHERE day >= '2000-01-03' AND day < '2000-01-04' AND event = 'e1'"
    let plan = try optimised(try bound(sql, catalog))
    let lines = ExplainPrinter.lines(plan)
    #expect(lines.filter { $0.contains("Rollup Scan on r  (columns: event, day, total)") }.count == 1, "\(lines)")
    #expect(lines.filter { $0.contains("Scan on events  (columns: time, event, amount, n)") }.count == 1, "\(lines)")
    #expect(lines.contains { $0.contains("(time >= '") } && lines.contains { $0.contains("(time < '") }, "\(lines)")
    let wanted = try values(
      try optimised(
        try bound(
          """
          SELECT event, sum(amount) FROM events WHERE n <> 3 AND event = 'e1' AND time >= '2000-01-03'
            AND time < '2000-01-04' GROUP BY 1
          """, catalog)))
    #expect(texts(try values(plan)) == texts(wanted))
  }

  @Test func `merging partials changes nothing`() throws {
    for sql in Self.definitions {
      let (_, rollup) = try rollup(sql)
      let merged = try values(try optimised(RollupPlan.combined(rollup.definition, over: rollup.partials)))
      let again = MemoryTable(schema: rollup.partials.schema, rows: merged)
      #expect(
        texts(try values(try optimised(RollupPlan.combined(rollup.definition, over: again)))) == texts(merged))
      let keys = Set(merged.map { $0.prefix(1 + rollup.definition.groupings.count).map { "\($0)" } })
      #expect(keys.count == merged.count)
    }
  }

  @Test func `a rollup of no rows has no rows`() throws {
    let table = table([])
    let sql = Self.definitions[2]
    let rollup = try MemoryRollup(
      "r", try definition(sql, RollupCatalog([table])), of: table, counted: [], uncounted: [])
    let catalog = RollupCatalog([table], rollups: [rollup])
    #expect(try values(try optimised(try bound("SELECT * FROM r", catalog))).isEmpty)
  }

  @Test func `states are hidden columns`() throws {
    let (catalog, _) = try rollup(
      "SELECT time_bucket('1 day', time) AS b, event, hyperloglog(who) AS h, percentile_agg(amount) AS p, count(*) "
        + "FROM events GROUP BY 1, 2")
    #expect(try optimised(try bound("SELECT * FROM r", catalog)).fields.count == 5)
    for (rolled, raw) in [
      ("distinct_count(rollup(h_state))", "distinct_count(hyperloglog(who))"),
      ("approx_percentile(0.9, rollup(p_state))", "approx_percentile(0.9, percentile_agg(amount))"),
      ("approx_percentile(0.9, rollup(p))", "approx_percentile(0.9, percentile_agg(amount))"),
    ] {
      let got = try values(try optimised(try bound("SELECT event, \(rolled) FROM r GROUP BY 1", catalog)))
      let wanted = try values(try optimised(try bound("SELECT event, \(raw) FROM events GROUP BY 1", catalog)))
      #expect(texts(got) == texts(wanted))
    }
  }

  private static let compositions: [(String, String)] = [
    (
      "SELECT time_bucket('1 day', bucket) AS d, event, sum(c) AS c, sum(s) AS s, min(low) AS low FROM f GROUP BY 1, 2",
      "SELECT time_bucket('1 day', time) AS d, event, count(*) AS c, sum(n) AS s, min(amount) AS low FROM events "
        + "WHERE n > -5 GROUP BY 1, 2"
    ),
    (
      "SELECT time_bucket('1 month', bucket) AS m, sum(c) FILTER (WHERE event = 'e1') AS c, rollup(h) AS h FROM f "
        + "WHERE event <> 'e2' AND bucket >= '2000-01-02' GROUP BY 1",
      "SELECT time_bucket('1 month', time) AS m, count(*) FILTER (WHERE event = 'e1') AS c, hyperloglog(who) AS h "
        + "FROM events WHERE n > -5 AND event <> 'e2' AND time >= '2000-01-02' GROUP BY 1"
    ),
    (
      "SELECT bucket, upper(event) AS e, distinct_count(rollup(a_state)) AS a, max(high) FROM f GROUP BY bucket, "
        + "ROLLUP (upper(event))",
      "SELECT time_bucket('1 hour', time) AS bucket, upper(event) AS e, approx_count_distinct(who) AS a, max(amount) "
        + "FROM events WHERE n > -5 GROUP BY 1, ROLLUP (upper(event))"
    ),
  ]

  @Test func `a rollup over a rollup is its composition`() throws {
    let (catalog, _) = try rollup(
      """
      SELECT time_bucket('1 hour', time) AS bucket, event, count(*) AS c, sum(n) AS s, min(amount) AS low,
        max(amount) AS high, hyperloglog(who) AS h, approx_count_distinct(who) AS a
      FROM events WHERE n > -5 GROUP BY bucket, ROLLUP (event)
      """, named: "f")
    for (sql, flat) in Self.compositions {
      let coarse = try definition(sql, catalog)
      let table = table(rows)
      let rollup = try MemoryRollup(
        "g", coarse, of: table, counted: [Array(rows[..<1000])], uncounted: Array(rows[1000...]))
      let got = try values(
        try optimised(try bound("SELECT * FROM g", RollupCatalog([table], rollups: [rollup]))))
      #expect(texts(got) == texts(try values(try optimised(try bound(flat, catalog)))), "\(sql)")
    }
  }
}
