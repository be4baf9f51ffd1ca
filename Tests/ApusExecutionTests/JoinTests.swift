// Joins and set operations against loops over all pairs of rows, with nulls, duplicates and further conditions.

import ApusBase
import ApusColumns
import ApusPlan
import Testing

@testable import ApusExecution

/// A row of the tables: id, a key that repeats, a text, a number.
private typealias Row = [Value]

private func table(_ name: String, _ rows: [Row], size: Int, dictionaries: Bool) -> BoundedTable {
  BoundedTable(
    name, [("id", .int8), ("k", .int4), ("s", .text), ("v", .float8)], rows: rows, size: size,
    dictionaries: dictionaries)
}

private func randomRows(_ count: Int, _ random: inout SeededRandom) -> [Row] {
  var list: [Row] = []
  for id in 0..<count {
    let key = Int64.random(in: 0..<8, using: &random)
    let text = Int.random(in: 0..<4, using: &random)
    let number = Double(Int.random(in: 0..<5, using: &random))
    list.append([
      Value.int(Int64(id)), Int.random(in: 0..<6, using: &random) == 0 ? Value.null : Value.int(key),
      Int.random(in: 0..<6, using: &random) == 0 ? Value.null : Value.text("s\(text)"),
      Int.random(in: 0..<8, using: &random) == 0 ? Value.null : Value.float(number),
    ])
  }
  return list
}

private func isEqual(_ a: Value, _ b: Value) -> Bool { !a.isNull && !b.isNull && a == b }
private func isLess(_ a: Value, _ b: Value) -> Bool { !a.isNull && !b.isNull && a.order < b.order }

/// A condition in SQL, and what it says of two rows.
private struct Condition: Sendable {
  let sql: String
  let holds: @Sendable (Row, Row) -> Bool
}
private let conditions = [
  Condition(sql: "a.k = b.k") { isEqual($0[1], $1[1]) },
  Condition(sql: "a.s = b.s") { isEqual($0[2], $1[2]) },
  Condition(sql: "a.k = b.k AND b.s = a.s") { isEqual($0[1], $1[1]) && isEqual($0[2], $1[2]) },
  Condition(sql: "a.k = b.k AND a.v < b.v") { isEqual($0[1], $1[1]) && isLess($0[3], $1[3]) },
  Condition(sql: "a.v < b.v") { isLess($0[3], $1[3]) },
  Condition(sql: "a.k = b.k AND a.v = b.v AND a.id < b.id") {
    isEqual($0[1], $1[1]) && isEqual($0[3], $1[3]) && isLess($0[0], $1[0])
  },
  Condition(sql: "a.k + 1 = b.k") { row, other in
    guard case .int(let x) = row[1], case .int(let y) = other[1] else { return false }
    return x + 1 == y
  },
  Condition(sql: "a.k = b.id") { isEqual($0[1], $1[0]) },
  Condition(sql: "a.k = b.k AND b.v > 2") { row, other in isEqual(row[1], other[1]) && isLess(.float(2), other[3]) },
  Condition(sql: "a.k = b.k AND a.v > 2") { row, other in isEqual(row[1], other[1]) && isLess(.float(2), row[3]) },
  Condition(sql: "1 / (a.id + 1) >= 0 AND a.k = b.k") { isEqual($0[1], $1[1]) },
  Condition(sql: "true") { _, _ in true },
  Condition(sql: "false") { _, _ in false },
]

private func name(_ value: Value) -> String { if case .int(let id) = value { "\(id)" } else { "∅" } }

/// Lines of "a.id|b.id" by two loops.
private func reference(_ kind: String, _ left: [Row], _ right: [Row], _ condition: Condition) -> [String] {
  var out: [String] = []
  var matched = Set<Int>()
  for row in left {
    let partners = right.indices.filter { condition.holds(row, right[$0]) }
    matched.formUnion(partners)
    switch kind {
    case "SEMI": if !partners.isEmpty { out.append(name(row[0])) }
    case "ANTI": if partners.isEmpty { out.append(name(row[0])) }
    default:
      out += partners.map { "\(name(row[0]))|\(name(right[$0][0]))" }
      if partners.isEmpty, kind == "LEFT" || kind == "FULL" { out.append("\(name(row[0]))|∅") }
    }
  }
  if kind == "RIGHT" || kind == "FULL" {
    out += right.indices.filter { !matched.contains($0) }.map { "∅|\(name(right[$0][0]))" }
  }
  return out.sorted()
}

private func query(_ kind: String, _ condition: Condition) -> String {
  switch kind {
  case "SEMI": "SELECT a.id FROM a WHERE EXISTS (SELECT 1 FROM b WHERE \(condition.sql))"
  case "ANTI": "SELECT a.id FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE \(condition.sql))"
  default: "SELECT a.id, b.id FROM a \(kind) JOIN b ON \(condition.sql)"
  }
}

@Suite struct JoinTests {
  @Test(arguments: ["INNER", "LEFT", "RIGHT", "FULL", "SEMI", "ANTI"])
  func `joins give the pairs that two loops give`(kind: String) throws {
    let seed: UInt64 = 31
    var random = SeededRandom(seed: seed)
    for round in 0..<6 {
      let left = randomRows(round == 4 ? 0 : 50, &random)
      let right = randomRows(round == 5 ? 0 : 40, &random)
      let tables = [
        table("a", left, size: 13, dictionaries: round % 2 == 0),
        table("b", right, size: 29, dictionaries: round % 3 == 0),
      ]
      for condition in conditions {
        for optimises in [true, false] {
          let got = lines(try rows(query(kind, condition), tables, optimises: optimises))
          #expect(
            got == reference(kind, left, right, condition),
            "seed \(seed), round \(round), \(kind), \(condition.sql), optimised \(optimises)")
        }
      }
    }
  }

  @Test func `a join that multiplies rows gives them all, in parts`() throws {
    let many: [Row] = (0..<600).map { (id: Int) -> Row in
      [Value.int(Int64(id)), Value.int(1), Value.text("x"), Value.float(0)]
    }
    let tables = [
      table("a", many, size: 100, dictionaries: false), table("b", many, size: 600, dictionaries: false),
    ]
    #expect(try rows("SELECT count(*), sum(a.id + b.id) FROM a JOIN b USING (k)", tables) == [["360000", "215640000"]])
    #expect(try rows("SELECT count(*) FROM a, b WHERE a.id <> b.id", tables) == [["359400"]])
  }

  @Test func `keys of different widths and scales meet`() throws {
    let left = BoundedTable(
      "a", [("n", .numeric), ("i", .int2), ("f", .float4), ("c", .bpchar), ("j", .jsonb)],
      rows: [
        [.numeric(try Numeric(text: "1.0")), .int(1), .float(0.5), .text("x  "), .text("{\"a\": 1.0}")],
        [.numeric(try Numeric(text: "2")), .int(2), .float(-0.0), .text("y"), .text("[2]")],
        [.numeric(.notANumber), .int(3), .float(.nan), .text("z"), .text("null")],
      ])
    let right = BoundedTable(
      "b", [("n", .numeric), ("i", .int8), ("f", .float8), ("c", .bpchar), ("j", .jsonb)],
      rows: [
        [.numeric(try Numeric(text: "1.00")), .int(1), .float(0.5), .text("x"), .text("{\"a\": 1}")],
        [.numeric(try Numeric(text: "2.000")), .int(2), .float(0), .text("y "), .text("[2.0]")],
        [.numeric(.notANumber), .int(3), .float(.nan), .text("z "), .text("null")],
      ])
    for column in ["n", "i", "f", "c", "j"] {
      #expect(
        lines(try rows("SELECT a.i, b.i FROM a JOIN b ON a.\(column) = b.\(column)", [left, right]))
          == ["1|1", "2|2", "3|3"], "\(column)")
    }
  }
}

@Suite struct SetOperationTests {
  @Test func `set operations count rows as loops over them do`() throws {
    let seed: UInt64 = 17
    var random = SeededRandom(seed: seed)
    for round in 0..<12 {
      let left = randomRows(round == 10 ? 0 : 80, &random)
      let right = randomRows(round == 11 ? 0 : 60, &random)
      let tables = [
        table("a", left, size: 9, dictionaries: round % 2 == 0), table("b", right, size: 31, dictionaries: true),
      ]
      func text(_ row: Row) -> String { "\(name(row[1]))|\(row[2].isNull ? "∅" : row[2].text)" }
      func counted(_ rows: [Row]) -> [String: Int] { Dictionary(rows.map { (text($0), 1) }, uniquingKeysWith: +) }
      let (mine, theirs) = (counted(left), counted(right))
      let keys = Set(mine.keys).union(theirs.keys)
      let times: [String: (Int, Int) -> Int] = [
        "UNION ALL": { (a: Int, b: Int) -> Int in a + b }, "UNION": { (a: Int, b: Int) -> Int in min(1, a + b) },
        "INTERSECT ALL": { (a: Int, b: Int) -> Int in min(a, b) },
        "INTERSECT": { (a: Int, b: Int) -> Int in min(1, min(a, b)) },
        "EXCEPT ALL": { (a: Int, b: Int) -> Int in max(0, a - b) },
        "EXCEPT": { (a: Int, b: Int) -> Int in a > 0 && b == 0 ? 1 : 0 },
      ]
      for (operation, count) in times {
        let wanted = keys.flatMap { Array(repeating: $0, count: count(mine[$0] ?? 0, theirs[$0] ?? 0)) }.sorted()
        let got = lines(try rows("SELECT k, s FROM a \(operation) SELECT k, s FROM b", tables))
        #expect(got == wanted, "seed \(seed), round \(round), \(operation)")
      }
      let distinct = lines(try rows("SELECT DISTINCT k, s FROM a", tables))
      #expect(distinct == mine.keys.sorted())
    }
  }
}
