// Gap filling against rows that are filled by hand, and its rules for bounds and places.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import Testing

@testable import ApusExecution

private func readings(_ rows: [[Value]]) -> [any TableProvider] {
  [BoundedTable("r", [("t", .int8), ("d", .text), ("v", .int8), ("x", .float8)], rows: rows, size: 7)]
}

private func texts(_ values: [Int64?]) -> [String] { values.map { $0.map { String($0) } ?? "∅" } }

@Suite struct GapFillTests {
  @Test func `every bucket of every key is there, with values only where rows are`() throws {
    for seed in [UInt64](1...60) {
      var random = SeededRandom(seed: seed)
      let table = (0..<Int.random(in: 0...25, using: &random)).map { _ -> [Value] in
        [
          .int(.random(in: -20...40, using: &random)), .text(["a", "b", "c"].randomElement(using: &random) ?? "a"),
          Int.random(in: 0..<4, using: &random) == 0 ? .null : .int(.random(in: 0...9, using: &random)), .null,
        ]
      }
      let (start, width) = (Int64.random(in: -20...10, using: &random), Int64.random(in: 1...7, using: &random))
      let finish = start + Int64.random(in: 1...25, using: &random)
      let skips = seed % 2 == 0
      let answers = try rows(
        """
        SELECT d, time_bucket_gapfill(\(width)::int8, t) AS bucket, count(*), sum(v)::int8,
          locf(sum(v)::int8, treat_null_as_missing => \(skips)), interpolate(max(v)), coalesce(count(*), 0)
        FROM r WHERE t >= \(start) AND t < \(finish) GROUP BY 1, bucket
        """, readings(table), optimises: seed % 3 != 0)
      #expect(answers == filled(table, start, finish, width, skips), "seed \(seed)")
    }
  }

  /// The same by plain loops.
  private func filled(
    _ table: [[Value]], _ start: Int64, _ finish: Int64, _ width: Int64, _ skips: Bool
  ) -> [[String]] {
    func bucket(_ time: Int64) -> Int64 { Int64((Double(time) / Double(width)).rounded(.down)) * width }
    func int(_ value: Value) -> Int64? { if case .int(let number) = value { number } else { nil } }
    var answers: [[String]] = []
    for key in ["a", "b", "c"] {
      let own = table.filter { row in
        guard let time = int(row[0]) else { return false }
        return row[1] == .text(key) && time >= start && time < finish
      }
      if own.isEmpty { continue }
      var buckets: [(start: Int64, values: [Int64?]?)] = []
      var next = bucket(start)
      while next < finish {
        let inside = own.filter { bucket(int($0[0]) ?? 0) == next }
        buckets.append((next, inside.isEmpty ? nil : inside.map { int($0[2]) }))
        next += width
      }
      var carried: Int64?
      for (index, entry) in buckets.enumerated() {
        let present = entry.values?.compactMap { $0 } ?? []
        let sum = present.isEmpty ? nil : present.reduce(0, +)
        if entry.values != nil, !(skips && sum == nil) { carried = sum }
        var line = entry.values == nil ? nil : present.max()
        if entry.values == nil, let before = buckets[..<index].last(where: { $0.values != nil }),
          let after = buckets[index...].first(where: { $0.values != nil }),
          let low = before.values?.compactMap({ $0 }).max(), let high = after.values?.compactMap({ $0 }).max()
        {
          line =
            (low * (after.start - entry.start) + high * (entry.start - before.start)) / (after.start - before.start)
        }
        let count = entry.values.map { Int64($0.count) }
        answers.append([key] + texts([entry.start, count, sum, carried, line, count ?? 0]))
      }
    }
    return answers
  }

  private static let few: [[Value]] = [
    [.int(10), .text("a"), .int(1), .float(1)], [.int(40), .text("a"), .int(4), .float(2)],
    [.int(20), .text("b"), .int(7), .float(5)],
  ]

  @Test func `bounds are taken from the call, or else from WHERE, the narrowest of each side`() throws {
    func times(_ call: String, _ condition: String) throws -> [String] {
      try rows("SELECT \(call) FROM r \(condition) GROUP BY 1", readings(Self.few)).map { $0[0] }
    }
    let call = "time_bucket_gapfill(10::int8, t)"
    #expect(try times(call, "WHERE t > 9 AND t <= 30") == ["10", "20", "30"])
    #expect(try times(call, "WHERE t > 9 AND t <= 29") == ["0", "10", "20"].suffix(2))
    #expect(try times(call, "WHERE t BETWEEN 5 AND 20") == ["0", "10", "20"])
    #expect(try times(call, "WHERE 5 <= t AND 20 > t AND t >= 12 AND d IN ('a', 'b')") == ["10"])
    #expect(try times("time_bucket_gapfill(10::int8, t, 0, 30)", "") == ["0", "10", "20", "40"])
    #expect(try times("time_bucket_gapfill(10::int8, t, start => 0, finish => 15)", "WHERE t < 15") == ["0", "10"])
    #expect(try times("time_bucket_gapfill(10::int8, t, finish => 15)", "WHERE t >= 0 AND t < 15") == ["0", "10"])
    #expect(try times(call, "WHERE t >= 0 AND t < (SELECT max(v) * 3 FROM r)") == ["0", "10", "20"])
  }

  @Test func `without keys an empty input is filled, with keys there is nothing to fill`() throws {
    let none = "WHERE t >= 100 AND t < 121"
    #expect(
      try rows("SELECT time_bucket_gapfill(10::int8, t), count(*) FROM r \(none) GROUP BY 1", readings(Self.few))
        == [["100", "∅"], ["110", "∅"], ["120", "∅"]])
    #expect(
      try rows("SELECT time_bucket_gapfill(10::int8, t), d FROM r \(none) GROUP BY 1, 2", readings(Self.few)) == [])
  }

  @Test func `locf starts from the previous value of its key`() throws {
    let answers = try rows(
      """
      SELECT d, time_bucket_gapfill(10::int8, t), locf(min(v), (SELECT o.v FROM r o WHERE o.d = r.d AND o.t < 15))
      FROM r WHERE t >= 15 AND t < 45 GROUP BY 2, 1
      """, readings(Self.few))
    #expect(
      answers == [
        ["a", "10", "1"], ["a", "20", "1"], ["a", "30", "1"], ["a", "40", "4"], ["b", "10", "∅"], ["b", "20", "7"],
        ["b", "30", "7"], ["b", "40", "7"],
      ])
  }

  @Test func `windows, HAVING, ORDER BY and LIMIT see what they should`() throws {
    // HAVING drops a bucket before the filling, which puts it back empty.
    let answers = try rows(
      """
      SELECT time_bucket_gapfill(10::int8, t) AS b, sum(v),
        sum(sum(v)) OVER (ORDER BY time_bucket_gapfill(10::int8, t)),
        locf(sum(v)) + 1
      FROM r WHERE t >= 10 AND t < 50 GROUP BY 1 HAVING sum(v) < 7 ORDER BY b DESC LIMIT 3
      """, readings(Self.few))
    #expect(answers == [["40", "4", "5", "5"], ["30", "∅", "1", "2"], ["20", "∅", "1", "2"]])
  }

  @Test func `conditions above on a key reach the table, on time they do not`() throws {
    let inner = """
      SELECT time_bucket_gapfill(10::int8, t) AS b, d, count(*) AS n, locf(sum(v)) AS l
      FROM r WHERE t >= 0 AND t < 50 GROUP BY 1, 2
      """
    #expect(
      try rows("SELECT b, n, l FROM (\(inner)) q WHERE d = 'b' AND b >= 20 AND b < 40", readings(Self.few))
        == [["20", "1", "7"], ["30", "∅", "7"]])
    #expect(try rows("SELECT count(*) FROM (\(inner)) q", readings(Self.few)) == [["10"]])
  }

  @Test func `months and zones make the buckets of time_bucket`() throws {
    let none: [any TableProvider] = [BoundedTable("e", [("time", .timestamptz)], rows: [])]
    func times(_ call: String) throws -> [String] {
      try rows("SELECT \(call) FROM e GROUP BY 1", none).map { $0[0] }
    }
    #expect(
      try times("time_bucket_gapfill('1 month', time, '2026-01-15', '2026-04-02')")
        == ["2026-01-01 00:00:00+00", "2026-02-01 00:00:00+00", "2026-03-01 00:00:00+00", "2026-04-01 00:00:00+00"])
    #expect(
      try times("time_bucket_gapfill('1 day', time, 'Europe/Berlin', '2026-03-28 12:00+00', '2026-03-30 23:00+00')")
        == [
          "2026-03-27 23:00:00+00", "2026-03-28 23:00:00+00", "2026-03-29 22:00:00+00", "2026-03-30 22:00:00+00",
        ])
    #expect(
      try times(
        """
        time_bucket_gapfill('1 hour', time, timezone => 'Europe/Berlin', start => '2026-03-29 00:00+00',
          finish => '2026-03-29 02:30+00')
        """
      ) == ["2026-03-29 00:00:00+00", "2026-03-29 01:00:00+00", "2026-03-29 02:00:00+00"])
    #expect(
      try times(
        "time_bucket_gapfill('1 hour', time, 'Europe/Berlin', '2026-10-25 00:00+00', '2026-10-25 03:00+00')"
      ) == ["2026-10-25 01:00:00+00", "2026-10-25 02:00:00+00"])
    // The repeated hour is one bucket, which begins where time_bucket says.
    #expect(
      try rows("SELECT time_bucket('1 hour', timestamptz '2026-10-25 00:00+00', 'Europe/Berlin')", [])
        == [["2026-10-25 01:00:00+00"]])
  }

  @Test func `interpolate draws lines and leaves what has no neighbour`() throws {
    let answers = try rows(
      """
      SELECT time_bucket_gapfill(10::int8, t), interpolate(sum(x)), interpolate(avg(v))
      FROM r WHERE t >= 0 AND t < 60 AND d = 'a' GROUP BY 1
      """, readings(Self.few))
    #expect(
      answers == [
        ["0", "∅", "∅"], ["10", "1", "1"], ["20", "1.3333333333333333", "2"], ["30", "1.6666666666666667", "3"],
        ["40", "2", "4"], ["50", "∅", "∅"],
      ])
  }

  @Test(arguments: [
    ("SELECT time_bucket_gapfill(10::int8, t) FROM r GROUP BY 1", "22023"),
    ("SELECT time_bucket_gapfill(10::int8, t) FROM r WHERE t > 3 GROUP BY 1", "22023"),
    ("SELECT time_bucket_gapfill(10::int8, t, 9, 3) FROM r GROUP BY 1", "22023"),
    ("SELECT time_bucket_gapfill(0::int8, t, 1, 3) FROM r GROUP BY 1", "22023"),
    ("SELECT time_bucket_gapfill(10::int8, t, v, 3) FROM r GROUP BY 1, v", "22023"),
    ("SELECT time_bucket_gapfill(1::int8, t, 0, 9000000000000) FROM r GROUP BY 1", "54000"),
    ("SELECT time_bucket_gapfill(10::int8, t, 1, 3) FROM r", "0A000"),
    ("SELECT time_bucket_gapfill(10::int8, t, 1, 3) + 1 FROM r GROUP BY 1", "0A000"),
    ("SELECT 1 FROM r GROUP BY time_bucket_gapfill(1::int8, t, 1, 3), time_bucket_gapfill(2::int8, t, 1, 3)", "0A000"),
    ("SELECT locf(v) FROM r", "0A000"), ("SELECT t, locf(sum(v)) FROM r GROUP BY 1", "0A000"),
    ("SELECT time_bucket_gapfill(10::int8, t, 1, 3), locf(locf(sum(v))) FROM r GROUP BY 1", "0A000"),
    ("SELECT time_bucket_gapfill(10::int8, t, 1, 3), d FROM r GROUP BY CUBE (1, 2)", "0A000"),
    ("SELECT time_bucket_gapfill(10::int8, t, 1, 3), interpolate(sum(x), 1, 2) FROM r GROUP BY 1", "0A000"),
    ("SELECT v FROM r WHERE locf(v) = 1", "0A000"),
  ]) func `what cannot be filled is refused`(sql: String, code: String) {
    #expect(state { _ = try rows(sql, readings(Self.few)) } == code)
  }

  @Test func `a row without a time comes last in its key and is no neighbour`() throws {
    let table = Self.few + [[.null, .text("a"), .int(9), .float(9)]]
    let answers = try rows(
      "SELECT d, time_bucket_gapfill(10::int8, t, 10, 60), interpolate(sum(x)) FROM r WHERE d = 'a' GROUP BY 1, 2",
      readings(table))
    #expect(answers.map { $0[1] } == ["10", "20", "30", "40", "50", "∅"])
    #expect(answers.map { $0[2] } == ["1", "1.3333333333333333", "1.6666666666666667", "2", "∅", "9"])
  }

  // MARK: The other functions, through SQL

  @Test func `funnels, retention and sessions are called like aggregates and window functions`() throws {
    let tables: [any TableProvider] = [
      BoundedTable(
        "e", [("p", .text), ("time", .timestamptz), ("event", .text)],
        rows: [
          ("u", 0, "view"), ("u", 60, "add"), ("u", 200, "buy"), ("v", 0, "view"), ("v", 4000, "add"),
          ("w", 10, "add"),
        ].map { [.text($0.0), .int(Int64($0.1) * 1_000_000), .text($0.2)] }, size: 2, dictionaries: true)
    ]
    #expect(
      try lines(
        rows(
          """
          SELECT step, count(*) FROM (
            SELECT p, window_funnel('1 hour', time, event = 'view', event = 'add', event = 'buy') AS step
            FROM e GROUP BY 1
          ) f GROUP BY 1
          """, tables)) == ["0|1", "1|1", "3|1"])
    #expect(
      try lines(
        rows(
          "SELECT p, window_funnel('1 hour', time, event = 'view', event = 'buy', 'strict_order') FROM e GROUP BY 1",
          tables)) == ["u|1", "v|1", "w|0"])
    #expect(
      try rows("SELECT window_funnel('2 hours', time, event = 'add', event = 'view') FROM e WHERE false", tables)
        == [["0"]])
    #expect(
      try lines(rows("SELECT p, retention(event = 'view', event = 'add', event = 'buy') FROM e GROUP BY 1", tables))
        == ["u|{1,1,1}", "v|{1,1,0}", "w|{0,0,0}"])
    #expect(
      try lines(
        rows(
          "SELECT p, sequence_match('(?1)(?t<=60)(?2)', time, event = 'view', event = 'add') FROM e GROUP BY 1", tables)
      )
        == ["u|t", "v|f", "w|f"])
    #expect(
      try lines(
        rows("SELECT p, sessionize(time, '30 minutes') OVER (PARTITION BY p ORDER BY time) FROM e", tables))
        == ["u|1", "u|1", "u|1", "v|1", "v|2", "w|1"])
    #expect(state { _ = try rows("SELECT window_funnel('1 hour', time) FROM e", tables) } == "42883")
    #expect(
      state { _ = try rows("SELECT window_funnel('1 hour', time, event = 'a', 'strct') FROM e", tables) } == "22023")
  }
}
