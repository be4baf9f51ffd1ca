// Terminal owns the lines that a person types: readline, its history and its completion.

import ApusBase
import ApusFiles
import CReadline
import Foundation

/// What readline's callbacks, which carry no context, find their way by. readline is used by one thread.
private enum Readline {
  nonisolated(unsafe) static var line: String??
  nonisolated(unsafe) static var complete: ((String, String, String) -> Completion)?

  static let received: @convention(c) (UnsafeMutablePointer<CChar>?) -> Void = { text in
    // Without this readline would show the prompt again at once.
    rl_callback_handler_remove()
    guard let text else {
      line = .some(nil)
      return
    }
    line = .some(String(cString: text))
    free(text)
  }

  static let completes:
    @convention(c) (UnsafePointer<CChar>?, Int32, Int32) -> UnsafeMutablePointer<
      UnsafeMutablePointer<CChar>?
    >? = { word, start, _ in
      guard let word, let complete else { return nil }
      let bytes = Array(String(cString: apus_readline_line()).utf8)
      let before = String(decoding: bytes.prefix(max(0, Int(start))), as: UTF8.self)
      let found = complete(before, String(cString: word), String(decoding: bytes, as: UTF8.self))
      if found.wantsFiles { return nil }
      apus_readline_no_files()
      apus_readline_append(Int32(found.end?.value ?? 0))
      guard !found.candidates.isEmpty else { return nil }
      // First what they have in common, then each, then null.
      let texts = (found.candidates.count == 1 ? [] : [Completion.common(found.candidates)]) + found.candidates
      let size = MemoryLayout<UnsafeMutablePointer<CChar>?>.stride * (texts.count + 1)
      guard let memory = malloc(size) else { return nil }
      let list = memory.bindMemory(to: UnsafeMutablePointer<CChar>?.self, capacity: texts.count + 1)
      for (index, text) in texts.enumerated() { list[index] = strdup(text) }
      list[texts.count] = nil
      return list
    }
}

/// A person at a terminal.
final class Terminal: LineSource {
  let name: String? = nil
  private let interrupts: Interrupts
  private let history: HistoryFile?
  private var last = ""

  /// Characters at which a word ends for completion. A dot is not among them: `table.column` is one word.
  private static let breaks = " \t\n\"\\'`@$><=;|&{(,:+*/"

  init(interrupts: Interrupts, historyPath: String?, complete: @escaping (String, String, String) -> Completion) {
    self.interrupts = interrupts
    history = historyPath.map { HistoryFile($0) }
    Readline.complete = complete
    // The bytes that are typed are UTF-8, whatever LANG says.
    if setlocale(LC_CTYPE, "") == nil || String(cString: nl_langinfo(Int32(CODESET))) != "UTF-8" {
      setlocale(LC_CTYPE, "C.UTF-8")
    }
    // readline keeps the pointers.
    apus_readline_prepare(Readline.completes, strdup(Self.breaks), strdup("apus"))
    using_history()
    for entry in history?.load() ?? [] { add_history(entry) }
  }

  func next(prompt: String) -> LineEvent {
    interrupts.clear()
    interrupts.reading(true)
    defer { interrupts.reading(false) }
    Readline.line = nil
    rl_callback_handler_install(prompt, Readline.received)
    while true {
      guard interrupts.waitForInput(0) else {
        apus_readline_abandon()
        tell("^C")
        return .interrupted
      }
      rl_callback_read_char()
      if let line = Readline.line {
        guard let line else {
          tell("")
          return .end
        }
        return .line(line)
      }
    }
  }

  /// Keeps a whole entry: it comes back as one, however many lines it has.
  func remember(_ entry: String) {
    guard !entry.isEmpty, entry.utf8.contains(where: { $0 > 32 }) else { return }
    if entry == last { return }
    last = entry
    add_history(entry)
    history?.append(entry)
  }

  /// Gives the terminal back as it was.
  static func restore() { rl_deprep_terminal() }
}

/// The file of what was typed, readable by its owner only. An entry is a line; a line end within it is U+0001.
final class HistoryFile {
  private let path: String
  /// Entries that are read back.
  private static let entriesMax = 2000
  private static let mark: Character = "\u{1}"
  private var isBroken = false

  init(_ path: String) { self.path = path }

  func load() -> [String] {
    guard let data = FileManager.default.contents(atPath: path) else { return [] }
    let lines = String(decoding: data, as: UTF8.self).split(separator: "\n")
    return lines.suffix(Self.entriesMax).map { line in String(line.map { $0 == Self.mark ? "\n" : $0 }) }
  }

  /// Told once when it cannot be written: history is a comfort, no more.
  func append(_ entry: String) {
    guard !isBroken else { return }
    do {
      let file = try RealFileSystem().open(path, .create)
      chmod(path, 0o600)
      let bytes = Array((String(entry.map { $0 == "\n" ? Self.mark : $0 }) + "\n").utf8)
      let size = try file.size()
      try bytes.withUnsafeBytes { raw in try file.write(raw, at: size) }
    } catch {
      isBroken = true
      tell("WARNING:  the history is not kept: \(ApusError.wrapping(error).message)")
    }
  }
}
