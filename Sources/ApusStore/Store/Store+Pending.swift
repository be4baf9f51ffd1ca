// What waits to become segments, for `apus.jobs`.

public import ApusBase
import ApusColumns

/// A memtable: rows that are committed and not in a segment yet.
public struct PendingFlush: Sendable {
  public let definition: TableDefinition
  /// nil: rows of several partitions share the memtable.
  public let partition: PartitionKey?
  /// Whether it takes no more rows and waits for its flush.
  public let isSealed: Bool
  public let rows: Int
  public let bytes: Int
  /// When it was opened.
  public let since: UnixMicroseconds
}

extension Store {
  /// The memtables of all tables, those that are sealed first.
  public func pendingFlushes() -> [PendingFlush] {
    let wall = options.clock.now()
    let monotonic = monotonicNanoseconds()
    return core.withLock { core in
      func pending(_ part: MemTablePart, isSealed: Bool) -> PendingFlush {
        PendingFlush(
          definition: part.definition, partition: part.partition, isSealed: isSealed, rows: part.memtable.rowCount,
          bytes: part.bytes, since: wall &- Int64(clamping: (monotonic &- part.opened) / 1_000))
      }
      let tables = core.tables.values.sorted { $0.definition.id < $1.definition.id }
      return core.sealed.map { pending($0, isSealed: true) }
        + tables.flatMap { $0.openParts.map { pending($0, isSealed: false) } }
    }
  }
}
