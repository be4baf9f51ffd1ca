// DELETE, VACUUM, retention and their functions through sessions.

import ApusBase
import ApusColumns
import ApusStore
import Foundation
import Testing

@testable import ApusEngine

/// A database in a directory that goes with the test, under a clock that the test sets.
final class ClockedDatabase {
  let directory = NSTemporaryDirectory() + "apus-" + UUID().uuidString
  let clock = ManualClock(1_767_268_800_000_000)
  private var opened: Database?

  private let adjust: (inout StoreOptions) -> Void

  init(adjust: @escaping (inout StoreOptions) -> Void = { _ in }) throws {
    self.adjust = adjust
    try reopen()
  }

  deinit {
    opened?.close()
    try? FileManager.default.removeItem(atPath: directory)
  }

  func reopen() throws {
    opened?.close()
    var options = StoreOptions()
    options.clock = clock
    options.flushesByItself = false
    adjust(&options)
    opened = try Database.open(directory: directory, options: options)
  }

  var database: Database {
    get throws { try #require(opened) }
  }

  /// What the last query string was told beside its result.
  private(set) var notices: [Notice] = []

  /// Runs a query string as a simple query; the tag of its last statement, or the rows of it as text.
  @discardableResult
  func run(_ sql: String, readOnly: Bool = false) throws -> [[String]] {
    let session = try database.makeSession(isReadOnly: readOnly)
    defer { session.close() }
    var result: [[String]] = []
    do {
      for statement in try session.parse(sql) {
        let execution = try session.execute(try session.prepare(statement))
        var rows: [[String]] = []
        while let batch = try execution.next() {
          let dense = batch.compacted()
          for row in 0..<dense.count {
            rows.append(try dense.columns.map { try Self.text($0, row) })
          }
        }
        result = execution.returnsRows ? rows : [[execution.tag]]
      }
      try session.commitStatementGroup()
      notices = session.takeNotices()
    } catch {
      session.statementFailed()
      throw error
    }
    return result
  }

  private static func text(_ column: Vector, _ row: Int) throws -> String {
    if column.isNull(row) { return "NULL" }
    var out: [UInt8] = []
    try TextFormat.output(column, row: row, settings: FormatSettings.utc, into: &out)
    return String(decoding: out, as: UTF8.self)
  }

  func state(_ sql: String, readOnly: Bool = false) throws -> String {
    do {
      try run(sql, readOnly: readOnly)
      return "none"
    } catch let error as ApusError {
      return error.state.code
    }
  }
}

@Suite struct LifecycleStatements {
  @Test func `DELETE tells how many, sees what its query string wrote, and survives a restart`() throws {
    let scratch = try ClockedDatabase()
    try scratch.run("CREATE TABLE t (id int8, name text, properties jsonb)")
    let insert = "INSERT INTO t SELECT g, 'n' || g % 10, NULL FROM generate_series(1, 1000) g"
    let sql = "\(insert); DELETE FROM t WHERE id > 900"
    #expect(try scratch.run(sql) == [["DELETE 100"]])
    #expect(try scratch.run("DELETE FROM t WHERE name = 'n3' AND id < 500") == [["DELETE 50"]])
    #expect(try scratch.run("DELETE FROM t WHERE name = 'n3' AND id < 500") == [["DELETE 0"]])
    let answers = "SELECT count(*), sum(id), min(id), max(id), count(DISTINCT name) FROM t"
    let before = try scratch.run(answers)
    #expect(before == [["850", "393050", "1", "900", "10"]])
    // What its own query string took again was never stored.
    #expect(
      try scratch.run("SELECT rows, deleted_rows FROM apus.segments WHERE table_name = 't'") == [["900", "50"]])
    try scratch.reopen()
    #expect(try scratch.run(answers) == before)
    #expect(try scratch.run("VACUUM t") == [["VACUUM"]])
    #expect(try scratch.run(answers) == before)
    #expect(try scratch.run("SELECT rows, deleted_rows FROM apus.segments WHERE table_name = 't'") == [["850", "0"]])
    #expect(try scratch.run("SELECT apus.compact('t')") == [["0"]])
    try scratch.database.close()
    #expect(try Store.check(directory: scratch.directory).isSound)
  }

  @Test func `what cannot be done is refused by its code`() throws {
    let scratch = try ClockedDatabase()
    try scratch.run("CREATE TABLE t (id int8)")
    for (sql, code) in [
      ("BEGIN ISOLATION LEVEL REPEATABLE READ; DELETE FROM t", "0A000"), ("DELETE FROM pg_class", "42501"),
      ("DELETE FROM apus.rejects", "42501"), ("DELETE FROM nowhere", "42P01"), ("BEGIN; VACUUM", "25001"),
      ("ALTER TABLE t SET (retention = '30 days')", "22023"), ("ALTER TABLE t SET (partition = '1 hour')", "22023"),
      ("ALTER TABLE t SET (fillfactor = 10)", "22023"), ("ALTER TABLE t ALTER COLUMN id TYPE text", "0A000"),
      ("ALTER TABLE nowhere SET (retention = '30 days')", "42P01"), ("SELECT apus.compact('pg_class')", "42809"),
      ("ALTER TABLE events SET (retention = '-1 days')", "22023"),
      ("CREATE TABLE u (id int8) WITH (retention = '1 day')", "22023"),
    ] {
      #expect(try scratch.state(sql) == code, "\(sql)")
    }
    for sql in ["DELETE FROM t", "VACUUM", "SELECT apus.undrop('t')", "SELECT apus.confirm_clock()"] {
      #expect(try scratch.state(sql, readOnly: true) == "25006", "\(sql)")
    }
  }

  @Test func `a deleted event can be sent again, and properties survive compaction`() throws {
    let scratch = try ClockedDatabase()
    func send(_ ids: ClosedRange<Int>, _ plan: String) throws {
      let rows = ids.map { id in
        let properties = "{\"plan\": \"\(plan)\", \"n\": \(id), \"o\": {\"x\": [\(id)]}}"
        return "('2026-01-01 \(10 + id % 10):00+00', 'e\(id % 3)', 'id\(id)', '\(properties)')"
      }
      try scratch.run("INSERT INTO events (time, event, event_id, properties) VALUES \(rows.joined(separator: ", "))")
      try scratch.run("SELECT apus.flush('events')")
    }
    for part in 0..<5 { try send(part * 20...part * 20 + 19, "free") }
    #expect(try scratch.run("DELETE FROM events WHERE properties->>'n' = '7' OR event_id = 'id50'") == [["DELETE 2"]])
    try send(50...50, "again")
    let sql = "SELECT event_id, event, time, properties FROM events ORDER BY event_id"
    let before = try scratch.run(sql)
    #expect(before.count == 99)
    #expect(try scratch.run("SELECT apus.compact('events')") == [["6"]])
    #expect(try scratch.run(sql) == before)
    #expect(try scratch.run("SELECT count(*) FROM events WHERE properties->>'plan' = 'again'") == [["1"]])
    try scratch.reopen()
    try send(0...99, "late")
    #expect(try scratch.run("SELECT count(*) FROM events WHERE properties->>'plan' = 'late'") == [["1"]])
    try scratch.database.close()
    #expect(try Store.check(directory: scratch.directory).isSound)
  }

  @Test func `retention is set by SQL, drops, restores and waits for a clock that jumped`() throws {
    let scratch = try ClockedDatabase()
    try scratch.run(
      "CREATE TABLE t (time timestamptz, id int8) WITH (retention = '10 days'); CREATE TABLE other (id int8)")
    try scratch.run(
      "INSERT INTO t SELECT '2026-01-01 12:00+00'::timestamptz - g * interval '1 day', g FROM generate_series(0, 9) g")
    try scratch.run("INSERT INTO t VALUES (NULL, 100)")
    try scratch.run("SELECT apus.flush('t')")
    let store = try scratch.database.store
    try store.keepRetention()
    #expect(try scratch.run("SELECT count(*) FROM t") == [["11"]])
    #expect(
      try scratch.run("SELECT retention, retention_held FROM apus.tables WHERE table_name = 't'") == [["10 days", "f"]])
    try scratch.run("ALTER TABLE t SET (retention = '4 days')")
    try store.keepRetention()
    #expect(try scratch.run("SELECT count(*), min(id), max(id) FROM t WHERE id < 100") == [["4", "0", "3"]])
    #expect(try scratch.run("SELECT count(*) FROM t WHERE time IS NULL") == [["1"]])
    #expect(
      try scratch.run("SELECT state, count(*) FROM apus.jobs WHERE job = 'retention' GROUP BY state")
        == [["restorable", "6"]])
    try scratch.reopen()
    #expect(try scratch.run("SELECT apus.undrop('t')") == [["6"]])
    #expect(try scratch.run("SELECT count(*) FROM t") == [["11"]])
    #expect(try scratch.run("SELECT retention_held FROM apus.tables WHERE table_name = 't'") == [["t"]])
    try scratch.database.store.keepRetention()
    #expect(try scratch.run("SELECT count(*) FROM t") == [["11"]])
    try scratch.run("ALTER TABLE t SET (retention = '4 days')")
    scratch.clock.advance(by: 100 * 86_400_000_000)
    try scratch.database.store.keepRetention()
    #expect(try scratch.run("SELECT count(*) FROM t") == [["11"]])
    try scratch.run("SELECT apus.confirm_clock()")
    try scratch.database.store.keepRetention()
    #expect(try scratch.run("SELECT count(*) FROM t") == [["1"]])
    try scratch.run("ALTER TABLE t RESET (retention)")
    #expect(try scratch.run("SELECT apus.undrop('t')") == [["10"]])
    #expect(
      try scratch.run("SELECT retention, retention_held FROM apus.tables WHERE table_name = 't'") == [["NULL", "f"]])
  }
}
