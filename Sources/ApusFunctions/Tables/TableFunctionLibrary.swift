// TableFunctionLibrary owns the list of built-in table functions.

enum TableFunctionLibrary {
  /// All of them, gathered from one list per file.
  static var all: [TableFunction] { CatalogTableFunctions.all + SeriesFunctions.all + ExpandingFunctions.all }
}
