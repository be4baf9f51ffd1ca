// OperatorLibrary owns the list of built-in operators.

import ApusColumns

enum OperatorLibrary {
  /// All of them, gathered from one list per file.
  static var all: [ScalarFunction] {
    ComparisonOperators.all + IntegerOperators.all + FloatOperators.all + NumericOperators.all + TimeOperators.all
      + TextOperators.all + JSONOperators.all + ArrayOperators.all
  }
}

extension ScalarFunction {
  /// A binary operator.
  static func infix(
    _ name: String, _ left: DataType, _ right: DataType, _ result: DataType, mayFail: Bool = false,
    volatility: Volatility = .immutable, _ evaluate: @escaping ScalarEvaluator
  ) -> ScalarFunction {
    ScalarFunction(
      name, kind: .operator, parameters: [.exact(left), .exact(right)], result: .exact(result),
      volatility: volatility, mayFail: mayFail, evaluate: evaluate)
  }

  /// A unary operator, written before its operand.
  static func prefix(
    _ name: String, _ operand: DataType, _ result: DataType, mayFail: Bool = false,
    _ evaluate: @escaping ScalarEvaluator
  ) -> ScalarFunction {
    ScalarFunction(
      name, kind: .operator, parameters: [.exact(operand)], result: .exact(result), mayFail: mayFail,
      evaluate: evaluate)
  }
}
