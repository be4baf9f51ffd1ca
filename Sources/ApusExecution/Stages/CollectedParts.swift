// CollectedParts owns batches that several threads produce, to be put in the order of their morsels.

import ApusColumns
import Synchronization

final class CollectedParts: Sendable {
  private let parts = Mutex<[(morsel: Int, batch: Batch)]>([])

  /// One thread adds the batches of one morsel, in order.
  func add(_ batch: Batch, morsel: Int) { parts.withLock { $0.append((morsel, batch)) } }

  /// In order of morsels, the batches of one morsel as they were added.
  var ordered: [Batch] {
    let all = parts.withLock { $0 }
    return all.enumerated().sorted { ($0.element.morsel, $0.offset) < ($1.element.morsel, $1.offset) }
      .map(\.element.batch)
  }
}
