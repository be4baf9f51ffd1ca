// ALTER TABLE ... SET and RESET of options that can be changed, and VACUUM.

import ApusBase
import ApusColumns
import ApusStore
import ApusSyntax

extension Session {
  func execute(alter: AlterTable) throws(ApusError) -> Execution {
    guard alter.kind == .table else { throw ApusError.unsupported("\(Self.name(of: .alterTable(alter))) is") }
    try requireNoBlock("ALTER TABLE")
    guard let id = try table(toDrop: alter.name.parts, ifExists: alter.ifExists),
      var definition = database.snapshot().table(id)?.definition
    else { return Execution(command: "ALTER TABLE") }
    for command in alter.commands {
      switch command {
      case .setOptions(let options):
        for option in options {
          try requireRetention(option, "SET")
          let seconds = try TableOptionReader.seconds(option.text, option)
          guard definition.timeColumn != nil else { throw TableOptionReader.retentionNeedsTime(option) }
          definition.options.retentionSeconds = seconds
          definition.options.isRetentionHeld = nil
          definition.options.given["retention"] = option.text
        }
      case .resetOptions(let options):
        for option in options {
          try requireRetention(option, "RESET")
          definition.options.retentionSeconds = nil
          definition.options.isRetentionHeld = nil
          definition.options.given["retention"] = nil
        }
      default: throw ApusError.unsupported("ALTER TABLE other than SET and RESET of options is")
      }
    }
    try database.store.alterTable(definition)
    return Execution(command: "ALTER TABLE")
  }

  private func requireRetention(_ option: StatementOption, _ verb: String) throws(ApusError) {
    if option.name == "retention" { return }
    if TableOptionReader.known.contains(option.name) {
      throw ApusError.unsupported("\(verb) (\(option.name)) of a table that exists is", position: option.position)
    }
    throw TableOptionReader.unrecognised(option)
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
