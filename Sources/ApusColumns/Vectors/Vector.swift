// Vector owns a column of values in memory: Arrow's layouts, dictionary and constant forms beside them.


/// `count` values of one type. Immutable once shared; copying copies references.
public struct Vector: Sendable {
  public enum Storage: Sendable {
    case bool(Bitmap)
    case int16(Buffer), int32(Buffer), int64(Buffer), float32(Buffer), float64(Buffer)
    /// `Interval` values.
    case interval(Buffer)
    /// `UUIDValue` values.
    case uuid(Buffer)
    /// `count + 1` Int32 offsets, the first of which need not be 0, and the bytes they point into.
    case bytes(offsets: Buffer, data: Buffer)
    /// Codes of `width` bytes (1, 2 or 4, unsigned) into `dictionary`. The code of a null row is 0 and means nothing; a
    /// vector over an empty dictionary has only null rows.
    case dictionary(codes: Buffer, width: Int, dictionary: ByteDictionary)
    /// `count + 1` Int32 offsets into the child.
    case list(offsets: Buffer, child: VectorBox)
    /// One row that stands for every row. Its vector has one value and is never itself constant.
    case constant(VectorBox)
    /// A jsonb column as typed sub-columns. Only scans, the ingest path and the store see this form.
    case shredded(ShreddedColumn)
  }

  public let type: DataType
  public let count: Int
  /// A bit a row, set where the value is not null; `nil` when no row is null. Constant vectors keep it inside.
  public let validity: Bitmap?
  public let storage: Storage

  public init(type: DataType, count: Int, validity: Bitmap? = nil, storage: Storage) {
    self.type = type
    self.count = count
    self.validity = validity
    self.storage = storage
  }
}

/// A vector behind a reference, for layouts that contain vectors.
public final class VectorBox: Sendable {
  public let vector: Vector
  public init(_ vector: Vector) { self.vector = vector }
}

extension Vector {
  /// The same vector seen as another type of the same physical layout (text as varchar, int8 as timestamptz).
  public func reinterpreted(as type: DataType) -> Vector {
    Vector(type: type, count: count, validity: validity, storage: storage)
  }

  public var isConstant: Bool { if case .constant = storage { true } else { false } }
  public var isDictionary: Bool { if case .dictionary = storage { true } else { false } }

  /// Whether row `index` is null.
  @inlinable
  public func isNull(_ index: Int) -> Bool {
    if case .constant(let box) = storage { return box.vector.isNull(0) }
    if let validity { return !validity[index] }
    return false
  }

  public var nullCount: Int {
    if case .constant(let box) = storage { return box.vector.isNull(0) ? count : 0 }
    return validity.map { count - $0.setCount } ?? 0
  }

  /// `count` rows of one value.
  public static func constant(_ value: Value, type: DataType, count: Int) -> Vector {
    var builder = VectorBuilder(type: type, capacity: 1)
    builder.append(value)
    return Vector(type: type, count: count, storage: .constant(VectorBox(builder.finish())))
  }

  public static func nulls(type: DataType, count: Int) -> Vector { constant(.null, type: type, count: count) }

  public static func int64(_ values: [Int64], type: DataType = .int8) -> Vector {
    Vector(type: type, count: values.count, storage: .int64(Buffer(copying: values)))
  }
  public static func float64(_ values: [Double]) -> Vector {
    Vector(type: .float8, count: values.count, storage: .float64(Buffer(copying: values)))
  }
  public static func bool(_ bits: Bitmap, validity: Bitmap? = nil) -> Vector {
    Vector(type: .bool, count: bits.count, validity: validity, storage: .bool(bits))
  }
  /// From values one by one: for tests, catalogs and other small things.
  public static func of(_ values: [Value], type: DataType) -> Vector {
    var builder = VectorBuilder(type: type, capacity: values.count)
    for value in values { builder.append(value) }
    return builder.finish()
  }
}
