// LateralStage owns LATERAL: the right side is run for each row of the left, with that row's values.

import ApusBase
import ApusColumns
import ApusPlan

final class LateralStage: BatchesStage {
  private let left: Stage
  private let right: LogicalPlan
  private let kind: JoinKind
  private let condition: ApusPlan.Expression?

  init(
    _ left: Stage, _ right: LogicalPlan, _ kind: JoinKind, _ condition: ApusPlan.Expression?, fields: [Field]
  ) {
    self.left = left
    self.right = right
    self.kind = kind
    self.condition = condition
    super.init(left.query, fields: fields)
  }
  override func close() {
    super.close()
    left.close()
  }

  override func produce() throws(ApusError) {
    guard kind == .inner || kind == .left else { throw ApusError.unsupported("LATERAL with this kind of join is") }
    let filter = try condition.map { (condition) throws(ApusError) in
      FilterNodes(try query.nodes(condition.conjunctList))
    }
    for batch in try left.collect() {
      let rows = batch.compacted()
      for row in 0..<rows.count {
        try query.control.check()
        try join(rows, row, filter)
      }
    }
  }

  private func join(_ rows: Batch, _ row: Int, _ filter: FilterNodes?) throws(ApusError) {
    let plan = right.replacingOuter { index, type in
      .literal(index < rows.columns.count ? rows.columns[index].value(at: row) : .null, type)
    }
    let stage = try query.stage(plan)
    let found = try stage.collectOne()
    stage.close()
    var kept: Batch?
    if found.count > 0 {
      let own = rows.columns.map { $0.gathered(SelectionVector(Array(repeating: UInt32(row), count: found.count))) }
      let pairs = Batch(columns: own + found.columns, count: found.count)
      if let filter {
        kept = try filter.pass(BatchFrame(pairs)).map { pairs.taking(SelectionVector($0)) }
      } else {
        kept = pairs
      }
    }
    if let kept, kept.count > 0 {
      batches.append(kept)
    } else if kind == .left {
      let own = rows.columns.map { $0.gathered(SelectionVector([UInt32(row)])) }
      batches.append(Batch(columns: own + right.fields.map { .nulls(type: $0.type, count: 1) }, count: 1))
    }
  }
}
