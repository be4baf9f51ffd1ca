// RowFunction owns the making of scalar functions whose body computes one row from values.

import ApusBase
import ApusColumns

/// Computes one row. Strict functions never see nulls.
typealias RowBody = @Sendable (_ row: [Value], _ context: EvaluationContext) throws(ApusError) -> Value
/// The same for polymorphic functions, which need the argument types.
typealias TypedRowBody =
  @Sendable (_ row: [Value], _ types: [DataType], _ context: EvaluationContext) throws(ApusError) -> Value

extension ScalarFunction {
  /// A function with exact types.
  static func rows(
    _ name: String, _ parameters: [DataType], _ result: DataType, volatility: Volatility = .immutable,
    isStrict: Bool = true, mayFail: Bool = true, isVariadic: Bool = false, isMonotonic: Bool = false,
    _ body: @escaping RowBody
  ) -> ScalarFunction {
    typed(
      name, parameters.map { .exact($0) }, .exact(result), volatility: volatility, isStrict: isStrict,
      mayFail: mayFail, isVariadic: isVariadic, isMonotonic: isMonotonic
    ) { (row, _, context) throws(ApusError) in try body(row, context) }
  }

  static func typed(
    _ name: String, _ parameters: [ParameterType], _ result: ResultType, volatility: Volatility = .immutable,
    isStrict: Bool = true, mayFail: Bool = true, isVariadic: Bool = false, isMonotonic: Bool = false,
    _ body: @escaping TypedRowBody
  ) -> ScalarFunction {
    ScalarFunction(
      name, parameters: parameters, isVariadic: isVariadic, result: result, volatility: volatility,
      isStrict: isStrict, mayFail: mayFail, isMonotonic: isMonotonic
    ) { (arguments, count, context) throws(ApusError) -> Vector in
      let types = arguments.map(\.type)
      let type = result.resolved(types)
      if count == 0 { return .nulls(type: type, count: 0) }
      let isOnce = volatility != .volatile && arguments.allSatisfy(\.isConstant)
      let rows = isOnce ? 1 : count
      var builder = VectorBuilder(type: type, capacity: rows)
      var row: [Value] = []
      var bytes = 0
      for index in 0..<rows {
        row.removeAll(keepingCapacity: true)
        var hasNull = false
        for argument in arguments {
          let value = argument.value(at: index)
          if isStrict, value.isNull { hasNull = true }
          row.append(value)
        }
        if hasNull {
          builder.appendNull()
          continue
        }
        let value = try body(row, types, context)
        if case .text(let text) = value {
          bytes &+= text.utf8.count
          guard bytes < Int(Int32.max) else { throw TextLimits.tooLong }
        }
        builder.append(value)
      }
      let vector = builder.finish()
      return isOnce ? Vector(type: type, count: count, storage: .constant(VectorBox(vector))) : vector
    }
  }
}

extension ResultType {
  /// The type for arguments of `types`.
  func resolved(_ types: [DataType]) -> DataType {
    let array = types.first { $0.elementType != nil }
    switch self {
    case .exact(let type): return type
    case .element: return array?.elementType ?? types.first ?? .text
    case .array: return array ?? .array(types.first ?? .text)
    }
  }
}

/// The arguments of a row by type. A value of another type reads as zero or empty: the binder has checked types.
extension Array where Element == Value {
  func int(_ index: Int) -> Int64 { if index < count, case .int(let value) = self[index] { value } else { 0 } }
  func float(_ index: Int) -> Double { if index < count, case .float(let value) = self[index] { value } else { 0 } }
  func bool(_ index: Int) -> Bool { if index < count, case .bool(let value) = self[index] { value } else { false } }
  func text(_ index: Int) -> String { if index < count, case .text(let value) = self[index] { value } else { "" } }
  func utf8(_ index: Int) -> [UInt8] { Array<UInt8>(text(index).utf8) }
  func bytes(_ index: Int) -> [UInt8] { if index < count, case .bytes(let value) = self[index] { value } else { [] } }
  func numeric(_ index: Int) -> Numeric {
    if index < count, case .numeric(let value) = self[index] { value } else { .zero }
  }
  func interval(_ index: Int) -> Interval {
    if index < count, case .interval(let value) = self[index] { value } else { Interval() }
  }
  func array(_ index: Int) -> [Value] { if index < count, case .array(let value) = self[index] { value } else { [] } }
  func isNull(_ index: Int) -> Bool { index >= count || self[index].isNull }
}

extension Value {
  static func text(utf8 bytes: [UInt8]) -> Value { .text(String(decoding: bytes, as: UTF8.self)) }
}

enum TextLimits {
  static var tooLong: ApusError { ApusError(.programLimitExceeded, "requested length too large") }
  /// Throws 54000 when a result would pass the limit of a value.
  static func check(_ bytes: Int) throws(ApusError) {
    guard bytes <= Limits.valueBytesMax else { throw tooLong }
  }
}

extension EvaluationContext {
  /// A value's text, as a cast to text gives it.
  func text(_ value: Value, _ type: DataType) throws(ApusError) -> [UInt8] {
    if case .text(let text) = value { return Array(text.utf8) }
    var out: [UInt8] = []
    try TextFormat.output(.of([value], type: type), row: 0, settings: formatSettings, into: &out)
    return out
  }
}
