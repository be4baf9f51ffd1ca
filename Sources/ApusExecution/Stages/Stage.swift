// Stage owns the contract between relational operators: morsels of rows that several threads may work on.

import ApusBase
import ApusColumns
import ApusPlan

/// What takes the rows of a stage, a frame at a time.
typealias FrameSink = (Frame) throws(ApusError) -> Void

/// A relational operator. `prepare` and `makeWorker` are called on the query's own thread, in this order; morsels are
/// then run by the workers, each of which one thread uses at a time. Rows come in the order of morsels.
class Stage: @unchecked Sendable {
  let query: QueryState
  let fields: [Field]

  init(_ query: QueryState, fields: [Field]) {
    self.query = query
    self.fields = fields
  }

  /// Does what must be complete before rows come (the build side of a join, all of a sort), and says how many morsels
  /// there are.
  func prepare() throws(ApusError) -> Int { throw .unexpected("a stage without morsels") }
  /// Set before `prepare` by one who pulls morsels as rows are wanted: those of a stream are then a batch each, without
  /// a number, and end when `isExhausted`. Else a stream is one morsel.
  var pullsSteps = false
  var isExhausted: Bool { false }
  func makeWorker() throws(ApusError) -> StageWorker { throw .unexpected("a stage without workers") }
  /// Whether a morsel is small work, not worth a second thread.
  var isLight: Bool { false }
  func close() {}
}

/// One thread's part of a stage.
class StageWorker {
  func run(_ morsel: Int, _ emit: FrameSink) throws(ApusError) {}
}

/// Rows that are there: one batch a morsel.
class BatchesStage: Stage {
  var batches: [Batch] = []

  /// Fills `batches`.
  func produce() throws(ApusError) {}

  override func prepare() throws(ApusError) -> Int {
    try produce()
    return batches.count
  }
  override var isLight: Bool { true }
  override func makeWorker() throws(ApusError) -> StageWorker { BatchesWorker(batches) }
  override func close() { batches = [] }
}

private final class BatchesWorker: StageWorker {
  private let batches: [Batch]
  init(_ batches: [Batch]) { self.batches = batches }
  override func run(_ morsel: Int, _ emit: FrameSink) throws(ApusError) {
    if batches[morsel].count > 0 { try emit(BatchFrame(batches[morsel])) }
  }
}

extension Stage {
  /// Runs all morsels on the pool. `body` is told the participant's slot, below the pool's width.
  func forEachFrame(
    _ body: @escaping @Sendable (_ slot: Int, _ morsel: Int, Frame) throws(ApusError) -> Void
  ) throws(ApusError) {
    let count = try prepare()
    let workers = try makeWorkers(for: count)
    let control = query.control
    try query.pool.run(count: count, width: workers.list.count) { (morsel, slot) throws(ApusError) in
      try control.check()
      try workers.list[slot].run(morsel) { (frame) throws(ApusError) in try body(slot, morsel, frame) }
    }
  }

  /// One worker for each thread that may take part.
  func makeWorkers(for morsels: Int) throws(ApusError) -> WorkerList {
    let count = isLight || morsels < 2 ? 1 : min(query.pool.width, morsels)
    var list: [StageWorker] = []
    for _ in 0..<count { list.append(try makeWorker()) }
    return WorkerList(list)
  }

  /// All rows, in order, as batches; their bytes are accounted to the query.
  func collect() throws(ApusError) -> [Batch] {
    let parts = CollectedParts()
    let width = fields.count
    let control = query.control
    try forEachFrame { (_, morsel, frame) throws(ApusError) in
      let batch = try frame.batch(width: width)
      try control.account(batch.heldBytes)
      parts.add(batch, morsel: morsel)
    }
    return parts.ordered
  }

  /// All rows as one batch.
  func collectOne() throws(ApusError) -> Batch { try Batch.joined(try collect(), types: fields.map(\.type)) }
}

/// Workers by slot, shared with the pool's threads: each uses only its own.
final class WorkerList: @unchecked Sendable {
  let list: [StageWorker]
  init(_ list: [StageWorker]) { self.list = list }
}

extension Batch {
  static func joined(_ batches: [Batch], types: [DataType]) throws(ApusError) -> Batch {
    if batches.count == 1 { return batches[0].compacted() }
    let dense = batches.map { $0.compacted() }
    var columns: [Vector] = []
    for (index, type) in types.enumerated() {
      columns.append(
        dense.isEmpty
          ? .nulls(type: type, count: 0) : try Vector.concatenated(dense.map { $0.columns[index] }, type: type))
    }
    return Batch(columns: columns, count: dense.reduce(0) { $0 + $1.count })
  }

  /// Bytes of memory, about.
  var heldBytes: Int { columns.reduce(0) { $0 + $1.approximateBytes } }
}

extension Vector {
  var approximateBytes: Int {
    switch storage {
    case .bool: count / 8
    case .int16: count * 2
    case .int32, .float32: count * 4
    case .int64, .float64: count * 8
    case .interval, .uuid: count * 16
    case .bytes(let offsets, _):
      count * 4 + Int(offsets.read(Int32.self)[count]) - Int(offsets.read(Int32.self)[0])
    case .dictionary(_, let width, _): count * width
    case .list(let offsets, let child):
      count * 4
        + (child.vector.count == 0
          ? 0
          : child.vector.approximateBytes * Int(offsets.read(Int32.self)[count]) / child.vector.count)
    case .constant: 64
    case .shredded: count * 64
    }
  }
}
