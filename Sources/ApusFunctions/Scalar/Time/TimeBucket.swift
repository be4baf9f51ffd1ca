// TimeBucket owns time_bucket, with TimescaleDB's rules: buckets count from Monday 2000-01-03, those of months from
// 2000-01-01, in UTC unless a zone is given.

import ApusBase
import ApusColumns

/// The width of a bucket: a fixed time, or months.
enum BucketWidth: Sendable {
  case fixed(Int64)
  case months(Int64)

  init(_ interval: Interval) throws(ApusError) {
    if interval.months != 0 {
      guard interval.days == 0, interval.microseconds == 0 else {
        throw ApusError(.featureNotSupported, "month intervals cannot have day or time component")
      }
      guard interval.months > 0 else { throw Self.notPositive }
      self = .months(Int64(interval.months))
      return
    }
    let (days, overflow) = Int64(interval.days).multipliedReportingOverflow(by: Microseconds.perDay)
    let (sum, over) = days.addingReportingOverflow(interval.microseconds)
    guard !overflow, !over else { throw TimeErrors.intervalRange }
    guard sum > 0 else { throw Self.notPositive }
    self = .fixed(sum)
  }

  static var notPositive: ApusError { ApusError(.invalidParameterValue, "period must be greater than 0") }
}

/// Buckets of one width and origin, on a clock without zones.
struct Buckets {
  let width: BucketWidth
  /// Where a bucket begins; microseconds.
  let origin: Int64

  /// With an origin already brought into the first period.
  init(_ width: BucketWidth, _ origin: Int64) {
    self.width = width
    self.origin = origin
  }

  /// Monday 2000-01-03.
  static let defaultOrigin = 2 * Microseconds.perDay

  init(_ interval: Interval, origin: Int64?) throws(ApusError) {
    width = try BucketWidth(interval)
    switch width {
    case .fixed(let period): self.origin = (origin ?? Self.defaultOrigin) % period
    case .months:
      self.origin = origin ?? 0
      guard TimestampRange.isFinite(self.origin) else { return }
      guard CivilTime(self.origin).day == 1 else {
        throw ApusError(.invalidParameterValue, "origin must be the first day of the month")
      }
    }
  }

  /// The bucket of a finite value.
  func bucket(_ value: Int64) throws(ApusError) -> (start: Int64, end: Int64) {
    switch width {
    case .fixed(let period):
      let (distance, overflow) = value.subtractingReportingOverflow(origin)
      guard !overflow else { throw TimeErrors.timestampRange }
      let (start, over) = (floorDivide(distance, period) &* period).addingReportingOverflow(origin)
      guard !over, start >= TimestampRange.minimum || period == 1 else { throw TimeErrors.timestampRange }
      let (end, isLast) = start.addingReportingOverflow(period)
      return (start, isLast ? Int64.max : end)
    case .months(let months):
      let civil = CivilTime(value)
      let first = CivilTime(origin)
      let index = floorDivide(
        (civil.year &* 12 &+ civil.month) &- (first.year &* 12 &+ first.month), months)
      let start = first.year &* 12 &+ first.month &- 1 &+ index &* months
      guard let a = Self.firstOfMonth(start), a >= TimestampRange.minimum else { throw TimeErrors.timestampRange }
      return (a, Self.firstOfMonth(start &+ months) ?? Int64.max)
    }
  }

  /// Midnight of the first day of a month that is counted from year 0.
  static func firstOfMonth(_ index: Int64) -> Int64? {
    let year = floorDivide(index, 12)
    let days = CivilDate.days(year: year, month: index &- year &* 12 &+ 1, day: 1)
    let (product, overflow) = days.multipliedReportingOverflow(by: Microseconds.perDay)
    return overflow ? nil : product
  }

  /// Ranges on the values' own clock.
  func finder() -> RangeFinder {
    { (value) throws(ApusError) -> TimeRange in
      guard TimestampRange.isFinite(value) else { return TimeRange(only: value, value) }
      let (start, end) = try bucket(value)
      return TimeRange(start, end, start)
    }
  }

  /// Ranges of instants, whose buckets are on the zone's clock.
  func finder(_ zone: TimeZone) -> RangeFinder {
    { (value) throws(ApusError) -> TimeRange in
      guard TimestampRange.isFinite(value) else { return TimeRange(only: value, value) }
      let run = zone.run(at: value)
      let (start, end) = try bucket(value &+ run.offset)
      return TimeRange(
        max(run.start, saturated(start, run.offset)), min(run.end, saturated(end, run.offset)), zone.utc(start))
    }
  }
}

/// `local - offset`, at most Int64's ends.
func saturated(_ local: Int64, _ offset: Int64) -> Int64 {
  if local == Int64.max || local == Int64.min { return local }
  let (value, overflow) = local.subtractingReportingOverflow(offset)
  return overflow ? (offset > 0 ? Int64.min : Int64.max) : value
}

enum TimeBucketFunctions {
  static var all: [ScalarFunction] { times + zoned + dates + integers }

  private static var times: [ScalarFunction] {
    var list: [ScalarFunction] = []
    for type in [DataType.timestamptz, .timestamp] {
      list.append(
        .ranges("time_bucket", [.interval, type], time: 1, type, isMonotonic: true) { (row, _) throws(ApusError) in
          try Buckets(row.interval(0), origin: nil).finder()
        })
      list.append(
        .ranges("time_bucket", [.interval, type, type], time: 1, type, isMonotonic: true) {
          (row, _) throws(ApusError) in try Buckets(row.interval(0), origin: row.int(2)).finder()
        })
      list.append(
        .ranges("time_bucket", [.interval, type, .interval], time: 1, type, isMonotonic: true) {
          (row, _) throws(ApusError) in try offset(row.interval(0), row.interval(2), origin: nil)
        })
    }
    return list
  }

  /// Buckets moved by `offset`.
  private static func offset(
    _ width: Interval, _ offset: Interval, origin: Int64?
  ) throws(ApusError) -> RangeFinder {
    let kind = try BucketWidth(width)
    if offset.months == 0, case .fixed(let period) = kind {
      let shift = (Int64(offset.days) &* Microseconds.perDay) % period &+ offset.microseconds % period
      return try Buckets(width, origin: (origin ?? Buckets.defaultOrigin) % period &+ shift % period).finder()
    }
    let buckets = try Buckets(width, origin: origin)
    let back = try offset.negated()
    return { (value) throws(ApusError) -> TimeRange in
      guard TimestampRange.isFinite(value) else { return TimeRange(only: value, value) }
      let start = try buckets.bucket(try TimestampArithmetic.adding(back, to: value)).start
      return TimeRange(only: value, try TimestampArithmetic.adding(offset, to: start))
    }
  }

  private static var zoned: [ScalarFunction] {
    [
      .ranges(
        "time_bucket", [.interval, .timestamptz, .text], time: 1, .timestamptz, isMonotonic: false
      ) { (row, _) throws(ApusError) in try inZone(row.interval(0), row.text(2), nil, nil) },
      .ranges(
        "time_bucket", [.interval, .timestamptz, .text, .timestamptz], time: 1, .timestamptz, isMonotonic: false
      ) { (row, _) throws(ApusError) in try inZone(row.interval(0), row.text(2), row.int(3), nil) },
      .ranges(
        "time_bucket", [.interval, .timestamptz, .text, .timestamptz, .interval], time: 1, .timestamptz,
        isMonotonic: false
      ) { (row, _) throws(ApusError) in
        try inZone(row.interval(0), row.text(2), row.int(3), row.interval(4))
      },
    ]
  }

  private static func inZone(
    _ width: Interval, _ name: String, _ origin: Int64?, _ offset: Interval?
  ) throws(ApusError) -> RangeFinder {
    let zone = try TimeZoneFunctions.zone(name)
    let buckets = try Buckets(width, origin: origin.map { zone.local($0) })
    guard let offset else { return buckets.finder(zone) }
    let back = try offset.negated()
    return { (value) throws(ApusError) -> TimeRange in
      guard TimestampRange.isFinite(value) else { return TimeRange(only: value, value) }
      let start = try buckets.bucket(try TimestampArithmetic.adding(back, to: zone.local(value))).start
      return TimeRange(only: value, zone.utc(try TimestampArithmetic.adding(offset, to: start)))
    }
  }

  private static var dates: [ScalarFunction] {
    [
      .ranges("time_bucket", [.interval, .date], time: 1, .date, isMonotonic: true) { (row, _) throws(ApusError) in
        try dateFinder(row.interval(0), nil, nil)
      },
      .ranges("time_bucket", [.interval, .date, .date], time: 1, .date, isMonotonic: true) {
        (row, _) throws(ApusError) in try dateFinder(row.interval(0), row.int(2), nil)
      },
      .ranges("time_bucket", [.interval, .date, .interval], time: 1, .date, isMonotonic: true) {
        (row, _) throws(ApusError) in try dateFinder(row.interval(0), nil, row.interval(2))
      },
    ]
  }

  private static func dateFinder(
    _ width: Interval, _ origin: Int64?, _ offset: Interval?
  ) throws(ApusError) -> RangeFinder {
    let day = Microseconds.perDay
    if case .fixed(let period) = try BucketWidth(width), period % day != 0 {
      throw ApusError(.invalidParameterValue, "interval must not have sub-day precision")
    }
    let start = try origin.map { (days) throws(ApusError) -> Int64 in try DateValues.timestamp(days) }
    let shifted = try offset.map { (offset) throws(ApusError) in
      try Self.offset(width, offset, origin: start)
    }
    let buckets = try Buckets(width, origin: start)
    return { (days) throws(ApusError) -> TimeRange in
      guard DateValues.isFinite(days) else { return TimeRange(only: days, days) }
      let value = try DateValues.timestamp(days)
      if let shifted { return TimeRange(only: days, floorDivide(try shifted(value).result, day)) }
      let (first, next) = try buckets.bucket(value)
      return TimeRange(floorDivide(first, day), floorDivide(next, day), floorDivide(first, day))
    }
  }

  private static var integers: [ScalarFunction] {
    var list: [ScalarFunction] = []
    for type in [DataType.int2, .int4, .int8] {
      let body: RowBody = { (row, _) throws(ApusError) -> Value in
        let width = row.int(0)
        guard width > 0 else { throw BucketWidth.notPositive }
        let offset = row.count > 2 ? row.int(2) % width : 0
        let (distance, overflow) = row.int(1).subtractingReportingOverflow(offset)
        let (start, over) = (floorDivide(distance, width)).multipliedReportingOverflow(by: width)
        let (result, last) = start.addingReportingOverflow(offset)
        let fits =
          type == .int8 || (type == .int4 ? Int32(exactly: result) != nil : Int16(exactly: result) != nil)
        guard !overflow, !over, !last, fits else { throw TimeErrors.timestampRange }
        return .int(result)
      }
      list.append(.rows("time_bucket", [type, type], type, isMonotonic: true, body))
      list.append(.rows("time_bucket", [type, type, type], type, isMonotonic: true, body))
    }
    return list
  }
}

enum DateValues {
  static func isFinite(_ days: Int64) -> Bool {
    days != Int64(CivilDate.infinity) && days != Int64(CivilDate.negativeInfinity)
  }

  /// Midnight of a date; 22008 past the range of timestamps.
  static func timestamp(_ days: Int64) throws(ApusError) -> Int64 {
    if days == Int64(CivilDate.infinity) { return TimestampRange.infinity }
    if days == Int64(CivilDate.negativeInfinity) { return TimestampRange.negativeInfinity }
    let (value, overflow) = days.multipliedReportingOverflow(by: Microseconds.perDay)
    guard !overflow, TimestampRange.contains(value) else {
      throw ApusError(.datetimeFieldOverflow, "date out of range for timestamp")
    }
    return value
  }
}
