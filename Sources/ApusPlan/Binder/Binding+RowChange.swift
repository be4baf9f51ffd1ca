// The binding of DELETE and UPDATE: which rows of a table, what they become, and what RETURNING shows.

public import ApusBase
public import ApusColumns
import ApusFunctions
public import ApusSyntax

/// A column that no table has: the number of a row, in whatever order the provider counts.
public enum RowNumber {
  public static let column = ColumnReference(column: ColumnID(UInt32.max), type: .int8)
}

/// DELETE or UPDATE, bound.
public struct BoundRowChange: Sendable {
  public var table: any TableProvider
  /// Every stored column of the table.
  public var columns: [TableColumn]
  /// The rows to change, several times where a join finds them so: the row's number, for UPDATE then the new values of
  /// `columns`, then the expressions of RETURNING. See `plan(over:)`.
  var plan: LogicalPlan
  /// WHERE, where nothing is joined: over `columns`.
  public var filter: Expression?
  /// Whether a row may be found more than once.
  public var mayRepeat: Bool
  /// The columns of RETURNING.
  public var returning: [Field]?
  public var parameterTypes: [DataType]

  /// The plan with the table's rows coming from a provider that also gives `RowNumber.column`.
  public func plan(over numbered: any TableProvider) -> LogicalPlan { plan.numbered(by: numbered) }
}

extension LogicalPlan {
  fileprivate func numbered(by table: any TableProvider) -> LogicalPlan {
    if case .scan(var scan) = self, scan.columns.last == RowNumber.column {
      scan.table = table
      return .scan(scan)
    }
    return mapParts(expression: { $0 }, input: { input, _ in input.numbered(by: table) })
  }
}

extension Binder {
  /// Binds DELETE.
  public static func bind(
    delete: Delete, in statement: ParsedStatement, catalog: any BinderCatalog, parameterTypes: [DataType?] = []
  ) throws(ApusError) -> BoundRowChange {
    try wrapping {
      let binding = Binding(arena: statement.arena, catalog: catalog, parameterTypes: parameterTypes)
      var bound = try binding.delete(delete)
      bound.parameterTypes = binding.finishedParameterTypes(count: statement.parameterCount)
      return bound
    }
  }

  /// Binds UPDATE.
  public static func bind(
    update: Update, in statement: ParsedStatement, catalog: any BinderCatalog, parameterTypes: [DataType?] = []
  ) throws(ApusError) -> BoundRowChange {
    try wrapping {
      let binding = Binding(arena: statement.arena, catalog: catalog, parameterTypes: parameterTypes)
      var bound = try binding.update(update)
      bound.parameterTypes = binding.finishedParameterTypes(count: statement.parameterCount)
      return bound
    }
  }
}

/// The rows that a DELETE or UPDATE is about: the target's stored columns, the row's number, then what FROM or USING
/// joins to it.
private struct ChangedRows {
  var table: any TableProvider
  var stored: [TableColumn]
  var plan: LogicalPlan
  /// The target's names over its stored columns alone.
  var target: RangeItem
  /// Names of FROM or USING over its columns alone, and how many these are.
  var joined: [RangeItem]
  var joinedWidth: Int
  /// All names, over the plan.
  var scope: Scope
  var filter: Expression?
}

extension Binding {
  func delete(_ delete: Delete) throws -> BoundRowChange {
    let tables = try delete.with.map { try common($0, parent: nil, outer: nil) }
    let rows = try changedRows(delete.table, delete.alias, delete.using, delete.filter, tables, verb: "delete from")
    let kept = try rows.stored.indices.map { Expression.column($0, rows.stored[$0].type.type) }
    return try change(rows, values: kept, returning: delete.returning, tables, showsValues: false)
  }

  func update(_ update: Update) throws -> BoundRowChange {
    let tables = try update.with.map { try common($0, parent: nil, outer: nil) }
    let rows = try changedRows(update.table, update.alias, update.from, update.filter, tables, verb: "update")
    rows.scope.clause = .update
    let values = try newValues(update.assignments, rows)
    return try change(rows, values: values, returning: update.returning, tables, showsValues: true)
  }

  private func changedRows(
    _ name: QualifiedName, _ alias: Alias?, _ from: [FromID], _ filter: ExprID?, _ tables: CommonTables?, verb: String
  ) throws -> ChangedRows {
    let table: any TableProvider
    switch try lookUp(name) {
    case .table(let found): table = found
    case .view(_, let view, _, _, _):
      throw ApusError(
        SQLState("55000"), "cannot \(verb) view \"\(view)\"", detail: "Views are not updatable here.")
    case .rollup(let rollup):
      throw ApusError(
        .wrongObjectType, "cannot change rollup \"\(rollup.name)\"",
        detail: "A rollup is made of its table's rows.", hint: "Change the table instead.")
    }
    let schema = table.schema
    var target = try item(of: schema)
    if let alias {
      target.hiddenName = target.name
      target.name = alias.name
      for (index, name) in alias.columns.enumerated() where index < target.columns.count {
        target.columns[index].name = name
      }
    }
    let stored = schema.columns.filter { $0.generatedText == nil }
    let scan = ScanNode(
      table: table,
      columns: stored.map { ColumnReference(column: $0.id, type: $0.type.type) } + [RowNumber.column],
      fields: stored.map { Field($0.name, $0.type.type, modifier: $0.type.modifier) } + [Field("row", .int8)])
    var plan = LogicalPlan.scan(scan)
    let others = Scope(parent: nil, tables: tables)
    if !from.isEmpty {
      hiddenItems = [target]
      defer { hiddenItems = [] }
      let joined = try self.from(from, others)
      try checkNames([target], others.items)
      plan = .join(plan, joined, .inner, condition: nil)
    }
    let scope = Scope(parent: nil, tables: tables)
    scope.items = [target] + others.items.map { $0.shifted(by: stored.count + 1) }
    scope.width = stored.count + 1 + others.width
    scope.clause = .filter
    let condition = try filter.map { try boolean(try expression($0, scope), "WHERE") }
    if let condition { plan = .filter(plan, condition) }
    return ChangedRows(
      table: table, stored: stored, plan: plan, target: target, joined: others.items, joinedWidth: others.width,
      scope: scope, filter: condition)
  }

  /// The number, the values and what is joined; then RETURNING over these.
  private func change(
    _ rows: ChangedRows, values: [Expression], returning: [Target], _ tables: CommonTables?, showsValues: Bool
  ) throws -> BoundRowChange {
    let number = Field("row", .int8)
    let valueFields = rows.stored.map { Field($0.name, $0.type.type, modifier: $0.type.modifier) }
    let first = rows.stored.count + 1
    let all = rows.plan.fields
    let joinedFields = rows.joinedWidth == 0 ? [] : Array(all[first..<(first + rows.joinedWidth)])
    var plan = LogicalPlan.project(
      rows.plan,
      [.column(rows.stored.count, .int8)] + values
        + joinedFields.enumerated().map { .column(first + $0.offset, $0.element.type) },
      fields: [number] + valueFields + joinedFields)
    var shown: [Field]?
    var outputs: [Expression] = [.column(0, .int8)]
    var fields = [number]
    if showsValues {
      outputs += valueFields.enumerated().map { .column($0.offset + 1, $0.element.type) }
      fields += valueFields
    }
    if !returning.isEmpty {
      let items = [rows.target.shifted(by: 1)] + rows.joined.map { $0.shifted(by: first) }
      let bound = try self.returning(returning, items, width: first + rows.joinedWidth, tables)
      outputs += bound.expressions
      fields += bound.fields
      shown = bound.fields
    }
    plan = .project(plan, outputs, fields: fields)
    return BoundRowChange(
      table: rows.table, columns: rows.stored, plan: plan, filter: rows.joined.isEmpty ? rows.filter : nil,
      mayRepeat: !rows.joined.isEmpty, returning: shown, parameterTypes: [])
  }

  /// RETURNING over the columns of `items`.
  func returning(
    _ targets: [Target], _ items: [RangeItem], width: Int, _ tables: CommonTables?
  ) throws -> BoundReturning {
    let scope = Scope(parent: nil, tables: tables)
    scope.clause = .returning
    scope.items = items
    scope.width = width
    let bound = try self.targets(targets, scope).map { target in (try resolved(target.bound), target.name) }
    return BoundReturning(
      expressions: bound.map(\.0.expression),
      fields: bound.map { value, name in
        Field(
          name, value.type, modifier: value.modifier, tableOID: value.tableOID, columnNumber: value.columnNumber)
      })
  }

  // MARK: SET

  /// What every stored column becomes.
  private func newValues(_ assignments: [Assignment], _ rows: ChangedRows) throws -> [Expression] {
    var values = rows.stored.indices.map { Expression.column($0, rows.stored[$0].type.type) }
    var seen = Set<ColumnID>()
    for assignment in assignments {
      var sources = [assignment.value]
      if assignment.isMultiple {
        guard case .row(let fields, _) = arena[assignment.value].kind else {
          throw ApusError.unsupported(
            "assigning a subquery to several columns is", position: arena[assignment.value].position)
        }
        guard fields.count == assignment.columns.count else {
          throw ApusError(
            .syntaxError, "number of columns does not match number of values",
            position: arena[assignment.value].position)
        }
        sources = fields
      }
      for (target, source) in zip(assignment.columns, sources) {
        let column = try assigned(target, rows, &seen)
        let isDefault = if case .default = arena[source].kind { true } else { false }
        guard let place = rows.stored.firstIndex(of: column) else {
          if isDefault { continue }
          throw ApusError(
            SQLState("428C9"), "column \"\(column.name)\" can only be updated to DEFAULT",
            detail: "Column \"\(column.name)\" is a generated column.")
        }
        values[place] =
          isDefault ? try defaultValue(of: column, nil) : try assigned(try expression(source, rows.scope), column)
      }
    }
    return values
  }

  private func assigned(
    _ target: Insert.Column, _ rows: ChangedRows, _ seen: inout Set<ColumnID>
  ) throws -> TableColumn {
    let schema = rows.table.schema
    guard let column = schema.columns.first(where: { $0.name == target.name }) else {
      throw ApusError(
        .undefinedColumn, "column \"\(target.name)\" of relation \"\(schema.name)\" does not exist",
        position: target.position)
    }
    if !target.indirection.isEmpty {
      throw ApusError.unsupported("updating parts of a column is", position: target.position)
    }
    if !seen.insert(column.id).inserted {
      throw ApusError(
        .syntaxError, "multiple assignments to same column \"\(target.name)\"", position: target.position)
    }
    return column
  }
}
