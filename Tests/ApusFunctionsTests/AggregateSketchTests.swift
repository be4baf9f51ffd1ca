// Tests of two-step aggregates, first and last: what TimescaleDB's toolkit has and PostgreSQL has not.

import ApusBase
import ApusColumns
import ApusFunctions
import Testing

@Suite struct `Two-step aggregates` {
  private func run(_ name: String, _ vectors: [Vector]) throws -> Vector {
    let function = try #require(
      FunctionRegistry.standard.aggregates(named: name).first { $0.parameters.count == vectors.count })
    let states = try function.makeStates(vectors.map(\.type), false)
    states.grow(to: 1)
    try states.accumulate(vectors, count: vectors[0].count, groups: nil)
    return try states.finish(count: 1)
  }

  private func scalar(_ name: String, _ vectors: [Vector]) throws -> Value {
    let function = try #require(FunctionRegistry.standard.scalars(named: name).first)
    return try function.evaluate(vectors, vectors[0].count, .utc).value(at: 0)
  }

  @Test func `rolled up states tell what one state of all values tells`() throws {
    let days = (0..<10).map { day in Vector.int64((0..<20_000).map { Int64($0 + day * 5_000) }) }
    let states = try days.map { try run("hyperloglog", [$0]) }
    let rolled = try run("rollup", [try Vector.concatenated(states, type: .aggregateState)])
    let whole = try run("hyperloglog", [try Vector.concatenated(days, type: .int8)])
    #expect(rolled.value(at: 0) == whole.value(at: 0))
    guard case .int(let count) = try scalar("distinct_count", [rolled]) else {
      Issue.record("no count")
      return
    }
    #expect(abs(Double(count) - 65_000) < 65_000 * 0.03)
  }

  @Test func `approximate percentiles are within one per cent`() throws {
    var random = SeededRandom(seed: 5)
    let values = (0..<10_000).map { _ in
      Double.random(in: 0.001...1000, using: &random) * Double.random(in: 0...1, using: &random)
    }
    let state = try run("percentile_agg", [.float64(values)])
    let sorted = values.sorted()
    for fraction in [0.01, 0.25, 0.5, 0.95, 0.99] {
      let exact = sorted[Int(fraction * 9_999)]
      guard case .float(let found) = try scalar("approx_percentile", [.float64([fraction]), state]) else {
        Issue.record("no percentile")
        continue
      }
      #expect(abs(found - exact) <= exact * 0.0101, "\(fraction): \(found) for \(exact)")
    }
  }

  @Test func `states of two kinds do not mix`() throws {
    let mixed = try Vector.concatenated(
      [run("hyperloglog", [.int64([1])]), run("percentile_agg", [.float64([1])])], type: .aggregateState)
    #expect(throws: ApusError.self) { _ = try run("rollup", [mixed]) }
  }

  @Test func `first and last go by time, and by value where times are equal`() throws {
    let values = Vector.of([.text("b"), .text("a"), .text("z"), .null, .text("n")], type: .text)
    let times = Vector.of([.int(5), .int(5), .int(1), .int(9), .null], type: .timestamptz)
    #expect(try run("first", [values, times]).value(at: 0) == .text("z"))
    #expect(try run("last", [values, times]).value(at: 0) == .null)
    let part = SelectionVector([0, 1, 2])
    #expect(try run("last", [values.gathered(part), times.gathered(part)]).value(at: 0) == .text("a"))
  }
}
