// Frame owns the rows that an expression is evaluated over: columns that come when they are asked for.

import ApusBase
import ApusColumns

/// Rows as columns. Columns are dense: each has `count` rows.
class Frame {
  let count: Int
  init(count: Int) { self.count = count }

  /// Column `index`, read or gathered at its first use.
  func column(_ index: Int) throws(ApusError) -> Vector { throw .unexpected("column \(index) does not exist") }
}

/// The rows of a dense batch.
final class BatchFrame: Frame {
  private let columns: [Vector]

  init(_ batch: Batch) {
    let dense = batch.compacted()
    columns = dense.columns
    super.init(count: dense.physicalCount)
  }

  override func column(_ index: Int) throws(ApusError) -> Vector {
    guard index < columns.count else { throw .unexpected("column \(index) of \(columns.count)") }
    return columns[index]
  }
}

/// Some rows of another frame.
final class PartFrame: Frame {
  private let parent: Frame
  private let selection: SelectionVector
  private var cache: [Int: Vector] = [:]

  init(_ parent: Frame, _ selection: SelectionVector) {
    self.parent = parent
    self.selection = selection
    super.init(count: selection.count)
  }

  override func column(_ index: Int) throws(ApusError) -> Vector {
    if let known = cache[index] { return known }
    let vector = try parent.column(index).gathered(selection)
    cache[index] = vector
    return vector
  }
}

extension Frame {
  /// The rows whose bits are set, or the frame itself when all are.
  func part(_ bits: Bitmap) -> Frame {
    let selection = SelectionVector(bits)
    return selection.count == count ? self : PartFrame(self, selection)
  }
}
