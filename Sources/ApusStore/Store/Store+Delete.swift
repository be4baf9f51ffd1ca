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
    guard table >= TableDefinition.firstUserTable else {
      throw ApusError(.insufficientPrivilege, "rows of system tables are not deleted")
    }
    core.update { $0.deleting[table, default: 0] += 1 }
    defer {
      core.update { core in
        let count = core.deleting[table] ?? 0
        core.deleting[table] = count > 1 ? count - 1 : nil
      }
    }
    try flush(table)
    let chosen = try choosing()
    let deleted = try maintenance.withLock { (_) throws(ApusError) in try commitDeletes(chosen, table) }
    forgetKeys(of: deleted, table)
    return deleted.reduce(0) { $0 + $1.rows.setCount }
  }

  /// Rows that a delete took, in the segment as it was before.
  struct DeletedRows {
    var segment: SegmentHandle
    var rows: Bitmap
  }

  /// `thinned`: the deletes are a policy's, and how far it has come is committed with them.
  func commitDeletes(
    _ chosen: [SegmentID: Bitmap], _ table: TableID, thinned: ThinnedPartition? = nil
  ) throws(ApusError) -> [DeletedRows] {
    if let failure { throw failure }
    guard let segments = core.withLock({ $0.tables[table]?.segments }) else {
      throw ApusError(.undefinedTable, "table \(table) was dropped meanwhile")
    }
    var deleted: [DeletedRows] = []
    var changing: [SegmentID: SegmentHandle] = [:]
    var changes: [StoreChange] = []
    for (id, rows) in chosen.sorted(by: { $0.key < $1.key }) where rows.setCount > 0 {
      guard let segment = segments.first(where: { $0.record.id == id }), rows.count == segment.record.rows else {
        throw ApusError.unexpected("segment \(id), of which rows are deleted, is not there")
      }
      // Another delete may have been faster.
      let fresh = segment.deletes.map { rows.andNot($0.rows) } ?? rows
      guard fresh.setCount > 0 else { continue }
      let deletes = SegmentDeletes(
        version: (segment.deletes?.version ?? 0) + 1, rows: segment.deletes.map { $0.rows.or(rows) } ?? rows)
      deleted.append(DeletedRows(segment: segment, rows: fresh))
      changing[id] = SegmentHandle(segment, deletes: deletes)
      changes.append(.putDeletes(id, deletes))
    }
    var thinned = thinned
    if !changes.isEmpty { thinned?.thinning.removedAny = true }
    if let thinned { changes.append(thinned.change(of: table)) }
    guard !changes.isEmpty else { return [] }
    let partitions = Set(deleted.map(\.segment.record.partition))
    var definitions: [CatalogChange] = []
    // What goes for its age stays counted in what was derived from it.
    if thinned == nil {
      for participant in participants.withLock({ $0 }) {
        definitions += try participant.changes(deletingIn: partitions, of: table)
      }
    }
    let changed = changing
    let defined = definitions
    let noted = thinned
    try commit(changes + defined.map { .definition($0) }, of: [])
    core.update { core in
      var touched: Set<TableID> = [table]
      for change in defined { carryOut(change, &core, &touched) }
      if let noted { core.tables[table]?.thinnings[noted.partition, default: [:]][noted.policy] = noted.thinning }
      if let segments = core.tables[table]?.segments {
        core.tables[table]?.segments = segments.map { changed[$0.record.id] ?? $0 }
      }
      publish(&core, changed: touched)
    }
    return deleted
  }

  /// A key whose row is deleted may come again. Keys that came again after the segment's rows stay known.
  private func forgetKeys(of deleted: [DeletedRows], _ table: TableID) {
    guard let key = snapshot().table(table)?.definition.dedupeKeyColumn else { return }
    let reference = ColumnReference(column: key.id, type: key.type.type)
    do throws(ApusError) {
      for part in deleted {
        var start = 0
        for group in part.segment.rowGroups {
          let range = start..<start + group.rowCount
          start = range.upperBound
          let gone = part.rows.slice(range)
          guard gone.setCount > 0 else { continue }
          let hashes = hasher.hashes(of: try group.read(reference, rows: 0..<group.rowCount))
          let minute = Self.minute(part.segment.record.received)
          pipeline.withLock { pipeline in
            pipeline.dedupe[table]?.index.remove(hashes, count: group.rowCount, among: gone, notedBy: minute)
          }
        }
      }
    } catch {
      Log.warning("store", "keys of deleted rows stay known until the next start", ["error": error.message])
    }
  }
}
