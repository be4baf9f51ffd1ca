// StageReader owns the pulling of a stage's rows: morsels are run as far as they are asked for.

import ApusBase
import ApusColumns
import ApusPlan

/// Pulls a stage. Morsels run in waves on the pool; the first wave is one morsel, so that a reader who wants few rows
/// pays for few.
final class StageReader: Operator {
  private let stage: Stage
  private var morsels = -1
  private var next_ = 0
  private var workers: WorkerList?
  private var ready: [Batch] = []
  private var width = 1

  init(_ stage: Stage) { self.stage = stage }

  override func next() throws(ApusError) -> Batch? {
    if morsels < 0 {
      stage.pullsSteps = true
      morsels = try stage.prepare()
    }
    while ready.isEmpty {
      guard next_ < morsels, !stage.isExhausted else { return nil }
      try wave()
    }
    return ready.removeFirst()
  }

  private func wave() throws(ApusError) {
    let workers: WorkerList
    if let known = self.workers { workers = known } else { workers = try stage.makeWorkers(for: morsels) }
    self.workers = workers
    let count = min(min(width, workers.list.count), morsels - next_)
    let first = next_
    let parts = CollectedParts()
    let fields = stage.fields.count
    try stage.query.pool.run(count: count, width: count) { (index, slot) throws(ApusError) in
      try workers.list[slot].run(first + index) { (frame) throws(ApusError) in
        parts.add(try frame.batch(width: fields), morsel: index)
      }
    }
    next_ += count
    width = workers.list.count
    ready = parts.ordered
  }

  override func close() {
    ready = []
    morsels = 0
    next_ = 0
    workers = nil
    stage.close()
  }
}

/// The rows after `offset`, at most `limit` of them.
final class LimitReader: Operator {
  private let input: Operator
  private var limit: Int
  private var offset: Int

  init(_ input: Operator, limit: Int, offset: Int) {
    self.input = input
    self.limit = limit
    self.offset = offset
  }

  override func next() throws(ApusError) -> Batch? {
    while limit > 0 {
      guard let batch = try input.next()?.compacted() else { return nil }
      if batch.count <= offset {
        offset -= batch.count
        continue
      }
      let range = offset..<min(batch.count, limit > batch.count ? batch.count : offset + limit)
      offset = 0
      limit -= range.count
      return Batch(columns: batch.columns.map { $0.slice(range) }, count: range.count)
    }
    return nil
  }
  override func close() { input.close() }
}
