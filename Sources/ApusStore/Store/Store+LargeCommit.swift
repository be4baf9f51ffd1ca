// The way of a commit that is too large for the log: its rows go to segments of their own, and the catalog transaction
// that names them is the commit.

import ApusBase
import ApusColumns
import ApusFiles

extension Store {
  func commitPrivately(
    _ work: WriteTransaction.State, _ completion: @escaping @Sendable (Result<CommitResult, ApusError>) -> Void
  ) throws(ApusError) {
    let pending = try prepare(work, completion)
    do throws(ApusError) {
      let handles = try writePrivately(pending)
      let lsn = try maintenance.withLock { (_) throws(ApusError) in try name(handles) }
      complete(pending, .success(CommitResult(lsn: lsn, batches: pending.outcomes)))
    } catch {
      complete(pending, .failure(error))
    }
  }

  private func writePrivately(_ pending: PendingCommit) throws(ApusError) -> [SegmentHandle] {
    let current = snapshot()
    var states: [TableID: TableState] = [:]
    for batch in pending.batches {
      guard let definition = current.table(batch.table)?.definition else {
        throw ApusError(.undefinedTable, "table \(batch.table) does not exist")
      }
      var state = states[batch.table] ?? TableState(definition: definition)
      _ = try state.apply(batch, lsn: current.lsn, received: pending.received)
      states[batch.table] = state
    }
    var handles: [SegmentHandle] = []
    do throws(ApusError) {
      for state in states.values {
        for part in state.openParts where part.memtable.rowCount > 0 {
          let written = try writeSegments(
            of: part.memtable, definition: state.definition, partition: part.partition,
            bounds: (current.lsn, current.lsn), received: pending.received)
          handles += written.handles
        }
      }
      return handles
    } catch {
      for handle in handles { handle.drop() }
      throw error
    }
  }

  /// Commits and publishes segments; returns the LSN they became visible at.
  private func name(_ handles: [SegmentHandle]) throws(ApusError) -> LSN {
    for handle in handles where core.withLock({ $0.tables[handle.record.table] == nil }) {
      for handle in handles { handle.drop() }
      throw ApusError(.undefinedTable, "table \(handle.record.table) was dropped meanwhile")
    }
    try commit(handles.map { .addSegment($0.record) }, of: handles)
    return core.update { core in
      for handle in handles { core.tables[handle.record.table]?.segments.append(handle) }
      publish(&core, changed: Set(handles.map(\.record.table)))
      return core.lastLSN
    }
  }
}
