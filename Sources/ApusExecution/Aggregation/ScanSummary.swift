// ScanSummary owns what aggregations learn from bounds and counts of row groups, without reading rows.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

/// One thread's view of a scan right below an aggregation.
final class ScanSummary {
  private let scan: ScanStage
  private let worker: ScanWorker
  private let sink: AggregateSink
  /// For each grouping that follows the order of one column: that column and the grouping's node.
  private let ordered: [(column: Int, node: Node, isColumn: Bool)?]
  /// For each grouping that is a column: which.
  private let plain: [Int?]
  private let answers: [Answer]?

  /// How metadata give an aggregate.
  private enum Answer {
    case rows
    case notNull(column: Int)
    case minimum(column: Int)
    case maximum(column: Int)
  }

  init(_ scan: ScanStage, _ worker: ScanWorker, _ sink: AggregateSink) throws(ApusError) {
    self.scan = scan
    self.worker = worker
    self.sink = sink
    var ordered: [(column: Int, node: Node, isColumn: Bool)?] = []
    var plain: [Int?] = []
    for grouping in sink.plan.groupings {
      if case .column(let index, _) = grouping { plain.append(index) } else { plain.append(nil) }
      if let column = Self.orderedColumn(grouping) {
        ordered.append((column, try scan.query.node(grouping), plain.last != .some(nil)))
      } else {
        ordered.append(nil)
      }
    }
    self.ordered = ordered
    self.plain = plain
    answers = try Self.answers(sink.plan)
  }

  /// The column whose order the expression's values follow.
  private static func orderedColumn(_ expression: ApusPlan.Expression) -> Int? {
    switch expression {
    case .column(let index, _): return index
    case .call(let function, let arguments, _):
      guard function.isMonotonic else { return nil }
      var inner: ApusPlan.Expression?
      for argument in arguments {
        if case .literal = argument { continue }
        if inner != nil { return nil }
        inner = argument
      }
      return inner.flatMap { orderedColumn($0) }
    default: return nil
    }
  }

  private static func answers(_ plan: AggregatePlan) throws(ApusError) -> [Answer]? {
    var list: [Answer] = []
    for call in plan.calls {
      guard call.filter == nil, !call.isDistinct || call.function.ignoresDuplicates else { return nil }
      let answer: Answer
      let sample: [Value]
      switch (call.function.name, call.arguments.first) {
      case ("count", nil):
        answer = .rows
        sample = []
      case ("count", .column(let index, _)?):
        answer = .notNull(column: index)
        sample = [.bool(true)]
      case ("min", .column(let index, let type)?):
        guard type.isInteger || type == .timestamptz || type == .timestamp || type == .date else { return nil }
        answer = .minimum(column: index)
        sample = [.int(0)]
      case ("max", .column(let index, let type)?):
        guard type.isInteger || type == .timestamptz || type == .timestamp || type == .date else { return nil }
        answer = .maximum(column: index)
        sample = [.int(0)]
      default: return nil
      }
      let trial = try Accumulator.make(call)
      trial.grow(to: 1)
      guard try trial.accumulateConstant(sample, times: 1, group: 0) else { return nil }
      list.append(answer)
    }
    return list
  }

  // MARK: - Groupings

  /// The groupings whose value is the same for every row of the row group.
  func constantGroupings(_ morsel: Int) throws(ApusError) -> [VectorBox?] {
    var list: [VectorBox?] = []
    for entry in ordered {
      list.append(
        try entry.flatMap { (entry) throws(ApusError) in
          try constant(scan.groups[morsel], entry)
        })
    }
    return list
  }

  private func constant(
    _ group: any RowGroup, _ entry: (column: Int, node: Node, isColumn: Bool)
  ) throws(ApusError) -> VectorBox? {
    guard entry.column < scan.node.columns.count else { return nil }
    let reference = scan.node.columns[entry.column]
    guard let zone = try group.zoneMap(reference) else { return nil }
    if zone.nullCount == group.rowCount, entry.isColumn { return VectorBox(.of([.null], type: reference.type)) }
    guard zone.nullCount == 0, let low = zone.minimum, let high = zone.maximum else { return nil }
    if entry.isColumn {
      guard zone.isExact, RowOrder.compare(low, high, reference.type) == 0 else { return nil }
      return VectorBox(.of([low], type: reference.type))
    }
    // A bound may be out of the function's domain though no row is: then the rows decide.
    let bounds = BoundsFrame(column: entry.column, .of([low, high], type: reference.type))
    guard let results = try? entry.node.evaluate(bounds) else { return nil }
    let first = results.value(at: 0)
    guard RowOrder.compare(first, results.value(at: 1), entry.node.type) == 0 else { return nil }
    return VectorBox(.of([first], type: entry.node.type))
  }

  // MARK: - Whole row groups

  /// Adds the row group to the sink from its metadata. False when its rows must be read.
  func answer(_ morsel: Int, _ known: [VectorBox?]) throws(ApusError) -> Bool {
    guard let answers, sink.sets.count == 1, try worker.isWhole(morsel) else { return false }
    let group = scan.groups[morsel]
    var open: Int?
    for index in ordered.indices where known[index] == nil {
      guard open == nil, plain[index] != nil else { return false }
      open = index
    }
    var constants: [(value: [Value], times: Int)] = []
    for answer in answers {
      guard let constant = try value(answer, group) else { return false }
      if open != nil, case .rows = answer {} else if open != nil { return false }
      constants.append(constant)
    }
    let set = sink.sets[0]
    guard let open, let column = plain[open] else {
      var keys: [Vector] = []
      for box in known { if let box { keys.append(.repeating(box, type: box.vector.type, count: 1)) } }
      let number = set.groupings.isEmpty ? 0 : set.table.insertConstant(set.groupings.map { keys[$0] })
      set.grow()
      for (accumulator, constant) in zip(set.accumulators, constants) where constant.times > 0 {
        _ = try accumulator.accumulateConstant(constant.value, times: constant.times, group: Int(number))
      }
      return true
    }
    guard let counts = try group.codeCounts(scan.node.columns[column]) else { return false }
    try add(counts, open: open, known, set)
    try sink.account()
    return true
  }

  private func value(
    _ answer: Answer, _ group: any RowGroup
  ) throws(ApusError) -> (value: [Value], times: Int)? {
    func zone(_ column: Int) throws(ApusError) -> ZoneMap? {
      guard column < scan.node.columns.count else { return nil }
      return try group.zoneMap(scan.node.columns[column])
    }
    switch answer {
    case .rows: return ([], group.rowCount)
    case .notNull(let column):
      guard let zone = try zone(column) else { return nil }
      return ([.bool(true)], group.rowCount - zone.nullCount)
    case .minimum(let column), .maximum(let column):
      guard let zone = try zone(column), zone.isExact else { return nil }
      let isMinimum = if case .minimum = answer { true } else { false }
      guard let bound = isMinimum ? zone.minimum : zone.maximum else {
        return zone.nullCount == group.rowCount ? ([.null], 0) : nil
      }
      return ([bound], 1)
    }
  }

  /// Adds each code's count to its group.
  private func add(
    _ counts: CodeCounts, open: Int, _ known: [VectorBox?], _ set: GroupingSet
  ) throws(ApusError) {
    let number = counts.counts.read(UInt32.self)
    var codes: [UInt32] = []
    var times: [Int] = []
    for code in 0..<counts.dictionary.count where number[code] > 0 {
      codes.append(UInt32(truncatingIfNeeded: code))
      times.append(Int(number[code]))
    }
    var validity: Bitmap?
    if counts.nullCount > 0 {
      codes.append(0)
      times.append(counts.nullCount)
      let bits = Bitmap(repeating: true, count: codes.count)
      bits.clear(codes.count - 1)
      validity = bits
    }
    if codes.isEmpty { return }
    var keys: [Vector] = []
    for (index, grouping) in sink.plan.groupings.enumerated() {
      if index == open {
        let storage =
          counts.dictionary.count == 0
          ? Vector.nulls(type: grouping.type, count: codes.count).storage
          : .dictionary(codes: Buffer(copying: codes), width: 4, dictionary: counts.dictionary)
        keys.append(Vector(type: grouping.type, count: codes.count, validity: validity, storage: storage))
      } else if let box = known[index] {
        keys.append(.repeating(box, type: grouping.type, count: codes.count))
      }
    }
    guard let groups = set.groups(keys, count: codes.count) else { return }
    for accumulator in set.accumulators {
      for (index, count) in times.enumerated() {
        _ = try accumulator.accumulateConstant([], times: count, group: Int(groups[index]))
      }
    }
  }
}

/// The two bounds of one column.
private final class BoundsFrame: Frame {
  private let index: Int
  private let bounds: Vector
  init(column: Int, _ bounds: Vector) {
    index = column
    self.bounds = bounds
    super.init(count: 2)
  }
  override func column(_ index: Int) throws(ApusError) -> Vector {
    guard index == self.index else { throw .unexpected("bounds of another column") }
    return bounds
  }
}
