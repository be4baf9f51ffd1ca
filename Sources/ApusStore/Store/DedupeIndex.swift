// DedupeIndex owns the keys seen within a table's window: 128-bit keyed hashes in memory, exact in that two keys are
// the
// same when their hashes are.

import ApusBase
import ApusColumns
private import CXXHash

/// The hash of a dedupe key. The all-zero hash stands for "no key".
struct KeyHash: BitwiseCopyable, Sendable, Hashable {
  var low: UInt64
  var high: UInt64
  static let none = KeyHash(low: 0, high: 0)
  var isNone: Bool { low == 0 && high == 0 }
}

/// Hashes keys under a secret of the store, so that nobody can choose keys that collide.
struct KeyHasher: Sendable {
  private let secret: Buffer

  init(secret seed: UInt64) {
    var random = SeededRandom(seed: seed)
    secret = Buffer(copying: (0..<24).map { _ in random.next() })
  }

  func hash(_ bytes: UnsafeRawBufferPointer) -> KeyHash {
    let base = bytes.baseAddress ?? UnsafeRawPointer(secret.address)
    let hash = XXH3_128bits_withSecret(base, bytes.count, secret.address, secret.byteCount)
    return hash.low64 == 0 && hash.high64 == 0 ? KeyHash(low: 1, high: 0) : KeyHash(low: hash.low64, high: hash.high64)
  }

  /// The hash of every row's key, none for null keys. `KeyHash` by row. Text is hashed as its bytes, anything else as
  /// its memory.
  func hashes(of column: Vector) -> Buffer {
    let result = Buffer(byteCount: column.count * MemoryLayout<KeyHash>.stride)
    let out = result.write(KeyHash.self)
    let vector: Vector
    if case .dictionary(let codes, let width, let dictionary) = column.storage {
      if dictionary.count * 2 > column.count {
        vector = column.flattened()
      } else {
        let byCode = (0..<dictionary.count).map { hash(dictionary.bytes($0)) }
        for row in 0..<column.count {
          let code =
            width == 1
            ? Int(codes.read(UInt8.self)[row])
            : width == 2 ? Int(codes.read(UInt16.self)[row]) : Int(codes.read(UInt32.self)[row])
          out[row] = column.isNull(row) || code >= byCode.count ? .none : byCode[code]
        }
        return result
      }
    } else {
      vector = column.flattened()
    }
    switch vector.storage {
    case .bytes(let offsets, let data):
      let bounds = offsets.read(Int32.self)
      for row in 0..<vector.count {
        let start = Int(bounds[row])
        out[row] = hash(UnsafeRawBufferPointer(start: data.address + start, count: Int(bounds[row + 1]) - start))
      }
    case .int16(let buffer): fixed(buffer, 2, vector.count, out)
    case .int32(let buffer): fixed(buffer, 4, vector.count, out)
    case .int64(let buffer): fixed(buffer, 8, vector.count, out)
    case .uuid(let buffer): fixed(buffer, 16, vector.count, out)
    default: for row in 0..<vector.count { out[row] = .none }
    }
    if let validity = vector.validity { for row in 0..<vector.count where !validity[row] { out[row] = .none } }
    return result
  }

  private func fixed(_ buffer: Buffer, _ width: Int, _ count: Int, _ out: UnsafeMutablePointer<KeyHash>) {
    for row in 0..<count { out[row] = hash(UnsafeRawBufferPointer(start: buffer.address + row * width, count: width)) }
  }

  /// Types whose values can be dedupe keys.
  static func accepts(_ type: DataType) -> Bool {
    switch type {
    case .text, .varchar, .uuid, .bytea, .int2, .int4, .int8: true
    default: false
    }
  }
}

/// The keys of one table. For one thread at a time. Open addressing in 64 parts, so that growing never stops the world
/// for long; each key with the minute of its receipt.
struct DedupeIndex: ~Copyable {
  private struct Part {
    var keys = Buffer.zeroed(byteCount: 0)
    /// The minute of receipt since 1970; 0: the slot's key was taken back or is expired.
    var minutes = Buffer.zeroed(byteCount: 0)
    var capacity = 0
    /// Slots that are not empty.
    var used = 0
  }
  private static let partCount = 64
  private var parts = [Part](repeating: Part(), count: partCount)
  /// Keys remembered, expired ones that still hold a slot included.
  private(set) var count = 0

  /// Notes the keys of a batch received in `minute`, and marks in `duplicates` the rows whose key was noted at or after
  /// `cutoff` (or stands earlier in the batch). Returns how many those are. Rows without a key are not duplicates.
  mutating func insert(_ hashes: Buffer, count rows: Int, minute: UInt32, cutoff: UInt32, duplicates: Bitmap) -> Int {
    let keys = hashes.read(KeyHash.self)
    var found = 0
    for row in 0..<rows where !keys[row].isNone {
      if insert(keys[row], minute: minute, cutoff: cutoff) {
        duplicates.set(row)
        found &+= 1
      }
    }
    return found
  }

  /// Notes a key; true when it was known.
  mutating func insert(_ key: KeyHash, minute: UInt32, cutoff: UInt32) -> Bool {
    let number = Int(truncatingIfNeeded: key.high & 63)
    if parts[number].used &* 5 >= parts[number].capacity &* 4 { grow(number, cutoff: cutoff) }
    let capacity = parts[number].capacity
    let keys = parts[number].keys.write(KeyHash.self)
    let minutes = parts[number].minutes.write(UInt32.self)
    var slot = Int(truncatingIfNeeded: key.low) & (capacity &- 1)
    while true {
      let there = keys[slot]
      if there.isNone {
        keys[slot] = key
        minutes[slot] = minute
        parts[number].used &+= 1
        count &+= 1
        return false
      }
      if there.low == key.low, there.high == key.high {
        let known = minutes[slot] >= max(cutoff, 1)
        if !known { minutes[slot] = minute }
        return known
      }
      slot = (slot &+ 1) & (capacity &- 1)
    }
  }

  /// Takes back keys that `insert` noted and that did not become durable.
  mutating func remove(_ hashes: Buffer, count rows: Int, except duplicates: Bitmap?) {
    let all = hashes.read(KeyHash.self)
    for row in 0..<rows where !all[row].isNone {
      if let duplicates, duplicates[row] { continue }
      let key = all[row]
      let part = parts[Int(truncatingIfNeeded: key.high & 63)]
      guard part.capacity > 0 else { continue }
      let keys = part.keys.write(KeyHash.self)
      var slot = Int(truncatingIfNeeded: key.low) & (part.capacity &- 1)
      while !keys[slot].isNone {
        if keys[slot].low == key.low, keys[slot].high == key.high {
          part.minutes.write(UInt32.self)[slot] = 0
          break
        }
        slot = (slot &+ 1) & (part.capacity &- 1)
      }
    }
  }

  /// Takes back the keys of `rows`, unless they were noted again after `minute`.
  mutating func remove(_ hashes: Buffer, count: Int, among rows: Bitmap, notedBy minute: UInt32) {
    let all = hashes.read(KeyHash.self)
    for row in 0..<count where rows[row] && !all[row].isNone {
      let key = all[row]
      let part = parts[Int(truncatingIfNeeded: key.high & 63)]
      guard part.capacity > 0 else { continue }
      let keys = part.keys.read(KeyHash.self)
      let minutes = part.minutes.write(UInt32.self)
      var slot = Int(truncatingIfNeeded: key.low) & (part.capacity &- 1)
      while !keys[slot].isNone {
        if keys[slot].low == key.low, keys[slot].high == key.high {
          if minutes[slot] <= minute { minutes[slot] = 0 }
          break
        }
        slot = (slot &+ 1) & (part.capacity &- 1)
      }
    }
  }

  /// Doubles a part, or just cleans it when most of it has expired.
  private mutating func grow(_ number: Int, cutoff: UInt32) {
    let old = parts[number]
    let oldKeys = old.keys.read(KeyHash.self)
    let oldMinutes = old.minutes.read(UInt32.self)
    var live = 0
    for slot in 0..<old.capacity where !oldKeys[slot].isNone && oldMinutes[slot] >= max(cutoff, 1) { live &+= 1 }
    var capacity = 64
    while live &* 5 >= capacity &* 2 { capacity *= 2 }
    var new = Part()
    new.capacity = capacity
    new.keys = Buffer.zeroed(byteCount: capacity * MemoryLayout<KeyHash>.stride)
    new.minutes = Buffer.zeroed(byteCount: capacity * 4)
    let keys = new.keys.write(KeyHash.self)
    let minutes = new.minutes.write(UInt32.self)
    for index in 0..<old.capacity where !oldKeys[index].isNone && oldMinutes[index] >= max(cutoff, 1) {
      var slot = Int(truncatingIfNeeded: oldKeys[index].low) & (capacity &- 1)
      while !keys[slot].isNone { slot = (slot &+ 1) & (capacity &- 1) }
      keys[slot] = oldKeys[index]
      minutes[slot] = oldMinutes[index]
    }
    new.used = live
    count -= old.used - live
    parts[number] = new
  }

  var heldBytes: Int { parts.reduce(0) { $0 + $1.keys.byteCount + $1.minutes.byteCount } }
}
