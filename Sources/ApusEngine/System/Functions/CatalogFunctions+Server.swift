// Functions of the server, the session and its settings.

import ApusBase
import ApusColumns
import Synchronization

extension CatalogFunctions {
  static let serverBodies: [String: Body] = [
    "pg_backend_pid": { (catalog, _) throws(ApusError) -> Value in .int(Int64(catalog.context.processID)) },
    "pg_cancel_backend": { (catalog, arguments) throws(ApusError) -> Value in
      guard let processID = Int32(exactly: arguments[0].asInteger) else { return .bool(false) }
      return .bool(catalog.snapshot.database.cancel(processID))
    },
    "pg_postmaster_start_time": { (catalog, _) throws(ApusError) -> Value in
      .int(catalog.snapshot.database.startTime)
    },
    "pg_is_in_recovery": { (_, _) throws(ApusError) -> Value in .bool(false) },
    "pg_jit_available": { (_, _) throws(ApusError) -> Value in .bool(false) },
    // Nothing is locked, so nobody blocks.
    "pg_blocking_pids": { (_, _) throws(ApusError) -> Value in .array([]) },
    "pg_advisory_unlock_all": { (_, _) throws(ApusError) -> Value in .text("") },
    "pg_my_temp_schema": { (_, _) throws(ApusError) -> Value in .int(0) },
    "pg_is_other_temp_schema": { (_, _) throws(ApusError) -> Value in .bool(false) },
    "pg_tablespace_location": { (_, _) throws(ApusError) -> Value in .text("") },
    "pg_client_encoding": { (_, _) throws(ApusError) -> Value in .text("UTF8") },
    "getdatabaseencoding": { (_, _) throws(ApusError) -> Value in .text("UTF8") },
    "pg_encoding_to_char": { (_, arguments) throws(ApusError) -> Value in
      let number = arguments[0].asInteger
      return .text(number == 6 ? "UTF8" : number == 0 ? "SQL_ASCII" : "")
    },
    "pg_char_to_encoding": { (_, arguments) throws(ApusError) -> Value in
      let name = arguments[0].asText.lowercased().filter { $0 != "-" && $0 != "_" }
      return .int(name == "utf8" || name == "unicode" ? 6 : name == "sqlascii" ? 0 : -1)
    },
    "current_setting": { (catalog, arguments) throws(ApusError) -> Value in
      let name = arguments[0].asText
      if let fixed = catalog.snapshot.database.serverSettings.named(name) { return .text(fixed.value) }
      if let value = catalog.context.shownSetting(name) { return .text(value) }
      if arguments.count > 1, arguments[1].asBool { return .null }
      throw Session.unknownSetting(name)
    },
    "set_config": { (catalog, arguments) throws(ApusError) -> Value in
      guard case .text(let name) = arguments[0] else {
        throw ApusError(.nullValueNotAllowed, "SET requires parameter name")
      }
      let isLocal = arguments[2].asBool
      let definition = SettingDefinition.named(name)
      guard definition != nil || (name.contains(".") && !name.lowercased().hasPrefix("apus.")) else {
        throw Session.unknownSetting(name)
      }
      if let definition, definition.context != .user {
        throw ApusError(.cantChangeRuntimeParameter, "parameter \"\(definition.name)\" cannot be changed")
      }
      let given: String
      if case .text(let text) = arguments[1] { given = text } else { given = definition?.boot ?? "" }
      let value = try definition?.normalise(given) ?? given
      catalog.context.settingRequests.add(name: definition?.name ?? name, value: value, isLocal: isLocal)
      return .text(SystemRelationContext.shown(value, definition))
    },
  ]
}

/// Settings that set_config() asks for, on whatever thread it runs; the session takes them when the statement ends.
final class SettingRequests: Sendable {
  struct Request: Sendable {
    var name: String
    var value: String
    var isLocal: Bool
  }
  private let requests = Mutex<[Request]>([])

  func add(name: String, value: String, isLocal: Bool) {
    requests.withLock { $0.append(Request(name: name, value: value, isLocal: isLocal)) }
  }
  func take() -> [Request] {
    requests.withLock { requests in
      defer { requests = [] }
      return requests
    }
  }
}

extension SystemRelationContext {
  /// What SHOW shows; nil for an unknown name.
  func shownSetting(_ name: String) -> String? {
    switch name.lowercased() {
    case "transaction_isolation": return transactionIsolation
    case "transaction_read_only": return isReadOnly ? "on" : "off"
    default: return settings.value(name).map { Self.shown($0, SettingDefinition.named(name)) }
    }
  }

  static func shown(_ value: String, _ definition: SettingDefinition?) -> String {
    if case .integer(_, _, .some(let unit)) = definition?.kind, value != "0", value != "-1" {
      return Session.withUnit(value, unit)
    }
    return value
  }
}
