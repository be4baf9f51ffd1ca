// TimeZoneFunctions owns timezone(), which AT TIME ZONE calls, and how zones are named in SQL.

import ApusBase
import ApusColumns

enum TimeZoneFunctions {
  /// An abbreviation, an IANA name or a POSIX rule; 22023 for another text.
  static func zone(_ text: String) throws(ApusError) -> TimeZone {
    if let zone = TimeZone.abbreviated(text) { return zone }
    return try TimeZone.required(text)
  }

  private static func zone(_ interval: Interval) throws(ApusError) -> TimeZone {
    guard interval.months == 0, interval.days == 0 else {
      throw ApusError(
        .invalidParameterValue, "interval time zone \"\(interval.text)\" must not include months or days")
    }
    guard let seconds = Int32(exactly: interval.microseconds / 1_000_000) else { throw TimeErrors.intervalRange }
    return .fixed(secondsEast: Int(seconds))
  }

  static var all: [ScalarFunction] {
    var list: [ScalarFunction] = []
    for kind in [DataType.text, .interval] {
      list.append(function(kind, .timestamptz, .timestamp) { zone in { zone.run(at: $0) } })
      list.append(
        function(kind, .timestamp, .timestamptz) { zone in
          { local in
            let run = zone.run(atLocal: local)
            return (run.start, run.end, -run.offset)
          }
        })
    }
    return list
  }

  private static func function(
    _ kind: DataType, _ source: DataType, _ target: DataType,
    _ run: @escaping @Sendable (TimeZone) -> (Int64) -> (start: Int64, end: Int64, offset: Int64)
  ) -> ScalarFunction {
    ScalarFunction("timezone", parameters: [.exact(kind), .exact(source)], result: .exact(target)) {
      (arguments, count, _) throws(ApusError) -> Vector in
      guard count > 0, arguments.count == 2 else { return .nulls(type: target, count: count) }
      func zone(_ row: Int) throws(ApusError) -> TimeZone? {
        switch arguments[0].value(at: row) {
        case .text(let name): try Self.zone(name)
        case .interval(let interval): try Self.zone(interval)
        default: nil
        }
      }
      if arguments[0].isConstant {
        do throws(ApusError) {
          guard let zone = try zone(0) else { return .nulls(type: target, count: count) }
          return try TimeRanges.shift(arguments[1], type: target, run(zone))
        } catch {
          // Infinite times are the same in any zone, even in none.
          for row in 0..<count {
            if case .int(let value) = arguments[1].value(at: row), TimestampRange.isFinite(value) { throw error }
          }
          return arguments[1].reinterpreted(as: target)
        }
      }
      var builder = VectorBuilder(type: target, capacity: count)
      for row in 0..<count {
        guard !arguments[0].isNull(row), case .int(let value) = arguments[1].value(at: row) else {
          builder.appendNull()
          continue
        }
        guard TimestampRange.isFinite(value), let zone = try zone(row) else {
          builder.append(.int(value))
          continue
        }
        let one = Vector.of([arguments[1].value(at: row)], type: source)
        builder.append(try TimeRanges.shift(one, type: target, run(zone)).value(at: 0))
      }
      return builder.finish()
    }
  }
}
