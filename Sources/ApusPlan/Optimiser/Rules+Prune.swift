// Columns and paths: every operator is asked only for what is needed above it, so that unread columns are not touched.

import ApusColumns
import ApusFunctions

/// A pruned plan: where it gives what was demanded. It may give other columns too.
struct PrunedPlan {
  var plan: LogicalPlan
  var places: [ColumnPlace]
}

extension Rules {
  /// The plan with the same columns, in the same order.
  func prunedToAll(_ plan: LogicalPlan) -> LogicalPlan {
    let fields = plan.fields
    let result = pruned(plan, fields.map { _ in ColumnDemand(isWhole: true) })
    return exactly(result, fields)
  }

  /// A projection to the demanded whole columns in order, unless they lie so already.
  func exactly(_ pruned: PrunedPlan, _ fields: [Field]) -> LogicalPlan {
    let places = pruned.places.map(\.whole)
    if places == Array(0..<fields.count), pruned.plan.fields.count == fields.count { return pruned.plan }
    return .project(pruned.plan, zip(places, fields).map { .column($0, $1.type) }, fields: fields)
  }

  func pruned(_ plan: LogicalPlan, _ demand: [ColumnDemand]) -> PrunedPlan {
    switch plan {
    case .scan(let scan): return prunedScan(scan, demand)
    case .values(let rows, let fields):
      let kept = demand.indices.filter { demand[$0].isWhole || !demand[$0].paths.isEmpty }
      return satisfied(
        .values(rows: rows.map { row in kept.map { row[$0] } }, fields: kept.map { fields[$0] }), kept, demand)
    case .filter(let input, let condition):
      var wanted = demand
      condition.demand(of: &wanted)
      let inner = pruned(input, wanted)
      return PrunedPlan(plan: .filter(inner.plan, condition.placed(wanted, inner.places)), places: inner.places)
    case .project(let input, let expressions, let fields):
      return prunedProject(input, expressions, fields, demand)
    case .aggregate(let input, let groupings, let sets, let aggregates, let fields):
      return prunedAggregate(input, groupings, sets, aggregates, fields, demand)
    case .sort(let input, let keys, let limit):
      var wanted = demand
      for key in keys { key.expression.demand(of: &wanted) }
      let inner = pruned(input, wanted)
      return PrunedPlan(
        plan: .sort(inner.plan, placed(keys, wanted, inner.places), limit: limit), places: inner.places)
    case .limit(let input, let limit, let offset):
      let inner = pruned(input, demand)
      return PrunedPlan(plan: .limit(inner.plan, limit: limit, offset: offset), places: inner.places)
    case .distinct(let input, let on):
      var wanted = on == nil ? demand.map { _ in ColumnDemand(isWhole: true) } : demand
      for expression in on ?? [] { expression.demand(of: &wanted) }
      let inner = pruned(input, wanted)
      if let on {
        return PrunedPlan(
          plan: .distinct(inner.plan, on: on.map { $0.placed(wanted, inner.places) }), places: inner.places)
      }
      return satisfied(.distinct(exactly(inner, input.fields), on: nil), Array(demand.indices), demand)
    case .join(let left, let right, let kind, let condition):
      return prunedJoin(left, right, kind, condition, demand)
    case .lateral(let left, let right, let kind, let condition):
      return prunedLateral(left, right, kind, condition, demand)
    case .setOperation(let inputs, let operation, let all, let fields):
      return prunedSets(inputs, operation, all, fields, demand)
    case .tableFunction: return satisfied(plan, Array(demand.indices), demand)
    case .projectSet(let input, let calls, let fields): return prunedProjectSet(input, calls, fields, demand)
    case .window(let input, let windows, let calls, let fields):
      return prunedWindow(input, windows, calls, fields, demand)
    case .recursive(let base, let step, let identity, let all, let fields):
      let whole = LogicalPlan.recursive(
        base: prunedToAll(base), step: prunedToAll(step), identity: identity, all: all, fields: fields)
      return satisfied(whole, Array(demand.indices), demand)
    case .working: return satisfied(plan, Array(demand.indices), demand)
    case .gapFill(let input, let gaps, let fields): return prunedGapFill(input, gaps, fields, demand)
    }
  }

  private func placed(_ keys: [SortKey], _ demand: [ColumnDemand], _ places: [ColumnPlace]) -> [SortKey] {
    keys.map { key in
      SortKey(key.expression.placed(demand, places), descending: key.descending, nullsFirst: key.nullsFirst)
    }
  }

  /// For a plan that gives the columns `kept` (numbers of the demand) in order: computes the demanded paths above it.
  func satisfied(_ plan: LogicalPlan, _ kept: [Int], _ demand: [ColumnDemand]) -> PrunedPlan {
    var places = demand.map { _ in ColumnPlace() }
    var fields = plan.fields
    var outputs: [Expression] = fields.enumerated().map { .column($0, $1.type) }
    for (index, column) in kept.enumerated() {
      places[column].whole = index
      for path in demand[column].paths {
        guard let value = computed(.column(index, fields[index].type), path) else { continue }
        places[column].paths.append(outputs.count)
        outputs.append(value)
        fields.append(Field(path.path.last ?? "", path.type))
      }
    }
    return PrunedPlan(
      plan: outputs.count == plan.fields.count ? plan : .project(plan, outputs, fields: fields), places: places)
  }

  // MARK: Scans

  private func prunedScan(_ scan: ScanNode, _ demand: [ColumnDemand]) -> PrunedPlan {
    if !scan.table.readsPaths,
      demand.contains(where: { !$0.paths.isEmpty }) || scan.filters.contains(where: \.hasPath)
    {
      return prunedPlainScan(scan, demand)
    }
    var result = ScanNode(table: scan.table, columns: [], fields: [], limit: scan.limit)
    var places = demand.map { _ in ColumnPlace() }
    func add(_ column: Int, _ path: PathDemand?) -> Int {
      let base = scan.columns[column]
      if let path {
        result.columns.append(
          ColumnReference(column: base.column, path: base.path + path.path, type: path.type))
        result.fields.append(Field(path.path.last ?? "", path.type))
      } else {
        result.columns.append(base)
        result.fields.append(scan.fields[column])
      }
      return result.columns.count - 1
    }
    for column in demand.indices {
      if demand[column].isWhole { places[column].whole = add(column, nil) }
      for path in demand[column].paths { places[column].paths.append(add(column, path)) }
    }
    if scan.filters.isEmpty { return PrunedPlan(plan: .scan(result), places: places) }
    let outputCount = result.columns.count
    var wanted = demand
    for filter in scan.filters { filter.demand(of: &wanted) }
    for column in wanted.indices {
      if wanted[column].isWhole, places[column].whole < 0 { places[column].whole = add(column, nil) }
      for path in wanted[column].paths.dropFirst(demand[column].paths.count) {
        places[column].paths.append(add(column, path))
      }
    }
    result.filterOnlyColumns = result.columns.count - outputCount
    result.filters = scan.filters.map { $0.placed(wanted, places) }
    return PrunedPlan(plan: .scan(result), places: places)
  }

  /// A scan of a table that gives whole columns only: paths are computed above it, and filters on paths too.
  private func prunedPlainScan(_ scan: ScanNode, _ demand: [ColumnDemand]) -> PrunedPlan {
    var below = scan
    below.filters = scan.filters.filter { !$0.hasPath }
    let above = scan.filters.filter(\.hasPath)
    var wanted = demand.map { ColumnDemand(isWhole: $0.isWhole || !$0.paths.isEmpty) }
    for filter in above { for column in references(filter) { wanted[column].isWhole = true } }
    var inner = prunedScan(below, wanted)
    if let condition = Expression.conjunction(above) {
      let places = inner.places
      inner.plan = .filter(
        inner.plan,
        condition.mapReferences { level, index, type in level == 0 ? .column(places[index].whole, type) : nil })
    }
    let kept = inner.plan.fields.indices.compactMap { place in inner.places.firstIndex { $0.whole == place } }
    return satisfied(inner.plan, kept, demand)
  }

  // MARK: Projections

  private func prunedProject(
    _ input: LogicalPlan, _ expressions: [Expression], _ fields: [Field], _ demand: [ColumnDemand]
  ) -> PrunedPlan {
    if case .project(let below, let inner, _) = input, canMerge(expressions, inner) {
      return prunedProject(below, expressions.map { substituted($0, inner) }, fields, demand)
    }
    var wanted = input.fields.map { _ in ColumnDemand() }
    var needsAny = false
    for (index, column) in demand.enumerated() {
      if column.isWhole { expressions[index].demand(of: &wanted) }
      for path in column.paths { demandPath(path, of: expressions[index], &wanted) }
      needsAny = needsAny || column.isWhole || !column.paths.isEmpty
    }
    let inner = pruned(input, wanted)
    if !needsAny { return PrunedPlan(plan: inner.plan, places: demand.map { _ in ColumnPlace() }) }
    var places = demand.map { _ in ColumnPlace() }
    var outputs: [Expression] = []
    var outputFields: [Field] = []
    for (index, column) in demand.enumerated() {
      if column.isWhole {
        places[index].whole = outputs.count
        outputs.append(expressions[index].placed(wanted, inner.places))
        outputFields.append(fields[index])
      }
      for path in column.paths {
        places[index].paths.append(outputs.count)
        outputs.append(placedPath(path, of: expressions[index], wanted, inner.places))
        outputFields.append(Field(path.path.last ?? "", path.type))
      }
    }
    let innerFields = inner.plan.fields
    let isIdentity =
      outputs.count == innerFields.count
      && outputs.enumerated().allSatisfy { index, output in
        if case .column(index, _) = output { true } else { false }
      }
    return PrunedPlan(
      plan: isIdentity ? inner.plan : .project(inner.plan, outputs, fields: outputFields), places: places)
  }

  /// Whether an outer projection may be computed right over the inner one's input: nothing is computed twice.
  private func canMerge(_ outer: [Expression], _ inner: [Expression]) -> Bool {
    var uses = Array(repeating: 0, count: inner.count)
    for expression in outer {
      if expression.hasSubquery { return false }
      expression.forEachReference { level, index in if level == 0 { uses[index] += 1 } }
    }
    return inner.indices.allSatisfy { index in
      switch inner[index] {
      case .column, .literal, .outer, .parameter: true
      default: uses[index] == 0 || (uses[index] == 1 && !inner[index].isVolatile && !inner[index].hasSubquery)
      }
    }
  }

  private func demandPath(_ path: PathDemand, of expression: Expression, _ wanted: inout [ColumnDemand]) {
    if let moved = moved(path, below: expression) {
      wanted[moved.column].add(moved.demand)
    } else {
      expression.demand(of: &wanted)
    }
  }

  private func placedPath(
    _ path: PathDemand, of expression: Expression, _ wanted: [ColumnDemand], _ places: [ColumnPlace]
  ) -> Expression {
    if let moved = moved(path, below: expression), let index = wanted[moved.column].paths.firstIndex(of: moved.demand) {
      return .column(places[moved.column].paths[index], path.type)
    }
    let base = expression.placed(wanted, places)
    return computed(base, path) ?? .literal(.null, path.type)
  }

  /// A path of an output as a path of the input, where the output is a column or itself a path.
  private func moved(_ path: PathDemand, below expression: Expression) -> (column: Int, demand: PathDemand)? {
    if case .column(let index, .jsonb) = expression { return (index, path) }
    guard let access = expression.pathAccess, access.demand.type == .jsonb else { return nil }
    let whole = PathDemand(path: access.demand.path + path.path, type: path.type)
    return whole.path.count <= 8 ? (access.column, whole) : nil
  }

  private func prunedProjectSet(
    _ input: LogicalPlan, _ calls: [(function: TableFunction, arguments: [Expression])], _ fields: [Field],
    _ demand: [ColumnDemand]
  ) -> PrunedPlan {
    let width = input.fields.count
    var wanted = Array(demand[..<width])
    for call in calls { for argument in call.arguments { argument.demand(of: &wanted) } }
    let inner = pruned(input, wanted)
    let innerFields = inner.plan.fields
    let moved = calls.map { call in
      (function: call.function, arguments: call.arguments.map { $0.placed(wanted, inner.places) })
    }
    var places = inner.places
    for index in calls.indices { places.append(ColumnPlace(whole: innerFields.count + index)) }
    let plan = LogicalPlan.projectSet(inner.plan, moved, fields: innerFields + fields[width...])
    return withPaths(plan, places, demand, from: width)
  }

  /// Paths of what functions give, in the columns from `width` on, are computed above.
  private func withPaths(
    _ plan: LogicalPlan, _ given: [ColumnPlace], _ demand: [ColumnDemand], from width: Int
  ) -> PrunedPlan {
    var places = given
    if demand[width...].allSatisfy(\.paths.isEmpty) { return PrunedPlan(plan: plan, places: places) }
    let fields = plan.fields
    var outputs: [Expression] = fields.enumerated().map { .column($0, $1.type) }
    var outputFields = fields
    for index in width..<demand.count {
      for path in demand[index].paths {
        let base = Expression.column(places[index].whole, fields[places[index].whole].type)
        places[index].paths.append(outputs.count)
        outputs.append(computed(base, path) ?? .literal(.null, path.type))
        outputFields.append(Field(path.path.last ?? "", path.type))
      }
    }
    return PrunedPlan(plan: .project(plan, outputs, fields: outputFields), places: places)
  }

  /// Only the calls that are asked for, and only the windows that these need.
  private func prunedWindow(
    _ input: LogicalPlan, _ windows: [WindowSpec], _ calls: [WindowCall], _ fields: [Field], _ demand: [ColumnDemand]
  ) -> PrunedPlan {
    let width = input.fields.count
    let kept = calls.indices.filter { demand[width + $0].isWhole || !demand[width + $0].paths.isEmpty }
    if kept.isEmpty {
      let inner = pruned(input, Array(demand[..<width]))
      return PrunedPlan(plan: inner.plan, places: inner.places + calls.map { _ in ColumnPlace() })
    }
    let needed = windows.indices.filter { index in kept.contains { calls[$0].window == index } }
    var wanted = Array(demand[..<width])
    for index in needed { windows[index].forEachExpression { $0.demand(of: &wanted) } }
    for index in kept { calls[index].forEachExpression { $0.demand(of: &wanted) } }
    let inner = pruned(input, wanted)
    let innerFields = inner.plan.fields
    let movedWindows = needed.map { index in windows[index].mapping { $0.placed(wanted, inner.places) } }
    let movedCalls = kept.map { index in
      var call = calls[index].mapping { $0.placed(wanted, inner.places) }
      call.window = needed.firstIndex(of: call.window) ?? 0
      return call
    }
    var places = inner.places
    for index in calls.indices {
      let place = kept.firstIndex(of: index)
      places.append(ColumnPlace(whole: place.map { innerFields.count + $0 } ?? -1))
    }
    let plan = LogicalPlan.window(
      inner.plan, movedWindows, movedCalls, fields: innerFields + kept.map { fields[width + $0] })
    return withPaths(plan, places, demand, from: width)
  }

  // MARK: Aggregation

  private func prunedAggregate(
    _ input: LogicalPlan, _ groupings: [Expression], _ sets: [[Int]]?, _ aggregates: [AggregateCall],
    _ fields: [Field], _ demand: [ColumnDemand]
  ) -> PrunedPlan {
    let keptCalls = aggregates.indices.filter {
      let column = demand[groupings.count + $0]
      return column.isWhole || !column.paths.isEmpty
    }
    var groupings = groupings
    var calls = keptCalls.map { aggregates[$0] }
    var input = input
    // Over a projection: computed in the aggregation itself, unless that would be done twice.
    if case .project(let below, let inner, _) = input {
      let parts =
        groupings + calls.flatMap { $0.arguments + ($0.filter.map { [$0] } ?? []) + $0.order.map(\.expression) }
      if canMerge(parts, inner) {
        input = below
        groupings = groupings.map { substituted($0, inner) }
        calls = calls.map { mapped($0) { substituted($0, inner) } }
      }
    }
    var wanted = input.fields.map { _ in ColumnDemand() }
    for grouping in groupings { grouping.demand(of: &wanted) }
    for call in calls {
      for part in call.arguments { part.demand(of: &wanted) }
      call.filter?.demand(of: &wanted)
      for key in call.order { key.expression.demand(of: &wanted) }
    }
    let inner = pruned(input, wanted)
    let outputs = groupings.map { $0.placed(wanted, inner.places) }
    calls = calls.map { mapped($0) { $0.placed(wanted, inner.places) } }
    let kept = Array(0..<groupings.count) + keptCalls.map { groupings.count + $0 }
    let plan = LogicalPlan.aggregate(
      inner.plan, groupings: outputs, sets: sets, aggregates: calls, fields: kept.map { fields[$0] })
    return satisfied(plan, kept, demand)
  }

  private func mapped(_ call: AggregateCall, _ change: (Expression) -> Expression) -> AggregateCall {
    var call = call
    call.arguments = call.arguments.map(change)
    call.filter = call.filter.map(change)
    call.order = call.order.map {
      SortKey(change($0.expression), descending: $0.descending, nullsFirst: $0.nullsFirst)
    }
    return call
  }

  // MARK: Joins and sets

  private func prunedJoin(
    _ left: LogicalPlan, _ right: LogicalPlan, _ kind: JoinKind, _ condition: Expression?, _ demand: [ColumnDemand]
  ) -> PrunedPlan {
    let width = left.fields.count
    let isOneSided = kind == .semi || kind == .anti
    var wanted = demand
    if isOneSided { wanted.append(contentsOf: right.fields.map { _ in ColumnDemand() }) }
    condition?.demand(of: &wanted)
    let leftPlan = pruned(left, Array(wanted[..<width]))
    let rightPlan = pruned(right, Array(wanted[width...]))
    let places = joined(leftPlan, rightPlan)
    let plan = LogicalPlan.join(
      leftPlan.plan, rightPlan.plan, kind, condition: condition.map { $0.placed(wanted, places) })
    return PrunedPlan(plan: plan, places: isOneSided ? Array(places[..<width]) : places)
  }

  private func joined(_ left: PrunedPlan, _ right: PrunedPlan) -> [ColumnPlace] {
    let width = left.plan.fields.count
    return left.places
      + right.places.map { place in
        ColumnPlace(whole: place.whole < 0 ? -1 : place.whole + width, paths: place.paths.map { $0 + width })
      }
  }

  private func prunedLateral(
    _ left: LogicalPlan, _ right: LogicalPlan, _ kind: JoinKind, _ condition: Expression?, _ demand: [ColumnDemand]
  ) -> PrunedPlan {
    let width = left.fields.count
    var wanted = demand
    if kind == .semi || kind == .anti { wanted.append(contentsOf: right.fields.map { _ in ColumnDemand() }) }
    condition?.demand(of: &wanted)
    var rightPlan = pruned(right, Array(wanted[width...]))
    rightPlan.plan.forEachReference(depth: 1) { level, index in if level == 0 { wanted[index].isWhole = true } }
    let leftPlan = pruned(left, Array(wanted[..<width]))
    rightPlan.plan = rightPlan.plan.mapReferences(depth: 1) { level, index, type in
      level == 0 ? .column(leftPlan.places[index].whole, type) : nil
    }
    let places = joined(leftPlan, rightPlan)
    let plan = LogicalPlan.lateral(
      leftPlan.plan, rightPlan.plan, kind, condition: condition.map { $0.placed(wanted, places) })
    return PrunedPlan(plan: plan, places: Array(places[..<demand.count]))
  }

  private func prunedSets(
    _ inputs: [LogicalPlan], _ operation: SetOperation, _ all: Bool, _ fields: [Field], _ demand: [ColumnDemand]
  ) -> PrunedPlan {
    guard operation == .union, all else {
      return satisfied(
        .setOperation(inputs.map { prunedToAll($0) }, operation, all: all, fields: fields), Array(demand.indices),
        demand)
    }
    let kept = demand.indices.filter { demand[$0].isWhole || !demand[$0].paths.isEmpty }
    let wanted = demand.map { ColumnDemand(isWhole: $0.isWhole || !$0.paths.isEmpty) }
    let parts = inputs.map { input in
      let part = pruned(input, wanted)
      return exactly(PrunedPlan(plan: part.plan, places: kept.map { part.places[$0] }), kept.map { fields[$0] })
    }
    return satisfied(
      .setOperation(parts, .union, all: true, fields: kept.map { fields[$0] }), kept, demand)
  }
}

extension Expression {
  /// Whether a path into a jsonb column is read.
  var hasPath: Bool { contains { $0.pathAccess != nil } }
}
