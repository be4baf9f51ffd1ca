// These tests hold every source file to the measures of CONTRIBUTING.md: sizes, forbidden words, conversions.

import Foundation
import Testing

@Suite struct `Style` {
  @Test func `no file is longer than 800 lines`() {
    let offences = (Tree.sources + Tree.plugins + Tree.tests).filter { $0.lines.count > 801 }
      .map { "\($0.path) has \($0.lines.count) lines" }
    #expect(offences.isEmpty, "\(offences.joined(separator: "\n"))")
  }

  @Test func `no function is longer than 80 lines`() {
    var offences: [String] = []
    for source in Tree.sources + Tree.plugins + Tree.tests {
      for function in source.functions where function.lineCount > 80 {
        offences.append("\(source.path):\(function.firstLine) \(function.name) has \(function.lineCount) lines")
      }
    }
    #expect(offences.isEmpty, "\(offences.joined(separator: "\n"))")
  }

  @Test func `no line is longer than 120 columns`() {
    var offences: [String] = []
    for path in ["Sources", "Tests", "plugins"].flatMap({
      Tree.files(under: $0, suffixes: [".swift", ".c", ".cpp", ".h"])
    }) {
      let lines = Tree.text(path).split(separator: "\n", omittingEmptySubsequences: false)
      for (index, line) in lines.enumerated() where line.utf8.count > 120 && line.count > 120 {
        offences.append("\(path):\(index + 1) has \(line.count) columns")
      }
    }
    #expect(offences.isEmpty, "\(offences.joined(separator: "\n"))")
  }

  @Test func `each Swift file opens with a comment on what it owns`() {
    let offences = (Tree.sources + Tree.plugins + Tree.tests).filter { !$0.text.hasPrefix("//") && !$0.text.isEmpty }
      .map(\.path)
    #expect(offences.isEmpty, "\(offences.joined(separator: "\n"))")
  }

  @Test func `no source traps on purpose`() {
    var offences: [String] = []
    for source in Tree.sources + Tree.plugins {
      let words = source.words
      for word in words {
        let next = byte(source, word.offset + word.text.utf8.count)
        let traps =
          switch word.text {
          case "try", "as": next == 33 && byte(source, word.offset + word.text.utf8.count + 1) != 61
          case "fatalError", "preconditionFailure": source.byteAfter(word.offset + word.text.utf8.count) == 40
          case "unsafelyUnwrapped", "unsafeDowncast": true
          default: false
          }
        if traps { offences.append("\(source.path):\(source.line(at: word.offset)) \(word.text)") }
      }
    }
    #expect(offences.isEmpty, "\(offences.joined(separator: "\n"))")
  }

  @Test func `numbers from a socket or a file are converted without a trap`() {
    // A width that came from outside goes through exactly:, clamping:, truncatingIfNeeded: or bitPattern:. This finds
    // the plain conversion of what a reader returned, and plain arithmetic right behind it.
    let readers = ["littleEndian(", "bigEndian(", "varint("]
    var offences: [String] = []
    for source in Tree.sources + Tree.plugins where source.target != "ApusBase" {
      for (index, line) in source.codeLines.enumerated() {
        let squeezed = line.filter { $0 != " " }
        for type in ["Int", "Int8", "Int16", "Int32", "Int64", "UInt8", "UInt16", "UInt32"] {
          for reader in readers where squeezed.contains("\(type)(try") && squeezed.contains("." + reader) {
            if isNarrowing(squeezed, to: type, reader: reader) {
              offences.append("\(source.path):\(index + 1) \(type)(try ...\(reader)")
            }
          }
        }
      }
    }
    #expect(offences.isEmpty, "\(offences.joined(separator: "\n"))")
  }

  @Test func `the tree names no machine`() {
    let place = ["/wo", "rk/"].joined()
    let home = ["/ho", "me/"].joined()
    let suffixes = [".swift", ".c", ".cpp", ".h", ".md", ".py", ".sh", ".slt", ".sql", ".yaml", ".yml", "Makefile"]
    var offences: [String] = []
    for directory in ["Sources", "Tests", "docs", "scripts", "Benchmarks", "examples", "plugins"] {
      for path in Tree.files(under: directory, suffixes: suffixes) where !path.hasPrefix("Benchmarks/data") {
        let text = Tree.text(path)
        if text.contains(place) || text.contains(home) { offences.append(path) }
      }
    }
    for path in ["README.md", "CONTRIBUTING.md", "Makefile", "Package.swift", ".ci/run"] {
      if Tree.text(path).contains(place) { offences.append(path) }
    }
    #expect(offences.isEmpty, "\(offences.joined(separator: "\n"))")
  }

  @Test func `every limit is in docs-LIMITS`() {
    let documented = Tree.text("docs/LIMITS.md")
    let declared = Tree.text("Sources/ApusBase/Limits.swift").split(separator: "\n")
    let names = declared.compactMap { line -> Substring? in
      guard let start = line.range(of: "public static let ") else { return nil }
      return line[start.upperBound...].prefix { $0.isLetter || $0.isNumber }
    }
    let missing = names.filter { !documented.contains("`\($0)`") }
    #expect(!names.isEmpty && missing.isEmpty, "missing in docs/LIMITS.md: \(missing)")
  }

  private func byte(_ source: SwiftSource, _ offset: Int) -> UInt8 {
    offset < source.code.count ? source.code[offset] : 0
  }

  /// Whether `Type(try x.reader(Other.self))` can lose bits. A varint is 64 unsigned bits.
  private func isNarrowing(_ line: String, to type: String, reader: String) -> Bool {
    guard let call = line.range(of: "\(type)(try"),
      let read = line.range(of: reader, range: call.upperBound..<line.endIndex)
    else { return false }
    if let before = line[..<call.lowerBound].last, before.isLetter || before.isNumber { return false }
    if reader == "varint(" { return true }
    let source = line[read.upperBound...].prefix { $0.isLetter || $0.isNumber }
    let bits = { (name: String) in Int(name.drop(while: { !$0.isNumber })) ?? 64 }
    let fromUnsigned = source.hasPrefix("U")
    let toUnsigned = type.hasPrefix("U")
    if fromUnsigned == toUnsigned { return bits(type) < bits(String(source)) }
    return fromUnsigned ? bits(type) <= bits(String(source)) : true
  }
}
