// OperatorLibrary owns the list of built-in operators.

enum OperatorLibrary {
  /// All of them, gathered from one list per file.
  static var all: [ScalarFunction] { [] }
}
