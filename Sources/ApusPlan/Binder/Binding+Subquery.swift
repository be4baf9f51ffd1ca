// The binding of queries inside expressions: EXISTS, IN, ANY, ALL, ARRAY and scalar ones.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

extension Binding {
  func subquery(_ form: Subquery, position: Int?, _ scope: Scope) throws -> Bound {
    let before = state.selfReferences.count
    let bound = try boundSubquery(form, position: position, scope)
    try refuseSelfReference(since: before, within: "a subquery")
    return bound
  }

  private func boundSubquery(_ form: Subquery, position: Int?, _ scope: Scope) throws -> Bound {
    switch form.form {
    case .exists:
      let bound = try query(form.query, parent: scope, tables: scope.tables, resolvesUnknown: true)
      return finish(.exists, bound.plan, .bool, position)
    case .scalar, .array:
      let bound = try query(form.query, parent: scope, tables: scope.tables, resolvesUnknown: true)
      if bound.fields.count != 1 {
        throw ApusError(.syntaxError, "subquery must return only one column", position: position)
      }
      let type = bound.fields[0].type
      if case .array = form.form {
        if case .array = type { throw ApusError.unsupported("multidimensional arrays are", position: position) }
        return finish(.array, bound.plan, .array(type), position)
      }
      var result = finish(.scalar, bound.plan, type, position)
      result.modifier = bound.fields[0].modifier
      return result
    case .any(let test, let name):
      return try compared(test, name, form.query, isAll: false, position: position, scope)
    case .all(let test, let name):
      return try compared(test, name, form.query, isAll: true, position: position, scope)
    }
  }

  private func finish(
    _ kind: SubqueryExpression.Kind, _ plan: LogicalPlan, _ type: DataType, _ position: Int?
  ) -> Bound {
    Bound(
      .subquery(
        SubqueryExpression(
          kind: kind, plan: plan, isCorrelated: plan.isCorrelated, type: type, identity: nextSubqueryIdentity())),
      position: position)
  }

  /// `test op ANY (query)`; a row on the left is compared column by column.
  private func compared(
    _ test: ExprID, _ name: OperatorName, _ id: QueryID, isAll: Bool, position: Int?, _ scope: Scope
  ) throws -> Bound {
    let operands = try (rowFields(test) ?? [test]).map { try expression($0, scope) }
    let bound = try query(id, parent: scope, tables: scope.tables, resolvesUnknown: true)
    if bound.fields.count != operands.count {
      throw ApusError(
        .syntaxError,
        bound.fields.count > operands.count
          ? "subquery has too many columns" : "subquery has too few columns", position: position)
    }
    let isEquality = name.symbol == "=" || (isAll && name.symbol == "<>")
    if operands.count > 1, !isEquality {
      throw ApusError.unsupported("row comparison \(name) with a subquery is", position: position)
    }
    var values: [Expression] = []
    var functions: [ScalarFunction] = []
    var fields = bound.fields
    for (index, operand) in operands.enumerated() {
      let chosen = try operation(name, [operand.type, bound.fields[index].type], position: position)
      if chosen.result != .bool {
        throw ApusError(
          .datatypeMismatch, "row comparison operator must yield type boolean, not type \(chosen.result.sqlName)",
          position: position)
      }
      values.append(try implicit(operand, chosen.argumentTypes[0]))
      functions.append(chosen.function)
      if fields[index].type != chosen.argumentTypes[1] {
        fields[index] = Field(fields[index].name, chosen.argumentTypes[1])
      }
    }
    let plan = try converted(bound, fields: fields) { value, index in try implicit(value, fields[index].type) }
    let start = [operands.first?.position, position].compactMap { $0 }.min()
    return finish(isAll ? .all(values, functions) : .any(values, functions), plan, .bool, start)
  }
}
