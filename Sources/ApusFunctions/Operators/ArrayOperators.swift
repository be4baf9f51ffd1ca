// ArrayOperators owns concatenation, containment and overlap of arrays.

import ApusBase
import ApusColumns

enum ArrayOperators {
  static var all: [ScalarFunction] {
    [
      joined([.anyCompatibleArray, .anyCompatibleArray]) { a, b in
        switch (a, b) {
        case (.null, .null): .null
        case (.null, let other), (let other, .null): other
        case (.array(let x), .array(let y)): .array(x + y)
        default: .null
        }
      },
      joined([.anyCompatibleArray, .anyCompatible]) { a, b in
        if case .array(let items) = a { .array(items + [b]) } else { .array([b]) }
      },
      joined([.anyCompatible, .anyCompatibleArray]) { a, b in
        if case .array(let items) = b { .array([a] + items) } else { .array([a]) }
      },
      test("@>") { a, b in b.allSatisfy { item in has(a, item) } },
      test("<@") { a, b in a.allSatisfy { item in has(b, item) } },
      test("&&") { a, b in b.contains { item in has(a, item) } },
    ]
  }

  /// Nulls are equal to nothing.
  private static func has(_ items: [Value], _ wanted: Value) -> Bool {
    !wanted.isNull && items.contains { !$0.isNull && ValueOrder.compare($0, wanted) == 0 }
  }

  private static func joined(
    _ parameters: [ParameterType], _ body: @escaping @Sendable (Value, Value) -> Value
  ) -> ScalarFunction {
    ScalarFunction("||", kind: .operator, parameters: parameters, result: .array, isStrict: false, mayFail: false) {
      (arguments, count, _) throws(ApusError) in
      let lists = arguments.first { if case .array = $0.type { true } else { false } }
      let type = lists?.type ?? .array(arguments[0].type)
      return try mapNullableValues(arguments, count, type) { body($0[0], $0[1]) }
    }
  }

  private static func test(
    _ name: String, _ body: @escaping @Sendable ([Value], [Value]) -> Bool
  ) -> ScalarFunction {
    ScalarFunction(
      name, kind: .operator, parameters: [.anyArray, .anyArray], result: .exact(.bool), mayFail: false
    ) { (arguments, count, _) throws(ApusError) in
      try testValues(arguments, count) { values in
        guard case .array(let a) = values[0], case .array(let b) = values[1] else { return false }
        return body(a, b)
      }
    }
  }
}
