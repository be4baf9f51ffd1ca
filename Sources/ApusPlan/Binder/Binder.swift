// Binder owns the way from parsed statements to logical plans: the public entry points and what they return.

public import ApusBase
public import ApusColumns
import ApusFunctions
public import ApusSyntax

/// A query with names resolved and types decided. Its plan is not optimised yet: `Optimiser` does that at execution,
/// when parameters and the time are known.
public struct BoundQuery: Sendable {
  public var plan: LogicalPlan
  public var fields: [Field]
  /// The types of `$1...`, given or inferred.
  public var parameterTypes: [DataType]

  public init(plan: LogicalPlan, fields: [Field], parameterTypes: [DataType]) {
    self.plan = plan
    self.fields = fields
    self.parameterTypes = parameterTypes
  }
}

/// RETURNING: expressions over one row of stored columns.
public struct BoundReturning: Sendable {
  public var expressions: [Expression]
  public var fields: [Field]
}

public struct BoundInsert: Sendable {
  public var table: any TableProvider
  /// The columns that the plan gives, in order: every column of the table that is stored (not generated).
  public var columns: [TableColumn]
  /// Values are cast to the columns' types and defaults are filled in; NOT NULL is left to the executor.
  public var plan: LogicalPlan
  /// Over the plan's columns.
  public var returning: BoundReturning?
  /// The columns that ON CONFLICT DO NOTHING names: none where it names none; nil without the clause.
  public var conflictColumns: [String]?
  public var parameterTypes: [DataType]
}

/// COPY table (columns): what each field of a line is for.
public struct BoundCopy: Sendable {
  public var table: any TableProvider
  /// The columns of the text, in its order.
  public var columns: [TableColumn]
  /// Every other stored column with its default (the null literal when it has none).
  public var defaults: [(column: TableColumn, value: Expression)]
}

/// Binds statements. All errors are PostgreSQL's: SQLSTATE, message, position and, where it gives one, the hint.
public enum Binder {
  /// Binds a query of `statement`. `parameterTypes` are those the client gave; the others are inferred, `text` where
  /// nothing decides.
  public static func bind(
    query: QueryID, in statement: ParsedStatement, catalog: any BinderCatalog, parameterTypes: [DataType?] = []
  ) throws(ApusError) -> BoundQuery {
    try wrapping {
      let binding = Binding(arena: statement.arena, catalog: catalog, parameterTypes: parameterTypes)
      let bound = try binding.query(query, parent: nil, tables: nil, resolvesUnknown: true)
      return BoundQuery(
        plan: bound.plan, fields: bound.fields,
        parameterTypes: binding.finishedParameterTypes(count: statement.parameterCount))
    }
  }

  /// Binds INSERT ... VALUES, SELECT or DEFAULT VALUES.
  public static func bind(
    insert: Insert, in statement: ParsedStatement, catalog: any BinderCatalog, parameterTypes: [DataType?] = []
  ) throws(ApusError) -> BoundInsert {
    try wrapping {
      let binding = Binding(arena: statement.arena, catalog: catalog, parameterTypes: parameterTypes)
      var bound = try binding.insert(insert)
      bound.parameterTypes = binding.finishedParameterTypes(count: statement.parameterCount)
      return bound
    }
  }

  /// Checks COPY's table and column list. For COPY FROM, generated columns are refused.
  public static func bind(
    copy: QualifiedName, columns: [String], isFrom: Bool, catalog: any BinderCatalog
  ) throws(ApusError) -> BoundCopy {
    try wrapping {
      try Binding(arena: Arena(), catalog: catalog, parameterTypes: []).copy(copy, columns: columns, isFrom: isFrom)
    }
  }

  /// Binds an expression's own text over `columns` (indices are places among the stored ones; generated ones are
  /// expanded over the others): defaults (no columns), generated columns, filters of policies. With `type` the result
  /// is cast to it by assignment, `name` being the column that errors speak of.
  public static func bindExpression(
    _ text: String, columns: [TableColumn], table: String? = nil, as type: TypeReference? = nil, name: String = "",
    catalog: any BinderCatalog
  ) throws(ApusError) -> Expression {
    try wrapping {
      let parsed = try Parser.parseExpression(text)
      let binding = Binding(arena: parsed.arena, catalog: catalog, parameterTypes: [])
      return try binding.standalone(parsed.root, columns: columns, table: table, type: type, name: name)
    }
  }

  static func wrapping<T>(_ body: () throws -> T) throws(ApusError) -> T {
    do { return try body() } catch { throw ApusError.wrapping(error) }
  }
}
