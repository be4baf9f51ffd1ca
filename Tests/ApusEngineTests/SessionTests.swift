// Tests of sessions on a real directory: definitions, COPY, transactions and what becomes of them after a restart.

import ApusBase
import ApusColumns
import ApusStore
import Foundation
import Testing

@testable import ApusEngine

/// A database in a directory that goes with the test.
private final class Scratch {
  let directory = NSTemporaryDirectory() + "apus-" + UUID().uuidString
  var database: Database

  init() throws { database = try Database.open(directory: directory) }

  deinit {
    database.close()
    try? FileManager.default.removeItem(atPath: directory)
  }

  func reopen() throws {
    database.close()
    database = try Database.open(directory: directory)
  }

  func rows(_ table: String) -> Int {
    database.store.snapshot().table(schema: "public", name: table)?.rowCount ?? -1
  }
}

extension Session {
  /// Runs statements as a simple query does, and gives their tags.
  @discardableResult
  fileprivate func run(_ sql: String, copying data: String? = nil) throws -> [String] {
    var tags: [String] = []
    do {
      for statement in try parse(sql) {
        let execution = try execute(try prepare(statement))
        if let input = execution.copyInput {
          try input.write(Array((data ?? "").utf8))
          try input.finish()
        }
        while try execution.next() != nil {}
        tags.append(execution.tag)
      }
      try commitStatementGroup()
    } catch {
      statementFailed()
      throw error
    }
    return tags
  }
}

@Suite struct Sessions {
  @Test func `a new directory has the table events and nothing else`() throws {
    let scratch = try Scratch()
    let tables = scratch.database.store.snapshot().tables.filter { $0.definition.schema == "public" }
    #expect(tables.map(\.definition.name) == ["events"])
    #expect(tables[0].definition.dedupeKeyColumn?.name == "event_id")
  }

  @Test func `copied rows are there after a restart, and rolled back ones are not`() throws {
    let scratch = try Scratch()
    let session = scratch.database.makeSession()
    #expect(try session.run("CREATE TABLE t (a int4 NOT NULL, b text)") == ["CREATE TABLE"])
    #expect(try session.run("COPY t FROM STDIN", copying: "1\tx\n2\t\\N\n") == ["COPY 2"])
    try session.run("BEGIN")
    try session.run("COPY t (b, a) FROM STDIN (FORMAT csv)", copying: "y,3\n")
    #expect(scratch.rows("t") == 2)
    #expect(session.transactionStatus == .inBlock)
    try session.run("ROLLBACK")
    #expect(scratch.rows("t") == 2)
    session.close()
    try scratch.reopen()
    #expect(scratch.rows("t") == 2)
  }

  @Test func `bad rows name the line and column and store nothing`() throws {
    let scratch = try Scratch()
    let session = scratch.database.makeSession()
    try session.run("CREATE TABLE t (a int4 NOT NULL, b text)")
    let malformed = #expect(throws: ApusError.self) {
      try session.run("COPY t FROM STDIN", copying: "1\tx\nzwei\ty\n")
    }
    #expect(malformed?.state == .invalidTextRepresentation)
    #expect(malformed?.context == "COPY t, line 2, column a: \"zwei\"")
    let missing = #expect(throws: ApusError.self) { try session.run("COPY t FROM STDIN", copying: "1\n") }
    #expect(missing?.message == "missing data for column \"b\"")
    let null = #expect(throws: ApusError.self) { try session.run("COPY t FROM STDIN", copying: "\\N\tx\n") }
    #expect(null?.state == .notNullViolation)
    #expect(scratch.rows("t") == 0)
  }

  @Test func `after an error a block takes only its end`() throws {
    let scratch = try Scratch()
    let session = scratch.database.makeSession()
    try session.run("BEGIN")
    #expect(throws: ApusError.self) { try session.run("DROP TABLE missing") }
    #expect(session.transactionStatus == .failed)
    let refused = #expect(throws: ApusError.self) { try session.run("SHOW TimeZone") }
    #expect(refused?.state == .inFailedTransaction)
    #expect(try session.run("COMMIT") == ["ROLLBACK"])
    #expect(session.transactionStatus == .idle)
  }

  @Test func `a savepoint keeps what came before it, in a failed block too`() throws {
    let scratch = try Scratch()
    let session = scratch.database.makeSession()
    try session.run("CREATE TABLE t (a int4 NOT NULL, b text)")
    try session.run("BEGIN")
    try session.run("INSERT INTO t VALUES (1, 'x')")
    #expect(try session.run("SAVEPOINT s") == ["SAVEPOINT"])
    try session.run("INSERT INTO t VALUES (2, 'y'); SET TIME ZONE 'Europe/Berlin'")
    #expect(throws: ApusError.self) { try session.run("INSERT INTO t VALUES (NULL, 'z')") }
    #expect(session.transactionStatus == .failed)
    #expect(throws: ApusError.self) { try session.run("RELEASE s") }
    #expect(try session.run("ROLLBACK TO s") == ["ROLLBACK"])
    #expect(session.transactionStatus == .inBlock)
    #expect(session.setting("timezone") == "UTC")
    try session.run("INSERT INTO t VALUES (3, 'w')")
    #expect(try session.run("RELEASE SAVEPOINT s") == ["RELEASE"])
    let missing = #expect(throws: ApusError.self) { try session.run("ROLLBACK TO s") }
    #expect(missing?.state.code == "3B001")
    #expect(try session.run("COMMIT") == ["ROLLBACK"])
    #expect(scratch.rows("t") == 0)
    try session.run("BEGIN; INSERT INTO t VALUES (1, 'x'); SAVEPOINT s; INSERT INTO t VALUES (2, 'y')")
    try session.run("ROLLBACK TO s; INSERT INTO t VALUES (3, 'w'), (4, 'v'); RELEASE s; COMMIT")
    #expect(scratch.rows("t") == 3)
    let outside = #expect(throws: ApusError.self) { try session.run("SAVEPOINT s") }
    #expect(outside?.state == .noActiveTransaction)
  }

  @Test func `definitions are checked before anything is made`() throws {
    let scratch = try Scratch()
    let session = scratch.database.makeSession()
    for (sql, state) in [
      ("CREATE TABLE t (a int4, a text)", "42701"), ("CREATE TABLE t (a nosuchtype)", "42704"),
      ("CREATE TABLE t (a int4 PRIMARY KEY)", "0A000"), ("CREATE TABLE apus.t (a int4)", "42501"),
      ("CREATE TABLE nowhere.t (a int4)", "3F000"), ("CREATE TABLE t (a int4) USING heap", "42704"),
      ("CREATE TABLE t (a int4) WITH (fillfactor = 10)", "22023"), ("DROP TABLE t", "42P01"),
      ("CREATE TABLE events (a int4)", "42P07"), ("VACUUM (FREEZE)", "0A000"),
    ] {
      let error = #expect(throws: ApusError.self, "\(sql)") { try session.run(sql) }
      #expect(error?.state.code == state, "\(sql)")
    }
    #expect(try session.run("DROP TABLE IF EXISTS t") == ["DROP TABLE"])
    #expect(session.takeNotices().map(\.message) == ["table \"t\" does not exist, skipping"])
  }

  @Test func `settings are set, shown and reset`() throws {
    let scratch = try Scratch()
    let session = scratch.database.makeSession()
    #expect(try session.run("SET TIME ZONE 'Europe/Berlin'") == ["SET"])
    #expect(session.setting("timezone") == "Europe/Berlin")
    #expect(session.takeParameterChanges().map(\.value) == ["Europe/Berlin"])
    #expect(try session.run("RESET ALL") == ["RESET"])
    #expect(session.setting("timezone") == "UTC")
    let error = #expect(throws: ApusError.self) { try session.run("SET nosuch = 1") }
    #expect(error?.state == .undefinedObject)
  }

  @Test func `a directory is sound after use, and a flipped bit in a segment is found`() throws {
    let scratch = try Scratch()
    let session = scratch.database.makeSession()
    try session.run("CREATE TABLE t (a int4 NOT NULL, b text)")
    let data = (0..<5_000).map { "\($0)\tvalue \($0 % 7)\n" }.joined()
    #expect(try session.run("COPY t FROM STDIN; CHECKPOINT", copying: data) == ["COPY 5000", "CHECKPOINT"])
    session.close()
    scratch.database.close()
    let sound = try Store.check(directory: scratch.directory)
    #expect(sound.isSound)
    #expect(sound.rows == 5_000)
    let files = FileManager.default.enumerator(atPath: scratch.directory)?.compactMap { $0 as? String } ?? []
    let segment = scratch.directory + "/" + (try #require(files.first { $0.hasSuffix(".seg") }))
    var bytes = try Data(contentsOf: URL(fileURLWithPath: segment))
    bytes[bytes.count / 3] ^= 4
    try bytes.write(to: URL(fileURLWithPath: segment))
    #expect(!(try Store.check(directory: scratch.directory).isSound))
    if let kept = ProcessInfo.processInfo.environment["APUS_KEEP_DAMAGED"] {
      try FileManager.default.copyItem(atPath: scratch.directory, toPath: kept)
    }
    bytes[bytes.count / 3] ^= 4
    try bytes.write(to: URL(fileURLWithPath: segment))
    scratch.database = try Database.open(directory: scratch.directory)
  }
}
