// RowWriter owns the last steps of a row before the transaction: defaults, NOT NULL, and the store's form of columns.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore

/// Appends batches of some of a table's columns to the session's transaction.
final class RowWriter {
  private let session: Session
  private let table: StoreTable
  private let columns: [TableColumn]
  /// Stored columns that the rows do not bring but that have a default.
  private let defaults: [(column: TableColumn, value: Expression)]
  let outcome: InsertOutcome

  /// `columns` are those that the batches will bring, in their order; none of them is generated.
  init(
    session: Session, table: StoreTable, columns: [TableColumn],
    defaults: [(column: TableColumn, value: Expression)] = []
  ) {
    self.session = session
    self.table = table
    self.columns = columns
    self.defaults = defaults.filter { if case .literal(.null, _) = $0.value { false } else { true } }
    outcome = InsertOutcome(table: table.schema.name)
    session.transaction.pending.append(outcome)
  }

  /// `batch` has one column per entry of `columns`, of the column's type.
  func append(_ batch: Batch) throws(ApusError) {
    let dense = batch.compacted()
    guard dense.count > 0 else { return }
    var ids = columns.map(\.id)
    var vectors = dense.columns
    for (column, value) in defaults {
      ids.append(column.id)
      vectors.append(try session.evaluate(value, count: dense.count))
    }
    try checkNotNull(ids, vectors)
    // The store holds jsonb as typed sub-columns, whichever way it came.
    for index in vectors.indices where vectors[index].type == .jsonb {
      if vectors[index].isConstant, vectors[index].isNull(0) { continue }
      vectors[index] = try vectors[index].shredded()
    }
    let rows = RowBatch(table: table.definition.id, columns: ids, rows: Batch(columns: vectors, count: dense.count))
    try session.writeTransaction().append(rows)
    outcome.rows += dense.count
    outcome.batches += 1
  }

  private func checkNotNull(_ ids: [ColumnID], _ vectors: [Vector]) throws(ApusError) {
    for column in table.schema.columns where column.isNotNull && column.generatedText == nil {
      let given = ids.firstIndex(of: column.id).map { vectors[$0] }
      if let given, given.nullCount == 0 { continue }
      throw ApusError(
        .notNullViolation,
        "null value in column \"\(column.name)\" of relation \"\(table.schema.name)\" violates not-null constraint",
        schema: table.schema.schema, table: table.schema.name, column: column.name)
    }
  }
}
