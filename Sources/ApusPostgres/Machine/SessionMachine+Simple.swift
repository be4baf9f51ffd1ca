// The simple query protocol, and COPY's data in both protocols.

import ApusBase
import ApusColumns
import ApusEngine
import ApusSyntax

extension SessionMachine {
  func beginQuery(_ sql: String) throws(ApusError) {
    // The unnamed statement and portal do not outlive a Query message.
    session.forgetPrepared("")
    portals[""] = nil
    emptyStatements.remove("")
    emptyPortals.remove("")
    let statements = try session.parse(sql)
    guard !statements.isEmpty else {
      output.emptyQueryResponse()
      try session.commitStatementGroup()
      return ready()
    }
    work = .simple(SimpleQuery(statements))
  }

  /// Goes on with a query string. True when the output is full.
  func advance(_ query: SimpleQuery) throws(ApusError) -> Bool {
    while true {
      if let (stream, completion) = query.current {
        var written = 0
        if case .full = try stream.pump(0, &written, into: &output) { return true }
        stream.endCopy(into: &output)
        query.current = nil
        try finish(completion, of: query)
      }
      guard query.next < query.statements.count else { break }
      if output.count >= RowStream.outputBytesMax { return true }
      try start(query.statements[query.next], of: query)
      if case .copyIn = work { return false }
    }
    work = .none
    if session.transactionStatus == .idle { dropPortals() }
    ready()
    return false
  }

  private func start(_ parsed: ParsedStatement, of query: SimpleQuery) throws(ApusError) {
    query.next += 1
    let start = monotonicNanoseconds()
    let prepared = try session.prepare(parsed)
    guard prepared.parameterTypes.isEmpty else {
      throw ApusError(.undefinedParameter, "there is no parameter $1")
    }
    let execution = try session.execute(prepared)
    let completion = Completion(text: prepared.text, start: start) { execution.tag }
    if let input = execution.copyInput {
      beginCopy(CopyIn(input, completion, query: query))
      return
    }
    guard execution.returnsRows else { return try finish(completion, of: query) }
    let formats = Array(repeating: WireFormat.text, count: execution.fields.count)
    let stream = RowStream(execution, formats: formats, settings: session.formatSettings)
    if execution.copyOutput != nil {
      stream.startCopy(into: &output)
    } else {
      output.rowDescription(execution.fields, formats: formats)
    }
    query.current = (stream, completion)
  }

  /// The last statement's rows are committed before its tag is sent; those before it wait for it.
  private func finish(_ completion: Completion, of query: SimpleQuery) throws(ApusError) {
    if query.next == query.statements.count { try session.commitStatementGroup() }
    complete(completion)
  }

  // MARK: - COPY FROM STDIN

  func beginCopy(_ copy: CopyIn) {
    sendNotices()
    output.copyResponse(
      isInput: true, isBinary: copy.input.format.form == .binary, columnCount: copy.input.columnCount)
    work = .copyIn(copy)
    wantsFlush = true
  }

  func receive(_ message: FrontendMessage, during copy: CopyIn) -> Progress {
    do throws(ApusError) {
      switch message {
      case .copyData(let bytes): try copy.input.write(bytes)
      case .copyDone:
        try copy.input.finish()
        return try endCopy(copy)
      case .copyFail(let reason):
        throw ApusError(.queryCanceled, "COPY from stdin failed: \(reason)")
      case .flush, .sync: break  // Sent by clients that did not know the statement to be a COPY.
      default:
        throw ApusError(.protocolViolation, "unexpected message type during COPY from stdin")
      }
    } catch {
      failed(error, isExtended: copy.isExtended)
    }
    return .ready
  }

  private func endCopy(_ copy: CopyIn) throws(ApusError) -> Progress {
    work = .none
    guard let query = copy.query else {
      deferred = copy.completion
      return .ready
    }
    try finish(copy.completion, of: query)
    work = .simple(query)
    return advance()
  }
}
