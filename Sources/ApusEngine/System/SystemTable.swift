// SystemTable owns a virtual relation as a provider: its rows are made when it is scanned.

import ApusBase
import ApusColumns
import ApusExecution
import ApusFunctions
import ApusPlan

/// One system relation under one snapshot.
final class SystemTable: TableProvider {
  let schema: TableSchema
  private let relation: SystemRelation
  private let snapshot: DatabaseSnapshot
  private let context: SystemRelationContext

  init(relation: SystemRelation, snapshot: DatabaseSnapshot, context: SystemRelationContext) {
    self.relation = relation
    self.snapshot = snapshot
    self.context = context
    schema = TableSchema(
      oid: relation.oid, schema: relation.schema, name: relation.name,
      columns: relation.columns.enumerated().map { index, column in
        TableColumn(
          id: ColumnID(UInt32(truncatingIfNeeded: index + 1)), name: column.name, type: TypeReference(column.type))
      })
  }

  var rowCountEstimate: Int? { nil }

  func capability(_ request: ScanRequest) -> ScanCapability {
    ScanCapability(
      filters: request.filters.map { _ in .unsupported }, limit: .unsupported, aggregate: .unsupported)
  }

  func scan(_ request: ScanRequest, context: EvaluationContext) throws(ApusError) -> ScanOutput {
    try MemoryTable(schema: schema, rows: try relation.rows(snapshot, self.context)).scan(request, context: context)
  }
}
