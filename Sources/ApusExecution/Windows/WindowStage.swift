// WindowStage owns the window node: all rows are gathered, each distinct window sorts them once, and its calls add
// their columns.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

final class WindowStage: BatchesStage {
  private let input: Stage
  private let windows: [WindowSpec]
  private let calls: [WindowCall]

  init(_ input: Stage, _ windows: [WindowSpec], _ calls: [WindowCall], fields: [Field]) {
    self.input = input
    self.windows = windows
    self.calls = calls
    super.init(input.query, fields: fields)
  }

  override func close() {
    super.close()
    input.close()
  }

  /// Rows come out in the order of the last window.
  override func produce() throws(ApusError) {
    let rows = try input.collectOne()
    input.close()
    if rows.count == 0 { return }
    guard rows.count < Int(Int32.max) / 2 else {
      throw ApusError(.programLimitExceeded, "window functions over more than \(Int32.max / 2) rows")
    }
    let frame = BatchFrame(rows)
    var results: [Vector?] = calls.map { _ in nil }
    var orders: [WindowOrder] = []
    for (index, window) in windows.enumerated() {
      try query.control.check()
      let order = try WindowOrder(window, frame, query)
      orders.append(order)
      let evaluation = WindowEvaluation(order, frame, query)
      for (place, call) in calls.enumerated() where call.window == index {
        let made = try evaluation.value(of: call)
        try query.control.account(made.approximateBytes)
        results[place] = made.type == call.type ? made : made.reinterpreted(as: call.type)
      }
    }
    guard let last = orders.last else { throw .unexpected("a window node without windows") }
    var columns = rows.columns.map { last.gather($0) }
    for (place, call) in calls.enumerated() {
      guard let made = results[place] else { throw .unexpected("a window call of no window") }
      columns.append(orders[call.window].gather(made, inOrderOf: last))
    }
    batches = Batch(columns: columns, count: rows.count).parts(of: ScanWorker.rowsPerBatch)
  }
}

/// The order of rows in one window.
final class WindowOrder {
  let count: Int
  /// Input rows in the window's order; nil when that is the input's own.
  let rows: [UInt32]?
  /// Where partitions begin, and `count`.
  let partitions: [Int32]
  let selection: SelectionVector?
  /// Of the first key, which is the only one where RANGE has an offset.
  let isDescending: Bool
  private let sorter: RowSorter
  private var knownPeers: [Int32]?

  init(_ window: WindowSpec, _ frame: Frame, _ query: QueryState) throws(ApusError) {
    count = frame.count
    isDescending = window.order.first?.descending ?? false
    var keys: [SortColumn] = []
    for key in window.order {
      keys.append(
        SortColumn(
          try query.node(key.expression).evaluate(frame), descending: key.descending, nullsFirst: key.nullsFirst))
    }
    let sorter = try RowSorter(keys, count: count)
    self.sorter = sorter
    var groupings: [Vector] = []
    for node in try query.nodes(window.partition) {
      let vector = try node.evaluate(frame)
      if !vector.isConstant { groupings.append(vector) }
    }
    var (order, borders) = try GroupTable.rowsByKey(groupings, count: count)
    if groupings.isEmpty {
      let isSorted = order.withUnsafeMutableBufferPointer { sorter.isSorted($0) }
      if !isSorted { order = sorter.sorted() }
    } else {
      order.withUnsafeMutableBufferPointer { all in
        for index in 0..<borders.count - 1 {
          sorter.sort(UnsafeMutableBufferPointer(rebasing: all[Int(borders[index])..<Int(borders[index + 1])]))
        }
      }
    }
    partitions = borders
    borders = []
    let isIdentity = order.indices.allSatisfy { order[$0] == UInt32(truncatingIfNeeded: $0) }
    rows = isIdentity ? nil : order
    selection = isIdentity ? nil : SelectionVector(order)
    try query.control.account(count * 16)
  }

  /// Where groups begin of rows that are equal in partition and order, and `count`.
  var peers: [Int32] {
    if let knownPeers { return knownPeers }
    var borders: [Int32] = []
    borders.reserveCapacity(count + 1)
    for partition in 0..<partitions.count - 1 {
      let (start, end) = (Int(partitions[partition]), Int(partitions[partition + 1]))
      borders.append(Int32(truncatingIfNeeded: start))
      for row in start + 1..<max(start + 1, end) where !sorter.areEqual(inputRow(row - 1), inputRow(row)) {
        borders.append(Int32(truncatingIfNeeded: row))
      }
    }
    borders.append(Int32(truncatingIfNeeded: count))
    knownPeers = borders
    return borders
  }

  @inline(__always)
  func inputRow(_ place: Int) -> Int { rows.map { Int($0[place]) } ?? place }

  /// Rows of the input in this order.
  func gather(_ vector: Vector) -> Vector { selection.map { vector.gathered($0) } ?? vector }

  /// Rows of this order in another one.
  func gather(_ vector: Vector, inOrderOf other: WindowOrder) -> Vector {
    if self === other || (rows == nil && other.rows == nil) { return vector }
    var places = [UInt32](repeating: 0, count: count)
    for place in 0..<count { places[inputRow(place)] = UInt32(truncatingIfNeeded: place) }
    let moved = (0..<count).map { places[other.inputRow($0)] }
    return vector.gathered(SelectionVector(moved))
  }
}

/// The calls over one window.
final class WindowEvaluation {
  let order: WindowOrder
  private let frame: Frame
  private let query: QueryState
  private var bounds: [FrameSpec: FrameRows] = [:]

  init(_ order: WindowOrder, _ frame: Frame, _ query: QueryState) {
    self.order = order
    self.frame = frame
    self.query = query
  }

  /// The values of a call, in the window's order.
  func value(of call: WindowCall) throws(ApusError) -> Vector {
    var arguments: [Vector] = []
    for node in try query.nodes(call.arguments) { arguments.append(order.gather(try node.evaluate(frame))) }
    switch call.function {
    case .window(let function):
      let rows = function.usesFrame ? try frameRows(call.frame) : nil
      let layout = WindowLayout(
        count: order.count, partitions: order.partitions, peers: function.usesPeers ? order.peers : [],
        frameStarts: rows?.starts ?? [], frameEnds: rows?.ends ?? [],
        frameHoles: rows?.holes ?? [])
      return try function.evaluate(arguments, layout)
    case .aggregate(let function):
      var passing: Bitmap?
      if let filter = call.filter { passing = order.gather(try query.node(filter).evaluate(frame)).trueBits }
      let aggregation = WindowAggregation(
        function: function, arguments: arguments, types: call.arguments.map(\.type), passing: passing, order: order,
        frame: try frameRows(call.frame), type: call.type, control: query.control)
      return try aggregation.result()
    }
  }

  private func frameRows(_ spec: FrameSpec) throws(ApusError) -> FrameRows {
    if let known = bounds[spec] { return known }
    let made = try FrameRows(spec, order, frame, query)
    bounds[spec] = made
    return made
  }
}
