// The registry that every database has: all built-in functions, operators, casts and aggregates.

extension FunctionRegistry {
  /// Everything built in. Made once, on first use.
  public static let standard = FunctionRegistry(
    scalars: OperatorLibrary.all + ScalarLibrary.all + SketchAggregates.scalars, casts: CastLibrary.all,
    aggregates: AggregateLibrary.all,
    tables: TableFunctionLibrary.all, windows: WindowLibrary.all)
}
