// IntegerTable owns the numbering of distinct 64-bit integers, for grouping and joins.

import ApusColumns

/// Gives each distinct integer the next number, from 0. Open addressing, at most half full. Not thread-safe.
public final class IntegerTable {
  private struct Slot {
    var key: UInt64
    /// The number plus one; 0 for an empty slot.
    var mark: UInt32
  }
  private var slots: UnsafeMutablePointer<Slot>
  private var mask: Int
  private var keys: UnsafeMutablePointer<UInt64>
  private var keyCapacity: Int
  /// Integers numbered so far.
  public private(set) var count = 0

  public static let absent = UInt32.max

  public init(capacity: Int = 64) {
    var size = 128
    while size < capacity * 2 { size *= 2 }
    slots = .allocate(capacity: size)
    slots.initialize(repeating: Slot(key: 0, mark: 0), count: size)
    mask = size - 1
    keyCapacity = size / 2
    keys = .allocate(capacity: keyCapacity)
  }

  deinit {
    slots.deallocate()
    keys.deallocate()
  }

  /// The integer that has a number.
  @inline(__always)
  public func key(_ number: Int) -> UInt64 { keys[number] }
  public var allKeys: UnsafePointer<UInt64> { UnsafePointer(keys) }
  public var byteCount: Int { (mask + 1) * 16 + keyCapacity * 8 }

  @inline(__always)
  private func place(_ key: UInt64) -> Int { Int(truncatingIfNeeded: mixWords(key, 0) >> 20) & mask }

  private func grow() {
    let size = (mask + 1) * 2
    let larger = UnsafeMutablePointer<Slot>.allocate(capacity: size)
    larger.initialize(repeating: Slot(key: 0, mark: 0), count: size)
    slots.deallocate()
    slots = larger
    mask = size - 1
    let moreKeys = UnsafeMutablePointer<UInt64>.allocate(capacity: size / 2)
    moreKeys.update(from: keys, count: count)
    keys.deallocate()
    keys = moreKeys
    keyCapacity = size / 2
    for number in 0..<count {
      var slot = place(keys[number])
      while slots[slot].mark != 0 { slot = (slot &+ 1) & mask }
      slots[slot] = Slot(key: keys[number], mark: UInt32(truncatingIfNeeded: number) &+ 1)
    }
  }

  @inline(__always)
  private func insertOne(_ key: UInt64) -> UInt32 {
    var slot = place(key)
    while true {
      let found = slots[slot]
      if found.mark != 0 {
        if found.key == key { return found.mark &- 1 }
        slot = (slot &+ 1) & mask
        continue
      }
      if count == keyCapacity {
        grow()
        return insertOne(key)
      }
      slots[slot] = Slot(key: key, mark: UInt32(truncatingIfNeeded: count) &+ 1)
      keys[count] = key
      count &+= 1
      return UInt32(truncatingIfNeeded: count) &- 1
    }
  }

  /// The number of `key`, which is given one if it is new.
  public func insert(_ key: UInt64) -> UInt32 { insertOne(key) }

  /// The numbers of `count` keys. Runs of one key cost a comparison.
  public func insert(_ keys: UnsafePointer<UInt64>, count: Int, into numbers: UnsafeMutablePointer<UInt32>) {
    guard count > 0 else { return }
    var last = keys[0]
    var number = insertOne(last)
    for row in 0..<count {
      let key = keys[row]
      if key != last {
        last = key
        number = insertOne(key)
      }
      numbers[row] = number
    }
  }

  /// The number of `key`, or `absent`.
  @inline(__always)
  private func findOne(_ key: UInt64) -> UInt32 {
    var slot = place(key)
    while slots[slot].mark != 0 {
      if slots[slot].key == key { return slots[slot].mark &- 1 }
      slot = (slot &+ 1) & mask
    }
    return Self.absent
  }
  public func find(_ key: UInt64) -> UInt32 { findOne(key) }
  public func find(_ keys: UnsafePointer<UInt64>, count: Int, into numbers: UnsafeMutablePointer<UInt32>) {
    for row in 0..<count { numbers[row] = findOne(keys[row]) }
  }
}
