// LikePattern owns LIKE and ILIKE: patterns compiled once, and matched on bytes.

import ApusBase
import ApusColumns
private import Glibc

/// A compiled pattern. `%` is any string, `_` one character of UTF-8, `\` takes the next character as it is.
struct LikePattern: Sendable {
  private enum Token: Sendable, Equatable {
    case literal([UInt8])
    case one
    case any
    /// An escape character at the end: an error for the text that gets there.
    case dangling
  }
  private enum Form: Sendable {
    case exact([UInt8])
    case prefix([UInt8])
    case suffix([UInt8])
    case contains([UInt8])
    case general
  }
  private let tokens: [Token]
  private let form: Form

  init(_ pattern: UnsafeRawBufferPointer) {
    var tokens: [Token] = []
    var literal: [UInt8] = []
    var index = 0
    func flush() {
      if !literal.isEmpty { tokens.append(.literal(literal)) }
      literal = []
    }
    while index < pattern.count {
      let byte = pattern[index]
      switch byte {
      case UInt8(ascii: "%"):
        flush()
        if tokens.last != .any { tokens.append(.any) }
      case UInt8(ascii: "_"):
        flush()
        tokens.append(.one)
      case UInt8(ascii: "\\"):
        index += 1
        if index < pattern.count {
          literal.append(pattern[index])
        } else {
          flush()
          tokens.append(.dangling)
        }
      default: literal.append(byte)
      }
      index += 1
    }
    flush()
    self.tokens = tokens
    switch tokens.count {
    case 0: form = .exact([])
    case 1:
      if case .literal(let text) = tokens[0] { form = .exact(text) } else { form = .general }
    case 2:
      if case .literal(let text) = tokens[0], tokens[1] == .any {
        form = .prefix(text)
      } else if tokens[0] == .any, case .literal(let text) = tokens[1] {
        form = .suffix(text)
      } else {
        form = .general
      }
    case 3:
      if tokens[0] == .any, case .literal(let text) = tokens[1], tokens[2] == .any {
        form = .contains(text)
      } else {
        form = .general
      }
    default: form = .general
    }
  }

  /// Throws 22025 when a text gets to an escape character at the pattern's end.
  @inline(__always)
  func matches(_ text: UnsafeRawBufferPointer) throws(ApusError) -> Bool {
    switch form {
    case .exact(let wanted): return wanted.withUnsafeBytes { equalBytes($0, text) }
    case .prefix(let wanted): return has(text, wanted, at: 0)
    case .suffix(let wanted): return text.count >= wanted.count && has(text, wanted, at: text.count - wanted.count)
    case .contains(let wanted): return find(text, wanted, from: 0) != nil
    case .general: return try general(text)
    }
  }

  private func has(_ text: UnsafeRawBufferPointer, _ wanted: [UInt8], at start: Int) -> Bool {
    guard start + wanted.count <= text.count else { return false }
    return wanted.withUnsafeBytes {
      equalBytes($0, UnsafeRawBufferPointer(rebasing: text[start..<start + wanted.count]))
    }
  }

  private func find(_ text: UnsafeRawBufferPointer, _ wanted: [UInt8], from start: Int) -> Int? {
    guard let base = text.baseAddress, let first = wanted.first else { return wanted.isEmpty ? start : nil }
    var at = start
    let last = text.count - wanted.count
    while at <= last, let found = memchr(base + at, Int32(first), last - at + 1) {
      at = UnsafeRawPointer(found) - base
      if has(text, wanted, at: at) { return at }
      at += 1
    }
    return nil
  }

  /// Greedy with one point to go back to: the last `%`, since what is before it need not be tried again.
  private func general(_ text: UnsafeRawBufferPointer) throws(ApusError) -> Bool {
    var token = 0
    var at = 0
    var retryToken = -1
    var retryAt = 0
    while true {
      if token == tokens.count {
        if at == text.count { return true }
      } else {
        switch tokens[token] {
        case .any:
          retryToken = token + 1
          retryAt = at
          token += 1
          continue
        case .literal(let wanted):
          if has(text, wanted, at: at) {
            at += wanted.count
            token += 1
            continue
          }
        case .dangling:
          if at < text.count {
            throw ApusError(.invalidEscapeSequence, "LIKE pattern must not end with escape character")
          }
        case .one:
          if at < text.count {
            at = next(text, at)
            token += 1
            continue
          }
        }
      }
      guard retryToken >= 0, retryAt < text.count else { return false }
      retryAt = next(text, retryAt)
      if retryToken < tokens.count, case .literal(let wanted) = tokens[retryToken] {
        guard let found = find(text, wanted, from: retryAt) else { return false }
        retryAt = found
      }
      at = retryAt
      token = retryToken
    }
  }

  private func next(_ text: UnsafeRawBufferPointer, _ at: Int) -> Int {
    var place = at + 1
    while place < text.count, text[place] & 0xC0 == 0x80 { place += 1 }
    return place
  }
}

/// Text in lower case, for ILIKE and `~*`.
func lowered(_ raw: UnsafeRawBufferPointer) -> [UInt8] {
  if raw.allSatisfy({ $0 < 128 }) { return raw.map { $0 &- 65 < 26 ? $0 | 32 : $0 } }
  return Array(String(decoding: raw, as: UTF8.self).lowercased().utf8)
}
