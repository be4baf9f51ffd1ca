// ApusClient owns the SDK's face: events go in at once and are sent in the background.

public import Foundation

/// How a client batches, bounds and repeats.
public struct ApusOptions: Sendable {
  /// The table; nil is `events`.
  public var table: String?
  /// Events of one request, at most.
  public var batchEventsMax = 500
  /// An event waits at most this long, unless the server is not to be reached.
  public var flushSeconds = 2.0
  /// Events that wait to be sent, at most; further ones are dropped and counted.
  public var queueEventsMax = 10_000
  /// Tries of one batch before `flush` gives up. The events stay, and are tried again later.
  public var attemptsMax = 5
  /// The first pause between tries. Each doubles the one before.
  public var retrySeconds = 0.5
  public var retrySecondsMax = 60.0
  public var requestSecondsMax = 30.0
  /// Called with each event that the server will never take.
  public var onRejected: (@Sendable (ApusRejection) -> Void)?

  public init() {}
}

/// An event that was not stored, and why.
public struct ApusRejection: Sendable, Hashable {
  public let eventID: String
  public let code: String
  public let reason: String
}

/// Why `flush` could not send what was queued. The events stay queued.
public struct ApusClientError: Error, Sendable, CustomStringConvertible {
  /// nil when there was no answer.
  public let status: Int?
  public let description: String
}

/// What has become of a client's events.
public struct ApusCounts: Sendable, Hashable {
  public internal(set) var queued = 0
  public internal(set) var stored = 0
  /// Were stored already: an answer was lost, and they were sent twice.
  public internal(set) var duplicate = 0
  public internal(set) var rejected = 0
  /// Did not fit into the queue.
  public internal(set) var dropped = 0
}

/// Sends events to an Apus server. All methods may be called from any thread; none of them blocks.
///
///     let apus = ApusClient(URL(string: "http://127.0.0.1:7480")!)
///     apus.track("signup", userID: "u42", properties: ["plan": "pro", "seats": 3])
///     try await apus.flush()
///
/// Every event has an id, so that sending it again after a lost answer stores it once.
public final class ApusClient: Sendable {
  private let queue: EventQueue
  private let sender: Sender
  private let options: ApusOptions

  public init(_ server: URL, options: ApusOptions = ApusOptions()) {
    self.options = options
    queue = EventQueue(max: options.queueEventsMax)
    sender = Sender(server, options, queue)
  }

  /// Queues an event; false when the queue is full and the event is dropped.
  @discardableResult
  public func track(
    _ event: String, userID: String? = nil, anonymousID: String? = nil, sessionID: String? = nil,
    properties: [String: ApusValue] = [:], time: Date = Date(), eventID: String = UUID().uuidString
  ) -> Bool {
    var members: [String: ApusValue] = [
      "event": .string(event), "event_id": .string(eventID), "time": .date(time), "properties": .object(properties),
    ]
    if let userID { members["user_id"] = .string(userID) }
    if let anonymousID { members["anonymous_id"] = .string(anonymousID) }
    if let sessionID { members["session_id"] = .string(sessionID) }
    var text = ""
    ApusValue.object(members).encode(into: &text)
    let queued = queue.add(QueuedEvent(id: eventID, json: text))
    let isFull = counts.queued >= options.batchEventsMax
    let sender = sender
    if queue.beginTimer(now: isFull) { Task { await sender.sendLater(now: isFull) } }
    return queued
  }

  /// The event `$identify`, with the traits in its property `$set`.
  @discardableResult
  public func identify(_ userID: String, anonymousID: String? = nil, traits: [String: ApusValue] = [:]) -> Bool {
    track("$identify", userID: userID, anonymousID: anonymousID, properties: ["$set": .object(traits)])
  }

  /// Returns when every event that was queued before has been answered. Throws `ApusClientError` when the server
  /// cannot be reached or has no room, after `attemptsMax` tries. Call it before the process ends.
  public func flush() async throws { try await sender.send() }

  public var counts: ApusCounts { queue.counts }
}
