// Repl owns the loop: lines in, statements and commands done one by one, results out.

public import ApusBase
import ApusEngine
import Foundation

/// What `apus repl` was asked for.
public struct ReplOptions: Sendable {
  public enum Input: Sendable {
    /// -c
    case text(String)
    /// -f; "-" is stdin.
    case file(String)
  }
  public var inputs: [Input] = []
  /// nil: boxes on a terminal, psql's aligned form elsewhere.
  public var format: ResultFormat?
  public var expansion: Expansion?
  public var null: String?
  public var isTiming = false
  /// Neither greeting nor tags.
  public var isQuiet = false
  public var outputPath: String?
  public var historyPath: String?

  public init() {}
}

/// One prompt or script.
public final class Repl {
  enum Outcome { case done, failed, quit }

  let connection: any ReplConnection
  let interrupts: Interrupts
  let ticker: Ticker
  let options: ReplOptions
  let isPerson: Bool
  let standardOutput = Output(descriptor: 1)
  var output: Output
  var format: FormatOptions
  var isTiming: Bool
  var splitter = StatementSplitter()
  var lastQuery: String?
  var lastResult: ResultTable?
  /// How deep \i is.
  var depth = 0
  private var known: CompletionNames?
  private var knownSince: UInt64 = 0
  private static let namesNanosecondsMax: UInt64 = 30_000_000_000
  lazy var isApus: Bool = (try? connection.rows("SELECT 1 FROM pg_namespace WHERE nspname = 'apus'"))?.isEmpty == false

  public init(_ connection: any ReplConnection, _ options: ReplOptions, _ interrupts: Interrupts) throws(ApusError) {
    self.connection = connection
    self.options = options
    self.interrupts = interrupts
    let isTerminal = isatty(1) == 1
    isPerson = options.inputs.isEmpty && isatty(0) == 1 && isTerminal
    ticker = Ticker(isEnabled: isTerminal)
    format = FormatOptions(format: options.format ?? (isTerminal ? .box : .aligned))
    format.expansion = options.expansion ?? (isPerson ? .auto : .off)
    format.null = options.null
    isTiming = options.isTiming
    output = standardOutput
    if let path = options.outputPath { output = try Output(path: path) }
  }

  /// The exit code.
  public func run() -> Int32 {
    let outcome = isPerson ? converse() : script()
    do throws(ApusError) {
      try output.flush()
      try standardOutput.flush()
    } catch {
      tell(ErrorReport.text(error))
      return 1
    }
    return outcome == .failed ? 1 : 0
  }

  private func script() -> Outcome {
    let inputs = options.inputs.isEmpty ? [.file("-")] : options.inputs
    for input in inputs {
      let outcome: Outcome
      switch input {
      case .text(let text): outcome = run(TextLines(text, name: "-c"))
      case .file(let path):
        do throws(ApusError) {
          outcome = run(try FileLines(path: path))
        } catch {
          tell("apus repl: \(error.message)")
          return .failed
        }
      }
      if outcome != .done { return outcome }
    }
    return .done
  }

  private func converse() -> Outcome {
    if !options.isQuiet {
      tell("apus \(apusVersion), \(connection.place)\nType \\? for help, \\q to leave.\n")
    }
    let terminal = Terminal(interrupts: interrupts, historyPath: options.historyPath) { [self] before, word, line in
      complete(before, word, line)
    }
    let outcome = run(terminal)
    return outcome == .quit ? .done : outcome
  }

  // MARK: - Lines

  /// Does all that a source holds. Stops at the first error unless a person is there.
  func run(_ source: any LineSource) -> Outcome {
    let outer = splitter
    splitter = StatementSplitter()
    defer { splitter = outer }
    var entry = ""
    while true {
      switch source.next(prompt: prompt) {
      case .interrupted:
        splitter.clear()
        entry = ""
      case .end:
        // As psql: a person's unfinished text is dropped, a script's is run.
        if source is Terminal { return .done }
        guard let piece = splitter.finish() else { return .done }
        return perform(piece, source)
      case .line(let text):
        entry += (entry.isEmpty ? "" : "\n") + text
        let outcome = take(text, source)
        if splitter.state == .ready || outcome == .quit {
          (source as? Terminal)?.remember(entry)
          entry = ""
        }
        if outcome == .quit || (outcome == .failed && !(source is Terminal)) { return outcome }
      }
    }
  }

  /// What was typed or pasted at once: maybe several lines.
  private func take(_ text: String, _ source: any LineSource) -> Outcome {
    var worst = Outcome.done
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      for piece in splitter.feed(String(line)) {
        let outcome = perform(piece, source)
        if outcome == .quit { return .quit }
        if outcome == .failed {
          worst = .failed
          if !(source is Terminal) { return .failed }
        }
      }
    }
    return worst
  }

  private func perform(_ piece: StatementSplitter.Piece, _ source: any LineSource) -> Outcome {
    let line: Int
    let outcome: Outcome
    switch piece {
    case .statement(let sql, let number):
      line = number
      outcome = perform(sql, source, line)
    case .command(let text, let number):
      line = number
      do throws(ApusError) {
        outcome = try meta(text, source)
      } catch {
        tell(place(source, line) + ErrorReport.text(error))
        outcome = .failed
      }
    }
    // Each answer is seen before the next question runs.
    do throws(ApusError) {
      try output.flush()
      try standardOutput.flush()
    } catch {
      tell(ErrorReport.text(error))
      return source is Terminal ? .failed : .quit
    }
    return outcome
  }

  private func place(_ source: any LineSource, _ line: Int) -> String {
    source.name.map { $0 == "-c" ? "" : "\($0):\(line): " } ?? ""
  }

  private var prompt: String {
    let mark =
      switch connection.transaction {
      case .idle: "="
      case .inBlock: "*="
      case .failed: "!="
      }
    return switch splitter.state {
    case .ready: "apus\(mark)> "
    case .statement: "apus-> "
    case .quote: "apus'> "
    case .identifier: "apus\"> "
    case .dollar: "apus$> "
    case .comment: "apus/> "
    }
  }

  // MARK: - Statements

  func perform(_ sql: String, _ source: any LineSource, _ line: Int) -> Outcome {
    lastQuery = sql
    let sink = makeSink()
    sink.copyInput = copyLines(source)
    do throws(ApusError) {
      try run(sql, sink)
      return .done
    } catch {
      try? output.flush()
      try? standardOutput.flush()
      tell(place(source, line) + ErrorReport.text(error, sql: sql))
      guard !connection.isAlive else { return .failed }
      if source is Terminal {
        tell("The connection was lost. Connecting anew: " + (connection.reconnect() ? "done." : "failed."))
      }
      return .failed
    }
  }

  func makeSink() -> ResultSink {
    format.width = output.isTerminal ? Output.terminalWidth : nil
    return ResultSink(output, format, interrupts, ticker, tellsTags: !options.isQuiet)
  }

  /// Runs a statement under Ctrl-C, the ticker and the clock.
  func run(_ sql: String, _ sink: ResultSink) throws(ApusError) {
    let started = monotonicNanoseconds()
    interrupts.begin(connection.canceller)
    ticker.start()
    defer {
      interrupts.end()
      ticker.stop()
    }
    try connection.run(sql, sink)
    if let kept = sink.kept { lastResult = kept }
    for verb in ["CREATE", "ALTER", "DROP"] where sink.tag.hasPrefix(verb) { known = nil }
    if isTiming {
      try standardOutput.flush()
      tellTime(monotonicNanoseconds() - started)
    }
  }

  private func tellTime(_ nanoseconds: UInt64) {
    let text = "Time: \(Self.fixed(Double(nanoseconds) / 1e6)) ms\n"
    do throws(ApusError) {
      if format.format.isData {
        tell(String(text.dropLast()))
      } else {
        try output.put(text)
      }
    } catch {
      tell(ErrorReport.text(error))
    }
  }

  private static func fixed(_ milliseconds: Double) -> String {
    let thousandths = Int((milliseconds * 1000).rounded())
    let rest = String(thousandths % 1000)
    return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
  }

  /// The lines after a COPY ... FROM STDIN, up to `\.`.
  func copyLines(_ source: any LineSource) -> () throws(ApusError) -> [UInt8] {
    var isDone = false
    return { [self] () throws(ApusError) -> [UInt8] in
      ticker.stop()
      var bytes: [UInt8] = []
      while !isDone, bytes.count < 64 << 10 {
        switch source.next(prompt: ">> ") {
        case .line("\\."): isDone = true
        case .line(let line):
          bytes += Array(line.utf8)
          bytes.append(10)
        case .end: isDone = true
        case .interrupted: throw ApusError(.queryCanceled, "COPY was cancelled by the user")
        }
        if source is Terminal, !bytes.isEmpty { break }
      }
      return bytes
    }
  }

  // MARK: - Completion

  private func complete(_ before: String, _ word: String, _ line: String) -> Completion {
    let isOld = known == nil || monotonicNanoseconds() - knownSince > Self.namesNanosecondsMax
    // Never within a block: a failing query would end it, and a snapshot would be taken.
    if isOld, connection.transaction == .idle, connection.isAlive {
      let loaded = CompletionNames.load(connection, isApus: isApus)
      // What could not be read is asked for again with the next TAB.
      if !loaded.tables.isEmpty { known = loaded }
      knownSince = monotonicNanoseconds()
    }
    var names = known ?? CompletionNames()
    names.resultColumns = lastResult?.columns.map(\.name) ?? []
    return Completer(names: names).complete(earlier: splitter.pending, before: before, word: word, line: line)
  }
}

extension CompletionNames {
  /// Reads the catalogs. What cannot be read is left out.
  static func load(_ connection: any ReplConnection, isApus: Bool) -> CompletionNames {
    var names = CompletionNames()
    let relations = try? connection.rows(
      """
      SELECT c.oid, n.nspname, c.relname, pg_catalog.pg_table_is_visible(c.oid)
      FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'v', 'm', 'f', 'p') AND n.nspname <> 'information_schema'
      """)
    let columns = try? connection.rows(
      "SELECT attrelid, attname FROM pg_catalog.pg_attribute WHERE attnum > 0 AND NOT attisdropped ORDER BY attnum")
    var byTable: [String: [String]] = [:]
    for row in columns ?? [] {
      if let table = row[0], let column = row[1] { byTable[table, default: []].append(column) }
    }
    for row in relations ?? [] {
      guard let oid = row[0], let schema = row[1], let name = row[2] else { continue }
      names.tables.append(Table(schema: schema, name: name, isVisible: row[3] == "t", columns: byTable[oid] ?? []))
    }
    let operators = (try? connection.rows("SELECT oprcode FROM pg_catalog.pg_operator")) ?? []
    let hidden = Set(operators.compactMap { $0[0] })
    let functions = (try? connection.rows("SELECT proname FROM pg_catalog.pg_proc")) ?? []
    names.functions = Array(Set(functions.compactMap { $0[0] }).subtracting(hidden))
    names.settings = ((try? connection.rows("SELECT name FROM pg_catalog.pg_settings")) ?? []).compactMap { $0[0] }
    if isApus {
      for row in (try? connection.rows("SELECT table_name, column_name, path FROM apus.properties")) ?? [] {
        guard let table = row[0], let column = row[1], let path = row[2] else { continue }
        names.paths.append(
          Path(table: table, column: column, keys: path.split(separator: ".").map(String.init)))
      }
    }
    return names
  }
}

extension Repl {
  /// Gives the terminal back as it was, before the process is ended by a signal.
  public static func restoreTerminal() { if isatty(0) == 1 { Terminal.restore() } }
}
