// KeyWords owns the 16-byte form of byte strings in hash tables: short strings inside, long ones by hash.

import ApusColumns

/// Two words that stand for a byte string. Up to 15 bytes the words are the string itself, the length plus one in the
/// top
/// byte, so that equal words are equal strings. Longer strings have their hash in `low` and `KeyWords.longMark` on top
/// of
/// `high`; their bytes must be compared. A zero `high` never occurs: it marks an empty slot.
struct KeyWords {
  var low: UInt64
  var high: UInt64

  static let longMark: UInt64 = 0xFF << 56
  static let inlineBytesMax = 15

  @inline(__always)
  var isLong: Bool { high >> 56 == 0xFF }

  /// The words of `bytes`; for a long string, the rest of `high` is zero.
  @inline(__always)
  init(_ bytes: UnsafeRawBufferPointer) {
    let count = bytes.count
    if count > Self.inlineBytesMax {
      low = hashBytes(bytes)
      high = Self.longMark
      return
    }
    high = UInt64(truncatingIfNeeded: count &+ 1) &<< 56
    if count >= 8 {
      low = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
      if count > 8 {
        let tail = bytes.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)
        high |= tail &>> UInt64(truncatingIfNeeded: 8 &* (16 &- count))
      }
    } else if count >= 4 {
      let head = UInt64(bytes.loadUnaligned(fromByteOffset: 0, as: UInt32.self))
      let tail = UInt64(bytes.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
      low = head | tail &<< UInt64(truncatingIfNeeded: 8 &* (count &- 4))
    } else {
      low = 0
      for index in 0..<count { low |= UInt64(bytes[index]) &<< UInt64(truncatingIfNeeded: 8 &* index) }
    }
  }

  @inline(__always)
  init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  /// A well mixed hash of the words (the folded multiply of wyhash, Wang Yi 2019). Of a long string's `high` only the
  /// mark counts.
  @inline(__always)
  var hash: UInt64 { mixWords(low, isLong ? Self.longMark : high) }
}

@inline(__always)
func mixWords(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let product = (a ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: b ^ 0xE703_7ED1_A0B4_28DB)
  return product.high ^ product.low
}
