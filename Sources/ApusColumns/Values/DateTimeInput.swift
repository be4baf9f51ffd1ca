// DateTimeInput owns the values of date, time and timestamp texts, with PostgreSQL's errors.

public import ApusBase

public enum DateTimeInput {
  static func failure(_ fault: DateTimeFault, _ text: UnsafeRawBufferPointer, type: String) -> ApusError {
    let shown = String(decoding: text, as: UTF8.self)
    switch fault {
    case .format: return ApusError(.invalidDatetimeFormat, "invalid input syntax for type \(type): \"\(shown)\"")
    case .overflow: return ApusError(.datetimeFieldOverflow, "date/time field value out of range: \"\(shown)\"")
    case .monthOrDay:
      return ApusError(
        .datetimeFieldOverflow, "date/time field value out of range: \"\(shown)\"",
        hint: "Perhaps you need a different \"datestyle\" setting.")
    case .displacement:
      return ApusError(SQLState("22009"), "time zone displacement out of range: \"\(shown)\"")
    case .zone(let name): return ApusError(.invalidParameterValue, "time zone \"\(name)\" not recognized")
    }
  }

  private static func parse(
    _ text: UnsafeRawBufferPointer, _ settings: FormatSettings, type: String, wantsDate: Bool = true
  ) throws(ApusError) -> DateTimeParser {
    guard let fields = splitDateTime(text) else { throw failure(.format, text, type: type) }
    var parser = DateTimeParser(fields, settings: settings, wantsDate: wantsDate)
    do throws(DateTimeFault) { try parser.parse() } catch { throw failure(error, text, type: type) }
    return parser
  }

  /// Days since 2000-01-01; `Int32.max` and `min` for the infinities.
  public static func date(_ text: UnsafeRawBufferPointer, _ settings: FormatSettings) throws(ApusError) -> Int32 {
    if let fast = fastDate(text) { return fast }
    let parser = try parse(text, settings, type: "date")
    switch parser.special {
    case .infinity?: return CivilDate.infinity
    case .negativeInfinity?: return CivilDate.negativeInfinity
    case .epoch?: return Int32(-CivilDate.epochDays)
    default: break
    }
    let days = parser.time.days
    guard days >= CivilDate.daysMin, days <= CivilDate.daysMax else {
      throw ApusError(.datetimeFieldOverflow, "date out of range: \"\(String(decoding: text, as: UTF8.self))\"")
    }
    return Int32(truncatingIfNeeded: days)
  }

  public static func timestamp(
    _ text: UnsafeRawBufferPointer, _ settings: FormatSettings
  ) throws(ApusError) -> PostgresMicroseconds {
    if let (local, _) = fastTimestamp(text) { return local }
    let parser = try parse(text, settings, type: "timestamp")
    if let special = special(parser) { return special }
    return try checked(parser.time.microseconds, text)
  }

  public static func timestamptz(
    _ text: UnsafeRawBufferPointer, _ settings: FormatSettings
  ) throws(ApusError) -> PostgresMicroseconds {
    if let (local, offset) = fastTimestamp(text) {
      return offset.map { local &- $0 } ?? settings.timeZone.utc(local)
    }
    let parser = try parse(text, settings, type: "timestamp with time zone")
    if let special = special(parser) { return special }
    guard let local = parser.time.microseconds else { return try checked(nil, text) }
    if let zone = parser.zone { return try checked(local &- zone.offset(atLocal: local), text) }
    if parser.seen.contains(.zone) { return try checked(local &- parser.zoneOffset, text) }
    return try checked(settings.timeZone.utc(local), text)
  }

  /// Microseconds since midnight.
  public static func time(_ text: UnsafeRawBufferPointer, _ settings: FormatSettings) throws(ApusError) -> Int64 {
    guard let fields = splitDateTime(text) else { throw failure(.format, text, type: "time") }
    var parser = DateTimeParser(fields, settings: settings, wantsDate: false)
    do throws(DateTimeFault) {
      // Digits alone are a time here, not a date.
      if fields.count == 1, fields[0].kind == .number { parser.seen.formUnion(.date) }
      try parser.parse()
    } catch {
      throw failure(error, text, type: "time")
    }
    if parser.special != nil { throw failure(.format, text, type: "time") }
    return parser.time.microsecondsOfDay
  }

  private static func special(_ parser: DateTimeParser) -> PostgresMicroseconds? {
    switch parser.special {
    case .infinity?: TimestampRange.infinity
    case .negativeInfinity?: TimestampRange.negativeInfinity
    case .epoch?: -postgresEpochUnixMicroseconds
    default: nil
    }
  }

  private static func checked(_ value: Int64?, _ text: UnsafeRawBufferPointer) throws(ApusError) -> Int64 {
    guard let value, TimestampRange.contains(value) else {
      throw ApusError(.datetimeFieldOverflow, "timestamp out of range: \"\(String(decoding: text, as: UTF8.self))\"")
    }
    return value
  }
}

// The common ISO forms, read without splitting into fields.
extension DateTimeInput {
  @inline(__always)
  private static func digits(_ text: UnsafeRawBufferPointer, _ at: Int, _ count: Int) -> Int64? {
    var value: Int64 = 0
    for index in at..<at + count {
      let digit = text[index] &- 48
      guard digit < 10 else { return nil }
      value = value &* 10 &+ Int64(digit)
    }
    return value
  }

  /// `YYYY-MM-DD`.
  private static func fastDate(_ text: UnsafeRawBufferPointer) -> Int32? {
    guard text.count == 10 else { return nil }
    return leadingDate(text).map { Int32(truncatingIfNeeded: $0) }
  }

  private static func leadingDate(_ text: UnsafeRawBufferPointer) -> Int64? {
    guard text[4] == 45, text[7] == 45, let year = digits(text, 0, 4), let month = digits(text, 5, 2),
      let day = digits(text, 8, 2), year > 0, (1...12).contains(month), day >= 1,
      day <= CivilDate.daysInMonth(year: year, month: month)
    else { return nil }
    return CivilDate.days(year: year, month: month, day: day)
  }

  /// `YYYY-MM-DD[T ]HH:MM:SS[.ffffff][Z|+hh|+hhmm|+hh:mm]`: the local reading and the offset. nil for other forms.
  private static func fastTimestamp(_ text: UnsafeRawBufferPointer) -> (local: Int64, offset: Int64?)? {
    guard text.count >= 19, text.count <= 40, text[10] == 84 || text[10] == 32, text[13] == 58, text[16] == 58,
      let days = leadingDate(text), let hour = digits(text, 11, 2), let minute = digits(text, 14, 2),
      let second = digits(text, 17, 2), hour < 24, minute < 60, second < 60
    else { return nil }
    var micros = (hour &* 3_600 &+ minute &* 60 &+ second) &* 1_000_000
    var at = 19
    if at < text.count, text[at] == 46 {
      at += 1
      var unit: Int64 = 100_000
      while at < text.count, isDigitByte(text[at]) {
        // A seventh digit would have to be rounded.
        guard unit > 0 else { return nil }
        micros &+= Int64(text[at] &- 48) &* unit
        unit /= 10
        at += 1
      }
    }
    let local = days &* Microseconds.perDay &+ micros
    if at == text.count { return (local, nil) }
    let sign = text[at]
    let rest = text.count - at - 1
    if rest == 0, sign == 90 || sign == 122 { return (local, 0) }
    guard sign == 43 || sign == 45, rest == 2 || rest == 4 || rest == 5, let hours = digits(text, at + 1, 2),
      hours <= 15
    else { return nil }
    var minutes: Int64 = 0
    if rest > 2 {
      if rest == 5, text[at + 3] != 58 { return nil }
      guard let value = digits(text, text.count - 2, 2), value < 60 else { return nil }
      minutes = value
    }
    let offset = (hours &* 60 &+ minutes) &* Microseconds.perMinute
    return (local, sign == 45 ? 0 &- offset : offset)
  }
}
