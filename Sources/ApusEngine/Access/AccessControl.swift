// AccessControl owns who may come in: the password of the role apus and the keys, as the catalog keeps them.

import ApusBase
import ApusStore
import Foundation
import Synchronization

/// What a database keeps of its role.
private struct RoleRecord: Codable {
  /// nil: no password is set.
  var verifier: String?
  /// Makes the verifiers of unknown names, so that these stay the same as those of a known one do.
  var mockSecret: Data

  static let objectKind = "role"
}

/// The access rules of one database. Every change goes through here: to the catalog first, then to memory.
final class AccessControl: Sendable {
  private struct State {
    var verifier: ScramVerifier?
    var mockSecret: [UInt8] = []
    /// By the hash of the secret.
    var keys: [String: AccessKey] = [:]
    /// A password that was found right, under `cacheKey`: clients of HTTP send it with every request.
    var proven: [UInt8]?
  }

  static let role = "apus"
  private let state: Mutex<State>
  /// One change of passwords or keys at a time.
  private let changes = Mutex<Void>(())
  private let cacheKey: [UInt8]

  /// Reads what the catalog holds. A role without a readable record is refused rather than let in without a password.
  init(_ snapshot: Snapshot) throws(ApusError) {
    var read = State()
    if let object = snapshot.object(kind: RoleRecord.objectKind, schema: "", name: Self.role) {
      guard let record = try? JSONDecoder().decode(RoleRecord.self, from: Data(object.definition.utf8)),
        record.verifier.map({ ScramVerifier(text: $0) != nil }) ?? true
      else { throw ApusError(.dataCorrupted, "the catalog's record of role \"\(Self.role)\" cannot be read") }
      read.verifier = record.verifier.flatMap { ScramVerifier(text: $0) }
      read.mockSecret = Array(record.mockSecret)
    }
    for object in snapshot.objects where object.kind == AccessKey.objectKind {
      guard let key = AccessKey(object) else {
        throw ApusError(.dataCorrupted, "the catalog's record of key \"\(object.name)\" cannot be read")
      }
      read.keys[key.hash] = key
    }
    state = Mutex(read)
    cacheKey = try Cryptography.random(32)
  }

  /// The object that keeps a verifier, with a secret of its own when there is none yet.
  static func roleObject(_ verifier: ScramVerifier?, mockSecret: [UInt8]) throws(ApusError) -> CatalogObject {
    let record = RoleRecord(verifier: verifier?.text, mockSecret: Data(mockSecret))
    guard let data = try? JSONEncoder().encode(record) else {
      throw ApusError.unexpected("a role could not be encoded")
    }
    return CatalogObject(
      kind: RoleRecord.objectKind, schema: "", name: role, definition: String(decoding: data, as: UTF8.self))
  }

  // MARK: - Passwords

  var verifier: ScramVerifier? { state.withLock { $0.verifier } }

  /// What a client that gives this name is checked against; nil while no password is set.
  func verifier(of user: String) throws(ApusError) -> (verifier: ScramVerifier, isKnown: Bool)? {
    let (verifier, secret) = state.withLock { ($0.verifier, $0.mockSecret) }
    guard let verifier else { return nil }
    if user == Self.role { return (verifier, true) }
    return (try ScramVerifier.mock(user: user, secret: secret), false)
  }

  func setVerifier(_ verifier: ScramVerifier?, in store: Store) throws(ApusError) {
    try changes.withLock { (_) throws(ApusError) in
      var secret = state.withLock { $0.mockSecret }
      if secret.isEmpty { secret = try Cryptography.random(32) }
      try store.apply([.putObject(try Self.roleObject(verifier, mockSecret: secret))])
      state.withLock {
        $0.verifier = verifier
        $0.mockSecret = secret
        $0.proven = nil
      }
    }
  }

  /// Whether this is the password. A password that was right before costs one HMAC.
  func accepts(_ password: String) -> Bool {
    let (verifier, proven) = state.withLock { ($0.verifier, $0.proven) }
    guard let verifier, let trace = try? Cryptography.hmac(key: cacheKey, Array(password.utf8)) else { return false }
    if let proven, Cryptography.areEqual(proven, trace) { return true }
    guard let isRight = try? verifier.accepts(password), isRight else { return false }
    state.withLock { if $0.verifier == verifier { $0.proven = trace } }
    return true
  }

  // MARK: - Keys

  /// In order of names.
  var keys: [AccessKey] { state.withLock { $0.keys.values.sorted { $0.name < $1.name } } }

  func key(_ secret: String) -> AccessKey? {
    guard let hash = try? AccessKey.hash(of: secret) else { return nil }
    return state.withLock { $0.keys[hash] }
  }

  func add(_ key: AccessKey, in store: Store) throws(ApusError) {
    try changes.withLock { (_) throws(ApusError) in
      guard !state.withLock({ $0.keys.values.contains { $0.name == key.name } }) else {
        throw ApusError(.duplicateObject, "key \"\(key.name)\" already exists")
      }
      try store.apply([.putObject(try key.object)])
      state.withLock { $0.keys[key.hash] = key }
    }
  }

  /// False when there is no key of that name.
  func revoke(_ name: String, in store: Store) throws(ApusError) -> Bool {
    try changes.withLock { (_) throws(ApusError) in
      guard let key = state.withLock({ $0.keys.values.first { $0.name == name } }) else { return false }
      try store.apply([.removeObject(kind: AccessKey.objectKind, schema: "", name: name)])
      state.withLock { $0.keys[key.hash] = nil }
      return true
    }
  }
}
