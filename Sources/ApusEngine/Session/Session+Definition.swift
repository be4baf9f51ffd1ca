// CREATE TABLE, DROP TABLE and the other statements that define objects; and the refusal of those not done yet.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore
import ApusSyntax

extension Session {
  func executeDefinition(_ body: StatementBody) throws(ApusError) -> Execution {
    switch body.parsed.root {
    case .createTable(let create): return try execute(create: create, body)
    case .createView(let create): return try execute(view: create, body)
    case .createTableAs(let create): return try execute(tableAs: create, body)
    case .drop(let drop): return try execute(drop: drop)
    case .createSchema(let create): return try execute(schema: create)
    case .alterRole(let alter): return try execute(alterRole: alter)
    case .checkpoint:
      try requireWritable("CHECKPOINT")
      // What the statements before it wrote, in the same query string, belongs to what is flushed.
      if transaction.phase == .implicit { try commitWrites() }
      try database.store.checkpoint()
      return Execution(command: "CHECKPOINT")
    // Nothing can be listened to, so that there is nothing to leave: as in PostgreSQL, no error.
    case .unlisten: return Execution(command: "UNLISTEN")
    case .vacuum(let vacuum):
      return vacuum.isVacuum ? try execute(vacuum: vacuum) : Execution(command: "ANALYZE")
    case .comment(let comment): return try execute(comment: comment)
    case .rename(let rename): return try execute(rename: rename)
    case .setSchema(let set): return try execute(setSchema: set)
    case .alterTable(let alter):
      return alter.kind == .materializedView ? try execute(alterRollup: alter) : try execute(alter: alter, body)
    case .refreshMaterializedView(let refresh): return try execute(refresh: refresh)
    case .createExtension(let create): return try execute(extension: create)
    case .createServer(let create): return try execute(server: create)
    case .importForeignSchema(let statement): return try execute(importSchema: statement)
    default: throw ApusError.unsupported("\(Self.name(of: body.parsed.root)) is")
    }
  }

  /// What an unsupported statement is called in its error: its command tag, or more where the tag does not say enough.
  static func name(of statement: Statement) -> String {
    switch statement {
    case .createTableAs(let create) where create.isSelectInto: "CREATE TABLE AS"
    case .rename: "ALTER ... RENAME"
    case .alterOwner: "ALTER ... OWNER"
    case .setSchema: "ALTER ... SET SCHEMA"
    case .createRole(let create): "CREATE \(create.form.rawValue)"
    case .grant(let grant): grant.isGrant ? "GRANT" : "REVOKE"
    case .grantRole(let grant): grant.isGrant ? "GRANT" : "REVOKE"
    default: statement.commandTag
    }
  }

  // MARK: - CREATE TABLE

  private func execute(create: CreateTable, _ body: StatementBody) throws(ApusError) -> Execution {
    try requireWritable("CREATE TABLE")
    try refuseUnsupported(create)
    let schema = try creationSchema(create.name.schema, create.persistence, create.onCommit)
    let snapshot = currentSnapshot()
    if try relationExists(schema, create.name.name, snapshot) {
      if create.ifNotExists {
        notice(Notice(.notice, "relation \"\(create.name.name)\" already exists, skipping", state: .duplicateTable))
        return Execution(command: "CREATE TABLE")
      }
      throw ApusError(
        .duplicateTable, "relation \"\(create.name.name)\" already exists", position: create.name.position)
    }
    var columns = try columns(like: create.likes, snapshot)
    var names = Set<String>()
    for column in columns where !names.insert(column.name).inserted {
      throw ApusError(.duplicateColumn, "column \"\(column.name)\" specified more than once")
    }
    for column in create.columns { columns.append(try define(column, body, snapshot)) }
    for column in create.columns where !names.insert(column.name).inserted {
      throw ApusError(
        .duplicateColumn, "column \"\(column.name)\" specified more than once", position: column.position)
    }
    guard columns.count <= Limits.columnsPerTableMax else {
      throw ApusError(.tooManyColumns, "tables can have at most \(Limits.columnsPerTableMax) columns")
    }
    try checkExpressions(of: columns, table: create.name.name, snapshot)
    if create.server != nil {
      try requireNoBlock("CREATE FOREIGN TABLE")
      try self.create(foreignTable: create, schema: schema, columns: columns)
      return Execution(command: "CREATE FOREIGN TABLE")
    }
    if create.persistence == .temporary, create.server != nil || create.accessMethod ?? "columnar" != "columnar" {
      throw ApusError.unsupported("temporary tables of storage backends are")
    }
    if let method = create.accessMethod, method != "columnar" {
      try requireNoBlock("CREATE TABLE ... USING \(method)")
      try self.create(ownedTable: create, schema: schema, columns: columns)
      return Execution(command: "CREATE TABLE")
    }
    let options = try TableOptionReader.options(create.options, columns: columns)
    let made = try define([
      .createTable(TableDefinition(schema: schema, name: create.name.name, columns: columns, options: options))
    ])
    noteEnd(of: made.first?.id, create.onCommit)
    return Execution(command: "CREATE TABLE")
  }

  /// The columns of other relations: names, types and NOT NULL, and with INCLUDING their defaults and expressions.
  private func columns(
    like others: [CreateTable.Like], _ snapshot: DatabaseSnapshot
  ) throws(ApusError) -> [ApusStore.ColumnDefinition] {
    var columns: [ApusStore.ColumnDefinition] = []
    for like in others {
      guard
        let parsed = try parse("SELECT * FROM \(like.table.parts.map { quoteIdentifier($0) }.joined(separator: "."))")
          .first,
        case .select(let query) = parsed.root
      else { throw ApusError.unexpected("LIKE did not parse") }
      let bound = try Binder.bind(query: query, in: parsed, catalog: catalog(snapshot), parameterTypes: [])
      let table = try self.table(named: like.table, in: snapshot)
      for field in bound.fields {
        let known = table?.definition.column(named: field.name)
        var column = ApusStore.ColumnDefinition(
          name: field.name, type: TypeReference(field.type, modifier: field.modifier),
          isNotNull: known?.isNotNull ?? false)
        // PostgreSQL's bits of INCLUDING DEFAULTS and GENERATED.
        if like.options & 1 << 3 != 0 { column.defaultExpression = known?.defaultExpression }
        if like.options & 1 << 4 != 0 { column.generatedExpression = known?.generatedExpression }
        columns.append(column)
      }
    }
    return columns
  }

  private func table(
    named name: ApusSyntax.QualifiedName, in snapshot: DatabaseSnapshot
  ) throws(ApusError) -> StoreTable? {
    for schema in schemas(of: name.parts) {
      if let table = snapshot.table(schema: schema, name: name.name) { return table }
    }
    return nil
  }

  private func refuseUnsupported(_ create: CreateTable) throws(ApusError) {
    if create.persistence == .unlogged { throw ApusError.unsupported("unlogged tables are") }
    if !create.inherits.isEmpty { throw ApusError.unsupported("table inheritance is") }
    if create.partitionOf != nil || create.partitionBy != nil {
      throw ApusError.unsupported(
        "PARTITION BY is", hint: "tables are partitioned by time: WITH (time_column = '...', partition = '1 day')")
    }
    if create.ofType != nil { throw ApusError.unsupported("typed tables are") }
    if create.tablespace != nil { throw ApusError.unsupported("tablespaces are") }
    if let constraint = create.constraints.first {
      throw ApusError.unsupported(
        "\(Self.name(of: constraint.kind)) constraints are", position: constraint.position)
    }
  }

  private static func name(of constraint: Constraint.Kind) -> String {
    switch constraint {
    case .primaryKey: "PRIMARY KEY"
    case .unique: "UNIQUE"
    case .foreignKey: "FOREIGN KEY"
    case .check: "CHECK"
    case .identity: "IDENTITY"
    case .exclusion: "EXCLUDE"
    default: "table"
    }
  }

  /// The schema to create in: the one named, else the first of search_path.
  func creationSchema(_ named: String?) throws(ApusError) -> String {
    let schema = named ?? searchPath.first ?? "public"
    guard currentSnapshot().schemas.contains(schema) else {
      throw ApusError(.invalidSchemaName, "schema \"\(schema)\" does not exist")
    }
    guard !["pg_catalog", "information_schema", "apus"].contains(schema) else {
      throw ApusError(
        .insufficientPrivilege, "permission denied to create in schema \"\(schema)\"",
        detail: "System schemas hold only system relations.")
    }
    return schema
  }

  func define(
    _ column: ApusSyntax.ColumnDefinition, _ body: StatementBody, _ snapshot: DatabaseSnapshot
  ) throws(ApusError) -> ApusStore.ColumnDefinition {
    guard let name = column.type else {
      throw ApusError(.syntaxError, "column \"\(column.name)\" has no type", position: column.position)
    }
    let type = try TypeResolver.resolve(name, in: body.parsed.arena)
    guard Self.isStorable(type.type) else {
      throw ApusError.unsupported("columns of type \(type.type.sqlName) are", position: name.position)
    }
    var defined = ApusStore.ColumnDefinition(name: column.name, type: type)
    for constraint in column.constraints {
      switch constraint.kind {
      case .notNull: defined.isNotNull = true
      case .null: defined.isNotNull = false
      case .defaultValue(let value): defined.defaultExpression = body.parsed.arena.deparse(value)
      case .generated(let value): defined.generatedExpression = body.parsed.arena.deparse(value)
      default:
        throw ApusError.unsupported(
          "\(Self.name(of: constraint.kind)) constraints are", position: constraint.position)
      }
    }
    return defined
  }

  static func isStorable(_ type: DataType) -> Bool {
    switch type {
    case .bool, .int2, .int4, .int8, .float4, .float8, .numeric, .text, .varchar, .bpchar, .bytea, .uuid, .json, .jsonb,
      .date, .time, .timestamp, .timestamptz, .interval, .name, .oid:
      true
    case .array(let element): isStorable(element) && element != .json
    default: false
    }
  }

  /// Defaults and generated columns must bind before the table exists.
  func checkExpressions(
    of columns: [ApusStore.ColumnDefinition], table: String, _ snapshot: DatabaseSnapshot
  ) throws(ApusError) {
    let catalog = catalog(snapshot)
    let visible = columns.enumerated().map { index, column in
      TableColumn(
        id: ColumnID(UInt32(truncatingIfNeeded: index + 1)), name: column.name, type: column.type,
        generatedText: column.generatedExpression)
    }
    for column in columns {
      if let text = column.defaultExpression {
        _ = try Binder.bindExpression(text, columns: [], as: column.type, name: column.name, catalog: catalog)
      }
      if let text = column.generatedExpression {
        _ = try Binder.bindExpression(
          text, columns: visible, table: table, as: column.type, name: column.name, catalog: catalog)
      }
    }
  }

  // MARK: - Schemas and DROP

  private func execute(schema create: CreateSchema) throws(ApusError) -> Execution {
    try requireWritable("CREATE SCHEMA")
    guard let name = create.name, create.owner == nil, create.elements.isEmpty else {
      throw ApusError.unsupported("CREATE SCHEMA with AUTHORIZATION or elements is")
    }
    if currentSnapshot().schemas.contains(name) {
      guard create.ifNotExists else {
        throw ApusError(.duplicateSchema, "schema \"\(name)\" already exists")
      }
      notice(Notice(.notice, "schema \"\(name)\" already exists, skipping", state: .duplicateSchema))
      return Execution(command: "CREATE SCHEMA")
    }
    try define([.putObject(CatalogObject(kind: "schema", schema: "", name: name, definition: "{}"))])
    return Execution(command: "CREATE SCHEMA")
  }

  private func execute(drop: Drop) throws(ApusError) -> Execution {
    switch drop.kind {
    case .table:
      try requireWritable("DROP TABLE")
      var ids: [TableID] = []
      let (owned, rest) = try ownedTables(toDrop: drop.names)
      for name in rest { if let id = try table(toDrop: name, ifExists: drop.ifExists) { ids.append(id) } }
      if !owned.isEmpty { try requireNoBlock("DROP TABLE of a storage backend") }
      let tables = currentSnapshot().store.tables.map(\.definition).filter { ids.contains($0.id) }
      let rollups = try rollups(over: tables, cascade: drop.cascade)
      let views = try dependents(
        on: tables.map { RelationName(schema: $0.schema, name: $0.name) } + rollups, cascade: drop.cascade,
        kind: "table")
      try self.drop(backendTables: owned, cascade: drop.cascade, kind: "table")
      try define(
        try dropping(rollups) + views.map { .removeObject(kind: "view", schema: $0.schema, name: $0.name) }
          + ids.map { .dropTable($0) } + tables.flatMap { forgetManager(schema: $0.schema, name: $0.name) })
      return Execution(command: "DROP TABLE")
    case .view: return try execute(dropViews: drop)
    case .foreignTable: return try execute(dropForeignTables: drop)
    case .extension: return try execute(dropExtensions: drop)
    case .foreignServer: return try execute(dropServers: drop)
    case .materializedView: return try execute(dropRollups: drop)
    case .schema:
      try requireWritable("DROP SCHEMA")
      for name in drop.names { try dropSchema(name.joined(separator: "."), drop) }
      return Execution(command: "DROP SCHEMA")
    default: throw ApusError.unsupported("DROP \(drop.kind.rawValue.uppercased()) is")
    }
  }

  /// A table of the store's by its name, along search_path.
  func table(toDrop name: [String], ifExists: Bool) throws(ApusError) -> TableID? {
    let snapshot = currentSnapshot()
    let schemas = schemas(of: name)
    let plain = name.last ?? ""
    for schema in schemas {
      if SystemRelations.definition(schema: schema, name: plain) != nil {
        throw ApusError(.insufficientPrivilege, "permission denied: \"\(plain)\" is a system relation")
      }
      if let table = snapshot.table(schema: schema, name: plain) { return table.definition.id }
      if snapshot.view(schema: schema, name: plain) != nil {
        throw ApusError(.wrongObjectType, "\"\(plain)\" is not a table", hint: "Use DROP VIEW to remove a view.")
      }
      try refuseRollup(schema, plain, snapshot, as: "table")
      if snapshot.backendTable(schema: schema, name: plain) != nil {
        throw ApusError.unsupported("ALTER, TRUNCATE, COMMENT or VACUUM of a table of a storage backend is")
      }
    }
    let shown = name.joined(separator: ".")
    if name.count > 1, !snapshot.schemas.contains(schemas[0]), !ifExists {
      throw ApusError(.invalidSchemaName, "schema \"\(schemas[0])\" does not exist")
    }
    guard ifExists else { throw ApusError(.undefinedTable, "table \"\(shown)\" does not exist") }
    notice(Notice(.notice, "table \"\(shown)\" does not exist, skipping"))
    return nil
  }

  private func dropSchema(_ name: String, _ drop: Drop) throws(ApusError) {
    let snapshot = currentSnapshot()
    guard snapshot.store.object(kind: "schema", schema: "", name: name) != nil else {
      if ["public", "apus", "pg_catalog", "information_schema"].contains(name) {
        throw ApusError(.insufficientPrivilege, "schema \"\(name)\" cannot be dropped")
      }
      guard drop.ifExists else { throw ApusError(.invalidSchemaName, "schema \"\(name)\" does not exist") }
      notice(Notice(.notice, "schema \"\(name)\" does not exist, skipping"))
      return
    }
    let inside = snapshot.store.tables.filter { $0.definition.schema == name }
    let rollups = snapshot.rollupNames.filter { $0.schema == name }
    let views = snapshot.store.objects.filter { $0.kind == "view" && $0.schema == name }
    let backends = snapshot.backendTables.filter { $0.schema == name }
    guard inside.isEmpty && views.isEmpty && backends.isEmpty && rollups.isEmpty || drop.cascade else {
      throw ApusError(
        .dependentObjectsStillExist, "cannot drop schema \(name) because other objects depend on it",
        detail: (inside.map { "table \(name).\($0.definition.name)" } + views.map { "view \(name).\($0.name)" }
          + backends.map { "\($0.object.isOwned ? "table" : "foreign table") \(name).\($0.name)" }
          + rollups.map { "materialized view \(name).\($0.name)" })
          .map { "\($0) depends on schema \(name)" }.joined(separator: "\n"),
        hint: "Use DROP ... CASCADE to drop the dependent objects too.")
    }
    try self.drop(backendTables: backends, cascade: true, kind: "schema")
    let counting = try self.rollups(over: inside.map(\.definition), cascade: true)
    let gone = try rollups + counting + rollupsReading(rollups + counting)
    let lost = views.map { RelationName(schema: name, name: $0.name) }
    let dependents = try dependents(
      on: lost + gone + inside.map { RelationName(schema: name, name: $0.definition.name) }, cascade: true,
      kind: "schema")
    try define(
      try dropping(gone) + (lost + dependents).map { .removeObject(kind: "view", schema: $0.schema, name: $0.name) }
        + inside.map { .dropTable($0.definition.id) } + [.removeObject(kind: "schema", schema: "", name: name)])
  }
}
