// Tests of exact sums: what a wider arithmetic says, to the last bit.

import ApusBase
import ApusColumns
import ApusFunctions
import Testing

@Suite struct `Exact sums` {
  private func run(_ name: String, _ vector: Vector, groups: [UInt32]? = nil) throws -> Value {
    let function = try #require(
      FunctionRegistry.standard.aggregates(named: name).first { $0.parameters == [.exact(vector.type)] })
    let states = try function.makeStates([vector.type], false)
    states.grow(to: 1)
    if let groups {
      let buffer = Buffer(copying: groups)
      try withExtendedLifetime(buffer) {
        try states.accumulate([vector], count: vector.count, groups: buffer.read(UInt32.self))
      }
    } else {
      try states.accumulate([vector], count: vector.count, groups: nil)
    }
    return try states.finish(count: 1).value(at: 0)
  }

  @Test func `what cancels leaves what is left`() throws {
    #expect(try run("sum", .float64([1e308, 1, -1e308])) == .float(1))
    #expect(try run("sum", .float64([1e16, 1, 1, -1e16])) == .float(2))
    #expect(try run("sum", .float64([5e-324, 1e300, -1e300])) == .float(5e-324))
    #expect(try run("sum", .float64([1e308, 1e308, -1e308])) == .float(1e308))
    #expect(try run("sum", .float64([])) == .null)
  }

  @Test func `ten tenths are one`() throws {
    #expect(try run("sum", .float64([Double](repeating: 0.1, count: 10))) == .float(1))
  }

  @Test func `the vectorised and the grouped sum are equal, and right`() throws {
    for seed in [UInt64](1...20) {
      var random = SeededRandom(seed: seed)
      let spread = Int.random(in: 1...400, using: &random)
      let values = (0..<5000).map { _ in
        Double(
          sign: random.next() & 1 == 0 ? .plus : .minus,
          exponent: Int.random(in: -spread / 2...spread / 2, using: &random),
          significand: Double.random(in: 1..<2, using: &random))
      }
      let sum = try run("sum", .float64(values))
      #expect(try run("sum", .float64(values), groups: [UInt32](repeating: 0, count: 5000)) == sum, "seed \(seed)")
      #expect(try run("sum", .float64(values.shuffled(using: &random))) == sum, "seed \(seed)")
      // Shewchuk's exact partial sums as the oracle.
      #expect(sum == .float(exactSum(values)), "seed \(seed)")
    }
  }

  /// Partial sums that do not overlap, added exactly (Shewchuk 1997); rounded as Python's fsum does.
  private func exactSum(_ values: [Double]) -> Double {
    var partials: [Double] = []
    for value in values {
      var x = value
      var kept: [Double] = []
      for partial in partials {
        let (large, small) = abs(x) < abs(partial) ? (partial, x) : (x, partial)
        let high = large + small
        let low = small - (high - large)
        if low != 0 { kept.append(low) }
        x = high
      }
      partials = kept + [x]
    }
    guard var high = partials.popLast() else { return 0 }
    var low = 0.0
    while let next = partials.popLast() {
      let x = high
      high = x + next
      low = next - (high - x)
      if low != 0 { break }
    }
    if let next = partials.last, (low < 0 && next < 0) || (low > 0 && next > 0) {
      let doubled = low * 2
      let moved = high + doubled
      if doubled == moved - high { high = moved }
    }
    return high
  }

  @Test func `a sum beyond double precision is an error`() throws {
    #expect(throws: ApusError.self) { _ = try run("sum", .float64([1.7e308, 1.7e308])) }
    #expect(try run("sum", .float64([.infinity, 1])) == .float(.infinity))
  }

  @Test func `bigints add up beyond 64 bits`() throws {
    let sum = try run("sum", .int64([Int64](repeating: .max, count: 3)))
    #expect(sum == .numeric(Numeric(Int128(Int64.max) * 3)))
    let low = try run("sum", .int64([Int64](repeating: .min, count: 9)))
    #expect(low == .numeric(Numeric(Int128(Int64.min) * 9)))
  }

  @Test func `numerics keep the scale of their longest term`() throws {
    func numerics(_ texts: [String]) throws -> Vector {
      .of(try texts.map { .numeric(try Numeric(text: $0)) }, type: .numeric)
    }
    func text(_ value: Value) -> String {
      guard case .numeric(let number) = value else { return "\(value)" }
      var out: [UInt8] = []
      number.write(into: &out)
      return String(decoding: out, as: UTF8.self)
    }
    #expect(text(try run("sum", numerics(["1.10", "-1.1", "2"]))) == "2.00")
    #expect(text(try run("sum", numerics(["1e40", "1e-20", "1"]))).hasSuffix("1.00000000000000000001"))
    #expect(text(try run("avg", numerics(["1", "2", "2"]))) == "1.6666666666666667")
  }
}
