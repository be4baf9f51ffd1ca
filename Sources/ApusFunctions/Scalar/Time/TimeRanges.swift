// TimeRanges owns the kernel of time_bucket and date_trunc: it remembers the range of inputs that have the last result,
// so that sorted columns compute once a bucket rather than once a row.

import ApusBase
import ApusColumns

/// All inputs in `start..<end` give `result`. Empty for a result that holds for one input only.
struct TimeRange {
  var start: Int64
  var end: Int64
  var result: Int64

  /// Of one value alone.
  init(only value: Int64, _ result: Int64) {
    start = value
    end = value
    self.result = result
  }
  init(_ start: Int64, _ end: Int64, _ result: Int64) {
    self.start = start
    self.end = end
    self.result = result
  }
}

typealias RangeFinder = (Int64) throws(ApusError) -> TimeRange

enum TimeRanges {
  /// Rows of a block that are tested together, without a branch a row.
  private static let blockRows = 32

  /// `vector` (Int64 or Int32 values) through `find`.
  static func map(_ vector: Vector, type: DataType, _ find: RangeFinder) throws(ApusError) -> Vector {
    if case .constant(let box) = vector.storage {
      let one = try map(box.vector, type: type, find)
      if case .constant(let inner) = one.storage {
        return Vector(type: type, count: vector.count, storage: .constant(inner))
      }
      return Vector(type: type, count: vector.count, storage: .constant(VectorBox(one)))
    }
    switch vector.storage {
    case .int64(let buffer): return try map(buffer.read(Int64.self), vector, type, find)
    case .int32(let buffer): return try map(buffer.read(Int32.self), vector, type, find)
    default: throw .unexpected("a time function got \(vector.type.sqlName)")
    }
  }

  private static func map<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: UnsafePointer<T>, _ vector: Vector, _ type: DataType, _ find: RangeFinder
  ) throws(ApusError) -> Vector {
    let count = vector.count
    let validity = vector.validity
    var range = TimeRange(only: 0, 0)
    if validity == nil, count > 1 {
      range = try find(Int64(values[0]))
      if isWithin(values, 0, count, range) {
        let one = Vector.of([.int(range.result)], type: type)
        return Vector(type: type, count: count, storage: .constant(VectorBox(one)))
      }
    }
    let buffer = Buffer(byteCount: count * MemoryLayout<T>.stride)
    let out = buffer.write(T.self)
    var row = 0
    while row < count {
      let blockEnd = min(row &+ blockRows, count)
      if isWithin(values, row, blockEnd, range) {
        let result = T(truncatingIfNeeded: range.result)
        for index in row..<blockEnd { out[index] = result }
        row = blockEnd
        continue
      }
      while row < blockEnd {
        let value = Int64(values[row])
        if value < range.start || value >= range.end {
          if let validity, !validity[row] {
            out[row] = 0
            row &+= 1
            continue
          }
          range = try find(value)
        }
        out[row] = T(truncatingIfNeeded: range.result)
        row &+= 1
      }
    }
    let storage: Vector.Storage = MemoryLayout<T>.size == 8 ? .int64(buffer) : .int32(buffer)
    return Vector(type: type, count: count, validity: validity, storage: storage)
  }

  @inline(__always)
  private static func isWithin<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: UnsafePointer<T>, _ from: Int, _ to: Int, _ range: TimeRange
  ) -> Bool {
    guard range.end > range.start else { return false }
    let span = UInt64(bitPattern: range.end &- range.start)
    let start = range.start
    var outside: UInt64 = 0
    for index in from..<to {
      let distance = UInt64(bitPattern: Int64(truncatingIfNeeded: values[index]) &- start)
      outside |= distance >= span ? 1 : 0
    }
    return outside == 0
  }

  /// `vector` with an offset added that depends on the run of values it lies in.
  static func shift(
    _ vector: Vector, type: DataType, _ run: (Int64) -> (start: Int64, end: Int64, offset: Int64)
  ) throws(ApusError) -> Vector {
    if case .constant(let box) = vector.storage {
      let one = try shift(box.vector, type: type, run)
      return Vector(type: type, count: vector.count, storage: .constant(VectorBox(one)))
    }
    guard case .int64(let source) = vector.storage else {
      throw .unexpected("a time zone got \(vector.type.sqlName)")
    }
    let values = source.read(Int64.self)
    let buffer = Buffer(byteCount: vector.count * 8)
    let out = buffer.write(Int64.self)
    var known = (start: Int64(0), end: Int64(0), offset: Int64(0))
    for row in 0..<vector.count {
      let value = values[row]
      if !TimestampRange.isFinite(value) {
        out[row] = value
        continue
      }
      if value < known.start || value >= known.end { known = run(value) }
      let (sum, overflow) = value.addingReportingOverflow(known.offset)
      if overflow || !TimestampRange.contains(sum) {
        if vector.isNull(row) {
          out[row] = 0
          continue
        }
        throw TimeErrors.timestampRange
      }
      out[row] = sum
    }
    return Vector(type: type, count: vector.count, validity: vector.validity, storage: .int64(buffer))
  }
}

enum TimeErrors {
  static var timestampRange: ApusError { ApusError(.datetimeFieldOverflow, "timestamp out of range") }
  static var dateRange: ApusError { ApusError(.datetimeFieldOverflow, "date out of range") }
  static var intervalRange: ApusError { ApusError(.datetimeFieldOverflow, "interval out of range") }
}

extension ScalarFunction {
  /// A function of a time and of arguments that are mostly constant: `prepare` turns those (a null stands for the time)
  /// into the finder of ranges.
  static func ranges(
    _ name: String, _ parameters: [DataType], time: Int, _ result: DataType, volatility: Volatility = .immutable,
    isMonotonic: Bool,
    _ prepare: @escaping @Sendable ([Value], EvaluationContext) throws(ApusError) -> RangeFinder
  ) -> ScalarFunction {
    ScalarFunction(
      name, parameters: parameters.map { .exact($0) }, result: .exact(result), volatility: volatility,
      isMonotonic: isMonotonic
    ) { (arguments, count, context) throws(ApusError) -> Vector in
      guard count > 0, time < arguments.count else { return .nulls(type: result, count: count) }
      let others = arguments.enumerated().filter { $0.offset != time }
      if others.allSatisfy(\.element.isConstant) {
        if others.contains(where: { $0.element.isNull(0) }) { return .nulls(type: result, count: count) }
        if arguments[time].nullCount == count { return .nulls(type: result, count: count) }
        let values = arguments.enumerated().map { $0.offset == time ? Value.null : $0.element.value(at: 0) }
        return try TimeRanges.map(arguments[time], type: result, try prepare(values, context))
      }
      var builder = VectorBuilder(type: result, capacity: count)
      for row in 0..<count {
        var values = arguments.map { $0.value(at: row) }
        guard case .int(let value) = values[time], !values.contains(.null) else {
          builder.appendNull()
          continue
        }
        values[time] = .null
        builder.append(.int(try prepare(values, context)(value).result))
      }
      return builder.finish()
    }
  }
}
