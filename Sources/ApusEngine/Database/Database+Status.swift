// What a database tells of itself to health checks and metrics, and to other processes.

public import ApusBase
import ApusStore

/// Figures of one moment.
public struct DatabaseStatus: Sendable {
  /// Why rows are not taken in, if they are not.
  public var ingestRefusal: ApusError?
  public var memtableBytes = 0
  /// Age of the oldest row that is in no segment; 0 when all are.
  public var oldestMemtableSeconds = 0.0
  public var tables = 0
  public var segments = 0
  public var segmentBytes = 0
  public var rejectedRows = 0
  public var diskFreeBytes = 0
  /// Since the start, over all tables but `apus.rejects`.
  public var storedRows = 0
  public var duplicateRows = 0
  public var rowsWithoutKey = 0
}

extension Database {
  /// Why rows are not taken in now: a disk that is nearly full or has failed. nil when they are.
  public var ingestRefusal: ApusError? {
    if let failure = store.failure { return failure }
    return store.isReadOnly ? ApusError(.diskFull, "the disk is nearly full: no rows are taken in") : nil
  }

  public var status: DatabaseStatus {
    var status = DatabaseStatus()
    status.ingestRefusal = ingestRefusal
    status.memtableBytes = store.memtableBytes
    status.oldestMemtableSeconds = store.oldestMemtableSeconds
    status.diskFreeBytes = store.diskFreeBytes
    for table in store.snapshot().tables {
      status.segments += table.segments.count
      status.segmentBytes += table.segments.reduce(0) { $0 + $1.record.bytes }
      guard table.definition.schema != "apus" else {
        if table.definition.name == "rejects" { status.rejectedRows = table.rowCount }
        continue
      }
      status.tables += 1
      let counters = store.counters(table.definition.id)
      status.storedRows += counters.stored
      status.duplicateRows += counters.duplicates
      status.rowsWithoutKey += counters.withoutKey
    }
    return status
  }

  /// Writes into the directory's LOCK where this server listens.
  public func announce(postgresPort: Int?, httpPort: Int?) throws(ApusError) {
    try store.announce(postgresPort: postgresPort, httpPort: httpPort)
  }
}
