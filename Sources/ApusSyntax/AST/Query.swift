// Query owns the forms of SELECT, VALUES and set operations, and of what a FROM clause holds.

/// A query with the clauses that any body may carry.
public struct Query: Sendable {
  public enum Body: Sendable {
    indirect case select(Select)
    /// Rows of expressions, all of the first row's length (checked by the binder, as in PostgreSQL).
    case values([[ExprID]])
    /// Applied from left to right: `first`, then each operand; right-deep nesting keeps its own queries.
    indirect case setOperation(first: QueryID, rest: [SetOperand])
  }

  public var body: Body
  public var with: WithClause?
  public var orderBy: [SortItem] = []
  /// LIMIT or FETCH FIRST. LIMIT ALL is the constant NULL.
  public var limit: ExprID?
  public var offset: ExprID?
  /// FETCH FIRST ... WITH TIES.
  public var withTies = false
  public var locking: [LockingClause] = []

  public init(_ body: Body) { self.body = body }
}

public struct SetOperand: Sendable {
  public enum Operation: String, Sendable { case union = "UNION", intersect = "INTERSECT", except = "EXCEPT" }
  public var operation: Operation
  public var isAll: Bool
  public var query: QueryID
}

/// One SELECT core.
public struct Select: Sendable {
  public enum Distinct: Sendable {
    case none
    case all
    case on([ExprID])
  }
  public var distinct = Distinct.none
  public var targets: [Target] = []
  public var from: [FromID] = []
  public var filter: ExprID?
  public var groupBy: [GroupItem] = []
  /// GROUP BY DISTINCT.
  public var groupByIsDistinct = false
  public var having: ExprID?
  public var windows: [WindowDefinition] = []

  public init() {}
}

/// An item of a select list or of RETURNING. `*` is a column expression with `isStar`.
public struct Target: Sendable {
  /// The name after AS; `Arena.outputName(of:)` gives the name of an item without one.
  public var alias: String?
  public var expression: ExprID
  public var position: Int?

  public init(alias: String? = nil, expression: ExprID, position: Int? = nil) {
    self.alias = alias
    self.expression = expression
    self.position = position
  }
}

/// An item of GROUP BY.
public indirect enum GroupItem: Sendable {
  case expression(ExprID)
  /// `()`.
  case empty
  /// A composite element is a `row` expression that is not explicit.
  case rollup([ExprID])
  case cube([ExprID])
  /// GROUPING SETS; composite elements as above.
  case sets([GroupItem])
}

public struct WithClause: Sendable {
  public var isRecursive: Bool
  public var tables: [CommonTable]
  public var position: Int?
}

/// One common table expression.
public struct CommonTable: Sendable {
  public enum Body: Sendable {
    case query(QueryID)
    /// INSERT, UPDATE or DELETE.
    case statement(StatementID)
  }
  public enum Materialized: Sendable { case unspecified, always, never }
  public var name: String
  public var columns: [String]
  public var body: Body
  public var materialized: Materialized
  /// SEARCH or CYCLE is given (not supported yet, kept so that it can be refused).
  public var hasSearchOrCycle: Bool
  public var position: Int?
}

public struct LockingClause: Sendable {
  public enum Strength: String, Sendable {
    case keyShare = "FOR KEY SHARE"
    case share = "FOR SHARE"
    case noKeyUpdate = "FOR NO KEY UPDATE"
    case update = "FOR UPDATE"
  }
  public enum Wait: Sendable { case block, skipLocked, noWait }
  public var strength: Strength
  public var relations: [QualifiedName]
  public var wait: Wait
}

/// `AS name (columns)`.
public struct Alias: Sendable, Hashable {
  public var name: String
  public var columns: [String]

  public init(name: String, columns: [String] = []) {
    self.name = name
    self.columns = columns
  }
}

/// An item of a FROM clause.
public struct FromItem: Sendable {
  public enum Kind: Sendable {
    /// A table, view or common table. `includesDescendants` is false after ONLY.
    indirect case relation(QualifiedName, includesDescendants: Bool)
    case subquery(QueryID, isLateral: Bool)
    indirect case function(RangeFunction)
    indirect case join(Join)
    indirect case tableSample(TableSample)
  }
  public var kind: Kind
  public var alias: Alias?
  public var position: Int?

  public init(_ kind: Kind, alias: Alias? = nil, position: Int? = nil) {
    self.kind = kind
    self.alias = alias
    self.position = position
  }
}

/// A function in FROM, or several (ROWS FROM).
public struct RangeFunction: Sendable {
  public struct Item: Sendable {
    /// A function call, or a `sqlValue`, `cast` or other form that the grammar allows there.
    public var call: ExprID
    public var columns: [ColumnDefinition]
  }
  public var functions: [Item]
  public var isLateral: Bool
  public var withOrdinality: Bool
  /// Written ROWS FROM (...).
  public var isRowsFrom: Bool
  /// The column definition list after the alias.
  public var columns: [ColumnDefinition]
}

public struct Join: Sendable {
  public enum Kind: String, Sendable { case inner = "INNER", left = "LEFT", right = "RIGHT", full = "FULL" }
  /// CROSS JOIN is an inner join without condition, USING and NATURAL.
  public var kind: Kind
  public var left: FromID
  public var right: FromID
  public var isNatural: Bool
  public var using: [String]
  /// `USING (...) AS alias`.
  public var usingAlias: Alias?
  public var condition: ExprID?
}

public struct TableSample: Sendable {
  public var item: FromID
  public var method: [String]
  public var arguments: [ExprID]
  public var repeatable: ExprID?
}
