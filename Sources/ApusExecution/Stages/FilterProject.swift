// Filters and projections: stages that pass their input's morsels on.

import ApusBase
import ApusColumns
import ApusPlan

/// Rows for which a condition is true.
final class FilterStage: Stage {
  private let input: Stage
  private let conditions: [ApusPlan.Expression]

  init(_ input: Stage, _ condition: ApusPlan.Expression) {
    self.input = input
    conditions = condition.conjunctList
    super.init(input.query, fields: input.fields)
  }
  override func prepare() throws(ApusError) -> Int {
    input.pullsSteps = pullsSteps
    return try input.prepare()
  }
  override var isExhausted: Bool { input.isExhausted }
  override var isLight: Bool { input.isLight }
  override func close() { input.close() }
  override func makeWorker() throws(ApusError) -> StageWorker {
    FilterWorker(try input.makeWorker(), FilterNodes(try query.nodes(conditions)))
  }
}

private final class FilterWorker: StageWorker {
  private let input: StageWorker
  private let filter: FilterNodes
  init(_ input: StageWorker, _ filter: FilterNodes) {
    self.input = input
    self.filter = filter
  }
  override func run(_ morsel: Int, _ emit: FrameSink) throws(ApusError) {
    try input.run(morsel) { (frame) throws(ApusError) in
      if let kept = try filter.apply(to: frame) { try emit(kept) }
    }
  }
}

/// Conditions that all must be true, in the order in which they are best tested.
struct FilterNodes {
  let nodes: [Node]

  init(_ conditions: [Node]) {
    nodes = conditions.enumerated().sorted { a, b in
      if a.element.mayFail != b.element.mayFail { return !a.element.mayFail }
      if a.element.mayFail || a.element.cost == b.element.cost { return a.offset < b.offset }
      return a.element.cost < b.element.cost
    }.map(\.element)
  }

  /// The rows of the frame that pass, among `rows` if given; nil for none.
  func apply(to frame: Frame, among rows: SelectionVector? = nil, skipping: [Bool]? = nil) throws(ApusError) -> Frame? {
    var selection = rows
    for (index, node) in nodes.enumerated() {
      if let skipping, skipping[index] { continue }
      guard let kept = selection else {
        let bits = try node.evaluate(frame).trueBits
        let passed = bits.setCount
        if passed == 0 { return nil }
        if passed < frame.count { selection = SelectionVector(bits) }
        continue
      }
      if kept.count == 0 { return nil }
      // Evaluating every row costs less than gathering most of them.
      if !node.mayFail, kept.count * 2 > frame.count {
        let bits = try node.evaluate(frame).trueBits
        selection = Self.kept(kept, bits)
      } else {
        let taken = SelectionVector(try node.evaluate(PartFrame(frame, kept)).trueBits)
        if taken.count < kept.count { selection = CaseNode.compose(kept, taken) }
      }
    }
    guard let selection else { return frame }
    return selection.count == 0 ? nil : PartFrame(frame, selection)
  }

  /// The rows of a selection whose bits are set.
  private static func kept(_ selection: SelectionVector, _ bits: Bitmap) -> SelectionVector {
    let buffer = Buffer(byteCount: selection.count * 4)
    let out = buffer.write(UInt32.self)
    let rows = selection.indices.read(UInt32.self)
    let words = bits.words.read(UInt64.self)
    var next = 0
    for index in 0..<selection.count {
      let row = rows[index]
      out[next] = row
      next &+= Int(truncatingIfNeeded: words[Int(row >> 6)] &>> UInt64(row & 63) & 1)
    }
    return SelectionVector(indices: buffer, count: next)
  }
}

/// Rows of expressions over the input's rows.
final class ProjectStage: Stage {
  private let input: Stage
  private let expressions: [ApusPlan.Expression]

  init(_ input: Stage, _ expressions: [ApusPlan.Expression], fields: [Field]) {
    self.input = input
    self.expressions = expressions
    super.init(input.query, fields: fields)
  }
  override func prepare() throws(ApusError) -> Int {
    input.pullsSteps = pullsSteps
    return try input.prepare()
  }
  override var isExhausted: Bool { input.isExhausted }
  override var isLight: Bool { input.isLight }
  override func close() { input.close() }
  override func makeWorker() throws(ApusError) -> StageWorker {
    ProjectWorker(try input.makeWorker(), try query.nodes(expressions))
  }
}

private final class ProjectWorker: StageWorker {
  private let input: StageWorker
  private let nodes: [Node]
  init(_ input: StageWorker, _ nodes: [Node]) {
    self.input = input
    self.nodes = nodes
  }
  override func run(_ morsel: Int, _ emit: FrameSink) throws(ApusError) {
    try input.run(morsel) { (frame) throws(ApusError) in try emit(ComputedFrame(frame, nodes)) }
  }
}
