// The arithmetic of intervals, and of times with intervals.

public import ApusBase

extension Interval: Comparable {
  /// The total in microseconds with months of 30 days and days of 24 hours: what SQL compares.
  public var comparisonKey: Int128 {
    (Int128(months) * 30 + Int128(days)) * Int128(Microseconds.perDay) + Int128(microseconds)
  }
  public static func < (a: Interval, b: Interval) -> Bool { a.comparisonKey < b.comparisonKey }
  /// SQL's equality: `1 day` equals `24:00:00`, though `==` tells them apart.
  public static func compare(_ a: Interval, _ b: Interval) -> Int {
    let (x, y) = (a.comparisonKey, b.comparisonKey)
    return x == y ? 0 : (x < y ? -1 : 1)
  }

  static var outOfRange: ApusError { ApusError(.datetimeFieldOverflow, "interval out of range") }

  public func adding(_ other: Interval) throws(ApusError) -> Interval {
    let (months, a) = self.months.addingReportingOverflow(other.months)
    let (days, b) = self.days.addingReportingOverflow(other.days)
    let (micros, c) = microseconds.addingReportingOverflow(other.microseconds)
    guard !a, !b, !c else { throw Self.outOfRange }
    return Interval(months: months, days: days, microseconds: micros)
  }

  public func negated() throws(ApusError) -> Interval {
    guard months != .min, days != .min, microseconds != .min else { throw Self.outOfRange }
    return Interval(months: -months, days: -days, microseconds: -microseconds)
  }

  public func subtracting(_ other: Interval) throws(ApusError) -> Interval {
    let (months, a) = self.months.subtractingReportingOverflow(other.months)
    let (days, b) = self.days.subtractingReportingOverflow(other.days)
    let (micros, c) = microseconds.subtractingReportingOverflow(other.microseconds)
    guard !a, !b, !c else { throw Self.outOfRange }
    return Interval(months: months, days: days, microseconds: micros)
  }

  /// PostgreSQL's interval_mul: fractions of months spill into days of 30, of days into time.
  public func multiplied(by factor: Double) throws(ApusError) -> Interval {
    try scaled(months: Double(months) * factor, days: Double(days) * factor, time: Double(microseconds) * factor)
  }

  public func divided(by divisor: Double) throws(ApusError) -> Interval {
    guard divisor != 0 else { throw Numeric.divisionByZero }
    return try scaled(
      months: Double(months) / divisor, days: Double(days) / divisor, time: Double(microseconds) / divisor)
  }

  private func scaled(months exactMonths: Double, days exactDays: Double, time: Double) throws(ApusError) -> Interval {
    func whole32(_ value: Double) throws(ApusError) -> Int32 {
      guard let result = Int32(exactly: value.rounded(.towardZero)) else { throw Self.outOfRange }
      return result
    }
    /// Rounded to microseconds of a second (TSROUND).
    func microRounded(_ value: Double) -> Double { (value * 1_000_000).rounded(.toNearestOrEven) / 1_000_000 }
    let wholeMonths = try whole32(exactMonths)
    var wholeDays = try whole32(exactDays)
    let monthDays = microRounded((exactMonths - Double(wholeMonths)) * 30)
    var seconds = microRounded((exactDays - Double(wholeDays) + monthDays - monthDays.rounded(.towardZero)) * 86_400)
    if abs(seconds) >= 86_400 {
      let (sum, overflow) = wholeDays.addingReportingOverflow(try whole32(seconds / 86_400))
      guard !overflow else { throw Self.outOfRange }
      wholeDays = sum
      seconds -= Double(Int64(seconds / 86_400)) * 86_400
    }
    let (days, overflow) = wholeDays.addingReportingOverflow(try whole32(monthDays))
    let total = (time + seconds * 1_000_000).rounded(.toNearestOrEven)
    guard !overflow, let micros = Int64(exactly: total) else { throw Self.outOfRange }
    return Interval(months: wholeMonths, days: days, microseconds: micros)
  }

  /// Hours of 24 become days.
  public func justifiedHours() throws(ApusError) -> Interval {
    let whole = microseconds / Microseconds.perDay
    guard var days = Int32(exactly: Int64(self.days) + whole) else { throw Self.outOfRange }
    var micros = microseconds - whole * Microseconds.perDay
    if days > 0, micros < 0 {
      micros += Microseconds.perDay
      days -= 1
    } else if days < 0, micros > 0 {
      micros -= Microseconds.perDay
      days += 1
    }
    return Interval(months: months, days: days, microseconds: micros)
  }

  /// Days of 30 become months.
  public func justifiedDays() throws(ApusError) -> Interval {
    let whole = days / 30
    guard var months = Int32(exactly: Int64(self.months) + Int64(whole)) else { throw Self.outOfRange }
    var days = self.days - whole * 30
    if months > 0, days < 0 {
      days += 30
      months -= 1
    } else if months < 0, days > 0 {
      days -= 30
      months += 1
    }
    return Interval(months: months, days: days, microseconds: microseconds)
  }

  /// Both, and one sign for all.
  public func justified() throws(ApusError) -> Interval {
    var months = Int64(months)
    var days = Int64(days)
    var micros = microseconds
    days += micros / Microseconds.perDay
    micros %= Microseconds.perDay
    months += days / 30
    days %= 30
    if months > 0, days < 0 || (days == 0 && micros < 0) {
      days += 30
      months -= 1
    } else if months < 0, days > 0 || (days == 0 && micros > 0) {
      days -= 30
      months += 1
    }
    if days > 0, micros < 0 {
      micros += Microseconds.perDay
      days -= 1
    } else if days < 0, micros > 0 {
      micros -= Microseconds.perDay
      days += 1
    }
    guard let shortMonths = Int32(exactly: months), let shortDays = Int32(exactly: days) else { throw Self.outOfRange }
    return Interval(months: shortMonths, days: shortDays, microseconds: micros)
  }
}

public enum TimestampArithmetic {
  static var outOfRange: ApusError { ApusError(.datetimeFieldOverflow, "timestamp out of range") }

  public static func checked(_ value: Int64) throws(ApusError) -> Int64 {
    guard TimestampRange.contains(value) else { throw outOfRange }
    return value
  }

  /// A local reading plus an interval: months by the calendar (31 January + 1 month is 28 February), then days, then
  /// time.
  public static func adding(_ interval: Interval, to local: Int64) throws(ApusError) -> Int64 {
    guard TimestampRange.isFinite(local) else { return local }
    var value = local
    if interval.months != 0 { value = try checked(addingMonths(Int64(interval.months), to: value)) }
    if interval.days != 0 { value = try checked(value &+ Int64(interval.days) &* Microseconds.perDay) }
    let (sum, overflow) = value.addingReportingOverflow(interval.microseconds)
    guard !overflow else { throw outOfRange }
    return try checked(sum)
  }

  /// An instant plus an interval: months and days on the zone's clock, then time.
  public static func adding(_ interval: Interval, to utc: Int64, zone: TimeZone) throws(ApusError) -> Int64 {
    guard TimestampRange.isFinite(utc) else { return utc }
    var value = utc
    if interval.months != 0 || interval.days != 0 {
      var local = zone.local(value)
      if interval.months != 0 { local = try checked(addingMonths(Int64(interval.months), to: local)) }
      if interval.days != 0 { local = try checked(local &+ Int64(interval.days) &* Microseconds.perDay) }
      value = zone.utc(local)
    }
    let (sum, overflow) = value.addingReportingOverflow(interval.microseconds)
    guard !overflow else { throw outOfRange }
    return try checked(sum)
  }

  static func addingMonths(_ months: Int64, to local: Int64) -> Int64 {
    let days = floorDivide(local, Microseconds.perDay)
    let civil = CivilDate.civil(days: days)
    let total = civil.year * 12 + civil.month - 1 + months
    let year = floorDivide(total, 12)
    let month = total - year * 12 + 1
    let day = min(civil.day, CivilDate.daysInMonth(year: year, month: month))
    // Years of Int32 months cannot overflow; the caller checks the range.
    let newDays = CivilDate.days(year: year, month: month, day: day)
    guard newDays.magnitude < 106_751_991 else { return Int64.max - 1 }
    return newDays &* Microseconds.perDay &+ (local &- days &* Microseconds.perDay)
  }

  /// The difference as PostgreSQL gives it: days and time.
  public static func difference(_ a: Int64, _ b: Int64) throws(ApusError) -> Interval {
    guard TimestampRange.isFinite(a), TimestampRange.isFinite(b) else {
      throw ApusError(.datetimeFieldOverflow, "cannot subtract infinite timestamps")
    }
    let (micros, overflow) = a.subtractingReportingOverflow(b)
    guard !overflow else { throw Interval.outOfRange }
    return try Interval(microseconds: micros).justifiedHours()
  }

  /// age(): years, months and days by the calendar.
  public static func age(_ a: Int64, _ b: Int64) throws(ApusError) -> Interval {
    guard TimestampRange.isFinite(a), TimestampRange.isFinite(b) else { throw outOfRange }
    let (first, second) = (CivilTime(a), CivilTime(b))
    let negative = a < b
    let sign: Int64 = negative ? -1 : 1
    var months = ((first.year - second.year) * 12 + first.month - second.month) * sign
    var days = (first.day - second.day) * sign
    var micros = (first.microsecondsOfDay - second.microsecondsOfDay) * sign
    if micros < 0 {
      micros += Microseconds.perDay
      days -= 1
    }
    if days < 0 {
      // Borrow the days of the month of the earlier date (as PostgreSQL does).
      let lender = negative ? first : second
      days += CivilDate.daysInMonth(year: lender.year, month: lender.month)
      months -= 1
    }
    let result = Interval(
      months: Int32(truncatingIfNeeded: months * sign), days: Int32(truncatingIfNeeded: days * sign),
      microseconds: micros * sign)
    return result
  }
}
