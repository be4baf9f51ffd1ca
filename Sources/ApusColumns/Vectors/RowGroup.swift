// RowGroup owns the contract between storage and scans: what a run of at most 65,536 rows can tell and give.

public import ApusBase

/// What a scan wants of a table: a column, or a path into a jsonb column, as a type.
public struct ColumnReference: Hashable, Sendable {
  public var column: ColumnID
  /// Object keys from the column's root (`properties->'a'->>'b'` is `["a", "b"]`); empty for the column itself.
  public var path: [String]
  /// The type wanted. For a path: `.jsonb` is what `->` gives, `.text` what `->>` gives, any other type what a cast of
  /// that text to it gives, errors included. For a plain column: its own type.
  public var type: DataType

  public init(column: ColumnID, path: [String] = [], type: DataType) {
    self.column = column
    self.path = path
    self.type = type
  }
}

/// Bounds of the values in a run of rows. `minimum` and `maximum` are nil when every value is null or the bounds are
/// not
/// known (`isKnown`). They bound: no value lies outside, but they need not occur.
public struct ZoneMap: Sendable {
  public var minimum: Value?
  public var maximum: Value?
  public var nullCount: Int
  /// Whether `minimum` and `maximum` are values that do occur, so that min() and max() may be answered by them.
  public var isExact: Bool

  public init(minimum: Value?, maximum: Value?, nullCount: Int, isExact: Bool) {
    self.minimum = minimum
    self.maximum = maximum
    self.nullCount = nullCount
    self.isExact = isExact
  }
}

/// How often each dictionary code occurs in a whole row group: counting by a dimension without reading data.
public struct CodeCounts: Sendable {
  public var dictionary: ByteDictionary
  /// UInt32 by code.
  public var counts: Buffer
  public var nullCount: Int

  public init(dictionary: ByteDictionary, counts: Buffer, nullCount: Int) {
    self.dictionary = dictionary
    self.counts = counts
    self.nullCount = nullCount
  }
}

/// A run of at most `Limits.rowsPerRowGroup` rows: a row group of a segment, a block of a memtable, a part of a virtual
/// relation. Immutable; read from any thread. It is the morsel of a scan.
public protocol RowGroup: AnyObject, Sendable {
  var rowCount: Int { get }
  /// Rows that are deleted, or nil.
  var deletedRows: Bitmap? { get }
  /// nil when nothing is known of the column here.
  func zoneMap(_ column: ColumnReference) throws(ApusError) -> ZoneMap?
  /// nil unless the column is one dictionary chunk whose counts are stored.
  func codeCounts(_ column: ColumnReference) throws(ApusError) -> CodeCounts?
  /// False only when no row here can equal `value`: asked of dictionaries and filters.
  func mightContain(_ column: ColumnReference, _ value: Value) throws(ApusError) -> Bool
  /// The rows `rows` of the column as `column.type`: dictionary vectors where the data are dictionary-encoded, constant
  /// vectors where all values are equal. A column that the group lacks reads as nulls.
  func read(_ column: ColumnReference, rows: Range<Int>) throws(ApusError) -> Vector
}
