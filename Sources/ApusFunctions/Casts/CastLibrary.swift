// CastLibrary owns the list of built-in casts.

enum CastLibrary {
  /// All of them, gathered from one list per file.
  static var all: [Cast] { [] }
}
