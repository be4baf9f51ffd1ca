// BlockCache owns the decoded blocks of segments in memory, and their bound.

import ApusBase
import ApusColumns
import Synchronization

/// The values of one stream in one row group, decoded.
final class StoredChunk: Sendable {
  /// nil where there is a value (or a null) for every row; else `values` holds only the rows with these numbers.
  let rows: Buffer?
  let values: Vector

  init(rows: Buffer?, values: Vector) {
    self.rows = rows
    self.values = values
  }

  /// What it holds by itself: dictionaries are counted where they are kept.
  var byteCount: Int {
    var shared = 0
    if case .dictionary(_, _, let dictionary) = values.storage { shared = dictionary.byteCount }
    return 64 + values.heldBytes - shared + (rows?.byteCount ?? 0)
  }
}

/// What the cache keeps.
enum CachedBlock: Sendable {
  case chunk(StoredChunk)
  case dictionary(ByteDictionary)
  case filter(ValueFilter)

  var byteCount: Int {
    switch self {
    case .chunk(let chunk): chunk.byteCount
    case .dictionary(let dictionary): dictionary.byteCount + 64
    case .filter(let filter): filter.byteCount + 64
    }
  }
}

/// Blocks by segment and offset; when the bound is passed, those not used since the last sweep go (second chance).
public final class BlockCache: Sendable {
  struct Key: Hashable {
    var reader: ObjectIdentifier
    var offset: Int
  }
  private struct Entry {
    var block: CachedBlock
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

  /// Bytes kept now.
  public var byteCount: Int { state.withLock { $0.byteCount } }

  func find(_ key: Key) -> CachedBlock? {
    state.withLock { state in
      guard let entry = state.entries[key] else { return nil }
      if !entry.isUsed { state.entries[key]?.isUsed = true }
      return entry.block
    }
  }

  /// Keeps a block and returns it; or the one that another thread was first with, so that all share one.
  func keep(_ block: CachedBlock, for key: Key) -> CachedBlock {
    let bytes = block.byteCount
    guard bytes <= byteCountMax / 4 else { return block }
    return state.withLock { state in
      if let known = state.entries[key] { return known.block }
      state.entries[key] = Entry(block: block, byteCount: bytes, isUsed: false)
      state.byteCount += bytes
      if state.byteCount > byteCountMax { sweep(&state, except: key) }
      return block
    }
  }

  private func sweep(_ state: inout State, except key: Key) {
    for (other, entry) in state.entries where state.byteCount > byteCountMax * 3 / 4 && other != key {
      if entry.isUsed {
        state.entries[other]?.isUsed = false
      } else {
        state.entries[other] = nil
        state.byteCount -= entry.byteCount
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
