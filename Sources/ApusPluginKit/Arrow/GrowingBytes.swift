// GrowingBytes owns memory that grows and may be given away: what a plugin hands over is not a Swift array.

import Glibc

/// Bytes from malloc. Not thread-safe.
public final class GrowingBytes {
  public private(set) var base: UnsafeMutableRawPointer?
  public private(set) var count = 0
  private var capacity = 0

  public init() {}
  deinit { free(base) }

  /// Room for `extra` more bytes.
  public func reserve(_ extra: Int) throws(PluginError) {
    let (needed, overflow) = count.addingReportingOverflow(extra)
    if overflow || extra < 0 { throw .outOfMemory }
    if needed <= capacity { return }
    let wanted = max(needed, capacity &* 2, 256)
    guard let grown = realloc(base, wanted) else { throw .outOfMemory }
    base = grown
    capacity = wanted
  }

  public func append(_ bytes: UnsafeRawBufferPointer) throws(PluginError) {
    try reserve(bytes.count)
    if let base, let source = bytes.baseAddress, !bytes.isEmpty {
      (base + count).copyMemory(from: source, byteCount: bytes.count)
    }
    count &+= bytes.count
  }

  /// A trivial value's bytes, in this machine's order.
  public func append<T: BitwiseCopyable>(_ value: T) throws(PluginError) {
    try reserve(MemoryLayout<T>.size)
    if let base { (base + count).storeBytes(of: value, as: T.self) }
    count &+= MemoryLayout<T>.size
  }

  public func append(zeros: Int) throws(PluginError) {
    try reserve(zeros)
    if let base { memset(base + count, 0, zeros) }
    count &+= zeros
  }

  public func append(_ text: String) throws(PluginError) {
    var text = text
    let failure: PluginError? = text.withUTF8 { bytes in
      do throws(PluginError) { try append(UnsafeRawBufferPointer(bytes)) } catch { return error }
      return nil
    }
    if let failure { throw failure }
  }

  /// An integer, most significant byte first.
  public func appendBigEndian<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) throws(PluginError) {
    try append(value.bigEndian)
  }

  /// Replaces the bytes at `offset`, which must have been appended before.
  public func store<T: BitwiseCopyable>(_ value: T, at offset: Int) {
    guard let base, offset >= 0, offset &+ MemoryLayout<T>.size <= count else { return }
    (base + offset).storeBytes(of: value, as: T.self)
  }

  public func orByte(_ bits: UInt8, at offset: Int) {
    guard let base, offset >= 0, offset < count else { return }
    let byte = (base + offset).load(as: UInt8.self)
    (base + offset).storeBytes(of: byte | bits, as: UInt8.self)
  }

  /// Forgets the content and keeps the memory.
  public func removeAll() { count = 0 }

  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: base == nil ? 0 : count) }

  /// The memory, which the caller now frees with `free`; never nil. Nothing is left here.
  public func take() throws(PluginError) -> UnsafeMutableRawPointer {
    if base == nil { try reserve(8) }
    guard let given = base else { throw .outOfMemory }
    base = nil
    count = 0
    capacity = 0
    return given
  }
}
