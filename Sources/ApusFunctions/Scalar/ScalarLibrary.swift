// ScalarLibrary owns the list of built-in scalar functions.

enum ScalarLibrary {
  /// All of them, gathered from one list per file.
  static var all: [ScalarFunction] { CatalogFunctionList.all + time }

  private static var time: [ScalarFunction] {
    TimeBucketFunctions.all + DateTruncFunctions.all + TimeZoneFunctions.all + CurrentTimeFunctions.all
      + DateFieldFunctions.all + TimeMakingFunctions.all
  }
}
