// The way of a delete: rows chosen in segments, their bitmaps committed in one catalog transaction, published.

public import ApusBase
public import ApusColumns
import ApusFiles
import Synchronization

extension Store {
  /// Deletes the rows of a table that `choosing` names: by segment, a bit for each of its rows. Every row committed
  /// before the call is in a segment when `choosing` is asked, and no segment goes away until the rows are deleted: all
  /// of them durably, or none. Returns how many there were; rows that another delete took meanwhile are not counted.
  public func delete(
    from table: TableID, choosing: () throws(ApusError) -> [SegmentID: Bitmap]
  ) throws(ApusError) -> Int {
    try checkDeletable(table)
    core.update { $0.deleting[table, default: 0] += 1 }
    defer { unpin([table]) }
    try flush(table)
    let chosen = try choosing()
    let deleted = try maintenance.withLock { (_) throws(ApusError) in try commitDeletes(chosen, table) }
    forgetKeys(of: deleted, table)
    return deleted.reduce(0) { $0 + $1.rows.setCount }
  }

  /// Whether rows of the table may be deleted at all.
  func checkDeletable(_ table: TableID) throws(ApusError) {
    guard table >= TableDefinition.firstUserTable else {
      throw ApusError(.insufficientPrivilege, "rows of system tables are not deleted")
    }
  }

  /// Rows that a delete took, in the segment as it was before.
  struct DeletedRows: Sendable {
    var segment: SegmentHandle
    var rows: Bitmap
  }

  /// What deleting rows of a table changes.
  struct DeletePlan: Sendable {
    var deleted: [DeletedRows] = []
    var changed: [SegmentID: SegmentHandle] = [:]
    var changes: [StoreChange] = []
    /// What participants commit with it.
    var definitions: [CatalogChange] = []
  }

  /// `thinned`: the deletes are a policy's, and how far it has come is committed with them.
  func commitDeletes(
    _ chosen: [SegmentID: Bitmap], _ table: TableID, thinned: ThinnedPartition? = nil
  ) throws(ApusError) -> [DeletedRows] {
    if let failure { throw failure }
    var planned = try deletePlan(chosen, table, isPolicy: thinned != nil)
    var thinned = thinned
    if !planned.changes.isEmpty { thinned?.thinning.removedAny = true }
    if let thinned { planned.changes.append(thinned.change(of: table)) }
    guard !planned.changes.isEmpty else { return [] }
    let (plan, noted) = (planned, thinned)
    try commit(plan.changes + plan.definitions.map { .definition($0) }, of: [])
    core.update { core in
      var touched: Set<TableID> = []
      show(plan, table, &core, &touched)
      if let noted { core.tables[table]?.thinnings[noted.partition, default: [:]][noted.policy] = noted.thinning }
      publish(&core, changed: touched)
    }
    return plan.deleted
  }

  /// Puts the new marks of a committed delete into the table.
  func show(_ plan: DeletePlan, _ table: TableID, _ core: inout Core, _ touched: inout Set<TableID>) {
    touched.insert(table)
    for change in plan.definitions { carryOut(change, &core, &touched) }
    let segments = core.tables[table]?.segments ?? []
    core.tables[table]?.segments = segments.map { plan.changed[$0.record.id] ?? $0 }
  }

  /// The chosen rows that nobody else has deleted, as changes of the catalog. `adding`: partitions that get rows in the
  /// same commit. Under `maintenance`.
  func deletePlan(
    _ chosen: [SegmentID: Bitmap], _ table: TableID, isPolicy: Bool = false, adding: Set<PartitionKey> = []
  ) throws(ApusError) -> DeletePlan {
    guard let segments = core.withLock({ $0.tables[table]?.segments }) else {
      throw ApusError(.undefinedTable, "table \(table) was dropped meanwhile")
    }
    var plan = DeletePlan()
    for (id, rows) in chosen.sorted(by: { $0.key < $1.key }) where rows.setCount > 0 {
      guard let segment = segments.first(where: { $0.record.id == id }), rows.count == segment.record.rows else {
        throw ApusError.unexpected("segment \(id), of which rows are deleted, is not there")
      }
      // Another delete may have been faster.
      let fresh = segment.deletes.map { rows.andNot($0.rows) } ?? rows
      guard fresh.setCount > 0 else { continue }
      let deletes = SegmentDeletes(
        version: (segment.deletes?.version ?? 0) + 1, rows: segment.deletes.map { $0.rows.or(rows) } ?? rows)
      plan.deleted.append(DeletedRows(segment: segment, rows: fresh))
      plan.changed[id] = SegmentHandle(segment, deletes: deletes)
      plan.changes.append(.putDeletes(id, deletes))
    }
    guard !plan.changes.isEmpty else { return plan }
    // What goes for its age stays counted in what was derived from it.
    if isPolicy { return plan }
    let partitions = Set(plan.deleted.map(\.segment.record.partition)).union(adding)
    for participant in participants.withLock({ $0 }) {
      plan.definitions += try participant.changes(deletingIn: partitions, of: table)
    }
    return plan
  }

  /// A key whose row is deleted may come again. Keys that came again after the segment's rows stay known.
  func forgetKeys(of deleted: [DeletedRows], _ table: TableID, except kept: Set<KeyHash> = []) {
    guard let key = snapshot().table(table)?.definition.dedupeKeyColumn else { return }
    let reference = ColumnReference(column: key.id, type: key.type.type)
    do throws(ApusError) {
      for part in deleted {
        var start = 0
        for group in part.segment.rowGroups {
          let range = start..<start + group.rowCount
          start = range.upperBound
          var gone = part.rows.slice(range)
          guard gone.setCount > 0 else { continue }
          let hashes = hasher.hashes(of: try group.read(reference, rows: 0..<group.rowCount))
          if !kept.isEmpty {
            let known = hashes.read(KeyHash.self)
            let staying = Bitmap(repeating: false, count: group.rowCount)
            for row in 0..<group.rowCount where gone[row] && kept.contains(known[row]) { staying.set(row) }
            gone = gone.andNot(staying)
          }
          let minute = Self.minute(part.segment.record.received)
          let rows = gone
          pipeline.withLock { pipeline in
            pipeline.dedupe[table]?.index.remove(hashes, count: group.rowCount, among: rows, notedBy: minute)
          }
        }
      }
    } catch {
      Log.warning("store", "keys of deleted rows stay known until the next start", ["error": error.message])
    }
  }
}
