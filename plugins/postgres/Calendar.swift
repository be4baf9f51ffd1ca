// Calendar owns the text of days and instants in remote SQL.

enum Calendar {
  static let microsecondsPerDay: Int64 = 86_400_000_000

  static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    let quotient = a / b
    return a % b < 0 ? quotient &- 1 : quotient
  }

  private static func padded(_ number: Int64, _ width: Int) -> String {
    let digits = "\(number)"
    return String(repeating: "0", count: max(width &- digits.count, 0)) + digits
  }

  /// Year (0 is 1 BC), month and day of a day since 1970, in the Gregorian calendar.
  static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    // Days since 0000-03-01, so that leap days end years.
    let day = days &+ 719_468
    let era = floorDivide(day, 146_097)
    let dayOfEra = day &- era &* 146_097
    let yearOfEra = (dayOfEra &- dayOfEra / 1460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
    let fromMarch = (5 &* dayOfYear &+ 2) / 153
    let month = fromMarch < 10 ? fromMarch &+ 3 : fromMarch &- 9
    return (era &* 400 &+ yearOfEra &+ (month <= 2 ? 1 : 0), month, dayOfYear &- (153 &* fromMarch &+ 2) / 5 &+ 1)
  }

  private static func date(_ days: Int64) -> (text: String, suffix: String) {
    let (year, month, day) = civil(days)
    let shown = year > 0 ? year : 1 &- year
    return ("\(padded(shown, 4))-\(padded(month, 2))-\(padded(day, 2))", year > 0 ? "" : " BC")
  }

  /// `2026-07-01`, `infinity`.
  static func dateText(_ days: Int64) -> String {
    if days >= Int64(Int32.max) { return "infinity" }
    if days <= Int64(Int32.min) { return "-infinity" }
    let (text, suffix) = date(days)
    return text + suffix
  }

  static func timeText(_ microseconds: Int64) -> String {
    let seconds = microseconds / 1_000_000
    var text = "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
    let fraction = microseconds % 1_000_000
    if fraction != 0 { text += "." + padded(fraction, 6) }
    return text
  }

  /// Of microseconds since 1970: `2026-07-01 00:00:00` and the zone.
  static func timestampText(_ microseconds: Int64, zone: String) -> String {
    if microseconds == .max { return "infinity" }
    if microseconds == .min { return "-infinity" }
    let day = floorDivide(microseconds, microsecondsPerDay)
    let (text, suffix) = date(day)
    return "\(text) \(timeText(microseconds &- day &* microsecondsPerDay))\(zone)\(suffix)"
  }
}
