// The deriving anew of rows: what derived tables hold of one partition is replaced by what its segments give now.

public import ApusBase
public import ApusColumns
import ApusFiles
import Synchronization

extension Store {
  /// The setting that keeps up to where retention has dropped rows of a table.
  static func expirySetting(_ table: TableID) -> String { "retention.expired.\(table)" }

  /// Replaces the rows that `derived` hold of `partition` by those that `make` derives from the segments that the table
  /// has of it now, deleted rows marked, and commits `make`'s changes with them: all in one catalog transaction.
  /// Flushes and deletes wait meanwhile. Nothing happens where `make` gives nil.
  public func rederive(
    _ partition: PartitionKey, of table: TableID, into derived: [TableID],
    _ make: (SealedRows) throws(ApusError) -> Derivation?
  ) throws(ApusError) {
    try maintenance.withLock { (_) throws(ApusError) in
      if let failure { throw failure }
      guard let state = core.withLock({ $0.tables[table] }) else {
        throw ApusError(.undefinedTable, "table \(table) does not exist")
      }
      let segments = state.segments.filter { $0.record.partition == partition }
      let bounds = (
        minimum: segments.map(\.record.minimumLSN).min() ?? .zero,
        maximum: segments.map(\.record.maximumLSN).max() ?? .zero
      )
      let made = try make(
        SealedRows(
          table: state.definition, partition: partition, rowGroups: segments.flatMap(\.rowGroups),
          minimumLSN: bounds.minimum, maximumLSN: bounds.maximum))
      guard let derivation = made else { return }
      var written: [SegmentHandle] = []
      do throws(ApusError) {
        for rows in derivation.rows where rows.rows.count > 0 {
          written.append(
            try write(rows, partition: partition, bounds, segments.map(\.record.received).max() ?? 0))
        }
      } catch {
        for handle in written { handle.drop() }
        throw error
      }
      try replace(derived, partition, by: written, derivation.changes)
    }
  }

  private func replace(
    _ derived: [TableID], _ partition: PartitionKey, by written: [SegmentHandle], _ definitions: [CatalogChange]
  ) throws(ApusError) {
    let old = core.withLock { core in
      derived.flatMap { id in core.tables[id]?.segments.filter { $0.record.partition == partition } ?? [] }
    }
    var changes = definitions.map { StoreChange.definition($0) }
    changes += old.map { .removeSegment($0.record.id) }
    changes += written.map { .addSegment($0.record) }
    try commit(changes, of: written)
    let gone = Set(old.map(\.record.id))
    core.update { core in
      var touched = Set(derived)
      for handle in old { handle.drop() }
      for id in derived { core.tables[id]?.segments.removeAll { gone.contains($0.record.id) } }
      for handle in written { core.tables[handle.record.table]?.segments.append(handle) }
      for change in definitions { carryOut(change, &core, &touched) }
      publish(&core, changed: touched)
    }
  }
}

extension Snapshot {
  /// The first partition of which retention has taken no rows; every earlier one lacks some, or all. nil: none lacks
  /// any.
  public func firstPresentPartition(of table: TableID) -> PartitionKey? {
    settings[Store.expirySetting(table)].flatMap { Int64($0) }.map { PartitionKey($0) }
  }
}
