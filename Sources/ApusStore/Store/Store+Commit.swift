// The way of a commit: duplicates out, into the log, into the memtables, published, acknowledged.

public import ApusBase
import ApusColumns
import ApusFiles
import Synchronization

/// A commit between the pipeline and its acknowledgement.
final class PendingCommit: Sendable {
  let sequence: UInt64
  let batches: [RowBatch]
  let received: UnixMicroseconds
  let outcomes: [BatchOutcome]
  /// The keys it noted, by batch, to be taken back if it fails.
  let keys: [NotedKeys]
  let hasDuplicates: Bool
  let completion: @Sendable (Result<CommitResult, ApusError>) -> Void
  /// The outcome that waits for earlier commits.
  let outcome = Mutex<Result<CommitResult, ApusError>?>(nil)

  struct NotedKeys: Sendable {
    var table: TableID
    var hashes: Buffer
    var count: Int
    var duplicates: Bitmap?
  }

  init(
    sequence: UInt64, batches: [RowBatch], received: UnixMicroseconds, outcomes: [BatchOutcome], keys: [NotedKeys],
    completion: @escaping @Sendable (Result<CommitResult, ApusError>) -> Void
  ) {
    self.sequence = sequence
    self.batches = batches
    self.received = received
    self.outcomes = outcomes
    self.keys = keys
    self.completion = completion
    hasDuplicates = outcomes.contains { $0.duplicates != nil }
  }
}

/// One thread waiting for its commit.
final class CommitWaiter: Sendable {
  private let outcome = Monitor<Result<CommitResult, ApusError>?>(nil)
  func finish(_ result: Result<CommitResult, ApusError>) { outcome.update { $0 = result } }
  func wait() throws(ApusError) -> CommitResult {
    let result = outcome.wait { $0 } ?? .failure(ApusError.unexpected("a commit was never answered"))
    return try result.get()
  }
}

extension Store {
  // MARK: Admission

  /// Refuses rows that cannot be stored now: no such table or column, the disk or the memory nearly full.
  func admit(_ batch: RowBatch, in snapshot: Snapshot) throws(ApusError) {
    guard let table = snapshot.table(batch.table) else {
      throw ApusError(.undefinedTable, "table \(batch.table) does not exist")
    }
    guard batch.columns.count == batch.rows.columns.count,
      batch.rows.columns.allSatisfy({ $0.count == batch.rows.physicalCount })
    else { throw ApusError.unexpected("a batch for table \"\(table.definition.name)\" is malformed") }
    for (id, vector) in zip(batch.columns, batch.rows.columns) {
      guard let column = table.definition.column(id), column.type.type.physical == vector.type.physical else {
        throw ApusError.unexpected("column \(id) of table \"\(table.definition.name)\" does not have this type")
      }
    }
    try checkReserve()
  }

  /// Refuses ingest that could not be stored now, before it is decoded: 53100, 53200, or what ended writing.
  public func checkIngest() throws(ApusError) {
    if let failure { throw failure }
    try checkReserve()
    try checkRoom(0)
  }

  private func checkReserve() throws(ApusError) {
    guard isReadOnly else { return }
    throw ApusError(
      .diskFull, "the disk has less than \(Int(options.reserveFraction * 100)) % free: Apus takes in no rows",
      hint: "free space on the disk of \"\(directory)\", or shorten a retention")
  }

  /// 53200 while the memtables and what waits for the log hold more than they may.
  private func checkRoom(_ bytes: Int) throws(ApusError) {
    let held = memtableBytes + log.queuedBytes
    guard held + bytes / 4 <= options.memtableBytesMax else {
      throw ApusError(
        .outOfMemory, "rows come in faster than they can be written to disk",
        detail: "\(held) of \(options.memtableBytesMax) bytes of memtables are in use", hint: "try again in a moment")
    }
  }

  /// Waits until there is room for more rows, at most as long as a writer may stall.
  func waitForRoom(_ bytes: Int) {
    _ = core.wait(nanoseconds: UInt64(Limits.writeStallSecondsMax) * 1_000_000_000) { core in
      core.memtableBytes + bytes / 4 <= self.options.memtableBytesMax || core.isClosing || core.failure != nil
        ? () : nil
    }
  }

  // MARK: Committing

  func commit(
    _ work: WriteTransaction.State, completion: @escaping @Sendable (Result<CommitResult, ApusError>) -> Void
  ) {
    do throws(ApusError) {
      if let failure { throw failure }
      if !work.batches.isEmpty { try checkReserve() }
      if work.changesCatalog {
        try commitInCatalog(work, completion)
      } else if work.bytes > Limits.walTransactionBytesMax {
        try commitPrivately(work, completion)
      } else {
        try checkRoom(work.bytes)
        try commitThroughLog(work, completion)
      }
    } catch {
      completion(.failure(error))
    }
  }

  private func commitThroughLog(
    _ work: WriteTransaction.State, _ completion: @escaping @Sendable (Result<CommitResult, ApusError>) -> Void
  ) throws(ApusError) {
    let pending = try prepare(work, completion)
    guard !pending.batches.isEmpty else {
      complete(pending, .success(CommitResult(lsn: snapshot().lsn, batches: pending.outcomes)))
      return
    }
    do throws(ApusError) {
      let sink = sinks.withLock { $0.popLast() } ?? ByteSink()
      defer { if sink.heldBytes <= 8 << 20 { sinks.withLock { $0.append(sink) } } }
      let payload = try BatchCodec.encode(received: pending.received, pending.batches, using: sink)
      try log.append(WriteAheadLog.Entry(payload: payload, commit: pending))
    } catch {
      complete(pending, .failure(error))
    }
  }

  /// Gives the commit its place in the order of dedupe, and takes duplicates out.
  func prepare(
    _ work: WriteTransaction.State, in current: Snapshot? = nil,
    _ completion: @escaping @Sendable (Result<CommitResult, ApusError>) -> Void
  ) throws(ApusError) -> PendingCommit {
    let received = options.clock.now()
    let current = current ?? snapshot()
    var keys: [PendingCommit.NotedKeys?] = []
    for batch in work.batches {
      var noted: PendingCommit.NotedKeys?
      if let key = current.table(batch.table)?.definition.dedupeKeyColumn,
        let index = batch.columns.firstIndex(of: key.id)
      {
        let hashes = hasher.hashes(of: batch.rows.columns[index])
        noted = PendingCommit.NotedKeys(table: batch.table, hashes: hashes, count: batch.rows.count, duplicates: nil)
      }
      keys.append(noted)
    }
    let sequence = pipeline.withLock { pipeline in
      let sequence = pipeline.nextSequence
      pipeline.nextSequence += 1
      pipeline.inFlight.insert(sequence)
      for (index, batch) in work.batches.enumerated() {
        note(&keys[index], batch, current, received, &pipeline)
      }
      return sequence
    }
    var kept: [RowBatch] = []
    var outcomes: [BatchOutcome] = []
    do throws(ApusError) {
      for (batch, noted) in zip(work.batches, keys) {
        guard let duplicates = noted?.duplicates, !batch.isReplacement else {
          outcomes.append(BatchOutcome(stored: batch.rows.count, duplicates: nil))
          if batch.rows.count > 0 { kept.append(batch) }
          continue
        }
        let selection = SelectionVector(duplicates.inverted())
        outcomes.append(BatchOutcome(stored: selection.count, duplicates: duplicates))
        guard selection.count > 0 else { continue }
        let columns = try gather(batch.rows.columns, selection)
        kept.append(
          RowBatch(table: batch.table, columns: batch.columns, rows: Batch(columns: columns, count: selection.count)))
      }
    } catch {
      let pending = PendingCommit(
        sequence: sequence, batches: [], received: received, outcomes: [], keys: keys.compactMap { $0 },
        completion: { _ in })
      complete(pending, .failure(error))
      throw error
    }
    if !work.rejects.isEmpty { kept.append(Rejects.batch(work.rejects, received: received)) }
    return PendingCommit(
      sequence: sequence, batches: kept, received: received, outcomes: outcomes, keys: keys.compactMap { $0 },
      completion: completion)
  }

  /// Notes the keys of one batch and finds its duplicates.
  private func note(
    _ noted: inout PendingCommit.NotedKeys?, _ batch: RowBatch, _ current: Snapshot, _ received: UnixMicroseconds,
    _ pipeline: inout Pipeline
  ) {
    let count = batch.rows.count
    guard count > 0 else { return }
    var counters = pipeline.counters[batch.table] ?? IngestCounters()
    counters.commits += 1
    defer { pipeline.counters[batch.table] = counters }
    let hasKey = current.table(batch.table)?.definition.dedupeKeyColumn != nil
    guard let keys = noted, let box = pipeline.dedupe[batch.table] else {
      counters.stored += count
      if hasKey { counters.withoutKey += count }
      return
    }
    let window = current.table(batch.table)?.definition.options.dedupeWindowSeconds ?? TableOptions.secondsPerDay
    let minute = Self.minute(received)
    let duplicates = Bitmap(repeating: false, count: count)
    let found = box.index.insert(
      keys.hashes, count: count, minute: minute, cutoff: Self.cutoff(minute, window), duplicates: duplicates)
    if found > 0 { noted?.duplicates = duplicates }
    if batch.isReplacement { return }
    counters.duplicates += found
    counters.stored += count - found
    let hashes = keys.hashes.read(KeyHash.self)
    for row in 0..<count where hashes[row].isNone { counters.withoutKey += 1 }
  }

  static func minute(_ time: UnixMicroseconds) -> UInt32 { UInt32(clamping: max(1, time / 60_000_000)) }

  /// The first minute whose keys are still known.
  static func cutoff(_ minute: UInt32, _ windowSeconds: Int64) -> UInt32 {
    let minutes = UInt32(clamping: (max(0, windowSeconds) + 59) / 60)
    return minute > minutes ? minute - minutes : 1
  }

  // MARK: Completing

  /// Ends a commit: answers it, or parks it until every commit before it has ended, when it holds duplicates of what
  /// may
  /// still be in flight.
  func complete(_ pending: PendingCommit, _ result: Result<CommitResult, ApusError>) {
    var ready: [(PendingCommit, Result<CommitResult, ApusError>)] = []
    pipeline.withLock { pipeline in
      pipeline.inFlight.remove(pending.sequence)
      if case .failure(let error) = result {
        for noted in pending.keys {
          pipeline.dedupe[noted.table]?.index.remove(noted.hashes, count: noted.count, except: noted.duplicates)
        }
        // Those that took a row of this one for stored already must not say so.
        for other in pipeline.waiting where other.sequence > pending.sequence {
          other.outcome.withLock { $0 = .failure(error) }
        }
      }
      let earliest = pipeline.inFlight.min() ?? UInt64.max
      if case .success = result, pending.hasDuplicates, earliest < pending.sequence {
        pending.outcome.withLock { $0 = result }
        pipeline.waiting.append(pending)
      } else {
        ready.append((pending, result))
      }
      guard !pipeline.waiting.isEmpty else { return }
      var still: [PendingCommit] = []
      for parked in pipeline.waiting {
        if earliest > parked.sequence, let outcome = parked.outcome.withLock({ $0 }) {
          ready.append((parked, outcome))
        } else {
          still.append(parked)
        }
      }
      pipeline.waiting = still
    }
    for (commit, outcome) in ready { commit.completion(outcome) }
  }
}

/// What the log calls back. It knows the store weakly: the store owns the log.
final class LogReceiver: WriteAheadLog.Receiver, Sendable {
  private let target = Mutex<WeakStore>(WeakStore())
  private struct WeakStore { weak var store: Store? }

  func attach(_ store: Store) { target.withLock { $0.store = store } }

  func logDidWrite(_ entries: [(LSN, WriteAheadLog.Entry)]) {
    guard let store = target.withLock({ $0.store }) else { return }
    store.apply(entries.map { ($0.0, $0.1.commit) })
  }

  func logDidFail(_ entries: [WriteAheadLog.Entry], _ error: ApusError) {
    guard let store = target.withLock({ $0.store }) else { return }
    for entry in entries { store.complete(entry.commit, .failure(error)) }
  }
}

extension Store {
  /// Applies durable commits to the memtables, publishes them and answers. On the log's thread.
  func apply(_ commits: [(LSN, PendingCommit)]) {
    let failure: ApusError? = core.update { core in
      if let failure = core.failure { return failure }
      var touched: [ObjectIdentifier: MemTablePart] = [:]
      var changed: Set<TableID> = []
      do throws(ApusError) {
        for (lsn, commit) in commits {
          for batch in commit.batches {
            // A table that was dropped meanwhile takes its rows with it.
            let parts = try core.tables[batch.table]?.apply(batch, lsn: lsn, received: commit.received) ?? []
            for part in parts { touched[ObjectIdentifier(part)] = part }
            if !parts.isEmpty { changed.insert(batch.table) }
          }
          core.lastLSN = lsn
        }
      } catch {
        // The rows are durable but not in memory: only a new start can put that right.
        core.failure = error
        return error
      }
      account(for: touched.values, &core)
      sealWhatIsFull(touched.values, &core)
      publish(&core, changed: changed)
      return nil
    }
    if let failure { Log.error("store", "commits could not be applied", ["error": failure.message]) }
    for (lsn, commit) in commits {
      complete(commit, failure.map { .failure($0) } ?? .success(CommitResult(lsn: lsn, batches: commit.outcomes)))
    }
  }

  /// Brings the published row groups and the sizes of memtables up to date.
  func account(for parts: some Sequence<MemTablePart>, _ core: inout Core) {
    for part in parts {
      part.rowGroups = part.memtable.rowGroups()
      let bytes = part.memtable.byteCount
      core.memtableBytes += bytes - part.bytes
      part.bytes = bytes
    }
  }
}
