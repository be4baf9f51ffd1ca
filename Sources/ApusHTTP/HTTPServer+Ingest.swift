// The ingest endpoints: bodies to the database, outcomes to each dialect's own answer.

import ApusBase
import ApusEngine
import CMicroHTTPD

extension IngestPath {
  var dialect: IngestDialect {
    switch self {
    case .events: .native
    case .track, .shortTrack: .segment(.track)
    case .identify, .shortIdentify: .segment(.identify)
    case .page, .shortPage: .segment(.page)
    case .screen, .shortScreen: .segment(.screen)
    case .group, .shortGroup: .segment(.group)
    case .alias, .shortAlias: .segment(.alias)
    case .batch, .shortBatch: .segment(.batch)
    case .posthogCapture, .posthogBatch, .posthogEvents, .posthogEventsV0: .posthog(.capture)
    case .posthogAnalytics: .posthog(.analytics)
    }
  }

  var isPostHog: Bool { if case .posthog = dialect { true } else { false } }
}

extension HTTPServer {
  /// What a Content-Type may be: JSON by any name, text, and what curl calls any `-d`.
  private static func isReadable(_ mediaType: String?) -> Bool {
    guard let mediaType, !mediaType.isEmpty else { return true }
    if mediaType.hasPrefix("text/") || mediaType.hasSuffix("+json") { return true }
    return [
      "application/json", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
      "application/octet-stream", "application/x-www-form-urlencoded",
    ].contains(mediaType)
  }

  func ingestRefusal(_ request: Request) -> Reply? {
    if ContentEncoding.named(request.header("content-encoding")) == nil {
      let name = request.header("content-encoding") ?? ""
      let error = ApusError.unsupported("Content-Encoding \"\(name)\" is", hint: "Use gzip, deflate, zstd or none.")
      return rules.withOrigin(
        Reply.error(error, status: 415).with("Accept-Encoding", "gzip, deflate, zstd"), request)
    }
    guard Self.isReadable(request.mediaType) else {
      let error = ApusError.unsupported(
        "Content-Type \"\(request.mediaType ?? "")\" is", hint: "Use application/json or application/x-ndjson.")
      return rules.withOrigin(.error(error, status: 415), request)
    }
    return nil
  }

  func ingest(_ exchange: Exchange, _ path: IngestPath) -> MHD_Result {
    let (database, unavailable) = database()
    guard let database else { return exchange.send(unavailable) }
    let body = exchange.takeBody()
    var request: IngestRequest
    do throws(ApusError) {
      request = try ingestRequest(exchange.request, path)
    } catch {
      return exchange.send(answer(.failure(error), path, exchange))
    }
    let encoding = ContentEncoding.named(exchange.request.header("content-encoding")) ?? nil
    exchange.suspend()
    if encoding == nil, body.count <= options.inlineBodyBytesMax, !path.isPostHog || PostHogBody.isPlain(body) {
      request.body = body
      take(request, path, database, exchange)
      return apus_http_yes
    }
    let waiting = request
    let isQueued = decoders.submit { [self] in
      expandAndTake(waiting, body, encoding, path, database, exchange)
    }
    if !isQueued { exchange.finish(rules.withOrigin(Exchange.overloaded, exchange.request)) }
    return apus_http_yes
  }

  private func ingestRequest(_ request: Request, _ path: IngestPath) throws(ApusError) -> IngestRequest {
    var ingest = IngestRequest(dialect: path.dialect, body: [])
    ingest.clientAddress = request.client.isEmpty ? nil : request.client
    if path.isPostHog {
      ingest.sentAt = PostHogHead.sentAt(request)
      ingest.library = PostHogHead.library(request)
      ingest.isVerbose = path == .posthogAnalytics
    }
    // Vendors' SDKs add parameters of their own; ours are checked.
    guard path.isNative else { return ingest }
    try request.requireParameters(among: ["table", "verbose", "accept_any_time", "first_line"])
    if let table = request.parameter("table") { ingest.table = table }
    ingest.isVerbose = try request.flag("verbose")
    ingest.acceptsAnyTime = try request.flag("accept_any_time")
    if let text = request.parameter("first_line") {
      guard let line = Int(text), line >= 1 else {
        throw ApusError(.invalidParameterValue, "invalid value for parameter \"first_line\": \"\(text)\"")
      }
      ingest.firstLine = line
    }
    return ingest
  }

  private func expandAndTake(
    _ waiting: IngestRequest, _ body: [UInt8], _ encoding: ContentEncoding?, _ path: IngestPath, _ database: Database,
    _ exchange: Exchange
  ) {
    var request = waiting
    do {
      if let encoding {
        request.body = try BodyExpander.expand(body, encoding) { bytes in
          guard exchange.account(bytes) else { throw ApusError(.outOfMemory, "too many request bodies at once") }
        }
      } else {
        request.body = body
      }
      if path.isPostHog {
        request.body = try PostHogBody.unwrap(
          request.body, compression: exchange.request.parameter("compression")
        ) { bytes in
          guard exchange.account(bytes) else { throw ApusError(.outOfMemory, "too many request bodies at once") }
        }
      }
    } catch let error as BodyTooLarge {
      return exchange.finish(rules.withOrigin(Exchange.tooLarge(error.message), exchange.request))
    } catch {
      return exchange.finish(answer(.failure(.wrapping(error)), path, exchange))
    }
    take(request, path, database, exchange)
  }

  private func take(_ waiting: IngestRequest, _ path: IngestPath, _ database: Database, _ exchange: Exchange) {
    var request = waiting
    if let refusal = ingestRefusal(&request, exchange.request, database) {
      return exchange.finish(self.refusal(refusal.error, status: refusal.status, path, exchange))
    }
    let allowed = request
    database.ingest(allowed) { [self] result in
      exchange.finish(answer(result, path, exchange))
    }
  }

  // MARK: - Answers

  /// The answer to those who may not; pages that may not are not told.
  private func refusal(_ error: ApusError, status: Int, _ path: IngestPath, _ exchange: Exchange) -> Reply {
    let reply = IngestAnswer.error(error, path, status: status)
    if status == 403 { return reply }
    return rules.withOrigin(reply.with("WWW-Authenticate", "Bearer realm=\"Apus\""), exchange.request)
  }

  private func answer(
    _ result: Result<IngestOutcome, ApusError>, _ path: IngestPath, _ exchange: Exchange
  ) -> Reply {
    let reply: Reply
    switch result {
    case .success(let outcome):
      if let error = Self.unreadable(outcome) {
        reply =
          path.isNative
          ? .json(400, IngestAnswer.native(outcome, error: error)) : IngestAnswer.error(error, path, status: 400)
      } else {
        reply = IngestAnswer.success(outcome, path, isBeacon: exchange.request.parameter("beacon") == "1")
      }
    case .failure(let error): reply = IngestAnswer.error(error, path)
    }
    return rules.withOrigin(reply, exchange.request)
  }

  /// The error of a body in which not one event was found.
  private static func unreadable(_ outcome: IngestOutcome) -> ApusError? {
    guard outcome.stored == 0, outcome.duplicates == 0, let first = outcome.rejected.first,
      outcome.rejected.allSatisfy({ $0.code == "malformed_json" || $0.code == "not_an_object" })
    else { return nil }
    return ApusError(.invalidTextRepresentation, "nothing in the body is an event", detail: first.reason)
  }

  static func ingestStatus(_ error: ApusError) -> Int {
    error.state == .undefinedTable ? 404 : Reply.status(for: error.state)
  }
}
