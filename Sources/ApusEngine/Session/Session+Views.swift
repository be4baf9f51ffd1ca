// CREATE VIEW and DROP VIEW, what depends on what, and CREATE TABLE AS.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan
import ApusStore
import ApusSyntax

extension Session {
  // MARK: - CREATE VIEW

  func execute(view create: CreateView, _ body: StatementBody) throws(ApusError) -> Execution {
    try requireWritable("CREATE VIEW")
    if create.persistence == .temporary { throw ApusError.unsupported("temporary views are") }
    if create.checkOption != .none { throw ApusError.unsupported("WITH CHECK OPTION is") }
    if let option = create.options.first {
      throw ApusError.unsupported("view option \"\(option.name)\" is", position: option.position)
    }
    if create.queryText.isEmpty { throw ApusError.unsupported("this kind of WITH in a view is") }
    let schema = try creationSchema(create.name.schema)
    let snapshot = currentSnapshot()
    let fields = try columns(of: create.query, named: create.columns, body, snapshot, what: "CREATE VIEW")
    let made = ViewDefinition(query: create.queryText, fields: fields)
    // What is kept is the text: it must mean the same by itself.
    let object = try made.object(schema: schema, name: create.name.name)
    if snapshot.view(schema: schema, name: create.name.name) == nil,
      try relationExists(schema, create.name.name, snapshot)
    {
      throw ApusError(
        create.orReplace ? .wrongObjectType : .duplicateTable,
        create.orReplace
          ? "\"\(create.name.name)\" is not a view" : "relation \"\(create.name.name)\" already exists",
        position: create.orReplace ? nil : create.name.position)
    }
    if let old = snapshot.view(schema: schema, name: create.name.name) {
      guard create.orReplace else {
        throw ApusError(
          .duplicateTable, "relation \"\(create.name.name)\" already exists", position: create.name.position)
      }
      let before = try ViewDefinition(old)
      try check(made, replaces: before)
      // Texts of other views may say `*`: their columns would move.
      if made.columns.count > before.columns.count {
        let name = RelationName(schema: schema, name: create.name.name)
        if try !dependents(on: [name], cascade: true, kind: "view").isEmpty {
          throw ApusError.unsupported("adding columns to a view that other views read is")
        }
      }
    }
    try refuseCycle(create, schema: schema, body, snapshot)
    try define([.putObject(object)])
    return Execution(command: "CREATE VIEW")
  }

  /// The columns of a query, the first of them renamed.
  private func columns(
    of query: QueryID, named names: [String], _ body: StatementBody, _ snapshot: DatabaseSnapshot, what: String
  ) throws(ApusError) -> [Field] {
    if body.parsed.parameterCount > 0 {
      throw ApusError(.undefinedParameter, "there is no parameter $1")
    }
    var fields = try Binder.bind(query: query, in: body.parsed, catalog: catalog(snapshot), parameterTypes: []).fields
    if names.count > fields.count {
      throw ApusError(
        .syntaxError,
        what == "CREATE VIEW"
          ? "CREATE VIEW specifies more column names than columns" : "too many column names were specified")
    }
    for (index, name) in names.enumerated() { fields[index].name = name }
    var seen = Set<String>()
    for field in fields where !seen.insert(field.name).inserted {
      throw ApusError(.duplicateColumn, "column \"\(field.name)\" specified more than once")
    }
    return fields
  }

  /// A view may only gain columns at its end.
  private func check(_ new: ViewDefinition, replaces old: ViewDefinition) throws(ApusError) {
    guard new.columns.count >= old.columns.count else {
      throw ApusError(.invalidTableDefinition, "cannot drop columns from view")
    }
    for (was, now) in zip(old.columns, new.columns) {
      if was.name != now.name {
        throw ApusError(
          .invalidTableDefinition, "cannot change name of view column \"\(was.name)\" to \"\(now.name)\"",
          hint: "Use ALTER VIEW ... RENAME COLUMN ... to change name of view column instead.")
      }
      if was.type != now.type || was.modifier != now.modifier {
        let names = [was, now].map { DataType(oid: $0.type)?.sqlName ?? "unknown" }
        throw ApusError(
          .invalidTableDefinition,
          "cannot change data type of view column \"\(was.name)\" from \(names[0]) to \(names[1])")
      }
    }
  }

  /// A view that would come to read itself does not bind once it is hidden.
  private func refuseCycle(
    _ create: CreateView, schema: String, _ body: StatementBody, _ snapshot: DatabaseSnapshot
  ) throws(ApusError) {
    guard snapshot.view(schema: schema, name: create.name.name) != nil else { return }
    let hidden = HidingCatalog(catalog(snapshot), [RelationName(schema: schema, name: create.name.name)])
    do {
      _ = try Binder.bind(query: create.query, in: body.parsed, catalog: hidden, parameterTypes: [])
    } catch {
      throw ApusError(
        SQLState("42P17"), "infinite recursion detected in rules for relation \"\(create.name.name)\"")
    }
  }

  // MARK: - DROP

  func execute(dropViews drop: Drop) throws(ApusError) -> Execution {
    try requireWritable("DROP VIEW")
    var names: [RelationName] = []
    for name in drop.names {
      if let found = try view(toDrop: name, ifExists: drop.ifExists) { names.append(found) }
    }
    let dependents = try dependents(on: names, cascade: drop.cascade, kind: "view")
    try define(
      (names + dependents).map { .removeObject(kind: "view", schema: $0.schema, name: $0.name) })
    return Execution(command: "DROP VIEW")
  }

  func view(toDrop name: [String], ifExists: Bool) throws(ApusError) -> RelationName? {
    let snapshot = currentSnapshot()
    let schemas = schemas(of: name)
    let plain = name.last ?? ""
    for schema in schemas {
      if snapshot.view(schema: schema, name: plain) != nil { return RelationName(schema: schema, name: plain) }
      if SystemRelations.definition(schema: schema, name: plain) != nil {
        throw ApusError(.insufficientPrivilege, "permission denied: \"\(plain)\" is a system relation")
      }
      if snapshot.table(schema: schema, name: plain) != nil
        || snapshot.backendTable(schema: schema, name: plain) != nil
      {
        throw ApusError(
          .wrongObjectType, "\"\(plain)\" is not a view", hint: "Use DROP TABLE to remove a table.")
      }
      try refuseRollup(schema, plain, snapshot, as: "view")
    }
    let shown = name.joined(separator: ".")
    guard ifExists else { throw ApusError(.undefinedTable, "view \"\(shown)\" does not exist") }
    notice(Notice(.notice, "view \"\(shown)\" does not exist, skipping"))
    return nil
  }

  /// The views that do not bind without these relations, and with no more than these functions: refused with 2BP01, or
  /// with `cascade` returned.
  func dependents(
    on names: [RelationName], cascade: Bool, kind: String, functions: FunctionRegistry? = nil, shown: String? = nil
  ) throws(ApusError) -> [RelationName] {
    let snapshot = currentSnapshot()
    let whole = catalog(snapshot)
    let without = HidingCatalog(whole, Set(names), functions: functions)
    var found: [RelationName] = []
    for object in snapshot.store.objects where object.kind == "view" {
      let name = RelationName(schema: object.schema, name: object.name)
      if names.contains(name) { continue }
      let view = try ViewDefinition(object)
      guard binds(view, whole), !binds(view, without) else { continue }
      found.append(name)
    }
    if let first = shown ?? names.first?.name, !found.isEmpty, !cascade {
      throw ApusError(
        .dependentObjectsStillExist, "cannot drop \(kind) \(first) because other objects depend on it",
        detail: found.map { "view \($0.name) depends on \(kind) \(first)" }.joined(separator: "\n"),
        hint: "Use DROP ... CASCADE to drop the dependent objects too.")
    }
    return found
  }

  /// The views that would not give the columns of now with a rollup in the place of the one of its name.
  func viewsChanging(with rollup: StoreRollup, _ snapshot: DatabaseSnapshot) throws(ApusError) -> [RelationName] {
    let whole = catalog(snapshot)
    let changed = HidingCatalog(whole, [], replacing: rollup)
    var found: [RelationName] = []
    for object in snapshot.store.objects where object.kind == "view" {
      let view = try ViewDefinition(object)
      guard let before = fields(of: view, whole) else { continue }
      let after = fields(of: view, changed)
      if after.map({ $0.map(\.name) == before.map(\.name) && $0.map(\.type) == before.map(\.type) }) != true {
        found.append(RelationName(schema: object.schema, name: object.name))
      }
    }
    return found
  }

  private func fields(of view: ViewDefinition, _ catalog: any BinderCatalog) -> [Field]? {
    guard let parsed = try? parse(view.query).first, case .select(let query) = parsed.root else { return nil }
    return try? Binder.bind(query: query, in: parsed, catalog: catalog, parameterTypes: []).fields
  }

  func binds(_ view: ViewDefinition, _ catalog: any BinderCatalog) -> Bool { fields(of: view, catalog) != nil }

  // MARK: - CREATE TABLE AS

  func execute(tableAs create: CreateTableAs, _ body: StatementBody) throws(ApusError) -> Execution {
    if create.isMaterializedView { return try execute(rollup: create, body) }
    guard case .query(let query) = create.source else {
      throw ApusError.unsupported("CREATE TABLE AS EXECUTE is")
    }
    try requireWritable("CREATE TABLE AS")
    if create.persistence == .unlogged { throw ApusError.unsupported("unlogged tables are") }
    if create.tablespace != nil { throw ApusError.unsupported("tablespaces are") }
    let schema = try creationSchema(create.name.schema, create.persistence, create.onCommit)
    let snapshot = currentSnapshot()
    if try relationExists(schema, create.name.name, snapshot) {
      guard create.ifNotExists else {
        throw ApusError(
          .duplicateTable, "relation \"\(create.name.name)\" already exists", position: create.name.position)
      }
      notice(Notice(.notice, "relation \"\(create.name.name)\" already exists, skipping", state: .duplicateTable))
      return Execution(command: "CREATE TABLE AS")
    }
    let fields = try columns(of: query, named: create.columns, body, snapshot, what: "CREATE TABLE AS")
    for field in fields where !Self.isStorable(field.type) {
      throw ApusError.unsupported("columns of type \(field.type.sqlName) are")
    }
    let columns = fields.map {
      ApusStore.ColumnDefinition(name: $0.name, type: TypeReference($0.type, modifier: $0.modifier))
    }
    let backend = create.accessMethod.flatMap { $0 == "columnar" ? nil : $0 }
    let options = backend == nil ? try TableOptionReader.options(create.options, columns: columns) : TableOptions()
    if backend != nil, create.persistence == .temporary {
      throw ApusError.unsupported("temporary tables of storage backends are")
    }
    if let backend { try requireNoBlock("CREATE TABLE AS ... USING \(backend)") }
    let owned =
      try backend.map { (wrapper) throws(ApusError) in
        try ownedObject(wrapper, create.options, name: create.name.name, columns: columns)
      }
    var rows: [Batch] = []
    if !create.withNoData {
      let bound = try Binder.bind(query: query, in: body.parsed, catalog: catalog(snapshot), parameterTypes: [])
      rows = try collect(try run(bound.plan, fields: fields, parameters: [], snapshot: snapshot))
    }
    if let owned {
      return try fill(owned, schema: schema, name: create.name.name, rows: create.withNoData ? nil : rows)
    }
    let made = try define([
      .createTable(TableDefinition(schema: schema, name: create.name.name, columns: columns, options: options))
    ])
    noteEnd(of: made.first?.id, create.onCommit)
    if create.withNoData { return Execution(command: "CREATE TABLE AS") }
    guard let id = made.first?.id, let table = currentSnapshot().table(id) else {
      throw .unexpected("the table was not made")
    }
    let writer = RowWriter(session: self, table: .store(table), columns: table.schema.columns)
    for batch in rows { try writer.append(batch) }
    let outcome = writer.outcome
    return Execution(tag: { "SELECT \(outcome.stored)" })
  }

  func relationExists(_ schema: String, _ name: String, _ snapshot: DatabaseSnapshot) throws(ApusError) -> Bool {
    snapshot.table(schema: schema, name: name) != nil || snapshot.view(schema: schema, name: name) != nil
      || snapshot.backendTable(schema: schema, name: name) != nil
      || snapshot.store.object(kind: StoredRollup.kind, schema: schema, name: name) != nil
  }
}

struct RelationName: Hashable, Sendable, Codable {
  let schema: String
  let name: String
}

/// A session's catalog without some of its relations, or with another rollup in the place of one.
private struct HidingCatalog: BinderCatalog {
  private let whole: SessionCatalog
  private let hidden: Set<RelationName>
  private let replacing: StoreRollup?
  let functions: FunctionRegistry
  var context: EvaluationContext { whole.context }

  init(
    _ whole: SessionCatalog, _ hidden: Set<RelationName>, functions: FunctionRegistry? = nil,
    replacing: StoreRollup? = nil
  ) {
    self.whole = whole
    self.hidden = hidden
    self.replacing = replacing
    self.functions = functions ?? whole.functions
  }

  func relation(schema: String?, name: String) throws(ApusError) -> Relation? {
    guard let found = try whole.relation(schema: schema, name: name) else { return nil }
    let place =
      switch found {
      case .table(let table): RelationName(schema: table.schema.schema, name: table.schema.name)
      case .view(let schema, let name, _, _, _): RelationName(schema: schema, name: name)
      case .rollup(let rollup): RelationName(schema: rollup.schema, name: rollup.name)
      }
    if let replacing, replacing.place == place { return .rollup(replacing) }
    return hidden.contains(place) ? nil : found
  }
}
