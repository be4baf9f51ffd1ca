// ErrorReport owns how an error is told: psql's words, with a caret under the place.

public import ApusBase

public enum ErrorReport {
  /// `sql` is what was sent: the error's position counts its characters.
  public static func text(_ error: ApusError, sql: String? = nil) -> String {
    var lines = ["ERROR:  \(shown(error.message))"]
    if let sql, let position = error.position { lines += place(sql, position) }
    for (name, part) in [("DETAIL", error.detail), ("HINT", error.hint), ("CONTEXT", error.context)] {
      if let part { lines.append("\(name):  \(shown(part))") }
    }
    return lines.joined(separator: "\n")
  }

  public static func text(_ notice: Notice) -> String {
    var lines = ["\(notice.severity.rawValue):  \(shown(notice.message))"]
    if let detail = notice.detail { lines.append("DETAIL:  \(shown(detail))") }
    if let hint = notice.hint { lines.append("HINT:  \(shown(hint))") }
    return lines.joined(separator: "\n")
  }

  private static func shown(_ text: String) -> String { TextWidth.lines(text).joined(separator: "\n") }

  /// Columns of the line that are shown around the place.
  private static let columnsBefore = 55
  private static let columnsMax = 75

  private static func place(_ sql: String, _ position: Int) -> [String] {
    let scalars = Array(sql.unicodeScalars)
    let target = min(position - 1, scalars.count)
    guard target >= 0 else { return [] }
    var start = target
    while start > 0, scalars[start - 1] != "\n" { start -= 1 }
    var end = target
    while end < scalars.count, scalars[end] != "\n" { end += 1 }
    let number = scalars[..<target].reduce(1) { $0 + ($1 == "\n" ? 1 : 0) }
    // A long line is cut on both sides.
    var (from, to) = (start, end)
    if end - start > columnsMax {
      from = max(start, target - columnsBefore)
      to = min(end, from + columnsMax)
    }
    let (before, after) = (from > start ? "..." : "", to < end ? "..." : "")
    let label = "LINE \(number): \(before)"
    let left = line(scalars[from..<target])
    let right = line(scalars[target..<to])
    return [
      label + left + right + after,
      String(repeating: " ", count: TextWidth.of(label) + TextWidth.of(left)) + "^",
    ]
  }

  /// A tab counts as one blank, so that the caret stands under its place.
  private static func line(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
    var text = String.UnicodeScalarView()
    for scalar in scalars { text.append(scalar.value < 32 || scalar.value == 127 ? " " : scalar) }
    return String(text)
  }
}
