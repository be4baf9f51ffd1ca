// JSONFunctions owns the scalar functions of json and jsonb.

import ApusBase
import ApusColumns

enum JSONFunctions {
  static var all: [ScalarFunction] { reading + building + changing }

  static func parse(_ text: String) throws(ApusError) -> JSONTree {
    var result: Result<JSONTree, ApusError> = .failure(.unexpected("a jsonb value was not read"))
    Array(text.utf8).withUnsafeBytes { raw in
      do throws(ApusError) { result = .success(try JSONTree.parse(raw)) } catch { result = .failure(error) }
    }
    return try result.get()
  }

  static func text(_ tree: JSONTree) throws(ApusError) -> Value {
    var out: [UInt8] = []
    try tree.write(into: &out)
    try TextLimits.check(out.count)
    return .text(utf8: out)
  }

  /// Runs `body` with a parsed document.
  static func document<R>(_ text: String, _ body: (JSONDocument) throws(ApusError) -> R) throws(ApusError) -> R {
    var result: Result<R, ApusError> = .failure(.unexpected("a json value was not read"))
    Array(text.utf8).withUnsafeBytes { raw in
      do throws(ApusError) { result = .success(try JSONB.parsing(raw, body)) } catch { result = .failure(error) }
    }
    return try result.get()
  }

  // MARK: - Reading

  private static func typeName(_ text: String) -> String {
    let bytes = Array(text.utf8.drop { isSpaceByte($0) })
    return bytes.withUnsafeBytes { JSONB.typeName($0) }
  }

  private static func length(_ text: String) throws(ApusError) -> Value {
    switch typeName(text) {
    case "array": return .int(Int64(try document(text) { (document) in Int(document[0].number) }))
    case "object":
      throw ApusError(.invalidParameterValue, "cannot get array length of a non-array")
    default: throw ApusError(.invalidParameterValue, "cannot get array length of a scalar")
    }
  }

  /// The value at a token, as json or jsonb text.
  static func value(_ document: JSONDocument, _ at: Int, isBinary: Bool) throws(ApusError) -> Value {
    let kind = document[at].kind
    if !isBinary, kind == .object || kind == .array { return .text(utf8: Array(document.text(document[at]))) }
    return .text(utf8: try JSONB.text(document, at))
  }

  /// The same as `->>` gives it.
  static func plain(_ document: JSONDocument, _ at: Int, isBinary: Bool) throws(ApusError) -> Value {
    let kind = document[at].kind
    if !isBinary, kind == .object || kind == .array { return .text(utf8: Array(document.text(document[at]))) }
    return try JSONB.plainText(document, at).map { .text(utf8: $0) } ?? .null
  }

  private static func path(_ row: [Value], asText: Bool, isBinary: Bool) throws(ApusError) -> Value {
    let steps = row.dropFirst().compactMap { value in
      if case .text(let step) = value { JSONB.Step.either(step) } else { nil }
    }
    guard steps.count == row.count - 1 else { return .null }
    return try document(row.text(0)) { (document) throws(ApusError) in
      guard let at = JSONB.find(document, steps) else { return .null }
      return asText
        ? try plain(document, at, isBinary: isBinary) : try value(document, at, isBinary: isBinary)
    }
  }

  private static var reading: [ScalarFunction] {
    var list: [ScalarFunction] = []
    for (type, prefix) in [(DataType.jsonb, "jsonb"), (.json, "json")] {
      let isBinary = type == .jsonb
      list.append(
        .rows(prefix + "_typeof", [type], .text, mayFail: false) { (row, _) in .text(typeName(row.text(0))) })
      list.append(
        .rows(prefix + "_array_length", [type], .int4) { (row, _) throws(ApusError) in try length(row.text(0)) })
      list.append(
        .rows(prefix + "_extract_path", [type, .text], type, isVariadic: true) { (row, _) throws(ApusError) in
          try path(row, asText: false, isBinary: isBinary)
        })
      list.append(
        .rows(prefix + "_extract_path_text", [type, .text], .text, isVariadic: true) {
          (row, _) throws(ApusError) in try path(row, asText: true, isBinary: isBinary)
        })
    }
    return list
  }

  // MARK: - Building

  private static func key(
    _ value: Value, _ type: DataType, _ number: Int, _ context: EvaluationContext, isBinary: Bool
  ) throws(ApusError) -> [UInt8] {
    if value.isNull {
      throw ApusError(
        .invalidParameterValue,
        isBinary ? "argument \(number): key must not be null" : "null value not allowed for object key")
    }
    if type.elementType != nil || type == .json || type == .jsonb || type == .record {
      throw ApusError(
        .invalidParameterValue, "key value must be scalar, not array, composite, or json")
    }
    return JSONText.quoted(try context.text(value, type))
  }

  private static func object(
    _ row: [Value], _ types: [DataType], _ context: EvaluationContext, isBinary: Bool
  ) throws(ApusError) -> Value {
    let name = isBinary ? "jsonb_build_object()" : "json_build_object()"
    guard row.count.isMultiple(of: 2) else {
      throw ApusError(
        .invalidParameterValue, "argument list must have even number of elements",
        hint: "The arguments of \(name) must consist of alternating keys and values.")
    }
    var out: [UInt8] = [123]
    for index in stride(from: 0, to: row.count, by: 2) {
      if index > 0 { out += [44, 32] }
      out += try key(row[index], types[index], index + 1, context, isBinary: isBinary)
      out += isBinary ? [58, 32] : [32, 58, 32]
      out += try JSONText.of(row[index + 1], types[index + 1], context, isBinary: isBinary)
      try TextLimits.check(out.count)
    }
    out.append(125)
    // Sorts keys and keeps the last of equal ones.
    return isBinary ? .text(try JSONB.canonicalise(String(decoding: out, as: UTF8.self))) : .text(utf8: out)
  }

  private static func array(
    _ row: [Value], _ types: [DataType], _ context: EvaluationContext, isBinary: Bool
  ) throws(ApusError) -> Value {
    var out: [UInt8] = [91]
    for (index, value) in row.enumerated() {
      if index > 0 { out += [44, 32] }
      out += try JSONText.of(value, types[index], context, isBinary: isBinary)
      try TextLimits.check(out.count)
    }
    return .text(utf8: out + [93])
  }

  private static var building: [ScalarFunction] {
    var list: [ScalarFunction] = []
    for (type, prefix) in [(DataType.jsonb, "jsonb"), (.json, "json")] {
      let isBinary = type == .jsonb
      list.append(
        .typed("to_" + prefix, [.anyElement], .exact(type), volatility: .stable) {
          (row, types, context) throws(ApusError) in
          .text(utf8: try JSONText.of(row[0], types[0], context, isBinary: isBinary))
        })
      list.append(.rows(prefix + "_build_object", [], type, mayFail: false) { (_, _) in .text("{}") })
      list.append(.rows(prefix + "_build_array", [], type, mayFail: false) { (_, _) in .text("[]") })
      list.append(
        .typed(
          prefix + "_build_object", [.any], .exact(type), volatility: .stable, isStrict: false, isVariadic: true
        ) { (row, types, context) throws(ApusError) in try object(row, types, context, isBinary: isBinary) })
      list.append(
        .typed(
          prefix + "_build_array", [.any], .exact(type), volatility: .stable, isStrict: false, isVariadic: true
        ) { (row, types, context) throws(ApusError) in try array(row, types, context, isBinary: isBinary) })
      list.append(
        .rows(prefix + "_object", [.array(.text), .array(.text)], type) { (row, _) throws(ApusError) in
          let (keys, values) = (row.array(0), row.array(1))
          guard keys.count == values.count else {
            throw ApusError(.arraySubscriptError, "mismatched array dimensions")
          }
          return try pairs(zip(keys, values).flatMap { [$0, $1] }, isBinary: isBinary)
        })
      list.append(
        .rows(prefix + "_object", [.array(.text)], type) { (row, _) throws(ApusError) in
          guard row.array(0).count.isMultiple(of: 2) else {
            throw ApusError(.arraySubscriptError, "array must have even number of elements")
          }
          return try pairs(row.array(0), isBinary: isBinary)
        })
    }
    list.append(
      .typed("array_to_json", [.anyArray], .exact(.json), volatility: .stable) {
        (row, types, context) throws(ApusError) in
        .text(utf8: try JSONText.of(row[0], types[0], context, isBinary: false))
      })
    return list
  }

  private static func pairs(_ items: [Value], isBinary: Bool) throws(ApusError) -> Value {
    var out: [UInt8] = [123]
    for index in stride(from: 0, to: items.count, by: 2) {
      guard case .text(let key) = items[index] else {
        throw ApusError(.nullValueNotAllowed, "null value not allowed for object key")
      }
      if index > 0 { out += [44, 32] }
      out += JSONText.quoted(Array(key.utf8)) + (isBinary ? [58, 32] : [32, 58, 32])
      if case .text(let value) = items[index + 1] {
        out += JSONText.quoted(Array(value.utf8))
      } else {
        out += Array("null".utf8)
      }
    }
    out.append(125)
    return isBinary ? .text(try JSONB.canonicalise(String(decoding: out, as: UTF8.self))) : .text(utf8: out)
  }

  // MARK: - Changing

  private static func stripped(_ tree: JSONTree) -> JSONTree {
    switch tree {
    case .scalar: return tree
    case .array(let items): return .array(items.map { stripped($0) })
    case .object(let members):
      return .object(
        members.compactMap { member in
          if case .scalar(let text) = member.value, text == Array("null".utf8) { return nil }
          return (member.key, stripped(member.value))
        })
    }
  }

  private static func pretty(_ tree: JSONTree, _ depth: Int, into out: inout [UInt8]) throws(ApusError) {
    func line(_ depth: Int) {
      out.append(10)
      out.append(contentsOf: repeatElement(32, count: depth * 4))
    }
    switch tree {
    case .scalar(let text): out += text
    case .array(let items):
      out.append(91)
      for (index, item) in items.enumerated() {
        if index > 0 { out.append(44) }
        line(depth + 1)
        try pretty(item, depth + 1, into: &out)
        try TextLimits.check(out.count)
      }
      line(depth)
      out.append(93)
    case .object(let members):
      out.append(123)
      for (index, member) in members.enumerated() {
        if index > 0 { out.append(44) }
        line(depth + 1)
        out += JSONTree.quoted(member.key) + [58, 32]
        try pretty(member.value, depth + 1, into: &out)
        try TextLimits.check(out.count)
      }
      line(depth)
      out.append(125)
    }
  }

  private enum Change { case set(creates: Bool), insert(after: Bool) }

  private static func changed(
    _ tree: JSONTree, _ path: ArraySlice<String>, _ new: JSONTree, _ change: Change, _ position: Int = 1
  ) throws(ApusError) -> JSONTree {
    guard let step = path.first else { return tree }
    let isLast = path.count == 1
    switch tree {
    case .scalar: return tree
    case .object(var members):
      if let place = members.firstIndex(where: { $0.key == step }) {
        if !isLast {
          members[place].value = try changed(members[place].value, path.dropFirst(), new, change, position + 1)
        } else if case .set = change {
          members[place].value = new
        } else {
          throw ApusError(
            .invalidParameterValue, "cannot replace existing key",
            hint: "Try using the function jsonb_set to replace key value.")
        }
      } else if isLast {
        if case .set(creates: false) = change { return tree }
        members.append((step, new))
      }
      return .object(members)
    case .array(var items):
      guard let number = Int(step) else {
        throw ApusError(
          .invalidTextRepresentation, "path element at position \(position) is not an integer: \"\(step)\"")
      }
      let place = number < 0 ? items.count + number : number
      if items.indices.contains(place) {
        if !isLast {
          items[place] = try changed(items[place], path.dropFirst(), new, change, position + 1)
        } else if case .insert(let after) = change {
          items.insert(new, at: after ? place + 1 : place)
        } else {
          items[place] = new
        }
      } else if isLast {
        if case .set(creates: false) = change { return tree }
        if place < 0 { items.insert(new, at: 0) } else { items.append(new) }
      }
      return .array(items)
    }
  }

  private static func steps(_ value: [Value]) throws(ApusError) -> [String] {
    var list: [String] = []
    for (index, step) in value.enumerated() {
      guard case .text(let text) = step else {
        throw ApusError(.nullValueNotAllowed, "path element at position \(index + 1) is null")
      }
      list.append(text)
    }
    return list
  }

  private static func apply(_ row: [Value], _ change: Change, _ verb: String) throws(ApusError) -> Value {
    let tree = try parse(row.text(0))
    if case .scalar = tree { throw ApusError(.invalidParameterValue, "cannot set path in scalar") }
    if case .set(creates: false) = change, row.text(0) == "[]" || row.text(0) == "{}" { return row[0] }
    let path = try steps(row.array(1))
    return try text(try changed(tree, path[...], try parse(row.text(2)), change))
  }

  private static var changing: [ScalarFunction] {
    var list: [ScalarFunction] = [
      .rows("jsonb_strip_nulls", [.jsonb], .jsonb) { (row, _) throws(ApusError) in
        try text(stripped(try parse(row.text(0))))
      },
      .rows("jsonb_pretty", [.jsonb], .text) { (row, _) throws(ApusError) in
        var out: [UInt8] = []
        try pretty(try parse(row.text(0)), 0, into: &out)
        return .text(utf8: out)
      },
    ]
    let four: [DataType] = [.jsonb, .array(.text), .jsonb, .bool]
    for count in 3...4 {
      list.append(
        .rows("jsonb_set", Array(four.prefix(count)), .jsonb) { (row, _) throws(ApusError) in
          try apply(row, .set(creates: row.count == 3 || row.bool(3)), "set")
        })
      list.append(
        .rows("jsonb_insert", Array(four.prefix(count)), .jsonb) { (row, _) throws(ApusError) in
          try apply(row, .insert(after: row.bool(3)), "insert")
        })
    }
    return list
  }
}
