// JSONToken owns the Swift view of CSimdJSON's flat tokens.

/// What a token is.
@frozen
public enum JSONKind: UInt8, Sendable, BitwiseCopyable {
  case null, `false`, `true`
  /// An integer of Int64's range, in `number`.
  case integer
  /// `number` units of 10^-`scale`, at most 18 digits.
  case decimal
  /// Any other number, as text.
  case number
  case string, object, array
  /// A member's key; its value is the next token.
  case key
}

/// One token, laid out as CSimdJSON's. The tokens of a value follow it up to `end`.
@frozen
public struct JSONToken: Sendable, BitwiseCopyable {
  /// Integers and decimals: the number. Containers: how many members.
  public let number: Int64
  @usableFromInline let offset: UInt32
  @usableFromInline let length: UInt32
  @usableFromInline let endIndex: UInt32
  @usableFromInline let rawKind: UInt8
  @usableFromInline let rawScale: UInt8
  @usableFromInline let flags: UInt8
  @usableFromInline let unused: UInt8

  @inlinable @inline(__always)
  public var kind: JSONKind { JSONKind(rawValue: rawKind) ?? .null }
  /// One past the index of the value's last token.
  @inlinable @inline(__always)
  public var end: Int { Int(endIndex) }
  /// The length of its text.
  @inlinable @inline(__always)
  public var byteCount: Int { Int(length) }
  /// Of a decimal: digits after the point.
  @inlinable @inline(__always)
  public var scale: Int { Int(rawScale) }
  /// Whether a string holds a quote, a backslash or a control character.
  @inlinable @inline(__always)
  public var needsEscape: Bool { flags & 2 != 0 }
}

/// One document's tokens, or why there are none. A view: valid until its parser is used again, while the input lives.
public struct JSONDocument {
  public let tokens: UnsafePointer<JSONToken>
  /// 0 when the document is broken.
  public let count: Int
  @usableFromInline let input: UnsafePointer<UInt8>
  @usableFromInline let side: UnsafePointer<UInt8>
  public let error: JSONError?
  /// Of a line: its number from 1, and its bytes in the input.
  public let line: Int
  public let offset: Int
  public let length: Int

  /// The text of a token: a string's or key's content, a number's digits, the source text of a container.
  @inlinable @inline(__always)
  public func text(_ token: JSONToken) -> UnsafeRawBufferPointer {
    let base = token.flags & 1 != 0 ? side : input
    return UnsafeRawBufferPointer(start: base + Int(token.offset), count: Int(token.length))
  }

  @inlinable @inline(__always)
  public subscript(index: Int) -> JSONToken { tokens[index] }

  /// The text of token `index` as a string.
  public func string(_ index: Int) -> String { String(decoding: text(tokens[index]), as: UTF8.self) }

  /// The index of the value of the member `key` of the object at `object`: the last of several.
  public func member(_ key: StaticString, of object: Int = 0) -> Int? {
    guard object < count, tokens[object].kind == .object else { return nil }
    let wanted = UnsafeRawBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount)
    let end = tokens[object].end
    var found: Int?
    var index = object + 1
    while index < end {
      if equalBytes(text(tokens[index]), wanted) { found = index + 1 }
      index = tokens[index + 1].end
    }
    return found
  }
}

/// Whether two byte strings are equal. Short ones, as keys and values mostly are, cost a few instructions.
@inlinable @inline(__always)
public func equalBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
  let count = a.count
  guard count == b.count else { return false }
  guard count > 0, let x = a.baseAddress, let y = b.baseAddress else { return true }
  return equalBytes(x, y, count)
}

/// The same for `count` bytes at two addresses; `count` must be over 0.
@inlinable @inline(__always)
public func equalBytes(_ x: UnsafeRawPointer, _ y: UnsafeRawPointer, _ count: Int) -> Bool {
  if count >= 8 {
    var at = 0
    let last = count &- 8
    while at < last {
      if x.loadUnaligned(fromByteOffset: at, as: UInt64.self) != y.loadUnaligned(fromByteOffset: at, as: UInt64.self) {
        return false
      }
      at &+= 8
    }
    return x.loadUnaligned(fromByteOffset: last, as: UInt64.self)
      == y.loadUnaligned(fromByteOffset: last, as: UInt64.self)
  }
  if count >= 4 {
    return x.loadUnaligned(as: UInt32.self) == y.loadUnaligned(as: UInt32.self)
      && x.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
        == y.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self)
  }
  for index in 0..<count
  where x.load(fromByteOffset: index, as: UInt8.self) != y.load(fromByteOffset: index, as: UInt8.self) {
    return false
  }
  return true
}
