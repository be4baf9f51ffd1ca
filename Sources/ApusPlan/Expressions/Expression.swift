// Expression owns bound expressions: names are resolved, types are decided, casts are explicit.

public import ApusColumns
public import ApusFunctions

/// A bound scalar expression over the columns of its input plan. Depth is bounded by `Limits.expressionDepthMax`.
public indirect enum Expression: Hashable, Sendable {
  /// Column `index` (from 0) of the input.
  case column(Int, DataType)
  /// A column of an enclosing query's input: `level` 1 is the query just outside.
  case outer(level: Int, index: Int, DataType)
  case literal(Value, DataType)
  /// `$number`, from 1.
  case parameter(Int, DataType)
  /// A function, operator or cast function; a cast's modifier, if any, is a literal argument.
  case call(ScalarFunction, [Expression], DataType)
  /// The same bytes under another type (text as varchar).
  case relabel(Expression, DataType)
  /// An array cast by element.
  case arrayCast(Expression, element: ScalarFunction, DataType)
  case and([Expression])
  case or([Expression])
  case not(Expression)
  case isNull(Expression, negated: Bool)
  case booleanTest(Expression, BooleanTest)
  /// IS [NOT] DISTINCT FROM by the given equality operator.
  case distinctFrom(Expression, Expression, equals: ScalarFunction, negated: Bool)
  /// Searched CASE: the first true condition wins; NULLIF and simple CASE are bound to it.
  case caseWhen([CaseBranch], otherwise: Expression?, DataType)
  case coalesce([Expression], DataType)
  /// GREATEST (or LEAST) by the type's order; nulls are skipped.
  case extremum([Expression], greatest: Bool, DataType)
  /// `operand [NOT] IN (literals)`: all of one type, nulls among them allowed.
  case inList(Expression, [Value], DataType, negated: Bool)
  /// `left op ANY|ALL (array)`.
  case quantified(Expression, ScalarFunction, array: Expression, all: Bool)
  case array([Expression], element: DataType)
  case subscript_(Expression, index: Expression, DataType)
  case slice(Expression, lower: Expression?, upper: Expression?, DataType)
  case row([Expression])
  /// Field `index` (from 0) of a record.
  case field(Expression, index: Int, DataType)
  case subquery(SubqueryExpression)

  public enum BooleanTest: Hashable, Sendable { case isTrue, isNotTrue, isFalse, isNotFalse, isUnknown, isNotUnknown }
}

public struct CaseBranch: Hashable, Sendable {
  public var condition: Expression
  public var result: Expression
  public init(condition: Expression, result: Expression) {
    self.condition = condition
    self.result = result
  }
}

/// A query inside an expression.
public struct SubqueryExpression: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    /// One column; null for no row; 21000 for more than one row.
    case scalar
    case exists
    /// All rows of one column as an array.
    case array
    /// `operands op ANY (query)`: IN is `= ANY`. One operator per column.
    case any([Expression], [ScalarFunction])
    case all([Expression], [ScalarFunction])
  }
  public var kind: Kind
  public var plan: LogicalPlan
  /// Whether the plan refers to columns of the query around it.
  public var isCorrelated: Bool
  public var type: DataType
  /// Tells two subqueries apart in caches: unique within a statement.
  public var identity: Int

  public init(kind: Kind, plan: LogicalPlan, isCorrelated: Bool, type: DataType, identity: Int) {
    self.kind = kind
    self.plan = plan
    self.isCorrelated = isCorrelated
    self.type = type
    self.identity = identity
  }
  public static func == (a: SubqueryExpression, b: SubqueryExpression) -> Bool { a.identity == b.identity }
  public func hash(into hasher: inout Hasher) { hasher.combine(identity) }
}

extension Expression {
  public var type: DataType {
    switch self {
    case .column(_, let type), .outer(_, _, let type), .literal(_, let type), .parameter(_, let type),
      .call(_, _, let type), .relabel(_, let type), .arrayCast(_, _, let type), .caseWhen(_, _, let type),
      .coalesce(_, let type), .extremum(_, _, let type), .subscript_(_, _, let type), .slice(_, _, _, let type),
      .field(_, _, let type):
      type
    case .and, .or, .not, .isNull, .booleanTest, .distinctFrom, .inList, .quantified: .bool
    case .array(_, let element): .array(element)
    case .row: .record
    case .subquery(let query): query.type
    }
  }
}
