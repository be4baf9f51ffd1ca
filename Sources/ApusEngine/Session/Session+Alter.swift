// ALTER TABLE's commands on columns, and ALTER ... RENAME and SET SCHEMA: what reads a column or a table by its name
// must still find it.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore
import ApusSyntax

extension Session {
  /// One command on a column. Returns the name of a column whose default the rows get once the new definition is there.
  func alter(
    _ command: AlterTable.Command, _ table: inout TableDefinition, _ body: StatementBody
  ) throws(ApusError) -> String? {
    switch command {
    case .addColumn(let column, let ifNotExists): return try add(column, ifNotExists, to: &table, body)
    case .dropColumn(let name, let ifExists, _):
      guard let place = try place(of: name, in: table, ifExists: ifExists) else { return nil }
      try refuseNamed(name, in: table, "drop")
      table.columns[place].isDropped = true
      table.columns[place].isNotNull = false
      table.columns[place].defaultExpression = nil
      table.columns[place].generatedExpression = nil
    case .setDefault(let name, let value):
      guard let place = try place(of: name, in: table, ifExists: false) else { return nil }
      if table.columns[place].generatedExpression != nil {
        throw ApusError(
          .syntaxError, "column \"\(name)\" of relation \"\(table.name)\" is a generated column", table: table.name)
      }
      table.columns[place].defaultExpression = value.map { body.parsed.arena.deparse($0) }
      try checkExpressions(of: [table.columns[place]], table: table.name, currentSnapshot())
    case .setNotNull(let name):
      guard let place = try place(of: name, in: table, ifExists: false) else { return nil }
      if table.columns[place].isNotNull { return nil }
      try requireValues(of: name, in: table)
      table.columns[place].isNotNull = true
    case .dropNotNull(let name):
      guard let place = try place(of: name, in: table, ifExists: false) else { return nil }
      if table.timeColumn?.id == table.columns[place].id {
        throw ApusError.unsupported("nulls in the time column \"\(name)\" are")
      }
      table.columns[place].isNotNull = false
    case .alterType(let name, let type, _):
      guard let place = try place(of: name, in: table, ifExists: false) else { return nil }
      let wanted = try TypeResolver.resolve(type, in: body.parsed.arena)
      guard wanted == table.columns[place].type else {
        throw ApusError.unsupported(
          "changing the type of a column is", position: type.position,
          hint: "add a column of the new type, UPDATE it, and drop the old one")
      }
    default: throw ApusError.unsupported("this form of ALTER TABLE is")
    }
    return nil
  }

  private func place(of name: String, in table: TableDefinition, ifExists: Bool) throws(ApusError) -> Int? {
    if let place = table.columns.firstIndex(where: { !$0.isDropped && $0.name == name }) { return place }
    guard ifExists else {
      throw ApusError(
        .undefinedColumn, "column \"\(name)\" of relation \"\(table.name)\" does not exist", table: table.name)
    }
    notice(Notice(.notice, "column \"\(name)\" of relation \"\(table.name)\" does not exist, skipping"))
    return nil
  }

  private func add(
    _ column: ApusSyntax.ColumnDefinition, _ ifNotExists: Bool, to table: inout TableDefinition, _ body: StatementBody
  ) throws(ApusError) -> String? {
    if table.column(named: column.name) != nil {
      let message = "column \"\(column.name)\" of relation \"\(table.name)\" already exists"
      guard ifNotExists else { throw ApusError(.duplicateColumn, message, table: table.name) }
      notice(Notice(.notice, message + ", skipping", state: .duplicateColumn))
      return nil
    }
    let snapshot = currentSnapshot()
    let defined = try define(column, body, snapshot)
    table.columns.append(defined)
    try checkExpressions(of: table.liveColumns, table: table.name, snapshot)
    let hasRows = snapshot.table(table.id).map { $0.snapshot.rowCount > 0 } ?? false
    guard hasRows, defined.generatedExpression == nil else { return nil }
    if defined.defaultExpression == nil {
      guard defined.isNotNull else { return nil }
      throw ApusError(
        .notNullViolation, "column \"\(column.name)\" of relation \"\(table.name)\" contains null values",
        table: table.name, column: column.name)
    }
    return column.name
  }

  private func requireValues(of name: String, in table: TableDefinition) throws(ApusError) {
    let shown = quoteIdentifier(table.schema) + "." + quoteIdentifier(table.name)
    guard let parsed = try parse("SELECT 1 FROM \(shown) WHERE \(quoteIdentifier(name)) IS NULL LIMIT 1").first,
      case .select(let query) = parsed.root
    else { throw ApusError.unexpected("a check for nulls did not parse") }
    let snapshot = currentSnapshot()
    let bound = try Binder.bind(query: query, in: parsed, catalog: catalog(snapshot), parameterTypes: [])
    let rows = try collect(try run(bound.plan, fields: bound.fields, parameters: [], snapshot: snapshot))
    if rows.contains(where: { $0.count > 0 }) {
      throw ApusError(
        .notNullViolation, "column \"\(name)\" of relation \"\(table.name)\" contains null values",
        table: table.name, column: name)
    }
  }

  /// What the table's own options name stays under that name.
  private func refuseNamed(_ name: String, in table: TableDefinition, _ verb: String) throws(ApusError) {
    let options = table.options
    let uses = [
      (options.timeColumn == name, "time_column"), (options.dedupeKey == name, "dedupe_key"),
      (table.orderColumns.contains { $0.name == name }, "order_by"),
      (options.propertyRetention?.contains { $0.column == name } ?? false, "retention of properties"),
    ]
    for (isUsed, option) in uses where isUsed {
      throw ApusError(
        .dependentObjectsStillExist,
        "cannot \(verb) column \(name) of table \(table.name): its option \(option) names it",
        table: table.name)
    }
  }

  // MARK: - What reads a table

  /// Changes a table's definition. What reads it must still be bound: views (with `cascade` those that are not are
  /// dropped), generated columns, and no rollup may be there whose columns or name would change under it.
  func alter(
    _ table: TableDefinition, from old: TableDefinition, cascade: Bool, renames: Bool
  ) throws(ApusError) {
    let isStructural =
      old.schema != table.schema || old.name != table.name
      || old.liveColumns.map(\.name) != Array(table.liveColumns.map(\.name).prefix(old.liveColumns.count))
    guard isStructural else { return _ = try define([.alterTable(table)]) }
    if let rollup = try rollups(over: [old], cascade: true).first {
      throw ApusError.unsupported(
        "renaming or dropping what rollup \"\(rollup.name)\" may read is",
        hint: "Drop the rollup first, and make it anew afterwards.")
    }
    try checkExpressions(of: table.liveColumns, table: table.name, currentSnapshot())
    if !(table.options.filteredRetention ?? []).isEmpty {
      throw ApusError.unsupported("renaming or dropping what a retention by a condition may read is")
    }
    let before = try boundViews()
    try define([.alterTable(table)])
    let after = try Set(boundViews())
    let broken = before.filter { !after.contains($0) }
    guard let first = broken.first else { return }
    if renames { throw ApusError.unsupported("renaming what view \"\(first.name)\" reads is") }
    guard cascade else {
      throw ApusError(
        .dependentObjectsStillExist, "cannot drop column of table \(table.name) because other objects depend on it",
        detail: broken.map { "view \($0.name) depends on table \(table.name)" }.joined(separator: "\n"),
        hint: "Use DROP ... CASCADE to drop the dependent objects too.")
    }
    try define(broken.map { .removeObject(kind: "view", schema: $0.schema, name: $0.name) })
  }

  /// The views whose queries are good.
  private func boundViews() throws(ApusError) -> [RelationName] {
    let snapshot = currentSnapshot()
    let catalog = catalog(snapshot)
    var found: [RelationName] = []
    for object in snapshot.store.objects where object.kind == "view" {
      if binds(try ViewDefinition(object), catalog) {
        found.append(RelationName(schema: object.schema, name: object.name))
      }
    }
    return found
  }

  // MARK: - RENAME and SET SCHEMA

  func execute(rename: Rename) throws(ApusError) -> Execution {
    let tag = rename.kind == .view ? "ALTER VIEW" : "ALTER TABLE"
    guard let relation = rename.relation, [.table, .view, .column].contains(rename.kind) else {
      throw ApusError.unsupported("ALTER ... RENAME of a \(rename.kind.rawValue) is")
    }
    try requireWritable(tag)
    if rename.kind == .view { return try renameView(relation, rename) }
    guard let id = try table(toDrop: relation.parts, ifExists: rename.ifExists),
      let old = currentSnapshot().table(id)?.definition
    else { return Execution(command: tag) }
    var table = old
    if rename.kind == .table {
      table.name = rename.newName
      try requireFree(table.schema, table.name)
    } else {
      let name = rename.oldName.last ?? ""
      guard let place = try place(of: name, in: table, ifExists: false) else { return Execution(command: tag) }
      if table.column(named: rename.newName) != nil {
        throw ApusError(
          .duplicateColumn, "column \"\(rename.newName)\" of relation \"\(table.name)\" already exists",
          table: table.name)
      }
      try refuseNamed(name, in: table, "rename")
      table.columns[place].name = rename.newName
    }
    try alter(table, from: old, cascade: false, renames: true)
    return Execution(command: tag)
  }

  private func requireFree(_ schema: String, _ name: String) throws(ApusError) {
    if try relationExists(schema, name, currentSnapshot()) {
      throw ApusError(.duplicateTable, "relation \"\(name)\" already exists")
    }
  }

  private func renameView(
    _ relation: ApusSyntax.QualifiedName, _ rename: Rename
  ) throws(ApusError) -> Execution {
    guard let found = try view(toDrop: relation.parts, ifExists: rename.ifExists),
      let object = currentSnapshot().view(schema: found.schema, name: found.name)
    else { return Execution(command: "ALTER VIEW") }
    try requireFree(found.schema, rename.newName)
    let before = try boundViews().filter { $0 != found }
    try define([
      .removeObject(kind: "view", schema: found.schema, name: found.name),
      .putObject(
        CatalogObject(kind: "view", schema: found.schema, name: rename.newName, definition: object.definition)),
    ])
    let after = try Set(boundViews())
    if let broken = before.first(where: { !after.contains($0) }) {
      throw ApusError.unsupported("renaming what view \"\(broken.name)\" reads is")
    }
    return Execution(command: "ALTER VIEW")
  }

  func execute(setSchema set: SetSchema) throws(ApusError) -> Execution {
    guard set.kind == .table, let relation = set.relation else {
      throw ApusError.unsupported("ALTER ... SET SCHEMA of a \(set.kind.rawValue) is")
    }
    try requireWritable("ALTER TABLE")
    guard let id = try table(toDrop: relation.parts, ifExists: set.ifExists),
      let old = currentSnapshot().table(id)?.definition
    else { return Execution(command: "ALTER TABLE") }
    var table = old
    table.schema = try creationSchema(set.schema)
    if table.schema == old.schema { return Execution(command: "ALTER TABLE") }
    try requireFree(table.schema, table.name)
    try alter(table, from: old, cascade: false, renames: true)
    return Execution(command: "ALTER TABLE")
  }
}
