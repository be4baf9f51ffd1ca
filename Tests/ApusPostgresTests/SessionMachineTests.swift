// Conversations byte by byte: what PostgreSQL 15 answers to the same messages (recorded from it), and the rules of
// ReadyForQuery.

import ApusBase
import Testing

@testable import ApusPostgres

@Suite struct `Session machine` {
  private func withTable() throws -> Conversation {
    let conversation = try Conversation()
    #expect(conversation.talk(Client.query("CREATE TABLE t (id bigint, name text)")) == ["C CREATE TABLE", "Z I"])
    return conversation
  }

  // MARK: - Simple query

  @Test func `a query answers description, rows, tag, ready`() throws {
    let conversation = try Conversation()
    #expect(
      conversation.talk(Client.query("VALUES (1, 'a'), (2, NULL)")) == ["T", "D 1,a", "D 2,NULL", "C SELECT 2", "Z I"])
  }

  @Test func `an empty query has an answer of its own`() throws {
    let conversation = try Conversation()
    for text in ["", " ; ", "-- nothing"] { #expect(conversation.talk(Client.query(text)) == ["I", "Z I"], "\(text)") }
  }

  @Test func `several statements answer in turn, an error ends the string`() throws {
    let conversation = try Conversation()
    #expect(
      conversation.talk(Client.query("VALUES (1); SET application_name = 'x'; VALUES (2)"))
        == ["T", "D 1", "C SELECT 1", "C SET", "T", "D 2", "C SELECT 1", "S", "Z I"])
    #expect(
      conversation.talk(Client.query("VALUES (1); SELECT nope; VALUES (2)"))
        == ["T", "D 1", "C SELECT 1", "E 42703", "Z I"])
    #expect(conversation.talk(Client.query("VALUES (1); SELEC")) == ["E 42601", "Z I"])
  }

  @Test func `what a string wrote before its error is gone`() throws {
    let conversation = try withTable()
    #expect(
      conversation.talk(Client.query("INSERT INTO t VALUES (1, 'a'); SELECT nope")) == [
        "C INSERT 0 1", "E 42703", "Z I",
      ])
    #expect(conversation.talk(Client.query("SELECT * FROM t")) == ["T", "C SELECT 0", "Z I"])
    #expect(
      conversation.talk(Client.query("INSERT INTO t VALUES (1, 'a'); INSERT INTO t VALUES (2, 'b')"))
        == ["C INSERT 0 1", "C INSERT 0 1", "Z I"])
    #expect(
      conversation.talk(Client.query("SELECT id FROM t ORDER BY id")) == ["T", "D 1", "D 2", "C SELECT 2", "Z I"])
  }

  @Test func `a block takes what its string wrote before it`() throws {
    let conversation = try withTable()
    #expect(
      conversation.talk(Client.query("INSERT INTO t VALUES (1, 'a'); BEGIN; INSERT INTO t VALUES (2, 'b')"))
        == ["C INSERT 0 1", "C BEGIN", "C INSERT 0 1", "Z T"])
    #expect(conversation.talk(Client.query("ROLLBACK")) == ["C ROLLBACK", "Z I"])
    #expect(conversation.talk(Client.query("SELECT id FROM t")) == ["T", "C SELECT 0", "Z I"])
  }

  @Test func `statements prepared in SQL are bound by the protocol and the other way round`() throws {
    let conversation = try Conversation()
    #expect(conversation.talk(Client.query("PREPARE q(int4) AS SELECT $1 * 2")) == ["C PREPARE", "Z I"])
    #expect(
      conversation.talk(Client.bind("", "q", [Array("21".utf8)]), Client.execute(), Client.sync)
        == ["2", "D 42", "C SELECT 1", "Z I"])
    #expect(conversation.talk(Client.parse("n", "SELECT $1::int4 + 1"), Client.sync) == ["1", "Z I"])
    #expect(conversation.talk(Client.query("EXECUTE n(41)")) == ["T", "D 42", "C SELECT 1", "Z I"])
  }

  @Test func `ready for query tells of blocks and failed blocks`() throws {
    let conversation = try Conversation()
    #expect(conversation.talk(Client.query("BEGIN")) == ["C BEGIN", "Z T"])
    #expect(conversation.talk(Client.query("BEGIN")) == ["N 25001", "C BEGIN", "Z T"])
    #expect(conversation.talk(Client.query("SELECT nope")) == ["E 42703", "Z E"])
    #expect(conversation.talk(Client.query("VALUES (1)")) == ["E 25P02", "Z E"])
    #expect(conversation.talk(Client.query("COMMIT")) == ["C ROLLBACK", "Z I"])
    #expect(conversation.talk(Client.query("COMMIT")) == ["N 25P01", "C COMMIT", "Z I"])
  }

  @Test func `reported settings are reported when they change`() throws {
    let conversation = try Conversation()
    let answer = conversation.exchange(Client.query("SET TIME ZONE 'Europe/Berlin'"))
    #expect(answer.map(\.description) == ["C SET", "S", "Z I"])
    #expect(answer[1].body == Client.text("TimeZone") + Client.text("Europe/Berlin"))
  }

  @Test func `errors say where they are`() throws {
    let conversation = try Conversation()
    let answer = conversation.exchange(Client.query("VALUES (1); SELECT 1 + nope"))
    let error = try #require(answer.first { $0.tag == "E" })
    #expect(error.fields["P"] == "24")
    #expect(error.fields["S"] == "ERROR" && error.fields["V"] == "ERROR")
  }

  // MARK: - Extended query

  @Test func `parse, bind, describe, execute, sync`() throws {
    let conversation = try Conversation()
    let answer = conversation.exchange(
      Client.parse("", "SELECT $1::bigint AS n"), Client.describe("S"), Client.bind([Array("42".utf8)]),
      Client.describe("P"), Client.execute(), Client.sync)
    #expect(answer.map(\.description) == ["1", "t", "T", "2", "T", "D 42", "C SELECT 1", "Z I"])
    #expect(answer[1].body == [0, 1] + Client.int32(20))
  }

  @Test func `nothing is answered to sync but ready, and flush answers nothing`() throws {
    let conversation = try Conversation()
    #expect(conversation.talk(Client.flush) == [])
    #expect(conversation.machine.wantsFlush)
    #expect(conversation.talk(Client.sync) == ["Z I"])
  }

  @Test func `statements without rows have no data`() throws {
    let conversation = try Conversation()
    #expect(
      conversation.talk(
        Client.parse("", "SET application_name = 'x'"), Client.bind(), Client.describe("P"), Client.execute(),
        Client.sync) == ["1", "2", "n", "C SET", "S", "Z I"])
    #expect(
      conversation.talk(
        Client.parse("", ""), Client.describe("S"), Client.bind(), Client.describe("P"), Client.execute(), Client.sync)
        == ["1", "t", "n", "2", "n", "I", "Z I"])
  }

  @Test func `parameters and results travel in the formats asked for`() throws {
    let conversation = try Conversation()
    let answer = conversation.exchange(
      Client.parse("", "SELECT $1::bigint, $2::text, $3::bool"),
      Client.bind(formats: [1, 0, 1], [[0, 0, 0, 0, 0, 0, 0, 7], Array("x".utf8), nil], results: [1, 0, 1]),
      Client.execute(), Client.sync)
    #expect(answer.map(\.tag) == ["1", "2", "D", "C", "Z"])
    #expect(answer[2].values == [[0, 0, 0, 0, 0, 0, 0, 7], [120], nil])
  }

  @Test func `wrong binds are refused and everything up to sync is passed over`() throws {
    let conversation = try Conversation()
    let parse = Client.parse("", "SELECT $1::int4, $2::text")
    let wrong: [([UInt8], String)] = [
      (Client.bind([nil]), "E 08P01"), (Client.bind(formats: [0, 0, 0], [nil, nil]), "E 08P01"),
      (Client.bind([nil, nil], results: [0, 0, 0]), "E 08P01"), (Client.bind(formats: [2], [nil, nil]), "E 22023"),
      (Client.bind([nil, nil], results: [7]), "E 22023"),
      (Client.bind(formats: [1], [[1], nil]), "E 08P01"),
      (Client.bind(formats: [1], [[1, 2, 3, 4, 5], nil]), "E 22P03"),
      (Client.bind([Array("x".utf8), nil]), "E 22P02"), (Client.bind([nil, [0xFF]]), "E 22021"),
      (Client.bind("", "missing"), "E 26000"),
    ]
    for (bind, error) in wrong {
      #expect(
        conversation.talk(parse, bind, Client.execute(), Client.query("VALUES (1)"), Client.describe("P"), Client.sync)
          == ["1", error, "Z I"])
    }
    #expect(conversation.talk(Client.query("VALUES (1)")) == ["T", "D 1", "C SELECT 1", "Z I"])
  }

  @Test func `row limits suspend a portal, and its last part counts its own rows`() throws {
    let conversation = try Conversation()
    #expect(
      conversation.talk(
        Client.query("BEGIN"), Client.parse("", "VALUES (1), (2), (3), (4), (5)"), Client.bind("p"),
        Client.execute("p", rows: 2), Client.execute("p", rows: 2), Client.execute("p", rows: 2),
        Client.execute("p", rows: 2), Client.sync)
        == [
          "C BEGIN", "Z T", "1", "2", "D 1", "D 2", "s", "D 3", "D 4", "s", "D 5", "C SELECT 1", "C SELECT 0", "Z T",
        ])
  }

  @Test func `portals end with their transaction, statements do not`() throws {
    let conversation = try Conversation()
    #expect(
      conversation.talk(Client.parse("s", "VALUES (1)"), Client.bind("p", "s"), Client.sync) == ["1", "2", "Z I"])
    #expect(conversation.talk(Client.execute("p"), Client.sync) == ["E 34000", "Z I"])
    #expect(
      conversation.talk(Client.bind("p", "s"), Client.execute("p"), Client.sync) == ["2", "D 1", "C SELECT 1", "Z I"])
    #expect(
      conversation.talk(Client.query("BEGIN"), Client.bind("p", "s"), Client.sync) == ["C BEGIN", "Z T", "2", "Z T"])
    #expect(conversation.talk(Client.execute("p"), Client.sync) == ["D 1", "C SELECT 1", "Z T"])
    #expect(
      conversation.talk(Client.query("COMMIT"), Client.execute("p"), Client.sync) == [
        "C COMMIT", "Z I", "E 34000", "Z I",
      ])
  }

  @Test func `names are taken once and given back by close`() throws {
    let conversation = try Conversation()
    #expect(conversation.talk(Client.parse("s", "VALUES (1)"), Client.sync) == ["1", "Z I"])
    #expect(conversation.talk(Client.parse("s", "VALUES (2)"), Client.sync) == ["E 42P05", "Z I"])
    #expect(conversation.talk(Client.close("S", "s"), Client.close("S", "never"), Client.sync) == ["3", "3", "Z I"])
    #expect(conversation.talk(Client.describe("S", "s"), Client.sync) == ["E 26000", "Z I"])
    #expect(
      conversation.talk(Client.parse("", "VALUES (1)"), Client.parse("", "VALUES (2)"), Client.sync) == [
        "1", "1", "Z I",
      ])
    #expect(conversation.talk(Client.describe("P", "none"), Client.sync) == ["E 34000", "Z I"])
  }

  @Test func `a query ends the unnamed statement`() throws {
    let conversation = try Conversation()
    #expect(conversation.talk(Client.parse("", "VALUES (1)"), Client.sync) == ["1", "Z I"])
    _ = conversation.talk(Client.query("VALUES (2)"))
    #expect(conversation.talk(Client.bind(), Client.sync) == ["E 26000", "Z I"])
  }

  @Test func `several commands make no prepared statement`() throws {
    let conversation = try Conversation()
    #expect(conversation.talk(Client.parse("", "VALUES (1); VALUES (2)"), Client.sync) == ["E 42601", "Z I"])
  }

  @Test func `statements up to one sync stand and fall together`() throws {
    let conversation = try withTable()
    func insert(_ value: String) -> [UInt8] {
      Client.parse("", "INSERT INTO t VALUES (\(value), 'x')") + Client.bind() + Client.execute()
    }
    #expect(
      conversation.talk(insert("1"), insert("2 / 0"), insert("3"), Client.sync)
        == ["1", "2", "C INSERT 0 1", "1", "2", "E 22012", "Z I"])
    #expect(conversation.talk(Client.query("SELECT id FROM t")) == ["T", "C SELECT 0", "Z I"])
    #expect(
      conversation.talk(insert("1"), insert("2"), Client.sync)
        == ["1", "2", "C INSERT 0 1", "1", "2", "C INSERT 0 1", "Z I"])
    #expect(conversation.talk(Client.query("SELECT id FROM t ORDER BY 1")) == ["T", "D 1", "D 2", "C SELECT 2", "Z I"])
  }

  @Test func `a pipeline of syncs answers each`() throws {
    let conversation = try Conversation()
    let one = Client.parse("", "VALUES (1)") + Client.bind() + Client.execute() + Client.sync
    let bad = Client.parse("", "SELECT nope") + Client.bind() + Client.execute() + Client.sync
    let good = ["1", "2", "D 1", "C SELECT 1", "Z I"]
    #expect(conversation.talk(one, bad, one) == good + ["E 42703", "Z I"] + good)
  }

  @Test func `the function call message is refused by name`() throws {
    let conversation = try Conversation()
    #expect(conversation.talk(Client.message("F", Client.int32(1))) == ["E 0A000", "Z I"])
  }

  @Test func `cursors are described as portals`() throws {
    let conversation = try Conversation()
    #expect(
      conversation.talk(Client.query("BEGIN; DECLARE c CURSOR FOR VALUES (1), (2)"))
        == ["C BEGIN", "C DECLARE CURSOR", "Z T"])
    #expect(conversation.talk(Client.describe("P", "c"), Client.sync) == ["T", "Z T"])
    #expect(conversation.talk(Client.query("FETCH 1 FROM c")) == ["T", "D 1", "C FETCH 1", "Z T"])
  }

  // MARK: - COPY

  @Test func `copy takes rows and stores them at its end`() throws {
    let conversation = try withTable()
    #expect(conversation.talk(Client.query("COPY t FROM STDIN")) == ["G"])
    #expect(conversation.talk(Client.copyData("1\ta"), Client.copyData("\n2\t\\N\n")) == [])
    #expect(conversation.talk(Client.copyDone) == ["C COPY 2", "Z I"])
    #expect(
      conversation.talk(Client.query("COPY t TO STDOUT; VALUES (9)"))
        == ["H", "d 1\ta\n", "d 2\t\\N\n", "c", "C COPY 2", "T", "D 9", "C SELECT 1", "Z I"])
    #expect(
      conversation.talk(Client.query("COPY (SELECT id FROM t) TO STDOUT (FORMAT csv, HEADER)"))
        == ["H", "d id\n", "d 1\n", "d 2\n", "c", "C COPY 2", "Z I"])
  }

  @Test func `copy goes both ways in binary`() throws {
    let conversation = try withTable()
    _ = conversation.talk(Client.query("INSERT INTO t VALUES (1, 'a'), (-2, NULL)"))
    let answer = conversation.exchange(Client.query("COPY t TO STDOUT (FORMAT binary)"))
    let data = answer.filter { $0.tag == "d" }.flatMap(\.body)
    #expect(answer[0].body == [1, 0, 2, 0, 1, 0, 1])
    #expect(data.starts(with: [80, 71, 67, 79, 80, 89, 10, 255, 13, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
    #expect(data.suffix(2) == [255, 255])
    #expect(conversation.talk(Client.query("CREATE TABLE u (id bigint, name text)")) == ["C CREATE TABLE", "Z I"])
    #expect(conversation.talk(Client.query("COPY u FROM STDIN (FORMAT binary)")) == ["G"])
    for byte in data { #expect(conversation.talk(Client.message("d", [byte])) == []) }
    #expect(conversation.talk(Client.copyDone) == ["C COPY 2", "Z I"])
    #expect(
      conversation.talk(Client.query("SELECT * FROM u ORDER BY id")) == [
        "T", "D -2,NULL", "D 1,a", "C SELECT 2", "Z I",
      ])
    for broken in [Array(data.dropFirst()), Array(data.dropLast(4)), data + [1]] {
      _ = conversation.talk(Client.query("COPY u FROM STDIN (FORMAT binary)"))
      #expect(conversation.talk(Client.message("d", broken), Client.copyDone) == ["E 22P04", "Z I"])
    }
  }

  @Test func `a failed copy stores nothing, and its late data are passed over`() throws {
    let conversation = try withTable()
    _ = conversation.talk(Client.query("COPY t FROM STDIN"))
    #expect(
      conversation.talk(Client.copyData("1\ta\nx\tb\n"), Client.copyData("3\tc\n"), Client.copyDone) == [
        "E 22P02", "Z I",
      ])
    _ = conversation.talk(Client.query("COPY t FROM STDIN"))
    #expect(conversation.talk(Client.copyData("1\ta\n"), Client.copyFail("no more")) == ["E 57014", "Z I"])
    _ = conversation.talk(Client.query("COPY t FROM STDIN"))
    #expect(conversation.talk(Client.query("VALUES (1)")) == ["E 08P01", "Z I"])
    #expect(conversation.talk(Client.query("SELECT id FROM t")) == ["T", "C SELECT 0", "Z I"])
  }

  @Test func `copy in the extended protocol ends at sync`() throws {
    let conversation = try withTable()
    // libpq sends the first Sync before it knows that it is a COPY.
    #expect(
      conversation.talk(Client.parse("", "COPY t FROM STDIN"), Client.bind(), Client.execute(), Client.sync)
        == ["1", "2", "G"])
    #expect(conversation.talk(Client.copyData("1\ta\n"), Client.copyDone, Client.sync) == ["C COPY 1", "Z I"])
    #expect(
      conversation.talk(Client.parse("", "COPY t FROM STDIN"), Client.bind(), Client.execute()) == ["1", "2", "G"])
    #expect(
      conversation.talk(Client.copyData("x\ta\n"), Client.copyDone, Client.query("VALUES (1)"), Client.sync)
        == ["E 22P02", "Z I"])
    #expect(
      conversation.talk(Client.parse("", "COPY t TO STDOUT"), Client.bind(), Client.execute(), Client.sync)
        == ["1", "2", "H", "d 1\ta\n", "c", "C COPY 1", "Z I"])
  }

  @Test func `binary's signature comes with the first row, or with the end`() throws {
    let conversation = try withTable()
    func data(_ sql: String) -> [Int] {
      conversation.exchange(Client.query(sql)).filter { $0.tag == "d" }.map(\.body.count)
    }
    #expect(data("COPY (VALUES (1::bigint), (2)) TO STDOUT (FORMAT binary)") == [19 + 14, 14, 2])
    #expect(data("COPY t TO STDOUT (FORMAT binary)") == [19 + 2])
  }

  // MARK: - Large results

  @Test func `a large result stops whenever the output is full`() throws {
    let conversation = try withTable()
    _ = conversation.talk(Client.query("COPY t FROM STDIN"))
    let name = String(repeating: "x", count: 100)
    let lines = (0..<20_000).map { "\($0)\t\(name)\n" }.joined()
    #expect(conversation.talk(Client.copyData(lines), Client.copyDone) == ["C COPY 20000", "Z I"])
    let machine = conversation.machine
    var pauses = 0
    var largest = 0
    var progress = machine.receive(.message(.query("SELECT * FROM t")))
    while case .sendAndAdvance = progress {
      pauses += 1
      largest = max(largest, machine.output.count)
      machine.output.removeAll()
      progress = machine.advance()
    }
    #expect(pauses > 20)
    #expect(largest < 256 << 10)
  }

  // MARK: - Greeting

  @Test func `the greeting reports settings, the key and that it is ready`() throws {
    let conversation = try Conversation()
    let startup = try Startup(
      minorVersion: 0,
      parameters: [
        StartupParameter(name: "user", value: "apus"), StartupParameter(name: "application_name", value: "test"),
        StartupParameter(name: "options", value: "-c statement_timeout=5s --DateStyle=ISO,DMY -cextra_float_digits=0"),
      ])
    #expect(conversation.machine.greet(startup) == nil)
    let answer = ServerMessage.read(Array(conversation.machine.output.bytes))
    #expect(answer.first?.tag == "R" && answer.last?.description == "Z I")
    #expect(!answer.contains { $0.tag == "N" && $0.fields["S"] == "NOTICE" })
    let names = answer.filter { $0.tag == "S" }.map { String(decoding: $0.body.prefix { $0 != 0 }, as: UTF8.self) }
    for name in ["server_version", "client_encoding", "DateStyle", "TimeZone", "integer_datetimes"] {
      #expect(names.contains(name), "\(name)")
    }
    conversation.machine.output.removeAll()
    #expect(conversation.talk(Client.query("SHOW statement_timeout")).contains { $0 == "D 5s" || $0 == "D 5000" })
  }

  @Test func `a foreign name is told as whom it runs`() throws {
    let conversation = try Conversation()
    let user = StartupParameter(name: "user", value: "ann")
    #expect(conversation.machine.greet(try Startup(minorVersion: 0, parameters: [user])) == nil)
    #expect(ServerMessage.read(Array(conversation.machine.output.bytes)).contains { $0.tag == "N" })
  }

  @Test func `newer protocols and unknown options are negotiated down`() throws {
    let conversation = try Conversation()
    let startup = try Startup(
      minorVersion: 2,
      parameters: [StartupParameter(name: "user", value: "apus"), StartupParameter(name: "_pq_.x", value: "1")])
    #expect(conversation.machine.greet(startup) == nil)
    let answer = ServerMessage.read(Array(conversation.machine.output.bytes))
    #expect(answer.first?.tag == "v")
  }

  @Test func `startup without a user, with replication or an unknown setting is refused`() throws {
    #expect(throws: ApusError.self) { _ = try Startup(minorVersion: 0, parameters: []) }
    let user = StartupParameter(name: "user", value: "apus")
    #expect(throws: ApusError.self) {
      _ = try Startup(minorVersion: 0, parameters: [user, StartupParameter(name: "replication", value: "true")])
    }
    #expect(throws: ApusError.self) { _ = try Startup.options("-c") }
    #expect(throws: ApusError.self) { _ = try Startup.options("-x y") }
    #expect(try Startup.options("-c a.b=1\\ 2  --c-d=x").map { "\($0.name)=\($0.value)" } == ["a.b=1 2", "c_d=x"])
    let conversation = try Conversation()
    let unknown = StartupParameter(name: "no_such_setting", value: "1")
    #expect(
      conversation.machine.greet(try Startup(minorVersion: 0, parameters: [user, unknown]))?.state == .undefinedObject)
  }

  // MARK: - Logs

  @Test func `logs show statements without their literals`() {
    #expect(
      StatementText.redacted("INSERT  INTO t1\nVALUES ($1, 'se''cret', 12.5e3, E'a\\'b', $$x$$, $t$y$t$) -- note")
        == "INSERT INTO t1 VALUES ($1, ?, ?, ?, ?, ?) ")
    #expect(StatementText.redacted("SELECT \"a'b\" /* 'x' /* y */ */ FROM t") == "SELECT \"a'b\" FROM t")
    #expect(StatementText.redacted(String(repeating: "a ", count: 2_000)).hasSuffix("..."))
    #expect(StatementText.redacted("SELECT 'unended") == "SELECT ?")
  }
}
