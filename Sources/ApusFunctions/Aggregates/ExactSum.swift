// ExactSums owns exact sums of doubles: whatever the order and the partition of the rows, the bits are the same.

import ApusBase
import ApusColumns

/// One exact sum per group. A sum lives in a 128-bit fixed-point word as long as all of it fits there (with a unit of
/// 2^-70: values between 2^-18 and 2^46 do, whatever their digits); what does not fit goes to a wide accumulator
/// (32-bit limbs over the whole range of doubles; Neal, "Fast exact summation using small and large superaccumulators",
/// 2015) that is made on demand. Both are exact, so that their split does not show in the result, which is rounded
/// once.
struct ExactSums: ~Copyable {
  /// The exponent of the unit of the 128-bit word.
  private let unitExponent: Int
  private var narrow = StateArray<Int128>(0)
  private var wide: [UInt32: WideSum] = [:]
  /// NaN, +infinity and -infinity seen: bits 0, 1 and 2.
  private var specials = StateArray<UInt8>(0)

  init(unitExponent: Int = -70) { self.unitExponent = unitExponent }

  var byteCount: Int { narrow.byteCount + specials.byteCount + wide.count * WideSum.byteCount }

  mutating func grow(to groups: Int) {
    narrow.grow(to: groups)
    specials.grow(to: groups)
  }

  @inline(__always)
  mutating func add(_ value: Double, _ group: Int) {
    let bits = value.bitPattern
    let exponent = Int(truncatingIfNeeded: (bits >> 52) & 0x7FF)
    // The mantissa's last bit is worth 2^(exponent - 1075). A shift of up to 63 keeps the value below 2^116 units.
    let shift = exponent &- 1075 &- unitExponent
    if UInt(bitPattern: shift) < 64 {
      let mantissa = Int64(bitPattern: (bits & 0xF_FFFF_FFFF_FFFF) | 0x10_0000_0000_0000)
      let signed = Int64(bitPattern: bits) < 0 ? 0 &- mantissa : mantissa
      let (sum, overflow) = narrow.pointer[group].addingReportingOverflow(Int128(signed) &<< Int128(shift))
      if !overflow {
        narrow.pointer[group] = sum
        return
      }
    }
    addSlow(value, group)
  }

  /// Adds rows each to its group, and counts them. One access to the sums covers the batch.
  @inline(__always)
  mutating func addRows<T: BinaryFloatingPoint & BitwiseCopyable>(
    _ values: UnsafePointer<T>, _ validity: Bitmap?, _ count: Int, _ groups: UnsafePointer<UInt32>?,
    counts: UnsafeMutablePointer<Int64>
  ) {
    forEachRow(count, validity, groups) { row, group in
      add(Double(values[row]), group)
      counts[group] &+= 1
    }
  }

  @inline(never)
  mutating func addSlow(_ value: Double, _ group: Int) {
    if value == 0 { return }
    guard value.isFinite else {
      specials.pointer[group] |= value.isNaN ? 1 : value > 0 ? 2 : 4
      return
    }
    wide[UInt32(truncatingIfNeeded: group), default: WideSum()].add(value)
  }

  /// Adds `value` as often as `times` says.
  mutating func add(_ value: Double, times: Int, _ group: Int) {
    guard value.isFinite else {
      if times > 0 { addSlow(value, group) }
      return
    }
    // Powers of two times the value are exact: at most 63 additions.
    var rest = times
    var part = value
    while rest > 0 {
      if !part.isFinite { return wide[UInt32(truncatingIfNeeded: group), default: WideSum()].overflow() }
      if rest & 1 == 1 { add(part, group) }
      part *= 2
      rest >>= 1
    }
  }

  /// The sum of a run of doubles without nulls, into one group. Two passes of error-free extraction give two doubles
  /// that are the exact sum of nearly all runs (Rump, Ogita and Oishi 2008); others go value by value.
  mutating func addAll(_ values: UnsafePointer<Double>, _ count: Int, _ group: Int) {
    var start = 0
    while start < count {
      let length = min(count - start, 4096)
      addRun(values + start, length, group)
      start += length
    }
  }

  private mutating func addRun(_ values: UnsafePointer<Double>, _ count: Int, _ group: Int) {
    var largest: UInt64 = 0
    for row in 0..<count { largest = max(largest, values[row].bitPattern & 0x7FFF_FFFF_FFFF_FFFF) }
    let exponent = Int(truncatingIfNeeded: largest >> 52)
    // Away from overflow and from subnormals, where the extraction would not be exact.
    guard exponent < 1900, exponent > 300 else {
      for row in 0..<count { add(values[row], group) }
      return
    }
    // |x| < 2^(e+1). With M = 1.5 * 2^(e+9) the part (x + M) - M is a multiple of 2^(e-43) of at most 2^44 such units:
    // the sum of a lane's 512 of them stays within 2^53 units. What is left is at most half a unit, and so on.
    let first = Double(sign: .plus, exponent: exponent - 1023 + 9, significand: 1.5)
    let second = Double(sign: .plus, exponent: exponent - 1023 + 9 - 45, significand: 1.5)
    var high = SIMD8<Double>.zero
    var low = SIMD8<Double>.zero
    var rest = SIMD8<UInt64>.zero
    var row = 0
    while row &+ 8 <= count {
      let x = UnsafeRawPointer(values + row).loadUnaligned(as: SIMD8<Double>.self)
      let a = (x + first) - first
      let r = x - a
      let b = (r + second) - second
      high += a
      low += b
      let left = r - b
      rest |= unsafeBitCast(left, to: SIMD8<UInt64>.self)
      row &+= 8
    }
    // A zero of either sign is nothing left.
    let isExact = (rest[0] | rest[1] | rest[2] | rest[3] | rest[4] | rest[5] | rest[6] | rest[7]) << 1 == 0
    if isExact {
      for lane in 0..<8 {
        add(high[lane], group)
        add(low[lane], group)
      }
    } else {
      row = 0
    }
    while row < count {
      add(values[row], group)
      row &+= 1
    }
  }

  mutating func merge(_ other: borrowing ExactSums, mapping: UnsafePointer<UInt32>, count: Int) {
    for group in 0..<count {
      let target = Int(mapping[group])
      specials.pointer[target] |= other.specials[group]
      addNarrow(other.narrow[group], target)
    }
    for (group, sum) in other.wide where Int(group) < count {
      wide[mapping[Int(group)], default: WideSum()].merge(sum)
    }
  }

  private mutating func addNarrow(_ more: Int128, _ group: Int) {
    let (sum, overflow) = narrow[group].addingReportingOverflow(more)
    if overflow {
      wide[UInt32(truncatingIfNeeded: group), default: WideSum()].add(more, unit: unitExponent)
    } else {
      narrow[group] = sum
    }
  }

  /// The sum rounded to a double, and what rounding left, rounded too: together about 106 bits. NaN, the infinities and
  /// an overflow show in the first.
  func result(_ group: Int) -> (high: Double, low: Double) {
    let special = specials[group]
    if special != 0 { return (special == 2 ? .infinity : special == 4 ? -.infinity : .nan, 0) }
    let total = narrow[group]
    let known = wide[UInt32(truncatingIfNeeded: group)]
    let high = Self.rounded(total)
    if known == nil, let whole = Int128(exactly: high) {
      let unit = Double(sign: .plus, exponent: unitExponent, significand: 1)
      return (high * unit, Self.rounded(total &- whole) * unit)
    }
    var sum = known ?? WideSum()
    sum.add(total, unit: unitExponent)
    return sum.result()
  }

  /// Whether NaN or an infinity was among the values.
  func hasSpecials(_ group: Int) -> Bool { specials[group] != 0 }

  /// The nearest double, ties to even.
  static func rounded(_ value: Int128) -> Double {
    let magnitude = value.magnitude
    let width = 128 - magnitude.leadingZeroBitCount
    if width <= 53 { return value < 0 ? -Double(UInt64(magnitude)) : Double(UInt64(magnitude)) }
    let cut = width - 53
    var top = UInt64(truncatingIfNeeded: magnitude >> UInt128(cut))
    let rest = magnitude & ((UInt128(1) << UInt128(cut)) - 1)
    let half = UInt128(1) << UInt128(cut - 1)
    if rest > half || (rest == half && top & 1 == 1) { top += 1 }
    let result = Double(sign: .plus, exponent: cut, significand: Double(top))
    return value < 0 ? -result : result
  }

  func write(_ group: Int, to writer: inout ByteWriter) {
    writer.byte(specials[group])
    writer.littleEndian(UInt64(truncatingIfNeeded: narrow[group]))
    writer.littleEndian(UInt64(truncatingIfNeeded: narrow[group] >> 64))
    if let sum = wide[UInt32(truncatingIfNeeded: group)] {
      writer.byte(1)
      sum.append(to: &writer)
    } else {
      writer.byte(0)
    }
  }

  mutating func mergeRead(_ reader: inout ByteReader, into group: Int) throws(ByteReader.Underflow) {
    let special = try reader.littleEndian(UInt8.self)
    let low = try reader.littleEndian(UInt64.self)
    let high = try reader.littleEndian(Int64.self)
    let sum = try reader.littleEndian(UInt8.self) == 0 ? nil : WideSum(&reader)
    specials.pointer[group] |= special & 7
    addNarrow(Int128(high) &<< 64 | Int128(low), group)
    if let sum { wide[UInt32(truncatingIfNeeded: group), default: WideSum()].merge(sum) }
  }
}

/// An exact sum over the whole range of doubles: signed limbs of 32 bits, from 2^-1088 up.
struct WideSum {
  private static let limbCount = 72
  private static let baseExponent = -1088
  static let byteCount = limbCount * 8 + 64

  private var limbs = [Int64](repeating: 0, count: limbCount)
  private var additions = 0
  private var hasOverflowed = false

  init() {}

  mutating func overflow() { hasOverflowed = true }

  mutating func add(_ value: Double) {
    let bits = value.bitPattern
    let field = Int((bits >> 52) & 0x7FF)
    let mantissa = (bits & 0xF_FFFF_FFFF_FFFF) | (field == 0 ? 0 : 1 << 52)
    let exponent = max(field, 1) - 1075
    add(UInt128(mantissa), exponent: exponent, isNegative: value < 0)
  }

  mutating func add(_ value: Int128, unit exponent: Int) {
    let magnitude = value.magnitude
    add(magnitude & 0xFFFF_FFFF_FFFF_FFFF, exponent: exponent, isNegative: value < 0)
    add(magnitude >> 64, exponent: exponent + 64, isNegative: value < 0)
  }

  /// `magnitude` has at most 64 bits.
  private mutating func add(_ magnitude: UInt128, exponent: Int, isNegative: Bool) {
    let place = exponent - Self.baseExponent
    let limb = place >> 5
    let shifted = magnitude << UInt128(place & 31)
    for part in 0..<3 where limb + part < Self.limbCount {
      let piece = Int64(truncatingIfNeeded: (shifted >> UInt128(part * 32)) & 0xFFFF_FFFF)
      limbs[limb + part] &+= isNegative ? 0 &- piece : piece
    }
    additions += 1
    if additions == 1 << 29 { normalise() }
  }

  /// Brings every limb but the last into 0..<2^32.
  private mutating func normalise() {
    for index in 0..<Self.limbCount - 1 {
      let carry = limbs[index] >> 32
      limbs[index] &-= carry << 32
      limbs[index + 1] &+= carry
    }
    additions = 0
  }

  mutating func merge(_ other: WideSum) {
    var copy = other
    copy.normalise()
    normalise()
    for index in 0..<Self.limbCount { limbs[index] &+= copy.limbs[index] }
    additions = 1
    hasOverflowed = hasOverflowed || other.hasOverflowed
  }

  func result() -> (high: Double, low: Double) {
    if hasOverflowed { return (.infinity, 0) }
    var copy = self
    let high = copy.rounded()
    guard high.isFinite, high != 0 else { return (high, 0) }
    copy.add(-high)
    return (high, copy.rounded())
  }

  private mutating func rounded() -> Double {
    normalise()
    let isNegative = limbs[Self.limbCount - 1] < 0
    if isNegative {
      for index in 0..<Self.limbCount { limbs[index] = 0 &- limbs[index] }
      normalise()
    }
    defer {
      if isNegative {
        for index in 0..<Self.limbCount { limbs[index] = 0 &- limbs[index] }
        normalise()
      }
    }
    guard let top = limbs.lastIndex(where: { $0 != 0 }) else { return 0 }
    // The top 96 bits, with a sticky bit for all that is below.
    var word: UInt128 = 0
    for index in stride(from: top, through: max(top - 3, 0), by: -1) { word = word << 32 | UInt128(limbs[index]) }
    let low = max(top - 3, 0)
    if limbs[0..<low].contains(where: { $0 != 0 }) { word |= 1 }
    return Self.scaled(word, exponent: Self.baseExponent + low * 32) * (isNegative ? -1 : 1)
  }

  /// word * 2^exponent, rounded once, subnormals too.
  private static func scaled(_ word: UInt128, exponent: Int) -> Double {
    let width = 128 - word.leadingZeroBitCount
    // The exponent of the last bit that the result keeps.
    let last = max(exponent + width - 53, -1074)
    let cut = last - exponent
    var kept: UInt128
    if cut <= 0 {
      kept = word << UInt128(-cut)
    } else if cut > 127 {
      return 0
    } else {
      kept = word >> UInt128(cut)
      let rest = word & ((UInt128(1) << UInt128(cut)) - 1)
      let half = UInt128(1) << UInt128(cut - 1)
      if rest > half || (rest == half && kept & 1 == 1) { kept += 1 }
    }
    let significand = Double(UInt64(truncatingIfNeeded: kept))
    // In two steps: 2^last itself may be below the least normal number.
    return last < -1000
      ? significand * Double(sign: .plus, exponent: -1000, significand: 1)
        * Double(sign: .plus, exponent: last + 1000, significand: 1)
      : significand * Double(sign: .plus, exponent: min(last, 1023), significand: 1)
  }

  func append(to writer: inout ByteWriter) {
    var copy = self
    copy.normalise()
    writer.byte(hasOverflowed ? 1 : 0)
    for limb in copy.limbs { writer.littleEndian(limb) }
  }

  init(_ reader: inout ByteReader) throws(ByteReader.Underflow) {
    hasOverflowed = try reader.littleEndian(UInt8.self) != 0
    for index in 0..<Self.limbCount { limbs[index] = try reader.littleEndian(Int64.self) }
    additions = 1 << 28
  }
}
