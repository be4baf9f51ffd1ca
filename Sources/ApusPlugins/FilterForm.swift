// FilterForm owns the C form of conditions: those that backends can be asked, over the columns of a table.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import CApusABI

/// Makes the trees of a request. What has no form there is nil.
struct FilterForm {
  /// The columns that expressions refer to.
  let columns: [ApusColumnRef?]
  let types: [DataType]
  let arena: Arena

  /// A condition, and whether it says all that the expression does.
  func condition(_ expression: ApusPlan.Expression) -> (filter: ApusFilter, isWhole: Bool)? {
    if case .call(let function, let arguments, .bool) = expression, function.name == "~~", arguments.count == 2,
      let like = like(arguments)
    {
      return like
    }
    return whole(expression).map { ($0, true) }
  }

  private func whole(_ expression: ApusPlan.Expression) -> ApusFilter? {
    switch expression {
    case .and(let operands): return combined(operands, APUS_FILTER_AND)
    case .or(let operands): return combined(operands, APUS_FILTER_OR)
    case .not(let operand): return combined([operand], APUS_FILTER_NOT)
    case .isNull(.column(let index, _), let negated):
      guard let column = plain(index) else { return nil }
      return filter(negated ? APUS_FILTER_IS_NOT_NULL : APUS_FILTER_IS_NULL, column)
    case .column(let index, .bool):
      guard let column = plain(index) else { return nil }
      return filter(
        APUS_FILTER_COMPARE, column, values: [.bool(true)], type: .bool, comparison: APUS_COMPARE_EQUAL)
    case .call(let function, let arguments, .bool) where function.kind == .operator && arguments.count == 2:
      if function.name == "~~" {
        guard let like = like(arguments), like.isWhole else { return nil }
        return like.filter
      }
      return comparison(function.name, arguments)
    case .inList(let operand, let values, let type, let negated):
      return membership(operand, values, type, negated: negated)
    // What drivers make of IN with a list for a parameter.
    case .quantified(let operand, let function, array: .literal(.array(let values), .array(let type)), let all):
      guard function.kind == .operator, function.name == (all ? "<>" : "=") else { return nil }
      return membership(operand, values, type, negated: all)
    default: return nil
    }
  }

  private func membership(
    _ operand: ApusPlan.Expression, _ values: [Value], _ type: DataType, negated: Bool
  ) -> ApusFilter? {
    guard let column = column(operand, type), !values.contains(where: \.isNull), !values.isEmpty,
      let filter = filter(APUS_FILTER_IN, column, values: values, type: type)
    else { return nil }
    guard negated else { return filter }
    return ApusFilter(
      kind: APUS_FILTER_NOT, comparison: 0, column: ApusColumnRef(), value_count: 0, values: nil, child_count: 1,
      children: arena.array([filter]))
  }

  private func combined(_ operands: [ApusPlan.Expression], _ kind: Int32) -> ApusFilter? {
    var children: [ApusFilter] = []
    for operand in operands {
      guard let child = whole(operand) else { return nil }
      children.append(child)
    }
    return ApusFilter(
      kind: kind, comparison: 0, column: ApusColumnRef(), value_count: 0, values: nil, child_count: children.count,
      children: arena.array(children))
  }

  private func comparison(_ name: String, _ arguments: [ApusPlan.Expression]) -> ApusFilter? {
    let comparisons: [String: Int32] = [
      "=": APUS_COMPARE_EQUAL, "<>": APUS_COMPARE_NOT_EQUAL, "<": APUS_COMPARE_LESS,
      "<=": APUS_COMPARE_LESS_OR_EQUAL, ">": APUS_COMPARE_GREATER, ">=": APUS_COMPARE_GREATER_OR_EQUAL,
    ]
    guard let comparison = comparisons[name], case .literal(let value, let type) = arguments[1], !value.isNull,
      let column = column(arguments[0], type)
    else { return nil }
    return filter(APUS_FILTER_COMPARE, column, values: [value], type: type, comparison: comparison)
  }

  private func like(_ arguments: [ApusPlan.Expression]) -> (filter: ApusFilter, isWhole: Bool)? {
    guard case .literal(.text(let pattern), _) = arguments[1], let column = column(arguments[0], .text) else {
      return nil
    }
    var prefix = ""
    var rest = Substring(pattern)
    while let character = rest.first, character != "%", character != "_", character != "\\" {
      prefix.append(character)
      rest.removeFirst()
    }
    if rest.isEmpty {
      return filter(
        APUS_FILTER_COMPARE, column, values: [.text(prefix)], type: .text, comparison: APUS_COMPARE_EQUAL
      ).map { ($0, true) }
    }
    guard !prefix.isEmpty else { return nil }
    return filter(APUS_FILTER_PREFIX, column, values: [.text(prefix)], type: .text).map { ($0, rest == "%") }
  }

  private func filter(_ kind: Int32, _ column: ApusColumnRef) -> ApusFilter {
    ApusFilter(
      kind: kind, comparison: 0, column: column, value_count: 0, values: nil, child_count: 0, children: nil)
  }

  private func filter(
    _ kind: Int32, _ column: ApusColumnRef, values: [Value], type: DataType, comparison: Int32 = 0
  ) -> ApusFilter? {
    var constants: [ApusValue] = []
    for value in values {
      guard let constant = constant(value, type) else { return nil }
      constants.append(constant)
    }
    return ApusFilter(
      kind: kind, comparison: comparison, column: column, value_count: constants.count,
      values: arena.array(constants), child_count: 0, children: nil)
  }

  private func plain(_ index: Int) -> ApusColumnRef? { index < columns.count ? columns[index] : nil }

  /// The column behind what keeps values and their order, when it may be compared with constants of a type.
  private func column(_ expression: ApusPlan.Expression, _ constant: DataType) -> ApusColumnRef? {
    let type = expression.type
    let isFloat = { (type: DataType) in type == .float4 || type == .float8 }
    let isText = { (type: DataType) in type == .text || type == .varchar }
    guard
      type == constant || (type.isInteger && constant.isInteger) || (isFloat(type) && isFloat(constant))
        || (isText(type) && isText(constant)), Self.isComparable(type)
    else { return nil }
    switch expression {
    case .column(let index, _): return plain(index)
    case .relabel(let inner, _):
      guard isText(inner.type), isText(type) else { return nil }
      return column(inner, .text)
    case .call(let function, let arguments, _):
      guard function.kind == .cast, arguments.count == 1 else { return nil }
      let source = arguments[0].type
      let keepsValue =
        (source.isInteger && type.isInteger && source.typeLength <= type.typeLength)
        || (source == .float4 && type == .float8)
      guard keepsValue else { return nil }
      return column(arguments[0], source.isInteger ? constant : source)
    default: return nil
    }
  }

  private static func isComparable(_ type: DataType) -> Bool {
    switch type {
    case .bool, .int2, .int4, .int8, .float4, .float8, .numeric, .text, .varchar, .uuid, .bytea, .date, .time,
      .timestamp,
      .timestamptz:
      true
    default: false
    }
  }

  /// A constant; nil where the ABI has no form of the value.
  private func constant(_ value: Value, _ type: DataType) -> ApusValue? {
    var constant = ApusValue()
    constant.type = type.oid
    switch value {
    case .bool(let flag):
      constant.kind = APUS_VALUE_BOOL
      constant.integer = flag ? 1 : 0
    case .int(let number):
      constant.kind = APUS_VALUE_INTEGER
      guard let moved = Self.moved(number, type) else { return nil }
      constant.integer = moved
    case .float(let number):
      constant.kind = APUS_VALUE_REAL
      constant.real = number
    case .text(let text): put(Array(text.utf8), APUS_VALUE_TEXT, &constant)
    case .numeric(let number):
      var text: [UInt8] = []
      number.write(into: &text)
      put(text, APUS_VALUE_TEXT, &constant)
    case .bytes(let raw): put(raw, APUS_VALUE_BYTES, &constant)
    case .uuid(let uuid):
      var raw: [UInt8] = []
      withUnsafeBytes(of: uuid.high.bigEndian) { raw.append(contentsOf: $0) }
      withUnsafeBytes(of: uuid.low.bigEndian) { raw.append(contentsOf: $0) }
      put(raw, APUS_VALUE_BYTES, &constant)
    default: return nil
    }
    return constant
  }

  private func put(_ bytes: [UInt8], _ kind: Int32, _ constant: inout ApusValue) {
    constant.kind = kind
    constant.data = arena.bytes(bytes)
    constant.length = bytes.count
  }

  /// From 2000 to 1970.
  private static func moved(_ number: Int64, _ type: DataType) -> Int64? {
    switch type {
    case .date:
      if number == Int64(Int32.max) || number == Int64(Int32.min) { return number }
      let (sum, overflow) = number.addingReportingOverflow(10_957)
      return overflow || Int32(exactly: sum) == nil ? nil : sum
    case .timestamp, .timestamptz:
      if number == .max || number == .min { return number }
      let (sum, overflow) = number.addingReportingOverflow(postgresEpochUnixMicroseconds)
      return overflow ? nil : sum
    default: return number
    }
  }
}
