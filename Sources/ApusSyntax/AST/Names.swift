// Names owns the names that statements use: of relations, types, operators and roles, with their places in the text.

/// A name with up to two qualifiers.
public struct QualifiedName: Hashable, Sendable, CustomStringConvertible {
  public var catalog: String?
  public var schema: String?
  public var name: String
  /// One-based character position in the source text.
  public var position: Int?

  public init(catalog: String? = nil, schema: String? = nil, name: String, position: Int? = nil) {
    self.catalog = catalog
    self.schema = schema
    self.name = name
    self.position = position
  }

  /// The parts from left to right.
  public var parts: [String] { [catalog, schema, name].compactMap { $0 } }

  /// As PostgreSQL names it in messages: parts joined by dots, unquoted.
  public var description: String { parts.joined(separator: ".") }

  public static func == (a: QualifiedName, b: QualifiedName) -> Bool {
    a.name == b.name && a.schema == b.schema && a.catalog == b.catalog
  }
  public func hash(into hasher: inout Hasher) {
    hasher.combine(catalog)
    hasher.combine(schema)
    hasher.combine(name)
  }
}

/// The name of an operator; `OPERATOR(pg_catalog.~)` has a schema.
public struct OperatorName: Hashable, Sendable, CustomStringConvertible {
  public var schema: String?
  public var symbol: String

  public init(schema: String? = nil, symbol: String) {
    self.schema = schema
    self.symbol = symbol
  }

  public var description: String { schema.map { "\($0).\(symbol)" } ?? symbol }
}

/// A type as written. Built-in spellings arrive as PostgreSQL's grammar makes them: `int` is `pg_catalog.int4`,
/// `varchar(3)` is `pg_catalog.varchar` with one modifier, `text` is plain `text`.
public struct TypeName: Sendable {
  /// Qualifiers first; the last is the type's own name.
  public var names: [String]
  /// Modifiers in parentheses. INTERVAL's fields come as PostgreSQL's mask, then the precision.
  public var modifiers: [ExprID]
  /// One entry a dimension: its bound, or -1.
  public var arrayBounds: [Int]
  public var isSetOf: Bool
  /// `table.column%TYPE`.
  public var isColumnType: Bool
  public var position: Int?

  public init(
    names: [String], modifiers: [ExprID] = [], arrayBounds: [Int] = [], isSetOf: Bool = false,
    isColumnType: Bool = false, position: Int? = nil
  ) {
    self.names = names
    self.modifiers = modifiers
    self.arrayBounds = arrayBounds
    self.isSetOf = isSetOf
    self.isColumnType = isColumnType
    self.position = position
  }

  public var name: String { names.last ?? "" }
  /// The schema, when the name has one.
  public var schema: String? { names.count > 1 ? names[names.count - 2] : nil }
}

/// A role as written.
public enum RoleName: Hashable, Sendable {
  case named(String)
  case currentRole
  case currentUser
  case sessionUser
  case `public`
}

/// `name = value` of a WITH, OPTIONS, EXPLAIN, COPY or role clause.
public struct StatementOption: Sendable {
  public enum Action: Sendable { case none, set, add, drop }

  public indirect enum Value: Sendable {
    case string(String)
    case integer(Int64)
    case numeric(String)
    case boolean(Bool)
    /// A bare word, or several joined by dots, as in `WITH (x = foo)`.
    case word([String])
    case star
    case list([Value])
    case role(RoleName)
    case expression(ExprID)
  }

  /// The part before the dot of `timescaledb.continuous`.
  public var namespace: String?
  public var name: String
  /// nil when the option is only named.
  public var value: Value?
  public var action: Action
  public var position: Int?

  public init(
    namespace: String? = nil, name: String, value: Value? = nil, action: Action = .none, position: Int? = nil
  ) {
    self.namespace = namespace
    self.name = name
    self.value = value
    self.action = action
    self.position = position
  }

  /// The name with its namespace.
  public var qualifiedName: String { namespace.map { "\($0).\(name)" } ?? name }

  /// The value as text (PostgreSQL's `defGetString`); nil when there is none or it is a list.
  public var text: String? { value?.text }

  /// The value as PostgreSQL's `defGetBoolean` reads it: nothing is true; nil when it is not a Boolean.
  public var boolean: Bool? {
    guard let value else { return true }
    switch value {
    case .integer(0): return false
    case .integer(1): return true
    case .boolean(let flag): return flag
    default:
      switch value.text?.lowercased() {
      case "true", "on": return true
      case "false", "off": return false
      default: return nil
      }
    }
  }

  /// The value as a whole number; nil when it is not one.
  public var integer: Int64? {
    switch value {
    case .integer(let number): number
    case .string(let text), .numeric(let text): Int64(text)
    default: nil
    }
  }
}

extension StatementOption.Value {
  /// The value as text; nil for a list or an expression.
  public var text: String? {
    switch self {
    case .string(let text), .numeric(let text): text
    case .integer(let number): String(number)
    case .boolean(let flag): flag ? "true" : "false"
    case .word(let parts): parts.joined(separator: ".")
    case .star: "*"
    case .role(.named(let name)): name
    case .list, .role, .expression: nil
    }
  }
}
