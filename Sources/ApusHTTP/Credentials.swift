// Credentials owns what a request says of who sends it: the Authorization header, and the keys within ingest bodies.

import ApusBase
import Foundation

/// What an Authorization header holds.
enum Credentials: Sendable, Equatable {
  /// Bearer's or Token's: a key, or the role's password.
  case token(String)
  /// Basic's: a key as the user, or the role and its password.
  case basic(user: String, password: String)

  /// nil for a header that is none of these.
  init?(header: String) {
    guard let space = header.firstIndex(where: { $0 == " " || $0 == "\t" }) else { return nil }
    let value = header[space...].trimmingWhitespace()
    guard !value.isEmpty else { return nil }
    switch header[..<space].lowercased() {
    case "bearer", "token": self = .token(value)
    case "basic":
      guard let data = Data(base64Encoded: value), let text = String(validating: data, as: UTF8.self) else {
        return nil
      }
      let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      self = .basic(user: String(parts[0]), password: String(parts[1]))
    default: return nil
    }
  }
}

/// The key within a body: the member `api_key`, `token` or `writeKey` of its first object, or, in PostHog's events, the
/// `token` of that object's `properties`.
enum BodyKey {
  private static let names = ["api_key", "token", "writeKey"].map { Array($0.utf8) }

  private static let properties = Array("properties".utf8)
  private static let batch = Array("batch".utf8)

  static func find(in body: [UInt8], isPostHog: Bool = false) -> String? {
    body.withUnsafeBufferPointer { bytes in
      var scanner = Scanner(bytes: bytes)
      if isPostHog { scanner.enterArray() }
      if let key = scanner.run(names) { return key }
      guard isPostHog else { return nil }
      // An event by itself, the first of an array, or the first of a batch.
      for path in [[properties], [batch, properties]] {
        scanner = Scanner(bytes: bytes)
        if path.allSatisfy({ scanner.enter($0) }), let key = scanner.run(names) { return key }
      }
      return nil
    }
  }

  /// Walks the members of one object without keeping anything. Ends at whatever is not JSON: the decoder tells why.
  private struct Scanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var at = 0

    private var current: UInt8 { at < bytes.count ? bytes[at] : 0 }

    private mutating func skipSpace() {
      while at < bytes.count, [32, 9, 10, 13].contains(bytes[at]) { at += 1 }
    }

    /// The bytes between the quotes, escapes as they are; nil when it is no string.
    private mutating func string() -> Range<Int>? {
      guard current == UInt8(ascii: "\"") else { return nil }
      at += 1
      let start = at
      while at < bytes.count {
        switch bytes[at] {
        case UInt8(ascii: "\""):
          at += 1
          return start..<at - 1
        case UInt8(ascii: "\\"): at += 2
        default: at += 1
        }
      }
      return nil
    }

    /// Passes over a value; false at the end of the body.
    private mutating func skipValue() -> Bool {
      var depth = 0
      while at < bytes.count {
        switch bytes[at] {
        case UInt8(ascii: "\""):
          guard string() != nil else { return false }
          continue
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"):
          if depth == 0 { return true }
          depth -= 1
        case UInt8(ascii: ","):
          if depth == 0 { return true }
        default: break
        }
        at += 1
      }
      return false
    }

    /// Past the bracket of an array whose first element is an object.
    mutating func enterArray() {
      skipSpace()
      guard current == UInt8(ascii: "[") else { return }
      at += 1
      skipSpace()
    }

    /// To the start of a member's value.
    mutating func enter(_ wanted: [UInt8]) -> Bool {
      enterArray()
      guard current == UInt8(ascii: "{") else { return false }
      at += 1
      while at < bytes.count {
        skipSpace()
        guard let name = string() else { return false }
        skipSpace()
        guard current == UInt8(ascii: ":") else { return false }
        at += 1
        skipSpace()
        if wanted.elementsEqual(bytes[name]) { return true }
        guard skipValue(), current == UInt8(ascii: ",") else { return false }
        at += 1
      }
      return false
    }

    mutating func run(_ names: [[UInt8]]) -> String? {
      skipSpace()
      guard current == UInt8(ascii: "{") else { return nil }
      at += 1
      while at < bytes.count {
        skipSpace()
        guard let name = string() else { return nil }
        skipSpace()
        guard current == UInt8(ascii: ":") else { return nil }
        at += 1
        skipSpace()
        if names.contains(where: { $0.elementsEqual(bytes[name]) }), let value = string() {
          return String(validating: bytes[value], as: UTF8.self)
        }
        guard skipValue(), current == UInt8(ascii: ",") else { return nil }
        at += 1
      }
      return nil
    }
  }
}
