// SegmentReader owns the reading of segment files.

public import ApusBase
public import ApusColumns
public import ApusFiles

/// An open segment: its parsed footer, and its row groups. Shared by all queries; blocks come through the cache.
public final class SegmentReader: Sendable {
  public let description: SegmentDescription
  public let summary: SegmentSummary

  /// Opens a segment and reads its footer. Throws XX001 when the file is damaged or of a format newer than known.
  public init(file: any File, cache: BlockCache) throws(ApusError) {
    throw .unsupported("reading segments")
  }

  /// The row groups, in order. `deleted` has a bit for every row of the segment, set where the row is deleted.
  public func rowGroups(deleted: Bitmap? = nil) -> [any RowGroup] { [] }

  /// Reads everything and checks it: checksums, counts, bounds, order. Throws XX001 for the first fault.
  public func verify() throws(ApusError) {}
}
