// ByteDictionary owns the distinct byte strings that dictionary vectors point into.

private import CXXHash
private import Synchronization

/// Distinct byte strings (text, jsonb, bytea), numbered from 0. Immutable and shared.
public final class ByteDictionary: Sendable {
  public let count: Int
  /// `count + 1` Int32 offsets into `data`, starting at 0.
  public let offsets: Buffer
  public let data: Buffer
  /// Whether codes order as the strings do (bytewise): then ranges and prefixes compare on codes.
  public let isSorted: Bool
  private let hashes = Mutex<Buffer?>(nil)

  public init(count: Int, offsets: Buffer, data: Buffer, isSorted: Bool) {
    precondition(offsets.byteCount >= (count + 1) * 4)
    self.count = count
    self.offsets = offsets
    self.data = data
    self.isSorted = isSorted
  }

  public convenience init(_ strings: [String]) {
    var builder = BytesBuilder(capacity: strings.count)
    for string in strings { builder.append(string) }
    let (offsets, data) = builder.finishStorage()
    let sorted = zip(strings, strings.dropFirst()).allSatisfy { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    self.init(count: strings.count, offsets: offsets, data: data, isSorted: sorted)
  }

  /// The bytes of entry `code`; valid while the dictionary lives.
  @inlinable @inline(__always)
  public func bytes(_ code: Int) -> UnsafeRawBufferPointer {
    let pointer = offsets.read(Int32.self)
    let start = Int(pointer[code])
    return UnsafeRawBufferPointer(start: data.address + start, count: Int(pointer[code + 1]) - start)
  }

  public func string(_ code: Int) -> String { String(decoding: bytes(code), as: UTF8.self) }

  /// The code of `value`, by binary search when sorted, else by scan.
  public func code(of value: some Sequence<UInt8>) -> Int? {
    let wanted = Array(value)
    return wanted.withUnsafeBytes { find($0) }
  }

  private func find(_ wanted: UnsafeRawBufferPointer) -> Int? {
    guard isSorted else { return (0..<count).first { compareBytes(bytes($0), wanted) == 0 } }
    let slot = lowerBound(wanted)
    return slot < count && compareBytes(bytes(slot), wanted) == 0 ? slot : nil
  }

  /// The first code whose string is not below `wanted`. Needs `isSorted`.
  public func lowerBound(_ wanted: UnsafeRawBufferPointer) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) >> 1
      if compareBytes(bytes(middle), wanted) < 0 { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The XXH3 64-bit hash of every entry, computed once: `hashBytes`. UInt64 by code.
  public func entryHashes() -> Buffer {
    hashes.withLock { cached in
      if let cached { return cached }
      let buffer = Buffer(byteCount: count * 8)
      let out = buffer.write(UInt64.self)
      for code in 0..<count { out[code] = hashBytes(bytes(code)) }
      cached = buffer
      return buffer
    }
  }

  public var byteCount: Int { offsets.byteCount + data.byteCount }
}

/// XXH3 64-bit, seed 0: the hash of a byte string everywhere in memory and in sketches.
public func hashBytes(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  XXH3_64bits(bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1), bytes.count)
}

/// A 64-bit mix for fixed-width keys (the finaliser of MurmurHash3, Appleby 2011).
@inlinable @inline(__always)
public func hashInteger(_ value: UInt64) -> UInt64 {
  var z = value
  z = (z ^ (z >> 33)) &* 0xFF51_AFD7_ED55_8CCD
  z = (z ^ (z >> 33)) &* 0xC4CE_B9FE_1A85_EC53
  return z ^ (z >> 33)
}

/// Bytewise order, as memcmp with the shorter first: below 0, 0, above 0.
@inlinable
public func compareBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
  let shared = min(a.count, b.count)
  var index = 0
  while index &+ 8 <= shared {
    let x = UInt64(bigEndian: a.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    let y = UInt64(bigEndian: b.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    if x != y { return x < y ? -1 : 1 }
    index &+= 8
  }
  while index < shared {
    let x = a[index]
    let y = b[index]
    if x != y { return x < y ? -1 : 1 }
    index &+= 1
  }
  return a.count == b.count ? 0 : (a.count < b.count ? -1 : 1)
}
