// Snapshot owns one immutable state of the store: what a query reads from its first batch to its last.

public import ApusBase
public import ApusColumns

/// The store as of one LSN. Holding it keeps every file it names.
public final class Snapshot: Sendable {
  /// The last commit that is visible.
  public let lsn: LSN
  /// Grows with every change of a definition: plans made under one version are good under no other.
  public let catalogVersion: UInt64
  let tablesByID: [TableID: TableSnapshot]
  let names: [QualifiedName: TableID]
  /// Views and other objects of the engine's.
  public let objects: [CatalogObject]
  public let settings: [String: String]

  init(
    lsn: LSN, catalogVersion: UInt64, tables: [TableID: TableSnapshot], names: [QualifiedName: TableID],
    objects: [CatalogObject], settings: [String: String]
  ) {
    self.lsn = lsn
    self.catalogVersion = catalogVersion
    self.tablesByID = tables
    self.names = names
    self.objects = objects
    self.settings = settings
  }

  public func table(_ id: TableID) -> TableSnapshot? { tablesByID[id] }
  public func table(schema: String, name: String) -> TableSnapshot? {
    names[QualifiedName(schema: schema, name: name)].flatMap { tablesByID[$0] }
  }
  /// Every table that has a name, in order of ids.
  public var tables: [TableSnapshot] { allTables.filter { !$0.definition.isDerived } }
  /// Tables of derived rows too.
  public var allTables: [TableSnapshot] { tablesByID.values.sorted { $0.definition.id < $1.definition.id } }
  /// A table of derived rows.
  public func derivedTable(named name: String) -> TableSnapshot? {
    tablesByID.values.first { $0.definition.isDerived && $0.definition.name == name }
  }

  public func object(kind: String, schema: String, name: String) -> CatalogObject? {
    objects.first { $0.kind == kind && $0.schema == schema && $0.name == name }
  }
}

struct QualifiedName: Hashable, Sendable {
  var schema: String
  var name: String
}

/// One table as of one snapshot.
public struct TableSnapshot: Sendable {
  public let definition: TableDefinition
  /// The segments, oldest first.
  public let segments: [SegmentHandle]
  /// Blocks of the memtables: rows that are committed but not yet in a segment.
  public let memtableRowGroups: [any RowGroup]
  /// Partitions of which retention by a condition or of properties took something: what was derived from their rows
  /// when they came in says more than they now do.
  public let thinnedPartitions: Set<PartitionKey>
  /// Rows of the transaction whose view this is: not committed yet.
  public let pending: [PendingRows]
  /// The ids of its entities.
  let entities: EntityDictionary?

  init(
    definition: TableDefinition, segments: [SegmentHandle], memtableRowGroups: [any RowGroup],
    thinnedPartitions: Set<PartitionKey> = [], pending: [PendingRows] = [], entities: EntityDictionary? = nil
  ) {
    self.definition = definition
    self.segments = segments
    self.memtableRowGroups = memtableRowGroups
    self.thinnedPartitions = thinnedPartitions
    self.pending = pending
    self.entities = entities
  }

  /// A part of the table: some of its segments, with or without its memtables.
  public func keeping(segments isKept: (SegmentHandle) -> Bool, memtables: Bool) -> TableSnapshot {
    TableSnapshot(
      definition: definition, segments: segments.filter(isKept),
      memtableRowGroups: memtables ? memtableRowGroups : [], thinnedPartitions: thinnedPartitions,
      pending: memtables ? pending : [], entities: entities)
  }

  /// Other rows of the table than those of its segments and memtables.
  public func holding(_ rowGroups: [any RowGroup]) -> TableSnapshot {
    TableSnapshot(
      definition: definition, segments: [], memtableRowGroups: rowGroups, thinnedPartitions: [], entities: entities)
  }

  /// Every row group: the morsels of a scan.
  public var rowGroups: [any RowGroup] {
    segments.flatMap { $0.rowGroups } + memtableRowGroups + pending.flatMap { $0.rowGroups }
  }

  /// Rows, deleted ones left out.
  public var rowCount: Int {
    segments.reduce(0) { $0 + $1.liveRows } + memtableRowGroups.reduce(0) { $0 + $1.rowCount }
      + pending.reduce(0) { $0 + $1.liveRows }
  }
}

/// One batch of a transaction's own rows.
public struct PendingRows: Sendable {
  /// Its place among the batches of the transaction.
  public let batch: Int
  public let rowGroups: [any RowGroup]
  /// Rows, and those of them that the transaction has not deleted again.
  public let rowCount: Int
  public let liveRows: Int
  /// Whether some entities in them have no id: they get one with the commit.
  let hasEntitiesWithoutID: Bool
}
