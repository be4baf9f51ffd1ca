// IngestAnswer owns the answers to events, in the shape and with the status of each dialect's vendor.

import ApusBase
import ApusEngine

/// The text of ingest answers.
enum IngestAnswer {
  static func native(_ outcome: IngestOutcome, error: ApusError? = nil) -> String {
    func id(_ text: String?) -> String { text.map { jsonText($0) } ?? "null" }
    var text = "{\"stored\":\(outcome.stored),\"duplicate\":\(outcome.duplicates),\"rejected\":["
    text += outcome.rejected.map { event in
      "{\"line\":\(event.line),\"event_id\":\(id(event.eventID)),\"code\":\(jsonText(event.code)),"
        + "\"reason\":\(jsonText(event.reason))}"
    }.joined(separator: ",")
    text += "]"
    if !outcome.events.isEmpty {
      text += ",\"events\":["
      text += outcome.events.map { event in
        "{\"line\":\(event.line),\"event_id\":\(id(event.eventID)),\"status\":\"\(event.status.rawValue)\"}"
      }.joined(separator: ",")
      text += "]"
    }
    if let error { text += ",\"error\":\(Reply.errorObject(error))" }
    return text + "}\n"
  }

  static func success(_ outcome: IngestOutcome, _ path: IngestPath, isBeacon: Bool) -> Reply {
    switch path.dialect {
    case .native: .json(200, native(outcome))
    case .segment: .json(200, "{\"success\":true}\n")
    // A page that is being closed reads no answer.
    case .posthog(.capture): isBeacon ? Reply(204, "text/plain", []) : .json(200, "{\"status\":\"Ok\"}\n")
    case .posthog(.analytics): .json(200, results(outcome))
    }
  }

  static func error(_ error: ApusError, _ path: IngestPath, status: Int? = nil) -> Reply {
    switch path.dialect {
    case .native: .error(error, status: status ?? HTTPServer.ingestStatus(error))
    case .segment: segment(error, status: status)
    case .posthog(let call): posthog(error, call, status: status)
    }
  }

  /// What became of each event that has a `uuid`. A rejected one is kept in `apus.rejects`; sending it again would not
  /// mend it.
  private static func results(_ outcome: IngestOutcome) -> String {
    var reasons: [Int: String] = [:]
    for event in outcome.rejected { reasons[event.line] = event.code }
    let entries = outcome.events.compactMap { event -> String? in
      guard let id = event.eventID else { return nil }
      guard event.status == .rejected else { return "\(jsonText(id)):{\"result\":\"ok\"}" }
      return "\(jsonText(id)):{\"result\":\"drop\",\"details\":\(jsonText(reasons[event.line] ?? "rejected"))}"
    }
    return "{\"results\":{\(entries.joined(separator: ","))}}\n"
  }

  /// PostHog's SDKs send again after 408, 429 and 5xx, and give up a batch after other codes.
  private static func posthog(_ error: ApusError, _ call: IngestDialect.PostHogCall, status known: Int?) -> Reply {
    let status = known ?? HTTPServer.ingestStatus(error)
    let text =
      switch call {
      case .capture:
        "{\"type\":\"\(status >= 500 ? "server_error" : status == 401 ? "authentication_error" : "validation_error")\","
          + "\"code\":\(jsonText(error.state.code)),\"detail\":\(jsonText(error.message)),\"attr\":null}\n"
      case .analytics:
        "{\"error\":\(jsonText(error.state.code)),\"error_description\":\(jsonText(error.message))}\n"
      }
    let reply = Reply.json(status, text)
    return status == 429 || status == 503 ? reply.with("Retry-After", Reply.retryAfter(error.state)) : reply
  }

  /// Segment's own answers to a request that could not be taken: 400 is not sent again, 429 and 5xx are.
  static func segment(_ error: ApusError, status known: Int? = nil) -> Reply {
    let status = known ?? HTTPServer.ingestStatus(error)
    let reply = Reply.json(status, "{\"success\":false,\"message\":\(jsonText(error.message))}\n")
    return status == 429 || status == 503 ? reply.with("Retry-After", Reply.retryAfter(error.state)) : reply
  }
}
