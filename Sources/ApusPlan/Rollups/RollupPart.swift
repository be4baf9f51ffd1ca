// RollupPart owns a table that stands for a part of a rollup in a plan: what EXPLAIN says of it.

import ApusBase
import ApusColumns
import ApusFunctions

/// Partials, or the rows that they do not stand for. Scans are the table's own.
final class RollupPart: TableProvider {
  let base: any TableProvider
  private let verb: String
  private let details: [(name: String, text: String)]

  init(_ base: any TableProvider, verb: String = "Scan", details: [(name: String, text: String)] = []) {
    self.base = base
    self.verb = verb
    self.details = details
  }

  var schema: TableSchema { base.schema }
  var rowCountEstimate: Int? { base.rowCountEstimate }
  var readsPaths: Bool { base.readsPaths }
  /// None: it is a part of one already.
  var rollups: [any RollupTable] { [] }
  var hasEntitiesWithoutID: Bool { base.hasEntitiesWithoutID }

  func entityColumn(_ column: ColumnID) -> ColumnReference? { base.entityColumn(column) }
  func capability(_ request: ScanRequest) -> ScanCapability { base.capability(request) }
  func scan(_ request: ScanRequest, context: EvaluationContext) throws(ApusError) -> ScanOutput {
    try base.scan(request, context: context)
  }
  func aggregated(_ request: ScanRequest, by aggregation: ScanAggregation) -> AggregatedScan? { nil }
  func explanation(_ request: ScanRequest) -> ScanExplanation {
    var said = base.explanation(request)
    if said.verb == "Scan" { said.verb = verb }
    said.details = details + said.details
    return said
  }
}
