// SessionSettings owns a session's values of settings, and what transactions do to them.

public import ApusBase
public import ApusColumns

/// A session's settings. SET within a transaction that rolls back is undone; SET LOCAL ends with the transaction.
struct SessionSettings: Sendable {
  /// Values of the connection's start (startup packet, command line), which RESET goes back to.
  private var initial: [String: String] = [:]
  private var session: [String: String] = [:]
  private var local: [String: String] = [:]
  private var saved: [String: String]?
  /// Reported settings that changed since they were last taken.
  private(set) var changed: Set<String> = []

  init(user: String) {
    initial["session_authorization"] = user
  }

  /// The value, or nil for a name that is neither known nor a custom `class.name` that was set.
  func value(_ name: String) -> String? {
    let key = name.lowercased()
    return local[key] ?? session[key] ?? initial[key] ?? SettingDefinition.named(key)?.boot
  }

  /// Where the value comes from, in the words of `pg_settings.source`.
  func source(_ name: String) -> String {
    let key = name.lowercased()
    if local[key] != nil || session[key] != nil { return "session" }
    if initial[key] != nil { return key == "session_authorization" ? "default" : "client" }
    return "default"
  }

  /// What RESET goes back to.
  func resetText(_ name: String) -> String {
    initial[name.lowercased()] ?? SettingDefinition.named(name)?.boot ?? ""
  }

  func text(_ name: String) -> String { value(name) ?? "" }
  func integer(_ name: String) -> Int64 { Int64(text(name)) ?? 0 }
  func flag(_ name: String) -> Bool { text(name) == "on" }

  /// Custom settings (`class.name`) that are set.
  var customNames: [String] { Set(local.keys).union(session.keys).filter { $0.contains(".") }.sorted() }

  mutating func begin() { if saved == nil { saved = session } }

  mutating func commit() {
    noteLocalEnd()
    saved = nil
  }

  mutating func rollback() {
    noteLocalEnd()
    if let saved {
      for key in Set(saved.keys).union(session.keys) where saved[key] != session[key] { note(key) }
      session = saved
    }
    saved = nil
  }

  /// Goes back to the values of a savepoint.
  mutating func restore(_ earlier: SessionSettings) {
    let keys = Set(session.keys).union(earlier.session.keys).union(local.keys).union(earlier.local.keys)
    for key in keys where value(key) != earlier.value(key) { note(key) }
    session = earlier.session
    local = earlier.local
  }

  private mutating func noteLocalEnd() {
    for key in local.keys { note(key) }
    local = [:]
  }

  private mutating func note(_ key: String) {
    if SettingDefinition.named(key)?.isReported == true { changed.insert(key) }
  }

  mutating func takeChanges() -> [(name: String, value: String)] {
    defer { changed = [] }
    return changed.sorted().compactMap { key in SettingDefinition.named(key).map { ($0.name, text(key)) } }
  }

  /// Sets a value that `SettingDefinition.normalise` has accepted.
  mutating func set(_ name: String, _ value: String, isLocal: Bool) {
    let key = name.lowercased()
    if isLocal {
      local[key] = value
    } else {
      session[key] = value
      local[key] = nil
    }
    note(key)
  }

  mutating func setInitial(_ name: String, _ value: String) { initial[name.lowercased()] = value }

  mutating func reset(_ name: String) {
    let key = name.lowercased()
    session[key] = nil
    local[key] = nil
    note(key)
  }

  mutating func resetAll() {
    for key in Set(session.keys).union(local.keys) { note(key) }
    session = [:]
    local = [:]
  }
}

extension SettingDefinition {
  /// The value as it is kept and shown. Throws 22023 as PostgreSQL does.
  func normalise(_ text: String) throws(ApusError) -> String {
    switch kind {
    case .string: return try normaliseString(text)
    case .boolean:
      guard let flag = Self.boolean(text) else {
        throw ApusError(.invalidParameterValue, "parameter \"\(name)\" requires a Boolean value")
      }
      return flag ? "on" : "off"
    case .choice(let choices):
      var wanted = text.lowercased()
      if choices.contains("on"), let flag = Self.boolean(wanted) { wanted = flag ? "on" : "off" }
      guard choices.contains(wanted) else {
        throw ApusError(
          .invalidParameterValue, "invalid value for parameter \"\(name)\": \"\(text)\"",
          hint: "Available values: \(choices.joined(separator: ", ")).")
      }
      return wanted
    case .integer(let least, let most, let unit):
      guard let number = Self.integer(text, unit: unit) else {
        throw ApusError(.invalidParameterValue, "invalid value for parameter \"\(name)\": \"\(text)\"")
      }
      guard number >= least, number <= most else {
        let suffix = unit.map { " \($0.rawValue)" } ?? ""
        throw ApusError(
          .invalidParameterValue,
          "\(number)\(suffix) is outside the valid range for parameter \"\(name)\" (\(least) .. \(most))")
      }
      return String(number)
    case .real(let least, let most):
      guard let number = Double(text), number >= least, number <= most else {
        throw ApusError(.invalidParameterValue, "invalid value for parameter \"\(name)\": \"\(text)\"")
      }
      return String(number)
    }
  }

  private func normaliseString(_ text: String) throws(ApusError) -> String {
    switch name {
    case "client_encoding":
      // As PostgreSQL does, only letters and digits are looked at: asyncpg sends 'utf-8' with its quotes.
      let plain = text.lowercased().filter { $0.isLetter || $0.isNumber }
      guard ["utf8", "unicode", "sqlascii"].contains(plain) else {
        throw ApusError.unsupported("client_encoding \"\(text)\" (only UTF8) is")
      }
      return "UTF8"
    case "TimeZone":
      guard let zone = TimeZone.named(text)?.name else {
        throw ApusError(.invalidParameterValue, "invalid value for parameter \"TimeZone\": \"\(text)\"")
      }
      return zone
    case "DateStyle": return try normaliseDateStyle(text)
    default: return text
    }
  }

  private func normaliseDateStyle(_ text: String) throws(ApusError) -> String {
    var order = "MDY"
    for word in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
      switch word.uppercased() {
      case "ISO": continue
      case "MDY", "US", "NONEURO", "NONEUROPEAN": order = "MDY"
      case "DMY", "EURO", "EUROPEAN": order = "DMY"
      case "YMD": order = "YMD"
      case "DEFAULT": continue
      case "POSTGRES", "SQL", "GERMAN": throw ApusError.unsupported("DateStyle \"\(word)\" (only ISO) is")
      default: throw ApusError(.invalidParameterValue, "invalid value for parameter \"DateStyle\": \"\(text)\"")
      }
    }
    return "ISO, \(order)"
  }

  static func boolean(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "on", "true", "yes", "1", "t", "y", "tr", "tru", "ye": true
    case "off", "false", "no", "0", "f", "n", "of", "fa", "fal", "fals": false
    default: nil
    }
  }

  private static func integer(_ text: String, unit: Unit?) -> Int64? {
    let trimmed = text.filter { $0 != " " }
    let digits = trimmed.prefix { $0.isNumber || $0 == "-" || $0 == "+" || $0 == "." }
    let suffix = String(trimmed.dropFirst(digits.count))
    guard let number = Double(digits) else { return nil }
    let factors: [String: Double]
    switch unit {
    case nil: factors = [:]
    case .milliseconds:
      factors = ["us": 0.001, "ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000]
    case .kilobytes: factors = ["B": 1.0 / 1024, "kB": 1, "MB": 1024, "GB": 1_048_576, "TB": 1_073_741_824]
    }
    guard let factor = suffix.isEmpty ? 1 : factors[suffix] else { return nil }
    return Int64(exactly: (number * factor).rounded())
  }
}
