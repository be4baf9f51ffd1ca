// The binding of one SELECT: targets, WHERE, GROUP BY, HAVING, DISTINCT, ORDER BY, LIMIT.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

/// An item of the select list, or one that only ORDER BY needs (junk).
struct SelectTarget {
  var bound: Bound
  var name: String
  var isJunk = false
}

extension Binding {
  func select(
    _ select: Select, _ query: Query, parent: Scope?, tables: CommonTables?, resolvesUnknown: Bool
  ) throws -> BoundPlan {
    let scope = Scope(parent: parent, tables: tables)
    var plan = try from(select.from, scope)
    let isOverWorkingTable = hasSelfReference
    try declare(select.windows, scope)
    scope.recordsReferences = true
    var targets = try self.targets(select.targets, scope)
    scope.recordsReferences = false
    if let filter = select.filter {
      scope.clause = .filter
      let condition = try boolean(try expression(filter, scope), "WHERE")
      scope.conditions = condition.conjuncts
      plan = .filter(plan, condition)
    }
    scope.recordsReferences = true
    scope.clause = .having
    let having = try select.having.map { try boolean(try expression($0, scope), "HAVING") }
    if resolvesUnknown { for index in targets.indices { targets[index].bound = try resolved(targets[index].bound) } }
    scope.clause = .orderBy
    let order = try query.orderBy.map { try orderTarget($0, &targets, scope) }
    scope.recordsReferences = false
    scope.clause = .groupBy
    var groups = try groupings(select, &targets, scope)
    scope.clause = .distinctOn
    scope.recordsReferences = true
    let distinct = try distinctTargets(select.distinct, &targets, order, scope)
    try bindUnusedWindows(scope)
    scope.recordsReferences = false

    if isOverWorkingTable, !scope.aggregates.isEmpty {
      throw ApusError(
        SQLState("42P19"), "aggregate functions are not allowed in a recursive query's recursive term")
    }
    let isGrouped =
      !select.groupBy.isEmpty || !scope.aggregates.isEmpty || having != nil || !scope.groupingCalls.isEmpty
    if isGrouped {
      plan = try expandSets(of: &groups, plan, &targets, scope)
      plan = try grouped(plan, groups, &targets, having, scope)
    }
    try refuseGapFilling(targets)
    plan = windowed(plan, &targets, scope)
    if !scope.sets.isEmpty { plan = projectSets(plan, &targets, scope) }
    let fields = targets.map { target in
      var field = Field(
        target.name, target.bound.type, modifier: target.bound.modifier, tableOID: target.bound.tableOID,
        columnNumber: target.bound.columnNumber)
      field.recordFields = target.bound.recordFields
      return field
    }
    plan = .project(plan, targets.map(\.bound.expression), fields: fields)
    plan = try finished(plan, targets, select.distinct, distinct, order)
    plan = try limited(plan, query, parent: parent, tables: tables, visible: scope)
    let visible = targets.prefix { !$0.isJunk }
    if visible.count < targets.count {
      plan = .project(
        plan, visible.indices.map { .column($0, fields[$0].type) }, fields: Array(fields[visible.indices]))
    }
    return BoundPlan(
      plan: plan, fields: Array(fields[visible.indices]), positions: visible.map(\.bound.position))
  }

  // MARK: Targets

  func targets(_ list: [Target], _ scope: Scope) throws -> [SelectTarget] {
    var targets: [SelectTarget] = []
    targets.reserveCapacity(list.count)
    for target in list {
      if case .column(let names, true) = arena[target.expression].kind {
        try expand(names, position: arena[target.expression].position, &targets, scope)
        continue
      }
      let bound = try expression(target.expression, scope)
      targets.append(SelectTarget(bound: bound, name: target.alias ?? arena.outputName(of: target.expression)))
    }
    if targets.count > 1_664 {
      throw ApusError(.tooManyColumns, "target lists can have at most 1664 entries")
    }
    return targets
  }

  /// `*` and `t.*`.
  private func expand(
    _ names: [String], position: Int?, _ targets: inout [SelectTarget], _ scope: Scope
  ) throws {
    func add(_ item: RangeItem, in place: Scope, level: Int) {
      for column in item.columns where !column.isHidden {
        let bound = reference(column, item: item.name, in: place, level: level, position: position)
        targets.append(SelectTarget(bound: bound, name: column.name))
      }
    }
    guard let table = names.last else {
      let items = scope.items.filter(\.columnsAreVisible)
      if items.isEmpty {
        throw ApusError(.syntaxError, "SELECT * with no tables specified is not valid", position: position)
      }
      for item in items { add(item, in: scope, level: 0) }
      return
    }
    let schema = names.count > 1 ? names[names.count - 2] : nil
    var level = 0
    var current: Scope? = scope
    while let place = current {
      if !place.isHidden, let index = try place.item(schema: schema, named: table, position: position) {
        return add(place.items[index], in: place, level: level)
      }
      current = place.parent
      level += 1
    }
    throw missingTable(table, position: position, scope: scope)
  }

  // MARK: ORDER BY

  struct TargetKey {
    var target: Int
    var isDescending: Bool
    var nullsFirst: Bool
    var position: Int?
  }

  private func orderTarget(
    _ item: SortItem, _ targets: inout [SelectTarget], _ scope: Scope
  ) throws -> TargetKey {
    let target = try target(of: item.expression, &targets, scope, clause: "ORDER BY", prefersInput: false)
    let key = try sortKey(item, targets[target].bound)
    if targets[target].bound.type == .unknown { targets[target].bound = try resolved(targets[target].bound) }
    return TargetKey(
      target: target, isDescending: key.isDescending, nullsFirst: key.nullsFirst,
      position: arena[item.expression].position)
  }

  /// The item of the select list that an expression of ORDER BY, GROUP BY or DISTINCT ON means, by name, by place or
  /// by being equal; a new junk item when there is none.
  private func target(
    of id: ExprID, _ targets: inout [SelectTarget], _ scope: Scope, clause: String, prefersInput: Bool
  ) throws -> Int {
    let node = arena[id]
    switch node.kind {
    case .column(let names, false) where names.count == 1:
      if prefersInput, try scope.column(named: names[0], position: node.position) != nil { break }
      var found: Int?
      for (index, target) in targets.enumerated() where !target.isJunk && target.name == names[0] {
        if let known = found, targets[known].bound.expression != target.bound.expression {
          throw ApusError(
            .ambiguousColumn, "\(clause) \"\(names[0])\" is ambiguous", position: node.position)
        }
        found = found ?? index
      }
      if let found { return found }
    case .constant(let constant):
      let count = targets.prefix { !$0.isJunk }.count
      return try ordinal(constant, count: count, clause, node.position)
    default: break
    }
    let bound = try resolved(expression(id, scope))
    if !bound.expression.isVolatile,
      let known = targets.firstIndex(where: { $0.bound.expression == bound.expression })
    {
      return known
    }
    targets.append(SelectTarget(bound: bound, name: "?column?", isJunk: true))
    return targets.count - 1
  }

  // MARK: DISTINCT

  private func distinctTargets(
    _ distinct: Select.Distinct, _ targets: inout [SelectTarget], _ order: [TargetKey], _ scope: Scope
  ) throws -> [Int] {
    switch distinct {
    case .none: return []
    case .all:
      for key in order where targets[key.target].isJunk {
        throw ApusError(
          .invalidColumnReference, "for SELECT DISTINCT, ORDER BY expressions must appear in select list",
          position: key.position)
      }
      for target in targets where target.bound.type != .unknown && !target.bound.type.isEquatable {
        throw ApusError(
          .undefinedFunction, "could not identify an equality operator for type \(target.bound.type.sqlName)",
          position: target.bound.position)
      }
      return []
    case .on(let expressions):
      var found: [Int] = []
      for id in expressions {
        let index = try target(of: id, &targets, scope, clause: "DISTINCT ON", prefersInput: false)
        targets[index].bound = try resolved(targets[index].bound)
        if !found.contains(index) { found.append(index) }
      }
      // ORDER BY must begin with the DISTINCT ON expressions, in any order.
      var left = Set(found)
      for key in order {
        if left.isEmpty { break }
        if !found.contains(key.target) {
          throw ApusError(
            .invalidColumnReference, "SELECT DISTINCT ON expressions must match initial ORDER BY expressions",
            position: arena[expressions[0]].position)
        }
        left.remove(key.target)
      }
      return found
    }
  }

  /// DISTINCT and ORDER BY over the projected targets.
  private func finished(
    _ plan: LogicalPlan, _ targets: [SelectTarget], _ form: Select.Distinct, _ on: [Int], _ order: [TargetKey]
  ) throws -> LogicalPlan {
    var plan = plan
    var keys = order.map { key in
      SortKey(
        .column(key.target, targets[key.target].bound.type), descending: key.isDescending, nullsFirst: key.nullsFirst)
    }
    switch form {
    case .none: break
    case .all: plan = .distinct(plan, on: nil)
    case .on:
      let sorted = Set(order.map(\.target))
      for index in on where !sorted.contains(index) {
        keys.append(SortKey(.column(index, targets[index].bound.type), descending: false, nullsFirst: false))
      }
    }
    if !keys.isEmpty { plan = .sort(plan, keys, limit: nil) }
    if case .on = form { plan = .distinct(plan, on: on.map { .column($0, targets[$0].bound.type) }) }
    return plan
  }

  // MARK: GROUP BY

  struct Groupings {
    var expressions: [Expression] = []
    /// nil: the one set of all.
    var sets: [[Int]]?
  }

  private func groupings(
    _ select: Select, _ targets: inout [SelectTarget], _ scope: Scope
  ) throws -> Groupings {
    var result = Groupings()
    var product: [[Int]] = [[]]
    var isPlain = true
    for item in select.groupBy {
      if case .expression = item {} else { isPlain = false }
      let sets = try self.sets(item, &result.expressions, &targets, scope)
      var next: [[Int]] = []
      for left in product {
        for right in sets { next.append(left + right.filter { !left.contains($0) }) }
      }
      if next.count > 4_096 {
        throw ApusError(.statementTooComplex, "too many grouping sets present (maximum 4096)")
      }
      product = next
    }
    if isPlain { return result }
    if select.groupByIsDistinct {
      var seen = Set<[Int]>()
      product = product.filter { seen.insert($0.sorted()).inserted }
    }
    let isWhole = product.count == 1 && product[0].count == result.expressions.count
    result.sets = isWhole ? nil : product
    return result
  }

  private func sets(
    _ item: GroupItem, _ expressions: inout [Expression], _ targets: inout [SelectTarget], _ scope: Scope
  ) throws -> [[Int]] {
    /// The groupings of one element: several for `(a, b)`.
    func element(_ id: ExprID) throws -> [Int] {
      if case .row(let fields, false) = arena[id].kind { return try fields.flatMap { try element($0) } }
      let before = targets.count
      let index = try target(of: id, &targets, scope, clause: "GROUP BY", prefersInput: true)
      let bound = try resolved(targets[index].bound)
      targets[index].bound = bound
      if bound.expression.containsWindowCall {
        throw ApusError(
          .windowingError, "window functions are not allowed in GROUP BY", position: bound.position)
      }
      if bound.expression.contains({ 
        if case .column(let i, _) = $0 { i >= Scope.aggregateBase && i < Scope.setBase } else { false }
      }) {
        throw ApusError(
          .groupingError, "aggregate functions are not allowed in GROUP BY", position: bound.position)
      }
      if !bound.type.isEquatable {
        throw ApusError(
          .undefinedFunction, "could not identify an equality operator for type \(bound.type.sqlName)",
          position: bound.position)
      }
      // Only what was added here: ORDER BY may have added the same expression before, and still needs it.
      if targets.count > before { targets.removeLast() }
      if let known = expressions.firstIndex(of: bound.expression) { return [known] }
      expressions.append(bound.expression)
      return [expressions.count - 1]
    }
    switch item {
    case .expression(let id): return [try element(id)]
    case .empty: return [[]]
    case .rollup(let ids):
      let parts = try ids.map { try element($0) }
      return (0...parts.count).reversed().map { count in parts.prefix(count).flatMap { $0 } }
    case .cube(let ids):
      if ids.count > 12 { throw ApusError(.statementTooComplex, "CUBE is limited to 12 elements") }
      let parts = try ids.map { try element($0) }
      return (0..<(1 << parts.count)).reversed().map { mask in
        parts.enumerated().flatMap { index, part in mask & (1 << (parts.count - 1 - index)) != 0 ? part : [] }
      }
    case .sets(let items): return try items.flatMap { try sets($0, &expressions, &targets, scope) }
    }
  }
}
