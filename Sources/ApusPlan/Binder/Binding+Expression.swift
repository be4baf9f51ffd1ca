// The binding of scalar expressions: constants, operators, tests, casts, arrays. Calls and subqueries have files of
// their own.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

/// AST and plan have expressions of the same name; this is the AST's.
typealias ExpressionNode = ApusSyntax.Expression

extension Binding {
  /// The expression over the row of `scope`.
  func expression(_ id: ExprID, _ scope: Scope) throws -> Bound {
    if expressionDepth >= Limits.expressionDepthMax {
      throw ApusError(
        .statementTooComplex, "stack depth limit exceeded",
        hint: "An expression may be nested \(Limits.expressionDepthMax) deep.", position: arena[id].position)
    }
    expressionDepth += 1
    defer { expressionDepth -= 1 }
    let position = arena[id].position
    switch arena[id].kind {
    case .column(let names, let isStar):
      if isStar { throw misplacedStar(names, position) }
      return try column(names, position: position, scope: scope)
    case .constant(let constant): return try self.constant(constant, position: position)
    case .parameter(let number): return try parameter(number, position: position)
    case .operator(let name, let left, let right):
      return try binary(name, left, right, position: position, scope)
    case .operatorChain(let first, let links): return try chain(first, links, scope)
    case .and(let operands): return try logical(operands, "AND", scope) { .and($0) }
    case .or(let operands): return try logical(operands, "OR", scope) { .or($0) }
    case .not(let operand):
      let bound = try expression(operand, scope)
      return Bound(.not(try boolean(bound, "NOT")), position: position ?? bound.position)
    case .cast(let operand, let type): return try cast(operand, type, position: position, scope)
    case .function(let call): return try function(call, position: position, scope)
    case .case(let form): return try caseExpression(form, position: position, scope)
    case .coalesce(let inputs):
      let (values, type) = try common(inputs, "COALESCE", scope)
      return Bound(.coalesce(values, type), position: position)
    case .greatest(let inputs), .least(let inputs):
      var isGreatest = false
      if case .greatest = arena[id].kind { isGreatest = true }
      let (values, type) = try common(inputs, isGreatest ? "GREATEST" : "LEAST", scope)
      return Bound(.extremum(values, greatest: isGreatest, type), position: position)
    case .subquery(let form): return try subquery(form, position: position, scope)
    default: return try predicate(id, position: position, scope)
    }
  }

  /// The forms that `expression` leaves: tests, patterns, arrays, rows.
  private func predicate(_ id: ExprID, position: Int?, _ scope: Scope) throws -> Bound {
    switch arena[id].kind {
    case .quantified(let name, let left, let array, let isAll):
      return try quantified(name, left, array, isAll: isAll, position: position, scope)
    case .inList(let operand, let list, let isNegated):
      return try inList(operand, list, isNegated: isNegated, position: position, scope)
    case .match(let match): return try pattern(match, position: position, scope)
    case .between(let between): return try self.between(between, position: position, scope)
    case .distinct(let left, let right, let isNegated):
      return try distinct(left, right, isNegated: isNegated, position: position, scope)
    case .nullIf(let left, let right): return try nullIf(left, right, position: position, scope)
    case .nullTest(let operand, let isNegated):
      return try nullTest(operand, isNegated: isNegated, position: position, scope)
    case .booleanTest(let operand, let test):
      let bound = try expression(operand, scope)
      let value = try boolean(bound, test.rawValue)
      let kind: Expression.BooleanTest =
        switch test {
        case .isTrue: .isTrue
        case .isNotTrue: .isNotTrue
        case .isFalse: .isFalse
        case .isNotFalse: .isNotFalse
        case .isUnknown: .isUnknown
        case .isNotUnknown: .isNotUnknown
        }
      return Bound(.booleanTest(value, kind), position: bound.position)
    case .array(let elements): return try array(elements, as: nil, position: position, scope)
    case .row(let fields, _):
      let bound = try fields.map { try resolved(expression($0, scope)).expression }
      return Bound(.row(bound), position: position)
    case .indirection(let base, let steps): return try indirection(base, steps, position: position, scope)
    case .collate(let operand, let names): return try collate(operand, names, position: position, scope)
    case .sqlValue(let value, let precision): return try sqlValue(value, precision: precision, position: position)
    case .grouping(let arguments): return try grouping(arguments, position: position, scope)
    case .default:
      throw ApusError(.syntaxError, "DEFAULT is not allowed in this context", position: position)
    default: throw ApusError.unsupported("this form of expression is", position: position)
    }
  }

  private func misplacedStar(_ names: [String], _ position: Int?) -> ApusError {
    names.isEmpty
      ? ApusError(.syntaxError, "\"*\" is not allowed here", position: position)
      : ApusError.unsupported("whole-row references are", position: position)
  }

  // MARK: Constants

  private func constant(_ constant: Constant, position: Int?) throws -> Bound {
    switch constant {
    case .null: return Bound(.literal(.null, .unknown), position: position)
    case .boolean(let flag): return Bound(.literal(.bool(flag), .bool), position: position)
    case .integer(let number):
      return Bound(.literal(.int(number), Int32(exactly: number) == nil ? .int8 : .int4), position: position)
    case .numeric(let text):
      let value: Value
      do { value = try literals.read(text, as: .numeric) } catch {
        throw ApusError.wrapping(error).at(position)
      }
      return Bound(.literal(value, .numeric), position: position)
    case .string(let text): return Bound(.literal(.text(text), .unknown), position: position)
    case .bitString: throw ApusError.unsupported("bit strings are", position: position)
    }
  }

  // MARK: Operators

  private func logical(
    _ operands: [ExprID], _ word: String, _ scope: Scope, _ make: ([Expression]) -> Expression
  ) throws -> Bound {
    var bound: [Expression] = []
    bound.reserveCapacity(operands.count)
    var position: Int?
    for operand in operands {
      let value = try expression(operand, scope)
      position = position ?? value.position
      bound.append(try boolean(value, word))
    }
    return Bound(make(bound), position: position)
  }

  private func chain(_ first: ExprID, _ links: [OperatorLink], _ scope: Scope) throws -> Bound {
    if links.count > Limits.expressionDepthMax {
      throw ApusError(
        .statementTooComplex, "stack depth limit exceeded",
        hint: "An expression may be nested \(Limits.expressionDepthMax) deep.", position: arena[first].position)
    }
    var result = try expression(first, scope)
    for link in links {
      result = try apply(link.name, result, try expression(link.operand, scope), position: link.position)
    }
    return result
  }

  private func binary(
    _ name: OperatorName, _ left: ExprID?, _ right: ExprID, position: Int?, _ scope: Scope
  ) throws -> Bound {
    if let left, let fields = rowFields(left) {
      if let others = rowFields(right) { return try compareRows(name, fields, others, position: position, scope) }
      if case .subquery = arena[right].kind {
        throw ApusError.unsupported("comparing a row with a subquery is", position: position)
      }
    }
    let leftBound = try left.map { try expression($0, scope) }
    return try apply(name, leftBound, try expression(right, scope), position: position)
  }

  /// `left op right` with both bound.
  func apply(_ name: OperatorName, _ left: Bound?, _ right: Bound, position: Int?) throws -> Bound {
    let inputs = left.map { [$0, right] } ?? [right]
    let start = [left?.position, right.position, position].compactMap { $0 }.min()
    let chosen = try operation(name, inputs.map(\.type), position: position)
    var arguments: [Expression] = []
    arguments.reserveCapacity(2)
    for (input, type) in zip(inputs, chosen.argumentTypes) { arguments.append(try implicit(input, type)) }
    return Bound(.call(chosen.function, arguments, chosen.result), position: start)
  }

  struct ChosenOperator {
    var function: ScalarFunction
    var argumentTypes: [DataType]
    var result: DataType
  }

  /// The operator for these operand types, or 42883, 42725.
  func operation(_ name: OperatorName, _ types: [DataType], position: Int?) throws -> ChosenOperator {
    if let found = try operationIfAny(name, types, position: position) { return found }
    let shown = operatorSignature(name, types)
    throw ApusError(
      .undefinedFunction, "operator does not exist: \(shown)",
      hint: types.count == 1
        ? "No operator matches the given name and argument type. You might need to add an explicit type cast."
        : "No operator matches the given name and argument types. You might need to add explicit type casts.",
      position: position)
  }

  private func operatorSignature(_ name: OperatorName, _ types: [DataType]) -> String {
    types.count == 1
      ? "\(name) \(types[0].sqlName)" : "\(types[0].sqlName) \(name) \(types[1].sqlName)"
  }

  private func operationIfAny(_ name: OperatorName, _ types: [DataType], position: Int?) throws -> ChosenOperator? {
    if let schema = name.schema, schema != "pg_catalog" { return nil }
    let symbol = name.symbol == "!=" ? "<>" : name.symbol
    let functions = catalog.functions.operators(named: symbol)
    // The common case first: both of one type that has the operator.
    let same = types.count == 2 && types[0] == types[1] && types[0] != .unknown
    var candidates: [Candidate] = []
    candidates.reserveCapacity(functions.count)
    for function in functions where function.parameters.count == types.count {
      if same, function.parameters[0] == .exact(types[0]), function.parameters[1] == .exact(types[1]),
        case .exact(let result) = function.result
      {
        return ChosenOperator(function: function, argumentTypes: types, result: result)
      }
      candidates.append(Candidate(callable: .scalar(function), parameters: function.parameters))
    }
    switch resolution.resolve(candidates, types, isOperator: true) {
    case .none: return nil
    case .ambiguous:
      throw ApusError(
        .ambiguousFunction, "operator is not unique: \(operatorSignature(name, types))",
        hint: "Could not choose a best candidate operator. You might need to add explicit type casts.",
        position: position)
    case .found(let candidate, let argumentTypes, let polymorphic):
      guard case .scalar(let function) = candidate.callable else { return nil }
      return ChosenOperator(
        function: function, argumentTypes: argumentTypes, result: function.result.type(polymorphic))
    }
  }

  /// The fields of a row constructor.
  func rowFields(_ id: ExprID) -> [ExprID]? {
    if case .row(let fields, _) = arena[id].kind { return fields }
    return nil
  }

  private func compareRows(
    _ name: OperatorName, _ left: [ExprID], _ right: [ExprID], position: Int?, _ scope: Scope
  ) throws -> Bound {
    if left.count != right.count {
      throw ApusError(.syntaxError, "unequal number of entries in row expressions", position: position)
    }
    if left.isEmpty {
      throw ApusError(.featureNotSupported, "cannot compare rows of zero length", position: position)
    }
    let pairs = try zip(left, right).map { (try expression($0, scope), try expression($1, scope)) }
    return try compareRows(name, pairs, position: position)
  }

  func compareRows(_ name: OperatorName, _ pairs: [(Bound, Bound)], position: Int?) throws -> Bound {
    func each(_ symbol: String) throws -> [Expression] {
      try pairs.map { left, right in
        try boolean(try apply(OperatorName(symbol: symbol), left, right, position: position), "row comparison")
      }
    }
    let start = [pairs.first?.0.position, position].compactMap { $0 }.min()
    switch name.symbol {
    case "=":
      let parts = try each("=")
      return Bound(parts.count == 1 ? parts[0] : .and(parts), position: start)
    case "<>", "!=":
      let parts = try each("<>")
      return Bound(parts.count == 1 ? parts[0] : .or(parts), position: start)
    case "<", "<=", ">", ">=":
      let strict = try each(String(name.symbol.prefix(1)))
      let last = try each(name.symbol)
      let equal = try each("=")
      var result = last[last.count - 1]
      for index in stride(from: pairs.count - 2, through: 0, by: -1) {
        result = .or([strict[index], .and([equal[index], result])])
      }
      return Bound(result, position: start)
    default:
      throw ApusError(
        .featureNotSupported, "could not determine interpretation of row comparison operator \(name)",
        hint: "Row comparison operators must be associated with btree operator families.", position: position)
    }
  }

  // MARK: Casts

  func cast(_ operand: ExprID, _ name: TypeName, position: Int?, _ scope: Scope) throws -> Bound {
    let target = try TypeResolver.resolve(name, in: arena)
    if case .array(let elements) = arena[operand].kind, case .array(let element) = target.type {
      return try array(elements, as: element, position: arena[operand].position, scope)
    }
    let bound = try expression(operand, scope)
    return try cast(bound, to: target, position: position ?? name.position)
  }

  func cast(_ bound: Bound, to target: TypeReference, position: Int?) throws -> Bound {
    guard let value = try coerce(bound, to: target.type, modifier: target.modifier, .explicit) else {
      // PostgreSQL converts anything to and from text.
      if target.type.category == .string || bound.type.category == .string, bound.type != .record {
        throw ApusError.unsupported(
          "casting type \(bound.type.sqlName) to \(target.type.sqlName) is", position: position ?? bound.position)
      }
      throw ApusError(
        .cannotCoerce, "cannot cast type \(bound.type.sqlName) to \(target.type.sqlName)",
        position: position ?? bound.position)
    }
    return Bound(
      value, modifier: target.modifier, position: [bound.position, position].compactMap { $0 }.min())
  }

  private func collate(_ operand: ExprID, _ names: [String], position: Int?, _ scope: Scope) throws -> Bound {
    let bound = try expression(operand, scope)
    let name = names.last ?? ""
    let isKnown =
      (names.count == 1 || names[0] == "pg_catalog")
      && ["C", "POSIX", "default", "ucs_basic", "C.UTF-8", "C.utf8"].contains(name)
    guard isKnown else {
      throw ApusError.unsupported("collation \"\(names.joined(separator: "."))\" is", position: position)
    }
    if bound.type != .unknown, bound.type.category != .string, bound.type.category != .internal {
      throw ApusError(
        .datatypeMismatch, "collations are not supported by type \(bound.type.sqlName)", position: position)
    }
    return bound
  }

  private func sqlValue(_ value: SQLValue, precision: Int?, position: Int?) throws -> Bound {
    func call(_ name: String) throws -> Bound {
      let found = catalog.functions.scalars(named: name).first { $0.parameters.isEmpty && $0.schema == "pg_catalog" }
      guard let found, case .exact(let type) = found.result else {
        throw ApusError.unsupported("\(value.rawValue) is", position: position)
      }
      return Bound(.call(found, [], type), position: position)
    }
    func converted(_ type: DataType) throws -> Bound {
      var bound = try call("now")
      bound = try cast(bound, to: TypeReference(type), position: position)
      if let precision {
        bound = try cast(
          bound, to: TypeReference(type, modifier: Int32(clamping: min(max(precision, 0), 6))), position: position)
      }
      return bound
    }
    switch value {
    case .currentDate: return try converted(.date)
    case .currentTimestamp: return try converted(.timestamptz)
    case .localTimestamp: return try converted(.timestamp)
    case .localTime: return try converted(.time)
    case .currentTime: throw ApusError.unsupported("type time with time zone is", position: position)
    case .currentRole, .currentUser, .user: return try call("current_user")
    case .sessionUser: return try call("session_user")
    case .currentCatalog: return try call("current_database")
    case .currentSchema: return try call("current_schema")
    }
  }

  // MARK: Arrays

  /// `ARRAY[...]`, its elements cast to `element` when a cast names it.
  private func array(_ ids: [ExprID], as element: DataType?, position: Int?, _ scope: Scope) throws -> Bound {
    for id in ids {
      if case .array = arena[id].kind {
        throw ApusError.unsupported("multidimensional arrays are", position: arena[id].position)
      }
    }
    if let element {
      let values = try ids.map { id in
        try cast(try expression(id, scope), to: TypeReference(element), position: nil).expression
      }
      return Bound(.array(values, element: element), position: position)
    }
    if ids.isEmpty {
      throw ApusError(
        .indeterminateDatatype, "cannot determine type of empty array",
        hint: "Explicitly cast to the desired type, for example ARRAY[]::integer[].", position: position)
    }
    let (values, type) = try common(ids, "ARRAY", scope)
    if type.elementType != nil { throw ApusError.unsupported("multidimensional arrays are", position: position) }
    return Bound(.array(values, element: type), position: position)
  }

  private func indirection(
    _ base: ExprID, _ steps: [IndirectionStep], position: Int?, _ scope: Scope
  ) throws -> Bound {
    var bound = try expression(base, scope)
    for (index, step) in steps.enumerated() {
      switch step {
      case .field(let name): bound = try field(name, of: bound, position: position, scope)
      case .star: throw ApusError.unsupported("expansion of composite values is", position: position)
      case .index(let id):
        if index > 0, case .index = steps[index - 1], bound.type.elementType == nil {
          throw ApusError.unsupported("multidimensional arrays are", position: position)
        }
        if bound.type == .jsonb {
          let key = try resolved(expression(id, scope))
          bound = try apply(OperatorName(symbol: "->"), bound, key, position: position)
          continue
        }
        let element = try elementType(bound, position)
        let subscriptValue = try arraySubscript(id, scope)
        bound = Bound(.subscript_(bound.expression, index: subscriptValue, element), position: bound.position)
      case .slice(let lower, let upper):
        let element = try elementType(bound, position)
        bound = Bound(
          .slice(
            bound.expression, lower: try lower.map { try arraySubscript($0, scope) },
            upper: try upper.map { try arraySubscript($0, scope) }, .array(element)), position: bound.position)
      }
    }
    return bound
  }

  private func elementType(_ bound: Bound, _ position: Int?) throws -> DataType {
    if let element = bound.type.elementType { return element }
    if bound.type == .jsonb {
      throw ApusError(.datatypeMismatch, "jsonb subscript does not support slices", position: position)
    }
    throw ApusError(
      .datatypeMismatch,
      "cannot subscript type \(bound.type.sqlName) because it does not support subscripting",
      position: position ?? bound.position)
  }

  private func arraySubscript(_ id: ExprID, _ scope: Scope) throws -> Expression {
    let bound = try expression(id, scope)
    guard let value = try coerce(bound, to: .int4, .assignment) else {
      throw ApusError(.datatypeMismatch, "array subscript must have type integer", position: bound.position)
    }
    return value
  }

  /// `(record).name`: of what a set-returning function of several columns gives, here or in a subquery.
  private func field(_ name: String, of bound: Bound, position: Int?, _ scope: Scope) throws -> Bound {
    guard bound.type == .record else {
      throw ApusError(
        .wrongObjectType,
        "column notation .\(name) applied to type \(bound.type.sqlName), which is not a composite type",
        position: position ?? bound.position)
    }
    guard !bound.recordFields.isEmpty else {
      throw ApusError.unsupported("fields of records are", position: position)
    }
    guard let place = bound.recordFields.firstIndex(where: { $0.name == name }) else {
      throw ApusError(
        .undefinedColumn, "column \"\(name)\" not found in data type record", position: position ?? bound.position)
    }
    return Bound(
      .field(bound.expression, index: place, bound.recordFields[place].type), position: bound.position)
  }

  /// Binds all and casts them to their common type.
  func common(_ ids: [ExprID], _ construct: String, _ scope: Scope) throws -> ([Expression], DataType) {
    let refused = scope.setsRefusedIn
    if construct != "ARRAY" { scope.setsRefusedIn = construct }
    defer { scope.setsRefusedIn = refused }
    let bound = try ids.map { try expression($0, scope) }
    let type = try commonType(bound, construct)
    return (try bound.map { try coerceToCommon($0, type, construct) }, type)
  }
}
