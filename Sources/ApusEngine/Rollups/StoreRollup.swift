// StoreRollup owns the sight of a rollup as of one snapshot: which partials count, and which rows they do not.

import ApusBase
import ApusColumns
import ApusExecution
import ApusFunctions
import ApusPlan
import ApusStore

/// A rollup over a columnar table. A partition of the base table is
/// - counted, when its partials count exactly what was flushed of it;
/// - stale, when they must be derived anew: its rows are read from the segments;
/// - gone from the rollup, when the rollup's own retention took its partials.
/// A counted partition is present when the base table still has all of its rows.
final class StoreRollup: RollupTable {
  let place: RelationName
  let stored: StoredRollup
  let state: RollupState
  let definition: RollupDefinition
  let base: TableSnapshot
  let kept: TableSnapshot
  /// The first partition of which the base table, and the rollup, have everything.
  private let firstInBase: PartitionKey
  private let firstKept: PartitionKey

  init(
    _ place: RelationName, _ stored: StoredRollup, _ state: RollupState, _ definition: RollupDefinition,
    in snapshot: Snapshot
  ) throws(ApusError) {
    self.place = place
    self.stored = stored
    self.state = state
    self.definition = definition
    guard let base = snapshot.table(stored.baseTable), let kept = snapshot.derivedTable(named: stored.partials) else {
      throw ApusError.unexpected("the tables of rollup \"\(place.name)\" are not there")
    }
    self.base = base
    self.kept = kept
    firstInBase = snapshot.firstPresentPartition(of: base.definition.id) ?? PartitionKey(.min)
    firstKept = snapshot.firstPresentPartition(of: kept.definition.id) ?? PartitionKey(.min)
  }

  var schema: String { place.schema }
  var name: String { place.name }
  var oid: OID { CatalogOIDs.view(schema: place.schema, name: place.name) }

  // MARK: Partitions

  func isGone(_ partition: PartitionKey) -> Bool { partition < firstKept }
  private func isStale(_ partition: PartitionKey) -> Bool { state.stale.contains(partition.value) }
  private func isEnded(_ partition: PartitionKey) -> Bool { stored.endsBefore.map { partition.value >= $0 } ?? false }
  private func isCounted(_ partition: PartitionKey) -> Bool {
    !isGone(partition) && !isStale(partition) && !isEnded(partition)
  }
  /// Whether retention has left all of the partition's rows in the base table.
  private func isWhole(_ partition: PartitionKey) -> Bool {
    partition >= firstInBase && !base.thinnedPartitions.contains(partition)
  }
  private func isPresent(_ partition: PartitionKey) -> Bool { isCounted(partition) && isWhole(partition) }

  /// Whether deriving the partition anew from the base table's rows loses nothing.
  func canDerive(_ partition: PartitionKey) -> Bool {
    !isGone(partition)
      && (isWhole(partition) || !kept.segments.contains { $0.record.partition == partition })
  }
  /// Whether the partition's rows may leave the base table.
  func holds(_ partition: PartitionKey) -> Bool { !isStale(partition) || isGone(partition) }

  /// The stale partitions that can be derived.
  var derivable: [PartitionKey] {
    state.stale.map { PartitionKey($0) }.filter { canDerive($0) }.sorted()
  }

  // MARK: Parts

  private func partials(_ isIncluded: (PartitionKey) -> Bool) -> StoreTable {
    let rows = kept.keeping(segments: { isIncluded($0.record.partition) }, memtables: false)
    return StoreTable(rows, schema: StoreTable.schema(of: rows.definition).shown(as: place, oid, definition))
  }

  private func rows(memtables: Bool, _ isIncluded: (PartitionKey) -> Bool) -> StoreTable {
    StoreTable(base.keeping(segments: { isIncluded($0.record.partition) }, memtables: memtables))
  }

  var partials: any TableProvider { partials { isCounted($0) } }
  var uncounted: any TableProvider {
    rows(memtables: stored.endsBefore == nil) { !isGone($0) && isStale($0) && !isEnded($0) }
  }
  var presentPartials: any TableProvider { partials { isPresent($0) } }
  var presentCounted: any TableProvider { rows(memtables: false) { isPresent($0) } }
  var presentUncounted: any TableProvider { rows(memtables: true) { !isPresent($0) } }
  /// Where the base table's rows begin, when the rollup has older ones.
  var historyEnd: PartitionKey? {
    kept.segments.contains { isCounted($0.record.partition) && $0.record.partition < firstInBase } ? firstInBase : nil
  }
  var hasHistory: Bool {
    kept.segments.contains { isCounted($0.record.partition) && !isWhole($0.record.partition) }
  }

  /// The partials of rows, as derived tables keep them.
  func partials(of rows: [any RowGroup], control: QueryControl = QueryControl()) throws(ApusError) -> Batch {
    let table = StoreTable(base.holding(rows))
    return try Self.run(RollupPlan.partials(of: definition, from: table), control)
  }

  /// Partials with those of equal keys merged.
  func combined(_ batches: [Batch]) throws(ApusError) -> Batch {
    let schema = StoreTable.schema(of: kept.definition)
    let groups = batches.map { batch in
      VectorRowGroup(
        columns: zip(schema.columns, batch.columns).map {
          (ColumnReference(column: $0.id, type: $0.type.type), $1)
        }, rowCount: batch.count)
    }
    return try Self.run(RollupPlan.combined(definition, over: MemoryTable(schema: schema, groups: groups)))
  }

  private static func run(
    _ plan: LogicalPlan, _ control: QueryControl = QueryControl()
  ) throws(ApusError) -> Batch {
    let optimised = try Optimiser.optimise(plan, functions: .standard, context: .utc)
    return try Executor.shared.execute(optimised, context: .utc, control: control).collect()
  }
}

extension TableSchema {
  /// The same under the names that users know.
  fileprivate func shown(as name: RelationName, _ oid: OID, _ definition: RollupDefinition) -> TableSchema {
    var columns = columns
    for (index, field) in definition.partialFields.enumerated() where columns.indices.contains(index) {
      columns[index].name = field.name
    }
    return TableSchema(oid: oid, schema: name.schema, name: name.name, columns: columns)
  }
}
