// The binding of calls: scalar functions, aggregates and set-returning functions.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

/// A call whose function and argument types are decided.
struct ChosenCall {
  var callable: Candidate.Callable
  var arguments: [Expression]
  var argumentTypes: [DataType]
  var polymorphic: Polymorphism
}

extension Binding {
  func function(_ call: FunctionCall, position: Int?, _ scope: Scope) throws -> Bound {
    if call.arguments.contains(where: { $0.name != nil }) {
      if call.over != nil { throw ApusError.unsupported("named arguments of window functions are", position: position) }
      return try plainCall(call, try orderedArguments(call, position: position, scope), position: position, scope)
    }
    if call.isVariadic { throw ApusError.unsupported("VARIADIC arguments are", position: position) }
    if let over = call.over { return try windowCall(call, over: over, position: position, scope) }
    if mayBeAggregate(call) {
      return try aggregateOrFunction(call, position: position, scope)
    }
    let inputs = try call.arguments.map { try argument($0.value, of: call, scope) }
    return try plainCall(call, inputs, position: position, scope)
  }

  private func mayBeAggregate(_ call: FunctionCall) -> Bool {
    call.isStar || call.isDistinct || call.filter != nil || !call.orderBy.isEmpty
      || !catalog.functions.aggregates(named: call.name).isEmpty
  }

  private func plainCall(
    _ call: FunctionCall, _ inputs: [Bound], position: Int?, _ scope: Scope
  ) throws -> Bound {
    // A row that has become an object by now.
    if call.name == "row_to_json", inputs.count == 1, inputs[0].type == .json { return inputs[0] }
    // f(x) where f names a type is a cast, unless a function fits exactly.
    if inputs.count == 1, let bound = try castCall(call, inputs[0], position: position) { return bound }
    let chosen = try choose(call, inputs, position: position)
    let start = [position, inputs.first?.position].compactMap { $0 }.min()
    switch chosen.callable {
    case .scalar(let function):
      return Bound(.call(function, chosen.arguments, function.result.type(chosen.polymorphic)), position: start)
    case .aggregate(let function):
      return try addAggregate(function, chosen, call: call, order: [], filter: nil, position: position, scope)
    case .table(let function):
      return try addSet(function, chosen, position: position, scope)
    case .window(let function):
      throw ApusError(
        .wrongObjectType, "window function \(function.name) requires an OVER clause", position: position)
    }
  }

  private func castCall(_ call: FunctionCall, _ input: Bound, position: Int?) throws -> Bound? {
    guard call.schema == nil || call.schema == "pg_catalog", let type = TypeResolver.named(call.name),
      type != .void, type != .record, type != .unknown
    else { return nil }
    let hasExact = catalog.functions.scalars(named: call.name).contains { $0.parameters == [.exact(input.type)] }
    if hasExact { return nil }
    let value: Expression?
    do { value = try coerce(input, to: type, .explicit) } catch {
      throw ApusError.wrapping(error).at(input.position)
    }
    return value.map { Bound($0, position: position) }
  }

  // MARK: Choice

  private func isVisible(_ schema: String, _ wanted: String?) -> Bool {
    if let wanted { return schema == wanted }
    return schema == "pg_catalog" || catalog.context.searchPath.contains(schema)
  }

  private func candidates(_ call: FunctionCall, argumentCount: Int) -> [Candidate] {
    let functions = catalog.functions
    var found: [Candidate] = []
    func add(_ callable: Candidate.Callable, _ parameters: [ParameterType], isVariadic: Bool) {
      if parameters.count == argumentCount {
        found.append(Candidate(callable: callable, parameters: parameters))
      } else if isVariadic, let last = parameters.last, argumentCount > parameters.count {
        let repeated = Array(repeating: last, count: argumentCount - parameters.count)
        found.append(Candidate(callable: callable, parameters: parameters + repeated))
      }
    }
    for function in functions.scalars(named: call.name) where isVisible(function.schema, call.schema) {
      add(.scalar(function), function.parameters, isVariadic: function.isVariadic)
    }
    if call.schema == nil || call.schema == "pg_catalog" {
      for function in functions.aggregates(named: call.name) {
        add(.aggregate(function), function.parameters, isVariadic: function.isVariadic)
        if let trailing = function.trailing, let last = function.parameters.last {
          let repeated = max(0, argumentCount - function.parameters.count - 1)
          let parameters = function.parameters + Array(repeating: last, count: repeated) + [trailing]
          add(.aggregate(function), parameters, isVariadic: false)
        }
      }
    }
    if call.schema == nil || call.schema == "pg_catalog" {
      for function in functions.windows(named: call.name) {
        add(.window(function), function.parameters, isVariadic: false)
      }
    }
    for function in functions.tableFunctions(named: call.name) where isVisible(function.schema, call.schema) {
      add(.table(function), function.parameters, isVariadic: function.isVariadic)
    }
    return found
  }

  /// The function that fits, its arguments cast; 42883 or 42725.
  func choose(_ call: FunctionCall, _ inputs: [Bound], position: Int?) throws -> ChosenCall {
    let types = inputs.map(\.type)
    switch resolution.resolve(candidates(call, argumentCount: inputs.count), types, isOperator: false) {
    case .found(let candidate, let argumentTypes, let polymorphic):
      let arguments = try zip(inputs, argumentTypes).map { try implicit($0, $1) }
      return ChosenCall(
        callable: candidate.callable, arguments: arguments, argumentTypes: argumentTypes, polymorphic: polymorphic)
    case .ambiguous:
      throw ApusError(
        .ambiguousFunction, "function \(signature(call, types)) is not unique",
        hint: "Could not choose a best candidate function. You might need to add explicit type casts.",
        position: position)
    case .none:
      if let schema = call.schema, schema != "pg_catalog" {
        // The catalog throws for a schema that is not there; of a function the schema is what is missing.
        do {
          _ = try catalog.relation(schema: schema, name: call.name)
        } catch {
          throw ApusError(.invalidSchemaName, "schema \"\(schema)\" does not exist", position: position)
        }
      }
      throw missingFunction(call, types, position)
    }
  }

  private func signature(_ call: FunctionCall, _ types: [DataType]) -> String {
    let list = types.map(\.sqlName).joined(separator: ", ")
    let name = call.isSQLSyntax ? "pg_catalog." + call.name : call.names.joined(separator: ".")
    return "\(name)(\(list))"
  }

  private func missingFunction(_ call: FunctionCall, _ types: [DataType], _ position: Int?) -> ApusError {
    return ApusError(
      .undefinedFunction, "function \(signature(call, types)) does not exist",
      hint: "No function matches the given name and argument types. You might need to add explicit type casts.",
      position: position)
  }

  // MARK: Aggregates

  private func aggregateOrFunction(_ call: FunctionCall, position: Int?, _ scope: Scope) throws -> Bound {
    let isAggregate = !catalog.functions.aggregates(named: call.name).isEmpty
    guard isAggregate, call.schema == nil || call.schema == "pg_catalog" else {
      let inputs = try call.arguments.map { try argument($0.value, of: call, scope) }
      let chosen = try choose(call, inputs, position: position)
      if case .aggregate = chosen.callable { throw ApusError.unexpected("an aggregate out of place") }
      throw notAnAggregate(call, position)
    }
    if scope.isInAggregate {
      throw ApusError(.groupingError, "aggregate function calls cannot be nested", position: position)
    }
    let clause = scope.clause
    let refused = scope.setsRefusedIn
    scope.isInAggregate = true
    scope.setsRefusedIn = nil
    defer {
      scope.isInAggregate = false
      scope.setsRefusedIn = refused
    }
    let inputs = try call.arguments.map { try argument($0.value, of: call, scope) }
    let order = try call.orderBy.map { try sortKey($0, scope) }
    scope.clause = .aggregateFilter
    let filter: Expression?
    do {
      defer { scope.clause = clause }
      filter = try call.filter.map { try boolean(try expression($0, scope), "FILTER") }
    }
    if call.isWithinGroup {
      return try orderedSet(call, inputs, order, filter, position: position, scope)
    }
    let chosen = try choose(call, inputs, position: position)
    guard case .aggregate(let function) = chosen.callable else {
      if call.isStar || call.isDistinct || !call.orderBy.isEmpty || call.filter != nil {
        throw notAnAggregate(call, position)
      }
      scope.isInAggregate = false
      return try plainCall(call, inputs, position: position, scope)
    }
    if inputs.isEmpty, !call.isStar {
      throw ApusError(
        .wrongObjectType, "\(call.name)(*) must be used to call a parameterless aggregate function",
        position: position)
    }
    if function.isOrderedSet {
      throw ApusError(
        .wrongObjectType, "WITHIN GROUP is required for ordered-set aggregate \(call.name)", position: position)
    }
    let keys = try order.map { try $0.resolved(self) }
    return try addAggregate(function, chosen, call: call, order: keys, filter: filter, position: position, scope)
  }

  private func notAnAggregate(_ call: FunctionCall, _ position: Int?) -> ApusError {
    let name = call.names.joined(separator: ".")
    let reason =
      call.isStar
      ? "\(name)(*) specified, but \(name) is not an aggregate function"
      : call.isDistinct
        ? "DISTINCT specified, but \(name) is not an aggregate function"
        : call.isWithinGroup
          ? "WITHIN GROUP specified, but \(name) is not an aggregate function"
          : !call.orderBy.isEmpty
            ? "ORDER BY specified, but \(name) is not an aggregate function"
            : "FILTER specified, but \(name) is not an aggregate function"
    return ApusError(.wrongObjectType, reason, position: position)
  }

  /// `percentile_cont(0.5) WITHIN GROUP (ORDER BY x)`: direct arguments, then the sorted ones.
  private func orderedSet(
    _ call: FunctionCall, _ direct: [Bound], _ order: [BoundSortKey], _ filter: Expression?, position: Int?,
    _ scope: Scope
  ) throws -> Bound {
    let inputs = direct + order.map(\.bound)
    let chosen = try choose(call, inputs, position: position)
    guard case .aggregate(let function) = chosen.callable, function.isOrderedSet else {
      throw ApusError(
        .wrongObjectType, "\(call.name) is not an ordered-set aggregate, so it cannot have WITHIN GROUP",
        position: position)
    }
    var keys: [SortKey] = []
    for (index, key) in order.enumerated() {
      keys.append(
        SortKey(
          chosen.arguments[direct.count + index], descending: key.isDescending, nullsFirst: key.nullsFirst))
    }
    return try addAggregate(function, chosen, call: call, order: keys, filter: filter, position: position, scope)
  }

  private func addAggregate(
    _ function: AggregateFunction, _ chosen: ChosenCall, call: FunctionCall, order: [SortKey], filter: Expression?,
    position: Int?, _ scope: Scope
  ) throws -> Bound {
    let parts = chosen.arguments + order.map(\.expression) + (filter.map { [$0] } ?? [])
    if !parts.isEmpty, belongsOutside(parts) {
      throw ApusError.unsupported("aggregates of an outer query are", position: position)
    }
    guard scope.clause.allowsAggregates else {
      throw ApusError(
        .groupingError, "aggregate functions are not allowed in \(scope.clause.rawValue)", position: position)
    }
    if call.isDistinct {
      if chosen.arguments.isEmpty {
        throw ApusError(
          .wrongObjectType, "DISTINCT is not implemented for \(call.name)(*)", position: position)
      }
      for argument in chosen.arguments where !argument.type.isEquatable {
        throw ApusError(
          .undefinedFunction, "could not identify an equality operator for type \(argument.type.sqlName)",
          position: position)
      }
      for (index, key) in order.enumerated() where !chosen.arguments.contains(key.expression) {
        throw ApusError(
          .invalidColumnReference,
          "in an aggregate with DISTINCT, ORDER BY expressions must appear in argument list",
          position: index < call.orderBy.count ? arena[call.orderBy[index].expression].position : position)
      }
    }
    let keepsOrder = function.isOrderSensitive || function.isOrderedSet
    let aggregate = AggregateCall(
      function: function, arguments: chosen.arguments, isDistinct: call.isDistinct && !function.ignoresDuplicates,
      filter: filter, order: keepsOrder ? order : [], type: function.result.type(chosen.polymorphic))
    let index: Int
    if let known = scope.aggregates.firstIndex(of: aggregate), !parts.contains(where: \.isVolatile) {
      index = known
    } else {
      index = scope.aggregates.count
      scope.aggregates.append(aggregate)
    }
    return Bound(.column(Scope.aggregateBase + index, aggregate.type), position: position)
  }

  /// An aggregate belongs to the innermost query whose columns its arguments name.
  private func belongsOutside(_ parts: [Expression]) -> Bool {
    var hasOwn = false
    var hasOuter = false
    for part in parts {
      part.forEachReference { level, _ in if level == 0 { hasOwn = true } else { hasOuter = true } }
    }
    return hasOuter && !hasOwn
  }

  // MARK: Set-returning functions

  private func addSet(
    _ function: TableFunction, _ chosen: ChosenCall, position: Int?, _ scope: Scope
  ) throws -> Bound {
    if let construct = scope.setsRefusedIn {
      throw ApusError(
        .featureNotSupported, "set-returning functions are not allowed in \(construct)",
        hint: "You might be able to move the set-returning function into a LATERAL FROM item.", position: position)
    }
    if scope.windowPlace != nil {
      throw ApusError(
        .featureNotSupported,
        scope.windowPlace == .arguments
          ? "window function calls cannot contain set-returning function calls"
          : "set-returning functions are not allowed in window definitions",
        hint: scope.windowPlace == .arguments
          ? "You might be able to move the set-returning function into a LATERAL FROM item." : nil,
        position: position)
    }
    if scope.isInAggregate {
      throw ApusError(
        .featureNotSupported, "aggregate function calls cannot contain set-returning function calls",
        hint: "You might be able to move the set-returning function into a LATERAL FROM item.", position: position)
    }
    guard scope.clause.allowsSets else {
      throw ApusError(
        .featureNotSupported, "set-returning functions are not allowed in \(scope.clause.rawValue)",
        position: position)
    }
    let columns = try function.columns(chosen.argumentTypes)
    let type = columns.count == 1 ? columns[0].type : DataType.record
    // Two that are equal run in step: they are one, so that GROUP BY and ORDER BY find it again.
    var place = scope.sets.firstIndex { $0.function === function && $0.arguments == chosen.arguments }
    if chosen.arguments.contains(where: \.isVolatile) { place = nil }
    if place == nil {
      place = scope.sets.count
      let below = chosen.arguments.flatMap(\.setPlaceholders)
      scope.setDepths.append(below.map { scope.setDepths[$0] + 1 }.max() ?? 0)
      scope.sets.append((function, chosen.arguments))
    }
    var bound = Bound(.column(Scope.setBase + (place ?? 0), type), position: position)
    if columns.count > 1 { bound.recordFields = columns.map { Field($0.name, $0.type) } }
    return bound
  }
}
