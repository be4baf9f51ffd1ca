// Rollups against rows: whatever happens to a table, a query answered from rollups gives the bits that its rows give,
// and a rollup holds what all rows that ever were would give it.

import ApusBase
import ApusColumns
import Foundation
import Testing

@testable import ApusEngine
@testable import ApusStore

private let definitions = [
  """
  CREATE MATERIALIZED VIEW hourly WITH (rollup) AS SELECT time_bucket('1 hour', time) AS bucket, event,
  properties->>'country' AS country, count(*) AS events, count(DISTINCT distinct_id) AS users, count(session_id) AS s,
  sum((properties->>'amount')::numeric) AS amount, sum((properties->>'score')::float8) AS score,
  avg((properties->>'score')::float8) AS mean, min(time) AS first, max(time) AS last FROM events
  GROUP BY GROUPING SETS ((1), (1, 2), (1, 2, 3))
  """,
  """
  CREATE MATERIALIZED VIEW daily WITH (rollup) AS SELECT time_bucket('1 day', time) AS bucket, event, count(*) AS n,
  approx_count_distinct(distinct_id) AS about, sum((properties->>'step')::int) AS steps,
  avg((properties->>'step')::int) AS step, first(session_id, time) AS opening, last(session_id, time) AS closing,
  percentile_agg((properties->>'score')::float8) AS scores FROM events GROUP BY 1, 2
  """,
  """
  CREATE MATERIALIZED VIEW buys WITH (rollup) AS SELECT time_bucket('15 minutes', time) AS bucket,
  properties->>'country' AS country, count(*) AS n, max((properties->>'amount')::numeric) AS largest,
  count(DISTINCT user_id) AS buyers, sum((properties->>'amount')::numeric) AS amount
  FROM events WHERE event = 'buy' GROUP BY 1, 2
  """,
  """
  CREATE MATERIALIZED VIEW weekly WITH (rollup) AS SELECT time_bucket('7 days', bucket) AS bucket, event,
  sum(events) AS events, distinct_count(rollup(users_state)) AS users, sum(amount) AS amount FROM hourly
  WHERE event IS NOT NULL GROUP BY 1, 2
  """,
]

/// One database with a table under retention, a mirror of all that was ever stored in it, and rollups.
private final class Trial {
  let scratch: ClockedDatabase
  var random: SeededRandom
  let seed: UInt64
  private struct Rollup {
    var name: String
    var query: String
    /// Events that the table no longer had when the rollup was made.
    var missed: [String]
  }
  private var rollups: [Rollup] = []
  private var next = 0
  /// Events received under the same clock: their ids may come again.
  private var recent: [Int] = []
  private let start: Int64 = 1_767_268_800_000_000
  private(set) var compared = 0
  private(set) var rewritten = 0

  init(seed: UInt64) throws {
    self.seed = seed
    random = SeededRandom(seed: seed)
    scratch = try ClockedDatabase()
    try scratch.run("ALTER TABLE events SET (accept_past = '1000 days', retention = '10 days')")
    try scratch.run(
      """
      CREATE TABLE mirror (time timestamptz NOT NULL, event text NOT NULL,
        distinct_id text GENERATED ALWAYS AS (COALESCE(user_id, anonymous_id)) STORED, user_id text, anonymous_id text,
        session_id text, event_id text, properties jsonb) WITH (dedupe_key = 'event_id')
      """)
  }

  private func pick<T>(_ list: [T]) -> T { list[Int(random.next() % UInt64(list.count))] }
  private func chance(_ percent: UInt64) -> Bool { random.next() % 100 < percent }
  private func below(_ bound: Int) -> Int { Int(random.next() % UInt64(bound)) }

  // MARK: What happens

  func step() throws {
    if chance(15) { try define() }
    switch below(20) {
    case 0..<9: try insert()
    case 9..<12: try scratch.run("SELECT apus.flush('events')")
    case 12: try scratch.run("CHECKPOINT")
    case 13: try delete()
    case 14: try scratch.run("VACUUM")
    case 15:
      for table in try scratch.database.store.snapshot().allTables where table.definition.isDerived {
        try scratch.database.store.compact(table.definition.id)
      }
    case 16:
      scratch.clock.advance(by: Int64(below(20)) * 3_600_000_000)
      recent = []
      try scratch.database.store.keepRetention()
    case 17:
      if chance(50) { try scratch.database.store.abandon() }
      try scratch.reopen()
    case 18: try define()
    default:
      if let rollup = rollups.randomElement(using: &random), chance(30) {
        try scratch.run("REFRESH MATERIALIZED VIEW \(rollup.name)")
      }
    }
  }

  private func define() throws {
    guard rollups.count < definitions.count else { return }
    let text = definitions[rollups.count]
    guard let name = text.split(separator: " ").dropFirst(3).first, let query = text.range(of: " AS SELECT ") else {
      return
    }
    let missed = try scratch.run("SELECT event_id FROM mirror EXCEPT SELECT event_id FROM events").map { $0[0] }
    try scratch.run(chance(20) ? text + " WITH NO DATA" : text)
    rollups.append(Rollup(name: String(name), query: "SELECT " + text[query.upperBound...], missed: missed))
  }

  private func insert() throws {
    let now = scratch.clock.now()
    var values: [String] = []
    for _ in 0..<(1 + below(60)) {
      // Mostly of the last hours, some late, a few beyond the retention.
      let age = Int64(below(chance(80) ? 6 * 3600 : chance(90) ? 8 * 86_400 : 16 * 86_400))
      let id = chance(10) ? recent.randomElement(using: &random) ?? next : next
      if id == next {
        next += 1
        recent.append(id)
      }
      // What an event holds follows from its id, so that a duplicate is one.
      var content = SeededRandom(seed: seed &* 1_000_003 &+ UInt64(id))
      func draw(_ bound: UInt64) -> UInt64 { content.next() % bound }
      let event = ["view", "click", "buy", "sign up"][Int(draw(4))]
      let user = draw(3) == 0 ? "NULL" : "'u\(draw(12))'"
      let session = draw(5) == 0 ? "NULL" : "'s\(draw(6))'"
      var properties: [String] = []
      if draw(5) > 0 { properties.append("\"country\": \"\(["DE", "FR", "é", ""][Int(draw(4))])\"") }
      if draw(2) == 0 { properties.append("\"amount\": \(draw(100_000)).\(10 + draw(90))") }
      if draw(2) == 0 { properties.append("\"score\": \(Double(draw(1 << 20)) * 1.1e-3)") }
      if draw(3) == 0 { properties.append("\"step\": \(draw(9))") }
      let time = now - age * 1_000_000 - Int64(draw(1_000_000))
      values.append(
        """
        (to_timestamp(\(time / 1_000_000)) + interval '\(time % 1_000_000) microseconds', '\(event)', \(user),
        'a\(draw(8))', \(session), 'e\(id)', '{\(properties.joined(separator: ", "))}')
        """)
    }
    let columns = "(time, event, user_id, anonymous_id, session_id, event_id, properties)"
    for table in ["mirror", "events"] {
      try scratch.run("INSERT INTO \(table) \(columns) VALUES \(values.joined(separator: ","))")
    }
  }

  private func delete() throws {
    let condition = pick([
      "event = 'click' AND user_id = 'u\(below(12))'", "session_id = 's\(below(6))' AND event_id LIKE '%\(below(10))'",
    ])
    // Expired rows are in the mirror only: it keeps what rollups count.
    do {
      let ids = try scratch.run("SELECT event_id FROM events WHERE \(condition)").map { "'\($0[0])'" }
      try scratch.run("DELETE FROM events WHERE \(condition)")
      if !ids.isEmpty { try scratch.run("DELETE FROM mirror WHERE event_id IN (\(ids.joined(separator: ",")))") }
    } catch let error as ApusError where error.state == .objectNotInPrerequisiteState {}
  }

  // MARK: What must hold

  func check() throws {
    let query = randomQuery()
    try compare(query, "SET apus.use_rollups = off; \(query)", query)
    if try scratch.run("EXPLAIN \(query)").contains(where: { $0[0].contains("rollup") }) { rewritten += 1 }
    guard let rollup = rollups.randomElement(using: &random) else { return }
    try compare(
      "SELECT * FROM \(rollup.name)", "SET apus.use_rollups = off; \(mirrored(rollup))", "rollup \(rollup.name)")
  }

  private func compare(_ one: String, _ other: String, _ what: String) throws {
    let first = try scratch.run(one).map { $0.joined(separator: "|") }.sorted()
    let second = try scratch.run(other).map { $0.joined(separator: "|") }.sorted()
    if first != second {
      let (more, less) = (Set(first).subtracting(second).sorted(), Set(second).subtracting(first).sorted())
      Issue.record(
        "seed \(seed): \(what)\nonly from the rollup: \(more.prefix(4))\nonly from rows: \(less.prefix(4))")
    }
    compared += 1
  }

  private func mirrored(_ rollup: Rollup) -> String {
    let missed = rollup.missed.map { "'\($0)'" }.joined(separator: ",")
    let rows = "(SELECT * FROM mirror\(missed.isEmpty ? "" : " WHERE event_id NOT IN (\(missed))")) rows"
    if rollup.name == "weekly" {
      return """
        SELECT time_bucket('7 days', time), event, count(*), count(DISTINCT distinct_id),
        sum((properties->>'amount')::numeric) FROM \(rows) WHERE event IS NOT NULL GROUP BY 1, 2
        """
    }
    return rollup.query.replacingOccurrences(of: "FROM events", with: "FROM " + rows)
  }

  private func randomQuery() -> String {
    let buckets = [
      "time_bucket('15 minutes', time)", "time_bucket('1 hour', time)", "date_trunc('hour', time)",
      "date_trunc('day', time)", "time_bucket('1 day', time)", "time_bucket('7 days', time)", "time::date",
      "date_trunc('week', time)", "date_trunc('month', time)", "time_bucket('6 hours', time)",
    ]
    var dimensions = ["event", "properties->>'country'", "upper(event)", "event = 'buy'"]
    var measures = [
      "count(*)", "count(DISTINCT distinct_id)", "count(session_id)", "sum((properties->>'amount')::numeric)",
      "sum((properties->>'score')::float8)", "avg((properties->>'score')::float8)", "min(time)", "max(time)",
      "approx_count_distinct(distinct_id)", "avg((properties->>'step')::int)", "sum((properties->>'step')::int)",
      "count(*) FILTER (WHERE event = 'view')", "first(session_id, time)", "last(session_id, time)",
      "approx_percentile(0.9, percentile_agg((properties->>'score')::float8))", "count(DISTINCT user_id)",
      "max((properties->>'amount')::numeric)", "count(event)",
    ]
    var conditions: [String] = []
    // Mostly what one of the rollups can tell.
    switch below(5) {
    case 0, 1: measures = Array(measures[0...7]) + [measures[11], measures[17]]
    case 2:
      measures = [measures[0]] + measures[8...10] + measures[12...14]
      dimensions = ["event", "lower(event)"]
    case 3:
      measures = [measures[0], measures[3], measures[15], measures[16]]
      dimensions = ["properties->>'country'"]
      conditions = ["event = 'buy'"]
    default: break
    }
    var keys: [String] = []
    if chance(70) { keys.append(pick(buckets)) }
    while chance(45), keys.count < 3 { keys.append(pick(dimensions)) }
    var outputs: [String] = []
    for _ in 0..<(1 + below(4)) { outputs.append(pick(measures)) }
    let now = scratch.clock.now() / 1_000_000
    func moment() -> String {
      let time = now - Int64(below(12 * 86_400))
      let step: Int64 = chance(40) ? 86_400 : chance(60) ? 3600 : 1
      return "to_timestamp(\(time / step * step))"
    }
    if chance(50) { conditions.append("time >= \(moment())") }
    if chance(40) { conditions.append("time < \(moment())") }
    if chance(10) { conditions.append("time BETWEEN \(moment()) AND \(moment())") }
    if chance(30) {
      conditions.append(
        pick([
          "event = 'buy'", "event IN ('view', 'buy')", "properties->>'country' = 'DE'", "event <> 'click'",
          "properties->>'country' IS NULL", "user_id IS NOT NULL", "event LIKE 'b%'",
        ]))
    }
    var text = "SELECT \((keys + outputs).joined(separator: ", ")) FROM events"
    if !conditions.isEmpty { text += " WHERE " + conditions.joined(separator: " AND ") }
    guard !keys.isEmpty else { return text }
    let numbers = keys.indices.map { String($0 + 1) }
    switch below(8) {
    case 0: text += " GROUP BY ROLLUP (\(numbers.joined(separator: ", ")))"
    case 1: text += " GROUP BY GROUPING SETS ((), (\(numbers.joined(separator: ", "))))"
    default: text += " GROUP BY \(numbers.joined(separator: ", "))"
    }
    if chance(20) { text += " HAVING count(*) > \(below(5))" }
    return text
  }
}

@Suite struct RollupsAgainstRows {
  /// APUS_CASES asks for more comparisons than the few that every run makes.
  private static let cases = ProcessInfo.processInfo.environment["APUS_CASES"].flatMap { Int($0) } ?? 600
  private static let firstSeed = ProcessInfo.processInfo.environment["APUS_SEED"].flatMap { UInt64($0) } ?? 1

  @Test func `answers from rollups have the bits of answers from rows, whatever happened`() throws {
    var compared = 0
    var rewritten = 0
    var seed = Self.firstSeed
    while compared < Self.cases {
      let trial = try Trial(seed: seed)
      do {
        for _ in 0..<30 {
          try trial.step()
          try trial.check()
        }
      } catch {
        Issue.record("seed \(seed): \(error)")
      }
      compared += trial.compared
      rewritten += trial.rewritten
      seed += 1
    }
    print("rollups: \(compared) comparisons, \(rewritten) rewritten, seeds \(Self.firstSeed)...\(seed - 1)")
    #expect(rewritten * 12 > compared, "too few queries were answered from rollups")
  }
}
