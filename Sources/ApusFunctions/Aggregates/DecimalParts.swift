// DecimalParts owns the reading of encoded numerics without making a `Numeric`: as 128-bit integers, and their order.

import ApusBase
import ApusColumns

/// A finite numeric as `units` times 10,000^-fraction.
struct DecimalParts {
  var units: Int128
  var fraction: Int
  /// Digits shown after the point.
  var scale: Int

  init(units: Int128, fraction: Int, scale: Int) {
    self.units = units
    self.fraction = fraction
    self.scale = scale
  }

  /// The square, where it fits.
  var squared: DecimalParts? {
    let (product, overflow) = units.multipliedReportingOverflow(by: units)
    return overflow ? nil : DecimalParts(units: product, fraction: fraction * 2, scale: scale * 2)
  }

  /// nil when the value is not finite, damaged, or has more digits than 128 bits hold for certain.
  @inline(__always)
  init?(encoded raw: UnsafeRawBufferPointer) {
    guard raw.count >= 7, raw.count <= 7 + 18, raw[0] <= 1 else { return nil }
    let weight = Int(Int32(littleEndian: raw.loadUnaligned(fromByteOffset: 1, as: Int32.self)))
    scale = Int(UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 5, as: UInt16.self)))
    let count = (raw.count &- 7) / 2
    var low: UInt64 = 0
    let first = min(count, 4)
    for index in 0..<first { low = low &* 10_000 &+ UInt64(DecimalParts.digit(raw, index)) }
    var value = Int128(low)
    for index in first..<count { value = value &* 10_000 &+ Int128(DecimalParts.digit(raw, index)) }
    units = raw[0] == 1 ? 0 &- value : value
    fraction = count &- 1 &- weight
    if count == 0 { fraction = 0 }
  }

  @inline(__always)
  private static func digit(_ raw: UnsafeRawBufferPointer, _ index: Int) -> UInt16 {
    UInt16(littleEndian: raw.loadUnaligned(fromByteOffset: 7 &+ index &* 2, as: UInt16.self))
  }

  /// SQL's order of two encoded numerics: NaN above everything.
  static func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    guard a.count >= 7, b.count >= 7 else { return a.count - b.count }
    let (x, y) = (rank(a[0]), rank(b[0]))
    if x != y || x != 0 { return x - y }
    if a[0] != b[0] { return a[0] == 1 ? -1 : 1 }
    let order = compareMagnitudes(a, b)
    return a[0] == 1 ? -order : order
  }

  private static func rank(_ sign: UInt8) -> Int {
    switch sign {
    case 0, 1: 0
    case 3: 1
    case 4: -1
    default: 2
    }
  }

  private static func compareMagnitudes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let (m, n) = ((a.count - 7) / 2, (b.count - 7) / 2)
    if m == 0 || n == 0 { return m - n }
    let x = Int32(littleEndian: a.loadUnaligned(fromByteOffset: 1, as: Int32.self))
    let y = Int32(littleEndian: b.loadUnaligned(fromByteOffset: 1, as: Int32.self))
    if x != y { return x < y ? -1 : 1 }
    for index in 0..<min(m, n) {
      let (p, q) = (digit(a, index), digit(b, index))
      if p != q { return p < q ? -1 : 1 }
    }
    return m - n
  }

  static let powers: [Int128] = {
    var list: [Int128] = [1]
    for _ in 0..<9 { list.append(list[list.count - 1] * 10_000) }
    return list
  }()
}
