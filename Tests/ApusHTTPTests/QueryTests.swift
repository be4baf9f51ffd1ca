// The query endpoint.

import Foundation
import Testing

@testable import ApusHTTP

@Suite struct `Queries over HTTP` {
  let fixture: HTTPFixture
  init() throws { fixture = try HTTPFixture() }

  @Test func `values have JSON's forms`() throws {
    let answer = try fixture.query(
      "SELECT 1 AS one, 'x\"y' AS name, NULL AS nothing, true AS yes, 12.50 AS price, 9007199254740993 AS big, "
        + "'2026-01-01 00:00:00+00'::timestamptz AS at, '{\"a\": [1, 2]}'::jsonb AS doc, 'NaN'::float8 AS nan")
    #expect(answer.status == 200, "\(answer.text)")
    #expect(answer.headers["content-type"] == "application/json; charset=utf-8")
    #expect(
      answer.text.contains(
        "\"rows\":[[1,\"x\\\"y\",null,true,12.50,9007199254740993,\"2026-01-01 00:00:00+00\","
          + "{\"a\": [1, 2]},\"NaN\"]]"),
      "\(answer.text)")
    #expect(answer.text.hasPrefix("{\"columns\":[{\"name\":\"one\",\"type\":\"integer\"},"))
    #expect(answer.json["row_count"] as? Int == 1 && answer.json["command"] as? String == "SELECT 1")
  }

  @Test func `parameters take the types of the statement`() throws {
    let answer = try fixture.query(
      "SELECT $1::bigint, $2::text, $3::jsonb, $4::numeric, $5::bool, $6::text",
      params: "[5, \"a'b\", {\"k\": 1.50}, 1.50, true, null]")
    #expect(answer.text.contains("[[5,\"a'b\",{\"k\": 1.50},1.50,true,null]]"), "\(answer.text)")
    let few = try fixture.query("SELECT $1::bigint")
    #expect(few.status == 400 && few.error["code"] as? String == "08P01")
    let wrong = try fixture.query("SELECT $1::bigint", params: "[\"x\"]")
    #expect(wrong.status == 400 && wrong.error["code"] as? String == "22P02")
    #expect(try fixture.query("SELECT $1::bigint", params: "[{}]").status == 400)
  }

  @Test func `the form is asked for in three ways`() throws {
    let sql = "{\"sql\":\"SELECT 1 AS one, 'a,b' AS name, '' AS empty, NULL AS nothing\""
    let json = ["Content-Type": "application/json"]
    let csv = "one,name,empty,nothing\n1,\"a,b\",\"\",\n"
    #expect(try fixture.post("/v1/query?format=csv", sql + "}", json).text == csv)
    #expect(try fixture.post("/v1/query", sql + ",\"format\":\"csv\"}", json).text == csv)
    let accepted = try fixture.post("/v1/query", sql + "}", json.merging(["Accept": "text/csv"]) { $1 })
    #expect(accepted.text == csv && accepted.headers["content-type"]?.hasPrefix("text/csv") == true)
    let lines = try fixture.post("/v1/query?format=ndjson", sql + "}", json)
    #expect(lines.text == "{\"one\":1,\"name\":\"a,b\",\"empty\":\"\",\"nothing\":null}\n")
    #expect(try fixture.post("/v1/query?format=xml", sql + "}", json).status == 400)
  }

  @Test func `an error carries its code and place`() throws {
    let answer = try fixture.query("SELECT nope")
    #expect(answer.status == 400 && answer.error["code"] as? String == "42703")
    #expect(answer.error["position"] as? Int == 8 && answer.error["hint"] is NSNull)
    #expect(try fixture.query("SELEC").error["code"] as? String == "42601")
    #expect(try fixture.query("").status == 400)
    #expect(try fixture.query("SELECT 1; SELECT 2").error["code"] as? String == "42601")
  }

  @Test func `nothing is written`() throws {
    for sql in [
      "INSERT INTO events (event) VALUES ('x')", "CREATE TABLE t (a bigint)", "DROP TABLE events",
      "COPY events FROM STDIN", "BEGIN READ WRITE", "SET default_transaction_read_only = off", "CHECKPOINT",
    ] {
      _ = try fixture.query(sql)
    }
    #expect(try fixture.count("x") == 0)
    for sql in ["INSERT INTO events (event) VALUES ('x')", "CREATE TABLE t (a bigint)", "DROP TABLE events"] {
      let answer = try fixture.query(sql)
      #expect(answer.status == 403 && answer.error["code"] as? String == "25006", "\(sql): \(answer.text)")
    }
  }

  @Test func `a body that is no request is 400`() throws {
    for body in ["", "[]", "{", "{\"sql\":5}", "{\"sq\":\"SELECT 1\"}", "{}", "{\"sql\":\"SELECT 1\",\"params\":1}"] {
      #expect(try fixture.post("/v1/query", body, ["Content-Type": "application/json"]).status == 400, "\(body)")
    }
  }

  @Test func `a query ends when its client has gone`() throws {
    let lines = String(repeating: "{\"event\":\"cross\"}\n", count: 3000)
    #expect(try fixture.post("/v1/events", lines).json["stored"] as? Int == 3000)
    let body = Array("{\"sql\":\"SELECT count(*) FROM events a, events b, events c\"}".utf8)
    let client = try fixture.client()
    client.send(RawClient.head("POST", "/v1/query", ["Content-Type": "application/json"], length: body.count))
    client.send(body)
    try wait { fixture.server.metrics.queriesRunning == 1 }
    client.disconnect()
    try wait { fixture.server.metrics.queriesRunning == 0 }
  }

  /// Waits for a condition, up to ten seconds.
  private func wait(_ condition: () -> Bool) throws {
    let deadline = Date().addingTimeInterval(10)
    while !condition() {
      try #require(Date() < deadline, "the condition did not come about")
      usleep(5000)
    }
  }
}
