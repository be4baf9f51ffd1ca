// What bounds of a row group say of a condition.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import Testing

@Suite struct `Tests against zone maps` {
  private func filters(_ condition: String) throws -> [SargablePredicate] {
    let catalog = TestCatalog()
    let bound = try bind("select id, name, score, amount from users where \(condition)")
    let plan = try Optimiser.optimise(bound.plan, functions: catalog.functions, context: catalog.context)
    guard case .scan(let scan) = plan else { return [] }
    return scan.filters.flatMap { SargablePredicate.extract(from: $0) }
  }

  private func zone(_ low: Value?, _ high: Value?, nulls: Int = 0) -> ZoneMap {
    ZoneMap(minimum: low, maximum: high, nullCount: nulls, isExact: true)
  }

  @Test func `comparisons, lists, nulls and prefixes are extracted`() throws {
    #expect(
      try filters("id >= 3 and id < 9").map(\.test) == [.compare(.greaterOrEqual, .int(3)), .compare(.less, .int(9))])
    #expect(try filters("name in ('b', 'a')").map(\.test) == [.inList([.text("a"), .text("b")])])
    #expect(try filters("name is not null").map(\.test) == [.isNotNull])
    #expect(try filters("name like 'ab%'") == [SargablePredicate(column: 1, test: .prefix("ab"))])
    #expect(try filters("name like 'ab%c'") == [SargablePredicate(column: 1, test: .prefix("ab"), isPartial: true)])
    #expect(try filters("id between 1 and 2").count == 2)
    #expect(try filters("id + 1 = 3").isEmpty)
    #expect(try filters("id = 5000000000").map(\.test) == [.compare(.equal, .int(5_000_000_000))])
  }

  @Test func `bounds exclude and cover`() throws {
    let less = SargablePredicate(column: 0, test: .compare(.less, .int(5)))
    #expect(less.excludes(zone(.int(5), .int(9))))
    #expect(!less.excludes(zone(.int(4), .int(9))))
    #expect(less.covers(zone(.int(1), .int(4))))
    #expect(!less.covers(zone(.int(1), .int(4), nulls: 1)))
    #expect(!less.covers(zone(.int(1), .int(5))))
    let equal = SargablePredicate(column: 0, test: .compare(.equal, .text("m")))
    #expect(equal.excludes(zone(.text("n"), .text("z"))))
    #expect(equal.covers(zone(.text("m"), .text("m"))))
    let list = SargablePredicate(column: 0, test: .inList([.int(1), .int(9)]))
    #expect(list.excludes(zone(.int(2), .int(8))))
    #expect(!list.excludes(zone(.int(2), .int(9))))
    let prefix = SargablePredicate(column: 0, test: .prefix("ab"))
    #expect(prefix.excludes(zone(.text("ac"), .text("b"))))
    #expect(prefix.excludes(zone(.text("a"), .text("aa"))))
    #expect(!prefix.excludes(zone(.text("aa"), .text("abz"))))
    #expect(prefix.covers(zone(.text("ab"), .text("abz"))))
  }

  @Test func `a group of nulls passes only IS NULL`() {
    let nulls = zone(nil, nil, nulls: 10)
    #expect(SargablePredicate(column: 0, test: .compare(.equal, .int(1))).excludes(nulls, rowCount: 10))
    #expect(!SargablePredicate(column: 0, test: .compare(.equal, .int(1))).excludes(nulls, rowCount: 20))
    #expect(SargablePredicate(column: 0, test: .isNull).covers(nulls, rowCount: 10))
    #expect(!SargablePredicate(column: 0, test: .isNull).excludes(nulls, rowCount: 10))
    #expect(SargablePredicate(column: 0, test: .isNull).excludes(zone(.int(1), .int(2)), rowCount: 10))
  }

  @Test func `NaN is above every number, and decimals compare by value`() throws {
    let greater = SargablePredicate(column: 0, test: .compare(.greater, .float(1)))
    #expect(!greater.excludes(zone(.float(0), .float(.nan))))
    let small = Value.numeric(try Numeric(text: "-1.50"))
    let large = Value.numeric(try Numeric(text: "10.25"))
    #expect(ZoneOrder.compare(small, large) == -1)
    #expect(ZoneOrder.compare(large, .numeric(try Numeric(text: "10.250"))) == 0)
  }
}
