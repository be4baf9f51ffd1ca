// Tables whose rows are in a server: CREATE TABLE ... USING, CREATE FOREIGN TABLE, IMPORT FOREIGN SCHEMA, and DROP.

import ApusBase
import ApusColumns
import ApusPlan
import ApusPlugins
import ApusStore
import ApusSyntax

extension Session {
  /// CREATE TABLE ... USING: a table that Apus owns, stored by a server.
  func create(
    ownedTable create: CreateTable, schema: String, columns: [ApusStore.ColumnDefinition]
  ) throws(ApusError) {
    let wrapper = create.accessMethod ?? ""
    let object = try ownedObject(wrapper, create.options, name: create.name.name, columns: columns)
    try make(object, schema: schema, name: create.name.name)
  }

  /// The definition of a table to be made in a server.
  func ownedObject(
    _ wrapper: String, _ given: [StatementOption], name: String, columns: [ApusStore.ColumnDefinition]
  ) throws(ApusError) -> BackendTableObject {
    let snapshot = database.snapshot()
    guard snapshot.store.object(kind: ExtensionDefinition.kind, schema: "", name: wrapper) != nil else {
      throw ApusError(
        .undefinedObject, "access method \"\(wrapper)\" does not exist",
        hint: "The embedded one is \"columnar\"; CREATE EXTENSION loads the plugin of another.")
    }
    let options = try Self.options(given)
    guard let server = options["server"] else {
      throw ApusError(
        SQLState("HV00B"), "option \"server\" is required for tables USING \(wrapper)",
        hint: "Name one made by CREATE SERVER: WITH (server = '...').")
    }
    let definition = try snapshot.server(server)
    guard definition.wrapper == wrapper else {
      throw ApusError(
        .invalidParameterValue, "server \"\(server)\" is of extension \"\(definition.wrapper)\", not \"\(wrapper)\"")
    }
    try backend(of: wrapper).check(options, forTable: true, besides: ["server", "schema_name", "table_name"])
    var defined: [BackendTableObject.Column] = []
    for column in columns { defined.append(try backendColumn(column, remoteName: nil)) }
    // A name of its own, so that no table that is there already is taken for it.
    var unique = "apus_\(String(UInt32.random(in: .min ... .max), radix: 16))_\(name)"
    while unique.utf8.count > Limits.identifierBytesMax { unique.removeLast() }
    return BackendTableObject(
      server: server, isOwned: true, remoteSchema: options["schema_name"],
      remoteName: options["table_name"] ?? unique,
      columns: defined, options: options)
  }

  private func backendColumn(
    _ column: ApusStore.ColumnDefinition, remoteName: String?
  ) throws(ApusError) -> BackendTableObject.Column {
    if column.generatedExpression != nil {
      throw ApusError.unsupported("generated columns in tables of storage backends are")
    }
    guard Arrow.format(of: column.type.type) != nil else {
      throw ApusError.unsupported("columns of type \(column.type.type.sqlName) in tables of storage backends are")
    }
    return BackendTableObject.Column(
      name: column.name, remoteName: remoteName ?? column.name, type: column.type.type.oid,
      modifier: column.type.modifier, isNotNull: column.isNotNull, defaultText: column.defaultExpression)
  }

  /// Makes an owned table: first in the storage, then in the catalog, so that neither is there alone.
  func make(_ object: BackendTableObject, schema: String, name: String) throws(ApusError) {
    let snapshot = database.snapshot()
    let server = try database.plugins.server(object.server, try snapshot.server(object.server))
    try server.create(object.backendDefinition)
    do throws(ApusError) {
      _ = try database.store.apply([.putObject(try object.object(schema: schema, name: name))])
    } catch {
      try? server.drop(object.backendDefinition)
      throw error
    }
  }

  /// CREATE FOREIGN TABLE: a table that the other side owns. Without columns it is asked for them.
  func create(
    foreignTable create: CreateTable, schema: String, columns: [ApusStore.ColumnDefinition]
  ) throws(ApusError) {
    let snapshot = database.snapshot()
    let name = create.server ?? ""
    let definition = try snapshot.server(name)
    let options = try Self.options(create.serverOptions)
    try backend(of: definition.wrapper).check(
      options, forTable: true, besides: ["schema_name", "table_name"])
    if let option = create.options.first {
      throw ApusError.unsupported("WITH (\(option.name)) of a foreign table is", position: option.position)
    }
    var object = BackendTableObject(
      server: name, isOwned: false, remoteSchema: options["schema_name"],
      remoteName: options["table_name"] ?? create.name.name, columns: [], options: options)
    for (column, syntax) in zip(columns, create.columns) {
      let given = try Self.options(syntax.options)
      for key in given.keys where key != "column_name" {
        throw ApusError(
          SQLState("HV00D"), "invalid option \"\(key)\"", hint: "Valid options in this context are: column_name")
      }
      object.columns.append(try backendColumn(column, remoteName: given["column_name"]))
    }
    if columns.isEmpty {
      object.columns = try described(object, try database.plugins.server(name, definition))
    }
    _ = try database.store.apply([.putObject(try object.object(schema: schema, name: create.name.name))])
  }

  private func described(
    _ object: BackendTableObject, _ server: BackendServer
  ) throws(ApusError) -> [BackendTableObject.Column] {
    let columns = try server.describe(object.backendDefinition)
    guard !columns.isEmpty else {
      throw ApusError(
        .invalidTableDefinition,
        "table \"\(object.remoteName)\" of server \"\(server.name)\" has no column that can be read")
    }
    guard columns.count <= Limits.columnsPerTableMax else {
      throw ApusError(.tooManyColumns, "tables can have at most \(Limits.columnsPerTableMax) columns")
    }
    return columns.map { column in
      BackendTableObject.Column(
        name: column.name, remoteName: column.name, type: column.type.type.oid, modifier: column.type.modifier,
        isNotNull: column.isNotNull, defaultText: nil)
    }
  }

  func execute(importSchema statement: ImportForeignSchema) throws(ApusError) -> Execution {
    try requireNoBlock("IMPORT FOREIGN SCHEMA")
    let snapshot = database.snapshot()
    let definition = try snapshot.server(statement.server)
    let schema = try creationSchema(statement.localSchema)
    let options = try Self.options(statement.options)
    try backend(of: definition.wrapper).check(options, forTable: true)
    let server = try database.plugins.server(statement.server, definition)
    let names = try server.tables(schema: statement.remoteSchema)
    var chosen = names
    switch statement.selection {
    case .all: break
    case .limitTo(let wanted):
      for name in wanted where !names.contains(name) {
        throw ApusError(
          SQLState("HV00R"), "foreign table \"\(name)\" does not exist in schema \"\(statement.remoteSchema)\"")
      }
      chosen = wanted
    case .except(let unwanted): chosen = names.filter { !unwanted.contains($0) }
    }
    var changes: [CatalogChange] = []
    for name in chosen {
      guard try !relationExists(schema, name, snapshot) else {
        throw ApusError(.duplicateTable, "relation \"\(name)\" already exists")
      }
      var given = options
      given["schema_name"] = statement.remoteSchema
      given["table_name"] = name
      var object = BackendTableObject(
        server: statement.server, isOwned: false, remoteSchema: statement.remoteSchema, remoteName: name, columns: [],
        options: given)
      object.columns = try described(object, server)
      changes.append(.putObject(try object.object(schema: schema, name: name)))
    }
    if !changes.isEmpty { _ = try database.store.apply(changes) }
    return Execution(command: "IMPORT FOREIGN SCHEMA")
  }

  // MARK: - DROP

  /// A backend's table by its name along search_path, unless a relation of another kind comes first.
  func backendTable(named name: [String]) -> NamedBackendTable? {
    let snapshot = database.snapshot()
    let schemas = name.count > 1 ? [name[name.count - 2]] : searchPath
    let plain = name.last ?? ""
    for schema in schemas {
      if let found = snapshot.backendTable(schema: schema, name: plain) { return found }
      if snapshot.table(schema: schema, name: plain) != nil || snapshot.view(schema: schema, name: plain) != nil {
        return nil
      }
    }
    return nil
  }

  func execute(dropForeignTables drop: Drop) throws(ApusError) -> Execution {
    try requireNoBlock("DROP FOREIGN TABLE")
    var tables: [NamedBackendTable] = []
    for name in drop.names {
      let shown = name.joined(separator: ".")
      if let found = backendTable(named: name) {
        guard !found.object.isOwned else {
          throw ApusError(
            .wrongObjectType, "\"\(found.name)\" is not a foreign table", hint: "Use DROP TABLE to remove a table.")
        }
        tables.append(found)
      } else if drop.ifExists {
        notice(Notice(.notice, "foreign table \"\(shown)\" does not exist, skipping"))
      } else {
        throw ApusError(.undefinedTable, "foreign table \"\(shown)\" does not exist")
      }
    }
    try self.drop(backendTables: tables, cascade: drop.cascade, kind: "foreign table")
    return Execution(command: "DROP FOREIGN TABLE")
  }

  /// The names of a DROP TABLE that are a backend's, those that Apus owns; and the other names.
  func ownedTables(toDrop names: [[String]]) throws(ApusError) -> (tables: [NamedBackendTable], rest: [[String]]) {
    var tables: [NamedBackendTable] = []
    var rest: [[String]] = []
    for name in names {
      guard let found = backendTable(named: name) else {
        rest.append(name)
        continue
      }
      guard found.object.isOwned else {
        throw ApusError(
          .wrongObjectType, "\"\(found.name)\" is not a table",
          hint: "Use DROP FOREIGN TABLE to remove a foreign table.")
      }
      tables.append(found)
    }
    return (tables, rest)
  }

  /// Owned tables go from their storage too, before the catalog forgets them.
  func drop(backendTables tables: [NamedBackendTable], cascade: Bool, kind: String) throws(ApusError) {
    if tables.isEmpty { return }
    let snapshot = database.snapshot()
    let views = try dependents(
      on: tables.map { RelationName(schema: $0.schema, name: $0.name) }, cascade: cascade, kind: kind)
    for table in tables where table.object.isOwned {
      let server = try database.plugins.server(table.object.server, try snapshot.server(table.object.server))
      try server.drop(table.object.backendDefinition)
    }
    _ = try database.store.apply(
      views.map { .removeObject(kind: "view", schema: $0.schema, name: $0.name) }
        + tables.map { .removeObject(kind: BackendTableObject.kind, schema: $0.schema, name: $0.name) })
  }
}

extension Session {
  /// The rest of CREATE TABLE AS ... USING: the table with its rows, or nothing. `rows` nil: WITH NO DATA.
  func fill(
    _ object: BackendTableObject, schema: String, name: String, rows: [Batch]?
  ) throws(ApusError) -> Execution {
    try make(object, schema: schema, name: name)
    guard let rows else { return Execution(command: "CREATE TABLE AS") }
    do throws(ApusError) {
      let table = try database.snapshot().provider(
        of: NamedBackendTable(schema: schema, name: name, object: object))
      let writer = RowWriter(session: self, table: try target(table), columns: table.schema.columns)
      for batch in rows { try writer.append(batch) }
      try commitWrites()
      let outcome = writer.outcome
      return Execution(tag: { "SELECT \(outcome.stored)" })
    } catch {
      transaction.backendWrite?.rollback()
      transaction.backendWrite = nil
      try? drop(
        backendTables: [NamedBackendTable(schema: schema, name: name, object: object)], cascade: true, kind: "table")
      throw error
    }
  }
}
