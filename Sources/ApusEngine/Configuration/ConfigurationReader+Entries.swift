// The reading of checked nodes: the server's options, tables, rollups, and what must fit together in each.

import ApusBase
import ApusSyntax

extension ConfigurationReader {
  /// Reads the root, which has been checked.
  mutating func read(_ root: YAMLNode) {
    for (key, value) in [("server", root["server"]), ("storage", root["storage"])] {
      if let value { readServer(value, ConfigurationSchema.root.first { $0.key == key }?.shape) }
    }
    configuration.password = root["server"]?["password"]?.text
    configuration.passwordFile = root["server"]?["password_file"]?.text
    if let both = root["server"]?["password_file"], configuration.password != nil {
      fail(both.place, "password and password_file are both given")
    }
    for (flag, other) in [("postgres", "--postgres-tls"), ("http", "--http-tls")] {
      let given = configuration.server.filter { $0.flag.hasPrefix(other) }
      if given.count == 1, let one = given.first {
        fail(one.place, "\"server.\(flag).tls\" needs both certificate and key")
      }
    }
    for (name, place, value) in root["tables"]?.pairs ?? [] { readTable(name, place, value) }
    var rollups: [RollupEntry] = []
    for (name, place, value) in root["rollups"]?.pairs ?? [] { rollups.append(readRollup(name, place, value)) }
    resolve(rollups)
    for entry in configuration.rollups {
      if let table = configuration.tables.first(where: { $0.name == entry.name }) {
        fail(max(entry.place, table.place), "\"\(entry.name.text)\" is a table and a rollup")
      }
    }
    for node in root["plugins"]?.items ?? [] {
      guard let name = node.text else { continue }
      if configuration.plugins.contains(where: { $0.name == name }) {
        fail(node.place, "plugin \"\(name)\" is there twice")
      }
      configuration.plugins.append(PlacedName(name: name, place: node.place))
    }
  }

  private mutating func readServer(_ node: YAMLNode, _ shape: ConfigurationShape?) {
    guard case .mapping(let fields)? = shape else { return }
    for (key, _, value) in node.pairs {
      guard let field = fields.first(where: { $0.key == key }) else { continue }
      guard let flag = field.flag else {
        readServer(value, field.shape)
        continue
      }
      let text = value.text ?? value.items.compactMap(\.text).joined(separator: ",")
      configuration.server.append(ServerValue(flag: flag, text: text, place: value.place))
    }
  }

  // MARK: - Tables

  private mutating func readTable(_ name: String, _ place: TextPlace, _ node: YAMLNode) {
    var entry = TableEntry(name: EntryName(name), place: place)
    entry.isAbsent = node["state"]?.text == "absent"
    if let columns = node["columns"] {
      entry.columns = columns.pairs.map { key, place, value in
        TableEntry.Column(name: key, definition: value.text ?? "", place: place)
      }
      if columns.pairs.isEmpty { fail(columns.place, "a table has at least one column") }
    }
    func option(_ name: String, _ node: YAMLNode?, _ standard: String? = nil) {
      guard let node, let text = node.text else { return }
      entry.options.append(TableEntry.Option(name: name, text: text == standard ? nil : text, place: node.place))
    }
    option("time_column", node["time_column"])
    option("partition", node["partition"])
    if let order = node["order_by"] {
      let names = order.items.compactMap(\.text)
      entry.options.append(
        TableEntry.Option(
          name: "order_by", text: names.isEmpty ? nil : names.joined(separator: ", "), place: order.place))
    }
    if let entity = node["entity"] {
      let names = entity.items.compactMap(\.text)
      entry.options.append(
        TableEntry.Option(
          name: "entity", text: names.isEmpty ? "none" : names.joined(separator: ", "), place: entity.place))
    }
    if let dedupe = node["dedupe"] {
      if dedupe.text != nil {
        entry.options.append(TableEntry.Option(name: "dedupe_key", text: nil, place: dedupe.place))
      }
      option("dedupe_key", dedupe["key"])
      option("dedupe_window", dedupe["window"])
    }
    option("accept_past", node["accept"]?["past"])
    option("accept_future", node["accept"]?["future"])
    option("max_columns", node["properties"]?["max_columns"])
    if let retention = node["retention"] { entry.retention = readRetention(retention) }
    if let drop = node["properties"]?["drop"] {
      entry.propertiesPlace = drop.place
      entry.properties = []
      for (path, place, value) in drop.pairs {
        let keys = path.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if keys.contains("") || keys.count > Limits.propertyDepthMax {
          fail(place, "\"\(path)\" is no path of at most \(Limits.propertyDepthMax) keys joined by dots")
        }
        entry.properties?.append(
          TableEntry.Property(path: keys, seconds: ScalarReading.seconds(value.text ?? "") ?? 0, place: place))
      }
    }
    configuration.tables.append(entry)
  }

  private mutating func readRetention(_ node: YAMLNode) -> TableEntry.Retention {
    var retention = TableEntry.Retention(seconds: nil, filters: [], place: node.place)
    if let text = node.text {
      retention.seconds = ScalarReading.seconds(text)
      return retention
    }
    var hasAge = false
    for part in node.items.isEmpty ? [node] : node.items {
      guard let seconds = ScalarReading.seconds(part["after"]?.text ?? "") else { continue }
      if let filter = part["where"]?.text {
        if retention.filters.contains(where: { $0.filter == filter }) {
          fail(part.place, "a condition is there twice: \(filter)")
        }
        retention.filters.append(TableEntry.Filter(filter: filter, seconds: seconds, place: part.place))
      } else {
        if hasAge { fail(part.place, "only one age can be without a condition") }
        hasAge = true
        retention.seconds = seconds
      }
    }
    return retention
  }

  // MARK: - Rollups

  private mutating func readRollup(_ name: String, _ place: TextPlace, _ node: YAMLNode) -> RollupEntry {
    var entry = RollupEntry(name: EntryName(name), place: place)
    entry.isAbsent = node["state"]?.text == "absent"
    if let retention = node["retention"]?.text { entry.retention = .some(ScalarReading.seconds(retention)) }
    if let from = node["from"], let text = from.text { entry.from = PlacedName(name: text, place: from.place) }
    entry.every = node["every"]?.text ?? ""
    entry.timeZone = node["time_zone"]?.text
    entry.filter = node["where"]?.text
    if let bucket = node["bucket"]?.text { entry.bucket = bucket }
    if entry.isAbsent { return entry }
    if entry.from == nil { fail(place, "rollup \"\(name)\" needs the key \"from\"") }
    if entry.every.isEmpty { fail(place, "rollup \"\(name)\" needs the key \"every\"") }
    for item in node["by"]?.items ?? [] {
      if let text = item.text {
        guard let name = Self.dimensionName(text) else {
          fail(item.place, "a dimension of this form needs a name", hint: "write - name: \(text)")
          continue
        }
        entry.by.append(RollupEntry.Item(name: name, expression: text, place: item.place))
      }
      for (name, place, value) in item.pairs {
        entry.by.append(RollupEntry.Item(name: name, expression: value.text ?? "", place: place))
      }
    }
    for (name, place, value) in node["measures"]?.pairs ?? [] {
      entry.measures.append(RollupEntry.Item(name: name, expression: value.text ?? "", place: place))
    }
    var names: Set<String> = [entry.bucket]
    for item in entry.by + entry.measures where !names.insert(item.name).inserted {
      fail(item.place, "two columns of rollup \"\(name)\" are called \"\(item.name)\"")
    }
    if let sets = node["sets"] {
      entry.sets = sets.items.map { set in
        set.items.compactMap { member -> Int? in
          let place = entry.by.firstIndex { item in
            item.name == member.text || Self.isSame(item.expression, member.text ?? "")
          }
          if place == nil, node["by"] != nil {
            fail(member.place, "\"\(member.text ?? "")\" in \"sets\" is not one of \"by\"")
          }
          return place
        }
      }
      if node["by"] == nil { fail(sets.place, "\"sets\" are of members of \"by\", which is not given") }
    }
    return entry
  }

  private static func isSame(_ a: String, _ b: String) -> Bool {
    if a == b { return true }
    guard let a = try? Parser.parseExpression(a), let b = try? Parser.parseExpression(b) else { return false }
    return a.arena.deparse(a.root) == b.arena.deparse(b.root)
  }

  /// `event` of `event`, `country` of `properties->>'country'`; nil for what has no name of its own.
  static func dimensionName(_ text: String) -> String? {
    guard let parsed = try? Parser.parseExpression(text) else { return nil }
    switch parsed.arena[parsed.root].kind {
    case .column(let names, isStar: false): return names.last
    case .operator(let name, _, let right) where name.symbol == "->>" || name.symbol == "->":
      if case .constant(.string(let key)) = parsed.arena[right].kind { return key }
      return nil
    default: return nil
    }
  }

  /// Gives each rollup its table and what it inherits, finer ones first.
  private mutating func resolve(_ rollups: [RollupEntry]) {
    var waiting = rollups
    var done: [EntryName: RollupEntry] = [:]
    while !waiting.isEmpty {
      var next: [RollupEntry] = []
      for var entry in waiting {
        guard !entry.isAbsent, let from = entry.from else {
          done[entry.name] = entry
          configuration.rollups.append(entry)
          continue
        }
        let source = EntryName(from.name)
        if rollups.contains(where: { $0.name == source }) {
          guard let finer = done[source] else {
            next.append(entry)
            continue
          }
          if finer.isAbsent { fail(from.place, "rollup \"\(from.name)\" is absent") }
          entry.table = finer.table
          if entry.by.isEmpty {
            entry.by = finer.by
            if entry.sets == nil { entry.sets = finer.sets }
          }
          if entry.measures.isEmpty { entry.measures = finer.measures }
          if entry.filter == nil { entry.filter = finer.filter }
        } else {
          entry.table = source
        }
        if entry.measures.isEmpty { fail(entry.place, "rollup \"\(entry.name.text)\" needs the key \"measures\"") }
        done[entry.name] = entry
        configuration.rollups.append(entry)
      }
      if next.count == waiting.count {
        for entry in next { fail(entry.from?.place ?? entry.place, "rollups are made from each other in a circle") }
        return
      }
      waiting = next
    }
  }
}
