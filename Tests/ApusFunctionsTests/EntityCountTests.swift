// Tests of exact unique counts by entity ids, and of their states in rollup() and distinct_count().

import ApusBase
import ApusColumns
import ApusFunctions
import Foundation
import Testing

@Suite struct `Unique counts by entity ids` {
  private func states() throws -> any AggregateStates {
    try EntityCount.function.makeStates([.int4, .text], false)
  }

  private func ids(_ values: [Int?]) -> Vector {
    Vector.of(values.map { $0.map { .int(Int64($0)) } ?? .null }, type: .int4)
  }

  private func texts(_ values: [String?]) -> Vector {
    Vector.of(values.map { $0.map { .text($0) } ?? .null }, type: .text)
  }

  private func run(_ name: String, _ vector: Vector) throws -> Vector {
    let function = try #require(FunctionRegistry.standard.aggregates(named: name).first)
    let states = try function.makeStates([vector.type], false)
    states.grow(to: 1)
    try states.accumulate([vector], count: vector.count, groups: nil)
    return try states.finish(count: 1)
  }

  @Test func `ids count once, nulls not, and values without id by their text`() throws {
    let states = try states()
    states.grow(to: 2)
    try states.accumulate(
      [ids([1, 1, nil, -1, -1, -1]), texts(["a", "a", nil, "late", "late", "later"])], count: 6,
      groups: [0, 0, 0, 0, 0, 1])
    let counts = try states.finish(count: 2)
    #expect(counts.value(at: 0) == .int(2))
    #expect(counts.value(at: 1) == .int(1))
  }

  @Test func `a value without id and without text is an error, not a wrong count`() throws {
    let states = try states()
    states.grow(to: 1)
    #expect(throws: ApusError.self) { try states.accumulate([ids([1, -1])], count: 2, groups: nil) }
    #expect(throws: ApusError.self) { try states.accumulate([ids([-1, -1])], count: 2, groups: nil) }
  }

  @Test func `no name leads to it`() {
    #expect(FunctionRegistry.standard.aggregates(named: EntityCount.name).isEmpty)
  }

  @Test func `states merge in any order to the same bytes, and rollup and distinct_count read them`() throws {
    for seed in 0..<UInt64(20) {
      var random = SeededRandom(seed: seed)
      var parts: [[UInt8]] = []
      var expected: Set<String> = []
      for _ in 0..<6 {
        let count = Int.random(in: 0...2_000, using: &random)
        let numbers = (0..<count).map { _ in Int.random(in: -1...3_000, using: &random) }
        let values = numbers.map { $0 < 0 ? "late \(random.next() % 9)" : "user \($0)" }
        expected.formUnion(values)
        let states = try states()
        states.grow(to: 1)
        if count > 0 { try states.accumulate([ids(numbers), texts(values)], count: count, groups: nil) }
        parts.append(states.serialise(0))
      }
      func merged(_ parts: [[UInt8]]) throws -> any AggregateStates {
        let states = try states()
        states.grow(to: 1)
        for part in parts { try part.withUnsafeBytes { try states.mergeSerialised($0, into: 0) } }
        return states
      }
      let one = try merged(parts)
      #expect(one.serialise(0) == (try merged(parts.shuffled(using: &random))).serialise(0), "seed \(seed)")
      #expect(try one.finish(count: 1).value(at: 0) == .int(Int64(expected.count)), "seed \(seed)")
      let rolled = try run("rollup", Vector.of(parts.map { .bytes($0) }, type: .aggregateState))
      #expect(rolled.value(at: 0) == .bytes(one.serialise(0)), "seed \(seed)")
      let read = try #require(FunctionRegistry.standard.scalars(named: "distinct_count").first)
      #expect(try read.evaluate([rolled], 1, .utc).value(at: 0) == .int(Int64(expected.count)), "seed \(seed)")
      for _ in 0..<100 {
        var bytes = one.serialise(0)
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8(random.next() & 255)
        bytes.removeLast(Int(random.next() % 3))
        let damaged = try states()
        damaged.grow(to: 1)
        _ = try? bytes.withUnsafeBytes { try damaged.mergeSerialised($0, into: 0) }
      }
    }
  }

  @Test(.enabled(if: ProcessInfo.processInfo.environment["APUS_MEASURE"] != nil))
  func `measured: rows, merges of states, states written`() throws {
    var random = SeededRandom(seed: 3)
    let rows = 65_536
    func time(_ what: String, _ count: Int, _ body: () throws -> Void) rethrows {
      let started = monotonicNanoseconds()
      try body()
      let nanoseconds = Double(monotonicNanoseconds() - started)
      print("\(what): \(Int(nanoseconds / 1e6)) ms, \(nanoseconds / Double(count)) ns each")
    }
    func int4(_ values: [Int32]) -> Vector {
      Vector(type: .int4, count: values.count, storage: .int32(Buffer(copying: values)))
    }
    let vector = int4((0..<rows).map { _ in Int32(random.next() % 500_000) })
    for groupCount in [1, 90, 2_160, 100_000] {
      let states = try states()
      states.grow(to: groupCount)
      let groups = (0..<rows).map { _ in UInt32(truncatingIfNeeded: random.next() % UInt64(groupCount)) }
      try time("\(groupCount) groups, row", rows * 20) {
        for _ in 0..<20 {
          try states.accumulate([vector], count: rows, groups: groupCount == 1 ? nil : groups)
        }
      }
      try time("  finish", groupCount) { _ = try states.finish(count: groupCount) }
    }
    for members in [3, 40, 1_000, 30_000] {
      let count = members > 10_000 ? 2_000 : 100_000
      var states: [[UInt8]] = []
      for _ in 0..<200 {
        let one = try self.states()
        one.grow(to: 1)
        let ids = int4((0..<members).map { _ in Int32(random.next() % 500_000) })
        try one.accumulate([ids], count: members, groups: nil)
        states.append(one.serialise(0))
      }
      let target = try self.states()
      target.grow(to: 1)
      try time("merge of \(count) states of \(members) members, \(states[0].count) bytes, state", count) {
        for index in 0..<count {
          try states[index % 200].withUnsafeBytes { try target.mergeSerialised($0, into: 0) }
        }
      }
      let many = try self.states()
      many.grow(to: 200)
      for index in 0..<200 { try states[index].withUnsafeBytes { try many.mergeSerialised($0, into: index) } }
      time("  serialise", 200) { for index in 0..<200 { _ = many.serialise(index) } }
    }
  }
}
