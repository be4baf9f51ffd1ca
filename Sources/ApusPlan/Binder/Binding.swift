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
  /// References to common tables from their own recursive terms, so far.
  var selfReferences: [SelfReference] = []

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
  let literals: LiteralReader
  var expressionDepth = 0
  /// Items of the same FROM that what is being bound may not see, for hints.
  var hiddenItems: [RangeItem] = []
  /// Whether `$n` may be used: not so in views and defaults.
  var allowsParameters = true
  /// The common tables that are being bound, outermost first.
  var commonTablesBeingBound: [CommonTableDefinition] = []
  /// Set while FROM is bound: whether an item of the query's own is a recursive reference.
  var hasSelfReference = false

  var catalog: any BinderCatalog { state.catalog }

  init(arena: Arena, state: BindingState) {
    self.arena = arena
    self.state = state
    coercions = Coercions(functions: state.catalog.functions)
    resolution = FunctionResolution(coercions: coercions)
    literals = LiteralReader(functions: state.catalog.functions, context: state.catalog.context)
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
