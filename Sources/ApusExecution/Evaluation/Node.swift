// Node owns compiled expressions: the leaves, and the calls of scalar functions.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

/// A compiled expression. One worker's own: nodes cache what they learn of dictionaries.
class Node {
  let type: DataType
  init(type: DataType) { self.type = type }

  /// The value for each row of the frame.
  func evaluate(_ frame: Frame) throws(ApusError) -> Vector { throw .unexpected("expression without evaluation") }

  /// Whether evaluation may raise an error: then it runs only on rows that are wanted.
  var mayFail: Bool { false }
  /// A rough cost a row, to order conjuncts: 1 for a comparison of numbers.
  var cost: Double { 1 }
  /// The constant that the node is, if it is one.
  var constant: VectorBox? { nil }
}

final class LiteralNode: Node {
  let box: VectorBox
  init(_ value: Value, type: DataType) {
    box = VectorBox(.of([value], type: type))
    super.init(type: type)
  }
  init(box: VectorBox, type: DataType) {
    self.box = box
    super.init(type: type)
  }
  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector { .repeating(box, type: type, count: frame.count) }
  override var cost: Double { 0 }
  override var constant: VectorBox? { box }
}

final class ColumnNode: Node {
  let index: Int
  init(_ index: Int, type: DataType) {
    self.index = index
    super.init(type: type)
  }
  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector { try frame.column(index) }
  override var cost: Double { type.physical == .bytes ? 2 : 1 }
}

/// The same bytes under another type.
final class RelabelNode: Node {
  let operand: Node
  init(_ operand: Node, type: DataType) {
    self.operand = operand
    super.init(type: type)
  }
  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    let vector = try operand.evaluate(frame)
    if case .constant(let box) = vector.storage {
      return .repeating(VectorBox(box.vector.reinterpreted(as: type)), type: type, count: vector.count)
    }
    return vector.reinterpreted(as: type)
  }
  override var mayFail: Bool { operand.mayFail }
  override var cost: Double { operand.cost }
  override var constant: VectorBox? { operand.constant.map { VectorBox($0.vector.reinterpreted(as: type)) } }
}

/// A scalar function. Constant arguments give a constant. A strict function of one dictionary vector is evaluated once
/// per entry of the dictionary.
final class CallNode: Node {
  let function: ScalarFunction
  let arguments: [Node]
  private let context: EvaluationContext
  private let literalArguments: Int
  private var known: (dictionary: ByteDictionary, entries: EntryResults)?

  init(_ function: ScalarFunction, _ arguments: [Node], type: DataType, context: EvaluationContext) {
    self.function = function
    self.arguments = arguments
    self.context = context
    literalArguments = arguments.count { $0.constant != nil }
    super.init(type: type)
  }

  override var mayFail: Bool {
    function.mayFail || function.volatility == .volatile || arguments.contains { $0.mayFail }
  }
  override var cost: Double { arguments.reduce(function.mayFail ? 4 : 1) { $0 + $1.cost } }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    let count = frame.count
    var vectors: [Vector] = []
    vectors.reserveCapacity(arguments.count)
    var varying = -1
    var varyingCount = 0
    for (index, argument) in arguments.enumerated() {
      let vector = try argument.evaluate(frame)
      if !vector.isConstant {
        varying = index
        varyingCount += 1
      }
      vectors.append(vector)
    }
    if count == 0 { return .nulls(type: type, count: 0) }
    guard function.volatility != .volatile else { return try call(vectors, count) }
    if varyingCount == 0 {
      let one = try call(vectors.map { $0.slice(0..<1) }, 1)
      if case .constant(let box) = one.storage { return .repeating(box, type: type, count: count) }
      return .repeating(VectorBox(one), type: type, count: count)
    }
    if varyingCount == 1, function.isStrict, case .dictionary = vectors[varying].storage,
      let mapped = try dictionaryCall(vectors, varying, count)
    {
      return mapped
    }
    return try call(vectors, count)
  }

  private func call(_ vectors: [Vector], _ count: Int) throws(ApusError) -> Vector {
    let result = try function.evaluate(vectors, count, context)
    return result.type == type ? result : result.reinterpreted(as: type)
  }

  private func dictionaryCall(_ vectors: [Vector], _ varying: Int, _ count: Int) throws(ApusError) -> Vector? {
    guard case .dictionary(let codes, let width, let dictionary) = vectors[varying].storage else { return nil }
    if dictionary.count == 0 { return .nulls(type: type, count: count) }
    if let compared = DictionaryComparison.compare(function, vectors, varying: varying, count: count) {
      return compared
    }
    let cacheable = literalArguments == arguments.count - 1
    if cacheable, let known, known.dictionary === dictionary {
      return known.entries.map(codes: codes, width: width, validity: vectors[varying].validity, count: count)
    }
    guard dictionary.count <= (cacheable ? count &* 2 : count) else { return nil }
    var entryArguments = vectors
    for index in vectors.indices {
      if index == varying {
        entryArguments[index] = Vector(
          type: vectors[index].type, count: dictionary.count,
          storage: .bytes(offsets: dictionary.offsets, data: dictionary.data))
      } else if case .constant(let box) = vectors[index].storage {
        entryArguments[index] = .repeating(box, type: vectors[index].type, count: dictionary.count)
      }
    }
    let result: Vector
    do {
      result = try call(entryArguments, dictionary.count)
    } catch {
      // The entry that fails may belong to no row that is wanted: the rows decide.
      if function.mayFail { return nil }
      throw error
    }
    let entries = try EntryResults(result)
    if cacheable { known = (dictionary, entries) }
    return entries.map(codes: codes, width: width, validity: vectors[varying].validity, count: count)
  }
}
