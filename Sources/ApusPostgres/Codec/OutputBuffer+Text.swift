// The text of numbers and times, each with its length in front, written straight into the output.

import ApusColumns

/// The calendar fields of the day last written: rows that follow each other often share it.
struct DayCache {
  var day = Int64.min
  var year: Int64 = 0
  var month: Int64 = 0
  var dayOfMonth: Int64 = 0
}

extension OutputBuffer {
  /// Length and digits of an integer.
  @inline(__always)
  mutating func putDecimalValue(_ value: Int64) {
    ensure(24)
    let written = Self.writeDecimal(value, at: end + 4)
    patch(Int32(truncatingIfNeeded: written), at: count)
    advance(written &+ 4)
  }

  @inline(__always)
  private static func digits(_ value: UInt64) -> Int {
    if value < 10 { return 1 }
    if value < 100 { return 2 }
    if value < 1_000 { return 3 }
    if value < 10_000 { return 4 }
    var rest = value / 10_000
    var count = 4
    while rest > 0 {
      rest /= 10
      count &+= 1
    }
    return count
  }

  /// At most 20 bytes.
  @inline(__always)
  private static func writeDecimal(_ value: Int64, at start: UnsafeMutablePointer<UInt8>) -> Int {
    var target = start
    if value < 0 {
      target[0] = 45
      target += 1
    }
    var rest = value.magnitude
    let count = digits(rest)
    var at = count
    while rest >= 10 {
      at &-= 1
      target[at] = 48 &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    target[0] = 48 &+ UInt8(truncatingIfNeeded: rest)
    return count &+ (value < 0 ? 1 : 0)
  }

  /// Length and text of a double that is a decimal of at most 15 digits and six places: then these digits are the
  /// shortest that read back, as any other decimal of 15 digits is another double. False for the rest.
  @inline(__always)
  mutating func putFloatValue(_ value: Double) -> Bool {
    let magnitude = value.magnitude
    guard magnitude < 1e9 else { return false }
    if magnitude == magnitude.rounded(.towardZero) {
      if magnitude == 0, value.sign == .minus { return false }
      putDecimalValue(Int64(value))
      return true
    }
    guard magnitude >= 1e-4 else { return false }
    return putFraction(magnitude, isNegative: value < 0)
  }

  private mutating func putFraction(_ magnitude: Double, isNegative: Bool) -> Bool {
    var places = 1
    var scale = 10.0
    var whole = (magnitude * scale).rounded()
    while whole / scale != magnitude {
      places &+= 1
      guard places <= 6 else { return false }
      scale *= 10
      whole = (magnitude * scale).rounded()
    }
    guard whole < 1e15 else { return false }
    ensure(32)
    let start = count
    var target = end + 4
    if isNegative {
      target[0] = 45
      target += 1
    }
    let number = UInt64(whole)
    let unit = UInt64(scale)
    let lead = Self.writeDecimal(Int64(number / unit), at: target)
    target[lead] = 46
    var rest = number % unit
    var at = lead &+ places
    while at > lead {
      target[at] = 48 &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
      at &-= 1
    }
    let written = lead &+ 1 &+ places &+ (isNegative ? 1 : 0)
    patch(Int32(truncatingIfNeeded: written), at: start)
    advance(written &+ 4)
    return true
  }

  @inline(__always)
  private static func two(_ value: Int64, at target: UnsafeMutablePointer<UInt8>) {
    let small = UInt8(truncatingIfNeeded: value)
    target[0] = 48 &+ small / 10
    target[1] = 48 &+ small % 10
  }

  /// `YYYY-MM-DD`, 10 bytes. False outside the years 1 to 9999.
  @inline(__always)
  private static func writeDate(_ days: Int64, _ cache: inout DayCache, at target: UnsafeMutablePointer<UInt8>) -> Bool
  {
    if cache.day != days {
      // Years 1 to 9999.
      guard days >= -730_119, days <= 2_921_939 else { return false }
      let (year, month, day) = CivilDate.civil(days: days)
      cache = DayCache(day: days, year: year, month: month, dayOfMonth: day)
    }
    two(cache.year / 100, at: target)
    two(cache.year % 100, at: target + 2)
    target[4] = 45
    two(cache.month, at: target + 5)
    target[7] = 45
    two(cache.dayOfMonth, at: target + 8)
    return true
  }

  mutating func putDateValue(_ days: Int32, _ cache: inout DayCache) -> Bool {
    ensure(16)
    guard Self.writeDate(Int64(days), &cache, at: end + 4) else { return false }
    patch(10, at: count)
    advance(14)
    return true
  }

  /// An ISO timestamp, at `offset` microseconds east of UTC, with the zone shown when `hasZone`.
  mutating func putTimestampValue(_ value: Int64, _ offset: Int64, _ hasZone: Bool, _ cache: inout DayCache) -> Bool {
    // Leaves the infinities and the far past and future to the general way.
    guard value > -70_000_000_000_000_000, value < 253_000_000_000_000_000 else { return false }
    let local = value &+ offset
    let days = local >= 0 ? local / Microseconds.perDay : (local &- (Microseconds.perDay &- 1)) / Microseconds.perDay
    ensure(48)
    let target = end + 4
    guard Self.writeDate(days, &cache, at: target) else { return false }
    let time = local &- days &* Microseconds.perDay
    let seconds = time / Microseconds.perSecond
    target[10] = 32
    Self.two(seconds / 3_600, at: target + 11)
    target[13] = 58
    Self.two(seconds / 60 % 60, at: target + 14)
    target[16] = 58
    Self.two(seconds % 60, at: target + 17)
    var written = 19
    var fraction = time &- seconds &* Microseconds.perSecond
    if fraction != 0 {
      target[19] = 46
      var places = 6
      while fraction % 10 == 0 {
        fraction /= 10
        places &-= 1
      }
      var at = 19 &+ places
      while at > 19 {
        target[at] = 48 &+ UInt8(truncatingIfNeeded: fraction % 10)
        fraction /= 10
        at &-= 1
      }
      written = 20 &+ places
    }
    if hasZone { written &+= Self.writeZone(offset, at: target + written) }
    patch(Int32(truncatingIfNeeded: written), at: count)
    advance(written &+ 4)
    return true
  }

  private static func writeZone(_ offset: Int64, at target: UnsafeMutablePointer<UInt8>) -> Int {
    let seconds = abs(offset) / Microseconds.perSecond
    target[0] = offset < 0 ? 45 : 43
    two(seconds / 3_600, at: target + 1)
    guard seconds % 3_600 != 0 else { return 3 }
    target[3] = 58
    two(seconds / 60 % 60, at: target + 4)
    guard seconds % 60 != 0 else { return 6 }
    target[6] = 58
    two(seconds % 60, at: target + 7)
    return 9
  }
}
