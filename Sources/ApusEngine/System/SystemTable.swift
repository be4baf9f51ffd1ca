// SystemTable owns a virtual relation as a provider: its rows are made when it is first scanned, and kept while they
// stay true.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import ApusStore
import Synchronization

/// One system relation under one snapshot.
final class SystemTable: TableProvider {
  private let relation: SystemRelation
  private let source: SystemSource

  init(relation: SystemRelation, source: SystemSource) {
    self.relation = relation
    self.source = source
  }

  var schema: TableSchema { relation.schema }
  var rowCountEstimate: Int? { nil }
  var readsPaths: Bool { false }

  func capability(_ request: ScanRequest) -> ScanCapability {
    ScanCapability(
      filters: request.filters.map { _ in .unsupported }, limit: .unsupported, aggregate: .unsupported)
  }

  func scan(_ request: ScanRequest, context: EvaluationContext) throws(ApusError) -> ScanOutput {
    .rowGroups(try rowGroups())
  }

  func rowGroups() throws(ApusError) -> [any RowGroup] {
    relation.fixedGroups(source.database.functionCatalog) + (try liveGroups())
  }

  private func liveGroups() throws(ApusError) -> [any RowGroup] {
    guard let make = relation.content.live else { return [] }
    switch relation.content.lifetime {
    case .definitions:
      return try source.database.systemCache.groups(relation, version: source.snapshot.store.catalogVersion) {
        () throws(ApusError) in relation.groups(try make(source))
      }
    case .commit:
      return try source.snapshot.rows(of: relation) { () throws(ApusError) in relation.groups(try make(source)) }
    case .statement: return relation.groups(try make(source))
    }
  }
}

/// Rows that stay true until a definition changes, kept across the snapshots that commits make.
final class SystemCache: Sendable {
  private let known = Mutex<[OID: (version: UInt64, groups: [any RowGroup])]>([:])

  func groups(
    _ relation: SystemRelation, version: UInt64, _ make: () throws(ApusError) -> [any RowGroup]
  ) throws(ApusError) -> [any RowGroup] {
    if let entry = known.withLock({ $0[relation.oid] }), entry.version == version { return entry.groups }
    let made = try make()
    known.withLock { $0[relation.oid] = (version, made) }
    return made
  }
}
