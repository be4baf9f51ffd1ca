// OutputBuffer owns the bytes on their way to the client: memory that grows, written without per-byte calls.

import ApusBase

/// A growing run of bytes. Emptied by the connection after each send; large memory is given back then.
struct OutputBuffer: ~Copyable {
  private(set) var base: UnsafeMutablePointer<UInt8>
  private(set) var count = 0
  private var capacity: Int
  private static let capacityKept = 1 << 20

  init(capacity: Int = 16 << 10) {
    self.capacity = max(capacity, 64)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  var isEmpty: Bool { count == 0 }

  /// The bytes so far; good until the next change.
  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  mutating func removeAll() {
    count = 0
    guard capacity > Self.capacityKept else { return }
    base.deallocate()
    capacity = 64 << 10
    base = .allocate(capacity: capacity)
  }

  /// Back to what was there when `count` was this.
  mutating func truncate(to count: Int) { self.count = min(max(count, 0), self.count) }

  /// Makes room for `extra` bytes.
  @inline(__always)
  mutating func ensure(_ extra: Int) {
    if capacity &- count < extra { grow(extra) }
  }

  @inline(never)
  private mutating func grow(_ extra: Int) {
    var wanted = capacity * 2
    while wanted - count < extra { wanted *= 2 }
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: wanted)
    larger.update(from: base, count: count)
    base.deallocate()
    base = larger
    capacity = wanted
  }

  /// Where the next bytes go, after `ensure`; `advance` says how many were written.
  @inline(__always)
  var end: UnsafeMutablePointer<UInt8> { base + count }
  @inline(__always)
  mutating func advance(_ written: Int) { count &+= written }

  @inline(__always)
  mutating func put(_ byte: UInt8) {
    ensure(1)
    base[count] = byte
    count &+= 1
  }

  @inline(__always)
  mutating func put<T: FixedWidthInteger & BitwiseCopyable>(bigEndian value: T) {
    ensure(MemoryLayout<T>.size)
    UnsafeMutableRawPointer(base + count).storeBytes(of: value.bigEndian, as: T.self)
    count &+= MemoryLayout<T>.size
  }

  @inline(__always)
  mutating func put(_ raw: UnsafeRawBufferPointer) {
    guard let source = raw.baseAddress else { return }
    ensure(raw.count)
    UnsafeMutableRawPointer(base + count).copyMemory(from: source, byteCount: raw.count)
    count &+= raw.count
  }

  mutating func put(_ bytes: [UInt8]) { bytes.withUnsafeBytes { put($0) } }

  /// Text as it is, without an end.
  mutating func put(text: String) {
    var text = text
    text.withUTF8 { put(UnsafeRawBufferPointer($0)) }
  }

  /// Text and a zero byte. A zero byte within would end it early and is left out.
  mutating func put(string text: String) {
    if text.utf8.contains(0) { put(Array(text.utf8.filter { $0 != 0 })) } else { put(text: text) }
    put(0)
  }

  /// Writes over the four bytes at `offset`, which were written before.
  @inline(__always)
  mutating func patch(_ value: Int32, at offset: Int) {
    UnsafeMutableRawPointer(base + offset).storeBytes(of: value.bigEndian, as: Int32.self)
  }
}
