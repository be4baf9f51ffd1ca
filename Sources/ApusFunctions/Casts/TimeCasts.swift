// Casts between dates, times, timestamps and intervals, and their precisions.

import ApusBase
import ApusColumns

enum TimeCasts {
  private static func local<A: BitwiseCopyable & Sendable, R: BitwiseCopyable & Sendable>(
    _ source: DataType, _: A.Type, _ target: DataType, _: R.Type, _ context: CastContext,
    _ body: @escaping @Sendable (A) throws(ApusError) -> R
  ) -> Cast {
    .to(target, from: source, context, isMonotonic: true) { (arguments, count, _) throws(ApusError) in
      try mapFixedChecked(arguments[0], A.self, count, target) { (a: A) throws(ApusError) -> R in try body(a) }
    }
  }

  private static func zoned<A: BitwiseCopyable & Sendable, R: BitwiseCopyable & Sendable>(
    _ source: DataType, _: A.Type, _ target: DataType, _: R.Type, _ context: CastContext, mayFail: Bool = false,
    _ body: @escaping @Sendable (A, inout ZoneCursor) throws(ApusError) -> R
  ) -> Cast {
    .to(target, from: source, context, mayFail: mayFail, volatility: .stable) {
      (arguments, count, session) throws(ApusError) in
      var cursor = ZoneCursor(session.zone)
      return try mapFixedChecked(arguments[0], A.self, count, target) { (a: A) throws(ApusError) -> R in
        try body(a, &cursor)
      }
    }
  }

  private static func timeOfDay(_ reading: Int64) -> Int64 {
    reading &- floorDivide(reading, Microseconds.perDay) &* Microseconds.perDay
  }

  /// The time of day of timestamps; the infinities have none.
  private static func toTime(_ source: DataType, zoned: Bool) -> Cast {
    .to(.time, from: source, .assignment, mayFail: false, volatility: zoned ? .stable : .immutable) {
      arguments, count, session in
      var cursor = ZoneCursor(zoned ? session.zone : .utc)
      let result = mapFixed(arguments[0], Int64.self, count, .time) { (a: Int64) in timeOfDay(cursor.local(a)) }
      let finite = compareFixed([arguments[0], arguments[0]], Int64.self, Int64.self, count) { a, _ in
        TimestampRange.isFinite(a)
      }
      guard case .bool(let bits) = finite.storage, !result.isConstant else { return result }
      return Vector(
        type: .time, count: count, validity: Bitmap.intersection(result.validity, bits), storage: result.storage)
    }
  }

  static var all: [Cast] {
    [
      local(.date, Int32.self, .timestamp, Int64.self, .implicit) { (days) throws(ApusError) in
        try TimeOperators.midnight(days)
      },
      .to(.date, from: .timestamp, .assignment, mayFail: false, isMonotonic: true) { arguments, count, _ in
        mapFixed(arguments[0], Int64.self, count, .date) { (a: Int64) in TimeConversion.date(timestamp: a) }
      },
      toTime(.timestamp, zoned: false), toTime(.timestamptz, zoned: true),
      zoned(.date, Int32.self, .timestamptz, Int64.self, .implicit, mayFail: true) { (days, zone) throws(ApusError) in
        zone.utc(try TimeOperators.midnight(days))
      },
      zoned(.timestamp, Int64.self, .timestamptz, Int64.self, .implicit) { $1.utc($0) },
      zoned(.timestamptz, Int64.self, .timestamp, Int64.self, .assignment) { $1.local($0) },
      zoned(.timestamptz, Int64.self, .date, Int32.self, .assignment) {
        TimeConversion.date(timestamp: $1.local($0))
      },
      .to(.interval, from: .time, .implicit, mayFail: false) { arguments, count, _ in
        mapFixed(arguments[0], Int64.self, count, .interval) { (a: Int64) in Interval(microseconds: a) }
      },
      .to(.time, from: .interval, .assignment, mayFail: false) { arguments, count, _ in
        mapFixed(arguments[0], Interval.self, count, .time) { (a: Interval) in timeOfDay(a.microseconds) }
      },
    ] + precisions
  }

  /// Rounds microseconds to `digits` of a second, half away from zero.
  static func rounded(_ value: Int64, digits: Int32) -> Int64 {
    guard digits >= 0, digits < 6, TimestampRange.isFinite(value) else { return value }
    var unit: Int64 = 1
    for _ in digits..<6 { unit *= 10 }
    let half = unit / 2
    return value >= 0 ? (value &+ half) / unit &* unit : -((half &- value) / unit &* unit)
  }

  private static var precisions: [Cast] {
    [DataType.time, .timestamp, .timestamptz].map { type in
      .modifying(type) { value, modifier, _ in
        guard case .int(let number) = value else { return value }
        return .int(rounded(number, digits: modifier))
      }
    } + [
      .modifying(.interval) { value, modifier, _ in
        guard case .interval(let interval) = value else { return value }
        return .interval(limited(interval, modifier))
      }
    ]
  }

  /// An interval as `interval day to minute` or `interval(3)` holds it: fields below the least are dropped.
  static func limited(_ interval: Interval, _ modifier: Int32) -> Interval {
    guard modifier >= 0 else { return interval }
    let precision = modifier & 0xFFFF
    let fields = (modifier >> 16) & 0x7FFF
    var result = interval
    // Bits of DateTimeFields (PostgreSQL's datetime.h): month 1, year 2, day 3, hour 10, minute 11, second 12.
    let (month, year, day, hour, minute, second) = (
      Int32(1 << 1), Int32(1 << 2), Int32(1 << 3), Int32(1 << 10), Int32(1 << 11), Int32(1 << 12)
    )
    if fields != 0x7FFF {
      if fields & (day | hour | minute | second) == 0 {
        result = Interval(months: fields & month != 0 ? interval.months : interval.months / 12 * 12)
        if fields & (month | year) == 0 { result = interval }
      } else if fields & second == 0 {
        let unit: Int64 =
          fields & minute != 0 ? 60_000_000 : fields & hour != 0 ? 3_600_000_000 : Int64.max
        let kept = unit == Int64.max ? 0 : interval.microseconds / unit * unit
        result = Interval(months: interval.months, days: interval.days, microseconds: kept)
      }
    }
    if precision <= 6 {
      result = Interval(
        months: result.months, days: result.days, microseconds: rounded(result.microseconds, digits: precision))
    }
    return result
  }
}
