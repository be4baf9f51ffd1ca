// The writing of segments: rows of a memtable by partition, and what others derive from them.

import ApusBase
import ApusColumns
import ApusFiles
import Synchronization

/// Segments that are on disk and not in the catalog yet.
struct WrittenSegments {
  /// Of the table itself first, then derived ones.
  var handles: [SegmentHandle] = []
  /// The partitions of the table that the rows belong to.
  var partitions: [PartitionKey] = []
  /// Definitions that are committed with them.
  var changes: [CatalogChange] = []
}

extension Store {
  /// Writes the rows of `memtable`, one segment a partition. On failure what was written is unlinked.
  func writeSegments(
    of memtable: MemTable, definition: TableDefinition, partition: PartitionKey?,
    bounds: (minimum: LSN, maximum: LSN), received: UnixMicroseconds
  ) throws(ApusError) -> WrittenSegments {
    var written = WrittenSegments()
    do throws(ApusError) {
      let order = definition.storedOrder
      let rows = SegmentRows(parts: memtable.parts().parts, columns: definition.segmentColumns)
      for (key, picks) in try partitions(of: rows, definition, by: order, only: partition) {
        let description = SegmentDescription(
          table: definition.id, partition: key, columns: definition.segmentColumns, orderBy: order,
          timeColumn: definition.timeColumn?.id, minimumLSN: bounds.minimum, maximumLSN: bounds.maximum)
        written.handles.append(try write(rows, picks, description, received))
        written.partitions.append(key)
      }
      return written
    } catch {
      for handle in written.handles { handle.drop() }
      throw error
    }
  }

  /// The partitions of the rows, with the rows of each in their order; nil for all as they come.
  private func partitions(
    of rows: SegmentRows, _ definition: TableDefinition, by order: [ColumnID], only partition: PartitionKey?
  ) throws(ApusError) -> [(PartitionKey, SelectionVector?)] {
    let sorted = try rows.sorted(by: order)
    if let partition { return [(partition, sorted)] }
    guard definition.partitionMicroseconds > 0, let time = definition.timeColumn,
      let index = definition.storedColumns.firstIndex(where: { $0.id == time.id })
    else { return [(PartitionKey(0), sorted)] }
    let times = try rows.column(index)
    return definition.partitions(ofTimes: sorted.map { times.gathered($0) } ?? times).map { key, selection in
      guard let sorted, let selection else { return (key, selection ?? sorted) }
      return (key, SelectionVector((0..<selection.count).map { UInt32(truncatingIfNeeded: sorted[selection[$0]]) }))
    }
  }

  /// Writes one segment file: synchronised and named durably, but not in the catalog.
  func write(
    _ rows: SegmentRows, _ picks: SelectionVector?, _ description: SegmentDescription, _ received: UnixMicroseconds
  ) throws(ApusError) -> SegmentHandle {
    let id = core.withLock { core in
      defer { core.nextSegment = SegmentID(core.nextSegment.value + 1) }
      return core.nextSegment
    }
    var record = SegmentRecord(
      id: id, table: description.table, partition: description.partition, rows: 0, bytes: 0,
      minimumLSN: description.minimumLSN, maximumLSN: description.maximumLSN, received: received)
    let tableDirectory = "\(directory)/tables/\(description.table)"
    let partitionDirectory = "\(tableDirectory)/\(description.partition)"
    try system.makeDirectoryDurably(tableDirectory)
    try system.makeDirectoryDurably(partitionDirectory)
    let path = directory + "/" + record.path
    let file = try system.open(path, .createNew)
    let propertyColumnsMax = snapshot().table(description.table)?.definition.options.propertyColumnsMax
    do throws(ApusError) {
      let summary = try SegmentWriter.write(
        parts: rows.parts, order: RowOrder(total: rows.count, picks: picks), description: description, to: file,
        propertyColumnsMax: propertyColumnsMax ?? Limits.propertyColumnsPerSegmentMax)
      file.close()
      try system.synchroniseDirectory(partitionDirectory)
      record.rows = summary.rowCount
      record.bytes = summary.byteCount
      record.minimumTime = summary.minimumTime
      record.maximumTime = summary.maximumTime
      return try SegmentHandle(record: record, directory: directory, system: system, cache: cache)
    } catch {
      file.close()
      try? system.remove(path)
      throw error
    }
  }

  // MARK: Derived rows

  /// Adds what participants derive from segments that were just written. `rowGroups`: the rows of the only one of
  /// them, where they are at hand in memory. Under `maintenance`. On failure all of `written` is unlinked.
  func addDerived(
    to written: inout WrittenSegments, from definition: TableDefinition, rowGroups: [any RowGroup]? = nil
  ) throws(ApusError) {
    let parts = participants.withLock { $0 }
    guard !parts.isEmpty, !definition.isDerived else { return }
    var made = written
    do throws(ApusError) {
      for handle in written.handles {
        let record = handle.record
        let sealed = SealedRows(
          table: definition, partition: record.partition,
          rowGroups: written.handles.count == 1 ? rowGroups ?? handle.rowGroups : handle.rowGroups,
          minimumLSN: record.minimumLSN, maximumLSN: record.maximumLSN)
        for participant in parts {
          let derivation = try participant.derive(from: sealed)
          made.changes += derivation.changes
          for derived in derivation.rows where derived.rows.count > 0 {
            made.handles.append(
              try write(
                derived, partition: record.partition, (record.minimumLSN, record.maximumLSN), record.received))
          }
        }
      }
    } catch {
      for handle in made.handles { handle.drop() }
      written.handles = []
      throw error
    }
    written = made
  }

  /// One segment of derived rows.
  func write(
    _ derived: DerivedRows, partition: PartitionKey, _ bounds: (minimum: LSN, maximum: LSN),
    _ received: UnixMicroseconds
  ) throws(ApusError) -> SegmentHandle {
    guard let definition = snapshot().table(derived.table)?.definition else {
      throw ApusError(.undefinedTable, "table \(derived.table), which rows are derived for, does not exist")
    }
    return try write(derived.rows, of: definition, partition, bounds, received)
  }

  /// Sorts and writes rows that lie in no memtable.
  func write(
    _ batch: Batch, of definition: TableDefinition, _ partition: PartitionKey, _ bounds: (minimum: LSN, maximum: LSN),
    _ received: UnixMicroseconds
  ) throws(ApusError) -> SegmentHandle {
    let order = definition.storedOrder
    let stored = definition.storedColumns
    guard batch.columns.count == stored.count else {
      throw ApusError.unexpected("rows derived for table \"\(definition.name)\" have \(batch.columns.count) columns")
    }
    let dense = batch.compacted()
    let rows = SegmentRows(parts: [dense.columns], columns: definition.segmentColumns)
    let description = SegmentDescription(
      table: definition.id, partition: partition, columns: definition.segmentColumns, orderBy: order,
      timeColumn: definition.timeColumn?.id, minimumLSN: bounds.minimum, maximumLSN: bounds.maximum)
    return try write(rows, try rows.sorted(by: order), description, received)
  }
}

extension TableDefinition {
  /// The columns that segments are sorted by.
  var storedOrder: [ColumnID] { orderColumns.filter { $0.generatedExpression == nil && !$0.isDropped }.map(\.id) }
}

/// Rows on their way to segments, in parts that lie end to end: one vector for each of the columns in every part.
struct SegmentRows {
  let parts: [[Vector]]
  let columns: [SegmentColumn]
  let count: Int

  init(parts: [[Vector]], columns: [SegmentColumn]) {
    self.parts = parts
    self.columns = columns
    count = parts.reduce(0) { $0 + ($1.first?.count ?? 0) }
  }

  /// One column, end to end.
  func column(_ index: Int) throws(ApusError) -> Vector {
    parts.isEmpty
      ? .nulls(type: columns[index].type, count: 0)
      : try concatenate(parts.map { $0[index] }, type: columns[index].type)
  }

  /// The rows by `order`; nil when they are in that order.
  func sorted(by order: [ColumnID]) throws(ApusError) -> SelectionVector? {
    var keys: [StreamScratch] = []
    for id in order {
      guard let index = columns.firstIndex(where: { $0.id == id }) else { continue }
      var base = 0
      var pieces: [StreamPiece] = []
      for part in parts {
        pieces.append(StreamPiece(base: base, count: part[index].count, values: part[index]))
        base += part[index].count
      }
      keys.append(try sortKey(pieces, total: count, type: columns[index].type))
    }
    return sortPermutation(keys, count: count)
  }

  /// Some of the rows, or all, as one batch.
  func batch(_ picks: SelectionVector?) throws(ApusError) -> Batch {
    var all: [Vector] = []
    for index in columns.indices { all.append(try column(index)) }
    guard let picks else { return Batch(columns: all, count: count) }
    return Batch(columns: try gather(all, picks), count: picks.count)
  }
}
