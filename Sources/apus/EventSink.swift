// EventSink owns where imported events go: a running server over HTTP, or a database in this process.

import ApusBase
import ApusEngine
import Foundation
import Synchronization

/// What became of the events so far.
struct IngestTotals {
  var stored = 0
  var duplicates = 0
  var rejected = 0
  /// The first rejected ones, as text.
  var examples: [String] = []
  static let examplesMax = 10

  mutating func reject(line: Int, code: String, reason: String, of input: String) {
    rejected += 1
    if examples.count < Self.examplesMax { examples.append("\(input): line \(line): \(code): \(reason)") }
  }
}

/// Takes bodies of NDJSON.
protocol EventSink {
  /// Sends a body until it is stored; waits while the other side is overloaded.
  func send(_ body: [UInt8], firstLine: Int, of input: String, into totals: inout IngestTotals) throws
}

/// How long an overloaded receiver is waited for.
private let overloadSecondsMax = 120.0

struct HTTPSink: EventSink {
  let client: HTTPClient
  let path: String

  init(_ client: HTTPClient, table: String, acceptsAnyTime: Bool) {
    self.client = client
    var allowed = CharacterSet.alphanumerics
    allowed.insert(charactersIn: "_-.")
    let name = table.addingPercentEncoding(withAllowedCharacters: allowed) ?? table
    path = "/v1/events?table=\(name)" + (acceptsAnyTime ? "&accept_any_time=true" : "")
  }

  func send(_ body: [UInt8], firstLine: Int, of input: String, into totals: inout IngestTotals) throws {
    let deadline = monotonicNanoseconds() + UInt64(overloadSecondsMax * 1e9)
    while true {
      let answer = try client.post("\(path)&first_line=\(firstLine)", type: "application/x-ndjson", body)
      let object = (try? JSONSerialization.jsonObject(with: Data(answer.body))) as? [String: Any]
      switch answer.status {
      // 400 with the lists of an outcome: no line of this body could be read, others may.
      case 200, 400 where object?["rejected"] != nil:
        guard let object else { throw CommandError.failed("the server's answer cannot be read") }
        totals.stored += object["stored"] as? Int ?? 0
        totals.duplicates += object["duplicate"] as? Int ?? 0
        for event in object["rejected"] as? [[String: Any]] ?? [] {
          totals.reject(
            line: event["line"] as? Int ?? 0, code: event["code"] as? String ?? "",
            reason: event["reason"] as? String ?? "",
            of: input)
        }
        return
      case 429, 503:
        guard monotonicNanoseconds() < deadline else { throw failure(answer, object) }
        let seconds = answer.headers["retry-after"].flatMap { Double($0) } ?? 1
        Thread.sleep(forTimeInterval: min(max(seconds, 0.05), 5))
      default: throw failure(answer, object)
      }
    }
  }

  private func failure(_ answer: HTTPClient.Answer, _ object: [String: Any]?) -> CommandError {
    let error = object?["error"] as? [String: Any]
    var text = error?["message"] as? String ?? String(decoding: answer.body.prefix(300), as: UTF8.self)
    if let code = error?["code"] as? String { text += " (\(code))" }
    if let hint = error?["hint"] as? String { text += "\nHINT: \(hint)" }
    return .failed("the server answered \(answer.status): \(text)")
  }
}

struct DatabaseSink: EventSink {
  let database: Database
  let table: String
  let acceptsAnyTime: Bool

  /// What the completion of an ingest leaves for the thread that waits.
  private final class Waiting: Sendable {
    let result = Mutex<Result<IngestOutcome, ApusError>?>(nil)
    let done = DispatchSemaphore(value: 0)
  }

  func send(_ body: [UInt8], firstLine: Int, of input: String, into totals: inout IngestTotals) throws {
    let deadline = monotonicNanoseconds() + UInt64(overloadSecondsMax * 1e9)
    let request = IngestRequest(table: table, body: body, acceptsAnyTime: acceptsAnyTime, firstLine: firstLine)
    while true {
      let waiting = Waiting()
      database.ingest(request) { result in
        waiting.result.withLock { $0 = result }
        waiting.done.signal()
      }
      waiting.done.wait()
      switch waiting.result.withLock({ $0 }) {
      case .success(let outcome):
        totals.stored += outcome.stored
        totals.duplicates += outcome.duplicates
        for event in outcome.rejected {
          totals.reject(line: event.line, code: event.code, reason: event.reason, of: input)
        }
        return
      case .failure(let error):
        // Class 53 without a full disk: events came in faster than they are flushed.
        guard error.state.code.hasPrefix("53"), error.state != .diskFull, monotonicNanoseconds() < deadline else {
          throw CommandError(error)
        }
        Thread.sleep(forTimeInterval: 0.1)
      case nil: throw CommandError.failed("the events were not taken")
      }
    }
  }
}
