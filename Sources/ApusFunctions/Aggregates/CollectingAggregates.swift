// CollectingAggregates owns array_agg, string_agg and the JSON aggregates.

import ApusBase
import ApusColumns

enum CollectingAggregates {
  static let all: [AggregateFunction] = [
    AggregateFunction("array_agg", parameters: [.anyNonArray], result: .array, isOrderSensitive: true) {
      (types, _) throws(ApusError) -> any AggregateStates in CollectingStates(types, arrays)
    },
    AggregateFunction("array_agg", parameters: [.anyArray], result: .array, isOrderSensitive: true) {
      (_, _) throws(ApusError) -> any AggregateStates in throw .unsupported("array_agg of arrays is")
    },
    strings(.text), strings(.bytea),
    json("json_agg", .json) { (rows, groups) throws(ApusError) in try lists(rows, groups, .json) },
    json("jsonb_agg", .jsonb) { (rows, groups) throws(ApusError) in try lists(rows, groups, .jsonb) },
    object("json_object_agg", .json) { (rows, groups) throws(ApusError) in try objects(rows, groups, .json) },
    object("jsonb_object_agg", .jsonb) { (rows, groups) throws(ApusError) in try objects(rows, groups, .jsonb) },
  ]

  private static func strings(_ type: DataType) -> AggregateFunction {
    AggregateFunction(
      "string_agg", parameters: [.exact(type), .exact(type)], result: .exact(type), isOrderSensitive: true
    ) { (types, _) throws(ApusError) -> any AggregateStates in
      CollectingStates(types) { (rows, groups) throws(ApusError) in try joined(rows, groups, type) }
    }
  }

  private static func json(
    _ name: String, _ result: DataType, _ finish: @escaping CollectingStates.Finish
  ) -> AggregateFunction {
    AggregateFunction(name, parameters: [.anyElement], result: .exact(result), isOrderSensitive: true) {
      (types, _) throws(ApusError) -> any AggregateStates in CollectingStates(types, finish)
    }
  }

  private static func object(
    _ name: String, _ result: DataType, _ finish: @escaping CollectingStates.Finish
  ) -> AggregateFunction {
    AggregateFunction(name, parameters: [.any, .any], result: .exact(result), isOrderSensitive: true) {
      (types, _) throws(ApusError) -> any AggregateStates in CollectingStates(types, finish)
    }
  }

  private static func arrays(_ rows: GroupedRows, _ groups: Int) throws(ApusError) -> Vector {
    guard let column = rows.columns.first else { throw .unexpected("array_agg without argument") }
    guard rows.rows.count <= Int(Int32.max) else { throw ApusError(.programLimitExceeded, "arrays larger than 2^31") }
    let child = column.gathered(SelectionVector(rows.rows)).flattened()
    let offsets = rows.starts.map { Int32(truncatingIfNeeded: $0) }
    let validity = Bitmap((0..<groups).map { rows.starts[$0] < rows.starts[$0 + 1] })
    return Vector(
      type: .array(column.type), count: groups, validity: validity,
      storage: .list(offsets: Buffer(copying: offsets), child: VectorBox(child)))
  }

  private static func joined(_ rows: GroupedRows, _ groups: Int, _ type: DataType) throws(ApusError) -> Vector {
    let (values, delimiters) = (rows.columns[0], rows.columns[1])
    var builder = VectorBuilder(type: type, capacity: groups)
    for group in 0..<groups {
      var text: [UInt8] = []
      var isFirst = true
      for number in rows.rows(of: group) {
        let row = Int(number)
        if values.isNull(row) { continue }
        if !isFirst, !delimiters.isNull(row) { text.append(contentsOf: delimiters.rawBytes(row)) }
        text.append(contentsOf: values.rawBytes(row))
        isFirst = false
        try checkSize(text)
      }
      if isFirst { builder.appendNull() } else { builder.append(bytes: text) }
    }
    return builder.finish()
  }

  private static func checkSize(_ text: [UInt8]) throws(ApusError) {
    guard text.count <= Limits.valueBytesMax else {
      throw ApusError(.programLimitExceeded, "result of an aggregate larger than \(Limits.valueBytesMax) bytes")
    }
  }

  private static func lists(_ rows: GroupedRows, _ groups: Int, _ type: DataType) throws(ApusError) -> Vector {
    let column = rows.columns[0]
    // PostgreSQL puts arrays and rows on lines of their own.
    let separator = Array((column.type.elementType != nil || column.type == .record ? ", \n " : ", ").utf8)
    var builder = VectorBuilder(type: type, capacity: groups)
    for group in 0..<groups {
      let own = rows.rows(of: group)
      if own.isEmpty {
        builder.appendNull()
        continue
      }
      var text: [UInt8] = [91]
      for (index, row) in own.enumerated() {
        if index > 0 { text += separator }
        try JSONForm.append(column, Int(row), into: &text)
        try checkSize(text)
      }
      text.append(93)
      builder.append(bytes: type == .jsonb ? try canonical(text) : text)
    }
    return builder.finish()
  }

  private static func objects(_ rows: GroupedRows, _ groups: Int, _ type: DataType) throws(ApusError) -> Vector {
    let (keys, values) = (rows.columns[0], rows.columns[1])
    if [.json, .jsonb, .record].contains(keys.type) || keys.type.elementType != nil {
      throw ApusError(.invalidParameterValue, "key value must be scalar, not array, composite, or json")
    }
    var builder = VectorBuilder(type: type, capacity: groups)
    for group in 0..<groups {
      let own = rows.rows(of: group)
      if own.isEmpty {
        builder.appendNull()
        continue
      }
      var text = Array("{ ".utf8)
      for (index, number) in own.enumerated() {
        let row = Int(number)
        if index > 0 { text += [44, 32] }
        if keys.isNull(row) { throw ApusError(.invalidParameterValue, "field name must not be null") }
        try JSONForm.appendKey(keys, row, into: &text)
        text += Array(" : ".utf8)
        try JSONForm.append(values, row, into: &text)
        try checkSize(text)
      }
      text += Array(" }".utf8)
      builder.append(bytes: type == .jsonb ? try canonical(text) : text)
    }
    return builder.finish()
  }

  private static func canonical(_ text: [UInt8]) throws(ApusError) -> [UInt8] {
    let result = text.withUnsafeBytes { raw -> Result<[UInt8], ApusError> in
      do throws(ApusError) { return .success(try JSONB.canonicalise(raw)) } catch { return .failure(error) }
    }
    return try result.get()
  }
}

/// What to_json makes of values.
enum JSONForm {
  static func append(_ vector: Vector, _ row: Int, into out: inout [UInt8]) throws(ApusError) {
    if vector.isNull(row) { return out.append(contentsOf: "null".utf8) }
    if case .constant(let box) = vector.storage { return try append(box.vector, 0, into: &out) }
    let settings = FormatSettings()
    switch vector.type {
    case .bool: out.append(contentsOf: vector.value(at: row) == .bool(true) ? "true".utf8 : "false".utf8)
    case .json, .jsonb: try TextFormat.output(vector, row: row, settings: settings, into: &out)
    case .int2, .int4, .int8, .float4, .float8, .numeric:
      var text: [UInt8] = []
      try TextFormat.output(vector, row: row, settings: settings, into: &text)
      // NaN and the infinities are no JSON numbers.
      if let last = text.last, isDigitByte(last) {
        out.append(contentsOf: text)
      } else {
        quote(text, into: &out)
      }
    case .array:
      guard case .list(let offsets, let child) = vector.storage else { return }
      let bounds = offsets.read(Int32.self)
      out.append(91)
      for element in Int(bounds[row])..<Int(bounds[row + 1]) {
        if element > Int(bounds[row]) { out.append(44) }
        try append(child.vector, element, into: &out)
      }
      out.append(93)
    default: try appendKey(vector, row, into: &out)
    }
  }

  /// The text form of a value, as a JSON string.
  static func appendKey(_ vector: Vector, _ row: Int, into out: inout [UInt8]) throws(ApusError) {
    var text: [UInt8] = []
    try TextFormat.output(vector, row: row, settings: FormatSettings(), into: &text)
    if vector.type == .timestamp || vector.type == .timestamptz {
      // ISO 8601: a T between date and time, minutes in the offset.
      if let space = text.firstIndex(of: 32) { text[space] = 84 }
      if vector.type == .timestamptz, text.count > 3, [43, 45].contains(text[text.count - 3]) {
        text += Array(":00".utf8)
      }
    }
    quote(text, into: &out)
  }

  private static func quote(_ text: [UInt8], into out: inout [UInt8]) {
    text.withUnsafeBytes { out.append(contentsOf: JSONB.string($0)) }
  }
}
