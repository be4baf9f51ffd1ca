// RowBlock owns a run of rows in memory as scans see it.

import ApusBase
import ApusColumns

/// At most 65,536 rows held as vectors.
final class RowBlock: RowGroup {
  let rowCount: Int
  let deletedRows: Bitmap?
  let columns: [SegmentColumn]
  let vectors: [Vector]
  private let places: [ColumnID: Int]

  init(columns: [SegmentColumn], vectors: [Vector], rowCount: Int, deletedRows: Bitmap? = nil) {
    self.columns = columns
    self.vectors = vectors
    self.rowCount = rowCount
    self.deletedRows = deletedRows
    places = Dictionary(columns.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  func zoneMap(_ column: ColumnReference) throws(ApusError) -> ZoneMap? { nil }

  func codeCounts(_ column: ColumnReference) throws(ApusError) -> CodeCounts? { nil }

  func mightContain(_ column: ColumnReference, _ value: Value) throws(ApusError) -> Bool { true }

  func read(_ column: ColumnReference, rows: Range<Int>) throws(ApusError) -> Vector {
    guard let place = places[column.column] else { return .nulls(type: column.type, count: rows.count) }
    return try readReference(column, of: vectors[place].slice(rows))
  }

  /// Rows 0..<count as a block of their own.
  func prefix(_ count: Int) -> RowBlock {
    count >= rowCount
      ? self : RowBlock(columns: columns, vectors: vectors.map { $0.slice(0..<count) }, rowCount: count)
  }
}

/// A column, or the path into it that `reference` names, out of the stored vector.
func readReference(_ reference: ColumnReference, of vector: Vector) throws(ApusError) -> Vector {
  if case .shredded(let shredded) = vector.storage {
    if reference.path.isEmpty { return shredded.assembled() }
    return try shredded.read(path: reference.path, as: reference.type)
  }
  if reference.path.isEmpty { return vector }
  guard case .shredded(let shredded) = try vector.shredded().storage else {
    throw .unexpected("a jsonb column does not shred")
  }
  return try shredded.read(path: reference.path, as: reference.type)
}
