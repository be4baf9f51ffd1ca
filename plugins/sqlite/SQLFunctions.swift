// SQLFunctions owns the functions that Apus adds to SQLite, where SQLite's own give other answers than PostgreSQL.

import ApusPluginKit
import CSQLite

/// sqlite3's SQLITE_TRANSIENT: the bytes are copied before the call returns.
nonisolated(unsafe) let copiedAtOnce = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

enum SQLFunctions {
  /// apus_path(json, key...): what -> gives, as text. apus_path_text(json, key...): what ->> gives.
  /// apus_months(microseconds, months, origin): the start of a bucket of months.
  static func register(on connection: OpaquePointer) throws(PluginError) {
    let flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC
    let codes = [
      sqlite3_create_function_v2(
        connection, "apus_path", -1, flags, nil,
        { context, count, values in readPath(context, count, values, asText: false) }, nil, nil, nil),
      sqlite3_create_function_v2(
        connection, "apus_path_text", -1, flags, nil,
        { context, count, values in readPath(context, count, values, asText: true) }, nil, nil, nil),
      sqlite3_create_function_v2(
        connection, "apus_months", 3, flags, nil,
        { context, count, values in monthBucket(context, count, values) }, nil, nil, nil),
    ]
    if codes.contains(where: { $0 != SQLITE_OK }) { throw .outOfMemory }
  }
}

private func bytes(of value: OpaquePointer?) -> UnsafeRawBufferPointer {
  let start = sqlite3_value_text(value)
  return UnsafeRawBufferPointer(start: start, count: start == nil ? 0 : Int(sqlite3_value_bytes(value)))
}

private func readPath(
  _ context: OpaquePointer?, _ count: Int32, _ values: UnsafeMutablePointer<OpaquePointer?>?, asText: Bool
) {
  guard let values, count >= 1, sqlite3_value_type(values[0]) != SQLITE_NULL else {
    sqlite3_result_null(context)
    return
  }
  let json = bytes(of: values[0])
  let keys = (1..<Int(max(count, 1))).map { bytes(of: values[$0]) }
  guard let range = JSONPath.find(keys, in: json) else {
    sqlite3_result_null(context)
    return
  }
  let value = UnsafeRawBufferPointer(rebasing: json[range])
  if !asText {
    give(value, to: context)
    return
  }
  guard let plain = JSONPath.plainText(value) else {
    sqlite3_result_null(context)
    return
  }
  if !plain.contains(UInt8(ascii: "\\")) || value.first != UInt8(ascii: "\"") {
    give(plain, to: context)
    return
  }
  let out = GrowingBytes()
  do throws(PluginError) {
    try JSONPath.appendUnescaped(plain, to: out)
    withExtendedLifetime(out) { give(out.bytes, to: context) }
  } catch {
    sqlite3_result_error_nomem(context)
  }
}

private func give(_ bytes: UnsafeRawBufferPointer, to context: OpaquePointer?) {
  guard let start = bytes.baseAddress else {
    sqlite3_result_text64(context, "", 0, copiedAtOnce, UInt8(SQLITE_UTF8))
    return
  }
  sqlite3_result_text64(
    context, start.assumingMemoryBound(to: CChar.self), UInt64(bytes.count), copiedAtOnce, UInt8(SQLITE_UTF8))
}

private func monthBucket(
  _ context: OpaquePointer?, _ count: Int32, _ values: UnsafeMutablePointer<OpaquePointer?>?
) {
  guard let values, count == 3, sqlite3_value_type(values[0]) == SQLITE_INTEGER else {
    sqlite3_result_null(context)
    return
  }
  let time = sqlite3_value_int64(values[0])
  let width = sqlite3_value_int64(values[1])
  if time == .max || time == .min || width <= 0 {
    sqlite3_result_int64(context, time)
    return
  }
  let month = Months.number(of: time)
  let origin = Months.number(of: sqlite3_value_int64(values[2]))
  let from = month &- origin
  let bucket = from &- (from % width &+ width) % width &+ origin
  sqlite3_result_int64(context, Months.start(of: bucket))
}

/// Months of the Gregorian calendar, counted from January of year 0.
enum Months {
  static let microsecondsPerDay: Int64 = 86_400_000_000

  private static func floorDivide(_ a: Int64, _ b: Int64) -> Int64 {
    let quotient = a / b
    return a % b < 0 ? quotient &- 1 : quotient
  }

  /// The month in which an instant lies (UTC, microseconds since 1970).
  static func number(of time: Int64) -> Int64 {
    // Days since 0000-03-01, so that leap days end years.
    let day = floorDivide(time, microsecondsPerDay) &+ 719_468
    let era = floorDivide(day, 146_097)
    let dayOfEra = day &- era &* 146_097
    let yearOfEra = (dayOfEra &- dayOfEra / 1460 &+ dayOfEra / 36_524 &- dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra &- (365 &* yearOfEra &+ yearOfEra / 4 &- yearOfEra / 100)
    let fromMarch = (5 &* dayOfYear &+ 2) / 153
    return (era &* 400 &+ yearOfEra) &* 12 &+ fromMarch &+ 2
  }

  /// The first instant of a month.
  static func start(of month: Int64) -> Int64 {
    let fromMarch = month &- 2
    let year = floorDivide(fromMarch, 12)
    let place = fromMarch &- year &* 12
    let era = floorDivide(year, 400)
    let yearOfEra = year &- era &* 400
    let dayOfEra = yearOfEra &* 365 &+ yearOfEra / 4 &- yearOfEra / 100 &+ (153 &* place &+ 2) / 5
    return (era &* 146_097 &+ dayOfEra &- 719_468) &* microsecondsPerDay
  }
}
