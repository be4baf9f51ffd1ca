// StatementSplitter owns where statements end: at a semicolon outside quotes, comments and dollar quotes.

/// Takes lines, gives statements and backslash commands. The rules are psql's, but that parentheses do not count.
public struct StatementSplitter {
  public enum Piece: Equatable, Sendable {
    /// A statement with its semicolon, and the number of the line it begins on.
    case statement(String, line: Int)
    /// A backslash command without the backslash: the rest of its line.
    case command(String, line: Int)
  }

  /// What an unfinished text is in the middle of; the prompt shows it.
  public enum State: Equatable, Sendable {
    case ready, statement, quote, identifier, dollar, comment
  }

  private enum Mode: Equatable {
    case plain
    case quote(escapes: Bool)
    case identifier
    case dollar([UInt8])
    case comment(depth: Int)
  }

  private var mode = Mode.plain
  private var text: [UInt8] = []
  /// Whether there is anything in `text` but blanks and comments.
  private var hasContent = false
  private var startLine = 1
  private var lineNumber = 0

  public init() {}

  /// The text that waits for its end.
  public var pending: String { hasContent || mode != .plain ? String(decoding: text, as: UTF8.self) : "" }

  public var state: State {
    switch mode {
    case .plain: hasContent ? .statement : .ready
    case .quote: .quote
    case .identifier: .identifier
    case .dollar: .dollar
    case .comment: .comment
    }
  }

  /// Forgets the text that waits.
  public mutating func clear() {
    mode = .plain
    text = []
    hasContent = false
  }

  /// What is left at the end of the input; nil when that is nothing.
  public mutating func finish() -> Piece? {
    defer { clear() }
    return hasContent ? .statement(String(decoding: text, as: UTF8.self), line: startLine) : nil
  }

  /// One line, without its line end.
  public mutating func feed(_ line: String) -> [Piece] {
    lineNumber += 1
    let bytes = Array(line.utf8)
    var pieces: [Piece] = []
    var index = 0
    while index < bytes.count {
      switch mode {
      case .plain:
        if bytes[index] == 92 {
          let rest = String(decoding: bytes[(index + 1)...], as: UTF8.self)
          pieces.append(.command(rest, line: lineNumber))
          endLine()
          return pieces
        }
        if bytes[index] == 59 {
          index += 1
          if hasContent {
            text.append(59)
            pieces.append(.statement(String(decoding: text, as: UTF8.self), line: startLine))
          }
          clear()
        } else {
          index = plain(bytes, index)
        }
      case .quote(let escapes): index = quoted(bytes, index, escapes: escapes)
      case .identifier: index = until(bytes, index, 34)
      case .dollar(let tag): index = dollar(bytes, index, tag)
      case .comment(let depth): index = comment(bytes, index, depth)
      }
    }
    endLine()
    return pieces
  }

  private mutating func endLine() {
    if mode == .plain, !hasContent { text = [] } else { text.append(10) }
  }

  // MARK: - Modes

  /// Takes what begins at `index` outside quotes; the index after it.
  private mutating func plain(_ bytes: [UInt8], _ index: Int) -> Int {
    let byte = bytes[index]
    let next = index + 1 < bytes.count ? bytes[index + 1] : 0
    switch byte {
    case 32, 9, 13, 12:
      if hasContent { text.append(byte) }
      return index + 1
    case 45 where next == 45:
      if hasContent { text += bytes[index...] }
      return bytes.count
    case 47 where next == 42:
      note(bytes[index...(index + 1)], isContent: false)
      mode = .comment(depth: 1)
      return index + 2
    case 39:
      let escapes = index > 0 && (bytes[index - 1] | 32) == 101 && !isWord(bytes, index - 2)
      note(bytes[index...index])
      mode = .quote(escapes: escapes)
      return index + 1
    case 34:
      note(bytes[index...index])
      mode = .identifier
      return index + 1
    case 36 where !isWord(bytes, index - 1):
      if let end = tagEnd(bytes, index) {
        note(bytes[index...end])
        mode = .dollar(Array(bytes[index...end]))
        return end + 1
      }
    default: break
    }
    note(bytes[index...index])
    return index + 1
  }

  private mutating func note(_ bytes: ArraySlice<UInt8>, isContent: Bool = true) {
    if !hasContent, isContent {
      hasContent = true
      startLine = lineNumber
    }
    text += bytes
  }

  private func isWord(_ bytes: [UInt8], _ index: Int) -> Bool {
    guard index >= 0 else { return false }
    switch bytes[index] {
    case 48...57, 65...90, 97...122, 95, 36, 128...255: return true
    default: return false
    }
  }

  /// Where the `$` that ends a dollar quote's opening tag is.
  private func tagEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
    var index = start + 1
    while index < bytes.count, bytes[index] != 36 {
      let isDigit = (48...57).contains(bytes[index])
      guard isWord(bytes, index), !(isDigit && index == start + 1) else { return nil }
      index += 1
    }
    return index < bytes.count ? index : nil
  }

  private mutating func quoted(_ bytes: [UInt8], _ index: Int, escapes: Bool) -> Int {
    text.append(bytes[index])
    if escapes, bytes[index] == 92 {
      if index + 1 < bytes.count { text.append(bytes[index + 1]) }
      return index + 2
    }
    guard bytes[index] == 39 else { return index + 1 }
    if index + 1 < bytes.count, bytes[index + 1] == 39 {
      text.append(39)
      return index + 2
    }
    mode = .plain
    return index + 1
  }

  private mutating func until(_ bytes: [UInt8], _ index: Int, _ end: UInt8) -> Int {
    text.append(bytes[index])
    if bytes[index] == end { mode = .plain }
    return index + 1
  }

  private mutating func dollar(_ bytes: [UInt8], _ index: Int, _ tag: [UInt8]) -> Int {
    if bytes[index] == 36, bytes[index...].starts(with: tag) {
      text += tag
      mode = .plain
      return index + tag.count
    }
    text.append(bytes[index])
    return index + 1
  }

  private mutating func comment(_ bytes: [UInt8], _ index: Int, _ depth: Int) -> Int {
    let pair = index + 1 < bytes.count ? (bytes[index], bytes[index + 1]) : (0, 0)
    if pair == (42, 47) || pair == (47, 42) {
      text += bytes[index...(index + 1)]
      let left = pair.0 == 42 ? depth - 1 : depth + 1
      mode = left == 0 ? .plain : .comment(depth: left)
      // A comment before a statement is no part of it.
      if left == 0, !hasContent { text = [] }
      return index + 2
    }
    text.append(bytes[index])
    return index + 1
  }
}
