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
  /// does not have (look-ahead, back references within brackets, lazy repetition). `testing`: only `matches` is asked
  /// of it, to which it is one whether repetition is lazy.
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
      throw ApusError(.invalidRegularExpression, "invalid regular expression: \(Self.fault(code))")
    }
  }

  /// PostgreSQL's words for what the C library refuses.
  private static func fault(_ code: Int32) -> String {
    switch reg_errcode_t(code) {
    case _REG_ECOLLATE: "invalid collating element"
    case _REG_ECTYPE: "invalid character class"
    case _REG_EESCAPE: "invalid escape \\ sequence"
    case _REG_ESUBREG: "invalid backreference number"
    case _REG_EBRACK: "brackets [] not balanced"
    case _REG_EPAREN: "parentheses () not balanced"
    case _REG_EBRACE: "braces {} not balanced"
    case _REG_BADBR: "invalid repetition count(s)"
    case _REG_ERANGE: "invalid character range"
    case _REG_BADRPT: "quantifier operand invalid"
    case _REG_ESPACE: "out of memory"
    default: "invalid regexp"
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
  /// Bounds on what the C library makes of a pattern: it repeats what is repeated, and recurses into groups.
  private static let costMax = 20_000
  private static let depthMax = 100
  private static let lengthMax = 16_384
  private static let repetitionMax = 255

  /// Copies of characters made so far in each open group, and of the last atom.
  private var costs = [0]
  private var lastCost = 0
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

  private func invalid(_ what: String) -> ApusError {
    ApusError(.invalidRegularExpression, "invalid regular expression: \(what)")
  }

  private mutating func count(_ cost: Int) throws(ApusError) {
    costs[costs.count - 1] += cost
    lastCost = cost
    if costs[costs.count - 1] > Self.costMax { throw invalid("regular expression is too complex") }
  }

  mutating func translate() throws(ApusError) -> String {
    guard source.count <= Self.lengthMax else { throw invalid("regular expression is too complex") }
    try options()
    while at < source.count {
      let character = source[at]
      switch character {
      case "\\":
        try escape()
        try count(1)
      case "[":
        try bracket()
        try count(1)
      case "(": try group()
      case ")":
        guard costs.count > 1 else { throw invalid("parentheses () not balanced") }
        out.append(character)
        at += 1
        try count(costs.removeLast())
      case "{": try bounds()
      case "*", "+", "?":
        out.append(character)
        at += 1
        try afterQuantifier()
      default:
        out.append(character)
        at += 1
        try count(1)
      }
    }
    return out
  }

  /// A quantifier may be followed by `?`, and by no other quantifier.
  private mutating func afterQuantifier() throws(ApusError) {
    guard at < source.count else { return }
    if source[at] == "?" {
      if !testing { throw unsupported("non-greedy repetition") }
      at += 1
    }
    guard at < source.count else { return }
    let isBound = source[at] == "{" && at + 1 < source.count && source[at + 1].isASCII && source[at + 1].isNumber
    if isBound || "*+?".contains(source[at]) { throw invalid("quantifier operand invalid") }
  }

  /// `{m,n}`; a brace that no digit follows is itself.
  private mutating func bounds() throws(ApusError) {
    guard at + 1 < source.count, source[at + 1].isASCII, source[at + 1].isNumber else {
      out += "\\{"
      at += 1
      return try count(1)
    }
    guard let end = source[at...].firstIndex(of: "}") else { throw invalid("braces {} not balanced") }
    let parts = String(source[at + 1..<end]).split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.map { $0.isEmpty ? 0 : Int($0) ?? -1 }
    guard parts.count <= 2, numbers.allSatisfy({ $0 >= 0 && $0 <= Self.repetitionMax }),
      parts.count < 2 || parts[1].isEmpty || numbers[0] <= numbers[1]
    else { throw invalid("invalid repetition count(s)") }
    try count(lastCost * max(numbers.max() ?? 1, 1))
    out += String(source[at...end])
    at = end + 1
    try afterQuantifier()
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
    costs.append(1)
    guard costs.count <= Self.depthMax else { throw invalid("regular expression is too complex") }
    out.append("(")
    at += 1
    guard at < source.count, source[at] == "?" else { return capturing.append(opened) }
    guard at + 1 < source.count, source[at + 1] == ":" else {
      if at + 1 < source.count, "=!<".contains(source[at + 1]) { throw unsupported("look-ahead or look-behind") }
      throw invalid("quantifier operand invalid")
    }
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
    // The start and the end of a word.
    for (written, text) in [("[[:<:]]", "\\<"), ("[[:>:]]", "\\>")] where source[at...].starts(with: written) {
      out += text
      at += written.count
      return
    }
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
