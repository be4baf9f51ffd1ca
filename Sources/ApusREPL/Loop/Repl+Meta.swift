// Backslash commands but those of the \d family and \copy.

import ApusBase
import Foundation

extension Repl {
  private static let includesMax = 20

  /// Does a command: `text` is its line without the backslash.
  func meta(_ text: String, _ source: any LineSource) throws(ApusError) -> Outcome {
    let end = text.firstIndex { $0 == " " || $0 == "\t" || $0 == "\r" || $0 == ";" } ?? text.endIndex
    let name = String(text[..<end])
    var rest = String(text[end...])
    // A semicolon by habit.
    while let last = rest.last, last == " " || last == "\r" || (last == ";" && name != "copy" && name != "echo") {
      rest.removeLast()
    }
    let arguments = MetaCommand.arguments(rest)
    switch name {
    case "q": return .quit
    case "?": try output.put(MetaCommand.help)
    case "conninfo": try output.put("You are connected to \(connection.place).\n")
    case "echo": try output.put(arguments.joined(separator: " ") + "\n")
    case "p":
      let waiting = splitter.pending
      try output.put((waiting.isEmpty ? lastQuery ?? "The query buffer is empty." : waiting) + "\n")
    case "r":
      splitter.clear()
      try say("Query buffer reset (cleared).")
    case "g", "gx": return try go(source, arguments, isExpanded: name == "gx")
    case "watch": return try watch(arguments)
    case "x": try setExpansion(arguments.first)
    case "timing":
      isTiming = try Self.flag(arguments.first, isTiming, "\\timing")
      try say("Timing is \(isTiming ? "on" : "off").")
    case "pset": try pset(arguments)
    case "o":
      try output.flush()
      output = try arguments.first.map { path throws(ApusError) in try Output(path: path) } ?? standardOutput
    case "i": return try include(arguments)
    case "chart": try chart(arguments)
    case "copy": try copy(rest, source)
    default:
      guard try describe(name, arguments.first) else {
        throw ApusError(.syntaxError, "invalid command \\\(name)", hint: "Try \\? for help.")
      }
    }
    return .done
  }

  /// A remark for people, which data for programs do without.
  private func say(_ text: String) throws(ApusError) {
    if !options.isQuiet, !format.format.isData { try output.put(text + "\n") }
  }

  private static func flag(_ text: String?, _ current: Bool, _ what: String) throws(ApusError) -> Bool {
    switch text?.lowercased() {
    case nil: return !current
    case "on", "true", "1": return true
    case "off", "false", "0": return false
    default: throw ApusError(.invalidParameterValue, "\(what) takes on or off, not \"\(text ?? "")\"")
    }
  }

  private func setExpansion(_ text: String?) throws(ApusError) {
    if text?.lowercased() == "auto" {
      format.expansion = .auto
    } else {
      format.expansion = try Self.flag(text, format.expansion == .on, "\\x") ? .on : .off
    }
    let shown =
      switch format.expansion {
      case .on: "on"
      case .off: "off"
      case .auto: "used automatically"
      }
    try say("Expanded display is \(shown).")
  }

  private func pset(_ arguments: [String]) throws(ApusError) {
    switch (arguments.first, arguments.count) {
    case (nil, _):
      try output.put(
        "expanded  \(format.expansion.rawValue)\nformat    \(format.format.rawValue)\nnull      '\(format.nullText)'\n")
    case ("format", 2):
      guard let chosen = ResultFormat(rawValue: arguments[1].lowercased()) else {
        let names = ResultFormat.allCases.map(\.rawValue).joined(separator: ", ")
        throw ApusError(.invalidParameterValue, "\\pset format takes one of \(names), not \"\(arguments[1])\"")
      }
      format.format = chosen
      try say("Output format is \(chosen.rawValue).")
    case ("null", 2):
      format.null = arguments[1]
      try say("Null display is \"\(arguments[1])\".")
    case ("expanded", 1), ("expanded", 2): try setExpansion(arguments.count == 2 ? arguments[1] : nil)
    default:
      throw ApusError(.invalidParameterValue, "\\pset takes format, null or expanded, and a value")
    }
  }

  /// The statement that waits, else the last one.
  private func takeQuery() throws(ApusError) -> String {
    let waiting = splitter.pending
    splitter.clear()
    guard let query = waiting.isEmpty ? lastQuery : waiting else {
      throw ApusError(.syntaxError, "there is no statement yet")
    }
    return query
  }

  private func go(_ source: any LineSource, _ arguments: [String], isExpanded: Bool) throws(ApusError) -> Outcome {
    guard arguments.isEmpty else { throw ApusError.unsupported("\\g with an argument is", hint: "Use \\o FILE.") }
    let query = try takeQuery()
    let before = format.expansion
    if isExpanded { format.expansion = .on }
    defer { format.expansion = before }
    return perform(query, source, 1)
  }

  private func watch(_ arguments: [String]) throws(ApusError) -> Outcome {
    var seconds = 2.0
    var count = Int.max
    for argument in arguments {
      if argument.hasPrefix("c="), let number = Int(argument.dropFirst(2)), number > 0 {
        count = number
      } else if let number = Double(argument.hasPrefix("i=") ? String(argument.dropFirst(2)) : argument),
        number >= 0, number <= 86_400
      {
        seconds = number
      } else {
        throw ApusError(.invalidParameterValue, "\\watch takes seconds and c=N, not \"\(argument)\"")
      }
    }
    let query = try takeQuery()
    lastQuery = query
    for turn in 1... {
      let sink = makeSink()
      let time = Self.clock.string(from: Date())
      sink.title = "\(time) (every \(seconds == seconds.rounded() ? String(Int(seconds)) : String(seconds))s)"
      do throws(ApusError) {
        try run(query, sink)
      } catch {
        tell(ErrorReport.text(error, sql: query))
        return error.state == .queryCanceled && isPerson ? .done : .failed
      }
      try output.flush()
      guard turn < count else { break }
      interrupts.begin {}
      defer { interrupts.end() }
      guard interrupts.sleep(milliseconds: Int(seconds * 1000)) else { break }
    }
    return .done
  }

  private static var clock: DateFormatter {
    let formatter = DateFormatter()
    formatter.locale = Locale(identifier: "en_US_POSIX")
    formatter.dateFormat = "EEE dd MMM yyyy HH:mm:ss"
    return formatter
  }

  private func include(_ arguments: [String]) throws(ApusError) -> Outcome {
    guard let path = arguments.first, arguments.count == 1 else {
      throw ApusError(.syntaxError, "\\i takes the name of a file")
    }
    guard depth < Self.includesMax else {
      throw ApusError(.programLimitExceeded, "\\i is nested more than \(Self.includesMax) deep")
    }
    let lines = try FileLines(path: path)
    depth += 1
    defer { depth -= 1 }
    return run(lines)
  }

  private func chart(_ arguments: [String]) throws(ApusError) {
    guard let table = lastResult else {
      throw ApusError(.undefinedObject, "there is no result yet: \\chart draws the last one")
    }
    var names = arguments
    let kind = names.first.flatMap { Chart.Kind(rawValue: $0) }
    if kind != nil { names.removeFirst() }
    let drawn = try Chart(
      table, kind: kind, names: names, width: (output.isTerminal ? Output.terminalWidth : nil) ?? 80)
    for line in drawn.lines { try output.put(line + "\n") }
    if table.rows.count >= ResultSink.keptRowsMax {
      try output.put("(the first \(ResultSink.keptRowsMax) rows)\n")
    }
  }
}
