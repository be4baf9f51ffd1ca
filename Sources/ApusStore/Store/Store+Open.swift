// The start of a store: lock, catalog, leftovers removed, segments opened, log replayed.

public import ApusBase
import ApusColumns
public import ApusFiles
private import Foundation
import Synchronization

/// Who holds a data directory.
public struct DirectoryHolder: Sendable, Hashable, Codable {
  public var pid: Int32
  public var postgres: Int?
  public var http: Int?
}

/// What `Store.open` gathers before there is a store.
struct Opening {
  var directory: String
  var options: StoreOptions
  var system: any FileSystem
  var core = Store.Core()
  var catalog: Catalog
  var log: WriteAheadLog
  var hasher: KeyHasher
  var cache: BlockCache
  var lock: any FileLock
  var dedupe: [TableID: DedupeBox] = [:]
  var notices: [Notice] = []
}

extension Store {
  static let lockName = "LOCK"

  /// Opens or makes the data directory. `participants` see every flush, the first one too. Throws 55006, naming the
  /// process, when another one holds it; XX001 when it is damaged; 0A000 when a newer version wrote it.
  public static func open(
    directory: String, fileSystem system: any FileSystem = RealFileSystem(), options: StoreOptions = StoreOptions(),
    participants: [any CommitParticipant] = []
  ) throws(ApusError) -> Store {
    try makeDirectories(directory, on: system)
    guard let lock = try system.lock(directory + "/" + lockName) else {
      let holder = readLock(directory: directory, fileSystem: system)
      throw ApusError(
        .objectInUse,
        "data directory \"\(directory)\" is in use by process \(holder.map { String($0.pid) } ?? "unknown")",
        hint: "stop that server, or name another directory with --data")
    }
    do throws(ApusError) {
      try lock.replaceContents(describe(DirectoryHolder(pid: getpid(), postgres: nil, http: nil)))
      let opening = try prepare(directory, system, options, lock)
      let store = Store(opening)
      for participant in participants { store.add(participant) }
      let receiver = LogReceiver()
      receiver.attach(store)
      store.log.start(receiver)
      store.lookAtDisk()
      store.startFlusher()
      store.startKeeper()
      store.releaseLog(waiting: false)
      return store
    } catch {
      lock.release()
      throw error
    }
  }

  /// Who holds the directory's lock, as far as the lock file says; nil when it says nothing.
  public static func readLock(directory: String, fileSystem: any FileSystem = RealFileSystem()) -> DirectoryHolder? {
    guard let bytes = try? fileSystem.readWhole(directory + "/" + lockName, bytesMax: 4096), !bytes.isEmpty else {
      return nil
    }
    return try? JSONDecoder().decode(DirectoryHolder.self, from: Data(bytes))
  }

  /// Tells other processes where this server listens.
  public func announce(postgresPort: Int?, httpPort: Int?) throws(ApusError) {
    try lock.replaceContents(Self.describe(DirectoryHolder(pid: getpid(), postgres: postgresPort, http: httpPort)))
  }

  private static func describe(_ holder: DirectoryHolder) -> String {
    var text = "{\"pid\":\(holder.pid)"
    if let port = holder.postgres { text += ",\"postgres\":\(port)" }
    if let port = holder.http { text += ",\"http\":\(port)" }
    return text + "}\n"
  }

  private static func makeDirectories(_ directory: String, on system: any FileSystem) throws(ApusError) {
    var missing: [String] = []
    var path = directory
    while try !system.exists(path) {
      missing.append(path)
      path = directoryName(path)
    }
    for path in missing.reversed() { try system.makeDirectoryDurably(path) }
    for name in ["wal", "tables", "ids"] { try system.makeDirectoryDurably(directory + "/" + name) }
  }

  private static func prepare(
    _ directory: String, _ system: any FileSystem, _ options: StoreOptions, _ lock: any FileLock
  ) throws(ApusError) -> Opening {
    let catalog = try Catalog(directory: directory, system: system)
    do throws(ApusError) {
      var contents = try catalog.load()
      if !contents.tables.contains(where: { $0.id == Rejects.table }) {
        try catalog.commit(
          [.definition(.createTable(Rejects.definition))], nextTable: contents.nextTable,
          nextSegment: contents.nextSegment, lastLSN: contents.lastLSN)
        contents.tables.append(Rejects.definition)
      }
      try removeLeftovers(directory, system, named: Set(contents.segments.map(\.path)))
      let cache = BlockCache(bytesMax: options.blockCacheBytesMax)
      let hasher = KeyHasher(secret: contents.dedupeSecret)
      var core = try core(of: contents, directory, system, cache)
      try openEntities(contents, directory, system, options, into: &core)
      var dedupe: [TableID: DedupeBox] = [:]
      try rebuildKeys(core, options, hasher, into: &dedupe)
      let walDirectory = directory + "/wal"
      let replay = try LogReplay(
        directory: walDirectory, system: system, storeID: contents.storeID, knownDurable: contents.lastLSN)
      try replayCommits(replay, system, options, hasher, &core, dedupe)
      try replay.repair(system: system, directory: walDirectory)
      var settings = WriteAheadLog.Settings()
      settings.fileBytes = options.logFileBytes
      settings.preallocationBytes = options.logPreallocationBytes
      let log = try WriteAheadLog(
        directory: walDirectory, system: system, storeID: contents.storeID, lastLSN: core.lastLSN,
        highestNumber: replay.highestNumber, older: replay.files.map { ($0.number, $0.firstLSN) }, settings: settings)
      var opening = Opening(
        directory: directory, options: options, system: system, core: core, catalog: catalog, log: log, hasher: hasher,
        cache: cache, lock: lock, dedupe: dedupe)
      if let notice = replay.notice {
        Log.warning("store", notice)
        opening.notices.append(Notice(.notice, notice))
      }
      return opening
    } catch {
      catalog.close()
      throw error
    }
  }

  /// Removes files that the catalog does not name: of flushes and transactions that were never committed, and of
  /// dropped
  /// tables.
  private static func removeLeftovers(
    _ directory: String, _ system: any FileSystem, named: Set<String>
  ) throws(ApusError) {
    for table in try system.list(directory + "/tables") {
      let tablePath = "tables/" + table
      guard try system.isDirectory(directory + "/" + tablePath) else { continue }
      for partition in try system.list(directory + "/" + tablePath) {
        let partitionPath = tablePath + "/" + partition
        guard try system.isDirectory(directory + "/" + partitionPath) else { continue }
        var isEmpty = true
        for file in try system.list(directory + "/" + partitionPath) {
          if named.contains(partitionPath + "/" + file) {
            isEmpty = false
          } else {
            try system.remove(directory + "/" + partitionPath + "/" + file)
          }
        }
        if isEmpty { try system.removeDirectory(directory + "/" + partitionPath) }
      }
      if try system.list(directory + "/" + tablePath).isEmpty {
        try system.removeDirectory(directory + "/" + tablePath)
      }
    }
  }

  private static func core(
    of contents: CatalogContents, _ directory: String, _ system: any FileSystem, _ cache: BlockCache
  ) throws(ApusError) -> Core {
    var core = Core()
    core.objects = contents.objects
    core.settings = contents.settings
    core.nextTable = contents.nextTable
    core.nextSegment = contents.nextSegment
    core.lastLSN = contents.lastLSN
    for table in contents.tables {
      var state = TableState(definition: table)
      state.flushed = contents.flushed[table.id] ?? [:]
      state.thinnings = contents.thinnings[table.id] ?? [:]
      core.tables[table.id] = state
      if !table.isDerived { core.names[QualifiedName(schema: table.schema, name: table.name)] = table.id }
    }
    for record in contents.segments {
      let handle = try SegmentHandle(
        record: record, directory: directory, system: system, cache: cache, deletes: contents.deletes[record.id])
      if let time = contents.dropped[record.id] {
        core.tables[record.table]?.dropped.append(DroppedSegment(segment: handle, at: time))
      } else {
        core.tables[record.table]?.segments.append(handle)
      }
    }
    return core
  }

  // MARK: Keys

  /// Notes the keys of segments that may still be within the window.
  private static func rebuildKeys(
    _ core: Core, _ options: StoreOptions, _ hasher: KeyHasher, into dedupe: inout [TableID: DedupeBox]
  ) throws(ApusError) {
    let now = options.clock.now()
    for state in core.tables.values {
      guard let key = state.definition.dedupeKeyColumn else { continue }
      let box = DedupeBox(column: key.id)
      dedupe[state.definition.id] = box
      let oldest = cutoff(minute(now), state.definition.options.dedupeWindowSeconds)
      for segment in state.segments where minute(segment.record.received) >= oldest {
        for group in segment.rowGroups {
          try note(group, key.id, state.definition, minute: minute(segment.record.received), hasher, in: box)
        }
      }
    }
  }

  static func note(
    _ group: any RowGroup, _ key: ColumnID, _ table: TableDefinition, minute: UInt32, _ hasher: KeyHasher,
    in box: DedupeBox
  ) throws(ApusError) {
    guard let type = table.column(key)?.type.type, group.rowCount > 0 else { return }
    let column = try group.read(ColumnReference(column: key, type: type), rows: 0..<group.rowCount)
    let hashes = hasher.hashes(of: column)
    if let deleted = group.deletedRows { forget(deleted, in: hashes) }
    note(hashes, column.count, table, minute: minute, in: box)
  }

  /// Rows whose keys are not to be noted.
  private static func forget(_ rows: Bitmap, in hashes: Buffer) {
    let keys = hashes.write(KeyHash.self)
    for row in 0..<rows.count where rows[row] { keys[row] = .none }
  }

  private static func note(
    _ hashes: Buffer, _ count: Int, _ table: TableDefinition, minute: UInt32, in box: DedupeBox
  ) {
    let duplicates = Bitmap(repeating: false, count: count)
    let oldest = cutoff(minute, table.options.dedupeWindowSeconds)
    _ = box.index.insert(hashes, count: count, minute: minute, cutoff: oldest, duplicates: duplicates)
  }

  // MARK: Replay

  private static func replayCommits(
    _ replay: LogReplay, _ system: any FileSystem, _ options: StoreOptions, _ hasher: KeyHasher, _ core: inout Core,
    _ dedupe: [TableID: DedupeBox]
  ) throws(ApusError) {
    let started = monotonicNanoseconds()
    var state = core
    var count = 0
    try replay.forEachCommit(system: system) { (lsn, payload, file) throws(ApusError) in
      let record = try BatchCodec.decode(payload, file: file)
      for batch in record.batches {
        guard let table = state.tables[batch.table] else { continue }
        if let box = dedupe[batch.table], let index = batch.columns.firstIndex(of: box.column) {
          let hashes = hasher.hashes(of: batch.rows.columns[index])
          // Those in segments are noted already, unless they are deleted.
          if let flushed = table.flushedRows(of: batch, lsn: lsn) { forget(flushed, in: hashes) }
          note(hashes, batch.rows.count, table.definition, minute: minute(record.received), in: box)
        }
        _ = try state.tables[batch.table]?.apply(batch, lsn: lsn, received: record.received)
      }
      state.lastLSN = max(state.lastLSN, lsn)
      count += 1
    }
    if let last = replay.lastLSN { state.lastLSN = max(state.lastLSN, last) }
    for (id, table) in state.tables {
      for part in table.openParts {
        part.rowGroups = part.memtable.rowGroups()
        part.bytes = part.memtable.byteCount
        state.memtableBytes += part.bytes
      }
      state.tableSnapshots[id] = table.snapshot
    }
    core = state
    if count > 0 {
      let milliseconds = (monotonicNanoseconds() &- started) / 1_000_000
      Log.info("store", "replayed the log", ["commits": String(count), "milliseconds": String(milliseconds)])
    }
  }
}
