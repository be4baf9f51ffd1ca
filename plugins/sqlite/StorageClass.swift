// StorageClass owns how Apus types are kept in SQLite: the declared types, and what each stores.

import ApusPluginKit

/// What SQLite stores for a value, as its column's affinity has it.
enum StorageClass: Equatable {
  case integer, real, text, blob
  /// NUMERIC: whatever the value looks like.
  case any

  /// SQLite's own rule (https://sqlite.org/datatype3.html, 3.1).
  init(declaration: String) {
    let upper = declaration.uppercased()
    if upper.contains("INT") {
      self = .integer
    } else if upper.contains("CHAR") || upper.contains("CLOB") || upper.contains("TEXT") {
      self = .text
    } else if upper.isEmpty || upper.contains("BLOB") {
      self = .blob
    } else if upper.contains("REAL") || upper.contains("FLOA") || upper.contains("DOUB") {
      self = .real
    } else {
      self = .any
    }
  }

  /// The class in which values of a type are kept.
  init(_ type: PluginType) {
    switch type {
    case .bool, .int2, .int4, .int8, .date, .time, .timestamp, .timestamptz: self = .integer
    case .float4, .float8: self = .real
    case .bytea: self = .blob
    case .text, .varchar, .bpchar, .name, .json, .jsonb, .numeric, .uuid, .interval: self = .text
    }
  }

  /// The declared type: its last word gives the affinity, the words before it the Apus type.
  static func declaration(of column: PluginColumn) throws(PluginError) -> String {
    let length = column.modifier < 0 ? "" : "(\(column.modifier &- 4))"
    switch column.type {
    case .bool: return "BOOLEAN INTEGER"
    case .int2: return "SMALLINT"
    case .int4: return "INTEGER"
    case .int8: return "BIGINT"
    case .float4: return "REAL"
    case .float8: return "DOUBLE PRECISION"
    case .text: return "TEXT"
    case .varchar: return "VARCHAR" + length
    case .bpchar: return "CHARACTER" + length
    case .name: return "NAME TEXT"
    case .json: return "JSON TEXT"
    case .jsonb: return "JSONB TEXT"
    case .bytea: return "BLOB"
    case .uuid: return "UUID TEXT"
    case .date: return "DATE INTEGER"
    case .time: return "TIME INTEGER"
    case .timestamp: return "TIMESTAMP INTEGER"
    case .timestamptz: return "TIMESTAMPTZ INTEGER"
    case .numeric:
      if column.modifier < 0 { return "NUMERIC TEXT" }
      let name = column.type.sqlName(modifier: column.modifier)
      return "NUMERIC TEXT" + name.dropFirst("numeric".count)
    case .interval: throw .unsupported("column \"\(column.name)\" of type interval in sqlite")
    }
  }

  private static let ours: [String: PluginType] = [
    "BOOLEAN INTEGER": .bool, "SMALLINT": .int2, "INTEGER": .int8, "INT": .int8, "BIGINT": .int8, "REAL": .float8,
    "DOUBLE PRECISION": .float8, "TEXT": .text, "NAME TEXT": .name, "JSON TEXT": .json, "JSON": .json, "BLOB": .bytea,
    "UUID TEXT": .uuid, "DATE INTEGER": .date, "TIME INTEGER": .time, "TIMESTAMP INTEGER": .timestamp,
    "TIMESTAMPTZ INTEGER": .timestamptz,
  ]

  /// The Apus type of a declared one. jsonb is offered for tables of ours only, whose text is in its normal form.
  static func describe(_ declaration: String, owned: Bool) -> (PluginType, Int32) {
    let upper = declaration.uppercased()
    let words = upper.split(separator: "(").first.map(String.init) ?? ""
    let name = words.trimmed
    if let type = ours[name] { return (type, -1) }
    if name == "JSONB TEXT" { return (owned ? .jsonb : .json, -1) }
    let numbers =
      upper.split(separator: "(").dropFirst().first?.split(separator: ")").first?
      .split(separator: ",").map { Int32(String($0).trimmed) } ?? []
    switch name {
    case "VARCHAR", "CHARACTER", "CHARACTER VARYING", "CHAR":
      // The length of SQLite's varchar is not held, so a value may be longer: only ours are.
      return (.text, -1)
    case "NUMERIC TEXT", "NUMERIC", "DECIMAL":
      if name == "NUMERIC TEXT", numbers.count == 2, let precision = numbers[0], let scale = numbers[1],
        (1...1000).contains(precision), (-1000...1000).contains(scale)
      {
        return (.numeric, (precision << 16 | (scale & 0x7FF)) &+ 4)
      }
      return (.numeric, -1)
    default: break
    }
    switch StorageClass(declaration: declaration) {
    case .integer: return (.int8, -1)
    case .real: return (.float8, -1)
    case .blob: return declaration.isEmpty ? (.text, -1) : (.bytea, -1)
    case .text, .any: return (.text, -1)
    }
  }
}

extension String {
  var trimmed: String {
    String(String(drop { $0 == " " }.reversed()).drop { $0 == " " }.reversed())
  }
}
