// MemoryTable owns tables whose rows are vectors in memory: system relations, VALUES, tests.

public import ApusBase
public import ApusColumns
public import ApusFunctions

/// A row group over vectors in memory. Zone maps are not kept.
public final class VectorRowGroup: RowGroup {
  public let rowCount: Int
  public let deletedRows: Bitmap?
  private let vectors: [ColumnReference: Vector]

  /// `columns` are of `rowCount` rows each. A reference may have a path: then its vector is what the path gives.
  public init(columns: [(ColumnReference, Vector)], rowCount: Int, deletedRows: Bitmap? = nil) {
    self.rowCount = rowCount
    self.deletedRows = deletedRows
    var vectors: [ColumnReference: Vector] = [:]
    for (reference, vector) in columns {
      precondition(vector.count == rowCount)
      vectors[reference] = vector
    }
    self.vectors = vectors
  }

  public func zoneMap(_ column: ColumnReference) throws(ApusError) -> ZoneMap? { nil }
  public func codeCounts(_ column: ColumnReference) throws(ApusError) -> CodeCounts? { nil }
  public func mightContain(_ column: ColumnReference, _ value: Value) throws(ApusError) -> Bool { true }

  public func read(_ column: ColumnReference, rows: Range<Int>) throws(ApusError) -> Vector {
    if let vector = vectors[column] { return vector.slice(rows) }
    guard column.path.isEmpty else {
      throw ApusError.unsupported("reading a path of a column of a table in memory")
    }
    return .nulls(type: column.type, count: rows.count)
  }
}

/// A table whose rows are row groups in memory.
public final class MemoryTable: TableProvider {
  public let schema: TableSchema
  private let groups: [any RowGroup]

  public init(schema: TableSchema, groups: [any RowGroup]) {
    self.schema = schema
    self.groups = groups
  }

  /// A table of the given rows; values must fit their columns' types.
  public convenience init(schema: TableSchema, rows: [[Value]]) {
    var groups: [any RowGroup] = []
    for start in stride(from: 0, to: rows.count, by: Limits.rowsPerRowGroup) {
      let part = rows[start..<min(rows.count, start + Limits.rowsPerRowGroup)]
      let columns = schema.columns.enumerated().map { index, column in
        let values = part.map { index < $0.count ? $0[index] : .null }
        let reference = ColumnReference(column: column.id, type: column.type.type)
        return (reference, Vector.of(values, type: column.type.type))
      }
      groups.append(VectorRowGroup(columns: columns, rowCount: part.count))
    }
    self.init(schema: schema, groups: groups)
  }

  public var readsPaths: Bool { false }
  public var rowCountEstimate: Int? { groups.reduce(0) { $0 + $1.rowCount } }

  public func capability(_ request: ScanRequest) -> ScanCapability {
    ScanCapability(
      filters: request.filters.map { _ in .unsupported }, limit: .unsupported, aggregate: .unsupported)
  }

  public func scan(_ request: ScanRequest, context: EvaluationContext) throws(ApusError) -> ScanOutput {
    .rowGroups(groups)
  }
}
