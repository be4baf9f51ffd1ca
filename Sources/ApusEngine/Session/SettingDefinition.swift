// SettingDefinition owns the list of run-time settings: what SET, SHOW and pg_settings know.

import ApusBase

/// One setting that a session may show and, unless it is internal, set.
public struct SettingDefinition: Sendable {
  /// Who may change it, as in `pg_settings.context`.
  public enum Context: String, Sendable { case `internal`, postmaster, user, superuser }
  public enum Kind: Sendable {
    case boolean
    case integer(min: Int64, max: Int64, unit: Unit?)
    case real(min: Double, max: Double)
    case string
    case choice([String])
  }
  public enum Unit: String, Sendable { case milliseconds = "ms", kilobytes = "kB" }

  public let name: String
  public let kind: Kind
  public let context: Context
  public let boot: String
  public let description: String
  /// Whether clients are told of changes (ParameterStatus).
  public let isReported: Bool
  /// Whether the setting is kept for clients' sake and changes nothing in Apus.
  public let isInert: Bool

  init(
    _ name: String, _ kind: Kind, _ boot: String, _ description: String, context: Context = .user,
    isReported: Bool = false, isInert: Bool = false
  ) {
    self.name = name
    self.kind = kind
    self.context = context
    self.boot = boot
    self.description = description
    self.isReported = isReported
    self.isInert = isInert
  }
}

extension SettingDefinition {
  private static let milliseconds = Kind.integer(min: 0, max: Int64(Int32.max), unit: .milliseconds)

  public static let serverVersion = "15.0 (Apus \(apusVersion))"

  /// Every known setting.
  public static let all: [SettingDefinition] = reported + behaviour + inert

  private static let reported: [SettingDefinition] = [
    SettingDefinition("application_name", .string, "", "The name of the application, for logs.", isReported: true),
    SettingDefinition("client_encoding", .string, "UTF8", "The client's character set.", isReported: true),
    SettingDefinition("DateStyle", .string, "ISO, MDY", "The form of dates and times.", isReported: true),
    SettingDefinition(
      "default_transaction_read_only", .boolean, "off", "Whether new transactions are read-only.", isReported: true),
    SettingDefinition(
      "in_hot_standby", .boolean, "off", "Whether the server is a standby.", context: .internal, isReported: true),
    SettingDefinition(
      "integer_datetimes", .boolean, "on", "Whether times are whole microseconds.", context: .internal,
      isReported: true),
    SettingDefinition(
      "IntervalStyle", .choice(["postgres", "iso_8601"]), "postgres", "The form of intervals.", isReported: true),
    SettingDefinition(
      "is_superuser", .boolean, "on", "Whether the role is a superuser.", context: .internal, isReported: true),
    SettingDefinition(
      "server_encoding", .string, "UTF8", "The server's character set.", context: .internal, isReported: true),
    SettingDefinition(
      "server_version", .string, serverVersion, "The PostgreSQL version spoken, and ours.", context: .internal,
      isReported: true),
    SettingDefinition(
      "session_authorization", .string, "apus", "The session's user.", context: .internal, isReported: true),
    SettingDefinition(
      "standard_conforming_strings", .choice(["on"]), "on", "Backslashes in strings are plain characters.",
      isReported: true),
    SettingDefinition("TimeZone", .string, "UTC", "The zone of timestamps with time zone.", isReported: true),
  ]

  private static let behaviour: [SettingDefinition] = [
    SettingDefinition("search_path", .string, "public", "The schemas that unqualified names are looked up in."),
    SettingDefinition(
      "extra_float_digits", .integer(min: -15, max: 3, unit: nil), "1", "Digits of floats: above 0 is shortest-exact."),
    SettingDefinition("statement_timeout", milliseconds, "0", "The longest a statement may run."),
    SettingDefinition(
      "client_min_messages",
      .choice(["debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"]),
      "notice", "The least severe messages that are sent."),
    SettingDefinition(
      "default_transaction_isolation",
      .choice(["read uncommitted", "read committed", "repeatable read", "serializable"]), "read committed",
      "The isolation of new transactions."),
    SettingDefinition(
      "transaction_isolation",
      .choice(["read uncommitted", "read committed", "repeatable read", "serializable"]), "read committed",
      "The isolation of this transaction."),
    SettingDefinition("transaction_read_only", .boolean, "off", "Whether this transaction is read-only."),
    SettingDefinition(
      "apus.use_rollups", .boolean, "on", "Whether queries on tables are answered from their rollups where they can."),
    SettingDefinition(
      "apus.rollup_history", .boolean, "off",
      "Whether rollups also answer for rows that their table no longer holds."),
    SettingDefinition("bytea_output", .choice(["hex", "escape"]), "hex", "The form of bytea."),
    SettingDefinition(
      "server_version_num", .integer(min: 0, max: 999_999, unit: nil), "150000", "The PostgreSQL version spoken.",
      context: .internal),
    SettingDefinition(
      "max_identifier_length", .integer(min: 0, max: 1024, unit: nil), "63", "The longest name in bytes.",
      context: .internal),
    SettingDefinition(
      "max_index_keys", .integer(min: 0, max: 1024, unit: nil), "32", "The columns of an index; pgjdbc asks for it.",
      context: .internal),
    SettingDefinition("lc_collate", .string, "C.UTF-8", "The order of text.", context: .internal),
    SettingDefinition("lc_ctype", .string, "C.UTF-8", "The classes of characters.", context: .internal),
    SettingDefinition("block_size", .string, "8192", "The size of a block.", context: .internal),
  ]

  /// Settings that clients set by habit. They are kept and shown; Apus has nothing for them to change.
  private static let inert: [SettingDefinition] = [
    SettingDefinition("default_transaction_deferrable", .boolean, "off", "Kept for clients.", isInert: true),
    SettingDefinition("transaction_deferrable", .boolean, "off", "Kept for clients.", isInert: true),
    SettingDefinition("lock_timeout", milliseconds, "0", "Kept for clients: Apus takes no row locks.", isInert: true),
    SettingDefinition(
      "idle_in_transaction_session_timeout", milliseconds, "0", "Kept for clients.", isInert: true),
    SettingDefinition("idle_session_timeout", milliseconds, "0", "Kept for clients.", isInert: true),
    SettingDefinition(
      "synchronous_commit", .choice(["on", "off", "local", "remote_write", "remote_apply"]), "on",
      "Kept for clients: commits are always durable.", isInert: true),
    SettingDefinition("row_security", .boolean, "on", "Kept for clients.", isInert: true),
    SettingDefinition("escape_string_warning", .boolean, "on", "Kept for clients.", isInert: true),
    SettingDefinition("check_function_bodies", .boolean, "on", "Kept for clients.", isInert: true),
    SettingDefinition("xmloption", .choice(["content", "document"]), "content", "Kept for clients.", isInert: true),
    SettingDefinition("default_table_access_method", .string, "columnar", "The storage of new tables.", isInert: true),
    SettingDefinition("default_tablespace", .string, "", "Kept for clients.", isInert: true),
    SettingDefinition("lc_messages", .string, "C", "Kept for clients.", isInert: true),
    SettingDefinition("lc_monetary", .string, "C", "Kept for clients.", isInert: true),
    SettingDefinition("lc_numeric", .string, "C", "Kept for clients.", isInert: true),
    SettingDefinition("lc_time", .string, "C", "Kept for clients.", isInert: true),
    SettingDefinition("jit", .boolean, "off", "Kept for clients.", isInert: true),
    SettingDefinition("enable_seqscan", .boolean, "on", "Kept for clients.", isInert: true),
    SettingDefinition(
      "work_mem", .integer(min: 64, max: Int64(Int32.max), unit: .kilobytes), "4096", "Kept for clients.",
      isInert: true),
    SettingDefinition(
      "maintenance_work_mem", .integer(min: 1024, max: Int64(Int32.max), unit: .kilobytes), "65536",
      "Kept for clients.", isInert: true),
    SettingDefinition(
      "max_parallel_workers_per_gather", .integer(min: 0, max: 1024, unit: nil), "2", "Kept for clients.",
      isInert: true),
    SettingDefinition("quote_all_identifiers", .boolean, "off", "Kept for clients.", isInert: true),
    SettingDefinition("password_encryption", .choice(["scram-sha-256"]), "scram-sha-256", "The form of passwords."),
    SettingDefinition(
      "log_min_duration_statement", .integer(min: -1, max: Int64(Int32.max), unit: .milliseconds), "1000",
      "Statements that take longer are logged."),
  ]

  private static let byName: [String: SettingDefinition] = Dictionary(
    uniqueKeysWithValues: all.map { ($0.name.lowercased(), $0) })

  /// Names are matched without regard to case.
  public static func named(_ name: String) -> SettingDefinition? { byName[name.lowercased()] }
}

/// The version of Apus.
public let apusVersion = Release.version
