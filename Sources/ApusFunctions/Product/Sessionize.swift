// Sessionize owns sessionize(time, gap) OVER (PARTITION BY ...): the number of the session that a row belongs to.

import ApusBase
import ApusColumns

enum Sessionize {
  static let all: [WindowFunction] = [
    (DataType.timestamptz, DataType.interval), (.timestamp, .interval), (.int8, .int8),
  ].map { time, gap in
    WindowFunction("sessionize", parameters: [.exact(time), .exact(gap)], result: .exact(.int8)) {
      (arguments, layout) throws(ApusError) -> Vector in
      try numbers(try Vector.argument(arguments, 0), try Vector.argument(arguments, 1), layout)
    }
  }

  /// Sessions count from 1 in the order of time, whatever the order of the window: rows of one instant are always of
  /// one session, so that the number depends on nothing but the partition's times. A row without a time has none.
  private static func numbers(_ times: Vector, _ gaps: Vector, _ layout: WindowLayout) throws(ApusError) -> Vector {
    let plain = times.unwrapped
    guard case .int64(let source) = plain.storage else { throw .unexpected("sessionize got \(times.type.sqlName)") }
    guard layout.count > 0 else { return .nulls(type: .int8, count: 0) }
    let gap = try length(gaps, layout.count)
    let values = source.read(Int64.self)
    let buffer = Buffer.zeroed(byteCount: layout.count * 8)
    let out = buffer.write(Int64.self)
    for partition in 0..<max(0, layout.partitions.count - 1) {
      let rows = Int(layout.partitions[partition])..<Int(layout.partitions[partition + 1])
      let isSorted =
        plain.validity == nil && rows.dropFirst().allSatisfy { values[$0] >= values[$0 - 1] }
      if isSorted {
        number(rows, values, gap, out)
      } else {
        let present = rows.filter { isPresent(plain.validity, $0) }
        number(present.sorted { values[$0] < values[$1] }, values, gap, out)
      }
    }
    withExtendedLifetime(plain) {}
    return Vector(type: .int8, count: layout.count, validity: plain.validity, storage: .int64(buffer))
  }

  @inline(__always)
  private static func number(
    _ rows: some Sequence<Int>, _ values: UnsafePointer<Int64>, _ gap: Int64, _ out: UnsafeMutablePointer<Int64>
  ) {
    var session: Int64 = 0
    var last: Int64 = 0
    for row in rows {
      let (age, overflow) = values[row].subtractingReportingOverflow(last)
      if session == 0 || overflow || age > gap { session += 1 }
      last = values[row]
      out[row] = session
    }
  }

  private static func length(_ gaps: Vector, _ count: Int) throws(ApusError) -> Int64 {
    let first = gaps.value(at: 0)
    if !gaps.isConstant {
      for row in 1..<max(1, count) where gaps.value(at: row) != first {
        throw ApusError(.invalidParameterValue, "the gap of sessionize must be the same for all rows")
      }
    }
    let length: Int64
    switch first {
    case .int(let number): length = number
    case .interval(let interval): length = try fixedLength(interval, of: "the gap of sessionize")
    default: throw ApusError(.nullValueNotAllowed, "the gap of sessionize must not be null")
    }
    guard length >= 0 else { throw ApusError(.invalidParameterValue, "the gap of sessionize must not be negative") }
    return length
  }
}
