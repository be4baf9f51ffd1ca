// The binding of FROM: tables, views, common tables, subqueries, functions and joins.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

/// A bound FROM item: its plan and its names over the plan's columns.
struct BoundFrom {
  var plan: LogicalPlan
  var items: [RangeItem]
  var width: Int
}

/// Where a FROM item stands: what a LATERAL one may see, and how far out the levels are that no item may hide.
private struct Surroundings {
  /// The level that subqueries in the item are inside of: the left sides of lateral joins, then the enclosing query.
  var inner: Scope?
  /// The enclosing query.
  var outer: Scope?
  var tables: CommonTables?

  /// Binds something that may not see the left sides.
  func hidingFrames<T>(_ body: () throws -> T) rethrows -> T {
    var frames: [Scope] = []
    var current = inner
    while let frame = current, frame !== outer {
      if !frame.isHidden { frames.append(frame) }
      current = frame.parent
    }
    frames.forEach { $0.isHidden = true }
    defer { frames.forEach { $0.isHidden = false } }
    return try body()
  }
}

extension Binding {
  /// The plan of a FROM clause; its names go to `scope`. Without FROM: one row of no columns.
  func from(_ ids: [FromID], _ scope: Scope) throws -> LogicalPlan {
    var result: BoundFrom?
    for id in ids {
      guard let left = result else {
        result = try fromItem(id, Surroundings(inner: scope.parent, outer: scope.parent, tables: scope.tables))
        continue
      }
      let around = Surroundings(inner: scope.parent, outer: scope.parent, tables: scope.tables)
      let (right, lateral) = try rightSide(id, left, around)
      try checkNames(left.items, right.items)
      result = BoundFrom(
        plan: lateral != nil
          ? .lateral(left.plan, right.plan, .inner, condition: nil)
          : .join(left.plan, right.plan, .inner, condition: nil),
        items: left.items + right.items.map { $0.shifted(by: left.width) }, width: left.width + right.width)
    }
    guard let result else { return .values(rows: [[]], fields: []) }
    scope.items = result.items
    scope.width = result.width
    return result.plan
  }

  /// An item to the right of `left`: bound one level further in when it may be LATERAL, and moved out again when it
  /// then does not refer to `left`.
  private func rightSide(
    _ id: FromID, _ left: BoundFrom, _ around: Surroundings
  ) throws -> (item: BoundFrom, lateral: Scope?) {
    guard mayBeLateral(id) else {
      let hidden = hiddenItems
      hiddenItems = hidden + left.items
      defer { hiddenItems = hidden }
      return (try fromItem(id, around), nil)
    }
    let frame = Scope(parent: around.inner, tables: around.tables)
    frame.items = left.items
    frame.width = left.width
    frame.recordsReferences = true
    var right = try fromItem(id, Surroundings(inner: frame, outer: around.outer, tables: around.tables))
    if frame.isReferenced { return (right, frame) }
    right.plan = right.plan.deepened(by: -1)
    return (right, nil)
  }

  private func mayBeLateral(_ id: FromID) -> Bool {
    switch arena[id].kind {
    case .relation: false
    case .subquery(_, let isLateral): isLateral
    case .function: true
    case .join(let join): mayBeLateral(join.left) || mayBeLateral(join.right)
    case .tableSample(let sample): mayBeLateral(sample.item)
    }
  }

  func checkNames(_ left: [RangeItem], _ right: [RangeItem]) throws {
    for item in right where item.isVisible {
      guard let name = item.name else { continue }
      for other in left where other.isVisible && other.name == name {
        let areDifferentTables =
          item.hiddenName == nil && other.hiddenName == nil && item.tableOID != 0 && other.tableOID != 0
          && item.tableOID != other.tableOID
        if areDifferentTables { continue }
        throw ApusError(.duplicateAlias, "table name \"\(name)\" specified more than once")
      }
    }
  }

  private func fromItem(_ id: FromID, _ around: Surroundings) throws -> BoundFrom {
    let item = arena[id]
    switch item.kind {
    case .relation(let name, _): return try relation(name, item.alias, around)
    case .subquery(let query, let isLateral):
      let bind = {
        try self.query(query, parent: around.inner, tables: around.tables, resolvesUnknown: true)
      }
      let bound = try isLateral ? bind() : around.hidingFrames(bind)
      return try named(bound.plan, bound.fields, item.alias, position: item.position)
    case .function(let function): return try fromFunction(function, item.alias, position: item.position, around)
    case .join(let join): return try self.join(join, item.alias, position: item.position, around)
    case .tableSample: throw ApusError.unsupported("TABLESAMPLE is", position: item.position)
    }
  }

  /// A plan under the name and the column names of an alias.
  private func named(
    _ plan: LogicalPlan, _ fields: [Field], _ alias: Alias?, position: Int?, defaultName: String? = nil
  ) throws -> BoundFrom {
    var item = RangeItem(
      name: alias?.name ?? defaultName, columns: fields.enumerated().map { ScopeColumn($1, index: $0) })
    try rename(&item, alias)
    return BoundFrom(plan: plan, items: [item], width: fields.count)
  }

  private func rename(_ item: inout RangeItem, _ alias: Alias?) throws {
    guard let alias, !alias.columns.isEmpty else { return }
    let available = item.columns.indices.filter { !item.columns[$0].isHidden }
    if alias.columns.count > available.count {
      throw ApusError(
        .invalidColumnReference,
        "table \"\(alias.name)\" has \(available.count) columns available but \(alias.columns.count) columns "
          + "specified")
    }
    for (index, name) in zip(available, alias.columns) { item.columns[index].name = name }
  }

  // MARK: Relations

  private func relation(_ name: QualifiedName, _ alias: Alias?, _ around: Surroundings) throws -> BoundFrom {
    state.relationCount += 1
    if state.relationCount > 4_096 {
      throw ApusError(.statementTooComplex, "statement refers to more than 4096 relations", position: name.position)
    }
    if name.schema == nil, let table = around.tables?.find(name.name) {
      if let working = table.working {
        let bound = try selfReference(table, working, position: name.position)
        return try self.named(bound.plan, bound.fields, alias, position: name.position, defaultName: name.name)
      }
      let bound = try bind(table)
      table.useCount += 1
      if table.useCount > 1, bound.plan.isVolatile {
        throw ApusError.unsupported(
          "using a WITH query of volatile functions more than once is", position: name.position)
      }
      let plan = bound.plan.deepened(by: depth(of: around.inner) - depth(of: table.scope))
      return try self.named(plan, bound.fields, alias, position: name.position, defaultName: name.name)
    }
    let found = try lookUp(name)
    var result: BoundFrom
    switch found {
    case .table(let table): result = try scan(table)
    case .view(let schema, let view, let oid, let text, let columns):
      result = try self.view(schema, view, oid, text, columns, position: name.position)
    case .rollup(let rollup):
      let relation = RollupRelation(rollup)
      result = try scan(relation)
      for index in result.items[0].columns.indices.dropFirst(relation.visibleCount) {
        result.items[0].columns[index].isHidden = true
      }
    }
    if let alias {
      result.items[0].hiddenName = result.items[0].name
      result.items[0].name = alias.name
      try rename(&result.items[0], alias)
    }
    return result
  }

  func lookUp(_ name: QualifiedName) throws -> Relation {
    if let catalogName = name.catalog, catalogName != catalog.context.database {
      throw ApusError(
        .featureNotSupported, "cross-database references are not implemented: \"\(name.description)\"",
        position: name.position)
    }
    let found: Relation?
    do { found = try catalog.relation(schema: name.schema, name: name.name) } catch {
      // A schema that is not there is a relation that is not there.
      if error.state != .invalidSchemaName { throw error.at(name.position) }
      found = nil
    }
    guard let found else {
      throw ApusError(
        .undefinedTable, "relation \"\(name.description)\" does not exist", position: name.position)
    }
    return found
  }

  /// A scan of every stored column; the optimiser leaves out what is not needed.
  func scan(_ table: any TableProvider) throws -> BoundFrom {
    let schema = table.schema
    var references: [ColumnReference] = []
    var fields: [Field] = []
    for column in schema.columns where column.generatedText == nil {
      references.append(ColumnReference(column: column.id, type: column.type.type))
      fields.append(field(of: column, schema))
    }
    let node = ScanNode(table: table, columns: references, fields: fields)
    return BoundFrom(plan: .scan(node), items: [try item(of: schema)], width: fields.count)
  }

  private func field(of column: TableColumn, _ schema: TableSchema) -> Field {
    Field(
      column.name, column.type.type, modifier: column.type.modifier, tableOID: schema.oid,
      columnNumber: Int16(truncatingIfNeeded: column.id.value))
  }

  /// The names of a table over a row of its stored columns; generated ones are expanded.
  func item(of schema: TableSchema) throws -> RangeItem {
    var item = RangeItem(name: schema.name, schema: schema.schema, columns: [])
    item.tableOID = schema.oid
    item.columns.reserveCapacity(schema.columns.count)
    var stored = 0
    for column in schema.columns {
      if column.generatedText != nil {
        item.columns.append(
          ScopeColumn(
            name: column.name, expression: .literal(.null, column.type.type), modifier: column.type.modifier,
            tableOID: schema.oid, columnNumber: Int16(truncatingIfNeeded: column.id.value)))
        continue
      }
      item.columns.append(ScopeColumn(field(of: column, schema), index: stored))
      stored += 1
    }
    for (index, column) in schema.columns.enumerated() {
      guard let text = column.generatedText else { continue }
      let parsed = try ParsedTexts.expression(text)
      let inner = Binding(arena: parsed.arena, state: state)
      inner.allowsParameters = false
      let scope = Scope(parent: nil)
      scope.clause = .generated
      var visible = item
      visible.columns = zip(item.columns, schema.columns).filter { $1.generatedText == nil }.map { $0.0 }
      scope.items = [visible]
      let bound = try inner.expression(parsed.root, scope)
      guard
        let value = try inner.coerce(
          bound, to: column.type.type, modifier: column.type.modifier, .assignment)
      else {
        throw ApusError(
          .datatypeMismatch,
          "column \"\(column.name)\" is of type \(column.type.type.sqlName) but default expression is of type "
            + bound.type.sqlName)
      }
      item.columns[index].expression = value
    }
    return item
  }

  private func view(
    _ schema: String, _ name: String, _ oid: OID, _ text: String, _ columns: [String], position: Int?
  ) throws -> BoundFrom {
    if state.viewDepth >= 32 {
      throw ApusError(.statementTooComplex, "views are nested too deeply in \"\(name)\"", position: position)
    }
    state.viewDepth += 1
    defer { state.viewDepth -= 1 }
    do {
      let parsed = try ParsedTexts.statement(text)
      guard case .select(let query) = parsed.root else {
        throw ApusError.unexpected("view \"\(name)\" is not a query")
      }
      let inner = Binding(arena: parsed.arena, state: state)
      inner.allowsParameters = false
      let bound = try inner.query(query, parent: nil, tables: nil, resolvesUnknown: true)
      var item = RangeItem(name: name, schema: schema, columns: [])
      item.tableOID = oid
      for (index, field) in bound.fields.enumerated() {
        var column = ScopeColumn(field, index: index)
        if index < columns.count { column.name = columns[index] }
        column.tableOID = oid
        column.columnNumber = Int16(truncatingIfNeeded: index + 1)
        item.columns.append(column)
      }
      return BoundFrom(plan: bound.plan, items: [item], width: bound.fields.count)
    } catch {
      // Places in a view's text mean nothing to who wrote the statement.
      var wrapped = ApusError.wrapping(error)
      wrapped.position = position
      throw wrapped
    }
  }

  // MARK: Functions

  private func fromFunction(
    _ range: RangeFunction, _ alias: Alias?, position: Int?, _ around: Surroundings
  ) throws -> BoundFrom {
    guard let item = range.functions.first else { throw ApusError.unexpected("FROM names no function") }
    // The arguments are seen from inside: as a subquery without FROM would see them.
    let scope = Scope(parent: around.inner, tables: around.tables)
    scope.clause = .fromFunction
    if let record = try recordFunction(range, scope, position: position) {
      return try named(
        record.plan, record.fields, alias, position: position, defaultName: arena.outputName(of: item.call))
    }
    if let all = try sideBySide(range, scope) {
      var fields = all.columns.map { Field($0.name, $0.type) }
      if range.withOrdinality { fields.append(Field("ordinality", .int8)) }
      return try named(
        .tableFunction(all.function, all.arguments, ordinality: range.withOrdinality, fields: fields), fields, alias,
        position: position, defaultName: arena.outputName(of: item.call))
    }
    var name: String? = arena.outputName(of: item.call)
    var columns: [(name: String, type: DataType)]
    var plan: LogicalPlan
    var fields: [Field] = []
    if case .function(let call) = arena[item.call].kind, let table = try tableCall(call, item.call, scope) {
      name = call.name
      columns = try table.function.columns(table.arguments.map(\.type))
      if columns.count == 1, columns[0].name == call.name, let alias { columns[0].name = alias.name }
      fields = columns.map { Field($0.name, $0.type) }
      if range.withOrdinality { fields.append(Field("ordinality", .int8)) }
      plan = .tableFunction(table.function, table.arguments, ordinality: range.withOrdinality, fields: fields)
    } else {
      let bound = try resolved(expression(item.call, scope))
      fields = [Field(alias?.name ?? name ?? "?column?", bound.type, modifier: bound.modifier)]
      var outputs = [bound.expression]
      if range.withOrdinality {
        fields.append(Field("ordinality", .int8))
        outputs.append(.literal(.int(1), .int8))
      }
      plan = .project(.values(rows: [[]], fields: []), outputs, fields: fields)
    }
    var result = try named(plan, fields, alias, position: position, defaultName: name)
    result.items[0].isScalarFunction = fields.count == 1
    return result
  }

  /// The set-returning function that the call means; nil when it is of another kind.
  func tableCall(
    _ call: FunctionCall, _ id: ExprID, _ scope: Scope
  ) throws -> (function: TableFunction, arguments: [Expression])? {
    if catalog.functions.tableFunctions(named: call.name).isEmpty { return nil }
    if call.isVariadic || call.arguments.contains(where: { $0.name != nil }) {
      throw ApusError.unsupported("named and VARIADIC arguments are", position: arena[id].position)
    }
    let inputs = try call.arguments.map { try expression($0.value, scope) }
    let chosen = try choose(call, inputs, position: arena[id].position)
    guard case .table(let function) = chosen.callable else { return nil }
    return (function, chosen.arguments)
  }

  // MARK: Joins

  private func join(
    _ join: Join, _ alias: Alias?, position: Int?, _ around: Surroundings
  ) throws -> BoundFrom {
    var before = state.selfReferences.count
    var left = try fromItem(join.left, around)
    if join.kind == .right || join.kind == .full { try refuseSelfReference(since: before, within: "an outer join") }
    before = state.selfReferences.count
    var (right, lateral) = try rightSide(join.right, left, around)
    if join.kind == .left || join.kind == .full { try refuseSelfReference(since: before, within: "an outer join") }
    try checkNames(left.items, right.items)
    let kind: JoinKind =
      switch join.kind {
      case .inner: .inner
      case .left: .left
      case .right: .right
      case .full: .full
      }
    if let lateral, kind == .right || kind == .full {
      let reference = lateral.references.first
      throw ApusError(
        .invalidColumnReference,
        "invalid reference to FROM-clause entry for table \"\(reference?.item ?? "")\"",
        detail: "The combining JOIN type must be INNER or LEFT for a LATERAL reference.",
        position: reference?.position ?? position)
    }
    if kind == .left || kind == .full {
      right = materialised(right)
      for index in right.items.indices { right.items[index].mayBeMissing = true }
    }
    if kind == .right || kind == .full {
      left = materialised(left)
      for index in left.items.indices { left.items[index].mayBeMissing = true }
    }
    var items = left.items + right.items.map { $0.shifted(by: left.width) }
    var condition: Expression?
    var merged: RangeItem?
    if join.isNatural || !join.using.isEmpty {
      let names = join.isNatural ? try commonNames(left.items, right.items) : join.using
      (condition, merged) = try using(names, left, right, kind)
      for index in items.indices { items[index].columnsAreVisible = false }
    } else if let id = join.condition {
      condition = try around.hidingFrames {
        let scope = Scope(parent: around.inner, tables: around.tables)
        scope.items = items
        scope.width = left.width + right.width
        scope.clause = .joinCondition
        return try boolean(try expression(id, scope), "JOIN/ON")
      }
    }
    if var merged {
      if let alias = join.usingAlias {
        var item = merged
        item.name = alias.name
        item.columns = Array(merged.columns.prefix(join.using.count))
        item.columnsAreVisible = false
        items.append(item)
      }
      merged.isVisible = false
      items.append(merged)
    }
    if let alias {
      var item = RangeItem(name: alias.name, columns: items.filter(\.columnsAreVisible).flatMap(\.columns))
      try rename(&item, alias)
      items = [item]
    }
    let plan: LogicalPlan =
      lateral != nil
      ? .lateral(left.plan, right.plan, kind, condition: condition)
      : .join(left.plan, right.plan, kind, condition: condition)
    return BoundFrom(plan: plan, items: items, width: left.width + right.width)
  }

  /// A side that an outer join may fill with nulls: columns that are computed (generated, merged by USING) must be
  /// computed below it.
  private func materialised(_ side: BoundFrom) -> BoundFrom {
    var result = side
    var fields = side.plan.fields
    var outputs: [Expression] = fields.enumerated().map { .column($0, $1.type) }
    for (itemIndex, item) in side.items.enumerated() {
      for (columnIndex, column) in item.columns.enumerated() {
        if case .column = column.expression { continue }
        result.items[itemIndex].columns[columnIndex].expression = .column(outputs.count, column.expression.type)
        outputs.append(column.expression)
        fields.append(column.field)
      }
    }
    if outputs.count == side.width { return side }
    result.plan = .project(side.plan, outputs, fields: fields)
    result.width = outputs.count
    return result
  }

  private func commonNames(_ left: [RangeItem], _ right: [RangeItem]) throws -> [String] {
    func names(_ side: [RangeItem]) -> [String] {
      side.filter(\.columnsAreVisible).flatMap { item in item.columns.filter { !$0.isHidden }.map(\.name) }
    }
    let others = names(right)
    return names(left).filter { others.contains($0) }
  }

  /// The condition of USING and the item whose columns are the merged ones, then the others of both sides.
  private func using(
    _ names: [String], _ left: BoundFrom, _ right: BoundFrom, _ kind: JoinKind
  ) throws -> (Expression?, RangeItem) {
    func visible(_ side: BoundFrom, shift: Int) -> [ScopeColumn] {
      side.items.filter(\.columnsAreVisible).flatMap { shift == 0 ? $0.columns : $0.shifted(by: shift).columns }
    }
    let lefts = visible(left, shift: 0)
    let rights = visible(right, shift: left.width)
    func find(_ name: String, _ columns: [ScopeColumn], _ side: String) throws -> ScopeColumn {
      let found = columns.filter { $0.name == name }
      if found.count > 1 {
        throw ApusError(
          .ambiguousColumn, "common column name \"\(name)\" appears more than once in \(side) table")
      }
      guard let column = found.first else {
        throw ApusError(
          .undefinedColumn, "column \"\(name)\" specified in USING clause does not exist in \(side) table")
      }
      return column
    }
    var conditions: [Expression] = []
    var merged = RangeItem(name: nil, columns: [])
    for (index, name) in names.enumerated() {
      if names[..<index].contains(name) {
        throw ApusError(.duplicateColumn, "column name \"\(name)\" appears more than once in USING clause")
      }
      let a = try find(name, lefts, "left")
      let b = try find(name, rights, "right")
      let boundA = Bound(a.expression, modifier: a.modifier)
      let boundB = Bound(b.expression, modifier: b.modifier)
      conditions.append(try apply(OperatorName(symbol: "="), boundA, boundB, position: nil).expression)
      let type = try commonType([boundA, boundB], "JOIN/USING")
      let leftValue = try coerceToCommon(boundA, type, "JOIN/USING")
      let rightValue = try coerceToCommon(boundB, type, "JOIN/USING")
      let value: Expression =
        switch kind {
        case .right: rightValue
        case .full: .coalesce([leftValue, rightValue], type)
        default: leftValue
        }
      let isPlain = value == a.expression
      merged.columns.append(
        ScopeColumn(
          name: name, expression: value, modifier: a.modifier == b.modifier ? a.modifier : -1,
          tableOID: isPlain ? a.tableOID : 0, columnNumber: isPlain ? a.columnNumber : 0))
    }
    merged.columns.append(contentsOf: lefts.filter { !names.contains($0.name) })
    merged.columns.append(contentsOf: rights.filter { !names.contains($0.name) })
    return (.conjunction(conditions), merged)
  }
}

extension RangeItem {
  func shifted(by offset: Int) -> RangeItem {
    var item = self
    for index in item.columns.indices { item.columns[index].expression = columns[index].expression.shifted(by: offset) }
    return item
  }
}

extension LogicalPlan {
  /// Whether any expression of the plan calls a volatile function.
  var isVolatile: Bool {
    var found = false
    forEachPart(
      expression: { if $0.isVolatile { found = true } },
      input: { plan, _ in if !found, plan.isVolatile { found = true } })
    return found
  }
}
