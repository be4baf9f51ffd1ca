// Tests of joining dictionary vectors whose dictionaries differ.

import ApusBase
import ApusColumns
import Testing

@Suite struct MergedDictionaries {
  private static func part(_ random: inout SeededRandom, _ distinct: Int, _ rows: Int) -> (Vector, [Value]) {
    if Int.random(in: 0..<6, using: &random) == 0 {
      return (.nulls(type: .text, count: rows), Array(repeating: .null, count: rows))
    }
    var builder = TextColumnBuilder()
    var values: [Value] = []
    for _ in 0..<rows {
      if Int.random(in: 0..<5, using: &random) == 0 {
        builder.appendNull()
        values.append(.null)
      } else {
        let text = "value \(Int.random(in: 0..<distinct, using: &random))"
        Array(text.utf8).withUnsafeBytes { builder.append($0) }
        values.append(.text(text))
      }
    }
    return (builder.finish(as: .text), values)
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64]) func `the rows are the parts' rows`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    for distinct in [1, 20, 300, 3_000] {
      var parts: [Vector] = []
      var expected: [Value] = []
      for _ in 0..<Int.random(in: 2...4, using: &random) {
        let (vector, values) = Self.part(&random, distinct, Int.random(in: 1...4_000, using: &random))
        parts.append(vector)
        expected += values
      }
      let joined = try Vector.concatenated(parts, type: .text)
      #expect(joined.count == expected.count)
      #expect((0..<joined.count).allSatisfy { joined.value(at: $0) == expected[$0] }, "seed \(seed), \(distinct)")
    }
  }

  @Test func `few entries for many rows stay a dictionary`() throws {
    var random = SeededRandom(seed: 7)
    var parts: [Vector] = []
    for _ in 0..<3 {
      var builder = TextColumnBuilder()
      for _ in 0..<1_000 {
        Array("v\(Int.random(in: 0..<50, using: &random))".utf8).withUnsafeBytes { builder.append($0) }
      }
      parts.append(builder.finish(as: .text))
    }
    #expect(try Vector.concatenated(parts, type: .text).isDictionary)
  }
}
