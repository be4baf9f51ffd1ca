// PluginType owns the SQL types that a backend meets, and how their values lie in Arrow arrays.

/// A type by PostgreSQL's OID; see the table in apus_plugin.h.
public enum PluginType: UInt32, Sendable, Hashable {
  case bool = 16
  case bytea = 17
  case name = 19
  case int8 = 20
  case int2 = 21
  case int4 = 23
  case text = 25
  case json = 114
  case float4 = 700
  case float8 = 701
  case bpchar = 1042
  case varchar = 1043
  case date = 1082
  case time = 1083
  case timestamp = 1114
  case timestamptz = 1184
  case interval = 1186
  case numeric = 1700
  case uuid = 2950
  case jsonb = 3802

  public var layout: ArrowColumnBuilder.Layout {
    switch self {
    case .bool: .boolean
    case .int2: .fixed(2)
    case .int4, .float4, .date: .fixed(4)
    case .int8, .float8, .time, .timestamp, .timestamptz: .fixed(8)
    case .interval, .uuid: .fixed(16)
    case .text, .varchar, .bpchar, .name, .json, .jsonb, .numeric, .bytea: .bytes
    }
  }

  public var isInteger: Bool { self == .int2 || self == .int4 || self == .int8 }
  public var isFloat: Bool { self == .float4 || self == .float8 }
  /// Text that compares by its bytes; bpchar does not, since its padding does not count.
  public var isPlainText: Bool { self == .text || self == .varchar || self == .name }

  /// The name in SQL, without a modifier.
  public var sqlName: String {
    switch self {
    case .bool: "boolean"
    case .bytea: "bytea"
    case .name: "name"
    case .int8: "bigint"
    case .int2: "smallint"
    case .int4: "integer"
    case .text: "text"
    case .json: "json"
    case .float4: "real"
    case .float8: "double precision"
    case .bpchar: "character"
    case .varchar: "character varying"
    case .date: "date"
    case .time: "time without time zone"
    case .timestamp: "timestamp without time zone"
    case .timestamptz: "timestamp with time zone"
    case .interval: "interval"
    case .numeric: "numeric"
    case .uuid: "uuid"
    case .jsonb: "jsonb"
    }
  }

  /// The name with a modifier, as a declaration has it.
  public func sqlName(modifier: Int32) -> String {
    // `character` alone means character(1).
    if modifier < 0 { return self == .bpchar ? "bpchar" : sqlName }
    let length = modifier &- 4
    switch self {
    case .numeric:
      // The scale is 11 bits with a sign.
      let scale = (length & 0x7FF ^ 1024) &- 1024
      return "numeric(\(length >> 16 & 0xFFFF),\(scale))"
    case .varchar, .bpchar: return "\(sqlName)(\(length))"
    case .time: return "time(\(modifier)) without time zone"
    case .timestamp: return "timestamp(\(modifier)) without time zone"
    case .timestamptz: return "timestamp(\(modifier)) with time zone"
    default: return sqlName
    }
  }
}

/// A column of a table in a storage.
public struct PluginColumn: Sendable, Hashable {
  public var name: String
  public var type: PluginType
  /// PostgreSQL's atttypmod; -1 for none.
  public var modifier: Int32
  public var isNullable: Bool

  public init(name: String, type: PluginType, modifier: Int32 = -1, isNullable: Bool = true) {
    self.name = name
    self.type = type
    self.modifier = modifier
    self.isNullable = isNullable
  }
}
