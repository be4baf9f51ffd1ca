// DELETE: the rows that its WHERE finds, as bits of the segments they lie in.

import ApusBase
import ApusColumns
import ApusExecution
import ApusFunctions
import ApusPlan
import ApusPlugins
import ApusStore
import ApusSyntax

extension Session {
  func bindDelete(
    _ delete: Delete, _ body: StatementBody, _ snapshot: DatabaseSnapshot
  ) throws(ApusError) -> BoundDelete {
    try Binder.bind(delete: delete, in: body.parsed, catalog: catalog(snapshot), parameterTypes: body.givenTypes)
  }

  func execute(delete: Delete, _ body: StatementBody, _ parameters: [Value]) throws(ApusError) -> Execution {
    let first = try bindDelete(delete, body, database.snapshot())
    if let backend = first.table as? BackendTable { return try self.delete(first, from: backend, parameters) }
    try requireNoBlock("DELETE")
    let table = try writable(try bindDelete(delete, body, database.snapshot()).table).definition.id
    let count = try database.store.delete(from: table) { () throws(ApusError) -> [SegmentID: Bitmap] in
      // Bound anew: every row from before is in a segment of this snapshot, and subqueries see the same.
      let snapshot = database.snapshot()
      let bound = try bindDelete(delete, body, snapshot)
      let target = NumberedTable(try writable(bound.table))
      guard target.id == table else {
        throw ApusError(.undefinedTable, "table \"\(target.schema.name)\" was replaced meanwhile")
      }
      return try chosen(by: bound, in: target, parameters, snapshot)
    }
    if count > 0 { database.deriveStale(over: table) }
    return Execution(tag: { "DELETE \(count)" })
  }

  /// The rows of some segments of a table that a delete's WHERE finds.
  func chosen(
    by bound: BoundDelete, in table: StoreTable, keeping segments: Set<SegmentID>, _ parameters: [Value],
    _ snapshot: DatabaseSnapshot
  ) throws(ApusError) -> [SegmentID: Bitmap] {
    try chosen(by: bound, in: NumberedTable(table, keeping: segments), parameters, snapshot)
  }

  /// The storage finds the rows itself: what it cannot be told is refused.
  private func delete(
    _ bound: BoundDelete, from table: BackendTable, _ parameters: [Value]
  ) throws(ApusError) -> Execution {
    try requireWritable("DELETE")
    try table.server.require(.delete, "DELETE")
    var filters: [ApusPlan.Expression] = []
    if let filter = bound.filter {
      let context = catalog(currentSnapshot()).context
      filters = Optimiser.optimise(filter, context: context, parameters: parameters).conjunctList
    }
    if filters.contains(where: { $0 == .literal(.bool(false), .bool) || $0 == .literal(.null, .bool) }) {
      return Execution(command: "DELETE 0")
    }
    filters.removeAll { $0 == .literal(.bool(true), .bool) }
    try requireOneBackend(table.server)
    let columns = bound.columns.map { ColumnReference(column: $0.id, type: $0.type.type) }
    let count = try backendTransaction(table.server).delete(
      filters, columns: columns, from: table.definition, schema: table.schema)
    return Execution(command: "DELETE \(count)")
  }

  private func chosen(
    by bound: BoundDelete, in target: NumberedTable, _ parameters: [Value], _ snapshot: DatabaseSnapshot
  ) throws(ApusError) -> [SegmentID: Bitmap] {
    let number = Field("row", .int8)
    var plan = LogicalPlan.scan(
      ScanNode(
        table: target,
        columns: bound.columns.map { ColumnReference(column: $0.id, type: $0.type.type) } + [NumberedTable.number],
        fields: bound.columns.map { Field($0.name, $0.type.type) } + [number]))
    if let filter = bound.filter { plan = .filter(plan, filter) }
    plan = .project(plan, [.column(bound.columns.count, .int8)], fields: [number])
    let execution = try run(plan, fields: [number], parameters: parameters, snapshot: snapshot)
    var bits: [Bitmap?] = Array(repeating: nil, count: target.segments.count)
    while let batch = try execution.next() {
      let rows = batch.compacted().columns[0].flattened()
      guard case .int64(let buffer) = rows.storage else { throw ApusError.unexpected("row numbers are no numbers") }
      let numbers = buffer.read(Int64.self)
      for row in 0..<rows.count {
        let segment = Int(numbers[row] >> 32)
        let known = bits[segment] ?? Bitmap(repeating: false, count: target.segments[segment].record.rows)
        if bits[segment] == nil { bits[segment] = known }
        known.set(Int(numbers[row] & 0xFFFF_FFFF))
      }
    }
    var chosen: [SegmentID: Bitmap] = [:]
    for (segment, rows) in zip(target.segments, bits) { if let rows { chosen[segment.record.id] = rows } }
    return chosen
  }
}

/// The segments of a table with a column that numbers their rows: the segment's place, then the row in it.
private final class NumberedTable: TableProvider {
  /// No table has as many columns.
  static let number = ColumnReference(column: ColumnID(UInt32.max), type: .int8)

  private let table: StoreTable
  private let groups: [ObjectIdentifier: NumberedRowGroup]
  let segments: [SegmentHandle]

  /// With `keeping`, of these segments only.
  init(_ table: StoreTable, keeping: Set<SegmentID>? = nil) {
    self.table = table
    segments = table.snapshot.segments.filter { keeping?.contains($0.record.id) ?? true }
    var groups: [ObjectIdentifier: NumberedRowGroup] = [:]
    for (place, segment) in segments.enumerated() {
      var first = Int64(place) << 32
      for group in segment.rowGroups {
        groups[ObjectIdentifier(group)] = NumberedRowGroup(group, first: first)
        first += Int64(group.rowCount)
      }
    }
    self.groups = groups
  }

  var id: TableID { table.definition.id }
  var schema: TableSchema { table.schema }
  var rowCountEstimate: Int? { table.rowCountEstimate }

  func capability(_ request: ScanRequest) -> ScanCapability { table.capability(request) }

  func scan(_ request: ScanRequest, context: EvaluationContext) throws(ApusError) -> ScanOutput {
    guard case .rowGroups(let all) = try table.scan(request, context: context) else {
      throw ApusError.unexpected("a table of the store is not scanned by row groups")
    }
    // Rows in memtables came after the statement began.
    return .rowGroups(all.compactMap { groups[ObjectIdentifier($0)] })
  }
}

private final class NumberedRowGroup: RowGroup {
  private let group: any RowGroup
  private let first: Int64

  init(_ group: any RowGroup, first: Int64) {
    self.group = group
    self.first = first
  }

  var rowCount: Int { group.rowCount }
  var deletedRows: Bitmap? { group.deletedRows }

  func zoneMap(_ column: ColumnReference) throws(ApusError) -> ZoneMap? {
    column == NumberedTable.number ? nil : try group.zoneMap(column)
  }
  func codeCounts(_ column: ColumnReference) throws(ApusError) -> CodeCounts? {
    column == NumberedTable.number ? nil : try group.codeCounts(column)
  }
  func mightContain(_ column: ColumnReference, _ value: Value) throws(ApusError) -> Bool {
    column == NumberedTable.number ? true : try group.mightContain(column, value)
  }
  func read(_ column: ColumnReference, rows: Range<Int>) throws(ApusError) -> Vector {
    guard column == NumberedTable.number else { return try group.read(column, rows: rows) }
    return .int64(rows.map { first + Int64($0) })
  }
}
