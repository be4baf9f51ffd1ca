// Store owns one data directory: the log, the memtables, the segments and the catalog, and the order of all commits.

public import ApusBase
public import ApusColumns
public import ApusFiles
import Synchronization

/// The embedded columnar store. All methods may be called from any thread.
///
/// A commit goes through `Store+Commit`, a flush through `Store+Flush`, definitions through `Store+Definitions`, the
/// start
/// through `Store+Open`.
public final class Store: Sendable {
  /// What changes with commits, flushes and definitions. Only under `core`'s lock.
  struct Core {
    var tables: [TableID: TableState] = [:]
    var tableSnapshots: [TableID: TableSnapshot] = [:]
    var names: [QualifiedName: TableID] = [:]
    var objects: [CatalogObject] = []
    var settings: [String: String] = [:]
    var catalogVersion: UInt64 = 1
    /// The last commit applied; everything up to it is durable.
    var lastLSN = LSN.zero
    var nextTable = TableDefinition.firstUserTable
    var nextSegment = SegmentID(1)
    /// Every sealed memtable, in the order of sealing: the order of flushing.
    var sealed: [MemTablePart] = []
    /// Deletes under way, by table: its segments stay until they end.
    var deleting: [TableID: Int] = [:]
    /// Memory of all memtables.
    var memtableBytes = 0
    var failure: ApusError?
    var isClosing = false
    /// The flusher tries no sooner after a failure.
    var flushRetryAt: UInt64 = 0
  }

  /// What orders commits before they reach the log. Only under `pipeline`'s lock.
  struct Pipeline: ~Copyable {
    var dedupe: [TableID: DedupeBox] = [:]
    var nextSequence: UInt64 = 1
    /// Commits that are not durable yet.
    var inFlight: Set<UInt64> = []
    /// Commits that hold duplicates, waiting for those that came before them.
    var waiting: [PendingCommit] = []
    var counters: [TableID: IngestCounters] = [:]
  }

  public let directory: String
  public let options: StoreOptions
  let system: any FileSystem
  let core: Monitor<Core>
  let pipeline: Mutex<Pipeline>
  let published: Mutex<Snapshot>
  let catalog: Catalog
  let log: WriteAheadLog
  let hasher: KeyHasher
  let cache: BlockCache
  let lock: any FileLock
  let sinks = Mutex<[ByteSink]>([])
  /// Held by whoever flushes or changes definitions.
  let maintenance = Monitor(())
  /// Segments of catalog commits that failed, kept until a later one succeeds.
  let undecided = Mutex<[SegmentHandle]>([])
  /// By table, those of tables that are being made too.
  let dictionaries: Mutex<[TableID: EntityDictionary]>
  let participants = Mutex<[any CommitParticipant]>([])
  let flusher = Mutex<StoreThread?>(nil)
  /// Compacts and keeps retention.
  let keeper = Mutex<StoreThread?>(nil)
  /// Held by the one compaction at a time.
  let compacting = Monitor(())
  /// Compactions under way, by number.
  let running = Mutex<[UInt64: StoreJob]>([:])
  /// What retention by conditions and of properties needs and tells.
  let thinning = Mutex(ThinningState())
  let isBelowReserve = Atomic<Bool>(false)
  /// What opening found that the operator should know.
  public let notices: [Notice]

  init(_ opening: Opening) {
    directory = opening.directory
    options = opening.options
    system = opening.system
    core = Monitor(opening.core)
    published = Mutex(Self.snapshot(of: opening.core))
    dictionaries = Mutex(opening.core.tables.compactMapValues(\.entities))
    catalog = opening.catalog
    log = opening.log
    hasher = opening.hasher
    cache = opening.cache
    lock = opening.lock
    notices = opening.notices
    var pipeline = Pipeline()
    pipeline.dedupe = opening.dedupe
    self.pipeline = Mutex(pipeline)
  }

  /// The last published state: one pinned, immutable view of everything.
  public func snapshot() -> Snapshot { published.withLock { $0 } }

  /// The first failure that ended writing, if any.
  public var failure: ApusError? { system.fatal.failure ?? core.withLock { $0.failure } }

  /// Whether ingest is refused because the disk is nearly full.
  public var isReadOnly: Bool { isBelowReserve.load(ordering: .relaxed) }

  /// Memory of all memtables.
  public var memtableBytes: Int { core.withLock { $0.memtableBytes } }

  /// Joins later flushes. Rows already in segments are not shown to it.
  public func add(_ participant: any CommitParticipant) { participants.withLock { $0.append(participant) } }

  /// Starts holding rows back for one commit.
  public func begin() -> WriteTransaction { WriteTransaction(store: self) }

  /// What was taken in for a table since the start.
  public func counters(_ table: TableID) -> IngestCounters {
    pipeline.withLock { $0.counters[table] ?? IngestCounters() }
  }

  static func snapshot(of core: Core) -> Snapshot {
    Snapshot(
      lsn: core.lastLSN, catalogVersion: core.catalogVersion, tables: core.tableSnapshots, names: core.names,
      objects: core.objects, settings: core.settings)
  }

  /// Makes the state visible. Called under `core`'s lock, so that snapshots are published in the order of changes.
  func publish(_ core: inout Core, changed: some Sequence<TableID>) {
    for id in changed { core.tableSnapshots[id] = core.tables[id]?.snapshot }
    let snapshot = Self.snapshot(of: core)
    published.withLock { $0 = snapshot }
  }

  /// Stops: what is committed stays committed. With `flushing`, memtables become segments first, so that the next start
  /// has nothing to replay.
  public func close(flushing: Bool = false) {
    if flushing { try? checkpoint() }
    let wasOpen = core.update { core in
      defer { core.isClosing = true }
      return !core.isClosing
    }
    guard wasOpen else { return }
    flusher.withLock { $0?.join() }
    keeper.withLock { $0?.join() }
    log.stop()
    catalog.close()
    lock.release()
  }

  /// Ends everything as a failed disk would, for crash tests.
  func abandon() {
    let error = ApusError(.ioError, "the store was abandoned")
    core.update { core in
      core.isClosing = true
      core.failure = core.failure ?? error
    }
    flusher.withLock { $0?.join() }
    keeper.withLock { $0?.join() }
    log.abandon(error)
    catalog.close()
    lock.release()
  }

  deinit {
    // A store that is let go without `close` must not leave its threads behind.
    if core.withLock({ !$0.isClosing }) { close() }
  }
}

/// What was taken in for one table since the start, for `apus.ingest`.
public struct IngestCounters: Sendable, Hashable {
  public var stored = 0
  public var duplicates = 0
  /// Stored rows of a table with a dedupe key that had none.
  public var withoutKey = 0
  public var commits = 0
}

/// A dedupe index behind a reference, for keeping it in a dictionary. Only under the pipeline's lock.
final class DedupeBox: @unchecked Sendable {
  var index = DedupeIndex()
  let column: ColumnID
  init(column: ColumnID) { self.column = column }
}
