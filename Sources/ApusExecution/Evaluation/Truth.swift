// Truth owns SQL's three-valued logic over bitmaps.

import ApusColumns

/// Which rows are true and which are false; the others are null.
struct Truth {
  var isTrue: Bitmap
  var isFalse: Bitmap

  init(isTrue: Bitmap, isFalse: Bitmap) {
    self.isTrue = isTrue
    self.isFalse = isFalse
  }

  init(repeating value: Bool?, count: Int) {
    isTrue = Bitmap(repeating: value == true, count: count)
    isFalse = Bitmap(repeating: value == false, count: count)
  }

  /// Of a boolean vector.
  init(_ vector: Vector) {
    let flat = vector.flattened()
    guard case .bool(let bits) = flat.storage else {
      self.init(repeating: nil, count: vector.count)
      return
    }
    self.init(bits: bits, validity: flat.validity)
  }

  private init(bits: Bitmap, validity: Bitmap?) {
    isTrue = validity.map { bits.and($0) } ?? bits
    isFalse = validity.map { $0.andNot(bits) } ?? bits.inverted()
  }

  var vector: Vector {
    let known = isTrue.or(isFalse)
    let count = isTrue.count
    if known.setCount == count { return .bool(isTrue) }
    return .bool(isTrue, validity: known)
  }

  /// Puts the truth of a part (row i of it is row `rows[i]` here) over this one.
  mutating func scatter(_ part: Truth, rows: SelectionVector) {
    for index in 0..<rows.count {
      if part.isTrue[index] { isTrue.set(rows[index]) }
      if part.isFalse[index] { isFalse.set(rows[index]) }
    }
  }
}

extension Vector {
  /// The rows that are true, for filters.
  var trueBits: Bitmap {
    switch storage {
    case .bool(let bits): return validity.map { bits.and($0) } ?? bits
    case .constant(let box):
      if case .bool(true) = box.vector.value(at: 0) { return Bitmap(repeating: true, count: count) }
      return Bitmap(repeating: false, count: count)
    default: return Truth(self).isTrue
    }
  }

  /// The rows that are not null; nil for all.
  var validBits: Bitmap? {
    if case .constant(let box) = storage {
      return box.vector.isNull(0) ? Bitmap(repeating: false, count: count) : nil
    }
    return validity
  }

  /// A single value as a vector of `count` rows.
  static func repeating(_ box: VectorBox, type: DataType, count: Int) -> Vector {
    Vector(type: type, count: count, storage: .constant(box))
  }

  /// The same vector with rows cleared where `keep` is not set.
  func masked(by keep: Bitmap?) -> Vector {
    guard let keep else { return self }
    let base = isConstant ? flattened() : self
    return Vector(type: type, count: count, validity: Bitmap.intersection(base.validity, keep), storage: base.storage)
  }
}
