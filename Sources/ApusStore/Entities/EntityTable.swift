// EntityTable owns the numbering of a table's entities in memory: string to dense id, and id to string.

import ApusBase
import ApusColumns
private import CXXHash
private import Glibc

/// Gives each distinct string the next id, from 0. Strings lie in pages that never move; their places are found by id,
/// and ids by 256 open-addressing tables of their own, so that growing moves one of them at a time: no insertion waits
/// long. Strings are compared whole, never by hash alone. Not thread-safe.
final class EntityTable {
  /// The id of a string that has none.
  static let noID: Int32 = -1

  private struct Shard {
    /// High half: a part of the hash. Low half: the id plus one; 0 for an empty slot.
    var slots: UnsafeMutablePointer<UInt64>
    var mask: UInt32
    var count: UInt32
  }
  private static let shardCount = 256
  private static let firstSlots = 16
  private static let placesPerChunk = 4_096
  private static let pageBytesMin = 16 << 10
  private static let pageBytesMax = 1 << 20
  /// Rows looked up side by side, so that their cache misses overlap.
  private static let rowsPerRound = 32

  private let shards: UnsafeMutablePointer<Shard>
  private var shardMemory: [Buffer]
  private var pages: [Buffer] = []
  private var pageUsed = 0
  /// The address of each string's length, by id.
  private var places: [Buffer] = []
  private var chunks: UnsafeMutablePointer<UnsafeMutablePointer<UInt>>
  private var chunkCapacity = 64
  private let seed = UInt64.random(in: .min ... .max)
  private let scratchHashes = UnsafeMutablePointer<UInt64>.allocate(capacity: EntityTable.rowsPerRound)
  private let scratchMarks = UnsafeMutablePointer<UInt32>.allocate(capacity: EntityTable.rowsPerRound)
  private let scratchPlaces = UnsafeMutablePointer<UInt>.allocate(capacity: EntityTable.rowsPerRound)

  private let idsMax: Int
  private let bytesMax: Int
  /// Strings that have an id.
  private(set) var count = 0
  private(set) var byteCount = 0
  /// No string gets an id any more.
  private(set) var isFrozen = false
  /// A string was given no id.
  private(set) var hasOverflow = false

  init(idsMax: Int, bytesMax: Int) {
    self.idsMax = min(idsMax, Int(Int32.max) - 1)
    self.bytesMax = bytesMax
    shards = .allocate(capacity: Self.shardCount)
    shardMemory = []
    for index in 0..<Self.shardCount {
      let memory = Buffer.zeroed(byteCount: Self.firstSlots * 8)
      shards[index] = Shard(slots: memory.write(UInt64.self), mask: UInt32(Self.firstSlots - 1), count: 0)
      shardMemory.append(memory)
      byteCount += memory.byteCount
    }
    chunks = .allocate(capacity: chunkCapacity)
  }

  deinit {
    shards.deallocate()
    chunks.deallocate()
    scratchHashes.deallocate()
    scratchMarks.deallocate()
    scratchPlaces.deallocate()
  }

  /// Takes over what was recorded: for good.
  func restore(isFrozen: Bool, hasOverflow: Bool) {
    self.isFrozen = isFrozen
    self.hasOverflow = hasOverflow
  }

  // MARK: Strings

  @inline(__always)
  private func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    XXH3_64bits_withSeed(bytes.baseAddress ?? UnsafeRawPointer(shards), bytes.count, seed)
  }

  @inline(__always)
  private func place(_ id: Int) -> UInt { chunks[id / Self.placesPerChunk][id % Self.placesPerChunk] }

  /// The string of an id below `count`; it stays where it is.
  func bytes(_ id: Int) -> UnsafeRawBufferPointer {
    guard let length = UnsafeRawPointer(bitPattern: place(id)) else {
      return UnsafeRawBufferPointer(start: nil, count: 0)
    }
    return UnsafeRawBufferPointer(start: length + 2, count: Int(length.loadUnaligned(as: UInt16.self)))
  }

  @inline(__always)
  private static func equals(_ place: UInt, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let length = UnsafeRawPointer(bitPattern: place), Int(length.loadUnaligned(as: UInt16.self)) == bytes.count
    else { return false }
    guard let base = bytes.baseAddress, bytes.count > 0 else { return true }
    return memcmp(length + 2, base, bytes.count) == 0
  }

  /// Places the string; returns where.
  private func store(_ bytes: UnsafeRawBufferPointer) -> UInt {
    let needed = bytes.count + 2
    if pages.isEmpty || pageUsed + needed > pages[pages.count - 1].byteCount {
      let total = pages.reduce(0) { $0 + $1.byteCount }
      let page = Buffer(byteCount: min(Self.pageBytesMax, max(Self.pageBytesMin, pages.count < 64 ? total : .max)))
      pages.append(page)
      byteCount += page.byteCount
      pageUsed = 0
    }
    let target = pages[pages.count - 1].address + pageUsed
    target.storeBytes(of: UInt16(bytes.count), as: UInt16.self)
    if let base = bytes.baseAddress { (target + 2).copyMemory(from: base, byteCount: bytes.count) }
    pageUsed += (needed + 1) & ~1
    return UInt(bitPattern: target)
  }

  private func note(_ place: UInt) {
    let chunk = count / Self.placesPerChunk
    if chunk == places.count {
      if chunk == chunkCapacity {
        let larger = UnsafeMutablePointer<UnsafeMutablePointer<UInt>>.allocate(capacity: chunkCapacity * 2)
        larger.moveInitialize(from: chunks, count: chunk)
        chunks.deallocate()
        chunks = larger
        chunkCapacity *= 2
      }
      let memory = Buffer(byteCount: Self.placesPerChunk * 8)
      byteCount += memory.byteCount
      places.append(memory)
      (chunks + chunk).initialize(to: memory.write(UInt.self))
    }
    chunks[chunk][count % Self.placesPerChunk] = place
    count += 1
  }

  // MARK: Ids

  /// The id plus one of a string; 0 when it has none.
  @inline(__always)
  private func find(_ hash: UInt64, _ bytes: UnsafeRawBufferPointer) -> UInt32 {
    let shard = shards[Int(hash >> 56)]
    let part = UInt32(truncatingIfNeeded: hash)
    var slot = part & shard.mask
    while true {
      let word = shard.slots[Int(slot)]
      if word == 0 { return 0 }
      if UInt32(truncatingIfNeeded: word >> 32) == part {
        let mark = UInt32(truncatingIfNeeded: word)
        if Self.equals(place(Int(mark) - 1), bytes) { return mark }
      }
      slot = (slot &+ 1) & shard.mask
    }
  }

  /// The id of a string; nil when it has none.
  func id(of bytes: UnsafeRawBufferPointer) -> Int32? {
    let mark = find(hash(bytes), bytes)
    return mark == 0 ? nil : Int32(truncatingIfNeeded: mark) &- 1
  }

  /// Adds a string that is not there, whatever the bounds say: for reading back what was written. False if it is there.
  func add(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let hash = hash(bytes)
    guard find(hash, bytes) == 0 else { return false }
    insert(hash, bytes)
    return true
  }

  private func insert(_ hash: UInt64, _ bytes: UnsafeRawBufferPointer) {
    let index = Int(hash >> 56)
    if (shards[index].count &+ 1) &* 4 > (shards[index].mask &+ 1) &* 3 { grow(index) }
    note(store(bytes))
    Self.put(UInt64(UInt32(truncatingIfNeeded: hash)) << 32 | UInt64(count), in: shards[index])
    shards[index].count &+= 1
  }

  @inline(__always)
  private static func put(_ word: UInt64, in shard: Shard) {
    var slot = UInt32(truncatingIfNeeded: word >> 32) & shard.mask
    while shard.slots[Int(slot)] != 0 { slot = (slot &+ 1) & shard.mask }
    shard.slots[Int(slot)] = word
  }

  private func grow(_ index: Int) {
    let old = shards[index]
    let size = (Int(old.mask) + 1) * 2
    let memory = Buffer.zeroed(byteCount: size * 8)
    let larger = Shard(slots: memory.write(UInt64.self), mask: UInt32(size - 1), count: old.count)
    for slot in 0...Int(old.mask) where old.slots[slot] != 0 { Self.put(old.slots[slot], in: larger) }
    byteCount += memory.byteCount - shardMemory[index].byteCount
    shards[index] = larger
    shardMemory[index] = memory
  }

  private func findOrAdd(_ hash: UInt64, _ bytes: UnsafeRawBufferPointer) -> Int32 {
    let mark = find(hash, bytes)
    if mark != 0 { return Int32(truncatingIfNeeded: mark) &- 1 }
    if !isFrozen, count >= idsMax || byteCount >= bytesMax { isFrozen = true }
    guard !isFrozen, bytes.count <= Limits.entityBytesMax else {
      hasOverflow = true
      return Self.noID
    }
    insert(hash, bytes)
    return Int32(truncatingIfNeeded: count) &- 1
  }

  // MARK: Columns

  /// The ids of a column of text, new ones given in the order of rows; null where the text is.
  func ids(of vector: Vector) -> Vector {
    let count = vector.count
    switch vector.storage {
    case .constant(let box):
      guard count > 0, !box.vector.isNull(0) else { return .nulls(type: .int4, count: count) }
      return withExtendedLifetime(box) {
        let bytes = box.vector.rawBytes(0)
        return .constant(.int(Int64(findOrAdd(hash(bytes), bytes))), type: .int4, count: count)
      }
    case .dictionary(let codes, let width, let dictionary):
      guard dictionary.count > 0 else { return .nulls(type: .int4, count: count) }
      switch width {
      case 1: return coded(codes.read(UInt8.self), dictionary, vector)
      case 2: return coded(codes.read(UInt16.self), dictionary, vector)
      default: return coded(codes.read(UInt32.self), dictionary, vector)
      }
    case .bytes(let offsets, let data):
      let out = Buffer.zeroed(byteCount: count * 4)
      let bounds = offsets.read(Int32.self)
      let start = UnsafeRawPointer(data.address)
      withExtendedLifetime((offsets, data)) {
        assign(count, vector.validity, out.write(Int32.self)) { row in
          UnsafeRawBufferPointer(
            start: start + Int(bounds[row]), count: Int(bounds[row &+ 1]) &- Int(bounds[row]))
        }
      }
      return Vector(type: .int4, count: count, validity: vector.validity, storage: .int32(out))
    default: return .nulls(type: .int4, count: count)
    }
  }

  /// The ids of columns of text that are known already, -1 for other texts.
  func knownIDs(of vectors: [Vector]) -> (vectors: [Vector], hasMissing: Bool) {
    var hasMissing = false
    let found = vectors.map { vector -> Vector in
      let out = Buffer.zeroed(byteCount: vector.count * 4)
      let ids = out.write(Int32.self)
      let bits = Bitmap(repeating: true, count: vector.count)
      withExtendedLifetime(vector) {
        for row in 0..<vector.count {
          if vector.isNull(row) {
            bits.clear(row)
            continue
          }
          ids[row] = id(of: vector.rawBytes(row)) ?? Self.noID
          if ids[row] == Self.noID { hasMissing = true }
        }
      }
      return Vector(type: .int4, count: vector.count, validity: bits, storage: .int32(out))
    }
    return (found, hasMissing)
  }

  /// Entries are looked up once each, in the order in which rows have them.
  private func coded<T: FixedWidthInteger & BitwiseCopyable>(
    _ codes: UnsafePointer<T>, _ dictionary: ByteDictionary, _ vector: Vector
  ) -> Vector {
    let rows = vector.count
    let out = Buffer.zeroed(byteCount: rows * 4)
    let ids = out.write(Int32.self)
    let known = UnsafeMutablePointer<Int32>.allocate(capacity: dictionary.count)
    known.initialize(repeating: Int32.min, count: dictionary.count)
    defer { known.deallocate() }
    var order: [Int] = []
    for row in 0..<rows {
      if let validity = vector.validity, !validity[row] { continue }
      let code = Int(truncatingIfNeeded: codes[row])
      if known[code] == Int32.min {
        known[code] = Self.noID
        order.append(code)
      }
    }
    withExtendedLifetime(dictionary) {
      order.withUnsafeBufferPointer { order in
        let found = UnsafeMutablePointer<Int32>.allocate(capacity: max(1, order.count))
        defer { found.deallocate() }
        assign(order.count, nil, found) { dictionary.bytes(order[$0]) }
        for index in order.indices { known[order[index]] = found[index] }
      }
    }
    for row in 0..<rows {
      if let validity = vector.validity, !validity[row] { continue }
      ids[row] = known[Int(truncatingIfNeeded: codes[row])]
    }
    return Vector(type: .int4, count: rows, validity: vector.validity, storage: .int32(out))
  }

  /// Looks up strings round by round: hashes, then slots, then places, then the strings themselves.
  @inline(__always)
  private func assign(
    _ rows: Int, _ validity: Bitmap?, _ out: UnsafeMutablePointer<Int32>, _ bytes: (Int) -> UnsafeRawBufferPointer
  ) {
    let (hashes, marks, found) = (scratchHashes, scratchMarks, scratchPlaces)
    var start = 0
    while start < rows {
      let round = min(Self.rowsPerRound, rows - start)
      for index in 0..<round { hashes[index] = hash(bytes(start &+ index)) }
      for index in 0..<round { marks[index] = candidate(hashes[index]) }
      for index in 0..<round { found[index] = marks[index] == 0 ? 0 : place(Int(marks[index]) - 1) }
      for index in 0..<round {
        let row = start &+ index
        if let validity, !validity[row] { continue }
        let text = bytes(row)
        if found[index] != 0, Self.equals(found[index], text) {
          out[row] = Int32(truncatingIfNeeded: marks[index]) &- 1
        } else {
          out[row] = findOrAdd(hashes[index], text)
        }
      }
      start &+= round
    }
  }

  /// The id plus one of the first string that may have this hash; 0 for none.
  @inline(__always)
  private func candidate(_ hash: UInt64) -> UInt32 {
    let shard = shards[Int(hash >> 56)]
    let part = UInt32(truncatingIfNeeded: hash)
    var slot = part & shard.mask
    while true {
      let word = shard.slots[Int(slot)]
      if word == 0 { return 0 }
      if UInt32(truncatingIfNeeded: word >> 32) == part { return UInt32(truncatingIfNeeded: word) }
      slot = (slot &+ 1) & shard.mask
    }
  }

  /// The first row whose id is not what the table says of its text; nil when all are right.
  func firstMismatch(_ ids: Vector, _ texts: Vector) -> Int? {
    let none = hasOverflow ? Int64(Self.noID) : Int64.min
    return withExtendedLifetime(texts) {
      (0..<ids.count).first { row in
        guard case .int(let id) = ids.value(at: row) else { return !texts.isNull(row) }
        return texts.isNull(row) || id != self.id(of: texts.rawBytes(row)).map { Int64($0) } ?? none
      }
    }
  }
}
