// Parser owns the way from SQL text to parsed statements.
public import ApusBase
import CPgQuery

/// PostgreSQL 15's grammar, through libpg_query.
public enum Parser {
  /// Texts that may nest deeper than this are parsed on a large stack; below, the caller's own needs 512 KiB free.
  static let inlineDepthMax = 100
  /// Longer texts are parsed on a large stack too: only two of those run at a time.
  static let inlineBytesMax = 64 << 10

  /// The statements of `sql` in order; none for an empty text.
  ///
  /// Errors: 42601 with PostgreSQL's message and position, 54001 for a text too deep or with too many operators, 54000
  /// for one too long, 22021 for a NUL byte, 0A000 for syntax that is not supported anywhere.
  public static func parse(_ sql: String) throws(ApusError) -> [ParsedStatement] {
    var sql = sql
    let measured = sql.withUTF8 { bytes in
      do throws(ApusError) { return Result<SourceMeasure, ApusError>.success(try SourceScanner.measure(bytes)) } catch {
        return .failure(error)
      }
    }
    let measure = try measured.get()
    if measure.tokens == 0 { return [] }
    do {
      if measure.depth <= inlineDepthMax && sql.utf8.count <= inlineBytesMax { return try parseHere(sql) }
      let text = sql
      return try LargeStack.run { try parseHere(text) }
    } catch { throw ApusError.wrapping(error) }
  }

  /// An expression on its own, as `SELECT` would read it.
  public static func parseExpression(_ sql: String) throws(ApusError) -> ParsedExpression {
    let statements: [ParsedStatement]
    do {
      statements = try parse("SELECT\n" + sql)
    } catch {
      throw shifted(error, by: -7)
    }
    guard statements.count == 1, let parsed = statements.first, case .select(let id) = parsed.root,
      case .select(let select) = parsed.arena[id].body, select.targets.count == 1, let target = select.targets.first,
      target.alias == nil, select.isOnlyTargets, parsed.arena[id].isOnlyBody
    else { throw ApusError(.syntaxError, "not an expression: \(sql)") }
    return ParsedExpression(
      arena: parsed.arena, root: target.expression, parameterCount: parsed.parameterCount)
  }

  private static func shifted(_ error: ApusError, by characters: Int) -> ApusError {
    var error = error
    error.position = error.position.map { max(1, $0 + characters) }
    return error
  }

  // MARK: one text, on this thread

  private static func parseHere(_ sql: String) throws -> [ParsedStatement] {
    let result = sql.withCString { pg_query_parse_protobuf($0) }
    defer { pg_query_free_protobuf_parse_result(result) }
    if let error = result.error { throw parseError(error) }
    let memory = MessageMemory()
    guard let tree = memory.unpack(result.parse_tree.data, count: result.parse_tree.len) else {
      throw ApusError.unexpected("the parser's result does not decode")
    }
    return try withExtendedLifetime(memory) { try statements(tree, SourceMap(sql)) }
  }

  private static func statements(
    _ tree: UnsafeMutablePointer<PgQuery__ParseResult>, _ source: SourceMap
  ) throws -> [ParsedStatement] {
    var statements: [ParsedStatement] = []
    statements.reserveCapacity(tree.pointee.n_stmts)
    for raw in UnsafeBufferPointer(start: tree.pointee.stmts, count: tree.pointee.n_stmts) {
      guard let raw else { continue }
      var converter = Converter(source: source)
      let root = try converter.statement(raw.pointee.stmt)
      let (start, length) = source.trimmed(Int(raw.pointee.stmt_location), Int(raw.pointee.stmt_len))
      statements.append(
        ParsedStatement(
          arena: converter.arena, rootID: root, parameterCount: converter.parameterCount, location: start,
          length: length, text: source.slice(start, length)))
    }
    return statements
  }

  /// The library gives no SQLSTATE: all but a few of the grammar's errors are 42601.
  private static func parseError(_ error: UnsafeMutablePointer<PgQueryError>) -> ApusError {
    let message = error.pointee.message.map { String(cString: $0) } ?? "syntax error"
    let place = Int(error.pointee.cursorpos)
    let state: SQLState
    if message.hasPrefix("memory exhausted") || message.hasPrefix("stack depth limit exceeded") {
      return ApusError(.statementTooComplex, "statement is nested too deeply")
    } else if message.hasPrefix("out of memory") {
      state = .outOfMemory
    } else if message.contains("not yet implemented") || message.contains("not implemented")
      || message.contains("not supported")
    {
      state = .featureNotSupported
    } else if message.hasPrefix("frame ") {
      state = .windowingError
    } else if message.hasPrefix("invalid Unicode escape") && !message.contains("value") {
      state = .invalidEscapeSequence
    } else if message.hasPrefix("invalid byte sequence") {
      state = .characterNotInRepertoire
    } else if message.hasPrefix("unsafe use of ") {
      state = SQLState("22P06")
    } else {
      state = .syntaxError
    }
    return ApusError(state, message, position: place > 0 ? place : nil)
  }
}

extension Select {
  /// Nothing but a select list.
  fileprivate var isOnlyTargets: Bool {
    guard case .none = distinct else { return false }
    return from.isEmpty && filter == nil && groupBy.isEmpty && having == nil && windows.isEmpty
  }
}

extension Query {
  /// No clause around the body.
  fileprivate var isOnlyBody: Bool {
    with == nil && orderBy.isEmpty && limit == nil && offset == nil && locking.isEmpty
  }
}

extension SourceMap {
  /// A statement's range without blanks and comments around it. `length` 0 means up to the end.
  fileprivate func trimmed(_ start: Int, _ length: Int) -> (start: Int, length: Int) {
    withBytes { bytes in
      let from = min(max(0, start), bytes.count)
      var end = length == 0 ? bytes.count : min(bytes.count, from + length)
      let first = firstToken(bytes, from: from, to: end)
      while end > first, bytes[end - 1] == 32 || (bytes[end - 1] >= 9 && bytes[end - 1] <= 13) { end -= 1 }
      if end > first, length == 0, bytes[end - 1] == UInt8(ascii: ";") { end -= 1 }
      return (first, end - first)
    } ?? (start, length)
  }
}
