// The binding of WITH RECURSIVE: the two terms of a recursive query, and where it may refer to itself.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

/// What a common table is within its own recursive term: the rows of the round before.
final class WorkingTable {
  let identity: Int
  let fields: [Field]
  var references = 0
  /// Whether the recursive term is still being bound.
  var isOpen = true

  init(identity: Int, fields: [Field]) {
    self.identity = identity
    self.fields = fields
  }
}

/// Where a common table is named within its own recursive term.
struct SelfReference {
  let working: WorkingTable
  let name: String
  let position: Int?
}

extension Binding {
  /// The plan of a common table that refers to itself; nil when it does not and is an ordinary query.
  func recursiveQuery(_ id: QueryID, _ definition: CommonTableDefinition) throws -> BoundPlan? {
    let query = arena[id]
    guard definition.isRecursive, case .setOperation(let first, let rest) = query.body, let last = rest.last,
      last.operation == .union
    else { return nil }
    // An ordinary query is bound again from the start: nothing of this attempt may be left.
    let parameterTypes = state.parameterTypes
    let visible = try query.with.map { try common($0, parent: definition.scope, outer: definition.visible) }
    let tables = visible ?? definition.visible
    var base =
      try rest.count == 1
      ? self.query(first, parent: definition.scope, tables: tables, resolvesUnknown: true)
      : resolvedLiterals(setOperation(first, Array(rest.dropLast()), parent: definition.scope, tables: tables))
    for (index, name) in definition.table.columns.enumerated() where index < base.fields.count {
      base.fields[index].name = name
    }
    let fields = base.fields.map { Field($0.name, $0.type, modifier: $0.modifier) }
    let working = WorkingTable(identity: nextSubqueryIdentity(), fields: fields)
    definition.working = working
    defer {
      definition.working = nil
      working.isOpen = false
    }
    let step = try self.query(last.query, parent: definition.scope, tables: tables, resolvesUnknown: false)
    if working.references == 0 {
      state.parameterTypes = parameterTypes
      return nil
    }
    if let item = query.orderBy.first {
      throw ApusError.unsupported("ORDER BY in a recursive query is", position: item.position)
    }
    if query.limit != nil || query.offset != nil {
      throw ApusError.unsupported("\(query.limit == nil ? "OFFSET" : "LIMIT") in a recursive query is")
    }
    let plan = try stepPlan(step, base, name: definition.table.name)
    if !last.isAll, let field = fields.first(where: { !$0.type.isEquatable }) {
      throw ApusError(
        .undefinedFunction, "could not identify an equality operator for type \(field.type.sqlName)")
    }
    return BoundPlan(
      plan: .recursive(
        base: base.plan, step: plan, identity: working.identity, all: last.isAll, fields: fields),
      fields: fields, positions: base.positions)
  }

  /// Literals of the non-recursive term that nothing decided are text.
  private func resolvedLiterals(_ bound: BoundPlan) throws -> BoundPlan {
    guard bound.fields.contains(where: { $0.type == .unknown }) else { return bound }
    var result = bound
    for index in result.fields.indices where result.fields[index].type == .unknown {
      result.fields[index] = Field(result.fields[index].name, .text)
    }
    result.plan = try converted(bound, fields: result.fields) { value, index in
      try coerceToCommon(value, result.fields[index].type, "UNION")
    }
    return result
  }

  /// The recursive term in the types of the other, which must be those of both.
  private func stepPlan(_ step: BoundPlan, _ base: BoundPlan, name: String) throws -> LogicalPlan {
    guard step.fields.count == base.fields.count else {
      throw ApusError(
        .syntaxError, "each UNION query must have the same number of columns", position: step.positions.first ?? nil)
    }
    for (column, field) in base.fields.enumerated() {
      let own = Bound(.literal(.null, field.type), position: base.positions[column])
      let other = Bound(.literal(.null, step.fields[column].type), position: step.positions[column])
      let type = try commonType([own, other], "UNION")
      if type != field.type {
        throw ApusError(
          .datatypeMismatch,
          "recursive query \"\(name)\" column \(column + 1) has type \(field.type.sqlName) in non-recursive term but "
            + "type \(type.sqlName) overall",
          hint: "Cast the output of the non-recursive term to the correct type.", position: base.positions[column])
      }
    }
    let fields = base.fields.map { Field($0.name, $0.type) }
    return try converted(step, fields: fields) { value, index in
      try coerceToCommon(value, fields[index].type, "UNION")
    }
  }

  /// A common table named within its recursive term.
  func selfReference(
    _ definition: CommonTableDefinition, _ working: WorkingTable, position: Int?
  ) throws -> BoundPlan {
    try refuseMutualRecursion(definition, position: position)
    working.references += 1
    if working.references > 1 {
      throw invalidRecursion(
        "recursive reference to query \"\(definition.table.name)\" must not appear more than once", position)
    }
    state.selfReferences.append(
      SelfReference(working: working, name: definition.table.name, position: position))
    hasSelfReference = true
    return BoundPlan(
      plan: .working(identity: working.identity, fields: working.fields), fields: working.fields,
      positions: working.fields.map { _ in position })
  }

  /// A common table named while it is bound, but not within its recursive term.
  func misplacedSelfReference(_ definition: CommonTableDefinition) -> ApusError {
    do { try refuseMutualRecursion(definition, position: definition.table.position) } catch {
      return ApusError.wrapping(error)
    }
    let name = definition.table.name
    if case .query(let id) = definition.table.body, case .setOperation(_, let rest) = arena[id].body,
      rest.last?.operation == .union
    {
      return invalidRecursion(
        "recursive reference to query \"\(name)\" must not appear within its non-recursive term",
        definition.table.position)
    }
    return invalidRecursion(
      "recursive query \"\(name)\" does not have the form non-recursive-term UNION [ALL] recursive-term",
      definition.table.position)
  }

  private func refuseMutualRecursion(_ definition: CommonTableDefinition, position: Int?) throws {
    if let inner = commonTablesBeingBound.last, inner !== definition, inner.isRecursive,
      inner.visible === definition.visible
    {
      throw ApusError(
        .featureNotSupported, "mutual recursion between WITH items is not implemented", position: position)
    }
  }

  /// Throws when something bound since `before` refers to a recursive query from where it may not.
  func refuseSelfReference(since before: Int, within place: String) throws {
    // A recursion that lies within the place as a whole is none of its business.
    guard let found = state.selfReferences[before...].first(where: { $0.working.isOpen }) else { return }
    throw invalidRecursion(
      "recursive reference to query \"\(found.name)\" must not appear within \(place)", found.position)
  }

  private func invalidRecursion(_ message: String, _ position: Int?) -> ApusError {
    ApusError(SQLState("42P19"), message, position: position)
  }
}
