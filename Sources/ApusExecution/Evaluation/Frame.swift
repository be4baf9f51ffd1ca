// Frame owns the rows that an expression is evaluated over: columns that come when they are asked for.

import ApusBase
import ApusColumns

/// Rows as columns. Columns are dense: each has `count` rows.
class Frame {
  let count: Int
  init(count: Int) { self.count = count }

  /// Column `index`, read or gathered at its first use.
  func column(_ index: Int) throws(ApusError) -> Vector { throw .unexpected("column \(index) does not exist") }

  /// Some rows of column `index`.
  func column(_ index: Int, rows: SelectionVector) throws(ApusError) -> Vector {
    try column(index).gathered(rows)
  }
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
    let vector = try parent.column(index, rows: selection)
    cache[index] = vector
    return vector
  }
}

/// Columns that are computed from another frame's rows when they are asked for.
final class ComputedFrame: Frame {
  private let parent: Frame
  private let nodes: [Node]
  private var cache: [Vector?]

  init(_ parent: Frame, _ nodes: [Node]) {
    self.parent = parent
    self.nodes = nodes
    cache = Array(repeating: nil, count: nodes.count)
    super.init(count: parent.count)
  }

  override func column(_ index: Int) throws(ApusError) -> Vector {
    if let known = cache[index] { return known }
    let vector = try nodes[index].evaluate(parent)
    cache[index] = vector
    return vector
  }
}

/// Two frames side by side: the left's columns, then the right's.
final class PairFrame: Frame {
  private let left: Frame
  private let leftWidth: Int
  private let right: Frame

  init(_ left: Frame, width: Int, _ right: Frame) {
    self.left = left
    leftWidth = width
    self.right = right
    super.init(count: left.count)
  }

  override func column(_ index: Int) throws(ApusError) -> Vector {
    index < leftWidth ? try left.column(index) : try right.column(index - leftWidth)
  }
}

/// Rows of another frame by number; a negative number gives a row of nulls.
final class OuterFrame: Frame {
  private let parent: Frame
  private let rows: [Int32]
  private var cache: [Int: Vector] = [:]

  init(_ parent: Frame, _ rows: [Int32]) {
    self.parent = parent
    self.rows = rows
    super.init(count: rows.count)
  }

  override func column(_ index: Int) throws(ApusError) -> Vector {
    if let known = cache[index] { return known }
    let vector = try parent.column(index).gatheredOrNull(rows)
    cache[index] = vector
    return vector
  }
}

extension Frame {
  /// Columns 0..<width as a dense batch.
  func batch(width: Int) throws(ApusError) -> Batch {
    var columns: [Vector] = []
    columns.reserveCapacity(width)
    for index in 0..<width {
      let vector = try column(index)
      if case .shredded = vector.storage { columns.append(vector.flattened()) } else { columns.append(vector) }
    }
    return Batch(columns: columns, count: count)
  }

  /// The rows whose bits are set, or the frame itself when all are.
  func part(_ bits: Bitmap) -> Frame {
    let selection = SelectionVector(bits)
    return selection.count == count ? self : PartFrame(self, selection)
  }
}
