// EventQueue owns the events that wait, their bound and the counts.

import Foundation

struct QueuedEvent: Sendable {
  let id: String
  /// An object with at least one member.
  let json: String
}

final class EventQueue: @unchecked Sendable {
  private let lock = NSLock()
  private let max: Int
  private var waiting: [QueuedEvent] = []
  private var total = ApusCounts()
  /// Whether a task sleeps until it sends, and whether one sends at once.
  private var timer = false
  private var urgent = false

  init(max: Int) { self.max = max }

  func add(_ event: QueuedEvent) -> Bool {
    lock.withLock {
      guard waiting.count < max else {
        total.dropped += 1
        return false
      }
      waiting.append(event)
      return true
    }
  }

  /// The oldest events, which the queue no longer holds.
  func take(_ count: Int) -> [QueuedEvent] {
    lock.withLock {
      let batch = Array(waiting.prefix(count))
      waiting.removeFirst(batch.count)
      return batch
    }
  }

  /// Events that could not be sent are the oldest again, even where that exceeds the bound by one batch.
  func putBack(_ batch: [QueuedEvent]) { lock.withLock { waiting.insert(contentsOf: batch, at: 0) } }

  var counts: ApusCounts {
    lock.withLock {
      var counts = total
      counts.queued = waiting.count
      return counts
    }
  }

  func count(stored: Int, duplicate: Int, rejected: Int) {
    lock.withLock {
      total.stored += stored
      total.duplicate += duplicate
      total.rejected += rejected
    }
  }

  /// True when the caller must start a task that sends: later, or at once.
  func beginTimer(now: Bool) -> Bool {
    lock.withLock {
      if now ? urgent : timer { return false }
      if now { urgent = true } else { timer = true }
      return true
    }
  }

  func endTimer(now: Bool) {
    lock.withLock { if now { urgent = false } else { timer = false } }
  }
}
