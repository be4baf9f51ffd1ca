// MemTable owns the rows of a table, or of one partition of it, that are not in a segment yet.

public import ApusBase
public import ApusColumns

/// Rows in arrival order, append-only, in blocks of 65,536. Appends come one at a time (a lock sees to it); readers see
/// the rows published when they ask, without copies, while appends go on.
public final class MemTable: Sendable {
  public let columns: [SegmentColumn]

  public init(columns: [SegmentColumn]) { self.columns = columns }

  /// Appends the rows of `batch` that count: one vector for each of `columns`, in their order. When this returns they are
  /// published. Cheap for one row, made for thousands.
  public func append(_ batch: Batch, lsn: LSN) throws(ApusError) { throw .unsupported("appending") }

  /// Rows published.
  public var rowCount: Int { 0 }
  /// Memory held.
  public var byteCount: Int { 0 }
  /// The LSNs of the first and the last rows; nil while empty.
  public var bounds: (minimum: LSN, maximum: LSN)? { nil }

  /// The first `rowCount` rows (all, if nil) as row groups.
  public func rowGroups(upTo rowCount: Int? = nil) -> [any RowGroup] { [] }

  /// Every published row, in arrival order, one vector a column; jsonb columns shredded.
  public func allColumns() throws(ApusError) -> (columns: [Vector], rowCount: Int) { ([], 0) }

  /// Every published row sorted by `order`, ready for `SegmentWriter`.
  public func sortedColumns(by order: [ColumnID]) throws(ApusError) -> (columns: [Vector], rowCount: Int) { ([], 0) }
}
