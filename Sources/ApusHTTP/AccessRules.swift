// AccessRules owns the rules that keep pages in browsers out: known hosts, and which origins may do what.

import ApusBase
import ApusWeb

/// Until there are keys and passwords the server listens on loopback only, so every known host is a loopback name.
///
/// - A Host that is none of ours is a name made to point here (DNS rebinding): refused everywhere but on `/livez`.
/// - Queries are for the page that this server itself served: the Origin must equal the Host.
/// - Events may come from any page of a loopback host, whatever its port: an application under development.
struct AccessRules: Sendable {
  /// Names without port, in lower case, IPv6 in brackets.
  private let hosts: Set<String>

  init(listening address: String) {
    let own = address.contains(":") ? "[\(address)]" : address
    hosts = ["localhost", "127.0.0.1", "[::1]", own.lowercased()]
  }

  func refusal(_ request: Request, _ route: Route) -> ApusError? {
    if route == .live { return nil }
    // Only HTTP/1.0 clients leave the header out, and no browser is one.
    if let host = request.header("host"), !isKnown(host) {
      return ApusError(
        .insufficientPrivilege, "unknown host \"\(host)\"", hint: "Use http://localhost or http://127.0.0.1.")
    }
    guard let origin = request.header("origin") else { return nil }
    let isAllowed: Bool
    switch route {
    case .ingest, .asset(.sdk): isAllowed = authority(of: origin).map(isKnown) ?? false
    default: isAllowed = authority(of: origin)?.lowercased() == request.header("host")?.lowercased()
    }
    return isAllowed ? nil : ApusError(.insufficientPrivilege, "foreign origin \"\(origin)\"")
  }

  /// Host and port of `http://host:port`; nil for anything else, `null` included.
  private func authority(of origin: String) -> String? {
    for scheme in ["http://", "https://"] where origin.lowercased().hasPrefix(scheme) {
      return String(origin.dropFirst(scheme.count))
    }
    return nil
  }

  private func isKnown(_ authority: String) -> Bool {
    var name = authority.lowercased()
    if let colon = name.lastIndex(of: ":"), !name.hasSuffix("]") {
      let port = name[name.index(after: colon)...]
      guard port.utf8.allSatisfy({ (48...57).contains($0) }) else { return false }
      name = String(name[..<colon])
    }
    if name.hasSuffix(".localhost") { return true }
    return hosts.contains(name) || isLoopbackAddress(name)
  }

  /// 127.0.0.0/8 in numbers.
  private func isLoopbackAddress(_ name: String) -> Bool {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  // MARK: - CORS

  /// The answer to a preflight for an ingest path.
  func preflight(_ request: Request) -> Reply {
    var reply = withOrigin(Reply(204, "text/plain", []), request)
    reply.headers.append(("Access-Control-Allow-Methods", "POST, OPTIONS"))
    let asked = request.header("access-control-request-headers") ?? "content-type"
    reply.headers.append(("Access-Control-Allow-Headers", asked))
    reply.headers.append(("Access-Control-Max-Age", "86400"))
    return reply
  }

  /// Lets the page read the answer. Only for requests that `refusal` let through.
  func withOrigin(_ reply: Reply, _ request: Request) -> Reply {
    guard let origin = request.header("origin") else { return reply }
    return reply.with("Access-Control-Allow-Origin", origin).with("Vary", "Origin")
  }
}
