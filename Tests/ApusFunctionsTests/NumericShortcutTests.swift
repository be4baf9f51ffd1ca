// The arithmetic of small numerics in 128 bits against that of all numerics, with random operands.

import ApusBase
import ApusColumns
import ApusFunctions
import Testing

@Suite struct NumericShortcutTests {
  private func evaluate(_ name: String, _ a: Numeric, _ b: Numeric) throws -> String {
    let operators = FunctionRegistry.standard.operators(named: name)
    let function = try #require(operators.first { $0.parameters == [.exact(.numeric), .exact(.numeric)] })
    return Answers.answer {
      try function.evaluate([.of([.numeric(a)], type: .numeric), .of([.numeric(b)], type: .numeric)], 1, .utc)
    }
  }

  private func plain(_ body: () throws -> Numeric) -> String {
    Answers.answer { .of([.numeric(try body())], type: .numeric) }
  }

  @Test func `Numbers that fit 128 bits are added, multiplied and divided as all others are`() throws {
    let seed = UInt64.random(in: 1...UInt64.max)
    var random = SeededRandom(seed: seed)
    for _ in 0..<5_000 {
      func number() -> Numeric {
        let magnitude = Int64.random(in: 0...Int64.max, using: &random) >> Int64.random(in: 0...62, using: &random)
        let units = Bool.random(using: &random) ? magnitude : -magnitude
        return Numeric(units, scale: Int.random(in: 0...14, using: &random))
      }
      let (a, b) = (number(), number())
      let title = Comment(rawValue: "\(a.text) and \(b.text), seed \(seed)")
      #expect(try evaluate("+", a, b) == plain { try a.adding(b) }, title)
      #expect(try evaluate("-", a, b) == plain { try a.subtracting(b) }, title)
      #expect(try evaluate("*", a, b) == plain { try a.multiplied(by: b) }, title)
      #expect(try evaluate("/", a, b) == plain { try a.divided(by: b) }, title)
    }
  }
}
