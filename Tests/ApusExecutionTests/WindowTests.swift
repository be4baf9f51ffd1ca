// Window functions against frames that are worked out row by row.

import ApusBase
import ApusColumns
import ApusFunctions
import Testing

@testable import ApusExecution

private struct Row {
  var id: Int
  var group: String?
  var key: Int?
  var value: Int?
}

/// One side of a frame: nil is UNBOUNDED, otherwise steps from the current row, below 0 for PRECEDING.
private struct Frame {
  var mode: String
  var start: Int?
  var end: Int?

  private func text(_ steps: Int?, _ unbounded: String) -> String {
    guard let steps else { return "UNBOUNDED \(unbounded)" }
    return steps == 0 ? "CURRENT ROW" : steps < 0 ? "\(-steps) PRECEDING" : "\(steps) FOLLOWING"
  }
  var sql: String { "\(mode) BETWEEN \(text(start, "PRECEDING")) AND \(text(end, "FOLLOWING"))" }

  static func random(_ random: inout SeededRandom) -> Frame {
    func side() -> Int? { Int.random(in: 0..<4, using: &random) == 0 ? nil : .random(in: -3...3, using: &random) }
    return Frame(mode: ["ROWS", "RANGE", "GROUPS"].randomElement(using: &random) ?? "ROWS", start: side(), end: side())
  }

  /// Whether row `other` of a sorted partition is in the frame of row `row`.
  func contains(_ other: Int, of row: Int, _ rows: [Row], descending: Bool) -> Bool {
    func isPeer(_ a: Int, _ b: Int) -> Bool { rows[a].key == rows[b].key }
    let distance: Int
    switch mode {
    case "ROWS": distance = other - row
    case "GROUPS":
      let (low, high) = (min(row, other), max(row, other))
      let steps = (low..<high).count { !isPeer($0, $0 + 1) }
      distance = other < row ? -steps : steps
    default:
      guard let key = rows[row].key, let otherKey = rows[other].key else {
        // A null is at distance 0 of the other nulls, and as far from all else as only UNBOUNDED reaches.
        if rows[row].key == nil, rows[other].key == nil {
          return true
        }
        return other < row ? start == nil : end == nil
      }
      distance = descending ? key - otherKey : otherKey - key
    }
    return (start.map { distance >= $0 } ?? true) && (end.map { distance <= $0 } ?? true)
  }
}

private func show(_ value: Int?) -> String { value.map(String.init) ?? "∅" }

@Suite struct WindowTests {
  private static func made(_ count: Int, _ groups: Int, _ random: inout SeededRandom) -> [Row] {
    (0..<count).map { id in
      func maybe(_ value: Int) -> Int? { Int.random(in: 0..<8, using: &random) == 0 ? nil : value }
      let group = Int.random(in: 0...groups, using: &random)
      return Row(
        id: id, group: group == 0 ? nil : "g\(group)", key: maybe(.random(in: 0...(count / 4), using: &random)),
        value: maybe(.random(in: -50...50, using: &random)))
    }
  }

  private static func table(_ rows: [Row], _ random: inout SeededRandom) -> BoundedTable {
    func value(_ number: Int?) -> Value { number.map { .int(Int64($0)) } ?? .null }
    return BoundedTable(
      "w", [("id", .int8), ("g", .text), ("k", .int4), ("v", .int4)],
      rows: rows.map { [.int(Int64($0.id)), $0.group.map { .text($0) } ?? .null, value($0.key), value($0.value)] },
      size: .random(in: 1...200, using: &random), dictionaries: Bool.random(using: &random))
  }

  @Test(arguments: UInt64(1)...40)
  func `Aggregates over random frames equal those worked out row by row`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let all = Self.made(.random(in: 1...400, using: &random), .random(in: 0...5, using: &random), &random)
    let table = Self.table(all, &random)
    for _ in 0..<6 {
      let frame = Frame.random(&random)
      // PostgreSQL refuses frames that end before where they may start.
      if let start = frame.start, let end = frame.end, start > 0, end <= 0 { continue }
      if let start = frame.start, let end = frame.end, start == 0, end < 0 { continue }
      let (descending, nullsFirst) = (Bool.random(using: &random), Bool.random(using: &random))
      let partitioned = Bool.random(using: &random)
      let filtered = Bool.random(using: &random)
      let tie = frame.mode == "ROWS" ? ", id" : ""
      let order = "k \(descending ? "DESC" : "ASC") NULLS \(nullsFirst ? "FIRST" : "LAST")\(tie)"
      let filter = filtered ? " FILTER (WHERE id % 3 <> 0)" : ""
      let sql = """
        SELECT id, count(*)\(filter) OVER w, count(v)\(filter) OVER w, sum(v)\(filter) OVER w, min(v)\(filter) OVER w,
          max(v)\(filter) OVER w, bit_xor(v)\(filter) OVER w, sum(v::float8)\(filter) OVER w
        FROM w WINDOW w AS (\(partitioned ? "PARTITION BY g" : "") ORDER BY \(order) \(frame.sql))
        """
      let wanted = Self.answers(
        all, frame, descending: descending, nullsFirst: nullsFirst, partitioned: partitioned, filtered: filtered)
      #expect(try lines(rows(sql, [table])) == wanted, "seed \(seed): \(sql)")
    }
  }

  private static func answers(
    _ all: [Row], _ frame: Frame, descending: Bool, nullsFirst: Bool, partitioned: Bool, filtered: Bool
  ) -> [String] {
    var result: [String] = []
    for (_, members) in Dictionary(grouping: all, by: { partitioned ? $0.group : nil }) {
      let sorted = members.sorted { a, b in
        if a.key == b.key { return a.id < b.id }
        guard let x = a.key else { return nullsFirst }
        guard let y = b.key else { return !nullsFirst }
        return descending ? x > y : x < y
      }
      for row in sorted.indices {
        let inside = sorted.indices.filter {
          frame.contains($0, of: row, sorted, descending: descending) && (!filtered || sorted[$0].id % 3 != 0)
        }
        let values = inside.compactMap { sorted[$0].value }
        let sum = values.isEmpty ? nil : values.reduce(0, +)
        let parity = values.isEmpty ? nil : values.reduce(0, ^)
        let shown = [
          sorted[row].id, inside.count, values.count, sum, values.min(), values.max(), parity, sum,
        ]
        result.append(shown.map(show).joined(separator: "|"))
      }
    }
    return result.sorted()
  }

  @Test(arguments: UInt64(1)...20)
  func `Ranks and shifted values equal those worked out row by row`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    let all = Self.made(.random(in: 1...300, using: &random), .random(in: 0...4, using: &random), &random)
    let table = Self.table(all, &random)
    let shift = Int.random(in: -3...5, using: &random)
    let got = try rows(
      """
      SELECT id, row_number() OVER (PARTITION BY g ORDER BY k, id), rank() OVER w, dense_rank() OVER w,
        lag(v, \(shift), id::int4) OVER (PARTITION BY g ORDER BY k, id),
        first_value(v) OVER (PARTITION BY g ORDER BY k, id ROWS 2 PRECEDING)
      FROM w WINDOW w AS (PARTITION BY g ORDER BY k)
      """, [table])
    var wanted: [String] = []
    for (_, members) in Dictionary(grouping: all, by: \.group) {
      let sorted = members.sorted { ($0.key ?? .max, $0.id) < ($1.key ?? .max, $1.id) }
      for row in sorted.indices {
        let before = sorted.filter { ($0.key ?? .max) < (sorted[row].key ?? .max) }
        let from = row - shift
        let lagged = sorted.indices.contains(from) ? sorted[from].value : sorted[row].id
        let shown = [
          sorted[row].id, row + 1, before.count + 1, Set(before.map(\.key)).count + 1, lagged,
          sorted[max(0, row - 2)].value,
        ]
        wanted.append(shown.map(show).joined(separator: "|"))
      }
    }
    #expect(lines(got) == wanted.sorted(), "seed \(seed)")
  }

  @Test func `A condition on the partition is tested below the window, others above it`() throws {
    var random = SeededRandom(seed: 7)
    let table = Self.table(Self.made(100, 3, &random), &random)
    let sql = "SELECT * FROM (SELECT id, g, row_number() OVER (PARTITION BY g ORDER BY id) AS n FROM w) q WHERE "
    for condition in ["g = 'g1'", "n = 2", "g = 'g2' AND id % 2 = 0", "n < 3 AND g IS NULL"] {
      #expect(
        try lines(rows(sql + condition, [table])) == lines(rows(sql + condition, [table], optimises: false)))
    }
  }
}
