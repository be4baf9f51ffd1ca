// SystemRelations owns the list of virtual relations: pg_catalog, information_schema and apus.

import ApusBase
import ApusColumns
import ApusPlan

/// What a system relation may show of the session that asks.
struct SystemRelationContext: Sendable {
  var user: String
  var processID: Int32
  /// Settings by name, as SHOW shows them.
  var settings: SessionSettings

  init(session: Session) {
    user = session.user
    processID = session.processID
    settings = session.settings
  }
}

/// One virtual relation: its columns, and its rows when asked for.
struct SystemRelation: Sendable {
  let oid: OID
  let schema: String
  let name: String
  let columns: [(name: String, type: DataType)]
  /// Whether rows depend on the session (settings) or change without a commit (jobs), so that they are made anew for
  /// each statement.
  let dependsOnSession: Bool
  let rows: @Sendable (DatabaseSnapshot, SystemRelationContext) throws(ApusError) -> [[Value]]

  func provider(
    snapshot: DatabaseSnapshot, context: SystemRelationContext
  ) throws(ApusError) -> any TableProvider {
    SystemTable(relation: self, snapshot: snapshot, context: context)
  }
}

enum SystemRelations {
  /// All of them, in one list per file.
  static let all: [SystemRelation] = []

  private static let byName: [String: SystemRelation] = Dictionary(
    uniqueKeysWithValues: all.map { ("\($0.schema).\($0.name)", $0) })

  static func definition(schema: String, name: String) -> SystemRelation? { byName["\(schema).\(name)"] }
}
