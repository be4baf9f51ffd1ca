// ScalarLibrary owns the list of built-in scalar functions.

enum ScalarLibrary {
  /// All of them, gathered from one list per file.
  static var all: [ScalarFunction] {
    let session = CatalogFunctionList.all + SessionFunctions.all
    return session + time + text + FloatFunctions.all + NumberFunctions.all + ArrayFunctions.all + JSONFunctions.all
  }

  private static var time: [ScalarFunction] {
    let truncating = TimeBucketFunctions.all + GapFillFunctions.all + DateTruncFunctions.all + TimeZoneFunctions.all
    return truncating + CurrentTimeFunctions.all + DateFieldFunctions.all + TimeMakingFunctions.all
  }

  private static var text: [ScalarFunction] {
    let formatting = DateToText.all + TextToDate.all + NumberFormatting.all
    return TextBasicFunctions.all + Quoting.all + RegexFunctions.all + EncodingFunctions.all + formatting
  }
}
