// ScanStage owns the reading of a table: row groups are its morsels, and filters are tested here.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

/// A filter of a scan: the tests that bounds can decide, when they say all that it says.
struct ScanFilter: Sendable {
  let expression: ApusPlan.Expression
  let tests: [SargablePredicate]?

  init(_ expression: ApusPlan.Expression) {
    self.expression = expression
    tests = SargablePredicate.extractAll(from: expression)
  }

  /// Whether every row of the group passes, as its bounds tell.
  func covers(_ group: any RowGroup, _ columns: [ColumnReference]) throws(ApusError) -> Bool {
    guard let tests else { return false }
    for test in tests {
      guard test.column < columns.count, let zone = try group.zoneMap(columns[test.column]),
        test.covers(zone, rowCount: group.rowCount)
      else { return false }
    }
    return true
  }
}

final class ScanStage: Stage {
  let node: ScanNode
  /// Those that the provider does not apply exactly.
  let filters: [ScanFilter]
  private(set) var groups: [any RowGroup] = []
  /// In place of groups: rows that come one batch after the other. They are one morsel, or one for each batch.
  private(set) var source: StreamSource?

  init(_ query: QueryState, _ node: ScanNode) {
    self.node = node
    var kept: [ScanFilter] = []
    for (index, filter) in node.filters.enumerated() {
      if let answers = node.pushdown?.filters, index < answers.count, answers[index] == .exact { continue }
      kept.append(ScanFilter(filter))
    }
    filters = kept
    super.init(query, fields: LogicalPlan.scan(node).fields)
  }

  override func prepare() throws(ApusError) -> Int {
    let request = ScanRequest(
      columns: node.columns, filters: node.filters, limit: node.limit, filterOnlyColumns: node.filterOnlyColumns,
      answered: node.pushdown)
    groups = []
    source = nil
    switch try node.table.scan(request, context: query.context) {
    case .rowGroups(let list):
      groups = list
      return list.count
    case .stream(let stream), .aggregated(let stream):
      source = StreamSource(stream, node.columns, query.control)
      return pullsSteps ? Self.stepsMax : 1
    }
  }

  /// More batches than a stream has.
  private static let stepsMax = Int.max / 2

  override var isExhausted: Bool { source?.isExhausted ?? false }
  override var isLight: Bool { source != nil || groups.reduce(0) { $0 + $1.rowCount } < 8_192 }
  override func makeWorker() throws(ApusError) -> StageWorker { try ScanWorker(self) }
  override func close() {
    groups = []
    source?.end()
    source = nil
  }
}

final class ScanWorker: StageWorker {
  private let scan: ScanStage
  private let filter: FilterNodes
  /// Places in `scan.filters` of the nodes of `filter`.
  private let places: [Int]
  private let control: QueryControl

  /// Rows that are worked on at once: large enough to hide the cost of a batch, small enough for the caches.
  static let rowsPerBatch = 16_384

  init(_ scan: ScanStage) throws(ApusError) {
    self.scan = scan
    control = scan.query.control
    let nodes = try scan.query.nodes(scan.filters.map(\.expression))
    filter = FilterNodes(nodes)
    places = filter.nodes.map { node in nodes.firstIndex { $0 === node } ?? 0 }
  }

  /// Which filters the group's bounds answer for every row, in the order of `filter.nodes`.
  private func covered(_ group: any RowGroup) throws(ApusError) -> [Bool] {
    var flags: [Bool] = []
    for place in places { flags.append(try scan.filters[place].covers(group, scan.node.columns)) }
    return flags
  }

  /// Whether no row of the group has to be tested.
  func isWhole(_ morsel: Int) throws(ApusError) -> Bool {
    let group = scan.groups[morsel]
    guard group.deletedRows == nil else { return false }
    return try covered(group).allSatisfy { $0 }
  }

  override func run(_ morsel: Int, _ emit: FrameSink) throws(ApusError) {
    guard let source = scan.source else { return try run(scan.groups[morsel], emit) }
    repeat {
      guard let group = try source.next() else { return }
      try run(group, emit)
    } while !scan.pullsSteps
  }

  private func run(_ group: any RowGroup, _ emit: FrameSink) throws(ApusError) {
    guard group.rowCount > 0 else { return }
    let skipping = try covered(group)
    let deleted = group.deletedRows
    var start = 0
    while start < group.rowCount {
      try control.check()
      let range = start..<min(group.rowCount, start + Self.rowsPerBatch)
      start = range.upperBound
      let frame = ScanFrame(group, scan.node.columns, rows: range, context: scan.query.context)
      let alive = deleted.map { SelectionVector($0.slice(range).inverted()) }
      if let kept = try filter.apply(to: frame, among: alive, skipping: skipping) { try emit(kept) }
    }
  }
}
