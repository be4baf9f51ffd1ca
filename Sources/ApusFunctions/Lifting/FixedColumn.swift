// FixedColumn owns the sight of a fixed-width vector as a pointer, constant vectors included, and the loops over one or
// two of them. Null rows are computed like the others and masked out.

import ApusBase
import ApusColumns

/// Values of a fixed width by row: a step of 0 repeats the one value of a constant vector.
struct FixedColumn<T: BitwiseCopyable> {
  let base: UnsafePointer<T>
  let step: Int
  /// Keeps the memory.
  let owner: Buffer

  init(_ vector: Vector, _: T.Type) {
    if case .constant(let box) = vector.storage {
      owner = box.vector.fixedBuffer
      step = 0
    } else {
      owner = vector.fixedBuffer
      step = 1
    }
    base = owner.read(T.self)
  }

  @inline(__always)
  subscript(row: Int) -> T { base[row &* step] }
}

/// The validity of a strict function's result: nil when no row is null.
func strictValidity(_ arguments: [Vector], _ count: Int) -> (validity: Bitmap?, isAllNull: Bool) {
  var result: Bitmap?
  for argument in arguments {
    if case .constant(let box) = argument.storage {
      if box.vector.isNull(0) { return (nil, true) }
    } else {
      result = Bitmap.intersection(result, argument.validity)
    }
  }
  return (result, false)
}

/// The storage of fixed-width results.
func fixedStorage(_ buffer: Buffer, _ type: DataType) -> Vector.Storage {
  switch type.physical {
  case .int16: .int16(buffer)
  case .int32: .int32(buffer)
  case .float32: .float32(buffer)
  case .float64: .float64(buffer)
  case .interval: .interval(buffer)
  case .uuid: .uuid(buffer)
  default: .int64(buffer)
  }
}

/// f of each row, for functions that cannot fail.
@inline(__always)
func mapFixed<A: BitwiseCopyable, R: BitwiseCopyable>(
  _ vector: Vector, _: A.Type, _ count: Int, _ type: DataType, _ function: (A) -> R
) -> Vector {
  let (validity, isAllNull) = strictValidity([vector], count)
  if isAllNull { return .nulls(type: type, count: count) }
  let source = FixedColumn(vector, A.self)
  let buffer = Buffer(byteCount: count * MemoryLayout<R>.stride)
  let out = buffer.write(R.self)
  withExtendedLifetime(source.owner) {
    if source.step == 0 {
      out.update(repeating: function(source.base[0]), count: count)
    } else {
      for row in 0..<count { out[row] = function(source.base[row]) }
    }
  }
  return Vector(type: type, count: count, validity: validity, storage: fixedStorage(buffer, type))
}

/// f of each row, for functions that may fail: only rows that are not null are computed.
@inline(__always)
func mapFixedChecked<A: BitwiseCopyable, R: BitwiseCopyable>(
  _ vector: Vector, _: A.Type, _ count: Int, _ type: DataType, _ function: (A) throws(ApusError) -> R
) throws(ApusError) -> Vector {
  let (validity, isAllNull) = strictValidity([vector], count)
  if isAllNull { return .nulls(type: type, count: count) }
  let source = FixedColumn(vector, A.self)
  let buffer = Buffer.zeroed(byteCount: count * MemoryLayout<R>.stride)
  let out = buffer.write(R.self)
  defer { withExtendedLifetime(source.owner) {} }
  for row in 0..<count {
    if let validity, !validity[row] { continue }
    out[row] = try function(source[row])
  }
  return Vector(type: type, count: count, validity: validity, storage: fixedStorage(buffer, type))
}

/// f of each pair of rows, for functions that cannot fail.
@inline(__always)
func zipFixed<A: BitwiseCopyable, B: BitwiseCopyable, R: BitwiseCopyable>(
  _ arguments: [Vector], _: A.Type, _: B.Type, _ count: Int, _ type: DataType, _ function: (A, B) -> R
) -> Vector {
  let (validity, isAllNull) = strictValidity(arguments, count)
  if isAllNull { return .nulls(type: type, count: count) }
  let a = FixedColumn(arguments[0], A.self)
  let b = FixedColumn(arguments[1], B.self)
  let buffer = Buffer(byteCount: count * MemoryLayout<R>.stride)
  let out = buffer.write(R.self)
  withExtendedLifetime((a.owner, b.owner)) {
    if a.step == 1, b.step == 1 {
      for row in 0..<count { out[row] = function(a.base[row], b.base[row]) }
    } else if a.step == 1 {
      let one = b.base[0]
      for row in 0..<count { out[row] = function(a.base[row], one) }
    } else {
      let one = a.base[0]
      for row in 0..<count { out[row] = function(one, b[row]) }
    }
  }
  return Vector(type: type, count: count, validity: validity, storage: fixedStorage(buffer, type))
}

/// f of each pair of rows, for functions that may fail.
@inline(__always)
func zipFixedChecked<A: BitwiseCopyable, B: BitwiseCopyable, R: BitwiseCopyable>(
  _ arguments: [Vector], _: A.Type, _: B.Type, _ count: Int, _ type: DataType,
  _ function: (A, B) throws(ApusError) -> R
) throws(ApusError) -> Vector {
  let (validity, isAllNull) = strictValidity(arguments, count)
  if isAllNull { return .nulls(type: type, count: count) }
  let a = FixedColumn(arguments[0], A.self)
  let b = FixedColumn(arguments[1], B.self)
  let buffer = Buffer.zeroed(byteCount: count * MemoryLayout<R>.stride)
  let out = buffer.write(R.self)
  defer { withExtendedLifetime((a.owner, b.owner)) {} }
  for row in 0..<count {
    if let validity, !validity[row] { continue }
    out[row] = try function(a[row], b[row])
  }
  return Vector(type: type, count: count, validity: validity, storage: fixedStorage(buffer, type))
}

/// Integer arithmetic that reports overflow: a fast loop, and a second look only when some row overflowed.
@inline(__always)
func zipOverflowing<T: FixedWidthInteger & BitwiseCopyable>(
  _ arguments: [Vector], _: T.Type, _ count: Int, _ type: DataType,
  _ function: (T, T) -> (partialValue: T, overflow: Bool)
) throws(ApusError) -> Vector {
  var overflowed = false
  let result = zipFixed(arguments, T.self, T.self, count, type) { (x: T, y: T) -> T in
    let (value, overflow) = function(x, y)
    overflowed = overflowed || overflow
    return value
  }
  if overflowed {
    let a = FixedColumn(arguments[0], T.self)
    let b = FixedColumn(arguments[1], T.self)
    defer { withExtendedLifetime((a.owner, b.owner)) {} }
    for row in 0..<count where !result.isNull(row) && function(a[row], b[row]).overflow {
      throw ApusError(.numericValueOutOfRange, "\(type.sqlName) out of range")
    }
  }
  return result
}

/// Packs a bit a row.
@inline(__always)
func packRows(_ count: Int, _ test: (Int) -> Bool) -> Bitmap {
  let buffer = Buffer(byteCount: Bitmap.wordCount(count) * 8)
  let words = buffer.write(UInt64.self)
  var row = 0
  var word = 0
  while row &+ 64 <= count {
    var bits: UInt64 = 0
    for bit in 0..<64 { bits |= (test(row &+ bit) ? 1 : 0) &<< UInt64(truncatingIfNeeded: bit) }
    words[word] = bits
    word &+= 1
    row &+= 64
  }
  if row < count {
    var bits: UInt64 = 0
    for bit in 0..<(count &- row) { bits |= (test(row &+ bit) ? 1 : 0) &<< UInt64(truncatingIfNeeded: bit) }
    words[word] = bits
  }
  return Bitmap(words: buffer, count: count)
}

/// A test of each pair of rows.
@inline(__always)
func compareFixed<A: BitwiseCopyable, B: BitwiseCopyable>(
  _ arguments: [Vector], _: A.Type, _: B.Type, _ count: Int, _ test: (A, B) -> Bool
) -> Vector {
  let (validity, isAllNull) = strictValidity(arguments, count)
  if isAllNull { return .nulls(type: .bool, count: count) }
  let a = FixedColumn(arguments[0], A.self)
  let b = FixedColumn(arguments[1], B.self)
  let bits = withExtendedLifetime((a.owner, b.owner)) {
    if a.step == 1, b.step == 0 {
      let one = b.base[0]
      return packRows(count) { test(a.base[$0], one) }
    }
    return packRows(count) { test(a[$0], b[$0]) }
  }
  return .bool(bits, validity: validity)
}
