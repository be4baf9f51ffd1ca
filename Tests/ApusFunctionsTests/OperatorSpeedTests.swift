// How fast the hot operators are: run with APUS_MEASURE=1 and -c release.

import ApusBase
import ApusColumns
import ApusFunctions
import Foundation
import Testing

@Suite(.enabled(if: ProcessInfo.processInfo.environment["APUS_MEASURE"] != nil)) struct OperatorSpeedTests {
  private static let rows = 8_192

  private func time(_ title: String, _ function: ScalarFunction?, _ arguments: [Vector]) throws {
    let function = try #require(function)
    let rounds = 200
    _ = try function.evaluate(arguments, Self.rows, Answers.context)
    let start = ContinuousClock.now
    for _ in 0..<rounds { _ = try function.evaluate(arguments, Self.rows, Answers.context) }
    let elapsed = ContinuousClock.now - start
    let nanoseconds = Double(elapsed.components.attoseconds) / 1e9 + Double(elapsed.components.seconds) * 1e9
    print("\(title): \((nanoseconds / Double(rounds * Self.rows) * 100).rounded() / 100) ns a row")
  }

  private func infix(_ name: String, _ left: DataType, _ right: DataType) -> ScalarFunction? {
    FunctionRegistry.standard.operators(named: name).first { $0.parameters == [.exact(left), .exact(right)] }
  }

  private func cast(_ source: DataType, _ target: DataType) -> ScalarFunction? {
    FunctionRegistry.standard.cast(from: source, to: target)?.function
  }

  @Test func `Hot operators and casts`() throws {
    let count = Self.rows
    let numbers = Vector.int64((0..<Int64(count)).map { $0 &* 7_919 % 10_007 })
    let floats = Vector.float64((0..<count).map { Double($0) * 1.25 + 1 })
    let texts = Vector.of((0..<count).map { .text("https://example.com/page/\($0 % 977)?q=\($0)") }, type: .text)
    let prices = Vector.of((0..<count).map { .text("\($0 % 500).\($0 % 90 + 10)") }, type: .text)
    let decimals = try #require(cast(.text, .numeric)).evaluate([prices], count, Answers.context)
    let instants = numbers.reinterpreted(as: .timestamptz)
    func text(_ value: String) -> Vector { .constant(.text(value), type: .text, count: count) }
    try time("int8 < constant", infix("<", .int8, .int8), [numbers, .constant(.int(5_000), type: .int8, count: count)])
    try time("int8 = int8", infix("=", .int8, .int8), [numbers, numbers])
    try time("int8 + int8", infix("+", .int8, .int8), [numbers, numbers])
    try time("int8 / constant", infix("/", .int8, .int8), [numbers, .constant(.int(7), type: .int8, count: count)])
    try time("float8 < float8", infix("<", .float8, .float8), [floats, floats])
    try time("float8 * float8", infix("*", .float8, .float8), [floats, floats])
    try time("text = constant", infix("=", .text, .text), [texts, text("https://example.com/page/5?q=5")])
    try time("text < constant", infix("<", .text, .text), [texts, text("https://example.com/page/5?q=5")])
    try time("text LIKE prefix", infix("~~", .text, .text), [texts, text("https://example.com/page/5%")])
    try time("text LIKE contains", infix("~~", .text, .text), [texts, text("%page/97%")])
    try time("text LIKE general", infix("~~", .text, .text), [texts, text("%page%q=_7%")])
    try time("text ILIKE contains", infix("~~*", .text, .text), [texts, text("%PAGE/97%")])
    try time("text ~ regex", infix("~", .text, .text), [texts, text("page/[0-9]+\\?q=7")])
    try time("text || text", infix("||", .text, .text), [texts, texts])
    try time("numeric + numeric", infix("+", .numeric, .numeric), [decimals, decimals])
    try time("numeric * numeric", infix("*", .numeric, .numeric), [decimals, decimals])
    try time(
      "numeric / numeric", infix("/", .numeric, .numeric),
      [decimals, .constant(.numeric(Numeric(Int64(7))), type: .numeric, count: count)])
    try time("numeric < numeric", infix("<", .numeric, .numeric), [decimals, decimals])
    try time("timestamptz to date", cast(.timestamptz, .date), [instants])
    try time(
      "timestamptz >= date", infix(">=", .timestamptz, .date),
      [instants, .constant(.int(5), type: .date, count: count)])
    try time(
      "timestamptz - interval", infix("-", .timestamptz, .interval),
      [instants, .constant(.interval(Interval(days: 7)), type: .interval, count: count)])
    try time("text to numeric", cast(.text, .numeric), [prices])
    try time("text to float8", cast(.text, .float8), [prices])
    try time("int8 to text", cast(.int8, .text), [numbers])
    try time("float8 to text", cast(.float8, .text), [floats])
    try time("int8 to numeric", cast(.int8, .numeric), [numbers])
    try time("numeric to float8", cast(.numeric, .float8), [decimals])
  }
}
