// ResultSink owns what becomes of a statement's rows: shown as they come or as a table, kept for \chart, or copied.

import ApusBase

/// Takes one statement's answer.
final class ResultSink: StatementSink {
  private let output: Output
  private let options: FormatOptions
  private let interrupts: Interrupts
  private let ticker: Ticker
  /// Whether the tag of a statement without rows is told.
  private let tellsTags: Bool
  /// Data for COPY FROM STDIN.
  var copyInput: (() throws(ApusError) -> [UInt8])?
  /// Where COPY TO STDOUT goes; the output when nil.
  var copyOutput: Output?
  var title: String?
  /// Whether "(3 rows)" stands under a table.
  var tellsCount = true

  private(set) var tag = ""
  private(set) var table: ResultTable?
  /// What \chart may draw of.
  private(set) var kept: ResultTable?
  private var writer: RowWriter?
  private var count = 0
  static let keptRowsMax = 10_000

  init(_ output: Output, _ options: FormatOptions, _ interrupts: Interrupts, _ ticker: Ticker, tellsTags: Bool) {
    self.output = output
    self.options = options
    self.interrupts = interrupts
    self.ticker = ticker
    self.tellsTags = tellsTags
  }

  func notice(_ notice: Notice) {
    ticker.stop()
    tell(ErrorReport.text(notice))
  }

  func begin(_ columns: [ResultColumn]) throws(ApusError) {
    count = 0
    guard options.format.isStreamed else {
      table = ResultTable(columns: columns, rows: [], title: title)
      table?.tellsCount = tellsCount
      return
    }
    kept = ResultTable(columns: columns, rows: [])
    let writer = RowWriter(options, columns)
    self.writer = writer
    try output.put(writer.start())
  }

  func row(_ values: [String?]) throws(ApusError) {
    count += 1
    if count & 255 == 0 {
      ticker.count(rows: 256)
      try check()
    }
    guard writer != nil else {
      table?.rows.append(values)
      return
    }
    if kept?.rows.count ?? 0 < Self.keptRowsMax { kept?.rows.append(values) }
    let text = writer?.row(values) ?? ""
    if output.isTerminal { ticker.stop() }
    try output.put(text)
  }

  private func check() throws(ApusError) {
    if interrupts.isPending { throw ApusError(.queryCanceled, "canceling statement due to user request") }
  }

  func copied(_ bytes: [UInt8]) throws(ApusError) {
    try check()
    ticker.count(bytes: bytes.count)
    if copyOutput == nil, output.isTerminal { ticker.stop() }
    try (copyOutput ?? output).put(bytes)
  }

  func copyData() throws(ApusError) -> [UInt8] {
    try check()
    let bytes = try copyInput?() ?? []
    ticker.count(bytes: bytes.count)
    return bytes
  }

  func complete(_ tag: String) throws(ApusError) {
    self.tag = tag
    ticker.stop()
    if let writer {
      try output.put(writer.end())
      self.writer = nil
    } else if let table {
      self.table = nil
      try show(table)
      kept = ResultTable(columns: table.columns, rows: Array(table.rows.prefix(Self.keptRowsMax)))
    }
    let returnsRows = tag.hasPrefix("SELECT") || tag.hasPrefix("FETCH") || tag == "SHOW" || tag == "EXPLAIN"
    if tellsTags, !returnsRows, !options.format.isData, copyOutput == nil { try output.put(tag + "\n") }
  }

  /// Writes a table until an interrupt.
  private func show(_ table: ResultTable) throws(ApusError) {
    var failed: ApusError?
    TableFormatter(table, options).write { line in
      do throws(ApusError) {
        try output.put(line + "\n")
      } catch {
        failed = error
        return false
      }
      return !interrupts.isPending
    }
    if let failed { throw failed }
  }
}
