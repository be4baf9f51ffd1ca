// Arithmetic of dates, times, timestamps and intervals.

import ApusBase
import ApusColumns

enum TimeOperators {
  static var all: [ScalarFunction] { dates + timestamps + times + intervals }

  static let dateOutOfRange = ApusError(.datetimeFieldOverflow, "date out of range")

  static func date(_ days: Int32, plus count: Int32) throws(ApusError) -> Int32 {
    if days == .max || days == .min { return days }
    let (sum, overflow) = days.addingReportingOverflow(count)
    guard !overflow, sum != .max, sum != .min, TimestampRange.contains(TimeConversion.timestamp(date: 0)),
      sum > -2_451_546, sum < 2_145_031_949
    else { throw dateOutOfRange }
    return sum
  }

  /// A day as a timestamp; 22008 for days that timestamps do not reach.
  static func midnight(_ days: Int32) throws(ApusError) -> Int64 {
    let value = TimeConversion.timestamp(date: days)
    guard !TimestampRange.isFinite(value) || TimestampRange.contains(value) else {
      throw ApusError(.datetimeFieldOverflow, "date out of range for timestamp")
    }
    return value
  }

  private static var dates: [ScalarFunction] {
    [
      .infix("+", .date, .int4, .date, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipFixedChecked(arguments, Int32.self, Int32.self, count, .date) { (a, b) throws(ApusError) -> Int32 in
          try date(a, plus: b)
        }
      },
      .infix("+", .int4, .date, .date, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipFixedChecked(arguments, Int32.self, Int32.self, count, .date) { (a, b) throws(ApusError) -> Int32 in
          try date(b, plus: a)
        }
      },
      .infix("-", .date, .int4, .date, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipFixedChecked(arguments, Int32.self, Int32.self, count, .date) { (a, b) throws(ApusError) -> Int32 in
          if a == .max || a == .min { return a }
          guard b != .min else { throw dateOutOfRange }
          return try date(a, plus: -b)
        }
      },
      .infix("-", .date, .date, .int4, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipFixedChecked(arguments, Int32.self, Int32.self, count, .int4) { (a, b) throws(ApusError) -> Int32 in
          guard a != .max, a != .min, b != .max, b != .min else {
            throw ApusError(.datetimeFieldOverflow, "cannot subtract infinite dates")
          }
          let (days, overflow) = a.subtractingReportingOverflow(b)
          if overflow { throw dateOutOfRange }
          return days
        }
      },
      dateAndTime(.date, .time) { (date, time) in (date, time) },
      dateAndTime(.time, .date) { (time, date) in (date, time) },
    ]
      + shifting(.date, Int32.self, result: .timestamp) { (value, interval, _) throws(ApusError) -> Int64 in
        try TimestampArithmetic.adding(interval, to: try midnight(value))
      }
  }

  private static func dateAndTime(
    _ left: DataType, _ right: DataType, _ order: @escaping @Sendable (Value, Value) -> (Value, Value)
  ) -> ScalarFunction {
    .infix("+", left, right, .timestamp, mayFail: true) { (arguments, count, _) throws(ApusError) in
      try mapValues(arguments, count, .timestamp) { (values) throws(ApusError) in
        guard case (.int(let days), .int(let time)) = order(values[0], values[1]) else { return .null }
        let day = try midnight(Int32(truncatingIfNeeded: days))
        return .int(TimestampRange.isFinite(day) ? try TimestampArithmetic.checked(day &+ time) : day)
      }
    }
  }

  /// value + interval, interval + value and value - interval.
  private static func shifting<T: BitwiseCopyable & Sendable>(
    _ type: DataType, _: T.Type, result: DataType, stable: Bool = false,
    _ add: @escaping @Sendable (T, Interval, TimeZone) throws(ApusError) -> Int64
  ) -> [ScalarFunction] {
    let volatility: Volatility = stable ? .stable : .immutable
    return [
      .infix("+", type, .interval, result, mayFail: true, volatility: volatility) {
        (arguments, count, context) throws(ApusError) in
        let zone = context.zone
        return try zipFixedChecked(arguments, T.self, Interval.self, count, result) {
          (a, b) throws(ApusError) -> Int64 in try add(a, b, zone)
        }
      },
      .infix("+", .interval, type, result, mayFail: true, volatility: volatility) {
        (arguments, count, context) throws(ApusError) in
        let zone = context.zone
        return try zipFixedChecked(arguments, Interval.self, T.self, count, result) {
          (a, b) throws(ApusError) -> Int64 in try add(b, a, zone)
        }
      },
      .infix("-", type, .interval, result, mayFail: true, volatility: volatility) {
        (arguments, count, context) throws(ApusError) in
        let zone = context.zone
        return try zipFixedChecked(arguments, T.self, Interval.self, count, result) {
          (a, b) throws(ApusError) -> Int64 in try add(a, try b.negated(), zone)
        }
      },
    ]
  }

  private static var timestamps: [ScalarFunction] {
    let local = shifting(.timestamp, Int64.self, result: .timestamp) {
      (value, interval, _) throws(ApusError) -> Int64 in
      try TimestampArithmetic.adding(interval, to: value)
    }
    let zoned = shifting(.timestamptz, Int64.self, result: .timestamptz, stable: true) {
      (value, interval, zone) throws(ApusError) -> Int64 in
      try TimestampArithmetic.adding(interval, to: value, zone: zone)
    }
    let differences = [DataType.timestamp, .timestamptz].map { type in
      ScalarFunction.infix("-", type, type, .interval, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipFixedChecked(arguments, Int64.self, Int64.self, count, .interval) {
          (a, b) throws(ApusError) -> Interval in try TimestampArithmetic.difference(a, b)
        }
      }
    }
    return local + zoned + differences
  }

  /// A time of day moved by an interval's time, around midnight.
  private static func wrapped(_ time: Int64, _ microseconds: Int64) -> Int64 {
    let moved = time &+ microseconds % Microseconds.perDay
    return moved &- floorDivide(moved, Microseconds.perDay) &* Microseconds.perDay
  }

  private static var times: [ScalarFunction] {
    shifting(.time, Int64.self, result: .time) { (value, interval, _) in wrapped(value, interval.microseconds) } + [
      .infix("-", .time, .time, .interval) { arguments, count, _ in
        zipFixed(arguments, Int64.self, Int64.self, count, .interval) { (a: Int64, b: Int64) in
          Interval(microseconds: a &- b)
        }
      }
    ]
  }

  private static var intervals: [ScalarFunction] {
    [
      .infix("+", .interval, .interval, .interval, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipFixedChecked(arguments, Interval.self, Interval.self, count, .interval) {
          (a, b) throws(ApusError) -> Interval in try a.adding(b)
        }
      },
      .infix("-", .interval, .interval, .interval, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipFixedChecked(arguments, Interval.self, Interval.self, count, .interval) {
          (a, b) throws(ApusError) -> Interval in try a.subtracting(b)
        }
      },
      .prefix("-", .interval, .interval, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try mapFixedChecked(arguments[0], Interval.self, count, .interval) { (a) throws(ApusError) -> Interval in
          try a.negated()
        }
      },
      .infix("*", .interval, .float8, .interval, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipFixedChecked(arguments, Interval.self, Double.self, count, .interval) {
          (a, b) throws(ApusError) -> Interval in try a.multiplied(by: b)
        }
      },
      .infix("*", .float8, .interval, .interval, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipFixedChecked(arguments, Double.self, Interval.self, count, .interval) {
          (a, b) throws(ApusError) -> Interval in try b.multiplied(by: a)
        }
      },
      .infix("/", .interval, .float8, .interval, mayFail: true) { (arguments, count, _) throws(ApusError) in
        try zipFixedChecked(arguments, Interval.self, Double.self, count, .interval) {
          (a, b) throws(ApusError) -> Interval in try a.divided(by: b)
        }
      },
    ]
  }
}
