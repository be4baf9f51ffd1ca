// StringTable owns the numbering of distinct byte strings, and the making of one sorted dictionary from many.

private import CXXHash

/// Distinct byte strings, numbered from 0 as they come. One thread at a time.
public final class StringTable {
  public private(set) var count = 0
  private var offsets: UnsafeMutablePointer<Int32>
  private var offsetCapacity = 64
  private var data: UnsafeMutableRawPointer
  private var dataCapacity = 1024
  public private(set) var byteCount = 0
  /// (high half of the hash << 32) | (number + 1); zero is free.
  private var slots: UnsafeMutablePointer<UInt64>
  private var mask = 127
  /// Chosen strings must not collide on every server alike.
  private static let seed = UInt64.random(in: .min ... .max)

  public init() {
    offsets = .allocate(capacity: offsetCapacity)
    offsets[0] = 0
    data = .allocate(byteCount: dataCapacity, alignment: 16)
    slots = .allocate(capacity: mask + 1)
    slots.initialize(repeating: 0, count: mask + 1)
  }

  deinit {
    offsets.deallocate()
    data.deallocate()
    slots.deallocate()
  }

  /// Whether `more` bytes still fit Int32 offsets.
  public func fits(_ more: Int) -> Bool { byteCount &+ more <= Int(Int32.max) }

  /// The string `number`; valid until the next `number(of:)`.
  @inline(__always)
  func bytes(_ number: Int) -> UnsafeRawBufferPointer {
    let start = Int(offsets[number])
    return UnsafeRawBufferPointer(start: data + start, count: Int(offsets[number &+ 1]) &- start)
  }

  /// The number of a string, which must fit.
  public func number(of bytes: UnsafeRawPointer, _ length: Int) -> UInt32 {
    let hash = XXH3_64bits_withSeed(bytes, length, Self.seed)
    let tag = hash >> 32
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let found = slots[slot]
      if found == 0 { break }
      if found >> 32 == tag {
        let number = Int(found & 0xFFFF_FFFF) &- 1
        let start = Int(offsets[number])
        if Int(offsets[number &+ 1]) &- start == length,
          compareBytes(
            UnsafeRawBufferPointer(start: data + start, count: length),
            UnsafeRawBufferPointer(start: bytes, count: length)) == 0
        {
          return UInt32(truncatingIfNeeded: number)
        }
      }
      slot = (slot &+ 1) & mask
    }
    return insert(bytes, length, tag, slot)
  }

  private func insert(_ bytes: UnsafeRawPointer, _ length: Int, _ tag: UInt64, _ slot: Int) -> UInt32 {
    if byteCount &+ length > dataCapacity { growData(length) }
    if count &+ 2 > offsetCapacity { growOffsets() }
    (data + byteCount).copyMemory(from: bytes, byteCount: length)
    byteCount &+= length
    let number = count
    count &+= 1
    offsets[count] = Int32(truncatingIfNeeded: byteCount)
    slots[slot] = tag &<< 32 | UInt64(truncatingIfNeeded: count)
    if count &* 2 > mask { growSlots() }
    return UInt32(truncatingIfNeeded: number)
  }

  private func growData(_ more: Int) {
    dataCapacity = max(dataCapacity * 2, byteCount + more)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: dataCapacity, alignment: 16)
    larger.copyMemory(from: data, byteCount: byteCount)
    data.deallocate()
    data = larger
  }

  private func growOffsets() {
    let larger = UnsafeMutablePointer<Int32>.allocate(capacity: offsetCapacity * 2)
    larger.update(from: offsets, count: count + 1)
    offsets.deallocate()
    offsets = larger
    offsetCapacity *= 2
  }

  private func growSlots() {
    slots.deallocate()
    mask = mask * 4 + 3
    slots = .allocate(capacity: mask + 1)
    slots.initialize(repeating: 0, count: mask + 1)
    for number in 0..<count {
      let entry = bytes(number)
      let hash = XXH3_64bits_withSeed(entry.baseAddress ?? UnsafeRawPointer(data), entry.count, Self.seed)
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] != 0 { slot = (slot &+ 1) & mask }
      slots[slot] = (hash >> 32) &<< 32 | UInt64(truncatingIfNeeded: number &+ 1)
    }
  }

  /// The strings in the order of their numbers.
  public func dictionary() -> ByteDictionary {
    let outOffsets = Buffer(byteCount: (count + 1) * 4)
    outOffsets.address.copyMemory(from: offsets, byteCount: (count + 1) * 4)
    let outData = Buffer(byteCount: byteCount)
    outData.address.copyMemory(from: data, byteCount: byteCount)
    return ByteDictionary(count: count, offsets: outOffsets, data: outData, isSorted: count < 2)
  }

  /// The strings sorted, and for each number its place among them (UInt32).
  public func sortedDictionary() -> (dictionary: ByteDictionary, places: Buffer) {
    let places = Buffer(byteCount: count * 4)
    let ranks = places.write(UInt32.self)
    let outOffsets = Buffer(byteCount: (count + 1) * 4)
    let outData = Buffer(byteCount: byteCount)
    let ends = outOffsets.write(Int32.self)
    ends[0] = 0
    var end = 0
    for (place, number) in sortedNumbers().enumerated() {
      let entry = bytes(number)
      if let base = entry.baseAddress { (outData.address + end).copyMemory(from: base, byteCount: entry.count) }
      end &+= entry.count
      ends[place + 1] = Int32(truncatingIfNeeded: end)
      ranks[number] = UInt32(truncatingIfNeeded: place)
    }
    return (ByteDictionary(count: count, offsets: outOffsets, data: outData, isSorted: true), places)
  }

  private struct Keyed {
    var key: UInt64
    var number: Int
  }

  /// Numbers in bytewise order: by the eight bytes after what all strings share, then by the rest.
  private func sortedNumbers() -> [Int] {
    guard count > 1 else { return Array(0..<count) }
    let first = bytes(0)
    var shared = first.count
    for number in 1..<count {
      let other = bytes(number)
      shared = min(shared, other.count)
      var same = 0
      while same < shared, other[same] == first[same] { same &+= 1 }
      shared = same
      if shared == 0 { break }
    }
    var keyed = [Keyed](unsafeUninitializedCapacity: count) { buffer, filled in
      for number in 0..<count {
        let entry = bytes(number)
        var key: UInt64 = 0
        if entry.count &- shared >= 8 {
          key = UInt64(bigEndian: entry.loadUnaligned(fromByteOffset: shared, as: UInt64.self))
        } else {
          for place in shared..<entry.count { key |= UInt64(entry[place]) &<< UInt64(56 &- 8 &* (place &- shared)) }
        }
        (buffer.baseAddress.map { $0 + number })?.initialize(to: Keyed(key: key, number: number))
      }
      filled = count
    }
    keyed.sort { a, b in
      a.key != b.key ? a.key < b.key : compareBytes(bytes(a.number), bytes(b.number)) < 0
    }
    return keyed.map(\.number)
  }
}
