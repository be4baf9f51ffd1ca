// DateTimeText owns the ISO text of dates and times: written straight into bytes.

public import ApusBase

public enum DateTimeText {
  @inline(__always)
  private static func two(_ value: Int64, into out: inout [UInt8]) {
    let small = UInt8(truncatingIfNeeded: value)
    out.append(48 &+ small / 10)
    out.append(48 &+ small % 10)
  }

  /// `.123456` without trailing zeros; nothing for 0.
  @inline(__always)
  static func appendFraction(_ microseconds: Int64, into out: inout [UInt8]) {
    guard microseconds != 0 else { return }
    out.append(46)
    var rest = microseconds
    var unit: Int64 = 100_000
    while rest != 0 {
      out.append(48 &+ UInt8(truncatingIfNeeded: rest / unit))
      rest %= unit
      unit /= 10
    }
  }

  /// The date of the fields, without the era; the year of BC dates counts from 1.
  private static func appendDate(_ year: Int64, _ month: Int64, _ day: Int64, into out: inout [UInt8]) {
    let shown = year > 0 ? year : 1 - year
    if shown < 10_000 {
      two(shown / 100, into: &out)
      two(shown % 100, into: &out)
    } else {
      DecimalText.append(UInt64(truncatingIfNeeded: shown), into: &out)
    }
    out.append(45)
    two(month, into: &out)
    out.append(45)
    two(day, into: &out)
  }

  /// Days since 2000-01-01 as a date.
  public static func appendDate(_ days: Int32, into out: inout [UInt8]) {
    if days == CivilDate.infinity { return out.append(contentsOf: "infinity".utf8) }
    if days == CivilDate.negativeInfinity { return out.append(contentsOf: "-infinity".utf8) }
    let (year, month, day) = CivilDate.civil(days: Int64(days))
    appendDate(year, month, day, into: &out)
    if year <= 0 { out.append(contentsOf: " BC".utf8) }
  }

  /// Microseconds since midnight, up to and with 24:00.
  public static func appendTime(_ microseconds: Int64, into out: inout [UInt8]) {
    let seconds = microseconds / Microseconds.perSecond
    two(seconds / 3_600, into: &out)
    out.append(58)
    two(seconds / 60 % 60, into: &out)
    out.append(58)
    two(seconds % 60, into: &out)
    appendFraction(microseconds % Microseconds.perSecond, into: &out)
  }

  public static func appendTimestamp(_ value: PostgresMicroseconds, into out: inout [UInt8]) {
    append(value, zone: nil, into: &out)
  }

  /// An instant, read on the zone's clock.
  public static func appendTimestamp(_ value: PostgresMicroseconds, zone: TimeZone, into out: inout [UInt8]) {
    append(value, zone: zone, into: &out)
  }

  private static func append(_ value: Int64, zone: TimeZone?, into out: inout [UInt8]) {
    if value == TimestampRange.infinity { return out.append(contentsOf: "infinity".utf8) }
    if value == TimestampRange.negativeInfinity { return out.append(contentsOf: "-infinity".utf8) }
    let offset = zone?.offset(at: value) ?? 0
    let local = value &+ offset
    let days = floorDivide(local, Microseconds.perDay)
    let (year, month, day) = CivilDate.civil(days: days)
    appendDate(year, month, day, into: &out)
    out.append(32)
    appendTime(local &- days &* Microseconds.perDay, into: &out)
    if zone != nil { appendZone(offset, into: &out) }
    if year <= 0 { out.append(contentsOf: " BC".utf8) }
  }

  /// `+02`, `-03:30`, `+00:53:28`.
  static func appendZone(_ offset: Int64, into out: inout [UInt8]) {
    let seconds = abs(offset) / Microseconds.perSecond
    out.append(offset < 0 ? 45 : 43)
    two(seconds / 3_600, into: &out)
    guard seconds % 3_600 != 0 else { return }
    out.append(58)
    two(seconds / 60 % 60, into: &out)
    guard seconds % 60 != 0 else { return }
    out.append(58)
    two(seconds % 60, into: &out)
  }

  public static func date(_ days: Int32) -> String {
    var out: [UInt8] = []
    appendDate(days, into: &out)
    return String(decoding: out, as: UTF8.self)
  }

  public static func timestamp(_ value: PostgresMicroseconds, zone: TimeZone? = nil) -> String {
    var out: [UInt8] = []
    append(value, zone: zone, into: &out)
    return String(decoding: out, as: UTF8.self)
  }
}
