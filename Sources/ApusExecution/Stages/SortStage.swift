// SortStage owns ORDER BY, and top-N where only the first rows are wanted.

import ApusBase
import ApusColumns
import ApusPlan

final class SortStage: BatchesStage {
  private let input: Stage
  private let keys: [SortKey]
  private let limit: Int?

  init(_ input: Stage, _ keys: [SortKey], limit: Int?) {
    self.input = input
    self.keys = keys
    self.limit = limit
    super.init(input.query, fields: input.fields)
  }

  override func close() {
    super.close()
    input.close()
  }

  override func produce() throws(ApusError) {
    let rows: Batch
    if let limit, limit < 1 << 20 {
      rows = try Batch.joined(try topRows(limit), types: fields.map(\.type))
    } else {
      rows = try input.collectOne()
    }
    input.close()
    let sorted = try order(rows)
    batches = Batch(columns: rows.columns, count: rows.count, selection: sorted).compactedParts
  }

  /// The rows in order, at most `limit` of them.
  private func order(_ rows: Batch) throws(ApusError) -> SelectionVector {
    let frame = BatchFrame(rows)
    var columns: [SortColumn] = []
    for key in keys {
      columns.append(
        SortColumn(
          try query.node(key.expression).evaluate(frame), descending: key.descending, nullsFirst: key.nullsFirst))
    }
    var order = try RowSorter(columns, count: rows.count).sorted()
    if let limit, limit < order.count { order.removeLast(order.count - limit) }
    return SelectionVector(order)
  }

  /// Each thread keeps the first rows of what it has seen. Rows that are equal in all keys keep the order of morsels
  /// only as far as no row was dropped; ties beyond that are as free as PostgreSQL leaves them.
  private func topRows(_ limit: Int) throws(ApusError) -> [Batch] {
    let width = fields.count
    let slots = TopRows(slots: query.pool.width)
    let types = fields.map(\.type)
    try input.forEachFrame { [self] (slot, morsel, frame) throws(ApusError) in
      slots.list[slot].append((morsel, try frame.batch(width: width)))
      slots.counts[slot] += frame.count
      guard slots.counts[slot] > max(limit * 4, 65_536) else { return }
      let joined = try Batch.joined(slots.list[slot].map(\.batch), types: types)
      let kept = joined.taking(try order(joined))
      slots.list[slot] = [(slots.list[slot][0].morsel, kept)]
      slots.counts[slot] = kept.count
    }
    return slots.list.flatMap { $0 }.sorted { $0.morsel < $1.morsel }.map(\.batch)
  }
}

/// Rows kept by slot; each thread touches only its own.
private final class TopRows: @unchecked Sendable {
  let list: UnsafeMutableBufferPointer<[(morsel: Int, batch: Batch)]>
  let counts: UnsafeMutableBufferPointer<Int>
  init(slots: Int) {
    list = .allocate(capacity: slots)
    list.initialize(repeating: [])
    counts = .allocate(capacity: slots)
    counts.initialize(repeating: 0)
  }
  deinit {
    list.deinitialize()
    list.deallocate()
    counts.deallocate()
  }
}

extension Batch {
  func taking(_ rows: SelectionVector) -> Batch {
    Batch(columns: columns.map { $0.gathered(rows) }, count: rows.count)
  }
  /// The selected rows, in batches of the usual size.
  var compactedParts: [Batch] { compacted().parts(of: ScanWorker.rowsPerBatch) }
}
