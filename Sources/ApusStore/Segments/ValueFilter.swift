// ValueFilter owns the filters by which look-ups of one value skip row groups: split-block Bloom filters (as Parquet's)
// of about ten bits a value, which let 1 in 100 absent values through.

import ApusBase
import ApusColumns

/// A set of hashes that may claim to hold more than it does. Blocks of eight 32-bit words; a hash sets one bit in each.
final class ValueFilter: Sendable {
  static let bitsPerValue = 10
  private static let blockBytes = 32
  private let blocks: Int
  private let words: Buffer

  /// An empty filter for `count` values.
  init(count: Int) {
    blocks = max(1, (count * Self.bitsPerValue + 255) / 256)
    words = .zeroed(byteCount: blocks * Self.blockBytes)
  }

  /// nil when the bytes cannot be a filter.
  init?(_ words: Buffer) {
    guard words.byteCount >= Self.blockBytes, words.byteCount % Self.blockBytes == 0 else { return nil }
    blocks = words.byteCount / Self.blockBytes
    self.words = words
  }

  var byteCount: Int { words.byteCount }
  /// The filter's bytes.
  var buffer: Buffer { words }

  static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 { hashBytes(bytes) }
  static func hash(_ number: Int64) -> UInt64 { hashInteger(UInt64(bitPattern: number)) }

  @inline(__always)
  private static var salts: SIMD8<UInt32> {
    SIMD8(
      0x47B6_137B, 0x4497_4D91, 0x8824_AD5B, 0xA2B7_289D, 0x7054_95C7, 0x2DF1_424B, 0x9EFC_4947, 0x5C6B_FB31)
  }

  @inline(__always)
  private static func bits(_ hash: UInt64) -> SIMD8<UInt32> {
    let places = (SIMD8(repeating: UInt32(truncatingIfNeeded: hash)) &* salts) &>> 27
    return SIMD8(repeating: 1) &<< places
  }

  @inline(__always)
  private func block(_ hash: UInt64) -> UnsafeMutableRawPointer {
    let index = ((hash >> 32) &* UInt64(blocks)) >> 32
    return words.address + Int(truncatingIfNeeded: index) * Self.blockBytes
  }

  /// For the builder, before the filter is shared.
  func insert(_ hash: UInt64) {
    let place = block(hash).assumingMemoryBound(to: SIMD8<UInt32>.self)
    place.pointee |= Self.bits(hash)
  }

  /// False only when the hash was not inserted.
  func mightContain(_ hash: UInt64) -> Bool {
    let found = block(hash).loadUnaligned(as: SIMD8<UInt32>.self)
    let wanted = Self.bits(hash)
    return found & wanted == wanted
  }
}
