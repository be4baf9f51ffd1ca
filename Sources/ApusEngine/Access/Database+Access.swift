// What endpoints ask of a database before they let a client in.

public import ApusBase

extension Database {
  /// Whether clients must prove who they are. Until then only this machine's are served, without asking.
  public var hasPassword: Bool { access.verifier != nil }

  /// What a client of that name is checked against over the PostgreSQL protocol, and whether the name is known; nil
  /// while no password is set.
  public func verifier(of user: String) throws(ApusError) -> (verifier: ScramVerifier, isKnown: Bool)? {
    try access.verifier(of: user)
  }

  /// Whether this is the role's password.
  public func accepts(password: String) -> Bool { access.accepts(password) }

  /// The key with this secret; nil when there is none, or no more.
  public func key(_ secret: String) -> AccessKey? { access.key(secret) }

  /// Sets the password of the role, or takes it away.
  public func setPassword(_ password: String?) throws(ApusError) {
    guard let password else { return try setVerifier(nil) }
    guard !password.isEmpty else { throw ApusError(.invalidParameterValue, "a password cannot be empty") }
    if let verifier = ScramVerifier(text: password) { return try setVerifier(verifier) }
    try setVerifier(try ScramVerifier.make(password: password))
  }

  private func setVerifier(_ verifier: ScramVerifier?) throws(ApusError) {
    if verifier == nil, let address = serverSettings.named("apus.listen")?.value, !isLoopback(address: address) {
      throw ApusError(
        .objectNotInPrerequisiteState, "the password cannot be taken away while the server listens on \"\(address)\"",
        hint: "Only a server that listens on loopback may go without a password.")
    }
    try access.setVerifier(verifier, in: store)
    Log.info("access", verifier == nil ? "the password of role apus was removed" : "the password of role apus was set")
  }

  /// Makes a key. Its secret is in the answer and nowhere else.
  public func createKey(
    name: String, kind: AccessKey.Kind, table: String? = nil, origins: [String] = []
  ) throws(ApusError) -> String {
    guard !name.isEmpty, name.utf8.count <= Limits.identifierBytesMax else {
      throw ApusError(
        .invalidParameterValue, "a key's name has 1 to \(Limits.identifierBytesMax) bytes")
    }
    if kind == .query {
      if table != nil { throw ApusError.unsupported("query keys of one table are") }
      if !origins.isEmpty {
        throw ApusError.unsupported(
          "origins of query keys are", hint: "Pages of other origins cannot query, whatever their key.")
      }
    }
    if let table, snapshot().table(schema: "public", name: table) == nil {
      throw ApusError(.undefinedTable, "relation \"\(table)\" does not exist")
    }
    for origin in origins where !Self.isOrigin(origin) {
      throw ApusError(
        .invalidParameterValue, "\"\(origin)\" is not an origin", hint: "An origin is like https://www.example.com.")
    }
    let (key, secret) = try AccessKey.make(
      name: name, kind: kind, table: table, origins: origins.map { $0.lowercased() }, at: now())
    try access.add(key, in: store)
    Log.info("access", "a key was created", ["name": name, "kind": kind.rawValue])
    return secret
  }

  /// Takes a key away at once; false when there is none of that name.
  public func revokeKey(_ name: String) throws(ApusError) -> Bool {
    let isGone = try access.revoke(name, in: store)
    if isGone { Log.info("access", "a key was revoked", ["name": name]) }
    return isGone
  }

  /// Scheme, host and perhaps a port: what browsers send as Origin.
  private static func isOrigin(_ text: String) -> Bool {
    let lower = text.lowercased()
    guard let scheme = ["http://", "https://"].first(where: { lower.hasPrefix($0) }) else { return false }
    let rest = lower.dropFirst(scheme.count)
    return !rest.isEmpty && !rest.contains { "/?#@ ,*".contains($0) }
  }
}

/// Whether a numeric address is one that only this machine reaches.
public func isLoopback(address: String) -> Bool {
  if address == "::1" { return true }
  let parts = address.split(separator: ".", omittingEmptySubsequences: false)
  return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
}
