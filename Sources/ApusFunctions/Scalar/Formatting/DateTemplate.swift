// DateTemplate owns the template patterns of to_char, to_date and to_timestamp: what PostgreSQL's formatting.c reads.

import ApusBase
import ApusColumns
private import Synchronization

/// What a pattern stands for. The raw value is the pattern in upper case.
enum DateField: String, Sendable {
  case am = "AM", pm = "PM", dottedAM = "A.M.", dottedPM = "P.M.", ad = "AD", bc = "BC", dottedAD = "A.D."
  case dottedBC = "B.C.", century = "CC", day = "DAY", shortDay = "DY", dayOfYear = "DDD", dayOfMonth = "DD"
  case weekday = "D", fraction1 = "FF1", fraction2 = "FF2", fraction3 = "FF3", fraction4 = "FF4", fraction5 = "FF5"
  case fraction6 = "FF6", hour24 = "HH24", hour12 = "HH12", hour = "HH", isoDayOfYear = "IDDD", isoWeekday = "ID"
  case isoWeek = "IW", isoYear = "IYYY", isoYear3 = "IYY", isoYear2 = "IY", isoYear1 = "I", julian = "J"
  case minute = "MI", month = "MM", monthName = "MONTH", shortMonth = "MON", millisecond = "MS", offset = "OF"
  case quarter = "Q", roman = "RM", secondsOfDay = "SSSS", secondsOfDay5 = "SSSSS", second = "SS", zoneHour = "TZH"
  case zoneMinute = "TZM", zone = "TZ", microsecond = "US", weekOfYear = "WW", weekOfMonth = "W", year = "YYYY"
  case yearWithComma = "Y,YYY", year3 = "YYY", year2 = "YY", year1 = "Y"

  var isNumber: Bool {
    switch self {
    case .am, .pm, .dottedAM, .dottedPM, .ad, .bc, .dottedAD, .dottedBC, .day, .shortDay, .monthName, .shortMonth,
      .offset, .roman, .zone:
      false
    default: true
    }
  }
}

enum LetterCase: Sendable { case upper, capitalised, lower }

struct DateNode: Sendable {
  enum Kind: Sendable { case literal([UInt8]), field(DateField, LetterCase) }
  var kind: Kind
  /// FM or TM: no padding.
  var isFilled = false
  /// TH or th.
  var ordinal: LetterCase?
}

struct DateTemplate: Sendable {
  let nodes: [DateNode]
  let isExact: Bool

  private static let cache = Mutex<[String: DateTemplate]>([:])

  static func named(_ text: String) -> DateTemplate {
    if let known = cache.withLock({ $0[text] }) { return known }
    let made = DateTemplate(text)
    cache.withLock { cache in
      if cache.count > 256 { cache = [:] }
      cache[text] = made
    }
    return made
  }

  /// Patterns, longest first.
  private static let words: [(bytes: [UInt8], field: DateField, letters: LetterCase)] = {
    let all: [DateField] = [
      .am, .pm, .dottedAM, .dottedPM, .ad, .bc, .dottedAD, .dottedBC, .century, .day, .shortDay, .dayOfYear,
      .dayOfMonth, .weekday, .fraction1, .fraction2, .fraction3, .fraction4, .fraction5, .fraction6, .hour24, .hour12,
      .hour, .isoDayOfYear, .isoWeekday, .isoWeek, .isoYear, .isoYear3, .isoYear2, .isoYear1, .julian, .minute, .month,
      .monthName, .shortMonth, .millisecond, .offset, .quarter, .roman, .secondsOfDay, .secondsOfDay5, .second,
      .zoneHour, .zoneMinute, .zone, .microsecond, .weekOfYear, .weekOfMonth, .year, .yearWithComma, .year3, .year2,
      .year1,
    ]
    var list: [(bytes: [UInt8], field: DateField, letters: LetterCase)] = []
    for field in all {
      let word = field.rawValue
      list.append((Array(word.utf8), field, .upper))
      list.append((Array(word.lowercased().utf8), field, .lower))
      switch field {
      case .day, .shortDay, .monthName, .shortMonth:
        list.append((Array((word.prefix(1) + word.dropFirst().lowercased()).utf8), field, .capitalised))
      default: continue
      }
    }
    return list.sorted { $0.bytes.count > $1.bytes.count }
  }()

  private init(_ text: String) {
    let bytes = Array(text.utf8)
    var nodes: [DateNode] = []
    var at = 0
    var exact = false
    func has(_ word: String) -> Bool { bytes[at...].starts(with: word.utf8) }
    func literal(_ byte: UInt8) {
      // Each byte of a literal is a node: reading goes by them.
      nodes.append(DateNode(kind: .literal([byte])))
    }
    while at < bytes.count {
      var isFilled = false
      if has("FM") || has("fm") || has("TM") || has("tm") {
        isFilled = true
        at += 2
      } else if has("FX") || has("fx") {
        exact = true
        at += 2
      }
      guard at < bytes.count else { break }
      if let word = Self.words.first(where: { bytes[at...].starts(with: $0.bytes) }) {
        at += word.bytes.count
        var node = DateNode(kind: .field(word.field, word.letters), isFilled: isFilled)
        if has("TH") { node.ordinal = .upper } else if has("th") { node.ordinal = .lower }
        if node.ordinal != nil || has("SP") || has("sp") { at += 2 }
        nodes.append(node)
        continue
      }
      if bytes[at] == 34 {
        at += 1
        while at < bytes.count, bytes[at] != 34 {
          if bytes[at] == 92, at + 1 < bytes.count { at += 1 }
          literal(bytes[at])
          at += 1
        }
        at += 1
      } else {
        if bytes[at] == 92, at + 1 < bytes.count, bytes[at + 1] == 34 { at += 1 }
        literal(bytes[at])
        at += 1
      }
    }
    self.nodes = nodes
    isExact = exact
  }
}

enum CalendarNames {
  static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
  ]
  static let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
  static let romanMonths = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]

  static func ordinal(_ digits: [UInt8], _ letters: LetterCase) -> [UInt8] {
    let last = digits.last ?? 48
    let isTeen = digits.count > 1 && digits[digits.count - 2] == 49
    let suffix = isTeen ? "th" : last == 49 ? "st" : last == 50 ? "nd" : last == 51 ? "rd" : "th"
    return Array((letters == .upper ? suffix.uppercased() : suffix).utf8)
  }
}
