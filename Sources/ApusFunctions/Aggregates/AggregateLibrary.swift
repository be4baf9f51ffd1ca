// AggregateLibrary owns the list of built-in aggregates.

enum AggregateLibrary {
  /// All of them, gathered from one list per file.
  static var all: [AggregateFunction] { [] }
}
