// BlockCache owns the decoded blocks of segments in memory, and their bound.

import ApusBase
import ApusColumns
import Synchronization

/// Blocks by segment and offset; when the bound is passed, those not used since the last sweep go (second chance).
public final class BlockCache: Sendable {
  struct Key: Hashable {
    var reader: ObjectIdentifier
    var offset: Int
  }
  private struct Entry {
    var vector: Vector
    var byteCount: Int
    var isUsed: Bool
  }
  private struct State {
    var entries: [Key: Entry] = [:]
    var byteCount = 0
  }
  private let state = Mutex(State())
  private let byteCountMax: Int

  /// `bytesMax` bounds what the cache keeps; what readers hold beyond that is freed when they let go.
  public init(bytesMax: Int) { byteCountMax = bytesMax }

  func find(_ key: Key) -> Vector? {
    state.withLock { state in
      guard let entry = state.entries[key] else { return nil }
      state.entries[key]?.isUsed = true
      return entry.vector
    }
  }

  func keep(_ vector: Vector, for key: Key) {
    let bytes = vector.heldBytes
    guard bytes <= byteCountMax / 4 else { return }
    state.withLock { state in
      guard state.entries[key] == nil else { return }
      state.entries[key] = Entry(vector: vector, byteCount: bytes, isUsed: false)
      state.byteCount += bytes
      guard state.byteCount > byteCountMax else { return }
      for (other, entry) in state.entries where state.byteCount > byteCountMax * 3 / 4 && other != key {
        if entry.isUsed {
          state.entries[other]?.isUsed = false
        } else {
          state.entries[other] = nil
          state.byteCount -= entry.byteCount
        }
      }
    }
  }

  /// Forgets the blocks of a reader that goes.
  func forget(_ reader: ObjectIdentifier) {
    state.withLock { state in
      for (key, entry) in state.entries where key.reader == reader {
        state.entries[key] = nil
        state.byteCount -= entry.byteCount
      }
    }
  }
}
