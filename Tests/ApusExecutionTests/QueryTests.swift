// LIMIT over waves of morsels, top-N, subqueries, and what ends a query: budgets and cancelling.

import ApusBase
import ApusColumns
import ApusPlan
import Testing

@testable import ApusExecution

private func sequence(_ count: Int, size: Int = 40) -> BoundedTable {
  var rows: [[Value]] = []
  for id in 0..<count {
    let part = id * 7919 % 13
    let name = id * 31 % 101
    rows.append([Value.int(Int64(id)), Value.int(Int64(part)), Value.text("n\(name)")])
  }
  return BoundedTable("t", [("id", .int8), ("part", .int4), ("name", .text)], rows: rows, size: size)
}

private func rows(_ count: Int64, _ make: (Int64) -> [Value]) -> [[Value]] {
  var list: [[Value]] = []
  for number in 0..<count { list.append(make(number)) }
  return list
}

@Suite struct LimitTests {
  private static let windows: [(Int, Int)] = [
    (0, 0), (1, 0), (39, 0), (40, 1), (41, 39), (100, 40), (7, 498), (500, 0), (9, 500), (9, 999),
  ]

  @Test func `LIMIT and OFFSET take the rows in order whatever the sizes of morsels`() throws {
    let table = sequence(500)
    let ids = (0..<500).map { ["\($0)"] }
    for (limit, offset) in Self.windows {
      let wanted = Array(ids.dropFirst(offset).prefix(limit))
      #expect(try rows("SELECT id FROM t LIMIT \(limit) OFFSET \(offset)", [table]) == wanted)
      #expect(try rows("SELECT id FROM t WHERE id >= 0 OFFSET \(offset)", [table]) == Array(ids.dropFirst(offset)))
      let inner = "SELECT max(id) FROM (SELECT id FROM t LIMIT \(limit) OFFSET \(offset)) x"
      #expect(try rows(inner, [table]) == [[wanted.last?[0] ?? "∅"]])
    }
    #expect(try rows("SELECT id FROM t LIMIT NULL OFFSET 499", [table]) == [["499"]])
    #expect(state { _ = try rows("SELECT id FROM t LIMIT -1", [table]) } == "2201W")
    #expect(state { _ = try rows("SELECT id FROM t OFFSET -1", [table]) } == "2201X")
  }

  @Test func `few rows of many morsels read few morsels`() throws {
    let table = sequence(40_000)
    _ = try rows("SELECT id FROM t LIMIT 10", [table])
    #expect(table.groups.count { $0.reads > 0 } <= 1)
    _ = try rows("SELECT id FROM t WHERE id >= 0 AND part >= 0 LIMIT 200", [table])
    #expect(table.groups.count { $0.reads > 0 } < 20)
  }

  @Test func `the first rows of a sort are those of the whole sort`() throws {
    let table = sequence(30_000, size: 1_000)
    for keys in ["id DESC", "part, id", "name DESC, id", "part DESC NULLS LAST, name, id", "id % 7, id DESC"] {
      let all = try rows("SELECT id, part, name FROM t ORDER BY \(keys)", [table])
      for (limit, offset) in [(1, 0), (10, 0), (100, 50), (20_000, 3), (40_000, 0)] {
        let some = try rows("SELECT id, part, name FROM t ORDER BY \(keys) LIMIT \(limit) OFFSET \(offset)", [table])
        #expect(some == Array(all.dropFirst(offset).prefix(limit)), "\(keys), \(limit), \(offset)")
      }
    }
    // Rows dropped on the way: more than one thread keeps at once.
    let many = sequence(300_000, size: 20_000)
    #expect(
      try rows("SELECT id FROM t ORDER BY id DESC LIMIT 3", [many]) == [["299999"], ["299998"], ["299997"]])
  }

  @Test func `DISTINCT ON keeps the first row of the order`() throws {
    let got = try rows("SELECT DISTINCT ON (part) part, id FROM t ORDER BY part, id DESC", [sequence(400)])
    let wanted: [[String]] = (0..<13).map { (part: Int) -> [String] in
      let last: Int = (0..<400).last { (id: Int) -> Bool in id * 7919 % 13 == part } ?? -1
      return ["\(part)", "\(last)"]
    }
    #expect(got == wanted)
  }
}

@Suite struct SubqueryTests {
  private static let tables: [BoundedTable] = {
    let a = rows(60) { (id: Int64) -> [Value] in
      let key = id % 7
      return [Value.int(id), key == 6 ? Value.null : Value.int(key)]
    }
    let b = rows(20) { (number: Int64) -> [Value] in [Value.int(number % 5), Value.int(number)] }
    return [
      BoundedTable("a", [("id", .int8), ("k", .int4)], rows: a, size: 11),
      BoundedTable("b", [("k", .int4), ("v", .int8)], rows: b, size: 6),
      BoundedTable("n", [("k", .int4)], rows: [[Value.int(1)], [Value.null]]),
      BoundedTable("z", [("k", .int4)], rows: []),
    ]
  }()
  private func ids(_ condition: String) throws -> [Int] {
    try rows("SELECT id FROM a WHERE \(condition) ORDER BY id", Self.tables).map { Int($0[0]) ?? -1 }
  }
  private let all: [Int] = Array(0..<60)

  @Test func `IN and NOT IN treat nulls as unknown`() throws {
    #expect(try ids("k IN (SELECT k FROM n)") == all.filter { (id: Int) -> Bool in id % 7 == 1 })
    #expect(try ids("k NOT IN (SELECT k FROM n)") == [])
    #expect(
      try ids("k NOT IN (SELECT k FROM n WHERE k IS NOT NULL)")
        == all.filter { (id: Int) -> Bool in id % 7 != 1 && id % 7 != 6 })
    #expect(try ids("k NOT IN (SELECT k FROM z)") == all)
    #expect(try ids("k IN (SELECT k FROM z)") == [])
    #expect(try ids("(k IN (SELECT k FROM n)) IS NULL") == all.filter { (id: Int) -> Bool in id % 7 != 1 })
    #expect(try ids("k NOT IN (SELECT k FROM b)") == all.filter { (id: Int) -> Bool in id % 7 == 5 })
  }

  @Test func `ANY and ALL compare with every row`() throws {
    #expect(try ids("k > ALL (SELECT k FROM b)") == all.filter { (id: Int) -> Bool in id % 7 == 5 })
    #expect(try ids("k > ANY (SELECT k FROM b)") == all.filter { (id: Int) -> Bool in 1...5 ~= id % 7 })
    #expect(try ids("k > ALL (SELECT k FROM z)") == all)
    #expect(try ids("k > ANY (SELECT k FROM z)") == [])
    #expect(try ids("k > ALL (SELECT k FROM n)") == [])
    #expect(try ids("k > ANY (SELECT k FROM n)") == all.filter { (id: Int) -> Bool in 2...5 ~= id % 7 })
  }

  @Test func `correlated subqueries see the row outside`() throws {
    #expect(try ids("EXISTS (SELECT 1 FROM b WHERE b.k = a.k)") == all.filter { (id: Int) -> Bool in id % 7 < 5 })
    #expect(try ids("NOT EXISTS (SELECT 1 FROM b WHERE b.k = a.k)") == all.filter { (id: Int) -> Bool in id % 7 >= 5 })
    #expect(
      try ids("(SELECT max(v) FROM b WHERE b.k = a.k) > 17") == all.filter { (id: Int) -> Bool in 3...4 ~= id % 7 })
    #expect(try ids("(SELECT count(*) FROM b WHERE b.k = a.k) = 0") == all.filter { (id: Int) -> Bool in id % 7 >= 5 })
    #expect(
      try ids("id IN (SELECT v FROM b WHERE b.k = a.k)")
        == all.filter { (id: Int) -> Bool in id < 20 && id % 5 == id % 7 })
    let sums = try rows(
      "SELECT id, (SELECT sum(v) FROM b WHERE b.v < a.id AND b.k = a.k) FROM a WHERE id IN (9, 13) ORDER BY 1",
      Self.tables)
    #expect(sums == [["9", "9"], ["13", "∅"]])
  }

  @Test func `a scalar subquery of two rows is an error, of none null`() throws {
    #expect(state { _ = try ids("k = (SELECT k FROM b)") } == "21000")
    #expect(try ids("k = (SELECT k FROM z)") == [])
    #expect(state { _ = try ids("k = (SELECT v FROM b WHERE b.k = a.k)") } == "21000")
  }
}

@Suite struct EndingTests {
  @Test(arguments: [
    "SELECT * FROM t ORDER BY name", "SELECT id, name, count(*) FROM t GROUP BY 1, 2",
    "SELECT DISTINCT name, id FROM t",
    "SELECT count(*) FROM t a JOIN t b ON a.id = b.id", "SELECT id FROM t INTERSECT SELECT id FROM t",
    "SELECT array_agg(name) FROM t", "SELECT count(DISTINCT id) FROM t", "SELECT x FROM generate_series(1, 1000000) x",
    "SELECT count(*) FROM t WHERE id IN (SELECT id FROM t)", "SELECT string_agg(name, ',' ORDER BY id) FROM t",
  ])
  func `a query past its budget ends with 53200`(sql: String) throws {
    let table = sequence(60_000, size: 10_000)
    #expect(state { _ = try rows(sql, [table], control: QueryControl(memoryBytesMax: 200_000)) } == "53200")
    #expect(state { _ = try start(sql, [table], control: QueryControl(memoryBytesMax: 1 << 30)).next() } == "ok")
  }

  @Test(arguments: [
    "SELECT id FROM t", "SELECT count(*) FROM t WHERE part > 3", "SELECT name, count(*) FROM t GROUP BY 1",
    "SELECT id FROM t ORDER BY name", "SELECT count(*) FROM t a JOIN t b ON a.part = b.part",
    "SELECT DISTINCT name FROM t", "SELECT id FROM t UNION SELECT part FROM t", "SELECT id FROM t EXCEPT SELECT 1",
  ])
  func `a cancelled query ends with 57014 and reads nothing more`(sql: String) throws {
    let table = sequence(60_000, size: 1_000)
    let control = QueryControl()
    control.cancel()
    #expect(state { _ = try rows(sql, [table], control: control) } == "57014")
    #expect(table.groups.count { $0.reads > 0 } <= 3)
    let late = QueryControl(deadline: 1)
    #expect(state { _ = try rows(sql, [table], control: late) } == "57014")
    let stopping = QueryControl()
    stopping.cancel(.shutdown)
    #expect(state { _ = try rows(sql, [table], control: stopping) } == "57P01")
  }

  @Test func `a query that is cancelled between batches gives no further rows`() throws {
    let control = QueryControl()
    let result = try start("SELECT id FROM t", [sequence(60_000, size: 1_000)], control: control)
    #expect(try result.next()?.count == 1_000)
    control.cancel()
    #expect(state { _ = try result.next() } == "57014")
    #expect(try result.next() == nil)
  }
}
