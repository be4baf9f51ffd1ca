// These tests hold aggregates to the algebra: however rows are parted, whatever their layout, the result is the same.

import ApusBase
import ApusColumns
import ApusFunctions
import Testing

/// Rows for one aggregate, and how to run them.
private struct Trial {
  let function: AggregateFunction
  let types: [DataType]
  let groups: Int
  var isDistinct = false

  func states() throws -> any AggregateStates {
    let states = try function.makeStates(types, isDistinct)
    states.grow(to: groups)
    return states
  }

  func add(_ vectors: [Vector], _ rows: [Int], _ owners: [UInt32], to states: any AggregateStates) throws {
    let taken = SelectionVector(rows.map { UInt32($0) })
    let buffer = Buffer(copying: rows.map { owners[$0] })
    let gathered = vectors.map { $0.gathered(taken) }
    try withExtendedLifetime(buffer) {
      try states.accumulate(gathered, count: rows.count, groups: buffer.read(UInt32.self))
    }
  }

  /// The results as text, so that NaN equals NaN.
  func results(_ states: any AggregateStates) throws -> [String] {
    let vector = try states.finish(count: groups)
    return (0..<groups).map { "\(vector.value(at: $0))" }
  }
}

private func find(_ name: String, _ types: [DataType]) throws -> AggregateFunction {
  let found = FunctionRegistry.standard.aggregates(named: name).first { function in
    function.parameters.count == types.count
      && zip(function.parameters, types).allSatisfy { parameter, type in
        if case .exact(let wanted) = parameter { wanted == type } else { true }
      }
  }
  return try #require(found, "\(name) \(types)")
}

private func randomValue(_ type: DataType, _ random: inout SeededRandom) -> Value {
  if Int.random(in: 0..<8, using: &random) == 0 { return .null }
  switch type {
  case .bool: return .bool(random.next() & 1 == 0)
  case .int2: return .int(Int64.random(in: -100...100, using: &random))
  case .int4, .date: return .int(Int64(Int32.random(in: .min ... .max, using: &random)))
  case .float8, .float4:
    let scale = [1e-300, 1e-9, 1, 1e6, 1e18, 1e300][Int.random(in: 0..<6, using: &random)]
    let value = Double.random(in: -1...1, using: &random) * scale
    return .float(type == .float4 ? Double(Float(value.remainder(dividingBy: 1e30))) : value)
  case .numeric:
    let digits = Int128(Int64.random(in: .min ... .max, using: &random)) * Int128(random.next() >> 20)
    return .numeric(Numeric(digits, scale: Int.random(in: 0..<30, using: &random)))
  case .text, .jsonb: return .text("\"value \(Int.random(in: 0..<40, using: &random))\"")
  case .interval:
    return .interval(
      Interval(
        months: Int32.random(in: -20...20, using: &random), days: Int32.random(in: -40...40, using: &random),
        microseconds: Int64.random(in: -1_000_000_000...1_000_000_000, using: &random)))
  case .uuid: return .uuid(UUIDValue(high: random.next() & 7, low: 1))
  default: return .int(Int64.random(in: .min ... .max, using: &random) >> Int64.random(in: 0..<60, using: &random))
  }
}

/// The same text vector as codes into a dictionary.
private func dictionary(_ vector: Vector, isSorted: Bool) -> Vector {
  var entries = Set<String>()
  for row in 0..<vector.count { if case .text(let text) = vector.value(at: row) { entries.insert(text) } }
  var list = entries.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  if !isSorted { list.reverse() }
  let codes = (0..<vector.count).map { row -> UInt16 in
    if case .text(let text) = vector.value(at: row) { UInt16(list.firstIndex(of: text) ?? 0) } else { 0 }
  }
  return Vector(
    type: vector.type, count: vector.count, validity: vector.validity,
    storage: .dictionary(codes: Buffer(copying: codes), width: 2, dictionary: ByteDictionary(list)))
}

@Suite struct `Aggregate merging` {
  static let cases: [(String, [DataType], Bool)] = [
    ("count", [], false), ("count", [.text], false), ("count", [.text], true), ("count", [.int8], true),
    ("count", [.float8], true), ("count", [.numeric], true), ("count", [.uuid], true), ("count", [.interval], true),
    ("count", [.bool], true), ("count", [.jsonb], true),
    ("sum", [.int2], false), ("sum", [.int4], false), ("sum", [.int8], false), ("sum", [.numeric], false),
    ("sum", [.float4], false), ("sum", [.float8], false), ("sum", [.interval], false),
    ("avg", [.int4], false), ("avg", [.int8], false), ("avg", [.numeric], false), ("avg", [.float8], false),
    ("min", [.int8], false), ("max", [.int4], false), ("min", [.float8], false), ("max", [.text], false),
    ("min", [.text], false), ("min", [.numeric], false), ("max", [.numeric], false), ("max", [.interval], false),
    ("bool_and", [.bool], false), ("bit_xor", [.int8], false), ("bit_or", [.int4], false),
    ("approx_count_distinct", [.text], false), ("approx_count_distinct", [.int8], false),
    ("hyperloglog", [.text], false), ("percentile_agg", [.float8], false),
    ("var_samp", [.int8], false), ("stddev_pop", [.numeric], false), ("variance", [.float4], false),
    ("corr", [.float8, .float8], false), ("first", [.text, .timestamptz], false),
    ("last", [.numeric, .timestamptz], false), ("last", [.int8, .int4], false),
  ]

  @Test(arguments: cases) func `parts merged in any order give the bits of one pass`(
    name: String, types: [DataType], isDistinct: Bool
  ) throws {
    for seed in [UInt64](1...4) {
      var random = SeededRandom(seed: seed)
      let groups = [1, 3, 40][Int(seed % 3)]
      let count = 900
      let trial = Trial(function: try find(name, types), types: types, groups: groups, isDistinct: isDistinct)
      // Small floats of variance do not overflow when squared.
      var vectors: [Vector] = []
      for type in types {
        var values: [Value] = []
        for _ in 0..<count {
          let value = randomValue(type, &random)
          if name == "corr" || name == "percentile_agg", case .float(let number) = value {
            values.append(.float(number.remainder(dividingBy: 1e6)))
          } else {
            values.append(value)
          }
        }
        vectors.append(Vector.of(values, type: type))
      }
      let owners = (0..<count).map { _ in UInt32(Int.random(in: 0..<groups, using: &random)) }
      let whole = try trial.states()
      try trial.add(vectors, Array(0..<count), owners, to: whole)
      let expected = try trial.results(whole)

      try holdsForParts(trial, vectors, owners, expected, seed, &random)
      if types.first == .text {
        for isSorted in [true, false] {
          var coded = vectors
          coded[0] = dictionary(vectors[0], isSorted: isSorted)
          try holdsForParts(trial, coded, owners, expected, seed, &random)
        }
      }
    }
  }

  private func holdsForParts(
    _ trial: Trial, _ vectors: [Vector], _ owners: [UInt32], _ expected: [String], _ seed: UInt64,
    _ random: inout SeededRandom
  ) throws {
    let rows = Array(0..<owners.count).shuffled(using: &random)
    var parts: [any AggregateStates] = []
    var start = 0
    while start < rows.count {
      let end = min(rows.count, start + Int.random(in: 1...400, using: &random))
      let states = try trial.states()
      for piece in stride(from: start, to: end, by: 97) {
        try trial.add(vectors, Array(rows[piece..<min(end, piece + 97)]), owners, to: states)
      }
      parts.append(states)
      start = end
    }
    let merged = try trial.states()
    let identity = Buffer(copying: (0..<trial.groups).map { UInt32($0) })
    for (index, part) in parts.shuffled(using: &random).enumerated() {
      if index & 1 == 0 {
        try withExtendedLifetime(identity) {
          try merged.merge(part, mapping: identity.read(UInt32.self), count: trial.groups)
        }
      } else {
        for group in 0..<trial.groups {
          let bytes = part.serialise(group)
          let failure = bytes.withUnsafeBytes { raw -> ApusError? in
            do throws(ApusError) { try merged.mergeSerialised(raw, into: group) } catch { return error }
            return nil
          }
          #expect(failure == nil)
        }
      }
    }
    #expect(try trial.results(merged) == expected, "seed \(seed)")
    #expect(merged.byteCount > 0)
  }

  @Test func `damaged states are errors`() throws {
    var random = SeededRandom(seed: 99)
    for (name, types, isDistinct) in Self.cases where !types.isEmpty {
      let trial = Trial(function: try find(name, types), types: types, groups: 1, isDistinct: isDistinct)
      let states = try trial.states()
      let vectors = types.map { type in Vector.of((0..<50).map { _ in randomValue(type, &random) }, type: type) }
      try trial.add(vectors, Array(0..<50), [UInt32](repeating: 0, count: 50), to: states)
      let bytes = states.serialise(0)
      for _ in 0..<25 {
        var broken = bytes
        let place = Int.random(in: 0..<broken.count, using: &random)
        if random.next() & 1 == 0 {
          broken[place] ^= UInt8(truncatingIfNeeded: random.next() | 1)
        } else {
          broken.removeSubrange(place...)
        }
        let fresh = try trial.states()
        // Any answer but a trap.
        broken.withUnsafeBytes { raw in
          do throws(ApusError) { try fresh.mergeSerialised(raw, into: 0) } catch {}
        }
        _ = try? fresh.finish(count: 1)
      }
    }
  }

  @Test func `constants and runs of them count as rows`() throws {
    let values: [(DataType, Value)] = [
      (.int8, .int(7)), (.float8, .float(0.1)), (.text, .text("x")),
      (.numeric, .numeric(Numeric(5 as Int64, scale: 1))),
      (.int8, .null),
    ]
    for (type, value) in values {
      for name in ["count", "sum", "min", "approx_count_distinct"] where !(name == "sum" && type == .text) {
        for isDistinct in name == "count" ? [false, true] : [false] {
          let trial = Trial(function: try find(name, [type]), types: [type], groups: 2, isDistinct: isDistinct)
          let (plain, constant, summary) = (try trial.states(), try trial.states(), try trial.states())
          let rows = Array(0..<12)
          let owners = [UInt32](repeating: 0, count: 12)
          try trial.add([Vector.of(rows.map { _ in value }, type: type)], rows, owners, to: plain)
          try constant.accumulate([.constant(value, type: type, count: 12)], count: 12, groups: nil)
          #expect(try summary.accumulateConstant([value], times: 12, group: 0))
          let expected = try trial.results(plain)
          #expect(try trial.results(constant) == expected, "\(name) of \(value)")
          #expect(try trial.results(summary) == expected, "\(name) of \(value)")
        }
      }
    }
  }
}
