// PairTable owns the numbering of pairs of small numbers: a dense array for small ranges, else a hash table.

import ApusSketches

/// Gives each distinct pair the next number, from 0.
final class PairTable {
  /// By `a << bBits | b`: the number plus one.
  private var dense: UnsafeMutablePointer<UInt32>?
  private var aSize = 0
  private var bBits = 0
  private var hashed: IntegerTable?
  private(set) var firsts: [UInt32] = []
  private(set) var seconds: [UInt32] = []

  /// Entries of the dense array: 1 MiB, which the second-level cache holds.
  private static let denseEntriesMax = 1 << 18
  static let absent = UInt32.max

  deinit { dense?.deallocate() }

  var count: Int { firsts.count }
  var byteCount: Int { (dense == nil ? 0 : (aSize << bBits) * 4) + (hashed?.byteCount ?? 0) + count * 8 }

  /// Makes room for first numbers below `aCount` and second ones below `bCount`.
  private func fit(_ aCount: Int, _ bCount: Int) {
    if hashed != nil { return }
    if dense != nil, aCount <= aSize, bCount <= 1 << bBits { return }
    // A key of one column needs no table of pairs, however many values it has.
    let isSingle = aCount == 1 && aSize <= 1
    var size = isSingle ? 1 : max(4, aSize)
    while size < aCount { size *= 2 }
    var bits = max(2, bBits)
    while 1 << bits < bCount { bits += 1 }
    dense?.deallocate()
    if !isSingle, size << bits > Self.denseEntriesMax {
      dense = nil
      let table = IntegerTable(capacity: max(64, count))
      for index in 0..<count { _ = table.insert(key(firsts[index], seconds[index])) }
      hashed = table
      return
    }
    let array = UnsafeMutablePointer<UInt32>.allocate(capacity: size << bits)
    array.initialize(repeating: 0, count: size << bits)
    for index in 0..<count {
      array[Int(firsts[index]) << bits | Int(seconds[index])] = UInt32(truncatingIfNeeded: index) &+ 1
    }
    dense = array
    aSize = size
    bBits = bits
  }

  @inline(__always)
  private func key(_ a: UInt32, _ b: UInt32) -> UInt64 { UInt64(a) &<< 32 | UInt64(b) }

  private func add(_ a: UInt32, _ b: UInt32) -> UInt32 {
    firsts.append(a)
    seconds.append(b)
    return UInt32(truncatingIfNeeded: firsts.count &- 1)
  }

  /// The numbers of the pairs (a[i], b[i]); `a` nil stands for zeros. `out` may be `a` or `b`.
  func insert(
    _ a: UnsafePointer<UInt32>?, below aCount: Int, _ b: UnsafePointer<UInt32>, below bCount: Int, rows: Int,
    into out: UnsafeMutablePointer<UInt32>
  ) {
    fit(aCount, bCount)
    if let dense {
      let shift = bBits
      for row in 0..<rows {
        let first = a.map { $0[row] } ?? 0
        let second = b[row]
        let place = Int(first) &<< shift | Int(second)
        var number = dense[place]
        if number == 0 {
          number = add(first, second) &+ 1
          dense[place] = number
        }
        out[row] = number &- 1
      }
      return
    }
    guard let hashed, rows > 0 else { return }
    var last = key(a.map { $0[0] } ?? 0, b[0])
    var number = insertOne(hashed, last)
    for row in 0..<rows {
      let next = key(a.map { $0[row] } ?? 0, b[row])
      if next != last {
        last = next
        number = insertOne(hashed, next)
      }
      out[row] = number
    }
  }

  @inline(__always)
  private func insertOne(_ table: IntegerTable, _ key: UInt64) -> UInt32 {
    let number = table.insert(key)
    if Int(number) == firsts.count {
      firsts.append(UInt32(truncatingIfNeeded: key >> 32))
      seconds.append(UInt32(truncatingIfNeeded: key))
    }
    return number
  }

  /// As `insert`, but unknown pairs, and pairs with an absent part, give `absent`.
  func find(
    _ a: UnsafePointer<UInt32>?, _ b: UnsafePointer<UInt32>, rows: Int, into out: UnsafeMutablePointer<UInt32>
  ) {
    for row in 0..<rows {
      let first = a.map { $0[row] } ?? 0
      let second = b[row]
      if first == Self.absent || second == Self.absent {
        out[row] = Self.absent
      } else if let dense {
        let isInside = Int(first) < aSize && Int(second) < 1 << bBits
        out[row] = isInside ? dense[Int(first) << bBits | Int(second)] &- 1 : Self.absent
      } else {
        out[row] = hashed?.find(key(first, second)) ?? Self.absent
      }
    }
  }
}
