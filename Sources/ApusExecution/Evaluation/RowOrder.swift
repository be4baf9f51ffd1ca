// RowOrder owns the order of a type's values: comparison of two rows, and 64-bit prefixes that order alike.

import ApusBase
import ApusColumns

/// Compares rows of one vector. Nulls are the caller's.
struct RowOrder {
  enum Kind { case bool, integer, float, bytes, numeric, interval, uuid, list, codes }
  let vector: Vector
  let kind: Kind
  /// Integers, or the rank of each row's value.
  private let integers: [Int64]
  private let floats: [Double]

  /// Throws 42883 for a type without order.
  init(_ given: Vector) throws(ApusError) {
    if given.type == .json {
      throw ApusError(.undefinedFunction, "could not identify an ordering operator for type json")
    }
    let source = try Self.keyed(given)
    var flat = source
    if case .dictionary(let codes, let width, let dictionary) = source.storage, source.type != .numeric,
      dictionary.count > 0
    {
      integers = RowOrder.ranks(codes, width, source.count, dictionary)
      floats = []
      vector = source
      kind = .codes
      return
    }
    switch source.storage {
    case .constant, .dictionary, .shredded: flat = source.flattened()
    default: break
    }
    vector = flat
    var integers: [Int64] = []
    var floats: [Double] = []
    switch flat.storage {
    case .bool(let bits):
      integers = (0..<flat.count).map { bits[$0] ? 1 : 0 }
      kind = .bool
    case .int16(let buffer):
      integers = (0..<flat.count).map { Int64(buffer.read(Int16.self)[$0]) }
      kind = .integer
    case .int32(let buffer):
      integers = (0..<flat.count).map { Int64(buffer.read(Int32.self)[$0]) }
      kind = .integer
    case .int64(let buffer):
      integers = Array(UnsafeBufferPointer(start: buffer.read(Int64.self), count: flat.count))
      kind = .integer
    case .float32(let buffer):
      floats = (0..<flat.count).map { Double(buffer.read(Float.self)[$0]) }
      kind = .float
    case .float64(let buffer):
      floats = Array(UnsafeBufferPointer(start: buffer.read(Double.self), count: flat.count))
      kind = .float
    case .interval: kind = .interval
    case .uuid: kind = .uuid
    case .list: kind = .list
    default: kind = flat.type == .numeric ? .numeric : .bytes
    }
    self.integers = integers
    self.floats = floats
  }

  /// The vector with bytes that order as its values do, where their own do not.
  private static func keyed(_ source: Vector) throws(ApusError) -> Vector {
    guard source.type == .bpchar || source.type == .jsonb else { return source }
    var flat = source
    if case .dictionary(let codes, let width, let dictionary) = source.storage, dictionary.count > 0 {
      let (offsets, data) = try keys(dictionary.count, source.type) { dictionary.bytes($0) }
      let keyed = ByteDictionary(count: dictionary.count, offsets: offsets, data: data, isSorted: false)
      return Vector(
        type: .bytea, count: source.count, validity: source.validity,
        storage: .dictionary(codes: codes, width: width, dictionary: keyed))
    }
    if case .bytes = source.storage {} else { flat = source.flattened() }
    let empty = UnsafeRawBufferPointer(start: nil, count: 0)
    let (offsets, data) = try keys(flat.count, source.type) { flat.isNull($0) ? empty : flat.rawBytes($0) }
    return Vector(
      type: .bytea, count: flat.count, validity: flat.validity, storage: .bytes(offsets: offsets, data: data))
  }

  private static func keys(
    _ count: Int, _ type: DataType, _ raw: (Int) -> UnsafeRawBufferPointer
  ) throws(ApusError) -> (offsets: Buffer, data: Buffer) {
    var builder = BytesBuilder(capacity: count)
    for index in 0..<count {
      let value = raw(index)
      let key = value.isEmpty ? [] : KeyEncoding.key(value, type) ?? Array(value)
      guard builder.fits(key.count) else {
        throw ApusError(.programLimitExceeded, "the values of a sort key are larger than 2 GiB")
      }
      builder.append(key)
    }
    return builder.finishStorage()
  }

  /// The rank of each row's string among the entries of its dictionary.
  private static func ranks(_ codes: Buffer, _ width: Int, _ count: Int, _ dictionary: ByteDictionary) -> [Int64] {
    let wide = wideCodes(codes, width: width, count: count)
    let source = wide.read(UInt32.self)
    if dictionary.isSorted { return (0..<count).map { Int64(source[$0]) } }
    let order = (0..<dictionary.count).sorted { compareBytes(dictionary.bytes($0), dictionary.bytes($1)) < 0 }
    var rank = [Int64](repeating: 0, count: dictionary.count)
    for (position, code) in order.enumerated() {
      let isRepeat = position > 0 && compareBytes(dictionary.bytes(code), dictionary.bytes(order[position - 1])) == 0
      rank[code] = isRepeat ? rank[order[position - 1]] : Int64(position)
    }
    return (0..<count).map { rank[Int(source[$0])] }
  }

  /// Below 0, 0 or above 0. Both rows are not null.
  func compare(_ a: Int, _ b: Int) -> Int {
    switch kind {
    case .bool, .integer, .codes:
      let (x, y) = (integers[a], integers[b])
      return x == y ? 0 : (x < y ? -1 : 1)
    case .float: return FloatOrder.compare(floats[a], floats[b])
    case .bytes: return compareBytes(vector.rawBytes(a), vector.rawBytes(b))
    case .numeric, .interval, .uuid, .list:
      return Self.compare(vector.value(at: a), vector.value(at: b), vector.type)
    }
  }

  /// Whether equal prefixes mean equal values.
  var isPrefixDecisive: Bool {
    switch kind {
    case .bool, .integer, .float, .codes: true
    default: false
    }
  }

  /// A number that orders as the row's value does, as far as it reaches.
  func prefix(_ row: Int) -> UInt64 {
    switch kind {
    case .bool, .integer, .codes: return UInt64(bitPattern: integers[row]) ^ (1 << 63)
    case .float: return FloatOrder.word(floats[row])
    case .bytes:
      let raw = vector.rawBytes(row)
      if raw.count >= 8 { return UInt64(bigEndian: raw.loadUnaligned(as: UInt64.self)) }
      var word: UInt64 = 0
      for index in 0..<raw.count { word |= UInt64(raw[index]) << UInt64(56 - 8 * index) }
      return word
    case .uuid:
      if case .uuid(let buffer) = vector.storage { return buffer.read(UUIDValue.self)[row].high }
      return 0
    case .numeric, .interval, .list: return 0
    }
  }

  /// The order of two values of one type.
  static func compare(_ a: Value, _ b: Value, _ type: DataType) -> Int {
    switch (a, b) {
    case (.null, .null): return 0
    case (.null, _): return 1
    case (_, .null): return -1
    case (.bool(let x), .bool(let y)): return x == y ? 0 : (y ? -1 : 1)
    case (.int(let x), .int(let y)): return x == y ? 0 : (x < y ? -1 : 1)
    case (.float(let x), .float(let y)): return FloatOrder.compare(x, y)
    case (.text(let x), .text(let y)) where type == .bpchar || type == .jsonb:
      let (u, v) = (KeyEncoding.key(x, type), KeyEncoding.key(y, type))
      return u == v ? 0 : (u.lexicographicallyPrecedes(v) ? -1 : 1)
    case (.text(let x), .text(let y)):
      // By bytes: Swift's `==` takes two spellings of a character as equal.
      if x.utf8.lexicographicallyPrecedes(y.utf8) { return -1 }
      return y.utf8.lexicographicallyPrecedes(x.utf8) ? 1 : 0
    case (.bytes(let x), .bytes(let y)): return x == y ? 0 : (x.lexicographicallyPrecedes(y) ? -1 : 1)
    case (.numeric(let x), .numeric(let y)): return Numeric.compare(x, y)
    case (.uuid(let x), .uuid(let y)): return x == y ? 0 : (x < y ? -1 : 1)
    case (.interval(let x), .interval(let y)): return Interval.compare(x, y)
    case (.array(let x), .array(let y)):
      var element = type
      if case .array(let inner) = type { element = inner }
      for (u, v) in zip(x, y) {
        let compared = compare(u, v, element)
        if compared != 0 { return compared }
      }
      return x.count == y.count ? 0 : (x.count < y.count ? -1 : 1)
    default: return 0
    }
  }
}
