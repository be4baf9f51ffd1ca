// TZifReader owns the reading of zone files (RFC 8536) and of the POSIX rules at their end.

private import ApusBase

enum TZifReader {
  /// Unix seconds of 2000-01-01.
  private static let epoch: Int64 = 946_684_800
  /// Rules are unrolled up to this year; the last rule's offsets hold beyond it.
  static let lastYear: Int64 = 2_500

  static func zone(_ name: String, _ bytes: [UInt8]) -> TimeZone? {
    bytes.withUnsafeBytes { raw in try? read(name, raw) }
  }

  private struct Counts {
    var isUT = 0
    var isStandard = 0
    var leaps = 0
    var times = 0
    var types = 0
    var characters = 0
    func byteCount(_ wide: Int) -> Int {
      times * wide + times + types * 6 + characters + leaps * (wide + 4) + isStandard + isUT
    }
  }

  private struct Malformed: Error {}

  private static func header(_ reader: inout ByteReader) throws -> (version: UInt8, counts: Counts) {
    guard try reader.bigEndian(UInt32.self) == 0x545A_6966 else { throw Malformed() }
    let version = try reader.littleEndian(UInt8.self)
    try reader.skip(15)
    var values: [Int] = []
    for _ in 0..<6 {
      let value = try reader.bigEndian(UInt32.self)
      guard value <= 100_000 else { throw Malformed() }
      values.append(Int(value))
    }
    let counts = Counts(
      isUT: values[0], isStandard: values[1], leaps: values[2], times: values[3], types: values[4],
      characters: values[5])
    return (version, counts)
  }

  private static func read(_ name: String, _ raw: UnsafeRawBufferPointer) throws -> TimeZone {
    var reader = ByteReader(raw)
    var (version, counts) = try header(&reader)
    let isWide = version >= 50
    if isWide {
      try reader.skip(counts.byteCount(4))
      (version, counts) = try header(&reader)
    }
    guard counts.types > 0 else { throw Malformed() }
    var times: [Int64] = []
    for _ in 0..<counts.times {
      times.append(isWide ? try reader.bigEndian(Int64.self) : Int64(try reader.bigEndian(Int32.self)))
    }
    let kinds = try reader.take(counts.times)
    var types: [(offset: Int64, isDaylight: Bool, name: Int)] = []
    for _ in 0..<counts.types {
      let offset = Int64(try reader.bigEndian(Int32.self))
      guard abs(offset) < 200_000 else { throw Malformed() }
      let daylight = try reader.littleEndian(UInt8.self)
      types.append((offset, daylight != 0, Int(try reader.littleEndian(UInt8.self))))
    }
    let characters = try reader.take(counts.characters)
    let spans = types.map { type in
      TimeZone.Span(
        offset: type.offset * 1_000_000,
        abbreviation: String(decoding: characters.dropFirst(type.name).prefix { $0 != 0 }, as: UTF8.self),
        isDaylight: type.isDaylight)
    }
    var footer = ""
    if isWide {
      try reader.skip(counts.leaps * 12 + counts.isStandard + counts.isUT)
      if reader.remaining > 2 {
        footer = String(decoding: try reader.take(reader.remaining), as: UTF8.self).trimmingNewlines
      }
    }
    return try assemble(name, times: times, kinds: kinds, spans: spans, footer: footer)
  }

  private static func assemble(
    _ name: String, times: [Int64], kinds: [UInt8], spans types: [TimeZone.Span], footer: String
  ) throws -> TimeZone {
    var starts: [Int64] = []
    var spans = [types[0]]
    // Instants before microseconds reach back to (the "big bang" of old files) only set the first span.
    let earliest: Int64 = -9_000_000_000_000
    for (time, kind) in zip(times, kinds) {
      guard Int(kind) < types.count else { throw Malformed() }
      let span = types[Int(kind)]
      if time - epoch < earliest {
        spans[spans.count - 1] = span
        continue
      }
      let start = (time - epoch) * 1_000_000
      if let last = starts.last, start <= last { throw Malformed() }
      starts.append(start)
      spans.append(span)
    }
    if let rule = PosixZone(footer) { rule.extend(&starts, &spans) }
    return TimeZone(name: name, starts: starts, spans: spans)
  }
}

extension String {
  fileprivate var trimmingNewlines: String {
    var bytes = Array(utf8)
    while bytes.first == 10 { bytes.removeFirst() }
    while bytes.last == 10 || bytes.last == 0 { bytes.removeLast() }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A POSIX TZ rule: `CET-1CEST,M3.5.0,M10.5.0/3`.
struct PosixZone {
  var standard: TimeZone.Span
  var daylight: TimeZone.Span?
  var start = Rule.month(3, 2, 0, 7_200)
  var end = Rule.month(11, 1, 0, 7_200)

  enum Rule {
    /// Month, week (5 is the last), weekday, second of the day.
    case month(Int64, Int64, Int64, Int64)
    /// Day 1...365, February 29 never counted.
    case julian(Int64, Int64)
    /// Day 0...365.
    case day(Int64, Int64)
  }

  init?(_ text: String) {
    var scanner = PosixScanner(Array(text.utf8))
    guard let name = scanner.name(), let offset = scanner.offset() else { return nil }
    standard = TimeZone.Span(offset: -offset * 1_000_000, abbreviation: name, isDaylight: false)
    guard !scanner.isAtEnd else { return }
    guard let other = scanner.name() else { return nil }
    var shifted = -offset + 3_600
    if !scanner.isAtEnd, scanner.peek != 44 {
      guard let offset = scanner.offset() else { return nil }
      shifted = -offset
    }
    daylight = TimeZone.Span(offset: shifted * 1_000_000, abbreviation: other, isDaylight: true)
    if scanner.isAtEnd { return }
    guard scanner.take(44), let start = scanner.rule(), scanner.take(44), let end = scanner.rule(), scanner.isAtEnd
    else { return nil }
    self.start = start
    self.end = end
  }

  /// The zone that follows this rule from 1900 on.
  func zone(named name: String) -> TimeZone {
    var starts: [Int64] = []
    var spans = [standard]
    extend(&starts, &spans)
    return TimeZone(name: name, starts: starts, spans: spans)
  }

  /// Appends the rule's changes after the last known one.
  func extend(_ starts: inout [Int64], _ spans: inout [TimeZone.Span]) {
    guard let daylight else { return }
    let last = starts.last ?? CivilDate.days(year: 1_900, month: 1, day: 1) * Microseconds.perDay
    var year = CivilDate.civil(days: floorDivide(last, Microseconds.perDay)).year
    while year <= TZifReader.lastYear {
      let on = seconds(start, year) * 1_000_000 - standard.offset
      let off = seconds(end, year) * 1_000_000 - daylight.offset
      for (time, span) in on < off ? [(on, daylight), (off, standard)] : [(off, standard), (on, daylight)]
      where time > last {
        starts.append(time)
        spans.append(span)
      }
      year += 1
    }
  }

  /// Local seconds since 2000-01-01 at which the rule applies.
  private func seconds(_ rule: Rule, _ year: Int64) -> Int64 {
    switch rule {
    case .month(let month, let week, let weekday, let time):
      let first = CivilDate.days(year: year, month: month, day: 1)
      var day = first + (weekday - CivilDate.weekday(days: first) + 7) % 7 + (week - 1) * 7
      if day >= first + CivilDate.daysInMonth(year: year, month: month) { day -= 7 }
      return day * 86_400 + time
    case .julian(let day, let time):
      let leap = CivilDate.isLeap(year) && day >= 60 ? 1 as Int64 : 0
      return (CivilDate.days(year: year, month: 1, day: 1) + day - 1 + leap) * 86_400 + time
    case .day(let day, let time): return (CivilDate.days(year: year, month: 1, day: 1) + day) * 86_400 + time
    }
  }
}

private struct PosixScanner {
  let bytes: [UInt8]
  var at = 0
  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { at >= bytes.count }
  var peek: UInt8 { at < bytes.count ? bytes[at] : 0 }
  mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte, !isAtEnd else { return false }
    at += 1
    return true
  }

  mutating func name() -> String? {
    if take(60) {
      let start = at
      while !isAtEnd, peek != 62 { at += 1 }
      let name = String(decoding: bytes[start..<at], as: UTF8.self)
      return take(62) && !name.isEmpty ? name : nil
    }
    let start = at
    while isLetterByte(peek) { at += 1 }
    return at - start >= 3 ? String(decoding: bytes[start..<at], as: UTF8.self) : nil
  }

  mutating func number(_ limit: Int64) -> Int64? {
    guard isDigitByte(peek) else { return nil }
    var value: Int64 = 0
    while isDigitByte(peek) {
      value = value * 10 + Int64(peek &- 48)
      guard value <= limit else { return nil }
      at += 1
    }
    return value
  }

  /// `[+-]hh[:mm[:ss]]` in seconds.
  mutating func offset() -> Int64? {
    let negative = take(45)
    if !negative { _ = take(43) }
    guard var seconds = number(167) else { return nil }
    seconds *= 3_600
    if take(58) {
      guard let minutes = number(59) else { return nil }
      seconds += minutes * 60
      if take(58) {
        guard let rest = number(60) else { return nil }
        seconds += rest
      }
    }
    return negative ? -seconds : seconds
  }

  mutating func rule() -> PosixZone.Rule? {
    func time(_ scanner: inout PosixScanner) -> Int64? { scanner.take(47) ? scanner.offset() : 7_200 }
    if take(77) {
      guard let month = number(12), month > 0, take(46), let week = number(5), week > 0, take(46),
        let weekday = number(6), let time = time(&self)
      else { return nil }
      return .month(month, week, weekday, time)
    }
    if take(74) {
      guard let day = number(365), day > 0, let time = time(&self) else { return nil }
      return .julian(day, time)
    }
    guard let day = number(365), let time = time(&self) else { return nil }
    return .day(day, time)
  }
}
