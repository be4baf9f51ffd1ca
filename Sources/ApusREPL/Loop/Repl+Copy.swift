// \copy: COPY whose file is on this side of the connection.

import ApusBase

/// `\copy ...` read: the COPY to send, and the file.
struct CopyCommand: Equatable {
  enum Place: Equatable { case file(String), standard }
  var sql: String
  var place: Place
  var isFrom: Bool

  /// `text` is what follows `\copy`.
  init(_ text: String) throws(ApusError) {
    var rest = Substring(text).drop { $0 == " " || $0 == "\t" }
    while let last = rest.last, last == " " || last == ";" || last == "\t" { rest.removeLast() }
    // Up to FROM or TO outside parentheses and quotes.
    let target = Self.target(&rest)
    let word = Self.word(&rest).lowercased()
    guard !target.isEmpty, word == "from" || word == "to" else {
      throw ApusError(.syntaxError, "\\copy takes a table or a query, then from or to")
    }
    isFrom = word == "from"
    guard !(isFrom && target.hasPrefix("(")) else { throw ApusError(.syntaxError, "\\copy from takes a table") }
    if rest.first == "'" {
      rest.removeFirst()
      var name = ""
      while let character = rest.popFirst() {
        if character == "'" {
          guard rest.first == "'" else { break }
          rest.removeFirst()
        }
        name.append(character)
      }
      place = .file(name)
    } else {
      let name = Self.word(&rest)
      switch name.lowercased() {
      case "": throw ApusError(.syntaxError, "\\copy needs the name of a file")
      case "stdin", "stdout", "pstdin", "pstdout": place = .standard
      case "program": throw ApusError.unsupported("\\copy with a program is")
      default: place = .file(name)
      }
    }
    let options = rest.drop { $0 == " " }
    sql = "COPY \(target) \(isFrom ? "FROM STDIN" : "TO STDOUT")" + (options.isEmpty ? "" : " \(options)")
  }

  private static func target(_ text: inout Substring) -> String {
    var depth = 0
    var quote: Character?
    var index = text.startIndex
    while index < text.endIndex {
      let character = text[index]
      if let open = quote {
        if character == open { quote = nil }
      } else if character == "'" || character == "\"" {
        quote = character
      } else if character == "(" {
        depth += 1
      } else if character == ")" {
        depth -= 1
      } else if depth == 0, character == " " {
        let rest = text[index...].drop { $0 == " " }
        let word = rest.prefix { $0 != " " }.lowercased()
        if word == "from" || word == "to" {
          defer { text = rest }
          return String(text[..<index])
        }
      }
      index = text.index(after: index)
    }
    return ""
  }

  private static func word(_ text: inout Substring) -> String {
    text = text.drop { $0 == " " || $0 == "\t" }
    let word = text.prefix { $0 != " " && $0 != "\t" }
    text = text[word.endIndex...].drop { $0 == " " || $0 == "\t" }
    return String(word)
  }
}

extension Repl {
  func copy(_ text: String, _ source: any LineSource) throws(ApusError) {
    let command = try CopyCommand(text)
    let sink = ResultSink(output, format, interrupts, ticker, tellsTags: false)
    var file: Output?
    switch (command.place, command.isFrom) {
    case (.file(let path), true):
      let lines = try FileLines(path: path)
      sink.copyInput = { () throws(ApusError) in try lines.piece() }
    case (.file(let path), false):
      file = try Output(path: path)
      sink.copyOutput = file
    case (.standard, true): sink.copyInput = copyLines(source)
    case (.standard, false): break
    }
    do throws(ApusError) {
      try run(command.sql, sink)
      try file?.flush()
    } catch {
      // The positions are those of the COPY that was made, which nobody wrote.
      var shown = error
      shown.position = nil
      throw shown
    }
    if !options.isQuiet, !format.format.isData { try output.put(sink.tag + "\n") }
  }
}
