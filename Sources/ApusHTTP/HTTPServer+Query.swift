// The query endpoint: one read-only statement a request, on threads of its own.

import ApusBase
import ApusColumns
import ApusEngine
import CMicroHTTPD

extension HTTPServer {
  /// A query waits this long for a free thread.
  private static let queueSecondsMax = 10.0

  func queryRefusal(_ request: Request) -> Reply? {
    // A page of another site may send text or a form without asking; JSON it may not.
    guard request.mediaType == "application/json" else {
      let error = ApusError(
        .featureNotSupported, "queries are JSON", hint: "Send the header Content-Type: application/json.")
      return .error(error, status: 415)
    }
    guard case .some(nil) = ContentEncoding.named(request.header("content-encoding")) else {
      return .error(ApusError.unsupported("a compressed query is"), status: 415)
    }
    return nil
  }

  func query(_ exchange: Exchange) -> MHD_Result {
    let (database, unavailable) = database()
    guard let database else { return exchange.send(unavailable) }
    let body = exchange.takeBody()
    let socket = apus_http_socket(exchange.connection)
    exchange.suspend()
    let isQueued = queries.submit { [self] in
      exchange.finish(run(body, exchange, database, socket: socket))
    }
    if !isQueued { exchange.finish(.error(ApusError(.tooManyConnections, "too many queries are waiting"))) }
    return apus_http_yes
  }

  private func run(_ body: [UInt8], _ exchange: Exchange, _ database: Database, socket: Int32) -> Reply {
    let started = monotonicNanoseconds()
    guard Double(started &- exchange.startedNanoseconds) / 1e9 < Self.queueSecondsMax else {
      return .error(ApusError(.tooManyConnections, "no query could start within 10 seconds"))
    }
    let session = database.makeSession(isReadOnly: true)
    defer { session.close() }
    let (number, secret) = (session.processID, session.secret)
    let watched = watch.add(socket: socket) { database.cancel(processID: number, secret: secret) }
    defer { watch.forget(watched) }
    metrics.queryBegan()
    let reply: Reply
    var state: SQLState?
    do throws(ApusError) {
      reply = try answer(body, exchange.request, session)
    } catch {
      session.statementFailed()
      state = error.state
      reply = .error(error)
    }
    let nanoseconds = monotonicNanoseconds() &- started
    metrics.queryEnded(state, seconds: Double(nanoseconds) / 1e9)
    noteIfSlow(nanoseconds / 1_000_000, session)
    return reply
  }

  /// As over the PostgreSQL protocol, by `log_min_duration_statement`; without the text, which holds literals.
  private func noteIfSlow(_ milliseconds: UInt64, _ session: Session) {
    guard let threshold = session.setting("log_min_duration_statement").flatMap({ Int64($0) }), threshold >= 0,
      milliseconds >= UInt64(threshold)
    else { return }
    Log.info("http", "slow statement", ["ms": String(milliseconds), "session": String(session.processID)])
  }

  private func answer(_ body: [UInt8], _ request: Request, _ session: Session) throws(ApusError) -> Reply {
    try request.requireParameters(among: ["format"])
    let query = try QueryRequest(body: body)
    var format = query.format
    if format == nil, let name = request.parameter("format") { format = try ResultFormat(named: name) }
    let chosen = format ?? ResultFormat(accept: request.header("accept")) ?? .json
    try session.setInitial("statement_timeout", String(Limits.httpStatementSecondsMax * 1000))
    let statements = try session.parse(query.sql)
    guard let statement = statements.first else {
      throw ApusError(.syntaxError, "there is no statement")
    }
    guard statements.count == 1 else {
      throw ApusError(.syntaxError, "cannot insert multiple commands into a prepared statement")
    }
    let prepared = try session.prepare(statement)
    guard prepared.parameterTypes.count == query.parameters.count else {
      throw ApusError(
        .protocolViolation,
        "\(query.parameters.count) parameters are given, but the statement has \(prepared.parameterTypes.count)")
    }
    let settings = session.formatSettings
    var values: [Value] = []
    for (index, parameter) in query.parameters.enumerated() {
      values.append(try parameter.value(prepared.parameterTypes[index], index + 1, settings: settings))
    }
    let execution = try session.execute(prepared, parameters: values)
    guard execution.copyInput == nil, execution.copyOutput == nil else {
      throw ApusError.unsupported("COPY over HTTP is", hint: "Events are sent to /v1/events.")
    }
    var writer = ResultWriter(
      chosen, fields: execution.fields, returnsRows: execution.returnsRows, settings: session.formatSettings)
    while let batch = try execution.next() { try writer.append(batch) }
    try session.commitStatementGroup()
    let bytes = writer.finish(tag: execution.tag, notices: session.takeNotices())
    return Reply(200, chosen.contentType, bytes).with("Cache-Control", "no-store")
  }
}
