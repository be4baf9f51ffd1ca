// SegmentDescription owns what a segment is about: its columns, order and place in the table, as its writer is told and
// its reader tells.

public import ApusBase
public import ApusColumns

/// A column as a segment or memtable stores it. Generated columns are not stored.
public struct SegmentColumn: Hashable, Sendable {
  public var id: ColumnID
  public var type: DataType
  /// Whether a filter is stored for chunks whose values repeat too little for a dictionary, so that look-ups of one
  /// value (an event id, a user) skip most row groups. About 10 bits a value.
  public var isFiltered: Bool

  public init(id: ColumnID, type: DataType, isFiltered: Bool = false) {
    self.id = id
    self.type = type
    self.isFiltered = isFiltered
  }
}

/// What a segment holds, apart from its rows.
public struct SegmentDescription: Hashable, Sendable {
  public var table: TableID
  public var partition: PartitionKey
  public var columns: [SegmentColumn]
  /// The columns that the rows are sorted by; empty for arrival order.
  public var orderBy: [ColumnID]
  /// The column whose bounds are the segment's time bounds.
  public var timeColumn: ColumnID?
  public var minimumLSN: LSN
  public var maximumLSN: LSN

  public init(
    table: TableID, partition: PartitionKey, columns: [SegmentColumn], orderBy: [ColumnID] = [],
    timeColumn: ColumnID? = nil, minimumLSN: LSN = .zero, maximumLSN: LSN = .zero
  ) {
    self.table = table
    self.partition = partition
    self.columns = columns
    self.orderBy = orderBy
    self.timeColumn = timeColumn
    self.minimumLSN = minimumLSN
    self.maximumLSN = maximumLSN
  }
}

/// What the catalog keeps of a segment.
public struct SegmentSummary: Hashable, Sendable {
  public var rowCount: Int
  public var byteCount: Int
  /// Bounds of the time column; nil without one, or when all its values are null.
  public var minimumTime: PostgresMicroseconds?
  public var maximumTime: PostgresMicroseconds?

  public init(
    rowCount: Int, byteCount: Int, minimumTime: PostgresMicroseconds?, maximumTime: PostgresMicroseconds?
  ) {
    self.rowCount = rowCount
    self.byteCount = byteCount
    self.minimumTime = minimumTime
    self.maximumTime = maximumTime
  }
}
