// DateTimeParser owns the reading of dates, times and timestamps in all of PostgreSQL's spellings.

public import ApusBase

/// Why a text is not a date or time.
enum DateTimeFault: Error, Hashable {
  case format, overflow
  /// A month or day out of range: another DateStyle might read it.
  case monthOrDay
  case displacement
  case zone(String)
}

/// What a date or time text says.
struct DateTimeParser {
  /// Which fields were seen.
  struct Seen: OptionSet {
    let rawValue: UInt32
    static let year = Seen(rawValue: 1)
    static let month = Seen(rawValue: 2)
    static let day = Seen(rawValue: 4)
    static let dayOfYear = Seen(rawValue: 8)
    static let hour = Seen(rawValue: 16)
    static let minute = Seen(rawValue: 32)
    static let second = Seen(rawValue: 64)
    static let zone = Seen(rawValue: 128)
    static let weekday = Seen(rawValue: 256)
    static let meridiem = Seen(rawValue: 512)
    static let era = Seen(rawValue: 1024)
    static let special = Seen(rawValue: 2048)
    static let date: Seen = [.year, .month, .day]
    static let time: Seen = [.hour, .minute, .second]
  }

  let settings: FormatSettings
  var fields: [DateTimeField]
  var time = CivilTime()
  var yearDay: Int64 = 0
  var seen: Seen = []
  /// What the current field added.
  var added: Seen = []
  var zoneOffset: Int64 = 0
  var zone: TimeZone?
  var special: DateTimeWord?
  private var pending: DateTimeUnit?
  private var pendingTime = false
  private var hasTextMonth = false
  private var isShortYear = false
  private var isBC = false
  private var isJulian = false
  private var isAfternoon: Bool?
  /// Whether a date is required (not for type time).
  private let wantsDate: Bool

  init(_ fields: [DateTimeField], settings: FormatSettings, wantsDate: Bool = true) {
    self.fields = fields
    self.settings = settings
    self.wantsDate = wantsDate
    time.month = 0
    time.day = 0
  }

  mutating func parse() throws(DateTimeFault) {
    var index = 0
    while index < fields.count {
      added = []
      try take(index)
      guard seen.isDisjoint(with: added) else { throw .format }
      seen.formUnion(added)
      index += 1
    }
    if special != nil { return }
    try validate()
    if let isAfternoon {
      guard time.hour <= 12 else { throw .overflow }
      if !isAfternoon, time.hour == 12 { time.hour = 0 }
      if isAfternoon, time.hour != 12 { time.hour += 12 }
    }
    if wantsDate {
      guard seen.isSuperset(of: .date) else { throw .format }
    } else {
      guard seen.isSuperset(of: .time) else { throw .format }
    }
  }

  private mutating func take(_ index: Int) throws(DateTimeFault) {
    switch fields[index].kind {
    case .date: try takeDate(fields[index].text)
    case .time:
      if pending != nil { throw .format }
      pendingTime = false
      try takeTime(fields[index].text)
    case .zone:
      zoneOffset = try decodeOffset(fields[index].text[...])
      added = .zone
    case .number: try takeNumber(fields[index].text)
    case .word, .special: try takeWord(index)
    }
  }

  private mutating func takeDate(_ text: [UInt8]) throws(DateTimeFault) {
    if pending == .julian {
      // An integral day number with a zone behind it.
      pending = nil
      guard let (day, end) = leadingInteger(text), day >= 0, day < 1 << 31 else { throw .overflow }
      setJulian(day)
      zoneOffset = try decodeOffset(text[end...])
      added = [.year, .month, .day, .hour, .minute, .second, .zone]
      return
    }
    guard pendingTime || pending != nil || seen.isSuperset(of: [.month, .day]) else {
      return try decodeDate(text)
    }
    if pending != nil { throw .format }
    guard text.first.map(isDigitByte) == true || pendingTime else {
      return try takeZoneName(String(decoding: text, as: UTF8.self))
    }
    pendingTime = false
    guard !seen.isSuperset(of: .time), let dash = text.firstIndex(of: 45) else { throw .format }
    zoneOffset = try decodeOffset(text[dash...])
    try decodeNumberField(Array(text[..<dash]), seen)
    added.insert(.zone)
  }

  private mutating func takeZoneName(_ name: String) throws(DateTimeFault) {
    guard let named = TimeZone.named(name) else { throw .zone(name) }
    zone = named
    added = .zone
  }

  private mutating func takeTime(_ text: [UInt8]) throws(DateTimeFault) {
    let clock = try ClockReading(text)
    time.hour = clock.hour
    time.minute = clock.minute
    time.second = clock.second
    time.microsecond = clock.microsecond
    added = .time
    guard time.hour <= 24, time.microsecondsOfDay <= Microseconds.perDay else { throw .overflow }
  }

  private mutating func takeNumber(_ text: [UInt8]) throws(DateTimeFault) {
    if let unit = pending {
      pending = nil
      return try takeLabelled(text, unit)
    }
    if pendingTime {
      pendingTime = false
      try decodeNumberField(text, seen.union(.date))
      guard added == .time else { throw .format }
      return
    }
    let point = text.firstIndex(of: 46)
    if let point {
      if seen.isDisjoint(with: .date) { return try decodeDate(text) }
      if point > 2 { return try decodeNumberField(text, seen) }
      return try decodeNumber(text)
    }
    if text.count >= 6, !seen.isSuperset(of: .date) || !seen.isSuperset(of: .time) {
      if seen.isDisjoint(with: .date) || seen.isSuperset(of: .date) { return try decodeNumberField(text, seen) }
    }
    try decodeNumber(text)
  }

  /// A number behind a label: `y2001m02d04`, `J2451187`.
  private mutating func takeLabelled(_ text: [UInt8], _ unit: DateTimeUnit) throws(DateTimeFault) {
    guard let (value, end) = leadingInteger(text) else { throw .format }
    let rest = text[end...]
    switch unit {
    case .second:
      time.second = value
      added = .second
      if !rest.isEmpty {
        guard let fraction = fractionMicroseconds(rest) else { throw .format }
        time.microsecond = fraction
      }
      return
    case .julian:
      guard value >= 0, value < 1 << 31 else { throw .overflow }
      setJulian(value)
      added = .date
      if !rest.isEmpty {
        guard let fraction = Double(String(decoding: [48] + rest, as: UTF8.self)) else { throw .format }
        setTimeOfDay(Int64((fraction * Double(Microseconds.perDay)).rounded()))
        added.formUnion(.time)
      }
      return
    default: guard rest.isEmpty else { throw .format }
    }
    switch unit {
    case .year: (time.year, added) = (value, .year)
    case .month:
      // "m" is a minute once the hour is known.
      if seen.contains(.hour) { (time.minute, added) = (value, .minute) } else { (time.month, added) = (value, .month) }
    case .day: (time.day, added) = (value, .day)
    case .hour: (time.hour, added) = (value, .hour)
    case .minute: (time.minute, added) = (value, .minute)
    default: throw .format
    }
  }

  private mutating func setJulian(_ day: Int64) {
    (time.year, time.month, time.day) = CivilDate.civil(days: day - CivilDate.julianOfEpoch)
    isJulian = true
  }

  private mutating func setTimeOfDay(_ microseconds: Int64) {
    let clock = CivilTime(microseconds)
    (time.hour, time.minute, time.second, time.microsecond) = (
      clock.hour, clock.minute, clock.second, clock.microsecond
    )
  }

  private mutating func takeWord(_ index: Int) throws(DateTimeFault) {
    let word = fields[index].string
    guard let meaning = DateTimeWord.find(word) else { return try takeZoneName(word: word) }
    switch meaning {
    case .ignored: return
    case .month(let month):
      if seen.contains(.month), !hasTextMonth, !seen.contains(.day), (1...31).contains(time.month) {
        time.day = time.month
        added = .day
      } else {
        added = .month
      }
      hasTextMonth = true
      time.month = month
    case .weekday: added = .weekday
    case .meridiem(let afternoon): (isAfternoon, added) = (afternoon, .meridiem)
    case .era(let bc): (isBC, added) = (bc, .era)
    case .zone(let minutes): (zoneOffset, added) = (minutes * Microseconds.perMinute, .zone)
    case .isoTime:
      guard seen.isSuperset(of: .date), index + 1 < fields.count,
        [.number, .time, .date].contains(fields[index + 1].kind)
      else { throw .format }
      pendingTime = true
    case .unit(let unit):
      // A single letter before digits labels the field ("d", "h"), a zone letter otherwise.
      pending = unit
    case .now:
      let local = settings.timeZone.local(settings.now)
      time = CivilTime(local)
      zoneOffset = settings.timeZone.offset(at: settings.now)
      added = [.year, .month, .day, .hour, .minute, .second, .zone]
    case .today: setDay(0)
    case .tomorrow: setDay(1)
    case .yesterday: setDay(-1)
    case .allballs:
      setTimeOfDay(0)
      zoneOffset = 0
      added = [.hour, .minute, .second, .zone]
    case .epoch, .infinity, .negativeInfinity:
      added = [.special, .year, .month, .day, .hour, .minute, .second, .zone]
      special = meaning
    case .ago: throw .format
    }
  }

  private mutating func takeZoneName(word: String) throws(DateTimeFault) {
    guard let named = TimeZone.named(word) else { throw .format }
    zone = named
    added = .zone
  }

  private mutating func setDay(_ shift: Int64) {
    let days = floorDivide(settings.timeZone.local(settings.now), Microseconds.perDay) + shift
    (time.year, time.month, time.day) = CivilDate.civil(days: days)
    added = .date
  }
}

extension DateTimeParser {
  /// A date with separators: `2024-01-15`, `15-Jan-2024`, `1/15/2024`.
  private mutating func decodeDate(_ text: [UInt8]) throws(DateTimeFault) {
    var parts: [[UInt8]] = []
    var at = 0
    while at < text.count {
      while at < text.count, !isDigitByte(text[at]), !isLetterByte(text[at]) { at += 1 }
      guard at < text.count else { throw .format }
      let start = at
      let digits = isDigitByte(text[at])
      while at < text.count, digits ? isDigitByte(text[at]) : isLetterByte(text[at]) { at += 1 }
      parts.append(Array(text[start..<at]))
      if at < text.count { at += 1 }
    }
    var local: Seen = seen
    var total: Seen = []
    func note(_ mask: Seen, _ local: inout Seen, _ total: inout Seen) throws(DateTimeFault) {
      guard local.isDisjoint(with: mask) else { throw .format }
      local.formUnion(mask)
      total.formUnion(mask)
    }
    for part in parts where isLetterByte(part[0]) {
      switch DateTimeWord.core(String(decoding: part, as: UTF8.self)) {
      case .ignored?: continue
      case .month(let month)?:
        time.month = month
        hasTextMonth = true
        try note(.month, &local, &total)
      default: throw .format
      }
    }
    let known = seen
    for part in parts where isDigitByte(part[0]) {
      seen = local
      added = []
      defer { seen = known }
      try decodeNumber(part)
      try note(added, &local, &total)
    }
    seen = known
    added = total
    guard local.subtracting([.dayOfYear, .zone]).isSuperset(of: .date),
      local.subtracting([.dayOfYear, .zone, .weekday, .era, .meridiem, .hour, .minute, .second]) == .date
    else { throw .format }
  }

  private mutating func decodeNumber(_ text: [UInt8]) throws(DateTimeFault) {
    guard let (value, end) = leadingInteger(text), value < 1 << 31 else { throw .overflow }
    if end < text.count {
      guard text[end] == 46 else { throw .format }
      if end > 2 { return try decodeNumberField(text, seen.union(.date)) }
      guard let fraction = fractionMicroseconds(text[end...]) else { throw .format }
      time.microsecond = fraction
    }
    let date = seen.intersection(.date)
    if text.count == 3, date == .year, (1...366).contains(value) {
      added = [.dayOfYear, .month, .day]
      yearDay = value
      return
    }
    let long = text.count >= 3
    switch date {
    case []:
      if long || settings.dateOrder == .yearMonthDay {
        setYear(value, text.count)
      } else if settings.dateOrder == .dayMonthYear {
        (time.day, added) = (value, .day)
      } else {
        (time.month, added) = (value, .month)
      }
    case .year, .day: (time.month, added) = (value, .month)
    case .month:
      if hasTextMonth, long || settings.dateOrder == .yearMonthDay {
        setYear(value, text.count)
      } else {
        (time.day, added) = (value, .day)
      }
    case [.year, .month]:
      if hasTextMonth, long, isShortYear {
        (time.day, added) = (time.year, .day)
        time.year = value
        isShortYear = false
      } else {
        (time.day, added) = (value, .day)
      }
    case [.month, .day]: setYear(value, text.count)
    case .date: try decodeNumberField(text, seen)
    default: throw .format
    }
  }

  private mutating func setYear(_ value: Int64, _ digits: Int) {
    time.year = value
    added = .year
    isShortYear = digits <= 2
  }

  /// Digits run together: `20240115`, `102030`, `1020`, `102030.5`.
  private mutating func decodeNumberField(_ text: [UInt8], _ known: Seen) throws(DateTimeFault) {
    var digits = text
    func number(_ range: Range<Int>) -> Int64 { digits[range].reduce(0) { min($0, 1 << 40) * 10 + Int64($1 &- 48) } }
    if let point = text.firstIndex(of: 46) {
      guard let fraction = fractionMicroseconds(text[point...]) else { throw .format }
      time.microsecond = fraction
      digits = Array(text[..<point])
    } else if !known.isSuperset(of: .date), digits.count >= 6 {
      let count = digits.count
      time.day = number(count - 2..<count)
      time.month = number(count - 4..<count - 2)
      time.year = number(0..<count - 4)
      isShortYear = count == 6
      added = .date
      return
    }
    guard digits.allSatisfy(isDigitByte), !known.isSuperset(of: .time) else { throw .format }
    guard digits.count == 6 || digits.count == 4 else { throw .format }
    time.hour = number(0..<2)
    time.minute = number(2..<4)
    time.second = digits.count == 6 ? number(4..<6) : 0
    added = .time
    guard time.hour <= 24, time.minute < 60, time.second <= 60, time.microsecondsOfDay <= Microseconds.perDay else {
      throw .overflow
    }
  }

  /// `+02`, `-0330`, `+05:30`: microseconds east.
  private func decodeOffset(_ text: ArraySlice<UInt8>) throws(DateTimeFault) -> Int64 {
    let bytes = Array(text)
    guard let sign = bytes.first, sign == 43 || sign == 45, bytes.count > 1, isDigitByte(bytes[1]),
      let (first, end) = leadingInteger(bytes, from: 1)
    else { throw .format }
    var hours = first
    var minutes: Int64 = 0
    var seconds: Int64 = 0
    var at = end
    if at < bytes.count, bytes[at] == 58 {
      guard let (value, next) = leadingInteger(bytes, from: at + 1) else { throw .format }
      (minutes, at) = (value, next)
      if at < bytes.count, bytes[at] == 58 {
        guard let (value, next) = leadingInteger(bytes, from: at + 1) else { throw .format }
        (seconds, at) = (value, next)
      }
    } else if at == bytes.count, bytes.count > 3 {
      (hours, minutes) = (first / 100, first % 100)
    }
    guard hours >= 0, hours <= 15, (0..<60).contains(minutes), (0..<60).contains(seconds) else {
      throw .displacement
    }
    guard at == bytes.count else { throw .format }
    let total = ((hours * 60 + minutes) * 60 + seconds) * Microseconds.perSecond
    return sign == 45 ? -total : total
  }

  private mutating func validate() throws(DateTimeFault) {
    if seen.contains(.year), !isJulian {
      if isBC {
        guard time.year > 0 else { throw .overflow }
        time.year = 1 - time.year
      } else if isShortYear {
        time.year += time.year < 70 ? 2_000 : 1_900
      } else {
        guard time.year > 0 else { throw .overflow }
      }
    }
    if seen.contains(.dayOfYear) {
      let days = CivilDate.days(year: time.year, month: 1, day: 1) + yearDay - 1
      (time.year, time.month, time.day) = CivilDate.civil(days: days)
    }
    if seen.contains(.month), !(1...12).contains(time.month) { throw .monthOrDay }
    if seen.contains(.day), !(1...31).contains(time.day) { throw .monthOrDay }
    if seen.isSuperset(of: .date), time.day > CivilDate.daysInMonth(year: time.year, month: time.month) {
      throw .overflow
    }
  }
}

/// `hh:mm[:ss[.f]]`, as both times and intervals read it.
struct ClockReading {
  var hour: Int64 = 0
  var minute: Int64 = 0
  var second: Int64 = 0
  var microsecond: Int64 = 0

  init(_ text: [UInt8]) throws(DateTimeFault) {
    guard let (first, end) = leadingInteger(text), end < text.count, text[end] == 58 else { throw .format }
    hour = first
    if end + 1 == text.count { throw .format }
    guard let (middle, next) = leadingInteger(text, from: end + 1) else { throw .format }
    minute = middle
    if next < text.count, text[next] == 46 {
      // mm:ss.f
      guard let fraction = fractionMicroseconds(text[next...]) else { throw .format }
      (hour, minute, second, microsecond) = (0, first, middle, fraction)
    } else if next < text.count {
      guard text[next] == 58, let (last, final) = leadingInteger(text, from: next + 1) else { throw .format }
      second = last
      if final < text.count {
        guard let fraction = fractionMicroseconds(text[final...]) else { throw .format }
        microsecond = fraction
      }
    }
    guard hour >= 0, (0...59).contains(minute), (0...60).contains(second), microsecond <= 1_000_000 else {
      throw .overflow
    }
  }
}
