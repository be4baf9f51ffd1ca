// RecursiveStage owns WITH RECURSIVE: rounds of rows, each made from the round before, until one gives none.

import ApusBase
import ApusColumns
import ApusPlan

/// The rows of a recursive query, a round at a time. Used on the query's own thread.
final class RecursiveRows {
  let query: QueryState
  let fields: [Field]
  private let base: LogicalPlan
  private let step: LogicalPlan
  private let identity: Int
  /// The rows seen so far; nil for UNION ALL.
  private let seen: GroupTable?
  private var last: Batch?
  private var isDone = false
  private var seenBytes = 0

  init(
    _ query: QueryState, _ base: LogicalPlan, _ step: LogicalPlan, identity: Int, all: Bool, fields: [Field]
  ) {
    self.query = query
    self.base = base
    self.step = step
    self.identity = identity
    self.fields = fields
    seen = all ? nil : GroupTable(fields.map(\.type))
  }

  /// The rows of the next round, at least one; nil at the end. They are accounted to the query, and what the round's
  /// own operators held is not any more.
  func next() throws(ApusError) -> Batch? {
    guard !isDone else { return nil }
    try query.control.check()
    let held = query.control.held
    let outer = query.workingRows[identity]
    defer { query.workingRows[identity] = outer }
    if let last { query.workingRows[identity] = last }
    let stage = try query.stage(last == nil ? base : step)
    let rows = try unseen(try stage.collectOne())
    stage.close()
    if rows.count == 0 {
      isDone = true
      last = nil
      return nil
    }
    last = rows
    let own = rows.heldBytes + (seen?.byteCount ?? 0) - seenBytes
    seenBytes = seen?.byteCount ?? 0
    try query.control.account(held + own - query.control.held)
    try MemoryBudget.check(own)
    return rows
  }

  private func unseen(_ rows: Batch) throws(ApusError) -> Batch {
    guard let seen, rows.count > 0 else { return rows }
    if fields.isEmpty { return last == nil ? Batch(columns: [], count: 1) : Batch(columns: [], count: 0) }
    var next = seen.count
    let scratch = NumberScratch()
    let numbers = scratch.fit(rows.count)
    seen.insert(rows.columns, count: rows.count, into: numbers)
    var kept: [UInt32] = []
    for row in 0..<rows.count where Int(numbers[row]) == next {
      kept.append(UInt32(truncatingIfNeeded: row))
      next += 1
    }
    return kept.count == rows.count ? rows : rows.taking(SelectionVector(kept)).compacted()
  }

  func close() {
    isDone = true
    last = nil
  }
}

/// All rounds at once, for operators above that need every row.
final class RecursiveStage: BatchesStage {
  private let rows: RecursiveRows

  init(_ rows: RecursiveRows) {
    self.rows = rows
    super.init(rows.query, fields: rows.fields)
  }
  override func produce() throws(ApusError) {
    while let round = try rows.next() { batches.append(contentsOf: round.parts(of: ScanWorker.rowsPerBatch)) }
  }
  override func close() {
    super.close()
    rows.close()
  }
}

/// The rows of the round before.
final class WorkingStage: BatchesStage {
  private let identity: Int

  init(_ query: QueryState, _ identity: Int, fields: [Field]) {
    self.identity = identity
    super.init(query, fields: fields)
  }
  override func produce() throws(ApusError) {
    guard let rows = query.workingRows[identity] else { throw .unexpected("a recursive reference without rows") }
    if rows.count > 0 { batches = rows.parts(of: ScanWorker.rowsPerBatch) }
  }
}

/// Rounds made as far as a reader asks: a LIMIT ends a recursion that has no end of its own. What stands between the
/// reader and the recursion passes each row by itself.
private final class RecursiveReader: Operator {
  private let rows: RecursiveRows
  private let above: LogicalPlan
  private let identity: Int

  init(_ rows: RecursiveRows, above: LogicalPlan, identity: Int) {
    self.rows = rows
    self.above = above
    self.identity = identity
  }

  override func next() throws(ApusError) -> Batch? {
    let query = rows.query
    guard let round = try rows.next() else { return nil }
    let held = query.control.held
    query.workingRows[identity] = round
    let stage = try query.stage(above)
    let batch = try stage.collectOne()
    stage.close()
    query.workingRows[identity] = nil
    // The reader takes the rows with it.
    try query.control.account(held - round.heldBytes - query.control.held)
    return batch
  }
  override func close() { rows.close() }
}

extension QueryState {
  /// A reader for a recursive query under projections and filters alone.
  func recursion(under plan: LogicalPlan) -> Operator? {
    guard case .recursive(let base, let step, let identity, let all, let fields)? = plan.recursionBelow else {
      return nil
    }
    let rows = RecursiveRows(self, base, step, identity: identity, all: all, fields: fields)
    let own = -1 - identity
    return RecursiveReader(rows, above: plan.replacingRecursion(by: own), identity: own)
  }
}

extension LogicalPlan {
  fileprivate var recursionBelow: LogicalPlan? {
    switch self {
    case .recursive: self
    case .project(let input, _, _), .filter(let input, _): input.recursionBelow
    default: nil
    }
  }

  fileprivate func replacingRecursion(by identity: Int) -> LogicalPlan {
    switch self {
    case .recursive(_, _, _, _, let fields): .working(identity: identity, fields: fields)
    case .project(let input, let expressions, let fields):
      .project(input.replacingRecursion(by: identity), expressions, fields: fields)
    case .filter(let input, let condition): .filter(input.replacingRecursion(by: identity), condition)
    default: self
    }
  }
}
