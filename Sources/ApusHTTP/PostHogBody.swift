// PostHogBody owns the wrappings that PostHog's SDKs put around the JSON of a body: gzip that no header names, the form
// field `data`, and base64.

import ApusBase
import ApusColumns
import Foundation

enum PostHogBody {
  /// Whether the body is bare JSON.
  static func isPlain(_ body: [UInt8]) -> Bool {
    guard let first = body.first(where: { ![32, 9, 10, 13].contains($0) }) else { return true }
    return first == UInt8(ascii: "{") || first == UInt8(ascii: "[")
  }

  /// The JSON within. `compression` is the parameter of that name. Throws `BodyTooLarge`, 22P02 for what cannot be
  /// unwrapped, 0A000 for compressions that are not read here.
  static func unwrap(
    _ body: [UInt8], compression: String?, account: (Int) throws -> Void
  ) throws -> [UInt8] {
    try requireKnown(compression)
    var body = try gunzipped(body, account)
    if isPlain(body) { return body }
    if let form = try formData(body) { body = form }
    if isPlain(body) { return body }
    return try gunzipped(try decoded(body), account)
  }

  private static func requireKnown(_ compression: String?) throws(ApusError) {
    switch compression {
    case nil, "", "gzip", "gzip-js", "base64": return
    case .some(let other):
      throw ApusError.unsupported("compression \"\(other)\" is", hint: "Use gzip, gzip-js, base64 or none.")
    }
  }

  private static func gunzipped(_ body: [UInt8], _ account: (Int) throws -> Void) throws -> [UInt8] {
    body.starts(with: [0x1F, 0x8B]) ? try BodyExpander.expand(body, .gzip, account: account) : body
  }

  /// The field `data` of a form; nil for a body that is none.
  private static func formData(_ body: [UInt8]) throws(ApusError) -> [UInt8]? {
    let name = Array("data=".utf8)
    for field in body.split(separator: UInt8(ascii: "&")) {
      if field.starts(with: "compression=".utf8) {
        try requireKnown(String(decoding: field.dropFirst("compression=".utf8.count), as: UTF8.self))
      }
    }
    guard let field = body.split(separator: UInt8(ascii: "&")).first(where: { $0.starts(with: name) }) else {
      return nil
    }
    return percentDecoded(field.dropFirst(name.count))
  }

  private static func percentDecoded(_ text: ArraySlice<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    var at = text.startIndex
    while at < text.endIndex {
      let byte = text[at]
      if byte == UInt8(ascii: "%"), at + 2 < text.endIndex, let high = digit(text[at + 1]),
        let low = digit(text[at + 2])
      {
        out.append(high << 4 | low)
        at += 3
        continue
      }
      out.append(byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      at += 1
    }
    return out
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 48...57: byte - 48
    case 65...70: byte - 55
    case 97...102: byte - 87
    default: nil
    }
  }

  private static func decoded(_ body: [UInt8]) throws(ApusError) -> [UInt8] {
    // A plus sign that was not escaped has become a space on its way through a form.
    var text = body.map { $0 == UInt8(ascii: " ") ? UInt8(ascii: "+") : $0 }
    text.removeAll { $0 == 10 || $0 == 13 }
    while text.last == UInt8(ascii: "+") { text.removeLast() }
    while text.count % 4 != 0 { text.append(UInt8(ascii: "=")) }
    guard let data = Data(base64Encoded: Data(text)) else {
      throw ApusError(.invalidTextRepresentation, "the body is neither JSON nor base64 of it")
    }
    return Array(data)
  }
}

/// What PostHog's SDKs say of a request outside of its body.
enum PostHogHead {
  /// The parameter `_` holds milliseconds since 1970, the header a time as text.
  static func sentAt(_ request: Request) -> PostgresMicroseconds? {
    if let text = request.header("posthog-request-timestamp") {
      let time = Array(text.utf8).withUnsafeBytes { try? DateTimeInput.timestamptz($0, FormatSettings(now: 0)) }
      if let time, TimestampRange.isFinite(time) { return time }
    }
    guard let text = request.parameter("_"), let milliseconds = Int64(text),
      (1_000_000_000_000..<10_000_000_000_000).contains(milliseconds)
    else { return nil }
    return milliseconds * 1_000 - postgresEpochUnixMicroseconds
  }

  /// `PostHog-Sdk-Info: posthog-python/7.1.0`.
  static func library(_ request: Request) -> (name: String, version: String)? {
    guard let text = request.header("posthog-sdk-info") else { return nil }
    let parts = text.split(separator: "/", maxSplits: 1)
    guard parts.count == 2, text.utf8.count <= 200 else { return nil }
    return (String(parts[0]), String(parts[1]))
  }
}

/// The documents that PostHog's SDKs fetch beside sending events. There are no feature flags here, nor surveys,
/// recordings or remote settings, and that is what these say.
enum PostHogDocument: Sendable, Hashable {
  /// `/flags` and, before it, `/decide`.
  case flags
  /// `/array/TOKEN/config` and `/array/TOKEN/config.js`.
  case config(token: String)
  case script(token: String)

  init?(path: String) {
    switch path {
    case "/flags", "/decide": self = .flags
    default:
      let parts = path.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 4, parts[0].isEmpty, parts[1] == "array", Self.isToken(parts[2]) else { return nil }
      switch parts[3] {
      case "config": self = .config(token: parts[2])
      case "config.js": self = .script(token: parts[2])
      default: return nil
      }
    }
  }

  /// It stands in a script.
  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= 200
      && text.utf8.allSatisfy {
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45 || $0 == 95
      }
  }

  private static let settings = [
    #""supportedCompression":["gzip","gzip-js"],"hasFeatureFlags":false,"analytics":{"endpoint":"/i/v0/e/"}"#,
    #""autocapture_opt_out":false,"autocaptureExceptions":false,"capturePerformance":false,"captureDeadClicks":false"#,
    #""defaultIdentifiedOnly":true,"elementsChainAsString":true,"heatmaps":false,"isAuthenticated":false"#,
    #""sessionRecording":false,"siteApps":[],"surveys":false,"toolbarParams":{}"#,
  ].joined(separator: ",")

  var reply: Reply {
    switch self {
    case .flags:
      return .json(
        200,
        #"{"flags":{},"featureFlags":{},"featureFlagPayloads":{},"errorsWhileComputingFlags":false,"requestId":"#
          + "\"\(UUID().uuidString.lowercased())\"," + #""config":{"enable_collect_everything":true},"#
          + Self.settings + "}\n")
    case .config(let token): return .json(200, Self.config(token) + "\n")
    case .script(let token):
      let text = """
        (function() {
          window._POSTHOG_REMOTE_CONFIG = window._POSTHOG_REMOTE_CONFIG || {};
          window._POSTHOG_REMOTE_CONFIG["\(token)"] = {config: \(Self.config(token)), siteApps: []};
        })();

        """
      return Reply(200, "text/javascript; charset=utf-8", Array(text.utf8)).with("Cache-Control", "max-age=300")
        .with("Cross-Origin-Resource-Policy", "cross-origin")
    }
  }

  private static func config(_ token: String) -> String { "{\"token\":\"\(token)\",\(settings)}" }
}
