// IN over a list of constants, and comparisons with ANY and ALL of an array.

import ApusBase
import ApusColumns
import ApusFunctions

/// `operand [NOT] IN (constants)`. Constants that are null make misses unknown.
final class InListNode: Node {
  let operand: Node
  let negated: Bool
  private let values: [Value]
  private let hasNull: Bool
  private let integers: Set<Int64>
  private let strings: Set<[UInt8]>
  private var known: (dictionary: ByteDictionary, flags: [UInt8])?

  init(_ operand: Node, _ list: [Value], type: DataType, negated: Bool) {
    self.operand = operand
    self.negated = negated
    values = list.filter { !$0.isNull }
    hasNull = values.count < list.count
    var integers: Set<Int64> = []
    var strings: Set<[UInt8]> = []
    for value in values {
      if case .int(let number) = value { integers.insert(number) }
      if case .text(let text) = value { strings.insert(Self.key(Array(text.utf8), type)) }
      if case .bytes(let raw) = value { strings.insert(raw) }
    }
    self.integers = integers
    self.strings = strings
    super.init(type: .bool)
  }
  override var mayFail: Bool { operand.mayFail }
  override var cost: Double { operand.cost + 1 }

  private static func key(_ bytes: [UInt8], _ type: DataType) -> [UInt8] {
    bytes.withUnsafeBytes { KeyEncoding.key($0, type) } ?? bytes
  }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    let vector = try operand.evaluate(frame)
    if case .constant(let box) = vector.storage {
      let one = hits(box.vector)
      let result = finish(one, validity: box.vector.validity)
      return .repeating(VectorBox(result), type: .bool, count: frame.count)
    }
    return finish(hits(vector), validity: vector.validity)
  }

  private func finish(_ hits: Bitmap, validity: Bitmap?) -> Vector {
    var known = validity
    if hasNull { known = Bitmap.intersection(validity, hits) }
    return .bool(negated ? hits.inverted() : hits, validity: known)
  }

  private func hits(_ vector: Vector) -> Bitmap {
    let isText = vector.type.physical == .bytes && vector.type != .numeric
    switch vector.storage {
    case .dictionary(let codes, let width, let dictionary) where isText:
      if dictionary.count == 0 { return Bitmap(repeating: false, count: vector.count) }
      return codeBits(codes, width: width, count: vector.count, table: flags(dictionary, vector.type))
    case .int64(let buffer): return integerHits(buffer.read(Int64.self), vector.count)
    case .int32(let buffer): return integerHits(buffer.read(Int32.self), vector.count)
    case .int16(let buffer): return integerHits(buffer.read(Int16.self), vector.count)
    default: break
    }
    let bits = Bitmap(repeating: false, count: vector.count)
    let flat = vector.flattened()
    for row in 0..<flat.count where !flat.isNull(row) {
      let isHit =
        isText
        ? strings.contains(Self.key(Array(flat.rawBytes(row)), vector.type)) : matches(flat.value(at: row), vector.type)
      if isHit { bits.set(row) }
    }
    return bits
  }

  private func matches(_ value: Value, _ type: DataType) -> Bool {
    values.contains { RowOrder.compare($0, value, type) == 0 }
  }

  private func flags(_ dictionary: ByteDictionary, _ type: DataType) -> [UInt8] {
    if let known, known.dictionary === dictionary { return known.flags }
    var flags = [UInt8](repeating: 0, count: dictionary.count)
    if type != .bpchar, type != .jsonb, dictionary.isSorted {
      for string in strings { if let code = dictionary.code(of: string) { flags[code] = 1 } }
    } else {
      for code in 0..<dictionary.count where strings.contains(Self.key(Array(dictionary.bytes(code)), type)) {
        flags[code] = 1
      }
    }
    known = (dictionary, flags)
    return flags
  }

  private func integerHits<T: FixedWidthInteger & BitwiseCopyable>(
    _ source: UnsafePointer<T>, _ count: Int
  ) -> Bitmap {
    if integers.count <= 4 {
      var total: Bitmap?
      for wanted in integers {
        guard let narrow = T(exactly: wanted) else { continue }
        let bits = packBits(source, count) { $0 == narrow ? 1 : 0 }
        total = total?.or(bits) ?? bits
      }
      return total ?? Bitmap(repeating: false, count: count)
    }
    return packBits(source, count) { integers.contains(Int64($0)) ? 1 : 0 }
  }
}

/// A vector that another node has computed.
final class HeldNode: Node {
  var vector: Vector
  init(_ vector: Vector) {
    self.vector = vector
    super.init(type: vector.type)
  }
  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector { vector }
  override var constant: VectorBox? {
    if case .constant(let box) = vector.storage { box } else { nil }
  }
}

/// `left op ANY (array)` or `left op ALL (array)`.
final class QuantifiedNode: Node {
  let left: Node
  let function: ScalarFunction
  let array: Node
  let all: Bool
  private let context: EvaluationContext

  init(_ left: Node, _ function: ScalarFunction, array: Node, all: Bool, context: EvaluationContext) {
    self.left = left
    self.function = function
    self.array = array
    self.all = all
    self.context = context
    super.init(type: .bool)
  }
  override var mayFail: Bool { function.mayFail || left.mayFail || array.mayFail }
  override var cost: Double { left.cost + array.cost + 8 }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    let operand = try left.evaluate(frame)
    let arrays = try array.evaluate(frame)
    if frame.count == 0 { return .nulls(type: .bool, count: 0) }
    if case .constant(let box) = arrays.storage {
      if box.vector.isNull(0) { return .nulls(type: .bool, count: frame.count) }
      return try overConstant(operand, box.vector, frame)
    }
    return try overRows(operand, arrays, frame.count)
  }

  private func overConstant(_ operand: Vector, _ list: Vector, _ frame: Frame) throws(ApusError) -> Vector {
    guard case .list(let offsets, let child) = list.storage else { throw .unexpected("an array without elements") }
    let bounds = offsets.read(Int32.self)
    var result = Truth(repeating: all, count: frame.count)
    for index in Int(bounds[0])..<Int(bounds[1]) {
      let element = VectorBox(child.vector.slice(index..<index + 1))
      let constant = HeldNode(.repeating(element, type: child.vector.type, count: frame.count))
      let call = CallNode(function, [HeldNode(operand), constant], type: .bool, context: context)
      let truth = Truth(try call.evaluate(frame))
      result =
        all
        ? Truth(isTrue: result.isTrue.and(truth.isTrue), isFalse: result.isFalse.or(truth.isFalse))
        : Truth(isTrue: result.isTrue.or(truth.isTrue), isFalse: result.isFalse.and(truth.isFalse))
    }
    return result.vector
  }

  /// Each row against the elements of its own array: all pairs in one call.
  private func overRows(_ operand: Vector, _ arrays: Vector, _ count: Int) throws(ApusError) -> Vector {
    guard case .list(let offsets, let child) = arrays.flattened().storage else {
      throw .unexpected("an array without elements")
    }
    let bounds = offsets.read(Int32.self)
    var owners: [UInt32] = []
    var elements: [UInt32] = []
    for row in 0..<count where !arrays.isNull(row) {
      for index in bounds[row]..<bounds[row + 1] {
        owners.append(UInt32(truncatingIfNeeded: row))
        elements.append(UInt32(truncatingIfNeeded: index))
      }
    }
    var truth = Truth(repeating: nil, count: 0)
    if !owners.isEmpty {
      let a = operand.gathered(SelectionVector(owners))
      let b = child.vector.gathered(SelectionVector(elements))
      truth = Truth(try function.evaluate([a, b], owners.count, context))
    }
    var states = [UInt8](repeating: all ? 1 : 0, count: count)  // 0 false, 1 true, 2 unknown
    for (index, owner) in owners.enumerated() {
      let row = Int(owner)
      if all {
        if truth.isFalse[index] { states[row] = 0 } else if !truth.isTrue[index], states[row] == 1 { states[row] = 2 }
      } else {
        if truth.isTrue[index] { states[row] = 1 } else if !truth.isFalse[index], states[row] == 0 { states[row] = 2 }
      }
    }
    var result = Truth(repeating: nil, count: count)
    for row in 0..<count where !arrays.isNull(row) {
      if states[row] == 1 { result.isTrue.set(row) }
      if states[row] == 0 { result.isFalse.set(row) }
    }
    return result.vector
  }
}
