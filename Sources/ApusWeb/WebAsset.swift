// WebAsset owns the files for browsers that are part of the binary: the dashboard and the SDK. They are in Web/.

/// A file that browsers get as it is.
public enum WebAsset: String, Sendable, CaseIterable {
  case dashboard = "dashboard.html"
  case style = "dashboard.css"
  case script = "dashboard.js"
  case views = "views.js"
  case parts = "parts.js"
  case queries = "queries.js"
  /// The SDK for pages of others.
  case sdk = "apus.js"

  public var bytes: [UInt8] {
    switch self {
    case .dashboard: PackageResources.dashboard_html
    case .style: PackageResources.dashboard_css
    case .script: PackageResources.dashboard_js
    case .views: PackageResources.views_js
    case .parts: PackageResources.parts_js
    case .queries: PackageResources.queries_js
    case .sdk: PackageResources.apus_js
    }
  }

  public var contentType: String {
    switch self {
    case .dashboard: "text/html; charset=utf-8"
    case .style: "text/css; charset=utf-8"
    case .script, .views, .parts, .queries, .sdk: "text/javascript; charset=utf-8"
    }
  }
}
