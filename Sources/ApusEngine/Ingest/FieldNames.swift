// FieldNames owns the finding of a member's place by its name: a guess first, since events repeat their keys in order.

import ApusColumns

/// Names numbered from 0. One decoder's: it learns which name follows which.
struct FieldNames: ~Copyable {
  private let bytes: UnsafeMutableRawPointer
  private let starts: UnsafeMutablePointer<Int32>
  /// By the number of the name before, plus one.
  private let followers: UnsafeMutablePointer<Int32>
  let count: Int

  init(_ names: [String]) {
    count = names.count
    starts = .allocate(capacity: count + 1)
    followers = .allocate(capacity: count + 1)
    followers.initialize(repeating: -1, count: count + 1)
    bytes = .allocate(byteCount: max(1, names.reduce(0) { $0 + $1.utf8.count }), alignment: 8)
    var at = 0
    for (index, name) in names.enumerated() {
      starts[index] = Int32(truncatingIfNeeded: at)
      for byte in name.utf8 {
        bytes.storeBytes(of: byte, toByteOffset: at, as: UInt8.self)
        at += 1
      }
    }
    starts[count] = Int32(truncatingIfNeeded: at)
  }

  deinit {
    bytes.deallocate()
    starts.deallocate()
    followers.deallocate()
  }

  @inline(__always)
  private func matches(_ field: Int, _ key: UnsafeRawBufferPointer) -> Bool {
    let start = Int(starts[field])
    let length = Int(starts[field &+ 1]) &- start
    guard length == key.count else { return false }
    guard length > 0, let base = key.baseAddress else { return true }
    return equalBytes(bytes + start, base, length)
  }

  /// The number of the name `key`, or -1. `previous` is the field found before it, or -1.
  @inline(__always)
  mutating func find(_ key: UnsafeRawBufferPointer, after previous: Int) -> Int {
    let guess = Int(followers[previous &+ 1])
    if guess >= 0, matches(guess, key) { return guess }
    return search(key, previous)
  }

  private mutating func search(_ key: UnsafeRawBufferPointer, _ previous: Int) -> Int {
    for field in 0..<count where matches(field, key) {
      followers[previous &+ 1] = Int32(truncatingIfNeeded: field)
      return field
    }
    return -1
  }
}
