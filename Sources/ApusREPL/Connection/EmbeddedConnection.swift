// EmbeddedConnection owns a session on a database that this process has open.

public import ApusBase
import ApusColumns
public import ApusEngine
import ApusPlan

/// A session in this process. Closes the database with itself.
public final class EmbeddedConnection: ReplConnection {
  private let database: Database
  private let session: Session
  public let place: String
  public let isAlive = true

  public init(_ database: Database, directory: String) {
    self.database = database
    session = database.makeSession()
    place = "data directory \"\(directory)\", open in this process"
  }

  public var transaction: ReplTransaction {
    switch session.transactionStatus {
    case .idle: .idle
    case .inBlock: .inBlock
    case .failed: .failed
    }
  }

  public var canceller: @Sendable () -> Void {
    let (database, number, secret) = (database, session.processID, session.secret)
    return { database.cancel(processID: number, secret: secret) }
  }

  public func reconnect() -> Bool { true }

  public func close() {
    session.close()
    database.close()
  }

  public func run(_ sql: String, _ sink: any StatementSink) throws(ApusError) {
    do throws(ApusError) {
      let statements = try session.parse(sql)
      for (index, statement) in statements.enumerated() {
        let prepared = try session.prepare(statement)
        guard prepared.parameterTypes.isEmpty else {
          throw ApusError(.undefinedParameter, "there is no parameter $1")
        }
        let execution = try session.execute(prepared)
        try pump(execution, sink)
        if index == statements.count - 1 { try session.commitStatementGroup() }
        passNotices(to: sink)
        try sink.complete(execution.tag)
      }
    } catch {
      session.statementFailed()
      passNotices(to: sink)
      throw error
    }
  }

  private func passNotices(to sink: any StatementSink) {
    for notice in session.takeNotices() { sink.notice(notice) }
  }

  private func pump(_ execution: Execution, _ sink: any StatementSink) throws(ApusError) {
    if let input = execution.copyInput {
      while true {
        let bytes = try sink.copyData()
        if bytes.isEmpty { break }
        try input.write(bytes)
      }
      return try input.finish()
    }
    guard execution.returnsRows else { return }
    if let format = execution.copyOutput { return try copyOut(execution, format, sink) }
    try sink.begin(execution.fields.map { ResultColumn($0.name, type: $0.type.oid) })
    let settings = session.formatSettings
    var text: [UInt8] = []
    while let batch = try execution.next() {
      let dense = batch.compacted()
      let columns = Self.flattened(dense)
      for row in 0..<dense.count {
        var values: [String?] = []
        values.reserveCapacity(columns.count)
        for column in columns {
          guard !column.isNull(row) else {
            values.append(nil)
            continue
          }
          text.removeAll(keepingCapacity: true)
          try TextFormat.output(column, row: row, settings: settings, into: &text)
          values.append(String(decoding: text, as: UTF8.self))
        }
        try sink.row(values)
      }
    }
  }

  private func copyOut(
    _ execution: Execution, _ format: CopyFormat, _ sink: any StatementSink
  ) throws(ApusError) {
    var encoder = CopyEncoder(format: format, fields: execution.fields, settings: session.formatSettings)
    var out = encoder.start()
    while let batch = try execution.next() {
      let dense = batch.compacted()
      let columns = Self.flattened(dense)
      for row in 0..<dense.count { try encoder.appendRow(columns, row, into: &out) }
      try sink.copied(out)
      out.removeAll(keepingCapacity: true)
    }
    out += encoder.end()
    try sink.copied(out)
  }

  /// A shredded column is assembled once, not row by row.
  private static func flattened(_ batch: Batch) -> [Vector] {
    batch.columns.map { column in
      if case .shredded = column.storage { return column.flattened() }
      return column
    }
  }
}
