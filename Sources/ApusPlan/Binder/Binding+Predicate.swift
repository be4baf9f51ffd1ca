// The binding of tests: IN, ANY, LIKE, BETWEEN, DISTINCT, NULLIF, IS NULL, CASE.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

private let equals = OperatorName(symbol: "=")

extension Binding {
  func quantified(
    _ name: OperatorName, _ left: ExprID, _ array: ExprID, isAll: Bool, position: Int?, _ scope: Scope
  ) throws -> Bound {
    let operand = try expression(left, scope)
    let list = try expression(array, scope)
    let element: DataType
    if list.type == .unknown {
      element = .unknown
    } else if let found = list.type.elementType {
      element = found
    } else {
      throw ApusError(
        .wrongObjectType, "op ANY/ALL (array) requires array on right side", position: position)
    }
    let chosen = try operation(name, [operand.type, element], position: position)
    if chosen.result != .bool {
      throw ApusError(.wrongObjectType, "op ANY/ALL (array) requires operator to yield boolean", position: position)
    }
    let wanted = chosen.argumentTypes[1]
    let arrayValue =
      list.type.elementType == wanted ? list.expression : try implicit(list, .array(wanted))
    return Bound(
      .quantified(try implicit(operand, chosen.argumentTypes[0]), chosen.function, array: arrayValue, all: isAll),
      position: operand.position)
  }

  // MARK: IN

  func inList(
    _ operand: ExprID, _ list: [ExprID], isNegated: Bool, position: Int?, _ scope: Scope
  ) throws -> Bound {
    if let fields = rowFields(operand) {
      let left = try fields.map { try expression($0, scope) }
      var alternatives: [Expression] = []
      for item in list {
        guard let others = rowFields(item), others.count == left.count else {
          throw ApusError(.syntaxError, "unequal number of entries in row expressions", position: position)
        }
        let pairs = try zip(left, others).map { ($0, try expression($1, scope)) }
        alternatives.append(try compareRows(equals, pairs, position: position).expression)
      }
      let any: Expression = alternatives.count == 1 ? alternatives[0] : .or(alternatives)
      return Bound(isNegated ? .not(any) : any, position: position)
    }
    let left = try expression(operand, scope)
    let items = try list.map { try expression($0, scope) }
    if let values = try constantList(left, items, isNegated: isNegated) {
      return Bound(values, position: left.position)
    }
    var alternatives: [Expression] = []
    for item in items {
      alternatives.append(try boolean(try apply(equals, left, item, position: position), "IN"))
    }
    let any: Expression = alternatives.count == 1 ? alternatives[0] : .or(alternatives)
    return Bound(isNegated ? .not(any) : any, position: left.position)
  }

  /// `left IN (constants)` as one list of values; nil when an item is not constant or the types have no common one.
  private func constantList(_ left: Bound, _ items: [Bound], isNegated: Bool) throws -> Expression? {
    for item in items { guard case .literal = item.expression else { return nil } }
    guard let common = commonTypeIfAny([left] + items), common.elementType == nil, common != .record,
      let chosen = try? operation(equals, [common, common], position: nil), chosen.result == .bool,
      chosen.argumentTypes[0] == chosen.argumentTypes[1]
    else { return nil }
    let type = chosen.argumentTypes[0]
    var values: [Value] = []
    values.reserveCapacity(items.count)
    for item in items {
      let cast = try coerce(item, to: common, .implicit).flatMap {
        try coerce(Bound($0, position: item.position), to: type, .implicit)
      }
      guard let cast, case .literal(let value, _) = ConstantFolder.folded(cast, context: catalog.context) else {
        return nil
      }
      values.append(value)
    }
    guard let first = try coerce(left, to: common, .implicit),
      let operand = try coerce(Bound(first, position: left.position), to: type, .implicit)
    else { return nil }
    return .inList(operand, values, type, negated: isNegated)
  }

  // MARK: LIKE

  func pattern(_ match: PatternMatch, position: Int?, _ scope: Scope) throws -> Bound {
    let operand = try expression(match.operand, scope)
    var pattern = try expression(match.pattern, scope)
    let escape = try match.escape.map { try expression($0, scope) }
    let symbol: String
    switch match.form {
    case .like, .caseInsensitiveLike:
      symbol = match.form == .like ? "~~" : "~~*"
      if let escape {
        pattern = try callNamed("like_escape", [pattern, escape], position: position, feature: "LIKE ... ESCAPE is")
      }
    case .similar:
      symbol = "~"
      pattern = try callNamed(
        "similar_to_escape", escape.map { [pattern, $0] } ?? [pattern], position: position, feature: "SIMILAR TO is")
    }
    return try apply(
      OperatorName(symbol: match.isNegated ? "!" + symbol : symbol), operand, pattern, position: position)
  }

  /// A call of a pg_catalog function that syntax stands for; 0A000 when it is not there.
  private func callNamed(_ name: String, _ inputs: [Bound], position: Int?, feature: String) throws -> Bound {
    let candidates = catalog.functions.scalars(named: name).map {
      Candidate(callable: .scalar($0), parameters: $0.parameters)
    }
    guard
      case .found(let candidate, let types, let polymorphic) = resolution.resolve(
        candidates, inputs.map(\.type), isOperator: false), case .scalar(let function) = candidate.callable
    else { throw ApusError.unsupported(feature, position: position) }
    let arguments = try zip(inputs, types).map { try implicit($0, $1) }
    return Bound(.call(function, arguments, function.result.type(polymorphic)), position: inputs.first?.position)
  }

  // MARK: BETWEEN, DISTINCT, NULLIF

  func between(_ form: Between, position: Int?, _ scope: Scope) throws -> Bound {
    let operand = try expression(form.operand, scope)
    let low = try expression(form.low, scope)
    let high = try expression(form.high, scope)
    func within(_ low: Bound, _ high: Bound) throws -> Expression {
      .and([
        try boolean(try apply(OperatorName(symbol: ">="), operand, low, position: position), "BETWEEN"),
        try boolean(try apply(OperatorName(symbol: "<="), operand, high, position: position), "BETWEEN"),
      ])
    }
    func outside(_ low: Bound, _ high: Bound) throws -> Expression {
      .or([
        try boolean(try apply(OperatorName(symbol: "<"), operand, low, position: position), "BETWEEN"),
        try boolean(try apply(OperatorName(symbol: ">"), operand, high, position: position), "BETWEEN"),
      ])
    }
    let result: Expression
    switch (form.isNegated, form.isSymmetric) {
    case (false, false): result = try within(low, high)
    case (false, true): result = .or([try within(low, high), try within(high, low)])
    case (true, false): result = try outside(low, high)
    case (true, true): result = .and([try outside(low, high), try outside(high, low)])
    }
    return Bound(result, position: operand.position)
  }

  func distinct(
    _ left: ExprID, _ right: ExprID, isNegated: Bool, position: Int?, _ scope: Scope
  ) throws -> Bound {
    if let fields = rowFields(left), let others = rowFields(right) {
      if fields.count != others.count {
        throw ApusError(.syntaxError, "unequal number of entries in row expressions", position: position)
      }
      let parts = try zip(fields, others).map {
        try distinct(try expression($0, scope), try expression($1, scope), isNegated: isNegated, position: position)
      }
      return Bound(isNegated ? .and(parts) : .or(parts), position: position)
    }
    let leftBound = try expression(left, scope)
    let rightBound = try expression(right, scope)
    return Bound(
      try distinct(leftBound, rightBound, isNegated: isNegated, position: position), position: leftBound.position)
  }

  private func distinct(_ left: Bound, _ right: Bound, isNegated: Bool, position: Int?) throws -> Expression {
    let chosen = try operation(equals, [left.type, right.type], position: position)
    if chosen.result != .bool {
      throw ApusError(.datatypeMismatch, "IS DISTINCT FROM requires = operator to yield boolean", position: position)
    }
    return .distinctFrom(
      try implicit(left, chosen.argumentTypes[0]), try implicit(right, chosen.argumentTypes[1]),
      equals: chosen.function, negated: isNegated)
  }

  func nullIf(_ left: ExprID, _ right: ExprID, position: Int?, _ scope: Scope) throws -> Bound {
    let leftBound = try expression(left, scope)
    let rightBound = try expression(right, scope)
    let chosen = try operation(equals, [leftBound.type, rightBound.type], position: position)
    if chosen.result != .bool {
      throw ApusError(.datatypeMismatch, "NULLIF requires = operator to yield boolean", position: position)
    }
    let value = try implicit(leftBound, chosen.argumentTypes[0])
    let other = try implicit(rightBound, chosen.argumentTypes[1])
    let isEqual = Expression.call(chosen.function, [value, other], .bool)
    return Bound(
      .caseWhen(
        [CaseBranch(condition: isEqual, result: .literal(.null, value.type))], otherwise: value, value.type),
      modifier: value.type == leftBound.type ? leftBound.modifier : -1, position: leftBound.position)
  }

  func nullTest(_ operand: ExprID, isNegated: Bool, position: Int?, _ scope: Scope) throws -> Bound {
    if let fields = rowFields(operand) {
      let parts = try fields.map { Expression.isNull(try expression($0, scope).expression, negated: isNegated) }
      return Bound(parts.count == 1 ? parts[0] : .and(parts), position: position)
    }
    let bound = try resolved(expression(operand, scope))
    return Bound(.isNull(bound.expression, negated: isNegated), position: bound.position)
  }

  // MARK: CASE

  func caseExpression(_ form: CaseExpression, position: Int?, _ scope: Scope) throws -> Bound {
    let refused = scope.setsRefusedIn
    scope.setsRefusedIn = "CASE"
    defer { scope.setsRefusedIn = refused }
    let operand = try form.operand.map { try resolved(expression($0, scope)) }
    var conditions: [Expression] = []
    var results: [Bound] = []
    for branch in form.branches {
      let condition = try expression(branch.condition, scope)
      if let operand {
        let test = try apply(equals, operand, condition, position: condition.position)
        conditions.append(try boolean(test, "CASE/WHEN"))
      } else {
        conditions.append(try boolean(condition, "CASE/WHEN"))
      }
      results.append(try expression(branch.result, scope))
    }
    let otherwise = try form.otherwise.map { try expression($0, scope) }
    // PostgreSQL weighs ELSE first.
    let type = try commonType((otherwise.map { [$0] } ?? []) + results, "CASE")
    let branches = try zip(conditions, results).map {
      CaseBranch(condition: $0, result: try coerceToCommon($1, type, "CASE/WHEN"))
    }
    return Bound(
      .caseWhen(branches, otherwise: try otherwise.map { try coerceToCommon($0, type, "CASE/ELSE") }, type),
      position: position)
  }

  // MARK: grouping()

  func grouping(_ arguments: [ExprID], position: Int?, _ scope: Scope) throws -> Bound {
    guard scope.clause.allowsAggregates else {
      throw ApusError(
        .groupingError, "grouping operations are not allowed in \(scope.clause.rawValue)", position: position)
    }
    if arguments.count > 31 {
      throw ApusError(
        SQLState("54023"), "GROUPING must have fewer than 32 arguments", position: position)
    }
    let bound = try arguments.map { try expression($0, scope).expression }
    scope.groupingCalls.append((bound, arguments.map { arena[$0].position }))
    return Bound(.column(Scope.groupingBase + scope.groupingCalls.count - 1, .int4), position: position)
  }
}
