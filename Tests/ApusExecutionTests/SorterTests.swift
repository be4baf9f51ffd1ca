// The order of rows against a sort that compares values one by one.

import ApusBase
import ApusColumns
import ApusFunctions
import Testing

@testable import ApusExecution

/// A type, random values of it, and an order of them that is written apart from RowOrder.
private struct Sample: Sendable, CustomTestStringConvertible {
  let type: DataType
  let value: @Sendable (inout SeededRandom) -> Value
  let isBefore: @Sendable (Value, Value) -> Bool
  var testDescription: String { "\(type)" }
}

private func integer(_ value: Value) -> Int64 { if case .int(let number) = value { number } else { 0 } }
private func double(_ value: Value) -> Double { if case .float(let number) = value { number } else { 0 } }
private func bytes(_ value: Value) -> [UInt8] {
  switch value {
  case .text(let text): Array(text.utf8)
  case .bytes(let raw): raw
  default: []
  }
}
private func padless(_ value: Value) -> [UInt8] {
  var raw = bytes(value)
  while raw.last == 32 { raw.removeLast() }
  return raw
}
private func numeric(_ value: Value) -> Numeric { if case .numeric(let number) = value { number } else { .zero } }

private let floats: [Double] = [0, -0.0, 1, -1, 1.5, .nan, .infinity, -.infinity, 1e300, -1e-300, 5e-324]
private func floatBefore(_ a: Value, _ b: Value) -> Bool {
  let (x, y) = (double(a), double(b))
  return x.isNaN ? false : (y.isNaN ? true : x < y)
}
private let strings = [
  "", "a", "ab", "abcdefgh", "abcdefghi", "abcdefgz", "b", "é", "e\u{301}", "😀", "\u{1}", "a ", "a\t",
]
private let numerals = ["0", "1", "1.0", "-1", "1.5", "-1.50", "123456789012345678901234567890", "0.0001", "NaN"]
/// In PostgreSQL 15's order: those of one line are equal.
private let documents = [
  ["[]"], ["null"], ["\"\""], ["\"a\""], ["\"ab\""], ["\"b\""], ["-12345678901234567890"], ["-10", "-10.0"], ["-9.5"],
  ["-1", "-1.00"], ["-0.001"], ["0", "0.0"], ["0.0001"], ["0.001"], ["1", "1.0"], ["1.5"], ["9999"], ["10000"],
  ["10001.5"], ["1e20", "100000000000000000000"], ["false"], ["true"], ["[1]", "[1.0]"], ["[2]"], ["[[]]"],
  ["[1, 2]"], ["[1, 3]"], ["{}"], ["{\"a\": 1}", "{\"a\": 1.00}"], ["{\"a\": 2}"], ["{\"aa\": 0}"], ["{\"b\": 0}"],
  ["{\"a\": 1, \"b\": 1}"],
]

private func texts(_ type: DataType, _ key: @escaping @Sendable (Value) -> [UInt8]) -> Sample {
  Sample(type: type, value: { .text(strings.randomElement(using: &$0) ?? "") }) { a, b in
    key(a).lexicographicallyPrecedes(key(b))
  }
}
private func integers(_ type: DataType, _ range: ClosedRange<Int64>) -> Sample {
  Sample(
    type: type,
    value: { random in .int(Bool.random(using: &random) ? range.lowerBound : .random(in: range, using: &random)) }
  ) { integer($0) < integer($1) }
}

private let samples: [Sample] = [
  integers(.int2, -3...3), integers(.int4, Int64(Int32.min)...Int64(Int32.max)), integers(.int8, Int64.min...Int64.max),
  integers(.date, -5...5), integers(.timestamptz, -100...100),
  Sample(type: .bool, value: { .bool(Bool.random(using: &$0)) }) { $0 == .bool(false) && $1 == .bool(true) },
  Sample(type: .float8, value: { .float(floats.randomElement(using: &$0) ?? 0) }, isBefore: floatBefore),
  Sample(
    type: .float4, value: { .float([0, -0.0, 1.5, .nan, -.infinity].randomElement(using: &$0) ?? 0) },
    isBefore: floatBefore),
  texts(.text, bytes), texts(.varchar, bytes), texts(.bpchar, padless),
  Sample(type: .bytea, value: { .bytes(Array((strings.randomElement(using: &$0) ?? "").utf8)) }) {
    bytes($0).lexicographicallyPrecedes(bytes($1))
  },
  Sample(type: .numeric, value: { .numeric((try? Numeric(text: numerals.randomElement(using: &$0) ?? "0")) ?? .zero) })
  {
    numeric($0) < numeric($1)
  },
  Sample(
    type: .uuid,
    value: { .uuid(UUIDValue(high: $0.next() & 3 | $0.next() & 1 << 63, low: $0.next() & 3 | $0.next() & 1 << 63)) }
  ) { a, b in
    guard case .uuid(let x) = a, case .uuid(let y) = b else { return false }
    return (x.high, x.low) < (y.high, y.low)
  },
  Sample(
    type: .interval,
    value: { random in
      .interval(
        Interval(
          months: .random(in: -1...1, using: &random), days: .random(in: -31...31, using: &random),
          microseconds: .random(in: -1...1, using: &random) * 86_400_000_000))
    }
  ) { a, b in
    guard case .interval(let x) = a, case .interval(let y) = b else { return false }
    let days: (Interval) -> Int64 = { Int64($0.months) * 30 + Int64($0.days) + $0.microseconds / 86_400_000_000 }
    return days(x) < days(y)
  },
  Sample(type: .jsonb, value: { .text((documents.randomElement(using: &$0) ?? [""]).randomElement(using: &$0) ?? "") })
  {
    a, b in
    let place: (Value) -> Int = { value in
      guard case .text(let text) = value else { return -1 }
      return documents.firstIndex { $0.contains(text) } ?? -1
    }
    return place(a) < place(b)
  },
  Sample(
    type: .array(.int8),
    value: { random in
      .array((0..<Int.random(in: 0..<3, using: &random)).map { _ in .int(.random(in: 0..<3, using: &random)) })
    }
  ) { a, b in
    guard case .array(let x) = a, case .array(let y) = b else { return false }
    return x.map(integer).lexicographicallyPrecedes(y.map(integer))
  },
]

/// Row numbers by an insertion sort, which is stable, over the values.
private func naive(_ columns: [(sample: Sample, values: [Value], descending: Bool, nullsFirst: Bool)]) -> [UInt32] {
  func isBefore(_ a: Int, _ b: Int) -> Bool {
    for column in columns {
      let (x, y) = (column.values[a], column.values[b])
      if x.isNull || y.isNull {
        if x.isNull && y.isNull { continue }
        return x.isNull == column.nullsFirst
      }
      if column.sample.isBefore(x, y) { return !column.descending }
      if column.sample.isBefore(y, x) { return column.descending }
    }
    return false
  }
  var rows: [Int] = []
  for row in 0..<(columns.first?.values.count ?? 0) {
    let place = rows.firstIndex { isBefore(row, $0) } ?? rows.count
    rows.insert(row, at: place)
  }
  return rows.map { UInt32($0) }
}

private func values(_ sample: Sample, _ count: Int, nulls: Bool, _ random: inout SeededRandom) -> [Value] {
  (0..<count).map { _ in
    nulls && Int.random(in: 0..<4, using: &random) == 0 ? .null : sample.value(&random)
  }
}

private func layout(_ values: [Value], _ type: DataType, _ random: inout SeededRandom) -> Vector {
  let isText = values.allSatisfy { if case .text = $0 { true } else { $0.isNull } }
  return isText && Bool.random(using: &random) ? dictionaryVector(values, type) : Vector.of(values, type: type)
}

@Suite struct SorterTests {
  @Test(arguments: samples) fileprivate func `one key orders as its values do, ties in their order`(
    sample: Sample
  ) throws {
    let seed: UInt64 = 4242
    var random = SeededRandom(seed: seed)
    for round in 0..<24 {
      let list = values(sample, 40, nulls: round % 2 == 0, &random)
      let (descending, nullsFirst) = (round & 2 != 0, round & 4 != 0)
      let column = SortColumn(layout(list, sample.type, &random), descending: descending, nullsFirst: nullsFirst)
      let sorted = try RowSorter([column], count: 40).sorted()
      #expect(sorted == naive([(sample, list, descending, nullsFirst)]), "seed \(seed), round \(round)")
    }
  }

  @Test func `several keys order in turn`() throws {
    let seed: UInt64 = 99
    var random = SeededRandom(seed: seed)
    for round in 0..<120 {
      var columns: [(sample: Sample, values: [Value], descending: Bool, nullsFirst: Bool)] = []
      for _ in 0..<Int.random(in: 2...4, using: &random) {
        let sample = samples[Int.random(in: 0..<samples.count, using: &random)]
        let list = values(sample, 60, nulls: Bool.random(using: &random), &random)
        columns.append((sample, list, Bool.random(using: &random), Bool.random(using: &random)))
      }
      let keys = columns.map {
        SortColumn(
          layout($0.values, $0.sample.type, &random), descending: $0.descending, nullsFirst: $0.nullsFirst)
      }
      let sorted = try RowSorter(keys, count: 60).sorted()
      #expect(sorted == naive(columns), "seed \(seed), round \(round), \(columns.map(\.sample.type))")
    }
  }

  @Test func `json has no order, whatever its layout`() {
    let list: [Value] = [.text("1"), .text("2")]
    for vector in [Vector.of(list, type: .json), dictionaryVector(list, .json)] {
      #expect(
        state { _ = try RowSorter([SortColumn(vector, descending: false, nullsFirst: false)], count: 2) } == "42883")
    }
  }

  @Test func `bytes of a jsonb key order as the comparison operators do`() throws {
    let equals = try rows("SELECT '1.0'::jsonb = '1.00'::jsonb, '[]'::jsonb < 'null'::jsonb", [])
    #expect(equals == [["t", "t"]])
    let all = documents.flatMap { $0 }
    for (place, a) in documents.enumerated() {
      for text in a {
        for other in all {
          let theirs = documents.firstIndex { $0.contains(other) } ?? -1
          let compared = RowOrder.compare(.text(text), .text(other), .jsonb)
          #expect(compared == (place - theirs).signum(), "\(text) and \(other)")
        }
      }
    }
  }
}
