// LogicalPlan owns the tree of relational operators between the binder and the executor.

public import ApusBase
public import ApusColumns
public import ApusFunctions

/// One output column of a plan.
public struct Field: Hashable, Sendable {
  public var name: String
  public var type: DataType
  /// `atttypmod` of the column it comes from, or -1.
  public var modifier: Int32
  /// The table column it is, for RowDescription: 0 when it is computed.
  public var tableOID: OID
  public var columnNumber: Int16
  /// Of a record: its fields, where they are known.
  public var recordFields: [Field] = []

  public init(
    _ name: String, _ type: DataType, modifier: Int32 = -1, tableOID: OID = 0, columnNumber: Int16 = 0
  ) {
    self.name = name
    self.type = type
    self.modifier = modifier
    self.tableOID = tableOID
    self.columnNumber = columnNumber
  }
}

public struct SortKey: Hashable, Sendable {
  public var expression: Expression
  public var descending: Bool
  public var nullsFirst: Bool
  public init(_ expression: Expression, descending: Bool, nullsFirst: Bool) {
    self.expression = expression
    self.descending = descending
    self.nullsFirst = nullsFirst
  }
}

/// One aggregate of an aggregation.
public struct AggregateCall: Hashable, Sendable {
  public var function: AggregateFunction
  public var arguments: [Expression]
  public var isDistinct: Bool
  public var filter: Expression?
  /// ORDER BY inside the call, or WITHIN GROUP.
  public var order: [SortKey]
  public var type: DataType

  public init(
    function: AggregateFunction, arguments: [Expression], isDistinct: Bool = false, filter: Expression? = nil,
    order: [SortKey] = [], type: DataType
  ) {
    self.function = function
    self.arguments = arguments
    self.isDistinct = isDistinct
    self.filter = filter
    self.order = order
    self.type = type
  }
}

public enum JoinKind: Hashable, Sendable { case inner, left, right, full, semi, anti }
public enum SetOperation: Hashable, Sendable { case union, intersect, except }

/// A relational operator. Expressions refer to the columns of the operator's input by index; a join's input is left's
/// columns followed by right's. Chains (UNION of thousands) are n-ary so that depth stays bounded.
public indirect enum LogicalPlan: Sendable {
  /// Output: one column per entry of `scan.columns`.
  case scan(ScanNode)
  /// Rows of expressions without input columns. `[[]]` is the one row of a SELECT without FROM.
  case values(rows: [[Expression]], fields: [Field])
  case filter(LogicalPlan, Expression)
  case project(LogicalPlan, [Expression], fields: [Field])
  /// Output: the groupings, then the aggregates. `sets` (grouping sets) hold indexes of groupings; nil is the one set
  /// of all of them. No grouping and `sets` nil: one row even for no input.
  case aggregate(LogicalPlan, groupings: [Expression], sets: [[Int]]?, aggregates: [AggregateCall], fields: [Field])
  /// `limit` keeps only the first rows (top-N): limit + offset as constants, when known.
  case sort(LogicalPlan, [SortKey], limit: Int?)
  /// Expressions without input columns, of type int8; null means none.
  case limit(LogicalPlan, limit: Expression?, offset: Expression?)
  /// Distinct rows; with `on`, the first row for each value of these expressions (input is sorted by them).
  case distinct(LogicalPlan, on: [Expression]?)
  case join(LogicalPlan, LogicalPlan, JoinKind, condition: Expression?)
  /// Right side may refer to the left's columns as `.outer(level: 1, ...)`.
  case lateral(LogicalPlan, LogicalPlan, JoinKind, condition: Expression?)
  case setOperation([LogicalPlan], SetOperation, all: Bool, fields: [Field])
  /// A set-returning function in FROM. `ordinality` adds an int8 column.
  case tableFunction(TableFunction, [Expression], ordinality: Bool, fields: [Field])
  /// Set-returning functions in a target list: the input's columns, then one column per function; the functions of a
  /// row run in step, shorter ones padded with nulls.
  case projectSet(LogicalPlan, [(function: TableFunction, arguments: [Expression])], fields: [Field])
  /// Calls with OVER: the input's columns, then one column a call. The order of rows is free.
  case window(LogicalPlan, [WindowSpec], [WindowCall], fields: [Field])
  /// WITH RECURSIVE: the rows of `base`, then those of `step` over the rows of the round before, which it reads as
  /// `.working` of the same identity, until a round gives none. Without `all` no row comes twice.
  case recursive(base: LogicalPlan, step: LogicalPlan, identity: Int, all: Bool, fields: [Field])
  /// The rows of the round before.
  case working(identity: Int, fields: [Field])
  /// Rows of an aggregation by time with the missing ones added: the input's columns, then one column a call of the
  /// gap filling. In the order of the keys, then of time.
  case gapFill(LogicalPlan, GapFill, fields: [Field])
}

/// A scan of a table.
public struct ScanNode: Sendable {
  public var table: any TableProvider
  /// What the scan reads, in output order: only what the query needs. A path wanted as a type that its text is cast to
  /// may raise an error for a row that the filters exclude: that error must not surface (read the path as text then,
  /// and cast the rows that are left).
  public var columns: [ColumnReference]
  public var fields: [Field]
  /// Conjuncts over the scan's output that the provider may use to skip rows, and the scan must apply unless the
  /// provider answered `.exact` for them.
  public var filters: [Expression]
  /// Columns at the end of `columns` that only `filters` need: the scan does not output them. Their count.
  public var filterOnlyColumns: Int
  /// No more than these first rows are needed; counted after the filters.
  public var limit: Int?
  /// What the provider answered to these filters and this limit, and to the aggregation right above the scan, if there
  /// is one. nil: not asked.
  public var pushdown: ScanCapability?

  public init(
    table: any TableProvider, columns: [ColumnReference], fields: [Field], filters: [Expression] = [],
    filterOnlyColumns: Int = 0, limit: Int? = nil
  ) {
    self.table = table
    self.columns = columns
    self.fields = fields
    self.filters = filters
    self.filterOnlyColumns = filterOnlyColumns
    self.limit = limit
  }
}

extension LogicalPlan {
  /// The output columns.
  public var fields: [Field] {
    switch self {
    case .scan(let scan): Array(scan.fields.dropLast(scan.filterOnlyColumns))
    case .values(_, let fields), .project(_, _, let fields), .aggregate(_, _, _, _, let fields),
      .setOperation(_, _, _, let fields), .tableFunction(_, _, _, let fields), .projectSet(_, _, let fields),
      .window(_, _, _, let fields), .recursive(_, _, _, _, let fields), .working(_, let fields),
      .gapFill(_, _, let fields):
      fields
    case .filter(let input, _), .sort(let input, _, _), .limit(let input, _, _), .distinct(let input, _): input.fields
    case .join(let left, let right, let kind, _), .lateral(let left, let right, let kind, _):
      kind == .semi || kind == .anti ? left.fields : left.fields + right.fields
    }
  }
}
