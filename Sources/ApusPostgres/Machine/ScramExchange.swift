// ScramExchange owns the server's half of SCRAM-SHA-256 (RFC 5802, 7677): four messages, and no I/O.

import ApusBase
import ApusEngine

/// One exchange. Give it the client's first message, then its final one.
struct ScramExchange {
  private let verifier: ScramVerifier
  private let serverNonce: String
  private var channelBinding = ""
  private var clientFirst = ""
  private var serverFirst = ""
  private var nonce = ""

  init(verifier: ScramVerifier, serverNonce: String) {
    self.verifier = verifier
    self.serverNonce = serverNonce
  }

  private static func malformed(_ detail: String) -> ApusError {
    ApusError(.protocolViolation, "malformed SCRAM message", detail: detail)
  }

  private static func text(_ bytes: [UInt8]) throws(ApusError) -> String {
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw malformed("The message is no text.")
    }
    return text
  }

  /// The value of `name=value`.
  private static func value(_ part: Substring, _ name: Character) throws(ApusError) -> String {
    guard part.first == name, part.dropFirst().first == "=" else {
      throw malformed("Attribute \"\(name)\" is missing.")
    }
    return String(part.dropFirst(2))
  }

  /// Takes the client-first-message; the server-first-message.
  mutating func begin(_ bytes: [UInt8]) throws(ApusError) -> String {
    let parts = try Self.text(bytes).split(separator: ",", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3 else { throw Self.malformed("The message is too short.") }
    switch parts[0] {
    // "y": the client could bind the channel, and has seen that we do not offer it.
    case "n", "y": break
    case _ where parts[0].hasPrefix("p="):
      throw ApusError(.protocolViolation, "channel binding is not offered, but the client asks for it")
    default: throw Self.malformed("The flag of channel binding is none of n, y and p.")
    }
    guard parts[1].isEmpty else { throw ApusError.unsupported("SCRAM authorization identities are") }
    channelBinding = "\(parts[0]),,"
    clientFirst = String(parts[2])
    let attributes = parts[2].split(separator: ",", omittingEmptySubsequences: false)
    if attributes.first?.hasPrefix("m=") == true { throw ApusError.unsupported("mandatory SCRAM extensions are") }
    guard attributes.count >= 2 else { throw Self.malformed("The message is too short.") }
    // The startup packet has told the name; as in PostgreSQL, this one is not looked at.
    _ = try Self.value(attributes[0], "n")
    let clientNonce = try Self.value(attributes[1], "r")
    guard !clientNonce.isEmpty, clientNonce.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw Self.malformed("The nonce is not made of printable characters.")
    }
    nonce = clientNonce + serverNonce
    serverFirst = "r=\(nonce),s=\(ScramVerifier.base64(verifier.salt)),i=\(verifier.iterations)"
    return serverFirst
  }

  /// Takes the client-final-message; the server-final-message, or nil when the proof is wrong.
  func finish(_ bytes: [UInt8]) throws(ApusError) -> String? {
    let message = try Self.text(bytes)
    let parts = message.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count >= 3, let last = parts.last, last.hasPrefix("p=") else {
      throw Self.malformed("Attribute \"p\" is missing.")
    }
    guard try Self.value(parts[0], "c") == ScramVerifier.base64(Array(channelBinding.utf8)) else {
      throw ApusError(.protocolViolation, "SCRAM channel binding check failed")
    }
    guard try Self.value(parts[1], "r") == nonce else {
      throw ApusError(.protocolViolation, "invalid SCRAM response", detail: "Nonce does not match.")
    }
    guard let proof = ScramVerifier.bytes(base64: String(last.dropFirst(2))) else {
      throw Self.malformed("The proof is no base64.")
    }
    let withoutProof = message.dropLast(last.count + 1)
    let exchange = "\(clientFirst),\(serverFirst),\(withoutProof)"
    guard try verifier.accepts(proof: proof, of: exchange) else { return nil }
    return "v=" + ScramVerifier.base64(try verifier.signature(of: exchange))
  }
}
