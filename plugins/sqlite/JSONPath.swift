// JSONPath owns the reading of one path in the text of a jsonb value, as PostgreSQL's -> and ->> do: SQLite's own
// operators turn numbers into its numbers, so that 12.50 would come back as 12.5.

import ApusPluginKit

/// A cursor over JSON text. The text was checked when it was stored; damage makes a path absent, never a trap.
struct JSONPath {
  private let text: UnsafeRawBufferPointer
  private var position = 0

  init(_ text: UnsafeRawBufferPointer) { self.text = text }

  /// The bytes of the value that `keys` lead to through objects; nil where there is none.
  static func find(_ keys: [UnsafeRawBufferPointer], in text: UnsafeRawBufferPointer) -> Range<Int>? {
    var cursor = JSONPath(text)
    for key in keys {
      guard cursor.enter(key) else { return nil }
    }
    cursor.skipSpace()
    let start = cursor.position
    guard cursor.skipValue() else { return nil }
    return start..<cursor.position
  }

  /// What ->> gives for a value: nil for JSON null, the content of a string with its escapes, else the text itself.
  static func plainText(_ value: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    if value.first == UInt8(ascii: "n") { return nil }
    guard value.first == UInt8(ascii: "\""), value.count >= 2 else { return value }
    return UnsafeRawBufferPointer(rebasing: value[1..<(value.count &- 1)])
  }

  private mutating func skipSpace() {
    while position < text.count, text[position] <= 0x20 { position &+= 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard position < text.count, text[position] == byte else { return false }
    position &+= 1
    return true
  }

  /// Moves to the value of a key of the object here. jsonb holds a key once, so the first is the one.
  private mutating func enter(_ key: UnsafeRawBufferPointer) -> Bool {
    guard take(UInt8(ascii: "{")) else { return false }
    while true {
      skipSpace()
      let start = position &+ 1
      guard skipString() else { return false }
      let found = UnsafeRawBufferPointer(rebasing: text[start..<max(start, position &- 1)])
      guard take(UInt8(ascii: ":")) else { return false }
      if Self.isEqual(found, key) { return true }
      guard skipValue(), take(UInt8(ascii: ",")) else { return false }
    }
  }

  private static func isEqual(_ escaped: UnsafeRawBufferPointer, _ key: UnsafeRawBufferPointer) -> Bool {
    if !escaped.contains(UInt8(ascii: "\\")) { return escaped.elementsEqual(key) }
    let plain = GrowingBytes()
    do throws(PluginError) { try appendUnescaped(escaped, to: plain) } catch { return false }
    return withExtendedLifetime(plain) { plain.bytes.elementsEqual(key) }
  }

  private mutating func skipString() -> Bool {
    guard position < text.count, text[position] == UInt8(ascii: "\"") else { return false }
    position &+= 1
    while position < text.count {
      let byte = text[position]
      position &+= byte == UInt8(ascii: "\\") ? 2 : 1
      if byte == UInt8(ascii: "\"") { return position <= text.count }
    }
    return false
  }

  /// Past one value. Objects and arrays are passed by counting brackets outside strings: no recursion.
  private mutating func skipValue() -> Bool {
    skipSpace()
    var depth = 0
    while position < text.count {
      switch text[position] {
      case UInt8(ascii: "\""):
        guard skipString() else { return false }
        if depth == 0 { return true }
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth &+= 1
        position &+= 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"):
        depth &-= 1
        position &+= 1
        if depth <= 0 { return depth == 0 }
      case UInt8(ascii: ","), UInt8(ascii: ":"), 0...0x20:
        position &+= 1
      default:
        while position < text.count, !Self.endsScalar(text[position]) { position &+= 1 }
        if depth == 0 { return true }
      }
    }
    return false
  }

  private static func endsScalar(_ byte: UInt8) -> Bool {
    byte <= 0x20 || byte == UInt8(ascii: ",") || byte == UInt8(ascii: "}") || byte == UInt8(ascii: "]")
      || byte == UInt8(ascii: ":") || byte == UInt8(ascii: "\"")
  }

  static func appendUnescaped(
    _ raw: UnsafeRawBufferPointer, to out: GrowingBytes
  ) throws(PluginError) {
    var index = 0
    while index < raw.count {
      let byte = raw[index]
      guard byte == UInt8(ascii: "\\"), index &+ 1 < raw.count else {
        try out.append(byte)
        index &+= 1
        continue
      }
      let escape = raw[index &+ 1]
      index &+= 2
      switch escape {
      case UInt8(ascii: "n"): try out.append(UInt8(10))
      case UInt8(ascii: "r"): try out.append(UInt8(13))
      case UInt8(ascii: "t"): try out.append(UInt8(9))
      case UInt8(ascii: "b"): try out.append(UInt8(8))
      case UInt8(ascii: "f"): try out.append(UInt8(12))
      case UInt8(ascii: "u"):
        var code = hexadecimal(raw, index) ?? 0xFFFD
        index = min(index &+ 4, raw.count)
        if code & 0xFC00 == 0xD800, index &+ 1 < raw.count, raw[index] == UInt8(ascii: "\\"),
          raw[index &+ 1] == UInt8(ascii: "u"), let low = hexadecimal(raw, index &+ 2), low & 0xFC00 == 0xDC00
        {
          code = 0x10000 &+ ((code & 0x3FF) << 10) &+ (low & 0x3FF)
          index = min(index &+ 6, raw.count)
        }
        try out.append(String(Unicode.Scalar(code) ?? "\u{FFFD}"))
      default: try out.append(escape)
      }
    }
  }

  private static func hexadecimal(_ raw: UnsafeRawBufferPointer, _ start: Int) -> UInt32? {
    guard start &+ 4 <= raw.count else { return nil }
    var code: UInt32 = 0
    for byte in raw[start..<(start &+ 4)] {
      switch byte {
      case 48...57: code = code << 4 | UInt32(byte &- 48)
      case 65...70: code = code << 4 | UInt32(byte &- 55)
      case 97...102: code = code << 4 | UInt32(byte &- 87)
      default: return nil
      }
    }
    return code
  }
}
