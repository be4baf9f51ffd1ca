// ALTER TABLE ... SET and RESET of options that can be changed, and VACUUM.

import ApusBase
import ApusColumns
import ApusStore
import ApusSyntax

extension Session {
  func execute(alter: AlterTable, _ body: StatementBody) throws(ApusError) -> Execution {
    guard alter.kind == .table else { throw ApusError.unsupported("\(Self.name(of: .alterTable(alter))) is") }
    try requireWritable("ALTER TABLE")
    guard let id = try table(toDrop: alter.name.parts, ifExists: alter.ifExists),
      var definition = currentSnapshot().table(id)?.definition
    else { return Execution(command: "ALTER TABLE") }
    let old = definition
    var filled: [String] = []
    var cascade = false
    for command in alter.commands {
      if case .dropColumn(_, _, true) = command { cascade = true }
      switch command {
      case .setOptions(let options):
        warnOfManager(definition, options)
        try TableOptionReader.set(options, in: &definition)
      case .resetOptions(let options):
        warnOfManager(definition, options)
        try TableOptionReader.reset(options, in: &definition)
      default: if let column = try self.alter(command, &definition, body) { filled.append(column) }
      }
    }
    if definition == old { return Execution(command: "ALTER TABLE") }
    try self.alter(definition, from: old, cascade: cascade, renames: false)
    if !filled.isEmpty { try fillDefaults(filled, of: definition) }
    return Execution(command: "ALTER TABLE")
  }

  /// Gives the rows that are there the defaults of new columns.
  private func fillDefaults(_ columns: [String], of table: TableDefinition) throws(ApusError) {
    let name = quoteIdentifier(table.schema) + "." + quoteIdentifier(table.name)
    let changes = columns.map { quoteIdentifier($0) + " = DEFAULT" }.joined(separator: ", ")
    guard let parsed = try parse("UPDATE \(name) SET \(changes)").first, case .update(let update) = parsed.root else {
      throw ApusError.unexpected("the update of new columns did not parse")
    }
    _ = try execute(update: update, StatementBody(parsed: parsed, givenTypes: []), [])
  }

  private func warnOfManager(_ table: TableDefinition, _ options: [StatementOption]) {
    if isConfiguring { return }
    let store = database.snapshot().store
    for option in options {
      if let warning = store.ownershipWarning(schema: table.schema, name: table.name, option: option.name) {
        notice(warning)
      }
    }
  }

  /// Merges small segments and removes the bytes of deleted rows.
  func execute(vacuum: Vacuum) throws(ApusError) -> Execution {
    try requireWritable("VACUUM")
    guard transaction.phase != .block else {
      throw ApusError(.activeTransaction, "VACUUM cannot run inside a transaction block")
    }
    for option in vacuum.options where !["analyze", "verbose", "full"].contains(option.name) {
      throw ApusError.unsupported("VACUUM option \"\(option.name)\" is", position: option.position)
    }
    try commitWrites()
    var ids: [TableID] = []
    for relation in vacuum.relations {
      if let id = try table(toDrop: relation.name.parts, ifExists: false) { ids.append(id) }
    }
    if vacuum.relations.isEmpty {
      ids = database.snapshot().store.tables.filter { $0.definition.schema != "apus" }.map(\.definition.id)
    }
    for id in ids { try database.store.compact(id) }
    return Execution(command: "VACUUM")
  }
}

extension Session {
  /// What to commit with the dropping of a relation, so that no file manages it any more. Warns where one does.
  func forgetManager(schema: String, name: String) -> [CatalogChange] {
    let store = database.snapshot().store
    if !isConfiguring, let warning = store.ownershipWarning(schema: schema, name: name, option: nil) {
      notice(warning)
    }
    return store.forgetManager(schema: schema, name: name)
  }
}
