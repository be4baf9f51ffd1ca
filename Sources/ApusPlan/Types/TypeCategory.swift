// TypeCategory owns what type resolution knows of a type: its category and whether it is preferred in it.

import ApusColumns

/// `pg_type.typcategory`.
enum TypeCategory: Hashable {
  case boolean, number, string, dateTime, timespan, array, user, `internal`, pseudo, unknown
}

extension DataType {
  var category: TypeCategory {
    switch self {
    case .bool: .boolean
    case .int2, .int4, .int8, .float4, .float8, .numeric, .oid, .regclass, .regtype, .regproc, .regprocedure, .regoper,
      .regoperator, .regnamespace, .regrole, .regcollation:
      .number
    case .text, .varchar, .bpchar, .name: .string
    case .date, .time, .timestamp, .timestamptz: .dateTime
    case .interval: .timespan
    case .array, .int2vector, .oidvector: .array
    case .bytea, .uuid, .json, .jsonb, .xid, .aclitem, .aggregateState: .user
    case .char, .pgNodeTree: .internal
    case .record, .void: .pseudo
    case .unknown: .unknown
    }
  }

  /// `pg_type.typispreferred`.
  var isPreferred: Bool {
    switch self {
    case .bool, .float8, .oid, .text, .timestamptz, .interval: true
    default: false
    }
  }

  /// Whether ORDER BY, DISTINCT and GROUP BY have an operator to go by.
  var isOrdered: Bool {
    switch self {
    case .json, .xid, .aclitem, .pgNodeTree, .aggregateState, .void: false
    case .array(let element): element.isOrdered
    default: true
    }
  }
  var isEquatable: Bool { self == .xid || self == .aclitem || isOrdered }
}
