// SystemRelation owns what a virtual relation is: its columns, where its rows come from, and how long they stay true.

import ApusBase
import ApusColumns
import ApusPlan
import Synchronization

/// What a system relation may show of the session that asks.
struct SystemRelationContext: Sendable {
  var user: String
  var processID: Int32
  /// Settings by name, as SHOW shows them.
  var settings: SessionSettings
  let settingRequests: SettingRequests
  let noticeRequests: NoticeRequests
  let isConfiguring: Bool
  let transactionIsolation: String
  let isReadOnly: Bool
  var prepared: [String: PreparedStatement]
  var cursors: [(name: String, statement: String, isHoldable: Bool)]

  init(session: Session) {
    user = session.user
    processID = session.processID
    settings = session.settings
    settingRequests = session.settingRequests
    noticeRequests = session.noticeRequests
    isConfiguring = session.isConfiguring
    transactionIsolation = session.transactionIsolation
    isReadOnly = session.transaction.isReadOnly || session.isReadOnly
    prepared = session.prepared
    cursors = session.cursors.sorted { $0.key < $1.key }.map { ($0.key, $0.value.statement, $0.value.isHoldable) }
  }
}

/// What rows are made from.
struct SystemSource: Sendable {
  let snapshot: DatabaseSnapshot
  let context: SystemRelationContext

  var database: Database { snapshot.database }
}

/// How long the rows of a relation stay as they are.
enum RowLifetime: Sendable {
  /// Until something is defined or dropped.
  case definitions
  /// Until the next commit.
  case commit
  /// They depend on the session or the moment.
  case statement
}

/// Where the rows of a relation come from.
struct RelationContent: Sendable {
  typealias Rows = [[Value]]
  /// Rows that are the same in every database of this release; made once a process.
  var fixed: (@Sendable (FunctionCatalog) -> Rows)?
  /// Rows that come and go.
  var live: (@Sendable (SystemSource) throws(ApusError) -> Rows)?
  var lifetime: RowLifetime

  static func fixed(_ rows: @escaping @Sendable () -> Rows) -> RelationContent {
    RelationContent(fixed: { _ in rows() }, live: nil, lifetime: .definitions)
  }
  static func functions(_ rows: @escaping @Sendable (FunctionCatalog) -> Rows) -> RelationContent {
    RelationContent(fixed: rows, live: nil, lifetime: .definitions)
  }
  static func live(
    _ lifetime: RowLifetime, _ rows: @escaping @Sendable (SystemSource) throws(ApusError) -> Rows
  ) -> RelationContent {
    RelationContent(fixed: nil, live: rows, lifetime: lifetime)
  }
  /// A relation of things that Apus has none of.
  static let empty = RelationContent(fixed: nil, live: nil, lifetime: .definitions)
}

/// One virtual relation: its columns, and its rows when asked for.
final class SystemRelation: Sendable {
  let schema: TableSchema
  let kind: RelationKind
  let isShared: Bool
  let rowType: OID
  let rowArrayType: OID
  let content: RelationContent
  private let fixedRows = Mutex<[ObjectIdentifier: [any RowGroup]]>([:])

  var oid: OID { schema.oid }
  var name: String { schema.name }

  init(
    schema: TableSchema, kind: RelationKind, isShared: Bool = false, rowType: OID, rowArrayType: OID,
    content: RelationContent
  ) {
    self.schema = schema
    self.kind = kind
    self.isShared = isShared
    self.rowType = rowType
    self.rowArrayType = rowArrayType
    self.content = content
  }

  /// The rows that every database has.
  func fixedGroups(_ functions: FunctionCatalog) -> [any RowGroup] {
    guard let fixed = content.fixed else { return [] }
    let key = ObjectIdentifier(functions)
    if let known = fixedRows.withLock({ $0[key] }) { return known }
    let made = groups(fixed(functions))
    fixedRows.withLock { $0[key] = made }
    return made
  }

  func groups(_ rows: RelationContent.Rows) -> [any RowGroup] {
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
    return groups
  }
}

/// `pg_class.relkind`.
enum RelationKind: String, Sendable {
  case table = "r"
  case view = "v"
  case foreign = "f"
  case materializedView = "m"
}
