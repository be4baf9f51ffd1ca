// RegexFunctions owns the regexp_* functions, substring with a pattern, and the escapes of LIKE and SIMILAR TO.

import ApusBase
import ApusColumns

/// The flags of a regexp_* function.
struct RegexFlags {
  var ignoresCase = false
  var isNewlineSensitive = false
  var isGlobal = false
  var isLiteral = false

  init(_ text: String, allowsGlobal: Bool, function: String) throws(ApusError) {
    for flag in text.unicodeScalars {
      switch flag {
      case "g": isGlobal = true
      case "i": ignoresCase = true
      case "c": ignoresCase = false
      case "n", "m": isNewlineSensitive = true
      case "s": isNewlineSensitive = false
      case "e", "t": continue
      case "q": isLiteral = true
      case "p", "w", "x", "b": throw .unsupported("the regular expression option \"\(flag)\" is")
      default:
        throw ApusError(.invalidParameterValue, "invalid regular expression option: \"\(flag)\"")
      }
    }
    if isGlobal, !allowsGlobal {
      throw ApusError(.invalidParameterValue, "\(function)() does not support the \"global\" option")
    }
  }

  func compile(_ pattern: String) throws(ApusError) -> Regex {
    var pattern = pattern
    if isLiteral {
      var out = String.UnicodeScalarView()
      for scalar in pattern.unicodeScalars {
        if ".^$*+?()[]{}|\\".unicodeScalars.contains(scalar) { out.append("\\") }
        out.append(scalar)
      }
      pattern = String(out)
    }
    return try Regex.named(pattern, ignoringCase: ignoresCase, newlineSensitive: isNewlineSensitive)
  }
}

enum RegexFunctions {
  /// All matches that do not overlap, from byte `start` on, at most `limit`.
  static func matches(
    _ regex: Regex, _ text: [UInt8], from start: Int = 0, limit: Int = Int.max
  ) -> [[Range<Int>?]] {
    text.withUnsafeBytes { raw in
      var list: [[Range<Int>?]] = []
      var at = start
      while list.count < limit, at <= raw.count, let match = regex.match(raw, from: at), let whole = match[0] {
        list.append(match)
        if whole.isEmpty {
          // Past an empty match, by a character.
          at = whole.upperBound + 1
          while at < raw.count, Characters.isContinuation(raw[at]) { at += 1 }
        } else {
          at = whole.upperBound
        }
      }
      return list
    }
  }

  static func text(_ bytes: [UInt8], _ range: Range<Int>?) -> Value {
    range.map { .text(utf8: Array(bytes[$0])) } ?? .null
  }

  /// The groups of a match, or the whole match where the pattern has none.
  static func groups(_ bytes: [UInt8], _ match: [Range<Int>?]) -> Value {
    .array((match.count > 1 ? Array(match.dropFirst()) : match).map { text(bytes, $0) })
  }

  /// `text` cut at each match, which must not be an empty one at either end.
  static func split(_ regex: Regex, _ text: [UInt8]) -> [Value] {
    var list: [Value] = []
    var start = 0
    for match in matches(regex, text) {
      guard let whole = match[0] else { continue }
      if whole.isEmpty, whole.lowerBound == start || whole.lowerBound >= text.count { continue }
      list.append(.text(utf8: Array(text[start..<whole.lowerBound])))
      start = whole.upperBound
    }
    list.append(.text(utf8: Array(text[start...])))
    return list
  }

  // MARK: - Functions

  static var all: [ScalarFunction] { reading + replacing + counting + escapes }

  private static var reading: [ScalarFunction] {
    var list: [ScalarFunction] = [
      .rows("substring", [.text, .text], .text) { (row, _) throws(ApusError) in
        try substring(row.utf8(0), try RegexFlags("", allowsGlobal: false, function: "substring").compile(row.text(1)))
      },
      .rows("substring", [.text, .text, .text], .text) { (row, _) throws(ApusError) in
        let pattern = try SimilarPattern.regex(row.text(1), escape: row.text(2))
        return try substring(
          row.utf8(0), try RegexFlags("", allowsGlobal: false, function: "substring").compile(pattern))
      },
    ]
    for count in 2...3 {
      let parameters = [DataType](repeating: .text, count: count)
      list.append(
        .rows("regexp_match", parameters, .array(.text)) { (row, _) throws(ApusError) in
          let flags = try RegexFlags(
            row.text(2), allowsGlobal: false, function: "regexp_match")
          let bytes = row.utf8(0)
          guard let match = matches(try flags.compile(row.text(1)), bytes, limit: 1).first else { return .null }
          return groups(bytes, match)
        })
      list.append(
        .rows("regexp_split_to_array", parameters, .array(.text)) { (row, _) throws(ApusError) in
          let flags = try RegexFlags(row.text(2), allowsGlobal: false, function: "regexp_split_to_array")
          return .array(split(try flags.compile(row.text(1)), row.utf8(0)))
        })
      list.append(
        .rows("regexp_like", parameters, .bool) { (row, _) throws(ApusError) in
          let flags = try RegexFlags(row.text(2), allowsGlobal: false, function: "regexp_like")
          let regex = try flags.compile(row.text(1))
          return .bool(row.utf8(0).withUnsafeBytes { regex.matches($0) })
        })
    }
    return list
  }

  private static func substring(_ bytes: [UInt8], _ regex: Regex) throws(ApusError) -> Value {
    guard let match = matches(regex, bytes, limit: 1).first else { return .null }
    return text(bytes, match.count > 1 ? match[1] : match[0])
  }

  // MARK: - Replacing

  /// `\1`...`\9` are groups, `\&` the match, `\\` a backslash.
  private static func appendReplacement(
    _ replacement: [UInt8], _ bytes: [UInt8], _ match: [Range<Int>?], into out: inout [UInt8]
  ) {
    var at = 0
    while at < replacement.count {
      let byte = replacement[at]
      guard byte == 92, at + 1 < replacement.count else {
        out.append(byte)
        at += 1
        continue
      }
      let next = replacement[at + 1]
      if next >= 49, next <= 57 {
        let group = Int(next - 48)
        if group < match.count, let range = match[group] { out += bytes[range] }
        at += 2
      } else if next == 38 {
        if let range = match[0] { out += bytes[range] }
        at += 2
      } else if next == 92 {
        out.append(92)
        at += 2
      } else {
        out.append(92)
        at += 1
      }
    }
  }

  /// Replaces match number `which` from 1, or all for 0.
  private static func replace(
    _ bytes: [UInt8], _ regex: Regex, _ replacement: [UInt8], from start: Int, which: Int
  ) throws(ApusError) -> Value {
    var out: [UInt8] = []
    var last = 0
    let found = matches(regex, bytes, from: start, limit: which == 0 ? Int.max : which)
    for (index, match) in found.enumerated() where which == 0 || index == which - 1 {
      guard let whole = match[0] else { continue }
      out += bytes[last..<whole.lowerBound]
      appendReplacement(replacement, bytes, match, into: &out)
      try TextLimits.check(out.count)
      last = whole.upperBound
    }
    out += bytes[last...]
    return .text(utf8: out)
  }

  private static func start(_ row: [Value], _ index: Int, _ bytes: [UInt8]) throws(ApusError) -> Int {
    guard index < row.count else { return 0 }
    let start = row.int(index)
    guard start > 0 else {
      throw ApusError(.invalidParameterValue, "invalid value for parameter \"start\": \(start)")
    }
    let characters = Characters.count(bytes)
    return start > Int64(characters) + 1
      ? bytes.count + 1 : Characters.offset(bytes, Int(start) - 1)
  }

  private static func positive(_ row: [Value], _ index: Int, _ name: String) throws(ApusError) -> Int {
    guard index < row.count else { return 1 }
    guard row.int(index) > 0 else {
      throw ApusError(.invalidParameterValue, "invalid value for parameter \"\(name)\": \(row.int(index))")
    }
    return Int(row.int(index))
  }

  private static var replacing: [ScalarFunction] {
    let four: [DataType] = [.text, .text, .text, .text]
    var list: [ScalarFunction] = []
    for count in 3...4 {
      list.append(
        .rows("regexp_replace", Array(four.prefix(count)), .text) { (row, _) throws(ApusError) in
          if let first = row.text(3).utf8.first, isDigitByte(first) {
            throw ApusError(
              .invalidParameterValue, "invalid regular expression option: \"\(row.text(3).prefix(1))\"",
              hint: "If you meant to use regexp_replace() with a start parameter, cast the fourth argument to integer "
                + "explicitly.")
          }
          let flags = try RegexFlags(row.text(3), allowsGlobal: true, function: "regexp_replace")
          return try replace(
            row.utf8(0), try flags.compile(row.text(1)), row.utf8(2), from: 0, which: flags.isGlobal ? 0 : 1)
        })
    }
    let six: [DataType] = [.text, .text, .text, .int4, .int4, .text]
    for count in 4...6 {
      list.append(
        .rows("regexp_replace", Array(six.prefix(count)), .text) { (row, _) throws(ApusError) in
          let bytes = row.utf8(0)
          let from = try start(row, 3, bytes)
          let which = row.count > 4 ? row.int(4) : 1
          guard which >= 0 else {
            throw ApusError(.invalidParameterValue, "invalid value for parameter \"n\": \(which)")
          }
          let flags = try RegexFlags(row.text(5), allowsGlobal: true, function: "regexp_replace")
          let isAll = row.count == 4 && flags.isGlobal
          return try replace(
            bytes, try flags.compile(row.text(1)), row.utf8(2), from: from, which: isAll ? 0 : Int(which))
        })
    }
    return list
  }

  // MARK: - Counting

  private static var counting: [ScalarFunction] {
    var list: [ScalarFunction] = []
    let counted: [DataType] = [.text, .text, .int4, .text]
    for count in 2...4 {
      list.append(
        .rows("regexp_count", Array(counted.prefix(count)), .int4) { (row, _) throws(ApusError) in
          let bytes = row.utf8(0)
          let from = try start(row, 2, bytes)
          let flags = try RegexFlags(row.text(3), allowsGlobal: false, function: "regexp_count")
          return .int(Int64(matches(try flags.compile(row.text(1)), bytes, from: from).count))
        })
    }
    let six: [DataType] = [.text, .text, .int4, .int4, .text, .int4]
    for count in 2...6 {
      list.append(
        .rows("regexp_substr", Array(six.prefix(count)), .text) { (row, _) throws(ApusError) in
          let bytes = row.utf8(0)
          let (match, group) = try numbered(row, bytes, start: 2, n: 3, flags: 4, group: 5, "regexp_substr")
          guard let match, group < match.count else { return .null }
          return text(bytes, match[group])
        })
    }
    let seven: [DataType] = [.text, .text, .int4, .int4, .int4, .text, .int4]
    for count in 2...7 {
      list.append(
        .rows("regexp_instr", Array(seven.prefix(count)), .int4) { (row, _) throws(ApusError) in
          let bytes = row.utf8(0)
          let end = row.int(4)
          guard end == 0 || end == 1 else {
            throw ApusError(.invalidParameterValue, "invalid value for parameter \"endoption\": \(end)")
          }
          let (match, group) = try numbered(row, bytes, start: 2, n: 3, flags: 5, group: 6, "regexp_instr")
          guard let match, group < match.count, let range = match[group] else { return .int(0) }
          let place = end == 1 ? range.upperBound : range.lowerBound
          return .int(Int64(Characters.count(Array(bytes[..<place])) + 1))
        })
    }
    return list
  }

  /// The match that a regexp_substr or regexp_instr wants, and the number of the group.
  private static func numbered(
    _ row: [Value], _ bytes: [UInt8], start: Int, n: Int, flags: Int, group: Int, _ function: String
  ) throws(ApusError) -> (match: [Range<Int>?]?, group: Int) {
    let from = try Self.start(row, start, bytes)
    let wanted = try positive(row, n, "n")
    let options = try RegexFlags(row.text(flags), allowsGlobal: false, function: function)
    let number = row.int(group)
    guard number >= 0 else {
      throw ApusError(.invalidParameterValue, "invalid value for parameter \"subexpr\": \(number)")
    }
    let found = matches(try options.compile(row.text(1)), bytes, from: from, limit: wanted)
    return (found.count == wanted ? found.last : nil, Int(number))
  }

  // MARK: - Escapes

  private static var escapes: [ScalarFunction] {
    [
      .rows("like_escape", [.text, .text], .text) { (row, _) throws(ApusError) in
        .text(utf8: try likeEscape(row.text(0), row.text(1)))
      },
      .rows("like_escape", [.bytea, .bytea], .bytea) { (row, _) throws(ApusError) in
        let escape = row.bytes(1)
        guard escape.count <= 1 else { throw SimilarPattern.badEscape }
        return .bytes(escaped(row.bytes(0), escape.first))
      },
      .rows("similar_to_escape", [.text], .text) { (row, _) throws(ApusError) in
        .text(try SimilarPattern.regex(row.text(0), escape: "\\"))
      },
      .rows("similar_to_escape", [.text, .text], .text) { (row, _) throws(ApusError) in
        .text(try SimilarPattern.regex(row.text(0), escape: row.text(1)))
      },
    ]
  }

  /// A LIKE pattern whose escape is made a backslash.
  private static func likeEscape(_ pattern: String, _ escape: String) throws(ApusError) -> [UInt8] {
    guard escape.unicodeScalars.count <= 1 else { throw SimilarPattern.badEscape }
    if escape == "\\" { return Array(pattern.utf8) }
    guard let mark = escape.unicodeScalars.first else { return escaped(Array(pattern.utf8), nil) }
    var out = String.UnicodeScalarView()
    var isAfter = false
    for scalar in pattern.unicodeScalars {
      if scalar == mark, !isAfter {
        out.append("\\")
        isAfter = true
      } else if scalar == "\\" {
        out.append("\\")
        if !isAfter { out.append("\\") }
        isAfter = false
      } else {
        out.append(scalar)
        isAfter = false
      }
    }
    return Array(String(out).utf8)
  }

  private static func escaped(_ pattern: [UInt8], _ mark: UInt8?) -> [UInt8] {
    if mark == 92 { return pattern }
    var out: [UInt8] = []
    var isAfter = false
    for byte in pattern {
      if let mark, byte == mark, !isAfter {
        out.append(92)
        isAfter = true
        continue
      }
      if byte == 92, !isAfter { out.append(92) }
      out.append(byte)
      isAfter = false
    }
    return out
  }
}

/// SIMILAR TO patterns as regular expressions.
enum SimilarPattern {
  static var badEscape: ApusError {
    ApusError(
      .invalidEscapeSequence, "invalid escape string", hint: "Escape string must be empty or one character.")
  }

  static func regex(_ pattern: String, escape: String) throws(ApusError) -> String {
    guard escape.unicodeScalars.count <= 1 else { throw badEscape }
    let mark = escape.unicodeScalars.first
    var out = "^(?:"
    var isAfter = false
    var isInBracket = false
    var quotes = 0
    for scalar in pattern.unicodeScalars {
      if isAfter {
        if scalar == "\"", !isInBracket {
          guard quotes < 2 else {
            throw ApusError(
              SQLState("2200C"), "SQL regular expression may not contain more than two escape-double-quote separators")
          }
          out += quotes == 0 ? "){1,1}?(" : "){1,1}(?:"
          quotes += 1
        } else {
          out += "\\"
          out.unicodeScalars.append(scalar)
        }
        isAfter = false
      } else if scalar == mark {
        isAfter = true
      } else if isInBracket {
        if scalar == "\\" { out += "\\" }
        out.unicodeScalars.append(scalar)
        if scalar == "]" { isInBracket = false }
      } else {
        switch scalar {
        case "[":
          out += "["
          isInBracket = true
        case "%": out += ".*"
        case "_": out += "."
        case "(": out += "(?:"
        case "\\", ".", "^", "$":
          out += "\\"
          out.unicodeScalars.append(scalar)
        default: out.unicodeScalars.append(scalar)
        }
      }
    }
    return out + ")$"
  }
}
