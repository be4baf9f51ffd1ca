// RowWriter owns the last steps of a row before the transaction: defaults, NOT NULL, and the store's form of columns.

import ApusBase
import ApusColumns
import ApusPlan
import ApusPlugins
import ApusStore

/// Where rows go.
enum WriteTarget {
  case store(StoreTable)
  case backend(BackendTable)

  var schema: TableSchema {
    switch self {
    case .store(let table): table.schema
    case .backend(let table): table.schema
    }
  }
}

/// Appends batches of some of a table's columns to the session's transaction.
final class RowWriter {
  private let session: Session
  private let table: WriteTarget
  private let columns: [TableColumn]
  /// Stored columns that the rows do not bring but that have a default.
  private let defaults: [(column: TableColumn, value: Expression)]
  /// Whether the rows take the place of others.
  private let isReplacement: Bool
  let outcome: InsertOutcome

  /// `columns` are those that the batches will bring, in their order; none of them is generated.
  init(
    session: Session, table: WriteTarget, columns: [TableColumn],
    defaults: [(column: TableColumn, value: Expression)] = [], isReplacement: Bool = false
  ) {
    self.session = session
    self.table = table
    self.columns = columns
    self.defaults = defaults.filter { if case .literal(.null, _) = $0.value { false } else { true } }
    self.isReplacement = isReplacement
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
    switch table {
    case .store(let table): try append(ids, vectors, count: dense.count, to: table)
    case .backend(let table): try append(ids, vectors, count: dense.count, to: table)
    }
    outcome.rows += dense.count
    outcome.batches += 1
  }

  private func append(
    _ ids: [ColumnID], _ given: [Vector], count: Int, to table: StoreTable
  ) throws(ApusError) {
    if let other = session.transaction.backendWrite {
      throw Session.twoBackends("table \"\(table.schema.name)\"", "server \"\(other.server.name)\"")
    }
    var vectors = given
    // The store holds jsonb as typed sub-columns, whichever way it came.
    for index in vectors.indices where vectors[index].type == .jsonb {
      if vectors[index].isConstant, vectors[index].isNull(0) { continue }
      vectors[index] = try vectors[index].shredded()
    }
    let rows = RowBatch(
      table: table.definition.id, columns: ids, rows: Batch(columns: vectors, count: count),
      isReplacement: isReplacement)
    try session.writeTransaction().append(rows)
  }

  /// A backend takes all columns, in order; those that the rows do not bring are null.
  private func append(
    _ ids: [ColumnID], _ vectors: [Vector], count: Int, to table: BackendTable
  ) throws(ApusError) {
    try session.requireOneBackend(table.server)
    let columns = table.schema.columns.map { column in
      ids.firstIndex(of: column.id).map { vectors[$0] } ?? .nulls(type: column.type.type, count: count)
    }
    try session.backendTransaction(table.server).append(columns, count: count, to: table.definition)
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
