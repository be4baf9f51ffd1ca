// ConfigurationPlanner owns the comparison of what a configuration file says with what the catalog holds.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore
import ApusSyntax

/// Compares under one snapshot.
struct ConfigurationPlanner {
  let database: Database
  let snapshot: Snapshot
  var plan = ConfigurationPlan()
  var problems: [ConfigurationProblem] = []
  /// Options that the file names, by relation, with what it makes of them.
  private var managed: [EntryName: [String: String]] = [:]
  /// By when they are carried out: what is made comes before what goes.
  var made: [PlannedChange] = []
  var kept: [PlannedChange] = []
  var gone: [PlannedChange] = []

  init(_ database: Database) {
    self.database = database
    snapshot = database.store.snapshot()
  }

  /// The plan for a file; the first problems of its contents as F0000, each on a line that begins with its place.
  static func plan(_ configuration: Configuration, _ database: Database) throws(ApusError) -> ConfigurationPlan {
    var planner = ConfigurationPlanner(database)
    try planner.compare(configuration)
    guard planner.problems.isEmpty else {
      let lines = planner.problems.sorted { $0.place < $1.place }.map { problem in
        "\(problem.place.line):\(problem.place.column): \(problem.message)" + (problem.hint.map { " (\($0))" } ?? "")
      }
      throw ApusError(.configFileError, lines.joined(separator: "\n"))
    }
    return planner.plan
  }

  mutating func compare(_ configuration: Configuration) throws(ApusError) {
    for plugin in configuration.plugins { try comparePlugin(plugin) }
    for table in configuration.tables { try compare(table) }
    for rollup in configuration.rollups { try compare(rollup, in: configuration) }
    // A rollup is made before the rows that it is made of go, and goes before its table does.
    plan.changes = made + kept + gone
    try settleOwnership()
  }

  mutating func fail(_ place: TextPlace, _ message: String, hint: String? = nil) {
    problems.append(ConfigurationProblem(place, message, hint: hint))
  }

  /// A problem of the file's that the engine found.
  mutating func fail(_ place: TextPlace, _ error: ApusError) {
    fail(place, error.message, hint: error.hint ?? error.detail)
  }

  mutating func manage(_ name: EntryName, _ options: [String: String]) { managed[name] = options }

  /// What the file last made of an option; nil when it does not manage it.
  func lastApplied(_ name: EntryName, _ option: String) -> String? {
    snapshot.manager(schema: name.schema, name: name.name)?.options[option]
  }

  /// Marks a change of something that SQL made otherwise than the file had left it.
  func marked(_ change: PlannedChange, _ name: EntryName, _ option: String, now: String) -> PlannedChange {
    var change = change
    if let last = lastApplied(name, option), last != now { change.isDrift = true }
    return change
  }

  private mutating func settleOwnership() throws(ApusError) {
    for (name, options) in managed.sorted(by: { $0.key.text < $1.key.text }) {
      let record = ManagedObject(options: options)
      let known = snapshot.manager(schema: name.schema, name: name.name)
      if known == record { continue }
      plan.records.append(.putObject(try record.object(schema: name.schema, name: name.name)))
      let isMade = made.contains { $0.option == nil && $0.name == name.text && $0.action == .create }
      if known == nil, !isMade { plan.notes.append("\"\(name.text)\" will be managed by the file; so far SQL does.") }
    }
    for object in snapshot.objects where object.kind == ManagedObject.kind {
      let name = EntryName(schema: object.schema, name: object.name)
      if managed[name] != nil { continue }
      plan.records.append(.removeObject(kind: object.kind, schema: object.schema, name: object.name))
      if !gone.contains(where: { $0.name == name.text }) {
        plan.notes.append("\"\(name.text)\" is no longer in the file: it stays, and SQL manages it.")
      }
    }
  }

  // MARK: - Plugins

  private mutating func comparePlugin(_ plugin: PlacedName) throws(ApusError) {
    guard !database.hasExtension(plugin.name) else { return }
    made.append(
      PlannedChange(
        .create, "plugin", EntryName(schema: "public", name: plugin.name),
        sql: ["CREATE EXTENSION \(quoteIdentifier(plugin.name))"], place: plugin.place))
  }

  // MARK: - Tables

  private mutating func compare(_ entry: TableEntry) throws(ApusError) {
    guard let table = snapshot.table(schema: entry.name.schema, name: entry.name.name) else {
      if entry.isAbsent { return }
      if database.snapshot().view(schema: entry.name.schema, name: entry.name.name) != nil {
        return fail(entry.place, "\"\(entry.name.text)\" is a view, not a table")
      }
      return create(entry)
    }
    if entry.name.schema == "apus" { return fail(entry.place, "\"\(entry.name.text)\" is a system table") }
    if entry.isAbsent { return drop(entry, table) }
    compareColumns(entry, table.definition)
    var values: [String: String] = [:]
    for option in entry.options {
      let wanted = Self.shown(option.name, option.text)
      let now = Self.shown(option.name, of: table.definition)
      values[option.name] = wanted
      if wanted == now { continue }
      if ["time_column", "partition"].contains(option.name), table.rowCount > 0 {
        fail(
          option.place,
          "\"\(option.name)\" of table \"\(entry.name.text)\" is \(now) and cannot be changed while the "
            + "table has rows")
        continue
      }
      let sql =
        option.text == nil
        ? "RESET (\(option.name))" : "SET (\(option.name) = \(quoteLiteral(option.text ?? "")))"
      let change = PlannedChange(
        .update, "table", entry.name, option: option.name, from: now, to: wanted,
        sql: ["ALTER TABLE \(entry.name.sql) \(sql)"], place: option.place)
      kept.append(marked(change, entry.name, option.name, now: now))
    }
    if let retention = entry.retention { values["retention"] = try compare(retention, entry, table) }
    if let properties = entry.properties {
      values["properties.drop"] = try compare(properties, entry, table)
    }
    manage(entry.name, values)
  }

  private mutating func create(_ entry: TableEntry) {
    guard let columns = entry.columns else {
      return fail(
        entry.place, "table \"\(entry.name.text)\" does not exist", hint: "name its columns, and it will be made")
    }
    var options: [String] = []
    var values: [String: String] = [:]
    for option in entry.options {
      values[option.name] = Self.shown(option.name, option.text)
      if let text = option.text { options.append("\(option.name) = \(quoteLiteral(text))") }
    }
    if let seconds = entry.retention?.seconds {
      options.append("retention = \(quoteLiteral(FixedDuration.text(seconds)))")
    }
    let list = columns.map { "\(quoteIdentifier($0.name)) \($0.definition)" }.joined(separator: ", ")
    var sql = "CREATE TABLE \(entry.name.sql) (\(list))"
    if !options.isEmpty { sql += " WITH (\(options.joined(separator: ", ")))" }
    var all = [sql]
    if !database.snapshot().schemas.contains(entry.name.schema) {
      all.insert("CREATE SCHEMA IF NOT EXISTS \(quoteIdentifier(entry.name.schema))", at: 0)
    }
    for filter in entry.retention?.filters ?? [] {
      all.append(Self.addFilter(entry.name, filter.filter, filter.seconds))
    }
    for property in entry.properties ?? [] { all.append(Self.addProperty(entry.name, property)) }
    if let retention = entry.retention { values["retention"] = Self.shown(retention) }
    if let properties = entry.properties { values["properties.drop"] = Self.shown(properties) }
    made.append(
      PlannedChange(
        .create, "table", entry.name, to: "(\(columns.map(\.name).joined(separator: ", ")))", sql: all,
        place: entry.place))
    manage(entry.name, values)
  }

  private mutating func drop(_ entry: TableEntry, _ table: TableSnapshot) {
    var change = PlannedChange(
      .delete, "table", entry.name, sql: ["DROP TABLE \(entry.name.sql)"], place: entry.place)
    change.effect = Self.everything(table)
    change.verb = "drops"
    change.dropsData = true
    gone.append(change)
  }

  static func everything(_ table: TableSnapshot) -> RetentionEffect {
    var effect = RetentionEffect()
    effect.rows = table.rowCount
    effect.partitions = Set(table.segments.map(\.record.partition)).count
    effect.bytes = table.segments.reduce(0) { $0 + $1.record.bytes }
    return effect
  }

  /// Columns that the file names and that are not there are added; types stay.
  private mutating func compareColumns(_ entry: TableEntry, _ table: TableDefinition) {
    for column in entry.columns ?? [] {
      guard let known = table.column(named: column.name) else {
        made.append(
          PlannedChange(
            .create, "table", entry.name, option: "columns.\(column.name)", to: column.definition,
            sql: ["ALTER TABLE \(entry.name.sql) ADD COLUMN \(quoteIdentifier(column.name)) \(column.definition)"],
            place: column.place))
        continue
      }
      guard let parsed = try? Parser.parse("CREATE TABLE t (c \(column.definition)\n)").first,
        case .createTable(let create) = parsed.root, let type = create.columns.first?.type,
        let wanted = try? TypeResolver.resolve(type, in: parsed.arena)
      else {
        fail(column.place, "column \"\(column.name)\" has no type that is known: \(column.definition)")
        continue
      }
      if wanted != known.type {
        fail(
          column.place,
          "column \"\(column.name)\" is \(known.type.type.sqlName): changing its type to \(wanted.type.sqlName) is not "
            + "supported")
      }
    }
  }

  // MARK: - Options

  /// An option as the file wants it.
  static func shown(_ option: String, _ text: String?) -> String {
    guard let text else {
      switch option {
      case "dedupe_key": return "none"
      case "order_by": return "none"
      default: return "default"
      }
    }
    return ScalarReading.seconds(text).map { FixedDuration.text($0) } ?? text
  }

  /// An option as a table has it.
  static func shown(_ option: String, of table: TableDefinition) -> String {
    let options = table.options
    switch option {
    case "time_column": return options.timeColumn ?? "none"
    case "partition": return FixedDuration.text(options.partitionSeconds)
    case "order_by": return options.orderBy?.joined(separator: ", ") ?? "none"
    case "entity": return EntityColumns.text(options.entity)
    case "dedupe_key": return options.dedupeKey ?? "none"
    case "dedupe_window": return FixedDuration.text(options.dedupeWindowSeconds)
    case "accept_past": return options.acceptPastSeconds.map { FixedDuration.text($0) } ?? "retention"
    case "accept_future": return options.acceptFutureSeconds.map { FixedDuration.text($0) } ?? "any"
    case "max_columns": return String(options.propertyColumnsMax ?? Limits.propertyColumnsPerSegmentMax)
    default: return ""
    }
  }
}
