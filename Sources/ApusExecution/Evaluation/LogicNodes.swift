// AND, OR, NOT and the tests of null and truth.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

/// AND (or OR): later operands that may fail are evaluated only on rows that are still open.
final class JunctionNode: Node {
  let operands: [Node]
  let isAnd: Bool

  init(_ operands: [Node], isAnd: Bool) {
    self.operands = operands
    self.isAnd = isAnd
    super.init(type: .bool)
  }
  override var mayFail: Bool { operands.contains { $0.mayFail } }
  override var cost: Double { operands.reduce(0) { $0 + $1.cost } }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    // `all`: every operand so far is true (false for OR); `any`: one is false (true for OR).
    var all = Bitmap(repeating: true, count: frame.count)
    var any = Bitmap(repeating: false, count: frame.count)
    for operand in operands {
      let decided = any.setCount
      if decided == frame.count { break }
      var truth: Truth
      if operand.mayFail, decided > 0 {
        let open = SelectionVector(any.inverted())
        truth = Truth(repeating: isAnd ? false : true, count: 0)
        let part = Truth(try operand.evaluate(PartFrame(frame, open)))
        truth = Truth(repeating: nil, count: frame.count)
        truth.scatter(part, rows: open)
      } else {
        truth = Truth(try operand.evaluate(frame))
      }
      all = all.and(isAnd ? truth.isTrue : truth.isFalse)
      any = any.or(isAnd ? truth.isFalse : truth.isTrue)
    }
    all = all.andNot(any)
    return isAnd ? Truth(isTrue: all, isFalse: any).vector : Truth(isTrue: any, isFalse: all).vector
  }
}

final class NotNode: Node {
  let operand: Node
  init(_ operand: Node) {
    self.operand = operand
    super.init(type: .bool)
  }
  override var mayFail: Bool { operand.mayFail }
  override var cost: Double { operand.cost }
  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    let truth = Truth(try operand.evaluate(frame))
    return Truth(isTrue: truth.isFalse, isFalse: truth.isTrue).vector
  }
}

final class IsNullNode: Node {
  let operand: Node
  let negated: Bool
  init(_ operand: Node, negated: Bool) {
    self.operand = operand
    self.negated = negated
    super.init(type: .bool)
  }
  override var mayFail: Bool { operand.mayFail }
  override var cost: Double { operand.cost }
  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    let vector = try operand.evaluate(frame)
    guard let valid = vector.validBits else { return .constant(.bool(negated), type: .bool, count: frame.count) }
    return .bool(negated ? valid : valid.inverted())
  }
}

final class BooleanTestNode: Node {
  let operand: Node
  let test: Expression.BooleanTest
  init(_ operand: Node, _ test: Expression.BooleanTest) {
    self.operand = operand
    self.test = test
    super.init(type: .bool)
  }
  override var mayFail: Bool { operand.mayFail }
  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    let truth = Truth(try operand.evaluate(frame))
    switch test {
    case .isTrue: return .bool(truth.isTrue)
    case .isNotTrue: return .bool(truth.isTrue.inverted())
    case .isFalse: return .bool(truth.isFalse)
    case .isNotFalse: return .bool(truth.isFalse.inverted())
    case .isUnknown: return .bool(truth.isTrue.or(truth.isFalse).inverted())
    case .isNotUnknown: return .bool(truth.isTrue.or(truth.isFalse))
    }
  }
}

final class DistinctFromNode: Node {
  let left: Node
  let right: Node
  let equals: ScalarFunction
  let negated: Bool
  private let context: EvaluationContext
  init(_ left: Node, _ right: Node, equals: ScalarFunction, negated: Bool, context: EvaluationContext) {
    self.left = left
    self.right = right
    self.equals = equals
    self.negated = negated
    self.context = context
    super.init(type: .bool)
  }
  override var mayFail: Bool { equals.mayFail || left.mayFail || right.mayFail }
  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    let a = try left.evaluate(frame)
    let b = try right.evaluate(frame)
    if frame.count == 0 { return .nulls(type: .bool, count: 0) }
    let every = Bitmap(repeating: true, count: frame.count)
    let aValid = a.validBits ?? every
    let bValid = b.validBits ?? every
    let bothNull = aValid.or(bValid).inverted()
    let equal = try equals.evaluate([a, b], frame.count, context).trueBits
    let same = equal.and(aValid).and(bValid).or(bothNull)
    return .bool(negated ? same : same.inverted())
  }
}
