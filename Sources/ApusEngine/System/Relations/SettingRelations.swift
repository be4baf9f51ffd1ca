// SettingRelations owns what tells of settings and of a session's own things: pg_settings, apus.settings, prepared
// statements, cursors, time zones.

import ApusBase
import ApusColumns
private import Foundation

enum SettingRelations {
  static let contents: [String: RelationContent] = [
    "pg_settings": .live(.statement) { source throws(ApusError) in
      rows(source.context.settings, source.database)
    },
    "pg_prepared_statements": .live(.statement) { source throws(ApusError) in
      source.context.prepared.sorted { $0.key < $1.key }.filter { !$0.key.isEmpty }.map { name, statement in
        [
          .text(name), .text(statement.text), .null, .oids(statement.parameterTypes.map(\.oid)), .null, .null, .null,
        ]
      }
    },
    "pg_cursors": .live(.statement) { source throws(ApusError) in
      source.context.cursors.map { cursor in
        [.text(cursor.name), .text(cursor.statement), .bool(cursor.isHoldable), .bool(false), .bool(false), .null]
      }
    },
    "pg_timezone_names": .live(.statement) { source throws(ApusError) in
      let now = source.database.now()
      return zoneNames.compactMap { name in
        TimeZone.named(name).map { zone in
          let span = zone.span(at: now)
          return [
            .text(name), .text(span.abbreviation),
            .interval(Interval(months: 0, days: 0, microseconds: span.offset)), .bool(span.isDaylight),
          ]
        }
      }
    },
  ]

  static let apusContents: [String: RelationContent] = [
    "settings": .live(.statement) { source throws(ApusError) in
      let settings = source.context.settings
      let known: [[Value]] = sorted.map { definition in
        [
          .text(definition.name), .text(settings.text(definition.name)), .text(settings.source(definition.name)),
          .text(definition.boot), .text(definition.context == .user ? "online" : "never"),
          .text(definition.description),
        ]
      }
      let custom: [[Value]] = settings.customNames.map { name in
        [.text(name), .text(settings.text(name)), .text(settings.source(name)), .null, .text("online"), .null]
      }
      let server: [[Value]] = source.database.serverSettings.all.map { setting in
        [
          .text(setting.name), .text(setting.value), .text(setting.source),
          .optional(ConfigurationSchema.serverOptions.first { $0.setting == setting.name }?.defaultText),
          .text("restart"), .text(setting.description),
        ]
      }
      return known + server + custom
    }
  ]

  private static let sorted = SettingDefinition.all.sorted { $0.name.lowercased() < $1.name.lowercased() }

  /// The rows of pg_settings.
  static func rows(_ settings: SessionSettings, _ database: Database) -> [[Value]] {
    sorted.map { settingRow($0, settings) } + database.serverSettings.all.map(serverRow)
  }

  private static func serverRow(_ setting: ServerSetting) -> [Value] {
    [
      .text(setting.name), .text(setting.value), .null, .text("Server"), .text(setting.description), .null,
      .text("postmaster"), .text("string"), .text(serverSource(setting)), .null, .null, .null, .null,
      .text(setting.value), .optional(file(setting)?.name), file(setting).map { .int($0.line) } ?? .null, .bool(false),
    ]
  }

  /// The file and line of a setting that a configuration file gave: its source is `FILE:LINE`.
  private static func file(_ setting: ServerSetting) -> (name: String, line: Int64)? {
    guard let colon = setting.source.lastIndex(of: ":"), let line = Int64(setting.source[colon...].dropFirst()) else {
      return nil
    }
    return (String(setting.source[..<colon]), line)
  }

  /// In the words of pg_settings: a flag is the command line, a variable the environment.
  private static func serverSource(_ setting: ServerSetting) -> String {
    if setting.source.hasPrefix("--") { return "command line" }
    if setting.source.hasPrefix("APUS_") { return "environment variable" }
    return file(setting) == nil ? setting.source : "configuration file"
  }

  private static func settingRow(_ definition: SettingDefinition, _ settings: SessionSettings) -> [Value] {
    var unit: String?
    var kind = "string"
    var bounds: (String, String)?
    var choices: [String]?
    switch definition.kind {
    case .boolean: kind = "bool"
    case .integer(let least, let most, let given):
      kind = "integer"
      unit = given?.rawValue
      bounds = (String(least), String(most))
    case .real(let least, let most):
      kind = "real"
      bounds = (String(least), String(most))
    case .string: break
    case .choice(let list):
      kind = "enum"
      choices = list
    }
    let category =
      definition.isInert ? "Kept for clients" : definition.context == .internal ? "Preset Options" : "Sessions"
    return [
      .text(definition.name), .text(settings.text(definition.name)), .optional(unit), .text(category),
      .text(definition.description), .null, .text(definition.context.rawValue), .text(kind),
      .text(settings.source(definition.name)), .optional(bounds?.0), .optional(bounds?.1),
      choices.map { .texts($0) } ?? .null, .text(definition.boot), .text(settings.resetText(definition.name)), .null,
      .null, .bool(false),
    ]
  }

  /// The zones of the system's zone table.
  private static let zoneNames: [String] = {
    for directory in ["/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo"] {
      guard let table = try? String(contentsOfFile: directory + "/tzdata.zi", encoding: .utf8) else { continue }
      var names: Set<String> = ["UTC"]
      for line in table.split(separator: "\n") {
        let words = line.split(separator: " ")
        if words.count >= 2, words[0] == "Z" { names.insert(String(words[1])) }
        if words.count >= 3, words[0] == "L" { names.insert(String(words[2])) }
      }
      return names.sorted()
    }
    return ["UTC"]
  }()
}
