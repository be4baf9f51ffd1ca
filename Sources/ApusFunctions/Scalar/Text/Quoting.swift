// Quoting owns quote_ident, quote_literal, quote_nullable, format, concat and concat_ws.

import ApusBase
import ApusColumns

enum Quoting {
  /// Words that an identifier must be quoted for: all of PostgreSQL 15's keywords but the unreserved ones.
  private static let keywords = Set(
    """
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both case cast \
    char character check coalesce collate collation column concurrently constraint create cross current_catalog \
    current_date current_role current_schema current_time current_timestamp current_user dec decimal default \
    deferrable desc distinct do else end except exists extract false fetch float for foreign freeze from full grant \
    greatest group grouping having ilike in initially inner inout int integer intersect interval into is isnull join \
    lateral leading least left like limit localtime localtimestamp national natural nchar none normalize not notnull \
    null nullif numeric offset on only or order out outer overlaps overlay placing position precision primary real \
    references returning right row select session_user setof similar smallint some substring symmetric table \
    tablesample then time timestamp to trailing treat trim true union unique user using values varchar variadic \
    verbose when where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi \
    xmlroot xmlserialize xmltable
    """.split(separator: " ").map(String.init))

  static func identifier(_ text: String) -> String {
    let bytes = text.utf8
    let isPlain =
      bytes.first.map { $0 == 95 || ($0 >= 97 && $0 <= 122) } ?? false
      && bytes.allSatisfy { $0 == 95 || ($0 >= 97 && $0 <= 122) || isDigitByte($0) }
    if isPlain, !keywords.contains(text) { return text }
    return "\"" + doubled(text, "\"") + "\""
  }

  static func literal(_ text: String) -> String {
    let body = doubled(doubled(text, "'"), "\\")
    return (text.utf8.contains(92) ? "E'" : "'") + body + "'"
  }

  private static func doubled(_ text: String, _ mark: Unicode.Scalar) -> String {
    var out = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar == mark { out.append(scalar) }
      out.append(scalar)
    }
    return String(out)
  }

  // MARK: - Functions

  static var all: [ScalarFunction] {
    [
      .rows("quote_ident", [.text], .text, mayFail: false) { (row, _) in .text(identifier(row.text(0))) },
      .rows("quote_literal", [.text], .text, mayFail: false) { (row, _) in .text(literal(row.text(0))) },
      .typed("quote_literal", [.anyElement], .exact(.text), volatility: .stable) {
        (row, types, context) throws(ApusError) in
        .text(literal(String(decoding: try context.text(row[0], types[0]), as: UTF8.self)))
      },
      .rows("quote_nullable", [.text], .text, isStrict: false, mayFail: false) { (row, _) in
        .text(row.isNull(0) ? "NULL" : literal(row.text(0)))
      },
      .typed("quote_nullable", [.anyElement], .exact(.text), volatility: .stable, isStrict: false) {
        (row, types, context) throws(ApusError) in
        if row.isNull(0) { return .text("NULL") }
        return .text(literal(String(decoding: try context.text(row[0], types[0]), as: UTF8.self)))
      },
      .typed("concat", [.any], .exact(.text), volatility: .stable, isStrict: false, isVariadic: true) {
        (row, types, context) throws(ApusError) in
        var out: [UInt8] = []
        for (index, value) in row.enumerated() where !value.isNull {
          out += try context.text(value, types[index])
          try TextLimits.check(out.count)
        }
        return .text(utf8: out)
      },
      .typed("concat_ws", [.exact(.text), .any], .exact(.text), volatility: .stable, isStrict: false, isVariadic: true)
      {
        (row, types, context) throws(ApusError) in
        if row.isNull(0) { return .null }
        let separator = row.utf8(0)
        var out: [UInt8] = []
        var isFirst = true
        for index in row.indices.dropFirst() where !row[index].isNull {
          if !isFirst { out += separator }
          isFirst = false
          out += try context.text(row[index], types[index])
          try TextLimits.check(out.count)
        }
        return .text(utf8: out)
      },
      .rows("format", [.text], .text, volatility: .stable, isStrict: false) { (row, context) throws(ApusError) in
        try format(row, [.text], context)
      },
      .typed("format", [.exact(.text), .any], .exact(.text), volatility: .stable, isStrict: false, isVariadic: true) {
        (row, types, context) throws(ApusError) in try format(row, types, context)
      },
    ]
  }

  // MARK: - format

  private static func tooFew() -> ApusError {
    ApusError(.invalidParameterValue, "too few arguments for format()")
  }
  private static func unterminated() -> ApusError {
    ApusError(
      .invalidParameterValue, "unterminated format() type specifier", hint: "For a single \"%\" use \"%%\".")
  }

  private struct FormatSpecifier {
    var position: Int?
    var isLeftAligned = false
    var width = 0
    var widthPosition: Int??
  }

  private static func format(
    _ row: [Value], _ types: [DataType], _ context: EvaluationContext
  ) throws(ApusError) -> Value {
    if row.isNull(0) { return .null }
    let pattern = row.utf8(0)
    var out: [UInt8] = []
    var next = 1
    var at = 0
    while at < pattern.count {
      guard pattern[at] == 37 else {
        out.append(pattern[at])
        at += 1
        continue
      }
      at += 1
      guard at < pattern.count else { throw unterminated() }
      if pattern[at] == 37 {
        out.append(37)
        at += 1
        continue
      }
      var specifier = try specifier(pattern, &at)
      guard at < pattern.count else { throw unterminated() }
      if let wanted = specifier.widthPosition {
        let place = try argument(wanted, &next, row.count)
        let width = try width(row[place])
        if width < 0 { specifier.isLeftAligned = true }
        specifier.width = abs(width)
      }
      let kind = pattern[at]
      guard kind == 115 || kind == 73 || kind == 76 else {
        throw ApusError(
          .invalidParameterValue,
          "unrecognized format() type specifier \"\(String(decoding: [kind], as: UTF8.self))\"",
          hint: "For a single \"%\" use \"%%\".")
      }
      at += 1
      let place = try argument(specifier.position, &next, row.count)
      try append(row[place], types[place], kind, specifier, context, into: &out)
      try TextLimits.check(out.count)
    }
    return .text(utf8: out)
  }

  private static func width(_ value: Value) throws(ApusError) -> Int {
    switch value {
    case .int(let number) where abs(number) <= Limits.valueBytesMax: return Int(number)
    case .text(let text):
      guard let number = Int(text), abs(number) <= Limits.valueBytesMax else {
        throw ApusError(.invalidTextRepresentation, "invalid input syntax for type integer: \"\(text)\"")
      }
      return number
    case .null: return 0
    default: throw ApusError(.numericValueOutOfRange, "number is out of range")
    }
  }

  private static func argument(_ position: Int?, _ next: inout Int, _ count: Int) throws(ApusError) -> Int {
    let place = position ?? next
    guard place < count else { throw tooFew() }
    next = place + 1
    return place
  }

  private static func digits(_ pattern: [UInt8], _ at: inout Int) throws(ApusError) -> Int? {
    var value = 0
    let start = at
    while at < pattern.count, isDigitByte(pattern[at]) {
      value = value * 10 + Int(pattern[at] - 48)
      guard value <= Int(Int32.max) else { throw ApusError(.numericValueOutOfRange, "number is out of range") }
      at += 1
    }
    return at > start ? value : nil
  }

  private static func place(_ pattern: [UInt8], _ at: inout Int) throws(ApusError) -> Int? {
    let start = at
    if let number = try digits(pattern, &at), at < pattern.count, pattern[at] == 36 {
      guard number > 0 else {
        throw ApusError(
          .invalidParameterValue, "format specifies argument 0, but arguments are numbered from 1")
      }
      at += 1
      return number
    }
    at = start
    return nil
  }

  private static func specifier(_ pattern: [UInt8], _ at: inout Int) throws(ApusError) -> FormatSpecifier {
    var found = FormatSpecifier()
    found.position = try place(pattern, &at)
    while at < pattern.count, pattern[at] == 45 {
      found.isLeftAligned = true
      at += 1
    }
    if at < pattern.count, pattern[at] == 42 {
      at += 1
      found.widthPosition = .some(try place(pattern, &at))
    } else if let width = try digits(pattern, &at) {
      guard width <= Limits.valueBytesMax else { throw TextLimits.tooLong }
      found.width = width
    }
    return found
  }

  private static func append(
    _ value: Value, _ type: DataType, _ kind: UInt8, _ specifier: FormatSpecifier, _ context: EvaluationContext,
    into out: inout [UInt8]
  ) throws(ApusError) {
    var text: [UInt8] = []
    if value.isNull {
      if kind == 73 {
        throw ApusError(.nullValueNotAllowed, "null values cannot be formatted as an SQL identifier")
      }
      if kind == 76 { text = Array("NULL".utf8) }
    } else {
      text = try context.text(value, type)
      if kind != 115 {
        let string = String(decoding: text, as: UTF8.self)
        text = Array((kind == 73 ? identifier(string) : literal(string)).utf8)
      }
    }
    let padding = [UInt8](repeating: 32, count: max(0, specifier.width - Characters.count(text)))
    out += specifier.isLeftAligned ? text + padding : padding + text
  }
}
