// Storage backends by a plugin in C whose tables break promises, or make the seldom ones.

import ApusBase
import Foundation
import Testing

@testable import ApusEngine

@Suite struct `Storage backends` {
  private func session(_ fixture: PluginFixture) throws -> Session {
    try PluginSource.compile("Tests/Plugins/c/bad.c", to: "bad", in: fixture.plugins)
    let session = try fixture.open()
    try session.ask(
      "CREATE EXTENSION bad; CREATE SERVER s FOREIGN DATA WRAPPER bad OPTIONS (token 'geheim')")
    for table in [
      "noscan", "fails", "streamfails", "wrongtypes", "fewcolumns", "shortcolumn", "rownulls", "nostream", "slow",
      "plain", "liar", "inexact", "partial",
    ] {
      try session.ask("CREATE FOREIGN TABLE \(table) (id int8, name text) SERVER s")
    }
    return session
  }

  @Test func `that fail or give malformed data are errors`() throws {
    let fixture = try PluginFixture()
    let session = try session(fixture)
    for (table, state, words) in [
      ("noscan", "XX000", "without a handle"), ("fails", "08006", "the storage is away"),
      ("streamfails", "08006", "the connection was lost"), ("wrongtypes", "42804", "cannot be read as bigint"),
      ("fewcolumns", "22000", "columns"), ("shortcolumn", "22000", "3 rows where its batch has 5"),
      ("rownulls", "22000", "null"), ("nostream", "22000", "stream was released"),
    ] {
      let error = session.failure("SELECT id, name FROM \(table)")
      #expect(error?.state.code == state, "\(table): \(String(describing: error))")
      #expect(error?.message.contains(words) == true, "\(table): \(String(describing: error))")
      // EXPLAIN asks and does not run.
      let plan = try session.ask("EXPLAIN SELECT id, name FROM \(table)")
      #expect(plan.contains { $0.contains("Foreign Scan on \(table)") })
    }
    #expect(try session.ask("SELECT count(*) FROM plain") == ["10"])
  }

  @Test func `that answer inexactly are tested again`() throws {
    let fixture = try PluginFixture()
    let session = try session(fixture)
    for table in ["inexact", "plain", "liar"] {
      #expect(
        try session.ask("SELECT id FROM \(table) WHERE id >= 7 AND name <> 'n1' ORDER BY id") == ["8", "9"], "\(table)")
      #expect(try session.ask("SELECT id FROM \(table) WHERE id > 3 ORDER BY id LIMIT 2") == ["4", "5"], "\(table)")
      #expect(try session.ask("SELECT count(*) FROM (SELECT id FROM \(table) LIMIT 3) t") == ["3"], "\(table)")
      #expect(try session.ask("SELECT id FROM \(table) WHERE name LIKE 'n_' AND id IN (1, 4)") == ["1", "4"])
    }
    let inexact = try session.ask("EXPLAIN SELECT id FROM inexact WHERE id > 3").joined(separator: "\n")
    #expect(inexact.contains("(pushed down: inexact)"), "\(inexact)")
    // A limit that is taken over beside a filter that is not would lose rows: it is not asked for then.
    let liar = try session.ask("EXPLAIN SELECT id FROM liar WHERE id > 3 LIMIT 2").joined(separator: "\n")
    #expect(liar.contains("limit -1"), "\(liar)")
    #expect(!liar.contains("limit: 2 (pushed down"), "\(liar)")
    let alone = try session.ask("EXPLAIN SELECT id FROM liar LIMIT 2").joined(separator: "\n")
    #expect(alone.contains("limit: 2 (pushed down: exact)"), "\(alone)")
  }

  @Test func `that give several rows a group are merged`() throws {
    let fixture = try PluginFixture()
    let session = try session(fixture)
    for table in ["partial", "plain"] {
      #expect(
        try session.ask("SELECT name, count(*), sum(id) FROM \(table) GROUP BY name ORDER BY name")
          == ["n0|4|18", "n1|3|12", "n2|3|15"], "\(table)")
      #expect(try session.ask("SELECT count(*), sum(id) FROM \(table)") == ["10|45"], "\(table)")
      #expect(try session.ask("SELECT count(*) FROM \(table) WHERE id > 100") == ["0"], "\(table)")
      #expect(
        try session.ask("SELECT name FROM \(table) GROUP BY name HAVING count(*) > 3 AND sum(id) > 10") == ["n0"])
    }
    let plan = try session.ask("EXPLAIN SELECT name, sum(id) FROM partial GROUP BY name").joined(separator: "\n")
    #expect(plan.contains("Foreign Aggregate on partial") && plan.contains("pushed down: inexact"), "\(plan)")
    #expect(plan.contains("HashAggregate"), "\(plan)")
  }

  @Test func `that keep waiting are cancelled`() throws {
    let fixture = try PluginFixture()
    let session = try session(fixture)
    let control = session.control
    let start = Date()
    let canceller = Thread {
      // Until the query has begun there is nothing to cancel.
      for _ in 0..<1000 {
        control.cancel()
        Thread.sleep(forTimeInterval: 0.01)
      }
    }
    canceller.start()
    #expect(session.failure("SELECT * FROM slow")?.state == .queryCanceled)
    #expect(Date().timeIntervalSince(start) < 20)
  }

  @Test func `that cannot write say so`() throws {
    let fixture = try PluginFixture()
    let session = try session(fixture)
    #expect(session.failure("INSERT INTO plain VALUES (1, 'a')")?.state == .featureNotSupported)
    #expect(session.failure("DELETE FROM plain")?.state == .featureNotSupported)
    #expect(
      session.failure("CREATE TABLE t (a int) USING bad WITH (server = 's')")?.state == .featureNotSupported)
    #expect(session.failure("CREATE TABLE t (a int) USING bad")?.message.contains("option \"server\"") == true)
    #expect(session.failure("CREATE TABLE t (a int) USING nobody")?.state == .undefinedObject)
    #expect(session.failure("TRUNCATE plain")?.state == .featureNotSupported)
    #expect(session.failure("ALTER TABLE plain SET (retention = '1 day')")?.state == .featureNotSupported)
  }

  @Test func `have options that are checked, and secrets that are not shown`() throws {
    let fixture = try PluginFixture()
    let session = try session(fixture)
    let unknown = session.failure("CREATE SERVER t FOREIGN DATA WRAPPER bad OPTIONS (tokn 'x')")
    #expect(unknown?.state.code == "HV00D" && unknown?.hint?.contains("token") == true)
    #expect(session.failure("CREATE SERVER t FOREIGN DATA WRAPPER nobody")?.state == .undefinedObject)
    #expect(
      session.failure("CREATE SERVER t FOREIGN DATA WRAPPER bad OPTIONS (token 'a', token 'b')")?.state
        == .syntaxError)
    #expect(try session.ask("SELECT srvname, srvoptions FROM pg_foreign_server") == ["s|"])
    try session.ask("CREATE SERVER away FOREIGN DATA WRAPPER bad OPTIONS (broken 'yes')")
    try session.ask("CREATE FOREIGN TABLE gone (id int8) SERVER away")
    let error = session.failure("SELECT * FROM gone")
    #expect(error?.state.code == "08001" && error?.message == "nobody is there")
    #expect(session.failure("CREATE FOREIGN TABLE asked () SERVER away")?.state.code == "08001")
  }

  @Test func `are asked for the columns of foreign tables`() throws {
    let fixture = try PluginFixture()
    let session = try session(fixture)
    #expect(session.failure("CREATE FOREIGN TABLE unknown () SERVER s")?.state == .undefinedTable)
    try session.ask("CREATE SCHEMA far; IMPORT FOREIGN SCHEMA x FROM SERVER s INTO far")
    #expect(
      try session.ask(
        "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'far' ORDER BY 1")
        == ["inexact|FOREIGN", "partial|FOREIGN"])
    #expect(try session.ask("SELECT max(id) FROM far.partial") == ["9"])
    #expect(session.failure("IMPORT FOREIGN SCHEMA x FROM SERVER s INTO far")?.state == .duplicateTable)
    #expect(session.failure("IMPORT FOREIGN SCHEMA x LIMIT TO (nope) FROM SERVER s INTO far")?.state.code == "HV00R")
    try session.ask("IMPORT FOREIGN SCHEMA x EXCEPT (inexact, partial) FROM SERVER s INTO far")
    try session.ask("CREATE FOREIGN TABLE renamed (nummer int8 OPTIONS (column_name 'id')) SERVER s")
    #expect(try session.ask("SELECT min(nummer) FROM renamed") == ["0"])
  }

  @Test func `are kept while something depends on them`() throws {
    let fixture = try PluginFixture()
    let session = try session(fixture)
    try session.ask("CREATE VIEW v AS SELECT id FROM plain")
    #expect(session.failure("DROP FOREIGN TABLE plain")?.state == .dependentObjectsStillExist)
    #expect(session.failure("DROP TABLE plain")?.state == .wrongObjectType)
    #expect(session.failure("DROP SERVER s")?.state == .dependentObjectsStillExist)
    #expect(session.failure("DROP EXTENSION bad")?.state == .dependentObjectsStillExist)
    #expect(session.failure("CREATE TABLE plain (a int)")?.state == .duplicateTable)
    #expect(session.failure("CREATE VIEW plain AS SELECT 1")?.state == .duplicateTable)
    #expect(session.failure("BEGIN; CREATE SERVER t FOREIGN DATA WRAPPER bad")?.state == .featureNotSupported)
    try session.ask("ROLLBACK")
    try session.ask("DROP FOREIGN TABLE plain CASCADE")
    #expect(session.failure("SELECT * FROM v")?.state == .undefinedTable)
    try session.ask("DROP SERVER s CASCADE")
    #expect(try session.ask("SELECT count(*) FROM pg_foreign_table") == ["0"])
    try session.ask("DROP EXTENSION bad")
  }

  @Test func `join with tables of the embedded storage`() throws {
    let fixture = try PluginFixture()
    let session = try session(fixture)
    try session.ask("CREATE TABLE own (id int8, what text); INSERT INTO own VALUES (1, 'one'), (8, 'eight')")
    #expect(
      try session.ask("SELECT o.what, p.name FROM own o JOIN plain p USING (id) ORDER BY 1") == ["eight|n2", "one|n1"])
    try session.ask("CREATE TABLE copied AS SELECT * FROM plain WHERE id < 4")
    #expect(try session.ask("SELECT count(*), sum(id) FROM copied") == ["4|6"])
    try session.ask("INSERT INTO own SELECT id, name FROM inexact WHERE id > 7")
    #expect(try session.ask("SELECT count(*) FROM own") == ["4"])
  }
}
