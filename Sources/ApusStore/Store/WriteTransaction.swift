// WriteTransaction owns rows on their way to one commit: nothing of it is visible or durable before.

public import ApusBase
public import ApusColumns
import Synchronization

/// Rows for one table: dense columns of equal count, each under its id. Columns left out are null. Generated columns
/// and defaults are the caller's to compute; NOT NULL is the caller's to check.
public struct RowBatch: Sendable {
  public var table: TableID
  public var columns: [ColumnID]
  public var rows: Batch
  /// Rows that take the place of others, which the same transaction deletes: their keys are no duplicates.
  public var isReplacement: Bool

  public init(table: TableID, columns: [ColumnID], rows: Batch, isReplacement: Bool = false) {
    self.table = table
    self.columns = columns
    self.rows = rows
    self.isReplacement = isReplacement
  }
}

/// What became of the rows of one `RowBatch`.
public struct BatchOutcome: Sendable {
  /// Rows that this commit stored.
  public var stored: Int
  /// Rows whose dedupe key was known already; nil when there are none. A bit a row.
  public var duplicates: Bitmap?
  public var duplicateCount: Int { duplicates?.setCount ?? 0 }
}

public struct CommitResult: Sendable {
  /// The commit's place in the order of commits; of the last commit before it when it stored nothing.
  public var lsn: LSN
  /// One for each appended batch, in order.
  public var batches: [BatchOutcome]
  /// One for each `delete` of the transaction, in order: rows that no other transaction took meanwhile.
  public var deletions: [Int] = []
}

/// A row that could not be stored, kept in `apus.rejects`.
public struct RejectedRow: Sendable {
  /// The table it was meant for.
  public var table: String
  /// The way it came: "native", "segment", "import", ...
  public var dialect: String
  /// Its line or index in the request, from 1.
  public var line: Int64?
  public var eventID: String?
  /// "too_old", "too_new", "malformed", ...
  public var code: String
  public var reason: String
  /// What was sent, as far as it could be told apart.
  public var payload: String

  public init(
    table: String, dialect: String, line: Int64? = nil, eventID: String? = nil, code: String, reason: String,
    payload: String
  ) {
    self.table = table
    self.dialect = dialect
    self.line = line
    self.eventID = eventID
    self.code = code
    self.reason = reason
    self.payload = payload
  }
}

/// Rows held back until `commit`. For one thread at a time.
public final class WriteTransaction: Sendable {
  struct State: Sendable {
    var batches: [RowBatch] = []
    var rejects: [RejectedRow] = []
    var bytes = 0
    /// In the order of the statements, and counted by `Mark`.
    var deletions: [Deletion] = []
    var definitions: [CatalogChange] = []
    /// Tables that definitions change, as they were.
    var originals: [TableID: TableDefinition] = [:]
    /// Tables whose segments are kept in place for it.
    var pinned: Set<TableID> = []
    /// Grows with every change.
    var version = 0
    var isFinished = false

    /// Whether the catalog, not the log, is where it commits.
    var changesCatalog: Bool { !deletions.isEmpty || !definitions.isEmpty }
  }

  let store: Store
  let state = Mutex(State())

  init(store: Store) { self.store = store }

  /// Holds rows back for `commit`. Throws 42P01 for a table that is not there, 53200 beyond the memory limit.
  public func append(_ batch: RowBatch) throws(ApusError) {
    guard batch.rows.count > 0 else {
      state.withLock { $0.batches.append(batch) }
      return
    }
    try store.admit(batch, in: snapshot(over: store.snapshot(), withRows: false))
    let dense = RowBatch(
      table: batch.table, columns: batch.columns, rows: batch.rows.compacted(), isReplacement: batch.isReplacement)
    let bytes = dense.rows.columns.reduce(0) { $0 + $1.heldBytes }
    try MemoryBudget.check(0)
    state.withLock { state in
      state.batches.append(dense)
      state.bytes += bytes
      state.version += 1
    }
  }

  /// Keeps a rejected row with this commit.
  public func reject(_ row: RejectedRow) { state.withLock { $0.rejects.append(row) } }

  /// Makes the rows durable and visible, and returns when they are.
  public func commit() throws(ApusError) -> CommitResult {
    store.waitForRoom(state.withLock { $0.bytes })
    let waiter = CommitWaiter()
    commit { waiter.finish($0) }
    return try waiter.wait()
  }

  /// Makes the rows durable and visible; then calls `completion`, from the log's thread or from this one: it must be
  /// short and must not commit in turn.
  public func commit(completion: @escaping @Sendable (Result<CommitResult, ApusError>) -> Void) {
    let work: State? = state.withLock { state in
      guard !state.isFinished else { return nil }
      let taken = state
      state = State()
      state.isFinished = true
      return taken
    }
    let pinned = work?.pinned ?? []
    let store = store
    let answer: @Sendable (Result<CommitResult, ApusError>) -> Void = { result in
      store.unpin(pinned)
      completion(result)
    }
    guard let work else {
      completion(.failure(ApusError(.noActiveTransaction, "the transaction has ended")))
      return
    }
    store.commit(work, completion: answer)
  }

  /// A point that `rollback(to:)` goes back to.
  public struct Mark: Sendable {
    var batches = 0
    var rejects = 0
    var bytes = 0
    var deletions = 0
    var definitions = 0

    /// Before the first row.
    public init() {}
  }

  public var mark: Mark {
    state.withLock { state in
      var mark = Mark()
      mark.batches = state.batches.count
      mark.rejects = state.rejects.count
      mark.bytes = state.bytes
      mark.deletions = state.deletions.count
      mark.definitions = state.definitions.count
      return mark
    }
  }

  /// Forgets what came after the mark.
  public func rollback(to mark: Mark) {
    state.withLock { state in
      state.batches.removeLast(max(0, state.batches.count - mark.batches))
      state.rejects.removeLast(max(0, state.rejects.count - mark.rejects))
      state.bytes = min(state.bytes, mark.bytes)
      state.deletions.removeLast(max(0, state.deletions.count - mark.deletions))
      state.definitions.removeLast(max(0, state.definitions.count - mark.definitions))
      state.version += 1
    }
  }

  /// Forgets everything.
  public func rollback() {
    let pinned = state.withLock { state in
      defer {
        state = State()
        state.isFinished = true
      }
      return state.pinned
    }
    store.unpin(pinned)
  }

  deinit {
    let pinned = state.withLock { $0.pinned }
    if !pinned.isEmpty { store.unpin(pinned) }
  }
}
