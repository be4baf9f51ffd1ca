// BytesTable owns the numbering of distinct byte strings, for grouping, joins and dictionaries.

public import ApusBase
public import ApusColumns

/// Gives each distinct byte string the next number, from 0, and keeps its bytes. Not thread-safe.
public final class BytesTable {
  private struct Slot {
    var words: KeyWords
    var mark: UInt32
  }
  private var slots: UnsafeMutablePointer<Slot>
  private var mask: Int
  private var builder: BytesArena
  /// Strings numbered so far.
  public var count: Int { builder.count }

  public static let absent = UInt32.max

  public init(capacity: Int = 64) {
    var size = 128
    while size < capacity * 2 { size *= 2 }
    slots = .allocate(capacity: size)
    slots.initialize(repeating: Slot(words: KeyWords(low: 0, high: 0), mark: 0), count: size)
    mask = size - 1
    builder = BytesArena()
  }

  deinit { slots.deallocate() }

  public var byteCount: Int { (mask + 1) * MemoryLayout<Slot>.stride + builder.byteCount }

  /// The bytes of a number, until the next insertion.
  @inline(__always)
  public func bytes(_ number: Int) -> UnsafeRawBufferPointer { builder.bytes(number) }

  private func grow() {
    let size = (mask + 1) * 2
    let larger = UnsafeMutablePointer<Slot>.allocate(capacity: size)
    larger.initialize(repeating: Slot(words: KeyWords(low: 0, high: 0), mark: 0), count: size)
    for old in 0...mask where slots[old].mark != 0 {
      var slot = Int(truncatingIfNeeded: slots[old].words.hash >> 20) & (size - 1)
      while larger[slot].mark != 0 { slot = (slot &+ 1) & (size - 1) }
      larger[slot] = slots[old]
    }
    slots.deallocate()
    slots = larger
    mask = size - 1
  }

  @inline(__always)
  private func slot(of words: KeyWords, _ raw: UnsafeRawBufferPointer) -> Int {
    var slot = Int(truncatingIfNeeded: words.hash >> 20) & mask
    while slots[slot].mark != 0 {
      let found = slots[slot].words
      if found.low == words.low, found.high == words.high {
        if !words.isLong || compareBytes(builder.bytes(Int(slots[slot].mark &- 1)), raw) == 0 { return slot }
      }
      slot = (slot &+ 1) & mask
    }
    return slot
  }

  /// The number of `raw`, which is given one if it is new.
  public func insert(_ raw: UnsafeRawBufferPointer) -> UInt32 {
    let words = KeyWords(raw)
    var place = slot(of: words, raw)
    if slots[place].mark != 0 { return slots[place].mark &- 1 }
    if count &* 2 > mask {
      grow()
      place = slot(of: words, raw)
    }
    builder.append(raw)
    slots[place] = Slot(words: words, mark: UInt32(truncatingIfNeeded: count))
    return UInt32(truncatingIfNeeded: count) &- 1
  }

  public func insert(_ raw: [UInt8]) -> UInt32 { raw.withUnsafeBytes { insert($0) } }

  /// The number of `raw`, or `absent`.
  public func find(_ raw: UnsafeRawBufferPointer) -> UInt32 {
    let place = slot(of: KeyWords(raw), raw)
    return slots[place].mark == 0 ? Self.absent : slots[place].mark &- 1
  }

  /// Numbers the strings of a vector in the flat layout; null rows get `nullNumber`.
  public func insert(
    offsets: UnsafePointer<Int32>, data: UnsafeRawPointer, validity: Bitmap?, count: Int, nullNumber: UInt32,
    into numbers: UnsafeMutablePointer<UInt32>
  ) {
    for row in 0..<count {
      if let validity, !validity[row] {
        numbers[row] = nullNumber
        continue
      }
      let start = Int(offsets[row])
      numbers[row] = insert(UnsafeRawBufferPointer(start: data + start, count: Int(offsets[row + 1]) &- start))
    }
  }

  /// All strings in order of their numbers, as offsets and bytes of their own. Throws 54000 for more than 2 GiB, which
  /// offsets of a vector do not reach.
  public func storage() throws(ApusError) -> (offsets: Buffer, data: Buffer) {
    if builder.used > stringBytesMax {
      throw ApusError(.programLimitExceeded, "the distinct values of a key are larger than 2 GiB")
    }
    return builder.storage()
  }
  /// Bytes of all strings.
  public var stringBytes: Int { builder.used }
  /// Bytes that `storage` may give; tests lower it.
  var stringBytesMax = Int(Int32.max)
}

/// Appended byte strings with 64-bit offsets.
struct BytesArena: ~Copyable {
  private var offsets: UnsafeMutablePointer<Int>
  private var offsetCapacity = 64
  private var data: UnsafeMutableRawPointer
  private var dataCapacity = 1024
  private(set) var count = 0
  private(set) var used = 0

  init() {
    offsets = .allocate(capacity: 64)
    offsets[0] = 0
    data = .allocate(byteCount: 1024, alignment: 8)
  }

  deinit {
    offsets.deallocate()
    data.deallocate()
  }

  var byteCount: Int { offsetCapacity * 8 + dataCapacity }

  @inline(__always)
  func bytes(_ number: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: data + offsets[number], count: offsets[number &+ 1] &- offsets[number])
  }

  mutating func append(_ raw: UnsafeRawBufferPointer) {
    if used &+ raw.count > dataCapacity {
      let capacity = max(dataCapacity * 2, used + raw.count)
      let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
      larger.copyMemory(from: data, byteCount: used)
      data.deallocate()
      data = larger
      dataCapacity = capacity
    }
    if count &+ 2 > offsetCapacity {
      let larger = UnsafeMutablePointer<Int>.allocate(capacity: offsetCapacity * 2)
      larger.update(from: offsets, count: count + 1)
      offsets.deallocate()
      offsets = larger
      offsetCapacity *= 2
    }
    if let base = raw.baseAddress { (data + used).copyMemory(from: base, byteCount: raw.count) }
    used &+= raw.count
    count &+= 1
    offsets[count] = used
  }

  func storage() -> (offsets: Buffer, data: Buffer) {
    let out = Buffer(byteCount: (count + 1) * 4)
    let target = out.write(Int32.self)
    for index in 0...count { target[index] = Int32(truncatingIfNeeded: offsets[index]) }
    let bytes = Buffer(byteCount: used)
    bytes.address.copyMemory(from: data, byteCount: used)
    return (out, bytes)
  }
}
