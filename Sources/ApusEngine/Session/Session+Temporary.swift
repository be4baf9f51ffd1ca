// Temporary tables: ordinary tables in a schema of the session's own, found before all others and gone with the
// session.

import ApusBase
import ApusStore
import ApusSyntax

enum TemporarySchema {
  static let prefix = "pg_temp_"

  /// What drops the tables of such schemas, and these themselves.
  static func drops(_ store: Snapshot, _ isGone: (String) -> Bool) -> [CatalogChange] {
    let schemas = store.objects.filter { $0.kind == "schema" && $0.name.hasPrefix(prefix) && isGone($0.name) }.map(
      \.name)
    if schemas.isEmpty { return [] }
    return store.tables.filter { schemas.contains($0.definition.schema) }.map { .dropTable($0.definition.id) }
      + schemas.map { .removeObject(kind: "schema", schema: "", name: $0) }
  }

  /// Those that sessions of an earlier server left behind.
  static func clean(_ store: Store) throws(ApusError) {
    let changes = drops(store.snapshot()) { _ in true }
    if !changes.isEmpty { try store.apply(changes) }
  }
}

extension Session {
  var temporarySchema: String { TemporarySchema.prefix + String(processID) }

  /// Where names without a schema are looked for.
  var lookupPath: [String] { hasTemporaryTables ? [temporarySchema] + searchPath : searchPath }

  /// The schemas that a possibly qualified name means.
  func schemas(of name: [String]) -> [String] {
    guard name.count > 1 else { return lookupPath }
    let schema = name[name.count - 2]
    return [schema == "pg_temp" ? temporarySchema : schema]
  }

  /// The schema that a new table goes to; that of temporary ones is made with the first of them.
  func creationSchema(
    _ named: String?, _ persistence: Persistence, _ onCommit: OnCommit
  ) throws(ApusError) -> String {
    guard persistence == .temporary || named == "pg_temp" else {
      if onCommit != .none {
        throw ApusError(.invalidTableDefinition, "ON COMMIT can only be used on temporary tables")
      }
      return try creationSchema(named)
    }
    if let named, named != "pg_temp", named != temporarySchema {
      throw ApusError(
        .invalidTableDefinition, "cannot create temporary relation in non-temporary schema")
    }
    if onCommit == .deleteRows { throw ApusError.unsupported("ON COMMIT DELETE ROWS is") }
    if !currentSnapshot().schemas.contains(temporarySchema) {
      try define([.putObject(CatalogObject(kind: "schema", schema: "", name: temporarySchema, definition: "{}"))])
    }
    hasTemporaryTables = true
    return temporarySchema
  }

  /// ON COMMIT DROP.
  func noteEnd(of table: TableID?, _ onCommit: OnCommit) {
    if onCommit == .drop, let table { transaction.droppedAtCommit.append(table) }
  }

  /// Drops what ends with the transaction, in the same commit.
  func dropEndingTables() throws(ApusError) {
    let ending = transaction.droppedAtCommit
    if ending.isEmpty { return }
    transaction.droppedAtCommit = []
    let present = ending.filter { currentSnapshot().store.table($0) != nil }
    if !present.isEmpty { try define(present.map { .dropTable($0) }) }
  }

  /// At the session's end, and for DISCARD: failures are left to the next start.
  func dropTemporaryTables() {
    guard hasTemporaryTables else { return }
    hasTemporaryTables = false
    let own = temporarySchema
    let changes = TemporarySchema.drops(database.store.snapshot()) { $0 == own }
    if !changes.isEmpty { _ = try? database.store.apply(changes) }
  }
}
