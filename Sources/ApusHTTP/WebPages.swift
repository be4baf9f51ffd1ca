// WebPages owns what browsers get beside answers: the dashboard, its parts, Chart.js from the system, and the SDK.

import ApusBase
import ApusWeb
import Foundation

enum WebPages {
  /// Where distributions put Chart.js: Debian's libjs-chart.js and node-chart.js.
  static let chartPaths = [
    "/usr/share/javascript/chart.js/chart.min.js", "/usr/share/javascript/chart.js/Chart.min.js",
    "/usr/share/nodejs/chart.js/dist/chart.min.js",
  ]

  /// Scripts and styles are this server's own, and only this server is asked.
  static let policy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src data:",
    "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
  ].joined(separator: "; ")

  static func reply(_ asset: WebAsset, _ request: Request) -> Reply {
    var reply = Reply(200, asset.contentType, asset.bytes)
    let tag = "\"\(String(checksum(asset.bytes), radix: 16))\""
    if request.header("if-none-match") == tag { reply = Reply(304, asset.contentType, []) }
    reply = reply.with("ETag", tag)
    switch asset {
    case .dashboard:
      return reply.with("Cache-Control", "no-cache").with("Content-Security-Policy", policy)
        .with("Referrer-Policy", "no-referrer")
    case .sdk:
      return reply.with("Cache-Control", "public, max-age=3600").with("Access-Control-Allow-Origin", "*")
        .with("Cross-Origin-Resource-Policy", "cross-origin")
    default: return reply.with("Cache-Control", "no-cache")
    }
  }

  /// Read anew each time: it may be installed while the server runs, and is asked for rarely.
  static func chart(paths: [String] = chartPaths) -> Reply {
    for path in paths {
      guard let script = FileManager.default.contents(atPath: path) else { continue }
      return Reply(200, "text/javascript; charset=utf-8", Array(script)).with("Cache-Control", "max-age=3600")
    }
    let error = ApusError(
      .undefinedObject, "Chart.js is not installed, so the dashboard shows tables only",
      hint: "On Debian: apt-get install libjs-chart.js")
    return .error(error, status: 404)
  }

  /// FNV-1a.
  private static func checksum(_ bytes: [UInt8]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }
}
