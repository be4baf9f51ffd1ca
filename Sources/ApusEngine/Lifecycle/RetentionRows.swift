// RetentionRows owns the finding of rows that retention with a condition deletes, and the check of such conditions.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore
import ApusSyntax

/// Finds them as a DELETE would. The store holds it weakly; it holds the database weakly.
final class RetentionRows: RetentionChooser {
  private let find: @Sendable (TableDefinition, String, Set<SegmentID>) throws(ApusError) -> [SegmentID: Bitmap]

  init(_ database: Database) {
    find = { [weak database] (table, filter, segments) throws(ApusError) -> [SegmentID: Bitmap] in
      guard let database else { return [:] }
      let session = database.makeSession()
      defer { session.close() }
      return try session.rows(of: table, where: filter, in: segments)
    }
  }

  func rows(
    of table: TableDefinition, where filter: String, in segments: Set<SegmentID>
  ) throws(ApusError) -> [SegmentID: Bitmap] { try find(table, filter, segments) }
}

extension Session {
  fileprivate func rows(
    of table: TableDefinition, where filter: String, in segments: Set<SegmentID>
  ) throws(ApusError) -> [SegmentID: Bitmap] {
    if segments.isEmpty { return [:] }
    try checkRetention(filter: filter, of: table)
    var sql = "DELETE FROM \(quoteIdentifier(table.schema)).\(quoteIdentifier(table.name)) WHERE (\n\(filter)\n)"
    if let time = table.timeColumn { sql += " AND \(quoteIdentifier(time.name)) IS NOT NULL" }
    let statements = try Parser.parse(sql)
    guard statements.count == 1, let parsed = statements.first, case .delete(let delete) = parsed.root else {
      throw ApusError(.syntaxError, "not a condition: \(filter)")
    }
    let body = StatementBody(parsed: parsed, givenTypes: [])
    let snapshot = database.snapshot()
    let bound = try bindDelete(delete, body, snapshot)
    return try chosen(by: bound, in: try writable(bound.table), keeping: segments, [], snapshot)
  }

  /// Throws unless the text is a condition on the rows of the table that has one answer for each.
  func checkRetention(filter: String, of table: TableDefinition) throws(ApusError) {
    guard table.timeColumn != nil else {
      throw ApusError(
        .invalidParameterValue, "retention of table \"\(table.qualifiedName)\" needs a time column",
        hint: "name one with time_column")
    }
    let bound = try Binder.bindExpression(
      filter, columns: StoreTable.schema(of: table).columns, table: table.name, catalog: catalog(database.snapshot()))
    guard bound.type == .bool else {
      throw ApusError(
        .datatypeMismatch, "a retention's filter must be boolean, not \(bound.type.sqlName): \(filter)")
    }
    if bound.isVolatile {
      throw ApusError(
        .invalidParameterValue, "a retention's filter has a function that may change by itself: \(filter)")
    }
  }
}
