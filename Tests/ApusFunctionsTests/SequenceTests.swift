// These tests hold funnels, retention, sequences and sessions to what their definitions say, by trying everything.

import ApusBase
import ApusColumns
import ApusFunctions
import Testing

private struct Event: Hashable {
  var time: Int64
  var mask: UInt32
  func satisfies(_ step: Int) -> Bool { mask & (1 << UInt32(step)) != 0 }
}

/// The largest number of steps: every choice of different events, in order of time, within the window.
private func triedFunnel(_ events: [Event], steps: Int, window: Int64, increasing: Bool) -> Int {
  var best = 0
  func extend(_ used: Set<Int>, _ step: Int, _ first: Int64, _ last: Int64) {
    best = max(best, step)
    if step == steps { return }
    for (index, event) in events.enumerated() where !used.contains(index) && event.satisfies(step) {
      let follows = step == 0 || (increasing ? event.time > last : event.time >= last)
      let start = step == 0 ? event.time : first
      if follows, event.time - start <= window { extend(used.union([index]), step + 1, start, event.time) }
    }
  }
  extend([], 0, 0, 0)
  return best
}

private func aggregate(_ name: String, _ first: DataType?, _ time: DataType?) throws -> AggregateFunction {
  let wanted = [first, time].compactMap { $0 }.map { ParameterType.exact($0) }
  let found = FunctionRegistry.standard.aggregates(named: name).first {
    Array($0.parameters.prefix(wanted.count)) == wanted
  }
  return try #require(found)
}

/// Rows for window_funnel and sequences: a constant, times, one column a condition, and possibly a mode.
private struct Rows {
  var constant: Value
  var constantType: DataType
  var mode: String?
  var steps: Int
  var groups: Int
  var events: [(group: Int, event: Event)]

  var types: [DataType] {
    [constantType, .int8] + Array(repeating: .bool, count: steps) + (mode == nil ? [] : [.text])
  }

  func add(_ indexes: [Int], to states: any AggregateStates) throws {
    let own = indexes.map { events[$0] }
    let count = own.count
    var vectors: [Vector] = [.constant(constant, type: constantType, count: count)]
    vectors.append(Vector.of(own.map { .int($0.event.time) }, type: .int8))
    for step in 0..<steps {
      // What is not true is false or null.
      vectors.append(
        Vector.of(
          own.enumerated().map { row, entry in
            entry.event.satisfies(step) ? .bool(true) : row % 2 == 0 ? .bool(false) : .null
          }, type: .bool))
    }
    if let mode { vectors.append(.constant(.text(mode), type: .text, count: count)) }
    let owners = Buffer(copying: own.map { UInt32($0.group) })
    try withExtendedLifetime(owners) {
      try states.accumulate(vectors, count: count, groups: owners.read(UInt32.self))
    }
  }

  func results(_ function: AggregateFunction, parts: Int = 1, _ random: inout SeededRandom) throws -> [Value] {
    func fresh() throws -> any AggregateStates {
      let states = try function.makeStates(types, false)
      states.grow(to: groups)
      return states
    }
    let total = try fresh()
    let order = Array(events.indices).shuffled(using: &random)
    let mapping = Buffer(copying: (0..<groups).map { UInt32($0) })
    for part in 0..<parts {
      let states = try fresh()
      try add(order.enumerated().filter { $0.offset % parts == part }.map(\.element), to: states)
      if part % 2 == 0 {
        try withExtendedLifetime(mapping) {
          try total.merge(states, mapping: mapping.read(UInt32.self), count: groups)
        }
      } else {
        for group in 0..<groups {
          let bytes = Buffer(copying: states.serialise(group))
          try withExtendedLifetime(bytes) { try total.mergeSerialised(bytes.rawBytes, into: group) }
        }
      }
    }
    let vector = try total.finish(count: groups)
    #expect(total.byteCount > 0)
    return (0..<groups).map { vector.value(at: $0) }
  }

  func events(of group: Int) -> [Event] { events.filter { $0.group == group }.map(\.event) }

  static func random(
    _ random: inout SeededRandom, _ constant: Value, _ type: DataType, mode: String?, times: Int64, single: Bool
  ) -> Rows {
    let steps = Int.random(in: 1...5, using: &random)
    let groups = 6
    let events = (0..<Int.random(in: 0...45, using: &random)).map { _ -> (Int, Event) in
      let mask =
        single
        ? UInt32(1) << UInt32.random(in: 0..<UInt32(steps), using: &random)
        : UInt32.random(in: 0..<(1 << UInt32(steps)), using: &random)
      return (
        Int.random(in: 0..<groups, using: &random), Event(time: .random(in: 0...times, using: &random), mask: mask)
      )
    }
    return Rows(
      constant: constant, constantType: type, mode: mode, steps: steps, groups: groups,
      events: events.map { (group: $0.0, event: $0.1) })
  }
}

@Suite struct `Funnels and sequences` {
  @Test func `window_funnel reaches as many steps as any choice of events does, merged in any order`() throws {
    let function = try aggregate("window_funnel", .int8, .int8)
    for seed in [UInt64](1...400) {
      var random = SeededRandom(seed: seed)
      let window = Int64.random(in: 0...12, using: &random)
      let increasing = seed % 3 == 0
      let rows = Rows.random(
        &random, .int(window), .int8, mode: increasing ? "strict_increase" : nil, times: seed % 2 == 0 ? 5 : 30,
        single: seed % 5 == 0)
      let answers = try rows.results(function, parts: 1 + Int(seed % 4), &random)
      for group in 0..<rows.groups {
        let wanted = triedFunnel(
          rows.events(of: group), steps: rows.steps, window: window, increasing: increasing)
        #expect(answers[group] == .int(Int64(wanted)), "seed \(seed), group \(group)")
      }
    }
  }

  private func funnel(_ letters: String, _ mode: String?, window: Int64 = 100, apart: Int64 = 1) throws -> Value {
    // A to D are the steps, any other letter is no step; events follow one another.
    var random = SeededRandom(seed: 1)
    let events = letters.utf8.enumerated().map { index, letter -> (group: Int, event: Event) in
      let step = Int(letter) - 65
      return (0, Event(time: Int64(index) * apart, mask: step < 4 ? 1 << UInt32(step) : 0))
    }
    let rows = Rows(constant: .int(window), constantType: .int8, mode: mode, steps: 4, groups: 1, events: events)
    return try rows.results(try aggregate("window_funnel", .int8, .int8), &random)[0]
  }

  @Test(arguments: [
    ("ABCD", nil, 4), ("AXBXCXD", nil, 4), ("BACD", nil, 1), ("AABBCCDD", nil, 4), ("DCBA", nil, 1), ("", nil, 0),
    ("XYZ", nil, 0), ("BCD", nil, 0), ("ABAC", nil, 3),
    ("ABCD", "strict_order", 4), ("ABXCD", "strict_order", 2), ("ABDC", "strict_order", 2),
    ("ABACD", "strict_order", 4), ("XABC", "strict_order", 3), ("ABXABC", "strict_order", 3),
    ("ABDAB", "strict_order", 2), ("AABB", "strict_order", 2),
    ("ABCD", "strict_deduplication", 4), ("ABBCD", "strict_deduplication", 2), ("AABCD", "strict_deduplication", 4),
    ("ABCBD", "strict_deduplication", 3), ("ABBABC", "strict_deduplication", 3),
    ("ABXC", "strict_order, strict_increase", 2),
  ]) func `the modes of window_funnel`(letters: String, mode: String?, wanted: Int) throws {
    #expect(try funnel(letters, mode) == .int(Int64(wanted)))
  }

  @Test func `the window counts from the first step, both ends included`() throws {
    #expect(try funnel("ABCD", nil, window: 3) == .int(4))
    #expect(try funnel("ABCD", nil, window: 2) == .int(3))
    #expect(try funnel("ABCD", nil, window: 0) == .int(1))
    #expect(try funnel("ABCD", nil, window: 0, apart: 0) == .int(4))
    #expect(try funnel("ABCD", "strict_increase", window: 9, apart: 0) == .int(1))
    // The first A is too early; the second is not.
    #expect(try funnel("ABXXXABCD", nil, window: 3) == .int(4))
  }

  @Test func `window_funnel refuses windows, modes and steps that it cannot have`() throws {
    func code(_ constant: Value, _ type: DataType = .int8, mode: String? = nil, steps: Int = 2) -> String {
      var random = SeededRandom(seed: 1)
      let rows = Rows(
        constant: constant, constantType: type, mode: mode, steps: steps, groups: 1,
        events: [(0, Event(time: 1, mask: 1))])
      do {
        _ = try rows.results(try aggregate("window_funnel", .int8, .int8), &random)
        return "ok"
      } catch { return (error as? ApusError)?.state.code ?? "?" }
    }
    #expect(code(.int(-1)) == "22023")
    #expect(code(.null) == "22004")
    #expect(code(.interval(Interval(months: 1)), .interval) == "22023")
    #expect(code(.interval(Interval(days: 1)), .interval) == "ok")
    #expect(code(.int(1), mode: "strict_oder") == "22023")
    #expect(code(.int(1), mode: "") == "ok")
    #expect(code(.int(1), steps: 33) == "54000")
    #expect(code(.int(1), steps: 32) == "ok")
  }

  @Test func `one call has one window`() throws {
    let function = try aggregate("window_funnel", .int8, .int8)
    let states = try function.makeStates([.int8, .int8, .bool], false)
    states.grow(to: 1)
    let vectors = [
      Vector.int64([1, 2]), Vector.int64([1, 2]), Vector.bool(Bitmap([true, true])),
    ]
    #expect(throws: ApusError.self) { try states.accumulate(vectors, count: 2, groups: nil) }
  }

  @Test func `a group without events reaches no step`() throws {
    var random = SeededRandom(seed: 3)
    let rows = Rows(constant: .int(1), constantType: .int8, mode: nil, steps: 2, groups: 3, events: [])
    #expect(try rows.results(try aggregate("window_funnel", .int8, .int8), &random) == [.int(0), .int(0), .int(0)])
  }

  // MARK: Retention

  @Test func `retention tells for each condition whether it held, if the first did`() throws {
    let function = try #require(FunctionRegistry.standard.aggregates(named: "retention").first)
    for seed in [UInt64](1...60) {
      var random = SeededRandom(seed: seed)
      let steps = Int.random(in: 1...6, using: &random)
      let count = Int.random(in: 0...40, using: &random)
      let owners = (0..<count).map { _ in UInt32.random(in: 0..<5, using: &random) }
      let held = (0..<steps).map { _ in (0..<count).map { _ in Int.random(in: 0..<6, using: &random) == 0 } }
      func states(_ rows: [Int]) throws -> any AggregateStates {
        let states = try function.makeStates(Array(repeating: .bool, count: steps), false)
        states.grow(to: 5)
        let vectors = held.map { column in
          Vector.of(rows.map { column[$0] ? .bool(true) : $0 % 2 == 0 ? .null : .bool(false) }, type: .bool)
        }
        let groups = Buffer(copying: rows.map { owners[$0] })
        try withExtendedLifetime(groups) {
          try states.accumulate(vectors, count: rows.count, groups: groups.read(UInt32.self))
        }
        return states
      }
      let rows = Array(0..<count).shuffled(using: &random)
      let total = try states(Array(rows.prefix(count / 2)))
      let rest = try states(Array(rows.dropFirst(count / 2)))
      for group in 0..<5 {
        let bytes = Buffer(copying: rest.serialise(group))
        try withExtendedLifetime(bytes) { try total.mergeSerialised(bytes.rawBytes, into: group) }
      }
      let answers = try total.finish(count: 5)
      for group in 0..<5 {
        let has = held.map { column in (0..<count).contains { owners[$0] == UInt32(group) && column[$0] } }
        let wanted = has.map { Value.int($0 && has[0] ? 1 : 0) }
        #expect(answers.value(at: group) == .array(wanted), "seed \(seed)")
      }
    }
  }

  // MARK: Sequences

  private func search(
    _ name: String, _ pattern: String, _ letters: String, apart: Int64 = 1
  ) throws -> Value {
    var random = SeededRandom(seed: 1)
    let events = letters.utf8.enumerated().map { index, letter -> (group: Int, event: Event) in
      (0, Event(time: Int64(index) * apart, mask: 1 << UInt32(Int(letter) - 65)))
    }
    let rows = Rows(
      constant: .text(pattern), constantType: .text, mode: nil, steps: 4, groups: 1, events: events)
    return try rows.results(try aggregate(name, .text, .int8), parts: 2, &random)[0]
  }

  @Test(arguments: [
    ("(?1)(?2)", "AB", true), ("(?1)(?2)", "ACB", false), ("(?1).*(?2)", "ACB", true), ("(?1).(?2)", "ACB", true),
    ("(?1).(?2)", "AB", false), ("(?2)(?1)", "AB", false), ("(?1)(?1)(?1)", "CAAAC", true), ("(?1)", "BCD", false),
    ("(?1)(?t<=1)(?2)", "AB", true), ("(?1)(?t<1)(?2)", "AB", false), ("(?1)(?t>=2)(?2)", "ACB", true),
    ("(?1)(?t>2)(?2)", "ACB", false), ("(?1)(?t>2)(?2)", "ACBB", true), ("(?1)(?t==3)(?4)", "ABCD", true),
    ("(?1).*(?3).*(?2)", "ABCACC", false), ("(?1).*(?3).*(?2)", "ABCABCB", true), (".*(?4).*", "ABCD", true),
    ("(?1).*(?t<=1)(?4)", "ABCD", true), ("(?1)(?t<=1).*(?4)", "ABCD", true), ("(?1)(?t<=1)(?4)", "ABCD", false),
  ]) func `sequence_match finds patterns`(pattern: String, letters: String, wanted: Bool) throws {
    #expect(try search("sequence_match", pattern, letters) == .bool(wanted))
  }

  @Test func `sequence_count counts matches that do not overlap`() throws {
    #expect(try search("sequence_count", "(?1)(?2)", "ABABCAB") == .int(3))
    #expect(try search("sequence_count", "(?1)(?1)", "AAAAA") == .int(2))
    #expect(try search("sequence_count", "(?1).*(?2)", "ABAABCB") == .int(2))
    #expect(try search("sequence_count", "(?3)", "ABAB") == .int(0))
    #expect(try search("sequence_count", "(?1)", "") == .int(0))
  }

  @Test(arguments: ["", "(?5)", "(?0)", "(1)", "(?t<x)", "x", "(?1", "*"])
  func `a pattern that cannot be read is refused`(pattern: String) {
    #expect(throws: ApusError.self) { try search("sequence_match", pattern, "AB") }
  }

  @Test func `a pattern that takes too long is an error`() {
    let letters = String(repeating: "A", count: 400)
    let pattern = String(repeating: "(?1).*", count: 12) + "(?2)"
    #expect(throws: ApusError.self) { try search("sequence_match", pattern, letters) }
  }

  // MARK: Damage

  @Test func `damaged states of sequences are errors`() throws {
    for (name, constant, type) in [
      ("window_funnel", Value.int(5), DataType.int8), ("sequence_match", .text("(?1)(?2)"), .text),
    ] {
      let function = try aggregate(name, type, .int8)
      for seed in [UInt64](1...100) {
        var random = SeededRandom(seed: seed)
        let rows = Rows.random(&random, constant, type, mode: nil, times: 1000, single: false)
        if rows.steps < 2 { continue }
        let states = try function.makeStates(rows.types, false)
        states.grow(to: rows.groups)
        try rows.add(Array(rows.events.indices), to: states)
        var bytes = states.serialise(0)
        let place = Int.random(in: 0..<bytes.count, using: &random)
        if seed % 2 == 0 {
          bytes[place] ^= UInt8(truncatingIfNeeded: random.next() | 1)
        } else {
          bytes.removeSubrange(place...)
        }
        let fresh = try function.makeStates(rows.types, false)
        fresh.grow(to: 1)
        let copy = Buffer(copying: bytes)
        withExtendedLifetime(copy) { try? fresh.mergeSerialised(copy.rawBytes, into: 0) }
        _ = try? fresh.finish(count: 1)
      }
    }
  }

  // MARK: Sessions

  @Test func `sessionize numbers sessions by time whatever the order of rows`() throws {
    let function = try #require(
      FunctionRegistry.standard.windows(named: "sessionize").first { $0.parameters[0] == .exact(.int8) })
    for seed in [UInt64](1...100) {
      var random = SeededRandom(seed: seed)
      let count = Int.random(in: 1...40, using: &random)
      let gap = Int64.random(in: 0...6, using: &random)
      let values = (0..<count).map { _ -> Value in
        Int.random(in: 0..<10, using: &random) == 0 ? .null : .int(.random(in: 0...60, using: &random))
      }
      let cut = Int32.random(in: 0...Int32(count), using: &random)
      let layout = WindowLayout(
        count: count, partitions: [0, cut, Int32(count)], peers: [], frameStarts: [], frameEnds: [])
      let answers = try function.evaluate(
        [Vector.of(values, type: .int8), .constant(.int(gap), type: .int8, count: count)], layout)
      for row in 0..<count {
        let part = row < Int(cut) ? 0..<Int(cut) : Int(cut)..<count
        guard case .int(let own) = values[row] else {
          #expect(answers.isNull(row))
          continue
        }
        let times = Set(part.compactMap { if case .int(let time) = values[$0] { time } else { nil } }).sorted()
        let breaks = zip(times, times.dropFirst()).filter { $1 - $0 > gap && $1 <= own }.count
        #expect(answers.value(at: row) == .int(Int64(1 + breaks)), "seed \(seed)")
      }
    }
  }
}
