// ScanAggregation owns the form in which an aggregation is offered to a provider: groupings and calls that storages
// know, over the columns of a scan.

public import ApusBase
public import ApusColumns

/// Groups by columns and buckets of time; counts, sums and extremes. Columns are indexes into the request's columns.
public struct ScanAggregation: Hashable, Sendable {
  public enum Grouping: Hashable, Sendable {
    case column(Int)
    /// The start of the bucket of a date, timestamp or timestamptz column: of months, or else of microseconds, counted
    /// from `origin` (microseconds since 2000-01-01, in UTC).
    case bucket(column: Int, months: Int32, microseconds: Int64, origin: PostgresMicroseconds)
  }
  public enum Function: String, Hashable, Sendable { case countRows = "count(*)", count, sum, min, max }
  public struct Call: Hashable, Sendable {
    public var function: Function
    /// nil for count(*).
    public var column: Int?
    /// The type of the result: int8 for counts; for sums int8 of int2 and int4, numeric of int8 and numeric.
    public var type: DataType
    public var filter: Expression?
    public init(function: Function, column: Int?, type: DataType, filter: Expression?) {
      self.function = function
      self.column = column
      self.type = type
      self.filter = filter
    }
  }
  public var groupings: [Grouping]
  public var calls: [Call]
  public init(groupings: [Grouping], calls: [Call]) {
    self.groupings = groupings
    self.calls = calls
  }
}

/// What a provider makes of an aggregation.
public struct AggregatedScan: Sendable {
  /// Its columns: the groupings, then the calls, numbered from 1.
  public var table: any TableProvider
  /// One row a group (one row at all without groupings); else rows of one group are to be merged.
  public var isExact: Bool
  public init(table: any TableProvider, isExact: Bool) {
    self.table = table
    self.isExact = isExact
  }
}

/// What EXPLAIN says of a scan.
public struct ScanExplanation: Sendable {
  public var verb: String
  public var details: [(name: String, text: String)]
  public init(verb: String = "Scan", details: [(name: String, text: String)] = []) {
    self.verb = verb
    self.details = details
  }
}
