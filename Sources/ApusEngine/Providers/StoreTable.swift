// StoreTable owns the sight of a columnar table as a provider: its columns, and its row groups that filters leave.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import ApusStore

/// A table of the embedded store as of one snapshot.
final class StoreTable: TableProvider, @unchecked Sendable {
  let snapshot: TableSnapshot
  let schema: TableSchema

  /// Whose rollups may stand in for the rows; nil: none's.
  private weak var origin: DatabaseSnapshot?

  /// `schema`: the columns under another name.
  init(_ snapshot: TableSnapshot, schema: TableSchema? = nil, origin: DatabaseSnapshot? = nil) {
    self.snapshot = snapshot
    self.schema = schema ?? Self.schema(of: snapshot.definition)
    self.origin = origin
  }

  var rollups: [any RollupTable] {
    guard let origin else { return [] }
    do throws(ApusError) {
      return try origin.rollups(of: definition.id)
    } catch {
      // The rows answer too.
      Log.warning("rollups", "the rollups of a table cannot be used", ["error": error.message])
      return []
    }
  }

  /// The columns as plans and catalogs see them.
  static func schema(of definition: TableDefinition) -> TableSchema {
    TableSchema(
      oid: definition.id.value, schema: definition.schema, name: definition.name,
      columns: definition.liveColumns.map { column in
        TableColumn(
          id: column.id, name: column.name, type: column.type, isNotNull: column.isNotNull,
          defaultText: column.defaultExpression, generatedText: column.generatedExpression)
      })
  }

  var definition: TableDefinition { snapshot.definition }

  var rowCountEstimate: Int? { snapshot.rowCount }

  func entityColumn(_ column: ColumnID) -> ColumnReference? {
    definition.entityIDs(of: column).map { ColumnReference(column: $0, type: .int4) }
  }

  var hasEntitiesWithoutID: Bool { snapshot.hasEntitiesWithoutID }

  /// Filters choose row groups by zone maps and never replace the executor's own test of rows.
  func capability(_ request: ScanRequest) -> ScanCapability {
    ScanCapability(
      filters: request.filters.map { SargablePredicate.extract(from: $0).isEmpty ? .unsupported : .inexact },
      limit: .unsupported, aggregate: .unsupported)
  }

  func scan(_ request: ScanRequest, context: EvaluationContext) throws(ApusError) -> ScanOutput {
    let predicates = request.filters.flatMap { SargablePredicate.extract(from: $0) }
    guard !predicates.isEmpty else { return .rowGroups(snapshot.rowGroups) }
    var kept: [any RowGroup] = []
    for group in snapshot.rowGroups where try mayMatch(group, predicates, request.columns) { kept.append(group) }
    return .rowGroups(kept)
  }

  private func mayMatch(
    _ group: any RowGroup, _ predicates: [SargablePredicate], _ columns: [ColumnReference]
  ) throws(ApusError) -> Bool {
    for predicate in predicates where predicate.column < columns.count {
      let column = columns[predicate.column]
      if let zone = try group.zoneMap(column), predicate.excludes(zone, rowCount: group.rowCount) { return false }
    }
    // Filters and dictionaries are asked only where bounds leave the group in.
    for predicate in predicates where predicate.column < columns.count {
      guard try mightContain(group, predicate.test, columns[predicate.column]) else { return false }
    }
    return true
  }

  private func mightContain(
    _ group: any RowGroup, _ test: SargablePredicate.Test, _ column: ColumnReference
  ) throws(ApusError) -> Bool {
    switch test {
    case .compare(.equal, let value): return try group.mightContain(column, value)
    case .inList(let values) where values.count <= 64:
      for value in values { if try group.mightContain(column, value) { return true } }
      return false
    default: return true
    }
  }
}
