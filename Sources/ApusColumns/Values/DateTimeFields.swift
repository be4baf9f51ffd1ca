// DateTimeFields owns the splitting of date, time and interval text into fields, as PostgreSQL's ParseDateTime does.

/// One field of the text.
struct DateTimeField {
  enum Kind { case number, date, time, zone, word, special }
  var kind: Kind
  /// Lower case.
  var text: [UInt8]

  var string: String { String(decoding: text, as: UTF8.self) }
}

/// Fields of a date or time text at most: PostgreSQL's MAXDATEFIELDS.
private let fieldsMax = 25

/// nil for text that cannot be one.
func splitDateTime(_ bytes: UnsafeRawBufferPointer) -> [DateTimeField]? {
  var splitter = DateTimeSplitter(bytes)
  return splitter.split()
}

private struct DateTimeSplitter {
  let bytes: UnsafeRawBufferPointer
  var at = 0
  var field: [UInt8] = []

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  private var peek: UInt8 { at < bytes.count ? bytes[at] : 0 }
  private mutating func append() {
    let byte = bytes[at]
    field.append(byte &- 65 < 26 ? byte | 0x20 : byte)
    at += 1
  }
  private mutating func appendDigits() { while isDigitByte(peek) { append() } }
  private static func isAlphanumeric(_ byte: UInt8) -> Bool { isDigitByte(byte) || isLetterByte(byte) }

  mutating func split() -> [DateTimeField]? {
    var fields: [DateTimeField] = []
    // PostgreSQL's working buffer holds MAXDATELEN bytes.
    guard bytes.count <= 512 else { return nil }
    while at < bytes.count {
      let byte = bytes[at]
      if isSpaceByte(byte) {
        at += 1
        continue
      }
      field = []
      let kind: DateTimeField.Kind
      if isDigitByte(byte) {
        kind = number()
      } else if byte == 46 {
        append()
        appendDigits()
        kind = .number
      } else if isLetterByte(byte) {
        kind = word()
      } else if byte == 43 || byte == 45 {
        guard let signed = signed() else { return nil }
        kind = signed
      } else if byte > 32, byte < 127 {
        at += 1
        continue
      } else {
        return nil
      }
      guard fields.count < fieldsMax else { return nil }
      fields.append(DateTimeField(kind: kind, text: field))
    }
    return fields
  }

  private mutating func number() -> DateTimeField.Kind {
    appendDigits()
    if peek == 58 {
      while isDigitByte(peek) || peek == 58 || peek == 46 { append() }
      return .time
    }
    let delimiter = peek
    guard delimiter == 45 || delimiter == 47 || delimiter == 46 else { return .number }
    append()
    guard isDigitByte(peek) else {
      while Self.isAlphanumeric(peek) || peek == delimiter, at < bytes.count { append() }
      return .date
    }
    var kind: DateTimeField.Kind = delimiter == 46 ? .number : .date
    appendDigits()
    if peek == delimiter, at < bytes.count {
      kind = .date
      while isDigitByte(peek) || peek == delimiter, at < bytes.count { append() }
    }
    return kind
  }

  private mutating func word() -> DateTimeField.Kind {
    while isLetterByte(peek) { append() }
    var isDate = peek == 45 || peek == 47 || peek == 46
    if peek == 43 || isDigitByte(peek) {
      isDate = DateTimeWord.core(String(decoding: field, as: UTF8.self)) == nil
    }
    guard isDate else { return .word }
    while at < bytes.count {
      let next = bytes[at]
      guard next == 43 || next == 45 || next == 47 || next == 95 || next == 46 || next == 58
        || Self.isAlphanumeric(next)
      else { break }
      append()
    }
    return .date
  }

  private mutating func signed() -> DateTimeField.Kind? {
    append()
    while isSpaceByte(peek), at < bytes.count { at += 1 }
    if isDigitByte(peek) {
      while isDigitByte(peek) || peek == 58 || peek == 46 || peek == 45 { append() }
      return .zone
    }
    if isLetterByte(peek) {
      while isLetterByte(peek) { append() }
      return .special
    }
    return nil
  }
}

/// A decimal number at the start of `text[from...]`: value and the index after it; nil without digits or out of range.
func leadingInteger(_ text: [UInt8], from start: Int = 0) -> (value: Int64, end: Int)? {
  var at = start
  var negative = false
  if at < text.count, text[at] == 45 || text[at] == 43 {
    negative = text[at] == 45
    at += 1
  }
  let first = at
  var value: Int64 = 0
  while at < text.count, isDigitByte(text[at]) {
    let (product, overflow) = value.multipliedReportingOverflow(by: 10)
    let digit = Int64(text[at] &- 48)
    let (sum, over) = negative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
    if overflow || over { return nil }
    value = sum
    at += 1
  }
  return at > first ? (value, at) : nil
}

/// Microseconds of a fraction `.ddd` that ends the text, rounded; nil when it is no fraction.
func fractionMicroseconds(_ text: ArraySlice<UInt8>) -> Int64? {
  guard text.first == 46 else { return nil }
  var value: Int64 = 0
  var digits = 0
  var half = false
  for byte in text.dropFirst() {
    guard isDigitByte(byte) else { return nil }
    if digits < 6 { value = value * 10 + Int64(byte &- 48) } else if digits == 6 { half = byte >= 53 }
    digits += 1
  }
  while digits < 6 {
    value *= 10
    digits += 1
  }
  return half ? value + 1 : value
}
