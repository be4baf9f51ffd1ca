// The way of a commit that changes more than it adds: definitions, deleted rows and new rows, in one catalog
// transaction.

import ApusBase
import ApusColumns
import ApusFiles
import Synchronization

extension Store {
  /// Lets segments go that a transaction kept in place.
  func unpin(_ tables: Set<TableID>) {
    guard !tables.isEmpty else { return }
    core.update { core in
      for table in tables {
        let count = core.deleting[table] ?? 0
        core.deleting[table] = count > 1 ? count - 1 : nil
      }
    }
  }

  /// What participants would commit with a delete of these rows.
  func changes(following rows: [RowPlace: Bitmap], of table: TableID) throws(ApusError) -> [CatalogChange] {
    let parts = participants.withLock { $0 }
    if parts.isEmpty { return [] }
    return try maintenance.withLock { (_) throws(ApusError) in
      let segments = core.withLock { $0.tables[table]?.segments ?? [] }
      let partitions = Set(segments.filter { rows[.segment($0.record.id)] != nil }.map(\.record.partition))
      if partitions.isEmpty { return [] }
      var changes: [CatalogChange] = []
      for part in parts { changes += try part.changes(deletingIn: partitions, of: table) }
      return changes
    }
  }

  func commitInCatalog(
    _ work: WriteTransaction.State, _ completion: @escaping @Sendable (Result<CommitResult, ApusError>) -> Void
  ) throws(ApusError) {
    // Tables with their new definitions; their rows are not needed.
    let view = snapshot().applying(work, withRows: false)
    var rows = work
    rows.batches = try work.remainingBatches(in: view)
    let made = keepKeysOfNewTables(work, view)
    let pending: PendingCommit
    do throws(ApusError) {
      pending = try prepare(rows, in: view, completion)
    } catch {
      forgetTables(made)
      throw error
    }
    do throws(ApusError) {
      let written = try writePrivately(pending, in: view)
      let committed = try maintenance.withLock { (_) throws(ApusError) in try carryOut(work, written) }
      forgetKeys(of: committed.deleted, replacedBy: rows.batches, in: view)
      complete(
        pending,
        .success(CommitResult(lsn: committed.lsn, batches: pending.outcomes, deletions: committed.deletions)))
    } catch {
      forgetTables(made)
      forgetDictionaries(of: work.definitions)
      complete(pending, .failure(error))
    }
  }

  /// Duplicates within the first rows of a table are known, too.
  private func keepKeysOfNewTables(_ work: WriteTransaction.State, _ view: Snapshot) -> [TableID] {
    var made: [TableID] = []
    for case .createTable(let table) in work.definitions {
      guard let key = view.table(table.id)?.definition.dedupeKeyColumn else { continue }
      pipeline.withLock { $0.dedupe[table.id] = DedupeBox(column: key.id) }
      made.append(table.id)
    }
    return made
  }

  private func forgetTables(_ tables: [TableID]) {
    guard !tables.isEmpty else { return }
    pipeline.withLock { pipeline in for table in tables { pipeline.dedupe[table] = nil } }
  }

  private struct Committed: Sendable {
    var lsn: LSN
    var deletions: [Int]
    var deleted: [(table: TableID, rows: [DeletedRows])]
  }

  /// Checks everything against what others have committed, commits and publishes. Under `maintenance`.
  private func carryOut(
    _ work: WriteTransaction.State, _ all: [Written]
  ) throws(ApusError) -> Committed {
    var changes: [StoreChange] = []
    var plan: DefinitionPlan
    var deletes: [(table: TableID, plan: DeletePlan)] = []
    var handles: [SegmentHandle] = []
    var derived: [CatalogChange] = []
    var waiting = all[...]
    do throws(ApusError) {
      if let failure { throw failure }
      plan = DefinitionPlan(current: snapshot(), store: self)
      try checkOriginals(work)
      for change in work.definitions { try plan.add(change) }
      for written in all where plan.table(written.definition.id) == nil {
        throw ApusError(.undefinedTable, "table \(written.definition.id) was dropped meanwhile")
      }
      try checkReplaced(work, plan)
      try checkDerived(work, plan)
      for (table, chosen) in work.deletedSegmentRows.sorted(by: { $0.key < $1.key }) where plan.table(table) != nil {
        let adding = all.filter { $0.definition.id == table }.flatMap(\.segments.partitions)
        deletes.append((table, try deletePlan(chosen, table, adding: Set(adding))))
      }
      while var written = waiting.popFirst() {
        // Where rows are deleted too, all is derived anew.
        if !deletes.contains(where: { $0.table == written.definition.id && !$0.plan.changes.isEmpty }) {
          try addDerived(to: &written.segments, from: written.definition)
        }
        handles += written.segments.handles
        derived += written.segments.changes
      }
      changes = plan.changes.map { .definition($0) }
    } catch {
      for handle in handles + waiting.flatMap({ $0.segments.handles }) { handle.drop() }
      throw error
    }
    derived += deletes.flatMap(\.plan.definitions)
    changes += derived.map { .definition($0) }
    changes += handles.map { .addSegment($0.record) }
    for (_, plan) in deletes { changes += plan.changes }
    try commit(changes, of: handles)
    let planned = plan
    let before = snapshot()
    let (marks, made, followed) = (deletes, handles, derived)
    let lsn = core.update { core in
      var touched: Set<TableID> = []
      carryOut(planned, &core, &touched)
      for (table, plan) in marks { show(plan, table, &core, &touched) }
      for change in followed { carryOut(change, &core, &touched) }
      for handle in made {
        core.tables[handle.record.table]?.segments.append(handle)
        touched.insert(handle.record.table)
      }
      publish(&core, changed: touched)
      return core.lastLSN
    }
    for change in planned.changes {
      if case .createTable = change { continue }
      try keepKeys(change, before)
    }
    let deleted = deletes.map { (table: $0.table, rows: $0.plan.deleted) }
    return Committed(lsn: lsn, deletions: counts(work, deleted), deleted: deleted)
  }

  /// 40001 when a table that the transaction alters or drops has been altered by another.
  private func checkOriginals(_ work: WriteTransaction.State) throws(ApusError) {
    let current = snapshot()
    for change in work.definitions {
      let id: TableID
      switch change {
      case .alterTable(let table): id = table.id
      case .dropTable(let table): id = table
      default: continue
      }
      guard let original = work.originals[id], let now = current.table(id)?.definition, now != original else {
        continue
      }
      throw ApusError(
        SQLState("40001"), "could not serialize access due to a concurrent change of table \"\(now.name)\"",
        table: now.name)
    }
  }

  /// 40001 when something was derived meanwhile from a table that goes.
  private func checkDerived(_ work: WriteTransaction.State, _ plan: DefinitionPlan) throws(ApusError) {
    for case .dropTable(let id) in work.definitions {
      for table in snapshot().allTables
      where table.definition.options.derivedFrom == id.value && plan.table(table.definition.id) != nil {
        throw ApusError(
          SQLState("40001"), "could not serialize access: a rollup of the dropped table was made meanwhile")
      }
    }
  }

  /// 40001 when another transaction has deleted or replaced a row that this one replaces.
  private func checkReplaced(_ work: WriteTransaction.State, _ plan: DefinitionPlan) throws(ApusError) {
    for deletion in work.deletions where deletion.isReplaced {
      guard let table = plan.table(deletion.table) else { continue }
      let segments = core.withLock { $0.tables[deletion.table]?.segments ?? [] }
      for (place, rows) in deletion.rows {
        guard case .segment(let id) = place, rows.setCount > 0 else { continue }
        let segment = segments.first { $0.record.id == id }
        if let segment, segment.deletes.map({ rows.and($0.rows).setCount == 0 }) ?? true { continue }
        throw ApusError(
          SQLState("40001"), "could not serialize access due to concurrent update", table: table.name)
      }
    }
  }

  /// For each statement, how many of its rows this transaction took.
  private func counts(
    _ work: WriteTransaction.State, _ deleted: [(table: TableID, rows: [DeletedRows])]
  ) -> [Int] {
    let fresh = Dictionary(
      deleted.flatMap { $0.rows.map { ($0.segment.record.id, $0.rows) } }, uniquingKeysWith: { first, _ in first })
    return work.deletions.map { deletion in
      deletion.rows.reduce(0) { total, part in
        guard case .segment(let id) = part.key else { return total + part.value.setCount }
        return total + (fresh[id].map { $0.and(part.value).setCount } ?? 0)
      }
    }
  }

  /// A key whose row is deleted may come again, unless a row that takes its place has it.
  private func forgetKeys(
    of deleted: [(table: TableID, rows: [DeletedRows])], replacedBy batches: [RowBatch], in view: Snapshot
  ) {
    for (table, rows) in deleted {
      var kept: Set<KeyHash> = []
      if let key = view.table(table)?.definition.dedupeKeyColumn {
        for batch in batches where batch.table == table && batch.isReplacement {
          guard let index = batch.columns.firstIndex(of: key.id) else { continue }
          let hashes = hasher.hashes(of: batch.rows.columns[index])
          let values = hashes.read(KeyHash.self)
          for row in 0..<batch.rows.count { kept.insert(values[row]) }
        }
      }
      forgetKeys(of: rows, table, except: kept)
    }
  }
}

extension WriteTransaction.State {
  /// The batches without the rows that the transaction has deleted again and those of tables it has dropped: as many
  /// as there were.
  fileprivate func remainingBatches(in view: Snapshot) throws(ApusError) -> [RowBatch] {
    let gone = deletedOwnRows
    var kept: [RowBatch] = []
    for (index, batch) in batches.enumerated() {
      var batch = batch
      if batch.rows.count > 0 {
        let all = Bitmap(repeating: false, count: batch.rows.count)
        let alive = view.table(batch.table) == nil ? all : gone[index]?.inverted()
        if let alive {
          let selection = SelectionVector(alive)
          batch.rows = Batch(columns: try gather(batch.rows.columns, selection), count: selection.count)
        }
      }
      kept.append(batch)
    }
    return kept
  }
}
