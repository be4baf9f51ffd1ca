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
      let written = try writePrivately(pending)
      let lsn = try maintenance.withLock { (_) throws(ApusError) in try name(written) }
      complete(pending, .success(CommitResult(lsn: lsn, batches: pending.outcomes)))
    } catch {
      complete(pending, .failure(error))
    }
  }

  typealias Written = (definition: TableDefinition, segments: WrittenSegments)

  /// Writes the rows of a commit to segments that the catalog does not name yet.
  func writePrivately(_ pending: PendingCommit, in current: Snapshot? = nil) throws(ApusError) -> [Written] {
    let current = current ?? snapshot()
    var states: [TableID: TableState] = [:]
    for batch in pending.batches {
      guard let definition = current.table(batch.table)?.definition else {
        throw ApusError(.undefinedTable, "table \(batch.table) does not exist")
      }
      var state =
        states[batch.table] ?? TableState(definition: definition, entities: dictionary(for: definition))
      _ = try state.apply(batch, lsn: current.lsn, received: pending.received)
      states[batch.table] = state
    }
    var all: [Written] = []
    do throws(ApusError) {
      for state in states.values {
        for part in state.openParts where part.memtable.rowCount > 0 {
          let written = try writeSegments(
            of: part.memtable, definition: state.definition, partition: part.partition,
            bounds: (current.lsn, current.lsn), received: pending.received)
          all.append((state.definition, written))
        }
      }
      return all
    } catch {
      for written in all { for handle in written.segments.handles { handle.drop() } }
      throw error
    }
  }

  /// Commits and publishes segments with what is derived from them; returns the LSN they became visible at.
  private func name(_ all: [Written]) throws(ApusError) -> LSN {
    var handles: [SegmentHandle] = []
    var changes: [CatalogChange] = []
    var waiting = all[...]
    do throws(ApusError) {
      for written in all where core.withLock({ $0.tables[written.definition.id] == nil }) {
        throw ApusError(.undefinedTable, "table \(written.definition.id) was dropped meanwhile")
      }
      while var written = waiting.popFirst() {
        try addDerived(to: &written.segments, from: written.definition)
        handles += written.segments.handles
        changes += written.segments.changes
      }
    } catch {
      for handle in handles + waiting.flatMap({ $0.segments.handles }) { handle.drop() }
      throw error
    }
    try commit(
      changes.map { .definition($0) } + handles.map { .addSegment($0.record) }, of: handles)
    let (made, changed) = (handles, changes)
    return core.update { core in
      var touched = Set(made.map(\.record.table))
      for handle in made { core.tables[handle.record.table]?.segments.append(handle) }
      for change in changed { carryOut(change, &core, &touched) }
      publish(&core, changed: touched)
      return core.lastLSN
    }
  }
}
