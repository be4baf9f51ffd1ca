// The text of intervals: PostgreSQL's and ISO 8601's input, output in `postgres` style.

public import ApusBase
private import Glibc

extension Interval {
  /// Reads an interval: 22007 for other text, 22008 when a field is out of range, 22015 when the whole is.
  public init(text bytes: UnsafeRawBufferPointer) throws(ApusError) {
    var parser = IntervalParser()
    do throws(DateTimeFault) {
      self = try parser.parse(bytes)
    } catch {
      switch error {
      case .overflow, .monthOrDay:
        throw ApusError(
          SQLState("22015"), "interval field value out of range: \"\(String(decoding: bytes, as: UTF8.self))\"")
      default: throw DateTimeInput.failure(error, bytes, type: "interval")
      }
    }
  }

  public init(text: String) throws(ApusError) {
    var copy = text
    let result: Result<Interval, ApusError> = copy.withUTF8 { bytes in
      do throws(ApusError) { return .success(try Interval(text: UnsafeRawBufferPointer(bytes))) } catch {
        return .failure(error)
      }
    }
    self = try result.get()
  }

  /// Appends the text in `postgres` style: `1 year 2 mons -3 days +04:05:06.7`.
  public func write(into out: inout [UInt8]) {
    var isFirst = true
    var wasNegative = false
    func part(_ value: Int32, _ unit: StaticString, _ out: inout [UInt8]) {
      guard value != 0 else { return }
      if !isFirst { out.append(32) }
      if wasNegative, value > 0 { out.append(43) }
      DecimalText.append(Int64(value), into: &out)
      out.append(32)
      out.append(contentsOf: UnsafeBufferPointer(start: unit.utf8Start, count: unit.utf8CodeUnitCount))
      if value != 1 { out.append(115) }
      wasNegative = value < 0
      isFirst = false
    }
    part(months / 12, "year", &out)
    part(months % 12, "mon", &out)
    part(days, "day", &out)
    guard isFirst || microseconds != 0 else { return }
    if !isFirst { out.append(32) }
    if microseconds < 0 { out.append(45) } else if wasNegative { out.append(43) }
    let size = microseconds.magnitude
    DecimalText.append(size / 3_600_000_000, width: 2, into: &out)
    out.append(58)
    DecimalText.append(size / 60_000_000 % 60, width: 2, into: &out)
    out.append(58)
    DecimalText.append(size / 1_000_000 % 60, width: 2, into: &out)
    DateTimeText.appendFraction(Int64(size % 1_000_000), into: &out)
  }

  public var text: String {
    var out: [UInt8] = []
    write(into: &out)
    return String(decoding: out, as: UTF8.self)
  }
}

/// PostgreSQL's DecodeInterval: fields are read from the right, so that units come before their values.
private struct IntervalParser {
  private struct Used: OptionSet {
    let rawValue: UInt32
    static let microsecond = Used(rawValue: 1)
    static let millisecond = Used(rawValue: 2)
    static let second = Used(rawValue: 4)
    static let allSeconds = Used(rawValue: 7)
    static let minute = Used(rawValue: 8)
    static let hour = Used(rawValue: 16)
    static let day = Used(rawValue: 32)
    static let week = Used(rawValue: 64)
    static let month = Used(rawValue: 128)
    static let year = Used(rawValue: 256)
    static let decade = Used(rawValue: 512)
    static let century = Used(rawValue: 1024)
    static let millennium = Used(rawValue: 2048)
    static let time: Used = [.hour, .minute, .second]
  }

  var months: Int64 = 0
  var days: Int64 = 0
  var microseconds: Int64 = 0

  mutating func parse(_ bytes: UnsafeRawBufferPointer) throws(DateTimeFault) -> Interval {
    guard let fields = splitDateTime(bytes) else { throw .format }
    do throws(DateTimeFault) {
      return try parse(fields)
    } catch  where error == .format {
      self = IntervalParser()
      return try parseISO(bytes)
    }
  }

  private func result() throws(DateTimeFault) -> Interval {
    guard let months = Int32(exactly: months), let days = Int32(exactly: days) else { throw .overflow }
    return Interval(months: months, days: days, microseconds: microseconds)
  }

  private mutating func parse(_ fields: [DateTimeField]) throws(DateTimeFault) -> Interval {
    var unit: DateTimeUnit?
    var isNegated = false
    var used: Used = []
    for field in fields.reversed() {
      var added: Used = []
      switch field.kind {
      case .time:
        try takeClock(field.text, negative: false)
        added = .time
        unit = .day
      case .zone where field.text.contains(58) && (try? ClockReading(Array(field.text.dropFirst()))) != nil:
        try takeClock(Array(field.text.dropFirst()), negative: field.text[0] == 45)
        added = .time
        unit = .day
      case .zone, .date, .number:
        added = try takeValue(field.text, &unit)
      case .word, .special:
        switch IntervalWord.find(field.string) {
        case .unit(let found)?: unit = found
        case .ago?: isNegated = true
        case .ignored?: continue
        case nil: throw .format
        }
      }
      guard used.isDisjoint(with: added) else { throw .format }
      used.formUnion(added)
    }
    guard !used.isEmpty else { throw .format }
    if isNegated {
      guard microseconds != .min else { throw .overflow }
      months = -months
      days = -days
      microseconds = -microseconds
    }
    return try result()
  }

  private mutating func takeClock(_ text: [UInt8], negative: Bool) throws(DateTimeFault) {
    let clock = try ClockReading(text)
    let (hours, overflow) = clock.hour.multipliedReportingOverflow(by: Microseconds.perHour)
    let rest = clock.minute * Microseconds.perMinute + clock.second * Microseconds.perSecond + clock.microsecond
    let (total, over) = hours.addingReportingOverflow(rest)
    guard !overflow, !over else { throw .overflow }
    try add(&microseconds, negative ? -total : total, 1)
  }

  /// Adds `value * scale`.
  private func add(_ target: inout Int64, _ value: Int64, _ scale: Int64) throws(DateTimeFault) {
    let (product, overflow) = value.multipliedReportingOverflow(by: scale)
    let (sum, over) = target.addingReportingOverflow(product)
    guard !overflow, !over else { throw .overflow }
    target = sum
  }

  private mutating func addFraction(microseconds fraction: Double, _ scale: Double) throws(DateTimeFault) {
    guard fraction != 0 else { return }
    let scaled = fraction * scale
    var whole = Int64(scaled)
    let rest = scaled - Double(whole)
    if rest > 0.5 { whole += 1 } else if rest < -0.5 { whole -= 1 }
    try add(&microseconds, whole, 1)
  }

  private mutating func addFraction(days fraction: Double, _ scale: Double) throws(DateTimeFault) {
    guard fraction != 0 else { return }
    let scaled = fraction * scale
    let whole = scaled.rounded(.towardZero)
    try add(&days, Int64(whole), 1)
    try addFraction(microseconds: scaled - whole, 86_400_000_000)
  }

  private mutating func addFraction(years fraction: Double, _ scale: Double) throws(DateTimeFault) {
    try add(&months, Int64((fraction * scale * 12).rounded(.toNearestOrEven)), 1)
  }

  private mutating func takeValue(_ text: [UInt8], _ unit: inout DateTimeUnit?) throws(DateTimeFault) -> Used {
    // Without digits before the point the integer part is 0.
    var value: Int64 = 0
    var end = text.first == 45 || text.first == 43 ? 1 : 0
    if end < text.count, isDigitByte(text[end]) {
      guard let (number, next) = leadingInteger(text) else { throw .overflow }
      (value, end) = (number, next)
    }
    let negative = text.first == 45
    var fraction = 0.0
    if end < text.count {
      if text[end] == 45 {
        // years-months
        guard let (other, last) = leadingInteger(text, from: end + 1), last == text.count else { throw .format }
        guard (0..<12).contains(other) else { throw .overflow }
        unit = .month
        let (product, overflow) = value.multipliedReportingOverflow(by: 12)
        guard !overflow else { throw .overflow }
        value = product + (negative ? -other : other)
      } else if text[end] == 46 {
        guard text[(end + 1)...].allSatisfy(isDigitByte),
          let parsed = Double(
            String(decoding: [48] + text[end...] + (end + 1 == text.count ? [48] : []), as: UTF8.self))
        else { throw .format }
        fraction = negative ? -parsed : parsed
      } else {
        throw .format
      }
    }
    return try take(value, fraction, unit ?? .second, &unit)
  }

  private mutating func take(
    _ value: Int64, _ fraction: Double, _ kind: DateTimeUnit, _ unit: inout DateTimeUnit?
  ) throws(DateTimeFault) -> Used {
    switch kind {
    case .microsecond:
      try add(&microseconds, value, 1)
      try addFraction(microseconds: fraction, 1)
      return .microsecond
    case .millisecond:
      try add(&microseconds, value, 1_000)
      try addFraction(microseconds: fraction, 1_000)
      return .millisecond
    case .second:
      try add(&microseconds, value, 1_000_000)
      try addFraction(microseconds: fraction, 1_000_000)
      return fraction == 0 ? .second : .allSeconds
    case .minute:
      try add(&microseconds, value, Microseconds.perMinute)
      try addFraction(microseconds: fraction, 60_000_000)
      return .minute
    case .hour:
      try add(&microseconds, value, Microseconds.perHour)
      try addFraction(microseconds: fraction, 3_600_000_000)
      // A number to the left without a unit is days: '1 2 hours'.
      unit = .day
      return .hour
    case .day:
      try add(&days, value, 1)
      try addFraction(microseconds: fraction, 86_400_000_000)
      return .day
    case .week:
      try add(&days, value, 7)
      try addFraction(days: fraction, 7)
      return .week
    case .month:
      try add(&months, value, 1)
      try addFraction(days: fraction, 30)
      return .month
    case .year: return try takeYears(value, fraction, 1, .year)
    case .decade: return try takeYears(value, fraction, 10, .decade)
    case .century: return try takeYears(value, fraction, 100, .century)
    case .millennium: return try takeYears(value, fraction, 1_000, .millennium)
    default: throw .format
    }
  }

  private mutating func takeYears(
    _ value: Int64, _ fraction: Double, _ scale: Int64, _ used: Used
  ) throws(DateTimeFault) -> Used {
    try add(&months, value, scale * 12)
    try addFraction(years: fraction, Double(scale))
    return used
  }

  /// `P1Y2M3DT4H5M6S`, `P0001-02-03T04:05:06`.
  private mutating func parseISO(_ bytes: UnsafeRawBufferPointer) throws(DateTimeFault) -> Interval {
    let text = bytes.map { $0 &- 97 < 26 ? $0 & 0xDF : $0 }
    guard text.count >= 2, text[0] == 80 else { throw .format }
    var at = 1
    var inTime = false
    var found = false
    while at < text.count {
      if text[at] == 84 {
        guard !inTime else { throw .format }
        inTime = true
        at += 1
        continue
      }
      let start = at
      while at < text.count,
        isDigitByte(text[at]) || text[at] == 46 || ((text[at] == 45 || text[at] == 43) && at == start)
      { at += 1 }
      guard at > start, at < text.count,
        let value = Double(String(decoding: text[start..<at], as: UTF8.self)), abs(value) < 9e15
      else { throw .format }
      let whole = value.rounded(.towardZero)
      let fraction = value - whole
      let unit: DateTimeUnit
      switch (text[at], inTime) {
      case (89, false): unit = .year
      case (77, false): unit = .month
      case (87, false): unit = .week
      case (68, false): unit = .day
      case (72, true): unit = .hour
      case (77, true): unit = .minute
      case (83, true): unit = .second
      case (45, false), (58, true):
        return try parseAlternative(Array(text[start...]), inTime: inTime)
      default: throw .format
      }
      var ignored: DateTimeUnit?
      _ = try take(Int64(whole), fraction, unit, &ignored)
      found = true
      at += 1
    }
    guard found else { throw .format }
    return try result()
  }

  /// The alternative format behind `P` or `T`: `0001-02-03T04:05:06`.
  private mutating func parseAlternative(_ text: [UInt8], inTime: Bool) throws(DateTimeFault) -> Interval {
    var clock = text[...]
    if !inTime {
      let date = text.prefix { $0 != 84 }
      clock = text[date.count...].dropFirst()
      let parts = date.split(separator: 45, omittingEmptySubsequences: false)
      guard parts.count <= 3 else { throw .format }
      for (index, part) in parts.enumerated() {
        guard let (value, end) = leadingInteger(Array(part)), end == part.count else { throw .format }
        if index < 2 { try add(&months, value, index == 0 ? 12 : 1) } else { try add(&days, value, 1) }
      }
    }
    if !clock.isEmpty { try takeClock(Array(clock), negative: false) }
    return try result()
  }
}
