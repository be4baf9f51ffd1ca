// NumberedTable owns the numbering of rows that DELETE and UPDATE choose by.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import ApusStore

/// A table with a column that numbers its rows: the place of a segment or of a batch of the transaction's own, then the
/// row in it.
final class NumberedTable: TableProvider {
  private let table: StoreTable
  private let groups: [ObjectIdentifier: NumberedRowGroup]
  /// What the numbers count, and the rows of each.
  let places: [(place: RowPlace, rows: Int)]

  /// With `keeping`, of these segments only.
  init(_ table: StoreTable, keeping: Set<SegmentID>? = nil) {
    self.table = table
    let segments = table.snapshot.segments.filter { keeping?.contains($0.record.id) ?? true }
    let pending = keeping == nil ? table.snapshot.pending : []
    var groups: [ObjectIdentifier: NumberedRowGroup] = [:]
    for (place, segment) in segments.enumerated() {
      var first = Int64(place) << 32
      for group in segment.rowGroups {
        groups[ObjectIdentifier(group)] = NumberedRowGroup(group, first: first)
        first += Int64(group.rowCount)
      }
    }
    for (place, rows) in pending.enumerated() {
      var first = Int64(segments.count + place) << 32
      for group in rows.rowGroups {
        groups[ObjectIdentifier(group)] = NumberedRowGroup(group, first: first)
        first += Int64(group.rowCount)
      }
    }
    self.groups = groups
    places =
      segments.map { (.segment($0.record.id), $0.record.rows) } + pending.map { (.batch($0.batch), $0.rowCount) }
  }

  /// The numbered rows as bits by place.
  func bits(of numbers: some Sequence<Int64>) -> [RowPlace: Bitmap] {
    var bits: [Bitmap?] = Array(repeating: nil, count: places.count)
    for number in numbers {
      let place = Int(number >> 32)
      let known = bits[place] ?? Bitmap(repeating: false, count: places[place].rows)
      if bits[place] == nil { bits[place] = known }
      known.set(Int(number & 0xFFFF_FFFF))
    }
    var chosen: [RowPlace: Bitmap] = [:]
    for (place, rows) in zip(places, bits) { if let rows { chosen[place.place] = rows } }
    return chosen
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
    column == RowNumber.column ? nil : try group.zoneMap(column)
  }
  func codeCounts(_ column: ColumnReference) throws(ApusError) -> CodeCounts? {
    column == RowNumber.column ? nil : try group.codeCounts(column)
  }
  func mightContain(_ column: ColumnReference, _ value: Value) throws(ApusError) -> Bool {
    column == RowNumber.column ? true : try group.mightContain(column, value)
  }
  func read(_ column: ColumnReference, rows: Range<Int>) throws(ApusError) -> Vector {
    guard column == RowNumber.column else { return try group.read(column, rows: rows) }
    return .int64(rows.map { first + Int64($0) })
  }
}
