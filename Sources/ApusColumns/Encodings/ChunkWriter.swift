// ChunkWriter owns the growing memory that column chunks are encoded into.

/// Raw bytes that grow; reused from chunk to chunk, by one thread at a time.
public final class ChunkWriter {
  private var address: UnsafeMutableRawPointer
  public private(set) var count = 0
  private var capacity: Int
  /// Whether bytes were written that a general compressor may still shorten: text, raw numbers. Packed ones are not.
  public var isCompressible = false

  public init(capacity: Int = 64 << 10) {
    self.capacity = max(64, capacity)
    address = .allocate(byteCount: self.capacity, alignment: 64)
  }

  deinit { address.deallocate() }

  /// Valid until the next append.
  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: address, count: count) }

  public func removeAll() {
    count = 0
    isCompressible = false
  }

  /// Takes back what was appended after the first `count` bytes.
  func truncate(to count: Int) { self.count = min(count, self.count) }

  /// Room for `more` bytes, which the caller fills at once.
  @inline(__always)
  func extend(_ more: Int) -> UnsafeMutableRawPointer {
    if count &+ more > capacity { grow(more) }
    defer { count &+= more }
    return address + count
  }

  private func grow(_ more: Int) {
    let larger = max(capacity * 2, count + more)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 64)
    moved.copyMemory(from: address, byteCount: count)
    address.deallocate()
    address = moved
    capacity = larger
  }

  public func append(_ base: UnsafeRawPointer, count: Int) {
    guard count > 0 else { return }
    extend(count).copyMemory(from: base, byteCount: count)
  }

  public func append(_ raw: UnsafeRawBufferPointer) {
    if let base = raw.baseAddress { append(base, count: raw.count) }
  }

  public func byte(_ value: UInt8) { extend(1).storeBytes(of: value, as: UInt8.self) }

  @inline(__always)
  func littleEndian<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    extend(MemoryLayout<T>.size).storeBytes(of: value.littleEndian, as: T.self)
  }
  public func word(_ value: UInt64) { littleEndian(value) }

  public func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      byte(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    byte(UInt8(truncatingIfNeeded: rest))
  }
  public func varint(_ value: Int) { varint(UInt64(truncatingIfNeeded: value)) }

  public func string(_ text: String) {
    var copy = text
    copy.withUTF8 { raw in
      varint(raw.count)
      append(UnsafeRawBufferPointer(raw))
    }
  }

  /// Clears all but the low `bits` of the last eight bytes.
  public func maskLastWord(bits: Int) {
    guard count >= 8 else { return }
    let word = address.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
    address.storeBytes(of: word & ((1 &<< UInt64(bits)) &- 1), toByteOffset: count - 8, as: UInt64.self)
  }

  /// Zeros up to the next multiple of eight.
  public func align() { while count & 7 != 0 { byte(0) } }
}
