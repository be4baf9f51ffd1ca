// Sender owns the requests: one batch at a time, repeated when that may help.

import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

actor Sender {
  private let url: URL
  private let options: ApusOptions
  private let queue: EventQueue
  private let session: URLSession
  private var last: Task<Void, any Error>?
  private var failures = 0

  init(_ server: URL, _ options: ApusOptions, _ queue: EventQueue) {
    var parts = URLComponents(url: server.appendingPathComponent("v1/events"), resolvingAgainstBaseURL: false)
    if let table = options.table { parts?.queryItems = [URLQueryItem(name: "table", value: table)] }
    url = parts?.url ?? server
    self.options = options
    self.queue = queue
    let configuration = URLSessionConfiguration.ephemeral
    configuration.timeoutIntervalForRequest = options.requestSecondsMax
    session = URLSession(configuration: configuration)
  }

  deinit { session.invalidateAndCancel() }

  /// Sends what is queued once the events have waited long enough; when that fails, tries again later.
  func sendLater(now: Bool) async {
    if !now { await pause(options.flushSeconds) }
    queue.endTimer(now: now)
    while true {
      do { return try await send() } catch { await pause(delay(after: failures, asked: nil)) }
    }
  }

  /// Sends what is queued after those that send already, so that nothing is under way when it returns.
  func send() async throws {
    let previous = last
    let task = Task {
      _ = await previous?.result
      try await self.sendAll()
    }
    last = task
    try await task.value
  }

  private func sendAll() async throws {
    while true {
      let batch = queue.take(max(1, options.batchEventsMax))
      if batch.isEmpty { return }
      do { try await send(batch) } catch {
        queue.putBack(batch)
        throw error
      }
    }
  }

  // MARK: - One batch

  private enum Outcome {
    case done
    case tooLarge
    case later(status: Int?, message: String, seconds: Double?)
  }

  /// Throws after too many tries; then nothing of the batch is known to be stored.
  private func send(_ batch: [QueuedEvent]) async throws {
    var attempts = 0
    while true {
      switch await attempt(batch) {
      case .done:
        failures = 0
        return
      case .tooLarge where batch.count > 1:
        // Halves that fail come back whole: what is stored of them already is recognised by its ids.
        let half = batch.count / 2
        try await send(Array(batch[..<half]))
        return try await send(Array(batch[half...]))
      case .tooLarge:
        return reject(batch, "too_large", "the event is larger than the server takes")
      case .later(let status, let message, let seconds):
        attempts += 1
        failures += 1
        if attempts >= options.attemptsMax { throw ApusClientError(status: status, description: message) }
        await pause(delay(after: attempts, asked: seconds))
      }
    }
  }

  private func attempt(_ batch: [QueuedEvent]) async -> Outcome {
    var request = URLRequest(url: url)
    request.httpMethod = "POST"
    request.setValue("application/x-ndjson", forHTTPHeaderField: "Content-Type")
    // The server takes the difference of the clocks out by the time of sending.
    let head = "{\"sent_at\":\"\(timestamp(Date()))\","
    request.httpBody = Data(batch.map { head + $0.json.dropFirst() }.joined(separator: "\n").utf8)
    let body: Data
    let response: URLResponse
    do { (body, response) = try await session.data(for: request) } catch {
      return .later(status: nil, message: "no answer from \(url): \(error.localizedDescription)", seconds: nil)
    }
    guard let response = response as? HTTPURLResponse else {
      return .later(status: nil, message: "the answer is not of HTTP", seconds: nil)
    }
    let status = response.statusCode
    switch status {
    case 200..<300:
      if count(batch, body) { return .done }
      return .later(status: status, message: "the answer is not of Apus: \(Self.message(body))", seconds: nil)
    case 413: return .tooLarge
    case 408, 429, 500...:
      let seconds = response.value(forHTTPHeaderField: "Retry-After").flatMap { Double($0) }
      return .later(status: status, message: "status \(status): \(Self.message(body))", seconds: seconds)
    default:
      reject(batch, "status_\(status)", Self.message(body))
      return .done
    }
  }

  // MARK: - Answers

  private struct Answer: Decodable {
    struct Rejected: Decodable {
      let line: Int?
      let code: String?
      let reason: String?
    }
    let stored: Int
    let duplicate: Int
    let rejected: [Rejected]
  }

  private struct Failure: Decodable {
    struct Detail: Decodable { let message: String }
    let error: Detail
  }

  /// False for an answer that is none of the server's: who gave it may have stored nothing.
  private func count(_ batch: [QueuedEvent], _ body: Data) -> Bool {
    guard let answer = try? JSONDecoder().decode(Answer.self, from: body) else { return false }
    queue.count(stored: answer.stored, duplicate: answer.duplicate, rejected: answer.rejected.count)
    for rejected in answer.rejected {
      let index = (rejected.line ?? 0) - 1
      let id = batch.indices.contains(index) ? batch[index].id : ""
      options.onRejected?(ApusRejection(eventID: id, code: rejected.code ?? "", reason: rejected.reason ?? ""))
    }
    return true
  }

  private func reject(_ batch: [QueuedEvent], _ code: String, _ reason: String) {
    queue.count(stored: 0, duplicate: 0, rejected: batch.count)
    for event in batch { options.onRejected?(ApusRejection(eventID: event.id, code: code, reason: reason)) }
  }

  private static func message(_ body: Data) -> String {
    if let failure = try? JSONDecoder().decode(Failure.self, from: body) { return failure.error.message }
    return String(String(decoding: body, as: UTF8.self).prefix(200))
  }

  // MARK: - Pauses

  /// What the server asks for, or twice the pause before; never all clients at once.
  private func delay(after failures: Int, asked: Double?) -> Double {
    let doubled = options.retrySeconds * pow(2, Double(min(failures, 20) - 1))
    let own = min(doubled, options.retrySecondsMax) * Double.random(in: 0.75...1.25)
    return min(max(own, asked ?? 0), max(options.retrySecondsMax, 0))
  }

  private func pause(_ seconds: Double) async {
    try? await Task.sleep(nanoseconds: UInt64(max(0, min(seconds, 86_400)) * 1e9))
  }
}
