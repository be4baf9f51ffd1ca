// The question of who may: once the role has a password, queries and pages want it or a query key, events it or an
// ingest key.

import ApusBase
import ApusEngine
import ApusWeb

extension Route {
  /// Whether this is for those who may read. Health is told to everybody, the SDK is for others' pages, and events
  /// have keys of their own.
  var isForReaders: Bool {
    switch self {
    case .asset(.sdk): false
    case .query, .metrics, .chart, .asset: true
    default: false
    }
  }
}

extension HTTPServer {
  private static func challenge(_ message: String, _ scheme: String) -> Reply {
    let error = ApusError(
      .invalidPassword, message, hint: "Send the header Authorization: Bearer KEY, or Basic with apus and its password."
    )
    return Reply.error(error, status: 401).with("WWW-Authenticate", scheme)
  }

  /// Why a request for queries, pages and metrics is not answered; nil when it is.
  func readerRefusal(_ request: Request, _ route: Route) -> Reply? {
    guard route.isForReaders, let database = database().0, database.hasPassword else { return nil }
    // A browser asks its user for a Basic password, and sends it with the page's own queries.
    let scheme = "Basic realm=\"Apus\", charset=\"UTF-8\""
    guard let header = request.header("authorization") else {
      return Self.challenge("a query key or the password of role apus is required", scheme)
    }
    let key: AccessKey?
    switch Credentials(header: header) {
    case .token(let text):
      key = database.key(text)
      if key == nil, database.accepts(password: text) { return nil }
    case .basic(let user, let password):
      key = database.key(user)
      if key == nil, user == "apus", database.accepts(password: password) { return nil }
    case nil: key = nil
    }
    guard let key else { return Self.challenge("the key or password is wrong", scheme) }
    guard key.kind == .query else {
      return .error(
        ApusError(.insufficientPrivilege, "key \"\(key.name)\" is for events, not for queries"), status: 403)
    }
    return nil
  }

  /// Who sends events: checked once their body is here, since it may hold the key. Binds the request to the key's
  /// table. nil when they may.
  func ingestRefusal(
    _ ingest: inout IngestRequest, _ request: Request, _ database: Database
  ) -> (error: ApusError, status: Int)? {
    guard database.hasPassword else { return nil }
    let key: AccessKey?
    if let header = request.header("authorization") {
      switch Credentials(header: header) {
      case .token(let text):
        key = database.key(text)
        if key == nil, database.accepts(password: text) { return passwordRefusal(request) }
      case .basic(let user, let password):
        key = database.key(user)
        if key == nil, user == "apus", database.accepts(password: password) { return passwordRefusal(request) }
      case nil: key = nil
      }
    } else if let text = BodyKey.find(in: ingest.body, isPostHog: ingest.dialect.name == "posthog") {
      key = database.key(text)
    } else {
      let error = ApusError(
        .invalidPassword, "an ingest key is required",
        hint: "Make one with SELECT apus.create_key('web', 'ingest') and send Authorization: Bearer KEY.")
      return (error, 401)
    }
    guard let key else { return (ApusError(.invalidPassword, "the key or password is wrong"), 401) }
    guard key.kind == .ingest else {
      return (ApusError(.insufficientPrivilege, "key \"\(key.name)\" is for queries, not for events"), 403)
    }
    if !key.origins.isEmpty, let origin = request.header("origin"), !key.origins.contains(origin.lowercased()) {
      return (ApusError(.insufficientPrivilege, "key \"\(key.name)\" is not for pages of \"\(origin)\""), 403)
    }
    if let table = key.table {
      if let asked = request.parameter("table"), asked != table {
        return (ApusError(.insufficientPrivilege, "key \"\(key.name)\" is not for table \"\(asked)\""), 403)
      }
      ingest.table = table
    }
    return nil
  }

  /// The password opens everything, and so pages of other sites may not use it.
  private func passwordRefusal(_ request: Request) -> (error: ApusError, status: Int)? {
    guard let origin = request.header("origin"), !rules.isUnderDevelopment(origin) else { return nil }
    return (ApusError(.insufficientPrivilege, "foreign origin \"\(origin)\""), 403)
  }
}
