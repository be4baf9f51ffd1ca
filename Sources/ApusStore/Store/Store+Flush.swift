// The way of a memtable to segments: sealed, sorted, written, committed in the catalog, swapped in one step.

public import ApusBase
import ApusColumns
import ApusFiles
import Synchronization

extension Store {
  // MARK: Sealing (under the core's lock)

  func seal(_ part: MemTablePart, _ core: inout Core) {
    let id = part.definition.id
    guard var state = core.tables[id] else { return }
    if let partition = part.partition {
      guard state.open[partition] === part else { return }
      state.open[partition] = nil
    } else {
      guard state.shared === part else { return }
      state.shared = nil
    }
    if part.memtable.rowCount > 0 {
      state.sealed.append(part)
      core.sealed.append(part)
    } else {
      core.memtableBytes -= part.bytes
    }
    core.tables[id] = state
  }

  /// Called between commits, never within one: a commit's rows of a partition lie in one memtable.
  func sealWhatIsFull(_ touched: some Sequence<MemTablePart>, _ core: inout Core) {
    for part in touched
    where part.bytes >= options.memtableBytesPerFlush || part.memtable.rowCount >= options.memtableRowsPerFlush {
      seal(part, &core)
    }
    var waiting = core.sealed.reduce(0) { $0 + $1.bytes }
    while core.memtableBytes - waiting > options.memtableBytesMax / 2 {
      let open = core.tables.values.flatMap(\.openParts)
      guard let largest = open.max(by: { $0.bytes < $1.bytes }), largest.bytes > 0 else { return }
      seal(largest, &core)
      waiting += largest.bytes
    }
  }

  private func sealWhatIsOld(_ core: inout Core) {
    let age = UInt64(max(0, options.flushAfterSeconds) * 1e9)
    let now = monotonicNanoseconds()
    var changed: Set<TableID> = []
    for state in core.tables.values {
      for part in state.openParts where part.opened &+ age <= now {
        seal(part, &core)
        changed.insert(state.definition.id)
      }
    }
    if !changed.isEmpty { publish(&core, changed: changed) }
  }

  private func sealAll(of table: TableID?, _ core: inout Core) {
    for state in core.tables.values where table == nil || state.definition.id == table {
      for part in state.openParts { seal(part, &core) }
      publish(&core, changed: [state.definition.id])
    }
  }

  // MARK: Flushing

  /// Puts every committed row of a table into segments.
  public func flush(_ table: TableID) throws(ApusError) {
    core.update { sealAll(of: table, &$0) }
    while core.withLock({ $0.tables[table]?.sealed.isEmpty == false }) { _ = try flushNext() }
  }

  /// Puts every committed row into segments, lets go of the log behind it and folds the catalog's journal.
  public func checkpoint() throws(ApusError) {
    core.update { sealAll(of: nil, &$0) }
    while try flushNext() {}
    releaseLog(waiting: true)
    try catalog.checkpoint()
  }

  /// Flushes the memtable that was sealed first; false when there is none.
  func flushNext() throws(ApusError) -> Bool {
    try maintenance.withLock { (_) throws(ApusError) in
      guard let part = core.withLock({ $0.sealed.first }) else { return false }
      if let failure { throw failure }
      do throws(ApusError) {
        try flush(part)
      } catch {
        core.withLock { $0.flushRetryAt = monotonicNanoseconds() &+ 1_000_000_000 }
        throw error
      }
      return true
    }
  }

  private func flush(_ part: MemTablePart) throws(ApusError) {
    guard let bounds = part.memtable.bounds else {
      remove(part)
      return
    }
    let started = monotonicNanoseconds()
    var written = try writeSegments(
      of: part.memtable, definition: part.definition, partition: part.partition, bounds: bounds, received: part.received
    )
    try addDerived(to: &written, from: part.definition, rowGroups: part.memtable.rowGroups())
    let made = written
    var changes = made.changes.map { StoreChange.definition($0) }
    changes += made.handles.map { StoreChange.addSegment($0.record) }
    for partition in made.partitions {
      changes.append(.flushed(part.definition.id, partition, bounds.maximum))
    }
    try commit(changes, of: made.handles)
    core.update { core in
      var touched = Set(made.handles.map(\.record.table)).union([part.definition.id])
      for partition in made.partitions { core.tables[part.definition.id]?.flushed[partition] = bounds.maximum }
      for handle in made.handles { core.tables[handle.record.table]?.segments.append(handle) }
      for change in made.changes { carryOut(change, &core, &touched) }
      takeOut(part, &core)
      publish(&core, changed: touched)
    }
    releaseLog(waiting: false)
    let seconds = Double(monotonicNanoseconds() &- started) / 1e9
    Metrics.shared.observe("apus_flush_seconds", seconds: seconds, help: "Turning one memtable into segments.")
  }

  private func takeOut(_ part: MemTablePart, _ core: inout Core) {
    core.sealed.removeAll { $0 === part }
    core.tables[part.definition.id]?.sealed.removeAll { $0 === part }
    core.memtableBytes -= part.bytes
    part.bytes = 0
  }

  private func remove(_ part: MemTablePart) {
    core.update { core in
      takeOut(part, &core)
      publish(&core, changed: [part.definition.id])
    }
  }

  /// Commits in the catalog. A commit that fails may still be found by the next start (its frames may be whole in
  /// SQLite's journal, unsynchronised), so its segments must not be unlinked before a later commit has overwritten it;
  /// at the latest the next start removes those that the catalog does not name.
  func commit(_ changes: [StoreChange], of handles: [SegmentHandle]) throws(ApusError) {
    let (nextTable, nextSegment, lastLSN) = core.withLock { ($0.nextTable, $0.nextSegment, $0.lastLSN) }
    do throws(ApusError) {
      let changes = try withDurableEntities(changes)
      try catalog.commit(changes, nextTable: nextTable, nextSegment: nextSegment, lastLSN: lastLSN)
    } catch {
      undecided.withLock { $0 += handles }
      throw error
    }
    undecided.withLock { handles in
      for handle in handles { handle.drop() }
      handles = []
    }
  }

  /// Lets the log go below the oldest commit that is in a memtable only.
  func releaseLog(waiting: Bool) {
    let oldest: LSN = core.withLock { core in
      var oldest = core.lastLSN.next
      for part in core.tables.values.flatMap({ $0.sealed + $0.openParts }) {
        if let bounds = part.memtable.bounds { oldest = min(oldest, bounds.minimum) }
      }
      return oldest
    }
    if waiting { log.releaseAndWait(below: oldest) } else { log.release(below: oldest) }
  }

  // MARK: The flusher

  func startFlusher() {
    guard options.flushesByItself else { return }
    let thread = StoreThread("apus-flush") { [weak self] in
      var lastLook: UInt64 = 0
      while let store = self, store.flusherStep(&lastLook) {}
    }
    flusher.withLock { $0 = thread }
  }

  private enum Step { case stop, flush }

  /// Waits for at most half a second for something to flush; false when the store closes.
  private func flusherStep(_ lastLook: inout UInt64) -> Bool {
    let step: Step? = core.wait(nanoseconds: 500_000_000) { core in
      if core.isClosing { return .stop }
      return core.sealed.isEmpty || core.flushRetryAt > monotonicNanoseconds() ? nil : .flush
    }
    switch step {
    case .stop: return false
    case .flush:
      do throws(ApusError) {
        _ = try flushNext()
      } catch {
        Log.error("store", "a memtable could not be flushed", ["error": error.message, "sqlstate": error.state.code])
      }
    case nil: break
    }
    let now = monotonicNanoseconds()
    if now &- lastLook > 1_000_000_000 {
      lastLook = now
      core.update { sealWhatIsOld(&$0) }
      lookAtDisk()
      expireRejects()
    }
    return true
  }

  func lookAtDisk() {
    guard let space = try? system.diskSpace(at: directory) else { return }
    let isLow = Double(space.freeBytes) < Double(space.totalBytes) * options.reserveFraction
    let was = isBelowReserve.exchange(isLow, ordering: .relaxed)
    if isLow != was {
      Log.warning("store", isLow ? "the disk is nearly full: no rows are taken in" : "rows are taken in again")
    }
    Metrics.shared.set("apus_disk_free_bytes", Double(space.freeBytes), help: "Free on the data directory's disk.")
    measureEntities()
    Metrics.shared.set("apus_memtable_bytes", Double(memtableBytes), help: "Memory of all memtables.")
  }

  /// Drops the oldest segments of `apus.rejects` beyond their time or size.
  func expireRejects() {
    guard let table = snapshot().table(Rejects.table), !table.segments.isEmpty else { return }
    let oldest = options.clock.now() &- Int64(Limits.rejectsSecondsMax) * 1_000_000
    var bytes = table.segments.reduce(0) { $0 + $1.record.bytes }
    var dropped: [SegmentHandle] = []
    for segment in table.segments.sorted(by: { $0.record.received < $1.record.received }) {
      guard segment.record.received < oldest || bytes > Limits.rejectsBytesMax else { break }
      bytes -= segment.record.bytes
      dropped.append(segment)
    }
    guard !dropped.isEmpty else { return }
    do throws(ApusError) {
      try maintenance.withLock { (_) throws(ApusError) in
        try commit(dropped.map { .removeSegment($0.record.id) }, of: [])
        core.update { core in
          for handle in dropped {
            handle.drop()
            core.tables[Rejects.table]?.segments.removeAll { $0 === handle }
          }
          publish(&core, changed: [Rejects.table])
        }
      }
      let rows = dropped.reduce(0) { $0 + $1.record.rows }
      Metrics.shared.add("apus_rejects_dropped_total", Double(rows), help: "Rejected rows dropped for age or size.")
    } catch {
      Log.warning("store", "old rejects could not be dropped", ["error": error.message])
    }
  }
}
