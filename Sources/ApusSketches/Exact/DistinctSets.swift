// DistinctSets owns exact sets of values, one per group, for count(DISTINCT x).

public import ApusBase
public import ApusColumns

/// Many sets of 16-byte keys: integers, UUIDs and short strings whole, long strings by hash with their bytes kept for
/// comparison. Small sets cost 64 bytes. Not thread-safe.
public final class DistinctSets {
  private struct Table {
    var slots: UnsafeMutablePointer<KeyWords>?
    /// Slots minus one.
    var mask: Int
    var count: Int
  }
  private var tables: UnsafeMutablePointer<Table>
  private var capacity: Int
  private(set) public var groupCount = 0
  private var long = BytesArena()
  private var slotBytes = 0
  /// The dictionary whose codes were added last, and the words of its entries.
  private var entries: (dictionary: ByteDictionary, words: UnsafeMutablePointer<KeyWords>)?

  public init() {
    capacity = 1
    tables = .allocate(capacity: 1)
  }

  deinit {
    entries?.words.deallocate()
    for group in 0..<groupCount { tables[group].slots?.deallocate() }
    tables.deallocate()
  }

  public var byteCount: Int {
    capacity * MemoryLayout<Table>.stride + slotBytes + long.byteCount + (entries?.dictionary.count ?? 0) * 16
  }

  public func grow(to groups: Int) {
    guard groups > groupCount else { return }
    if groups > capacity {
      let size = max(groups, capacity * 2)
      let larger = UnsafeMutablePointer<Table>.allocate(capacity: size)
      larger.moveInitialize(from: tables, count: groupCount)
      tables.deallocate()
      tables = larger
      capacity = size
    }
    for group in groupCount..<groups { tables[group] = Table(slots: nil, mask: -1, count: 0) }
    groupCount = groups
  }

  public func count(_ group: Int) -> Int { tables[group].count }

  @inline(__always)
  private func insert(_ key: KeyWords, raw: UnsafeRawBufferPointer?, group: Int) {
    guard let slots = tables[group].slots else {
      enlarge(group)
      return insertSlow(key, raw: raw, group: group)
    }
    let mask = tables[group].mask
    var slot = Int(truncatingIfNeeded: key.hash >> 20) & mask
    while slots[slot].high != 0 {
      let found = slots[slot]
      if found.low == key.low {
        if found.high == key.high { return }
        if key.isLong, found.isLong, equals(found, raw) { return }
      }
      slot = (slot &+ 1) & mask
    }
    insertSlow(key, raw: raw, group: group)
  }

  private func equals(_ found: KeyWords, _ raw: UnsafeRawBufferPointer?) -> Bool {
    guard let raw else { return false }
    return compareBytes(long.bytes(Int(truncatingIfNeeded: found.high & ~KeyWords.longMark)), raw) == 0
  }

  /// Adds a key that is not there.
  private func insertSlow(_ key: KeyWords, raw: UnsafeRawBufferPointer?, group: Int) {
    if (tables[group].count &+ 1) &* 3 > (tables[group].mask &+ 1) &* 2 { enlarge(group) }
    guard let slots = tables[group].slots else { return }
    var stored = key
    if key.isLong, let raw {
      stored.high = KeyWords.longMark | UInt64(truncatingIfNeeded: long.count)
      long.append(raw)
    }
    let mask = tables[group].mask
    var slot = Int(truncatingIfNeeded: key.hash >> 20) & mask
    while slots[slot].high != 0 { slot = (slot &+ 1) & mask }
    slots[slot] = stored
    tables[group].count &+= 1
  }

  private func enlarge(_ group: Int) {
    let old = tables[group]
    let size = old.slots == nil ? 4 : (old.mask + 1) * (old.mask < 1 << 16 ? 4 : 2)
    let larger = UnsafeMutablePointer<KeyWords>.allocate(capacity: size)
    larger.initialize(repeating: KeyWords(low: 0, high: 0), count: size)
    slotBytes += size * 16
    if let slots = old.slots {
      for index in 0...old.mask where slots[index].high != 0 {
        var slot = Int(truncatingIfNeeded: slots[index].hash >> 20) & (size - 1)
        while larger[slot].high != 0 { slot = (slot &+ 1) & (size - 1) }
        larger[slot] = slots[index]
      }
      slots.deallocate()
      slotBytes -= (old.mask + 1) * 16
    }
    tables[group].slots = larger
    tables[group].mask = size - 1
  }

  public func insert(_ raw: UnsafeRawBufferPointer, group: Int) {
    insert(KeyWords(raw), raw: raw, group: group)
  }
  public func insert(integer: UInt64, group: Int) {
    insert(KeyWords(low: integer, high: 1), raw: nil, group: group)
  }
  /// A UUID, as its 16 bytes: kept as a long string.
  public func insert(uuid: UUIDValue, group: Int) {

    withUnsafeBytes(of: uuid) { insert(KeyWords($0), raw: $0, group: group) }
  }

  /// Adds the entries of a dictionary whose bits are set, to one group.
  public func insert(entries: Bitmap, of dictionary: ByteDictionary, group: Int) {
    let words = entries.words.read(UInt64.self)
    for wordIndex in 0..<Bitmap.wordCount(entries.count) {
      var word = words[wordIndex]
      if wordIndex == entries.count >> 6 { word &= (1 &<< UInt64(entries.count & 63)) &- 1 }
      while word != 0 {
        let raw = dictionary.bytes(wordIndex &* 64 &+ word.trailingZeroBitCount)
        insert(KeyWords(raw), raw: raw, group: group)
        word &= word &- 1
      }
    }
  }

  /// Adds the entries of a dictionary whose bits are set in `words`, to one group.
  public func insert(marks: UnsafePointer<UInt64>, of dictionary: ByteDictionary, group: Int) {
    for wordIndex in 0..<Bitmap.wordCount(dictionary.count) {
      var word = marks[wordIndex]
      while word != 0 {
        let raw = dictionary.bytes(wordIndex &* 64 &+ word.trailingZeroBitCount)
        insert(KeyWords(raw), raw: raw, group: group)
        word &= word &- 1
      }
    }
  }

  /// Adds dictionary entries by their codes, all to group 0 or each row's to its own. An entry is hashed once for each
  /// dictionary.
  public func insert(
    codes: Buffer, width: Int, of dictionary: ByteDictionary, validity: Bitmap?, count: Int,
    groups: UnsafePointer<UInt32>?
  ) {
    let words = self.words(of: dictionary)
    for row in 0..<count {
      if let validity, !validity[row] { continue }
      let code =
        width == 1
        ? Int(codes.read(UInt8.self)[row])
        : width == 2 ? Int(codes.read(UInt16.self)[row]) : Int(codes.read(UInt32.self)[row])
      let key = words[code]
      let group = groups.map { Int($0[row]) } ?? 0
      insert(key, raw: key.isLong ? dictionary.bytes(code) : nil, group: group)
    }
  }

  private func words(of dictionary: ByteDictionary) -> UnsafePointer<KeyWords> {
    if let entries, entries.dictionary === dictionary { return UnsafePointer(entries.words) }
    entries?.words.deallocate()
    let words = UnsafeMutablePointer<KeyWords>.allocate(capacity: max(1, dictionary.count))
    for code in 0..<dictionary.count { words[code] = KeyWords(dictionary.bytes(code)) }
    entries = (dictionary, words)
    return UnsafePointer(words)
  }

  /// Adds integers, all to group 0 or each to its own. Runs of one value cost a comparison.
  public func insert(
    integers: UnsafePointer<UInt64>, validity: Bitmap?, count: Int, groups: UnsafePointer<UInt32>?
  ) {
    for row in 0..<count {
      if let validity, !validity[row] { continue }
      insert(KeyWords(low: integers[row], high: 1), raw: nil, group: groups.map { Int($0[row]) } ?? 0)
    }
  }

  /// Adds another's groups: its group i to this one's `mapping[i]`.
  public func merge(_ other: DistinctSets, mapping: UnsafePointer<UInt32>, count: Int) {
    for group in 0..<count {
      let target = Int(mapping[group])
      guard let slots = other.tables[group].slots else { continue }
      if tables[target].slots == nil {
        presize(target, for: other.tables[group].count)
      }
      for index in 0...other.tables[group].mask where slots[index].high != 0 {
        var key = slots[index]
        if key.isLong {
          let raw = other.long.bytes(Int(truncatingIfNeeded: key.high & ~KeyWords.longMark))
          key.high = KeyWords.longMark
          insert(key, raw: raw, group: target)
        } else {
          insert(key, raw: nil, group: target)
        }
      }
    }
  }

  private func presize(_ group: Int, for count: Int) {
    while (tables[group].mask + 1) * 2 < count * 3 + 3 { enlarge(group) }
  }

  /// Calls `body` with each key of a group: integers as their 8 bytes, strings as their bytes. In no order.
  public func forEach(_ group: Int, integers: Bool, _ body: (UnsafeRawBufferPointer) -> Void) {
    guard let slots = tables[group].slots else { return }
    for index in 0...tables[group].mask where slots[index].high != 0 {
      let key = slots[index]
      if integers {
        withUnsafeBytes(of: key.low) { body($0) }
      } else if key.isLong {
        body(long.bytes(Int(truncatingIfNeeded: key.high & ~KeyWords.longMark)))
      } else {
        withUnsafeBytes(of: key) { body(UnsafeRawBufferPointer(rebasing: $0[0..<Int(key.high >> 56) - 1])) }
      }
    }
  }
}
