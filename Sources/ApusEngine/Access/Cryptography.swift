// Cryptography owns the calls of GnuTLS that passwords and keys need: SHA-256, HMAC, PBKDF2 and random bytes.

import ApusBase
import CGnuTLS

enum Cryptography {
  private static let digestBytes = 32

  private static func check(_ code: Int32, _ what: String) throws(ApusError) {
    guard code == 0 else { throw ApusError.unexpected("\(what) failed: \(String(cString: gnutls_strerror(code)))") }
  }

  /// Bytes that nobody can guess.
  static func random(_ count: Int) throws(ApusError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    try check(gnutls_rnd(GNUTLS_RND_KEY, &bytes, count), "making random bytes")
    return bytes
  }

  static func sha256(_ bytes: [UInt8]) throws(ApusError) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: digestBytes)
    try check(gnutls_hash_fast(GNUTLS_DIG_SHA256, bytes, bytes.count, &digest), "SHA-256")
    return digest
  }

  static func hmac(key: [UInt8], _ bytes: [UInt8]) throws(ApusError) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: digestBytes)
    try check(gnutls_hmac_fast(GNUTLS_MAC_SHA256, key, key.count, bytes, bytes.count, &digest), "HMAC")
    return digest
  }

  static func pbkdf2(password: [UInt8], salt: [UInt8], iterations: Int) throws(ApusError) -> [UInt8] {
    var derived = [UInt8](repeating: 0, count: digestBytes)
    var (secret, seasoning) = (password, salt)
    let rounds = UInt32(clamping: iterations)
    let code = secret.withUnsafeMutableBufferPointer { secret in
      seasoning.withUnsafeMutableBufferPointer { seasoning in
        var key = gnutls_datum_t(data: secret.baseAddress, size: UInt32(clamping: secret.count))
        var salt = gnutls_datum_t(data: seasoning.baseAddress, size: UInt32(clamping: seasoning.count))
        return gnutls_pbkdf2(GNUTLS_MAC_SHA256, &key, &salt, rounds, &derived, digestBytes)
      }
    }
    try check(code, "PBKDF2")
    return derived
  }

  /// Whether two secrets are equal, in a time that does not tell where they differ.
  static func areEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    var difference: UInt8 = 0
    for index in left.indices { difference |= left[index] ^ right[index] }
    return difference == 0
  }

  static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }
}
