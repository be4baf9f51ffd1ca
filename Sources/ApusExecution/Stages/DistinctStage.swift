// DISTINCT, DISTINCT ON, UNION, INTERSECT and EXCEPT.

import ApusBase
import ApusColumns
import ApusPlan

/// The first row of each set of rows that are equal in `on`, or in all columns.
final class DistinctStage: BatchesStage {
  private let input: Stage
  private let on: [ApusPlan.Expression]?

  init(_ input: Stage, on: [ApusPlan.Expression]?) {
    self.input = input
    self.on = on
    super.init(input.query, fields: input.fields)
  }
  override func close() {
    super.close()
    input.close()
  }

  override func produce() throws(ApusError) {
    let rows = try input.collectOne()
    input.close()
    if rows.count == 0 { return }
    let frame = BatchFrame(rows)
    var keys = rows.columns
    if let on {
      keys = []
      for node in try query.nodes(on) { keys.append(try node.evaluate(frame)) }
    }
    let table = GroupTable(keys.map(\.type))
    let scratch = NumberScratch()
    let numbers = scratch.fit(rows.count)
    table.insert(keys, count: rows.count, into: numbers)
    var kept: [UInt32] = []
    if table.columns.isEmpty {
      kept = [0]
    } else {
      for row in 0..<rows.count where Int(numbers[row]) == kept.count { kept.append(UInt32(truncatingIfNeeded: row)) }
    }
    batches = rows.taking(SelectionVector(kept)).parts(of: ScanWorker.rowsPerBatch)
  }
}

/// The rows of all inputs, one after the other: UNION ALL.
final class AppendStage: Stage {
  private let inputs: [Stage]
  private var starts: [Int] = []

  init(_ query: QueryState, _ inputs: [Stage], fields: [Field]) {
    self.inputs = inputs
    super.init(query, fields: fields)
  }
  override func prepare() throws(ApusError) -> Int {
    starts = []
    var total = 0
    for input in inputs {
      starts.append(total)
      total += try input.prepare()
    }
    return total
  }
  override var isLight: Bool { inputs.allSatisfy(\.isLight) }
  override func close() { for input in inputs { input.close() } }
  override func makeWorker() throws(ApusError) -> StageWorker {
    var workers: [StageWorker] = []
    for input in inputs { workers.append(try input.makeWorker()) }
    return AppendWorker(workers, starts)
  }
}

private final class AppendWorker: StageWorker {
  private let workers: [StageWorker]
  private let starts: [Int]
  init(_ workers: [StageWorker], _ starts: [Int]) {
    self.workers = workers
    self.starts = starts
  }
  override func run(_ morsel: Int, _ emit: FrameSink) throws(ApusError) {
    guard let place = starts.lastIndex(where: { $0 <= morsel }) else { return }
    try workers[place].run(morsel - starts[place], emit)
  }
}

/// INTERSECT and EXCEPT, with ALL or without, from left to right.
final class MatchedSetStage: BatchesStage {
  private let inputs: [Stage]
  private let operation: SetOperation
  private let all: Bool

  init(_ query: QueryState, _ inputs: [Stage], _ operation: SetOperation, all: Bool, fields: [Field]) {
    self.inputs = inputs
    self.operation = operation
    self.all = all
    super.init(query, fields: fields)
  }
  override func close() {
    super.close()
    for input in inputs { input.close() }
  }

  override func produce() throws(ApusError) {
    guard let first = inputs.first else { return }
    var rows = try first.collectOne()
    for input in inputs.dropFirst() { rows = matched(rows, try input.collectOne()) }
    if rows.count > 0 { batches = rows.parts(of: ScanWorker.rowsPerBatch) }
  }

  private func matched(_ left: Batch, _ right: Batch) -> Batch {
    let table = GroupTable(fields.map(\.type))
    let scratch = NumberScratch()
    func numbers(_ batch: Batch) -> [Int] {
      let out = scratch.fit(batch.count)
      table.insert(batch.columns, count: batch.count, into: out)
      return (0..<batch.count).map { Int(out[$0]) }
    }
    let leftNumbers = numbers(left)
    let rightNumbers = numbers(right)
    var others = [Int](repeating: 0, count: table.count)
    for number in rightNumbers { others[number] += 1 }
    var emitted = [Bool](repeating: false, count: table.count)
    var kept: [UInt32] = []
    for (row, number) in leftNumbers.enumerated() {
      if all {
        // Each row of the right side takes one equal row of the left.
        let isMatched = others[number] > 0
        if isMatched { others[number] -= 1 }
        if isMatched == (operation == .intersect) { kept.append(UInt32(truncatingIfNeeded: row)) }
      } else if !emitted[number], (others[number] > 0) == (operation == .intersect) {
        emitted[number] = true
        kept.append(UInt32(truncatingIfNeeded: row))
      }
    }
    return left.taking(SelectionVector(kept))
  }
}
