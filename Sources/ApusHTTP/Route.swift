// Route owns the list of paths and what may be asked of each.

/// What a path leads to.
enum Route: Sendable, Hashable {
  /// Events in one of the dialects.
  case ingest(IngestPath)
  case query
  case live, ready, metrics, home

  init?(path: String) {
    var path = path
    if path.count > 1, path.hasSuffix("/") { path.removeLast() }
    if let ingest = IngestPath(rawValue: path) {
      self = .ingest(ingest)
      return
    }
    switch path {
    case "/v1/query": self = .query
    case "/livez": self = .live
    case "/readyz", "/health": self = .ready
    case "/metrics": self = .metrics
    case "/": self = .home
    default: return nil
    }
  }

  var methods: [Request.Method] {
    switch self {
    case .ingest: [.post, .options]
    case .query: [.post]
    case .live, .ready, .metrics, .home: [.get, .head]
    }
  }

  /// For metrics: a fixed set.
  var label: String {
    switch self {
    case .ingest(let path): path.isNative ? "events" : "segment"
    case .query: "query"
    case .live: "livez"
    case .ready: "readyz"
    case .metrics: "metrics"
    case .home: "home"
    }
  }
}

/// The paths that take events.
enum IngestPath: String, Sendable {
  case events = "/v1/events"
  case track = "/v1/track"
  case identify = "/v1/identify"
  case page = "/v1/page"
  case screen = "/v1/screen"
  case group = "/v1/group"
  case alias = "/v1/alias"
  case batch = "/v1/batch"

  var isNative: Bool { self == .events }
}
