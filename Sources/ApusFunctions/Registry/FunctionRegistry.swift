// FunctionRegistry owns the lookup of functions, operators, casts and aggregates by name.

public import ApusColumns

/// All functions of a process, immutable after start. A new function is one unit in a file of its kind, listed in one
/// array that `standard` gathers.
public final class FunctionRegistry: Sendable {
  private let scalars: [String: [ScalarFunction]]
  private let operators: [String: [ScalarFunction]]
  private let casts: [DataType: [DataType: Cast]]
  private let aggregates: [String: [AggregateFunction]]
  private let tables: [String: [TableFunction]]
  private let windows: [String: [WindowFunction]]

  public init(
    scalars: [ScalarFunction], casts: [Cast], aggregates: [AggregateFunction], tables: [TableFunction],
    windows: [WindowFunction] = []
  ) {
    self.scalars = Dictionary(grouping: scalars.filter { $0.kind == .function }, by: \.name)
    self.operators = Dictionary(grouping: scalars.filter { $0.kind == .operator }, by: \.name)
    var table: [DataType: [DataType: Cast]] = [:]
    for cast in casts { table[cast.source, default: [:]][cast.target] = cast }
    self.casts = table
    self.aggregates = Dictionary(grouping: aggregates, by: \.name)
    self.tables = Dictionary(grouping: tables, by: \.name)
    self.windows = Dictionary(grouping: windows, by: \.name)
  }

  /// The same functions and more.
  public func adding(
    scalars: [ScalarFunction] = [], aggregates: [AggregateFunction] = [], tables: [TableFunction] = []
  ) -> FunctionRegistry {
    FunctionRegistry(
      scalars: allScalars + scalars, casts: allCasts, aggregates: allAggregates + aggregates,
      tables: allTableFunctions + tables, windows: allWindowFunctions)
  }

  public func scalars(named name: String) -> [ScalarFunction] { scalars[name] ?? [] }
  /// Unary operators have one parameter, binary ones two.
  public func operators(named name: String) -> [ScalarFunction] { operators[name] ?? [] }
  public func aggregates(named name: String) -> [AggregateFunction] { aggregates[name] ?? [] }
  public func tableFunctions(named name: String) -> [TableFunction] { tables[name] ?? [] }
  public func windows(named name: String) -> [WindowFunction] { windows[name] ?? [] }
  /// The cast between two non-array types; between equal ones, that which applies a modifier. Casts of arrays go by
  /// element.
  public func cast(from source: DataType, to target: DataType) -> Cast? { casts[source]?[target] }

  public var allScalars: [ScalarFunction] { scalars.values.flatMap { $0 } + operators.values.flatMap { $0 } }
  public var allAggregates: [AggregateFunction] { aggregates.values.flatMap { $0 } }
  public var allTableFunctions: [TableFunction] { tables.values.flatMap { $0 } }
  public var allWindowFunctions: [WindowFunction] { windows.values.flatMap { $0 } }
  public var allCasts: [Cast] { casts.values.flatMap { $0.values } }
}
