// TextToDate owns to_date and to_timestamp of a text and a template.

import ApusBase
import ApusColumns

/// Reads one text by a template.
private struct TemplateReader {
  let text: [UInt8]
  var at = 0

  var year: Int64?
  var yearDigits = 4
  var month: Int64?
  var day: Int64?
  var dayOfYear: Int64?
  var hour: Int64 = 0
  var isTwelveHour = false
  var isAfternoon: Bool?
  var minute: Int64 = 0
  var second: Int64 = 0
  var microsecond: Int64 = 0
  var secondsOfDay: Int64?
  var isBC = false
  var century: Int64?
  var julian: Int64?
  var isoYear: Int64?
  var isoWeek: Int64?
  var isoWeekday: Int64?
  var isoDayOfYear: Int64?
  var weekOfYear: Int64?
  var weekOfMonth: Int64?
  var zoneSign: Int64 = 1
  var zoneHour: Int64?
  var zoneMinute: Int64 = 0

  init(_ text: [UInt8]) { self.text = text }

  private var rest: String { String(decoding: text[at...].prefix(20), as: UTF8.self) }

  private mutating func skipSpaces() { while at < text.count, isSpaceByte(text[at]) { at += 1 } }

  private func invalid(_ field: DateField, _ value: String, _ detail: String) -> ApusError {
    ApusError(.invalidDatetimeFormat, "invalid value \"\(value)\" for \"\(field.rawValue)\"", detail: detail)
  }

  /// A number of `length` digits, or of all that are there where nothing numeric follows in the template.
  private mutating func number(_ field: DateField, _ length: Int, isFree: Bool) throws(ApusError) -> Int64 {
    skipSpaces()
    let start = at
    var end = at
    if end < text.count, text[end] == 45 || text[end] == 43 { end += 1 }
    let first = end
    while end < text.count, isDigitByte(text[end]), isFree || end - start < length { end += 1 }
    let digits = String(decoding: text[start..<end], as: UTF8.self)
    guard end > first else {
      let shown = String(decoding: text[start...].prefix(isFree ? text.count : length), as: UTF8.self)
      if !isFree, text.count - start < length, text.count > start {
        throw ApusError(
          .invalidDatetimeFormat, "source string too short for \"\(field.rawValue)\" formatting field",
          detail: "Field requires \(length) characters, but only \(text.count - start) remain.",
          hint: "If your source string is not fixed-width, try using the \"FM\" modifier.")
      }
      throw invalid(field, shown, "Value must be an integer.")
    }
    guard let value = Int64(digits.hasPrefix("+") ? String(digits.dropFirst()) : digits), abs(value) <= Int64(Int32.max)
    else {
      throw ApusError(
        .datetimeFieldOverflow, "value for \"\(field.rawValue)\" in source string is out of range",
        detail: "Value must be in the range -2147483648 to 2147483647.")
    }
    at = end
    return value
  }

  private mutating func word(_ field: DateField, _ words: [String]) throws(ApusError) -> Int {
    skipSpaces()
    let lower = Characters.lower(Array(text[at...].prefix(12)))
    for (index, word) in words.enumerated() where lower.starts(with: word.lowercased().utf8) {
      at += word.utf8.count
      return index
    }
    throw invalid(field, rest, "The given value did not match any of the allowed values for this field.")
  }

  mutating func read(_ template: DateTemplate) throws(ApusError) {
    if !template.isExact { skipSpaces() }
    for (index, node) in template.nodes.enumerated() {
      guard at < text.count else { return }
      switch node.kind {
      case .literal(let bytes):
        // The sign of an offset is no separator.
        if index + 1 < template.nodes.count, case .field(.zoneHour, _) = template.nodes[index + 1].kind,
          text[at] == 45 || text[at] == 43
        {
          continue
        }
        readLiteral(bytes[0], isExact: template.isExact)
      case .field(let field, _):
        var isFree = node.isFilled
        if index + 1 < template.nodes.count {
          switch template.nodes[index + 1].kind {
          case .literal(let next): isFree = isFree || !isDigitByte(next[0])
          case .field(let next, _): isFree = isFree || !next.isNumber
          }
        } else {
          isFree = true
        }
        try read(field, isFree: isFree)
        if node.ordinal != nil { at = min(text.count, at + 2) }
        if !template.isExact { skipSpaces() }
      }
    }
  }

  private static func isSeparator(_ byte: UInt8) -> Bool {
    byte > 32 && byte < 127 && !isDigitByte(byte) && !((byte | 0x20) >= 97 && (byte | 0x20) <= 122)
  }

  /// A separator matches any separator or nothing; other characters match whatever is there.
  private mutating func readLiteral(_ byte: UInt8, isExact: Bool) {
    if isExact || !(isSpaceByte(byte) || Self.isSeparator(byte)) {
      at += 1
    } else if isSpaceByte(text[at]) || Self.isSeparator(text[at]) {
      at += 1
      if isSpaceByte(byte) { skipSpaces() }
    }
  }

  private mutating func read(_ field: DateField, isFree: Bool) throws(ApusError) {
    func value(_ length: Int) throws(ApusError) -> Int64 { try number(field, length, isFree: isFree) }
    switch field {
    case .am, .pm: isAfternoon = try word(field, ["am", "pm"]) == 1
    case .dottedAM, .dottedPM: isAfternoon = try word(field, ["a.m.", "p.m."]) == 1
    case .ad, .bc: isBC = try word(field, ["ad", "bc"]) == 1
    case .dottedAD, .dottedBC: isBC = try word(field, ["a.d.", "b.c."]) == 1
    case .hour, .hour12:
      hour = try value(2)
      isTwelveHour = true
    case .hour24: hour = try value(2)
    case .minute: minute = try value(2)
    case .second: second = try value(2)
    case .millisecond: microsecond += try fraction(field, 3)
    case .microsecond, .fraction6: microsecond += try fraction(field, 6)
    case .fraction1: microsecond += try fraction(field, 1)
    case .fraction2: microsecond += try fraction(field, 2)
    case .fraction3: microsecond += try fraction(field, 3)
    case .fraction4: microsecond += try fraction(field, 4)
    case .fraction5: microsecond += try fraction(field, 5)
    case .secondsOfDay, .secondsOfDay5: secondsOfDay = try value(5)
    case .zone, .offset:
      throw ApusError(.featureNotSupported, "formatting field \"\(field.rawValue)\" is only supported in to_char")
    case .zoneHour:
      skipSpaces()
      zoneSign = at < text.count && text[at] == 45 ? -1 : 1
      zoneHour = abs(try value(2))
    case .zoneMinute: zoneMinute = try value(2)
    default: try readDate(field, isFree: isFree)
    }
  }

  private mutating func fraction(_ field: DateField, _ length: Int) throws(ApusError) -> Int64 {
    skipSpaces()
    let start = at
    var value = try number(field, length, isFree: false)
    for _ in (at - start)..<6 { value *= 10 }
    return value
  }

  private mutating func readDate(_ field: DateField, isFree: Bool) throws(ApusError) {
    func value(_ length: Int) throws(ApusError) -> Int64 { try number(field, length, isFree: isFree) }
    func shortYear(_ length: Int) throws(ApusError) -> Int64 {
      skipSpaces()
      let start = at
      let number = try value(length)
      return Self.adjusted(number, digits: at - start)
    }
    switch field {
    case .year: year = try value(4)
    case .year3: year = try shortYear(3)
    case .year2: year = try shortYear(2)
    case .year1: year = try shortYear(1)
    case .yearWithComma:
      let thousands = try number(field, 3, isFree: true)
      if at < text.count, text[at] == 44 { at += 1 }
      year = thousands * 1_000 + (try number(field, 3, isFree: false))
    case .isoYear: isoYear = try value(4)
    case .isoYear3: isoYear = try shortYear(3)
    case .isoYear2: isoYear = try shortYear(2)
    case .isoYear1: isoYear = try shortYear(1)
    case .century: century = try value(2)
    case .month: month = try value(2)
    case .monthName: month = Int64(try word(field, CalendarNames.months)) + 1
    case .shortMonth: month = Int64(try word(field, CalendarNames.months.map { String($0.prefix(3)) })) + 1
    case .roman:
      let index = try word(field, CalendarNames.romanMonths.reversed())
      month = 12 - Int64(index)
    case .dayOfMonth: day = try value(2)
    case .dayOfYear: dayOfYear = try value(3)
    case .day: _ = try word(field, CalendarNames.days)
    case .shortDay: _ = try word(field, CalendarNames.days.map { String($0.prefix(3)) })
    case .weekday: _ = try value(1)
    case .isoWeekday: isoWeekday = try value(1)
    case .isoWeek: isoWeek = try value(2)
    case .isoDayOfYear: isoDayOfYear = try value(3)
    case .weekOfYear: weekOfYear = try value(2)
    case .weekOfMonth: weekOfMonth = try value(1)
    case .quarter: _ = try value(1)
    case .julian: julian = try number(field, 10, isFree: true)
    default: throw ApusError.unsupported("the formatting field \"\(field.rawValue)\" in to_timestamp is")
    }
  }

  /// Years of fewer than four digits lie near 2020.
  private static func adjusted(_ year: Int64, digits: Int) -> Int64 {
    switch digits {
    case 0, 1, 2: return year < 70 ? year + 2_000 : year < 100 ? year + 1_900 : year
    case 3: return year < 520 ? year + 2_000 : year < 1_000 ? year + 1_000 : year
    default: return year
    }
  }

  // MARK: - Result

  private func outOfRange() -> ApusError {
    ApusError(
      .datetimeFieldOverflow, "date/time field value out of range: \"\(String(decoding: text, as: UTF8.self))\"")
  }

  func days() throws(ApusError) -> Int64 {
    if let julian { return julian - CivilDate.julianOfEpoch }
    if isoYear != nil || isoWeek != nil || isoDayOfYear != nil {
      let year = isoYear ?? 1
      let fourth = CivilDate.days(year: year, month: 1, day: 4)
      let monday = fourth - (CivilDate.weekday(days: fourth) + 6) % 7
      if let isoDayOfYear {
        guard (1...371).contains(isoDayOfYear) else { throw outOfRange() }
        return monday + isoDayOfYear - 1
      }
      let week = isoWeek ?? 1
      guard (1...53).contains(week), (1...7).contains(isoWeekday ?? 1) else { throw outOfRange() }
      return monday + (week - 1) * 7 + (isoWeekday ?? 1) - 1
    }
    var year = self.year ?? 0
    if let century {
      if let own = self.year, own >= 0 {
        year = (century - 1) * 100 + own % 100
      } else {
        year = (century - 1) * 100 + 1
      }
    }
    var civil = isBC ? 1 - year : year
    // Without a year: 1 BC.
    if self.year == nil, century == nil {
      civil = 0
    } else if year == 0 {
      civil = isBC ? 0 : 0
    } else if year < 0 {
      civil = isBC ? -year : year + 1
    }
    if let weekOfYear, month == nil, dayOfYear == nil {
      guard (1...53).contains(weekOfYear) else { throw outOfRange() }
      return CivilDate.days(year: civil, month: 1, day: 1) + (weekOfYear - 1) * 7
    }
    if let dayOfYear {
      guard dayOfYear >= 1, dayOfYear <= (CivilDate.isLeap(civil) ? 366 : 365) else { throw outOfRange() }
      return CivilDate.days(year: civil, month: 1, day: 1) + dayOfYear - 1
    }
    let month = self.month ?? 1
    let day = self.day ?? (weekOfMonth.map { ($0 - 1) * 7 + 1 } ?? 1)
    guard (1...12).contains(month), day >= 1, day <= CivilDate.daysInMonth(year: civil, month: month) else {
      throw outOfRange()
    }
    return CivilDate.days(year: civil, month: month, day: day)
  }

  func microseconds() throws(ApusError) -> Int64 {
    if let secondsOfDay {
      guard (0...86_400).contains(secondsOfDay) else { throw outOfRange() }
      return secondsOfDay * 1_000_000 + microsecond
    }
    var hour = hour
    if isTwelveHour {
      guard (1...12).contains(hour) else {
        throw ApusError(
          .invalidDatetimeFormat, "hour \"\(hour)\" is invalid for the 12-hour clock",
          hint: "Use the 24-hour clock, or give an hour between 1 and 12.")
      }
      if let isAfternoon { hour = hour % 12 + (isAfternoon ? 12 : 0) }
    }
    guard (0...24).contains(hour), (0...59).contains(minute), (0...60).contains(second) else { throw outOfRange() }
    return hour * Microseconds.perHour + minute * Microseconds.perMinute + second * Microseconds.perSecond
      + microsecond
  }

  func zone() throws(ApusError) -> TimeZone? {
    guard let zoneHour else { return nil }
    guard zoneHour <= 15, (0...59).contains(zoneMinute) else { throw outOfRange() }
    return .fixed(secondsEast: Int(zoneSign * (zoneHour * 3_600 + zoneMinute * 60)))
  }
}

enum TextToDate {
  static var all: [ScalarFunction] {
    [
      .rows("to_date", [.text, .text], .date, volatility: .stable) { (row, _) throws(ApusError) in
        var reader = TemplateReader(row.utf8(0))
        try reader.read(.named(row.text(1)))
        let days = try reader.days()
        _ = try reader.microseconds()
        guard days >= CivilDate.daysMin, days <= CivilDate.daysMax else {
          throw ApusError(.datetimeFieldOverflow, "date out of range: \"\(row.text(0))\"")
        }
        return .int(days)
      },
      .rows("to_timestamp", [.text, .text], .timestamptz, volatility: .stable) { (row, context) throws(ApusError) in
        var reader = TemplateReader(row.utf8(0))
        try reader.read(.named(row.text(1)))
        let (product, overflow) = try reader.days().multipliedReportingOverflow(by: Microseconds.perDay)
        let (local, over) = product.addingReportingOverflow(try reader.microseconds())
        guard !overflow, !over, TimestampRange.contains(local) else {
          throw TimeErrors.timestampRange
        }
        return .int((try reader.zone() ?? context.zone).utc(local))
      },
    ]
  }
}
