// The normal form of comparisons: the constant on the right, and a list instead of a chain of OR.

import ApusColumns
import ApusFunctions

extension Rules {
  func normalised(_ expression: Expression) -> Expression {
    switch expression {
    case .literal, .column, .outer, .parameter: return expression
    default: break
    }
    let inner = expression.mapChildren { normalised($0) }
    switch inner {
    case .call(let function, let arguments, .bool):
      if let other = flipped(function, arguments) { return sameTime(other) }
      return sameTime(inner)
    case .or(let operands): return listed(operands) ?? inner
    default: return inner
    }
  }

  /// `5 < x` as `x > 5`.
  private func flipped(_ function: ScalarFunction, _ arguments: [Expression]) -> Expression? {
    guard function.kind == .operator, arguments.count == 2, case .literal = arguments[0] else { return nil }
    if case .literal = arguments[1] { return nil }
    let mirror: String
    switch function.name {
    case "=", "<>": mirror = function.name
    case "<": mirror = ">"
    case "<=": mirror = ">="
    case ">": mirror = "<"
    case ">=": mirror = "<="
    default: return nil
    }
    let wanted = Array(function.parameters.reversed())
    guard let other = functions.operators(named: mirror).first(where: { $0.parameters == wanted }) else { return nil }
    return .call(other, [arguments[1], arguments[0]], .bool)
  }

  /// `time >= date '2026-01-01'` as a comparison with the time that the date begins: bounds are of the column's type.
  private func sameTime(_ expression: Expression) -> Expression {
    guard case .call(let function, let arguments, _) = expression, function.kind == .operator, arguments.count == 2,
      case .literal(let value, let type) = arguments[1]
    else { return expression }
    let wanted = arguments[0].type
    guard type != wanted, type == .date || type == .timestamp, wanted == .timestamptz || wanted == .timestamp,
      let cast = functions.cast(from: type, to: wanted)?.function,
      let other = functions.operators(named: function.name).first(where: {
        $0.parameters == [.exact(wanted), .exact(wanted)]
      })
    else { return expression }
    let literal = ConstantFolder.folded(.call(cast, [.literal(value, type)], wanted), context: context)
    guard case .literal = literal else { return expression }
    return .call(other, [arguments[0], literal], .bool)
  }

  /// `x = 1 OR x = 2` as `x IN (1, 2)`.
  private func listed(_ operands: [Expression]) -> Expression? {
    guard operands.count > 1 else { return nil }
    var operand: Expression?
    var type: DataType?
    var values: [Value] = []
    for part in operands {
      let found: (Expression, [Value], DataType)
      switch part {
      case .call(let function, let arguments, _):
        guard function.kind == .operator, function.name == "=", arguments.count == 2,
          case .literal(let value, let valueType) = arguments[1], arguments[0].type == valueType,
          valueType.elementType == nil, !arguments[0].isVolatile
        else { return nil }
        found = (arguments[0], [value], valueType)
      case .inList(let inner, let list, let listType, false):
        if inner.isVolatile { return nil }
        found = (inner, list, listType)
      default: return nil
      }
      if let operand, operand != found.0 || type != found.2 { return nil }
      operand = found.0
      type = found.2
      values.append(contentsOf: found.1)
    }
    guard let operand, let type else { return nil }
    return .inList(operand, values, type, negated: false)
  }
}
