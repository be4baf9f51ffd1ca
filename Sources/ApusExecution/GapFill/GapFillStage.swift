// GapFillStage owns the gap-filling node: the rows of an aggregation by time, with one added for each bucket between
// the bounds that a group has no row of.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

final class GapFillStage: BatchesStage {
  private let input: Stage
  private let gaps: GapFill

  init(_ input: Stage, _ gaps: GapFill, fields: [Field]) {
    self.input = input
    self.gaps = gaps
    super.init(input.query, fields: fields)
  }

  override func close() {
    super.close()
    input.close()
  }

  /// Rows come out by key, then by time; those without a time last.
  override func produce() throws(ApusError) {
    let buckets = try self.buckets()
    let rows = try input.collectOne()
    input.close()
    // Without a row there is no key to fill for; without keys the one group is there.
    if rows.count == 0, !gaps.keys.isEmpty { return }
    let layout = try GapFillLayout(rows, gaps, buckets, query)
    if layout.count == 0 { return }
    var columns: [Vector] = []
    for (index, column) in rows.columns.enumerated() {
      if index == gaps.time {
        columns.append(layout.times(column.type))
      } else {
        columns.append(column.gatheredOrNull(gaps.keys.contains(index) ? layout.keyRows : layout.sources))
      }
    }
    let filled = Batch(columns: columns, count: layout.count)
    try query.control.account(filled.heldBytes)
    for call in gaps.calls { columns.append(try value(of: call, filled, layout)) }
    batches = Batch(columns: columns, count: layout.count).parts(of: ScanWorker.rowsPerBatch)
  }

  // MARK: Buckets

  private func constant(_ expression: ApusPlan.Expression) throws(ApusError) -> Value {
    try query.node(expression).evaluate(BatchFrame(Batch(columns: [], count: 1))).value(at: 0)
  }

  private func buckets() throws(ApusError) -> [Int64] {
    let type = input.fields[gaps.time].type
    var zone: String?
    if let expression = gaps.zone, case .text(let name) = try constant(expression) { zone = name }
    let form = try GapFillBuckets(width: try constant(gaps.width), type: type, zone: zone)
    let start = try bound(gaps.start, gaps.lower, "start", type, max)
    let finish = try bound(gaps.finish, gaps.upper, "finish", type, min)
    guard start < finish else {
      throw ApusError(
        .invalidParameterValue, "invalid time_bucket_gapfill argument: start must be before finish")
    }
    var list: [Int64] = []
    var next: Int64? = try form.start(of: start)
    if let first = next, let second = try form.next(after: first) {
      // A bound before the walk: buckets are about as wide as the first.
      let (length, overflow) = finish.subtractingReportingOverflow(first)
      try Self.checkCount(overflow ? Int.max : Int(length / max(1, second - first)))
    }
    while let bucket = next, bucket < finish {
      list.append(bucket)
      if list.count & 0xFFFF == 0 {
        try query.control.check()
        try query.control.account(0x10000 * 8)
        try Self.checkCount(list.count)
      }
      next = try form.next(after: bucket)
    }
    return list
  }

  static func checkCount(_ rows: Int) throws(ApusError) {
    guard rows < Int(Int32.max) / 2 else {
      throw ApusError(.programLimitExceeded, "gap filling gives more than \(Int32.max / 2) rows")
    }
  }

  private func bound(
    _ given: ApusPlan.Expression?, _ inferred: [GapFillBound], _ name: String, _ type: DataType,
    _ narrower: (Int64, Int64) -> Int64
  ) throws(ApusError) -> Int64 {
    var found: Int64?
    if let given, case .int(let value) = try constant(given) { found = value }
    if found == nil {
      for bound in inferred {
        guard case .int(let value) = try constant(bound.value) else { continue }
        let (moved, overflow) = value.addingReportingOverflow(bound.isShifted ? 1 : 0)
        let edge = overflow ? value : moved
        found = found.map { narrower($0, edge) } ?? edge
      }
    }
    guard let found else {
      throw ApusError(
        .invalidParameterValue,
        "missing time_bucket_gapfill argument: could not infer \(name) from WHERE clause",
        hint: "Specify start and finish as arguments or in the WHERE clause.")
    }
    let isInfinite =
      type == .date
      ? found >= Int64(CivilDate.infinity) || found <= Int64(CivilDate.negativeInfinity)
      : type == .timestamptz || type == .timestamp ? !TimestampRange.isFinite(found) : false
    if isInfinite {
      throw ApusError(.invalidParameterValue, "invalid time_bucket_gapfill argument: \(name) cannot be infinite")
    }
    return found
  }

  // MARK: Calls

  private func value(of call: GapFillCall, _ rows: Batch, _ layout: GapFillLayout) throws(ApusError) -> Vector {
    let frame = BatchFrame(rows)
    let values = try query.node(call.value).evaluate(frame)
    let made: Vector
    switch call.function {
    case .interpolate: made = try Interpolation(values, layout).result()
    default: made = try carried(values, call, frame, layout)
    }
    try query.control.account(made.approximateBytes)
    return made.type == call.type ? made : made.reinterpreted(as: call.type)
  }

  /// The value of the row, or the last one before it in its group.
  private func carried(
    _ values: Vector, _ call: GapFillCall, _ frame: Frame, _ layout: GapFillLayout
  ) throws(ApusError) -> Vector {
    var skipsNulls = false
    if let flag = call.treatsNullAsMissing { skipsNulls = try constant(flag) == .bool(true) }
    var rows = [Int32](repeating: -1, count: layout.count)
    for group in 0..<layout.groupCount {
      var last: Int32 = -1
      for row in layout.rows(of: group) {
        let isKept = layout.sources[row] >= 0
        if isKept, !(skipsNulls && values.isNull(row)) { last = Int32(truncatingIfNeeded: row) }
        // A row that is there keeps its null, unless that means a missing value.
        rows[row] = last
      }
    }
    guard let previous = call.previous else { return values.gatheredOrNull(rows) }
    // Before the first value of a group stands what the query says was there before: asked once a group.
    let firsts = (0..<layout.groupCount).map { UInt32(truncatingIfNeeded: layout.rows(of: $0).lowerBound) }
    let before = try query.node(previous).evaluate(PartFrame(frame, SelectionVector(firsts)))
    let both = try Vector.concatenated([values.flattened(), before.flattened()], type: values.type)
    for group in 0..<layout.groupCount {
      for row in layout.rows(of: group) where rows[row] < 0 {
        rows[row] = Int32(truncatingIfNeeded: layout.count + group)
      }
    }
    return both.gatheredOrNull(rows)
  }
}

/// Which rows come out: of the input, or added.
final class GapFillLayout {
  private(set) var count = 0
  /// The input row of each row, or -1 for an added one.
  private(set) var sources: [Int32] = []
  /// An input row with the keys of each row; -1 without keys.
  private(set) var keyRows: [Int32] = []
  private(set) var buckets: [Int64] = []
  /// The rows without a time.
  private var timeless: Set<Int> = []
  private var starts: [Int] = [0]

  var groupCount: Int { starts.count - 1 }
  /// Whether the row is of the input, and at a time.
  func isPoint(_ row: Int) -> Bool { sources[row] >= 0 && !timeless.contains(row) }
  func rows(of group: Int) -> Range<Int> { starts[group]..<starts[group + 1] }

  init(_ rows: Batch, _ gaps: GapFill, _ all: [Int64], _ query: QueryState) throws(ApusError) {
    let time = rows.columns[gaps.time].flattened()
    let times = Self.times(time)
    var (order, borders) = try GroupTable.rowsByKey(gaps.keys.map { rows.columns[$0] }, count: rows.count)
    let groups = borders.count - 1
    let (product, overflow) = groups.multipliedReportingOverflow(by: all.count)
    try GapFillStage.checkCount(overflow ? Int.max : product &+ rows.count)
    try query.control.account((product + rows.count) * 16)
    for group in 0..<groups {
      try query.control.check()
      let own = Int(borders[group])..<Int(borders[group + 1])
      order[own].sort { a, b in
        let (isNullA, isNullB) = (time.isNull(Int(a)), time.isNull(Int(b)))
        return isNullA || isNullB ? !isNullA && isNullB : times[Int(a)] < times[Int(b)]
      }
      append(order[own], times, time, all)
    }
    borders = []
  }

  /// The rows of one group, in order of time, with the buckets that they lack.
  private func append(_ own: ArraySlice<UInt32>, _ times: [Int64], _ time: Vector, _ all: [Int64]) {
    let key = own.first.map { Int32(truncatingIfNeeded: $0) } ?? -1
    func add(_ source: Int32, _ value: Int64) {
      sources.append(source)
      keyRows.append(key)
      buckets.append(value)
    }
    var next = 0
    for number in own {
      let row = Int(number)
      if time.isNull(row) {
        while next < all.count {
          add(-1, all[next])
          next += 1
        }
        timeless.insert(sources.count)
        add(Int32(truncatingIfNeeded: row), 0)
        continue
      }
      while next < all.count, all[next] < times[row] {
        add(-1, all[next])
        next += 1
      }
      if next < all.count, all[next] == times[row] { next += 1 }
      add(Int32(truncatingIfNeeded: row), times[row])
    }
    while next < all.count {
      add(-1, all[next])
      next += 1
    }
    count = sources.count
    starts.append(count)
  }

  /// The column of times.
  func times(_ type: DataType) -> Vector {
    var validity: Bitmap?
    if !timeless.isEmpty {
      let bits = Bitmap(repeating: true, count: count)
      for row in timeless { bits.clear(row) }
      validity = bits
    }
    let storage: Vector.Storage
    switch type.physical {
    case .int16: storage = .int16(Buffer(copying: buckets.map { Int16(truncatingIfNeeded: $0) }))
    case .int32: storage = .int32(Buffer(copying: buckets.map { Int32(truncatingIfNeeded: $0) }))
    default: storage = .int64(Buffer(copying: buckets))
    }
    return Vector(type: type, count: count, validity: validity, storage: storage)
  }

  private static func times(_ vector: Vector) -> [Int64] {
    (0..<vector.count).map { row in if case .int(let value) = vector.value(at: row) { value } else { 0 } }
  }
}

/// interpolate(value): added rows lie on the line between the rows around them; null where either has none.
private struct Interpolation {
  private let values: Vector
  private let layout: GapFillLayout

  init(_ values: Vector, _ layout: GapFillLayout) {
    self.values = values
    self.layout = layout
  }

  func result() throws(ApusError) -> Vector {
    var builder = VectorBuilder(type: values.type, capacity: layout.count)
    for group in 0..<layout.groupCount {
      let rows = layout.rows(of: group)
      var before: Int?
      var row = rows.lowerBound
      while row < rows.upperBound {
        if layout.sources[row] >= 0 {
          builder.append(values.value(at: row))
          before = layout.isPoint(row) ? row : nil
          row += 1
          continue
        }
        var after = row
        while after < rows.upperBound, layout.sources[after] < 0 { after += 1 }
        let next = after < rows.upperBound && layout.isPoint(after) ? after : nil
        for gap in row..<after { builder.append(between(before, next, gap)) }
        row = after
      }
    }
    return builder.finish()
  }

  private func between(_ before: Int?, _ after: Int?, _ row: Int) -> Value {
    guard let before, let after else { return .null }
    let (x0, x1, x) = (layout.buckets[before], layout.buckets[after], layout.buckets[row])
    switch (values.value(at: before), values.value(at: after)) {
    case (.int(let a), .int(let b)):
      // Whole numbers are cut off towards zero, as TimescaleDB does. The products fit 128 bits.
      let span = Int128(x1) - Int128(x0)
      if span == 0 { return .int(a) }
      let sum = Int128(a) * (Int128(x1) - Int128(x)) + Int128(b) * (Int128(x) - Int128(x0))
      return .int(Int64(truncatingIfNeeded: sum / span))
    case (.float(let a), .float(let b)):
      let span = Double(x1) - Double(x0)
      if span == 0 { return .float(a) }
      return .float((a * (Double(x1) - Double(x)) + b * (Double(x) - Double(x0))) / span)
    default: return .null
    }
  }
}
