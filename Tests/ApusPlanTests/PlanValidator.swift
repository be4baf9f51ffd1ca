// PlanValidator checks what must hold in every plan: references name columns that are there, with their types.

import ApusColumns
import ApusFunctions
import ApusPlan

struct PlanValidator {
  private(set) var faults: [String] = []

  static func faults(in plan: LogicalPlan) -> [String] {
    var validator = PlanValidator()
    validator.plan(plan, outer: [])
    return validator.faults
  }

  private mutating func expression(_ expression: Expression, _ levels: [[Field]]) {
    switch expression {
    case .column(let index, let type): check(index, type, 0, levels)
    case .outer(let level, let index, let type): check(index, type, level, levels)
    case .call(let function, let arguments, _):
      if !function.isVariadic, function.kind != .cast, function.parameters.count != arguments.count {
        faults.append("\(function.name) has \(arguments.count) arguments")
      }
      for (parameter, argument) in zip(function.parameters, arguments) {
        if case .exact(let type) = parameter, argument.type != type, argument.type.physical != type.physical {
          faults.append("\(function.name) of \(argument.type) where \(type) is wanted")
        }
      }
    case .subquery(let query):
      plan(query.plan, outer: levels)
    case .literal(_, .unknown), .parameter(_, .unknown): faults.append("a value of unknown type")
    default: break
    }
    children(expression).forEach { self.expression($0, levels) }
  }

  private mutating func check(_ index: Int, _ type: DataType, _ level: Int, _ levels: [[Field]]) {
    guard level < levels.count else { return faults.append("level \(level) of \(levels.count)") }
    guard levels[level].indices.contains(index) else {
      return faults.append("column \(index) of \(levels[level].count) at level \(level)")
    }
    if levels[level][index].type != type {
      faults.append("column \(index) is \(levels[level][index].type), read as \(type), at level \(level)")
    }
  }

  private mutating func all(_ expressions: [Expression], _ levels: [[Field]]) {
    expressions.forEach { expression($0, levels) }
  }

  private mutating func fields(_ expressions: [Expression], _ fields: [Field]) {
    if expressions.map(\.type) != fields.map(\.type) {
      faults.append("fields \(fields.map(\.type)) for \(expressions.map(\.type))")
    }
  }

  mutating func plan(_ node: LogicalPlan, outer: [[Field]]) {
    switch node {
    case .scan(let scan):
      if scan.columns.count != scan.fields.count { faults.append("scan fields") }
      if scan.columns.map(\.type) != scan.fields.map(\.type) { faults.append("scan types") }
      all(scan.filters, [scan.fields])
    case .values(let rows, let fields):
      for row in rows {
        all(row, [[]] + outer)
        self.fields(row, fields)
      }
    case .filter(let input, let condition):
      plan(input, outer: outer)
      expression(condition, [input.fields] + outer)
    case .project(let input, let expressions, let fields):
      plan(input, outer: outer)
      all(expressions, [input.fields] + outer)
      self.fields(expressions, fields)
    case .aggregate(let input, let groupings, let sets, let aggregates, let fields):
      plan(input, outer: outer)
      all(groupings, [input.fields] + outer)
      for call in aggregates {
        all(call.arguments + (call.filter.map { [$0] } ?? []) + call.order.map(\.expression), [input.fields] + outer)
      }
      if fields.map(\.type) != groupings.map(\.type) + aggregates.map(\.type) { faults.append("aggregate fields") }
      if sets?.contains(where: { $0.contains { $0 >= groupings.count } }) == true { faults.append("grouping sets") }
    case .sort(let input, let keys, _):
      plan(input, outer: outer)
      all(keys.map(\.expression), [input.fields] + outer)
    case .limit(let input, let limit, let offset):
      plan(input, outer: outer)
      all([limit, offset].compactMap { $0 }, [[]] + outer)
    case .distinct(let input, let on):
      plan(input, outer: outer)
      all(on ?? [], [input.fields] + outer)
    case .join(let left, let right, _, let condition):
      plan(left, outer: outer)
      plan(right, outer: outer)
      all(condition.map { [$0] } ?? [], [left.fields + right.fields] + outer)
    case .lateral(let left, let right, _, let condition):
      plan(left, outer: outer)
      plan(right, outer: [left.fields] + outer)
      all(condition.map { [$0] } ?? [], [left.fields + right.fields] + outer)
    case .setOperation(let inputs, _, _, let fields):
      for input in inputs {
        plan(input, outer: outer)
        if input.fields.map(\.type) != fields.map(\.type) { faults.append("set operation fields") }
      }
    case .tableFunction(_, let arguments, _, _): all(arguments, [[]] + outer)
    case .projectSet(let input, let calls, let fields):
      plan(input, outer: outer)
      for call in calls { all(call.arguments, [input.fields] + outer) }
      if fields.count != input.fields.count + calls.count { faults.append("projectSet fields") }
    case .window(let input, let windows, let calls, let fields):
      plan(input, outer: outer)
      for window in windows { all(window.partition + window.order.map(\.expression), [input.fields] + outer) }
      for call in calls {
        all(call.arguments + (call.filter.map { [$0] } ?? []), [input.fields] + outer)
        if !windows.indices.contains(call.window) { faults.append("window \(call.window) of \(windows.count)") }
      }
      if fields.map(\.type) != input.fields.map(\.type) + calls.map(\.type) { faults.append("window fields") }
    case .recursive(let base, let step, _, _, let fields):
      for input in [base, step] {
        plan(input, outer: outer)
        if input.fields.map(\.type) != fields.map(\.type) { faults.append("recursive fields") }
      }
    case .working: break
    case .gapFill(let input, let gaps, let fields):
      plan(input, outer: outer)
      all(gaps.calls.map(\.value) + gaps.calls.compactMap(\.previous), [input.fields] + outer)
      for key in gaps.keys + [gaps.time] where !input.fields.indices.contains(key) { faults.append("gap fill key") }
      if fields.map(\.type) != input.fields.map(\.type) + gaps.calls.map(\.type) { faults.append("gap fill fields") }
    }
  }

  private func children(_ expression: Expression) -> [Expression] {
    switch expression {
    case .column, .outer, .literal, .parameter: []
    case .call(_, let inputs, _), .and(let inputs), .or(let inputs), .coalesce(let inputs, _),
      .extremum(let inputs, _, _), .array(let inputs, _), .row(let inputs):
      inputs
    case .relabel(let input, _), .arrayCast(let input, _, _), .not(let input), .isNull(let input, _),
      .booleanTest(let input, _), .inList(let input, _, _, _), .field(let input, _, _):
      [input]
    case .distinctFrom(let left, let right, _, _), .quantified(let left, _, let right, _): [left, right]
    case .caseWhen(let branches, let otherwise, _):
      branches.flatMap { [$0.condition, $0.result] } + (otherwise.map { [$0] } ?? [])
    case .subscript_(let input, let index, _): [input, index]
    case .slice(let input, let lower, let upper, _): [input, lower, upper].compactMap { $0 }
    case .subquery(let query):
      switch query.kind {
      case .scalar, .exists, .array: []
      case .any(let operands, _), .all(let operands, _): operands
      }
    }
  }
}
