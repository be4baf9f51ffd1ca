// BEGIN, COMMIT, ROLLBACK and what stands between them. Writes are held back and become durable and visible at COMMIT.

public import ApusBase
import ApusPlugins
import ApusStore
import ApusSyntax

extension Session {
  /// Called before each statement: opens the implicit transaction of a statement group, refuses statements in a failed
  /// block.
  func enter(_ statement: Statement) throws(ApusError) {
    switch transaction.phase {
    case .failed: try requireUsableBlock(statement)
    case .idle:
      transaction.phase = .implicit
      transaction.startTime = database.now()
      transaction.isReadOnly = settings.flag("default_transaction_read_only")
      settings.begin()
    case .implicit, .block: return
    }
  }

  /// Commits what the statements outside a block wrote: at Sync, or before the last CommandComplete of a query string.
  public func commitStatementGroup() throws(ApusError) {
    defer { noteIdle() }
    guard transaction.phase == .implicit else { return }
    do throws(ApusError) {
      try commitWrites()
      settings.commit()
      transaction = TransactionState()
    } catch {
      settings.rollback()
      transaction = TransactionState()
      throw error
    }
  }

  /// After an error: the implicit transaction is gone, a block has failed.
  public func statementFailed() {
    defer { noteIdle() }
    switch transaction.phase {
    case .implicit: rollbackAll()
    case .block:
      // What came before a savepoint may be gone back to.
      if transaction.savepoints.isEmpty {
        transaction.write?.rollback()
        transaction.write = nil
        transaction.backendWrite?.rollback()
        transaction.backendWrite = nil
        transaction.pending = []
        transaction.deletions = []
        transaction.view = nil
      }
      transaction.phase = .failed
    case .idle, .failed: return
    }
  }

  func rollbackAll() {
    transaction.write?.rollback()
    transaction.backendWrite?.rollback()
    settings.rollback()
    transaction = TransactionState()
    cursors = cursors.filter { $0.value.isHoldable }
  }

  /// Makes the held-back rows durable and visible, and tells each INSERT what became of it.
  func commitWrites() throws(ApusError) {
    if let backend = transaction.backendWrite {
      transaction.backendWrite = nil
      transaction.pending = []
      return try backend.commit()
    }
    try dropEndingTables()
    guard let write = transaction.write else { return }
    let pending = transaction.pending
    let deletions = transaction.deletions
    transaction.write = nil
    transaction.pending = []
    transaction.deletions = []
    transaction.view = nil
    let result = try write.commit()
    for deletion in deletions where deletion.number < result.deletions.count {
      deletion.rows = result.deletions[deletion.number]
    }
    for table in Set(deletions.filter { $0.rows > 0 }.map(\.table)) { database.deriveStale(over: table) }
    var outcomes = result.batches[...]
    for insert in pending {
      var duplicates = 0
      for _ in 0..<insert.batches { duplicates += outcomes.popFirst()?.duplicateCount ?? 0 }
      insert.duplicates = duplicates
      if duplicates > 0 {
        notice(
          Notice(
            .notice, "\(duplicates) of \(insert.rows) rows for \"\(insert.table)\" were duplicates and not stored again"
          ))
      }
    }
  }

  func execute(transaction command: TransactionCommand) throws(ApusError) -> Execution {
    switch command {
    case .begin(let modes, let isStart): return try begin(modes, tag: isStart ? "START TRANSACTION" : "BEGIN")
    case .commit(let chain): return try endBlock(commits: true, chain: chain)
    case .rollback(let chain): return try endBlock(commits: false, chain: chain)
    case .savepoint(let name): return try savepoint(name)
    case .release(let name): return try release(name)
    case .rollbackTo(let name): return try rollback(to: name)
    case .prepareTransaction, .commitPrepared, .rollbackPrepared:
      throw ApusError.unsupported("two-phase commit is")
    }
  }

  private func begin(_ modes: TransactionModes, tag: String) throws(ApusError) -> Execution {
    if transaction.phase == .block {
      notice(Notice(.warning, "there is already a transaction in progress", state: .activeTransaction))
      return Execution(command: tag)
    }
    // What the statement group wrote before BEGIN belongs to the block, as in PostgreSQL.
    transaction.phase = .block
    transaction.isReadOnly = modes.isReadOnly ?? settings.flag("default_transaction_read_only")
    transaction.isolation = modes.isolation?.rawValue ?? settings.text("default_transaction_isolation")
    return Execution(command: tag)
  }

  private func endBlock(commits: Bool, chain: Bool) throws(ApusError) -> Execution {
    if chain { throw ApusError.unsupported("AND CHAIN is") }
    switch transaction.phase {
    case .block:
      if commits {
        do throws(ApusError) {
          try commitWrites()
        } catch {
          rollbackAll()
          throw error
        }
        settings.commit()
        transaction = TransactionState()
        cursors = cursors.filter { $0.value.isHoldable }
        return Execution(command: "COMMIT")
      }
      rollbackAll()
      return Execution(command: "ROLLBACK")
    case .failed:
      rollbackAll()
      return Execution(command: "ROLLBACK")
    case .idle, .implicit:
      notice(Notice(.warning, "there is no transaction in progress", state: .noActiveTransaction))
      if commits {
        try commitWrites()
      } else {
        transaction.write?.rollback()
        transaction.backendWrite?.rollback()
      }
      transaction.write = nil
      transaction.backendWrite = nil
      transaction.pending = []
      transaction.deletions = []
      transaction.view = nil
      return Execution(command: commits ? "COMMIT" : "ROLLBACK")
    }
  }

  // MARK: - Savepoints

  private func savepoint(_ name: String) throws(ApusError) -> Execution {
    guard transaction.phase == .block else {
      throw ApusError(.noActiveTransaction, "SAVEPOINT can only be used in transaction blocks")
    }
    transaction.savepoints.append(
      Savepoint(
        name: name, mark: transaction.write?.mark ?? WriteTransaction.Mark(),
        backendBatches: transaction.backendWrite?.batchCount ?? 0, pending: transaction.pending.count,
        deletions: transaction.deletions.count, settings: settings, cursors: Set(cursors.keys),
        isReadOnly: transaction.isReadOnly))
    return Execution(command: "SAVEPOINT")
  }

  /// The place of the youngest savepoint of that name.
  private func place(ofSavepoint name: String, _ what: String) throws(ApusError) -> Int {
    guard transaction.phase == .block || transaction.phase == .failed else {
      throw ApusError(.noActiveTransaction, "\(what) can only be used in transaction blocks")
    }
    guard let place = transaction.savepoints.lastIndex(where: { $0.name == name }) else {
      throw ApusError(.invalidSavepoint, "savepoint \"\(name)\" does not exist")
    }
    return place
  }

  private func release(_ name: String) throws(ApusError) -> Execution {
    let place = try place(ofSavepoint: name, "RELEASE SAVEPOINT")
    transaction.savepoints.removeSubrange(place...)
    return Execution(command: "RELEASE")
  }

  /// Takes back what came after the savepoint, which stays; a failed block goes on.
  private func rollback(to name: String) throws(ApusError) -> Execution {
    let place = try place(ofSavepoint: name, "ROLLBACK TO SAVEPOINT")
    let savepoint = transaction.savepoints[place]
    if let backend = transaction.backendWrite, backend.batchCount > savepoint.backendBatches {
      throw ApusError.unsupported(
        "ROLLBACK TO SAVEPOINT after writing to server \"\(backend.server.name)\" is", hint: "ROLLBACK the whole block."
      )
    }
    transaction.savepoints.removeSubrange((place + 1)...)
    transaction.write?.rollback(to: savepoint.mark)
    transaction.pending.removeLast(max(0, transaction.pending.count - savepoint.pending))
    transaction.deletions.removeLast(max(0, transaction.deletions.count - savepoint.deletions))
    transaction.isReadOnly = savepoint.isReadOnly
    settings.restore(savepoint.settings)
    cursors = cursors.filter { savepoint.cursors.contains($0.key) }
    transaction.phase = .block
    return Execution(command: "ROLLBACK")
  }

  /// SET TRANSACTION.
  func set(modes: TransactionModes, isSession: Bool) throws(ApusError) {
    if let isolation = modes.isolation {
      if isSession {
        settings.set("default_transaction_isolation", isolation.rawValue, isLocal: false)
      } else {
        transaction.isolation = isolation.rawValue
      }
    }
    if let isReadOnly = modes.isReadOnly {
      if isSession {
        settings.set("default_transaction_read_only", isReadOnly ? "on" : "off", isLocal: false)
      } else {
        transaction.isReadOnly = isReadOnly
      }
    }
  }

  /// The transaction that holds back this statement's rows.
  func writeTransaction() -> WriteTransaction {
    if let write = transaction.write { return write }
    let write = database.store.begin()
    transaction.write = write
    return write
  }

  /// One transaction writes one storage: 0A000 when another was written before.
  func requireOneBackend(_ server: BackendServer) throws(ApusError) {
    if transaction.write != nil {
      throw Self.twoBackends("server \"\(server.name)\"", "tables of the embedded storage")
    }
    if let other = transaction.backendWrite, other.server !== server {
      throw Self.twoBackends("server \"\(server.name)\"", "server \"\(other.server.name)\"")
    }
  }

  static func twoBackends(_ what: String, _ other: String) -> ApusError {
    ApusError.unsupported(
      "writing to \(what) and to \(other) in one transaction is",
      hint: "Commit in between: each storage commits by itself.")
  }

  /// The transaction of a server that takes this statement's rows.
  func backendTransaction(_ server: BackendServer) throws(ApusError) -> BackendTransaction {
    if let open = transaction.backendWrite { return open }
    let made = try server.begin()
    transaction.backendWrite = made
    return made
  }

  /// Changes definitions in the transaction: the statements after it see them, others when it commits.
  @discardableResult
  func define(_ changes: [CatalogChange]) throws(ApusError) -> [TableDefinition] {
    try writeTransaction().define(changes + forgettingComments(of: changes))
  }

  func requireWritable(_ what: String) throws(ApusError) {
    if isReadOnly || transaction.isReadOnly {
      throw ApusError(.readOnlyTransaction, "cannot execute \(what) in a read-only transaction")
    }
  }

  /// For statements that commit by themselves: 0A000 inside a block, and it first commits what the statement group
  /// wrote before it.
  func requireNoBlock(_ what: String) throws(ApusError) {
    try requireWritable(what)
    if transaction.phase == .block {
      throw ApusError.unsupported(
        "\(what) inside a transaction block is", hint: "run it outside BEGIN ... COMMIT")
    }
    try commitWrites()
  }
}
