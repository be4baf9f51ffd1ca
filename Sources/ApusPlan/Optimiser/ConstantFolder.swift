// ConstantFolder owns the evaluation of what does not depend on rows, and the simplification of Boolean forms.

import ApusBase
import ApusColumns
import ApusFunctions

enum ConstantFolder {
  /// The expression with its constant parts evaluated: immutable and stable functions, not volatile ones. What would
  /// raise an error is left as it is, so that the error comes when (and only if) a row needs it. `parameters` stand for
  /// `$1...`.
  static func folded(_ expression: Expression, context: EvaluationContext, parameters: [Value] = []) -> Expression {
    switch expression {
    case .literal, .column, .outer: return expression
    case .parameter(let number, let type):
      guard number >= 1, number <= parameters.count else { return expression }
      return .literal(parameters[number - 1], type)
    default: break
    }
    let inner = expression.mapChildren { folded($0, context: context, parameters: parameters) }
    return simplified(inner, context)
  }

  private static func simplified(_ expression: Expression, _ context: EvaluationContext) -> Expression {
    switch expression {
    case .call(let function, let arguments, let type): return call(function, arguments, type, context) ?? expression
    case .relabel(.literal(let value, _), let type): return .literal(value, type)
    case .arrayCast(.literal(.null, _), _, let type): return .literal(.null, type)
    case .and(let operands): return logical(operands, isAnd: true)
    case .or(let operands): return logical(operands, isAnd: false)
    case .not(let operand): return negated(operand) ?? expression
    case .isNull(.literal(let value, _), let negated): return .literal(.bool(value.isNull != negated), .bool)
    case .booleanTest(.literal(let value, _), let test): return booleanTest(value, test)
    case .caseWhen(let branches, let otherwise, let type): return caseWhen(branches, otherwise, type)
    case .coalesce(let inputs, let type): return coalesce(inputs, type)
    case .array(let elements, let element):
      let values = elements.compactMap { if case .literal(let value, _) = $0 { value } else { nil } }
      return values.count == elements.count ? .literal(.array(values), .array(element)) : expression
    case .arrayCast(.literal(.array(let values), _), let element, let type):
      return arrayCast(values, element, type, context) ?? expression
    case .inList(.literal(let value, _), let values, _, let negated):
      if value.isNull { return .literal(.null, .bool) }
      if values.contains(value) { return .literal(.bool(!negated), .bool) }
      return values.contains(.null) ? .literal(.null, .bool) : .literal(.bool(negated), .bool)
    default: return expression
    }
  }

  private static func call(
    _ function: ScalarFunction, _ arguments: [Expression], _ type: DataType, _ context: EvaluationContext
  ) -> Expression? {
    if function.volatility == .volatile { return nil }
    var values: [Vector] = []
    for argument in arguments {
      guard case .literal(let value, let argumentType) = argument else { return nil }
      if value.isNull, function.isStrict { return .literal(.null, type) }
      values.append(.constant(value, type: argumentType, count: 1))
    }
    guard let result = try? function.evaluate(values, 1, context), result.count == 1 else { return nil }
    return .literal(result.value(at: 0), type)
  }

  private static func arrayCast(
    _ values: [Value], _ element: ScalarFunction, _ type: DataType, _ context: EvaluationContext
  ) -> Expression? {
    guard case .exact(let source)? = element.parameters.first, element.volatility != .volatile else { return nil }
    if values.isEmpty { return .literal(.array([]), type) }
    guard let result = try? element.evaluate([.of(values, type: source)], values.count, context) else { return nil }
    return .literal(.array((0..<values.count).map { result.value(at: $0) }), type)
  }

  private static func logical(_ operands: [Expression], isAnd: Bool) -> Expression {
    var kept: [Expression] = []
    var hasNull = false
    for operand in operands {
      switch operand {
      case .literal(.bool(isAnd), _): continue
      case .literal(.bool, _): return .literal(.bool(!isAnd), .bool)
      case .literal(.null, _): hasNull = true
      case .and(let inner) where isAnd: kept.append(contentsOf: inner)
      case .or(let inner) where !isAnd: kept.append(contentsOf: inner)
      default: kept.append(operand)
      }
    }
    if hasNull { kept.append(.literal(.null, .bool)) }
    if kept.isEmpty { return .literal(.bool(isAnd), .bool) }
    if kept.count == 1 { return kept[0] }
    return isAnd ? .and(kept) : .or(kept)
  }

  private static func negated(_ operand: Expression) -> Expression? {
    switch operand {
    case .literal(.bool(let flag), _): .literal(.bool(!flag), .bool)
    case .literal(.null, _): .literal(.null, .bool)
    case .not(let inner): inner
    case .isNull(let inner, let negated): .isNull(inner, negated: !negated)
    case .inList(let inner, let values, let type, let negated): .inList(inner, values, type, negated: !negated)
    default: nil
    }
  }

  private static func booleanTest(_ value: Value, _ test: Expression.BooleanTest) -> Expression {
    let result =
      switch test {
      case .isTrue: value == .bool(true)
      case .isNotTrue: value != .bool(true)
      case .isFalse: value == .bool(false)
      case .isNotFalse: value != .bool(false)
      case .isUnknown: value.isNull
      case .isNotUnknown: !value.isNull
      }
    return .literal(.bool(result), .bool)
  }

  private static func caseWhen(
    _ branches: [CaseBranch], _ otherwise: Expression?, _ type: DataType
  ) -> Expression {
    var kept: [CaseBranch] = []
    for branch in branches {
      if case .literal(let value, _) = branch.condition {
        if value != .bool(true) { continue }
        return kept.isEmpty ? branch.result : .caseWhen(kept, otherwise: branch.result, type)
      }
      kept.append(branch)
    }
    if kept.isEmpty { return otherwise ?? .literal(.null, type) }
    return .caseWhen(kept, otherwise: otherwise, type)
  }

  private static func coalesce(_ inputs: [Expression], _ type: DataType) -> Expression {
    var kept: [Expression] = []
    for input in inputs {
      if case .literal(let value, _) = input {
        if value.isNull { continue }
        kept.append(input)
        break
      }
      kept.append(input)
    }
    switch kept.count {
    case 0: return .literal(.null, type)
    case 1: return kept[0]
    default: return .coalesce(kept, type)
    }
  }
}
