// The walks over bound expressions: children, rewriting bottom-up, and the shifting of references between levels.

import ApusColumns
import ApusFunctions

extension Expression {
  /// The same expression with each direct child replaced. A subquery's operands are children; its plan is not.
  func mapChildren(_ change: (Expression) throws -> Expression) rethrows -> Expression {
    switch self {
    case .column, .outer, .literal, .parameter: return self
    case .call(let function, let arguments, let type): return .call(function, try arguments.map(change), type)
    case .relabel(let input, let type): return .relabel(try change(input), type)
    case .arrayCast(let input, let element, let type): return .arrayCast(try change(input), element: element, type)
    case .and(let operands): return .and(try operands.map(change))
    case .or(let operands): return .or(try operands.map(change))
    case .not(let input): return .not(try change(input))
    case .isNull(let input, let negated): return .isNull(try change(input), negated: negated)
    case .booleanTest(let input, let test): return .booleanTest(try change(input), test)
    case .distinctFrom(let left, let right, let equals, let negated):
      return .distinctFrom(try change(left), try change(right), equals: equals, negated: negated)
    case .caseWhen(let branches, let otherwise, let type):
      return .caseWhen(
        try branches.map { CaseBranch(condition: try change($0.condition), result: try change($0.result)) },
        otherwise: try otherwise.map(change), type)
    case .coalesce(let inputs, let type): return .coalesce(try inputs.map(change), type)
    case .extremum(let inputs, let greatest, let type):
      return .extremum(try inputs.map(change), greatest: greatest, type)
    case .inList(let input, let values, let type, let negated):
      return .inList(try change(input), values, type, negated: negated)
    case .quantified(let left, let function, let array, let all):
      return .quantified(try change(left), function, array: try change(array), all: all)
    case .array(let inputs, let element): return .array(try inputs.map(change), element: element)
    case .subscript_(let input, let index, let type):
      return .subscript_(try change(input), index: try change(index), type)
    case .slice(let input, let lower, let upper, let type):
      return .slice(try change(input), lower: try lower.map(change), upper: try upper.map(change), type)
    case .row(let inputs): return .row(try inputs.map(change))
    case .field(let input, let index, let type): return .field(try change(input), index: index, type)
    case .subquery(var query):
      switch query.kind {
      case .scalar, .exists, .array: return self
      case .any(let operands, let functions): query.kind = .any(try operands.map(change), functions)
      case .all(let operands, let functions): query.kind = .all(try operands.map(change), functions)
      }
      return .subquery(query)
    }
  }

  /// Calls `visit` with each direct child.
  func forEachChild(_ visit: (Expression) -> Void) {
    switch self {
    case .column, .outer, .literal, .parameter: break
    case .call(_, let inputs, _), .and(let inputs), .or(let inputs), .coalesce(let inputs, _),
      .extremum(let inputs, _, _), .array(let inputs, _), .row(let inputs):
      inputs.forEach(visit)
    case .relabel(let input, _), .arrayCast(let input, _, _), .not(let input), .isNull(let input, _),
      .booleanTest(let input, _), .inList(let input, _, _, _), .field(let input, _, _):
      visit(input)
    case .distinctFrom(let left, let right, _, _): visit(left); visit(right)
    case .caseWhen(let branches, let otherwise, _):
      for branch in branches { visit(branch.condition); visit(branch.result) }
      if let otherwise { visit(otherwise) }
    case .quantified(let left, _, let array, _): visit(left); visit(array)
    case .subscript_(let input, let index, _): visit(input); visit(index)
    case .slice(let input, let lower, let upper, _):
      visit(input)
      if let lower { visit(lower) }
      if let upper { visit(upper) }
    case .subquery(let query):
      switch query.kind {
      case .scalar, .exists, .array: break
      case .any(let operands, _), .all(let operands, _): operands.forEach(visit)
      }
    }
  }

  /// Whether `test` holds for this expression or one below it. Plans of subqueries are not entered.
  func contains(_ test: (Expression) -> Bool) -> Bool {
    if test(self) { return true }
    var found = false
    forEachChild { if !found, $0.contains(test) { found = true } }
    return found
  }

  /// Whether it needs no row: no column, no outer reference, no subquery.
  var isConstant: Bool {
    !contains {
      switch $0 {
      case .column, .outer, .subquery, .parameter: true
      default: false
      }
    }
  }

  /// Whether it may give another answer each time it is asked.
  public var isVolatile: Bool {
    contains { if case .call(let function, _, _) = $0 { function.volatility == .volatile } else { false } }
  }
  var hasSubquery: Bool { contains { if case .subquery = $0 { true } else { false } } }
  var hasParameter: Bool { contains { if case .parameter = $0 { true } else { false } } }

  /// Replaces what a scope refers to: `change` gets each free reference as (level, index, type), level 0 being the
  /// expression's own row, and gives what stands for it, as seen at level 0. nil keeps it. Plans of subqueries are
  /// rewritten with it.
  func mapReferences(_ change: (Int, Int, DataType) throws -> Expression?) rethrows -> Expression {
    try mapReferences(depth: 0, change)
  }

  fileprivate func mapReferences(
    depth: Int, _ change: (Int, Int, DataType) throws -> Expression?
  ) rethrows -> Expression {
    switch self {
    case .column(let index, let type):
      return depth == 0 ? try change(0, index, type) ?? self : self
    case .outer(let level, let index, let type):
      if level < depth { return self }
      guard let changed = try change(level - depth, index, type) else { return self }
      return depth == 0 ? changed : changed.asOuter(level: depth)
    case .literal, .parameter: return self
    case .subquery(var query):
      if case .subquery(let mapped) = try mapChildren({ try $0.mapReferences(depth: depth, change) }) { query = mapped }
      if query.isCorrelated { query.plan = try query.plan.mapReferences(depth: depth + 1, change) }
      return .subquery(query)
    default: return try mapChildren { try $0.mapReferences(depth: depth, change) }
    }
  }

  /// The same value seen from `level` queries further in: columns become outer references.
  func asOuter(level: Int) -> Expression {
    if case .column(let index, let type) = self { return .outer(level: level, index: index, type) }
    if case .literal = self { return self }
    return mapReferences { found, index, type in .outer(level: found + level, index: index, type) }
  }

  /// Columns of the own row moved by `offset`.
  func shifted(by offset: Int) -> Expression {
    if offset == 0 { return self }
    return mapReferences { level, index, type in level == 0 ? .column(index + offset, type) : nil }
  }

  /// Every free reference, as in `mapReferences`.
  func forEachReference(_ visit: (_ level: Int, _ index: Int) -> Void) { forEachReference(depth: 0, visit) }

  fileprivate func forEachReference(depth: Int, _ visit: (Int, Int) -> Void) {
    switch self {
    case .column(let index, _): if depth == 0 { visit(0, index) }
    case .outer(let level, let index, _): if level >= depth { visit(level - depth, index) }
    case .literal, .parameter: break
    default:
      forEachChild { $0.forEachReference(depth: depth, visit) }
      if case .subquery(let query) = self, query.isCorrelated {
        query.plan.forEachReference(depth: depth + 1, visit)
      }
    }
  }

  var hasOuterReference: Bool {
    var found = false
    forEachReference { level, _ in if level > 0 { found = true } }
    return found
  }

  /// The operands of nested ANDs.
  var conjuncts: [Expression] {
    if case .and(let operands) = self { return operands.flatMap(\.conjuncts) }
    return [self]
  }
  static func conjunction(_ parts: [Expression]) -> Expression? {
    switch parts.count {
    case 0: nil
    case 1: parts[0]
    default: .and(parts)
    }
  }
}

extension LogicalPlan {
  /// The same node with each of its own expressions and inputs replaced. `expression` says whether it stands one level
  /// further in than the node's own input rows would (the right side of a lateral join is an input of that kind).
  func mapParts(
    expression: (Expression) throws -> Expression, input: (LogicalPlan, _ isLateral: Bool) throws -> LogicalPlan
  ) rethrows -> LogicalPlan {
    func keys(_ keys: [SortKey]) throws -> [SortKey] {
      try keys.map { SortKey(try expression($0.expression), descending: $0.descending, nullsFirst: $0.nullsFirst) }
    }
    switch self {
    case .scan(var scan):
      if !scan.filters.isEmpty { scan.filters = try scan.filters.map(expression) }
      return .scan(scan)
    case .values(let rows, let fields): return .values(rows: try rows.map { try $0.map(expression) }, fields: fields)
    case .filter(let child, let condition): return .filter(try input(child, false), try expression(condition))
    case .project(let child, let expressions, let fields):
      return .project(try input(child, false), try expressions.map(expression), fields: fields)
    case .aggregate(let child, let groupings, let sets, let aggregates, let fields):
      let calls = try aggregates.map { call in
        var call = call
        call.arguments = try call.arguments.map(expression)
        call.filter = try call.filter.map(expression)
        call.order = try keys(call.order)
        return call
      }
      return .aggregate(
        try input(child, false), groupings: try groupings.map(expression), sets: sets, aggregates: calls, fields: fields
      )
    case .sort(let child, let order, let limit): return .sort(try input(child, false), try keys(order), limit: limit)
    case .limit(let child, let limit, let offset):
      return .limit(try input(child, false), limit: try limit.map(expression), offset: try offset.map(expression))
    case .distinct(let child, let on): return .distinct(try input(child, false), on: try on?.map(expression))
    case .join(let left, let right, let kind, let condition):
      return .join(
        try input(left, false), try input(right, false), kind, condition: try condition.map(expression))
    case .lateral(let left, let right, let kind, let condition):
      return .lateral(try input(left, false), try input(right, true), kind, condition: try condition.map(expression))
    case .setOperation(let inputs, let operation, let all, let fields):
      return .setOperation(try inputs.map { try input($0, false) }, operation, all: all, fields: fields)
    case .tableFunction(let function, let arguments, let ordinality, let fields):
      return .tableFunction(function, try arguments.map(expression), ordinality: ordinality, fields: fields)
    case .projectSet(let child, let functions, let fields):
      return .projectSet(
        try input(child, false),
        try functions.map { (function: $0.function, arguments: try $0.arguments.map(expression)) }, fields: fields)
    case .window(let child, let windows, let calls, let fields):
      return .window(
        try input(child, false), try windows.map { try $0.mapping(expression) },
        try calls.map { try $0.mapping(expression) }, fields: fields)
    case .recursive(let base, let step, let identity, let all, let fields):
      return .recursive(
        base: try input(base, false), step: try input(step, false), identity: identity, all: all, fields: fields)
    case .working: return self
    case .gapFill(let child, let gaps, let fields):
      return .gapFill(try input(child, false), try gaps.mapping(expression), fields: fields)
    }
  }

  func forEachPart(expression: (Expression) -> Void, input: (LogicalPlan, _ isLateral: Bool) -> Void) {
    switch self {
    case .scan(let scan): scan.filters.forEach(expression)
    case .values(let rows, _): for row in rows { row.forEach(expression) }
    case .filter(let child, let condition): input(child, false); expression(condition)
    case .project(let child, let expressions, _): input(child, false); expressions.forEach(expression)
    case .aggregate(let child, let groupings, _, let aggregates, _):
      input(child, false)
      groupings.forEach(expression)
      for call in aggregates {
        call.arguments.forEach(expression)
        if let filter = call.filter { expression(filter) }
        call.order.forEach { expression($0.expression) }
      }
    case .sort(let child, let order, _): input(child, false); order.forEach { expression($0.expression) }
    case .limit(let child, let limit, let offset):
      input(child, false)
      if let limit { expression(limit) }
      if let offset { expression(offset) }
    case .distinct(let child, let on): input(child, false); on?.forEach(expression)
    case .join(let left, let right, _, let condition):
      input(left, false)
      input(right, false)
      if let condition { expression(condition) }
    case .lateral(let left, let right, _, let condition):
      input(left, false)
      input(right, true)
      if let condition { expression(condition) }
    case .setOperation(let inputs, _, _, _): inputs.forEach { input($0, false) }
    case .tableFunction(_, let arguments, _, _): arguments.forEach(expression)
    case .projectSet(let child, let functions, _):
      input(child, false)
      for call in functions { call.arguments.forEach(expression) }
    case .window(let child, let windows, let calls, _):
      input(child, false)
      for window in windows { window.forEachExpression(expression) }
      for call in calls { call.forEachExpression(expression) }
    case .recursive(let base, let step, _, _, _):
      input(base, false)
      input(step, false)
    case .working: break
    case .gapFill(let child, let gaps, _):
      input(child, false)
      gaps.forEachExpression(expression)
    }
  }

  /// Rewrites the references that leave the plan. The plan stands `depth` levels inside the place whose references are
  /// meant (1 for the plan of a subquery of that place).
  func mapReferences(
    depth: Int, _ change: (Int, Int, DataType) throws -> Expression?
  ) rethrows -> LogicalPlan {
    try mapParts(
      expression: { try $0.mapReferences(depth: depth, change) },
      input: { try $0.mapReferences(depth: $1 ? depth + 1 : depth, change) })
  }

  func forEachReference(depth: Int, _ visit: (Int, Int) -> Void) {
    forEachPart(
      expression: { $0.forEachReference(depth: depth, visit) },
      input: { $0.forEachReference(depth: $1 ? depth + 1 : depth, visit) })
  }

  /// Whether anything outside of the plan is referred to: by level (1 is the query just outside).
  var isCorrelated: Bool {
    var found = false
    forEachReference(depth: 1) { _, _ in found = true }
    return found
  }

  /// References that leave the plan moved `levels` further out; those at most `keeping` stay.
  func deepened(by levels: Int, keeping: Int = 0) -> LogicalPlan {
    if levels == 0 { return self }
    return mapReferences(depth: 1) { level, index, type in
      level + 1 <= keeping ? nil : .outer(level: level + levels, index: index, type)
    }
  }
}
