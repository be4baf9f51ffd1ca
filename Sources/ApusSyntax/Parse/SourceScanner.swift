// SourceScanner owns the cheap look at a text before the parser sees it: how long it is and how deep a tree it can
// make.
// It knows quotes, dollar quotes and comments, so that what stands inside them counts for nothing.
import ApusBase

/// What a text asks of the parser.
struct SourceMeasure {
  /// An upper bound of the depth of the tree: open brackets, and operators that can chain without a comma between.
  var depth = 0
  var tokens = 0
}

/// A pass over the bytes of a text, without allocation but for the stack of open brackets.
struct SourceScanner {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var index = 0
  private var measure = SourceMeasure()
  /// Operators since the last comma, and set operations, at each open level.
  private var operators: [Int] = [0]
  private var setOperations: [Int] = [0]
  /// The sum of both stacks.
  private var depth = 0

  /// Tokens of one text. The parser takes some 400 bytes for each; this bounds what a text can make it allocate.
  static let tokensMax = 1_000_000

  private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// Errors: 54000 for too long a text, 22021 for a NUL byte, 54001 for too deep a tree.
  static func measure(_ bytes: UnsafeBufferPointer<UInt8>) throws(ApusError) -> SourceMeasure {
    if bytes.count > Limits.sqlBytesMax {
      throw ApusError(
        .programLimitExceeded, "SQL text is too long",
        detail: "It has \(bytes.count) bytes; the limit is \(Limits.sqlBytesMax).")
    }
    if bytes.contains(0) {
      throw ApusError(.characterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": 0x00")
    }
    var scanner = SourceScanner(bytes)
    try scanner.run()
    return scanner.measure
  }

  private mutating func run() throws(ApusError) {
    while index < bytes.count {
      let byte = bytes[index]
      switch Self.classes[Int(byte)] {
      case .blank: index += 1
      case .word: try word()
      case .digit:
        skipWord()
        measure.tokens += 1
      case .symbol: try symbol()
      case .quote:
        quoted(byte, backslashes: false)
        measure.tokens += 1
      case .dollar:
        dollarQuote()
        measure.tokens += 1
      case .punctuation: try punctuation(byte)
      }
      if measure.tokens > Self.tokensMax {
        throw ApusError(
          .programLimitExceeded, "SQL text has too many tokens",
          detail: "The limit is \(Self.tokensMax). COPY loads rows without it.")
      }
    }
  }

  // MARK: depth

  private mutating func deepen() throws(ApusError) {
    depth += 1
    if depth > measure.depth { measure.depth = depth }
    if depth > Limits.operatorsPerStatementMax {
      throw ApusError(
        .statementTooComplex, "statement is too complex",
        detail: "At most \(Limits.operatorsPerStatementMax) operators or set operations may build on one another.")
    }
  }

  private mutating func countOperator() throws(ApusError) {
    operators[operators.count - 1] += 1
    try deepen()
  }

  private mutating func open() throws(ApusError) {
    operators.append(0)
    setOperations.append(0)
    try countOperator()
  }

  /// What was inside stays below what follows: its depth moves to the level outside.
  private mutating func close() {
    guard operators.count > 1 else { return }
    let inside = operators.removeLast() + setOperations.removeLast()
    operators[operators.count - 1] += inside
  }

  private mutating func comma() {
    depth -= operators[operators.count - 1]
    operators[operators.count - 1] = 0
  }

  private mutating func semicolon() {
    operators = [0]
    setOperations = [0]
    depth = 0
  }

  // MARK: tokens

  private mutating func punctuation(_ byte: UInt8) throws(ApusError) {
    index += 1
    measure.tokens += 1
    switch byte {
    case UInt8(ascii: "("), UInt8(ascii: "["): try open()
    case UInt8(ascii: ")"), UInt8(ascii: "]"): close()
    case UInt8(ascii: ","): comma()
    case UInt8(ascii: ";"): semicolon()
    case UInt8(ascii: ":"):
      if index < bytes.count, bytes[index] == UInt8(ascii: ":") {
        index += 1
        try countOperator()
      }
    default: break
    }
  }

  /// A run of operator characters, or a comment. A run is one operator, but for the signs at its end (`=-1`, `+ +-1`),
  /// which are operators of their own.
  private mutating func symbol() throws(ApusError) {
    if startsComment(index) {
      if bytes[index] == UInt8(ascii: "/") { return comment() }
      while index < bytes.count, bytes[index] != 10, bytes[index] != 13 { index += 1 }
      return
    }
    var signs = 0
    let start = index
    while index < bytes.count, Self.classes[Int(bytes[index])] == .symbol, !startsComment(index) {
      let isSign = bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-")
      signs = isSign ? signs + 1 : 0
      index += 1
    }
    let count = signs == index - start ? signs : signs + 1
    measure.tokens += count
    for _ in 0..<count { try countOperator() }
  }

  private func startsComment(_ index: Int) -> Bool {
    let next = index + 1 < bytes.count ? bytes[index + 1] : 0
    switch bytes[index] {
    case UInt8(ascii: "-"): return next == UInt8(ascii: "-")
    case UInt8(ascii: "/"): return next == UInt8(ascii: "*")
    default: return false
    }
  }

  private mutating func comment() {
    var level = 1
    index += 2
    while level > 0, index < bytes.count {
      let byte = bytes[index]
      let next = index + 1 < bytes.count ? bytes[index + 1] : 0
      if byte == UInt8(ascii: "*"), next == UInt8(ascii: "/") {
        level -= 1
        index += 2
      } else if byte == UInt8(ascii: "/"), next == UInt8(ascii: "*") {
        level += 1
        index += 2
      } else {
        index += 1
      }
    }
  }

  /// A quoted text or name; doubled quotes end and begin one, which comes to the same.
  private mutating func quoted(_ quote: UInt8, backslashes: Bool) {
    index += 1
    while index < bytes.count, bytes[index] != quote {
      index += backslashes && bytes[index] == UInt8(ascii: "\\") ? 2 : 1
    }
    index = min(index + 1, bytes.count)
  }

  /// `$tag$...$tag$`; a parameter (`$1`) or a lone dollar otherwise.
  private mutating func dollarQuote() {
    let start = index
    var end = index + 1
    while end < bytes.count, Self.continuesWord(bytes[end]), bytes[end] != UInt8(ascii: "$") { end += 1 }
    let isTag = start + 1 == end || (start + 1 < bytes.count && Self.classes[Int(bytes[start + 1])] == .word)
    guard end < bytes.count, bytes[end] == UInt8(ascii: "$"), isTag else {
      index = end
      return
    }
    let tagLength = end - start + 1
    index = end + 1
    while index < bytes.count {
      if bytes[index] == UInt8(ascii: "$"), index + tagLength <= bytes.count {
        var matches = true
        for offset in 0..<tagLength where bytes[index + offset] != bytes[start + offset] {
          matches = false
          break
        }
        if matches {
          index += tagLength
          return
        }
      }
      index += 1
    }
  }

  private mutating func skipWord() {
    while index < bytes.count, Self.continuesWord(bytes[index]) { index += 1 }
  }

  private mutating func word() throws(ApusError) {
    let start = index
    skipWord()
    measure.tokens += 1
    let length = index - start
    // E'...' reads backslashes; the other prefixes (B, X, N, U&) do not matter.
    if length == 1, bytes[start] | 0x20 == UInt8(ascii: "e"), index < bytes.count, bytes[index] == UInt8(ascii: "'") {
      quoted(UInt8(ascii: "'"), backslashes: true)
      return
    }
    guard length >= 2, length <= 9 else { return }
    var packed: UInt64 = 0
    for offset in 0..<min(length, 8) { packed = packed << 8 | UInt64(bytes[start + offset] | 0x20) }
    switch packed {
    case Self.and, Self.or, Self.not, Self.is, Self.in, Self.at, Self.like, Self.ilike, Self.case, Self.join,
      Self.similar, Self.between, Self.collate, Self.notnull, Self.isnull, Self.overlaps, Self.operator:
      try countOperator()
    case Self.union, Self.except, Self.intersect:
      // The operators of one operand do not build on those of the next.
      comma()
      setOperations[setOperations.count - 1] += 1
      try deepen()
    default: break
    }
  }

  // MARK: tables

  private enum ByteClass: UInt8 { case blank, word, digit, symbol, quote, dollar, punctuation }

  private static let classes: [ByteClass] = (0..<256).map { value in
    let byte = UInt8(truncatingIfNeeded: value)
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), 0x80...:
      return .word
    case UInt8(ascii: "0")...UInt8(ascii: "9"): return .digit
    case UInt8(ascii: "'"), UInt8(ascii: "\""): return .quote
    case UInt8(ascii: "$"): return .dollar
    default:
      if "~!@#^&|`?+-*/%<>=".utf8.contains(byte) { return .symbol }
      if "()[],;:.{}\\".utf8.contains(byte) { return .punctuation }
      return .blank
    }
  }

  private static func continuesWord(_ byte: UInt8) -> Bool {
    switch classes[Int(byte)] {
    case .word, .digit, .dollar: true
    default: false
    }
  }

  /// The first eight bytes of a word in lower case, as one number.
  private static func pack(_ word: StaticString) -> UInt64 {
    var packed: UInt64 = 0
    for offset in 0..<min(word.utf8CodeUnitCount, 8) { packed = packed << 8 | UInt64(word.utf8Start[offset]) }
    return packed
  }
  private static let and = pack("and")
  private static let or = pack("or")
  private static let not = pack("not")
  private static let `is` = pack("is")
  private static let `in` = pack("in")
  private static let at = pack("at")
  private static let like = pack("like")
  private static let ilike = pack("ilike")
  private static let `case` = pack("case")
  private static let join = pack("join")
  private static let similar = pack("similar")
  private static let between = pack("between")
  private static let collate = pack("collate")
  private static let notnull = pack("notnull")
  private static let isnull = pack("isnull")
  private static let overlaps = pack("overlaps")
  private static let `operator` = pack("operator")
  private static let union = pack("union")
  private static let except = pack("except")
  private static let intersect = pack("intersect")
}

/// Where a statement's own text begins within `[start, end)`: after blanks and comments.
func firstToken(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to end: Int) -> Int {
  var index = start
  while index < end {
    let byte = bytes[index]
    let next = index + 1 < end ? bytes[index + 1] : 0
    if byte == 32 || (byte >= 9 && byte <= 13) {
      index += 1
    } else if byte == UInt8(ascii: "-"), next == byte {
      while index < end, bytes[index] != 10, bytes[index] != 13 { index += 1 }
    } else if byte == UInt8(ascii: "/"), next == UInt8(ascii: "*") {
      var level = 0
      repeat {
        let here = bytes[index]
        let following = index + 1 < end ? bytes[index + 1] : 0
        if here == UInt8(ascii: "/"), following == UInt8(ascii: "*") {
          level += 1
          index += 2
        } else if here == UInt8(ascii: "*"), following == UInt8(ascii: "/") {
          level -= 1
          index += 2
        } else {
          index += 1
        }
      } while level > 0 && index < end
    } else {
      return index
    }
  }
  return min(index, end)
}
