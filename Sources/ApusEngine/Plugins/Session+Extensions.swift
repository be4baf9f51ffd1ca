// CREATE and DROP EXTENSION, CREATE and DROP SERVER.

import ApusBase
import ApusFunctions
import ApusPlan
import ApusPlugins
import ApusStore
import ApusSyntax

extension Session {
  // MARK: - Extensions

  func execute(extension create: CreateExtension) throws(ApusError) -> Execution {
    try requireNoBlock("CREATE EXTENSION")
    let snapshot = database.snapshot()
    if snapshot.store.object(kind: ExtensionDefinition.kind, schema: "", name: create.name) != nil {
      guard create.ifNotExists else {
        throw ApusError(.duplicateObject, "extension \"\(create.name)\" already exists")
      }
      notice(Notice(.notice, "extension \"\(create.name)\" already exists, skipping", state: .duplicateObject))
      return Execution(command: "CREATE EXTENSION")
    }
    let plugin = try database.plugins.load(create.name)
    for option in create.options {
      switch option.name {
      case "cascade": continue
      case "new_version":
        guard option.text == plugin.version else {
          throw ApusError(
            .invalidParameterValue,
            "extension \"\(create.name)\" has no version \"\(option.text)\": the plugin's is \"\(plugin.version)\"")
        }
      default: throw ApusError.unsupported("CREATE EXTENSION ... \(option.name.uppercased()) is")
      }
    }
    try database.plugins.install(plugin)
    do throws(ApusError) {
      let object = try ExtensionDefinition(version: plugin.version).object(name: create.name)
      _ = try database.store.apply([.putObject(object)])
    } catch {
      database.plugins.uninstall(create.name)
      throw error
    }
    return Execution(command: "CREATE EXTENSION")
  }

  func execute(dropExtensions drop: Drop) throws(ApusError) -> Execution {
    try requireNoBlock("DROP EXTENSION")
    for name in drop.names.map({ $0.joined(separator: ".") }) {
      let snapshot = database.snapshot()
      guard snapshot.store.object(kind: ExtensionDefinition.kind, schema: "", name: name) != nil else {
        guard drop.ifExists else { throw ApusError(.undefinedObject, "extension \"\(name)\" does not exist") }
        notice(Notice(.notice, "extension \"\(name)\" does not exist, skipping"))
        continue
      }
      let servers = snapshot.servers().filter { $0.definition.wrapper == name }.map(\.name)
      if !servers.isEmpty, !drop.cascade {
        throw Self.dependent(
          "extension \(name)", servers.map { "server \($0) depends on foreign-data wrapper \(name)" })
      }
      try requireNoColumns(without: name, snapshot)
      let views = try dependents(
        on: [], cascade: drop.cascade, kind: "extension", functions: database.plugins.functions(without: name),
        shown: name)
      for server in servers { try removeServer(server, cascade: true) }
      _ = try database.store.apply(
        views.map { .removeObject(kind: "view", schema: $0.schema, name: $0.name) }
          + [.removeObject(kind: ExtensionDefinition.kind, schema: "", name: name)])
      database.plugins.uninstall(name)
    }
    return Execution(command: "DROP EXTENSION")
  }

  /// Defaults and generated columns that call functions of the extension.
  private func requireNoColumns(without name: String, _ snapshot: DatabaseSnapshot) throws(ApusError) {
    let rest = database.plugins.functions(without: name)
    if rest === database.plugins.functions { return }
    let whole = catalog(snapshot)
    var less = whole
    less.functions = rest
    func depends(_ text: String, _ columns: [TableColumn], _ column: TableColumn) -> Bool {
      func binds(_ catalog: SessionCatalog) -> Bool {
        (try? Binder.bindExpression(text, columns: columns, as: column.type, name: column.name, catalog: catalog))
          != nil
      }
      return binds(whole) && !binds(less)
    }
    let schemas =
      snapshot.store.tables.map { StoreTable.schema(of: $0.definition) }
      + snapshot.backendTables.map { $0.object.tableSchema(schema: $0.schema, name: $0.name) }
    for table in schemas {
      for column in table.columns {
        for text in [column.defaultText, column.generatedText].compactMap({ $0 })
        where depends(text, column.generatedText == nil ? [] : table.columns, column) {
          throw Self.dependent(
            "extension \(name)", ["column \(column.name) of table \(table.name) depends on extension \(name)"],
            canCascade: false)
        }
      }
    }
  }

  static func dependent(_ what: String, _ lines: [String], canCascade: Bool = true) -> ApusError {
    ApusError(
      .dependentObjectsStillExist, "cannot drop \(what) because other objects depend on it",
      detail: lines.joined(separator: "\n"),
      hint: canCascade ? "Use DROP ... CASCADE to drop the dependent objects too." : nil)
  }

  // MARK: - Servers

  func execute(server create: CreateServer) throws(ApusError) -> Execution {
    try requireNoBlock("CREATE SERVER")
    let snapshot = database.snapshot()
    if snapshot.store.object(kind: ServerDefinition.kind, schema: "", name: create.name) != nil {
      guard create.ifNotExists else {
        throw ApusError(.duplicateObject, "server \"\(create.name)\" already exists")
      }
      notice(Notice(.notice, "server \"\(create.name)\" already exists, skipping", state: .duplicateObject))
      return Execution(command: "CREATE SERVER")
    }
    guard snapshot.store.object(kind: ExtensionDefinition.kind, schema: "", name: create.wrapper) != nil else {
      throw ApusError(
        .undefinedObject, "foreign-data wrapper \"\(create.wrapper)\" does not exist",
        hint: "Use CREATE EXTENSION to load its plugin first.")
    }
    let backend = try backend(of: create.wrapper)
    let options = try Self.options(create.options)
    try backend.check(options, forTable: false)
    let definition = ServerDefinition(
      wrapper: create.wrapper, type: create.type, version: create.version, options: options)
    _ = try database.store.apply([.putObject(try definition.object(name: create.name))])
    return Execution(command: "CREATE SERVER")
  }

  func backend(of wrapper: String) throws(ApusError) -> Backend {
    guard let backend = try database.plugins.plugin(wrapper).backend else {
      throw ApusError(.wrongObjectType, "extension \"\(wrapper)\" is not a storage backend")
    }
    return backend
  }

  /// OPTIONS (...) by name; one that is given twice is refused.
  static func options(_ given: [StatementOption]) throws(ApusError) -> [String: String] {
    var options: [String: String] = [:]
    for option in given {
      guard options.updateValue(option.text, forKey: option.name) == nil else {
        throw ApusError(.syntaxError, "option \"\(option.name)\" provided more than once", position: option.position)
      }
    }
    return options
  }

  func execute(dropServers drop: Drop) throws(ApusError) -> Execution {
    try requireNoBlock("DROP SERVER")
    for name in drop.names.map({ $0.joined(separator: ".") }) {
      guard database.snapshot().store.object(kind: ServerDefinition.kind, schema: "", name: name) != nil else {
        guard drop.ifExists else { throw ApusError(.undefinedObject, "server \"\(name)\" does not exist") }
        notice(Notice(.notice, "server \"\(name)\" does not exist, skipping"))
        continue
      }
      try removeServer(name, cascade: drop.cascade)
    }
    return Execution(command: "DROP SERVER")
  }

  private func removeServer(_ name: String, cascade: Bool) throws(ApusError) {
    let snapshot = database.snapshot()
    let tables = snapshot.backendTables.filter { $0.object.server == name }
    if !tables.isEmpty, !cascade {
      throw Self.dependent(
        "server \(name)",
        tables.map { "\($0.object.isOwned ? "table" : "foreign table") \($0.name) depends on server \(name)" })
    }
    try drop(backendTables: tables, cascade: cascade, kind: "server")
    _ = try database.store.apply([.removeObject(kind: ServerDefinition.kind, schema: "", name: name)])
    database.plugins.forget(server: name)
  }
}
