// DatabaseSnapshot owns one immutable view of every relation: the store's snapshot with providers over it.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import ApusPlugins
import ApusStore
import Synchronization

/// A store snapshot and, made when first asked for, the providers of its relations. Shared by all sessions.
final class DatabaseSnapshot: Sendable {
  let database: Database
  let store: Snapshot
  private let providers = Mutex<[TableID: StoreTable]>([:])
  private let systemRows = Mutex<[OID: [any RowGroup]]>([:])
  private let rollupTables = Mutex<[RelationName: StoreRollup]>([:])
  private let links = Mutex<IdentityLinks?>(nil)

  init(database: Database, store: Snapshot) {
    self.database = database
    self.store = store
  }

  func table(_ id: TableID) -> StoreTable? {
    if let known = providers.withLock({ $0[id] }) { return known }
    guard let snapshot = store.table(id) else { return nil }
    let provider = StoreTable(snapshot, origin: self)
    providers.withLock { $0[id] = provider }
    return provider
  }

  func table(schema: String, name: String) -> StoreTable? {
    store.table(schema: schema, name: name).flatMap { table($0.definition.id) }
  }

  /// A relation of pg_catalog, information_schema or apus.
  func systemTable(schema: String, name: String, session: SystemRelationContext) -> SystemTable? {
    SystemRelations.definition(schema: schema, name: name).map { relation in
      SystemTable(relation: relation, source: SystemSource(snapshot: self, context: session))
    }
  }

  /// Rows of a system relation that stay true until the next commit: made once for this snapshot.
  func rows(of relation: SystemRelation, _ make: () throws(ApusError) -> [any RowGroup]) throws(ApusError)
    -> [any RowGroup]
  {
    if let known = systemRows.withLock({ $0[relation.oid] }) { return known }
    let made = try make()
    systemRows.withLock { $0[relation.oid] = made }
    return made
  }

  /// A rollup, once it was asked for.
  func knownRollup(_ name: RelationName) -> StoreRollup? { rollupTables.withLock { $0[name] } }
  func note(_ rollup: StoreRollup) { rollupTables.withLock { $0[rollup.place] = rollup } }

  /// What `apus.person` goes by: read from the events once for this snapshot.
  func identityLinks() throws(ApusError) -> IdentityLinks {
    if let known = links.withLock({ $0 }) { return known }
    let session = database.makeSession(isReadOnly: true)
    defer { session.close() }
    let made = try session.identityLinks(self)
    links.withLock { $0 = made }
    return made
  }

  var schemas: [String] {
    ["pg_catalog", "information_schema", "public", "apus"]
      + store.objects.filter { $0.kind == "schema" }.map(\.name).sorted()
  }

  func view(schema: String, name: String) -> CatalogObject? { store.object(kind: "view", schema: schema, name: name) }
}

/// What the binder asks, answered for one session and one statement.
struct SessionCatalog: BinderCatalog {
  let snapshot: DatabaseSnapshot
  let context: EvaluationContext
  let system: SystemRelationContext
  var functions: FunctionRegistry
  /// What the session has written to a server and not committed.
  var backendWrite: BackendTransaction?
  /// Where the session's temporary tables are: found before all others.
  var temporarySchema: String?

  func relation(schema: String?, name: String) throws(ApusError) -> Relation? {
    if let temporarySchema, schema == nil || schema == "pg_temp" {
      if let found = try relation(in: temporarySchema, name) { return found }
    }
    if let schema {
      guard snapshot.schemas.contains(schema) else {
        throw ApusError(.undefinedTable, "relation \"\(schema).\(name)\" does not exist")
      }
      return try relation(in: schema, name)
    }
    if !context.searchPath.contains("pg_catalog"), let found = try relation(in: "pg_catalog", name) { return found }
    for schema in context.searchPath {
      if let found = try relation(in: schema, name) { return found }
    }
    return nil
  }

  private func relation(in schema: String, _ name: String) throws(ApusError) -> Relation? {
    if let system = snapshot.systemTable(schema: schema, name: name, session: system) { return .table(system) }
    if let table = snapshot.table(schema: schema, name: name) { return .table(table) }
    if let table = snapshot.backendTable(schema: schema, name: name) {
      return .table(try snapshot.provider(of: table, in: backendWrite))
    }
    if let rollup = try snapshot.rollup(RelationName(schema: schema, name: name)) { return .rollup(rollup) }
    if let object = snapshot.view(schema: schema, name: name) {
      let view = try ViewDefinition(object)
      return .view(
        schema: schema, name: name, oid: CatalogOIDs.view(schema: schema, name: name), query: view.query,
        columns: view.columns.map(\.name))
    }
    return nil
  }
}
