// Queries answered from rollups: over random rows, rollups, splits of the rows and queries the answers are those of the
// rows themselves, bit for bit.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import Testing

extension SeededRandom {
  mutating func number(_ range: Range<Int>) -> Int { Int.random(in: range, using: &self) }
  mutating func chance(_ percent: Int) -> Bool { number(0..<100) < percent }
  mutating func pick<T>(_ list: [T]) -> T { list[number(0..<list.count)] }
  mutating func some<T>(_ list: [T], _ count: Range<Int>) -> [T] {
    Array(list.shuffled(using: &self).prefix(number(count)))
  }
}

/// Times around the start of summer time in Europe, 2000-03-26, and in America, 2000-04-02.
private enum Clock {
  static let start = 69 * Microseconds.perDay
  static let span = 30 * Microseconds.perDay

  static func text(_ time: Int64) -> String {
    var out: [UInt8] = []
    try? TextFormat.output(.of([.int(time)], type: .timestamptz), row: 0, settings: .utc, into: &out)
    return String(decoding: out, as: UTF8.self)
  }
}

/// A table, its rows, and rollups of it.
private struct World {
  let table: RolledTable
  let catalog: RollupCatalog
  var definitions: [Definition] = []

  struct Definition {
    var bucket: String
    var dimensions: [String]
    var filter: String?
    var measures: [String]
  }

  static let columns: [(String, DataType)] = [
    ("time", .timestamptz), ("event", .text), ("country", .text), ("n", .int4), ("amount", .float8),
    ("price", .numeric), ("uid", .text), ("flag", .bool), ("properties", .jsonb),
  ]
  static let buckets = [
    "time_bucket('15 minutes', time)", "time_bucket('1 hour', time)", "time_bucket('1 hour', time)",
    "time_bucket('6 hours', time)", "time_bucket('1 day', time)", "time_bucket('1 day', time)",
    "time_bucket('7 days', time)", "time_bucket('1 month', time)", "time_bucket('1 hour', time, 'UTC')",
    "time_bucket('1 hour', time, timestamptz '2000-01-01 00:30:00+00')",
    "time_bucket('1 day', time, interval '2 hours')",
    "time_bucket('1 day', time, 'Europe/Berlin')", "time_bucket('1 hour', time, 'America/New_York')",
  ]
  static let dimensions = [
    "event", "country", "flag", "n % 3", "upper(country)", "properties->>'plan'", "coalesce(event, '?')", "uid",
    "(properties->>'k')::int",
  ]
  static let filters = ["n > -3", "event <> 'e1'", "flag", "properties->>'plan' = 'pro'"]
  static let measures = [
    "count(*)", "count(amount)", "count(n)", "sum(n)", "sum(amount)", "sum(price)", "avg(n)", "avg(amount)",
    "min(amount)", "max(price)", "min(event)", "count(DISTINCT uid)", "bool_or(flag)", "stddev(amount)",
    "count(*) FILTER (WHERE flag)", "sum(n) FILTER (WHERE n > 0)", "approx_count_distinct(uid)", "max(time)",
    "min(uid)", "count(DISTINCT event)", "sum(n % 3)", "bit_and(n)",
  ]

  init(_ random: inout SeededRandom) throws {
    let isNullable = random.chance(20)
    let count = random.pick([0, 3, 40, 150, 150, 150, 150])
    let rows = (0..<count).map { _ in Self.row(&random, isNullable: isNullable) }
    table = RolledTable("events", Self.columns, notNull: isNullable ? [] : ["time", "n"], rows: rows)
    let plain = RollupCatalog([table])
    var rollups: [any RollupTable] = []
    for number in 0..<random.number(1..<4) {
      var found = Definition(
        bucket: random.pick(Self.buckets), dimensions: random.some(Self.dimensions, 0..<4),
        filter: random.chance(30) ? random.pick(Self.filters) : nil, measures: random.some(Self.measures, 1..<6))
      if random.chance(50), !found.measures.contains("count(*)") { found.measures.append("count(*)") }
      definitions.append(found)
      var counted: [[[Value]]] = [[], [], []]
      var uncounted: [[Value]] = []
      let share = random.pick([60, 90, 90, 100])
      for row in rows {
        if random.chance(share) { counted[random.number(0..<3)].append(row) } else { uncounted.append(row) }
      }
      rollups.append(
        try MemoryRollup(
          "r\(number)", try definition(Self.sql(found, &random), plain), of: table, counted: counted,
          uncounted: uncounted))
    }
    table.rollups = rollups
    catalog = plain
  }

  private static func row(_ random: inout SeededRandom, isNullable: Bool) -> [Value] {
    let time = Clock.start + Int64.random(in: 0..<Clock.span, using: &random)
    let whole = random.chance(20) ? time / Microseconds.perHour * Microseconds.perHour : time
    let plan = random.pick(["\"pro\"", "\"free\"", "null"])
    let amounts = [0.1, -0.0, 1e17, -1e17, 3.25, .infinity]
    return [
      isNullable && random.chance(10) ? .null : .int(whole),
      random.chance(10) ? .null : .text("e\(random.number(0..<3))"),
      random.chance(20) ? .null : .text(random.pick(["de", "DE", "us", ""])),
      isNullable && random.chance(10) ? .null : .int(Int64(random.number(-5..<6))),
      random.chance(20) ? .null : .float(random.pick(amounts) * Double(random.number(1..<9))),
      .numeric(Numeric(Int64(random.number(-900..<900)))),
      random.chance(10) ? .null : .text("u\(random.number(0..<9))"),
      random.chance(10) ? .null : .bool(random.chance(50)),
      .text("{\"k\": \(random.number(0..<3)), \"plan\": \(plan)}"),
    ]
  }

  private static func sql(_ found: Definition, _ random: inout SeededRandom) -> String {
    let columns =
      ["\(found.bucket) AS bucket"] + found.dimensions.enumerated().map { "\($1) AS d\($0)" }
      + found.measures.enumerated().map { "\($1) AS m\($0)" }
    let list = found.dimensions.joined(separator: ", ")
    let grouping =
      switch found.dimensions.isEmpty ? 0 : random.number(0..<4) {
      case 1: "\(found.bucket), ROLLUP (\(list))"
      case 2: "\(found.bucket), CUBE (\(list))"
      case 3: "GROUPING SETS ((\(found.bucket)), (\(found.bucket), \(list)))"
      default: ([found.bucket] + found.dimensions).joined(separator: ", ")
      }
    let filter = found.filter.map { " WHERE \($0)" } ?? ""
    return "SELECT \(columns.joined(separator: ", ")) FROM events\(filter) GROUP BY \(grouping)"
  }

  // MARK: Queries

  private static let times = [
    "date_trunc('hour', time)", "date_trunc('day', time)", "date_trunc('week', time)", "date_trunc('month', time)",
    "time::date", "date_trunc('day', time, 'UTC')", "date_trunc('quarter', time)", "extract(hour from time)",
    "time_bucket('2 hours', time)", "time_bucket('1 year', time)", "time_bucket('14 days', time)",
    "time_bucket('2 days', time, 'Europe/Berlin')", "time_bucket('5 hours', time)",
  ]

  func query(_ random: inout SeededRandom) -> String {
    let from = random.pick(definitions)
    func dimension(_ random: inout SeededRandom) -> String {
      random.chance(97) && !from.dimensions.isEmpty ? random.pick(from.dimensions) : random.pick(Self.dimensions)
    }
    var groupings: [String] = []
    if random.chance(60) {
      groupings.append(random.chance(60) ? from.bucket : random.pick(random.chance(70) ? Self.times : Self.buckets))
    }
    for _ in 0..<random.number(0..<3) {
      let own = dimension(&random)
      groupings.append(
        random.pick([
          own, own, own, "(\(own)) IS NULL", "coalesce((\(own))::text, 'none')",
          "CASE WHEN (\(own))::text > 'd' THEN 1 END",
        ]))
    }
    groupings = Array(Set(groupings)).sorted()
    var filters: [String] = []
    if let filter = from.filter, random.chance(97) { filters.append(filter) }
    if random.chance(60) { filters.append(range(&random)) }
    if random.chance(40) { filters.append(condition(dimension(&random), &random)) }
    if random.chance(3) { filters.append("amount > 1") }
    var calls: [String] = []
    for _ in 0..<random.number(1..<4) {
      var call = random.chance(97) ? random.pick(from.measures) : random.pick(Self.measures)
      if random.chance(25), !call.contains("FILTER") {
        call += " FILTER (WHERE \(random.chance(80) ? condition(dimension(&random), &random) : range(&random)))"
      }
      if random.chance(10) { call = "count(DISTINCT \(dimension(&random)))" }
      if random.chance(5) { call = random.pick(["count(1)", "count(time)", "max(\(dimension(&random)))"]) }
      if call == "max(flag)" { call = "count(1)" }
      calls.append(call)
    }
    if random.chance(5) { calls = [] }
    if groupings.isEmpty, calls.isEmpty { calls = ["count(*)"] }
    return text(groupings, filters, calls, &random)
  }

  private func text(
    _ groupings: [String], _ filters: [String], _ calls: [String], _ random: inout SeededRandom
  ) -> String {
    let condition = filters.isEmpty ? "" : " WHERE " + filters.map { "(\($0))" }.joined(separator: " AND ")
    let list = (groupings + calls).joined(separator: ", ")
    if calls.isEmpty, random.chance(50) { return "SELECT DISTINCT \(list) FROM events\(condition)" }
    if groupings.isEmpty { return "SELECT \(list) FROM events\(condition)" }
    let keys = groupings.joined(separator: ", ")
    let form = random.pick([keys, keys, keys, "ROLLUP (\(keys))", "GROUPING SETS ((), (\(keys)))"])
    let having = random.chance(15) ? " HAVING count(*) > 1" : ""
    let query = "SELECT \(list) FROM events\(condition) GROUP BY \(form)\(having)"
    return random.chance(15) ? "SELECT count(*), min(x::text) FROM (\(query)) AS q(x)" : query
  }

  private func condition(_ operand: String, _ random: inout SeededRandom) -> String {
    let text = "(\(operand))::text"
    return random.pick([
      "\(text) = 'e1'", "\(text) IN ('e0', 'de', 'pro', '1')", "(\(operand)) IS NULL", "\(text) LIKE 'd%'",
      "\(text) <> 'us' OR (\(operand)) IS NULL", "NOT (\(text) > 'd')", "length(\(text)) = 2",
    ])
  }

  private func range(_ random: inout SeededRandom) -> String {
    func time() -> String {
      let unit = random.pick([Microseconds.perHour, Microseconds.perDay, 7 * Microseconds.perDay, 1])
      let time = Clock.start + Int64.random(in: 0..<Clock.span, using: &random)
      return "timestamptz '\(Clock.text(time / unit * unit))'"
    }
    switch random.number(0..<7) {
    case 0: return "time >= \(time())"
    case 1: return "time < \(time())"
    case 2: return "time > \(time()) AND time <= \(time())"
    case 3: return "time BETWEEN \(time()) AND \(time())"
    case 4: return "time_bucket('1 day', time) >= \(time())"
    case 5: return "date_trunc('day', time) = '2000-03-20'"
    default: return "time >= \(time()) AND time < \(time())"
    }
  }
}

@Suite struct RollupRewriteTests {
  private static let off = EvaluationContext(settings: { $0 == "apus.use_rollups" ? "off" : nil })

  @Test(arguments: 0..<8) func `the rows' own answers come from rollups`(_ part: Int) throws {
    var rewritten = 0
    var total = 0
    for world in 0..<20 {
      let seed = UInt64(1_000 * part + world)
      var random = SeededRandom(seed: seed)
      let made = try World(&random)
      for number in 0..<40 {
        let sql = made.query(&random)
        let plan: LogicalPlan
        do { plan = try bound(sql, made.catalog) } catch {
          Issue.record("seed \(seed), query \(number): \(sql): \(error)")
          continue
        }
        let fast = try optimised(plan)
        let lines = ExplainPrinter.lines(fast)
        let isRewritten = lines.contains { $0.contains("Rollup Scan") }
        total += 1
        if isRewritten { rewritten += 1 } else { continue }
        let wanted = texts(try values(try optimised(plan, context: Self.off)))
        let got = texts(try values(fast))
        #expect(
          got == wanted,
          "seed \(seed), query \(number): \(sql)\n\(lines.joined(separator: "\n"))\n\(made.definitions)")
      }
    }
    #expect(rewritten * 4 > total, "\(rewritten) of \(total) queries were answered from rollups")
  }
}
