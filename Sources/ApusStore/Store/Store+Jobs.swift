// What the store does by itself beside flushing, for `apus.jobs`, and the thread that does it.

public import ApusBase
import ApusColumns
import Synchronization

/// A compaction that runs, or a dropped partition that can still be restored.
public struct StoreJob: Sendable {
  /// `compact` or `retention`.
  public let kind: String
  public let definition: TableDefinition
  public let partition: PartitionKey
  /// `running`; `restorable`: dropped, kept for the grace period.
  public let state: String
  public let rows: Int
  public let bytes: Int
  public let since: UnixMicroseconds
}

extension Store {
  /// Compactions under way, then dropped partitions, oldest first.
  public func lifecycleJobs() -> [StoreJob] {
    let compacting = running.withLock { $0 }.sorted { $0.key < $1.key }.map(\.value)
    let tables = core.withLock { $0.tables.values.filter { !$0.dropped.isEmpty } }
    var dropped: [StoreJob] = []
    for table in tables {
      for (partition, segments) in Dictionary(grouping: table.dropped, by: { $0.segment.record.partition }) {
        dropped.append(
          StoreJob(
            kind: "retention", definition: table.definition, partition: partition, state: "restorable",
            rows: segments.reduce(0) { $0 + $1.segment.liveRows },
            bytes: segments.reduce(0) { $0 + $1.segment.record.bytes }, since: segments.map(\.at).min() ?? 0))
      }
    }
    return compacting
      + dropped.sorted { ($0.since, $0.definition.id, $0.partition) < ($1.since, $1.definition.id, $1.partition) }
  }

  // MARK: The keeper

  func startKeeper() {
    guard options.flushesByItself else { return }
    let thread = StoreThread("apus-keep") { [weak self] in
      var compactedAt = monotonicNanoseconds()
      var keptAt: UInt64 = 0
      while let store = self, store.keeperStep(&compactedAt, &keptAt) {}
    }
    keeper.withLock { $0 = thread }
  }

  /// Waits half a second; then looks for what is due. False when the store closes.
  private func keeperStep(_ compactedAt: inout UInt64, _ keptAt: inout UInt64) -> Bool {
    let isClosing: Bool? = core.wait(nanoseconds: 500_000_000) { $0.isClosing ? true : nil }
    if isClosing == true { return false }
    let now = monotonicNanoseconds()
    do throws(ApusError) {
      if keptAt == 0 || now &- keptAt > 60_000_000_000 {
        keptAt = now
        try keepRetention()
      }
      if now &- compactedAt > 10_000_000_000 {
        compactedAt = now
        for participant in participants.withLock({ $0 }) { try participant.tend() }
        try compactWhatIsDue()
      }
    } catch {
      Log.error("store", "background work failed", ["error": error.message, "sqlstate": error.state.code])
    }
    return true
  }
}
