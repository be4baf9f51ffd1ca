// ShreddedColumn owns the in-memory form of a jsonb column as typed sub-columns, one per path and kind of value
// (DESIGN 4.3: several kinds of one path may coexist).

/// What the values of a sub-column are. What is read back equals what PostgreSQL's jsonb would give.
public enum PathKind: Hashable, Sendable {
  /// JSON null (not an absent key).
  case jsonNull
  case bool
  /// An integer in Int64's range, written without fraction or exponent, and not `-0`.
  case int8
  /// A number with exactly `scale` digits after the point (1...18), as an int8 of units of 10^-scale.
  case decimal(scale: Int)
  /// A number whose shortest text is the input.
  case float8
  /// Any other number, as canonical jsonb number text (bytes vector of type text).
  case numeric
  case text
  /// An array, or an object below `Limits.propertyDepthMax`, as jsonb text.
  case json
  /// `{}`, which has no keys to stand for it.
  case emptyObject
}

/// One sub-column. Dense: `rows` is nil, `values.count` is the column's count and validity marks presence. Sparse:
/// `values` holds only the present rows and `rows` their ascending numbers (UInt32).
/// `values` is: bool for `bool`; int8 for `int8` and `decimal`; float8 for `float8`; text (bytes or dictionary) for
/// `numeric` and `text`; jsonb for `json`; for `jsonNull` and `emptyObject` a bool vector of no meaning but its rows.
public struct PathColumn: Sendable {
  /// Object keys from the root; empty for a root that is not an object.
  public var path: [String]
  public var kind: PathKind
  public var rows: Buffer?
  public var values: Vector

  public init(path: [String], kind: PathKind, rows: Buffer?, values: Vector) {
    self.path = path
    self.kind = kind
    self.rows = rows
    self.values = values
  }
}

/// A jsonb column of `count` rows as sub-columns. A row whose validity bit is clear is SQL NULL; a valid row without
/// any
/// sub-column value is `{}`.
public struct ShreddedColumn: Sendable {
  public let count: Int
  public let validity: Bitmap?
  public let paths: [PathColumn]

  public init(count: Int, validity: Bitmap?, paths: [PathColumn]) {
    self.count = count
    self.validity = validity
    self.paths = paths
  }
}
