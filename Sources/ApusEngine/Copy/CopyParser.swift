// CopyParser owns the splitting of COPY data into rows and fields: text and CSV, fed in pieces of any size.

import ApusBase

/// Rows out of bytes. Feed bytes, then call `nextRow` until it says false.
struct CopyParser {
  private let format: CopyFormat
  private var buffer: [UInt8] = []
  private var position = 0
  private var isEnded = false
  /// Set by the end-of-data marker `\.`.
  private(set) var sawEndMarker = false
  /// The line at which the current row began, from 1.
  private(set) var line = 0
  private var linesRead = 0

  /// The bytes of the current row's fields, one after another, unescaped.
  private(set) var content: [UInt8] = []
  /// Where each field ends in `content`.
  private(set) var ends: [Int] = []
  private(set) var nulls: [Bool] = []
  private let nullBytes: [UInt8]

  init(format: CopyFormat) {
    self.format = format
    nullBytes = Array(format.null.utf8)
  }

  mutating func feed(_ bytes: some Collection<UInt8>) {
    if position > 0, position > buffer.count / 2 {
      buffer.removeSubrange(0..<position)
      position = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// No more bytes will come: a last line without a newline is complete.
  mutating func end() { isEnded = true }

  var fieldCount: Int { ends.count }

  func fieldRange(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

  /// Splits the next row. False when no whole row is there. Throws 22P04 and 22021 with the line in the context.
  mutating func nextRow() throws(ApusError) -> Bool {
    if sawEndMarker { return false }
    content.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
    nulls.removeAll(keepingCapacity: true)
    line = linesRead + 1
    guard buffer.count - position <= Limits.messageBytesMax else {
      throw ApusError(.programLimitExceeded, "COPY line \(line) is longer than \(Limits.messageBytesMax) bytes")
    }
    return format.form == .csv ? try nextCSVRow() : try nextTextRow()
  }

  private mutating func finish(at end: Int, newlineBytes: Int, lines: Int = 1) {
    position = end + newlineBytes
    linesRead += lines
  }

  private mutating func endField(isNull: Bool) {
    ends.append(content.count)
    nulls.append(isNull)
  }

  // MARK: - Text

  private mutating func nextTextRow() throws(ApusError) -> Bool {
    var cursor = position
    var start = position
    var fieldStart = content.count
    var isEscaped = false
    let count = buffer.count
    while cursor < count {
      let byte = buffer[cursor]
      if byte == 10 || byte == 13 {
        var width = 1
        if byte == 13 {
          guard cursor + 1 < count || isEnded else { return false }
          if cursor + 1 < count, buffer[cursor + 1] == 10 { width = 2 }
        }
        closeTextField(start..<cursor, fieldStart, isEscaped)
        finish(at: cursor, newlineBytes: width)
        return true
      }
      if byte == format.delimiter {
        closeTextField(start..<cursor, fieldStart, isEscaped)
        fieldStart = content.count
        isEscaped = false
        start = cursor + 1
        cursor += 1
        continue
      }
      if byte == 92 {
        guard cursor + 1 < count else {
          if isEnded { break }
          return false
        }
        if buffer[cursor + 1] == 46, start == position, cursor == start, isLineEnd(cursor + 2) {
          sawEndMarker = true
          return false
        }
        isEscaped = true
        cursor += 2
        continue
      }
      cursor += 1
    }
    guard isEnded, position < count else { return false }
    closeTextField(start..<count, fieldStart, isEscaped)
    finish(at: count, newlineBytes: 0)
    return true
  }

  private func isLineEnd(_ index: Int) -> Bool { index >= buffer.count || buffer[index] == 10 || buffer[index] == 13 }

  private mutating func closeTextField(_ range: Range<Int>, _ fieldStart: Int, _ isEscaped: Bool) {
    if range.count == nullBytes.count, buffer[range].elementsEqual(nullBytes) {
      endField(isNull: true)
      return
    }
    if isEscaped { appendUnescaped(range) } else { content.append(contentsOf: buffer[range]) }
    endField(isNull: false)
  }

  private mutating func appendUnescaped(_ range: Range<Int>) {
    var cursor = range.lowerBound
    while cursor < range.upperBound {
      let byte = buffer[cursor]
      cursor += 1
      guard byte == 92, cursor < range.upperBound else {
        content.append(byte)
        continue
      }
      let escaped = buffer[cursor]
      cursor += 1
      switch escaped {
      case 98: content.append(8)
      case 102: content.append(12)
      case 110: content.append(10)
      case 114: content.append(13)
      case 116: content.append(9)
      case 118: content.append(11)
      case 48...55:
        var value = Int(escaped - 48)
        var digits = 1
        while digits < 3, cursor < range.upperBound, (48...55).contains(buffer[cursor]) {
          value = value * 8 + Int(buffer[cursor] - 48)
          cursor += 1
          digits += 1
        }
        content.append(UInt8(truncatingIfNeeded: value))
      case 120: cursor = appendHex(cursor, range.upperBound)
      default: content.append(escaped)
      }
    }
  }

  private mutating func appendHex(_ start: Int, _ limit: Int) -> Int {
    var cursor = start
    var value = 0
    while cursor < limit, cursor < start + 2, let digit = Self.hexDigit(buffer[cursor]) {
      value = value * 16 + digit
      cursor += 1
    }
    content.append(cursor == start ? 120 : UInt8(truncatingIfNeeded: value))
    return cursor
  }

  private static func hexDigit(_ byte: UInt8) -> Int? {
    switch byte {
    case 48...57: Int(byte) - 48
    case 65...70: Int(byte) - 55
    case 97...102: Int(byte) - 87
    default: nil
    }
  }

  // MARK: - CSV

  private mutating func nextCSVRow() throws(ApusError) -> Bool {
    var cursor = position
    var isQuoted = false
    var wasQuoted = false
    var fieldStart = content.count
    var newlines = 0
    let count = buffer.count
    if position + 2 <= count, buffer[position] == 92, buffer[position + 1] == 46, isLineEnd(position + 2) {
      sawEndMarker = true
      return false
    }
    while cursor < count {
      let byte = buffer[cursor]
      if isQuoted {
        if byte == format.escape, cursor + 1 < count,
          buffer[cursor + 1] == format.quote || buffer[cursor + 1] == format.escape
        {
          content.append(buffer[cursor + 1])
          cursor += 2
          continue
        }
        if byte == format.quote {
          // A quote at the very end of what is here may be half of an escaped one.
          guard cursor + 1 < count || isEnded || format.escape != format.quote else { return false }
          isQuoted = false
        } else {
          if byte == 10 { newlines += 1 }
          content.append(byte)
        }
        cursor += 1
        continue
      }
      switch byte {
      case format.quote:
        isQuoted = true
        wasQuoted = true
      case format.delimiter:
        closeCSVField(fieldStart, wasQuoted)
        fieldStart = content.count
        wasQuoted = false
      case 10, 13:
        var width = 1
        if byte == 13 {
          guard cursor + 1 < count || isEnded else { return false }
          if cursor + 1 < count, buffer[cursor + 1] == 10 { width = 2 }
        }
        closeCSVField(fieldStart, wasQuoted)
        finish(at: cursor, newlineBytes: width, lines: newlines + 1)
        return true
      default: content.append(byte)
      }
      cursor += 1
    }
    guard isEnded, position < count else { return false }
    if isQuoted { throw ApusError(.badCopyFileFormat, "unterminated CSV quoted field") }
    closeCSVField(fieldStart, wasQuoted)
    finish(at: count, newlineBytes: 0, lines: newlines + 1)
    return true
  }

  private mutating func closeCSVField(_ start: Int, _ wasQuoted: Bool) {
    let isNull = !wasQuoted && content[start...].elementsEqual(nullBytes)
    if isNull { content.removeSubrange(start...) }
    endField(isNull: isNull)
  }
}
