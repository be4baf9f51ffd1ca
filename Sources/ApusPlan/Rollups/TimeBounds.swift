// TimeBounds owns what a condition on the bucket of a time says of the time itself, so that scans can skip by it.

import ApusColumns
import ApusFunctions

extension Rules {
  /// Comparisons of a column with constants that hold wherever the condition on its bucket does.
  func timeBounds(of condition: Expression) -> [Expression] {
    switch condition {
    case .call(let function, let arguments, .bool):
      guard function.kind == .operator, arguments.count == 2, case .literal(.int(let value), let type) = arguments[1],
        type == arguments[0].type, let bucket = TimeBucket(arguments[0], context: context), case .column = bucket.time
      else { return [] }
      return bounds(bucket, function.name, value)
    case .inList(let operand, let values, let type, negated: false):
      guard type == operand.type, let bucket = TimeBucket(operand, context: context), case .column = bucket.time
      else { return [] }
      let times = values.compactMap { if case .int(let time) = $0 { time } else { nil } }
      guard let first = times.min(), let last = times.max() else { return [] }
      return bounds(bucket, ">=", first) + bounds(bucket, "<=", last)
    default: return []
    }
  }

  private func bounds(_ bucket: TimeBucket, _ name: String, _ value: Int64) -> [Expression] {
    var value = value
    if bucket.isDate {
      let (product, overflow) = value.multipliedReportingOverflow(by: Microseconds.perDay)
      if overflow { return [] }
      value = product
      if let zone = bucket.zone.flatMap({ TimeZone.named($0) }) { value = zone.utc(value) }
    }
    let after = value.addingReportingOverflow(1)
    if after.overflow { return [] }
    switch name {
    case ">=": return bound(bucket, ">=", value)
    case ">": return bound(bucket, ">=", after.partialValue)
    case "<": return bound(bucket, "<", value)
    case "<=": return bound(bucket, "<", after.partialValue)
    case "=": return bound(bucket, ">=", value) + bound(bucket, "<", after.partialValue)
    default: return []
    }
  }

  private func bound(_ bucket: TimeBucket, _ name: String, _ value: Int64) -> [Expression] {
    var border = bucket.border(notBefore: value)
    if border == nil, bucket.zone != nil {
      // Near a change of the clock: somewhat further out.
      let margin = 3 * Microseconds.perDay
      let (loose, overflow) =
        name == ">="
        ? value.subtractingReportingOverflow(margin)
        : value.addingReportingOverflow(margin &+ bucket.width.longest)
      border = overflow ? nil : loose
    }
    guard let border, let comparison = compared(bucket.time, name, border) else { return [] }
    return [comparison]
  }

  /// A time compared with a constant.
  func compared(_ time: Expression, _ name: String, _ value: Int64) -> Expression? {
    let type = time.type
    return functions.operators(named: name).first { $0.parameters == [.exact(type), .exact(type)] }
      .map { .call($0, [time, .literal(.int(value), type)], .bool) }
  }
}

extension TimeBucket.Width {
  /// At least as long as any bucket.
  var longest: Int64 {
    switch self {
    case .fixed(let period): min(period, 1 << 60)
    case .months(let months): min(months, 1 << 20) &* 31 &* Microseconds.perDay
    }
  }
}
