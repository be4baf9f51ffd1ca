// DateFields owns extract and date_part.

import ApusBase
import ApusColumns

/// A field's value before it becomes numeric or float8: `units` of 10^-`scale`, a special or null.
enum FieldValue {
  case number(Int128, scale: Int)
  case infinity(negative: Bool)
  case null

  static func integer(_ value: Int64) -> FieldValue { .number(Int128(value), scale: 0) }

  var numeric: Value {
    switch self {
    case .number(let units, let scale): .numeric(Numeric(units, scale: scale))
    case .infinity(let negative): .numeric(negative ? .negativeInfinity : .infinity)
    case .null: .null
    }
  }
  private static func double(_ units: Int128, _ scale: Int) -> Double {
    if scale == 0 { return Double(units) }
    if scale <= 6 { return Double(units) / (scale == 3 ? 1e3 : 1e6) }
    // More digits than a double has: the whole apart.
    var power: Int128 = 1
    for _ in 0..<scale { power *= 10 }
    return Double(units / power) + Double(units % power) / Double(power)
  }
  var float: Value {
    switch self {
    case .number(let units, let scale):
      .float(Self.double(units, scale))
    case .infinity(let negative): .float(negative ? -.infinity : .infinity)
    case .null: .null
    }
  }
}

enum DateFieldFunctions {
  static var all: [ScalarFunction] {
    var list: [ScalarFunction] = []
    for type in [DataType.timestamptz, .timestamp, .date, .time, .interval] {
      let volatility: Volatility = type == .timestamptz ? .stable : .immutable
      list.append(function("extract", type, .numeric, volatility))
      list.append(function("date_part", type, .float8, volatility))
    }
    return list
  }

  private static func function(
    _ name: String, _ type: DataType, _ result: DataType, _ volatility: Volatility
  ) -> ScalarFunction {
    ScalarFunction(
      name, parameters: [.exact(.text), .exact(type)], result: .exact(result), volatility: volatility
    ) { (arguments, count, context) throws(ApusError) -> Vector in
      guard count > 0, arguments.count == 2 else { return .nulls(type: result, count: count) }
      let zone = context.zone
      // date_part of a date is that of its midnight.
      let isPart = result == .float8
      let seen = isPart && type == .date ? DataType.timestamp : type
      if type == .timestamptz || type == .timestamp, case .int64(let buffer) = arguments[1].storage,
        arguments[0].isConstant, case .text(let text) = arguments[0].value(at: 0)
      {
        let unit = try TimeUnit.required(text, type)
        return try withExtendedLifetime(buffer) { () throws(ApusError) -> Vector in
          try timestamps(
            buffer.read(Int64.self), arguments[1], unit, text, type == .timestamptz ? zone : nil, result)
        }
      }
      var builder = VectorBuilder(type: result, capacity: count)
      var known: (text: String, unit: TimeUnit)?
      for row in 0..<count {
        guard case .text(let text) = arguments[0].value(at: row) else {
          builder.appendNull()
          continue
        }
        let value = arguments[1].value(at: row)
        guard !value.isNull else {
          builder.appendNull()
          continue
        }
        let unit: TimeUnit
        if let known, known.text == text {
          unit = known.unit
        } else {
          unit = try TimeUnit.required(text, seen)
          known = (text, unit)
        }
        let field = try field(unit, text, value, type: type, seen: seen, zone: zone)
        builder.append(isPart ? field.float : field.numeric)
      }
      return builder.finish()
    }
  }

  /// Fields that hold for a minute, an hour or a day are computed once in each that the column runs through.
  private static func timestamps(
    _ values: UnsafePointer<Int64>, _ vector: Vector, _ unit: TimeUnit, _ text: String, _ zone: TimeZone?,
    _ result: DataType
  ) throws(ApusError) -> Vector {
    let span: TimeUnit? =
      switch unit {
      case .minute, .hour: unit
      case .day, .week, .month, .quarter, .year, .decade, .century, .millennium, .isoYear, .weekday, .isoWeekday,
        .dayOfYear:
        .day
      default: nil
      }
    var builder = VectorBuilder(type: result, capacity: vector.count)
    var range = TimeRange(only: 0, 0)
    var known = Value.null
    var encoded: [UInt8] = []
    for row in 0..<vector.count {
      if vector.isNull(row) {
        builder.appendNull()
        continue
      }
      let value = values[row]
      if value < range.start || value >= range.end {
        let type: DataType = zone == nil ? .timestamp : .timestamptz
        let field = try of(timestamp: value, unit, text, type, zone)
        known = result == .float8 ? field.float : field.numeric
        if case .numeric(let number) = known { encoded = number.encoded } else { encoded = [] }
        range = TimeRange(only: value, 0)
        if let span, TimestampRange.isFinite(value) {
          let run = zone?.run(at: value) ?? (start: Int64.min, end: Int64.max, offset: 0)
          let width = span.width ?? 1
          let first = floorDivide(value &+ run.offset, width) &* width
          range.start = max(run.start, saturated(first, run.offset))
          range.end = min(run.end, saturated(first &+ width, run.offset))
        }
      }
      if encoded.isEmpty { builder.append(known) } else { builder.append(bytes: encoded) }
    }
    return builder.finish()
  }

  private static func field(
    _ unit: TimeUnit, _ text: String, _ value: Value, type: DataType, seen: DataType, zone: TimeZone
  ) throws(ApusError) -> FieldValue {
    switch value {
    case .interval(let interval): return try of(interval, unit, text)
    case .int(let number):
      switch type {
      case .time: return try of(time: number, unit, text)
      case .date:
        if seen == .timestamp { return try of(timestamp: try DateValues.timestamp(number), unit, text, seen, nil) }
        return try of(date: number, unit, text)
      case .timestamptz: return try of(timestamp: number, unit, text, type, zone)
      default: return try of(timestamp: number, unit, text, type, nil)
      }
    default: return .null
    }
  }

  /// Fields that only grow are infinite for infinity; others are null.
  private static func infinite(_ unit: TimeUnit, negative: Bool) -> FieldValue {
    switch unit {
    case .year, .decade, .century, .millennium, .julian, .isoYear, .epoch: return .infinity(negative: negative)
    default: return .null
    }
  }

  private static func of(
    timestamp value: Int64, _ unit: TimeUnit, _ text: String, _ type: DataType, _ zone: TimeZone?
  ) throws(ApusError) -> FieldValue {
    guard TimestampRange.isFinite(value) else {
      return infinite(unit, negative: value == TimestampRange.negativeInfinity)
    }
    if unit == .epoch { return .number(Int128(value) + Int128(postgresEpochUnixMicroseconds), scale: 6) }
    let offset = zone?.offset(at: value) ?? 0
    switch unit {
    case .timezone, .timezoneHour, .timezoneMinute:
      guard zone != nil else { throw TimeUnit.unsupported(text, type) }
      let seconds = offset / Microseconds.perSecond
      if unit == .timezone { return .integer(seconds) }
      return .integer(unit == .timezoneHour ? seconds / 3_600 : seconds % 3_600 / 60)
    default: break
    }
    let local = value &+ offset
    let civil = CivilTime(local)
    let days = floorDivide(local, Microseconds.perDay)
    if unit == .julian {
      let rest = local &- days &* Microseconds.perDay
      return julian(days, rest)
    }
    if let clock = clock(unit, civil.microsecondsOfDay) { return clock }
    return calendar(unit, civil.year, civil.month, civil.day, days)
  }

  private static func julian(_ days: Int64, _ microseconds: Int64) -> FieldValue {
    let whole = Int128(days + CivilDate.julianOfEpoch)
    // The scale of a quotient of zero.
    if microseconds == 0 { return .number(whole * 10_000_000_000_000_000_000_000_000_000, scale: 28) }
    // numeric division gives twenty digits here.
    let scale: Int128 = 100_000_000_000_000_000_000
    let numerator = Int128(microseconds) * scale
    let fraction = (numerator + Int128(Microseconds.perDay) / 2) / Int128(Microseconds.perDay)
    return .number(whole * scale + fraction, scale: 20)
  }

  private static func clock(_ unit: TimeUnit, _ microseconds: Int64) -> FieldValue? {
    let seconds = microseconds % Microseconds.perMinute
    switch unit {
    case .microsecond: return .integer(seconds)
    case .millisecond: return .number(Int128(seconds), scale: 3)
    case .second: return .number(Int128(seconds), scale: 6)
    case .minute: return .integer(microseconds / Microseconds.perMinute % 60)
    case .hour: return .integer(microseconds / Microseconds.perHour)
    default: return nil
    }
  }

  private static func calendar(
    _ unit: TimeUnit, _ year: Int64, _ month: Int64, _ day: Int64, _ days: Int64
  ) -> FieldValue {
    switch unit {
    case .day: return .integer(day)
    case .month: return .integer(month)
    case .quarter: return .integer((month - 1) / 3 + 1)
    case .week: return .integer(CivilDate.isoWeek(days: days).week)
    case .year: return .integer(year > 0 ? year : year - 1)
    case .decade: return .integer(floorDivide(year, 10))
    case .century: return .integer(year > 0 ? (year + 99) / 100 : -((99 - (year - 1)) / 100))
    case .millennium: return .integer(year > 0 ? (year + 999) / 1_000 : -((999 - (year - 1)) / 1_000))
    case .isoYear:
      let isoYear = CivilDate.isoWeek(days: days).year
      return .integer(isoYear > 0 ? isoYear : isoYear - 1)
    case .weekday: return .integer(CivilDate.weekday(days: days))
    case .isoWeekday:
      let weekday = CivilDate.weekday(days: days)
      return .integer(weekday == 0 ? 7 : weekday)
    case .dayOfYear: return .integer(CivilDate.dayOfYear(days: days))
    default: return .null
    }
  }

  private static func of(date days: Int64, _ unit: TimeUnit, _ text: String) throws(ApusError) -> FieldValue {
    switch unit {
    case .microsecond, .millisecond, .second, .minute, .hour, .timezone, .timezoneHour, .timezoneMinute:
      throw TimeUnit.unsupported(text, .date)
    default: break
    }
    guard DateValues.isFinite(days) else {
      return infinite(unit, negative: days == Int64(CivilDate.negativeInfinity))
    }
    if unit == .julian { return .integer(days + CivilDate.julianOfEpoch) }
    if unit == .epoch { return .integer((days + CivilDate.epochDays) * 86_400) }
    let civil = CivilDate.civil(days: days)
    return calendar(unit, civil.year, civil.month, civil.day, days)
  }

  private static func of(time: Int64, _ unit: TimeUnit, _ text: String) throws(ApusError) -> FieldValue {
    if unit == .epoch { return .number(Int128(time), scale: 6) }
    guard let field = clock(unit, time) else { throw TimeUnit.unsupported(text, .time) }
    return field
  }

  private static func of(_ interval: Interval, _ unit: TimeUnit, _ text: String) throws(ApusError) -> FieldValue {
    let months = Int64(interval.months)
    let micros = interval.microseconds
    switch unit {
    case .microsecond, .millisecond, .second, .minute, .hour: return clock(unit, micros) ?? .null
    case .day: return .integer(Int64(interval.days))
    case .month: return .integer(months % 12)
    case .quarter: return .integer(months % 12 / 3 + 1)
    case .year: return .integer(months / 12)
    case .decade: return .integer(months / 120)
    case .century: return .integer(months / 1_200)
    case .millennium: return .integer(months / 12_000)
    case .epoch:
      // Years of 365.25 days, months of 30.
      let days = Int128(months / 12) * 1_461 * 6 + Int128(months % 12) * 30 * 24 + Int128(interval.days) * 24
      return .number(days * 3_600_000_000 + Int128(micros), scale: 6)
    default: throw TimeUnit.unsupported(text, .interval)
    }
  }
}
