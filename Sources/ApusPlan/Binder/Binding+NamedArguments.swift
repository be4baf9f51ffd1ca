// Calls with arguments by name (`f(a, option => b)`): put into the order of the function's parameters.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

/// A parameter of a function of PostgreSQL's that has a name, with what it is when it is not given.
private struct NamedParameter {
  var name: String
  var value: Value?
  var type = DataType.int4

  init(_ name: String, _ value: Value? = nil, _ type: DataType = .int4) {
    self.name = name
    self.value = value
    self.type = type
  }
}

extension Binding {
  /// The functions whose parameters have names in PostgreSQL's catalog and that people call so.
  private static let namedParameters: [String: [NamedParameter]] = {
    let date = [NamedParameter("year"), NamedParameter("month"), NamedParameter("mday")]
    let time = [NamedParameter("hour"), NamedParameter("min"), NamedParameter("sec")]
    let units = ["years", "months", "weeks", "days", "hours", "mins"].map { NamedParameter($0, .int(0)) }
    let document = [NamedParameter("jsonb_in"), NamedParameter("path"), NamedParameter("replacement")]
    return [
      "make_interval": units + [NamedParameter("secs", .float(0), .float8)],
      "make_date": [NamedParameter("year"), NamedParameter("month"), NamedParameter("day")],
      "make_time": time, "make_timestamp": date + time,
      "make_timestamptz": date + time + [NamedParameter("timezone")],
      "jsonb_set": document + [NamedParameter("create_if_missing", .bool(true), .bool)],
      "jsonb_insert": document + [NamedParameter("insert_after", .bool(false), .bool)],
    ]
  }()

  private func ordered(
    _ call: FunctionCall, leading: Int, _ parameters: [NamedParameter], position: Int?, _ scope: Scope
  ) throws -> [Bound] {
    let given = call.arguments.filter { $0.name != nil }
    var result = try call.arguments.prefix(leading).map { try expression($0.value, scope) }
    let free = parameters.dropFirst(leading)
    var bound: [String: Bound] = [:]
    for argument in given { bound[argument.name ?? ""] = try expression(argument.value, scope) }
    var hasGap = false
    for parameter in free {
      if let value = bound[parameter.name], !hasGap {
        result.append(value)
      } else if let value = parameter.value, bound[parameter.name] == nil {
        result.append(Bound(.literal(value, parameter.type), position: position))
      } else {
        // The last ones may be left out where the function has a form without them.
        hasGap = true
      }
    }
    let isKnown = given.allSatisfy { argument in free.contains { $0.name == argument.name } }
    let forms = catalog.functions.scalars(named: call.name).map(\.parameters.count)
    if isKnown, forms.contains(result.count), result.count >= leading + given.count { return result }
    let types = call.arguments.enumerated().map { index, argument -> String in
      let type = argument.name.flatMap { bound[$0]?.type } ?? (index < leading ? result[index].type : .unknown)
      return (argument.name.map { "\($0) => " } ?? "") + type.sqlName
    }
    throw ApusError(
      .undefinedFunction,
      "function \(call.names.joined(separator: "."))(\(types.joined(separator: ", "))) does not exist",
      hint: "No function matches the given name and argument types. You might need to add explicit type casts.",
      position: position)
  }

  /// The arguments in order. Parameters that are not given are null: functions whose parameters have names take that
  /// for the default. 42883 when no function has such parameters.
  func orderedArguments(_ call: FunctionCall, position: Int?, _ scope: Scope) throws -> [Bound] {
    let leading = call.arguments.prefix { $0.name == nil }
    let named = call.arguments.dropFirst(leading.count)
    if let late = named.first(where: { $0.name == nil }) {
      throw ApusError(
        .syntaxError, "positional argument cannot follow named argument", position: late.position ?? position)
    }
    let names = named.compactMap(\.name)
    if let repeated = names.enumerated().first(where: { names[..<$0.offset].contains($0.element) })?.element {
      throw ApusError(.syntaxError, "argument name \"\(repeated)\" used more than once", position: position)
    }
    if let known = Self.namedParameters[call.name], call.schema ?? "pg_catalog" == "pg_catalog" {
      return try ordered(call, leading: leading.count, known, position: position, scope)
    }
    let function = catalog.functions.scalars(named: call.name).first { function in
      let free = function.parameterNames.dropFirst(leading.count)
      let isVisible =
        call.schema == nil
        ? catalog.context.searchPath.contains(function.schema) || function.schema == "pg_catalog"
        : function.schema == call.schema
      return isVisible && leading.count <= function.parameterNames.count && names.allSatisfy { free.contains($0) }
    }
    guard let function, !function.parameterNames.isEmpty else {
      let shown = call.names.joined(separator: ".")
      let isKnown = !catalog.functions.scalars(named: call.name).isEmpty
      if isKnown, catalog.functions.scalars(named: call.name).allSatisfy({ $0.parameterNames.isEmpty }) {
        throw ApusError.unsupported("calling \(shown)() with named arguments is", position: position)
      }
      throw ApusError(
        .undefinedFunction, "function \(shown) has no parameters named \(names.joined(separator: ", "))",
        position: position)
    }
    return try function.parameterNames.enumerated().map { index, name in
      if index < leading.count { return try expression(call.arguments[index].value, scope) }
      if let given = named.first(where: { $0.name == name }) { return try expression(given.value, scope) }
      // Of several functions with these names the arguments that are given decide.
      let isOne = catalog.functions.scalars(named: call.name).count { !$0.parameterNames.isEmpty } == 1
      guard isOne, index < function.parameters.count, case .exact(let type) = function.parameters[index] else {
        return Bound(.literal(.null, .unknown), position: position)
      }
      return Bound(.literal(.null, type), position: position)
    }
  }
}
