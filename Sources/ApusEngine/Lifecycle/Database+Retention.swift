// The changes of a table's retention: by age, by a condition, of properties.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore

extension Database {
  /// Sets (or with nil removes) retention by age.
  func setRetention(_ seconds: Int64?, given: String?, of table: TableID) throws(ApusError) {
    try change(table) { (definition) throws(ApusError) in
      if seconds != nil { try Self.requireTime(definition) }
      definition.options.retentionSeconds = seconds
      definition.options.isRetentionHeld = nil
      definition.options.given["retention"] = given
    }
  }

  /// Sets (or with nil removes) the retention of rows for which a condition is true. False when there was none to
  /// remove.
  @discardableResult
  func setRetention(_ seconds: Int64?, filter: String, of table: TableID) throws(ApusError) -> Bool {
    if seconds != nil {
      guard let definition = store.snapshot().table(table)?.definition else { throw Self.missing(table) }
      let session = makeSession()
      defer { session.close() }
      try session.checkRetention(filter: filter, of: definition)
    }
    var isFound = false
    try change(table) { (definition) throws(ApusError) in
      var policies = definition.options.filteredRetention ?? []
      let place = policies.firstIndex { $0.filter == filter }
      isFound = place != nil
      if let seconds {
        let policy = FilteredRetention(filter: filter, seconds: seconds)
        if let place { policies[place] = policy } else { policies.append(policy) }
      } else if let place {
        policies.remove(at: place)
      }
      definition.options.filteredRetention = policies.isEmpty ? nil : policies
    }
    return isFound
  }

  /// Sets (or with nil removes) the retention of a path of a jsonb column. False when there was none to remove.
  @discardableResult
  func setRetention(
    _ seconds: Int64?, property path: [String], in column: String, of table: TableID
  ) throws(ApusError) -> Bool {
    guard !path.isEmpty, path.allSatisfy({ !$0.isEmpty }) else {
      throw ApusError(.invalidParameterValue, "a property is a path of keys joined by dots")
    }
    guard path.count <= Limits.propertyDepthMax else {
      throw ApusError(
        .invalidParameterValue, "retention of properties goes down to \(Limits.propertyDepthMax) keys",
        detail: "Objects below that depth are kept as one value.")
    }
    var isFound = false
    try change(table) { (definition) throws(ApusError) in
      if seconds != nil {
        try Self.requireTime(definition)
        guard let found = definition.column(named: column) else {
          throw ApusError(.undefinedColumn, "column \"\(column)\" does not exist", table: definition.name)
        }
        guard found.type.type == .jsonb else {
          throw ApusError(.wrongObjectType, "column \"\(column)\" is \(found.type.type.sqlName), not jsonb")
        }
      }
      var policies = definition.options.propertyRetention ?? []
      let place = policies.firstIndex { $0.column == column && $0.path == path }
      isFound = place != nil
      if let seconds {
        let policy = PropertyRetention(column: column, path: path, seconds: seconds)
        if let place { policies[place] = policy } else { policies.append(policy) }
      } else if let place {
        policies.remove(at: place)
      }
      definition.options.propertyRetention = policies.isEmpty ? nil : policies
    }
    return isFound
  }

  /// Sets (or with nil removes) the retention of a rollup.
  func setRetention(_ seconds: Int64?, ofRollup name: RelationName) throws(ApusError) {
    guard let rollup = try snapshot().rollup(name) else {
      throw ApusError(.undefinedTable, "materialized view \"\(name.name)\" does not exist")
    }
    var stored = rollup.stored
    var table = rollup.kept.definition
    table.options.retentionSeconds = seconds
    table.options.isRetentionHeld = nil
    stored.options["retention"] = seconds.map { FixedDuration.text($0) }
    table.options.given = stored.options
    _ = try store.apply([.putObject(try stored.object(name)), .alterTable(table)])
  }

  private func change(
    _ table: TableID, _ body: (inout TableDefinition) throws(ApusError) -> Void
  ) throws(ApusError) {
    guard var definition = store.snapshot().table(table)?.definition else { throw Self.missing(table) }
    let before = definition
    try body(&definition)
    if definition != before { try store.alterTable(definition) }
  }

  private static func missing(_ table: TableID) -> ApusError {
    ApusError(.undefinedTable, "table \(table) does not exist")
  }

  static func requireTime(_ table: TableDefinition) throws(ApusError) {
    guard table.timeColumn == nil else { return }
    throw ApusError(
      .invalidParameterValue, "retention of table \"\(table.qualifiedName)\" needs a time column",
      hint: "name one with time_column")
  }
}

/// Lengths of time as options state them.
enum FixedDuration {
  /// An interval as an age in seconds: a month counts 30 days, a year 365. nil below a second.
  static func age(_ interval: Interval) -> Int64? {
    let days = Int64(interval.days) + Int64(interval.months / 12) * 365 + Int64(interval.months % 12) * 30
    let total = days * 86_400 + interval.microseconds / 1_000_000
    return total > 0 ? total : nil
  }

  static func seconds(of interval: Interval, what: String) throws(ApusError) -> Int64 {
    guard let total = age(interval) else { throw ApusError(.invalidParameterValue, "\(what) must be positive") }
    return total
  }

  /// `90 days`, `1 hour`: in the largest unit that divides it.
  static func text(_ seconds: Int64) -> String {
    for (name, size) in [("day", Int64(86_400)), ("hour", 3_600), ("minute", 60)] where seconds % size == 0 {
      return "\(seconds / size) \(name)\(seconds == size ? "" : "s")"
    }
    return "\(seconds) second\(seconds == 1 ? "" : "s")"
  }
}
