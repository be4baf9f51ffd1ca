// Scans: deleted rows, filters that bounds answer, and aggregations that metadata answer, against reading the rows.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import Testing

@testable import ApusExecution

/// Rows whose columns are clustered, so that the bounds of many row groups decide.
private func clustered(_ count: Int, _ random: inout SeededRandom) -> [[Value]] {
  var list: [[Value]] = []
  for row in 0..<count {
    let at = Int64(row / 700) * 86_400_000_000 + Int64(row % 700)
    let place = row / 400
    let low = Int64.random(in: -5...5, using: &random)
    let score = Double(Int.random(in: 0...9, using: &random))
    list.append([
      Value.int(at), Value.int(Int64(row / 300)), place % 4 == 3 ? Value.null : Value.text("n\(place % 3)"),
      row % 900 < 400 ? Value.int(low) : Value.null, Value.float(score), Value.bool(row / 1000 % 2 == 0),
    ])
  }
  return list
}
private let columns: [(String, DataType)] = [
  ("at", .timestamp), ("step", .int8), ("name", .text), ("low", .int4), ("score", .float8), ("flag", .bool),
]
private let filters = [
  "true", "step < 5", "step <= 2 AND step > 0", "step = 3", "step <> 3", "at >= '2000-01-03'",
  "at < '2000-01-03' AND name = 'n1'", "name IS NULL", "name IS NOT NULL", "name IN ('n0', 'n2')", "low IS NULL",
  "low > -6", "low >= -5 OR step = 1", "NOT step < 5", "score >= 0", "score < 5 AND flag", "flag", "NOT flag",
  "name LIKE 'n%'", "step BETWEEN 2 AND 6 AND low < 3", "name > 'n0'", "step IN (1, 3, NULL)", "step % 2 = 0",
  "step < 5 AND name IS NOT NULL AND score <> 3",
]
private let aggregations = [
  "count(*)", "count(low)", "count(name)", "min(at), max(at)", "min(step), max(low), count(*)",
  "count(*) FILTER (WHERE low > 0)", "sum(low), avg(step)", "count(DISTINCT name)", "min(name), max(name)",
  "min(score), max(score)", "bool_and(flag)", "count(*), count(low), min(at), max(step)",
]
private let groupings = [
  "", "name", "step", "date_trunc('day', at)", "flag", "name, step", "step / 3", "date_trunc('day', at), name",
]

/// Seven sizes of row groups, deleted rows or none, dictionaries or none: the same rows.
private struct Layouts {
  let tables: [BoundedTable]
  let plain: BoundedTable
  init(_ rows: [[Value]], isDeleted: ((Int) -> Bool)?) {
    let alive = isDeleted.map { test in rows.indices.filter { !test($0) }.map { rows[$0] } } ?? rows
    plain = BoundedTable("t", columns, rows: alive, size: 100_000, keepsBounds: false)
    tables = [100, 350, 1000, 4000].flatMap { size in
      [false, true].map { dictionaries in
        BoundedTable("t", columns, rows: rows, size: size, dictionaries: dictionaries, isDeleted: isDeleted)
      }
    }
  }
}

@Suite struct ScanTests {
  @Test(arguments: [false, true]) func `filters keep the same rows whatever bounds know`(deletes: Bool) throws {
    var random = SeededRandom(seed: 5)
    let layouts = Layouts(clustered(3_500, &random), isDeleted: deletes ? { $0 % 3 == 0 || $0 / 350 == 2 } : nil)
    for filter in filters {
      let sql = "SELECT at, step, name, low FROM t WHERE \(filter)"
      let wanted = try rows(sql, [layouts.plain])
      for table in layouts.tables {
        #expect(try rows(sql, [table]) == wanted, "\(filter), row groups of \(table.groups[0].rowCount)")
      }
    }
  }

  @Test(arguments: [false, true]) func `aggregates from metadata are those of the rows`(deletes: Bool) throws {
    var random = SeededRandom(seed: 6)
    let layouts = Layouts(clustered(3_500, &random), isDeleted: deletes ? { $0 % 7 == 0 || $0 / 1000 == 1 } : nil)
    for grouping in groupings {
      for aggregation in aggregations {
        let filter = filters[Int.random(in: 0..<filters.count, using: &random)]
        var sql = "SELECT \(grouping.isEmpty ? "" : grouping + ", ")\(aggregation) FROM t WHERE \(filter)"
        if !grouping.isEmpty { sql += " GROUP BY \(grouping)" }
        let wanted = lines(try rows(sql, [layouts.plain]))
        let table = layouts.tables[Int.random(in: 0..<layouts.tables.count, using: &random)]
        #expect(lines(try rows(sql, [table])) == wanted, "\(sql), row groups of \(table.groups[0].rowCount)")
      }
    }
  }

  @Test func `counting, bounds and counts by name read no rows`() throws {
    var random = SeededRandom(seed: 7)
    let all = clustered(3_500, &random)
    for sql in [
      "SELECT count(*) FROM t", "SELECT min(at), max(step), count(low) FROM t",
      "SELECT name, count(*) FROM t GROUP BY 1",
      "SELECT count(*) FROM t WHERE step >= 0",
    ] {
      let table = BoundedTable("t", columns, rows: all, size: 350)
      _ = try rows(sql, [table])
      #expect(table.groups.allSatisfy { $0.reads == 0 }, "\(sql)")
    }
  }

  @Test func `two spellings of a character are two groups, though Swift takes them as equal`() throws {
    let table = BoundedTable(
      "t", [("name", .text)], rows: [[.text("e\u{301}")], [.text("é")], [.text("é")]], size: 10)
    #expect(lines(try rows("SELECT name, count(*) FROM t GROUP BY 1", [table])).count == 2)
    #expect(try rows("SELECT count(*) FROM t WHERE name = 'é'", [table]) == [["2"]])
  }
}
