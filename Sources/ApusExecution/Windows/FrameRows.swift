// FrameRows owns the frames of a window: for each row, which rows of its partition its function is over.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

final class FrameRows {
  /// How frames move, which decides how aggregates run over them.
  enum Shape { case whole, growing, moving }
  let shape: Shape
  /// Row i is over `starts[i]..<ends[i]`. Within a partition neither descends, and no end is below its start.
  private(set) var starts: [Int32]
  private(set) var ends: [Int32]
  /// What EXCLUDE leaves out of each row's frame; empty without it.
  private(set) var holes: [FrameHole] = []

  init(
    _ spec: FrameSpec, _ order: WindowOrder, _ frame: Frame, _ query: QueryState
  ) throws(ApusError) {
    starts = [Int32](repeating: 0, count: order.count)
    ends = starts
    let isWhole =
      spec.start == .unboundedPreceding
      && (spec.end == .unboundedFollowing
        || (spec.mode == .range && spec.end == .currentRow && order.peers.count == order.partitions.count))
    shape = isWhole ? .whole : spec.start == .unboundedPreceding ? .growing : .moving
    try fill(&starts, spec.start, spec, order, frame, query, isStart: true)
    try fill(&ends, spec.end, spec, order, frame, query, isStart: false)
    for row in 0..<order.count where ends[row] < starts[row] { ends[row] = starts[row] }
    if let exclusion = spec.exclusion { holes = Self.holes(exclusion, order) }
  }

  private static func holes(_ exclusion: FrameSpec.Exclusion, _ order: WindowOrder) -> [FrameHole] {
    var holes = [FrameHole](repeating: FrameHole(start: 0, end: 0, kept: -1), count: order.count)
    if exclusion == .currentRow {
      for row in holes.indices {
        let place = Int32(truncatingIfNeeded: row)
        holes[row] = FrameHole(start: place, end: place + 1, kept: -1)
      }
      return holes
    }
    let peers = order.peers
    for group in 0..<max(0, peers.count - 1) {
      for row in Int(peers[group])..<Int(peers[group + 1]) {
        holes[row] = FrameHole(
          start: peers[group], end: peers[group + 1],
          kept: exclusion == .ties ? Int32(truncatingIfNeeded: row) : -1)
      }
    }
    return holes
  }

  private func fill(
    _ out: inout [Int32], _ bound: FrameBound, _ spec: FrameSpec, _ order: WindowOrder, _ frame: Frame,
    _ query: QueryState, isStart: Bool
  ) throws(ApusError) {
    switch bound {
    case .unboundedPreceding:
      forEachPartition(order) { start, end in for row in start..<end { out[row] = Int32(truncatingIfNeeded: start) } }
    case .unboundedFollowing:
      forEachPartition(order) { start, end in for row in start..<end { out[row] = Int32(truncatingIfNeeded: end) } }
    case .currentRow:
      if spec.mode == .rows {
        for row in out.indices { out[row] = Int32(truncatingIfNeeded: isStart ? row : row + 1) }
      } else {
        groups(&out, order, by: 0, isStart: isStart)
      }
    case .preceding(let offset), .following(let offset):
      let size = try Self.size(offset.size, mode: spec.mode, isStart: isStart, query)
      var isPreceding = false
      if case .preceding = bound { isPreceding = true }
      if spec.mode == .range {
        return try range(
          &out, offset, size, isPreceding: isPreceding, spec, order, frame, query, isStart: isStart)
      }
      guard case .int(let number) = size else { throw .unexpected("a frame's size that is no whole number") }
      let steps = Int(min(number, Int64(order.count))) * (isPreceding ? -1 : 1)
      if spec.mode == .groups { return groups(&out, order, by: steps, isStart: isStart) }
      let more = isStart ? steps : steps + 1
      forEachPartition(order) { start, end in
        for row in start..<end { out[row] = Int32(truncatingIfNeeded: max(start, min(end, row + more))) }
      }
    }
  }

  private func forEachPartition(_ order: WindowOrder, _ body: (Int, Int) -> Void) {
    for index in 0..<order.partitions.count - 1 {
      body(Int(order.partitions[index]), Int(order.partitions[index + 1]))
    }
  }

  /// The size of a frame; 22004 and 22013 for none and for one below zero.
  private static func size(
    _ expression: ApusPlan.Expression, mode: FrameSpec.Mode, isStart: Bool, _ query: QueryState
  ) throws(ApusError) -> Value {
    let none = BatchFrame(Batch(columns: [], count: 1))
    let value = try query.node(expression).evaluate(none).value(at: 0)
    let place = isStart ? "starting" : "ending"
    let isNegative: Bool
    switch value {
    case .null: throw ApusError(.nullValueNotAllowed, "frame \(place) offset must not be null")
    case .int(let number): isNegative = number < 0
    case .float(let number): isNegative = !(number >= 0)
    case .numeric(let number): isNegative = number.sign == .notANumber || Numeric.compare(number, Numeric(Int64(0))) < 0
    case .interval(let interval): isNegative = interval.comparisonKey < 0
    default: isNegative = false
    }
    if isNegative {
      throw ApusError(
        SQLState("22013"),
        mode == .range
          ? "invalid preceding or following size in window function"
          : "frame \(place) offset must not be negative")
    }
    return value
  }

  /// The border of the group of peers `steps` away: where it begins for a start, where it ends for an end.
  private func groups(_ out: inout [Int32], _ order: WindowOrder, by steps: Int, isStart: Bool) {
    let peers = order.peers
    var first = 0
    for partition in 0..<order.partitions.count - 1 {
      let (start, end) = (order.partitions[partition], order.partitions[partition + 1])
      var next = first
      while next + 1 < peers.count, peers[next] < end { next += 1 }
      for group in first..<next {
        let wanted = group + steps
        let border: Int32
        if isStart {
          border = wanted < first ? start : wanted >= next ? end : peers[wanted]
        } else {
          border = wanted < first ? start : wanted >= next ? end : peers[wanted + 1]
        }
        for row in Int(peers[group])..<Int(peers[group + 1]) { out[row] = border }
      }
      first = next
    }
  }

  // MARK: RANGE with an offset

  private func range(
    _ out: inout [Int32], _ offset: FrameOffset, _ size: Value, isPreceding: Bool, _ spec: FrameSpec,
    _ order: WindowOrder, _ frame: Frame, _ query: QueryState, isStart: Bool
  ) throws(ApusError) {
    guard let rangeKey = spec.rangeKey else { throw .unexpected("RANGE without a key") }
    let keys = order.gather(try query.node(rangeKey).evaluate(frame)).flattened()
    let isDescending = order.isDescending
    let isBackwards = isPreceding != isDescending
    switch size {
    case .int(let number):
      let plain = Self.integers(keys)
      let edges = plain.map { value in
        let (moved, overflows) =
          isBackwards ? value.subtractingReportingOverflow(number) : value.addingReportingOverflow(number)
        return overflows ? (isBackwards ? Int64.min : Int64.max) : moved
      }
      scan(&out, order, keys, plain, edges, isStart: isStart) { isDescending ? $0 > $1 : $0 < $1 }
    case .float(let number):
      guard case .float64(let buffer) = keys.storage else { throw .unexpected("RANGE over \(keys.type.sqlName)") }
      let plain = Array(UnsafeBufferPointer(start: buffer.read(Double.self), count: keys.count))
      // An infinite key stays where it is, whatever the size.
      let edges = plain.map { $0.isInfinite ? $0 : isBackwards ? $0 - number : $0 + number }
      scan(&out, order, keys, plain, edges, isStart: isStart) {
        let compared = FloatOrder.compare($0, $1)
        return isDescending ? compared > 0 : compared < 0
      }
    default:
      guard let edge = offset.edge else { throw .unexpected("RANGE without an edge") }
      let edgeVector = order.gather(try query.node(edge).evaluate(frame)).flattened()
      if case .int64 = keys.storage, case .int64 = edgeVector.storage {
        scan(&out, order, keys, Self.integers(keys), Self.integers(edgeVector), isStart: isStart) {
          isDescending ? $0 > $1 : $0 < $1
        }
      } else {
        let plain = (0..<keys.count).map { keys.value(at: $0) }
        let edges = (0..<keys.count).map { edgeVector.value(at: $0) }
        scan(&out, order, keys, plain, edges, isStart: isStart) {
          let compared = RowOrder.compare($0, $1, keys.type)
          return isDescending ? compared > 0 : compared < 0
        }
      }
    }
  }

  private static func integers(_ vector: Vector) -> [Int64] {
    if case .int64(let buffer) = vector.storage {
      return withExtendedLifetime(buffer) {
        Array(UnsafeBufferPointer(start: buffer.read(Int64.self), count: vector.count))
      }
    }
    return (0..<vector.count).map { if case .int(let value) = vector.value(at: $0) { value } else { 0 } }
  }

  /// Finds each row's edge among the keys of its partition. Rows without a key have one another for a frame.
  private func scan<T>(
    _ out: inout [Int32], _ order: WindowOrder, _ vector: Vector, _ keys: [T], _ edges: [T], isStart: Bool,
    _ comesBefore: (T, T) -> Bool
  ) {
    for partition in 0..<order.partitions.count - 1 {
      let (start, end) = (Int(order.partitions[partition]), Int(order.partitions[partition + 1]))
      var (first, last) = (start, end)
      while first < end, vector.isNull(first) { first += 1 }
      while last > first, vector.isNull(last - 1) { last -= 1 }
      for row in start..<first { out[row] = Int32(truncatingIfNeeded: isStart ? start : first) }
      for row in last..<end { out[row] = Int32(truncatingIfNeeded: isStart ? last : end) }
      var place = first
      for row in first..<last {
        if isStart {
          while place < last, comesBefore(keys[place], edges[row]) { place += 1 }
        } else {
          while place < last, !comesBefore(edges[row], keys[place]) { place += 1 }
        }
        out[row] = Int32(truncatingIfNeeded: place)
      }
    }
  }
}
