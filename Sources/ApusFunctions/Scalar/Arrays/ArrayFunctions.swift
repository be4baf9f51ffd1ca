// ArrayFunctions owns the functions of one-dimensional arrays, and those between arrays and texts.

import ApusBase
import ApusColumns

enum ArrayFunctions {
  static var all: [ScalarFunction] { measures + changes + searches + texts }

  private static func measure(
    _ name: String, hasDimension: Bool, _ result: DataType = .int4,
    _ body: @escaping @Sendable ([Value]) -> Value
  ) -> ScalarFunction {
    .typed(
      name, hasDimension ? [.anyArray, .exact(.int4)] : [.anyArray], .exact(result), mayFail: false
    ) { (row, _, _) in
      let items = row.array(0)
      // An empty array has no dimension; no array has two.
      if hasDimension, row.int(1) != 1 || items.isEmpty { return .null }
      return body(items)
    }
  }

  private static var measures: [ScalarFunction] {
    [
      measure("array_length", hasDimension: true) { .int(Int64($0.count)) },
      measure("array_upper", hasDimension: true) { .int(Int64($0.count)) },
      measure("array_lower", hasDimension: true) { _ in .int(1) },
      measure("cardinality", hasDimension: false) { .int(Int64($0.count)) },
      measure("array_ndims", hasDimension: false) { $0.isEmpty ? .null : .int(1) },
      measure("array_dims", hasDimension: false, .text) { $0.isEmpty ? .null : .text("[1:\($0.count)]") },
    ]
  }

  private static var changes: [ScalarFunction] {
    [
      .typed(
        "array_append", [.anyCompatibleArray, .anyCompatible], .array, isStrict: false, mayFail: false
      ) { (row, _, _) in .array(row.array(0) + [row[1]]) },
      .typed(
        "array_prepend", [.anyCompatible, .anyCompatibleArray], .array, isStrict: false, mayFail: false
      ) { (row, _, _) in .array([row[0]] + row.array(1)) },
      .typed(
        "array_cat", [.anyCompatibleArray, .anyCompatibleArray], .array, isStrict: false, mayFail: false
      ) { (row, _, _) in
        if row.isNull(0) { return row[1] }
        return row.isNull(1) ? row[0] : .array(row.array(0) + row.array(1))
      },
      .typed(
        "array_remove", [.anyCompatibleArray, .anyCompatible], .array, isStrict: false, mayFail: false
      ) { (row, _, _) in
        row.isNull(0) ? .null : .array(row.array(0).filter { !ValueOrder.same($0, row[1]) })
      },
      .typed(
        "array_replace", [.anyCompatibleArray, .anyCompatible, .anyCompatible], .array, isStrict: false,
        mayFail: false
      ) { (row, _, _) in
        row.isNull(0) ? .null : .array(row.array(0).map { ValueOrder.same($0, row[1]) ? row[2] : $0 })
      },
      .typed("trim_array", [.anyArray, .exact(.int4)], .array) { (row, _, _) throws(ApusError) in
        let items = row.array(0)
        let count = row.int(1)
        guard count >= 0, count <= items.count else {
          throw ApusError(
            .arraySubscriptError, "number of elements to trim must be between 0 and \(items.count)")
        }
        return .array(Array(items.dropLast(Int(count))))
      },
      .typed("array_fill", [.anyElement, .exact(.array(.int4))], .array, isStrict: false) {
        (row, _, _) throws(ApusError) in
        if row.isNull(1) {
          throw ApusError(.nullValueNotAllowed, "dimension array or low bound array cannot be null")
        }
        let sizes = row.array(1)
        if sizes.isEmpty { return .array([]) }
        guard sizes.count == 1 else { throw .unsupported("arrays of more than one dimension are") }
        guard case .int(let count) = sizes[0] else {
          throw ApusError(.nullValueNotAllowed, "dimension values cannot be null")
        }
        guard count >= 0, count <= 16 << 20 else {
          throw ApusError(.programLimitExceeded, "array size exceeds the maximum allowed (\(16 << 20))")
        }
        return .array([Value](repeating: row[0], count: Int(count)))
      },
    ]
  }

  private static var searches: [ScalarFunction] {
    [
      .typed(
        "array_position", [.anyCompatibleArray, .anyCompatible], .exact(.int4), isStrict: false, mayFail: false
      ) { (row, _, _) in position(row, from: 1) },
      .typed(
        "array_position", [.anyCompatibleArray, .anyCompatible, .exact(.int4)], .exact(.int4), isStrict: false
      ) { (row, _, _) throws(ApusError) in
        if row.isNull(2) { throw ApusError(.nullValueNotAllowed, "initial position must not be null") }
        return position(row, from: row.int(2))
      },
      .typed(
        "array_positions", [.anyCompatibleArray, .anyCompatible], .exact(.array(.int4)), isStrict: false,
        mayFail: false
      ) { (row, _, _) in
        if row.isNull(0) { return .null }
        let found = row.array(0).enumerated().filter { ValueOrder.same($0.element, row[1]) }
        return .array(found.map { .int(Int64($0.offset + 1)) })
      },
    ]
  }

  private static func position(_ row: [Value], from start: Int64) -> Value {
    if row.isNull(0) { return .null }
    let items = row.array(0)
    for (index, item) in items.enumerated() where Int64(index) + 1 >= start {
      if ValueOrder.same(item, row[1]) { return .int(Int64(index + 1)) }
    }
    return .null
  }

  // MARK: - Texts

  /// A text in pieces: each character for a null separator, one piece for an empty one. Pieces equal to `null` are
  /// null.
  static func pieces(_ text: [UInt8], separator: [UInt8]?, null: [UInt8]?) -> [Value] {
    if text.isEmpty { return [] }
    let parts =
      separator.map { TextBasicFunctions.pieces(text, $0) } ?? Characters.split(text)
    return parts.map { part in
      let bytes = Array(part)
      return bytes == null ? .null : .text(utf8: bytes)
    }
  }

  private static var texts: [ScalarFunction] {
    var list: [ScalarFunction] = []
    for count in 2...3 {
      list.append(
        .rows(
          "string_to_array", [DataType](repeating: .text, count: count), .array(.text), isStrict: false,
          mayFail: false
        ) { (row, _) in
          if row.isNull(0) { return .null }
          return .array(
            pieces(
              row.utf8(0), separator: row.isNull(1) ? nil : row.utf8(1), null: row.isNull(2) ? nil : row.utf8(2)))
        })
    }
    list.append(
      .typed("array_to_string", [.anyArray, .exact(.text)], .exact(.text), volatility: .stable) {
        (row, types, context) throws(ApusError) in try joined(row, types, context)
      })
    list.append(
      .typed(
        "array_to_string", [.anyArray, .exact(.text), .exact(.text)], .exact(.text), volatility: .stable,
        isStrict: false
      ) { (row, types, context) throws(ApusError) in try joined(row, types, context) })
    return list
  }

  private static func joined(
    _ row: [Value], _ types: [DataType], _ context: EvaluationContext
  ) throws(ApusError) -> Value {
    if row.isNull(0) || row.isNull(1) { return .null }
    let separator = row.utf8(1)
    let element = types[0].elementType ?? .text
    var out: [UInt8] = []
    var isFirst = true
    for item in row.array(0) {
      if item.isNull, row.isNull(2) { continue }
      if !isFirst { out += separator }
      isFirst = false
      out += item.isNull ? row.utf8(2) : try context.text(item, element)
      try TextLimits.check(out.count)
    }
    return .text(utf8: out)
  }
}
