// RollupTable owns the contract between plans and rollups: what a rollup holds of its base table, and where.

public import ApusBase
public import ApusColumns
public import ApusFunctions

/// A measure of a rollup: an aggregate over the base table's rows, kept as states.
public struct RollupMeasure: Sendable {
  /// Its arguments, its filter are over `RollupDefinition.columns`.
  public var call: AggregateCall
  public var stored: StoredAggregate

  public init(call: AggregateCall, stored: StoredAggregate) {
    self.call = call
    self.stored = stored
  }
}

/// What a rollup keeps, in the terms of its base table: the optimised form of its SELECT, so that equal expressions of
/// queries, optimised likewise, are equal to its own.
public struct RollupDefinition: Sendable {
  /// What of the base table the expressions refer to, by index.
  public var columns: [ColumnReference]
  /// Conjuncts: only rows for which all are true count.
  public var filters: [Expression]
  /// The bucket and the dimensions.
  public var groupings: [Expression]
  /// Which of the groupings is the bucket: a `time_bucket` of the base table's time column.
  public var bucket: Int
  /// Grouping sets, as indexes of groupings; at least one, and the bucket is in each.
  public var sets: [[Int]]
  public var measures: [RollupMeasure]
  /// The columns of the rollup as a relation: what the SELECT gives, in its order.
  public var outputs: [Output]

  public struct Output: Sendable {
    public enum Source: Hashable, Sendable { case grouping(Int), measure(Int) }
    public var field: Field
    public var source: Source
    public init(field: Field, source: Source) {
      self.field = field
      self.source = source
    }
  }

  public init(
    columns: [ColumnReference], filters: [Expression], groupings: [Expression], bucket: Int, sets: [[Int]],
    measures: [RollupMeasure], outputs: [Output]
  ) {
    self.columns = columns
    self.filters = filters
    self.groupings = groupings
    self.bucket = bucket
    self.sets = sets
    self.measures = measures
    self.outputs = outputs
  }

  // MARK: The columns of stored partials

  /// The column that tells the grouping set, an index of `sets`, as int2.
  public static let setColumn = ColumnReference(column: ColumnID(1), type: .int2)

  /// The column of a grouping; null in partials of sets without it.
  public func groupingColumn(_ index: Int) -> ColumnReference {
    ColumnReference(column: ColumnID(UInt32(truncatingIfNeeded: 2 + index)), type: groupings[index].type)
  }

  /// The column of a measure's states.
  public func measureColumn(_ index: Int) -> ColumnReference {
    ColumnReference(
      column: ColumnID(UInt32(truncatingIfNeeded: 2 + groupings.count + index)), type: measures[index].stored.type)
  }
}

/// A rollup as of one snapshot. Its partials count each base row once: those of memtables and of partitions that are
/// to be recomputed are in no partial, all others are.
public protocol RollupTable: AnyObject, Sendable {
  var schema: String { get }
  var name: String { get }
  var oid: OID { get }
  var definition: RollupDefinition { get }

  /// Every partial that counts, with the columns of `RollupDefinition`; those of expired base rows too. Several may
  /// have one key. The schema's name is the rollup's.
  var partials: any TableProvider { get }
  /// The base table's rows that `partials` do not count.
  var uncounted: any TableProvider { get }

  /// For rewriting queries on the base table: the partials of partitions whose rows are wholly in the base table.
  var presentPartials: any TableProvider { get }
  /// The base table's rows that `presentPartials` count.
  var presentCounted: any TableProvider { get }
  /// The base table's other rows.
  var presentUncounted: any TableProvider { get }
  /// Whether `partials` count rows that the base table no longer has.
  var hasHistory: Bool { get }
}
