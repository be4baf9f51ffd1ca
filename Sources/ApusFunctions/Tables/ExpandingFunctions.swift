// ExpandingFunctions owns the table functions that take one value apart: arrays, texts, json and jsonb.

import ApusBase
import ApusColumns

enum ExpandingFunctions {
  static var all: [TableFunction] { arrays + texts + documents }

  // MARK: - Arrays

  private static let arrays: [TableFunction] = [
    TableFunction(
      "unnest", parameters: [.anyArray],
      columns: { (types) throws(ApusError) in [(name: "unnest", type: types.first?.elementType ?? .text)] },
      evaluate: { (row, types, _) throws(ApusError) in
        let items = row.array(0)
        return Batch(columns: [.of(items, type: types.first?.elementType ?? .text)], count: items.count)
      })
  ]

  // MARK: - Texts

  private static var texts: [TableFunction] {
    var list: [TableFunction] = []
    let three: [ParameterType] = [.exact(.text), .exact(.text), .exact(.text)]
    for count in 2...3 {
      let parameters = Array(three.prefix(count))
      list.append(
        .rows("regexp_split_to_table", parameters, .text) { (row, _, _) throws(ApusError) in
          let flags = try RegexFlags(row.text(2), allowsGlobal: false, function: "regexp_split_to_table")
          return .of(RegexFunctions.split(try flags.compile(row.text(1)), row.utf8(0)), type: .text)
        })
      list.append(
        .rows("regexp_matches", parameters, .array(.text)) { (row, _, _) throws(ApusError) in
          let flags = try RegexFlags(row.text(2), allowsGlobal: true, function: "regexp_matches")
          let bytes = row.utf8(0)
          let found = RegexFunctions.matches(
            try flags.compile(row.text(1)), bytes, limit: flags.isGlobal ? Int.max : 1)
          return .of(found.map { RegexFunctions.groups(bytes, $0) }, type: .array(.text))
        })
      // Not strict: a null separator splits into characters.
      list.append(
        TableFunction(
          "string_to_table", parameters: parameters,
          columns: { (_) throws(ApusError) in [(name: "string_to_table", type: .text)] },
          evaluate: { (row, _, _) throws(ApusError) in
            let pieces =
              row.isNull(0)
              ? []
              : ArrayFunctions.pieces(
                row.utf8(0), separator: row.isNull(1) ? nil : row.utf8(1), null: row.isNull(2) ? nil : row.utf8(2))
            return Batch(columns: [.of(pieces, type: .text)], count: pieces.count)
          }))
    }
    return list
  }

  // MARK: - json and jsonb

  private static func kindName(_ kind: JSONKind) -> String {
    kind == .object ? "an object" : kind == .array ? "an array" : "a scalar"
  }

  private static func keys(_ document: JSONDocument, isBinary: Bool) -> [Int] {
    if isBinary { return JSONBOrder.members(document, 0) }
    var list: [Int] = []
    var at = 1
    while at < document[0].end {
      list.append(at)
      at = document[at + 1].end
    }
    return list
  }

  private static func elements(_ document: JSONDocument) -> [Int] {
    var list: [Int] = []
    var at = 1
    while at < document[0].end {
      list.append(at)
      at = document[at].end
    }
    return list
  }

  private static func each(_ type: DataType, _ name: String, asText: Bool) -> TableFunction {
    let result = asText ? DataType.text : type
    let isBinary = type == .jsonb
    return TableFunction(
      name, parameters: [.exact(type)],
      columns: { (_) throws(ApusError) in [(name: "key", type: .text), (name: "value", type: result)] },
      evaluate: { (row, _, _) throws(ApusError) in
        var names: [Value] = []
        var values: [Value] = []
        if !row.isNull(0) {
          try JSONFunctions.document(row.text(0)) { (document) throws(ApusError) in
            guard document[0].kind == .object else {
              let refusal =
                isBinary
                ? "cannot call \(name) on a non-object"
                : document[0].kind == .array
                  ? "cannot deconstruct an array as an object" : "cannot deconstruct a scalar"
              throw ApusError(.invalidParameterValue, refusal)
            }
            for key in keys(document, isBinary: isBinary) {
              names.append(.text(document.string(key)))
              values.append(
                asText
                  ? try JSONFunctions.plain(document, key + 1, isBinary: isBinary)
                  : try JSONFunctions.value(document, key + 1, isBinary: isBinary))
            }
          }
        }
        return Batch(columns: [.of(names, type: .text), .of(values, type: result)], count: names.count)
      })
  }

  private static func arrayElements(_ type: DataType, _ name: String, asText: Bool) -> TableFunction {
    let isBinary = type == .jsonb
    let result = asText ? DataType.text : type
    return .rows(name, [.exact(type)], result, column: "value") { (row, _, _) throws(ApusError) in
      try JSONFunctions.document(row.text(0)) { (document) throws(ApusError) in
        guard document[0].kind == .array else {
          let refusal =
            isBinary
            ? "cannot extract elements from \(kindName(document[0].kind))"
            : document[0].kind == .object ? "cannot call \(name) on a non-array" : "cannot call \(name) on a scalar"
          throw ApusError(.invalidParameterValue, refusal)
        }
        var values: [Value] = []
        for at in elements(document) {
          values.append(
            asText
              ? try JSONFunctions.plain(document, at, isBinary: isBinary)
              : try JSONFunctions.value(document, at, isBinary: isBinary))
        }
        return .of(values, type: result)
      }
    }
  }

  private static var documents: [TableFunction] {
    var list: [TableFunction] = []
    for (type, prefix) in [(DataType.jsonb, "jsonb"), (.json, "json")] {
      list.append(each(type, prefix + "_each", asText: false))
      list.append(each(type, prefix + "_each_text", asText: true))
      list.append(arrayElements(type, prefix + "_array_elements", asText: false))
      list.append(arrayElements(type, prefix + "_array_elements_text", asText: true))
      let name = prefix + "_object_keys"
      list.append(
        .rows(name, [.exact(type)], .text) { (row, _, _) throws(ApusError) in
          try JSONFunctions.document(row.text(0)) { (document) throws(ApusError) in
            guard document[0].kind == .object else {
              throw ApusError(.invalidParameterValue, "cannot call \(name) on \(kindName(document[0].kind))")
            }
            return .of(keys(document, isBinary: type == .jsonb).map { .text(document.string($0)) }, type: .text)
          }
        })
    }
    return list
  }
}
