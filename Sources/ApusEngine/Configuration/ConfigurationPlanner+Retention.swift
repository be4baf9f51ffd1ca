// The comparison of retention: by age, by conditions, of properties; and what a change would take now.

import ApusBase
import ApusColumns
import ApusStore
import ApusSyntax

extension ConfigurationPlanner {
  static func addFilter(_ name: EntryName, _ filter: String, _ seconds: Int64) -> String {
    "SELECT apus.add_retention(\(quoteLiteral(name.sql)), \(quoteLiteral(FixedDuration.text(seconds))), "
      + "filter => \(quoteLiteral(filter)))"
  }

  static func addProperty(_ name: EntryName, _ property: TableEntry.Property) -> String {
    "SELECT apus.add_property_retention(\(quoteLiteral(name.sql)), "
      + "\(quoteLiteral(property.path.joined(separator: "."))), \(quoteLiteral(FixedDuration.text(property.seconds))))"
  }

  static func shown(_ retention: TableEntry.Retention) -> String {
    shown(retention.seconds, retention.filters.map { ($0.filter, $0.seconds) })
  }

  static func shown(_ options: TableOptions) -> String {
    shown(options.retentionSeconds, (options.filteredRetention ?? []).map { ($0.filter, $0.seconds) })
  }

  private static func shown(_ age: Int64?, _ filters: [(String, Int64)]) -> String {
    let parts = filters.map { "\(FixedDuration.text($0.1)) where \($0.0)" }.sorted()
    return ([age.map { FixedDuration.text($0) } ?? "none"] + parts).joined(separator: "; ")
  }

  static func shown(_ properties: [TableEntry.Property]) -> String {
    properties.map { "\($0.path.joined(separator: ".")): \(FixedDuration.text($0.seconds))" }.sorted()
      .joined(separator: "; ")
  }

  static func shownProperties(_ options: TableOptions) -> String {
    (options.propertyRetention ?? []).filter { $0.column == "properties" }
      .map { "\($0.path.joined(separator: ".")): \(FixedDuration.text($0.seconds))" }.sorted().joined(separator: "; ")
  }

  /// Compares retention by age and by conditions; what the file makes of it.
  mutating func compare(
    _ retention: TableEntry.Retention, _ entry: TableEntry, _ table: TableSnapshot
  ) throws(ApusError) -> String {
    let options = table.definition.options
    let now = Self.shown(options)
    try compareAge(retention, entry, table)
    let known = options.filteredRetention ?? []
    for filter in retention.filters {
      let old = known.first { $0.filter == filter.filter }
      if old?.seconds == filter.seconds { continue }
      let policy = FilteredRetention(filter: filter.filter, seconds: filter.seconds)
      var change = PlannedChange(
        old == nil ? .create : .update, "table", entry.name, option: "retention where \(filter.filter)",
        from: old.map { FixedDuration.text($0.seconds) }, to: FixedDuration.text(filter.seconds),
        sql: [Self.addFilter(entry.name, filter.filter, filter.seconds)], place: filter.place)
      if old.map({ $0.seconds > filter.seconds }) ?? true {
        do throws(ApusError) {
          change.effect = try database.store.effect(of: policy, on: table.definition.id)
        } catch {
          fail(filter.place, error)
          continue
        }
        change.verb = "deletes"
        change.dropsData = change.effect.rows > 0
      }
      kept.append(marked(change, entry.name, "retention", now: now))
    }
    for old in known where !retention.filters.contains(where: { $0.filter == old.filter }) {
      let change = PlannedChange(
        .delete, "table", entry.name, option: "retention where \(old.filter)", from: FixedDuration.text(old.seconds),
        sql: ["SELECT apus.remove_retention(\(quoteLiteral(entry.name.sql)), filter => \(quoteLiteral(old.filter)))"],
        place: retention.place)
      kept.append(marked(change, entry.name, "retention", now: now))
    }
    return Self.shown(retention)
  }

  private mutating func compareAge(
    _ retention: TableEntry.Retention, _ entry: TableEntry, _ table: TableSnapshot
  ) throws(ApusError) {
    let options = table.definition.options
    if options.isRetentionHeld == true {
      plan.notes.append(
        "retention of \"\(entry.name.text)\" is held since apus.undrop, until ALTER TABLE ... SET (retention = ...).")
    }
    guard retention.seconds != options.retentionSeconds else { return }
    if retention.seconds != nil, table.definition.timeColumn == nil {
      return fail(retention.place, "retention of table \"\(entry.name.text)\" needs a time column")
    }
    let sql =
      retention.seconds.map { "SET (retention = \(quoteLiteral(FixedDuration.text($0))))" } ?? "RESET (retention)"
    var change = PlannedChange(
      .update, "table", entry.name, option: "retention",
      from: options.retentionSeconds.map { FixedDuration.text($0) } ?? "none",
      to: retention.seconds.map { FixedDuration.text($0) } ?? "none",
      sql: ["ALTER TABLE \(entry.name.sql) \(sql)"], place: retention.place)
    if let seconds = retention.seconds, seconds < options.retentionSeconds ?? .max {
      change.effect = try database.store.effect(ofRetention: seconds, on: table.definition.id)
      change.verb = "drops"
      change.dropsData = change.effect.rows > 0
    }
    kept.append(marked(change, entry.name, "retention", now: Self.shown(options)))
  }

  /// Compares retention of properties; what the file makes of it.
  mutating func compare(
    _ properties: [TableEntry.Property], _ entry: TableEntry, _ table: TableSnapshot
  ) throws(ApusError) -> String {
    let options = table.definition.options
    let now = Self.shownProperties(options)
    let known = (options.propertyRetention ?? []).filter { $0.column == "properties" }
    if !properties.isEmpty, table.definition.column(named: "properties")?.type.type != .jsonb {
      fail(
        entry.propertiesPlace ?? entry.place, "table \"\(entry.name.text)\" has no jsonb column \"properties\"")
      return now
    }
    for property in properties {
      let old = known.first { $0.path == property.path }
      if old?.seconds == property.seconds { continue }
      let path = property.path.joined(separator: ".")
      var change = PlannedChange(
        old == nil ? .create : .update, "table", entry.name, option: "properties.drop.\(path)",
        from: old.map { FixedDuration.text($0.seconds) }, to: FixedDuration.text(property.seconds),
        sql: [Self.addProperty(entry.name, property)], place: property.place)
      if old.map({ $0.seconds > property.seconds }) ?? true {
        let policy = PropertyRetention(column: "properties", path: property.path, seconds: property.seconds)
        change.effect = try database.store.effect(of: policy, on: table.definition.id)
        change.verb = "rewrites"
        change.dropsData = change.effect.rows > 0
      }
      kept.append(marked(change, entry.name, "properties.drop", now: now))
    }
    for old in known where !properties.contains(where: { $0.path == old.path }) {
      let path = old.path.joined(separator: ".")
      let change = PlannedChange(
        .delete, "table", entry.name, option: "properties.drop.\(path)", from: FixedDuration.text(old.seconds),
        sql: ["SELECT apus.remove_property_retention(\(quoteLiteral(entry.name.sql)), \(quoteLiteral(path)))"],
        place: entry.propertiesPlace ?? entry.place)
      kept.append(marked(change, entry.name, "properties.drop", now: now))
    }
    return Self.shown(properties)
  }
}
