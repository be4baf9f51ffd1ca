// The binding of queries: WITH, VALUES, set operations, and the ORDER BY and LIMIT around them.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

/// A bound query: columns whose type is still `unknown` are literals that the context may decide.
struct BoundPlan {
  var plan: LogicalPlan
  var fields: [Field]
  /// Where each column's expression is in the text, for errors on its type.
  var positions: [Int?]
}

/// The common tables of a WITH clause, and those of the queries around it.
final class CommonTables {
  let outer: CommonTables?
  var tables: [String: CommonTableDefinition] = [:]
  init(outer: CommonTables?) { self.outer = outer }

  func find(_ name: String) -> CommonTableDefinition? { tables[name] ?? outer?.find(name) }
}

/// One common table: bound at its first use, and then placed wherever it is named.
final class CommonTableDefinition {
  let table: CommonTable
  let scope: Scope?
  let visible: CommonTables?
  var bound: BoundPlan?
  var isBeingBound = false
  var useCount = 0
  /// Of WITH RECURSIVE.
  let isRecursive: Bool
  /// While its recursive term is bound.
  var working: WorkingTable?

  init(table: CommonTable, scope: Scope?, visible: CommonTables?, isRecursive: Bool = false) {
    self.table = table
    self.scope = scope
    self.visible = visible
    self.isRecursive = isRecursive
  }
}

struct BoundSortKey {
  var bound: Bound
  var isDescending: Bool
  var nullsFirst: Bool

  func resolved(_ binding: Binding) throws -> SortKey {
    SortKey(try binding.resolved(bound).expression, descending: isDescending, nullsFirst: nullsFirst)
  }
}

extension Binding {
  /// Binds a query whose enclosing level is `parent`. With `resolvesUnknown`, literals without a type become text.
  func query(
    _ id: QueryID, parent: Scope?, tables: CommonTables?, resolvesUnknown: Bool
  ) throws -> BoundPlan {
    if expressionDepth >= Limits.expressionDepthMax {
      throw ApusError(.statementTooComplex, "stack depth limit exceeded")
    }
    expressionDepth += 4
    let outerSelfReference = hasSelfReference
    hasSelfReference = false
    defer {
      expressionDepth -= 4
      hasSelfReference = outerSelfReference
    }
    let query = arena[id]
    if let lock = query.locking.first { throw ApusError.unsupported("\(lock.strength.rawValue) is") }
    let visible = try query.with.map { try common($0, parent: parent, outer: tables) } ?? tables
    switch query.body {
    case .select(let select):
      return try self.select(select, query, parent: parent, tables: visible, resolvesUnknown: resolvesUnknown)
    case .values(let rows):
      let bound = try values(rows, parent: parent, tables: visible, resolvesUnknown: resolvesUnknown)
      return try ordered(bound, query, parent: parent, tables: visible, isSetOperation: false)
    case .setOperation(let first, let rest):
      let bound = try setOperation(first, rest, parent: parent, tables: visible)
      return try ordered(bound, query, parent: parent, tables: visible, isSetOperation: true)
    }
  }

  // MARK: WITH

  func common(_ with: WithClause, parent: Scope?, outer: CommonTables?) throws -> CommonTables {
    var frame = CommonTables(outer: outer)
    if with.isRecursive {
      for table in with.tables {
        frame.tables[table.name] = CommonTableDefinition(
          table: table, scope: parent, visible: frame, isRecursive: true)
      }
      if frame.tables.count < with.tables.count { throw duplicateCommonTable(with) }
    } else {
      var names = Set<String>()
      for table in with.tables {
        if !names.insert(table.name).inserted { throw duplicateCommonTable(with) }
        let next = CommonTables(outer: frame)
        next.tables[table.name] = CommonTableDefinition(table: table, scope: parent, visible: frame)
        frame = next
      }
    }
    // Each is bound even if nothing names it, so that its errors show.
    for table in with.tables { if let found = frame.find(table.name) { _ = try bind(found) } }
    return frame
  }

  private func duplicateCommonTable(_ with: WithClause) -> ApusError {
    var names = Set<String>()
    let table = with.tables.first { !names.insert($0.name).inserted }
    return ApusError(
      .duplicateAlias, "WITH query name \"\(table?.name ?? "")\" specified more than once", position: table?.position)
  }

  func bind(_ definition: CommonTableDefinition) throws -> BoundPlan {
    if let bound = definition.bound { return bound }
    let table = definition.table
    if definition.isBeingBound { throw misplacedSelfReference(definition) }
    if table.hasSearchOrCycle { throw ApusError.unsupported("SEARCH and CYCLE are", position: table.position) }
    guard case .query(let query) = table.body else {
      throw ApusError.unsupported("data-modifying statements in WITH are", position: table.position)
    }
    definition.isBeingBound = true
    commonTablesBeingBound.append(definition)
    defer {
      definition.isBeingBound = false
      commonTablesBeingBound.removeLast()
    }
    var bound: BoundPlan
    if let recursive = try recursiveQuery(query, definition) {
      bound = recursive
    } else {
      bound = try self.query(query, parent: definition.scope, tables: definition.visible, resolvesUnknown: true)
    }
    if table.columns.count > bound.fields.count {
      throw ApusError(
        .invalidColumnReference,
        "WITH query \"\(table.name)\" has \(bound.fields.count) columns available but \(table.columns.count) "
          + "columns specified", position: table.position)
    }
    for (index, name) in table.columns.enumerated() { bound.fields[index].name = name }
    definition.bound = bound
    return bound
  }

  // MARK: VALUES

  private func values(
    _ rows: [[ExprID]], parent: Scope?, tables: CommonTables?, resolvesUnknown: Bool
  ) throws -> BoundPlan {
    let scope = Scope(parent: parent, tables: tables)
    scope.clause = .values
    var bound: [[Bound]] = []
    bound.reserveCapacity(rows.count)
    for row in rows {
      if let first = rows.first, row.count != first.count {
        throw ApusError(
          .syntaxError, "VALUES lists must all be the same length",
          position: row.first.flatMap { arena[$0].position })
      }
      bound.append(try row.map { try expression($0, scope) })
    }
    let width = bound.first?.count ?? 0
    var fields: [Field] = []
    var positions: [Int?] = []
    var result = bound.map { _ in [Expression]() }
    for column in 0..<width {
      let cells = bound.map { $0[column] }
      let allUnknown = cells.allSatisfy { $0.type == .unknown }
      let type = allUnknown && !resolvesUnknown ? .unknown : try commonType(cells, "VALUES")
      for (row, cell) in cells.enumerated() {
        result[row].append(type == .unknown ? cell.expression : try coerceToCommon(cell, type, "VALUES"))
      }
      let modifiers = Set(cells.map(\.modifier))
      fields.append(Field("column\(column + 1)", type, modifier: modifiers.count == 1 ? cells[0].modifier : -1))
      positions.append(cells.first?.position)
    }
    return BoundPlan(plan: .values(rows: result, fields: fields), fields: fields, positions: positions)
  }

  // MARK: Set operations

  func setOperation(
    _ first: QueryID, _ rest: [SetOperand], parent: Scope?, tables: CommonTables?
  ) throws -> BoundPlan {
    var result = try query(first, parent: parent, tables: tables, resolvesUnknown: false)
    var index = 0
    while index < rest.count {
      // A run of one operation becomes one n-ary node.
      var group: [BoundPlan] = [result]
      let operation = rest[index].operation
      let isAll = rest[index].isAll
      while index < rest.count, rest[index].operation == operation, rest[index].isAll == isAll {
        let before = state.selfReferences.count
        group.append(try query(rest[index].query, parent: parent, tables: tables, resolvesUnknown: false))
        if operation == .except || (operation == .intersect && isAll) {
          try refuseSelfReference(since: before, within: operation.rawValue)
        }
        index += 1
      }
      result = try combined(group, operation, isAll: isAll)
    }
    return result
  }

  private func combined(
    _ inputs: [BoundPlan], _ operation: SetOperand.Operation, isAll: Bool
  ) throws -> BoundPlan {
    var fields = inputs[0].fields
    for input in inputs.dropFirst() where input.fields.count != fields.count {
      throw ApusError(
        .syntaxError, "each \(operation.rawValue) query must have the same number of columns",
        position: input.positions.first ?? nil)
    }
    for column in fields.indices {
      var chosen = Bound(.literal(.null, fields[column].type), position: inputs[0].positions[column])
      for input in inputs.dropFirst() {
        let next = Bound(.literal(.null, input.fields[column].type), position: input.positions[column])
        chosen = Bound(.literal(.null, try commonType([chosen, next], operation.rawValue)), position: chosen.position)
      }
      let type = chosen.type
      if !isAll, !type.isEquatable {
        throw ApusError(
          .undefinedFunction, "could not identify an equality operator for type \(type.sqlName)",
          position: inputs[0].positions[column])
      }
      let modifiers = Set(inputs.map { $0.fields[column].type == type ? $0.fields[column].modifier : -1 })
      fields[column] = Field(fields[column].name, type, modifier: modifiers.count == 1 ? modifiers.first ?? -1 : -1)
    }
    let plans = try inputs.map { input in
      try converted(input, fields: fields) { bound, column in
        try coerceToCommon(bound, fields[column].type, operation.rawValue)
      }
    }
    let kind: ApusPlan.SetOperation =
      switch operation {
      case .union: .union
      case .intersect: .intersect
      case .except: .except
      }
    return BoundPlan(
      plan: .setOperation(plans, kind, all: isAll, fields: fields), fields: fields, positions: inputs[0].positions)
  }

  /// The plan with its columns cast to the types of `fields`: in its top projection where there is one, so that
  /// literals without a type are read as what they become.
  func converted(
    _ input: BoundPlan, fields: [Field], _ cast: (Bound, Int) throws -> Expression
  ) throws -> LogicalPlan {
    func same(_ index: Int) -> Bool {
      input.fields[index].type == fields[index].type && input.fields[index].modifier == fields[index].modifier
    }
    func all(_ expressions: [Expression]) throws -> [Expression] {
      try expressions.enumerated().map { index, expression in
        let old = input.fields[index]
        return try cast(Bound(expression, modifier: old.modifier, position: input.positions[index]), index)
      }
    }
    if fields.indices.allSatisfy(same) { return input.plan }
    switch input.plan {
    case .project(let child, let expressions, let old) where old.count == fields.count:
      return .project(child, try all(expressions), fields: fields)
    case .values(let rows, _): return .values(rows: try rows.map(all), fields: fields)
    default:
      return .project(
        input.plan, try all(input.fields.enumerated().map { .column($0, $1.type) }), fields: fields)
    }
  }

  // MARK: ORDER BY and LIMIT of VALUES and set operations

  private func ordered(
    _ input: BoundPlan, _ query: Query, parent: Scope?, tables: CommonTables?, isSetOperation: Bool
  ) throws -> BoundPlan {
    var result = input
    if !query.orderBy.isEmpty {
      let scope = Scope(parent: parent, tables: tables)
      scope.clause = .orderBy
      scope.items = [
        RangeItem(
          name: isSetOperation ? nil : "*VALUES*",
          columns: input.fields.enumerated().map { ScopeColumn($1, index: $0) })
      ]
      var keys: [SortKey] = []
      for item in query.orderBy {
        let bound: Bound
        if case .constant(let constant) = arena[item.expression].kind {
          let position = arena[item.expression].position
          let index = try ordinal(constant, count: input.fields.count, "ORDER BY", position)
          bound = Bound(.column(index, input.fields[index].type), position: position)
        } else {
          bound = try expression(item.expression, scope)
        }
        if isSetOperation, case .column = bound.expression {
        } else if isSetOperation {
          throw ApusError(
            .featureNotSupported, "invalid UNION/INTERSECT/EXCEPT ORDER BY clause",
            detail: "Only result column names can be used, not expressions or functions.",
            hint: "Add the expression/function to every SELECT, or move the UNION into a FROM clause.",
            position: bound.position)
        }
        keys.append(try sortKey(item, bound).resolved(self))
      }
      result.plan = .sort(result.plan, keys, limit: nil)
    }
    result.plan = try limited(result.plan, query, parent: parent, tables: tables)
    return result
  }

  func limited(
    _ plan: LogicalPlan, _ query: Query, parent: Scope?, tables: CommonTables?, visible: Scope? = nil
  ) throws -> LogicalPlan {
    func bound(_ id: ExprID?, _ clause: Clause) throws -> Expression? {
      guard let id else { return nil }
      if case .constant(.null) = arena[id].kind { return nil }
      let scope = visible ?? Scope(parent: parent, tables: tables)
      scope.clause = clause
      let bound = try expression(id, scope)
      let value = try bigint(bound, clause.rawValue)
      var hasColumn = false
      value.forEachReference { level, _ in if level == 0 { hasColumn = true } }
      if hasColumn {
        throw ApusError(
          .invalidColumnReference, "argument of \(clause.rawValue) must not contain variables", position: bound.position
        )
      }
      return value
    }
    let offset = try bound(query.offset, .offset)
    let limit = try bound(query.limit, .limit)
    if query.withTies, let limit { return try withTies(plan, limit: limit, offset: offset) }
    return limit == nil && offset == nil ? plan : .limit(plan, limit: limit, offset: offset)
  }

  // MARK: Sort keys

  func sortKey(_ item: SortItem, _ scope: Scope) throws -> BoundSortKey {
    try sortKey(item, try expression(item.expression, scope))
  }

  func sortKey(_ item: SortItem, _ bound: Bound) throws -> BoundSortKey {
    if case .using(let name) = item.direction, name.symbol != "<", name.symbol != ">" {
      throw ApusError.unsupported("ORDER BY USING \(name) is", position: item.position)
    }
    if bound.type != .unknown, !bound.type.isOrdered {
      throw ApusError(
        .undefinedFunction, "could not identify an ordering operator for type \(bound.type.sqlName)",
        hint: "Use an explicit ordering operator or modify the query.", position: bound.position)
    }
    return BoundSortKey(bound: bound, isDescending: item.isDescending, nullsFirst: item.nullsFirst)
  }

  /// The column that `ORDER BY 2` means, from 0.
  func ordinal(_ constant: Constant, count: Int, _ clause: String, _ position: Int?) throws -> Int {
    guard case .integer(let number) = constant else {
      throw ApusError(.syntaxError, "non-integer constant in \(clause)", position: position)
    }
    guard number >= 1, number <= count else {
      throw ApusError(
        .invalidColumnReference, "\(clause) position \(number) is not in select list", position: position)
    }
    return Int(number - 1)
  }
}
