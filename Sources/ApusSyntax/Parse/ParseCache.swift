// ParseCache owns parsed statements of texts seen before.
public import ApusBase
import Synchronization

/// A cache from text to statements, least recently used first out, bounded by an estimate of its bytes. Safe to use
/// from
/// any thread. Two threads that miss the same text both parse it.
public final class ParseCache: Sendable {
  private let bytesMax: Int
  private let state = Mutex(State())

  fileprivate struct Entry {
    var text: String
    var statements: [ParsedStatement]
    var bytes: Int
    /// Neighbours in order of use; -1 is none.
    var newer = -1
    var older = -1
  }

  fileprivate struct State {
    var slots: [String: Int] = [:]
    var entries: [Entry] = []
    var free: [Int] = []
    var newest = -1
    var oldest = -1
    var bytes = 0
    var hits = 0
    var misses = 0
  }

  /// Longer texts (mostly literal rows, seen once) are not kept.
  public static let textBytesMax = 16 << 10

  public init(bytesMax: Int = 8 << 20) { self.bytesMax = bytesMax }

  /// The statements of `sql`, from the cache or parsed now. Errors are `Parser.parse`'s, and are not kept.
  public func statements(for sql: String) throws(ApusError) -> [ParsedStatement] {
    if sql.utf8.count > Self.textBytesMax { return try Parser.parse(sql) }
    if let found = state.withLock({ $0.find(sql) }) { return found }
    let parsed = try Parser.parse(sql)
    // A password must not stay in memory longer than its statement.
    for statement in parsed {
      switch statement.root {
      case .createRole, .alterRole, .createUserMapping: return parsed
      default: break
      }
    }
    let bytes = Self.estimate(sql, parsed)
    if bytes <= bytesMax / 4 { state.withLock { $0.insert(sql, parsed, bytes, bytesMax) } }
    return parsed
  }

  public var counts: (hits: Int, misses: Int, entries: Int, bytes: Int) {
    state.withLock { ($0.hits, $0.misses, $0.slots.count, $0.bytes) }
  }

  public func removeAll() {
    state.withLock { $0 = State() }
  }

  private static func estimate(_ sql: String, _ statements: [ParsedStatement]) -> Int {
    var bytes = 256 + 2 * sql.utf8.count
    for statement in statements {
      bytes += 512 + 128 * statement.arena.expressions.count + 512 * statement.arena.queries.count
      bytes += 192 * statement.arena.fromItems.count + 256 * statement.arena.statements.count
    }
    return bytes
  }
}

extension ParseCache.State {
  mutating func find(_ text: String) -> [ParsedStatement]? {
    guard let slot = slots[text] else {
      misses += 1
      return nil
    }
    hits += 1
    unlink(slot)
    link(slot)
    return entries[slot].statements
  }

  mutating func insert(_ text: String, _ statements: [ParsedStatement], _ size: Int, _ bytesMax: Int) {
    guard slots[text] == nil else { return }
    while bytes + size > bytesMax, oldest >= 0 { evict(oldest) }
    let entry = ParseCache.Entry(text: text, statements: statements, bytes: size)
    let slot: Int
    if let reused = free.popLast() {
      slot = reused
      entries[slot] = entry
    } else {
      slot = entries.count
      entries.append(entry)
    }
    slots[text] = slot
    bytes += size
    link(slot)
  }

  private mutating func evict(_ slot: Int) {
    unlink(slot)
    bytes -= entries[slot].bytes
    slots[entries[slot].text] = nil
    entries[slot] = ParseCache.Entry(text: "", statements: [], bytes: 0)
    free.append(slot)
  }

  private mutating func unlink(_ slot: Int) {
    let (newer, older) = (entries[slot].newer, entries[slot].older)
    if newer >= 0 { entries[newer].older = older } else { newest = older }
    if older >= 0 { entries[older].newer = newer } else { oldest = newer }
  }

  private mutating func link(_ slot: Int) {
    entries[slot].newer = -1
    entries[slot].older = newest
    if newest >= 0 { entries[newest].newer = slot }
    newest = slot
    if oldest < 0 { oldest = slot }
  }
}
