// StatementText owns what logs may show of a statement: its text without literals, and not too much of it.

enum StatementText {
  /// Characters of a statement that are logged.
  private static let lengthMax = 1_000

  /// The statement with `?` for strings and numbers, comments left out, blanks made one.
  static func redacted(_ text: String) -> String {
    var scanner = Scanner(bytes: Array(text.utf8))
    while scanner.out.count < lengthMax, scanner.step() {}
    let shown = String(decoding: scanner.out.prefix(lengthMax), as: UTF8.self)
    return scanner.isAtEnd ? shown : shown + "..."
  }

  private struct Scanner {
    let bytes: [UInt8]
    var at = 0
    var out: [UInt8] = []

    var isAtEnd: Bool { at >= bytes.count }
    private func byte(_ offset: Int = 0) -> UInt8 { at + offset < bytes.count ? bytes[at + offset] : 0 }

    private static func isName(_ byte: UInt8) -> Bool {
      byte | 0x20 >= 97 && byte | 0x20 <= 122 || byte >= 48 && byte <= 57 || byte == 95 || byte >= 128
    }

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func step() -> Bool {
      guard !isAtEnd else { return false }
      let first = byte()
      switch first {
      case 9...13, 32:
        while !isAtEnd, byte() == 32 || (9...13).contains(byte()) { at += 1 }
        if let last = out.last, last != 32 { out.append(32) }
      case 45 where byte(1) == 45:
        while !isAtEnd, byte() != 10 { at += 1 }
      case 47 where byte(1) == 42: skipComment()
      case 39: string(escapes: false)
      case 34: quotedName()
      case 36 where !Self.isName(out.last ?? 32): dollar()
      case 48...57: number()
      case _ where Self.isName(first): name()
      default:
        out.append(first)
        at += 1
      }
      return true
    }

    private mutating func skipComment() {
      var depth = 0
      repeat {
        if byte() == 47, byte(1) == 42 {
          depth += 1
          at += 2
        } else if byte() == 42, byte(1) == 47 {
          depth -= 1
          at += 2
        } else {
          at += 1
        }
      } while depth > 0 && !isAtEnd
    }

    private mutating func string(escapes: Bool) {
      at += 1
      while !isAtEnd {
        if escapes, byte() == 92 {
          at += 2
        } else if byte() == 39 {
          at += 1
          if byte() != 39 { break }
          at += 1
        } else {
          at += 1
        }
      }
      out.append(63)
    }

    private mutating func quotedName() {
      repeat {
        out.append(byte())
        at += 1
      } while !isAtEnd && byte() != 34
      if !isAtEnd {
        out.append(34)
        at += 1
      }
    }

    /// `$1` stays, `$$...$$` and `$tag$...$tag$` become `?`.
    private mutating func dollar() {
      var end = at + 1
      while end < bytes.count, Self.isName(bytes[end]) { end += 1 }
      let isParameter = end > at + 1 && (48...57).contains(bytes[at + 1])
      guard !isParameter, end < bytes.count, bytes[end] == 36 else {
        out.append(contentsOf: bytes[at..<end])
        at = end
        return
      }
      let tag = bytes[at...end]
      at = end + 1
      while !isAtEnd {
        if byte() == 36, bytes[at...].starts(with: tag) {
          at += tag.count
          break
        }
        at += 1
      }
      out.append(63)
    }

    private mutating func number() {
      while !isAtEnd, Self.isName(byte()) || byte() == 46 { at += 1 }
      out.append(63)
    }

    private mutating func name() {
      let start = at
      while !isAtEnd, Self.isName(byte()) || byte() == 36 { at += 1 }
      // E'...', B'...', X'...', N'...'
      if byte() == 39, at == start + 1, [69, 66, 88, 78].contains(bytes[start] & ~0x20) {
        return string(escapes: bytes[start] & ~0x20 == 69)
      }
      out.append(contentsOf: bytes[start..<at])
    }
  }
}
