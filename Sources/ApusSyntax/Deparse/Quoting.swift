// Quoting owns PostgreSQL's rules for writing names and literals.

/// A name as SQL must write it: bare when it reads back as itself, else in double quotes.
public func quoteIdentifier(_ name: String) -> String {
  let bytes = name.utf8
  var isSafe = false
  if let first = bytes.first {
    isSafe = (first >= UInt8(ascii: "a") && first <= UInt8(ascii: "z")) || first == UInt8(ascii: "_")
    for byte in bytes {
      let isLetter = byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z")
      let isDigit = byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9")
      if !isLetter && !isDigit && byte != UInt8(ascii: "_") { isSafe = false }
    }
  }
  if isSafe && !quotedKeywords.contains(name) { return name }
  return "\"" + doubling("\"", in: name) + "\""
}

/// Parts joined by dots, each quoted where it must be.
public func quoteQualified(_ parts: [String]) -> String {
  parts.map { quoteIdentifier($0) }.joined(separator: ".")
}

/// A text as a literal: `'...'`, or `E'...'` when it holds a backslash.
public func quoteLiteral(_ text: String) -> String {
  let doubled = doubling("'", in: text)
  if !text.utf8.contains(UInt8(ascii: "\\")) { return "'" + doubled + "'" }
  return "E'" + doubling("\\", in: doubled) + "'"
}

private func doubling(_ character: Unicode.Scalar, in text: String) -> String {
  guard text.unicodeScalars.contains(character) else { return text }
  var result = String.UnicodeScalarView()
  for scalar in text.unicodeScalars {
    result.append(scalar)
    if scalar == character { result.append(scalar) }
  }
  return String(result)
}

/// Keywords of PostgreSQL 15 other than the unreserved: as `quote_identifier` has it, these are quoted as names.
private let quotedKeywords: Set<String> = Set(
  """
  between bigint bit boolean char character coalesce dec decimal exists extract float greatest grouping inout int
  integer interval least national nchar none normalize nullif numeric out overlay position precision real row setof
  smallint substring time timestamp treat trim values varchar xmlattributes xmlconcat xmlelement xmlexists xmlforest
  xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable authorization binary collation concurrently cross
  current_schema freeze full ilike inner is isnull join left like natural notnull outer overlaps right similar
  tablesample verbose all analyse analyze and any array as asc asymmetric both case cast check collate column
  constraint create current_catalog current_date current_role current_time current_timestamp current_user default
  deferrable desc distinct do else end except false fetch for foreign from grant group having in initially intersect
  into lateral leading limit localtime localtimestamp not null offset on only or order placing primary references
  returning select session_user some symmetric table then to trailing true union unique user using variadic when where
  window with
  """.split(whereSeparator: \.isWhitespace).map(String.init))
