// MemTable owns the rows of a table, or of one partition of it, that are not in a segment yet.

public import ApusBase
public import ApusColumns
import Synchronization

/// Rows in arrival order, append-only, in blocks of at most 65,536. Appends come one at a time (a lock sees to it);
/// readers see the rows published when they ask, without copies, while appends go on.
///
/// Neighbouring small blocks are joined as they come to equal size, so that n rows lie in about log n blocks past the
/// full ones and each row is copied about log n times at the most.
public final class MemTable: Sendable {
  public let columns: [SegmentColumn]

  private struct State {
    var blocks: [RowBlock] = []
    var rowCount = 0
    var byteCount = 0
    var bounds: (minimum: LSN, maximum: LSN)?
  }
  private let state = Mutex(State())

  public init(columns: [SegmentColumn]) { self.columns = columns }

  /// Appends the rows of `batch` that count: one vector for each of `columns`, in their order. When this returns they
  /// are published. Throws 54000 when a block's text passes 2 GiB.
  public func append(_ batch: Batch, lsn: LSN) throws(ApusError) {
    guard batch.columns.count == columns.count else {
      throw .unexpected("a memtable of \(columns.count) columns was given \(batch.columns.count)")
    }
    guard batch.count > 0 else { return }
    let vectors =
      try batch.selection.map { (rows) throws(ApusError) in try gather(batch.columns, rows) } ?? batch.columns
    let known = state.withLock { $0.blocks }
    let added = try Self.joining(known, columns, vectors, batch.count)
    let bytes = added.reduce(0) { total, block in total + block.vectors.reduce(0) { $0 + $1.heldBytes } }
    state.withLock { state in
      state.blocks = added
      state.rowCount += batch.count
      state.byteCount = bytes
      state.bounds = (min(state.bounds?.minimum ?? lsn, lsn), max(state.bounds?.maximum ?? lsn, lsn))
    }
  }

  private static func joining(
    _ blocks: [RowBlock], _ columns: [SegmentColumn], _ vectors: [Vector], _ count: Int
  ) throws(ApusError) -> [RowBlock] {
    var blocks = blocks
    var start = 0
    while start < count {
      let range = start..<min(count, start + Limits.rowsPerRowGroup)
      blocks.append(RowBlock(columns: columns, vectors: vectors.map { $0.slice(range) }, rowCount: range.count))
      start = range.upperBound
    }
    while blocks.count > 1 {
      let last = blocks[blocks.count - 1]
      let before = blocks[blocks.count - 2]
      let total = last.rowCount + before.rowCount
      guard last.rowCount * 2 >= before.rowCount, total <= Limits.rowsPerRowGroup else { break }
      var joined: [Vector] = []
      for (index, column) in columns.enumerated() {
        joined.append(try concatenate([before.vectors[index], last.vectors[index]], type: column.type))
      }
      blocks.removeLast(2)
      blocks.append(RowBlock(columns: columns, vectors: joined, rowCount: total))
    }
    return blocks
  }

  /// Rows published.
  public var rowCount: Int { state.withLock { $0.rowCount } }
  /// Memory held.
  public var byteCount: Int { state.withLock { $0.byteCount } }
  /// The LSNs of the first and the last rows; nil while empty.
  public var bounds: (minimum: LSN, maximum: LSN)? { state.withLock { $0.bounds } }

  /// The first `rowCount` rows (all, if nil) as row groups.
  public func rowGroups(upTo rowCount: Int? = nil) -> [any RowGroup] {
    let blocks = state.withLock { $0.blocks }
    var rest = rowCount ?? .max
    var groups: [any RowGroup] = []
    for block in blocks where rest > 0 {
      let part = block.prefix(rest)
      groups.append(part)
      rest -= part.rowCount
    }
    return groups
  }

  /// Every published row, in arrival order, one vector a column; jsonb columns shredded where they came so.
  public func allColumns() throws(ApusError) -> (columns: [Vector], rowCount: Int) {
    let (blocks, rowCount) = state.withLock { ($0.blocks, $0.rowCount) }
    var all: [Vector] = []
    for (index, column) in columns.enumerated() {
      all.append(
        blocks.isEmpty
          ? .nulls(type: column.type, count: 0) : try concatenate(blocks.map { $0.vectors[index] }, type: column.type))
    }
    return (all, rowCount)
  }

  /// Every published row where it lies, in arrival order: for each block its vectors, one a column.
  func parts() -> (parts: [[Vector]], rowCount: Int) {
    state.withLock { ($0.blocks.map(\.vectors), $0.rowCount) }
  }

  /// Every published row sorted by `order`, ready for `SegmentWriter`.
  public func sortedColumns(by order: [ColumnID]) throws(ApusError) -> (columns: [Vector], rowCount: Int) {
    let (all, rowCount) = try allColumns()
    let keys = order.compactMap { id in columns.firstIndex { $0.id == id }.map { all[$0] } }
    guard let permutation = try sortPermutation(keys, count: rowCount) else { return (all, rowCount) }
    return (try gather(all, permutation), rowCount)
  }
}
