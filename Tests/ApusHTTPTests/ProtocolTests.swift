// HTTP itself: browser rules, limits, methods, health, broken requests, and the end of the server.

import ApusBase
import ApusColumns
import ApusEngine
import Foundation
import Synchronization
import Testing

@testable import ApusHTTP

@Suite struct `Browser rules` {
  let fixture: HTTPFixture
  init() throws { fixture = try HTTPFixture() }

  private func query(_ headers: [String: String]) throws -> Int {
    let json = ["Content-Type": "application/json"].merging(headers) { $1 }
    return try fixture.post("/v1/query", "{\"sql\":\"SELECT 1\"}", json).status
  }

  @Test func `queries come from our own page or from no page`() throws {
    let host = "127.0.0.1:\(fixture.port)"
    #expect(try query([:]) == 200)
    #expect(try query(["Host": host, "Origin": "http://\(host)"]) == 200)
    for origin in ["https://evil.example", "null", "http://127.0.0.1:1", "http://localhost:\(fixture.port)", "x"] {
      #expect(try query(["Host": host, "Origin": origin]) == 403, "\(origin)")
    }
    for type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""] {
      #expect(try query(["Content-Type": type]) == 415, "\(type)")
    }
  }

  @Test func `a host that is none of ours is refused`() throws {
    for host in ["evil.example", "127.0.0.1.evil.example", "evil.example:80", "[::2]", "localhost.evil"] {
      #expect(try query(["Host": host]) == 403, "\(host)")
      #expect(try fixture.post("/v1/events", "{\"event\":\"a\"}", ["Host": host]).status == 403)
      #expect(try fixture.get("/metrics", ["Host": host]).status == 403)
      #expect(try fixture.get("/livez", ["Host": host]).status == 200)
    }
    for host in ["localhost", "LOCALHOST:99", "127.0.0.1:5", "127.1.2.3", "[::1]:80", "app.localhost:3000"] {
      #expect(try query(["Host": host]) == 200, "\(host)")
    }
  }

  @Test func `events may come from pages under development and from no others`() throws {
    let origin = "http://localhost:3000"
    let preflight = try fixture.client().request(
      "OPTIONS", "/v1/track",
      [
        "Origin": origin, "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,authorization",
      ])
    #expect(preflight.status == 204 && preflight.headers["access-control-allow-origin"] == origin)
    #expect(preflight.headers["access-control-allow-headers"] == "content-type,authorization")
    let answer = try fixture.post("/v1/track", "{\"event\":\"a\",\"userId\":\"u\"}", ["Origin": origin])
    #expect(answer.status == 200 && answer.headers["access-control-allow-origin"] == origin)
    #expect(try fixture.post("/v1/events", "{\"event\":\"a\"}", ["Origin": "https://evil.example"]).status == 403)
    #expect(try fixture.client().request("OPTIONS", "/v1/query", ["Origin": origin]).status == 403)
  }
}

@Suite struct `HTTP limits and manners` {
  let fixture: HTTPFixture
  init() throws { fixture = try HTTPFixture() }

  @Test func `an unknown path is 404 and a wrong method 405`() throws {
    #expect(try fixture.get("/nothing").status == 404)
    #expect(try fixture.post("/nothing", "{}").status == 404)
    let answer = try fixture.get("/v1/events")
    #expect(answer.status == 405 && answer.headers["allow"] == "POST, OPTIONS")
    #expect(try fixture.client().request("DELETE", "/v1/query").headers["allow"] == "POST")
    #expect(try fixture.post("/metrics", "").headers["allow"] == "GET, HEAD")
  }

  @Test func `a body over the limit is 413 before it is sent`() throws {
    let client = try fixture.client()
    client.send(RawClient.head("POST", "/v1/events", [:], length: Limits.httpBodyBytesMax + 1))
    #expect(try client.answer().status == 413)
    let query = try fixture.client()
    query.send(
      RawClient.head(
        "POST", "/v1/query", ["Content-Type": "application/json"], length: Limits.sqlBytesMax + 1))
    #expect(try query.answer().status == 413)
  }

  @Test func `a bomb is 413`() throws {
    let bomb = Compressed.gzip([UInt8](repeating: 32, count: 8 << 20))
    #expect(try fixture.post("/v1/events", bytes: bomb, ["Content-Encoding": "gzip"]).status == 413)
    let small = Compressed.gzip(String(repeating: "{\"event\":\"like\"}\n", count: 20_000))
    #expect(try fixture.post("/v1/events", bytes: small, ["Content-Encoding": "gzip"]).status == 200)
  }

  @Test func `headers over the limit are refused`() throws {
    let answer = try fixture.get("/livez", ["X-Long": String(repeating: "x", count: 40_000)])
    #expect(answer.status == 431)
    let client = try fixture.client()
    client.send("GET /livez HTTP/1.1\r\nHost: localhost\r\nX: " + String(repeating: "x", count: 1 << 20) + "\r\n\r\n")
    #expect([nil, 413, 431].contains(try? client.answer().status))
    #expect(try fixture.get("/livez").status == 200)
  }

  @Test func `one connection carries many requests`() throws {
    let client = try fixture.client()
    for number in 0..<20 {
      #expect(try client.request("POST", "/v1/events", body: Array("{\"event\":\"k\(number)\"}".utf8)).status == 200)
    }
    #expect(try client.request("POST", "/v1/events", body: Array("{".utf8)).status == 400)
    #expect(try client.request("POST", "/nothing", body: Array("{}".utf8)).status == 404)
    #expect(try client.request("HEAD", "/health").status == 200)
    let head = RawClient.head("GET", "/livez", [:], length: 0)
    client.send(head + head + head)
    for _ in 0..<3 { #expect(try client.answer().status == 200) }
  }

  @Test func `health and metrics answer`() throws {
    _ = try fixture.post("/v1/events", "{\"event\":\"m\"}")
    for path in ["/livez", "/readyz", "/health", "/"] { #expect(try fixture.get(path).status == 200) }
    let answer = try fixture.get("/metrics")
    #expect(answer.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
    let line = /[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.e+-]+/
    for text in answer.text.split(separator: "\n") where !text.hasPrefix("#") {
      #expect(text.wholeMatch(of: line) != nil, "\(text)")
    }
    for name in [
      "apus_ingest_events_total", "apus_wal_bytes_total", "apus_memtable_bytes", "apus_flush_lag_seconds",
      "apus_segments", "apus_rejects", "apus_disk_free_bytes", "apus_memory_resident_bytes", "apus_build_info",
    ] {
      #expect(answer.text.contains("# TYPE \(name) "), "\(name)")
    }
  }

  @Test func `nothing sent over a socket ends the server`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    let requests = [
      RawClient.head("POST", "/v1/events?table=events&verbose", [:], length: 15) + "{\"event\":\"abc\"}",
      RawClient.head("POST", "/v1/query", ["Content-Type": "application/json"], length: 18) + "{\"sql\":\"SELECT 1\"}",
      RawClient.head("GET", "/metrics", [:], length: 0),
      "POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{\"ba\r\n0\r\n\r\n",
      RawClient.head("POST", "/v1/events", ["Content-Encoding": "gzip"], length: 20)
        + String(repeating: "z", count: 20),
    ]
    for _ in 0..<200 {
      var bytes = Array(requests[Int.random(in: 0..<requests.count, using: &random)].utf8)
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(place..<min(bytes.count - 1, place + 3))
        case 2: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 9)], at: place)
        default: bytes = Array(bytes[0...place])
        }
        if bytes.isEmpty { bytes = [13] }
      }
      let client = try RawClient(port: fixture.port, patienceMilliseconds: 20)
      client.send(bytes)
      client.drain()
    }
    #expect(try fixture.get("/livez").status == 200, "seed \(seed)")
    #expect(try fixture.post("/v1/events", "{\"event\":\"after\"}").status == 200, "seed \(seed)")
  }
}

@Suite struct `Start and stop` {
  @Test func `before the database is open only livez is 200`() throws {
    let fixture = try HTTPFixture(attached: false)
    #expect(try fixture.get("/livez").status == 200)
    for path in ["/readyz", "/health"] {
      let answer = try fixture.get(path)
      #expect(answer.status == 503 && answer.headers["retry-after"] != nil)
    }
    #expect(try fixture.post("/v1/events", "{\"event\":\"a\"}").status == 503)
    #expect(try fixture.query("SELECT 1").error["code"] as? String == "57P03")
    fixture.server.attach(fixture.database)
    #expect(try fixture.get("/health").status == 200)
  }

  @Test func `what is answered before the end is stored, and the end comes`() throws {
    let fixture = try HTTPFixture()
    let answered = Mutex(0)
    let port = fixture.port
    let group = DispatchGroup()
    for worker in 0..<4 {
      group.enter()
      Thread {
        defer { group.leave() }
        guard let client = try? RawClient(port: port) else { return }
        for number in 0..<10_000 {
          let body = Array("{\"event\":\"end\",\"event_id\":\"\(worker)-\(number)\"}".utf8)
          guard let answer = try? client.request("POST", "/v1/events", body: body), answer.status == 200 else { return }
          answered.withLock { $0 += 1 }
        }
      }.start()
    }
    while answered.withLock({ $0 }) < 100 { usleep(1000) }
    fixture.server.stop(drainSeconds: 5)
    group.wait()
    let session = fixture.database.makeSession()
    defer { session.close() }
    let statement = try #require(try session.parse("SELECT event FROM events").first)
    let execution = try session.execute(try session.prepare(statement))
    var stored = 0
    while let batch = try execution.next() { stored += batch.count }
    #expect(stored >= answered.withLock { $0 })
    #expect(throws: RawClient.Closed.self) { try RawClient(port: port) }
  }

  @Test func `a taken port is an error`() throws {
    let fixture = try HTTPFixture()
    var options = HTTPOptions()
    options.port = UInt16(fixture.port)
    #expect(throws: ApusError.self) { try HTTPServer(options).start() }
  }
}
