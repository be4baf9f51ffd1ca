// DataType owns the SQL types: PostgreSQL's, with its OIDs and names.

public import ApusBase

/// A SQL type, without its modifier (the 12,2 of `numeric(12,2)`).
public indirect enum DataType: Hashable, Sendable {
  case bool, int2, int4, int8, float4, float8, numeric
  case text, varchar, bpchar, name, char
  case bytea, uuid, json, jsonb
  case date, time, timestamp, timestamptz, interval
  /// Catalog types. All of them are read and compared as unsigned numbers; the `reg` types show names.
  case oid, regclass, regtype, regproc, regprocedure, regoper, regoperator, regnamespace, regrole, regcollation
  case xid, int2vector, oidvector, aclitem, pgNodeTree
  /// A one-dimensional array (Arrow list). The element is never itself an array.
  case array(DataType)
  /// A row of unnamed fields.
  case record
  /// A string literal or parameter whose type the context decides.
  case unknown
  case void
  /// The state of an aggregate (HyperLogLog, percentile sketch, unique set), as bytes with a format of its own.
  case aggregateState
}

/// How the values of a type lie in memory.
public enum PhysicalType: UInt8, Sendable, Hashable {
  /// One bit a value.
  case bool
  case int16, int32, int64, float32, float64
  /// 16 bytes: `Interval`.
  case interval
  /// 16 bytes, in the order of the text form.
  case uuid
  /// Int32 offsets and bytes.
  case bytes
  /// Int32 offsets and one child vector.
  case list
}

extension DataType {
  /// int2/4/8: themselves. date: Int32 days since 2000-01-01. timestamp, timestamptz: Int64 microseconds since
  /// 2000-01-01 00:00 (UTC), `Int64.max` and `Int64.min` for the infinities; time: microseconds since midnight; oid and
  /// its kin: Int64 holding 0...2^32-1. text and kin: UTF-8. json, jsonb: their text (jsonb: PostgreSQL's normal form).
  /// numeric: `Numeric.encoded`. bytea: the bytes.
  public var physical: PhysicalType {
    switch self {
    case .bool: .bool
    case .int2: .int16
    case .int4, .date: .int32
    case .int8, .time, .timestamp, .timestamptz: .int64
    case .oid, .regclass, .regtype, .regproc, .regprocedure, .regoper, .regoperator, .regnamespace, .regrole,
      .regcollation, .xid:
      .int64
    case .float4: .float32
    case .float8: .float64
    case .interval: .interval
    case .uuid: .uuid
    case .array, .int2vector, .oidvector: .list
    case .text, .varchar, .bpchar, .name, .char, .bytea, .json, .jsonb, .numeric, .aclitem, .pgNodeTree, .record,
      .unknown, .void, .aggregateState:
      .bytes
    }
  }

  private static let base: [(DataType, OID, OID, String, Int16)] = [
    (.bool, 16, 1000, "boolean", 1), (.bytea, 17, 1001, "bytea", -1), (.char, 18, 1002, "\"char\"", 1),
    (.name, 19, 1003, "name", 64), (.int8, 20, 1016, "bigint", 8), (.int2, 21, 1005, "smallint", 2),
    (.int2vector, 22, 1006, "int2vector", -1), (.int4, 23, 1007, "integer", 4), (.regproc, 24, 1008, "regproc", 4),
    (.text, 25, 1009, "text", -1), (.oid, 26, 1028, "oid", 4), (.xid, 28, 1011, "xid", 4),
    (.oidvector, 30, 1013, "oidvector", -1), (.json, 114, 199, "json", -1), (.pgNodeTree, 194, 0, "pg_node_tree", -1),
    (.float4, 700, 1021, "real", 4), (.float8, 701, 1022, "double precision", 8), (.unknown, 705, 0, "unknown", -2),
    (.aclitem, 1033, 1034, "aclitem", 12), (.bpchar, 1042, 1014, "character", -1),
    (.varchar, 1043, 1015, "character varying", -1), (.date, 1082, 1182, "date", 4),
    (.time, 1083, 1183, "time without time zone", 8), (.timestamp, 1114, 1115, "timestamp without time zone", 8),
    (.timestamptz, 1184, 1185, "timestamp with time zone", 8), (.interval, 1186, 1187, "interval", 16),
    (.numeric, 1700, 1231, "numeric", -1), (.regprocedure, 2202, 2207, "regprocedure", 4),
    (.regoper, 2203, 2208, "regoper", 4), (.regoperator, 2204, 2209, "regoperator", 4),
    (.regclass, 2205, 2210, "regclass", 4), (.regtype, 2206, 2211, "regtype", 4), (.record, 2249, 2287, "record", -1),
    (.void, 2278, 0, "void", 4), (.uuid, 2950, 2951, "uuid", 16), (.jsonb, 3802, 3807, "jsonb", -1),
    (.regnamespace, 4089, 4090, "regnamespace", 4), (.regrole, 4096, 4097, "regrole", 4),
    (.regcollation, 4191, 4192, "regcollation", 4), (.aggregateState, 16000, 16001, "apus_state", -1),
  ]
  private static let byType: [DataType: (oid: OID, array: OID, name: String, length: Int16)] = Dictionary(
    uniqueKeysWithValues: base.map { ($0.0, ($0.1, $0.2, $0.3, $0.4)) })
  private static let byOID: [OID: DataType] = {
    var map: [OID: DataType] = [:]
    for (type, oid, array, _, _) in base {
      map[oid] = type
      if array != 0 { map[array] = .array(type) }
    }
    return map
  }()

  /// Every type that has a row of its own in `pg_type`, arrays left out.
  public static var all: [DataType] { base.map { $0.0 } }

  /// The OID that PostgreSQL gives the type.
  public var oid: OID {
    if case .array(let element) = self { return Self.byType[element]?.array ?? 0 }
    return Self.byType[self]?.oid ?? 0
  }

  public init?(oid: OID) {
    guard let type = Self.byOID[oid] else { return nil }
    self = type
  }

  /// `pg_type.typlen`: bytes, or -1 for a variable length.
  public var typeLength: Int16 {
    if case .array = self { return -1 }
    return Self.byType[self]?.length ?? -1
  }

  /// The name as `format_type` shows it, without a modifier.
  public var sqlName: String {
    if case .array(let element) = self { return element.sqlName + "[]" }
    return Self.byType[self]?.name ?? "unknown"
  }

  /// The name in `pg_type.typname`.
  public var catalogName: String {
    switch self {
    case .array(let element): "_" + element.catalogName
    case .bool: "bool"
    case .int2: "int2"
    case .int4: "int4"
    case .int8: "int8"
    case .float4: "float4"
    case .float8: "float8"
    case .char: "char"
    case .varchar: "varchar"
    case .bpchar: "bpchar"
    case .time: "time"
    case .timestamp: "timestamp"
    case .timestamptz: "timestamptz"
    default: sqlName
    }
  }

  public var isInteger: Bool { self == .int2 || self == .int4 || self == .int8 }
  public var isNumber: Bool { isInteger || self == .float4 || self == .float8 || self == .numeric }
  /// Types whose bytes are text to the user: text, varchar, bpchar, name.
  public var isString: Bool {
    self == .text || self == .varchar || self == .bpchar || self == .name || self == .unknown
  }
  public var elementType: DataType? {
    switch self {
    case .array(let element): element
    case .int2vector: .int2
    case .oidvector: .oid
    default: nil
    }
  }
  /// oid and the `reg` types.
  public var isOIDLike: Bool { physical == .int64 && typeLength == 4 }
}

/// A type with its modifier, as a column or a cast declares it.
public struct TypeReference: Hashable, Sendable {
  public var type: DataType
  /// PostgreSQL's `atttypmod`: -1 for none; `numeric(p,s)`: ((p << 16) | s) + 4; `varchar(n)`: n + 4.
  public var modifier: Int32

  public init(_ type: DataType, modifier: Int32 = -1) {
    self.type = type
    self.modifier = modifier
  }
}

/// 2000-01-01 00:00:00 UTC in Unix microseconds: the epoch of dates and timestamps in columns, PostgreSQL's own.
public let postgresEpochUnixMicroseconds: Int64 = 946_684_800_000_000

/// Microseconds since 2000-01-01 00:00:00 UTC, as columns hold time.
public typealias PostgresMicroseconds = Int64
