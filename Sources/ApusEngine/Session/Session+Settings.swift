// SET, RESET and SHOW.

import ApusBase
import ApusColumns
import ApusPlan
import ApusSyntax

extension Session {
  func execute(set variable: SetVariable) throws(ApusError) -> Execution {
    switch variable.action {
    case .set(let values):
      try set(variable.name, values.map(\.text), isLocal: variable.isLocal)
      return Execution(command: "SET")
    case .toDefault:
      try reset(variable.name)
      return Execution(command: "SET")
    case .reset:
      try reset(variable.name)
      return Execution(command: "RESET")
    case .resetAll:
      settings.resetAll()
      return Execution(command: "RESET")
    case .transaction(let modes, let isSession):
      try set(modes: modes, isSession: isSession)
      return Execution(command: "SET")
    case .fromCurrent: throw ApusError.unsupported("SET ... FROM CURRENT is")
    case .snapshot: throw ApusError.unsupported("SET TRANSACTION SNAPSHOT is")
    }
  }

  /// Sets a variable as SET does. Shared with set_config().
  func set(_ name: String, _ values: [String], isLocal: Bool) throws(ApusError) {
    let text = values.map { name.lowercased() == "search_path" ? Self.listItem($0) : $0 }.joined(separator: ", ")
    guard let definition = SettingDefinition.named(name) else {
      if let fixed = database.serverSettings.named(name) {
        throw ApusError(
          .cantChangeRuntimeParameter, "parameter \"\(fixed.name)\" cannot be changed without restarting the server")
      }
      guard name.contains("."), !name.lowercased().hasPrefix("apus.") else { throw Self.unknownSetting(name) }
      settings.set(name, text, isLocal: isLocal)
      return
    }
    switch definition.name {
    case "transaction_isolation":
      transaction.isolation = try definition.normalise(text)
      return
    case "transaction_read_only":
      transaction.isReadOnly = try definition.normalise(text) == "on"
      return
    default: break
    }
    guard definition.context == .user else {
      throw ApusError(.cantChangeRuntimeParameter, "parameter \"\(definition.name)\" cannot be changed")
    }
    if isLocal, transaction.phase != .block {
      notice(Notice(.warning, "SET LOCAL can only be used in transaction blocks", state: .noActiveTransaction))
      return
    }
    settings.set(definition.name, try definition.normalise(text), isLocal: isLocal)
  }

  /// Sets what set_config() asked for, and takes the notices of functions. Values are checked already.
  func takeSettingRequests() {
    notices += noticeRequests.take()
    for request in settingRequests.take() {
      switch request.name {
      case "transaction_isolation":
        transaction.isolation = request.value
      case "transaction_read_only": transaction.isReadOnly = request.value == "on"
      default:
        // Outside a block a local setting ends with its own statement.
        if request.isLocal, transaction.phase != .block { continue }
        settings.set(request.name, request.value, isLocal: request.isLocal)
      }
    }
  }

  private static func listItem(_ item: String) -> String {
    let plain = item.utf8.allSatisfy { ($0 >= 97 && $0 <= 122) || ($0 >= 48 && $0 <= 57) || $0 == 95 }
    return plain && !item.isEmpty ? item : quoteIdentifier(item)
  }

  private func reset(_ name: String) throws(ApusError) {
    if let definition = SettingDefinition.named(name) {
      guard definition.context == .user else {
        throw ApusError(.cantChangeRuntimeParameter, "parameter \"\(definition.name)\" cannot be changed")
      }
    } else if !name.contains(".") {
      throw Self.unknownSetting(name)
    }
    settings.reset(name)
  }

  static func unknownSetting(_ name: String) -> ApusError {
    ApusError(.undefinedObject, "unrecognized configuration parameter \"\(name)\"")
  }

  /// That of the block, or outside of one that which a statement has by default.
  var transactionIsolation: String {
    if transaction.phase == .block || transaction.phase == .failed || transaction.pinsSnapshot {
      return transaction.isolation
    }
    return settings.text("default_transaction_isolation")
  }

  /// The value that SHOW shows.
  func shown(_ name: String) throws(ApusError) -> (name: String, value: String) {
    switch name.lowercased() {
    case "transaction_isolation":
      return ("transaction_isolation", transactionIsolation)
    case "transaction_read_only": return ("transaction_read_only", transaction.isReadOnly || isReadOnly ? "on" : "off")
    default: break
    }
    if let fixed = database.serverSettings.named(name) { return (fixed.name, fixed.value) }
    guard let value = settings.value(name) else { throw Self.unknownSetting(name) }
    let definition = SettingDefinition.named(name)
    if case .integer(_, _, .some(let unit)) = definition?.kind, value != "0", value != "-1" {
      return (definition?.name ?? name, Self.withUnit(value, unit))
    }
    return (definition?.name ?? name, value)
  }

  static func withUnit(_ value: String, _ unit: SettingDefinition.Unit) -> String {
    guard var number = Int64(value) else { return value }
    let steps: [(String, Int64)] =
      unit == .milliseconds ? [("s", 1000), ("min", 60), ("h", 60), ("d", 24)] : [("MB", 1024), ("GB", 1024)]
    var name = unit.rawValue
    for (next, factor) in steps {
      guard number % factor == 0 else { break }
      number /= factor
      name = next
    }
    return "\(number)\(name)"
  }

  func showFields(_ name: String) -> [Field] {
    if name.lowercased() == "all" {
      return [Field("name", .text), Field("setting", .text), Field("description", .text)]
    }
    return [Field(SettingDefinition.named(name)?.name ?? name.lowercased(), .text)]
  }

  func execute(show name: String) throws(ApusError) -> Execution {
    var rows: [[Value]] = []
    if name.lowercased() == "all" {
      for definition in SettingDefinition.all.sorted(by: { $0.name.lowercased() < $1.name.lowercased() }) {
        let value = try shown(definition.name).value
        rows.append([.text(definition.name), .text(value), .text(definition.description)])
      }
      for fixed in database.serverSettings.all {
        rows.append([.text(fixed.name), .text(fixed.value), .text(fixed.description)])
      }
    } else {
      rows = [[.text(try shown(name).value)]]
    }
    return Execution(rows: rows, fields: showFields(name), verb: "SHOW", countsRows: false)
  }
}

extension Execution {
  /// Rows that are there already.
  convenience init(rows: [[Value]], fields: [Field], verb: String, countsRows: Bool = true) {
    var batch: Batch? = Batch(
      columns: fields.enumerated().map { index, field in Vector.of(rows.map { $0[index] }, type: field.type) },
      count: rows.count)
    self.init(fields: fields, verb: verb, fixedTag: countsRows ? nil : verb) { () throws(ApusError) -> Batch? in
      defer { batch = nil }
      return batch
    }
  }
}
