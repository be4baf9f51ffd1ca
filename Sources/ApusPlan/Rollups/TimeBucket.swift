// TimeBucket owns what plans know of calls of time_bucket: their buckets' borders, and which buckets lie in which.

import ApusBase
import ApusColumns
import ApusFunctions

/// A call of `time_bucket` whose width, origin and zone are literals.
struct TimeBucket {
  enum Width: Equatable {
    /// Microseconds.
    case fixed(Int64)
    case months(Int64)
  }

  let call: Expression
  /// What is put into buckets.
  let time: Expression
  let width: Width
  /// A border, below the width: microseconds, or months from 2000-01.
  let origin: Int64
  /// nil: the buckets are on the values' own clock (UTC for instants).
  let zone: String?
  /// Whether the call gives the bucket's day, rather than the time that it begins at.
  let isDate: Bool

  /// nil for other expressions, and for buckets whose borders follow no such rule.
  init?(_ expression: Expression) {
    guard case .call(let function, let arguments, let type) = expression, function.name == "time_bucket",
      function.kind == .function, type == .timestamptz || type == .timestamp, arguments.count >= 2,
      arguments[1].type == type, case .literal(.interval(let interval), _) = arguments[0],
      let width = Self.width(interval)
    else { return nil }
    var origin: Int64?
    var shift: Interval?
    var zone: String?
    for argument in arguments.dropFirst(2) {
      guard case .literal(let value, _) = argument else { return nil }
      switch value {
      case .text(let name): zone = name
      case .int(let start): origin = start
      case .interval(let interval): shift = interval
      default: return nil
      }
    }
    if zone.map(Self.isUTC) == true { zone = nil }
    // An origin in a zone is an instant: its place on the zone's clock is for the function to tell.
    if zone != nil, origin != nil || shift != nil { return nil }
    guard let start = Self.origin(width, origin, shift) else { return nil }
    call = expression
    time = arguments[1]
    self.width = width
    self.origin = start
    self.zone = zone
    isDate = false
  }

  /// The same, and what has buckets by other names: `date_trunc` and the cast of a time to its date.
  init?(_ expression: Expression, context: EvaluationContext) {
    if let bucket = TimeBucket(expression) {
      self = bucket
      return
    }
    guard case .call(let function, let arguments, let type) = expression, let last = arguments.last else { return nil }
    var zone: String? = context.timeZone
    if function.kind == .cast, type == .date, arguments.count == 1 {
      time = last
      (width, origin, isDate) = (.fixed(Microseconds.perDay), 0, true)
    } else if function.kind == .function, function.name == "date_trunc", arguments.count == 2 || arguments.count == 3,
      case .literal(.text(let unit), _) = arguments[0], let known = Self.units[unit.lowercased()]
    {
      time = arguments[1]
      (width, origin, isDate) = (known.0, known.1, false)
      if arguments.count == 3 {
        guard case .literal(.text(let name), _) = last else { return nil }
        zone = name
      }
    } else {
      return nil
    }
    guard time.type == .timestamp || time.type == .timestamptz, type == time.type || isDate else { return nil }
    if time.type == .timestamp || zone.map(Self.isUTC) == true { zone = nil }
    // In a zone, what is shorter than a day keeps the offset of its instant.
    if zone != nil, case .fixed(let period) = width, period < Microseconds.perDay { return nil }
    call = expression
    self.zone = zone
  }

  private static func isUTC(_ zone: String) -> Bool { ["utc", "gmt", "etc/utc", "z"].contains(zone.lowercased()) }

  private static let units: [String: (Width, Int64)] = {
    let second = Microseconds.perSecond
    var list: [String: (Width, Int64)] = [
      "microseconds": (.fixed(1), 0), "milliseconds": (.fixed(1_000), 0), "second": (.fixed(second), 0),
      "minute": (.fixed(60 * second), 0), "hour": (.fixed(Microseconds.perHour), 0),
      "day": (.fixed(Microseconds.perDay), 0),
      "week": (.fixed(7 * Microseconds.perDay), 2 * Microseconds.perDay), "month": (.months(1), 0),
      "quarter": (.months(3), 0), "year": (.months(12), 0), "decade": (.months(120), 0),
      // The first year of a century ends in 1.
      "century": (.months(1_200), 12), "millennium": (.months(12_000), 12),
    ]
    for unit in ["second", "minute", "hour", "day", "week", "month", "year", "decade"] {
      list[unit + "s"] = list[unit]
    }
    return list
  }()

  private static func width(_ interval: Interval) -> Width? {
    if interval.months != 0 {
      return interval.months > 0 && interval.days == 0 && interval.microseconds == 0
        ? .months(Int64(interval.months)) : nil
    }
    let (days, overflow) = Int64(interval.days).multipliedReportingOverflow(by: Microseconds.perDay)
    let (sum, over) = days.addingReportingOverflow(interval.microseconds)
    return overflow || over || sum <= 0 ? nil : .fixed(sum)
  }

  private static func origin(_ width: Width, _ origin: Int64?, _ shift: Interval?) -> Int64? {
    switch width {
    case .fixed(let period):
      var start = (origin ?? 2 * Microseconds.perDay) % period
      if let shift {
        guard shift.months == 0 else { return nil }
        let (days, overflow) = Int64(shift.days).multipliedReportingOverflow(by: Microseconds.perDay)
        if overflow { return nil }
        let (sum, over) = start.addingReportingOverflow(days % period)
        let (all, last) = sum.addingReportingOverflow(shift.microseconds % period)
        if over || last { return nil }
        start = all
      }
      return floorModulo(start, period)
    case .months(let months):
      if shift != nil { return nil }
      guard let origin else { return 0 }
      let civil = CivilTime(origin)
      return floorModulo((civil.year - 2000) * 12 + civil.month - 1, months)
    }
  }

  static func floorModulo(_ value: Int64, _ divisor: Int64) -> Int64 {
    let rest = value % divisor
    return rest < 0 ? rest + divisor : rest
  }

  // MARK: Borders

  /// Times within what PostgreSQL can tell, with room to add to.
  private static let range: Range<Int64> = -200_000_000_000_000_000..<9_000_000_000_000_000_000

  /// The start of the bucket of a time, on the clock of the buckets; nil far out.
  private func localStart(_ time: Int64) -> Int64? {
    guard Self.range.contains(time) else { return nil }
    switch width {
    case .fixed(let period): return floorDivide(time &- origin, period) &* period &+ origin
    case .months(let months):
      let civil = CivilTime(time)
      let index = (civil.year - 2000) * 12 + civil.month - 1 - origin
      return Self.month(floorDivide(index, months) * months + origin)
    }
  }

  /// The next border after one, on the clock of the buckets.
  private func localNext(_ start: Int64) -> Int64? {
    switch width {
    case .fixed(let period):
      let (next, overflow) = start.addingReportingOverflow(period)
      return overflow ? nil : next
    case .months(let months):
      let civil = CivilTime(start)
      return Self.month((civil.year - 2000) * 12 + civil.month - 1 + months)
    }
  }

  private static func month(_ index: Int64) -> Int64? {
    let year = floorDivide(index, 12)
    let days = CivilDate.days(year: year + 2000, month: index - year * 12 + 1, day: 1)
    let (product, overflow) = days.multipliedReportingOverflow(by: Microseconds.perDay)
    return overflow ? nil : product
  }

  /// The least start of a bucket that is not before `time`: the rows at or after it are those of the buckets from it
  /// on. nil when that cannot be told: far out, or near a change of the zone's clock.
  func border(notBefore time: Int64) -> Int64? { border(time, isAfter: true) }

  /// The greatest start of a bucket that is not after `time`.
  func border(notAfter time: Int64) -> Int64? { border(time, isAfter: false) }

  private func border(_ time: Int64, isAfter: Bool) -> Int64? {
    func local(_ time: Int64) -> Int64? {
      guard let start = localStart(time) else { return nil }
      return start == time || !isAfter ? start : localNext(start)
    }
    guard let zone else { return local(time) }
    guard Self.range.contains(time), let zone = TimeZone.named(zone) else { return nil }
    let run = zone.run(at: time)
    guard let start = local(time &+ run.offset) else { return nil }
    let border = start &- run.offset
    // Where the clock runs steadily for days around, buckets are as regular as in UTC.
    let margin = 2 * Microseconds.perDay
    guard Self.range.contains(border), run.start <= max(Int64.min + margin, min(time, border)) &- margin,
      run.end > max(time, border) &+ margin
    else { return nil }
    return border
  }

  /// The start of the first bucket after a time.
  func border(after time: Int64) -> Int64? {
    let (next, overflow) = time.addingReportingOverflow(1)
    return overflow ? nil : border(notBefore: next)
  }

  // MARK: Nesting

  /// Whether each of these buckets lies wholly in one of `outer`, and the start of a bucket tells which: then a row's
  /// bucket in `outer` is that of the start of its bucket here. The times are taken to be the same.
  func nests(in outer: TimeBucket) -> Bool {
    guard zone == outer.zone else { return false }
    switch (width, outer.width) {
    case (.fixed(let own), .fixed(let wide)):
      // The start of a bucket of a zone may fall in an hour that the clock leaves out; a day's start is then still
      // within the day.
      if zone != nil, own % Microseconds.perDay != 0 || origin % Microseconds.perDay != 0 { return false }
      return wide % own == 0 && (outer.origin - origin) % own == 0
    case (.fixed(let own), .months):
      if zone != nil, own != Microseconds.perDay || origin != 0 { return false }
      return Microseconds.perDay % own == 0 && origin % own == 0
    case (.months(let own), .months(let wide)): return wide % own == 0 && (outer.origin - origin) % own == 0
    case (.months, .fixed): return false
    }
  }

  /// The same buckets of another time.
  func applied(to other: Expression) -> Expression {
    guard case .call(let function, let arguments, let type) = call else { return call }
    return .call(function, arguments.map { $0 == time ? other : $0 }, type)
  }
}
