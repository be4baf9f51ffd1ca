// Arena owns the nodes of one parsed statement: flat arrays addressed by small indices, so that neither walking nor
// freeing a tree recurses through it.

/// An expression of one arena.
public struct ExprID: Hashable, Sendable {
  public let index: UInt32
  public init(_ index: UInt32) { self.index = index }
}

/// A query (SELECT, VALUES or a set operation) of one arena.
public struct QueryID: Hashable, Sendable {
  public let index: UInt32
  public init(_ index: UInt32) { self.index = index }
}

/// An item of a FROM clause of one arena.
public struct FromID: Hashable, Sendable {
  public let index: UInt32
  public init(_ index: UInt32) { self.index = index }
}

/// A statement of one arena: the root, or one nested in EXPLAIN, PREPARE, COPY, CREATE SCHEMA or a WITH clause.
public struct StatementID: Hashable, Sendable {
  public let index: UInt32
  public init(_ index: UInt32) { self.index = index }
}

/// The nodes of one parsed statement. An identifier is only good for the arena that handed it out (and its copies).
public struct Arena: Sendable {
  public private(set) var expressions: [Expression] = []
  public private(set) var queries: [Query] = []
  public private(set) var fromItems: [FromItem] = []
  public private(set) var statements: [Statement] = []

  public init() {}

  public subscript(id: ExprID) -> Expression {
    get { expressions[Int(id.index)] }
    set { expressions[Int(id.index)] = newValue }
  }
  public subscript(id: QueryID) -> Query {
    get { queries[Int(id.index)] }
    set { queries[Int(id.index)] = newValue }
  }
  public subscript(id: FromID) -> FromItem {
    get { fromItems[Int(id.index)] }
    set { fromItems[Int(id.index)] = newValue }
  }
  public subscript(id: StatementID) -> Statement {
    get { statements[Int(id.index)] }
    set { statements[Int(id.index)] = newValue }
  }

  /// Adds a node. Source texts are bounded far below 2^32 nodes.
  public mutating func add(_ expression: Expression) -> ExprID {
    expressions.append(expression)
    return ExprID(UInt32(truncatingIfNeeded: expressions.count &- 1))
  }
  public mutating func add(_ kind: Expression.Kind, position: Int? = nil) -> ExprID {
    add(Expression(kind, position: position))
  }
  public mutating func add(_ query: Query) -> QueryID {
    queries.append(query)
    return QueryID(UInt32(truncatingIfNeeded: queries.count &- 1))
  }
  public mutating func add(_ item: FromItem) -> FromID {
    fromItems.append(item)
    return FromID(UInt32(truncatingIfNeeded: fromItems.count &- 1))
  }
  public mutating func add(_ statement: Statement) -> StatementID {
    statements.append(statement)
    return StatementID(UInt32(truncatingIfNeeded: statements.count &- 1))
  }
}

/// One statement of a source text.
public struct ParsedStatement: Sendable {
  public var arena: Arena
  public var rootID: StatementID
  /// The highest `$n` of the statement; 0 when it has none.
  public var parameterCount: Int
  /// Where the statement begins in the source text, in UTF-8 bytes, leading blanks and comments left out.
  public var location: Int
  /// Its length in bytes, without the semicolon.
  public var length: Int
  /// The statement's own text.
  public var text: String

  public init(
    arena: Arena, rootID: StatementID, parameterCount: Int = 0, location: Int = 0, length: Int = 0, text: String = ""
  ) {
    self.arena = arena
    self.rootID = rootID
    self.parameterCount = parameterCount
    self.location = location
    self.length = length
    self.text = text
  }

  public var root: Statement { arena[rootID] }
}

/// An expression parsed on its own (a column's default, a generated column, a filter of a retention rule).
public struct ParsedExpression: Sendable {
  public var arena: Arena
  public var root: ExprID
  public var parameterCount: Int

  public init(arena: Arena, root: ExprID, parameterCount: Int = 0) {
    self.arena = arena
    self.root = root
    self.parameterCount = parameterCount
  }
}
