// Binding owns the state of binding one statement: its arena, its parameters, and what is shared with views in it.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax
import Synchronization

/// What a statement and the views in it share.
final class BindingState {
  let catalog: any BinderCatalog
  var parameterTypes: [DataType?]
  var subqueryCount = 0
  /// Relations expanded so far: bounds what CTEs and views that refer to one another several times may grow to.
  var relationCount = 0
  var viewDepth = 0

  init(catalog: any BinderCatalog, parameterTypes: [DataType?]) {
    self.catalog = catalog
    self.parameterTypes = parameterTypes
  }
}

/// Binds the expressions and queries of one arena. Used by one thread for one statement.
final class Binding {
  let arena: Arena
  let state: BindingState
  let coercions: Coercions
  let resolution: FunctionResolution
  var expressionDepth = 0
  /// Whether `$n` may be used: not so in views and defaults.
  var allowsParameters = true

  var catalog: any BinderCatalog { state.catalog }

  init(arena: Arena, state: BindingState) {
    self.arena = arena
    self.state = state
    coercions = Coercions(functions: state.catalog.functions)
    resolution = FunctionResolution(coercions: coercions)
  }

  convenience init(arena: Arena, catalog: any BinderCatalog, parameterTypes: [DataType?]) {
    self.init(arena: arena, state: BindingState(catalog: catalog, parameterTypes: parameterTypes))
  }

  func nextSubqueryIdentity() -> Int {
    state.subqueryCount += 1
    return state.subqueryCount
  }

  // MARK: Parameters

  /// `$number` as far as its type is known.
  func parameter(_ number: Int, position: Int?) throws -> Bound {
    guard allowsParameters, number >= 1, number <= 65_535 else {
      throw ApusError(.undefinedParameter, "there is no parameter $\(number)", position: position)
    }
    while state.parameterTypes.count < number { state.parameterTypes.append(nil) }
    let type = state.parameterTypes[number - 1] ?? .unknown
    return Bound(.parameter(number, type), position: position)
  }

  /// Decides the type of a parameter by its context.
  func parameter(_ number: Int, as type: DataType, position: Int?) throws -> Expression {
    if let known = state.parameterTypes[number - 1], known != .unknown {
      if known != type {
        throw ApusError(
          SQLState("42P08"), "inconsistent types deduced for parameter $\(number)",
          detail: "\(known.sqlName) versus \(type.sqlName)", position: position)
      }
    } else {
      state.parameterTypes[number - 1] = type
    }
    return .parameter(number, type)
  }

  func finishedParameterTypes(count: Int) -> [DataType] {
    var types = state.parameterTypes.map { $0 == nil || $0 == .unknown ? DataType.text : $0 ?? .text }
    while types.count < count { types.append(.text) }
    return types
  }

  // MARK: Names

  /// The name of a select list's item without AS (PostgreSQL's FigureColname).
  func outputName(of id: ExprID) -> String { name(of: id)?.text ?? "?column?" }

  /// A name and whether it gives way to that of a cast's type.
  private func name(of id: ExprID) -> (text: String, isWeak: Bool)? {
    switch arena[id].kind {
    case .column(let names, _): return names.last.map { ($0, false) }
    case .indirection(let base, let steps):
      for step in steps.reversed() { if case .field(let name) = step { return (name, false) } }
      return name(of: base)
    case .function(let call): return (call.name, false)
    case .nullIf: return ("nullif", false)
    case .coalesce: return ("coalesce", false)
    case .greatest: return ("greatest", false)
    case .least: return ("least", false)
    case .array: return ("array", false)
    case .row: return ("row", false)
    case .grouping: return ("grouping", false)
    case .collate(let base, _): return name(of: base)
    case .constant(.boolean): return ("bool", true)
    case .cast(let base, let type):
      if let found = name(of: base), !found.isWeak { return found }
      return (type.name, true)
    case .case(let expression):
      if let otherwise = expression.otherwise, let found = name(of: otherwise), !found.isWeak { return found }
      return ("case", true)
    case .sqlValue(let value, _): return (value.rawValue.lowercased(), false)
    case .subquery(let subquery):
      switch subquery.form {
      case .exists: return ("exists", false)
      case .array: return ("array", false)
      case .scalar: return firstTargetName(of: subquery.query).map { ($0, false) }
      case .any, .all: return nil
      }
    default: return nil
    }
  }

  private func firstTargetName(of query: QueryID) -> String? {
    switch arena[query].body {
    case .select(let select):
      guard let target = select.targets.first else { return nil }
      if let alias = target.alias { return alias }
      return name(of: target.expression)?.text
    case .values: return "column1"
    case .setOperation(let first, _): return firstTargetName(of: first)
    }
  }
}

/// Parsed texts of views, generated columns and defaults: they are few and asked for by every statement.
enum ParsedTexts {
  private static let expressions = Mutex<[String: ParsedExpression]>([:])
  private static let statements = Mutex<[String: ParsedStatement]>([:])
  private static let countMax = 1_024

  static func expression(_ text: String) throws -> ParsedExpression {
    if let found = expressions.withLock({ $0[text] }) { return found }
    let parsed = try Parser.parseExpression(text)
    expressions.withLock {
      if $0.count >= countMax { $0.removeAll() }
      $0[text] = parsed
    }
    return parsed
  }

  static func statement(_ text: String) throws -> ParsedStatement {
    if let found = statements.withLock({ $0[text] }) { return found }
    guard let parsed = try Parser.parse(text).first else { throw ApusError.unexpected("a view without a query") }
    statements.withLock {
      if $0.count >= countMax { $0.removeAll() }
      $0[text] = parsed
    }
    return parsed
  }
}
