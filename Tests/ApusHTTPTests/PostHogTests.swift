// Tests of what PostHog's SDKs wrap around bodies, where their keys stand, and what they are answered.

import ApusBase
import Foundation
import Testing

@testable import ApusHTTP

@Suite struct `PostHog's requests` {
  private static let event = #"{"event":"e","distinct_id":"u"}"#

  private func unwrap(_ body: String, _ compression: String? = nil) throws -> String {
    String(
      decoding: try PostHogBody.unwrap(Array(body.utf8), compression: compression) { _ in }, as: UTF8.self)
  }

  @Test func `JSON, forms and base64 are unwrapped`() throws {
    let base64 = Data(Self.event.utf8).base64EncodedString()
    let escaped = base64.replacingOccurrences(of: "=", with: "%3D").replacingOccurrences(of: "+", with: "%2b")
    #expect(try unwrap(Self.event) == Self.event)
    #expect(try unwrap(" [1]") == " [1]")
    #expect(try unwrap(base64, "base64") == Self.event)
    #expect(try unwrap("data=" + escaped) == Self.event)
    #expect(try unwrap("ip=1&data=" + base64 + "&compression=base64") == Self.event)
    #expect(try unwrap("data=%7B%22a%22%3A%22b+c%22%7D") == #"{"a":"b c"}"#)
    for (body, compression) in [("data=%%%", nil), ("nonsense!", nil), ("x", "lz64"), ("data=x&compression=lz64", nil)]
    {
      #expect(throws: (any Error).self) { _ = try unwrap(body, compression) }
    }
  }

  @Test func `the key stands in the body or in its first event`() {
    for text in [
      #"{"api_key":"k"}"#, #"{"batch":[],"token":"k"}"#, #"[{"event":"e","properties":{"a":{},"token":"k"}}]"#,
      #"{"event":"e","properties":{"token":"k"}}"#, #"{"batch":[{"properties":{"token":"k"}}]}"#, #"[{"api_key":"k"}]"#,
    ] {
      #expect(BodyKey.find(in: Array(text.utf8), isPostHog: true) == "k", "\(text)")
    }
    for text in ["", "[", "[1]", #"{"properties":1}"#, #"{"batch":{"properties":"#, #"[{"properties":{"token":1}}]"#] {
      #expect(BodyKey.find(in: Array(text.utf8), isPostHog: true) == nil, "\(text)")
    }
    #expect(BodyKey.find(in: Array(#"{"properties":{"token":"k"}}"#.utf8)) == nil)
  }

  @Test func `slashes at the end do not matter, and documents are there and empty`() throws {
    let fixture = try HTTPFixture()
    for path in ["/capture", "/capture/", "/batch/", "/e/", "/i/v0/e/", "/e/?ver=1&ip=0&_=1772359200500"] {
      let answer = try fixture.post(path, Self.event)
      #expect(answer.status == 200 && answer.text == "{\"status\":\"Ok\"}\n", "\(path)")
    }
    #expect(try fixture.post("/e/?beacon=1", Self.event, ["Content-Type": "text/plain"]).status == 204)
    let results = try fixture.post(
      "/i/v1/analytics/events/", #"{"batch":[{"event":"e","uuid":"x","distinct_id":"u"}]}"#)
    #expect(results.status == 200 && results.text == "{\"results\":{\"x\":{\"result\":\"ok\"}}}\n")
    #expect(try fixture.post("/e/", "{}x").status == 400)
    #expect(try fixture.get("/e/").status == 405)
    for path in ["/flags", "/decide/"] { #expect(try fixture.post(path, "{}").text.contains("\"featureFlags\":{}")) }
    #expect(try fixture.get("/array/phc_1/config").text.contains("\"token\":\"phc_1\""))
    #expect(try fixture.get("/array/phc_1/config.js").text.contains("window._POSTHOG_REMOTE_CONFIG[\"phc_1\"]"))
    for path in ["/array/a%22b/config.js", "/array/x/array.js", "/array/config"] {
      #expect(try fixture.get(path).status == 404, "\(path)")
    }
  }
}
