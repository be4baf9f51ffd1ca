// SessionMachine owns the conversation after the start of a connection: messages in, bytes out, and no I/O. What it
// answers and when follows PostgreSQL 15's exec_simple_query and its kin (manual, section 55.2).

import ApusBase
import ApusColumns
import ApusEngine
import ApusSyntax

/// One client's conversation with its session. Used by one thread.
final class SessionMachine {
  /// What the caller does next.
  enum Progress {
    /// Give the next message.
    case ready
    /// Send the output, then call `advance`.
    case sendAndAdvance
  }

  /// What goes on between messages.
  enum Work {
    case none
    case simple(SimpleQuery)
    case portal(PortalRun)
    case copyIn(CopyIn)
  }

  let session: Session
  var output = OutputBuffer()
  var work = Work.none
  var portals: [String: Portal] = [:]
  /// Names of statements and portals without a statement: they answer EmptyQueryResponse.
  var emptyStatements: Set<String> = []
  var emptyPortals: Set<String> = []
  /// After an error in the extended protocol everything up to Sync is passed over.
  var isSkipping = false
  /// A write whose tag waits for the next message: if that is Sync, the rows are committed first and counted rightly.
  var deferred: Completion?
  /// Whether the output should go out before the next message is waited for.
  var wantsFlush = false
  private(set) var isClosed = false
  /// Called with the statement and its nanoseconds when it is done.
  var statementDone: (String, UInt64) -> Void = { _, _ in }

  init(session: Session) { self.session = session }

  // MARK: - Messages

  func receive(_ item: MessageDecoder.Item) -> Progress {
    switch item {
    case .message(let message): receive(message)
    case .malformed(let error, let tag): malformed(error, tag)
    }
  }

  private func receive(_ message: FrontendMessage) -> Progress {
    if case .terminate = message {
      isClosed = true
      return .ready
    }
    if case .copyIn(let copy) = work { return receive(message, during: copy) }
    if isSkipping, message != .sync { return .ready }
    do throws(ApusError) {
      try begin(message)
    } catch {
      failed(error, isExtended: Self.isExtended(message))
      return .ready
    }
    return advance()
  }

  private static func isExtended(_ message: FrontendMessage) -> Bool {
    switch message {
    case .parse, .bind, .describe, .execute, .close, .flush: true
    default: false
    }
  }

  private func begin(_ message: FrontendMessage) throws(ApusError) {
    if message != .sync { completeDeferred() }
    switch message {
    case .query(let sql): try beginQuery(sql)
    case .parse(let name, let sql, let types): try parse(name, sql, types)
    case .bind(let bind): try self.bind(bind)
    case .describe(let target, let name): try describe(target, name)
    case .execute(let portal, let rowsMax): try beginExecute(portal, rowsMax)
    case .close(let target, let name): close(target, name)
    case .flush: wantsFlush = true
    case .sync: sync()
    case .copyData, .copyDone, .copyFail: return  // Late parts of a COPY that failed.
    case .functionCall:
      throw ApusError.unsupported("the function call message is", hint: "call the function in a SELECT")
    case .terminate: return
    case .password, .startup, .sslRequest, .gssEncryptionRequest, .cancelRequest:
      throw ApusError(.protocolViolation, "unexpected message in this state")
    }
  }

  /// The body of a message made no sense, but its end is known.
  private func malformed(_ error: ApusError, _ tag: UInt8) -> Progress {
    if isSkipping, tag != UInt8(ascii: "S") { return .ready }
    if case .copyIn(let copy) = work {
      work = .none
      failed(error, isExtended: copy.isExtended)
      return .ready
    }
    if tag == UInt8(ascii: "S") {
      // An error and the ReadyForQuery that Sync is due.
      isSkipping = false
      failed(error, isExtended: false)
      return .ready
    }
    completeDeferred()
    let extended: [UInt8] = [80, 66, 68, 69, 67, 72]
    failed(error, isExtended: extended.contains(tag))
    return .ready
  }

  /// Goes on with what runs, until it is done or the output is full.
  func advance() -> Progress {
    switch work {
    case .none, .copyIn: return .ready
    case .simple(let query):
      do throws(ApusError) {
        if try advance(query) { return .sendAndAdvance }
      } catch {
        failed(error, isExtended: false)
      }
    case .portal(let run):
      do throws(ApusError) {
        if try advance(run) { return .sendAndAdvance }
      } catch {
        failed(error, isExtended: true)
      }
    }
    return .ready
  }

  // MARK: - Ends

  /// Reports an error, ends what ran, and either passes over the rest up to Sync or is ready for the next query.
  func failed(_ error: ApusError, isExtended: Bool) {
    work = .none
    deferred = nil
    session.statementFailed()
    sendNotices()
    output.errorResponse(error)
    dropPortals()
    if isExtended {
      isSkipping = true
      wantsFlush = true
    } else {
      ready()
    }
  }

  /// Ends the connection with a last error.
  func terminate(_ error: ApusError) {
    output.errorResponse(error, severity: .fatal)
    wantsFlush = true
    isClosed = true
  }

  func ready() {
    sendNotices()
    for change in session.takeParameterChanges() { output.parameterStatus(change.name, change.value) }
    switch session.transactionStatus {
    case .idle: output.readyForQuery(UInt8(ascii: "I"))
    case .inBlock: output.readyForQuery(UInt8(ascii: "T"))
    case .failed: output.readyForQuery(UInt8(ascii: "E"))
    }
    wantsFlush = true
  }

  /// Portals live in their transaction.
  func dropPortals() {
    portals.removeAll()
    emptyPortals.removeAll()
  }

  func sendNotices() {
    for notice in session.takeNotices() { output.noticeResponse(notice) }
  }

  /// Sends a tag that waited, before anything else is answered.
  func completeDeferred() {
    guard let completion = deferred else { return }
    deferred = nil
    complete(completion)
  }

  func complete(_ completion: Completion) {
    sendNotices()
    output.commandComplete(completion.tag())
    statementDone(completion.text, monotonicNanoseconds() - completion.start)
  }

  private func sync() {
    isSkipping = false
    do throws(ApusError) {
      try session.commitStatementGroup()
    } catch {
      failed(error, isExtended: false)
      return
    }
    completeDeferred()
    if session.transactionStatus == .idle { dropPortals() }
    ready()
  }
}

/// A statement that is done but for its tag.
struct Completion {
  let text: String
  let start: UInt64
  let tag: () -> String
}

/// What runs for a Query message.
final class SimpleQuery {
  let statements: [ParsedStatement]
  var next = 0
  var current: (stream: RowStream, completion: Completion)?

  init(_ statements: [ParsedStatement]) { self.statements = statements }
}

/// What runs for an Execute message.
final class PortalRun {
  let portal: Portal
  let rowsMax: Int
  var written = 0

  init(_ portal: Portal, rowsMax: Int) {
    self.portal = portal
    self.rowsMax = rowsMax
  }
}

/// A COPY FROM STDIN that waits for data.
final class CopyIn {
  let input: CopyInput
  let completion: Completion
  /// The query string to go on with; nil in the extended protocol.
  let query: SimpleQuery?
  var isExtended: Bool { query == nil }

  init(_ input: CopyInput, _ completion: Completion, query: SimpleQuery?) {
    self.input = input
    self.completion = completion
    self.query = query
  }
}
