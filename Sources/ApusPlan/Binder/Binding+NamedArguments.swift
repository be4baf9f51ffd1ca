// Calls with arguments by name (`f(a, option => b)`): put into the order of the function's parameters.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

extension Binding {
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
