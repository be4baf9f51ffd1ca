// AccessRules owns the rules that keep pages in browsers out: known hosts, and which origins may do what.

import ApusBase
import ApusWeb

/// - A Host that is none of ours is a name made to point here (DNS rebinding): refused everywhere but on `/livez`.
///   Known are loopback names, the names that the server was told, and, once a password is set, numeric addresses.
/// - Queries are for the page that this server itself served: the Origin must equal the Host.
/// - Without a password events may come from any page of a loopback host, whatever its port: an application under
///   development. With one, the key says which pages may send them (HTTPServer+Access), and the Host does not matter.
struct AccessRules: Sendable {
  /// Names without port, in lower case, IPv6 in brackets.
  private let hosts: Set<String>

  init(listening address: String, hosts more: [String] = []) {
    let own = address.contains(":") ? "[\(address)]" : address
    hosts = Set(["localhost", "127.0.0.1", "[::1]", own.lowercased()]).union(more.map { $0.lowercased() })
  }

  /// `isGuarded`: a password is set.
  func refusal(_ request: Request, _ route: Route, isGuarded: Bool) -> ApusError? {
    if route == .live { return nil }
    if isGuarded {
      switch route {
      case .ingest, .posthog, .asset(.sdk): return nil
      default: break
      }
    }
    // Only HTTP/1.0 clients leave the header out, and no browser is one.
    if let host = request.header("host"), !isKnown(host), !(isGuarded && Self.isNumeric(host)) {
      return ApusError(
        .insufficientPrivilege, "unknown host \"\(host)\"",
        hint: isGuarded
          ? "Start the server with --http-hosts, which names it." : "Use http://localhost or http://127.0.0.1.")
    }
    guard let origin = request.header("origin") else { return nil }
    let isAllowed: Bool
    switch route {
    case .ingest, .posthog, .asset(.sdk): isAllowed = isUnderDevelopment(origin)
    default: isAllowed = authority(of: origin)?.lowercased() == request.header("host")?.lowercased()
    }
    return isAllowed ? nil : ApusError(.insufficientPrivilege, "foreign origin \"\(origin)\"")
  }

  /// Whether a page is one of this machine's own.
  func isUnderDevelopment(_ origin: String) -> Bool { authority(of: origin).map(isKnown) ?? false }

  /// An address in numbers, with or without a port: no name, so nobody else's either.
  private static func isNumeric(_ authority: String) -> Bool {
    if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
      return authority[..<end].dropFirst().allSatisfy { $0.isHexDigit || $0 == ":" || $0 == "." }
    }
    let host = authority.prefix { $0 != ":" }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
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

  /// The answer to a preflight for a path that pages of other origins may use.
  func preflight(_ request: Request, _ methods: [Request.Method]) -> Reply {
    var reply = withOrigin(Reply(204, "text/plain", []), request)
    let allowed = methods.map(\.rawValue).joined(separator: ", ")
    reply.headers.append(("Access-Control-Allow-Methods", allowed))
    let asked = request.header("access-control-request-headers") ?? "content-type"
    reply.headers.append(("Access-Control-Allow-Headers", asked))
    reply.headers.append(("Access-Control-Max-Age", "86400"))
    return reply
  }

  /// Lets the page read the answer. Only for requests that `refusal` let through. sendBeacon always sends credentials,
  /// and vendors' SDKs may; what they open is nothing: the password is not taken from foreign pages, and there are no
  /// cookies.
  func withOrigin(_ reply: Reply, _ request: Request) -> Reply {
    guard let origin = request.header("origin") else { return reply }
    return reply.with("Access-Control-Allow-Origin", origin).with("Access-Control-Allow-Credentials", "true")
      .with("Vary", "Origin")
  }
}
