// AggregateStage owns aggregation: each thread aggregates its morsels, then the parts are merged.

import ApusBase
import ApusColumns
import ApusPlan

final class AggregateStage: BatchesStage {
  private let input: Stage
  private let plan: AggregatePlan

  init(_ input: Stage, _ plan: AggregatePlan, fields: [Field]) {
    self.input = input
    self.plan = plan
    super.init(input.query, fields: fields)
  }

  override func close() {
    super.close()
    input.close()
  }

  override func produce() throws(ApusError) {
    let morsels = try input.prepare()
    let workers = plan.dependsOnOrder ? WorkerList([try input.makeWorker()]) : try input.makeWorkers(for: morsels)
    var parts: [AggregatePart] = []
    for worker in workers.list {
      let sink = try AggregateSink(plan, query)
      var summary: ScanSummary?
      if let scan = input as? ScanStage, scan.source == nil, let reader = worker as? ScanWorker {
        summary = try ScanSummary(scan, reader, sink)
      }
      parts.append(AggregatePart(worker, sink, summary))
    }
    let shared = AggregateParts(parts)
    let control = query.control
    try query.pool.run(count: morsels, width: parts.count) { (morsel, slot) throws(ApusError) in
      try control.check()
      try shared.list[slot].run(morsel)
    }
    for part in parts.dropFirst() { try parts[0].sink.merge(part.sink) }
    batches = try parts[0].sink.results().flatMap { $0.parts(of: ScanWorker.rowsPerBatch) }
    input.close()
  }
}

/// One thread's worker, sink, and what bounds can tell it.
final class AggregatePart {
  let worker: StageWorker
  let sink: AggregateSink
  let summary: ScanSummary?

  init(_ worker: StageWorker, _ sink: AggregateSink, _ summary: ScanSummary?) {
    self.worker = worker
    self.sink = sink
    self.summary = summary
  }

  func run(_ morsel: Int) throws(ApusError) {
    var known: [VectorBox?] = []
    if let summary {
      known = try summary.constantGroupings(morsel)
      if try summary.answer(morsel, known) { return }
    }
    let sink = sink
    try worker.run(morsel) { (frame) throws(ApusError) in try sink.add(frame, known: known) }
  }
}

private final class AggregateParts: @unchecked Sendable {
  let list: [AggregatePart]
  init(_ list: [AggregatePart]) { self.list = list }
}

extension Batch {
  /// The rows in batches of at most `count`.
  func parts(of size: Int) -> [Batch] {
    if count <= size { return [self] }
    let dense = compacted()
    return stride(from: 0, to: dense.count, by: size).map { start in
      let range = start..<min(dense.count, start + size)
      return Batch(columns: dense.columns.map { $0.slice(range) }, count: range.count)
    }
  }
}
