// Bitmap owns a row of bits: validity, boolean values, filter results. Arrow's layout: least significant bit first.

/// `count` bits in 64-bit words. Bits past `count` in the last word are unspecified: counts mask them off.
public struct Bitmap: Sendable {
  public let words: Buffer
  public let count: Int

  public init(words: Buffer, count: Int) {
    precondition(words.byteCount >= Bitmap.wordCount(count) * 8)
    self.words = words
    self.count = count
  }

  public init(repeating value: Bool, count: Int) {
    let bytes = Bitmap.wordCount(count) * 8
    let buffer = Buffer(byteCount: bytes)
    buffer.address.initializeMemory(as: UInt8.self, repeating: value ? 0xFF : 0, count: max(bytes, 8))
    self.init(words: buffer, count: count)
  }

  public init(_ bits: [Bool]) {
    self.init(repeating: false, count: bits.count)
    for (index, bit) in bits.enumerated() where bit { set(index) }
  }

  @inlinable @inline(__always)
  public static func wordCount(_ count: Int) -> Int { (count + 63) >> 6 }

  @inlinable @inline(__always)
  public subscript(index: Int) -> Bool {
    words.read(UInt64.self)[index >> 6] & (1 &<< UInt64(index & 63)) != 0
  }

  /// For the builder, before the bitmap is shared.
  @inlinable @inline(__always)
  public func set(_ index: Int) { words.write(UInt64.self)[index >> 6] |= 1 &<< UInt64(index & 63) }
  @inlinable @inline(__always)
  public func clear(_ index: Int) { words.write(UInt64.self)[index >> 6] &= ~(1 &<< UInt64(index & 63)) }
  @inlinable @inline(__always)
  public func put(_ index: Int, _ value: Bool) { if value { set(index) } else { clear(index) } }

  /// How many bits are set.
  public var setCount: Int {
    let pointer = words.read(UInt64.self)
    var total = 0
    for word in 0..<(count >> 6) { total &+= pointer[word].nonzeroBitCount }
    if count & 63 != 0 {
      total &+= (pointer[count >> 6] & ((1 &<< UInt64(count & 63)) &- 1)).nonzeroBitCount
    }
    return total
  }

  public func combined(with other: Bitmap, _ operation: (UInt64, UInt64) -> UInt64) -> Bitmap {
    precondition(count == other.count)
    let result = Bitmap(repeating: false, count: count)
    let a = words.read(UInt64.self)
    let b = other.words.read(UInt64.self)
    let out = result.words.write(UInt64.self)
    for word in 0..<Bitmap.wordCount(count) { out[word] = operation(a[word], b[word]) }
    return result
  }
  public func and(_ other: Bitmap) -> Bitmap { combined(with: other) { $0 & $1 } }
  public func or(_ other: Bitmap) -> Bitmap { combined(with: other) { $0 | $1 } }
  public func andNot(_ other: Bitmap) -> Bitmap { combined(with: other) { $0 & ~$1 } }
  public func inverted() -> Bitmap { combined(with: self) { a, _ in ~a } }

  /// The validity of a result that is null where either input is. `nil` means no nulls.
  public static func intersection(_ a: Bitmap?, _ b: Bitmap?) -> Bitmap? {
    switch (a, b) {
    case (nil, nil): nil
    case (let only?, nil), (nil, let only?): only
    case (let a?, let b?): a.and(b)
    }
  }

  /// Bits `range`, as a view where `range` starts on a word, else copied.
  public func slice(_ range: Range<Int>) -> Bitmap {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    if range.lowerBound & 63 == 0 {
      let start = (range.lowerBound >> 6) * 8
      let view = Buffer(viewOf: words, offset: start, byteCount: Bitmap.wordCount(range.count) * 8)
      return Bitmap(words: view, count: range.count)
    }
    let result = Bitmap(repeating: false, count: range.count)
    for index in 0..<range.count where self[range.lowerBound + index] { result.set(index) }
    return result
  }
}
