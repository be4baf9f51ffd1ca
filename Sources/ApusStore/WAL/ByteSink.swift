// ByteSink owns the growing memory that commits are encoded into, and the compression of it.

import ApusBase
private import CZstd
private import Synchronization

/// Raw bytes that grow; reused from commit to commit, by one thread at a time.
final class ByteSink: @unchecked Sendable {
  private(set) var address: UnsafeMutableRawPointer
  private(set) var count = 0
  private var capacity: Int

  init(capacity: Int = 64 << 10) {
    self.capacity = capacity
    address = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { address.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: address, count: count) }
  var heldBytes: Int { capacity }

  func removeAll() { count = 0 }

  /// Room for `more` bytes, which the caller fills at once.
  @inline(__always)
  func extend(_ more: Int) -> UnsafeMutableRawPointer {
    if count &+ more > capacity { grow(more) }
    defer { count &+= more }
    return address + count
  }

  private func grow(_ more: Int) {
    let larger = max(capacity * 2, count + more)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    moved.copyMemory(from: address, byteCount: count)
    address.deallocate()
    address = moved
    capacity = larger
  }

  func append(_ raw: UnsafeRawBufferPointer) {
    guard let base = raw.baseAddress, raw.count > 0 else { return }
    extend(raw.count).copyMemory(from: base, byteCount: raw.count)
  }

  func append(_ base: UnsafeRawPointer, count: Int) {
    guard count > 0 else { return }
    extend(count).copyMemory(from: base, byteCount: count)
  }

  func byte(_ value: UInt8) { extend(1).storeBytes(of: value, as: UInt8.self) }

  func littleEndian<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
    extend(MemoryLayout<T>.size).storeBytes(of: value.littleEndian, as: T.self)
  }

  func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      byte(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    byte(UInt8(truncatingIfNeeded: rest))
  }

  func varint(_ value: Int) { varint(UInt64(truncatingIfNeeded: value)) }

  func string(_ text: String) {
    var copy = text
    copy.withUTF8 { raw in
      varint(raw.count)
      append(UnsafeRawBufferPointer(raw))
    }
  }
}

/// zstd at level 1, with contexts that are used again: making one costs more than compressing a small commit.
enum Compression {
  /// Below this a frame costs more than it saves.
  static let bytesMin = 256

  private struct Contexts: @unchecked Sendable {
    var compressing: [OpaquePointer] = []
    var decompressing: [OpaquePointer] = []
  }
  private static let contexts = Mutex(Contexts())

  /// `bytes` compressed behind `head`, or nil when that is not smaller.
  static func compress(_ bytes: UnsafeRawBufferPointer, after head: [UInt8]) -> [UInt8]? {
    guard bytes.count >= bytesMin, let base = bytes.baseAddress else { return nil }
    guard let context = contexts.withLock({ $0.compressing.popLast() }) ?? ZSTD_createCCtx() else { return nil }
    defer { contexts.withLock { $0.compressing.append(context) } }
    let bound = ZSTD_compressBound(bytes.count)
    var isSmaller = false
    let out = [UInt8](unsafeUninitializedCapacity: head.count + bound) { buffer, filled in
      guard let target = buffer.baseAddress else { return }
      for (index, byte) in head.enumerated() { (target + index).initialize(to: byte) }
      let size = ZSTD_compressCCtx(context, target + head.count, bound, base, bytes.count, 1)
      isSmaller = ZSTD_isError(size) == 0 && size < bytes.count
      filled = isSmaller ? head.count + size : 0
    }
    return isSmaller ? out : nil
  }

  /// `bytes` decompressed to exactly `count` bytes; nil when they are not that.
  static func decompress(_ bytes: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
    guard let context = contexts.withLock({ $0.decompressing.popLast() }) ?? ZSTD_createDCtx() else { return false }
    defer { contexts.withLock { $0.decompressing.append(context) } }
    let size = ZSTD_decompressDCtx(context, target.baseAddress, target.count, bytes.baseAddress, bytes.count)
    return ZSTD_isError(size) == 0 && size == target.count
  }
}
