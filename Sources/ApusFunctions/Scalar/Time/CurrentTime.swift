// CurrentTime owns the functions that tell the time.

import ApusBase
import ApusColumns

enum CurrentTimeFunctions {
  static var all: [ScalarFunction] {
    [
      clock("now") { $0.transactionTime }, clock("transaction_timestamp") { $0.transactionTime },
      clock("statement_timestamp") { $0.statementTime },
      .rows("clock_timestamp", [], .timestamptz, volatility: .volatile, mayFail: false) {
        (_, _) throws(ApusError) -> Value in .int(instant())
      },
      .rows("timeofday", [], .text, volatility: .volatile, mayFail: false) { (_, context) throws(ApusError) -> Value in
        let now = instant()
        let zone = context.zone
        let local = CivilTime(zone.local(now))
        let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func padded(_ value: Int64, _ width: Int = 2) -> String {
          let text = String(value)
          return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
        }
        let clock = "\(padded(local.hour)):\(padded(local.minute)):\(padded(local.second))"
        return .text(
          "\(weekdays[Int(CivilDate.weekday(days: local.days))]) \(months[Int(local.month - 1)]) \(padded(local.day)) "
            + "\(clock).\(padded(local.microsecond, 6)) \(local.year) \(zone.span(at: now).abbreviation)")
      },
    ]
  }

  private static func clock(
    _ name: String, _ time: @escaping @Sendable (EvaluationContext) -> Int64
  ) -> ScalarFunction {
    ScalarFunction(name, parameters: [], result: .exact(.timestamptz), volatility: .stable, mayFail: false) {
      (_, count, context) throws(ApusError) -> Vector in
      .constant(.int(time(context)), type: .timestamptz, count: count)
    }
  }
}

/// The machine's clock.
private func instant() -> PostgresMicroseconds { SystemClock().now() - postgresEpochUnixMicroseconds }
