// BytesBuilder owns the growing of offsets-and-bytes storage.

/// Appends byte strings; offsets are Int32, so that at most 2 GiB fit.
public struct BytesBuilder: ~Copyable {
  private var offsets: UnsafeMutablePointer<Int32>
  private var offsetCapacity: Int
  private var data: UnsafeMutablePointer<UInt8>
  private var dataCapacity: Int
  public private(set) var count = 0
  public private(set) var byteCount = 0

  public init(capacity: Int, bytes: Int = 0) {
    offsetCapacity = max(16, capacity + 1)
    offsets = .allocate(capacity: offsetCapacity)
    offsets[0] = 0
    dataCapacity = max(64, bytes)
    data = .allocate(capacity: dataCapacity)
  }

  deinit {
    offsets.deallocate()
    data.deallocate()
  }

  /// Whether `more` bytes still fit the Int32 offsets.
  public func fits(_ more: Int) -> Bool { byteCount &+ more <= Int(Int32.max) }

  @inline(__always)
  private mutating func reserve(_ more: Int) {
    if byteCount &+ more > dataCapacity { growData(more) }
    if count &+ 2 > offsetCapacity { growOffsets() }
  }

  private mutating func growData(_ more: Int) {
    let capacity = max(dataCapacity * 2, byteCount + more)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    larger.update(from: data, count: byteCount)
    data.deallocate()
    data = larger
    dataCapacity = capacity
  }

  private mutating func growOffsets() {
    let capacity = offsetCapacity * 2
    let larger = UnsafeMutablePointer<Int32>.allocate(capacity: capacity)
    larger.update(from: offsets, count: count + 1)
    offsets.deallocate()
    offsets = larger
    offsetCapacity = capacity
  }

  public mutating func append(_ bytes: UnsafeRawBufferPointer) {
    reserve(bytes.count)
    if let base = bytes.baseAddress {
      UnsafeMutableRawPointer(data + byteCount).copyMemory(from: base, byteCount: bytes.count)
    }
    byteCount &+= bytes.count
    count &+= 1
    offsets[count] = Int32(truncatingIfNeeded: byteCount)
  }

  public mutating func append(_ string: String) {
    var copy = string
    copy.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  public mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

  /// An empty string: what stands at a null row.
  public mutating func appendEmpty() {
    reserve(0)
    count &+= 1
    offsets[count] = Int32(truncatingIfNeeded: byteCount)
  }

  /// Room for `length` bytes of the next value, written through the returned pointer, then `commit`.
  public mutating func reserveBytes(_ length: Int) -> UnsafeMutablePointer<UInt8> {
    reserve(length)
    return data + byteCount
  }
  public mutating func commit(_ length: Int) {
    byteCount &+= length
    count &+= 1
    offsets[count] = Int32(truncatingIfNeeded: byteCount)
  }

  /// The storage so far, copied to buffers of the exact size. The builder starts anew.
  public mutating func finishStorage() -> (offsets: Buffer, data: Buffer) {
    let outOffsets = Buffer(byteCount: (count + 1) * 4)
    outOffsets.address.copyMemory(from: offsets, byteCount: (count + 1) * 4)
    let outData = Buffer(byteCount: byteCount)
    outData.address.copyMemory(from: data, byteCount: byteCount)
    count = 0
    byteCount = 0
    return (outOffsets, outData)
  }
}
