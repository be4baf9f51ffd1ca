// ScramVerifier owns what is kept of a password: enough to check it (RFC 5802, 7677), too little to log in with.

public import ApusBase
import Foundation

/// The SCRAM-SHA-256 verifier of a password, as PostgreSQL keeps it.
public struct ScramVerifier: Sendable, Hashable {
  public static let mechanism = "SCRAM-SHA-256"
  /// As PostgreSQL 15.
  static let iterations = 4096
  private static let saltBytes = 16
  private static let keyBytes = 32

  public let iterations: Int
  public let salt: [UInt8]
  let storedKey: [UInt8]
  let serverKey: [UInt8]

  private init(iterations: Int, salt: [UInt8], storedKey: [UInt8], serverKey: [UInt8]) {
    self.iterations = iterations
    self.salt = salt
    self.storedKey = storedKey
    self.serverKey = serverKey
  }

  /// The verifier of a password, with a new salt unless one is given.
  public static func make(
    password: String, salt: [UInt8]? = nil, iterations: Int? = nil
  ) throws(ApusError) -> ScramVerifier {
    let chosen: [UInt8]
    if let salt { chosen = salt } else { chosen = try Cryptography.random(saltBytes) }
    let rounds = iterations ?? Self.iterations
    let salted = try Cryptography.pbkdf2(password: prepared(password), salt: chosen, iterations: rounds)
    let clientKey = try Cryptography.hmac(key: salted, Array("Client Key".utf8))
    return ScramVerifier(
      iterations: rounds, salt: chosen, storedKey: try Cryptography.sha256(clientKey),
      serverKey: try Cryptography.hmac(key: salted, Array("Server Key".utf8)))
  }

  /// A verifier that no password fits, always the same for one name: unknown names look like known ones.
  static func mock(user: String, secret: [UInt8]) throws(ApusError) -> ScramVerifier {
    let salt = try Cryptography.hmac(key: secret, Array("salt \(user)".utf8))
    return ScramVerifier(
      iterations: iterations, salt: Array(salt.prefix(saltBytes)),
      storedKey: try Cryptography.hmac(key: secret, Array("stored key \(user)".utf8)),
      serverKey: try Cryptography.hmac(key: secret, Array("server key \(user)".utf8)))
  }

  /// Reads PostgreSQL's form, `SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY`; nil for anything else.
  public init?(text: String) {
    let parts = text.split(separator: "$", omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == Self.mechanism else { return nil }
    let head = parts[1].split(separator: ":", omittingEmptySubsequences: false)
    let keys = parts[2].split(separator: ":", omittingEmptySubsequences: false)
    guard head.count == 2, keys.count == 2, let rounds = Int(head[0]), (1...10_000_000).contains(rounds),
      let salt = Data(base64Encoded: String(head[1])), !salt.isEmpty,
      let stored = Data(base64Encoded: String(keys[0])), stored.count == Self.keyBytes,
      let server = Data(base64Encoded: String(keys[1])), server.count == Self.keyBytes
    else { return nil }
    self.init(iterations: rounds, salt: Array(salt), storedKey: Array(stored), serverKey: Array(server))
  }

  public var text: String {
    let keys = "\(Self.base64(storedKey)):\(Self.base64(serverKey))"
    return "\(Self.mechanism)$\(iterations):\(Self.base64(salt))$\(keys)"
  }

  public static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
  /// nil for what is no base64.
  public static func bytes(base64 text: String) -> [UInt8]? { Data(base64Encoded: text).map { Array($0) } }

  // MARK: - Checks

  /// Whether a password in the clear (HTTP) is the one.
  func accepts(_ password: String) throws(ApusError) -> Bool {
    let other = try Self.make(password: password, salt: salt, iterations: iterations)
    return Cryptography.areEqual(other.storedKey, storedKey)
  }

  /// Whether the client that sent the proof knows the password.
  public func accepts(proof: [UInt8], of exchange: String) throws(ApusError) -> Bool {
    let signature = try Cryptography.hmac(key: storedKey, Array(exchange.utf8))
    guard proof.count == signature.count else { return false }
    let clientKey = zip(proof, signature).map { $0 ^ $1 }
    return Cryptography.areEqual(try Cryptography.sha256(clientKey), storedKey)
  }

  /// What shows the client that the server knows the verifier.
  public func signature(of exchange: String) throws(ApusError) -> [UInt8] {
    try Cryptography.hmac(key: serverKey, Array(exchange.utf8))
  }

  /// The server's part of a nonce: printable, without commas.
  public static func nonce() throws(ApusError) -> String {
    Data(try Cryptography.random(18)).base64EncodedString()
  }

  // MARK: - SASLprep

  /// The password as clients hash it: SASLprep (RFC 4013), or the bytes as they are where that does not allow them.
  static func prepared(_ password: String) -> [UInt8] {
    let plain = Array(password.utf8)
    if plain.allSatisfy({ $0 < 128 }) { return plain }
    var mapped = String.UnicodeScalarView()
    for scalar in password.unicodeScalars where !isDropped(scalar) { mapped.append(isSpace(scalar) ? " " : scalar) }
    let normal = String(mapped).precomposedStringWithCompatibilityMapping
    guard !normal.isEmpty, !normal.unicodeScalars.contains(where: isProhibited) else { return plain }
    return Array(normal.utf8)
  }

  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value > 127 && (scalar.properties.generalCategory == .spaceSeparator || scalar.value == 0x200B)
  }

  /// RFC 3454, table B.1.
  private static func isDropped(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0xAD, 0x34F, 0x1806, 0x180B...0x180D, 0x200C, 0x200D, 0x2060, 0xFE00...0xFE0F, 0xFEFF: true
    default: false
    }
  }

  /// Tables C.2 to C.9: controls, private use, noncharacters and what changes the direction of text.
  private static func isProhibited(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .privateUse, .surrogate, .unassigned, .lineSeparator, .paragraphSeparator: true
    default: (0x2FF0...0x2FFB).contains(scalar.value) || (0xFFF9...0xFFFD).contains(scalar.value)
    }
  }
}

extension ScramVerifier {
  /// A client's proof of an exchange.
  package func proof(password: String, of exchange: String) throws(ApusError) -> [UInt8] {
    let salted = try Cryptography.pbkdf2(password: Self.prepared(password), salt: salt, iterations: iterations)
    let clientKey = try Cryptography.hmac(key: salted, Array("Client Key".utf8))
    let signature = try Cryptography.hmac(key: storedKey, Array(exchange.utf8))
    return zip(clientKey, signature).map { $0 ^ $1 }
  }
}
