// These tests hold all access to the disk behind ApusFiles, the one seam that can be simulated.

import Testing

@Suite struct `Disk` {
  /// Files that write to something that is no file, with the reason.
  private static let exceptions: [String: String] = [
    "Sources/ApusBase/Log.swift": "log lines to stderr"
  ]
  /// Targets whose descriptors are sockets or the terminal.
  private static let socketTargets: Set<String> = ["ApusPostgres", "ApusREPL"]

  /// What makes bytes reach a descriptor.
  private static let writes: Set<String> = ["write", "writev", "fwrite", "fputs", "fprintf", "dprintf"]
  /// What only a file needs.
  private static let fileOnly: Set<String> = [
    "pwrite", "pwritev", "pwrite64", "fsync", "fdatasync", "sync_file_range", "syncfs", "ftruncate", "fallocate",
    "posix_fallocate", "rename", "renameat", "unlink", "mkdir", "fopen", "creat",
  ]

  @Test func `nothing writes or syncs files outside ApusFiles`() {
    let own = functionsByTarget()
    var offences: [String] = []
    for source in Tree.sources where source.target != "ApusFiles" && Self.exceptions[source.path] == nil {
      for word in source.words {
        let writes = Self.writes.contains(word.text) && !Self.socketTargets.contains(source.target)
        guard writes || Self.fileOnly.contains(word.text) else { continue }
        let end = word.offset + word.text.utf8.count
        guard source.byteAfter(end) == 40, isCall(source, word.offset) else { continue }
        let qualified = isQualified(source, word.offset)
        if !qualified, own[source.target]?.contains(word.text) == true { continue }
        if !qualified, source.byteBefore(word.offset) == 46 { continue }
        offences.append("\(source.path):\(source.line(at: word.offset)) \(word.text)(")
      }
    }
    #expect(offences.isEmpty, "\(offences.joined(separator: "\n"))")
  }

  @Test func `nothing creates files outside ApusFiles`() {
    var offences: [String] = []
    for source in Tree.sources where source.target != "ApusFiles" {
      for word in source.words where ["O_CREAT", "O_TMPFILE", "createFile"].contains(word.text) {
        offences.append("\(source.path):\(source.line(at: word.offset)) \(word.text)")
      }
      for (index, line) in source.codeLines.enumerated() where line.contains(".write(to:") || line.contains("toFile:") {
        offences.append("\(source.path):\(index + 1) Foundation's write")
      }
    }
    #expect(offences.isEmpty, "\(offences.joined(separator: "\n"))")
  }

  /// Names of functions that a target declares itself: an unqualified call means those.
  private func functionsByTarget() -> [String: Set<String>] {
    var found: [String: Set<String>] = [:]
    for source in Tree.sources {
      let words = source.words
      for (index, word) in words.enumerated() where word.text == "func" && index + 1 < words.count {
        found[source.target, default: []].insert(words[index + 1].text)
      }
    }
    return found
  }

  /// Whether the word is `Glibc.word`.
  private func isQualified(_ source: SwiftSource, _ offset: Int) -> Bool {
    let name = Array("Glibc.".utf8)
    return offset >= name.count && Array(source.code[offset - name.count..<offset]) == name
  }

  /// Whether the word is called here, not declared as a function or a case.
  private func isCall(_ source: SwiftSource, _ offset: Int) -> Bool {
    let before = source.code[max(0, offset - 8)..<offset]
    let text = String(decoding: before, as: UTF8.self)
    return !text.hasSuffix("func ") && !text.hasSuffix("case ")
  }
}
