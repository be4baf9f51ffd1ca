// Coercion owns how a value of one type becomes one of another: by itself, by assignment or by a written cast
// (PostgreSQL's parse_coerce.c).

import ApusBase
import ApusColumns
import ApusFunctions

/// How one type becomes another.
enum CoercionPath {
  case same
  /// The same bytes.
  case relabel
  case function(ScalarFunction)
  case elements(ScalarFunction)
  /// Through its text (PostgreSQL's I/O conversion).
  case text
}

struct Coercions {
  let functions: FunctionRegistry

  /// nil when there is no way in this context.
  func path(from source: DataType, to target: DataType, _ context: CastContext) -> CoercionPath? {
    if source == target { return .same }
    if source == .unknown { return path(from: .text, to: target, .explicit) }
    if case .array(let to) = target, let from = source.elementType {
      if from == to { return .relabel }
      guard let cast = functions.cast(from: from, to: to), cast.context <= context else { return nil }
      return cast.function.map { .elements($0) } ?? .relabel
    }
    if let cast = functions.cast(from: source, to: target) {
      if cast.context > context { return nil }
      return cast.function.map { .function($0) } ?? .relabel
    }
    if context >= .assignment, target.category == .string, target != .text,
      path(from: source, to: .text, context) != nil, path(from: .text, to: target, .explicit) != nil
    {
      return .text
    }
    if context == .explicit, source.category == .string, source != .text,
      path(from: .text, to: target, .explicit) != nil
    {
      return .text
    }
    return nil
  }

  func canCoerce(_ source: DataType, to target: DataType, _ context: CastContext) -> Bool {
    if source == target || source == .unknown { return true }
    return path(from: source, to: target, context) != nil
  }
}

extension Binding {
  /// `bound` as `target`. nil when there is no such cast in this context; errors of literals have their position.
  func coerce(
    _ bound: Bound, to target: DataType, modifier: Int32 = -1, _ context: CastContext
  ) throws -> Expression? {
    let expression = bound.expression
    if case .literal(let value, .unknown) = expression {
      return try literal(value, as: target, modifier: modifier, context, position: bound.position)
    }
    if case .parameter(let number, .unknown) = expression {
      return try adjust(parameter(number, as: target, position: bound.position), -1, to: target, modifier, context)
    }
    guard let path = coercions.path(from: bound.type, to: target, context) else { return nil }
    switch path {
    case .same: return try adjust(expression, bound.modifier, to: target, modifier, context)
    case .relabel: return try adjust(.relabel(expression, target), -1, to: target, modifier, context)
    case .elements(let function):
      return try adjust(.arrayCast(expression, element: function, target), -1, to: target, modifier, context)
    case .text:
      guard let text = try coerce(bound, to: .text, .explicit) else { return nil }
      return try coerce(Bound(text, position: bound.position), to: target, modifier: modifier, .explicit)
    case .function(let function):
      return try adjust(.call(function, [expression], target), -1, to: target, modifier, context)
    }
  }

  /// Applies a type modifier (the length of varchar(n), the scale of numeric): PostgreSQL's length coercion.
  private func adjust(
    _ expression: Expression, _ current: Int32, to target: DataType, _ modifier: Int32, _ context: CastContext
  ) throws -> Expression {
    if modifier < 0 || modifier == current { return expression }
    let element = target.elementType ?? target
    guard let function = catalog.functions.cast(from: element, to: element)?.function else {
      throw ApusError.unsupported("the modifier of type \(target.sqlName) is")
    }
    if target.elementType != nil { throw ApusError.unsupported("a modifier of an array's elements is") }
    return .call(
      function,
      [expression, .literal(.int(Int64(modifier)), .int4), .literal(.bool(context == .explicit), .bool)], target)
  }

  /// A literal of undecided type read as `target`.
  func literal(
    _ value: Value, as target: DataType, modifier: Int32 = -1, _ context: CastContext, position: Int?
  ) throws -> Expression {
    switch target {
    case .unknown: return .literal(value, .unknown)
    case .void, .record:
      if value.isNull { return .literal(.null, target) }
      throw ApusError.unsupported("a literal of type \(target.sqlName) is", position: position)
    default: break
    }
    guard case .text(let text) = value else { return .literal(value, target) }
    let parsed: Value
    do {
      // An interval's fields and a bpchar's padding are the input function's business; other modifiers are applied
      // to what it read.
      parsed = try literals.read(text, as: target, modifier: modifier)
    } catch {
      throw ApusError.wrapping(error).at(position)
    }
    return try adjust(.literal(parsed, target), -1, to: target, modifier, context)
  }

  /// `bound` as `target` by implicit cast, for operands that resolution has found to fit.
  func implicit(_ bound: Bound, _ target: DataType) throws -> Expression {
    guard let expression = try coerce(bound, to: target, .implicit) else {
      throw ApusError(
        .cannotCoerce, "cannot cast type \(bound.type.sqlName) to \(target.sqlName)", position: bound.position)
    }
    return expression
  }

  /// `bound` where a Boolean must stand (`argument of WHERE must be type boolean, not type integer`).
  func boolean(_ bound: Bound, _ construct: String) throws -> Expression {
    if bound.type == .bool { return bound.expression }
    guard let expression = try coerce(bound, to: .bool, .assignment), bound.type != .text else {
      throw ApusError(
        .datatypeMismatch, "argument of \(construct) must be type boolean, not type \(bound.type.sqlName)",
        position: bound.position)
    }
    return expression
  }

  /// A value that must be bigint: LIMIT and OFFSET.
  func bigint(_ bound: Bound, _ construct: String) throws -> Expression {
    if bound.type == .int8 { return bound.expression }
    guard let expression = try coerce(bound, to: .int8, .assignment), bound.type.category != .string else {
      throw ApusError(
        .datatypeMismatch, "argument of \(construct) must be type bigint, not type \(bound.type.sqlName)",
        position: bound.position)
    }
    return expression
  }

  /// A value without a type becomes text, as in a select list.
  func resolved(_ bound: Bound) throws -> Bound {
    guard bound.type == .unknown else { return bound }
    var result = bound
    result.expression = try coerce(bound, to: .text, .implicit) ?? .relabel(bound.expression, .text)
    return result
  }

  /// The type that all of `inputs` become (PostgreSQL's select_common_type). `construct` is the word in the error.
  func commonType(_ inputs: [Bound], _ construct: String) throws -> DataType {
    var chosen = DataType.unknown
    for input in inputs {
      let type = input.type
      if type == .unknown || type == chosen { continue }
      if chosen == .unknown {
        chosen = type
        continue
      }
      guard let next = widened(chosen, type) else {
        throw ApusError(
          .datatypeMismatch, "\(construct) types \(chosen.sqlName) and \(type.sqlName) cannot be matched",
          position: input.position)
      }
      chosen = next
    }
    return chosen == .unknown ? .text : chosen
  }

  /// The type of two; nil when they are of different categories.
  private func widened(_ chosen: DataType, _ type: DataType) -> DataType? {
    if chosen.category != type.category { return nil }
    if !chosen.isPreferred, coercions.canCoerce(chosen, to: type, .implicit),
      !coercions.canCoerce(type, to: chosen, .implicit)
    {
      return type
    }
    return chosen
  }

  /// `commonType`, or nil instead of an error.
  func commonTypeIfAny(_ inputs: [Bound]) -> DataType? { try? commonType(inputs, "") }

  func coerceToCommon(_ bound: Bound, _ type: DataType, _ construct: String) throws -> Expression {
    guard let expression = try coerce(bound, to: type, .implicit) else {
      throw ApusError(
        .cannotCoerce, "\(construct) could not convert type \(bound.type.sqlName) to \(type.sqlName)",
        position: bound.position)
    }
    return expression
  }
}
