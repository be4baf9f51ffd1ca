// CatalogChange owns what can be changed in the catalog in one transaction, and the records that the store keeps there.

public import ApusBase
public import ApusColumns

/// One change of definitions. Changes given together are committed together.
public enum CatalogChange: Sendable {
  /// A new table. Its id and its columns' ids are the store's to give: see `Store.createTable`.
  case createTable(TableDefinition)
  /// New columns, names or options of a table. New columns have the id 0.
  case alterTable(TableDefinition)
  case dropTable(TableID)
  /// Makes or replaces.
  case putObject(CatalogObject)
  case removeObject(kind: String, schema: String, name: String)
  /// nil removes.
  case putSetting(name: String, value: String?)
}

/// What the catalog keeps of a segment.
public struct SegmentRecord: Sendable, Hashable {
  public var id: SegmentID
  public var table: TableID
  public var partition: PartitionKey
  public var rows: Int
  public var bytes: Int
  /// Bounds of the time column; nil without one.
  public var minimumTime: PostgresMicroseconds?
  public var maximumTime: PostgresMicroseconds?
  public var minimumLSN: LSN
  public var maximumLSN: LSN
  /// When the youngest of its rows was received, in Unix microseconds.
  public var received: UnixMicroseconds

  /// Relative to the data directory.
  public var path: String { "tables/\(table)/\(partition)/\(id).seg" }
}

/// How far a policy that removes rows or properties has gone through one partition.
struct Thinning: Sendable, Hashable {
  /// Segments up to this one have been treated.
  var through: SegmentID
  /// Whether anything was ever taken out: the partition's rows are then no longer all that came in.
  var removedAny: Bool
}

/// Changes that only the store makes, beside the public ones.
enum StoreChange: Sendable {
  case definition(CatalogChange)
  case addSegment(SegmentRecord)
  case removeSegment(SegmentID)
  /// Makes or replaces what is deleted of a segment.
  case putDeletes(SegmentID, SegmentDeletes)
  /// Retention took the segment at that time: no scan sees it, and it can be restored.
  case dropSegment(SegmentID, UnixMicroseconds)
  case restoreSegment(SegmentID)
  /// How far a policy has gone through a partition.
  case thinned(TableID, PartitionKey, policy: String, Thinning)
  /// The ids of a table's entities that are durable.
  case entities(TableID, EntityMark)
  /// Every row of the partition up to the LSN is in a segment.
  case flushed(TableID, PartitionKey, LSN)
}

/// Everything in the catalog, as read at start.
struct CatalogContents: Sendable {
  var tables: [TableDefinition] = []
  var segments: [SegmentRecord] = []
  var deletes: [SegmentID: SegmentDeletes] = [:]
  /// Segments that retention took, and when.
  var dropped: [SegmentID: UnixMicroseconds] = [:]
  var thinnings: [TableID: [PartitionKey: [String: Thinning]]] = [:]
  var flushed: [TableID: [PartitionKey: LSN]] = [:]
  var entities: [TableID: EntityMark] = [:]
  var objects: [CatalogObject] = []
  var settings: [String: String] = [:]
  /// Seeds the log's checksums.
  var storeID: UInt64 = 0
  /// Keys the dedupe hashes.
  var dedupeSecret: UInt64 = 0
  var nextTable = TableDefinition.firstUserTable
  var nextSegment = SegmentID(1)
  /// The highest LSN that any catalog transaction knew of.
  var lastLSN = LSN.zero
}
