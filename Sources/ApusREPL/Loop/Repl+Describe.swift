// The \d family: queries on the catalogs, as psql asks them, so that they hold on either kind of connection.

import ApusBase

extension Repl {
  /// False for a name that is none of these commands.
  func describe(_ name: String, _ argument: String?) throws(ApusError) -> Bool {
    let pattern = argument.map { NamePattern($0) }
    // What psql shows more of with a plus is shown without, or not at all.
    switch name.hasSuffix("+") ? String(name.dropLast()) : name {
    case "d":
      if let pattern, let argument { try describeRelations(pattern, argument) } else { try list("rvmpfS", nil, nil) }
    case "dt": try list("rp", pattern, argument)
    case "dv": try list("v", pattern, argument)
    case "di": try list("i", pattern, argument)
    case "dn": try show("List of schemas", Self.schemas(pattern))
    case "df": try show("List of functions", Self.functions(pattern))
    case "du": try show("List of roles", Self.roles(pattern))
    case "l": try show("List of databases", Self.databases(pattern))
    default: return false
    }
    return true
  }

  /// `isDetail` is for a relation's columns, which psql too shows as a table always, and without a count.
  private func show(_ title: String, _ sql: String, isDetail: Bool = false) throws(ApusError) {
    let expansion = format.expansion
    if isDetail { format.expansion = .off }
    defer { format.expansion = expansion }
    let sink = makeSink()
    sink.title = title
    sink.tellsCount = !isDetail
    let (wasTiming, last) = (isTiming, lastResult)
    isTiming = false
    defer { (isTiming, lastResult) = (wasTiming, last) }
    try run(sql, sink)
  }

  private static let kinds = """
    CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' \
    WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' END
    """

  /// Conditions on pg_class c and pg_namespace n.
  private static func relations(_ pattern: NamePattern?) -> String {
    guard let pattern else {
      return """
        n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_toast' \
        AND pg_catalog.pg_table_is_visible(c.oid)
        """
    }
    let schema = pattern.schema.map { "n.nspname ~ \($0)" } ?? "pg_catalog.pg_table_is_visible(c.oid)"
    return "c.relname ~ \(pattern.name) AND \(schema)"
  }

  private func list(_ kinds: String, _ pattern: NamePattern?, _ argument: String?) throws(ApusError) {
    let letters = kinds.map { "'\($0)'" }.joined(separator: ", ")
    let sql = """
      SELECT n.nspname AS "Schema", c.relname AS "Name", \(Self.kinds) AS "Type",
        pg_catalog.pg_get_userbyid(c.relowner) AS "Owner"
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN (\(letters)) AND \(Self.relations(pattern)) ORDER BY 1, 2
      """
    guard try !connection.rows(sql).isEmpty else {
      let what = argument.map { " relation named \"\($0)\"" } ?? " relations"
      return tell("Did not find any\(what).")
    }
    try show("List of relations", sql)
  }

  private func describeRelations(_ pattern: NamePattern, _ argument: String) throws(ApusError) {
    let found = try connection.rows(
      """
      SELECT c.oid, n.nspname, c.relname, \(Self.kinds)
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind <> 'i' AND \(Self.relations(pattern)) ORDER BY 2, 3
      """)
    guard !found.isEmpty else {
      throw ApusError(.undefinedTable, "did not find any relation named \"\(argument)\"")
    }
    for row in found where !interrupts.isPending {
      guard let oid = row[0].flatMap({ UInt32($0) }), let schema = row[1], let name = row[2], let kind = row[3] else {
        continue
      }
      try show(
        "\(kind.prefix(1).uppercased() + kind.dropFirst()) \"\(schema).\(name)\"",
        """
        SELECT a.attname AS "Column", pg_catalog.format_type(a.atttypid, a.atttypmod) AS "Type",
          CASE WHEN a.attnotnull THEN 'not null' ELSE '' END AS "Nullable",
          CASE WHEN a.attgenerated = 's'
            THEN 'generated always as (' || pg_catalog.pg_get_expr(d.adbin, d.adrelid) || ') stored'
            ELSE COALESCE(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '') END AS "Default"
        FROM pg_catalog.pg_attribute a
          LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE a.attrelid = \(oid) AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
        """, isDetail: true)
      if kind == "table", isApus { try describeStorage(schema, name) }
    }
  }

  /// What Apus keeps about a table besides.
  private func describeStorage(_ schema: String, _ name: String) throws(ApusError) {
    guard !format.format.isData else { return }
    let rows = try connection.rows(
      """
      SELECT time_column, partition, order_by, dedupe_key, dedupe_window, rows, segments, bytes FROM apus.tables
      WHERE table_schema = \(sqlText(schema)) AND table_name = \(sqlText(name))
      """)
    guard let row = rows.first else { return }
    let labels = [
      "Time column", "Partition", "Order by", "Dedupe key", "Dedupe window", "Rows", "Segments", "Bytes of segments",
    ]
    for (label, value) in zip(labels, row) {
      if let value, !value.isEmpty, value != "{}" { try output.put("\(label): \(value)\n") }
    }
    try output.put("\n")
  }

  private static func schemas(_ pattern: NamePattern?) -> String {
    let condition =
      pattern.map { "n.nspname ~ \($0.name)" } ?? "n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    return """
      SELECT n.nspname AS "Name", pg_catalog.pg_get_userbyid(n.nspowner) AS "Owner"
      FROM pg_catalog.pg_namespace n WHERE \(condition) ORDER BY 1
      """
  }

  /// Without a pattern only what users made, as psql lists them.
  private static func functions(_ pattern: NamePattern?) -> String {
    let condition: String
    if let pattern {
      condition =
        "p.proname ~ \(pattern.name)"
        + (pattern.schema.map { " AND n.nspname ~ \($0)" } ?? " AND pg_catalog.pg_function_is_visible(p.oid)")
    } else {
      condition =
        "pg_catalog.pg_function_is_visible(p.oid) AND n.nspname <> 'pg_catalog' AND n.nspname <> 'information_schema'"
    }
    return """
      SELECT n.nspname AS "Schema", p.proname AS "Name", pg_catalog.pg_get_function_result(p.oid) AS "Result data type",
        pg_catalog.pg_get_function_arguments(p.oid) AS "Argument data types",
        CASE p.prokind WHEN 'a' THEN 'agg' WHEN 'w' THEN 'window' WHEN 'p' THEN 'proc' ELSE 'func' END AS "Type"
      FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      WHERE \(condition) ORDER BY 1, 2, 4
      """
  }

  private static func roles(_ pattern: NamePattern?) -> String {
    let condition = pattern.map { "rolname ~ \($0.name)" } ?? "rolname !~ '^pg_'"
    return """
      SELECT rolname AS "Role name", CASE WHEN rolsuper THEN 'Superuser' ELSE '' END
        || CASE WHEN rolcanlogin THEN '' ELSE ', Cannot login' END AS "Attributes"
      FROM pg_catalog.pg_roles WHERE \(condition) ORDER BY 1
      """
  }

  private static func databases(_ pattern: NamePattern?) -> String {
    let condition = pattern.map { " WHERE d.datname ~ \($0.name)" } ?? ""
    return """
      SELECT d.datname AS "Name", pg_catalog.pg_get_userbyid(d.datdba) AS "Owner",
        pg_catalog.pg_encoding_to_char(d.encoding) AS "Encoding", d.datcollate AS "Collate", d.datctype AS "Ctype"
      FROM pg_catalog.pg_database d\(condition) ORDER BY 1
      """
  }
}
