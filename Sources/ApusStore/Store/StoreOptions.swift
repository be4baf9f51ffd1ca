// StoreOptions owns what can be set of a store.

public import ApusBase

/// Bounds and times of one store. Sizes are in bytes.
public struct StoreOptions: Sendable {
  /// Memory of all memtables together; ingest is refused (53200) beyond it, and flushing begins at half of it.
  public var memtableBytesMax = 1 << 30
  /// A memtable is flushed at this size.
  public var memtableBytesPerFlush = 128 << 20
  /// And at this many rows: sixteen row groups.
  public var memtableRowsPerFlush = 16 * Limits.rowsPerRowGroup
  /// And at this age.
  public var flushAfterSeconds = 60.0
  /// Ingest is refused (53100) while the disk has less free than this part of it.
  public var reserveFraction = 0.05
  /// What the cache of segment blocks may hold.
  public var blockCacheBytesMax = 512 << 20
  /// Segments are merged up to this many rows.
  public var compactionRowsMax = Limits.compactionRowsMax
  /// Entities of one table that have an id; beyond, new values are counted by their text.
  public var entityIDsMax = Limits.entityIDsMax
  /// And what the dictionary of one table may hold in memory.
  public var entityMemoryBytesMax = Limits.entityMemoryBytesMax
  public var logFileBytes = 64 << 20
  public var logPreallocationBytes = 4 << 20
  /// The wall clock of admission, the dedupe window and rejects.
  public var clock: any WallClock = SystemClock()
  /// Whether threads of the store's flush, compact and keep retention by themselves. Tests that do so by hand turn it
  /// off.
  public var flushesByItself = true

  public init() {}
}
