// ColumnSink owns one column of events under construction.

import ApusBase
import ApusColumns

/// Appends values of one column. A column that has met nothing but nulls holds nothing.
struct ColumnSink: ~Copyable {
  /// How values are taken and kept.
  enum Kind: UInt8 {
    case text
    /// timestamptz: texts of ISO 8601 are read without detours.
    case time
    /// int8, int4, int2: JSON integers are taken as they are.
    case integer
    case bool
    case jsonb
    /// Any other type, through its input function.
    case general
  }

  let kind: Kind
  let type: TypeReference
  private(set) var count = 0
  private var isBlank = true
  private var text: TextColumnBuilder?
  private var fixed: UnsafeMutablePointer<Int64>?
  private var capacity = 0
  private var nullRows: [UInt32] = []
  let shredded: ShreddedBuilder?
  private var general: VectorBuilder?

  init(type: TypeReference) {
    self.type = type
    kind =
      switch type.type {
      case .text: .text
      case .timestamptz: .time
      case .int8, .int4, .int2: .integer
      case .bool: .bool
      case .jsonb: .jsonb
      default: .general
      }
    text = kind == .text ? TextColumnBuilder() : nil
    shredded = kind == .jsonb ? ShreddedBuilder() : nil
    general = kind == .general ? VectorBuilder(type: type.type) : nil
  }

  deinit { fixed?.deallocate() }

  @inline(__always)
  mutating func appendNull() {
    if !isBlank { putNull(count) }
    count &+= 1
  }

  /// The first value: the nulls before it are put now.
  private mutating func wake() {
    isBlank = false
    for row in 0..<count { putNull(row) }
  }

  private mutating func putNull(_ row: Int) {
    switch kind {
    case .text: text?.appendNull()
    case .jsonb: shredded?.appendNull()
    case .general: general?.appendNull()
    case .time, .integer, .bool:
      nullRows.append(UInt32(truncatingIfNeeded: row))
      put(row, 0)
    }
  }

  @inline(__always)
  private mutating func put(_ row: Int, _ value: Int64) {
    if row == capacity { grow() }
    fixed?[row] = value
  }

  private mutating func grow() {
    let wanted = max(16, capacity * 2)
    let larger = UnsafeMutablePointer<Int64>.allocate(capacity: wanted)
    if let fixed {
      larger.update(from: fixed, count: capacity)
      fixed.deallocate()
    }
    fixed = larger
    capacity = wanted
  }

  /// A time, an integer, or 0 and 1 of a bool.
  @inline(__always)
  mutating func append(_ value: Int64) {
    if isBlank { wake() }
    put(count, value)
    count &+= 1
  }

  @inline(__always)
  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    if isBlank { wake() }
    text?.append(bytes)
    count &+= 1
  }

  mutating func append(_ value: Value) {
    if isBlank { wake() }
    general?.append(value)
    count &+= 1
  }

  /// The builder for the next jsonb value, which must be appended to it, and `didAppend` called.
  @inline(__always)
  mutating func shreddedForAppend() -> ShreddedBuilder? {
    if isBlank { wake() }
    return shredded
  }

  @inline(__always)
  mutating func didAppend() { count &+= 1 }

  /// Takes back the jsonb value appended last.
  mutating func removeLastShredded() {
    guard count > 0 else { return }
    count &-= 1
    if !isBlank { shredded?.removeLast() }
  }

  /// The column. The sink must not be used again.
  mutating func finish() -> Vector {
    guard !isBlank, count > 0 else { return .nulls(type: type.type, count: count) }
    switch kind {
    case .text: return text?.finish(as: .text) ?? .nulls(type: .text, count: count)
    case .jsonb: return shredded?.finishVector() ?? .nulls(type: .jsonb, count: count)
    case .general: return general?.finish() ?? .nulls(type: type.type, count: count)
    case .time, .integer, .bool: return finishFixed()
    }
  }

  private func finishFixed() -> Vector {
    guard let fixed else { return .nulls(type: type.type, count: count) }
    var validity: Bitmap?
    if !nullRows.isEmpty {
      let bits = Bitmap(repeating: true, count: count)
      for row in nullRows { bits.clear(Int(row)) }
      validity = bits
    }
    let storage: Vector.Storage
    switch type.type.physical {
    case .bool:
      let bits = Bitmap(repeating: false, count: count)
      for row in 0..<count where fixed[row] != 0 { bits.set(row) }
      storage = .bool(bits)
    case .int16: storage = .int16(Self.narrowed(fixed, count, Int16.self))
    case .int32: storage = .int32(Self.narrowed(fixed, count, Int32.self))
    default:
      let buffer = Buffer(byteCount: count * 8)
      buffer.write(Int64.self).update(from: fixed, count: count)
      storage = .int64(buffer)
    }
    return Vector(type: type.type, count: count, validity: validity, storage: storage)
  }

  private static func narrowed<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: UnsafeMutablePointer<Int64>, _ count: Int, _: T.Type
  ) -> Buffer {
    let buffer = Buffer(byteCount: count * MemoryLayout<T>.stride)
    let out = buffer.write(T.self)
    for row in 0..<count { out[row] = T(truncatingIfNeeded: values[row]) }
    return buffer
  }
}
