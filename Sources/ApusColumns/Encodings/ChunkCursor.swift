// ChunkCursor owns the reading of encoded column chunks. The bytes may be anything: every read is checked.

public import ApusBase

/// What is wrong with an encoded chunk.
func damaged(_ what: String) -> ApusError { ApusError(.dataCorrupted, "damaged column chunk: \(what)") }

/// A cursor over a chunk, which keeps the chunk's buffer.
public struct ChunkCursor {
  public let buffer: Buffer
  public private(set) var offset = 0

  public init(_ buffer: Buffer) { self.buffer = buffer }

  public var remaining: Int { buffer.byteCount - offset }
  var address: UnsafeRawPointer { UnsafeRawPointer(buffer.address) + offset }

  public mutating func skip(_ count: Int) throws(ApusError) {
    guard count >= 0, count <= remaining else { throw damaged("it ends at \(buffer.byteCount)") }
    offset += count
  }

  /// To the next multiple of eight, as `ChunkWriter.align` wrote it.
  public mutating func align() throws(ApusError) { try skip((8 - offset & 7) & 7) }

  @inline(__always)
  mutating func fixed<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(ApusError) -> T {
    let start = offset
    try skip(MemoryLayout<T>.size)
    return T(littleEndian: UnsafeRawPointer(buffer.address).loadUnaligned(fromByteOffset: start, as: T.self))
  }

  public mutating func byte() throws(ApusError) -> Int { Int(try fixed(UInt8.self)) }

  /// A varint that must be at most `bound`.
  public mutating func count(atMost bound: Int) throws(ApusError) -> Int {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while shift < 64 {
      let byte = try fixed(UInt8.self)
      value |= UInt64(byte & 0x7F) &<< shift
      if byte & 0x80 == 0 {
        guard let number = Int(exactly: value), number <= bound else { throw damaged("\(value) passes \(bound)") }
        return number
      }
      shift += 7
    }
    throw damaged("a number without end")
  }

  /// The next `count` bytes, in place.
  public mutating func bytes(_ count: Int) throws(ApusError) -> UnsafeRawBufferPointer {
    let start = address
    try skip(count)
    return UnsafeRawBufferPointer(start: start, count: count)
  }
}

extension ChunkCursor {
  /// A string behind its length. Ill-formed UTF-8 is repaired.
  public mutating func string() throws(ApusError) -> String {
    let count = try count(atMost: remaining)
    return String(decoding: try bytes(count), as: UTF8.self)
  }
  public mutating func word() throws(ApusError) -> UInt64 { try fixed(UInt64.self) }
  public mutating func number() throws(ApusError) -> Int64 { try fixed(Int64.self) }
}
