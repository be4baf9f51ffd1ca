// WindowLibrary owns the list of built-in window functions.

import ApusBase
import ApusColumns

enum WindowLibrary {
  /// All of them, gathered from one list per file.
  static var all: [WindowFunction] { RankingFunctions.all + PlacedValueFunctions.all + Sessionize.all }
}
