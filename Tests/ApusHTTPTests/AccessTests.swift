// Who may, over HTTP: passwords, keys, and the pages that use them.

import ApusBase
import ApusEngine
import Foundation
import Testing

@testable import ApusHTTP

@Suite struct `Access over HTTP` {
  private let fixture: HTTPFixture
  private let query: String
  private let ingest: String

  init() throws {
    fixture = try HTTPFixture(password: "pa:ss wörd")
    query = try fixture.database.createKey(name: "reader", kind: .query)
    ingest = try fixture.database.createKey(name: "web", kind: .ingest)
  }

  private func bearer(_ token: String) -> [String: String] { ["Authorization": "Bearer \(token)"] }
  private func basic(_ user: String, _ password: String) -> [String: String] {
    ["Authorization": "Basic \(Data("\(user):\(password)".utf8).base64EncodedString())"]
  }
  private func send(_ body: String, _ headers: [String: String] = [:], to path: String = "/v1/events") throws -> Int {
    try fixture.post(path, body, headers).status
  }

  @Test func `queries want the password or a query key`() throws {
    let none = try fixture.query("SELECT 1")
    #expect(none.status == 401 && none.error["code"] as? String == "28P01")
    #expect(none.headers["www-authenticate"]?.hasPrefix("Basic ") == true)
    for right in [basic("apus", "pa:ss wörd"), bearer("pa:ss wörd"), bearer(query), basic(query, "")] {
      #expect(try fixture.query("SELECT 1", right).status == 200, "\(right)")
    }
    for wrong in [
      basic("apus", "pa"), basic("root", "pa:ss wörd"), bearer("x"), bearer(query + "0"), ["Authorization": "Basic"],
      ["Authorization": "Basic ???"], ["Authorization": "Digest x"], ["Authorization": ""],
    ] {
      #expect(try fixture.query("SELECT 1", wrong).status == 401, "\(wrong)")
    }
    #expect(try fixture.query("SELECT 1", bearer(ingest)).status == 403)
  }

  @Test func `pages and metrics are for readers, health for everybody`() throws {
    for path in ["/", "/metrics"] {
      #expect(try fixture.get(path).status == 401, "\(path)")
      #expect(try fixture.get(path, bearer(query)).status == 200, "\(path)")
    }
    for path in ["/livez", "/readyz", "/health"] { #expect(try fixture.get(path).status == 200, "\(path)") }
  }

  @Test func `events want an ingest key or the password, wherever it stands`() throws {
    let event = "{\"event\":\"a\"}"
    #expect(try send(event) == 401)
    #expect(try send(event, bearer("x")) == 401)
    #expect(try send(event, bearer(query)) == 403)
    for right in [bearer(ingest), basic(ingest, ""), basic("apus", "pa:ss wörd"), ["Authorization": "Token \(ingest)"]]
    {
      #expect(try send(event, right) == 200, "\(right)")
    }
    for name in ["api_key", "token", "writeKey"] {
      #expect(try send("{\"event\":\"b\",\"x\":{\"token\":\"no\"},\"\(name)\":\"\(ingest)\"}") == 200, "\(name)")
      #expect(try send("{\"event\":\"b\",\"\(name)\":\"no\"}") == 401, "\(name)")
    }
    #expect(try send("{\"event\":\"s\",\"userId\":\"u\",\"writeKey\":\"\(ingest)\"}", to: "/v1/track") == 200)
    let refused = try fixture.post("/v1/track", "{\"event\":\"s\",\"userId\":\"u\"}")
    #expect(refused.status == 401 && refused.json["success"] as? Bool == false)
    // The key is not kept with the event.
    let stored = try fixture.query("SELECT DISTINCT properties::text FROM events WHERE event = 'b'", bearer(query))
    #expect(!stored.text.contains("apus_ingest"))
  }

  @Test func `a key may be bound to a table and to pages`() throws {
    let session = fixture.database.makeSession()
    for statement in try session.parse("CREATE TABLE other (time timestamptz, event text)") {
      _ = try session.execute(try session.prepare(statement))
    }
    try session.commitStatementGroup()
    let bound = try fixture.database.createKey(
      name: "bound", kind: .ingest, table: "other", origins: ["https://www.example.com"])
    #expect(try send("{\"event\":\"a\"}", bearer(bound)) == 200)
    #expect(try fixture.query("SELECT count(*) FROM other", bearer(query)).json["rows"] as? [[Int]] == [[1]])
    #expect(try send("{\"event\":\"a\"}", bearer(bound), to: "/v1/events?table=events") == 403)
    var page = bearer(bound)
    page["Origin"] = "https://evil.example"
    #expect(try send("{\"event\":\"a\"}", page) == 403)
    page["Origin"] = "https://www.example.com"
    let answer = try fixture.post("/v1/events", "{\"event\":\"a\"}", page)
    #expect(answer.status == 200 && answer.headers["access-control-allow-origin"] == "https://www.example.com")
    // A key of any page, and the password, which is for none but our own.
    page = bearer(ingest)
    page["Origin"] = "https://evil.example"
    #expect(try send("{\"event\":\"a\"}", page) == 200)
    page["Authorization"] = basic("apus", "pa:ss wörd")["Authorization"]
    #expect(try send("{\"event\":\"a\"}", page) == 403)
  }

  @Test func `a revoked key opens nothing`() throws {
    #expect(try fixture.database.revokeKey("web"))
    #expect(try send("{\"event\":\"a\"}", bearer(ingest)) == 401)
    #expect(try !fixture.database.revokeKey("web"))
  }

  @Test func `a body that is no JSON object holds no key`() {
    for text in ["", "{", "{\"api_key\"", "{\"api_key\":", "{\"api_key\":1}", "[{\"api_key\":\"x\"}]", "{\"a\":\"\\"] {
      #expect(BodyKey.find(in: Array(text.utf8)) == nil, "\(text)")
    }
    #expect(BodyKey.find(in: Array(" { \"a\" : [1, {\"b\": \"}\"}], \"token\" : \"k\" }".utf8)) == "k")
  }
}
