// DateToText owns to_char of timestamps and intervals.

import ApusBase
import ApusColumns

/// The fields that a template shows.
struct ShownTime {
  var year: Int64 = 0
  var month: Int64 = 0
  var day: Int64 = 0
  var hour: Int64 = 0
  var minute: Int64 = 0
  var second: Int64 = 0
  var microsecond: Int64 = 0
  /// Days since 2000-01-01; nil for intervals.
  var days: Int64?
  var offset: Int64 = 0
  var abbreviation = ""

  init(timestamp local: Int64) {
    let civil = CivilTime(local)
    (year, month, day) = (civil.year, civil.month, civil.day)
    (hour, minute, second, microsecond) = (civil.hour, civil.minute, civil.second, civil.microsecond)
    days = floorDivide(local, Microseconds.perDay)
  }

  init(_ interval: Interval) {
    year = Int64(interval.months) / 12
    month = Int64(interval.months) % 12
    day = Int64(interval.days)
    var rest = interval.microseconds
    hour = rest / Microseconds.perHour
    rest %= Microseconds.perHour
    minute = rest / Microseconds.perMinute
    rest %= Microseconds.perMinute
    second = rest / Microseconds.perSecond
    microsecond = rest % Microseconds.perSecond
  }
}

enum DateToText {
  static func text(_ time: ShownTime, _ template: DateTemplate) throws(ApusError) -> [UInt8] {
    var out: [UInt8] = []
    for node in template.nodes {
      switch node.kind {
      case .literal(let bytes): out += bytes
      case .field(let field, let letters):
        let start = out.count
        try append(field, letters, isFilled: node.isFilled, time, into: &out)
        if let ordinal = node.ordinal, field.isNumber {
          out += CalendarNames.ordinal(Array(out[start...]), ordinal)
        }
      }
    }
    return out
  }

  /// `value` with at least `width` digits, a minus apart; or with a minus among them.
  private static func number(_ value: Int64, _ width: Int, _ isFilled: Bool, countsSign: Bool = false) -> [UInt8] {
    let digits = Array(String(value.magnitude).utf8)
    let zeros = isFilled ? 0 : max(0, width - digits.count - (countsSign && value < 0 ? 1 : 0))
    return (value < 0 ? [45] : []) + [UInt8](repeating: 48, count: zeros) + digits
  }

  private static func cased(_ text: String, _ letters: LetterCase) -> [UInt8] {
    switch letters {
    case .upper: Array(text.uppercased().utf8)
    case .lower: Array(text.lowercased().utf8)
    case .capitalised: Array(text.utf8)
    }
  }

  private static func padded(_ text: [UInt8], _ width: Int, _ isFilled: Bool) -> [UInt8] {
    isFilled ? text : text + [UInt8](repeating: 32, count: max(0, width - text.count))
  }

  private static func calendar(_ time: ShownTime) throws(ApusError) -> Int64 {
    guard let days = time.days else {
      throw ApusError(
        .invalidDatetimeFormat, "invalid format specification for an interval value",
        hint: "Intervals are not tied to specific calendar dates.")
    }
    return days
  }

  private static func append(
    _ field: DateField, _ letters: LetterCase, isFilled: Bool, _ time: ShownTime, into out: inout [UInt8]
  ) throws(ApusError) {
    func put(_ value: Int64, _ width: Int) { out += number(value, width, isFilled) }
    let isAfternoon = time.hour % 24 >= 12
    switch field {
    case .am, .pm: out += cased(isAfternoon ? "pm" : "am", letters)
    case .dottedAM, .dottedPM: out += cased(isAfternoon ? "p.m." : "a.m.", letters)
    case .hour, .hour12: put(time.hour % 12 == 0 ? 12 : time.hour % 12, 2)
    case .hour24: put(time.hour, 2)
    case .minute: put(time.minute, 2)
    case .second: put(time.second, 2)
    case .fraction1: out += number(time.microsecond / 100_000, 1, false)
    case .fraction2: out += number(time.microsecond / 10_000, 2, false)
    case .fraction3, .millisecond: out += number(time.microsecond / 1_000, 3, false)
    case .fraction4: out += number(time.microsecond / 100, 4, false)
    case .fraction5: out += number(time.microsecond / 10, 5, false)
    case .fraction6, .microsecond: out += number(time.microsecond, 6, false)
    case .secondsOfDay, .secondsOfDay5: put(time.hour * 3_600 + time.minute * 60 + time.second, 0)
    case .zone, .zoneHour, .zoneMinute, .offset: try zone(field, letters, isFilled, time, into: &out)
    default: try date(field, letters, isFilled: isFilled, time, into: &out)
    }
  }

  private static func zone(
    _ field: DateField, _ letters: LetterCase, _ isFilled: Bool, _ time: ShownTime, into out: inout [UInt8]
  ) throws(ApusError) {
    _ = try calendar(time)
    let seconds = time.offset / Microseconds.perSecond
    let minutes = abs(seconds) / 60 % 60
    switch field {
    case .zone: out += letters == .lower ? cased(time.abbreviation, .lower) : Array(time.abbreviation.utf8)
    case .zoneHour: out += [seconds < 0 ? 45 : 43] + number(abs(seconds) / 3_600, 2, false)
    case .zoneMinute: out += number(minutes, 2, false)
    default:
      out += [seconds < 0 ? 45 : 43] + number(abs(seconds) / 3_600, 2, isFilled)
      if minutes != 0 { out += [58] + number(minutes, 2, false) }
    }
  }

  private static func date(
    _ field: DateField, _ letters: LetterCase, isFilled: Bool, _ time: ShownTime, into out: inout [UInt8]
  ) throws(ApusError) {
    func put(_ value: Int64, _ width: Int) { out += number(value, width, isFilled) }
    let isInterval = time.days == nil
    /// Years before 1 count from 1 BC.
    func shown(_ year: Int64) -> Int64 { isInterval || year > 0 ? year : 1 - year }
    switch field {
    case .ad, .bc:
      _ = try calendar(time)
      out += cased(time.year <= 0 ? "bc" : "ad", letters)
    case .dottedAD, .dottedBC:
      _ = try calendar(time)
      out += cased(time.year <= 0 ? "b.c." : "a.d.", letters)
    case .monthName, .shortMonth:
      _ = try calendar(time)
      let name = CalendarNames.months[Int(time.month) - 1]
      out +=
        field == .monthName
        ? padded(cased(name, letters), 9, isFilled) : cased(String(name.prefix(3)), letters)
    case .month: put(time.month, 2)
    case .roman:
      if isInterval, time.month == 0, time.year == 0 { return }
      // Of intervals: 0 is December, or January before the epoch, and negative months count from December.
      let index =
        time.month > 0
        ? Int(time.month) - 1 : time.month < 0 ? 12 + Int(time.month) : time.year >= 0 ? 11 : 0
      let name = CalendarNames.romanMonths.indices.contains(index) ? CalendarNames.romanMonths[index] : ""
      out += padded(cased(name, letters), 4, isFilled)
    case .day, .shortDay:
      let name = CalendarNames.days[Int(CivilDate.weekday(days: try calendar(time)))]
      out +=
        field == .day ? padded(cased(name, letters), 9, isFilled) : cased(String(name.prefix(3)), letters)
    case .dayOfMonth: out += number(time.day, 2, isFilled, countsSign: true)
    case .weekday: put(CivilDate.weekday(days: try calendar(time)) + 1, 0)
    case .isoWeekday:
      let weekday = CivilDate.weekday(days: try calendar(time))
      put(weekday == 0 ? 7 : weekday, 0)
    case .weekOfMonth: put((time.day - 1) / 7 + 1, 0)
    case .quarter: if time.month != 0 { put((time.month - 1) / 3 + 1, 0) }
    case .century:
      let century =
        isInterval
        ? time.year / 100 : time.year > 0 ? (time.year - 1) / 100 + 1 : time.year / 100 - 1
      put(century, 2)
    case .year: put(shown(time.year), 4)
    case .year3: put(shown(time.year) % 1_000, 3)
    case .year2: put(shown(time.year) % 100, 2)
    case .year1: put(shown(time.year) % 10, 1)
    case .yearWithComma:
      let year = shown(time.year)
      out += number(year / 1_000, 0, true) + [44] + number(year % 1_000, 3, false)
    default: try ofYear(field, isFilled, time, shown, into: &out)
    }
  }

  private static func ofYear(
    _ field: DateField, _ isFilled: Bool, _ time: ShownTime, _ shown: (Int64) -> Int64, into out: inout [UInt8]
  ) throws(ApusError) {
    func put(_ value: Int64, _ width: Int) { out += number(value, width, isFilled) }
    guard let days = time.days else {
      // Intervals count 30 days a month.
      let total = time.year * 360 + time.month * 30 + time.day
      switch field {
      case .dayOfYear: out += number(total, 3, isFilled, countsSign: true)
      case .weekOfYear: out += number((total - 1) / 7 + 1, 2, isFilled, countsSign: true)
      default: _ = try calendar(time)
      }
      return
    }
    let iso = CivilDate.isoWeek(days: days)
    switch field {
    case .dayOfYear: put(CivilDate.dayOfYear(days: days), 3)
    case .isoDayOfYear:
      let weekday = (CivilDate.weekday(days: days) + 6) % 7
      put((iso.week - 1) * 7 + weekday + 1, 3)
    case .weekOfYear: put((CivilDate.dayOfYear(days: days) - 1) / 7 + 1, 2)
    case .isoWeek: put(iso.week, 2)
    case .isoYear: put(shown(iso.year), 4)
    case .isoYear3: put(shown(iso.year) % 1_000, 3)
    case .isoYear2: put(shown(iso.year) % 100, 2)
    case .isoYear1: put(shown(iso.year) % 10, 1)
    default: put(days + CivilDate.julianOfEpoch, 0)
    }
  }

  static var all: [ScalarFunction] {
    [
      .rows("to_char", [.timestamp, .text], .text, volatility: .stable) { (row, _) throws(ApusError) in
        guard TimestampRange.isFinite(row.int(0)), !row.text(1).isEmpty else { return .null }
        return .text(utf8: try text(ShownTime(timestamp: row.int(0)), .named(row.text(1))))
      },
      .rows("to_char", [.timestamptz, .text], .text, volatility: .stable) { (row, context) throws(ApusError) in
        guard TimestampRange.isFinite(row.int(0)), !row.text(1).isEmpty else { return .null }
        let span = context.zone.span(at: row.int(0))
        var time = ShownTime(timestamp: row.int(0) &+ span.offset)
        time.offset = span.offset
        time.abbreviation = span.abbreviation
        return .text(utf8: try text(time, .named(row.text(1))))
      },
      .rows("to_char", [.interval, .text], .text, volatility: .stable) { (row, _) throws(ApusError) in
        if row.text(1).isEmpty { return .null }
        return .text(utf8: try text(ShownTime(row.interval(0)), .named(row.text(1))))
      },
    ]
  }
}
