// DateTrunc owns date_trunc.

import ApusBase
import ApusColumns

enum DateTruncFunctions {
  static var all: [ScalarFunction] {
    [
      .ranges("date_trunc", [.text, .timestamptz], time: 1, .timestamptz, volatility: .stable, isMonotonic: true) {
        (row, context) throws(ApusError) in finder(row.text(0), context.zone)
      },
      .ranges(
        "date_trunc", [.text, .timestamptz, .text], time: 1, .timestamptz, volatility: .stable, isMonotonic: true
      ) { (row, _) throws(ApusError) in
        do throws(ApusError) { return finder(row.text(0), try TimeZoneFunctions.zone(row.text(2))) } catch {
          return { (value) throws(ApusError) -> TimeRange in
            guard !TimestampRange.isFinite(value) else { throw error }
            return TimeRange(only: value, value)
          }
        }
      },
      .ranges("date_trunc", [.text, .timestamp], time: 1, .timestamp, isMonotonic: true) {
        (row, _) throws(ApusError) in
        let text = row.text(0)
        let unit = TimeUnit.named(text)
        return { (value) throws(ApusError) -> TimeRange in
          guard TimestampRange.isFinite(value) else { return TimeRange(only: value, value) }
          let (start, end) = try span(try truncating(unit, text, .timestamp), value)
          return TimeRange(start, end, start)
        }
      },
      .rows("date_trunc", [.text, .interval], .interval) { (row, _) throws(ApusError) -> Value in
        .interval(try truncated(row.text(0), row.interval(1)))
      },
    ]
  }

  /// The unit, where it is one to truncate to. Infinite times are not asked, so that a wrong one is no error for them.
  private static func truncating(
    _ unit: TimeUnit?, _ text: String, _ type: DataType
  ) throws(ApusError) -> TimeUnit {
    guard let unit else { throw TimeUnit.unknown(text, type) }
    switch unit {
    case .microsecond, .millisecond, .second, .minute, .hour, .day, .week, .month, .quarter, .year, .decade,
      .century, .millennium:
      return unit
    case .timezone, .timezoneHour, .timezoneMinute: throw TimeUnit.unsupported(text, type)
    default: throw TimeUnit.unknown(text, type)
    }
  }

  /// Instants in a zone: units from the day up are the zone's; shorter ones keep the offset that holds at the instant.
  private static func finder(_ text: String, _ zone: TimeZone) -> RangeFinder {
    let named = TimeUnit.named(text)
    let isShort = (named?.width ?? Int64.max) < Microseconds.perDay
    return { (value) throws(ApusError) -> TimeRange in
      guard TimestampRange.isFinite(value) else { return TimeRange(only: value, value) }
      let unit = try truncating(named, text, .timestamptz)
      let run = zone.run(at: value)
      let (start, end) = try span(unit, value &+ run.offset)
      let result = isShort ? saturated(start, run.offset) : zone.utc(start)
      guard TimestampRange.contains(result) else { throw TimeErrors.timestampRange }
      return TimeRange(
        max(run.start, saturated(start, run.offset)), min(run.end, saturated(end, run.offset)), result)
    }
  }

  /// The unit of time around a clock reading.
  static func span(_ unit: TimeUnit, _ value: Int64) throws(ApusError) -> (start: Int64, end: Int64) {
    if let width = unit.width {
      let origin = unit == .week ? Buckets.defaultOrigin : 0
      let start = floorDivide(value &- origin, width) &* width &+ origin
      guard start >= TimestampRange.minimum else { throw TimeErrors.timestampRange }
      let (end, overflow) = start.addingReportingOverflow(width)
      return (start, overflow ? Int64.max : end)
    }
    let civil = CivilTime(value)
    let year = civil.year
    let first: Int64
    let months: Int64
    switch unit {
    case .month: (first, months) = (year &* 12 &+ civil.month &- 1, 1)
    case .quarter: (first, months) = (year &* 12 &+ (civil.month &- 1) / 3 &* 3, 3)
    case .year: (first, months) = (year &* 12, 12)
    case .decade: (first, months) = (floorDivide(year, 10) &* 120, 120)
    case .century: (first, months) = ((floorDivide(year &- 1, 100) &* 100 &+ 1) &* 12, 1_200)
    default: (first, months) = ((floorDivide(year &- 1, 1_000) &* 1_000 &+ 1) &* 12, 12_000)
    }
    guard let start = Buckets.firstOfMonth(first), start >= TimestampRange.minimum else {
      throw TimeErrors.timestampRange
    }
    return (start, Buckets.firstOfMonth(first &+ months) ?? Int64.max)
  }

  private static func truncated(_ text: String, _ interval: Interval) throws(ApusError) -> Interval {
    let unit = try TimeUnit.required(text, .interval)
    var result = interval
    func months(_ count: Int32) -> Interval { Interval(months: interval.months / count * count) }
    switch unit {
    case .millennium: return months(12_000)
    case .century: return months(1_200)
    case .decade: return months(120)
    case .year: return months(12)
    case .quarter: return months(3)
    case .month: return months(1)
    case .day:
      result.microseconds = 0
      return result
    case .hour, .minute, .second, .millisecond, .microsecond:
      let width = unit.width ?? 1
      result.microseconds = interval.microseconds / width * width
      return result
    case .week:
      throw TimeUnit.unsupported(text, .interval, detail: "Months usually have fractional weeks.")
    case .timezone, .timezoneHour, .timezoneMinute: throw TimeUnit.unsupported(text, .interval)
    default: throw TimeUnit.unknown(text, .interval)
    }
  }
}
