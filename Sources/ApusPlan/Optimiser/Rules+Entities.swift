// Unique counts of entities: count(DISTINCT x) over columns whose table keeps ids of their values counts the ids.
//
// It is done in two steps. First such a call becomes count_entities(id, x): the form that rollups keep, so that queries
// and rollups can be compared. Later, once it is known which tables the rows come from, x is left out wherever each of
// their values has an id: then no text is read.

import ApusColumns
import ApusFunctions

extension Rules {
  /// The plan with count_entities in the place of count(DISTINCT x) wherever x has ids.
  func countingEntities(_ plan: LogicalPlan) -> LogicalPlan {
    let plan = plan.mapParts(expression: { $0 }, input: { input, _ in countingEntities(input) })
    guard case .aggregate(var input, let groupings, let sets, var calls, let fields) = plan else { return plan }
    for index in calls.indices {
      let call = calls[index]
      guard call.isDistinct, call.function.name == "count", call.arguments.count == 1, call.order.isEmpty else {
        continue
      }
      var wider = input
      guard let id = entityID(of: call.arguments[0], &wider) else { continue }
      input = wider
      calls[index].function = EntityCount.function
      calls[index].isDistinct = false
      let value = call.arguments[0]
      calls[index].arguments = [id, value.type == .text ? value : .relabel(value, .text)]
    }
    return .aggregate(input, groupings: groupings, sets: sets, aggregates: calls, fields: fields)
  }

  /// What gives the id of an expression's value, over `input` with columns added at its end; nil when there are none.
  private func entityID(of expression: Expression, _ input: inout LogicalPlan) -> Expression? {
    switch expression {
    case .column(let index, let type):
      guard type == .text || type == .varchar else { return nil }
      return entityColumn(index, &input).map { .column($0, .int4) }
    case .relabel(let inner, let type):
      return type == .text || type == .varchar ? entityID(of: inner, &input) : nil
    case .coalesce(let values, _):
      var ids: [Expression] = []
      for value in values {
        guard let id = entityID(of: value, &input) else { return nil }
        ids.append(id)
      }
      return .coalesce(ids, .int4)
    case .caseWhen(var branches, var otherwise, _):
      var hasValue = false
      func id(_ value: Expression) -> Expression? {
        if case .literal(.null, _) = value { return .literal(.null, .int4) }
        hasValue = true
        return entityID(of: value, &input)
      }
      for index in branches.indices {
        guard let result = id(branches[index].result) else { return nil }
        branches[index].result = result
      }
      if let value = otherwise {
        guard let result = id(value) else { return nil }
        otherwise = result
      }
      return hasValue ? .caseWhen(branches, otherwise: otherwise, .int4) : nil
    default: return nil
    }
  }

  /// The place, in a wider form of the plan, of the ids of column `index`'s values.
  private func entityColumn(_ index: Int, _ plan: inout LogicalPlan) -> Int? {
    switch plan {
    case .scan(var scan):
      guard scan.filterOnlyColumns == 0, index < scan.columns.count, scan.columns[index].path.isEmpty,
        let ids = scan.table.entityColumn(scan.columns[index].column)
      else { return nil }
      if let known = scan.columns.firstIndex(of: ids) { return known }
      scan.columns.append(ids)
      scan.fields.append(Field("id(\(scan.fields[index].name))", ids.type))
      plan = .scan(scan)
      return scan.columns.count - 1
    case .filter(var input, let condition):
      guard let place = entityColumn(index, &input) else { return nil }
      plan = .filter(input, condition)
      return place
    case .sort(var input, let keys, let limit):
      guard let place = entityColumn(index, &input) else { return nil }
      plan = .sort(input, keys, limit: limit)
      return place
    case .limit(var input, let limit, let offset):
      guard let place = entityColumn(index, &input) else { return nil }
      plan = .limit(input, limit: limit, offset: offset)
      return place
    case .project(var input, var expressions, var fields):
      guard index < expressions.count, let id = entityID(of: expressions[index], &input) else { return nil }
      if let known = expressions.firstIndex(of: id) {
        plan = .project(input, expressions, fields: fields)
        return known
      }
      expressions.append(id)
      fields.append(Field("id(\(fields[index].name))", .int4))
      plan = .project(input, expressions, fields: fields)
      return expressions.count - 1
    default: return nil
    }
  }

  /// The plan without the text that count_entities takes beside the ids, wherever every value has one.
  func withoutEntityTexts(_ plan: LogicalPlan) -> LogicalPlan {
    let plan = plan.mapParts(expression: { $0 }, input: { input, _ in withoutEntityTexts(input) })
    guard case .aggregate(let input, let groupings, let sets, var calls, let fields) = plan,
      calls.contains(where: { $0.function.name == EntityCount.name && $0.arguments.count > 1 }),
      !input.hasEntitiesWithoutID
    else { return plan }
    for index in calls.indices where calls[index].function.name == EntityCount.name {
      calls[index].arguments.removeLast(max(0, calls[index].arguments.count - 1))
    }
    return .aggregate(input, groupings: groupings, sets: sets, aggregates: calls, fields: fields)
  }
}

extension LogicalPlan {
  /// Whether a table that it reads may have values without id.
  fileprivate var hasEntitiesWithoutID: Bool {
    if case .scan(let scan) = self { return scan.table.hasEntitiesWithoutID }
    var found = false
    forEachPart(expression: { _ in }, input: { input, _ in found = found || input.hasEntitiesWithoutID })
    return found
  }
}
