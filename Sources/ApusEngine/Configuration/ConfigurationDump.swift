// ConfigurationDump owns the running state as a configuration file.

public import ApusBase
import ApusColumns
import ApusStore
import ApusSyntax

extension Database {
  /// The running state as apus.yaml: what differs from what it is when nobody sets it. Reading it finds no problem, and
  /// planning it no change.
  public func configurationText() throws(ApusError) -> String {
    var dump = ConfigurationDump(snapshot: store.snapshot())
    dump.server(serverSettings.all)
    let tables = dump.snapshot.tables.filter {
      $0.definition.id >= TableDefinition.firstUserTable && !$0.definition.schema.isEmpty
    }
    if !tables.isEmpty {
      dump.line(0, "tables:")
      for table in tables { dump.table(table.definition) }
    }
    try dump.rollups(self)
    let plugins = dump.snapshot.objects.filter { $0.kind == "extension" }.map(\.name).sorted()
    if !plugins.isEmpty {
      dump.line(0, "plugins: [\(plugins.map(ConfigurationDump.scalar).joined(separator: ", "))]")
    }
    return dump.text
  }
}

struct ConfigurationDump {
  let snapshot: Snapshot
  var text = ""

  init(snapshot: Snapshot) { self.snapshot = snapshot }

  mutating func line(_ depth: Int, _ text: String) {
    self.text += String(repeating: "  ", count: depth) + text + "\n"
  }

  /// A plain scalar where that reads back as the same text, else one in double quotes.
  static func scalar(_ text: String) -> String {
    let words = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "~", ""]
    let isPlain =
      text.utf8.allSatisfy { byte in
        (byte >= 97 && byte <= 122) || (byte >= 65 && byte <= 90) || (byte >= 48 && byte <= 57)
          || [95, 45, 46, 47, 32].contains(byte)
      } && text.first != " " && text.last != " " && text.first != "-" && !words.contains(text.lowercased())
    return isPlain ? text : ConfigurationReader.quoted(text)
  }

  static func key(_ name: EntryName) -> String { scalar(name.text) }

  // MARK: - The server

  /// What a flag, a variable or a file gave.
  mutating func server(_ settings: [ServerSetting]) {
    let given = settings.filter { $0.source != "default" }
    func fields(_ fields: [ConfigurationField], _ depth: Int) -> [(Int, String)] {
      fields.flatMap { field -> [(Int, String)] in
        if case .mapping(let inner) = field.shape {
          let lines = Self.lines(inner, given, depth + 1)
          return lines.isEmpty ? [] : [(depth, "\(field.key):")] + lines
        }
        return []
      }
    }
    let sections = ConfigurationSchema.root.filter { ["server", "storage"].contains($0.key) }
    for (depth, text) in fields(sections, 0) { line(depth, text) }
  }

  private static func lines(
    _ fields: [ConfigurationField], _ given: [ServerSetting], _ depth: Int
  ) -> [(Int, String)] {
    fields.flatMap { field -> [(Int, String)] in
      if case .mapping(let inner) = field.shape {
        let lines = lines(inner, given, depth + 1)
        return lines.isEmpty ? [] : [(depth, "\(field.key):")] + lines
      }
      guard let name = field.setting, let setting = given.first(where: { $0.name == name }), !setting.value.isEmpty
      else { return [] }
      if case .list = field.shape {
        let items = setting.value.split(separator: ",").map { scalar(String($0)) }
        return [(depth, "\(field.key): [\(items.joined(separator: ", "))]")]
      }
      return [(depth, "\(field.key): \(scalar(setting.value))")]
    }
  }

  // MARK: - Tables

  mutating func table(_ table: TableDefinition) {
    let name = EntryName(schema: table.schema, name: table.name)
    let start = text.count
    line(1, "\(Self.key(name)):")
    if table.columns != EventsTable.definition.columns.enumerated().map({ $1.numbered($0) }) || name.text != "events" {
      line(2, "columns:")
      for column in table.liveColumns {
        line(3, "\(Self.scalar(column.name)): \(Self.scalar(Self.definition(column)))")
      }
    }
    let options = table.options
    let plain = TableOptions()
    if let time = options.timeColumn { line(2, "time_column: \(Self.scalar(time))") }
    if options.partitionSeconds != plain.partitionSeconds {
      line(2, "partition: \(FixedDuration.text(options.partitionSeconds))")
    }
    if let order = options.orderBy { line(2, "order_by: [\(order.map(Self.scalar).joined(separator: ", "))]") }
    if options.entity ?? [] != EntityColumns.standard(table.liveColumns) {
      let names = options.entity ?? []
      line(2, "entity: " + (names.isEmpty ? "none" : "[\(names.map(Self.scalar).joined(separator: ", "))]"))
    }
    retention(options)
    if let key = options.dedupeKey {
      line(
        2, "dedupe: {key: \(Self.scalar(key)), window: \(FixedDuration.text(options.dedupeWindowSeconds))}")
    }
    let past = options.acceptPastSeconds.map { FixedDuration.text($0) } ?? "retention"
    let future = options.acceptFutureSeconds.map { FixedDuration.text($0) } ?? "any"
    line(2, "accept: {past: \(past), future: \(future)}")
    for policy in options.propertyRetention ?? [] where policy.column != "properties" {
      line(2, "# the retention of \(policy.column)->\(policy.path.joined(separator: ".")) is left out: SQL has it")
    }
    let properties = (options.propertyRetention ?? []).filter { $0.column == "properties" }
    if options.propertyColumnsMax != nil || !properties.isEmpty {
      line(2, "properties:")
      if let most = options.propertyColumnsMax { line(3, "max_columns: \(most)") }
      if !properties.isEmpty {
        line(3, "drop:")
        for policy in properties {
          line(4, "\(Self.scalar(policy.path.joined(separator: "."))): \(FixedDuration.text(policy.seconds))")
        }
      }
    }
    if text.count == start { line(2, "{}") }
  }

  private mutating func retention(_ options: TableOptions) {
    let filters = options.filteredRetention ?? []
    guard !filters.isEmpty else {
      if let seconds = options.retentionSeconds { line(2, "retention: \(FixedDuration.text(seconds))") }
      return
    }
    line(2, "retention:")
    for part in filters {
      line(3, "- {after: \(FixedDuration.text(part.seconds)), where: \(ConfigurationReader.quoted(part.filter))}")
    }
    if let seconds = options.retentionSeconds { line(3, "- {after: \(FixedDuration.text(seconds))}") }
  }

  /// As CREATE TABLE takes it.
  private static func definition(_ column: ApusStore.ColumnDefinition) -> String {
    var text =
      CatalogTypes.formatted(column.type.type.oid, modifier: column.type.modifier) ?? column.type.type.sqlName
    if column.isNotNull { text += " NOT NULL" }
    if let value = column.defaultExpression { text += " DEFAULT \(value)" }
    if let value = column.generatedExpression { text += " GENERATED ALWAYS AS (\(value)) STORED" }
    return text
  }

}

extension ApusStore.ColumnDefinition {
  /// As the store numbers the columns of a new table.
  fileprivate func numbered(_ index: Int) -> ApusStore.ColumnDefinition {
    var copy = self
    copy.id = ColumnID(UInt32(truncatingIfNeeded: index + 1))
    return copy
  }
}
