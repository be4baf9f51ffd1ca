// Authentication owns the SASL messages between the startup packet and AuthenticationOk (PostgreSQL 15 manual, section
// 55.3).

import ApusBase
import ApusEngine

/// One client proving that it knows its password.
struct Authentication {
  private enum State { case offered, challenged, done }

  private let user: String
  /// An unknown name goes through the same messages, and fails at their end.
  private let isKnown: Bool
  private var exchange: ScramExchange
  private var state = State.offered

  /// nil when nothing is asked: no password is set.
  init?(user: String, database: Database, serverNonce: String? = nil) throws(ApusError) {
    guard let found = try database.verifier(of: user) else { return nil }
    self.user = user
    isKnown = found.isKnown
    let nonce: String
    if let serverNonce { nonce = serverNonce } else { nonce = try ScramVerifier.nonce() }
    exchange = ScramExchange(verifier: found.verifier, serverNonce: nonce)
  }

  /// Offers the mechanisms.
  func begin(into out: inout OutputBuffer) { out.authenticationSASL([ScramVerifier.mechanism]) }

  /// Takes the client's next message. True when the client is who it says.
  mutating func receive(_ item: MessageDecoder.Item, into out: inout OutputBuffer) throws(ApusError) -> Bool {
    guard case .message(.password(let bytes)) = item else {
      throw ApusError(.protocolViolation, "expected SASL response")
    }
    switch state {
    case .offered:
      var body = MessageBody(bytes, 0, bytes.count)
      let mechanism = try body.string()
      guard mechanism == ScramVerifier.mechanism else {
        throw ApusError(.protocolViolation, "client selected an invalid SASL authentication mechanism")
      }
      let length = Int(try body.int32())
      // SCRAM's client speaks first: without a message there is nothing to answer.
      let first = length < 0 ? [] : try body.take(length)
      guard body.isAtEnd else { throw ApusError(.protocolViolation, "invalid message format") }
      state = .challenged
      out.authenticationSASLContinue(Array(try exchange.begin(first).utf8))
      return false
    case .challenged:
      state = .done
      guard let final = try exchange.finish(bytes), isKnown else {
        throw ApusError(.invalidPassword, "password authentication failed for user \"\(user)\"")
      }
      out.authenticationSASLFinal(Array(final.utf8))
      return true
    case .done: throw ApusError(.protocolViolation, "expected no further SASL response")
    }
  }
}
