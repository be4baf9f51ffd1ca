// Which values are one key: numbers of pairs, of values, and of rows of keys.

import ApusBase
import ApusColumns
import Testing

@testable import ApusExecution
@testable import ApusSketches

private func numbers(_ table: GroupTable, _ vectors: [Vector]) -> [UInt32] {
  let count = vectors.first?.count ?? 0
  var out = [UInt32](repeating: 7, count: count)
  out.withUnsafeMutableBufferPointer {
    if let base = $0.baseAddress { table.insert(vectors, count: count, into: base) }
  }
  return out
}

private func found(_ table: GroupTable, _ vectors: [Vector]) -> [UInt32] {
  let count = vectors.first?.count ?? 0
  var out = [UInt32](repeating: 7, count: count)
  let probe = GroupProbe(table)
  out.withUnsafeMutableBufferPointer {
    if let base = $0.baseAddress { table.find(vectors, count: count, into: base, with: probe) }
  }
  return out
}

private func texts(_ values: [String?], _ type: DataType = .text) -> Vector {
  Vector.of(values.map { $0.map { .text($0) } ?? .null }, type: type)
}

@Suite struct PairTableTests {
  @Test(arguments: [UInt64(1), 2, 3]) func `pairs keep their numbers when the table becomes a hash table`(
    seed: UInt64
  ) {
    var random = SeededRandom(seed: seed)
    let table = PairTable()
    var known: [UInt64: UInt32] = [:]
    var limit: UInt32 = 3
    for _ in 0..<60 {
      let rows = Int.random(in: 1...400, using: &random)
      let a = (0..<rows).map { _ in UInt32.random(in: 0..<limit, using: &random) }
      let b = (0..<rows).map { _ in UInt32.random(in: 0..<limit * 2, using: &random) }
      var out = [UInt32](repeating: 0, count: rows)
      table.insert(a, below: Int(limit), b, below: Int(limit) * 2, rows: rows, into: &out)
      for row in 0..<rows {
        let key = UInt64(a[row]) << 32 | UInt64(b[row])
        if known[key] == nil { known[key] = UInt32(known.count) }
        #expect(out[row] == known[key], "seed \(seed)")
      }
      // Unknown pairs, and parts beyond what the table has seen, are absent.
      var probe = a.map { $0 % 2 == 0 ? $0 : $0 &+ limit * 3 }
      probe[0] = PairTable.absent
      table.find(probe, b, rows: rows, into: &out)
      for row in 0..<rows {
        let key = UInt64(probe[row]) << 32 | UInt64(b[row])
        #expect(out[row] == known[key] ?? PairTable.absent, "seed \(seed)")
      }
      limit = min(limit + limit / 4 + 1, 20_000)
    }
    #expect(table.count == known.count)
  }
}

@Suite struct GroupTableTests {
  @Test func `numbers that differ only in scale are one key, and keep their first form`() throws {
    let values = ["1.0", "1.00", "1", "0", "-0.00", "1.01", "NaN", "NaN", "100", "100.0"]
    let vector = Vector.of(try values.map { .numeric(try Numeric(text: $0)) }, type: .numeric)
    let table = GroupTable([.numeric])
    #expect(numbers(table, [vector]) == [0, 0, 0, 1, 1, 2, 3, 3, 4, 4])
    let keys = try table.keys()
    var out: [UInt8] = []
    try TextFormat.output(keys[0], row: 0, settings: .utc, into: &out)
    #expect(String(decoding: out, as: UTF8.self) == "1.0")
  }

  @Test(arguments: [DataType.float8, .float4]) func `all NaN are one key, and so are the zeros`(type: DataType) throws {
    let odd = Double(bitPattern: 0xFFF8_0000_0000_0001)
    let values: [Double] = [0, -0.0, .nan, odd, -.nan, 1, .infinity, -.infinity]
    let vector = Vector.of(values.map { .float($0) } + [.null, .null], type: type)
    let table = GroupTable([type])
    #expect(numbers(table, [vector]) == [0, 0, 1, 1, 1, 2, 3, 4, 5, 5])
    #expect(found(table, [vector]) == [0, 0, 1, 1, 1, 2, 3, 4, 5, 5])
    #expect(found(table, [Vector.of([.float(2)], type: type)]) == [PairTable.absent])
  }

  @Test func `spaces at the end of bpchar do not count, in either layout`() {
    let values: [String?] = ["a", "a  ", "b", " a", "", "   ", nil]
    for dictionary in [false, true] {
      let table = GroupTable([.bpchar])
      let vector =
        dictionary
        ? dictionaryVector(values.map { $0.map { .text($0) } ?? .null }, .bpchar) : texts(values, .bpchar)
      #expect(numbers(table, [vector]) == [0, 0, 1, 2, 3, 3, 4])
      #expect(found(table, [texts(["a    ", "c"], .bpchar)]) == [0, PairTable.absent])
    }
  }

  @Test func `jsonb values are one key when they are equal, in either layout`() {
    let values: [String?] = [
      "1.0", "1.00", "1", "{\"a\": 1.0}", "{\"a\": 1}", "\"1\"", "[1, 2.50]", "[1.0, 2.5]", "null", nil, "0", "-0.0",
      "[]", "{}",
    ]
    for dictionary in [false, true] {
      let table = GroupTable([.jsonb])
      let vector =
        dictionary
        ? dictionaryVector(values.map { $0.map { .text($0) } ?? .null }, .jsonb) : texts(values, .jsonb)
      #expect(numbers(table, [vector]) == [0, 0, 0, 1, 1, 2, 3, 3, 4, 5, 6, 6, 7, 8])
      #expect(found(table, [texts(["1.000", "{\"a\": 1.000}", "7"], .jsonb)]) == [0, 1, PairTable.absent])
    }
  }

  @Test func `arrays are equal by their elements' equality`() {
    let number: (String) -> Value = { .numeric((try? Numeric(text: $0)) ?? .zero) }
    let table = GroupTable([.array(.numeric)])
    let vector = Vector.of(
      [
        .array([number("1.0"), .null]), .array([number("1"), .null]), .array([number("1")]), .array([]), .null,
      ], type: .array(.numeric))
    #expect(numbers(table, [vector]) == [0, 0, 1, 2, 3])
    let padded = GroupTable([.array(.bpchar)])
    let texts = Vector.of([.array([.text("a ")]), .array([.text("a")]), .array([.text("b")])], type: .array(.bpchar))
    #expect(numbers(padded, [texts]) == [0, 0, 1])
  }

  @Test func `months, days and hours that are as long are one key`() {
    let vector = Vector.of(
      [
        .interval(Interval(months: 1, days: 0, microseconds: 0)),
        .interval(Interval(months: 0, days: 30, microseconds: 0)),
        .interval(Interval(months: 0, days: 29, microseconds: 86_400_000_000)),
        .interval(Interval(months: 0, days: 31, microseconds: 0)),
      ], type: .interval)
    #expect(numbers(GroupTable([.interval]), [vector]) == [0, 0, 0, 1])
  }

  @Test(arguments: [UInt64(11), 12, 13]) func `rows of keys are numbered as a dictionary of them would`(
    seed: UInt64
  ) throws {
    var random = SeededRandom(seed: seed)
    let types: [DataType] = [.text, .int8, .bool, .float8]
    let table = GroupTable(types)
    var known: [[Value]: UInt32] = [:]
    var order: [[Value]] = []
    for batch in 0..<40 {
      let spread = 3 + batch * batch
      let rows = (0..<200).map { _ -> [Value] in
        [
          Bool.random(using: &random) ? .text("t\(Int.random(in: 0..<spread, using: &random))") : .null,
          .int(Int64.random(in: 0..<Int64(spread), using: &random)),
          [.null, .bool(true), .bool(false)][Int.random(in: 0..<3, using: &random)],
          .float(Double(Int.random(in: 0..<3, using: &random))),
        ]
      }
      // Every batch has its own dictionary; some are flat, and some columns constant.
      var vectors = types.indices.map { index in Vector.of(rows.map { $0[index] }, type: types[index]) }
      if batch % 3 != 0 { vectors[0] = dictionaryVector(rows.map { $0[0] }, .text) }
      var wanted = rows
      if batch % 5 == 4 {
        vectors[1] = .constant(.int(5), type: .int8, count: 200)
        for row in wanted.indices { wanted[row][1] = .int(5) }
      }
      let got = numbers(table, vectors)
      for (row, key) in wanted.enumerated() {
        if known[key] == nil {
          known[key] = UInt32(order.count)
          order.append(key)
        }
        #expect(got[row] == known[key], "seed \(seed), batch \(batch)")
      }
      #expect(found(table, vectors) == got, "seed \(seed), batch \(batch)")
    }
    let keys = try table.keys()
    #expect(table.count == order.count)
    for (number, key) in order.enumerated() {
      #expect(types.indices.map { keys[$0].value(at: number) } == key, "seed \(seed), group \(number)")
    }
  }

  @Test func `distinct strings of more bytes than offsets reach are an error, not wrong offsets`() {
    let table = BytesTable()
    table.stringBytesMax = 10
    _ = table.insert(Array("0123456789".utf8))
    #expect(state { _ = try table.storage() } == "ok")
    _ = table.insert(Array("x".utf8))
    #expect(state { _ = try table.storage() } == "54000")
  }
}
