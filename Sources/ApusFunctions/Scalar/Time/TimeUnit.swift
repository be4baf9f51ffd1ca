// TimeUnit owns the names of the units that date_trunc, date_part and extract take.

import ApusBase
import ApusColumns

enum TimeUnit: Hashable, Sendable {
  case microsecond, millisecond, second, minute, hour, day, week, month, quarter, year, decade, century, millennium
  case julian, isoYear, weekday, isoWeekday, dayOfYear, epoch, timezone, timezoneHour, timezoneMinute

  /// The fixed length of a unit up to the week, in microseconds.
  var width: Int64? {
    switch self {
    case .microsecond: 1
    case .millisecond: 1_000
    case .second: Microseconds.perSecond
    case .minute: Microseconds.perMinute
    case .hour: Microseconds.perHour
    case .day: Microseconds.perDay
    case .week: 7 * Microseconds.perDay
    default: nil
    }
  }

  private static let names: [(TimeUnit, String)] = [
    (.microsecond, "us usec usecs usecond useconds microsecon"),
    (.millisecond, "ms msec msecs msecond mseconds millisecon"), (.second, "s sec secs second seconds"),
    (.minute, "m min mins minute minutes"), (.hour, "h hr hrs hour hours"), (.day, "d day days"),
    (.week, "w week weeks"), (.month, "mon mons month months"), (.quarter, "qtr quarter"),
    (.year, "y yr yrs year years"), (.decade, "dec decs decade decades"),
    (.century, "c cent century centuries"), (.millennium, "mil mils millennia millennium"),
    (.julian, "j jd julian"), (.isoYear, "isoyear"), (.weekday, "dow"), (.isoWeekday, "isodow"), (.dayOfYear, "doy"),
    (.epoch, "epoch"), (.timezone, "timezone"), (.timezoneHour, "timezone_h"), (.timezoneMinute, "timezone_m"),
  ]
  private static let table: [String: TimeUnit] = {
    var table: [String: TimeUnit] = [:]
    for (unit, words) in names { for word in words.split(separator: " ") { table[String(word)] = unit } }
    return table
  }()

  /// The unit of a word, of which ten letters count; nil for another word.
  static func named(_ text: String) -> TimeUnit? { table[String(text.lowercased().prefix(10))] }

  static func required(_ text: String, _ type: DataType) throws(ApusError) -> TimeUnit {
    guard let unit = named(text) else { throw unknown(text, type) }
    return unit
  }

  static func unknown(_ text: String, _ type: DataType) -> ApusError {
    ApusError(.invalidParameterValue, "unit \"\(text.lowercased())\" not recognized for type \(type.sqlName)")
  }
  static func unsupported(_ text: String, _ type: DataType, detail: String? = nil) -> ApusError {
    ApusError(
      .featureNotSupported, "unit \"\(text.lowercased())\" not supported for type \(type.sqlName)", detail: detail)
  }
}
