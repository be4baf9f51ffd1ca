// VectorBuilder owns the building of vectors value by value: for results, catalogs and conversions. Hot paths write
// buffers directly.

/// Appends values of one type. The physical case is decided once.
public struct VectorBuilder: ~Copyable {
  public let type: DataType
  public private(set) var count = 0
  private var validity: [UInt64] = []
  private var nullCount = 0
  private var fixed: [UInt8] = []
  private var bytes: BytesBuilder
  private let width: Int
  private var bools: [UInt64] = []
  private var listOffsets: [Int32] = []
  private var listValues: [Value] = []

  public init(type: DataType, capacity: Int = 0) {
    self.type = type
    width =
      switch type.physical {
      case .int16: 2
      case .int32, .float32: 4
      case .int64, .float64: 8
      case .interval, .uuid: 16
      case .bool, .bytes, .list: 0
      }
    bytes = BytesBuilder(capacity: type.physical == .bytes ? capacity : 0)
    if width > 0 { fixed.reserveCapacity(capacity * width) }
    if type.physical == .list { listOffsets.append(0) }
  }

  private mutating func mark(_ valid: Bool) {
    if count & 63 == 0 { validity.append(0) }
    if valid { validity[count >> 6] |= 1 &<< UInt64(count & 63) } else { nullCount += 1 }
    count += 1
  }

  private mutating func put<T: BitwiseCopyable>(_ value: T) {
    withUnsafeBytes(of: value) { fixed.append(contentsOf: $0) }
  }

  public mutating func appendNull() {
    switch type.physical {
    case .bool: putBool(false)
    case .bytes: bytes.appendEmpty()
    case .list: listOffsets.append(Int32(truncatingIfNeeded: listValues.count))
    default: fixed.append(contentsOf: repeatElement(0, count: width))
    }
    mark(false)
  }

  private mutating func putBool(_ value: Bool) {
    if count & 63 == 0 { bools.append(0) }
    if value { bools[count >> 6] |= 1 &<< UInt64(count & 63) }
  }

  /// Appends a value. One that does not fit the type's physical form is appended as null; callers convert first.
  public mutating func append(_ value: Value) {
    switch (value, type.physical) {
    case (.bool(let flag), .bool):
      putBool(flag)
      mark(true)
    case (.int(let number), .int16): appendFixed(Int16(truncatingIfNeeded: number))
    case (.int(let number), .int32): appendFixed(Int32(truncatingIfNeeded: number))
    case (.int(let number), .int64): appendFixed(number)
    case (.float(let number), .float32): appendFixed(Float(number))
    case (.float(let number), .float64): appendFixed(number)
    case (.interval(let interval), .interval): appendFixed(interval)
    case (.uuid(let uuid), .uuid): appendFixed(uuid)
    case (.text(let text), .bytes): append(text: text)
    case (.bytes(let raw), .bytes): append(bytes: raw)
    case (.numeric(let number), .bytes): append(bytes: number.encoded)
    case (.array(let values), .list):
      listValues.append(contentsOf: values)
      listOffsets.append(Int32(truncatingIfNeeded: listValues.count))
      mark(true)
    default: appendNull()
    }
  }

  private mutating func appendFixed<T: BitwiseCopyable>(_ value: T) {
    put(value)
    mark(true)
  }

  public mutating func append(text: String) {
    bytes.append(text)
    mark(true)
  }
  public mutating func append(bytes raw: [UInt8]) {
    bytes.append(raw)
    mark(true)
  }
  public mutating func append(raw: UnsafeRawBufferPointer) {
    bytes.append(raw)
    mark(true)
  }

  /// The vector of what was appended. The builder starts anew.
  public mutating func finish() -> Vector {
    let total = count
    let bitmap: Bitmap? = nullCount == 0 ? nil : Bitmap(words: Buffer(copying: validity), count: total)
    let storage = finishStorage(total)
    validity = []
    nullCount = 0
    count = 0
    return Vector(type: type, count: total, validity: bitmap, storage: storage)
  }

  private mutating func finishStorage(_ total: Int) -> Vector.Storage {
    switch type.physical {
    case .bool:
      defer { bools = [] }
      return .bool(Bitmap(words: Buffer(copying: bools), count: total))
    case .bytes:
      let (offsets, data) = bytes.finishStorage()
      return .bytes(offsets: offsets, data: data)
    case .list:
      let child = Vector.of(listValues, type: type.elementType ?? .text)
      defer {
        listValues = []
        listOffsets = [0]
      }
      return .list(offsets: Buffer(copying: listOffsets), child: VectorBox(child))
    default:
      let buffer = Buffer(copying: fixed)
      fixed = []
      switch type.physical {
      case .int16: return .int16(buffer)
      case .int32: return .int32(buffer)
      case .int64: return .int64(buffer)
      case .float32: return .float32(buffer)
      case .float64: return .float64(buffer)
      case .interval: return .interval(buffer)
      default: return .uuid(buffer)
      }
    }
  }
}
