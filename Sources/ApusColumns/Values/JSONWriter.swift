// JSONWriter owns the writing of jsonb text: PostgreSQL's order, separators, escapes and numbers.

public import ApusBase
private import CSimdJSON

/// A growing text, written through a raw pointer.
struct JSONWriter: ~Copyable {
  private var data: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private(set) var count = 0
  /// Indices of keys of the objects being written, innermost last.
  private var keys: [Int] = []

  init(capacity: Int = 256) {
    self.capacity = max(64, capacity)
    data = .allocate(capacity: self.capacity)
  }

  deinit { data.deallocate() }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: data, count: count) }

  mutating func removeAll() { count = 0 }
  /// Forgets what was written after `count` bytes.
  mutating func cut(to count: Int) { self.count = min(self.count, max(0, count)) }

  @inline(__always)
  private mutating func reserve(_ more: Int) { if count &+ more > capacity { grow(more) } }

  private mutating func grow(_ more: Int) {
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: max(capacity * 2, count + more))
    larger.update(from: data, count: count)
    data.deallocate()
    data = larger
    capacity = max(capacity * 2, count + more)
  }

  @inline(__always)
  mutating func put(_ byte: UInt8) {
    reserve(1)
    data[count] = byte
    count &+= 1
  }

  @inline(__always)
  mutating func put(_ raw: UnsafeRawBufferPointer) {
    guard let base = raw.baseAddress, raw.count > 0 else { return }
    reserve(raw.count)
    UnsafeMutableRawPointer(data + count).copyMemory(from: base, byteCount: raw.count)
    count &+= raw.count
  }

  mutating func put(_ text: StaticString) {
    put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// `, `
  mutating func separator() {
    reserve(2)
    data[count] = 44
    data[count &+ 1] = 32
    count &+= 2
  }

  /// A string with its quotes, escaped as PostgreSQL's `escape_json` does.
  mutating func putString(_ raw: UnsafeRawBufferPointer) {
    put(34)
    var start = 0
    for index in 0..<raw.count {
      let byte = raw[index]
      if byte >= 32, byte != 34, byte != 92 { continue }
      put(UnsafeRawBufferPointer(rebasing: raw[start..<index]))
      putEscape(byte)
      start = index &+ 1
    }
    put(UnsafeRawBufferPointer(rebasing: raw[start..<raw.count]))
    put(34)
  }

  private mutating func putEscape(_ byte: UInt8) {
    put(92)
    switch byte {
    case 8: put(98)
    case 9: put(116)
    case 10: put(110)
    case 12: put(102)
    case 13: put(114)
    case 34, 92: put(byte)
    default:
      put("u00")
      put(byte < 16 ? 48 : 49)
      let low = byte & 15
      put(low < 10 ? 48 &+ low : 87 &+ low)
    }
  }

  mutating func putInteger(_ value: Int64) { putDecimal(value, scale: 0) }

  /// `value` units of 10^-scale, with exactly `scale` digits after the point.
  mutating func putDecimal(_ value: Int64, scale: Int) {
    reserve(44)
    var rest = value.magnitude
    if value < 0 {
      data[count] = 45
      count &+= 1
    }
    var digits = 1
    var bound: UInt64 = 10
    while digits < 20, rest >= bound {
      digits &+= 1
      if digits == 20 { break }
      bound = bound &* 10
    }
    digits = max(digits, scale &+ 1)
    let length = digits &+ (scale > 0 ? 1 : 0)
    var at = count &+ length &- 1
    for place in 0..<digits {
      if place == scale, scale > 0 {
        data[at] = 46
        at &-= 1
      }
      data[at] = 48 &+ UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
      at &-= 1
    }
    count &+= length
  }

  /// The shortest text without exponent that reads back as `value`.
  mutating func putDouble(_ value: Double) {
    reserve(512)
    count &+= apus_json_shortest(value, UnsafeMutableRawPointer(data + count).assumingMemoryBound(to: CChar.self), 512)
  }
}

extension JSONWriter {
  /// The value at `index` of a document as jsonb text. Throws 22003 for a number beyond numeric, 54000 for one value
  /// over `limit` bytes.
  mutating func putValue(_ document: JSONDocument, _ index: Int, limit: Int = Limits.valueBytesMax) throws(ApusError) {
    let token = document[index]
    switch token.kind {
    case .null: put("null")
    case .true: put("true")
    case .false: put("false")
    case .integer: putInteger(token.number)
    case .decimal: putDecimal(token.number, scale: token.scale)
    case .number: try JSONNumber.canonicalise(document.text(token), into: &self)
    case .string, .key: putString(document.text(token))
    case .array:
      put(91)
      var next = index &+ 1
      while next < token.end {
        if next > index &+ 1 { separator() }
        try putValue(document, next, limit: limit)
        next = document[next].end
      }
      put(93)
    case .object: try putObject(document, index, limit: limit)
    }
    guard count <= limit else {
      throw ApusError(.programLimitExceeded, "jsonb value larger than \(limit) bytes")
    }
  }

  private mutating func putObject(_ document: JSONDocument, _ index: Int, limit: Int) throws(ApusError) {
    let end = document[index].end
    let base = keys.count
    var next = index &+ 1
    var isSorted = true
    while next < end {
      if isSorted, next > index &+ 1, Self.keyOrder(document, keys[keys.count &- 1], next) >= 0 { isSorted = false }
      keys.append(next)
      next = document[next &+ 1].end
    }
    if !isSorted {
      // The index decides among equals: the last of several equal keys wins.
      keys[base...].sort { a, b in
        let order = Self.keyOrder(document, a, b)
        return order != 0 ? order < 0 : a < b
      }
    }
    put(123)
    let members = keys.count
    var isFirst = true
    for place in base..<members {
      let key = keys[place]
      if !isSorted, place &+ 1 < members, Self.keyOrder(document, key, keys[place &+ 1]) == 0 { continue }
      if !isFirst { separator() }
      isFirst = false
      putString(document.text(document[key]))
      put(": ")
      try putValue(document, key &+ 1, limit: limit)
    }
    put(125)
    keys.removeSubrange(base...)
  }

  /// jsonb's order of keys: by length, then by bytes.
  private static func keyOrder(_ document: JSONDocument, _ a: Int, _ b: Int) -> Int {
    jsonKeyOrder(document.text(document[a]), document.text(document[b]))
  }
}

/// jsonb's order of keys: by length, then by bytes.
func jsonKeyOrder(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
  a.count != b.count ? (a.count < b.count ? -1 : 1) : compareBytes(a, b)
}
