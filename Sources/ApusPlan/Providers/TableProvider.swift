// TableProvider owns the contract between plans and tables of every kind: columnar, virtual, plugin.

public import ApusBase
public import ApusColumns
public import ApusFunctions

/// A column as a table declares it.
public struct TableColumn: Hashable, Sendable {
  public var id: ColumnID
  public var name: String
  public var type: TypeReference
  public var isNotNull: Bool
  /// SQL text of the default, or nil.
  public var defaultText: String?
  /// SQL text of a generated column: it is computed from the others and never stored. The binder expands it.
  public var generatedText: String?

  public init(
    id: ColumnID, name: String, type: TypeReference, isNotNull: Bool = false, defaultText: String? = nil,
    generatedText: String? = nil
  ) {
    self.id = id
    self.name = name
    self.type = type
    self.isNotNull = isNotNull
    self.defaultText = defaultText
    self.generatedText = generatedText
  }
}

public struct TableSchema: Hashable, Sendable {
  public var oid: OID
  public var schema: String
  public var name: String
  /// In order of attnum; the attnum of a column is its `id`.
  public var columns: [TableColumn]

  public init(oid: OID, schema: String, name: String, columns: [TableColumn]) {
    self.oid = oid
    self.schema = schema
    self.name = name
    self.columns = columns
  }
}

/// How far a provider takes over a part of a query.
public enum Pushdown: Hashable, Sendable {
  /// The provider does all of it; the executor does nothing more.
  case exact
  /// The provider may drop rows that cannot match; the executor still does the work.
  case inexact
  case unsupported
}

/// What the planner offers to a provider. Filters are conjuncts over `columns` by index.
public struct ScanRequest: Sendable {
  public var columns: [ColumnReference]
  public var filters: [Expression]
  public var limit: Int?
  public var aggregate: AggregateRequest?
  /// Columns at the end of `columns` that only filters need: not read when the provider applies these exactly.
  public var filterOnlyColumns: Int
  /// What the provider answered before, by which the plan was made.
  public var answered: ScanCapability?

  public init(
    columns: [ColumnReference], filters: [Expression] = [], limit: Int? = nil, aggregate: AggregateRequest? = nil,
    filterOnlyColumns: Int = 0, answered: ScanCapability? = nil
  ) {
    self.columns = columns
    self.filters = filters
    self.limit = limit
    self.aggregate = aggregate
    self.filterOnlyColumns = filterOnlyColumns
    self.answered = answered
  }
}

/// A partial aggregation offered to a provider: it would return groupings and aggregate states.
public struct AggregateRequest: Sendable {
  public var groupings: [Expression]
  public var aggregates: [AggregateCall]
  public init(groupings: [Expression], aggregates: [AggregateCall]) {
    self.groupings = groupings
    self.aggregates = aggregates
  }
}

/// A provider's answer to a request.
public struct ScanCapability: Sendable {
  /// One per filter of the request.
  public var filters: [Pushdown]
  public var limit: Pushdown
  public var aggregate: Pushdown
  public init(filters: [Pushdown], limit: Pushdown, aggregate: Pushdown) {
    self.filters = filters
    self.limit = limit
    self.aggregate = aggregate
  }
}

/// Rows as they come, for providers that are not made of row groups.
public protocol BatchStream: AnyObject, Sendable {
  /// The next rows, with the requested columns in order; nil at the end. Called from one thread at a time.
  func next() throws(ApusError) -> Batch?
  /// From any thread: the running or next call of `next` fails soon.
  func cancel()
  /// The rows of one of its batches, dense, as the scan reads them.
  func rowGroup(_ batch: Batch, columns: [ColumnReference]) -> any RowGroup
}

extension BatchStream {
  public func rowGroup(_ batch: Batch, columns: [ColumnReference]) -> any RowGroup {
    VectorRowGroup(columns: Array(zip(columns, batch.columns)), rowCount: batch.count)
  }
}

/// What a scan yields.
public enum ScanOutput: Sendable {
  /// Independent morsels. The provider has left out those that its filters exclude.
  case rowGroups([any RowGroup])
  case stream(any BatchStream)
  /// Groupings and finished aggregates of an exact aggregate pushdown.
  case aggregated(any BatchStream)
}

/// A table as of one snapshot: the binder gets it from the session, the executor scans it. Immutable.
public protocol TableProvider: AnyObject, Sendable {
  var schema: TableSchema { get }
  /// Rows, when the provider knows without reading; nil otherwise.
  var rowCountEstimate: Int? { get }
  /// Whether its row groups read paths into jsonb columns. When not, they are computed from whole values.
  var readsPaths: Bool { get }
  /// The rollups over this table whose partials may stand in for its rows.
  var rollups: [any RollupTable] { get }
  /// The hidden column of the ids of a text column's values; nil when none are kept. Two rows have one id, from 0 up,
  /// just where they have one value, whichever of the table's columns it is in; the id is null where the value is, and
  /// -1 where the value has no id. It is in no schema, and scans read it like any other.
  func entityColumn(_ column: ColumnID) -> ColumnReference?
  /// Whether a row may have the id -1.
  var hasEntitiesWithoutID: Bool { get }
  func capability(_ request: ScanRequest) -> ScanCapability
  func scan(_ request: ScanRequest, context: EvaluationContext) throws(ApusError) -> ScanOutput
  /// The groups of an aggregation over the request's columns and filters as a table that the provider computes; nil
  /// when it does not.
  func aggregated(_ request: ScanRequest, by aggregation: ScanAggregation) -> AggregatedScan?
  /// What EXPLAIN says of a scan beside its columns and filters.
  func explanation(_ request: ScanRequest) -> ScanExplanation
}

extension TableProvider {
  public func aggregated(_ request: ScanRequest, by aggregation: ScanAggregation) -> AggregatedScan? { nil }
  public func explanation(_ request: ScanRequest) -> ScanExplanation { ScanExplanation() }
}

extension TableProvider {
  public var readsPaths: Bool { true }
  public var rollups: [any RollupTable] { [] }
  public func entityColumn(_ column: ColumnID) -> ColumnReference? { nil }
  public var hasEntitiesWithoutID: Bool { false }
}
