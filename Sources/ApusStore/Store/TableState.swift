// TableState owns what changes of one table: its memtables and segments. All of it is touched under the store's lock.

import ApusBase
import ApusColumns

/// A memtable, and what the store must know of it.
final class MemTablePart: @unchecked Sendable {
  let definition: TableDefinition
  /// nil: rows of several partitions share it.
  let partition: PartitionKey?
  let memtable: MemTable
  let opened: UInt64
  /// The partitions of a shared one.
  var partitions: Set<PartitionKey> = []
  /// When its youngest row was received.
  var received: UnixMicroseconds = 0
  var rowGroups: [any RowGroup] = []
  var bytes = 0

  init(definition: TableDefinition, partition: PartitionKey?) {
    self.definition = definition
    self.partition = partition
    memtable = MemTable(columns: definition.segmentColumns)
    opened = monotonicNanoseconds()
  }
}

struct TableState {
  var definition: TableDefinition
  var segments: [SegmentHandle] = []
  /// Of partitions that retention took and that can be restored.
  var dropped: [DroppedSegment] = []
  /// Partitions with a memtable of their own.
  var open: [PartitionKey: MemTablePart] = [:]
  /// Older late rows beyond `Limits.openPartitionsPerTableMax`.
  var shared: MemTablePart?
  /// Waiting for their flush, oldest first.
  var sealed: [MemTablePart] = []
  var flushed: [PartitionKey: LSN] = [:]
  /// How far policies have gone, by partition and policy.
  var thinnings: [PartitionKey: [String: Thinning]] = [:] {
    didSet { thinned = Set(thinnings.filter { $0.value.values.contains { $0.removedAny } }.keys) }
  }
  /// Partitions of which a policy took rows or properties.
  private(set) var thinned: Set<PartitionKey> = []
  /// The ids of its entities; nil for a table without.
  var entities: EntityDictionary?

  init(definition: TableDefinition, entities: EntityDictionary? = nil) {
    self.definition = definition
    self.entities = entities
  }

  var snapshot: TableSnapshot {
    var groups: [any RowGroup] = []
    for part in sealed { groups += part.rowGroups }
    for part in open.values { groups += part.rowGroups }
    if let shared { groups += shared.rowGroups }
    return TableSnapshot(
      definition: definition, segments: segments, memtableRowGroups: groups, thinnedPartitions: thinned,
      entities: entities)
  }

  var openParts: [MemTablePart] { Array(open.values) + (shared.map { [$0] } ?? []) }

  /// The memtable that takes rows of `partition`. A partition whose rows are in the shared one stays there until that
  /// is
  /// sealed: flushes go in the order of sealing, and a partition's flushed LSN must speak for all of its rows.
  mutating func part(for partition: PartitionKey) -> MemTablePart {
    if let part = open[partition] { return part }
    if let shared, shared.partitions.contains(partition) { return shared }
    if open.count < Limits.openPartitionsPerTableMax {
      let part = MemTablePart(definition: definition, partition: partition)
      open[partition] = part
      return part
    }
    let part = shared ?? MemTablePart(definition: definition, partition: nil)
    part.partitions.insert(partition)
    shared = part
    return part
  }

  /// Appends the rows of one logged batch. Rows of partitions already flushed to `lsn` are skipped. Returns the
  /// memtables that took any.
  mutating func apply(_ batch: RowBatch, lsn: LSN, received: UnixMicroseconds) throws(ApusError) -> [MemTablePart] {
    let count = batch.rows.physicalCount
    guard count > 0 else { return [] }
    let stored = definition.storedColumns
    var columns: [Vector] = []
    columns.reserveCapacity(stored.count)
    for column in stored {
      if let index = batch.columns.firstIndex(of: column.id),
        batch.rows.columns[index].type.physical == column.type.type.physical
      {
        columns.append(batch.rows.columns[index])
      } else {
        columns.append(Vector.nulls(type: column.type.type, count: count))
      }
    }
    let places = partitions(of: columns, count)
    try addEntityIDs(to: &columns)
    var touched: [MemTablePart] = []
    for (partition, selection) in places {
      if let flushed = flushed[partition], lsn <= flushed { continue }
      let part = part(for: partition)
      try part.memtable.append(Batch(columns: columns, count: count, selection: selection), lsn: lsn)
      part.received = max(part.received, received)
      touched.append(part)
    }
    return touched
  }

  /// Adds the ids of the rows' entities behind their columns. Every row of a batch takes part, whether it is in a
  /// segment already or not: replay must give ids in the same order.
  private func addEntityIDs(to columns: inout [Vector]) throws(ApusError) {
    let entityColumns = definition.entityColumns
    guard !entityColumns.isEmpty else { return }
    guard let entities else { throw ApusError.unexpected("table \"\(definition.name)\" has no dictionary of entities") }
    let stored = definition.storedColumns
    for column in entityColumns {
      guard let index = stored.firstIndex(where: { $0.id == column.id }) else { continue }
      columns.append(entities.ids(of: columns[index]))
    }
  }

  /// The rows of a logged batch that are in segments already, or were; nil for none.
  func flushedRows(of batch: RowBatch, lsn: LSN) -> Bitmap? {
    let count = batch.rows.physicalCount
    guard !flushed.isEmpty, count > 0 else { return nil }
    var parts: [(PartitionKey, SelectionVector?)] = [(PartitionKey(0), nil)]
    if let time = definition.timeColumn, definition.partitionMicroseconds > 0 {
      let index = batch.columns.firstIndex(of: time.id)
      var times = Vector.nulls(type: time.type.type, count: count)
      if let index, batch.rows.columns[index].type.physical == times.type.physical { times = batch.rows.columns[index] }
      parts = definition.partitions(ofTimes: times)
    }
    var marks: Bitmap?
    for (partition, selection) in parts {
      guard let last = flushed[partition], lsn <= last else { continue }
      guard let selection else { return Bitmap(repeating: true, count: count) }
      let bits = marks ?? Bitmap(repeating: false, count: count)
      for index in 0..<selection.count { bits.set(selection[index]) }
      marks = bits
    }
    return marks
  }

  /// The partitions of the rows, with the rows of each; nil for all rows.
  private func partitions(of columns: [Vector], _ count: Int) -> [(PartitionKey, SelectionVector?)] {
    guard let time = definition.timeColumn, definition.partitionMicroseconds > 0,
      let index = definition.storedColumns.firstIndex(where: { $0.id == time.id })
    else { return [(PartitionKey(0), nil)] }
    return definition.partitions(ofTimes: columns[index])
  }
}

extension TableDefinition {
  var segmentColumns: [SegmentColumn] {
    let filtered = Set([options.dedupeKey, "user_id", "anonymous_id", "session_id"].compactMap { $0 })
    return storedColumns.map {
      SegmentColumn(
        id: $0.id, type: $0.type.type, isFiltered: filtered.contains($0.name) && KeyHasher.accepts($0.type.type))
    } + entityIDColumns
  }

  /// The partitions of a column of times, with the rows of each; nil for all rows. Null times go to partition 0.
  func partitions(ofTimes column: Vector) -> [(PartitionKey, SelectionVector?)] {
    let times = column.flattened()
    let width = partitionMicroseconds
    guard case .int64(let buffer) = times.storage, times.count > 0 else { return [(PartitionKey(0), nil)] }
    let values = buffer.read(Int64.self)
    func key(_ row: Int) -> PartitionKey {
      times.isNull(row) ? PartitionKey(0) : partition(of: values[row], width: width)
    }
    let first = key(0)
    if times.validity == nil {
      // Almost always every row lies in one partition: one pass of comparisons tells.
      var low = values[0]
      var high = values[0]
      for row in 0..<times.count {
        low = min(low, values[row])
        high = max(high, values[row])
      }
      if partition(of: low, width: width) == partition(of: high, width: width) { return [(first, nil)] }
    }
    var rows: [PartitionKey: [UInt32]] = [:]
    for row in 0..<times.count { rows[key(row), default: []].append(UInt32(truncatingIfNeeded: row)) }
    if rows.count == 1 { return [(first, nil)] }
    return rows.sorted { $0.key < $1.key }.map { ($0.key, SelectionVector($0.value)) }
  }
}
