// Keywords owns the words of SQL that completion offers.

enum Keywords {
  /// How statements begin.
  static let beginnings = [
    "ALTER", "BEGIN", "CHECKPOINT", "COMMIT", "COPY", "CREATE", "DEALLOCATE", "DECLARE", "DELETE", "DROP", "EXECUTE",
    "EXPLAIN", "FETCH", "INSERT", "PREPARE", "RESET", "ROLLBACK", "SAVEPOINT", "SELECT", "SET", "SHOW", "TABLE",
    "VALUES", "WITH",
  ]

  static let all: Set<String> = Set(beginnings).union([
    "ADD", "ALL", "ANALYZE", "AND", "ANY", "ARRAY", "AS", "ASC", "BETWEEN", "BIGINT", "BOOLEAN", "BY", "CASCADE",
    "CASE",
    "CAST", "COALESCE", "COLUMN", "CROSS", "CURRENT_DATE", "CURRENT_TIMESTAMP", "CURRENT_USER", "DATE", "DEFAULT",
    "DESC", "DISTINCT", "DOUBLE", "ELSE", "END", "EXCEPT", "EXISTS", "EXTRACT", "FALSE", "FILTER", "FIRST", "FOLLOWING",
    "FOR", "FROM", "FULL", "GENERATED", "GREATEST", "GROUP", "GROUPING", "HAVING", "HEADER", "IF", "ILIKE", "IN",
    "INNER",
    "INTEGER", "INTERSECT", "INTERVAL", "INTO", "IS", "JOIN", "JSONB", "LAST", "LATERAL", "LEAST", "LEFT", "LIKE",
    "LIMIT", "MATERIALIZED", "NOT", "NULL", "NULLIF", "NULLS", "NUMERIC", "OFFSET", "ON", "OR", "ORDER", "OUTER",
    "OVER",
    "PARTITION", "PRECEDING", "PRECISION", "RANGE", "RETURNING", "RIGHT", "ROLLUP", "ROW", "ROWS", "SETS", "SIMILAR",
    "SMALLINT", "STDIN", "STDOUT", "STORED", "TEXT", "THEN", "TIME", "TIMESTAMP", "TIMESTAMPTZ", "TO", "TRANSACTION",
    "TRUE", "UNBOUNDED", "UNION", "UPDATE", "USING", "VERBOSE", "VIEW", "WHEN", "WHERE", "WINDOW", "ZONE",
  ])
}
