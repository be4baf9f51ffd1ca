// The same queries over the same rows in three forms: in memory, in segments, and read back after a restart. The
// answers must be the same, whichever is right; Tests/SQL say what is right.

import ApusBase
import ApusColumns
import ApusStore
import Testing

@testable import ApusEngine

/// Queries that give one answer whatever the order of rows: no float sums of inexact values, ties always broken.
private let shapes = [
  "SELECT count(*), count(user_id), count(session_id), min(time), max(time), min(event), max(event) FROM events",
  "SELECT count(*) FROM events WHERE event = 'Click'", "SELECT count(*) FROM events WHERE event IN ('Buy', 'Nothing')",
  "SELECT event, count(*) FROM events GROUP BY 1", "SELECT event, count(DISTINCT distinct_id) FROM events GROUP BY 1",
  "SELECT date_trunc('day', time), count(*) FROM events GROUP BY 1",
  "SELECT date_trunc('hour', time) AS h, event, count(*), count(user_id) FROM events GROUP BY 1, 2 HAVING count(*) > 2",
  "SELECT time::date, event, max(time) FROM events WHERE time >= '2026-06-28' AND time < '2026-06-30' GROUP BY 1, 2",
  "SELECT properties->>'plan', count(*) FROM events GROUP BY 1",
  "SELECT properties->'plan', count(*) FROM events GROUP BY 1",
  "SELECT properties->'mixed', count(*) FROM events GROUP BY 1",
  "SELECT properties->'mixed', event_id FROM events ORDER BY 1, 2",
  "SELECT properties->>'mixed', count(*) FROM events WHERE properties ? 'mixed' GROUP BY 1",
  "SELECT sum((properties->>'price')::numeric), min((properties->>'price')::numeric) FROM events WHERE event = 'Buy'",
  "SELECT (properties->>'step')::int, count(*) FROM events GROUP BY 1",
  "SELECT sum((properties->>'step')::int), avg((properties->>'step')::int) FROM events",
  "SELECT properties->'cart'->>'size', count(*) FROM events GROUP BY 1",
  "SELECT properties #>> '{cart,items,0}', count(*) FROM events GROUP BY 1",
  "SELECT jsonb_array_length(properties->'cart'->'items'), count(*) FROM events GROUP BY 1",
  "SELECT event_id, properties FROM events",
  "SELECT properties, count(*) FROM events WHERE event = 'Click' GROUP BY 1",
  "SELECT event_id FROM events WHERE properties @> '{\"plan\": \"pro\"}'",
  "SELECT event_id FROM events WHERE properties->>'plan' IS NULL AND user_id IS NOT NULL",
  "SELECT event_id FROM events WHERE properties->'plan' = '\"free\"' AND (properties->>'step')::int > 3",
  "SELECT event_id FROM events WHERE (properties->>'vip')::boolean",
  "SELECT event_id FROM events WHERE event LIKE 'B%' OR user_id = 'u3'",
  "SELECT event_id FROM events WHERE event <> 'Buy' AND NOT (properties->>'price')::numeric > 5",
  "SELECT event_id FROM events ORDER BY time, event_id LIMIT 17 OFFSET 5",
  "SELECT event_id, event FROM events ORDER BY event DESC, user_id NULLS FIRST, event_id LIMIT 40",
  "SELECT DISTINCT event, user_id FROM events",
  "SELECT DISTINCT ON (user_id) user_id, event_id FROM events ORDER BY 1, 2",
  "SELECT a.event_id, b.event_id FROM events a JOIN events b ON a.user_id = b.user_id AND a.event_id < b.event_id "
    + "WHERE a.event = 'Buy' AND b.event = 'Open'",
  "SELECT a.event, count(b.event_id) FROM events a LEFT JOIN events b "
    + "ON b.session_id = a.session_id AND b.event = 'Buy' GROUP BY 1",
  "SELECT event_id FROM events WHERE user_id IN (SELECT user_id FROM events WHERE event = 'Buy')",
  "SELECT event_id FROM events e WHERE NOT EXISTS "
    + "(SELECT 1 FROM events x WHERE x.user_id = e.user_id AND x.time > e.time)",
  "SELECT user_id, (SELECT max(x.time) FROM events x WHERE x.user_id = e.user_id) FROM events e GROUP BY user_id",
  "SELECT user_id FROM events WHERE event = 'Buy' INTERSECT SELECT user_id FROM events WHERE event = 'Open'",
  "SELECT distinct_id FROM events EXCEPT SELECT user_id FROM events",
  "SELECT event, count(*) FROM events GROUP BY GROUPING SETS ((event), ())",
  "WITH firsts AS (SELECT user_id, min(time) AS t FROM events GROUP BY 1) "
    + "SELECT date_trunc('day', t), count(*) FROM firsts GROUP BY 1",
  "SELECT event, string_agg(event_id, ',' ORDER BY event_id), bool_or(user_id IS NULL) FROM events GROUP BY 1",
  "SELECT CASE WHEN user_id IS NULL THEN 'anonymous' ELSE 'known' END, count(*) FILTER (WHERE event = 'Click') "
    + "FROM events GROUP BY 1",
  "SELECT id, n, d, s, f, b, a FROM facts", "SELECT s, sum(n), count(d), max(d), sum(id) FROM facts GROUP BY s",
  "SELECT n, count(*) FROM facts GROUP BY n", "SELECT id FROM facts WHERE d BETWEEN '2024-01-05' AND '2024-02-01'",
  "SELECT id FROM facts WHERE f > 1.5 OR f IS NULL", "SELECT b, min(n), max(n), min(f), max(f) FROM facts GROUP BY b",
  "SELECT id, f FROM facts ORDER BY f DESC NULLS LAST, s, id LIMIT 25", "SELECT a, count(*) FROM facts GROUP BY a",
  "SELECT f.s, count(*) FROM facts f JOIN events e ON e.user_id = f.s GROUP BY 1",
]

private func event(_ number: Int, _ random: inout SeededRandom) -> String {
  func pick<T>(_ list: [T]) -> T { list[Int.random(in: 0..<list.count, using: &random)] }
  let kind = pick(["Open", "Open", "Click", "Click", "Click", "Buy", "élan"])
  var members: [String] = []
  if number % 5 != 0 { members.append("\"plan\": \"\(pick(["free", "pro", "team", ""]))\"") }
  if kind == "Buy" { members.append("\"price\": \(pick(["1.50", "9.99", "100", "0.001", "-3"]))") }
  if kind != "Open" { members.append("\"step\": \(Int.random(in: 0...6, using: &random))") }
  if number % 3 == 0 {
    let mixed = ["1", "1.0", "1.00", "\"1\"", "true", "null", "[1, 2]", "{\"b\": 1}", "\"x\"", "[]", "{}", "2e3"]
    members.append("\"mixed\": \(pick(mixed))")
  }
  if number % 4 == 0 { members.append("\"vip\": \(Bool.random(using: &random))") }
  if number % 6 == 0 {
    members.append("\"cart\": {\"size\": \(Int.random(in: 0...3, using: &random)), \"items\": [\"i\(number % 4)\"]}")
  }
  if number % 50 == 7 { members.append("\"rare\(number)\": \"\(pick(["a", "b"]))\"") }
  let who =
    number % 4 == 1
    ? "\"anonymous_id\": \"a\(number % 9)\"" : "\"user_id\": \"u\(Int.random(in: 0..<9, using: &random))\""
  let day = Int.random(in: 26...29, using: &random)
  let time = "2026-06-\(day)T\(10 + number % 12):\(10 + number % 50):00Z"
  let session = number % 7 == 0 ? "" : "\"session_id\": \"s\(number % 40)\", "
  return "{\"event\": \"\(kind)\", \"time\": \"\(time)\", \(who), \(session)\"event_id\": \"e\(number)\", "
    + "\"properties\": {\(members.joined(separator: ", "))}}"
}

private func fact(_ id: Int, _ random: inout SeededRandom) -> String {
  func pick(_ list: [String]) -> String { list[Int.random(in: 0..<list.count, using: &random)] }
  let number = pick(["1.0", "1.00", "NULL", "-2.5", "99999999999999999999.5", "'NaN'"])
  let day = "DATE '2024-01-01' + \(Int.random(in: 0..<60, using: &random))"
  let float = pick(["0", "'-0'", "1.5", "'NaN'", "'-Infinity'", "NULL", "2.25"])
  let array = pick(["ARRAY[1,2]", "'{}'", "NULL", "ARRAY[NULL]::int[]"])
  return "(\(id), \(number), \(pick([day, day, "NULL"])), \(pick(["'u1'", "'u2'", "'x'", "''", "NULL"])), \(float), "
    + "\(pick(["true", "false", "NULL"])), \(array))"
}

@Suite struct Metamorphic {
  private static func rows(_ database: Database, _ sql: String) throws -> [String] {
    let session = database.makeSession()
    defer { session.close() }
    var lines: [String] = []
    for statement in try session.parse(sql) {
      let execution = try session.execute(try session.prepare(statement))
      while let batch = try execution.next() {
        for row in 0..<batch.count {
          var cells: [String] = []
          for column in batch.columns {
            var out: [UInt8] = []
            if !column.isNull(row) { try TextFormat.output(column, row: row, settings: .utc, into: &out) }
            cells.append(column.isNull(row) ? "∅" : String(decoding: out, as: UTF8.self))
          }
          lines.append(cells.joined(separator: "|"))
        }
      }
    }
    return lines
  }

  /// The answer as sorted lines, or the error.
  private static func answer(_ database: Database, _ sql: String) -> [String] {
    let lines: [String]
    do { lines = try rows(database, sql) } catch { return ["error \(error)"] }
    // Which of several equal forms stands for a group (1.0, 1.00; 0, -0) is free.
    return lines.map { $0.replacing("1.00", with: "1.0").replacing("1.0", with: "1").replacing("-0|", with: "0|") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  @Test(arguments: [UInt64(2026), 7]) func `memory, segments and a restart give the same answers`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let fixture = try IngestFixture()
    try fixture.run("CREATE TABLE facts (id int8, n numeric, d date, s text, f float8, b boolean, a int[])")
    var next = 0
    func add(_ events: Int, _ facts: Int) throws {
      let lines = (0..<events).map { event(next + $0, &random) }
      let outcome = try fixture.post(lines.joined(separator: "\n"), anyTime: true)
      #expect(outcome.stored == events && outcome.rejected.isEmpty, "\(outcome.rejected.prefix(2))")
      try fixture.run(
        "INSERT INTO facts VALUES " + (0..<facts).map { fact(next + $0, &random) }.joined(separator: ", "))
      next += events
    }
    // Four forms: a memtable; segments; segments with a memtable on top; and all of it after a restart.
    try add(160, 60)
    let answers: () -> [[String]] = { shapes.map { Self.answer(fixture.database, $0) } }
    let compare: (String, [[String]], [[String]]) -> Void = { form, got, wanted in
      for (index, sql) in shapes.enumerated() where got[index] != wanted[index] {
        let pair = zip(got[index] + ["(none)"], wanted[index] + ["(none)"]).first { $0 != $1 }
        Issue.record("seed \(seed), \(form): \(sql): \(pair?.0 ?? "?"), before it was \(pair?.1 ?? "?")")
      }
    }
    let inMemory = answers()
    for (index, answer) in inMemory.enumerated() where answer.first?.hasPrefix("error") == true {
      Issue.record("\(shapes[index]): \(answer[0])")
    }
    try fixture.database.store.checkpoint()
    compare("segments", answers(), inMemory)
    try fixture.reopen()
    compare("segments after a restart", answers(), inMemory)
    try add(90, 40)
    let mixed = answers()
    try fixture.reopen()
    compare("segments and log after a restart", answers(), mixed)
    try fixture.database.store.checkpoint()
    compare("two segments", answers(), mixed)
    try fixture.reopen()
    compare("two segments after a restart", answers(), mixed)
  }
}
