// Expression owns the forms of scalar expressions, as PostgreSQL 15's grammar has them.

/// One expression node. Children are identifiers of the same arena.
public struct Expression: Sendable {
  public var kind: Kind
  private var characters: UInt32

  public init(_ kind: Kind, position: Int? = nil) {
    self.kind = kind
    self.characters = position.flatMap { UInt32(exactly: $0) } ?? 0
  }

  /// One-based character position in the source text; nil when the grammar gives none.
  public var position: Int? { characters == 0 ? nil : Int(characters) }

  public enum Kind: Sendable {
    /// `a`, `t.a`, `s.t.a`, `*`, `t.*`.
    case column(names: [String], isStar: Bool)
    case constant(Constant)
    /// `$n`, from 1.
    case parameter(Int)
    /// A binary operator, or a prefix one without a left operand.
    indirect case `operator`(OperatorName, left: ExprID?, right: ExprID)
    /// A long run of left-associative binary operators (`a + b - c ...`, more than `operatorChainThreshold` links),
    /// applied from left to right: `first`, then each link's operator with its operand on the right.
    indirect case operatorChain(first: ExprID, links: [OperatorLink])
    /// Two or more operands; chains are flattened.
    case and([ExprID])
    case or([ExprID])
    case not(ExprID)
    /// `left op ANY (array)`, or ALL.
    indirect case quantified(OperatorName, left: ExprID, array: ExprID, isAll: Bool)
    /// `operand [NOT] IN (list)`; the list is not empty.
    indirect case inList(operand: ExprID, list: [ExprID], isNegated: Bool)
    indirect case match(PatternMatch)
    indirect case between(Between)
    /// `left IS [NOT] DISTINCT FROM right`; `isNegated` is NOT.
    indirect case distinct(left: ExprID, right: ExprID, isNegated: Bool)
    case nullIf(ExprID, ExprID)
    /// `IS [NOT] NULL`.
    case nullTest(ExprID, isNegated: Bool)
    case booleanTest(ExprID, BooleanTest)
    indirect case cast(ExprID, TypeName)
    indirect case function(FunctionCall)
    indirect case `case`(CaseExpression)
    case coalesce([ExprID])
    case greatest([ExprID])
    case least([ExprID])
    indirect case subquery(Subquery)
    /// `ARRAY[...]`.
    case array([ExprID])
    /// `ROW(...)`, or without the word ROW.
    case row([ExprID], isExplicit: Bool)
    /// `(base).field`, `(base).*`, `base[1]`, `base[1:2]`.
    indirect case indirection(ExprID, [IndirectionStep])
    case collate(ExprID, names: [String])
    /// `CURRENT_TIMESTAMP` and its kin, with the precision where one is given.
    case sqlValue(SQLValue, precision: Int?)
    case grouping([ExprID])
    /// The word DEFAULT in VALUES or SET.
    case `default`
  }

  /// Left-associative runs longer than this become `operatorChain`; shorter ones stay nested `operator`s.
  public static let operatorChainThreshold = 32
}

/// A literal.
public enum Constant: Sendable, Hashable {
  case null
  case boolean(Bool)
  /// A whole number of 64 bits: integer when it fits 32 bits, else bigint. A leading minus is folded in.
  case integer(Int64)
  /// Any other number, as written.
  case numeric(String)
  case string(String)
  /// `b101` or `x1F`, with the leading letter.
  case bitString(String)
}

/// One link of an operator chain.
public struct OperatorLink: Sendable {
  public var name: OperatorName
  public var operand: ExprID
  public var position: Int?

  public init(name: OperatorName, operand: ExprID, position: Int? = nil) {
    self.name = name
    self.operand = operand
    self.position = position
  }
}

/// `operand [NOT] LIKE pattern [ESCAPE escape]`, ILIKE, SIMILAR TO.
public struct PatternMatch: Sendable {
  public enum Form: String, Sendable { case like = "LIKE", caseInsensitiveLike = "ILIKE", similar = "SIMILAR TO" }
  public var form: Form
  public var operand: ExprID
  public var pattern: ExprID
  public var escape: ExprID?
  public var isNegated: Bool
}

/// `operand [NOT] BETWEEN [SYMMETRIC] low AND high`.
public struct Between: Sendable {
  public var operand: ExprID
  public var low: ExprID
  public var high: ExprID
  public var isNegated: Bool
  public var isSymmetric: Bool
}

public enum BooleanTest: String, Sendable {
  case isTrue = "IS TRUE"
  case isNotTrue = "IS NOT TRUE"
  case isFalse = "IS FALSE"
  case isNotFalse = "IS NOT FALSE"
  case isUnknown = "IS UNKNOWN"
  case isNotUnknown = "IS NOT UNKNOWN"
}

/// A call of a function, aggregate or window function.
public struct FunctionCall: Sendable {
  /// Qualifiers first; the last is the function's own name.
  public var names: [String]
  public var arguments: [FunctionArgument] = []
  /// `f(*)`.
  public var isStar = false
  public var isDistinct = false
  /// The last argument is VARIADIC.
  public var isVariadic = false
  /// ORDER BY within the call, or WITHIN GROUP's.
  public var orderBy: [SortItem] = []
  public var isWithinGroup = false
  public var filter: ExprID?
  public var over: WindowReference?
  /// Spelled as SQL syntax (`EXTRACT(... FROM ...)`, `AT TIME ZONE`): the name is `pg_catalog.` something.
  public var isSQLSyntax = false

  public init(names: [String], arguments: [FunctionArgument] = []) {
    self.names = names
    self.arguments = arguments
  }

  public var name: String { names.last ?? "" }
  public var schema: String? { names.count > 1 ? names[names.count - 2] : nil }
}

public struct FunctionArgument: Sendable {
  /// Of `name => value`.
  public var name: String?
  public var value: ExprID
  public var position: Int?

  public init(name: String? = nil, value: ExprID, position: Int? = nil) {
    self.name = name
    self.value = value
    self.position = position
  }
}

/// CASE, with an operand or searched.
public struct CaseExpression: Sendable {
  public struct Branch: Sendable {
    public var condition: ExprID
    public var result: ExprID
  }
  public var operand: ExprID?
  public var branches: [Branch]
  public var otherwise: ExprID?
}

/// A query used as an expression.
public struct Subquery: Sendable {
  public enum Form: Sendable {
    case exists
    /// One column, at most one row.
    case scalar
    /// `ARRAY(SELECT ...)`.
    case array
    /// `test op ANY (SELECT ...)`; IN is `= ANY`.
    case any(test: ExprID, OperatorName)
    case all(test: ExprID, OperatorName)
  }
  public var form: Form
  public var query: QueryID
  /// Spelled IN.
  public var isIn = false
}

public enum IndirectionStep: Sendable {
  case field(String)
  case star
  case index(ExprID)
  case slice(ExprID?, ExprID?)
}

/// Niladic functions with a spelling of their own.
public enum SQLValue: String, Sendable {
  case currentDate = "CURRENT_DATE"
  case currentTime = "CURRENT_TIME"
  case currentTimestamp = "CURRENT_TIMESTAMP"
  case localTime = "LOCALTIME"
  case localTimestamp = "LOCALTIMESTAMP"
  case currentRole = "CURRENT_ROLE"
  case currentUser = "CURRENT_USER"
  case user = "USER"
  case sessionUser = "SESSION_USER"
  case currentCatalog = "CURRENT_CATALOG"
  case currentSchema = "CURRENT_SCHEMA"
}

/// An item of ORDER BY.
public struct SortItem: Sendable {
  public enum Direction: Sendable {
    case unspecified, ascending, descending
    case using(OperatorName)
  }
  public enum Nulls: Sendable { case unspecified, first, last }
  public var expression: ExprID
  public var direction: Direction = .unspecified
  public var nulls: Nulls = .unspecified
  public var position: Int?

  /// NULLs come first: said so, or descending without a word on them.
  public var nullsFirst: Bool {
    switch nulls {
    case .first: true
    case .last: false
    case .unspecified: isDescending
    }
  }
  public var isDescending: Bool {
    switch direction {
    case .descending: true
    case .using(let name): name.symbol == ">"
    case .unspecified, .ascending: false
    }
  }
}

/// What follows OVER.
public enum WindowReference: Sendable {
  case named(String, position: Int?)
  case definition(WindowDefinition)
}

/// A window: of a WINDOW clause (with a name) or written after OVER.
public struct WindowDefinition: Sendable {
  public var name: String?
  /// The window that this one copies.
  public var base: String?
  public var partitionBy: [ExprID] = []
  public var orderBy: [SortItem] = []
  public var frame = WindowFrame()
  public var position: Int?
}

public struct WindowFrame: Sendable {
  public enum Mode: String, Sendable { case range = "RANGE", rows = "ROWS", groups = "GROUPS" }
  public enum Bound: Sendable {
    case unboundedPreceding
    case preceding(ExprID)
    case currentRow
    case following(ExprID)
    case unboundedFollowing
  }
  public enum Exclusion: String, Sendable {
    case noOthers = "EXCLUDE NO OTHERS"
    case currentRow = "EXCLUDE CURRENT ROW"
    case group = "EXCLUDE GROUP"
    case ties = "EXCLUDE TIES"
  }
  /// Not written: RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW.
  public var isDefault = true
  public var mode = Mode.range
  public var start = Bound.unboundedPreceding
  public var end = Bound.currentRow
  public var exclusion = Exclusion.noOthers
}
