// The scanner owns what the architecture tests know of Swift's text: where comments and strings are, which modules are
// imported, and where functions begin and end. It reads bytes; it is no parser.

import Foundation

/// One Swift file, with its text as written and once more with comments and strings blanked out.
struct SwiftSource {
  /// From the root of the package: `Sources/ApusBase/Log.swift`.
  let path: String
  let text: String
  /// The lines of the text, without ends.
  let lines: [Substring]
  /// As many bytes as the text: comments and the contents of strings are spaces, line ends stay.
  let code: [UInt8]
  /// Where each line of `code` begins.
  let lineStarts: [Int]

  init(path: String, text: String) {
    self.path = path
    self.text = text
    lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var blanker = Blanker(Array(text.utf8))
    code = blanker.run()
    var starts = [0]
    for (offset, byte) in code.enumerated() where byte == 10 { starts.append(offset + 1) }
    lineStarts = starts
  }

  /// `ApusBase` of `Sources/ApusBase/Log.swift`.
  var target: String {
    let parts = path.split(separator: "/")
    return parts.count > 2 ? String(parts[1]) : ""
  }

  func line(at offset: Int) -> Int {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    return low + 1
  }

  /// The modules of its import lines, whatever their access level and attributes.
  var imports: [(module: String, line: Int)] {
    var found: [(String, Int)] = []
    for (index, line) in codeLines.enumerated() {
      var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
      let prefixes: Set<String> = ["public", "package", "internal", "private", "fileprivate"]
      while let first = words.first, prefixes.contains(first) || first.hasPrefix("@") { words.removeFirst() }
      guard words.first == "import", words.count > 1 else { continue }
      let kinds: Set<String> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
      let module = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
      found.append((String(module.prefix(while: { $0 != "." && $0 != ";" })), index + 1))
    }
    return found
  }

  /// The lines of `code`, as text.
  var codeLines: [String] {
    code.split(separator: 10, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Every word of the code (identifiers and keywords) with its offset.
  var words: [(text: String, offset: Int)] {
    var found: [(String, Int)] = []
    var index = 0
    while index < code.count {
      guard isWordByte(code[index]) else {
        index += 1
        continue
      }
      let start = index
      while index < code.count, isWordByte(code[index]) { index += 1 }
      found.append((String(decoding: code[start..<index], as: UTF8.self), start))
    }
    return found
  }

  /// The last byte before `offset` that is not a space, or 0.
  func byteBefore(_ offset: Int) -> UInt8 {
    var index = offset - 1
    while index >= 0, code[index] == 32 { index -= 1 }
    return index >= 0 ? code[index] : 0
  }

  /// The first byte from `offset` on that is not a space, or 0.
  func byteAfter(_ offset: Int) -> UInt8 {
    var index = offset
    while index < code.count, code[index] == 32 { index += 1 }
    return index < code.count ? code[index] : 0
  }
}

func isWordByte(_ byte: UInt8) -> Bool {
  switch byte {
  case 48...57, 65...90, 97...122, 95: true
  default: byte >= 128
  }
}

/// Replaces comments and the contents of strings by spaces. The code inside `\( )` stays.
private struct Blanker {
  private let source: [UInt8]
  private var out: [UInt8]
  private var index = 0

  init(_ source: [UInt8]) {
    self.source = source
    out = source
  }

  mutating func run() -> [UInt8] {
    code(untilClosing: false)
    return out
  }

  private func at(_ offset: Int) -> UInt8 { index + offset < source.count ? source[index + offset] : 0 }

  private mutating func blank(_ count: Int = 1) {
    for position in index..<min(index + count, source.count) where source[position] != 10 { out[position] = 32 }
    index += count
  }

  /// Walks over code; `untilClosing` stops behind the `)` that ends an interpolation.
  private mutating func code(untilClosing: Bool) {
    var depth = 0
    while index < source.count {
      switch (at(0), at(1)) {
      case (47, 47): lineComment()
      case (47, 42): blockComment()
      case (34, _): string(hashes: 0)
      case (35, _) where hashesBeforeQuote() > 0: string(hashes: hashesBeforeQuote())
      case (40, _):
        depth += 1
        index += 1
      case (41, _):
        index += 1
        if untilClosing, depth == 0 { return }
        depth -= 1
      default: index += 1
      }
    }
  }

  private func hashesBeforeQuote() -> Int {
    var count = 0
    while at(count) == 35 { count += 1 }
    return at(count) == 34 ? count : 0
  }

  private mutating func lineComment() {
    while index < source.count, source[index] != 10 { blank() }
  }

  private mutating func blockComment() {
    var depth = 0
    repeat {
      if at(0) == 47, at(1) == 42 {
        depth += 1
        blank(2)
      } else if at(0) == 42, at(1) == 47 {
        depth -= 1
        blank(2)
      } else {
        blank()
      }
    } while depth > 0 && index < source.count
  }

  /// From the first `#` or quote to behind the last. Quotes and hashes stay, so that something is there.
  private mutating func string(hashes: Int) {
    index += hashes
    let quotes = at(1) == 34 && at(2) == 34 ? 3 : 1
    index += quotes
    while index < source.count {
      if at(0) == 92, matches(35, count: hashes, from: 1) {
        if at(1 + hashes) == 40 {
          blank(1 + hashes)
          index += 1
          code(untilClosing: true)
        } else {
          blank(2 + hashes)
        }
      } else if matches(34, count: quotes, from: 0), matches(35, count: hashes, from: quotes) {
        index += quotes + hashes
        return
      } else if quotes == 1, at(0) == 10 {
        return
      } else {
        blank()
      }
    }
  }

  private func matches(_ byte: UInt8, count: Int, from offset: Int) -> Bool {
    for step in 0..<count where at(offset + step) != byte { return false }
    return true
  }
}
