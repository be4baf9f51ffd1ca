// EntitySets owns exact sets of small integers, one per group: the entity ids that count(DISTINCT entity) has seen.

public import ApusColumns

/// Many sets of ids from 0 to `idMax`. A set is a hash table while it is sparse and a bitmap once that takes no more
/// memory, so that a member costs 16 bytes or less, and a bit where sets are dense. A set depends on its members alone,
/// neither on their order nor on how it was merged. Not thread-safe.
public final class EntitySets {
  /// Ids are positive Int32s.
  public static let idMax = UInt32(Int32.max)

  struct Members: @unchecked Sendable {
    /// Slots of a hash table, `none` where empty; or the words of a bitmap.
    var memory: UnsafeMutableRawPointer?
    /// Bits of the bitmap; 0 while it is a hash table.
    var limit: UInt32
    /// Slots minus one.
    var mask: UInt32
    /// Members of the hash table. Those of a bitmap are counted when asked for.
    var count: UInt32
    /// The highest member of the hash table.
    var high: UInt32
  }

  static let none = UInt32.max
  private static let empty = Members(memory: nil, limit: 0, mask: 0, count: 0, high: 0)
  private(set) var sets: UnsafeMutablePointer<Members>
  private var capacity = 1
  public private(set) var groupCount = 0
  private var heldBytes = 0

  public init() { sets = .allocate(capacity: 1) }

  deinit {
    for group in 0..<groupCount { sets[group].memory?.deallocate() }
    sets.deallocate()
  }

  public var byteCount: Int { capacity * MemoryLayout<Members>.stride + heldBytes }

  public func grow(to groups: Int) {
    guard groups > groupCount else { return }
    if groups > capacity {
      let size = max(groups, capacity * 2)
      let larger = UnsafeMutablePointer<Members>.allocate(capacity: size)
      larger.moveInitialize(from: sets, count: groupCount)
      sets.deallocate()
      sets = larger
      capacity = size
    }
    (sets + groupCount).initialize(repeating: Self.empty, count: groups - groupCount)
    groupCount = groups
  }

  public func isEmpty(_ group: Int) -> Bool { sets[group].memory == nil }

  /// How many members a group has.
  public func count(_ group: Int) -> Int {
    guard sets[group].limit > 0, let words = words(group) else { return Int(sets[group].count) }
    var total = 0
    for index in 0..<Int(sets[group].limit >> 6) { total &+= words[index].nonzeroBitCount }
    return total
  }

  // MARK: Adding

  /// Adds rows by their ids, all to group 0 or each to its own. Returns whether there are negative ones: those are left
  /// out.
  public func insert(
    _ ids: UnsafePointer<Int32>, validity: Bitmap?, count: Int, groups: UnsafePointer<UInt32>?
  ) -> Bool {
    guard count > 0 else { return false }
    var hasNegative = false
    // Rows come in runs of one group: its bitmap is looked up once a run.
    var current = Int(groups?[0] ?? 0)
    var limit = sets[current].limit
    var words = self.words(current)
    for row in 0..<count {
      if let validity, !validity[row] { continue }
      if let groups, Int(groups[row]) != current {
        current = Int(groups[row])
        limit = sets[current].limit
        words = self.words(current)
      }
      let id = UInt32(bitPattern: ids[row])
      if id < limit, let words {
        words[Int(id >> 6)] |= 1 &<< UInt64(id & 63)
        continue
      }
      if id > Self.idMax {
        hasNegative = true
        continue
      }
      insertSlow(id, current)
      limit = sets[current].limit
      words = self.words(current)
    }
    return hasNegative
  }

  /// Adds an id, which must not be above `idMax`.
  @inline(__always)
  public func insert(_ id: UInt32, _ group: Int) {
    if id < sets[group].limit, let words = words(group) {
      words[Int(id >> 6)] |= 1 &<< UInt64(id & 63)
    } else {
      insertSlow(id, group)
    }
  }

  @inline(__always)
  func words(_ group: Int) -> UnsafeMutablePointer<UInt64>? {
    sets[group].memory?.assumingMemoryBound(to: UInt64.self)
  }

  @inline(__always)
  private static func place(_ id: UInt32, _ mask: UInt32) -> Int {
    Int((id &* 0x9E37_79B1) >> 7 & mask)
  }

  private func insertSlow(_ id: UInt32, _ group: Int) {
    if sets[group].limit > 0 { return widen(id, group) }
    if let memory = sets[group].memory {
      let slots = memory.assumingMemoryBound(to: UInt32.self)
      let mask = sets[group].mask
      var slot = Self.place(id, mask)
      while slots[slot] != Self.none {
        if slots[slot] == id { return }
        slot = (slot &+ 1) & Int(mask)
      }
      if (Int(sets[group].count) &+ 1) &* 3 <= (Int(mask) &+ 1) &* 2 {
        slots[slot] = id
        sets[group].count &+= 1
        sets[group].high = max(sets[group].high, id)
        return
      }
    }
    enlarge(group)
    insert(id, group)
  }

  /// A table of more slots, or a bitmap where that is no larger.
  private func enlarge(_ group: Int) {
    let old = sets[group]
    let size = old.memory == nil ? 4 : (Int(old.mask) + 1) * (old.mask < 1 << 12 ? 4 : 2)
    if old.memory != nil, Self.bitmapBytes(old.high) <= size * 4 { return makeBitmap(group, upTo: old.high) }
    makeTable(group, slots: size)
  }

  private static func bitmapBytes(_ high: UInt32) -> Int { (Int(high) / 512 + 1) * 64 }

  private func makeBitmap(_ group: Int, upTo high: UInt32) {
    let bytes = Self.bitmapBytes(high)
    let words = UnsafeMutablePointer<UInt64>.allocate(capacity: bytes / 8)
    words.initialize(repeating: 0, count: bytes / 8)
    forEachMember(group) { words[Int($0 >> 6)] |= 1 &<< UInt64($0 & 63) }
    replace(
      group, Members(memory: UnsafeMutableRawPointer(words), limit: UInt32(bytes * 8), mask: 0, count: 0, high: 0))
  }

  private func makeTable(_ group: Int, slots size: Int) {
    let slots = UnsafeMutablePointer<UInt32>.allocate(capacity: size)
    slots.initialize(repeating: Self.none, count: size)
    let mask = UInt32(size - 1)
    var count: UInt32 = 0
    var high: UInt32 = 0
    forEachMember(group) { id in
      var slot = Self.place(id, mask)
      while slots[slot] != Self.none { slot = (slot &+ 1) & Int(mask) }
      slots[slot] = id
      count &+= 1
      high = max(high, id)
    }
    replace(group, Members(memory: UnsafeMutableRawPointer(slots), limit: 0, mask: mask, count: count, high: high))
  }

  /// Adds an id that lies beyond a bitmap: it grows, or becomes a hash table where it would hold little.
  private func widen(_ id: UInt32, _ group: Int) {
    let needed = Self.bitmapBytes(id)
    let members = count(group)
    if needed > max(64, members * 32) {
      var size = 4
      while size * 2 < (members + 1) * 3 { size *= 2 }
      makeTable(group, slots: size * 2)
    } else {
      let present = Int(sets[group].limit)
      makeBitmap(group, upTo: max(id, UInt32(clamping: min(present + present / 4, Int(Self.idMax)))))
    }
    insert(id, group)
  }

  private func replace(_ group: Int, _ members: Members) {
    if let old = sets[group].memory {
      heldBytes -= Self.bytes(sets[group])
      old.deallocate()
    }
    heldBytes += Self.bytes(members)
    sets[group] = members
  }

  private static func bytes(_ members: Members) -> Int {
    members.limit > 0 ? Int(members.limit) / 8 : members.memory == nil ? 0 : (Int(members.mask) + 1) * 4
  }

  // MARK: Reading

  /// Calls `body` with each member, in order for a bitmap, in none for a hash table.
  @inline(__always)
  private func forEachMember(_ group: Int, _ body: (UInt32) -> Void) {
    let members = sets[group]
    guard let memory = members.memory else { return }
    if members.limit == 0 {
      let slots = memory.assumingMemoryBound(to: UInt32.self)
      for slot in 0...Int(members.mask) where slots[slot] != Self.none { body(slots[slot]) }
      return
    }
    let words = memory.assumingMemoryBound(to: UInt64.self)
    for index in 0..<Int(members.limit >> 6) {
      var word = words[index]
      while word != 0 {
        body(UInt32(truncatingIfNeeded: index &* 64 &+ word.trailingZeroBitCount))
        word &= word &- 1
      }
    }
  }

  /// The members of a group, ascending.
  public func members(_ group: Int) -> [UInt32] {
    var ids: [UInt32] = []
    ids.reserveCapacity(count(group))
    forEachMember(group) { ids.append($0) }
    if sets[group].limit == 0 { ids.sort() }
    return ids
  }

  // MARK: Merging

  /// Adds another's groups: its group i to this one's `mapping[i]`.
  public func merge(_ other: EntitySets, mapping: UnsafePointer<UInt32>, count: Int) {
    for group in 0..<count {
      let target = Int(mapping[group])
      let theirs = other.sets[group]
      guard theirs.limit > 0, let words = other.words(group) else {
        other.forEachMember(group) { insert($0, target) }
        continue
      }
      if sets[target].limit < theirs.limit {
        let high = max(theirs.limit - 1, sets[target].high)
        guard Self.bitmapBytes(high) <= max(64, (self.count(target) + other.count(group)) * 32) else {
          other.forEachMember(group) { insert($0, target) }
          continue
        }
        makeBitmap(target, upTo: high)
      }
      guard let mine = self.words(target) else { continue }
      for index in 0..<Int(theirs.limit >> 6) { mine[index] |= words[index] }
    }
  }

  /// Adds the ids `base ..< base + 65,536` whose bits are set in 1,024 words.
  func insert(words: UnsafeRawPointer, base: UInt32, _ group: Int) {
    let isCovered = sets[group].limit >= base &+ 65_536
    let mine = self.words(group)
    for index in 0..<1_024 {
      var word = UInt64(littleEndian: words.loadUnaligned(fromByteOffset: index &* 8, as: UInt64.self))
      if isCovered, let mine {
        mine[Int(base >> 6) &+ index] |= word
        continue
      }
      while word != 0 {
        insert(base &+ UInt32(truncatingIfNeeded: index &* 64 &+ word.trailingZeroBitCount), group)
        word &= word &- 1
      }
    }
  }

  /// Adds the ids of a closed range.
  func insert(from first: UInt32, through last: UInt32, _ group: Int) {
    var id = first
    while id <= last {
      if id & 63 == 0, last - id >= 63, id | 63 < sets[group].limit, let words = words(group) {
        words[Int(id >> 6)] = .max
        id &+= 64
      } else {
        insert(id, group)
        id &+= 1
      }
    }
  }
}
