// The ingest endpoints: what is taken, what is answered, what is refused.

import ApusBase
import Foundation
import Testing

@testable import ApusHTTP

@Suite struct `Ingest over HTTP` {
  let fixture: HTTPFixture
  init() throws { fixture = try HTTPFixture() }

  @Test func `an object, an array and lines are stored`() throws {
    let one = try fixture.post("/v1/events", "{\"event\":\"a\",\"user_id\":\"u\"}")
    #expect(one.status == 200)
    #expect(one.text == "{\"stored\":1,\"duplicate\":0,\"rejected\":[]}\n")
    #expect(try fixture.post("/v1/events", "[{\"event\":\"a\"},{\"event\":\"a\"}]").json["stored"] as? Int == 2)
    #expect(try fixture.post("/v1/events", "{\"event\":\"a\"}\n\n{\"event\":\"a\"}\n").json["stored"] as? Int == 2)
    #expect(try fixture.count("a") == 5)
  }

  @Test func `a duplicate is counted and a bad line is named`() throws {
    let body = "{\"event\":\"d\",\"event_id\":\"1\"}\n{broken\n{\"event\":\"d\",\"event_id\":\"1\"}\n"
    let answer = try fixture.post("/v1/events", body, ["Content-Type": "application/x-ndjson"])
    #expect(answer.status == 200)
    #expect(answer.json["stored"] as? Int == 1 && answer.json["duplicate"] as? Int == 1)
    let rejected = try #require((answer.json["rejected"] as? [[String: Any]])?.first)
    #expect(rejected["line"] as? Int == 2 && rejected["code"] as? String == "malformed_json")
    #expect(rejected["event_id"] is NSNull && rejected["reason"] is String)
  }

  @Test func `a verbose answer lists every event`() throws {
    let answer = try fixture.post("/v1/events?verbose", "{\"event\":\"v\",\"event_id\":\"1\"}\n{\"event\":\"v\"}")
    let events = try #require(answer.json["events"] as? [[String: Any]])
    #expect(events.map { $0["status"] as? String } == ["stored", "stored"])
    #expect(events.first?["event_id"] as? String == "1")
  }

  @Test func `compressed bodies are read`() throws {
    let lines = String(repeating: "{\"event\":\"z\"}\n", count: 300)
    #expect(
      try fixture.post("/v1/events", bytes: Compressed.gzip(lines), ["Content-Encoding": "gzip"]).json["stored"]
        as? Int == 300)
    #expect(
      try fixture.post("/v1/events", bytes: Compressed.zstd(lines), ["Content-Encoding": "zstd"]).json["stored"]
        as? Int == 300)
    let twice = Compressed.gzip(lines) + Compressed.gzip(lines)
    #expect(
      try fixture.post("/v1/events", bytes: twice, ["Content-Encoding": "gzip"]).json["stored"] as? Int == 600)
  }

  @Test func `a body that is not what it says is 400`() throws {
    let gzip = Compressed.gzip("{\"event\":\"z\"}")
    for bytes in [Array(gzip.dropLast(4)), Array("no".utf8), Array(gzip.prefix(3)), gzip + [1]] {
      let answer = try fixture.post("/v1/events", bytes: bytes, ["Content-Encoding": "gzip"])
      #expect(answer.status == 400 && answer.error["code"] as? String == "22P02")
    }
    let zstd = Compressed.zstd("{\"event\":\"z\"}")
    #expect(try fixture.post("/v1/events", bytes: zstd.dropLast(2), ["Content-Encoding": "zstd"]).status == 400)
    for body in ["not json", "[1, 2", "", "\n"] {
      #expect(try fixture.post("/v1/events", body).status == 400, "\(body)")
    }
  }

  @Test func `an encoding or a media type that is not read is 415`() throws {
    let answer = try fixture.post("/v1/events", "{}", ["Content-Encoding": "br"])
    #expect(answer.status == 415 && answer.headers["accept-encoding"] == "gzip, deflate, zstd")
    #expect(try fixture.post("/v1/events", "{}", ["Content-Type": "multipart/form-data; boundary=x"]).status == 415)
  }

  @Test func `parameters are checked`() throws {
    #expect(try fixture.post("/v1/events?table=no_such", "{\"event\":\"a\"}").status == 404)
    let unknown = try fixture.post("/v1/events?tabel=x", "{\"event\":\"a\"}")
    #expect(unknown.status == 400 && (unknown.error["message"] as? String)?.contains("tabel") == true)
    #expect(try fixture.post("/v1/events?verbose=maybe", "{\"event\":\"a\"}").status == 400)
  }

  @Test func `each of Segment's calls is answered as Segment does`() throws {
    for call in ["track", "identify", "page", "screen", "group", "alias"] {
      let body = "{\"event\":\"e\",\"userId\":\"u\",\"groupId\":\"g\",\"previousId\":\"p\",\"name\":\"n\"}"
      let answer = try fixture.post("/v1/\(call)", body, ["Authorization": "Basic a2V5Og=="])
      #expect(answer.status == 200 && answer.text == "{\"success\":true}\n", "\(call): \(answer.text)")
    }
    let batch = try fixture.post("/v1/batch", "{\"batch\":[{\"type\":\"track\",\"event\":\"b\",\"userId\":\"u\"}]}")
    #expect(batch.status == 200)
    #expect(try fixture.count("b") == 1)
    let bad = try fixture.post("/v1/batch", "{")
    #expect(bad.status == 400 && bad.json["success"] as? Bool == false)
  }

  @Test func `large bodies go their own way and arrive whole`() throws {
    let lines = (0..<20_000).map { "{\"event\":\"large\",\"properties\":{\"n\":\($0)}}" }.joined(separator: "\n")
    let answer = try fixture.post("/v1/events", lines)
    #expect(answer.json["stored"] as? Int == 20_000)
  }

  @Test func `a chunked body is read`() throws {
    let client = try fixture.client()
    client.send(
      "POST /v1/events HTTP/1.1\r\nHost: localhost:1\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "9\r\n{\"event\":\r\n8\r\n\"chunk\"}\r\n0\r\n\r\n")
    #expect(try client.answer().json["stored"] as? Int == 1)
  }
}
