// Converter owns the step from libpg_query's messages to an arena: what all parts of it share. The source messages live
// in memory that the caller frees afterwards, so everything is copied.
import ApusBase
import CPgQuery

typealias Node = UnsafeMutablePointer<PgQuery__Node>
typealias NodeArray = UnsafeMutablePointer<UnsafeMutablePointer<PgQuery__Node>?>
typealias CText = UnsafeMutablePointer<CChar>

/// Converts one statement. Its recursion is bounded by `Limits.expressionDepthMax`.
struct Converter {
  var arena = Arena()
  let source: SourceMap
  var parameterCount = 0
  /// The target of the one INTO that is in its place: that of a SELECT on its own.
  var allowedInto: UnsafeMutablePointer<PgQuery__RangeVar>?
  private(set) var depth = 0

  init(source: SourceMap) {
    self.source = source
  }

  // MARK: depth

  /// Goes `levels` deeper; 54001 beyond the limit. Every call is paired with `leave`.
  mutating func enter(_ levels: Int = 1) throws {
    depth += levels
    if depth > Limits.expressionDepthMax {
      throw ApusError(
        .statementTooComplex, "statement is nested too deeply",
        detail: "Expressions and queries may nest at most \(Limits.expressionDepthMax) levels.")
    }
  }

  mutating func leave(_ levels: Int = 1) { depth -= levels }

  // MARK: lists and texts

  func nodes(_ start: NodeArray?, _ count: Int) -> UnsafeBufferPointer<Node?> {
    UnsafeBufferPointer(start: start, count: start == nil ? 0 : count)
  }

  func text(_ pointer: CText?) -> String {
    guard let pointer else { return "" }
    return String(cString: pointer)
  }

  /// nil for an absent or empty text: the messages do not tell the two apart.
  func optionalText(_ pointer: CText?) -> String? {
    guard let pointer, pointer.pointee != 0 else { return nil }
    return String(cString: pointer)
  }

  /// The text of a String node.
  func string(_ node: Node?) -> String? {
    guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_STRING else { return nil }
    return text(node.pointee.string.pointee.sval)
  }

  /// The texts of a list of String nodes; others are left out.
  func strings(_ start: NodeArray?, _ count: Int) -> [String] {
    nodes(start, count).compactMap { string($0) }
  }

  /// The strings of a List node, or the one of a String node.
  func strings(of node: Node?) -> [String] {
    guard let node else { return [] }
    switch node.pointee.node_case {
    case PG_QUERY__NODE__NODE_LIST:
      guard let list = node.pointee.list else { return [] }
      return strings(list.pointee.items, list.pointee.n_items)
    case PG_QUERY__NODE__NODE_STRING: return string(node).map { [$0] } ?? []
    case PG_QUERY__NODE__NODE_TYPE_NAME:
      guard let name = node.pointee.type_name else { return [] }
      return strings(name.pointee.names, name.pointee.n_names)
    case PG_QUERY__NODE__NODE_OBJECT_WITH_ARGS:
      guard let object = node.pointee.object_with_args else { return [] }
      return strings(object.pointee.objname, object.pointee.n_objname)
    case PG_QUERY__NODE__NODE_RANGE_VAR: return qualifiedName(node.pointee.range_var).parts
    default: return []
    }
  }

  func position(_ location: Int32) -> Int? { source.position(location) }

  // MARK: names

  func qualifiedName(_ variable: UnsafeMutablePointer<PgQuery__RangeVar>?) -> QualifiedName {
    guard let variable else { return QualifiedName(name: "") }
    return QualifiedName(
      catalog: optionalText(variable.pointee.catalogname), schema: optionalText(variable.pointee.schemaname),
      name: text(variable.pointee.relname), position: position(variable.pointee.location))
  }

  /// A qualified name from its parts.
  func qualifiedName(parts: [String], position: Int? = nil) -> QualifiedName {
    QualifiedName(
      catalog: parts.count > 2 ? parts[parts.count - 3] : nil, schema: parts.count > 1 ? parts[parts.count - 2] : nil,
      name: parts.last ?? "", position: position)
  }

  func relations(_ start: NodeArray?, _ count: Int) -> [QualifiedName] {
    nodes(start, count).compactMap { node in
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_RANGE_VAR else { return nil }
      return qualifiedName(node.pointee.range_var)
    }
  }

  func operatorName(_ start: NodeArray?, _ count: Int) -> OperatorName {
    let parts = strings(start, count)
    return OperatorName(schema: parts.count > 1 ? parts[parts.count - 2] : nil, symbol: parts.last ?? "")
  }

  func persistence(_ text: CText?) -> Persistence {
    switch text?.pointee {
    case CChar(UInt8(ascii: "t")): .temporary
    case CChar(UInt8(ascii: "u")): .unlogged
    default: .permanent
    }
  }

  func role(_ spec: UnsafeMutablePointer<PgQuery__RoleSpec>?) -> RoleName? {
    guard let spec else { return nil }
    switch spec.pointee.roletype {
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_ROLE: return .currentRole
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_USER: return .currentUser
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_SESSION_USER: return .sessionUser
    case PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC: return .public
    default: return .named(text(spec.pointee.rolename))
    }
  }

  func roles(_ start: NodeArray?, _ count: Int) -> [RoleName] {
    nodes(start, count).compactMap { node in
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_ROLE_SPEC else { return nil }
      return role(node.pointee.role_spec)
    }
  }

  // MARK: types

  mutating func typeName(_ type: UnsafeMutablePointer<PgQuery__TypeName>?) throws -> TypeName {
    guard let type else { throw ApusError.unexpected("the parser gave no type name") }
    let bounds = nodes(type.pointee.array_bounds, type.pointee.n_array_bounds).map { node -> Int in
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_INTEGER else { return -1 }
      return Int(node.pointee.integer.pointee.ival)
    }
    return TypeName(
      names: strings(type.pointee.names, type.pointee.n_names),
      modifiers: try expressions(type.pointee.typmods, type.pointee.n_typmods), arrayBounds: bounds,
      isSetOf: type.pointee.setof != 0, isColumnType: type.pointee.pct_type != 0,
      position: position(type.pointee.location))
  }

  // MARK: options

  mutating func options(_ start: NodeArray?, _ count: Int) throws -> [StatementOption] {
    try nodes(start, count).compactMap { node in
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_DEF_ELEM else { return nil }
      return try option(node.pointee.def_elem)
    }
  }

  mutating func option(_ element: UnsafeMutablePointer<PgQuery__DefElem>) throws -> StatementOption {
    let action: StatementOption.Action =
      switch element.pointee.defaction {
      case PG_QUERY__DEF_ELEM_ACTION__DEFELEM_SET: .set
      case PG_QUERY__DEF_ELEM_ACTION__DEFELEM_ADD: .add
      case PG_QUERY__DEF_ELEM_ACTION__DEFELEM_DROP: .drop
      default: .none
      }
    return StatementOption(
      namespace: optionalText(element.pointee.defnamespace), name: text(element.pointee.defname),
      value: try element.pointee.arg.map { try optionValue($0) }, action: action,
      position: position(element.pointee.location))
  }

  mutating func optionValue(_ node: Node) throws -> StatementOption.Value {
    try enter()
    defer { leave() }
    switch node.pointee.node_case {
    case PG_QUERY__NODE__NODE_STRING: return .string(text(node.pointee.string.pointee.sval))
    case PG_QUERY__NODE__NODE_INTEGER: return .integer(Int64(node.pointee.integer.pointee.ival))
    case PG_QUERY__NODE__NODE_FLOAT:
      let digits = text(node.pointee.float_.pointee.fval)
      return Int64(digits).map { .integer($0) } ?? .numeric(digits)
    case PG_QUERY__NODE__NODE_BOOLEAN: return .boolean(node.pointee.boolean.pointee.boolval != 0)
    case PG_QUERY__NODE__NODE_A_STAR: return .star
    case PG_QUERY__NODE__NODE_TYPE_NAME:
      guard let name = node.pointee.type_name else { return .word([]) }
      return .word(strings(name.pointee.names, name.pointee.n_names))
    case PG_QUERY__NODE__NODE_LIST:
      guard let list = node.pointee.list else { return .list([]) }
      return .list(
        try nodes(list.pointee.items, list.pointee.n_items).compactMap { try $0.map { try optionValue($0) } })
    case PG_QUERY__NODE__NODE_ROLE_SPEC: return .role(role(node.pointee.role_spec) ?? .public)
    case PG_QUERY__NODE__NODE_DEF_ELEM:
      guard let element = node.pointee.def_elem else { return .list([]) }
      return .list([.string(text(element.pointee.defname))])
    case PG_QUERY__NODE__NODE_A_CONST:
      switch constant(node.pointee.a_const) {
      case .string(let value), .bitString(let value): return .string(value)
      case .integer(let value): return .integer(value)
      case .numeric(let value): return .numeric(value)
      case .boolean(let value): return .boolean(value)
      case .null: return .word(["null"])
      }
    default: return .expression(try expression(node))
    }
  }
}
