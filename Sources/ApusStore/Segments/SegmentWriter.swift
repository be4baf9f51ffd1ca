// SegmentWriter owns the making of segment files.

public import ApusBase
public import ApusColumns
public import ApusFiles

public enum SegmentWriter {
  /// Writes a segment of `rowCount` rows, which are already in the order of `description.orderBy`: one vector for each
  /// of `description.columns`, in their order. The file must be empty. When this returns, its bytes are synchronised;
  /// naming it (rename, directory) is the caller's. At most `propertyColumnsMax` paths of a jsonb column get sub-columns
  /// of their own; the rarest share an overflow column.
  public static func write(
    _ columns: [Vector], rowCount: Int, description: SegmentDescription, to file: any File,
    propertyColumnsMax: Int = Limits.propertyColumnsPerSegmentMax
  ) throws(ApusError) -> SegmentSummary {
    throw .unsupported("writing segments")
  }
}
