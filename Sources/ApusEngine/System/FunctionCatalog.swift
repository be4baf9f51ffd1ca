// FunctionCatalog owns what the catalogs tell of functions and operators: those of the registry, under PostgreSQL's
// OIDs where PostgreSQL has the same signature.

import ApusBase
import ApusColumns
import ApusFunctions

/// A row of pg_proc.
struct CatalogFunction: Sendable {
  /// `pg_proc.prokind`.
  enum Kind: String, Sendable { case function = "f", aggregate = "a" }

  var oid: OID
  var schema: String
  var name: String
  var kind: Kind
  var arguments: [OID]
  var result: OID
  var returnsSet = false
  /// The element type of the last argument when it repeats.
  var variadic: OID = 0
  var volatility = "i"
  var isStrict = true
  /// Names and types of the columns of a function that gives rows.
  var columns: [(name: String, type: OID)] = []
}

/// A row of pg_operator.
struct CatalogOperator: Sendable {
  var oid: OID
  var name: String
  /// 0 for a prefix operator.
  var left: OID
  var right: OID
  var result: OID
  var function: OID
  var functionName: String
  var commutator: OID = 0
  var negator: OID = 0
  var canMerge = false
  var canHash = false
}

/// The functions of one registry. Made once, on first use.
final class FunctionCatalog: Sendable {
  let registry: FunctionRegistry
  /// In order of name, then OID.
  let functions: [CatalogFunction]
  let operators: [CatalogOperator]
  private let functionsByOID: [OID: Int]
  private let functionsByName: [String: [Int]]
  private let operatorsByOID: [OID: Int]
  private let operatorsByName: [String: [Int]]
  /// Of PostgreSQL's functions, those that only catalogs name (an operator's, a type's).
  private let others: [OID: (name: String, arguments: [OID])]

  private static let standard = FunctionCatalog(.standard)

  /// The catalog of a registry: one a process for the built-in functions.
  static func of(_ registry: FunctionRegistry) -> FunctionCatalog {
    registry === FunctionRegistry.standard ? standard : FunctionCatalog(registry)
  }

  private init(_ registry: FunctionRegistry) {
    self.registry = registry
    let known = KnownFunctions()
    functions = Self.functions(of: registry, known)
    operators = Self.operators(of: registry)
    functionsByOID = Dictionary(
      functions.enumerated().map { ($1.oid, $0) }, uniquingKeysWith: { first, _ in first })
    functionsByName = Dictionary(grouping: functions.indices) { [functions] in functions[$0].name }
    operatorsByOID = Dictionary(
      operators.enumerated().map { ($1.oid, $0) }, uniquingKeysWith: { first, _ in first })
    operatorsByName = Dictionary(grouping: operators.indices) { [operators] in operators[$0].name }
    others = known.all
  }

  func function(_ oid: OID) -> CatalogFunction? { functionsByOID[oid].map { functions[$0] } }
  func functions(named name: String) -> [CatalogFunction] { functionsByName[name]?.map { functions[$0] } ?? [] }
  func operator_(_ oid: OID) -> CatalogOperator? { operatorsByOID[oid].map { operators[$0] } }
  func operators(named name: String) -> [CatalogOperator] { operatorsByName[name]?.map { operators[$0] } ?? [] }
  /// The name of any function of PostgreSQL's, listed here or not.
  func name(of function: OID) -> String? { self.function(function)?.name ?? others[function]?.name }
  /// The arguments of a function of PostgreSQL's that is not listed here.
  func argumentsOfOther(_ function: OID) -> [OID]? { others[function]?.arguments }

  /// A function of PostgreSQL's that only other catalogs name, by its name alone.
  func otherOID(named name: String) -> OID? {
    let found = others.filter { $0.value.name == name }
    return found.count == 1 ? found.first?.key : nil
  }

  // MARK: Making

  private static func functions(of registry: FunctionRegistry, _ known: KnownFunctions) -> [CatalogFunction] {
    var found: [OID: CatalogFunction] = [:]
    func add(_ function: CatalogFunction) { if found[function.oid] == nil { found[function.oid] = function } }
    for scalar in registry.allScalars where scalar.kind == .function { add(entry(scalar, known)) }
    for aggregate in registry.allAggregates { add(entry(aggregate, known)) }
    for table in registry.allTableFunctions { add(entry(table, known)) }
    for function in known.typeFunctions { add(function) }
    return found.values.sorted { ($0.name, $0.oid) < ($1.name, $1.oid) }
  }

  private static func entry(_ scalar: ScalarFunction, _ known: KnownFunctions) -> CatalogFunction {
    let signature = Signature(scalar.parameters, isVariadic: scalar.isVariadic)
    let match = scalar.schema == "pg_catalog" ? known.find(scalar.name, signature) : nil
    let arguments = match?.arguments ?? signature.arguments
    return CatalogFunction(
      oid: match?.oid ?? CatalogOIDs.function("\(scalar.schema).\(scalar.name)(\(signature.key))"),
      schema: scalar.schema, name: scalar.name, kind: .function, arguments: arguments,
      result: match?.result ?? oid(scalar.result, scalar.parameters),
      variadic: scalar.isVariadic ? variadic(arguments) : 0,
      volatility: scalar.volatility == .immutable ? "i" : scalar.volatility == .stable ? "s" : "v",
      isStrict: scalar.isStrict)
  }

  private static func entry(_ aggregate: AggregateFunction, _ known: KnownFunctions) -> CatalogFunction {
    let signature = Signature(aggregate.parameters, isVariadic: aggregate.isVariadic)
    let match = known.find(aggregate.name, signature)
    let arguments = match?.arguments ?? signature.arguments
    return CatalogFunction(
      oid: match?.oid ?? CatalogOIDs.function("pg_catalog.\(aggregate.name)(\(signature.key))"),
      schema: "pg_catalog", name: aggregate.name, kind: .aggregate, arguments: arguments,
      result: match?.result ?? oid(aggregate.result, aggregate.parameters),
      variadic: aggregate.isVariadic ? variadic(arguments) : 0, isStrict: false)
  }

  private static func entry(_ table: TableFunction, _ known: KnownFunctions) -> CatalogFunction {
    let signature = Signature(table.parameters, isVariadic: table.isVariadic)
    let match = table.schema == "pg_catalog" ? known.find(table.name, signature) : nil
    let arguments = match?.arguments ?? signature.arguments
    let sample = table.parameters.map { parameter -> DataType in
      switch parameter {
      case .exact(let type): type
      case .anyArray, .anyCompatibleArray: .array(.text)
      default: .text
      }
    }
    let columns = (try? table.columns(sample)) ?? []
    let result = match?.result ?? (columns.count == 1 ? columns[0].type.oid : DataType.record.oid)
    return CatalogFunction(
      oid: match?.oid ?? CatalogOIDs.function("\(table.schema).\(table.name)(\(signature.key))"),
      schema: table.schema, name: table.name, kind: .function, arguments: arguments, result: result,
      returnsSet: true, variadic: table.isVariadic ? variadic(arguments) : 0, volatility: "s",
      columns: columns.count > 1 ? columns.map { ($0.name, $0.type.oid) } : [])
  }

  private static func variadic(_ arguments: [OID]) -> OID {
    guard let last = arguments.last else { return 0 }
    return CatalogTypes.entry(last).flatMap { $0.element == 0 ? nil : $0.element } ?? last
  }

  private static func oid(_ result: ResultType, _ parameters: [ParameterType]) -> OID {
    switch result {
    case .exact(let type): type.oid
    case .element: parameters.contains(.anyCompatible) ? 5077 : 2283
    case .array: parameters.contains(.anyCompatibleArray) ? 5078 : 2277
    }
  }

  private static func operators(of registry: FunctionRegistry) -> [CatalogOperator] {
    var known: [String: CatalogOperator] = [:]
    for record in OperatorData.text.split(separator: ";") {
      let parts = record.split(separator: " ").map(String.init)
      guard parts.count == 10 else { continue }
      func type(_ index: Int) -> OID { CatalogTypes.entry(named: parts[index])?.oid ?? 0 }
      func number(_ index: Int) -> OID { OID(parts[index]) ?? 0 }
      let entry = CatalogOperator(
        oid: number(0), name: parts[1], left: type(2), right: type(3), result: type(4), function: number(5),
        functionName: parts[6], commutator: number(7), negator: number(8), canMerge: parts[9].contains("m"),
        canHash: parts[9].contains("h"))
      known["\(entry.name) \(entry.left) \(entry.right)"] = entry
    }
    var found: [OID: CatalogOperator] = [:]
    for scalar in registry.allScalars where scalar.kind == .operator {
      let types = scalar.parameters.map { Signature.oid($0) }
      guard let right = types.last, types.count <= 2 else { continue }
      let left = types.count == 2 ? types[0] : 0
      let entry =
        known["\(scalar.name) \(left) \(right)"]
        ?? CatalogOperator(
          oid: CatalogOIDs.function("operator \(scalar.name)(\(left),\(right))"), name: scalar.name, left: left,
          right: right, result: oid(scalar.result, scalar.parameters), function: 0, functionName: "")
      found[entry.oid] = entry
    }
    return found.values.sorted { ($0.name, $0.oid) < ($1.name, $1.oid) }
  }
}

/// The arguments of a function, as OIDs.
struct Signature: Hashable {
  var arguments: [OID]
  /// The last argument as an array: how PostgreSQL declares VARIADIC ones.
  var variadicForm: [OID]?

  init(_ parameters: [ParameterType], isVariadic: Bool) {
    arguments = parameters.map { Self.oid($0) }
    if isVariadic, let last = arguments.last, let array = CatalogTypes.entry(last)?.array, array != 0 {
      variadicForm = arguments.dropLast() + [array]
    }
  }

  var key: String { arguments.map(String.init).joined(separator: ",") }

  static func oid(_ parameter: ParameterType) -> OID {
    switch parameter {
    case .exact(let type): type.oid
    case .anyElement: 2283
    case .anyNonArray: 2776
    case .anyArray: 2277
    case .anyCompatible: 5077
    case .anyCompatibleArray: 5078
    case .any: 2276
    }
  }
}

/// PostgreSQL's functions by signature.
private struct KnownFunctions {
  struct Entry {
    var oid: OID
    var arguments: [OID]
    var result: OID
  }
  private var entries: [String: [Entry]] = [:]
  private(set) var all: [OID: (name: String, arguments: [OID])] = [:]
  /// Those that read and write values of types: clients join pg_type with them.
  private(set) var typeFunctions: [CatalogFunction] = []

  init() {
    let needed = Set(CatalogTypes.all.flatMap { $0.functions + [$0.subscripting] })
    for record in FunctionData.text.split(separator: ";") {
      let parts = record.split(separator: " ")
      guard let first = parts.first else { continue }
      let name = String(first)
      for text in parts.dropFirst() {
        guard let (entry, isSet) = Self.parse(text) else { continue }
        entries[name, default: []].append(entry)
        all[entry.oid] = (name, entry.arguments)
        if needed.contains(entry.oid) {
          typeFunctions.append(
            CatalogFunction(
              oid: entry.oid, schema: "pg_catalog", name: name, kind: .function, arguments: entry.arguments,
              result: entry.result, returnsSet: isSet, volatility: "i"))
        }
      }
    }
  }

  /// `oid(type,type)result`
  private static func parse(_ text: Substring) -> (Entry, isSet: Bool)? {
    guard let open = text.firstIndex(of: "("), let close = text.firstIndex(of: ")"),
      let oid = OID(text[..<open])
    else { return nil }
    var result = text[text.index(after: close)...]
    let isSet = result.hasPrefix("*")
    if isSet { result = result.dropFirst() }
    func type(_ name: Substring) -> OID { CatalogTypes.entry(named: String(name))?.oid ?? 0 }
    let arguments = text[text.index(after: open)..<close].split(separator: ",").map(type)
    return (Entry(oid: oid, arguments: arguments, result: type(result)), isSet)
  }

  func find(_ name: String, _ signature: Signature) -> Entry? {
    guard let list = entries[name] else { return nil }
    return list.first { $0.arguments == signature.variadicForm } ?? list.first { $0.arguments == signature.arguments }
  }
}
