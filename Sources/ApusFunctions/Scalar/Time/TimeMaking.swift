// TimeMaking owns make_date and its kin, age, date_bin, justify_*, isfinite and to_timestamp of a number.

import ApusBase
import ApusColumns

enum TimeMakingFunctions {
  static var all: [ScalarFunction] { making + ages + bins + others }

  // MARK: - make_*

  private static func date(_ row: [Value]) throws(ApusError) -> Int64 {
    let (year, month, day) = (row.int(0), row.int(1), row.int(2))
    var civil = year
    // A negative year is BC.
    if year < 0 { civil = year + 1 }
    let isValid =
      year != 0 && (1...12).contains(month) && day >= 1 && day <= CivilDate.daysInMonth(year: civil, month: month)
    let text = "\(civil)-\(padded(month))-\(padded(day))"
    guard isValid else {
      throw ApusError(.datetimeFieldOverflow, "date field value out of range: \(text)")
    }
    let days = CivilDate.days(year: civil, month: month, day: day)
    guard days >= CivilDate.daysMin, days <= CivilDate.daysMax else {
      throw ApusError(.datetimeFieldOverflow, "date out of range: \(text)")
    }
    return days
  }

  private static func padded(_ value: Int64) -> String { value >= 0 && value < 10 ? "0\(value)" : String(value) }

  private static func time(_ hour: Int64, _ minute: Int64, _ second: Double) throws(ApusError) -> Int64 {
    let micros = (second * 1_000_000).rounded(.toNearestOrEven)
    let total = hour &* Microseconds.perHour &+ minute &* Microseconds.perMinute
    let isValid =
      (0...24).contains(hour) && (0...59).contains(minute) && second >= 0 && micros <= 60_000_000
      && !second.isNaN && Double(total) + micros <= 86_400_000_000
    guard isValid else {
      let shown = second < 10 && second >= 0 ? "0" + short(second) : short(second)
      throw ApusError(
        .datetimeFieldOverflow, "time field value out of range: \(hour):\(padded(minute)):\(shown)")
    }
    return total &+ Int64(micros)
  }

  private static func short(_ value: Double) -> String {
    var out: [UInt8] = []
    FloatText.append(value, extraFloatDigits: 0, into: &out)
    return String(decoding: out, as: UTF8.self)
  }

  private static func timestamp(_ row: [Value]) throws(ApusError) -> Int64 {
    let days = try date(row)
    let clock = try time(row.int(3), row.int(4), row.float(5))
    let (product, overflow) = days.multipliedReportingOverflow(by: Microseconds.perDay)
    let (sum, over) = product.addingReportingOverflow(clock)
    guard !overflow, !over, TimestampRange.contains(sum) else {
      throw ApusError(
        .datetimeFieldOverflow,
        "timestamp out of range: \(row.int(0))-\(padded(row.int(1)))-\(padded(row.int(2))) "
          + "\(row.int(3)):\(padded(row.int(4))):\(short(row.float(5)))")
    }
    return sum
  }

  private static let making: [ScalarFunction] = {
    let six: [DataType] = [.int4, .int4, .int4, .int4, .int4, .float8]
    var list: [ScalarFunction] = [
      .rows("make_date", [.int4, .int4, .int4], .date) { (row, _) throws(ApusError) in .int(try date(row)) },
      .rows("make_time", [.int4, .int4, .float8], .time) { (row, _) throws(ApusError) in
        .int(try time(row.int(0), row.int(1), row.float(2)))
      },
      .rows("make_timestamp", six, .timestamp) { (row, _) throws(ApusError) in .int(try timestamp(row)) },
      .rows("make_timestamptz", six, .timestamptz, volatility: .stable) { (row, context) throws(ApusError) in
        .int(context.zone.utc(try timestamp(row)))
      },
      .rows("make_timestamptz", six + [.text], .timestamptz, volatility: .stable) { (row, _) throws(ApusError) in
        .int(try TimeZoneFunctions.zone(row.text(6)).utc(try timestamp(row)))
      },
    ]
    let seven: [DataType] = [.int4, .int4, .int4, .int4, .int4, .int4, .float8]
    for count in 0...7 {
      list.append(
        .rows("make_interval", Array(seven.prefix(count)), .interval) { (row, _) throws(ApusError) in
          .interval(try interval(row))
        })
    }
    return list
  }()

  private static func interval(_ row: [Value]) throws(ApusError) -> Interval {
    let months = row.int(0) * 12 + row.int(1)
    let days = row.int(2) * 7 + row.int(3)
    let seconds = row.float(6)
    let micros = (seconds * 1_000_000).rounded(.toNearestOrEven)
    guard seconds.isFinite, let shortMonths = Int32(exactly: months), let shortDays = Int32(exactly: days),
      let exact = Int64(exactly: micros)
    else { throw TimeErrors.intervalRange }
    let clock = row.int(4) * Microseconds.perHour + row.int(5) * Microseconds.perMinute
    let (total, overflow) = clock.addingReportingOverflow(exact)
    guard !overflow else { throw TimeErrors.intervalRange }
    return Interval(months: shortMonths, days: shortDays, microseconds: total)
  }

  // MARK: - age

  private static let ages: [ScalarFunction] = [
    .rows("age", [.timestamp, .timestamp], .interval) { (row, _) throws(ApusError) in
      .interval(try TimestampArithmetic.age(row.int(0), row.int(1)))
    },
    .rows("age", [.timestamptz, .timestamptz], .interval, volatility: .stable) { (row, context) throws(ApusError) in
      let zone = context.zone
      return .interval(try TimestampArithmetic.age(zone.local(row.int(0)), zone.local(row.int(1))))
    },
    .rows("age", [.timestamp], .interval, volatility: .stable) { (row, context) throws(ApusError) in
      .interval(try TimestampArithmetic.age(midnight(context), row.int(0)))
    },
    .rows("age", [.timestamptz], .interval, volatility: .stable) { (row, context) throws(ApusError) in
      .interval(try TimestampArithmetic.age(midnight(context), context.zone.local(row.int(0))))
    },
  ]

  private static func midnight(_ context: EvaluationContext) -> Int64 {
    floorDivide(context.zone.local(context.transactionTime), Microseconds.perDay) &* Microseconds.perDay
  }

  // MARK: - date_bin

  private static let bins: [ScalarFunction] = [DataType.timestamptz, .timestamp].map { type in
    .ranges("date_bin", [.interval, type, type], time: 1, type, isMonotonic: true) {
      (row, _) throws(ApusError) -> RangeFinder in
      let stride = row.interval(0)
      let origin = row.int(2)
      do throws(ApusError) { return try finder(stride, origin) } catch {
        return { (value) throws(ApusError) -> TimeRange in
          guard !TimestampRange.isFinite(value) else { throw error }
          return TimeRange(only: value, value)
        }
      }
    }
  }

  private static func finder(_ stride: Interval, _ origin: Int64) throws(ApusError) -> RangeFinder {
    guard stride.months == 0 else {
      throw ApusError(
        .featureNotSupported, "timestamps cannot be binned into intervals containing months or years")
    }
    guard TimestampRange.isFinite(origin) else {
      throw ApusError(.datetimeFieldOverflow, "origin out of range")
    }
    let (days, overflow) = Int64(stride.days).multipliedReportingOverflow(by: Microseconds.perDay)
    let (width, over) = days.addingReportingOverflow(stride.microseconds)
    guard !overflow, !over else { throw TimeErrors.intervalRange }
    guard width > 0 else { throw ApusError(.datetimeFieldOverflow, "stride must be greater than zero") }
    return try Buckets(Interval(microseconds: width), origin: origin).finder()
  }

  // MARK: - Others

  private static let others: [ScalarFunction] = [
    .rows("justify_hours", [.interval], .interval) { (row, _) throws(ApusError) in
      .interval(try row.interval(0).justifiedHours())
    },
    .rows("justify_days", [.interval], .interval) { (row, _) throws(ApusError) in
      .interval(try row.interval(0).justifiedDays())
    },
    .rows("justify_interval", [.interval], .interval) { (row, _) throws(ApusError) in
      .interval(try row.interval(0).justified())
    },
    .rows("isfinite", [.timestamp], .bool, mayFail: false) { (row, _) in
      .bool(TimestampRange.isFinite(row.int(0)))
    },
    .rows("isfinite", [.timestamptz], .bool, mayFail: false) { (row, _) in
      .bool(TimestampRange.isFinite(row.int(0)))
    },
    .rows("isfinite", [.date], .bool, mayFail: false) { (row, _) in .bool(DateValues.isFinite(row.int(0))) },
    .rows("isfinite", [.interval], .bool, mayFail: false) { (_, _) in .bool(true) },
    .rows("to_timestamp", [.float8], .timestamptz, isMonotonic: true) { (row, _) throws(ApusError) in
      let seconds = row.float(0)
      if seconds.isNaN { throw ApusError(.datetimeFieldOverflow, "timestamp cannot be NaN") }
      if seconds.isInfinite {
        return .int(seconds > 0 ? TimestampRange.infinity : TimestampRange.negativeInfinity)
      }
      let micros = ((seconds - 946_684_800) * 1_000_000).rounded(.toNearestOrEven)
      guard let exact = Int64(exactly: micros), TimestampRange.contains(exact) else {
        throw ApusError(.datetimeFieldOverflow, "timestamp out of range: \"\(short(seconds))\"")
      }
      return .int(exact)
    },
  ]
}
