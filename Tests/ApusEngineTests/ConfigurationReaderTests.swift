// The reading of apus.yaml: what it says, and each kind of mistake with its line, column and nearest key.

import ApusBase
import Foundation
import Testing

@testable import ApusEngine

@Suite struct ConfigurationTexts {
  private func problems(_ text: String, _ environment: [String: String]? = [:]) -> [String] {
    ConfigurationReading(text, environment: environment).problems.map { $0.text(file: "f") }
  }

  @Test func `the file of the design is read whole`() throws {
    let text = """
      server:
        listen: 127.0.0.1
        postgres: {port: 7432, tls: {certificate: server.crt, key: server.key}}
        http: {port: 7480, tls: {certificate: server.crt, key: server.key}}
      storage: {data: ./apus-data, memory: 4 GiB, durability: fsync, reserve: 5 %}   # a comment
      tables:
        events:
          partition: 1 day
          retention: [{after: 7 days, where: "event = 'debug'"}, {after: 90 days}]
          dedupe: {key: event_id, window: 1 day}
          accept: {past: retention, future: 1 day}
          properties: {max_columns: 1000, drop: {ip: 30 days}}
      rollups:
        events_1m:
          from: events
          every: 1 minute
          by: [event, "properties->>'country'"]
          sets: [[], [event], [event, "properties->>'country'"]]
          measures:
            events: count(*)
            users: count(DISTINCT distinct_id)
          retention: 30 days
        events_1h: {from: events_1m, every: 1 hour, retention: 2 years}
        events_1d: {from: events_1h, every: 1 day, time_zone: UTC, retention: 5 years}
      plugins: [clickhouse]
      """
    #expect(problems(text).isEmpty)
    let reading = ConfigurationReading(text, environment: [:])
    let configuration = reading.configuration
    #expect(
      configuration.server.map { "\($0.flag)=\($0.text)" } == [
        "--listen=127.0.0.1", "--postgres-port=7432", "--postgres-tls-certificate=server.crt",
        "--postgres-tls-key=server.key", "--http-port=7480", "--http-tls-certificate=server.crt",
        "--http-tls-key=server.key", "--data=./apus-data", "--memory=4 GiB", "--durability=fsync", "--reserve=5 %",
      ])
    let table = try #require(configuration.tables.first)
    #expect(table.retention?.seconds == Int64(7_776_000))
    #expect(table.retention?.filters.map(\.filter) == ["event = 'debug'"])
    #expect(table.properties?.map(\.path) == [["ip"]])
    #expect(configuration.rollups.map(\.name.name) == ["events_1m", "events_1h", "events_1d"])
    let ages: [Int64?] = configuration.rollups.map { $0.retention ?? nil }
    #expect(ages.map { ($0 ?? 0) / 86_400 } == [30, 730, 1825])
    #expect(
      configuration.rollups[0].statement(timeColumn: "time") == """
        CREATE MATERIALIZED VIEW events_1m WITH (rollup, retention = '30 days') AS \
        SELECT time_bucket('1 minute', "time") AS bucket, event, properties->>'country' AS country, \
        count(*) AS events, count(DISTINCT distinct_id) AS users FROM events \
        GROUP BY GROUPING SETS ((1), (1, 2), (1, 2, 3))
        """)
    #expect(
      configuration.rollups[2].query(timeColumn: "time").hasPrefix(
        "SELECT time_bucket('1 day', \"time\") AS bucket, event, properties->>'country' AS country"))
    // What a server gets keeps its lines, without what is not its business.
    let sent = reading.forServer
    #expect(sent.split(separator: "\n", omittingEmptySubsequences: false).count == 25)
    #expect(!sent.contains("server.crt") && sent.contains("events_1h"))
    #expect(ConfigurationReading(sent, environment: nil).problems.isEmpty)
  }

  @Test(arguments: [
    ("sever: {}", "f:1:1: unknown key \"sever\" (did you mean \"server\"?)"),
    ("server:\n  posgres: 1", "f:2:3: unknown key \"posgres\" in \"server\" (did you mean \"postgres\"?)"),
    (
      "tables:\n  events:\n    retension: 7 days",
      "f:3:5: unknown key \"retension\" in \"tables.events\" (did you mean \"retention\"?)"
    ),
    ("tables: {t: {}}\ntables: {}", "f:2:1: key \"tables\" is there twice (first on line 1)"),
    ("tables: [a]", "f:1:9: \"tables\" is a mapping of table names, not a list"),
    ("tables: {events: 5}", "f:1:18: \"tables.events\" is a mapping, not a value"),
    (
      "server: {http: {port: 70000}}", "f:1:23: \"server.http.port\": a port is a number from 0 to 65535, not \"70000\""
    ),
    ("server: {listen: }", "f:1:18: \"server.listen\" needs a value, not nothing"),
    ("server: {listen: [a]}", "f:1:18: \"server.listen\" needs a value, not a list"),
    ("server: {http: {hosts: a}}", "f:1:24: \"server.http.hosts\" is a list, not a value"),
    ("storage: {memory: lots}", "f:1:19: \"storage.memory\": a size is like 4 GiB or 512 MiB, not \"lots\""),
    ("storage: {reserve: 5}", "f:1:20: \"storage.reserve\": a part is like 5 %, not \"5\""),
    (
      "storage: {durability: fsinc}",
      "f:1:23: \"storage.durability\": \"fsinc\" is not one of fsync (did you mean \"fsync\"?)"
    ),
    (
      "tables: {events: {retention: 90}}",
      "f:1:30: \"tables.events.retention\": a length of time is like 90 days or 1 hour, or \"none\", not \"90\""
    ),
    (
      "tables: {events: {partition: 1 month}}",
      "f:1:30: \"tables.events.partition\": \"1 month\" has no fixed length (say 30 days or 365 days)"
    ),
    (
      "tables: {events: {partition: 0 days}}",
      "f:1:30: \"tables.events.partition\": a length of time is at least a second, not \"0 days\""
    ),
    ("tables: {events: {retention: {where: x}}}", "f:1:30: \"tables.events.retention\" needs the key \"after\""),
    (
      "tables: {events: {retention: [{after: 1 day}, {after: 2 days}]}}",
      "f:1:47: only one age can be without a condition"
    ),
    (
      "tables: {events: {retention: [{after: 1 day, where: event =}]}}",
      "f:1:53: \"tables.events.retention[1].where\": not an SQL expression: syntax error at end of input"
    ),
    (
      "tables: {events: {properties: {max_columns: 0}}}",
      "f:1:45: \"tables.events.properties.max_columns\": a number from 1 to 1000 is expected, not \"0\""
    ),
    (
      "tables: {events: {properties: {drop: {a..b: 1 day}}}}",
      "f:1:39: \"a..b\" is no path of at most 8 keys joined by dots"
    ),
    ("tables: {events: {dedupe: {window: 1 day}}}", "f:1:27: \"tables.events.dedupe\" needs the key \"key\""),
    (
      "tables: {t: {columns: {a: nothing like it}}}",
      "f:1:27: \"tables.t.columns.a\": not a column's type: syntax error at or near \"like\""
    ),
    ("rollups: {r: {every: 1 hour}}", "f:1:11: rollup \"r\" needs the key \"from\""),
    ("rollups: {r: {from: events, every: 1 hour}}", "f:1:11: rollup \"r\" needs the key \"measures\""),
    (
      "rollups: {r: {from: events, every: 1 hour, by: [event], sets: [[evnt]], measures: {n: count(*)}}}",
      "f:1:65: \"evnt\" in \"sets\" is not one of \"by\""
    ),
    (
      "rollups: {r: {from: events, every: 1 hour, by: [lower(event)], measures: {n: count(*)}}}",
      "f:1:49: a dimension of this form needs a name (write - name: lower(event))"
    ),
    (
      "rollups: {r: {from: events, every: 1 hour, by: [event], measures: {event: count(*)}}}",
      "f:1:68: two columns of rollup \"r\" are called \"event\""
    ),
    (
      "rollups: {a: {from: b, every: 1 hour}, b: {from: a, every: 1 hour}}",
      "f:1:21: rollups are made from each other in a circle"
    ),
    (
      "tables: {x: {}}\nrollups: {x: {from: events, every: 1 day, measures: {n: count(*)}}}",
      "f:2:11: \"x\" is a table and a rollup"
    ),
    ("plugins: [a, a]", "f:1:14: plugin \"a\" is there twice"),
    ("server: {password: a, password_file: b}", "f:1:38: password and password_file are both given"),
    (
      "server: {http: {tls: {key: k}}}", "f:1:28: \"server.http.tls\" needs both certificate and key"
    ),
    ("a: &x 1", "f:1:4: anchors and aliases are not supported"),
    ("a: [1", "f:2:1: while parsing a flow sequence: did not find expected ',' or ']'"),
    ("- a", "f:1:1: the file is a mapping, not a list"),
    ("server: {listen: \"${NOPE}\"}", "f:1:18: the environment variable \"NOPE\" is not set"),
  ])
  func `each mistake is told with its place`(_ text: String, _ problem: String) {
    let found = problems(text)
    #expect(found.contains(problem), "\(found)")
  }

  @Test func `problems come in the order of the file, all at once`() {
    let found = problems("server:\n  listn: x\ntables:\n  t: {partition: x, retentio: 1 day}\nplugin: []\n")
    #expect(found.map { $0.prefix(6) } == ["f:2:3:", "f:4:18", "f:4:21", "f:5:1:"])
  }

  @Test func `variables are put in, and nowhere else`() {
    let text = "server: {password: '${SECRET}'}\nplugins: ['${P}', \"$${P}\"]\n"
    let reading = ConfigurationReading(text, environment: ["SECRET": "a: \"b", "P": "geoip"])
    #expect(reading.problems.isEmpty)
    #expect(reading.configuration.password == "a: \"b")
    #expect(reading.configuration.plugins.map(\.name) == ["geoip", "${P}"])
    #expect(!reading.forServer.contains("a: ") && reading.forServer.contains("\"geoip\""))
    #expect(problems(text, nil).count == 2)
  }

  @Test func `an empty file says nothing`() {
    for text in ["", "# nothing\n", "~", "{}", "tables:\nrollups:\nserver:\n"] {
      #expect(problems(text).isEmpty, "\(text)")
    }
  }

  @Test func `damaged and random texts are read or refused, and never trap`() {
    let seed = UInt64.random(in: .min ... .max)
    var random = SeededRandom(seed: seed)
    let base = Array(
      "tables:\n  events: {retention: [{after: 7 days, where: \"a = 'b'\"}], accept: {past: retention}}\n".utf8)
    for _ in 0..<500 {
      var bytes = base
      for _ in 0..<Int.random(in: 1...4, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        bytes[place] = UInt8.random(in: .min ... .max, using: &random)
      }
      _ = ConfigurationReading(String(decoding: bytes, as: UTF8.self), environment: [:]).problems
    }
  }

  @Test func `words that are meant are found`() {
    #expect(EditDistance.distance("retention", "retension") == 1)
    #expect(EditDistance.distance("ab", "ba") == 1)
    #expect(EditDistance.nearest(to: "xyzzy", among: ["retention", "dedupe"]) == nil)
  }
}
