// JSONOperators owns reaching into, testing and changing json and jsonb.

import ApusBase
import ApusColumns

enum JSONOperators {
  static var all: [ScalarFunction] { arrows(.json) + arrows(.jsonb) + tests + changes }

  // MARK: - Reaching in

  /// The steps of one row's right operand.
  private static func steps(_ value: Value) -> [JSONB.Step]? {
    switch value {
    case .text(let key): return [.key(key)]
    case .int(let number): return [.element(Int(number))]
    case .array(let items):
      var list: [JSONB.Step] = []
      for item in items {
        guard case .text(let name) = item else { return nil }
        list.append(.either(name))
      }
      return list
    default: return nil
    }
  }

  /// What is at the end of `steps`: jsonb text, json source text, or the plain text of `->>`.
  static func reach(
    _ raw: UnsafeRawBufferPointer, _ steps: [JSONB.Step], _ type: DataType, asText: Bool
  ) throws(ApusError) -> [UInt8]? {
    try JSONB.parsing(raw) { (document) throws(ApusError) in
      guard let at = JSONB.find(document, steps) ?? scalar(document, steps, type) else { return nil }
      let kind = document[at].kind
      if asText, kind == .null { return nil }
      if asText, kind == .string { return Array(document.text(document[at])) }
      // json keeps containers and numbers as they were written.
      if type == .json, kind == .object || kind == .array || kind == .number || kind == .decimal {
        return Array(document.text(document[at]))
      }
      return try JSONB.text(document, at)
    }
  }

  /// jsonb holds a scalar as an array of one element, and lets it be seen.
  private static func scalar(_ document: JSONDocument, _ steps: [JSONB.Step], _ type: DataType) -> Int? {
    guard type == .jsonb, case .element(let number)? = steps.first, steps.count == 1, number == 0 || number == -1,
      document.count > 0, document[0].kind != .array, document[0].kind != .object
    else { return nil }
    return 0
  }

  private static func arrow(_ name: String, _ type: DataType, _ key: DataType, asText: Bool) -> ScalarFunction {
    let result: DataType = asText ? .text : type
    // Both operands are valid documents already: nothing can fail.
    return .infix(name, type, key, result, mayFail: type == .json) { (arguments, count, _) throws(ApusError) in
      let constant = arguments[1].isConstant && count > 0 ? steps(arguments[1].value(at: 0)) : nil
      return try mapBytes(arguments, count, result) { (row, out) throws(ApusError) in
        guard let path = constant ?? steps(arguments[1].value(at: row)),
          let found = try reach(arguments[0].rawBytes(row), path, type, asText: asText)
        else { return false }
        out.append(contentsOf: found)
        return true
      }
    }
  }

  private static func arrows(_ type: DataType) -> [ScalarFunction] {
    [
      arrow("->", type, .text, asText: false), arrow("->", type, .int4, asText: false),
      arrow("->>", type, .text, asText: true), arrow("->>", type, .int4, asText: true),
      arrow("#>", type, .array(.text), asText: false), arrow("#>>", type, .array(.text), asText: true),
    ]
  }

  // MARK: - Tests

  private static func has(_ raw: UnsafeRawBufferPointer, _ key: String) throws(ApusError) -> Bool {
    try JSONB.parsing(raw) { document in
      switch document[0].kind {
      case .object: return JSONB.member(document, 0, key) != nil
      case .string: return document.string(0) == key
      case .array:
        var at = 1
        while at < document[0].end {
          if document[at].kind == .string, document.string(at) == key { return true }
          at = document[at].end
        }
        return false
      default: return false
      }
    }
  }

  private static func hasSome(_ name: String, all: Bool) -> ScalarFunction {
    .infix(name, .jsonb, .array(.text), .bool) { (arguments, count, _) throws(ApusError) in
      try testValues(arguments, count) { (values) throws(ApusError) in
        guard case .text(let document) = values[0], case .array(let keys) = values[1] else { return false }
        let raw = Array(document.utf8)
        for case .text(let key) in keys {
          if try withBytes(raw, { (bytes) throws(ApusError) in try has(bytes, key) }) != all { return !all }
        }
        return all
      }
    }
  }

  private static var tests: [ScalarFunction] {
    [
      .infix("?", .jsonb, .text, .bool) { (arguments, count, _) throws(ApusError) in
        try compareBytesRows(arguments, count) { (document, key) throws(ApusError) in
          try has(document, String(decoding: key, as: UTF8.self))
        }
      },
      hasSome("?|", all: false), hasSome("?&", all: true),
      .infix("@>", .jsonb, .jsonb, .bool) { (arguments, count, _) throws(ApusError) in
        try compareBytesRows(arguments, count) { (a, b) throws(ApusError) in try JSONBOrder.contains(a, b) }
      },
      .infix("<@", .jsonb, .jsonb, .bool) { (arguments, count, _) throws(ApusError) in
        try compareBytesRows(arguments, count) { (a, b) throws(ApusError) in try JSONBOrder.contains(b, a) }
      },
    ]
  }

  // MARK: - Changes

  private static func change(
    _ name: String, _ type: DataType, _ body: @escaping @Sendable (JSONTree, Value) throws(ApusError) -> JSONTree
  ) -> ScalarFunction {
    .infix(name, .jsonb, type, .jsonb, mayFail: true) { (arguments, count, _) throws(ApusError) in
      try mapBytes(arguments, count, .jsonb) { (row, out) throws(ApusError) in
        let tree = try JSONTree.parse(arguments[0].rawBytes(row))
        try body(tree, arguments[1].value(at: row)).write(into: &out)
        return true
      }
    }
  }

  private static let changes: [ScalarFunction] = [
    change("-", .text) { (tree, key) throws(ApusError) in
      guard case .text(let name) = key else { return tree }
      return try tree.removing(keys: [name])
    },
    change("-", .array(.text)) { (tree, keys) throws(ApusError) in
      guard case .array(let list) = keys else { return tree }
      return try tree.removing(keys: list.compactMap { if case .text(let name) = $0 { name } else { nil } })
    },
    change("-", .int4) { (tree, place) throws(ApusError) in
      guard case .int(let number) = place else { return tree }
      return try tree.removing(element: Int(number))
    },
    change("#-", .array(.text)) { (tree, path) throws(ApusError) in
      guard case .array(let list) = path else { return tree }
      if case .scalar = tree { throw ApusError(.invalidParameterValue, "cannot delete path in scalar") }
      return try tree.removing(path: list[...])
    },
    .infix("||", .jsonb, .jsonb, .jsonb, mayFail: true) { (arguments, count, _) throws(ApusError) in
      try mapBytes(arguments, count, .jsonb) { (row, out) throws(ApusError) in
        let left = try JSONTree.parse(arguments[0].rawBytes(row))
        let right = try JSONTree.parse(arguments[1].rawBytes(row))
        try left.joined(with: right).write(into: &out)
        return true
      }
    },
  ]
}

/// Runs `body` with the bytes of an array.
func withBytes<R>(
  _ bytes: [UInt8], _ body: (UnsafeRawBufferPointer) throws(ApusError) -> R
) throws(ApusError) -> R {
  var result: Result<R, ApusError>?
  bytes.withUnsafeBytes { raw in
    do throws(ApusError) { result = .success(try body(raw)) } catch { result = .failure(error) }
  }
  guard let result else { throw .unexpected("bytes were not read") }
  return try result.get()
}
