// A database in a directory of its own, for the tests of ingest, and what is in its tables.

import ApusBase
import ApusColumns
import ApusStore
import Foundation
import Testing

@testable import ApusEngine

/// 2026-06-30 12:00:00 UTC.
let ingestNoon: UnixMicroseconds = 1_782_820_800_000_000

final class IngestFixture {
  let directory = NSTemporaryDirectory() + "apus-ingest-" + UUID().uuidString
  let clock = ManualClock(ingestNoon)
  private(set) var database: Database

  init() throws { database = try Self.open(directory, clock) }

  deinit {
    database.close()
    try? FileManager.default.removeItem(atPath: directory)
  }

  private static func open(_ directory: String, _ clock: ManualClock) throws -> Database {
    var options = StoreOptions()
    options.clock = clock
    return try Database.open(directory: directory, options: options)
  }

  func reopen() throws {
    database.close()
    database = try Self.open(directory, clock)
  }

  @discardableResult
  func post(
    _ body: String, _ dialect: IngestDialect = .native, table: String = "events", verbose: Bool = false,
    anyTime: Bool = false
  ) throws -> IngestOutcome {
    try database.ingest(
      IngestRequest(
        dialect: dialect, table: table, body: Array(body.utf8), acceptsAnyTime: anyTime, isVerbose: verbose))
  }

  func run(_ sql: String) throws {
    let session = database.makeSession()
    defer { session.close() }
    for statement in try session.parse(sql) {
      let execution = try session.execute(try session.prepare(statement))
      while try execution.next() != nil {}
    }
    try session.commitStatementGroup()
  }

  /// The rows of a query as texts; "NULL" for null.
  func values(_ sql: String) throws -> [[String]] {
    let session = database.makeSession()
    defer { session.close() }
    var found: [[String]] = []
    for statement in try session.parse(sql) {
      let execution = try session.execute(try session.prepare(statement))
      while let batch = try execution.next() {
        for row in 0..<batch.count {
          found.append(
            try batch.columns.map { column in
              if column.isNull(row) { return "NULL" }
              var text: [UInt8] = []
              try TextFormat.output(column, row: row, settings: .utc, into: &text)
              return String(decoding: text, as: UTF8.self)
            })
        }
      }
    }
    return found
  }

  /// Every row of a table as texts by column, nulls left out, in the order of the store.
  func rows(_ name: String = "events", schema: String = "public") throws -> [[String: String]] {
    guard let table = database.store.snapshot().table(schema: schema, name: name) else { return [] }
    var found: [[String: String]] = []
    for group in table.rowGroups {
      var rows = [[String: String]](repeating: [:], count: group.rowCount)
      for column in table.definition.storedColumns {
        let reference = ColumnReference(column: column.id, type: column.type.type)
        let vector = try group.read(reference, rows: 0..<group.rowCount)
        for row in 0..<group.rowCount where !vector.isNull(row) {
          var text: [UInt8] = []
          try TextFormat.output(vector, row: row, settings: .utc, into: &text)
          rows[row][column.name] = String(decoding: text, as: UTF8.self)
        }
      }
      found += rows
    }
    return found
  }
}
