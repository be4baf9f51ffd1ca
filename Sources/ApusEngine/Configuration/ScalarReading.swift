// ScalarReading owns the values of scalars: lengths of time, sizes, parts, and the check of each kind.

import ApusBase
import ApusColumns
import ApusSyntax

enum ScalarReading {
  /// What is wrong with a text that should be of a kind; nil when nothing is.
  static func fault(_ text: String, as kind: ScalarKind) -> (message: String, hint: String?)? {
    switch kind {
    case .text: return nil
    case .path: return text.isEmpty ? ("a path is empty", nil) : nil
    case .address: return text.isEmpty ? ("an address is empty", nil) : nil
    case .port:
      return UInt16(text) == nil ? ("a port is a number from 0 to 65535, not \"\(text)\"", nil) : nil
    case .integer(let range):
      guard let number = Int(text), range.contains(number) else {
        return ("a number from \(range.lowerBound) to \(range.upperBound) is expected, not \"\(text)\"", nil)
      }
      return nil
    case .size: return bytes(text) == nil ? ("a size is like 4 GiB or 512 MiB, not \"\(text)\"", nil) : nil
    case .percent: return fraction(text) == nil ? ("a part is like 5 %, not \"\(text)\"", nil) : nil
    case .duration(let words):
      if words.contains(text) { return nil }
      return durationFault(text, words, allowsMonths: false)
    case .age(let words): return words.contains(text) ? nil : durationFault(text, words, allowsMonths: true)
    case .interval:
      guard let interval = interval(text), interval.months >= 0, interval.days >= 0, interval.microseconds >= 0,
        interval != Interval(months: 0, days: 0, microseconds: 0)
      else { return ("a length of time is like 1 hour, 1 day or 1 month, not \"\(text)\"", nil) }
      return nil
    case .choice(let words):
      guard !words.contains(text) else { return nil }
      let nearest = EditDistance.nearest(to: text, among: words).map { "did you mean \"\($0)\"?" }
      return ("\"\(text)\" is not one of \(words.joined(separator: ", "))", nearest)
    case .identifier:
      if text.isEmpty { return ("a name is empty", nil) }
      return text.utf8.count > 2 * Limits.identifierBytesMax + 1 ? ("a name is too long", nil) : nil
    case .expression: return expressionFault(text)
    case .columnType: return columnFault(text)
    }
  }

  private static func durationFault(
    _ text: String, _ words: [String], allowsMonths: Bool
  ) -> (message: String, hint: String?)? {
    let also = words.isEmpty ? "" : ", or \(words.map { "\"\($0)\"" }.joined(separator: " or "))"
    guard let interval = interval(text) else {
      return ("a length of time is like 90 days or 1 hour\(also), not \"\(text)\"", nil)
    }
    if interval.months != 0, !allowsMonths {
      return ("\"\(text)\" has no fixed length", "say 30 days or 365 days")
    }
    if let seconds = seconds(text), seconds > 0 { return nil }
    return ("a length of time is at least a second\(also), not \"\(text)\"", nil)
  }

  private static func expressionFault(_ text: String) -> (message: String, hint: String?)? {
    do throws(ApusError) {
      _ = try Parser.parseExpression(text)
      return nil
    } catch {
      return ("not an SQL expression: \(error.message)", error.hint)
    }
  }

  private static func columnFault(_ text: String) -> (message: String, hint: String?)? {
    do throws(ApusError) {
      let parsed = try Parser.parse("CREATE TABLE t (c \(text)\n)")
      guard parsed.count == 1, case .createTable(let create) = parsed[0].root, create.columns.count == 1 else {
        return ("not the type and constraints of one column: \"\(text)\"", nil)
      }
      return nil
    } catch {
      return ("not a column's type: \(error.message)", error.hint)
    }
  }

  static func interval(_ text: String) -> Interval? {
    guard
      case .interval(let interval)? = try? TextFormat.input(
        text, type: TypeReference(.interval), settings: FormatSettings.utc)
    else { return nil }
    // A bare number would be seconds: too easily meant as something else.
    return text.contains(where: { $0.isLetter || $0 == ":" }) ? interval : nil
  }

  /// A length of at least a second, a month counting 30 days and a year 365; nil for anything else.
  static func seconds(_ text: String) -> Int64? { interval(text).flatMap { FixedDuration.age($0) } }

  /// `4 GiB`, `512MiB`, `1.5 GB`, `4096`.
  static func bytes(_ text: String) -> Int? {
    let squeezed = text.filter { $0 != " " }
    let digits = squeezed.prefix { $0.isNumber || $0 == "." }
    guard let number = Double(digits), number > 0 else { return nil }
    let units: [String: Double] = [
      "": 1, "b": 1, "kib": 1024, "mib": 1_048_576, "gib": 1_073_741_824, "tib": 1_099_511_627_776, "kb": 1e3,
      "mb": 1e6, "gb": 1e9, "tb": 1e12,
    ]
    guard let unit = units[squeezed.dropFirst(digits.count).lowercased()] else { return nil }
    return Int(exactly: (number * unit).rounded())
  }

  /// `5 %`, from 0 to less than 100.
  static func fraction(_ text: String) -> Double? {
    let squeezed = text.filter { $0 != " " }
    guard squeezed.hasSuffix("%"), let number = Double(squeezed.dropLast()), number >= 0, number < 100 else {
      return nil
    }
    return number / 100
  }
}

/// Sizes and parts as options of the server state them.
public enum OptionText {
  /// `4 GiB`, `512 MiB`, or bytes; nil for anything else.
  public static func bytes(_ text: String) -> Int? { ScalarReading.bytes(text) }
  /// `5 %`; nil for anything else.
  public static func fraction(_ text: String) -> Double? { ScalarReading.fraction(text) }
}
