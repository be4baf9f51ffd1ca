// ImportCommand owns `apus import`: files of events or rows into a table, through a running server or in this process.

import ApusBase
import ApusEngine
import ApusStore
import Foundation

struct ImportOptions {
  enum Format: String { case ndjson, csv }

  var table = ""
  var format: Format?
  var data = ServerLocator.defaultData
  /// A URL: postgres:// for CSV, http:// for NDJSON.
  var connect: String?
  var acceptsAnyTime = false
  var files: [String] = []

  /// nil when help is asked for.
  static func read(_ arguments: [String]) throws -> ImportOptions? {
    var options = ImportOptions()
    var reader = ArgumentReader(arguments)
    while let argument = reader.next() {
      switch argument {
      case "--help", "-h": return nil
      case "--table", "-t": options.table = try reader.value(of: argument)
      case "--data": options.data = try reader.value(of: argument)
      case "--connect": options.connect = try reader.value(of: argument)
      case "--accept-any-time": options.acceptsAnyTime = true
      case "--rejects":
        throw CommandError.failed(
          "replaying rejected events is not supported (0A000)\n"
            + "They are rows of apus.rejects: SELECT payload FROM apus.rejects, correct the lines, and import them.")
      case "--format":
        let name = try reader.value(of: argument)
        guard let format = Format(rawValue: name) else {
          throw CommandError.usage("--format is \"\(name)\", but takes ndjson or csv")
        }
        options.format = format
      case "-": options.files.append(argument)
      case _ where argument.hasPrefix("-"): throw CommandError.usage("unknown argument \"\(argument)\"")
      default: options.files.append(argument)
      }
    }
    guard !options.table.isEmpty else { throw CommandError.usage("--table is missing") }
    guard !options.files.isEmpty else { throw CommandError.usage("no file is named (- is stdin)") }
    return options
  }

  func format(of file: String) -> Format {
    format ?? (file.lowercased().hasSuffix(".csv") ? .csv : .ndjson)
  }

  /// The table as SQL: `schema.table` is two names.
  var sqlTable: String { table.split(separator: ".").map { quoted(String($0)) }.joined(separator: ".") }
}

/// An SQL identifier.
func quoted(_ name: String) -> String { "\"" + name.replacingOccurrences(of: "\"", with: "\"\"") + "\"" }

enum ImportCommand {
  static let usage = """
    usage: apus import --table T [OPTION ...] FILE ...

    Puts files into a table; - is stdin. A server that runs on the data directory is talked to, else the directory is
    opened by this process.

      --table T             the table
      --format FORMAT       ndjson or csv; else told by the name: .csv is CSV
      --data DIR            the data directory (APUS_DATA, ./apus-data)
      --connect URL         a server elsewhere: postgres://... for CSV, http://HOST:PORT for NDJSON
      --accept-any-time     also events that the table's accept bounds would reject as too old or too new

    NDJSON: an event a line, as POST /v1/events takes them (docs/EVENTS.md). Lines that cannot be stored are told and
    kept in apus.rejects; the others are stored. CSV: the first line names the columns; a file is stored whole or not at
    all.

    Example: apus import --table events events.ndjson
    Example: zcat flights.csv.gz | apus import --table flights --format csv -
    Exit codes: 0 all is stored, 1 failure or rejected lines, 2 usage, 3 cannot connect.
    """

  /// Bytes of one body: large enough to amortise a commit, small enough to show progress.
  private static let bodyBytes = 4 << 20

  static func run(_ arguments: [String]) -> Int32 {
    CommandError.report("import", usage: usage) {
      guard let options = try ImportOptions.read(arguments) else {
        print(usage)
        return 0
      }
      return try run(options)
    }
  }

  private static func run(_ options: ImportOptions) throws -> Int32 {
    let inputs = try options.files.map { (input: try ImportInput($0), format: options.format(of: $0)) }
    let target = try ImportTarget(options, formats: Set(inputs.map(\.format)))
    defer { target.close() }
    let sizes = inputs.map(\.input.size)
    let total = sizes.contains { $0 == nil } ? nil : sizes.reduce(0) { $0 + ($1 ?? 0) }
    let progress = ProgressBar("import", total: total, unit: "rows")
    defer { progress.finish() }
    var totals = IngestTotals()
    var done = 0
    for (input, format) in inputs {
      switch format {
      case .ndjson: try events(input, target, progress, done, &totals)
      case .csv: totals.stored += try rows(input, options, target, progress, done, totals.stored)
      }
      done += input.bytesRead
    }
    progress.finish()
    return summarise(options, totals, progress.seconds)
  }

  private static func events(
    _ input: ImportInput, _ target: ImportTarget, _ progress: ProgressBar, _ done: Int, _ totals: inout IngestTotals
  ) throws {
    let sink = try target.events()
    var bodies = LineBodies(input, bytesWanted: bodyBytes)
    do {
      while let (body, firstLine) = try bodies.next() {
        try sink.send(body, firstLine: firstLine, of: input.name, into: &totals)
        progress.update(done: done + input.bytesRead, count: totals.stored + totals.duplicates + totals.rejected)
      }
    } catch let error as CommandError where totals.stored > 0 {
      progress.finish()
      throw CommandError(
        status: error.status,
        message: error.message + "\n\(grouped(totals.stored)) events were stored before that. "
          + "When the import is run again, those with an event_id are recognised as duplicates.")
    }
  }

  private static func rows(
    _ input: ImportInput, _ options: ImportOptions, _ target: ImportTarget, _ progress: ProgressBar, _ done: Int,
    _ before: Int
  ) throws -> Int {
    let columns = try input.csvHeader()
    let sql =
      "COPY \(options.sqlTable) (\(columns.map(quoted).joined(separator: ", "))) FROM STDIN (FORMAT csv, HEADER)"
    var lines = 0
    do {
      return try target.copy(sql) {
        let piece = try input.next(256 << 10)
        for byte in piece where byte == 10 { lines &+= 1 }
        progress.update(done: done + input.bytesRead, count: before + lines)
        return piece
      }
    } catch let error as CommandError where error.status == 1 {
      progress.finish()
      throw CommandError.failed("\(input.name): \(error.message)")
    }
  }

  private static func summarise(_ options: ImportOptions, _ totals: IngestTotals, _ seconds: Double) -> Int32 {
    for example in totals.examples { complain(example) }
    if totals.rejected > totals.examples.count {
      complain("... and \(grouped(totals.rejected - totals.examples.count)) more; all are in apus.rejects")
    }
    var text = "\(options.table): \(grouped(totals.stored)) stored"
    if totals.duplicates > 0 { text += ", \(grouped(totals.duplicates)) duplicates left out" }
    if totals.rejected > 0 { text += ", \(grouped(totals.rejected)) rejected" }
    let shown = (seconds * 10).rounded() / 10
    print("\(text) in \(shown) s (\(grouped(Int(Double(totals.stored) / max(seconds, 0.001))))/s)")
    return totals.rejected > 0 ? 1 : 0
  }
}

/// Where an import goes.
final class ImportTarget {
  private let options: ImportOptions
  private var client: PostgresClient?
  private var http: HTTPClient?
  private var database: Database?
  private var session: Session?

  /// Connects, or opens the database: before anything is read.
  init(_ options: ImportOptions, formats: Set<ImportOptions.Format>) throws {
    self.options = options
    if let url = options.connect {
      try connect(url, formats)
    } else if let holder = try ServerLocator.holder(of: options.data) {
      if formats.contains(.csv) {
        client = try PostgresClient(port: ServerLocator.postgresPort(holder, options.data), command: "import")
      }
      if formats.contains(.ndjson) {
        let made = HTTPClient(port: try ServerLocator.httpPort(holder, options.data))
        try made.connect()
        http = made
      }
    } else {
      Log.configure(level: .warning, format: .logfmt)
      do throws(ApusError) { database = try Database.open(directory: options.data) } catch { throw CommandError(error) }
    }
  }

  private func connect(_ url: String, _ formats: Set<ImportOptions.Format>) throws {
    let isHTTP = url.hasPrefix("http://")
    guard isHTTP || url.hasPrefix("postgres://") || url.hasPrefix("postgresql://") else {
      throw CommandError.usage("--connect is \"\(url)\", but takes postgres://... or http://HOST:PORT")
    }
    if isHTTP {
      guard !formats.contains(.csv) else { throw CommandError.usage("CSV needs --connect postgres://...") }
      guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else {
        throw CommandError.usage("--connect is \"\(url)\", which is no URL")
      }
      let made = HTTPClient(host: host.trimmingCharacters(in: ["[", "]"]), port: parts.port ?? 7480)
      try made.connect()
      http = made
    } else {
      guard !formats.contains(.ndjson) else { throw CommandError.usage("NDJSON needs --connect http://HOST:PORT") }
      client = try PostgresClient(url)
    }
  }

  func close() {
    session?.close()
    database?.close()
  }

  func events() throws -> any EventSink {
    let name = options.table.hasPrefix("public.") ? String(options.table.dropFirst(7)) : options.table
    if let http { return HTTPSink(http, table: name, acceptsAnyTime: options.acceptsAnyTime) }
    guard let database else { throw CommandError.failed("there is nowhere to put events") }
    return DatabaseSink(database: database, table: name, acceptsAnyTime: options.acceptsAnyTime)
  }

  /// Runs a COPY; the rows stored.
  func copy(_ sql: String, _ next: () throws -> [UInt8]) throws -> Int {
    if let client { return try client.copy(sql, next) }
    guard let database else { throw CommandError.failed("there is nowhere to put rows") }
    let session = session ?? database.makeSession()
    self.session = session
    do {
      return try copy(sql, session, next)
    } catch {
      session.statementFailed()
      throw (error as? ApusError).map { CommandError($0) } ?? error
    }
  }

  private func copy(_ sql: String, _ session: Session, _ next: () throws -> [UInt8]) throws -> Int {
    guard let parsed = try session.parse(sql).first else { throw CommandError.failed("no statement: \(sql)") }
    let execution = try session.execute(session.prepare(parsed))
    guard let input = execution.copyInput else { throw CommandError.failed("not a COPY: \(sql)") }
    while true {
      let piece = try next()
      if piece.isEmpty { break }
      try input.write(piece)
    }
    try input.finish()
    try session.commitStatementGroup()
    for notice in session.takeNotices() { complain("\(notice.severity.rawValue): \(notice.message)") }
    return execution.tag.split(separator: " ").last.flatMap { Int($0) } ?? 0
  }
}
