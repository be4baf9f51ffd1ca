// Parser owns the way from SQL text to parsed statements.
public import ApusBase

/// PostgreSQL 15's grammar, through libpg_query.
public enum Parser {
  /// The statements of `sql` in order; none for an empty text.
  ///
  /// Errors: 42601 with PostgreSQL's message and position, 54001 for a text too deep or with too many operators, 54000
  /// for one too long, 22021 for a NUL byte, 0A000 for syntax that is not supported anywhere.
  public static func parse(_ sql: String) throws(ApusError) -> [ParsedStatement] {
    throw .unsupported("parsing")
  }

  /// An expression on its own, as `SELECT` would read it.
  public static func parseExpression(_ sql: String) throws(ApusError) -> ParsedExpression {
    throw .unsupported("parsing")
  }
}
