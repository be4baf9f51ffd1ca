// ApusError owns the one error type that crosses target borders.

/// An error that names its thing and carries a SQLSTATE, so that every surface (wire, HTTP, command line) can show it.
public struct ApusError: Error, Sendable, Hashable, CustomStringConvertible {
  public var state: SQLState
  /// One line, lower case, without a full stop, in PostgreSQL's words where PostgreSQL has the error.
  public var message: String
  public var detail: String?
  public var hint: String?
  /// Where in the SQL text the error is: a one-based count of characters (Unicode scalars), as in the wire protocol.
  public var position: Int?
  /// What the server was doing, as PostgreSQL's `CONTEXT` line (`COPY events, line 3`).
  public var context: String?
  /// The name of the schema, table, column or constraint concerned, where one is.
  public var schema: String?
  public var table: String?
  public var column: String?
  public var constraint: String?

  public init(
    _ state: SQLState, _ message: String, detail: String? = nil, hint: String? = nil, position: Int? = nil,
    context: String? = nil, schema: String? = nil, table: String? = nil, column: String? = nil,
    constraint: String? = nil
  ) {
    self.state = state
    self.message = message
    self.detail = detail
    self.hint = hint
    self.position = position
    self.context = context
    self.schema = schema
    self.table = table
    self.column = column
    self.constraint = constraint
  }

  public var description: String {
    var text = "\(message) (\(state.code))"
    if let detail { text += "; \(detail)" }
    if let hint { text += "; hint: \(hint)" }
    return text
  }

  /// A feature that PostgreSQL has and Apus does not: SQLSTATE 0A000. `what` is a noun phrase ("recursive queries").
  public static func unsupported(_ what: String, position: Int? = nil, hint: String? = nil) -> ApusError {
    ApusError(.featureNotSupported, "\(what) not supported", hint: hint, position: position)
  }

  /// A broken invariant of ours. It is reported, never trapped on.
  public static func unexpected(_ message: String) -> ApusError { ApusError(.internalError, message) }

  /// Bytes on disk that contradict their checksum or format.
  public static func corrupted(_ file: String, offset: Int, _ what: String) -> ApusError {
    ApusError(.dataCorrupted, "corrupted data in \"\(file)\" at offset \(offset): \(what)")
  }

  /// Any error as an `ApusError`: itself, or wrapped as XX000.
  public static func wrapping(_ error: any Error) -> ApusError {
    (error as? ApusError) ?? ApusError(.internalError, String(describing: error))
  }

  /// The same error with a position, unless it has one.
  public func at(_ position: Int?) -> ApusError {
    guard self.position == nil, let position else { return self }
    var copy = self
    copy.position = position
    return copy
  }
}

/// A message for the client that is not an error: PostgreSQL's NOTICE, WARNING and their kin.
public struct Notice: Sendable, Hashable {
  public enum Severity: String, Sendable {
    case debug = "DEBUG"
    case log = "LOG"
    case info = "INFO"
    case notice = "NOTICE"
    case warning = "WARNING"
  }
  public var severity: Severity
  public var state: SQLState
  public var message: String
  public var detail: String?
  public var hint: String?

  public init(
    _ severity: Severity, _ message: String, state: SQLState = .successfulCompletion, detail: String? = nil,
    hint: String? = nil
  ) {
    self.severity = severity
    self.state = state
    self.message = message
    self.detail = detail
    self.hint = hint
  }
}
