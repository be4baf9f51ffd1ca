// Buffer owns raw memory for columns, and the count of it.

public import ApusBase
private import Synchronization

/// The bytes held by all buffers, and the limit that big consumers ask before they allocate.
public enum MemoryBudget {
  private static let used = Atomic<Int>(0)
  private static let limit = Atomic<Int>(4 << 30)

  /// Bytes now held by buffers.
  public static var bytesUsed: Int { used.load(ordering: .relaxed) }
  public static var bytesLimit: Int { limit.load(ordering: .relaxed) }
  public static func setLimit(_ bytes: Int) { limit.store(bytes, ordering: .relaxed) }

  /// Throws 53200 when `bytes` more would pass the limit. Reserving does not allocate; the buffers count themselves.
  public static func check(_ bytes: Int) throws(ApusError) {
    guard bytesUsed &+ bytes <= bytesLimit else {
      throw ApusError(
        .outOfMemory, "out of memory",
        detail: "\(bytes) bytes were asked for with \(bytesUsed) of \(bytesLimit) in use",
        hint: "raise storage.memory, or ask for less at once")
    }
  }
  static func count(_ bytes: Int) { used.wrappingAdd(bytes, ordering: .relaxed) }
}

/// A block of memory, 64-byte aligned, that is written by its builder and read-only once shared; or a view of a part of
/// another buffer. Reading past `byteCount` is a bug of the caller: kernels check their bounds at their border.
public final class Buffer: @unchecked Sendable {
  public let address: UnsafeMutableRawPointer
  public let byteCount: Int
  private let owner: Buffer?

  /// Uninitialised memory. At least 64 bytes are allocated, in multiples of 64.
  public init(byteCount: Int) {
    self.byteCount = byteCount
    let capacity = max(64, (byteCount + 63) & ~63)
    address = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 64)
    owner = nil
    MemoryBudget.count(capacity)
  }

  /// A view of `byteCount` bytes of `parent` from `offset`. The parent lives as long as the view.
  public init(viewOf parent: Buffer, offset: Int, byteCount: Int) {
    precondition(offset >= 0 && byteCount >= 0 && offset + byteCount <= parent.byteCount)
    address = parent.address + offset
    self.byteCount = byteCount
    owner = parent.owner ?? parent
  }

  deinit {
    guard owner == nil else { return }
    MemoryBudget.count(-max(64, (byteCount + 63) & ~63))
    address.deallocate()
  }

  public static func zeroed(byteCount: Int) -> Buffer {
    let buffer = Buffer(byteCount: byteCount)
    buffer.address.initializeMemory(as: UInt8.self, repeating: 0, count: max(64, (byteCount + 63) & ~63))
    return buffer
  }

  public convenience init<T: BitwiseCopyable>(copying values: [T]) {
    self.init(byteCount: values.count * MemoryLayout<T>.stride)
    values.withUnsafeBytes { raw in
      if let base = raw.baseAddress { address.copyMemory(from: base, byteCount: raw.count) }
    }
  }

  /// The memory as values of `T`, for reading.
  @inlinable @inline(__always)
  public func read<T: BitwiseCopyable>(_: T.Type) -> UnsafePointer<T> {
    UnsafePointer(address.assumingMemoryBound(to: T.self))
  }
  /// The memory as values of `T`, for the builder that has not shared it yet.
  @inlinable @inline(__always)
  public func write<T: BitwiseCopyable>(_: T.Type) -> UnsafeMutablePointer<T> {
    address.assumingMemoryBound(to: T.self)
  }
  public var rawBytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: address, count: byteCount) }
}
