// CommitParticipant owns the seam by which others keep rows that follow from a table's rows: rollups, whose partials
// must be committed with the rows that they count.

public import ApusBase
public import ApusColumns

/// Rows of one partition on their way from a memtable to a segment.
public struct SealedRows: Sendable {
  public var table: TableDefinition
  public var partition: PartitionKey
  /// The rows, in any order, deleted ones marked. They can be read as those of the table's segments.
  public var rowGroups: [any RowGroup]
  /// The commits they come from.
  public var minimumLSN: LSN
  public var maximumLSN: LSN

  public var rowCount: Int { rowGroups.reduce(0) { $0 + $1.rowCount } }
}

/// Rows of a derived table (`TableOptions.derivedFrom`) that are committed together with those they come from.
public struct DerivedRows: Sendable {
  public var table: TableID
  /// One vector for each stored column of the table, in their order.
  public var rows: Batch

  public init(table: TableID, rows: Batch) {
    self.table = table
    self.rows = rows
  }
}

/// What follows from sealed rows.
public struct Derivation: Sendable {
  public var rows: [DerivedRows]
  /// Changes of objects and settings to be committed with them.
  public var changes: [CatalogChange]

  public init(rows: [DerivedRows] = [], changes: [CatalogChange] = []) {
    self.rows = rows
    self.changes = changes
  }
}

/// Whoever derives rows from others. Calls come from the thread that flushes, deletes, compacts or drops, one at a
/// time: no definition changes meanwhile. A call that throws stops that work; a flush is tried again.
public protocol CommitParticipant: AnyObject, Sendable {
  /// What is to be committed with `sealed`, in the same catalog transaction.
  func derive(from sealed: SealedRows) throws(ApusError) -> Derivation
  /// The rows of derived table `table` that stand for those of `batches`, all of one partition: states of equal keys
  /// merged. Called by compaction.
  func merge(_ batches: [Batch], of table: TableDefinition) throws(ApusError) -> Batch
  /// What is to be committed with a delete of rows in these partitions. Throws when the rows must stay.
  func changes(deletingIn partitions: Set<PartitionKey>, of table: TableID) throws(ApusError) -> [CatalogChange]
  /// Whether it holds what it derives from this partition, so that retention may drop it.
  func holds(_ partition: PartitionKey, of table: TableID) -> Bool
  /// Work of its own that is due. Called by the store's keeper every few seconds, outside of all transactions.
  func tend() throws(ApusError)
}

extension CommitParticipant {
  public func tend() throws(ApusError) {}
}
