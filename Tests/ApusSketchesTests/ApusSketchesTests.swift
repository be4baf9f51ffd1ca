// Tests of the exact sets of distinct values.

import ApusBase
import ApusSketches
import Testing

@Suite struct ExactTables {
  @Test func `equal strings get one number, others their own, in order of arrival`() {
    let table = BytesTable()
    var random = SeededRandom(seed: 11)
    var known: [String: UInt32] = [:]
    for _ in 0..<20_000 {
      let text = String(UInt64.random(in: 0..<5_000, using: &random), radix: 7) + String(repeating: "x", count: 30)
      let number = table.insert(Array(text.utf8))
      if let before = known[text] {
        #expect(number == before)
      } else {
        #expect(Int(number) == known.count)
        known[text] = number
      }
    }
    #expect(table.count == known.count)
  }

  @Test func `equal integers get one number and absent ones none`() {
    let table = IntegerTable()
    for key in stride(from: UInt64(0), to: 9_000, by: 3) { _ = table.insert(key) }
    for key in stride(from: UInt64(0), to: 9_000, by: 3) { _ = table.insert(key) }
    #expect(table.count == 3_000)
    #expect(table.find(3) == 1)
    #expect(table.find(4) == IntegerTable.absent)
  }
}
