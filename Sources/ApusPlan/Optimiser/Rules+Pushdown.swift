// Conditions moved as near to the scans as they may go.

import ApusColumns
import ApusFunctions

extension Rules {
  /// `plan` under `conditions`, which are over its columns.
  func pushed(_ plan: LogicalPlan, _ conditions: [Expression]) -> LogicalPlan {
    if conditions.contains(where: isNever) { return .values(rows: [], fields: plan.fields) }
    switch plan {
    case .filter(let input, let condition):
      return pushed(input, condition.conjuncts.filter { $0 != .literal(.bool(true), .bool) } + conditions)
    case .scan(var scan):
      var kept: [Expression] = []
      for condition in conditions {
        guard isForScan(condition) else {
          kept.append(condition)
          continue
        }
        scan.filters.append(condition)
        for bound in timeBounds(of: condition) where !conditions.contains(bound) && !scan.filters.contains(bound) {
          scan.filters.append(bound)
        }
      }
      return filtered(.scan(scan), kept)
    case .project(let input, let expressions, let fields):
      let (below, above) = partition(conditions) { condition in
        references(condition).allSatisfy { !expressions[$0].isVolatile && !expressions[$0].hasSubquery }
      }
      let moved = below.map { substituted($0, expressions) }
      return filtered(.project(pushed(input, moved), expressions, fields: fields), above)
    case .aggregate(let input, let groupings, let sets, let aggregates, let fields):
      let (below, above) = partition(conditions) { condition in
        let columns = references(condition)
        return (sets ?? [Array(groupings.indices)]).allSatisfy { set in
          !set.isEmpty && columns.allSatisfy { set.contains($0) && !groupings[$0].isVolatile }
        }
      }
      let moved = below.map { substituted($0, groupings) }
      return filtered(
        .aggregate(pushed(input, moved), groupings: groupings, sets: sets, aggregates: aggregates, fields: fields),
        above)
    case .sort(let input, let keys, nil):
      let (below, above) = partition(conditions) { _ in true }
      return filtered(.sort(pushed(input, below), keys, limit: nil), above)
    case .distinct(let input, on: nil):
      let (below, above) = partition(conditions) { _ in true }
      return filtered(.distinct(pushed(input, below), on: nil), above)
    case .setOperation(let inputs, let operation, let all, let fields):
      let (below, above) = partition(conditions) { !$0.hasSubquery }
      return filtered(
        .setOperation(inputs.map { pushed($0, below) }, operation, all: all, fields: fields), above)
    case .projectSet(let input, let calls, let fields):
      let width = input.fields.count
      let (below, above) = partition(conditions) { references($0).allSatisfy { $0 < width } }
      return filtered(.projectSet(pushed(input, below), calls, fields: fields), above)
    case .window(let input, let windows, let calls, let fields):
      // A condition on what every window is partitioned by keeps or drops whole partitions.
      let (below, above) = partition(conditions) { condition in
        !condition.hasSubquery
          && references(condition).allSatisfy { index in
            index < input.fields.count
              && windows.allSatisfy { $0.partition.contains(.column(index, input.fields[index].type)) }
          }
      }
      return filtered(.window(pushed(input, below), windows, calls, fields: fields), above)
    case .gapFill(let input, let gaps, let fields):
      // A condition on the keys keeps or drops all rows of a key. One on the time may not go below: it would make gaps.
      let (below, above) = partition(conditions) { condition in
        !condition.hasSubquery && references(condition).allSatisfy { gaps.keys.contains($0) }
          && !references(condition).isEmpty
      }
      return filtered(.gapFill(pushed(input, below), gaps, fields: fields), above)
    case .join(let left, let right, let kind, let condition):
      return pushedJoin(left, right, kind, condition, conditions)
    case .lateral(let left, let right, let kind, let condition):
      let width = left.fields.count
      let (below, above) = partition(conditions) { references($0).allSatisfy { $0 < width } }
      return filtered(
        .lateral(pushed(left, below), pushed(right, []), kind, condition: condition), above)
    default:
      return filtered(plan.mapParts(expression: { $0 }, input: { input, _ in pushed(input, []) }), conditions)
    }
  }

  private func isNever(_ condition: Expression) -> Bool {
    if case .literal(let value, _) = condition { value != .bool(true) } else { false }
  }

  private func filtered(_ plan: LogicalPlan, _ conditions: [Expression]) -> LogicalPlan {
    Expression.conjunction(conditions).map { .filter(plan, $0) } ?? plan
  }

  /// What the scan itself can apply: neither subqueries nor what changes from call to call or with an outer row.
  private func isForScan(_ condition: Expression) -> Bool {
    !condition.isVolatile && !condition.hasSubquery && !condition.hasParameter && !condition.hasOuterReference
  }

  private func partition(
    _ conditions: [Expression], _ canMove: (Expression) -> Bool
  ) -> (below: [Expression], above: [Expression]) {
    var below: [Expression] = []
    var above: [Expression] = []
    for condition in conditions {
      if !condition.isVolatile, canMove(condition) { below.append(condition) } else { above.append(condition) }
    }
    return (below, above)
  }

  /// The input columns that an expression refers to.
  func references(_ expression: Expression) -> [Int] {
    var found: [Int] = []
    expression.forEachReference { level, index in if level == 0 { found.append(index) } }
    return found
  }

  func substituted(_ condition: Expression, _ expressions: [Expression]) -> Expression {
    condition.mapReferences { level, index, _ in level == 0 ? expressions[index] : nil }
  }

  private func pushedJoin(
    _ left: LogicalPlan, _ right: LogicalPlan, _ joinKind: JoinKind, _ condition: Expression?,
    _ conditions: [Expression]
  ) -> LogicalPlan {
    let width = left.fields.count
    let kind = strengthened(joinKind, conditions, width: width)
    var toLeft: [Expression] = []
    var toRight: [Expression] = []
    var on: [Expression] = []
    var above: [Expression] = []
    /// Where a conjunct belongs by the sides that it refers to.
    func place(_ conjunct: Expression, left: Bool, right: Bool, otherwise: (Expression) -> Void) {
      let columns = references(conjunct)
      if conjunct.isVolatile { return otherwise(conjunct) }
      if left, columns.allSatisfy({ $0 < width }) {
        toLeft.append(conjunct)
      } else if right, !columns.isEmpty, columns.allSatisfy({ $0 >= width }) {
        toRight.append(conjunct.shifted(by: -width))
      } else {
        otherwise(conjunct)
      }
    }
    for conjunct in conditions {
      switch kind {
      case .inner: place(conjunct, left: true, right: true) { on.append($0) }
      case .left, .semi, .anti: place(conjunct, left: true, right: false) { above.append($0) }
      case .right: place(conjunct, left: false, right: true) { above.append($0) }
      case .full: above.append(conjunct)
      }
    }
    for conjunct in condition?.conjuncts ?? [] where conjunct != .literal(.bool(true), .bool) {
      switch kind {
      case .inner, .semi: place(conjunct, left: true, right: true) { on.append($0) }
      case .left, .anti: place(conjunct, left: false, right: true) { on.append($0) }
      case .right: place(conjunct, left: true, right: false) { on.append($0) }
      case .full: on.append(conjunct)
      }
    }
    // A condition with a subquery is better tested once above the join than for each pair.
    if kind == .inner {
      above.append(contentsOf: on.filter(\.hasSubquery))
      on.removeAll(where: \.hasSubquery)
    }
    return filtered(
      .join(pushed(left, toLeft), pushed(right, toRight), kind, condition: .conjunction(on)), above)
  }

  /// An outer join whose added rows no condition lets through is an inner one, or a one-sided one.
  private func strengthened(_ kind: JoinKind, _ conditions: [Expression], width: Int) -> JoinKind {
    let rejectsRight = conditions.contains { rejectsNull($0) { $0 >= width } }
    let rejectsLeft = conditions.contains { rejectsNull($0) { $0 < width } }
    switch kind {
    case .left where rejectsRight, .right where rejectsLeft: return .inner
    case .full where rejectsLeft && rejectsRight: return .inner
    case .full where rejectsRight: return .right
    case .full where rejectsLeft: return .left
    default: return kind
    }
  }

  /// Whether the condition is not true when the columns chosen by `isNull` are null.
  private func rejectsNull(_ condition: Expression, _ isNull: (Int) -> Bool) -> Bool {
    switch condition {
    case .and(let operands): operands.contains { rejectsNull($0, isNull) }
    case .or(let operands): operands.allSatisfy { rejectsNull($0, isNull) }
    case .isNull(let operand, negated: true): becomesNull(operand, isNull)
    case .booleanTest(let operand, .isTrue), .booleanTest(let operand, .isFalse): becomesNull(operand, isNull)
    default: becomesNull(condition, isNull)
    }
  }

  private func becomesNull(_ expression: Expression, _ isNull: (Int) -> Bool) -> Bool {
    switch expression {
    case .column(let index, _): isNull(index)
    case .call(let function, let arguments, _): function.isStrict && arguments.contains { becomesNull($0, isNull) }
    case .relabel(let inner, _), .arrayCast(let inner, _, _), .not(let inner), .inList(let inner, _, _, _):
      becomesNull(inner, isNull)
    default: false
    }
  }
}
