// The binding of statements that add rows: INSERT, COPY's columns, and expressions on their own.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

extension Binding {
  /// A table that rows may go into.
  private func target(_ name: QualifiedName) throws -> any TableProvider {
    switch try lookUp(name) {
    case .table(let table): return table
    case .view(_, let view, _, _, _):
      throw ApusError(
        SQLState("55000"), "cannot insert into view \"\(view)\"",
        detail: "Views are not updatable here.", position: nil)
    case .rollup(let rollup):
      throw ApusError(
        .wrongObjectType, "cannot change rollup \"\(rollup.name)\"",
        detail: "A rollup is made of its table's rows.", hint: "Change the table instead.")
    }
  }

  // MARK: INSERT

  func insert(_ insert: Insert) throws -> BoundInsert {
    let tables = try insert.with.map { try common($0, parent: nil, outer: nil) }
    if insert.overriding != .none { throw ApusError.unsupported("OVERRIDING is", position: insert.table.position) }
    let conflictColumns = try self.conflictColumns(insert.onConflict, insert.table)
    let table = try target(insert.table)
    let schema = table.schema
    let targets = try insertTargets(insert.columns, schema)
    let stored = schema.columns.filter { $0.generatedText == nil }
    hiddenItems = [try item(of: schema)]
    defer { hiddenItems = [] }
    let plan: LogicalPlan
    if let source = insert.source {
      plan = try self.source(source, insert, targets, stored, tables)
    } else {
      plan = .values(rows: [try stored.map { try defaultValue(of: $0, schema) }], fields: stored.map(field))
    }
    var returning: BoundReturning?
    if !insert.returning.isEmpty {
      var item = try self.item(of: schema)
      if let alias = insert.alias {
        item.hiddenName = item.name
        item.name = alias
      }
      returning = try self.returning(insert.returning, [item], width: stored.count, tables)
    }
    return BoundInsert(
      table: table, columns: stored, plan: plan, returning: returning, conflictColumns: conflictColumns,
      parameterTypes: [])
  }

  private func conflictColumns(_ conflict: OnConflict?, _ table: QualifiedName) throws -> [String]? {
    guard let conflict else { return nil }
    if conflict.update != nil { throw ApusError.unsupported("ON CONFLICT DO UPDATE is", position: conflict.position) }
    switch conflict.arbiter {
    case .none: return []
    case .columns(let elements, nil):
      return try elements.map { element in
        guard let name = element.column else {
          throw ApusError.unsupported("ON CONFLICT with an expression is", position: conflict.position)
        }
        return name
      }
    case .columns: throw ApusError.unsupported("ON CONFLICT with a condition is", position: conflict.position)
    case .constraint(let name):
      throw ApusError(
        .undefinedObject, "constraint \"\(name)\" for table \"\(table.name)\" does not exist",
        position: conflict.position)
    }
  }

  private func field(_ column: TableColumn) -> Field {
    Field(column.name, column.type.type, modifier: column.type.modifier)
  }

  /// The columns that INSERT names, or all of them.
  private func insertTargets(_ names: [Insert.Column], _ schema: TableSchema) throws -> [TableColumn] {
    if names.isEmpty { return schema.columns }
    var found: [TableColumn] = []
    for name in names {
      guard let column = schema.columns.first(where: { $0.name == name.name }) else {
        throw ApusError(
          .undefinedColumn, "column \"\(name.name)\" of relation \"\(schema.name)\" does not exist",
          position: name.position)
      }
      if !name.indirection.isEmpty {
        throw ApusError.unsupported("inserting into parts of a column is", position: name.position)
      }
      if found.contains(column) {
        throw ApusError(
          .duplicateColumn, "column \"\(name.name)\" specified more than once", position: name.position)
      }
      found.append(column)
    }
    return found
  }

  private func source(
    _ id: QueryID, _ insert: Insert, _ targets: [TableColumn], _ stored: [TableColumn], _ tables: CommonTables?
  ) throws -> LogicalPlan {
    if case .values(let rows) = arena[id].body, arena[id].with == nil, arena[id].orderBy.isEmpty,
      arena[id].limit == nil, arena[id].offset == nil
    {
      return try insertedRows(rows, insert, targets, stored, tables)
    }
    let bound = try query(id, parent: nil, tables: tables, resolvesUnknown: false)
    try checkCount(bound.fields.count, insert, targets, positions: bound.positions)
    let given = Array(targets.prefix(bound.fields.count))
    for column in given where column.generatedText != nil { throw generated(column) }
    let plan = try converted(bound, fields: given.map(field)) { value, index in
      try assigned(value, given[index])
    }
    let outputs = try stored.map { column in
      if let index = given.firstIndex(where: { $0.id == column.id }) {
        return Expression.column(index, column.type.type)
      }
      return try defaultValue(of: column, nil)
    }
    let isIdentity = given.count == stored.count && zip(given, stored).allSatisfy { $0.id == $1.id }
    return isIdentity ? plan : .project(plan, outputs, fields: stored.map(field))
  }

  private func insertedRows(
    _ rows: [[ExprID]], _ insert: Insert, _ targets: [TableColumn], _ stored: [TableColumn],
    _ tables: CommonTables?
  ) throws -> LogicalPlan {
    let scope = Scope(parent: nil, tables: tables)
    scope.clause = .values
    var places: [ColumnID: Int] = [:]
    for (index, column) in targets.enumerated() { places[column.id] = index }
    let columnPlaces = stored.map { places[$0.id] }
    let defaults = try stored.map { try defaultValue(of: $0, nil) }
    let generatedPlaces = targets.indices.filter { targets[$0].generatedText != nil }
    var result: [[Expression]] = []
    result.reserveCapacity(rows.count)
    for row in rows {
      if let first = rows.first, row.count != first.count {
        throw ApusError(
          .syntaxError, "VALUES lists must all be the same length",
          position: row.first.flatMap { arena[$0].position })
      }
      try checkCount(row.count, insert, targets, positions: row.map { arena[$0].position })
      for place in generatedPlaces where place < row.count {
        if case .default = arena[row[place]].kind { continue }
        throw generated(targets[place])
      }
      var values: [Expression] = []
      values.reserveCapacity(stored.count)
      for (index, place) in columnPlaces.enumerated() {
        guard let place, place < row.count else {
          values.append(defaults[index])
          continue
        }
        if case .default = arena[row[place]].kind {
          values.append(defaults[index])
          continue
        }
        values.append(try assigned(try expression(row[place], scope), stored[index]))
      }
      result.append(values)
    }
    return .values(rows: result, fields: stored.map(field))
  }

  private func checkCount(
    _ count: Int, _ insert: Insert, _ targets: [TableColumn], positions: [Int?]
  ) throws {
    if count > targets.count {
      throw ApusError(
        .syntaxError, "INSERT has more expressions than target columns", position: positions[targets.count])
    }
    if !insert.columns.isEmpty, count < targets.count {
      throw ApusError(
        .syntaxError, "INSERT has more target columns than expressions", position: insert.columns[count].position)
    }
  }

  private func generated(_ column: TableColumn) -> ApusError {
    ApusError(
      SQLState("428C9"), "cannot insert a non-DEFAULT value into column \"\(column.name)\"",
      detail: "Column \"\(column.name)\" is a generated column.")
  }

  /// A value for a column, cast by assignment.
  func assigned(_ bound: Bound, _ column: TableColumn) throws -> Expression {
    guard let value = try coerce(bound, to: column.type.type, modifier: column.type.modifier, .assignment) else {
      throw ApusError(
        .datatypeMismatch,
        "column \"\(column.name)\" is of type \(column.type.type.sqlName) but expression is of type "
          + bound.type.sqlName,
        hint: "You will need to rewrite or cast the expression.", position: bound.position)
    }
    return value
  }

  func defaultValue(of column: TableColumn, _ schema: TableSchema?) throws -> Expression {
    guard let text = column.defaultText else { return .literal(.null, column.type.type) }
    let parsed = try ParsedTexts.expression(text)
    let inner = Binding(arena: parsed.arena, state: state)
    do {
      return try inner.standalone(parsed.root, columns: [], table: nil, type: column.type, name: column.name)
    } catch {
      var wrapped = ApusError.wrapping(error)
      wrapped.position = nil
      throw wrapped
    }
  }

  // MARK: Expressions on their own

  func standalone(
    _ id: ExprID, columns: [TableColumn], table: String?, type: TypeReference?, name: String
  ) throws -> Expression {
    allowsParameters = false
    let scope = Scope(parent: nil)
    scope.clause = columns.isEmpty ? .defaultValue : .generated
    if !columns.isEmpty {
      let schema = TableSchema(oid: 0, schema: "", name: table ?? "", columns: columns)
      var item = try self.item(of: schema)
      if table == nil { item.name = nil }
      scope.items = [item]
    }
    let bound = try resolvedUnless(type != nil, expression(id, scope))
    if bound.expression.hasSubquery {
      throw ApusError(.featureNotSupported, "cannot use subquery in \(scope.clause.rawValue)")
    }
    guard let type else { return bound.expression }
    guard let value = try coerce(bound, to: type.type, modifier: type.modifier, .assignment) else {
      throw ApusError(
        .datatypeMismatch,
        "column \"\(name)\" is of type \(type.type.sqlName) but default expression is of type \(bound.type.sqlName)",
        hint: "You will need to rewrite or cast the expression.")
    }
    return value
  }

  private func resolvedUnless(_ keeps: Bool, _ bound: Bound) throws -> Bound { keeps ? bound : try resolved(bound) }

  // MARK: COPY

  func copy(_ name: QualifiedName, columns: [String], isFrom: Bool) throws -> BoundCopy {
    let table: any TableProvider
    switch try lookUp(name) {
    case .table(let found): table = found
    case .view(_, let view, _, _, _):
      throw ApusError(
        .wrongObjectType, isFrom ? "cannot copy to view \"\(view)\"" : "cannot copy from view \"\(view)\"",
        hint: isFrom ? nil : "Try the COPY (SELECT ...) TO variant.")
    case .rollup(let rollup):
      throw ApusError(
        .wrongObjectType,
        isFrom ? "cannot copy to rollup \"\(rollup.name)\"" : "cannot copy from rollup \"\(rollup.name)\"",
        hint: isFrom ? nil : "Try the COPY (SELECT ...) TO variant.")
    }
    let schema = table.schema
    var found: [TableColumn] = []
    for name in columns {
      guard let column = schema.columns.first(where: { $0.name == name }) else {
        throw ApusError(.undefinedColumn, "column \"\(name)\" of relation \"\(schema.name)\" does not exist")
      }
      if column.generatedText != nil {
        throw ApusError(
          .invalidColumnReference, "column \"\(name)\" is a generated column",
          detail: "Generated columns cannot be used in COPY.")
      }
      if found.contains(column) {
        throw ApusError(.duplicateColumn, "column \"\(name)\" specified more than once")
      }
      found.append(column)
    }
    if columns.isEmpty { found = schema.columns.filter { $0.generatedText == nil } }
    var defaults: [(column: TableColumn, value: Expression)] = []
    for column in schema.columns where column.generatedText == nil && !found.contains(column) {
      defaults.append((column, try defaultValue(of: column, schema)))
    }
    return BoundCopy(table: table, columns: found, defaults: defaults)
  }
}
