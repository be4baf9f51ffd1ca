// ChunkCursor owns the reading of encoded column chunks. The bytes may be anything: every read is checked.

internal import ApusBase

/// What is wrong with an encoded chunk.
func damaged(_ what: String) -> ApusError { ApusError(.dataCorrupted, "damaged column chunk: \(what)") }

/// A cursor over a chunk, which keeps the chunk's buffer.
struct ChunkCursor {
  let buffer: Buffer
  private(set) var offset = 0

  init(_ buffer: Buffer) { self.buffer = buffer }

  var remaining: Int { buffer.byteCount - offset }
  var address: UnsafeRawPointer { UnsafeRawPointer(buffer.address) + offset }

  mutating func skip(_ count: Int) throws(ApusError) {
    guard count >= 0, count <= remaining else { throw damaged("it ends at \(buffer.byteCount)") }
    offset += count
  }

  /// To the next multiple of eight, as `ByteWriter.align` wrote it.
  mutating func align() throws(ApusError) { try skip((8 - offset & 7) & 7) }

  mutating func fixed<T: FixedWidthInteger & BitwiseCopyable>(_: T.Type) throws(ApusError) -> T {
    let start = offset
    try skip(MemoryLayout<T>.size)
    return T(littleEndian: buffer.rawBytes.loadUnaligned(fromByteOffset: start, as: T.self))
  }

  mutating func byte() throws(ApusError) -> Int { Int(try fixed(UInt8.self)) }

  /// A varint that must be at most `bound`.
  mutating func count(atMost bound: Int) throws(ApusError) -> Int {
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
  mutating func bytes(_ count: Int) throws(ApusError) -> UnsafeRawBufferPointer {
    let start = address
    try skip(count)
    return UnsafeRawBufferPointer(start: start, count: count)
  }
}

extension ByteWriter {
  /// Zeros up to the next multiple of eight.
  mutating func align() { while count & 7 != 0 { byte(0) } }
}
