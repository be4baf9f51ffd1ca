// VendorColumns owns where the events of vendors' dialects go: the columns of table `events`, or of one like it.

import ApusBase
import ApusColumns

/// The columns that Segment's and PostHog's events need.
struct VendorColumns {
  let event: Int
  let eventID: Int
  let userID: Int
  let anonymousID: Int
  let time: Int
  let sentAt: Int
  let properties: Int
  /// Not every table has it.
  let sessionID: Int?

  /// Throws 42703 for a table without them.
  init(_ target: IngestTarget, for dialect: String) throws(ApusError) {
    event = try target.place("event", .text, for: dialect)
    eventID = try target.place("event_id", .text, for: dialect)
    userID = try target.place("user_id", .text, for: dialect)
    anonymousID = try target.place("anonymous_id", .text, for: dialect)
    sentAt = try target.place("sent_at", .timestamptz, for: dialect)
    properties = try target.place("properties", .jsonb, for: dialect)
    sessionID = target.columns.firstIndex { $0.name == "session_id" && $0.type.type == .text }
    guard let time = target.time else {
      time = try target.place("time", .timestamptz, for: dialect)
      return
    }
    self.time = time
  }
}
