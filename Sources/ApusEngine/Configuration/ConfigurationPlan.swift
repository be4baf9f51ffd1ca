// ConfigurationPlan owns what has to change for the catalog to be as a configuration file says, and how it is shown.

public import ApusBase
public import ApusStore

/// One change.
public struct PlannedChange: Sendable {
  public enum Action: String, Sendable { case create, update, delete }

  public var action: Action
  /// `table`, `rollup` or `plugin`.
  public var kind: String
  public var name: String
  /// What of it; nil: the object itself.
  public var option: String?
  public var from: String?
  public var to: String?
  /// What it takes or reads now.
  public var effect = RetentionEffect()
  /// What the effect is, in a word: `drops`, `deletes`, `rewrites`, `reads`.
  public var verb: String?
  /// Rows or properties go now.
  public var dropsData = false
  /// A rollup is computed anew.
  public var recomputes = false
  /// SQL made it what it is, after the file.
  public var isDrift = false
  public var warning: String?
  /// What carries it out.
  public var sql: [String]
  public var place: TextPlace

  init(
    _ action: Action, _ kind: String, _ name: EntryName, option: String? = nil, from: String? = nil, to: String? = nil,
    sql: [String], place: TextPlace
  ) {
    self.action = action
    self.kind = kind
    self.name = name.text
    self.option = option
    self.from = from
    self.to = to
    self.sql = sql
    self.place = place
  }

  /// The effect, as people read it; nil without one.
  var effectText: String? {
    guard let verb, effect.rows > 0 else { return nil }
    var text = "\(verb) \(Self.count(effect.rows, "row"))"
    if effect.partitions > 0 { text += " of \(Self.count(effect.partitions, "partition"))" }
    if effect.bytes > 0 { text += " (\(Self.size(effect.bytes)))" }
    return text + " now"
  }

  private static func count(_ number: Int, _ what: String) -> String {
    var digits = String(number)
    var parts: [String] = []
    while digits.count > 3 {
      parts.insert(String(digits.suffix(3)), at: 0)
      digits.removeLast(3)
    }
    return ([digits] + parts).joined(separator: ",") + " \(what)\(number == 1 ? "" : "s")"
  }

  private static func size(_ bytes: Int) -> String {
    var (value, unit) = (Double(bytes), "B")
    for next in ["KiB", "MiB", "GiB", "TiB"] where value >= 1024 { (value, unit) = (value / 1024, next) }
    return unit == "B" ? "\(bytes) B" : "\((value * 10).rounded() / 10) \(unit)"
  }

  var json: JSONText {
    .object([
      ("action", .string(action.rawValue)), ("kind", .string(kind)), ("name", .string(name)),
      ("option", .optional(option)), ("from", .optional(from)), ("to", .optional(to)), ("effect", .optional(verb)),
      ("partitions", .number(effect.partitions)), ("rows", .number(effect.rows)), ("bytes", .number(effect.bytes)),
      ("drops_data", .bool(dropsData)), ("recomputes", .bool(recomputes)), ("changed_by_sql", .bool(isDrift)),
      ("warning", .optional(warning)), ("line", .number(place.line)), ("sql", .strings(sql)),
    ])
  }
}

/// What a file changes.
public struct ConfigurationPlan: Sendable {
  /// In the order in which they are carried out.
  public var changes: [PlannedChange] = []
  /// What else is to be known.
  public var notes: [String] = []
  /// Who manages what from then on: objects to put, names to remove.
  var records: [CatalogChange] = []

  public var isEmpty: Bool { changes.isEmpty }
  public var dropsData: Bool { changes.contains(where: \.dropsData) }
  public var recomputes: Bool { changes.contains(where: \.recomputes) }

  /// One JSON object.
  public var json: String {
    JSONText.object([
      ("changes", .list(changes.map(\.json))), ("notes", .strings(notes)), ("drops_data", .bool(dropsData)),
      ("recomputes", .bool(recomputes)), ("text", .string(text)),
    ]).text()
  }

  /// As people read it: `+` is made, `~` is changed, `-` goes.
  public var text: String {
    var lines: [String] = []
    var shown: Set<String> = []
    for change in changes {
      let object = "\(change.kind) \(change.name)"
      guard change.option != nil else {
        shown.insert(object)
        var line = "  \(Self.sign(change.action)) \(object)"
        if let to = change.to { line += ": \(to)" }
        lines.append(line + Self.tail(change))
        continue
      }
      if shown.insert(object).inserted {
        lines.append("  ~ \(object)")
        for other in changes where "\(other.kind) \(other.name)" == object && other.option != nil {
          lines.append(Self.line(other))
        }
      } else if changes.contains(where: { "\($0.kind) \($0.name)" == object && $0.option == nil }) {
        lines.append(Self.line(change))
      }
    }
    if changes.isEmpty {
      lines.append("No changes: everything is as the file says.")
    } else {
      func count(_ action: PlannedChange.Action) -> Int { changes.filter { $0.action == action }.count }
      lines.append("")
      lines.append("Plan: \(count(.create)) to add, \(count(.update)) to change, \(count(.delete)) to remove.")
    }
    lines += notes.map { "Note: \($0)" }
    return lines.joined(separator: "\n")
  }

  private static func sign(_ action: PlannedChange.Action) -> String {
    switch action {
    case .create: "+"
    case .update: "~"
    case .delete: "-"
    }
  }

  private static func line(_ change: PlannedChange) -> String {
    var line = "      \(sign(change.action)) \(change.option ?? "")"
    switch (change.from, change.to) {
    case (let from?, let to?): line += ": \(from) -> \(to)"
    case (nil, let to?): line += ": \(to)"
    case (let from?, nil): line += ": \(from)"
    default: break
    }
    return line + tail(change)
  }

  private static func tail(_ change: PlannedChange) -> String {
    var tail = ""
    if let effect = change.effectText { tail += "   # \(effect)" }
    if change.isDrift { tail += "   # changed by SQL" }
    if let warning = change.warning { tail += "   # warning: \(warning)" }
    return tail
  }
}
