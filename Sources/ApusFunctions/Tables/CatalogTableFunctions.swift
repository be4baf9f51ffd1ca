// CatalogTableFunctions owns the functions that give rows of the catalog's own: what they give is the Engine's to say,
// through `EvaluationContext.catalog`.

import ApusBase
import ApusColumns

enum CatalogTableFunctions {
  static let all: [TableFunction] = asking + [expandArray, optionsToTable]

  /// name, arguments, columns.
  private static let signatures: [(String, [ParameterType], [(name: String, type: DataType)])] = [
    (
      "pg_get_keywords", [],
      [("word", .text), ("catcode", .char), ("barelabel", .bool), ("catdesc", .text), ("baredesc", .text)]
    ),
    (
      "pg_show_all_settings", [],
      [
        ("name", .text), ("setting", .text), ("unit", .text), ("category", .text), ("short_desc", .text),
        ("extra_desc", .text), ("context", .text), ("vartype", .text), ("source", .text), ("min_val", .text),
        ("max_val", .text), ("enumvals", .array(.text)), ("boot_val", .text), ("reset_val", .text),
        ("sourcefile", .text), ("sourceline", .int4), ("pending_restart", .bool),
      ]
    ),
    (
      "aclexplode", [.exact(.array(.aclitem))],
      [("grantor", .oid), ("grantee", .oid), ("privilege_type", .text), ("is_grantable", .bool)]
    ),
    ("pg_tablespace_databases", [.exact(.oid)], [("pg_tablespace_databases", .oid)]),
    ("pg_listening_channels", [], [("pg_listening_channels", .text)]),
    (
      "pg_partition_tree", [.exact(.regclass)],
      [("relid", .regclass), ("parentrelid", .regclass), ("isleaf", .bool), ("level", .int4)]
    ),
    ("pg_partition_ancestors", [.exact(.regclass)], [("relid", .regclass)]),
  ]

  private static let asking: [TableFunction] = signatures.map { name, parameters, columns in
    TableFunction(name, parameters: parameters, columns: { _ in columns }) {
      (arguments, _, context) throws(ApusError) -> Batch in
      var rows: [[Value]] = []
      if !arguments.contains(.null) {
        guard let catalog = context.catalog else { throw .unsupported("\(name)() without a catalog is") }
        if case .array(let given) = try catalog.call(name, arguments) {
          for case .array(let row) in given { rows.append(row) }
        }
      }
      return batch(rows, columns.map(\.type))
    }
  }

  private static func batch(_ rows: [[Value]], _ types: [DataType]) -> Batch {
    let vectors = types.enumerated().map { index, type in
      Vector.of(rows.map { index < $0.count ? $0[index] : .null }, type: type)
    }
    return Batch(columns: vectors, count: rows.count)
  }

  /// The elements of an array with their places: `information_schema._pg_expandarray`.
  private static let expandArray = TableFunction(
    "_pg_expandarray", schema: "information_schema", parameters: [.anyArray],
    columns: { types in [("x", types.first?.elementType ?? .text), ("n", .int4)] },
    evaluate: { (arguments, types, _) throws(ApusError) -> Batch in
      var rows: [[Value]] = []
      if case .array(let values)? = arguments.first {
        rows = values.enumerated().map { [$1, .int(Int64($0 + 1))] }
      }
      return batch(rows, [types.first?.elementType ?? .text, .int4])
    })

  /// `{a=1,b}` as rows of name and value.
  private static let optionsToTable = TableFunction(
    "pg_options_to_table", parameters: [.exact(.array(.text))],
    columns: { _ in [("option_name", .text), ("option_value", .text)] },
    evaluate: { (arguments, _, _) throws(ApusError) -> Batch in
      var rows: [[Value]] = []
      if case .array(let values)? = arguments.first {
        for case .text(let option) in values {
          let halves = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
          rows.append([.text(halves[0]), halves.count > 1 ? .text(halves[1]) : .null])
        }
      }
      return batch(rows, [.text, .text])
    })
}
