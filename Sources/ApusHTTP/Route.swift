// Route owns the list of paths and what may be asked of each.

import ApusEngine
import ApusWeb

/// What a path leads to.
enum Route: Sendable, Hashable {
  /// Events in one of the dialects.
  case ingest(IngestPath)
  case query
  case live, ready, metrics
  /// What PostHog's SDKs ask besides.
  case posthog(PostHogDocument)
  /// A file of the dashboard, or the browser SDK.
  case asset(WebAsset)
  /// Chart.js, which the system brings.
  case chart

  init?(path: String) {
    var path = path
    if path.count > 1, path.hasSuffix("/") { path.removeLast() }
    if let ingest = IngestPath(rawValue: path) {
      self = .ingest(ingest)
      return
    }
    if let document = PostHogDocument(path: path) {
      self = .posthog(document)
      return
    }
    switch path {
    case "/v1/query": self = .query
    case "/livez": self = .live
    case "/readyz", "/health": self = .ready
    case "/metrics": self = .metrics
    case "/": self = .asset(.dashboard)
    case "/chart.js": self = .chart
    default:
      guard let asset = WebAsset(rawValue: String(path.dropFirst())), asset != .dashboard else { return nil }
      self = .asset(asset)
    }
  }

  var methods: [Request.Method] {
    switch self {
    case .ingest: [.post, .options]
    case .query: [.post]
    case .posthog(.flags): [.post, .get, .options]
    case .posthog: [.get, .head, .options]
    case .live, .ready, .metrics, .asset, .chart: [.get, .head]
    }
  }

  /// For metrics: a fixed set.
  var label: String {
    switch self {
    case .ingest(let path): path.isNative ? "events" : path.dialect.name
    case .posthog: "posthog"
    case .query: "query"
    case .live: "livez"
    case .ready: "readyz"
    case .metrics: "metrics"
    case .asset(.sdk): "sdk"
    case .asset, .chart: "dashboard"
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
  // As Segment's SDK for browsers shortens them.
  case shortTrack = "/v1/t"
  case shortIdentify = "/v1/i"
  case shortPage = "/v1/p"
  case shortScreen = "/v1/s"
  case shortGroup = "/v1/g"
  case shortAlias = "/v1/a"
  case shortBatch = "/v1/b"
  case posthogCapture = "/capture"
  case posthogBatch = "/batch"
  case posthogEvents = "/e"
  case posthogEventsV0 = "/i/v0/e"
  case posthogAnalytics = "/i/v1/analytics/events"

  var isNative: Bool { self == .events }
}
