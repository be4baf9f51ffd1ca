// IngestRequest owns what a caller hands to ingest, and what it is told of it.

public import ApusBase
public import ApusColumns

/// The language of an ingest body (docs/EVENTS.md).
public enum IngestDialect: Sendable, Hashable {
  /// Events whose fields have the columns' names: one object, an array of objects, or one object a line.
  case native
  /// Segment's tracking API.
  case segment(SegmentCall)
  /// PostHog's capture API.
  case posthog(PostHogCall)

  public enum SegmentCall: String, Sendable, Hashable, CaseIterable {
    case track, identify, page, screen, group, alias, batch
  }

  public enum PostHogCall: Sendable, Hashable {
    /// One event, an array of events, or an object with a `batch` of them.
    case capture
    /// `/i/v1/analytics/events`: always a batch.
    case analytics
  }

  /// The name in `apus.rejects`, `apus.ingest` and metrics.
  public var name: String {
    switch self {
    case .native: "native"
    case .segment: "segment"
    case .posthog: "posthog"
    }
  }
}

/// One ingest body and what is known of it.
public struct IngestRequest: Sendable {
  public var dialect: IngestDialect
  /// A table of schema public. Segment's fields fit `events` and tables with its columns.
  public var table: String
  /// The body, already decompressed.
  public var body: [UInt8]
  /// When it was received; nil: now, by the database's clock.
  public var receivedAt: PostgresMicroseconds?
  /// When the client's clock says that it was sent, where that stands outside of the body.
  public var sentAt: PostgresMicroseconds?
  /// The SDK that sends, where that stands outside of the body: PostHog's `$lib` and `$lib_version`.
  public var library: (name: String, version: String)?
  /// Not stored: `ingest.store_ip` is not there yet.
  public var clientAddress: String?
  /// Whether the table's `accept` bounds are left aside, as for history that is imported.
  public var acceptsAnyTime: Bool
  /// Whether the outcome lists every event.
  public var isVerbose: Bool
  /// The number of the body's first line, for callers who send a file in parts.
  public var firstLine: Int

  public init(
    dialect: IngestDialect = .native, table: String = "events", body: [UInt8],
    receivedAt: PostgresMicroseconds? = nil, clientAddress: String? = nil, acceptsAnyTime: Bool = false,
    isVerbose: Bool = false, firstLine: Int = 1
  ) {
    self.dialect = dialect
    self.table = table
    self.body = body
    self.receivedAt = receivedAt
    self.clientAddress = clientAddress
    self.acceptsAnyTime = acceptsAnyTime
    self.isVerbose = isVerbose
    self.firstLine = firstLine
  }
}

/// An event that was not stored, and why. It is kept in `apus.rejects`.
public struct RejectedEvent: Sendable, Hashable {
  /// Its line, or its place in an array or batch, from 1.
  public var line: Int
  public var eventID: String?
  /// One of the codes that docs/EVENTS.md lists.
  public var code: String
  public var reason: String

  public init(line: Int, eventID: String?, code: String, reason: String) {
    self.line = line
    self.eventID = eventID
    self.code = code
    self.reason = reason
  }
}

/// What became of one event, for callers who ask for all of them.
public struct IngestedEvent: Sendable, Hashable {
  public enum Status: String, Sendable { case stored, duplicate, rejected }
  public var line: Int
  public var eventID: String?
  public var status: Status

  public init(line: Int, eventID: String?, status: Status) {
    self.line = line
    self.eventID = eventID
    self.status = status
  }
}

/// What became of a request's events. Those counted as stored are durable and visible.
public struct IngestOutcome: Sendable {
  public var stored: Int
  public var duplicates: Int
  /// In the order of lines.
  public var rejected: [RejectedEvent]
  /// Every event in the order of lines; empty unless the request was verbose.
  public var events: [IngestedEvent]

  public init(stored: Int = 0, duplicates: Int = 0, rejected: [RejectedEvent] = [], events: [IngestedEvent] = []) {
    self.stored = stored
    self.duplicates = duplicates
    self.rejected = rejected
    self.events = events
  }
}
