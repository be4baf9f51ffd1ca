// Tests of commands and completion, on a database in this process.

import ApusBase
import ApusEngine
import Foundation
import Testing

@testable import ApusREPL

/// A database in a directory that goes with the test, and scripts run on it.
private final class Scratch {
  let directory = NSTemporaryDirectory() + "apus-repl-" + UUID().uuidString
  let connection: EmbeddedConnection

  init() throws { connection = EmbeddedConnection(try Database.open(directory: directory), directory: directory) }

  deinit {
    connection.close()
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// What a script writes, and its exit code.
  func run(_ script: String, format: ResultFormat = .aligned) throws -> (status: Int32, text: String) {
    let path = directory + "/out"
    var options = ReplOptions()
    options.inputs = [.text(script)]
    options.format = format
    options.outputPath = path
    let status = try Repl(connection, options, Interrupts()).run()
    return (status, String(decoding: FileManager.default.contents(atPath: path) ?? Data(), as: UTF8.self))
  }
}

@Suite struct `Prompt commands` {
  @Test func `statements, tags and rows`() throws {
    let scratch = try Scratch()
    let (status, text) = try scratch.run("CREATE TABLE t (a int8);\nINSERT INTO t VALUES (1), (2);\nTABLE t;")
    #expect(status == 0)
    #expect(text == "CREATE TABLE\nINSERT 0 2\n a \n---\n 1\n 2\n(2 rows)\n\n")
  }

  @Test func `data formats hold rows only`() throws {
    let scratch = try Scratch()
    let script =
      "CREATE TABLE t (a int8);\n\\x\n\\timing\n\\timing\nINSERT INTO t VALUES (1);\nSELECT a, 'x' AS b FROM t;"
    #expect(try scratch.run(script, format: .csv).text == "a,b\n1,x\n")
  }

  @Test func `an error ends a script`() throws {
    let scratch = try Scratch()
    let (status, text) = try scratch.run("SELECT 1 AS a;\nSELECT 1/0;\nSELECT 2 AS b;")
    #expect(status == 1 && text.contains(" a ") && !text.contains(" b "))
    #expect(try scratch.run("\\nonsense").status == 1)
    #expect(try scratch.run("\\q\nSELECT 1/0;").status == 0)
  }

  @Test func `the d family lists what there is`() throws {
    let scratch = try Scratch()
    _ = try scratch.run("CREATE TABLE t (a int8 NOT NULL, b text);")
    let list = try scratch.run("\\d").text
    for (name, kind) in [("events", "table"), ("t", "table"), ("identities", "view"), ("users", "view")] {
      let padded = name.padding(toLength: 10, withPad: " ", startingAt: 0)
      #expect(list.contains(" public | \(padded) | \(kind.padding(toLength: 5, withPad: " ", startingAt: 0)) | apus"))
    }
    let detail = try scratch.run("\\d t").text
    #expect(detail.contains(" a      | bigint | not null | ") && detail.contains(" b      | text   |          | "))
    #expect(detail.contains("Rows: 0"))
    #expect(try scratch.run("\\d ev*").text.contains("Table \"public.events\""))
    #expect(try scratch.run("\\d nothing").status == 1)
    #expect(try scratch.run("\\dt apus.*").status == 0)
    #expect(try scratch.run("\\dv apus.s*").text.contains("segments"))
    #expect(try scratch.run("\\dn").text.contains("public | apus"))
    #expect(try scratch.run("\\df lower").text.contains("lower"))
    #expect(try scratch.run("\\du").text.contains("Superuser"))
    #expect(try scratch.run("\\l").text.contains("UTF8"))
    #expect(try scratch.run("\\di").status == 0)
  }

  @Test func `x, pset, g, gx, p and r`() throws {
    let scratch = try Scratch()
    #expect(try scratch.run("\\x\nSELECT 1 AS a;").text == "Expanded display is on.\n-[ RECORD 1 ]\na | 1\n\n")
    #expect(try scratch.run("\\pset null -\nSELECT NULL AS a;").text.contains(" a \n---\n -\n"))
    #expect(try scratch.run("SELECT 1 AS a \\g\n\\gx").text == " a \n---\n 1\n(1 row)\n\n-[ RECORD 1 ]\na | 1\n\n")
    #expect(try scratch.run("SELECT 1\n\\r\nSELECT 2 AS b;").text.contains(" b "))
    #expect(try scratch.run("\\pset format nonsense").status == 1)
  }

  @Test func `copy goes to a file and back`() throws {
    let scratch = try Scratch()
    let path = scratch.directory + "/it's.csv"
    let quoted = path.replacingOccurrences(of: "'", with: "''")
    let script = """
      CREATE TABLE t (a int8, b text);
      INSERT INTO t VALUES (1, 'x,y'), (2, NULL);
      \\copy t to '\(quoted)' csv header
      \\copy t (a, b) from '\(quoted)' csv header
      SELECT count(*) AS n FROM t;
      """
    let (status, text) = try scratch.run(script)
    #expect(status == 0 && text.contains("COPY 2\nCOPY 2\n n \n---\n 4\n"), "\(text)")
    #expect(FileManager.default.contents(atPath: path) == Data("a,b\n1,\"x,y\"\n2,\n".utf8))
    #expect(try scratch.run("\\copy t from '/nonexistent/file'").status == 1)
  }

  @Test func `copy commands are read as psql reads them`() throws {
    let one = try CopyCommand("t from 'a b.csv' with (format csv)")
    #expect(one.sql == "COPY t FROM STDIN with (format csv)" && one.place == .file("a b.csv") && one.isFrom)
    let two = try CopyCommand("(select ' to ' from t where (a) = 1) to stdout csv;")
    #expect(two.sql == "COPY (select ' to ' from t where (a) = 1) TO STDOUT csv" && two.place == .standard)
    for wrong in ["", "t", "t from", "(select 1) from 'x'", "t from program 'ls'"] {
      #expect(throws: ApusError.self) { try CopyCommand(wrong) }
    }
  }

  @Test func `patterns are psql's`() {
    #expect(NamePattern("Ev*").name == "'^(ev.*)$'" && NamePattern("Ev*").schema == nil)
    #expect(NamePattern("a?.\"B.c\"").schema == "'^(a.)$'" && NamePattern("a?.\"B.c\"").name == "'^(B\\.c)$'")
    #expect(NamePattern("it's").name == "'^(it''s)$'")
  }

  @Test func `history keeps entries of several lines, for its owner only`() throws {
    let path = NSTemporaryDirectory() + "apus-history-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    let file = HistoryFile(path)
    file.append("SELECT 1;")
    file.append("SELECT\n  2;")
    #expect(HistoryFile(path).load() == ["SELECT 1;", "SELECT\n  2;"])
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o600)
  }
}

@Suite struct `Completion of words` {
  private var names: CompletionNames {
    var names = CompletionNames()
    names.tables = [
      .init(schema: "public", name: "events", isVisible: true, columns: ["time", "event", "properties"]),
      .init(schema: "public", name: "users", isVisible: true, columns: ["id", "email"]),
      .init(schema: "apus", name: "tables", isVisible: false, columns: ["rows"]),
    ]
    names.paths = [
      .init(table: "events", column: "properties", keys: ["country"]),
      .init(table: "events", column: "properties", keys: ["device", "os"]),
      .init(table: "events", column: "properties", keys: ["device", "model"]),
    ]
    names.functions = ["count", "coalesce_all"]
    names.settings = ["search_path", "statement_timeout"]
    return names
  }

  private func complete(_ before: String, _ word: String, after: String = "", earlier: String = "") -> [String] {
    Completer(names: names).complete(earlier: earlier, before: before, word: word, line: before + word + after)
      .candidates
  }

  @Test func `tables stand behind FROM and their kin`() {
    #expect(complete("SELECT * FROM ", "ev") == ["events"])
    #expect(complete("SELECT * FROM ", "") == ["apus.", "events", "users"])
    #expect(complete("SELECT * FROM ", "apus.t") == ["apus.tables"])
    #expect(complete("", "ev", earlier: "SELECT *\nFROM") == ["events"])
    #expect(complete("\\d ", "us") == ["users"])
  }

  @Test func `columns of the tables of the statement, wherever they are named`() {
    #expect(complete("SELECT ", "ema", after: " FROM users") == ["email"])
    #expect(complete("SELECT ", "u.", after: " FROM users AS u") == ["u.email", "u.id"])
    #expect(complete("WHERE ", "tim", earlier: "SELECT 1 FROM events") == ["time", "timestamp", "timestamptz"])
  }

  @Test func `property paths within arrows`() {
    #expect(complete("SELECT properties->>'", "", after: " FROM events") == ["country", "device"])
    #expect(complete("SELECT e.properties -> 'device' ->> '", "o", after: " FROM events e") == ["os"])
    #expect(complete("SELECT properties->>'", "x", after: " FROM events") == [])
    #expect(complete("SELECT other->>'", "") == [])
  }

  @Test func `keywords in the letters of the typist`() {
    #expect(complete("", "SEL") == ["SELECT"] && complete("", "sel") == ["select"])
    #expect(complete("SHOW ", "sea") == ["search_path"])
    #expect(complete("\\", "wa") == ["watch"])
    #expect(Completion.common(["abc", "abd", "ab"]) == "ab")
  }
}
