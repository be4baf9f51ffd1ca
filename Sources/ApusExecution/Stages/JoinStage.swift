// JoinStage owns joins: the right side is hashed by its keys, the left side is streamed past it.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import Synchronization

/// `left.key = right.key`, as expressions over either side's own columns.
struct JoinKey {
  let left: ApusPlan.Expression
  let right: ApusPlan.Expression
}

/// The hashed right side. Immutable once built.
final class JoinTable: @unchecked Sendable {
  let rows: Batch
  let groups: GroupTable
  /// The first row of each group, and the next row of the same group for each row; -1 at the end.
  private let first: [Int32]
  private let following: [Int32]

  init(_ rows: Batch, keys: [Vector]) throws(ApusError) {
    guard rows.count < Int(Int32.max) else { throw ApusError(.programLimitExceeded, "join of too many rows") }
    self.rows = rows
    groups = GroupTable(keys.map(\.type))
    let scratch = NumberScratch()
    let numbers = scratch.fit(rows.count)
    groups.insert(keys, count: rows.count, into: numbers)
    var first = [Int32](repeating: -1, count: groups.count)
    var following = [Int32](repeating: -1, count: rows.count)
    for row in stride(from: rows.count - 1, through: 0, by: -1) {
      // A null key equals nothing.
      if keys.contains(where: { $0.isNull(row) }) { continue }
      let group = Int(numbers[row])
      following[row] = first[group]
      first[group] = Int32(truncatingIfNeeded: row)
    }
    self.first = first
    self.following = following
  }

  @inline(__always)
  func first(_ group: UInt32) -> Int32 { group == PairTable.absent ? -1 : first[Int(group)] }
  @inline(__always)
  func next(_ row: Int32) -> Int32 { following[Int(row)] }
}

final class JoinStage: Stage {
  let left: Stage
  let right: Stage
  let kind: JoinKind
  let keys: [JoinKey]
  let residual: [ApusPlan.Expression]
  fileprivate(set) var table: JoinTable?
  /// RIGHT and FULL: rows of the right side that some row of the left has met.
  private let matched = Mutex<[Bool]>([])
  private var made: [Batch]?

  init(
    _ left: Stage, _ right: Stage, _ kind: JoinKind, _ condition: ApusPlan.Expression?, fields: [Field]
  ) throws(ApusError) {
    self.left = left
    self.right = right
    self.kind = kind
    var keys: [JoinKey] = []
    var residual: [ApusPlan.Expression] = []
    let width = left.fields.count
    for conjunct in condition?.conjunctList ?? [] {
      if let key = Self.key(conjunct, width: width) { keys.append(key) } else { residual.append(conjunct) }
    }
    self.keys = keys
    self.residual = residual
    super.init(left.query, fields: fields)
  }

  /// The conjunct as an equality between the two sides, if it is one whose values can be hashed alike.
  private static func key(_ conjunct: ApusPlan.Expression, width: Int) -> JoinKey? {
    guard case .call(let function, let arguments, .bool) = conjunct, function.kind == .operator, function.name == "=",
      arguments.count == 2, KeyKind(arguments[0].type) == KeyKind(arguments[1].type),
      !arguments[0].containsSubquery, !arguments[1].containsSubquery
    else { return nil }
    // A day and a moment have different units though both are whole numbers.
    let isTime: (DataType) -> Bool = { [.date, .timestamp, .timestamptz, .time].contains($0) }
    let (a, b) = (arguments[0].type, arguments[1].type)
    if isTime(a) || isTime(b), a != b { return nil }
    if a == .jsonb || b == .jsonb { return nil }
    let sides = arguments.map { $0.referencedColumns }
    if sides.contains(where: \.isEmpty) { return nil }
    if sides[0].allSatisfy({ $0 < width }), sides[1].allSatisfy({ $0 >= width }) {
      return JoinKey(left: arguments[0], right: arguments[1].movingColumns(by: -width))
    }
    if sides[1].allSatisfy({ $0 < width }), sides[0].allSatisfy({ $0 >= width }) {
      return JoinKey(left: arguments[1], right: arguments[0].movingColumns(by: -width))
    }
    return nil
  }

  override func close() {
    left.close()
    right.close()
    table = nil
    made = nil
  }

  private func build() throws(ApusError) {
    let rows = try right.collectOne()
    right.close()
    let frame = BatchFrame(rows)
    var vectors: [Vector] = []
    for key in keys { vectors.append(try query.node(key.right).evaluate(frame)) }
    let built = try JoinTable(rows, keys: vectors)
    try query.control.account(built.groups.byteCount + rows.count * 4)
    table = built
    if kind == .right || kind == .full { matched.withLock { $0 = Array(repeating: false, count: rows.count) } }
  }

  override func prepare() throws(ApusError) -> Int {
    try build()
    guard kind == .right || kind == .full, let table else {
      left.pullsSteps = pullsSteps
      return try left.prepare()
    }
    // Which rows of the right side are left over shows only when all of the left has passed.
    let parts = CollectedParts()
    let width = fields.count
    let control = query.control
    let count = try left.prepare()
    var list: [StageWorker] = []
    for worker in try left.makeWorkers(for: count).list { list.append(try JoinWorker(self, worker, table)) }
    let workers = WorkerList(list)
    try query.pool.run(count: count, width: list.count) { (morsel, slot) throws(ApusError) in
      try workers.list[slot].run(morsel) { (frame) throws(ApusError) in
        let batch = try frame.batch(width: width)
        try control.account(batch.heldBytes)
        parts.add(batch, morsel: morsel)
      }
    }
    var batches = parts.ordered
    let rest = matched.withLock { flags in
      (0..<flags.count).filter { !flags[$0] }.map { UInt32(truncatingIfNeeded: $0) }
    }
    if !rest.isEmpty {
      let nulls = left.fields.map { Vector.nulls(type: $0.type, count: rest.count) }
      batches.append(
        Batch(columns: nulls + table.rows.taking(SelectionVector(rest)).columns, count: rest.count))
    }
    made = batches
    return batches.count
  }

  override var isLight: Bool { made != nil || left.isLight }
  override var isExhausted: Bool { made == nil && left.isExhausted }

  override func makeWorker() throws(ApusError) -> StageWorker {
    if let made { return MadeWorker(made) }
    guard let table else { throw .unexpected("a join without its right side") }
    return try JoinWorker(self, try left.makeWorker(), table)
  }

  fileprivate func mark(_ rows: [Int32]) {
    matched.withLock { flags in for row in rows where row >= 0 { flags[Int(row)] = true } }
  }
}

private final class MadeWorker: StageWorker {
  private let batches: [Batch]
  init(_ batches: [Batch]) { self.batches = batches }
  override func run(_ morsel: Int, _ emit: FrameSink) throws(ApusError) { try emit(BatchFrame(batches[morsel])) }
}

private final class JoinWorker: StageWorker {
  private let join: JoinStage
  private let input: StageWorker
  private let table: JoinTable
  private let rightFrame: BatchFrame
  private let keys: [Node]
  private let residual: FilterNodes?
  private let probe: GroupProbe
  private let scratch = NumberScratch()
  private let leftWidth: Int
  private static let pairsPerBatch = 32_768

  init(_ join: JoinStage, _ input: StageWorker, _ table: JoinTable) throws(ApusError) {
    self.join = join
    self.input = input
    self.table = table
    rightFrame = BatchFrame(table.rows)
    keys = try join.query.nodes(join.keys.map(\.left))
    residual = join.residual.isEmpty ? nil : FilterNodes(try join.query.nodes(join.residual))
    probe = GroupProbe(table.groups)
    leftWidth = join.left.fields.count
  }

  override func run(_ morsel: Int, _ emit: FrameSink) throws(ApusError) {
    try input.run(morsel) { (frame) throws(ApusError) in try match(frame, emit) }
  }

  private func match(_ frame: Frame, _ emit: FrameSink) throws(ApusError) {
    var vectors: [Vector] = []
    for key in keys { vectors.append(try key.evaluate(frame)) }
    let groups = scratch.fit(frame.count)
    table.groups.find(vectors, count: frame.count, into: groups, with: probe)
    var hits = [Bool](repeating: false, count: frame.count)
    var lefts: [Int32] = []
    var rights: [Int32] = []
    let isSemi = join.kind == .semi || join.kind == .anti
    for row in 0..<frame.count {
      if vectors.contains(where: { $0.isNull(row) }) { continue }
      var candidate = table.first(groups[row])
      while candidate >= 0 {
        if isSemi, residual == nil {
          hits[row] = true
          break
        }
        lefts.append(Int32(truncatingIfNeeded: row))
        rights.append(candidate)
        if lefts.count >= Self.pairsPerBatch { try flush(frame, &lefts, &rights, &hits, emit) }
        candidate = table.next(candidate)
      }
    }
    try flush(frame, &lefts, &rights, &hits, emit)
    switch join.kind {
    case .semi: try emitLeft(frame, hits.indices.filter { hits[$0] }, emit)
    case .anti: try emitLeft(frame, hits.indices.filter { !hits[$0] }, emit)
    case .left, .full:
      let rest = hits.indices.filter { !hits[$0] }.map { Int32(truncatingIfNeeded: $0) }
      if !rest.isEmpty {
        let none = OuterFrame(rightFrame, Array(repeating: -1, count: rest.count))
        try emit(PairFrame(OuterFrame(frame, rest), width: leftWidth, none))
      }
    default: break
    }
  }

  private func emitLeft(_ frame: Frame, _ rows: [Int], _ emit: FrameSink) throws(ApusError) {
    if rows.count == frame.count { return try emit(frame) }
    if rows.isEmpty { return }
    try emit(PartFrame(frame, SelectionVector(rows.map { UInt32(truncatingIfNeeded: $0) })))
  }

  /// Tests the pairs, marks what met, and emits them.
  private func flush(
    _ frame: Frame, _ lefts: inout [Int32], _ rights: inout [Int32], _ hits: inout [Bool], _ emit: FrameSink
  ) throws(ApusError) {
    defer {
      lefts.removeAll(keepingCapacity: true)
      rights.removeAll(keepingCapacity: true)
    }
    if lefts.isEmpty { return }
    try join.query.control.check()
    if let residual {
      let pairs = PairFrame(OuterFrame(frame, lefts), width: leftWidth, OuterFrame(rightFrame, rights))
      let bits = try residual.pass(pairs)
      guard let bits else {
        lefts.removeAll(keepingCapacity: true)
        return
      }
      if bits.setCount < lefts.count {
        lefts = lefts.indices.filter { bits[$0] }.map { lefts[$0] }
        rights = rights.indices.filter { bits[$0] }.map { rights[$0] }
      }
    }
    for row in lefts { hits[Int(row)] = true }
    if join.kind == .right || join.kind == .full { join.mark(rights) }
    if join.kind == .semi || join.kind == .anti { return }
    try emit(PairFrame(OuterFrame(frame, lefts), width: leftWidth, OuterFrame(rightFrame, rights)))
  }
}

extension FilterNodes {
  /// The rows for which all conditions are true; nil for none.
  func pass(_ frame: Frame) throws(ApusError) -> Bitmap? {
    var kept: Bitmap?
    for node in nodes {
      let bits: Bitmap
      if let before = kept, node.mayFail {
        let rows = SelectionVector(before)
        let part = try node.evaluate(PartFrame(frame, rows)).trueBits
        bits = Bitmap(repeating: false, count: frame.count)
        for index in 0..<rows.count where part[index] { bits.set(rows[index]) }
      } else {
        bits = try node.evaluate(frame).trueBits
      }
      let both = kept?.and(bits) ?? bits
      if both.setCount == 0 { return nil }
      kept = both
    }
    return kept ?? Bitmap(repeating: true, count: frame.count)
  }
}
