// ByteReader and ByteWriter own the reading and writing of binary formats. No read may trap: a short or impossible
// input is an error that names the offset.

/// A cursor over borrowed bytes, which must outlive it. Reads beyond the end throw `ByteReader.Underflow`.
public struct ByteReader {
  public let bytes: UnsafeRawBufferPointer
  public private(set) var offset: Int

  /// The bytes end before the value does.
  public struct Underflow: Error, Sendable {
    public let offset: Int
    public init(offset: Int) { self.offset = offset }
  }

  public init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
    self.offset = 0
  }

  public var remaining: Int { bytes.count - offset }
  public var isAtEnd: Bool { remaining == 0 }

  public mutating func skip(_ count: Int) throws(Underflow) {
    guard count >= 0, count <= remaining else { throw Underflow(offset: offset) }
    offset += count
  }

  public mutating func littleEndian<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(Underflow) -> T {
    guard MemoryLayout<T>.size <= remaining else { throw Underflow(offset: offset) }
    let value = bytes.loadUnaligned(fromByteOffset: offset, as: T.self)
    offset += MemoryLayout<T>.size
    return T(littleEndian: value)
  }

  public mutating func bigEndian<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(Underflow) -> T {
    T(bigEndian: try littleEndian(T.self).littleEndian)
  }

  /// LEB128, at most ten bytes.
  public mutating func varint() throws(Underflow) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 64 {
      let byte = try littleEndian(UInt8.self)
      value |= UInt64(byte & 0x7F) &<< shift
      if byte & 0x80 == 0 { return value }
      shift += 7
    }
    throw Underflow(offset: offset)
  }

  /// The next `count` bytes, copied.
  public mutating func take(_ count: Int) throws(Underflow) -> [UInt8] {
    guard count >= 0, count <= remaining else { throw Underflow(offset: offset) }
    defer { offset += count }
    return [UInt8](bytes[offset..<offset + count])
  }

  /// A varint length, then that many bytes, as text. Ill-formed UTF-8 is repaired.
  public mutating func string() throws(Underflow) -> String {
    let count = try varint()
    guard count <= UInt64(remaining) else { throw Underflow(offset: offset) }
    return String(decoding: try take(Int(count)), as: UTF8.self)
  }
}

/// A growing byte string.
public struct ByteWriter: Sendable {
  public private(set) var bytes: [UInt8] = []

  public init(reserving count: Int = 0) { bytes.reserveCapacity(count) }

  public var count: Int { bytes.count }

  public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  public mutating func byte(_ value: UInt8) { bytes.append(value) }

  public mutating func littleEndian<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  public mutating func bigEndian<T: FixedWidthInteger>(_ value: T) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  public mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(truncatingIfNeeded: rest))
  }

  public mutating func append(_ raw: some Sequence<UInt8>) { bytes.append(contentsOf: raw) }

  public mutating func string(_ text: String) {
    let utf8 = text.utf8
    varint(UInt64(utf8.count))
    bytes.append(contentsOf: utf8)
  }

  /// Writes `value` over earlier bytes, for lengths known only later. `offset` must lie within what was written.
  public mutating func patchBigEndian<T: FixedWidthInteger>(_ value: T, at offset: Int) {
    precondition(offset >= 0 && offset + MemoryLayout<T>.size <= bytes.count)
    withUnsafeBytes(of: value.bigEndian) { raw in
      for (index, byte) in raw.enumerated() { bytes[offset + index] = byte }
    }
  }
}
