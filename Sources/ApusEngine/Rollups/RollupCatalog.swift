// RollupCatalog owns the names that a rollup's query may use: tables and rollups, in no session's settings.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import ApusStore
import ApusSyntax
import Synchronization

/// The catalog under which a rollup's query is bound whenever it is needed: it means the same for everybody.
struct RollupCatalog: BinderCatalog {
  let snapshot: DatabaseSnapshot
  let searchPath: [String]
  /// Stands where the rollup of its name does.
  var replacing: StoreRollup?
  var functions: FunctionRegistry { snapshot.database.functions }
  var context: EvaluationContext { EvaluationContext(searchPath: searchPath) }

  func relation(schema: String?, name: String) throws(ApusError) -> Relation? {
    for place in schema.map({ [$0] }) ?? searchPath {
      if let table = snapshot.table(schema: place, name: name) { return .table(table) }
      if let replacing, replacing.place == RelationName(schema: place, name: name) { return .rollup(replacing) }
      if let rollup = try snapshot.rollup(RelationName(schema: place, name: name)) { return .rollup(rollup) }
      if snapshot.view(schema: place, name: name) != nil {
        throw ApusError.unsupported("a rollup over a view is", hint: "name the view's table")
      }
      if snapshot.backendTable(schema: place, name: name) != nil {
        throw ApusError.unsupported("a rollup over a table of a storage backend is")
      }
    }
    return nil
  }
}

/// Definitions of rollups, bound: they are the same until a definition changes.
final class RollupDefinitions: Sendable {
  private struct Known {
    var version: UInt64 = 0
    var definitions: [RelationName: RollupDefinition] = [:]
  }
  private let known = Mutex(Known())

  func definition(
    of name: RelationName, under version: UInt64, _ make: () throws(ApusError) -> RollupDefinition
  ) throws(ApusError) -> RollupDefinition {
    let found = known.withLock { $0.version == version ? $0.definitions[name] : nil }
    if let found { return found }
    let made = try make()
    known.withLock { known in
      if known.version < version { known = Known(version: version) }
      if known.version == version { known.definitions[name] = made }
    }
    return made
  }
}

extension DatabaseSnapshot {
  /// What a rollup's query keeps, and of which relation.
  func extract(
    _ query: String, searchPath: [String]
  ) throws(ApusError) -> (table: any TableProvider, definition: RollupDefinition) {
    try extract(query, in: RollupCatalog(snapshot: self, searchPath: searchPath))
  }

  func extract(
    _ query: String, in catalog: RollupCatalog
  ) throws(ApusError) -> (table: any TableProvider, definition: RollupDefinition) {
    guard let parsed = try database.parse(query).first, case .select(let id) = parsed.root else {
      throw ApusError.unexpected("the query of a rollup is none")
    }
    let bound = try Binder.bind(query: id, in: parsed, catalog: catalog, parameterTypes: [])
    return try RollupDefinition.extract(from: bound.plan, functions: catalog.functions, context: catalog.context)
  }

  /// nil when there is no rollup of that name.
  func rollup(_ name: RelationName) throws(ApusError) -> StoreRollup? {
    if let known = knownRollup(name) { return known }
    guard let object = store.object(kind: StoredRollup.kind, schema: name.schema, name: name.name) else { return nil }
    let stored = try StoredRollup.read(object)
    let definition = try database.rollupDefinitions.definition(of: name, under: store.catalogVersion) {
      () throws(ApusError) in try extract(stored.query, searchPath: stored.searchPath).definition
    }
    let state = try RollupState.read(store.object(kind: RollupState.kind, schema: name.schema, name: name.name))
    let made = try StoreRollup(name, stored, state, definition, in: store)
    note(made)
    return made
  }

  /// The names of all rollups, in order.
  var rollupNames: [RelationName] {
    store.objects.filter { $0.kind == StoredRollup.kind }.map { RelationName(schema: $0.schema, name: $0.name) }
      .sorted { ($0.schema, $0.name) < ($1.schema, $1.name) }
  }

  /// Every rollup.
  func rollups() throws(ApusError) -> [StoreRollup] {
    var all: [StoreRollup] = []
    for name in rollupNames { if let rollup = try rollup(name) { all.append(rollup) } }
    return all
  }

  /// The rollups that count a table's rows.
  func rollups(of table: TableID) throws(ApusError) -> [StoreRollup] {
    try rollups().filter { $0.stored.baseTable == table && $0.stored.endsBefore == nil }
  }
}
