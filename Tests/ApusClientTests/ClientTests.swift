// These tests hold the client to its promises against a small server of their own.

import ApusClient
import Foundation
import Testing

/// A list that threads append to.
private final class Collected<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var list: [Value] = []
  func add(_ value: Value) { lock.withLock { list.append(value) } }
  var values: [Value] { lock.withLock { list } }
}

private func quick() -> ApusOptions {
  var options = ApusOptions()
  options.retrySeconds = 0.01
  options.requestSecondsMax = 5
  options.flushSeconds = 3600
  return options
}

@Suite struct `The client` {
  @Test func `sends events with ids, times and typed properties in one batch`() async throws {
    let server = try TestServer { _ in .stored(2) }
    defer { server.stop() }
    let apus = ApusClient(server.url, options: quick())
    apus.track("sign \"up\"\n\u{1}", userID: "u1", properties: ["n": 3, "x": 1.5, "on": true, "l": ["a", nil]])
    apus.identify("u1", traits: ["plan": "pro"])
    try await apus.flush()
    #expect(apus.counts.stored == 2 && apus.counts.queued == 0)
    let requests = server.requests
    #expect(requests.count == 1 && requests[0].head.hasPrefix("POST /v1/events HTTP/1.1"))
    let lines = requests[0].body.split(separator: "\n")
    #expect(lines.count == 2)
    let first = try #require(try JSONSerialization.jsonObject(with: Data(lines[0].utf8)) as? [String: Any])
    #expect(first["event"] as? String == "sign \"up\"\n\u{1}")
    #expect(first["user_id"] as? String == "u1" && (first["event_id"] as? String)?.count == 36)
    #expect(first["time"] is String && first["sent_at"] is String)
    let properties = try #require(first["properties"] as? [String: Any])
    #expect(properties["n"] as? Int == 3 && properties["x"] as? Double == 1.5 && properties["on"] as? Bool == true)
    #expect(lines[1].contains("\"$identify\"") && lines[1].contains("{\"$set\":{\"plan\":\"pro\"}}"))
  }

  @Test func `names the table`() async throws {
    let server = try TestServer { _ in .stored(1) }
    defer { server.stop() }
    var options = quick()
    options.table = "my events"
    let apus = ApusClient(server.url, options: options)
    apus.track("a")
    try await apus.flush()
    #expect(server.requests.first?.head.hasPrefix("POST /v1/events?table=my%20events ") == true)
  }

  @Test func `sends again what may pass, with the same ids, and waits as Retry-After says`() async throws {
    let server = try TestServer { count in
      switch count {
      case 0: .status(503, headers: "Retry-After: 1\r\n")
      case 1: .hangUp
      case 2: .status(200, body: "<html>a proxy</html>")
      default: .stored(1)
      }
    }
    defer { server.stop() }
    let apus = ApusClient(server.url, options: quick())
    apus.track("a", eventID: "e1")
    let began = Date()
    try await apus.flush()
    #expect(Date().timeIntervalSince(began) >= 1)
    #expect(server.requests.count == 4 && server.requests.allSatisfy { $0.body.contains("\"event_id\":\"e1\"") })
    #expect(apus.counts.stored == 1)
  }

  @Test func `gives up flushing after the last try, and keeps the events`() async throws {
    let server = try TestServer { $0 < 3 ? .status(429, body: #"{"error":{"message":"busy"}}"#) : .stored(1) }
    defer { server.stop() }
    var options = quick()
    options.attemptsMax = 3
    let apus = ApusClient(server.url, options: options)
    apus.track("a")
    let error = await #expect(throws: ApusClientError.self) { try await apus.flush() }
    #expect(error?.status == 429 && error?.description == "status 429: busy")
    #expect(apus.counts.queued == 1 && apus.counts.stored == 0)
    try await apus.flush()
    #expect(apus.counts.queued == 0 && apus.counts.stored == 1)
  }

  @Test func `tells of events that are refused, and goes on`() async throws {
    let answer = #"{"stored":1,"duplicate":0,"rejected":[{"line":2,"event_id":null,"code":"too_old","reason":"r"}]}"#
    let server = try TestServer { $0 == 0 ? .status(200, body: answer) : .status(404, body: "no table") }
    defer { server.stop() }
    let rejections = Collected<ApusRejection>()
    var options = quick()
    options.onRejected = { rejections.add($0) }
    let apus = ApusClient(server.url, options: options)
    apus.track("a", eventID: "e1")
    apus.track("b", eventID: "e2")
    try await apus.flush()
    apus.track("c", eventID: "e3")
    try await apus.flush()
    #expect(rejections.values.map(\.eventID) == ["e2", "e3"])
    #expect(rejections.values.map(\.code) == ["too_old", "status_404"])
    #expect(apus.counts.stored == 1 && apus.counts.rejected == 2 && apus.counts.queued == 0)
  }

  @Test func `halves a batch that is too large`() async throws {
    let server = try TestServer { $0 == 0 ? .status(413) : .stored(2) }
    defer { server.stop() }
    let apus = ApusClient(server.url, options: quick())
    for _ in 0..<4 { apus.track("a") }
    try await apus.flush()
    #expect(server.requests.map { $0.body.split(separator: "\n").count } == [4, 2, 2])
    #expect(apus.counts.stored == 4)
  }

  @Test func `drops and counts what does not fit into the queue`() async throws {
    var options = quick()
    options.queueEventsMax = 2
    let apus = ApusClient(try #require(URL(string: "http://127.0.0.1:1")), options: options)
    #expect(apus.track("a") && apus.track("b") && !apus.track("c"))
    #expect(apus.counts.dropped == 1 && apus.counts.queued == 2)
  }

  @Test func `sends by itself after a while, and at once when a batch is full`() async throws {
    let server = try TestServer { _ in .stored(1) }
    defer { server.stop() }
    var options = quick()
    options.flushSeconds = 0.1
    let slow = ApusClient(server.url, options: options)
    slow.track("a")
    options.flushSeconds = 3600
    options.batchEventsMax = 1
    let full = ApusClient(server.url, options: options)
    full.track("b")
    for _ in 0..<500 where slow.counts.stored + full.counts.stored < 2 { try await Task.sleep(for: .milliseconds(10)) }
    #expect(slow.counts.stored == 1 && full.counts.stored == 1)
  }
}
