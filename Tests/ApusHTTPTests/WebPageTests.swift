// These tests hold what browsers get: the dashboard's files, Chart.js and the SDK, with the headers that keep it safe.

import ApusWeb
import Foundation
import Testing

@testable import ApusHTTP

@Suite struct `Web pages` {
  let fixture: HTTPFixture

  init() throws { fixture = try HTTPFixture() }

  @Test func `the dashboard runs its own scripts only`() throws {
    let answer = try fixture.get("/")
    #expect(answer.status == 200)
    #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
    let policy = try #require(answer.headers["content-security-policy"])
    #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'self'"))
    #expect(!policy.contains("unsafe"))
    #expect(answer.text.contains(/<script src="\/dashboard.js"/))
    #expect(!answer.text.contains(/\son[a-z]+=|\sstyle=|<style/))
    for match in answer.text.matches(of: /(?:src|href)="(\/[a-z.]+)"/) where match.1 != "/chart.js" {
      #expect(try fixture.get(String(match.1)).status == 200, "\(match.1)")
    }
  }

  @Test func `files are the ones of the binary, and are not sent again while they are the same`() throws {
    for asset in WebAsset.allCases {
      let path = asset == .dashboard ? "/" : "/" + asset.rawValue
      let answer = try fixture.get(path)
      #expect(answer.status == 200 && answer.text == String(decoding: asset.bytes, as: UTF8.self), "\(path)")
      #expect(answer.headers["content-type"] == asset.contentType)
      #expect(answer.headers["x-content-type-options"] == "nosniff")
      let tag = try #require(answer.headers["etag"])
      #expect(try fixture.get(path, ["If-None-Match": tag]).status == 304)
      #expect(try fixture.get(path, ["If-None-Match": "\"old\""]).status == 200)
    }
    #expect(try fixture.get("/dashboard.html").status == 404)
  }

  @Test func `no text of a page becomes markup`() {
    for asset in WebAsset.allCases {
      let text = String(decoding: asset.bytes, as: UTF8.self)
      for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function"] {
        #expect(!text.contains(word), "\(asset.rawValue): \(word)")
      }
    }
  }

  @Test func `the SDK is small, and any page may load it`() throws {
    let answer = try fixture.get("/apus.js", ["Origin": "http://localhost:3000"])
    #expect(answer.status == 200 && answer.text.utf8.count < 5000)
    #expect(answer.headers["access-control-allow-origin"] == "*")
    #expect(answer.headers["cache-control"] == "public, max-age=3600")
  }

  @Test func `a missing Chart.js says what to install`() {
    let missing = WebPages.chart(paths: ["/nonexistent/chart.js"])
    #expect(missing.status == 404 && String(decoding: missing.body, as: UTF8.self).contains("libjs-chart.js"))
    let found = WebPages.chart(paths: ["/nonexistent/chart.js", #filePath])
    #expect(found.status == 200 && found.contentType == "text/javascript; charset=utf-8" && !found.body.isEmpty)
  }
}
