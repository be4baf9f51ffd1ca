// Regex owns regular expressions: the C library's extended ones, with PostgreSQL's escapes put into its terms.

public import ApusBase
import ApusColumns
private import Glibc
private import Synchronization

/// A compiled expression. Immutable; matching needs no lock.
public final class Regex: @unchecked Sendable {
  private var compiled = regex_t()
  /// Capturing groups, as the pattern counts them, by the compiled expression's numbers.
  let groups: [Int]

  /// UTF-8 whatever the process's locale, so that `.` is a character.
  nonisolated(unsafe) private static let utf8: locale_t? = newlocale(LC_CTYPE_MASK, "C.UTF-8", nil)
  private static let cache = Mutex<[String: Regex]>([:])
  private static let cacheMax = 256

  /// The expression, from the cache where it is known. Throws 2201B for a bad pattern, 0A000 for what the C library
  /// does not have (look-ahead, back references within brackets, lazy repetition). `testing`: only `matches` is asked of
  /// it, to which it is one whether repetition is lazy.
  public static func named(
    _ pattern: String, ignoringCase: Bool, newlineSensitive: Bool = false, testing: Bool = false
  ) throws(ApusError) -> Regex {
    let key = (ignoringCase ? "i" : "c") + (newlineSensitive ? "n" : "s") + (testing ? "t" : "m") + pattern
    if let known = cache.withLock({ $0[key] }) { return known }
    let made = try Regex(
      pattern, ignoringCase: ignoringCase, newlineSensitive: newlineSensitive, testing: testing)
    cache.withLock { cache in
      if cache.count >= cacheMax { cache = [:] }
      cache[key] = made
    }
    return made
  }

  private init(
    _ pattern: String, ignoringCase: Bool, newlineSensitive: Bool, testing: Bool
  ) throws(ApusError) {
    var translator = RegexTranslator(pattern, testing: testing)
    let text = try translator.translate()
    groups = translator.capturing
    var flags = REG_EXTENDED
    if ignoringCase || translator.ignoresCase { flags |= REG_ICASE }
    if newlineSensitive || translator.isNewlineSensitive { flags |= REG_NEWLINE }
    let before = uselocale(Self.utf8)
    let code = regcomp(&compiled, text, flags)
    _ = uselocale(before)
    guard code == 0 else {
      var message = [CChar](repeating: 0, count: 256)
      regerror(code, &compiled, &message, message.count)
      let words = message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      throw ApusError(
        .invalidRegularExpression,
        "invalid regular expression: \(String(decoding: words, as: UTF8.self).lowercased())")
    }
  }

  deinit { regfree(&compiled) }

  /// The first match at or after `start`: the ranges of the whole and of the capturing groups (nil where one took no
  /// part).
  public func match(_ text: UnsafeRawBufferPointer, from start: Int = 0) -> [Range<Int>?]? {
    let count = (groups.max() ?? 0) + 1
    var found = [regmatch_t](repeating: regmatch_t(rm_so: -1, rm_eo: -1), count: count)
    found[0] = regmatch_t(rm_so: regoff_t(clamping: start), rm_eo: regoff_t(clamping: text.count))
    var flags = REG_STARTEND
    if start > 0 { flags |= REG_NOTBOL }
    let base = text.baseAddress?.assumingMemoryBound(to: CChar.self)
    let before = uselocale(Self.utf8)
    let code: Int32
    if let base {
      code = regexec(&compiled, base, count, &found, flags)
    } else {
      var empty: CChar = 0
      code = regexec(&compiled, &empty, count, &found, flags)
    }
    _ = uselocale(before)
    guard code == 0 else { return nil }
    func range(_ match: regmatch_t) -> Range<Int>? {
      match.rm_so < 0 ? nil : Int(match.rm_so)..<Int(match.rm_eo)
    }
    return [range(found[0])] + groups.map { range(found[$0]) }
  }

  public func matches(_ text: UnsafeRawBufferPointer) -> Bool { match(text) != nil }
}

/// PostgreSQL's advanced expressions in POSIX extended form.
private struct RegexTranslator {
  private let source: [Character]
  private var at = 0
  private var out = ""
  private var opened = 0
  private(set) var capturing: [Int] = []
  private(set) var ignoresCase = false
  private(set) var isNewlineSensitive = false

  private let testing: Bool

  init(_ pattern: String, testing: Bool) {
    self.testing = testing
    // Scalars, so that a base letter and its accent stay apart.
    source = pattern.unicodeScalars.map { Character($0) }
  }

  private func unsupported(_ what: String) -> ApusError {
    ApusError.unsupported("\(what) in a regular expression")
  }

  mutating func translate() throws(ApusError) -> String {
    try options()
    while at < source.count {
      let character = source[at]
      switch character {
      case "\\": try escape()
      case "[": try bracket()
      case "(": try group()
      case "*", "+", "?", "}":
        out.append(character)
        at += 1
        guard at < source.count else { break }
        if source[at] == "?" {
          if !testing { throw unsupported("non-greedy repetition") }
          at += 1
        } else if "*+".contains(source[at]) {
          throw ApusError(
            .invalidRegularExpression, "invalid regular expression: quantifier operand invalid")
        }
      default:
        out.append(character)
        at += 1
      }
    }
    return out
  }

  /// `(?i)` and its kin, at the start.
  private mutating func options() throws(ApusError) {
    guard source.count > 3, source[0] == "(", source[1] == "?", source[2].isLetter,
      let end = source.firstIndex(of: ")")
    else { return }
    for option in source[2..<end] {
      switch option {
      case "i": ignoresCase = true
      case "c": ignoresCase = false
      case "n", "m": isNewlineSensitive = true
      case "s", "t", "e": continue
      default: throw unsupported("embedded option \"\(option)\"")
      }
    }
    at = end + 1
  }

  private mutating func group() throws(ApusError) {
    opened += 1
    out.append("(")
    at += 1
    guard at < source.count, source[at] == "?" else { return capturing.append(opened) }
    guard at + 1 < source.count, source[at + 1] == ":" else { throw unsupported("look-ahead or look-behind") }
    at += 2
  }

  private static let classes: [Character: String] = [
    "d": "[[:digit:]]", "D": "[^[:digit:]]", "w": "[[:alnum:]_]", "W": "[^[:alnum:]_]", "s": "[[:space:]]",
    "S": "[^[:space:]]", "m": "\\<", "M": "\\>", "y": "\\b", "Y": "\\B", "A": "^", "Z": "$",
  ]
  private static let controls: [Character: String] = [
    "n": "\n", "t": "\t", "r": "\r", "f": "\u{0C}", "v": "\u{0B}", "a": "\u{07}", "e": "\u{1B}", "b": "\u{08}",
  ]

  private mutating func escape() throws(ApusError) {
    guard at + 1 < source.count else {
      throw ApusError(.invalidRegularExpression, "invalid regular expression: invalid escape \\ sequence")
    }
    let next = source[at + 1]
    at += 2
    if let text = Self.classes[next] {
      out += text
    } else if next == "u" || next == "x" || next == "U" {
      out += try scalar(digits: next == "u" ? 4 : next == "U" ? 8 : 2)
    } else if let text = Self.controls[next], next != "b" {
      out += text
    } else if next == "B" {
      out += "\\\\"
    } else {
      out += "\\" + String(next)
    }
  }

  private mutating func scalar(digits: Int) throws(ApusError) -> String {
    let end = min(source.count, at + digits)
    guard let number = UInt32(String(source[at..<end]), radix: 16), let scalar = Unicode.Scalar(number), number > 0
    else { throw ApusError(.invalidRegularExpression, "invalid regular expression: invalid escape \\ sequence") }
    at = end
    let character = String(Character(scalar))
    return ".^$*+?()[]{}|\\".contains(character) ? "\\" + character : character
  }

  /// Brackets: class escapes inside become POSIX classes.
  private mutating func bracket() throws(ApusError) {
    out.append("[")
    at += 1
    if at < source.count, source[at] == "^" {
      out.append("^")
      at += 1
    }
    var isFirst = true
    while at < source.count {
      let character = source[at]
      if character == "]", !isFirst {
        out.append("]")
        at += 1
        return
      }
      isFirst = false
      if character == "[", at + 1 < source.count, ":.=".contains(source[at + 1]) {
        let kind = source[at + 1]
        repeat {
          out.append(source[at])
          at += 1
        } while at < source.count && !(source[at] == "]" && source[at - 1] == kind)
        continue
      }
      if character == "\\", at + 1 < source.count {
        try bracketEscape()
        continue
      }
      out.append(character)
      at += 1
    }
    throw ApusError(.invalidRegularExpression, "invalid regular expression: brackets [] not balanced")
  }

  private mutating func bracketEscape() throws(ApusError) {
    let next = source[at + 1]
    at += 2
    switch next {
    case "d": out += "[:digit:]"
    case "w": out += "[:alnum:]_"
    case "s": out += "[:space:]"
    case "D", "W", "S": throw unsupported("a negated class inside brackets")
    default:
      if let text = Self.controls[next] {
        out += text
      } else if next == "]" || next == "-" || next == "^" || next == "[" {
        out += "[." + String(next) + ".]"
      } else if next == "\\" {
        out += "\\"
      } else {
        out.append(next)
      }
    }
  }
}
