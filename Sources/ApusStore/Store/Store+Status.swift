// What a store tells of itself to metrics.

import ApusBase
import ApusFiles

extension Store {
  /// Age of the oldest memtable that has rows, in seconds; 0 when all rows are in segments.
  public var oldestMemtableSeconds: Double {
    let oldest: UInt64? = core.withLock { core in
      core.tables.values.flatMap { $0.sealed + $0.openParts }.filter { $0.memtable.rowCount > 0 }.map(\.opened).min()
    }
    return oldest.map { Double(monotonicNanoseconds() &- $0) / 1e9 } ?? 0
  }

  /// Free bytes on the data directory's disk; 0 when they cannot be told.
  public var diskFreeBytes: Int { (try? system.diskSpace(at: directory).freeBytes) ?? 0 }
}
