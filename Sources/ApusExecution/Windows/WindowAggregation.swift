// WindowAggregation owns aggregates over frames: kernels for count, sum, avg, min and max that take each row once, and
// the states of any other aggregate.

import ApusBase
import ApusColumns
import ApusFunctions

struct WindowAggregation {
  let function: AggregateFunction
  /// In the window's order.
  let arguments: [Vector]
  let types: [DataType]
  /// FILTER; nil for all rows.
  let passing: Bitmap?
  let order: WindowOrder
  let frame: FrameRows
  let type: DataType
  let control: QueryControl

  private var count: Int { order.count }

  func result() throws(ApusError) -> Vector {
    if !frame.holes.isEmpty { return try expanded() }
    if function.name == "count", arguments.count < 2 { return counts() }
    if frame.shape != .whole, arguments.count == 1 {
      switch (function.name, types[0]) {
      case ("min", _): return try extremes(isMax: false)
      case ("max", _): return try extremes(isMax: true)
      case ("sum", .int2), ("sum", .int4), ("sum", .int8), ("avg", .int2), ("avg", .int4), ("avg", .int8):
        return try integerSums(isAverage: function.name == "avg")
      case ("sum", .float8), ("avg", .float8): return try floatSums(isAverage: function.name == "avg")
      default: break
      }
    }
    switch frame.shape {
    case .whole: return try byPartition()
    case .growing where count > 64 * (order.partitions.count - 1): return try growing()
    case .growing, .moving: return try expanded()
    }
  }

  /// The rows that count: not null and let through by the filter; nil for all.
  private func takenBits(_ vector: Vector?) -> Bitmap? { Bitmap.intersection(vector?.validBits, passing) }

  // MARK: Kernels

  private func prefixCounts(_ taken: Bitmap) -> [Int32] {
    var prefix = [Int32](repeating: 0, count: count + 1)
    var total: Int32 = 0
    for row in 0..<count {
      total &+= taken[row] ? 1 : 0
      prefix[row + 1] = total
    }
    return prefix
  }

  private func counts() -> Vector {
    let buffer = Buffer(byteCount: count * 8)
    let out = buffer.write(Int64.self)
    let (starts, ends) = (frame.starts, frame.ends)
    if let taken = takenBits(arguments.first) {
      let prefix = prefixCounts(taken)
      for row in 0..<count { out[row] = Int64(prefix[Int(ends[row])] - prefix[Int(starts[row])]) }
    } else {
      for row in 0..<count { out[row] = Int64(ends[row] - starts[row]) }
    }
    return Vector(type: .int8, count: count, storage: .int64(buffer))
  }

  /// Exact sums as differences of prefix sums.
  private func integerSums(isAverage: Bool) throws(ApusError) -> Vector {
    let vector = arguments[0].flattened()
    let taken = takenBits(vector)
    let counts = prefixCounts(taken ?? Bitmap(repeating: true, count: count))
    var prefix = [Int128](repeating: 0, count: count + 1)
    switch vector.storage {
    case .int16(let buffer): addPrefix(&prefix, buffer.read(Int16.self), taken)
    case .int32(let buffer): addPrefix(&prefix, buffer.read(Int32.self), taken)
    case .int64(let buffer): addPrefix(&prefix, buffer.read(Int64.self), taken)
    default: throw .unexpected("sum of integers got \(vector.type.sqlName)")
    }
    withExtendedLifetime(vector) {}
    let isNumeric = isAverage || types[0] == .int8
    var builder = VectorBuilder(type: isNumeric ? .numeric : .int8, capacity: count)
    for row in 0..<count {
      let (start, end) = (Int(frame.starts[row]), Int(frame.ends[row]))
      let number = Int64(counts[end] - counts[start])
      if number == 0 {
        builder.appendNull()
        continue
      }
      let sum = prefix[end] &- prefix[start]
      if isAverage {
        builder.append(bytes: try Numeric(sum).divided(by: Numeric(number)).encoded)
      } else if isNumeric {
        builder.append(bytes: Numeric(sum).encoded)
      } else if let small = Int64(exactly: sum) {
        builder.append(.int(small))
      } else {
        throw ApusError(.numericValueOutOfRange, "bigint out of range")
      }
    }
    return builder.finish()
  }

  private func addPrefix<T: FixedWidthInteger & BitwiseCopyable>(
    _ prefix: inout [Int128], _ values: UnsafePointer<T>, _ taken: Bitmap?
  ) {
    var sum: Int128 = 0
    for row in 0..<count {
      if taken?[row] ?? true { sum &+= Int128(truncatingIfNeeded: values[row]) }
      prefix[row + 1] = sum
    }
  }

  /// Sums in the order of rows, as PostgreSQL makes them: a frame that loses rows at its start is summed again.
  private func floatSums(isAverage: Bool) throws(ApusError) -> Vector {
    let vector = arguments[0].flattened()
    guard case .float64(let source) = vector.storage else {
      throw .unexpected("sum of floats got \(vector.type.sqlName)")
    }
    let values = source.read(Double.self)
    let taken = takenBits(vector)
    let buffer = Buffer(byteCount: count * 8)
    let out = buffer.write(Double.self)
    let validity = Bitmap(repeating: true, count: count)
    var (from, to) = (0, 0)
    var (sum, number, isSpecial) = (0.0, 0, false)
    let (starts, ends) = (frame.starts, frame.ends)
    for row in 0..<count {
      let (start, end) = (Int(starts[row]), Int(ends[row]))
      if start != from || end < to {
        (from, to) = (start, start)
        (sum, number, isSpecial) = (0, 0, false)
        if row & 0xFFF == 0 { try control.check() }
      }
      while to < end {
        if taken?[to] ?? true {
          sum += values[to]
          number += 1
          isSpecial = isSpecial || !values[to].isFinite
        }
        to += 1
      }
      if sum.isInfinite, !isSpecial {
        throw ApusError(.numericValueOutOfRange, "value out of range: overflow")
      }
      if number == 0 { validity.clear(row) }
      out[row] = number == 0 ? 0 : isAverage ? sum / Double(number) : sum
    }
    withExtendedLifetime(source) {}
    return Vector(type: .float8, count: count, validity: validity, storage: .float64(buffer))
  }

  /// The row that is the greatest (or least) of each frame, through a queue that each row enters and leaves once.
  private func extremes(isMax: Bool) throws(ApusError) -> Vector {
    let rowOrder = try RowOrder(arguments[0])
    let taken = takenBits(arguments[0])
    var chosen = [Int32](repeating: -1, count: count)
    if rowOrder.isPrefixDecisive {
      let flip: UInt64 = isMax ? 0 : .max
      var keys = [UInt64](repeating: 0, count: count)
      for row in 0..<count where taken?[row] ?? true { keys[row] = rowOrder.prefix(row) ^ flip }
      queue(&chosen, taken) { keys[$0] <= keys[$1] }
    } else {
      queue(&chosen, taken) { isMax ? rowOrder.compare($0, $1) <= 0 : rowOrder.compare($0, $1) >= 0 }
    }
    return arguments[0].gatheredOrNull(chosen)
  }

  /// `isReplaced` says whether the earlier row cannot be chosen any more once the later one is there.
  @inline(__always)
  private func queue(_ chosen: inout [Int32], _ taken: Bitmap?, _ isReplaced: (Int, Int) -> Bool) {
    var waiting = [Int32](repeating: 0, count: count)
    let (starts, ends, partitions) = (frame.starts, frame.ends, order.partitions)
    for partition in 0..<partitions.count - 1 {
      let (start, end) = (Int(partitions[partition]), Int(partitions[partition + 1]))
      var (head, tail) = (start, start)
      var next = start
      for row in start..<end {
        let until = Int(ends[row])
        while next < until {
          if taken?[next] ?? true {
            while tail > head, isReplaced(Int(waiting[tail - 1]), next) { tail -= 1 }
            waiting[tail] = Int32(truncatingIfNeeded: next)
            tail += 1
          }
          next += 1
        }
        while head < tail, waiting[head] < starts[row] { head += 1 }
        if head < tail { chosen[row] = waiting[head] }
      }
    }
  }

  // MARK: States

  /// Rows of the arguments, by number.
  private func taking(_ rows: [UInt32]) -> [Vector] {
    let selection = SelectionVector(rows)
    return arguments.map { $0.gathered(selection) }
  }

  /// Every row of a partition has the same frame: one state a partition.
  private func byPartition() throws(ApusError) -> Vector {
    let partitionCount = order.partitions.count - 1
    var owners = [UInt32](repeating: 0, count: count)
    for partition in 0..<partitionCount {
      for row in Int(order.partitions[partition])..<Int(order.partitions[partition + 1]) {
        owners[row] = UInt32(truncatingIfNeeded: partition)
      }
    }
    let states = try function.makeStates(types, false)
    states.grow(to: partitionCount)
    if let passing {
      let rows = (0..<count).filter { passing[$0] }.map { UInt32(truncatingIfNeeded: $0) }
      if !rows.isEmpty {
        try states.accumulateAll(taking(rows), count: rows.count, rows.map { owners[Int($0)] })
      }
    } else {
      try states.accumulateAll(arguments, count: count, owners)
    }
    return try states.finish(count: partitionCount).gathered(SelectionVector(owners))
  }

  /// Frames that only grow, in large partitions: one state that takes each row once.
  private func growing() throws(ApusError) -> Vector {
    var builder = VectorBuilder(type: type, capacity: count)
    for partition in 0..<order.partitions.count - 1 {
      let (start, end) = (Int(order.partitions[partition]), Int(order.partitions[partition + 1]))
      let states = try function.makeStates(types, false)
      states.grow(to: 1)
      var next = start
      var value: Value?
      for row in start..<end {
        let until = Int(frame.ends[row])
        if until > next {
          let rows = (next..<until).filter { passing?[$0] ?? true }
          if rows.count == until - next {
            try states.accumulate(arguments.map { $0.slice(next..<until) }, count: rows.count, groups: nil)
          } else if !rows.isEmpty {
            try states.accumulate(
              taking(rows.map { UInt32(truncatingIfNeeded: $0) }), count: rows.count, groups: nil)
          }
          next = until
          value = nil
        }
        if row & 0xFFF == 0 { try control.check() }
        let current: Value
        if let value { current = value } else { current = try states.finish(count: 1).value(at: 0) }
        value = current
        builder.append(current)
      }
    }
    return builder.finish()
  }

  /// Any frames: many of them at a time, each a group whose rows are put one after the other.
  private func expanded() throws(ApusError) -> Vector {
    var parts: [Vector] = []
    var frameOf = [UInt32](repeating: 0, count: count)
    var rows: [UInt32] = []
    var owners: [UInt32] = []
    var (groupCount, before) = (0, 0)
    func flush() throws(ApusError) {
      if groupCount == 0 { return }
      try control.check()
      let states = try function.makeStates(types, false)
      states.grow(to: groupCount)
      if !rows.isEmpty { try states.accumulateAll(taking(rows), count: rows.count, owners) }
      parts.append(try states.finish(count: groupCount))
      before += groupCount
      groupCount = 0
      rows.removeAll(keepingCapacity: true)
      owners.removeAll(keepingCapacity: true)
    }
    var (start, end): (Int32, Int32) = (-1, -1)
    for row in 0..<count {
      if frame.starts[row] != start || frame.ends[row] != end || !frame.holes.isEmpty {
        if rows.count >= 1 << 16 || groupCount >= 1 << 16 { try flush() }
        (start, end) = (frame.starts[row], frame.ends[row])
        for taken in Int(start)..<Int(end)
        where (passing?[taken] ?? true) && !(frame.holes.isEmpty ? false : frame.holes[row].contains(taken)) {
          rows.append(UInt32(truncatingIfNeeded: taken))
          owners.append(UInt32(truncatingIfNeeded: groupCount))
        }
        groupCount += 1
      }
      frameOf[row] = UInt32(truncatingIfNeeded: before + groupCount - 1)
    }
    try flush()
    return try Vector.concatenated(parts, type: type).gathered(SelectionVector(frameOf))
  }
}
