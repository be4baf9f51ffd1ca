// Grouping owns the aggregation node, and what the expressions above it may refer to.

import ApusBase
import ApusColumns
import ApusFunctions

extension Binding {
  /// Puts the aggregation over `plan` and rewrites targets and set-returning functions to its output.
  func grouped(
    _ plan: LogicalPlan, _ groups: Groupings, _ targets: inout [SelectTarget], _ having: Expression?, _ scope: Scope
  ) throws -> LogicalPlan {
    var fields: [Field] = []
    for (index, grouping) in groups.expressions.enumerated() {
      let target = targets.first { $0.bound.expression == grouping }
      fields.append(
        Field(target?.name ?? "group\(index)", grouping.type, modifier: target?.bound.modifier ?? -1))
    }
    for call in scope.aggregates { fields.append(Field(call.function.name, call.type)) }
    let filling = try gapFilling(groups, scope)
    var result = try aggregation(plan, filling?.groups ?? groups, fields, scope)
    let regrouping = Regrouping(groups: groups, scope: scope)
    for index in targets.indices {
      targets[index].bound.expression = try regrouping.rewrite(targets[index].bound.expression)
    }
    for index in scope.windowCalls.indices {
      scope.windowCalls[index] = try scope.windowCalls[index].mapping { try regrouping.rewrite($0) }
    }
    for index in scope.windowSpecs.indices {
      scope.windowSpecs[index] = try scope.windowSpecs[index].mapping { try regrouping.rewrite($0) }
    }
    if let having { result = .filter(result, try regrouping.rewrite(having)) }
    for index in scope.sets.indices where scope.setPlaces[index] == nil {
      scope.sets[index].arguments = try scope.sets[index].arguments.map { try regrouping.rewrite($0) }
    }
    if let filling { result = try gapFilled(result, filling, &targets, scope) }
    return result
  }

  private func aggregation(
    _ plan: LogicalPlan, _ groups: Groupings, _ fields: [Field], _ scope: Scope
  ) throws -> LogicalPlan {
    var masks: [[Int]] = []
    for call in scope.groupingCalls {
      masks.append(
        try call.arguments.enumerated().map { index, argument in
          guard let place = groups.expressions.firstIndex(of: argument) else {
            throw ApusError(
              .groupingError, "arguments to GROUPING must be grouping expressions of the associated query level",
              position: call.positions[index])
          }
          return place
        })
    }
    guard let sets = groups.sets, !masks.isEmpty else {
      return .aggregate(
        plan, groupings: groups.expressions, sets: groups.sets, aggregates: scope.aggregates, fields: fields)
    }
    // grouping() tells the sets apart: one aggregation a set, with the bits as constants.
    let width = groups.expressions.count
    var all = fields
    for index in masks.indices { all.append(Field("grouping\(index)", .int4)) }
    let parts = sets.map { set in
      let own = set.sorted()
      var partFields = own.map { fields[$0] }
      partFields.append(contentsOf: fields[width...])
      let part = LogicalPlan.aggregate(
        plan, groupings: own.map { groups.expressions[$0] }, sets: nil, aggregates: scope.aggregates,
        fields: partFields)
      var outputs: [Expression] = (0..<width).map { index in
        let type = fields[index].type
        return own.firstIndex(of: index).map { .column($0, type) } ?? .literal(.null, type)
      }
      for index in scope.aggregates.indices { outputs.append(.column(own.count + index, fields[width + index].type)) }
      for mask in masks {
        var bits: Int64 = 0
        for place in mask { bits = bits << 1 | (own.contains(place) ? 0 : 1) }
        outputs.append(.literal(.int(bits), .int4))
      }
      return LogicalPlan.project(part, outputs, fields: all)
    }
    return parts.count == 1 ? parts[0] : .setOperation(parts, .union, all: true, fields: all)
  }
}

/// Rewrites expressions over the input of an aggregation to expressions over its output.
final class Regrouping {
  let groups: Binding.Groupings
  let scope: Scope
  /// How often each input column was met: says which of its references an error is about.
  private var met: [Int: Int] = [:]

  init(groups: Binding.Groupings, scope: Scope) {
    self.groups = groups
    self.scope = scope
  }

  func rewrite(_ expression: Expression) throws -> Expression {
    if let place = place(expression) {
      expression.forEachReference { level, index in if level == 0 { met[index, default: 0] += 1 } }
      return .column(place, expression.type)
    }
    switch expression {
    case .literal, .parameter, .outer: return expression
    case .column(let index, let type):
      if index >= Scope.windowBase { return expression }
      if index >= Scope.groupingBase {
        if groups.sets == nil { return .literal(.int(0), .int4) }
        return .column(groups.expressions.count + scope.aggregates.count + index - Scope.groupingBase, type)
      }
      if index >= Scope.setBase { return expression }
      if index >= Scope.aggregateBase { return .column(groups.expressions.count + index - Scope.aggregateBase, type) }
      throw ungrouped(index, inSubquery: false)
    case .subquery(var query):
      if case .subquery(let mapped) = try expression.mapChildren({ try rewrite($0) }) { query = mapped }
      if query.isCorrelated {
        query.plan = try query.plan.mapReferences(depth: 1) { level, index, type in
          if level > 0 { return nil }
          guard let place = self.place(.column(index, type)) else { throw self.ungrouped(index, inSubquery: true) }
          self.met[index, default: 0] += 1
          return .column(place, type)
        }
      }
      return .subquery(query)
    default: return try expression.mapChildren { try rewrite($0) }
    }
  }

  private func place(_ expression: Expression) -> Int? {
    // Few groupings: comparing is cheaper than hashing a tree at each of its nodes.
    for (index, grouping) in groups.expressions.enumerated() where grouping == expression {
      if case .literal = grouping { return nil }
      return index
    }
    return nil
  }

  private func ungrouped(_ index: Int, inSubquery: Bool) -> ApusError {
    let uses = scope.references.filter { reference in
      var isUse = false
      reference.column.expression.forEachReference { level, column in if level == 0, column == index { isUse = true } }
      return isUse
    }
    let found = uses.isEmpty ? nil : uses[min(met[index] ?? 0, uses.count - 1)]
    let owner = scope.items.first { item in
      item.columns.contains { if case .column(index, _) = $0.expression { true } else { false } }
    }
    let column = owner?.columns.first { if case .column(index, _) = $0.expression { true } else { false } }
    let name = found?.column.name ?? column?.name ?? "?column?"
    let shown = (found?.item ?? owner?.name).map { "\($0).\(name)" } ?? name
    return ApusError(
      .groupingError,
      inSubquery
        ? "subquery uses ungrouped column \"\(shown)\" from outer query"
        : "column \"\(shown)\" must appear in the GROUP BY clause or be used in an aggregate function",
      position: found?.position)
  }
}
