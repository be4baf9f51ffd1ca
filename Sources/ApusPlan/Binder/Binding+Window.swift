// The binding of window functions: WINDOW clauses, OVER, frames, and the node that computes the calls.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

/// A window with its names resolved.
struct BoundWindow {
  var spec: WindowSpec
  /// The one ORDER BY column as it was bound, for RANGE with an offset.
  var orderKey: Bound?
  var frame: FrameSpec
  var isDefaultFrame: Bool
}

/// Where within a window function or definition something is bound.
enum WindowPlace { case arguments, definition }

extension Binding {
  // MARK: Windows

  /// Windows of the WINDOW clause: their names are checked here; each is bound at its first use.
  func declare(_ windows: [WindowDefinition], _ scope: Scope) throws {
    var names = Set<String>()
    for window in windows {
      let name = window.name ?? ""
      if !names.insert(name).inserted {
        throw ApusError(.windowingError, "window \"\(name)\" is already defined", position: window.position)
      }
    }
    scope.windowDefinitions = windows
    scope.boundWindows = windows.map { _ in nil }
  }

  /// Binds the windows that no call named, so that their errors show.
  func bindUnusedWindows(_ scope: Scope) throws {
    for index in scope.windowDefinitions.indices { _ = try window(at: index, scope) }
  }

  private func window(at index: Int, _ scope: Scope) throws -> BoundWindow {
    if let bound = scope.boundWindows[index] { return bound }
    let bound = try window(scope.windowDefinitions[index], seeing: index, scope)
    scope.boundWindows[index] = bound
    return bound
  }

  private func window(named name: String, before count: Int, position: Int?, _ scope: Scope) throws -> BoundWindow {
    guard let index = scope.windowDefinitions[..<count].firstIndex(where: { $0.name == name }) else {
      throw ApusError(.undefinedObject, "window \"\(name)\" does not exist", position: position)
    }
    return try window(at: index, scope)
  }

  private func window(_ definition: WindowDefinition, seeing count: Int, _ scope: Scope) throws -> BoundWindow {
    let base = try definition.base.map {
      try window(named: $0, before: count, position: definition.position, scope)
    }
    let (place, clause) = (scope.windowPlace, scope.clause)
    scope.windowPlace = .definition
    scope.clause = .select
    defer {
      scope.windowPlace = place
      scope.clause = clause
    }
    let partition = try definition.partitionBy.map { id in
      let bound = try resolved(try expression(id, scope))
      guard bound.type.isEquatable else {
        throw ApusError(
          .undefinedFunction, "could not identify an equality operator for type \(bound.type.sqlName)",
          position: bound.position)
      }
      return bound.expression
    }
    let keys = try definition.orderBy.map { try sortKey($0, scope) }
    let order = try keys.map { try $0.resolved(self) }
    var result = BoundWindow(
      spec: WindowSpec(partition: partition, order: order), orderKey: keys.count == 1 ? keys[0].bound : nil,
      frame: .standard, isDefaultFrame: true)
    if let base, let name = definition.base {
      func refused(_ message: String, hint: String? = nil) -> ApusError {
        ApusError(.windowingError, message, hint: hint, position: definition.position)
      }
      if !partition.isEmpty { throw refused("cannot override PARTITION BY clause of window \"\(name)\"") }
      if !base.spec.order.isEmpty, !order.isEmpty {
        throw refused("cannot override ORDER BY clause of window \"\(name)\"")
      }
      if !base.isDefaultFrame {
        let isPlain = definition.name == nil && order.isEmpty && definition.frame.isDefault
        throw refused(
          "cannot copy window \"\(name)\" because it has a frame clause",
          hint: isPlain ? "Omit the parentheses in this OVER clause." : nil)
      }
      result.spec.partition = base.spec.partition
      if order.isEmpty {
        result.spec.order = base.spec.order
        result.orderKey = base.orderKey
      }
    }
    try frame(definition, &result, scope)
    return result
  }

  // MARK: Frames

  private func frame(_ definition: WindowDefinition, _ window: inout BoundWindow, _ scope: Scope) throws {
    let frame = definition.frame
    if frame.isDefault { return }
    let hasOffset = [frame.start, frame.end].contains {
      switch $0 {
      case .preceding, .following: true
      default: false
      }
    }
    if frame.mode == .range, hasOffset, window.spec.order.count != 1 {
      throw ApusError(
        .windowingError, "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column",
        position: definition.position)
    }
    if frame.mode == .groups, window.spec.order.isEmpty {
      throw ApusError(.windowingError, "GROUPS mode requires an ORDER BY clause", position: definition.position)
    }
    let mode: FrameSpec.Mode =
      switch frame.mode {
      case .range: .range
      case .rows: .rows
      case .groups: .groups
      }
    window.frame = FrameSpec(
      mode: mode, start: try bound(frame.start, frame.mode, &window, scope),
      end: try bound(frame.end, frame.mode, &window, scope), rangeKey: nil, exclusion: Self.exclusion(frame.exclusion))
    if frame.mode == .range, hasOffset {
      window.frame.rangeKey = try rangeKey(window, position: definition.position)
    }
    window.isDefaultFrame = false
  }

  private static func exclusion(_ written: WindowFrame.Exclusion) -> FrameSpec.Exclusion? {
    switch written {
    case .noOthers: nil
    case .currentRow: .currentRow
    case .group: .group
    case .ties: .ties
    }
  }

  private func bound(
    _ bound: WindowFrame.Bound, _ mode: WindowFrame.Mode, _ window: inout BoundWindow, _ scope: Scope
  ) throws -> FrameBound {
    switch bound {
    case .unboundedPreceding: return .unboundedPreceding
    case .currentRow: return .currentRow
    case .unboundedFollowing: return .unboundedFollowing
    case .preceding(let id): return .preceding(try offset(id, mode, isPreceding: true, window, scope))
    case .following(let id): return .following(try offset(id, mode, isPreceding: false, window, scope))
    }
  }

  private func offset(
    _ id: ExprID, _ mode: WindowFrame.Mode, isPreceding: Bool, _ window: BoundWindow, _ scope: Scope
  ) throws -> FrameOffset {
    let given = try expression(id, scope)
    let result =
      mode == .range
      ? try rangeOffset(given, isPreceding: isPreceding, window)
      : FrameOffset(size: try bigint(given, mode.rawValue))
    var hasColumn = false
    given.expression.forEachReference { level, _ in if level == 0 { hasColumn = true } }
    if hasColumn {
      throw ApusError(
        .invalidColumnReference, "argument of \(mode.rawValue) must not contain variables", position: given.position)
    }
    return result
  }

  /// The type that sizes of a RANGE over this type have, and the type in which its edges are compared.
  private func rangeTypes(_ type: DataType) -> (size: DataType, key: DataType)? {
    switch type {
    case .int2, .int4, .int8: (.int8, .int8)
    case .float4, .float8: (.float8, .float8)
    case .numeric: (.numeric, .numeric)
    case .date, .timestamp: (.interval, .timestamp)
    case .timestamptz: (.interval, .timestamptz)
    case .interval, .time: (.interval, .interval)
    default: nil
    }
  }

  private func rangeOffset(_ given: Bound, isPreceding: Bool, _ window: BoundWindow) throws -> FrameOffset {
    guard let key = window.orderKey, let order = window.spec.order.first else {
      throw ApusError.unexpected("RANGE without an ORDER BY column")
    }
    guard let types = rangeTypes(key.type) else {
      throw ApusError(
        .featureNotSupported,
        "RANGE with offset PRECEDING/FOLLOWING is not supported for column type \(key.type.sqlName)",
        position: given.position)
    }
    guard let size = try coerce(given, to: types.size, .implicit) else {
      throw ApusError(
        .featureNotSupported,
        "RANGE with offset PRECEDING/FOLLOWING is not supported for column type \(key.type.sqlName) and offset type "
          + given.type.sqlName,
        hint: "Cast the offset value to an appropriate type.", position: given.position)
    }
    if types.key == .int8 || types.key == .float8 { return FrameOffset(size: size) }
    let base = Bound(try rangeKey(window, position: given.position), position: given.position)
    let edge = try apply(
      OperatorName(symbol: isPreceding == order.descending ? "+" : "-"), base, Bound(size, position: given.position),
      position: given.position)
    guard edge.type == types.key else { throw ApusError.unexpected("RANGE over \(edge.type.sqlName)") }
    return FrameOffset(size: size, edge: edge.expression)
  }

  private func rangeKey(_ window: BoundWindow, position: Int?) throws -> Expression {
    guard let key = window.orderKey, let types = rangeTypes(key.type),
      let converted = try coerce(key, to: types.key, .explicit)
    else { throw ApusError.unexpected("RANGE without an ORDER BY column") }
    return converted
  }

  // MARK: Calls

  func windowCall(
    _ call: FunctionCall, over: WindowReference, position: Int?, _ scope: Scope
  ) throws -> Bound {
    try checkPlace(scope, position: position)
    let window: BoundWindow
    let inputs: [Bound]
    var filter: Expression?
    let (clause, refused) = (scope.clause, scope.setsRefusedIn)
    do {
      scope.windowPlace = .arguments
      scope.setsRefusedIn = nil
      defer {
        scope.windowPlace = nil
        scope.setsRefusedIn = refused
        scope.clause = clause
      }
      inputs = try call.arguments.map { try expression($0.value, scope) }
      scope.clause = .aggregateFilter
      filter = try call.filter.map { try boolean(try expression($0, scope), "FILTER") }
    }
    if call.isWithinGroup {
      throw ApusError.unsupported("OVER for an ordered-set aggregate is", position: position)
    }
    let chosen = try choose(call, inputs, position: position)
    if case .window(let function) = chosen.callable, function.parameters.contains(.anyElement),
      chosen.polymorphic.element == nil
    {
      throw ApusError(
        .datatypeMismatch, "could not determine polymorphic type because input has type unknown", position: position)
    }
    let function = try windowFunction(chosen, call, position: position)
    switch over {
    case .named(let name, let place):
      window = try self.window(named: name, before: scope.windowDefinitions.count, position: place, scope)
    case .definition(let definition):
      window = try self.window(definition, seeing: scope.windowDefinitions.count, scope)
    }
    let type: DataType =
      switch function {
      case .aggregate(let function): function.result.type(chosen.polymorphic)
      case .window(let function): function.result.type(chosen.polymorphic)
      }
    let index = scope.windowSpecs.firstIndex(of: window.spec) ?? scope.windowSpecs.count
    if index == scope.windowSpecs.count { scope.windowSpecs.append(window.spec) }
    let made = WindowCall(
      function: function, arguments: chosen.arguments, filter: filter, window: index, frame: window.frame, type: type)
    var isVolatile = false
    made.forEachExpression { if $0.isVolatile { isVolatile = true } }
    if !isVolatile, let known = scope.windowCalls.firstIndex(of: made) {
      return Bound(.column(Scope.windowBase + known, type), position: position)
    }
    scope.windowCalls.append(made)
    return Bound(.column(Scope.windowBase + scope.windowCalls.count - 1, type), position: position)
  }

  private func checkPlace(_ scope: Scope, position: Int?) throws {
    switch scope.windowPlace {
    case .arguments: throw ApusError(.windowingError, "window function calls cannot be nested", position: position)
    case .definition:
      throw ApusError(
        .windowingError, "window functions are not allowed in window definitions", position: position)
    case nil: break
    }
    guard scope.clause.allowsWindows else {
      throw ApusError(
        .windowingError, "window functions are not allowed in \(scope.clause.rawValue)", position: position)
    }
    if scope.isInAggregate {
      throw ApusError(
        .groupingError, "aggregate function calls cannot contain window function calls", position: position)
    }
  }

  private func windowFunction(
    _ chosen: ChosenCall, _ call: FunctionCall, position: Int?
  ) throws -> WindowCall.Function {
    let name = call.names.joined(separator: ".")
    func refused(_ message: String) -> ApusError { ApusError(.featureNotSupported, message, position: position) }
    switch chosen.callable {
    case .scalar, .table:
      throw ApusError(
        .wrongObjectType, "OVER specified, but \(name) is not a window function nor an aggregate function",
        position: position)
    case .window(let function):
      if call.isDistinct { throw refused("DISTINCT is not implemented for window functions") }
      if !call.orderBy.isEmpty { throw refused("aggregate ORDER BY is not implemented for window functions") }
      if call.filter != nil { throw refused("FILTER is not implemented for non-aggregate window functions") }
      return .window(function)
    case .aggregate(let function):
      if function.isOrderedSet {
        throw refused("OVER is not supported for ordered-set aggregate \(name)")
      }
      if call.isDistinct { throw refused("DISTINCT is not implemented for window functions") }
      if call.arguments.isEmpty, !call.isStar {
        throw ApusError(
          .wrongObjectType, "\(name)(*) must be used to call a parameterless aggregate function", position: position)
      }
      if !call.orderBy.isEmpty { throw refused("aggregate ORDER BY is not implemented for window functions") }
      return .aggregate(function)
    }
  }

  // MARK: The node

  /// Puts the computation of all window calls over `plan`, and rewrites what refers to them.
  func windowed(_ plan: LogicalPlan, _ targets: inout [SelectTarget], _ scope: Scope) -> LogicalPlan {
    if scope.windowCalls.isEmpty { return plan }
    let input = plan.fields
    for index in targets.indices {
      targets[index].bound.expression = targets[index].bound.expression.replacingWindows(at: input.count)
    }
    for index in scope.sets.indices {
      scope.sets[index].arguments = scope.sets[index].arguments.map { $0.replacingWindows(at: input.count) }
    }
    return .window(
      plan, scope.windowSpecs, scope.windowCalls,
      fields: input + scope.windowCalls.map { Field($0.function.name, $0.type) })
  }
}

extension Expression {
  /// Placeholders of window calls replaced by the columns that follow the `width` input columns.
  func replacingWindows(at width: Int) -> Expression {
    if case .column(let index, let type) = self {
      return index >= Scope.windowBase ? .column(width + index - Scope.windowBase, type) : self
    }
    return mapChildren { $0.replacingWindows(at: width) }
  }

  /// Whether a window call stands in it, before the node that computes it is made.
  var containsWindowCall: Bool {
    contains { if case .column(let index, _) = $0 { index >= Scope.windowBase } else { false } }
  }
}
