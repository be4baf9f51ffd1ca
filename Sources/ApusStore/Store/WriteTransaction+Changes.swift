// What a transaction changes beyond adding rows: rows it deletes, definitions; and the view that it has of itself.

public import ApusBase
public import ApusColumns
import Synchronization

/// Where rows lie that a transaction deletes.
public enum RowPlace: Hashable, Sendable {
  case segment(SegmentID)
  /// A batch of the transaction's own.
  case batch(Int)
}

/// Rows that one statement deletes.
struct Deletion: Sendable {
  var table: TableID
  /// A bit for each row of the place.
  var rows: [RowPlace: Bitmap]
  /// Whether new rows take their place: then nobody else may have deleted them meanwhile.
  var isReplaced: Bool
  /// What others who derive from the table change with it: for the transaction's own view.
  var followed: [CatalogChange] = []
}

extension WriteTransaction {
  /// Grows with every change: views of the transaction are good for one value.
  public var version: Int { state.withLock { $0.version } }

  /// Before rows of a table are chosen for `delete`: puts every committed row of it into segments, and keeps these in
  /// place until the transaction ends.
  public func pin(_ table: TableID) throws(ApusError) {
    try store.checkDeletable(table)
    let isNew = state.withLock { $0.pinned.insert(table).inserted }
    if isNew { store.core.update { $0.deleting[table, default: 0] += 1 } }
    try store.flush(table)
  }

  /// Deletes rows of a pinned table at commit: by place, a bit for each of its rows. `isReplaced`: rows appended with
  /// `isReplacement` take their place, and the commit fails with 40001 when another transaction has deleted one.
  /// Returns the deletion's place in `CommitResult.deletions`.
  @discardableResult
  public func delete(
    _ rows: [RowPlace: Bitmap], from table: TableID, isReplaced: Bool = false
  ) throws(ApusError) -> Int {
    let followed = try store.changes(following: rows, of: table)
    return state.withLock { state in
      state.deletions.append(Deletion(table: table, rows: rows, isReplaced: isReplaced, followed: followed))
      state.version += 1
      return state.deletions.count - 1
    }
  }

  /// Changes definitions at commit. Tables get their ids now. Returns the tables made or changed, in order; throws what
  /// the commit would throw, were it now.
  @discardableResult
  public func define(_ changes: [CatalogChange]) throws(ApusError) -> [TableDefinition] {
    let base = store.snapshot()
    var plan = DefinitionPlan(current: snapshot(over: base, withRows: false), store: store)
    for change in changes { try plan.add(change) }
    let planned = plan
    state.withLock { state in
      for change in planned.changes {
        let id: TableID
        switch change {
        case .alterTable(let table): id = table.id
        case .dropTable(let table): id = table
        default: continue
        }
        if state.originals[id] == nil { state.originals[id] = base.table(id)?.definition }
      }
      state.definitions += planned.changes
      state.version += 1
    }
    return planned.tables
  }

  /// The store as the transaction sees it: `base` with its own changes. `withRows`: with the rows, too.
  public func snapshot(over base: Snapshot, withRows: Bool = true) -> Snapshot {
    let work = state.withLock { $0 }
    if work.definitions.isEmpty, !withRows || work.batches.isEmpty && work.deletions.isEmpty { return base }
    return base.applying(work, withRows: withRows)
  }
}

extension Snapshot {
  func applying(_ work: WriteTransaction.State, withRows: Bool) -> Snapshot {
    var tables = tablesByID
    var names = names
    var objects = objects
    var settings = settings
    for change in work.definitions + (withRows ? work.deletions.flatMap(\.followed) : []) {
      switch change {
      case .createTable(let table):
        tables[table.id] = TableSnapshot(definition: table, segments: [], memtableRowGroups: [])
        if !table.isDerived { names[QualifiedName(schema: table.schema, name: table.name)] = table.id }
      case .alterTable(let table):
        guard let old = tables[table.id] else { continue }
        names[QualifiedName(schema: old.definition.schema, name: old.definition.name)] = nil
        names[QualifiedName(schema: table.schema, name: table.name)] = table.id
        tables[table.id] = TableSnapshot(
          definition: table, segments: old.segments, memtableRowGroups: old.memtableRowGroups,
          thinnedPartitions: old.thinnedPartitions, entities: old.entities)
      case .dropTable(let id):
        guard let old = tables.removeValue(forKey: id) else { continue }
        names[QualifiedName(schema: old.definition.schema, name: old.definition.name)] = nil
      case .putObject(let object):
        objects.removeAll { $0.kind == object.kind && $0.schema == object.schema && $0.name == object.name }
        objects.append(object)
      case .removeObject(let kind, let schema, let name):
        objects.removeAll { $0.kind == kind && $0.schema == schema && $0.name == name }
      case .putSetting(let name, let value): settings[name] = value
      }
    }
    if withRows { work.show(in: &tables) }
    return Snapshot(
      lsn: lsn, catalogVersion: work.definitions.isEmpty ? catalogVersion : UInt64.max, tables: tables, names: names,
      objects: objects, settings: settings)
  }
}

extension WriteTransaction.State {
  /// The rows of the batches that the transaction has deleted again.
  var deletedOwnRows: [Int: Bitmap] {
    var gone: [Int: Bitmap] = [:]
    for deletion in deletions {
      for (place, rows) in deletion.rows {
        guard case .batch(let index) = place, index < batches.count else { continue }
        gone[index] = gone[index].map { $0.or(rows) } ?? rows
      }
    }
    return gone
  }

  /// The rows to delete of committed segments, by table.
  var deletedSegmentRows: [TableID: [SegmentID: Bitmap]] {
    var gone: [TableID: [SegmentID: Bitmap]] = [:]
    for deletion in deletions {
      for (place, rows) in deletion.rows {
        guard case .segment(let id) = place else { continue }
        let known = gone[deletion.table]?[id]
        gone[deletion.table, default: [:]][id] = known.map { $0.or(rows) } ?? rows
      }
    }
    return gone
  }

  /// Puts the transaction's rows, and the marks of those it deleted, into the tables.
  fileprivate func show(in tables: inout [TableID: TableSnapshot]) {
    let goneOwn = deletedOwnRows
    var pending: [TableID: [PendingRows]] = [:]
    let ids = entityIDs(in: tables)
    for (index, batch) in batches.enumerated() where batch.rows.count > 0 {
      pending[batch.table, default: []].append(Self.pending(batch, index, goneOwn[index], ids[index]))
    }
    let gone = deletedSegmentRows
    for id in Set(pending.keys).union(gone.keys) {
      guard let table = tables[id] else { continue }
      var segments = table.segments
      for (place, rows) in gone[id] ?? [:] {
        guard let index = segments.firstIndex(where: { $0.record.id == place }),
          rows.count == segments[index].record.rows
        else { continue }
        let old = segments[index].deletes
        segments[index] = SegmentHandle(
          segments[index],
          deletes: SegmentDeletes(version: (old?.version ?? 0) + 1, rows: old.map { $0.rows.or(rows) } ?? rows))
      }
      tables[id] = TableSnapshot(
        definition: table.definition, segments: segments, memtableRowGroups: table.memtableRowGroups,
        thinnedPartitions: table.thinnedPartitions, pending: pending[id] ?? [], entities: table.entities)
    }
  }

  private static func pending(
    _ batch: RowBatch, _ index: Int, _ gone: Bitmap?, _ ids: EntityIDs?
  ) -> PendingRows {
    let columns =
      zip(batch.columns, batch.rows.columns).map { SegmentColumn(id: $0, type: $1.type) }
      + (ids?.columns.map { SegmentColumn(id: $0, type: .int4) } ?? [])
    let vectors = batch.rows.columns + (ids?.vectors ?? [])
    var groups: [any RowGroup] = []
    var start = 0
    let count = batch.rows.count
    while start < count {
      let range = start..<min(count, start + Limits.rowsPerRowGroup)
      groups.append(
        RowBlock(
          columns: columns, vectors: vectors.map { $0.slice(range) }, rowCount: range.count,
          deletedRows: gone.map { $0.slice(range) }))
      start = range.upperBound
    }
    return PendingRows(
      batch: index, rowGroups: groups, rowCount: count, liveRows: count - (gone?.setCount ?? 0),
      hasEntitiesWithoutID: ids?.hasMissing ?? false)
  }
}
