// CommitParticipant owns the seam by which others add segments to a flush: rollups, which must be committed with the
// rows
// they count.

public import ApusBase
public import ApusColumns

/// Rows on their way from a memtable to a segment.
public struct SealedRows: Sendable {
  public var table: TableDefinition
  public var partition: PartitionKey
  /// One vector for each of `columns`, in the segment's order.
  public var columns: [ColumnID]
  public var rows: Batch
  /// The commits they come from.
  public var minimumLSN: LSN
  public var maximumLSN: LSN
}

/// Rows of another table that are committed together with the sealed ones.
public struct DerivedRows: Sendable {
  public var table: TableID
  /// One vector for each stored column of the table, in their order.
  public var rows: Batch

  public init(table: TableID, rows: Batch) {
    self.table = table
    self.rows = rows
  }
}

/// Whoever derives rows from flushed ones. Called from the flushing thread, once for every sealed partition; a call
/// that
/// throws stops the flush, which is tried again.
public protocol CommitParticipant: AnyObject, Sendable {
  /// Rows to be committed with `sealed`, in the same catalog transaction.
  func derive(from sealed: SealedRows) throws(ApusError) -> [DerivedRows]
  /// Several derived batches for one partition of `table`, as one: states of equal keys merged.
  func merge(_ batches: [Batch], of table: TableDefinition) throws(ApusError) -> Batch
  /// Whether it derives rows from this table: then its rows cannot be deleted.
  func derives(from table: TableID) -> Bool
  /// Whether it holds what it derives from this partition, so that retention may drop it.
  func holds(_ partition: PartitionKey, of table: TableID) -> Bool
}

/// Who does not say is taken to need every row.
extension CommitParticipant {
  public func derives(from table: TableID) -> Bool { true }
  public func holds(_ partition: PartitionKey, of table: TableID) -> Bool { false }
}
