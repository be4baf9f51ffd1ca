// DateTimeWords owns the words that dates, times and intervals may hold: months, days, units, zone abbreviations.

/// What a word means in a date or time.
enum DateTimeWord: Hashable {
  case month(Int64)
  case weekday(Int64)
  case meridiem(isAfternoon: Bool)
  case era(isBC: Bool)
  /// Minutes east of UTC.
  case zone(minutes: Int64)
  case ignored
  case isoTime
  case unit(DateTimeUnit)
  case now, today, tomorrow, yesterday, allballs, epoch, infinity, negativeInfinity
  case ago

  static func find(_ word: String) -> DateTimeWord? {
    // PostgreSQL compares the first ten letters.
    let key = String(word.prefix(10))
    if let zone = zones[word] { return .zone(minutes: zone) }
    return words[key]
  }

  /// Words that are not zone abbreviations.
  static func core(_ word: String) -> DateTimeWord? { words[String(word.prefix(10))] }

  private static let words: [String: DateTimeWord] = {
    var table: [String: DateTimeWord] = [
      "am": .meridiem(isAfternoon: false), "pm": .meridiem(isAfternoon: true), "ad": .era(isBC: false),
      "bc": .era(isBC: true), "at": .ignored, "on": .ignored, "t": .isoTime, "now": .now, "today": .today,
      "tomorrow": .tomorrow, "yesterday": .yesterday, "allballs": .allballs, "epoch": .epoch, "infinity": .infinity,
      "-infinity": .negativeInfinity, "+infinity": .infinity, "d": .unit(.day), "h": .unit(.hour), "m": .unit(.month),
      "y": .unit(.year), "s": .unit(.second), "mm": .unit(.minute), "j": .unit(.julian), "jd": .unit(.julian),
      "julian": .unit(.julian),
    ]
    let months = [
      "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
      "december",
    ]
    for (index, name) in months.enumerated() {
      table[name] = .month(Int64(index) + 1)
      table[String(name.prefix(3))] = .month(Int64(index) + 1)
    }
    table["sept"] = .month(9)
    for (index, name) in ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"].enumerated() {
      table[name] = .weekday(Int64(index))
      table[String(name.prefix(3))] = .weekday(Int64(index))
    }
    for (name, day) in [("tues", 2), ("weds", 3), ("wednes", 3), ("thur", 4), ("thurs", 4)] {
      table[name] = .weekday(Int64(day))
    }
    return table
  }()

  /// The abbreviations of PostgreSQL's Default set that have one meaning, in minutes.
  private static let zones: [String: Int64] = [
    "z": 0, "zulu": 0, "utc": 0, "uct": 0, "gmt": 0, "ut": 0, "wet": 0, "west": 60, "west2": 60, "bst": 60,
    "cet": 60, "cest": 120, "met": 60, "mest": 120, "mez": 60, "mesz": 120, "eet": 120, "eest": 180, "eetdst": 180,
    "metdst": 120, "wetdst": 60, "cetdst": 120, "msk": 180, "msd": 240, "sast": 120, "cat": 120, "eat": 180,
    "ist": 120, "idt": 180, "est": -300, "edt": -240, "cst": -360, "cdt": -300, "mst": -420, "mdt": -360,
    "pst": -480, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600, "ast": -240, "adt": -180, "nst": -210,
    "ndt": -150, "nft": -210, "jst": 540, "kst": 540, "hkt": 480, "pht": 480, "sgt": 480, "aest": 600, "aedt": 660,
    "acst": 570, "acdt": 630, "awst": 480, "awsst": 540, "nzst": 720, "nzdt": 780, "nzt": 720, "sst": -660,
    "chst": 600, "gst": 600, "cct": 480, "wib": 420, "brt": -180, "brst": -120, "art": -180,
    "clt": -240, "clst": -180, "uyt": -180, "pkt": 300, "npt": 345, "lkt": 330,
    "mmt": 390, "ict": 420, "pgt": 600, "fjt": 720, "egst": 0, "egt": -60, "wgt": -180, "wgst": -120,
  ]
}

enum DateTimeUnit: Hashable {
  case microsecond, millisecond, second, minute, hour, day, week, month, quarter, year, decade, century, millennium
  case julian, timezone
}

/// Units in intervals.
enum IntervalWord: Hashable {
  case unit(DateTimeUnit)
  case ago
  case ignored

  static func find(_ word: String) -> IntervalWord? { words[String(word.prefix(10))] }

  private static let words: [String: IntervalWord] = {
    var table: [String: IntervalWord] = ["ago": .ago, "@": .ignored]
    let units: [(DateTimeUnit, [String])] = [
      (.microsecond, ["us", "usec", "usecs", "usecond", "useconds", "microsecon"]),
      (.millisecond, ["ms", "msec", "msecs", "msecond", "mseconds", "millisecon"]),
      (.second, ["s", "sec", "secs", "second", "seconds"]), (.minute, ["m", "min", "mins", "minute", "minutes"]),
      (.hour, ["h", "hr", "hrs", "hour", "hours"]), (.day, ["d", "day", "days"]), (.week, ["w", "week", "weeks"]),
      (.month, ["mon", "mons", "month", "months"]), (.quarter, ["qtr", "quarter"]),
      (.year, ["y", "yr", "yrs", "year", "years"]), (.decade, ["dec", "decs", "decade", "decades"]),
      (.century, ["c", "cent", "century", "centuries"]), (.millennium, ["mil", "mils", "millennia", "millennium"]),
      (.timezone, ["timezone"]),
    ]
    for (unit, names) in units { for name in names { table[name] = .unit(unit) } }
    return table
  }()
}

extension TimeZone {
  /// The fixed zone of an abbreviation that PostgreSQL knows (`EST`, `CEST`, `utc`), or nil.
  public static func abbreviated(_ word: String) -> TimeZone? {
    let key = word.lowercased()
    if key == "utc" { return .utc }
    guard case .zone(let minutes)? = DateTimeWord.find(key) else { return nil }
    return .fixed(secondsEast: Int(minutes) * 60, name: word)
  }
}
