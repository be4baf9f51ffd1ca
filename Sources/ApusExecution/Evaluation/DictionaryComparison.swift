// DictionaryComparison owns comparing text by dictionary codes.

import ApusColumns
import ApusFunctions

enum DictionaryComparison {
  enum Operation { case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual }

  /// The comparison that an operator of two texts is, if it is one. Text orders by code point, which is bytewise.
  static func operation(_ function: ScalarFunction) -> Operation? {
    guard function.kind == .operator, function.parameters.count == 2,
      function.parameters.allSatisfy({ $0 == .exact(.text) || $0 == .exact(.varchar) || $0 == .exact(.name) })
    else { return nil }
    switch function.name {
    case "=": return .equal
    case "<>": return .notEqual
    case "<": return .less
    case "<=": return .lessOrEqual
    case ">": return .greater
    case ">=": return .greaterOrEqual
    default: return nil
    }
  }

  /// `dictionary op constant` (or the reverse) by one search in the dictionary. nil when it does not apply.
  static func compare(_ function: ScalarFunction, _ vectors: [Vector], varying: Int, count: Int) -> Vector? {
    guard vectors.count == 2, var operation = operation(function),
      case .dictionary(let codes, let width, let dictionary) = vectors[varying].storage,
      case .constant(let box) = vectors[1 - varying].storage, box.vector.type.physical == .bytes
    else { return nil }
    if box.vector.isNull(0) { return .nulls(type: .bool, count: count) }
    if varying == 1 { operation = mirrored(operation) }
    let wanted = box.vector.rawBytes(0)
    let isEquality = operation == .equal || operation == .notEqual
    guard dictionary.isSorted || (isEquality && dictionary.count <= 4096) else { return nil }
    let bits: Bitmap
    if isEquality {
      let code = dictionary.code(of: wanted)
      let low = code ?? 0
      bits = rangeBits(codes, width, count, low: low, high: code == nil ? 0 : low + 1, inverted: operation == .notEqual)
    } else {
      var bound = dictionary.lowerBound(wanted)
      let isPresent = bound < dictionary.count && compareBytes(dictionary.bytes(bound), wanted) == 0
      if isPresent, operation == .lessOrEqual || operation == .greater { bound += 1 }
      let isBelow = operation == .less || operation == .lessOrEqual
      bits = rangeBits(codes, width, count, low: 0, high: bound, inverted: !isBelow)
    }
    return .bool(bits, validity: vectors[varying].validity)
  }

  private static func mirrored(_ operation: Operation) -> Operation {
    switch operation {
    case .equal, .notEqual: operation
    case .less: .greater
    case .lessOrEqual: .greaterOrEqual
    case .greater: .less
    case .greaterOrEqual: .lessOrEqual
    }
  }

  /// The rows whose code lies in low..<high (or does not).
  static func rangeBits(_ codes: Buffer, _ width: Int, _ count: Int, low: Int, high: Int, inverted: Bool) -> Bitmap {
    if low >= high { return Bitmap(repeating: inverted, count: count) }
    let start = UInt32(truncatingIfNeeded: low)
    let length = UInt32(truncatingIfNeeded: high - low)
    let flip: UInt64 = inverted ? 1 : 0
    switch width {
    case 1: return packBits(codes.read(UInt8.self), count) { (UInt32($0) &- start < length ? 1 : 0) ^ flip }
    case 2: return packBits(codes.read(UInt16.self), count) { (UInt32($0) &- start < length ? 1 : 0) ^ flip }
    default: return packBits(codes.read(UInt32.self), count) { ($0 &- start < length ? 1 : 0) ^ flip }
    }
  }
}
