// CivilTime owns calendar arithmetic in the proleptic Gregorian calendar: days and microseconds to fields and back.

public import ApusBase

/// Microseconds of the usual units.
public enum Microseconds {
  public static let perSecond: Int64 = 1_000_000
  public static let perMinute: Int64 = 60_000_000
  public static let perHour: Int64 = 3_600_000_000
  public static let perDay: Int64 = 86_400_000_000
}

/// Days since 2000-01-01 of civil dates (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013).
public enum CivilDate {
  /// Days from 1970-01-01 to 2000-01-01.
  public static let epochDays: Int64 = 10_957

  /// `month` 1...12, any `day`; year 0 is 1 BC.
  @inlinable
  public static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let y = month <= 2 ? year &- 1 : year
    let era = (y >= 0 ? y : y &- 399) / 400
    let yearOfEra = y &- era &* 400
    let dayOfYear = (153 &* (month &+ (month > 2 ? -3 : 9)) &+ 2) / 5 &+ day &- 1
    let dayOfEra = yearOfEra &* 365 &+ yearOfEra / 4 &- yearOfEra / 100 &+ dayOfYear
    return era &* 146_097 &+ dayOfEra &- 719_468 &- epochDays
  }

  @inlinable
  public static func civil(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let z = days &+ epochDays &+ 719_468
    let era = (z >= 0 ? z : z &- 146_096) / 146_097
    let dayOfEra = z &- era &* 146_097
    let yearOfEra = (dayOfEra &- dayOfEra / 1_460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
    let shifted = (5 &* dayOfYear &+ 2) / 153
    let day = dayOfYear &- (153 &* shifted &+ 2) / 5 &+ 1
    let month = shifted < 10 ? shifted &+ 3 : shifted &- 9
    return (yearOfEra &+ era &* 400 &+ (month <= 2 ? 1 : 0), month, day)
  }

  public static func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

  public static func daysInMonth(year: Int64, month: Int64) -> Int64 {
    switch month {
    case 2: isLeap(year) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// 0 is Sunday.
  @inlinable
  public static func weekday(days: Int64) -> Int64 {
    let rest = (days &+ 6) % 7
    return rest < 0 ? rest &+ 7 : rest
  }

  /// ISO 8601: the week (1...53) and the year it belongs to.
  public static func isoWeek(days: Int64) -> (year: Int64, week: Int64) {
    let weekdayFromMonday = (weekday(days: days) + 6) % 7
    let thursday = days - weekdayFromMonday + 3
    let year = civil(days: thursday).year
    return (year, (thursday - self.days(year: year, month: 1, day: 1)) / 7 + 1)
  }

  public static func dayOfYear(days: Int64) -> Int64 {
    days - self.days(year: civil(days: days).year, month: 1, day: 1) + 1
  }

  /// The julian day number of a date.
  public static let julianOfEpoch: Int64 = 2_451_545

  /// date's infinities.
  public static let infinity = Int32.max
  public static let negativeInfinity = Int32.min
  /// PostgreSQL's range of dates: 4714-11-24 BC to 5874897-12-31.
  public static let daysMin: Int64 = -2_451_545
  public static let daysMax: Int64 = 2_145_031_948
}

/// The fields of a timestamp.
public struct CivilTime: Sendable, Hashable {
  /// Year 0 is 1 BC.
  public var year: Int64 = 0
  public var month: Int64 = 1
  public var day: Int64 = 1
  public var hour: Int64 = 0
  public var minute: Int64 = 0
  public var second: Int64 = 0
  public var microsecond: Int64 = 0

  public init() {}

  /// The fields of local microseconds since 2000-01-01.
  public init(_ microseconds: PostgresMicroseconds) {
    let days = floorDivide(microseconds, Microseconds.perDay)
    var rest = microseconds &- days &* Microseconds.perDay
    (year, month, day) = CivilDate.civil(days: days)
    hour = rest / Microseconds.perHour
    rest %= Microseconds.perHour
    minute = rest / Microseconds.perMinute
    rest %= Microseconds.perMinute
    second = rest / Microseconds.perSecond
    microsecond = rest % Microseconds.perSecond
  }

  public var days: Int64 { CivilDate.days(year: year, month: month, day: day) }
  public var microsecondsOfDay: Int64 {
    hour * Microseconds.perHour + minute * Microseconds.perMinute + second * Microseconds.perSecond + microsecond
  }

  /// Microseconds since 2000-01-01, or nil out of Int64's range.
  public var microseconds: PostgresMicroseconds? {
    let (product, overflow) = days.multipliedReportingOverflow(by: Microseconds.perDay)
    let (sum, over) = product.addingReportingOverflow(microsecondsOfDay)
    return overflow || over ? nil : sum
  }
}

/// Division rounding down, for a positive divisor.
@inlinable @inline(__always)
public func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
  let quotient = value / divisor
  return value % divisor < 0 ? quotient &- 1 : quotient
}

/// Timestamps' own limits.
public enum TimestampRange {
  public static let infinity = Int64.max
  public static let negativeInfinity = Int64.min
  /// 4714-11-24 00:00:00 BC.
  public static let minimum: Int64 = -211_813_488_000_000_000
  /// One past 294276-12-31 23:59:59.999999.
  public static let end: Int64 = 9_223_371_331_200_000_000

  @inlinable @inline(__always)
  public static func isFinite(_ value: Int64) -> Bool { value != Int64.max && value != Int64.min }
  public static func contains(_ value: Int64) -> Bool { value >= minimum && value < end }
}
