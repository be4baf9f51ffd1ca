// Reply owns the answers of the server: status, headers, body, and the form of errors.

import ApusBase

/// One answer, ready to be sent.
struct Reply: Sendable {
  var status: Int
  var contentType: String
  var body: [UInt8]
  /// Beside Content-Type.
  var headers: [(name: String, value: String)] = []

  init(_ status: Int, _ contentType: String, _ body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.body = body
  }

  static func json(_ status: Int, _ text: String) -> Reply {
    Reply(status, "application/json; charset=utf-8", Array(text.utf8))
  }

  static func text(_ status: Int, _ text: String) -> Reply {
    Reply(status, "text/plain; charset=utf-8", Array(text.utf8))
  }

  func with(_ name: String, _ value: String) -> Reply {
    var copy = self
    copy.headers.append((name, value))
    return copy
  }

  // MARK: - Errors

  /// `{"error": {...}}` with the status given, or the one that fits the SQLSTATE. Answers that say "later" carry
  /// Retry-After.
  static func error(_ error: ApusError, status: Int? = nil) -> Reply {
    let code = status ?? self.status(for: error.state)
    let reply = json(code, "{\"error\":\(errorObject(error))}\n")
    return code == 429 || code == 503 ? reply.with("Retry-After", retryAfter(error.state)) : reply
  }

  static func errorObject(_ error: ApusError) -> String {
    func optional(_ text: String?) -> String { text.map { jsonText($0) } ?? "null" }
    var text = "{\"code\":\(jsonText(error.state.code)),\"message\":\(jsonText(error.message))"
    if let detail = error.detail { text += ",\"detail\":\(jsonText(detail))" }
    return text + ",\"hint\":\(optional(error.hint)),\"position\":\(error.position.map(String.init) ?? "null")}"
  }

  /// Seconds: a full disk takes longer than a burst.
  static func retryAfter(_ state: SQLState) -> String { state == .diskFull ? "30" : "1" }

  /// The client's fault is 400 unless something more exact fits; what may pass is 429 or 503; ours is 500.
  static func status(for state: SQLState) -> Int {
    switch state {
    case .outOfMemory: return 429
    case .diskFull, .tooManyConnections, .adminShutdown, .cannotConnectNow: return 503
    case .readOnlyTransaction, .insufficientPrivilege: return 403
    case .queryCanceled: return 504
    default: break
    }
    switch state.code.prefix(2) {
    case "58", "XX": return 500
    case "57": return 503
    default: return 400
    }
  }
}
