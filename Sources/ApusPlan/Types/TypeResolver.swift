// TypeResolver owns the way from a type as written to a type with its modifier.

public import ApusBase
public import ApusColumns
public import ApusSyntax

public enum TypeResolver {
  /// The type that `name` means. Errors: 42704 for an unknown type, 22023 for a bad modifier, 0A000 for what is not
  /// supported (serial, %TYPE, multidimensional arrays, ...).
  public static func resolve(_ name: TypeName, in arena: Arena) throws(ApusError) -> TypeReference {
    let position = name.position
    if name.isSetOf { throw .unsupported("SETOF is", position: position) }
    if name.isColumnType { throw .unsupported("%TYPE is", position: position) }
    var base = name.name
    var dimensions = name.arrayBounds.count
    if base.hasPrefix("_"), byName[base] == nil, byName[String(base.dropFirst())] != nil {
      base.removeFirst()
      dimensions += 1
    }
    guard isBuiltIn(schema: name.schema), let type = byName[base] else { throw unknownType(name) }
    let modifier = try modifier(of: type, name, in: arena)
    if dimensions == 0 { return TypeReference(type, modifier: modifier) }
    switch type {
    case .void, .unknown, .record, .int2vector, .oidvector, .pgNodeTree:
      throw ApusError(
        .undefinedObject, "type \"\(name.names.joined(separator: "."))[]\" does not exist", position: position)
    default: return TypeReference(.array(type), modifier: modifier)
    }
  }

  /// The type of that name alone (`int4`, `timestamptz`), as functions named like types need it.
  static func named(_ name: String) -> DataType? { byName[name] }

  private static func isBuiltIn(schema: String?) -> Bool { schema == nil || schema == "pg_catalog" }

  private static let byName: [String: DataType] = {
    var map: [String: DataType] = [:]
    for type in DataType.all { map[type.catalogName] = type }
    map["apus_state"] = .aggregateState
    map["pg_node_tree"] = .pgNodeTree
    return map
  }()

  /// Types of PostgreSQL that are not there yet: an error that says so, rather than that they do not exist.
  private static let missing: Set<String> = [
    "serial", "bigserial", "smallserial", "serial2", "serial4", "serial8", "money", "bit", "varbit", "timetz", "xml",
    "point", "line", "lseg", "box", "path", "polygon", "circle", "cidr", "inet", "macaddr", "macaddr8", "tsvector",
    "tsquery", "int4range", "int8range", "numrange", "tsrange", "tstzrange", "daterange", "int4multirange",
    "int8multirange", "nummultirange", "tsmultirange", "tstzmultirange", "datemultirange", "jsonpath", "cid", "tid",
    "xid8", "pg_lsn", "regconfig", "regdictionary", "txid_snapshot", "pg_snapshot", "refcursor", "cstring", "any",
    "anyelement", "anyarray",
  ]

  private static func unknownType(_ name: TypeName) -> ApusError {
    if isBuiltIn(schema: name.schema), missing.contains(name.name) {
      return .unsupported("type \(name.name) is", position: name.position)
    }
    let shown = name.names.joined(separator: ".") + String(repeating: "[]", count: min(name.arrayBounds.count, 1))
    return ApusError(.undefinedObject, "type \"\(shown)\" does not exist", position: name.position)
  }

  private static func modifier(of type: DataType, _ name: TypeName, in arena: Arena) throws(ApusError) -> Int32 {
    if name.modifiers.isEmpty { return -1 }
    var numbers: [Int64] = []
    for id in name.modifiers {
      guard case .constant(.integer(let number)) = arena[id].kind else {
        throw ApusError(
          .invalidParameterValue, "type modifiers must be simple constants or identifiers", position: arena[id].position
        )
      }
      numbers.append(number)
    }
    switch type {
    case .numeric: return try numericModifier(numbers, position: name.position)
    case .varchar, .bpchar: return try lengthModifier(numbers, type, position: name.position)
    case .time, .timestamp, .timestamptz: return try precisionModifier(numbers, type, position: name.position)
    case .interval: return try intervalModifier(numbers, position: name.position)
    default:
      throw ApusError(
        .syntaxError, "type modifier is not allowed for type \"\(name.name)\"", position: name.position)
    }
  }

  private static func numericModifier(_ numbers: [Int64], position: Int?) throws(ApusError) -> Int32 {
    guard numbers.count <= 2 else {
      throw ApusError(.invalidParameterValue, "invalid NUMERIC type modifier", position: position)
    }
    let precision = numbers[0]
    let scale = numbers.count == 2 ? numbers[1] : 0
    guard (1...1000).contains(precision) else {
      throw ApusError(
        .invalidParameterValue, "NUMERIC precision \(precision) must be between 1 and 1000", position: position)
    }
    guard (-1000...1000).contains(scale) else {
      throw ApusError(
        .invalidParameterValue, "NUMERIC scale \(scale) must be between -1000 and 1000", position: position)
    }
    return Int32(truncatingIfNeeded: ((precision << 16) | (scale & 0x7ff)) + 4)
  }

  private static func lengthModifier(
    _ numbers: [Int64], _ type: DataType, position: Int?
  ) throws(ApusError) -> Int32 {
    let word = type == .varchar ? "varchar" : "char"
    guard numbers.count == 1 else {
      throw ApusError(.invalidParameterValue, "invalid type modifier", position: position)
    }
    guard numbers[0] >= 1 else {
      throw ApusError(.invalidParameterValue, "length for type \(word) must be at least 1", position: position)
    }
    guard numbers[0] <= 10_485_760 else {
      throw ApusError(.invalidParameterValue, "length for type \(word) cannot exceed 10485760", position: position)
    }
    return Int32(truncatingIfNeeded: numbers[0] + 4)
  }

  private static func precisionModifier(
    _ numbers: [Int64], _ type: DataType, position: Int?
  ) throws(ApusError) -> Int32 {
    guard numbers.count == 1 else {
      throw ApusError(.invalidParameterValue, "invalid type modifier", position: position)
    }
    let word = type == .time ? "TIME" : "TIMESTAMP"
    let zone = type == .timestamptz ? " WITH TIME ZONE" : ""
    guard numbers[0] >= 0 else {
      throw ApusError(
        .invalidParameterValue, "\(word)(\(numbers[0]))\(zone) precision must not be negative", position: position)
    }
    // PostgreSQL reduces a larger precision to 6 with a warning.
    return Int32(truncatingIfNeeded: min(numbers[0], 6))
  }

  private static func intervalModifier(_ numbers: [Int64], position: Int?) throws(ApusError) -> Int32 {
    guard numbers.count <= 2, let fields = numbers.first, (0...0x7fff).contains(fields) else {
      throw ApusError(.invalidParameterValue, "invalid INTERVAL type modifier", position: position)
    }
    let precision = numbers.count == 2 ? min(max(numbers[1], 0), 6) : 0xffff
    return Int32(truncatingIfNeeded: (fields << 16) | precision)
  }
}
