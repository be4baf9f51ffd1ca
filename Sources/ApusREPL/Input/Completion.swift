// Completion owns what TAB offers: from the text before the word and from what the catalogs hold.

import ApusBase

/// What may stand in place of a word.
struct Completion {
  var candidates: [String] = []
  /// What is put behind a single candidate: a blank, a quote, or nothing.
  var end: Unicode.Scalar? = " "
  /// Names of files, which readline knows by itself.
  var wantsFiles = false

  /// The longest beginning that all have.
  static func common(_ texts: [String]) -> String {
    guard var prefix = texts.first else { return "" }
    for text in texts {
      while !text.hasPrefix(prefix) { prefix.removeLast() }
    }
    return prefix
  }
}

/// The names that completion knows.
struct CompletionNames {
  struct Table {
    var schema: String
    var name: String
    var isVisible: Bool
    var columns: [String]
  }
  struct Path {
    var table: String
    var column: String
    var keys: [String]
  }
  var tables: [Table] = []
  var paths: [Path] = []
  var functions: [String] = []
  var settings: [String] = []
  /// Columns of the last result, for \chart.
  var resultColumns: [String] = []
}

struct Completer {
  let names: CompletionNames

  /// `earlier` are the lines of the statement before this one, `before` is this line up to the word, `line` all of it.
  func complete(earlier: String, before: String, word: String, line: String) -> Completion {
    if before.drop(while: { $0 == " " }).hasPrefix("\\") { return command(before, word) }
    let text = earlier + "\n" + before
    if let found = path(text, word, whole: earlier + "\n" + line) { return found }
    let previous = Self.words(text).last?.uppercased() ?? ""
    let isBehindWord = text.last.map { $0 == " " || $0 == "\n" || $0 == "\t" } ?? true
    switch previous {
    case "FROM", "JOIN", "INTO", "UPDATE", "TABLE", "COPY", "ANALYZE", "VIEW", "TRUNCATE":
      if isBehindWord { return Completion(candidates: matching(word, tableNames(word))) }
    case "SET", "SHOW", "RESET":
      if isBehindWord { return Completion(candidates: matching(word, names.settings)) }
    default: break
    }
    let mentioned = mentions(earlier + "\n" + line)
    if let dot = word.lastIndex(of: ".") {
      return Completion(candidates: qualified(String(word[..<dot]), word, mentioned), end: nil)
    }
    var found = matching(word, mentioned.flatMap { $0.table.columns } + mentioned.compactMap { $0.alias })
    guard !word.isEmpty else {
      return Completion(candidates: found.isEmpty && previous.isEmpty ? Keywords.beginnings : found)
    }
    found += matching(word, tableNames(word)) + matching(word, names.functions)
    let isLower = word.first?.isLowercase ?? false
    found += Keywords.all.filter { $0.hasPrefix(word.uppercased()) }.map { isLower ? $0.lowercased() : $0 }
    return Completion(candidates: Self.unique(found))
  }

  private func matching(_ word: String, _ candidates: [String]) -> [String] {
    let lowered = word.lowercased()
    return Self.unique(candidates.filter { $0.hasPrefix(lowered) && Self.isPlain($0) })
  }

  private static func unique(_ texts: [String]) -> [String] { Array(Set(texts)).sorted() }

  /// Names that need quotes are left out: a quote ends readline's word.
  private static func isPlain(_ name: String) -> Bool {
    name.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 95 || $0 == 46 || $0 >= 128 }
  }

  /// Visible tables by name, others with their schema, and the schemas.
  private func tableNames(_ word: String) -> [String] {
    names.tables.filter(\.isVisible).map(\.name)
      + (word.contains(".")
        ? names.tables.map { "\($0.schema).\($0.name)" }
        : names.tables.filter { !$0.isVisible }.map { $0.schema + "." })
  }

  private func qualified(
    _ qualifier: String, _ word: String, _ mentioned: [(table: CompletionNames.Table, alias: String?)]
  ) -> [String] {
    let lowered = qualifier.lowercased()
    let tables = mentioned.filter { $0.alias == lowered || $0.table.name == lowered }
    let columns = tables.flatMap { $0.table.columns }.map { "\(qualifier).\($0)" }
    return matching(word, columns + names.tables.filter { $0.schema == lowered }.map { "\(qualifier).\($0.name)" })
  }

  /// Tables that a statement names, with their aliases.
  func mentions(_ text: String) -> [(table: CompletionNames.Table, alias: String?)] {
    let words = Self.words(text)
    var found: [(table: CompletionNames.Table, alias: String?)] = []
    for (index, word) in words.enumerated() {
      let lowered = word.lowercased()
      guard
        let table = names.tables.first(where: {
          ($0.isVisible && $0.name == lowered) || "\($0.schema).\($0.name)" == lowered
        })
      else { continue }
      var next = index + 1
      if next < words.count, words[next].uppercased() == "AS" { next += 1 }
      var alias: String?
      if next < words.count, !Keywords.all.contains(words[next].uppercased()) { alias = words[next].lowercased() }
      found.append((table, alias))
    }
    return found
  }

  /// Words of letters, digits, underscores and dots.
  static func words(_ text: String) -> [String] {
    text.split { !($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }.map(String.init)
  }

  // MARK: - Property paths

  /// Within `column->>'...` or `column->'a'->>'...`: the keys that segments have there.
  private func path(_ text: String, _ word: String, whole: String) -> Completion? {
    var rest = Substring(text)
    guard rest.hasSuffix("'") else { return nil }
    rest.removeLast()
    guard let first = Self.dropArrow(&rest) else { return nil }
    var keys: [String] = []
    while rest.hasSuffix("'") {
      rest.removeLast()
      guard let open = rest.lastIndex(of: "'") else { return nil }
      keys.insert(String(rest[rest.index(after: open)...]), at: 0)
      rest = rest[..<open]
      guard Self.dropArrow(&rest) != nil else { return nil }
    }
    let name = String(rest.reversed().prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." }.reversed())
    let column = name.split(separator: ".").last.map { String($0).lowercased() } ?? ""
    guard !column.isEmpty else { return nil }
    let tables = Set(mentions(whole).map(\.table.name))
    var found: Set<String> = []
    for path in names.paths where path.column == column && (tables.isEmpty || tables.contains(path.table)) {
      guard path.keys.count > keys.count, path.keys.starts(with: keys) else { continue }
      // `->>` gives a text: only where there is nothing below is that a value, but any key may be asked for.
      let key = path.keys[keys.count]
      if key.hasPrefix(word), !key.contains("'") { found.insert(key) }
    }
    _ = first
    return Completion(candidates: found.sorted(), end: "'")
  }

  private static func dropArrow(_ text: inout Substring) -> Substring? {
    while text.last == " " { text.removeLast() }
    for arrow in ["->>", "->"] where text.hasSuffix(arrow) {
      text.removeLast(arrow.count)
      while text.last == " " { text.removeLast() }
      return text
    }
    return nil
  }

  // MARK: - Backslash commands

  private func command(_ before: String, _ word: String) -> Completion {
    let words = before.split(separator: " ").map(String.init)
    if words.count <= 1, before.hasSuffix("\\") {
      return Completion(candidates: MetaCommand.names.filter { $0.hasPrefix(word) }.sorted())
    }
    switch words.first ?? "" {
    case "\\i", "\\o": return Completion(wantsFiles: true)
    case "\\d", "\\dt", "\\dv", "\\d+": return Completion(candidates: matching(word, tableNames(word)))
    case "\\x": return Completion(candidates: ["on", "off", "auto"].filter { $0.hasPrefix(word) })
    case "\\timing": return Completion(candidates: ["on", "off"].filter { $0.hasPrefix(word) })
    case "\\pset":
      let candidates = words.count == 1 ? ["expanded", "format", "null"] : ResultFormat.allCases.map(\.rawValue)
      return Completion(candidates: candidates.filter { $0.hasPrefix(word) })
    case "\\chart":
      return Completion(candidates: (["bar", "line"] + names.resultColumns).filter { $0.hasPrefix(word) })
    case "\\copy":
      if let last = words.last, ["from", "to"].contains(last.lowercased()) || before.hasSuffix("'") {
        return Completion(wantsFiles: true)
      }
      let candidates = words.count == 1 ? matching(word, tableNames(word)) : ["from", "to", "csv", "header"]
      return Completion(candidates: candidates.filter { $0.hasPrefix(word) })
    default: return Completion()
    }
  }
}
