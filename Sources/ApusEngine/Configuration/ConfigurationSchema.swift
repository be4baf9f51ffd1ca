// ConfigurationSchema owns the one list of options: what apus.yaml may hold, and from it the reader's checks, the JSON
// schema, docs/CONFIG.md, WITH (...) of tables and the flags and variables of `apus serve`.

public import ApusBase

/// What a scalar must be.
public enum ScalarKind: Sendable, Hashable {
  case text
  /// A path of a file or directory.
  case path
  /// A numeric address.
  case address
  case port
  case integer(ClosedRange<Int>)
  /// `4 GiB`, `512 MiB`, or bytes.
  case size
  /// `5 %`.
  case percent
  /// `90 days`, `1 hour`, `30 s`; or one of these words.
  case duration(words: [String])
  /// The same with months, which count 30 days, and years, which count 365.
  case age(words: [String])
  case choice([String])
  /// `1 hour`, `1 month`: of a bucket.
  case interval
  /// The name of a column, table or other object.
  case identifier
  /// SQL of one expression.
  case expression
  /// A column's type and constraints, as in CREATE TABLE.
  case columnType
}

/// What stands at one place of the file.
public indirect enum ConfigurationShape: Sendable {
  case scalar(ScalarKind)
  case mapping([ConfigurationField])
  /// Any names, each of the same shape. `what` they are names of.
  case named(what: String, ConfigurationShape)
  case list(ConfigurationShape)
  /// One of these, told apart by being a scalar, a list or a mapping.
  case either([ConfigurationShape])
}

/// When a change of an option takes effect.
public enum OptionChange: String, Sendable {
  /// `apus apply`, or SQL.
  case online
  /// The next start of the server.
  case restart
  /// Only while the table is empty.
  case empty
  /// Only when the table is made.
  case creation
  /// A new version of the rollup is computed.
  case recompute
}

/// One key of a mapping.
public struct ConfigurationField: Sendable {
  public let key: String
  public let shape: ConfigurationShape
  public let isRequired: Bool
  /// The name in WITH (...), where SQL has one.
  public let with: String?
  /// The flag of `apus serve`; its variable is made of it.
  public let flag: String?
  public let defaultText: String
  public let change: OptionChange?
  /// A sentence.
  public let doc: String

  init(
    _ key: String, _ shape: ConfigurationShape, isRequired: Bool = false, with: String? = nil, flag: String? = nil,
    default defaultText: String = "", change: OptionChange? = nil, _ doc: String
  ) {
    self.key = key
    self.shape = shape
    self.isRequired = isRequired
    self.with = with
    self.flag = flag
    self.defaultText = defaultText
    self.change = change
    self.doc = doc
  }

  /// `APUS_HTTP_PORT` of `--http-port`.
  public var variable: String? { flag.map(ConfigurationSchema.variable) }
  /// `apus.http_port` of `--http-port`, as SHOW has it.
  public var setting: String? {
    flag.map { flag in "apus." + String(flag.dropFirst(2).map { $0 == "-" ? "_" : $0 }) }
  }
}

/// An option with its place in the file.
public struct ConfigurationOption: Sendable {
  /// `server.http.port`, `tables.NAME.retention`.
  public let path: String
  public let field: ConfigurationField
}

public enum ConfigurationSchema {
  public static func variable(of flag: String) -> String {
    "APUS_" + String(flag.dropFirst(2).uppercased().map { $0 == "-" ? "_" : $0 })
  }

  /// The whole file.
  public static let root: [ConfigurationField] = [
    ConfigurationField("server", .mapping(server), "How the server is reached."),
    ConfigurationField("storage", .mapping(storage), "Where and how data are kept."),
    ConfigurationField("tables", .named(what: "table", .mapping(table)), "Tables, by name."),
    ConfigurationField("rollups", .named(what: "rollup", .mapping(rollup)), "Rollups, by name."),
    ConfigurationField(
      "plugins", .list(.scalar(.identifier)), change: .online, "Extensions to be made: CREATE EXTENSION."),
  ]

  private static func tls(_ endpoint: String) -> ConfigurationField {
    ConfigurationField(
      "tls",
      .mapping([
        ConfigurationField(
          "certificate", .scalar(.path), flag: "--\(endpoint)-tls-certificate", change: .restart,
          "A PEM file: the certificate, then those that vouch for it."),
        ConfigurationField(
          "key", .scalar(.path), flag: "--\(endpoint)-tls-key", change: .restart,
          "A PEM file: its private key; both or neither."),
      ]), endpoint == "http" ? "HTTPS instead of HTTP." : "Connections may be encrypted.")
  }

  private static let server: [ConfigurationField] = [
    ConfigurationField(
      "listen", .scalar(.address), flag: "--listen", default: "127.0.0.1", change: .restart,
      "A numeric address (`0.0.0.0` and `::` are all); beyond loopback only once a password is set."),
    ConfigurationField(
      "postgres",
      .mapping([
        ConfigurationField(
          "port", .scalar(.port), flag: "--postgres-port", default: "7432", change: .restart, "0 takes a free port."),
        tls("postgres"),
      ]), "The PostgreSQL protocol."),
    ConfigurationField(
      "http",
      .mapping([
        ConfigurationField(
          "port", .scalar(.port), flag: "--http-port", default: "7480", change: .restart, "0 takes a free port."),
        ConfigurationField(
          "hosts", .list(.scalar(.text)), flag: "--http-hosts", change: .restart,
          "Names by which browsers reach the server; in flag and variable divided by commas."),
        tls("http"),
      ]), "HTTP."),
    ConfigurationField(
      "log_format", .scalar(.choice(["logfmt", "json"])), flag: "--log-format", default: "logfmt", change: .restart,
      "The form of log lines, which go to stderr."),
    ConfigurationField(
      "plugin_dir", .scalar(.path), flag: "--plugin-dir", default: "plugins beside the binary", change: .restart,
      "Where CREATE EXTENSION finds plugins."),
    ConfigurationField(
      "password", .scalar(.text),
      "The password of role `apus` when the data directory is made: write it as `${VARIABLE}`."),
    ConfigurationField(
      "password_file", .scalar(.path), "A file whose first line is that password."),
  ]

  private static let storage: [ConfigurationField] = [
    ConfigurationField(
      "data", .scalar(.path), flag: "--data", default: "./apus-data", change: .restart,
      "Where everything is kept (mode 0700, made when absent)."),
    ConfigurationField(
      "memory", .scalar(.size), flag: "--memory", default: "half, at most 4 GiB", change: .restart,
      "What the server may count on: rows that are in no segment take up to a quarter of it, the cache of segments an "
        + "eighth, queries the rest (they are not held to it yet)."),
    ConfigurationField(
      "durability", .scalar(.choice(["fsync"])), flag: "--durability", default: "fsync", change: .restart,
      "When a row is acknowledged: once it is on the disk."),
    ConfigurationField(
      "reserve", .scalar(.percent), flag: "--reserve", default: "5 %", change: .restart,
      "Below this part of the disk free, no rows are taken in."),
  ]

  private static let filteredRetention = ConfigurationShape.mapping([
    ConfigurationField("after", .scalar(.age(words: [])), isRequired: true, change: .online, "The age."),
    ConfigurationField(
      "where", .scalar(.expression), change: .online,
      "Only the rows for which this condition is true: they are deleted (SQL: `apus.add_retention`)."),
  ])

  private static let table: [ConfigurationField] = [
    ConfigurationField(
      "state", .scalar(.choice(["present", "absent"])), default: "present",
      "`absent` drops the table, with `apus apply --allow-drop`."),
    ConfigurationField(
      "columns", .named(what: "column", .scalar(.columnType)), change: .online,
      "Columns, each with its type and constraints as in CREATE TABLE. What is not there is added; types stay, and "
        + "columns that the file does not name are left alone."),
    ConfigurationField(
      "time_column", .scalar(.identifier), with: "time_column", default: "time, if there", change: .empty,
      "The timestamptz or timestamp column by which the table is partitioned and its rows age."),
    ConfigurationField(
      "partition", .scalar(.duration(words: [])), with: "partition", default: "1 day", change: .empty,
      "The width of a partition."),
    ConfigurationField(
      "order_by", .list(.scalar(.identifier)), with: "order_by", default: "event, time", change: .online,
      "Columns by which rows are sorted within a segment; in WITH divided by commas. Of new segments only."),
    ConfigurationField(
      "entity", .either([.scalar(.choice(["none"])), .list(.scalar(.identifier))]), with: "entity",
      default: "distinct_id, user_id, anonymous_id, if there", change: .creation,
      "Text columns whose values are numbered, in one space, so that unique counts of them are quick; in WITH divided "
        + "by commas. A generated column among them is COALESCE of others."),
    ConfigurationField(
      "retention",
      .either([.scalar(.age(words: ["none"])), .list(filteredRetention), filteredRetention]), with: "retention",
      default: "none", change: .online,
      "The age at which partitions go, or a list of ages, of which one may be without a condition."),
    ConfigurationField(
      "dedupe",
      .either([
        .scalar(.choice(["none"])),
        .mapping([
          ConfigurationField(
            "key", .scalar(.identifier), isRequired: true, with: "dedupe_key", default: "none", change: .online,
            "A text or uuid column whose value alone identifies an event."),
          ConfigurationField(
            "window", .scalar(.duration(words: [])), with: "dedupe_window", default: "1 day", change: .online,
            "How long a key is remembered, from its receipt. A longer one holds for keys that are still known."),
        ]),
      ]), change: .online, "Duplicates are not stored; `none` stores them."),
    ConfigurationField(
      "accept",
      .mapping([
        ConfigurationField(
          "past", .scalar(.duration(words: ["retention"])), with: "accept_past", default: "retention",
          change: .online, "Older rows are rejected as `too_old`."),
        ConfigurationField(
          "future", .scalar(.duration(words: ["any"])), with: "accept_future", default: "any", change: .online,
          "Rows further in the future are rejected as `too_new`. Table `events` comes with `1 day`."),
      ]), change: .online, "The times that are taken in."),
    ConfigurationField(
      "properties",
      .mapping([
        ConfigurationField(
          "max_columns", .scalar(.integer(1...Limits.propertyColumnsPerSegmentMax)), with: "max_columns",
          default: String(Limits.propertyColumnsPerSegmentMax), change: .online,
          "Paths of a jsonb column that get a column of their own in a segment; rarer ones share one. Of new "
            + "segments."),
        ConfigurationField(
          "drop", .named(what: "property", .scalar(.age(words: []))), change: .online,
          "Paths of column `properties` (keys joined by dots) that are removed at an age (SQL: "
            + "`apus.add_property_retention`)."),
      ]), change: .online, "How properties are kept."),
  ]

  private static let rollup: [ConfigurationField] = [
    ConfigurationField(
      "state", .scalar(.choice(["present", "absent"])), default: "present",
      "`absent` drops the rollup, with `apus apply --allow-drop`."),
    ConfigurationField(
      "from", .scalar(.identifier), change: .recompute,
      "A table, or a finer rollup of this file, whose `where`, `by`, `sets` and `measures` are inherited. Required, "
        + "unless the rollup is `absent`."),
    ConfigurationField(
      "every", .scalar(.interval), change: .recompute, "The width of a bucket."),
    ConfigurationField(
      "time_zone", .scalar(.text), default: "UTC", change: .recompute, "The zone whose days and hours buckets follow."),
    ConfigurationField(
      "bucket", .scalar(.identifier), default: "bucket", change: .recompute,
      "What the column of the bucket is called."),
    ConfigurationField(
      "where", .scalar(.expression), change: .recompute, "Only rows for which this condition is true count."),
    ConfigurationField(
      "by", .list(.either([.scalar(.expression), .named(what: "dimension", .scalar(.expression))])),
      change: .recompute,
      "Dimensions: columns, `properties->>'key'`, or `name: expression`."),
    ConfigurationField(
      "sets", .list(.list(.scalar(.expression))), default: "all of `by`", change: .recompute,
      "PostgreSQL's GROUPING SETS, of members of `by`; the bucket is in each."),
    ConfigurationField(
      "measures", .named(what: "measure", .scalar(.expression)), change: .recompute, "Aggregates, by name."),
    ConfigurationField(
      "retention", .scalar(.age(words: ["none"])), with: "retention", default: "none", change: .online,
      "The age at which the rollup's rows go."),
  ]

  // MARK: - Lists

  /// Every option with its place, in the order of the schema; mappings themselves are not options.
  public static let options: [ConfigurationOption] = flatten(root, "")

  /// Options of tables that WITH (...) has.
  public static let tableOptions: [ConfigurationField] =
    options.filter { $0.path.hasPrefix("tables.") && $0.field.with != nil }.map(\.field)

  /// Options of the server, in the order of flags.
  public static let serverOptions: [ConfigurationField] =
    options.filter { !$0.path.hasPrefix("tables.") && !$0.path.hasPrefix("rollups.") && $0.field.flag != nil }
    .map(\.field)

  private static func flatten(_ fields: [ConfigurationField], _ prefix: String) -> [ConfigurationOption] {
    fields.flatMap { field -> [ConfigurationOption] in
      let path = prefix + field.key
      switch field.shape {
      case .mapping(let inner): return flatten(inner, path + ".")
      case .named(_, .mapping(let inner)): return flatten(inner, path + ".NAME.")
      case .either(let shapes):
        let own = [ConfigurationOption(path: path, field: field)]
        return own
          + shapes.flatMap { shape -> [ConfigurationOption] in
            if case .mapping(let inner) = shape { return flatten(inner, path + ".") }
            return []
          }
      default: return [ConfigurationOption(path: path, field: field)]
      }
    }
  }
}

/// The distance between words in edits, for "did you mean".
enum EditDistance {
  /// The candidate nearest to a word, unless all are too far to be meant.
  static func nearest(to word: String, among candidates: [String]) -> String? {
    let ranked = candidates.map { ($0, distance(word.lowercased(), $0.lowercased())) }.min { $0.1 < $1.1 }
    guard let ranked, ranked.1 <= max(2, word.count / 3) else { return nil }
    return ranked.0
  }

  /// Levenshtein's, with neighbours that changed places counted once.
  static func distance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first.prefix(64)), Array(second.prefix(64)))
    var rows = [Array(0...b.count)]
    for (i, left) in a.enumerated() {
      var row = [i + 1]
      for (j, right) in b.enumerated() {
        var best = min(rows[i][j + 1] + 1, row[j] + 1, rows[i][j] + (left == right ? 0 : 1))
        if i > 0, j > 0, left == b[j - 1], a[i - 1] == right { best = min(best, rows[i - 1][j - 1] + 1) }
        row.append(best)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
