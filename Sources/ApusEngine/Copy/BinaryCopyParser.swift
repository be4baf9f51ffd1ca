// BinaryCopyParser owns PostgreSQL's binary COPY format (PostgreSQL 15 manual, COPY, "Binary Format").

import ApusBase

/// Rows of raw field bytes out of a binary COPY stream.
struct BinaryCopyParser {
  private static let signature: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 13, 10, 0]

  private let columnCount: Int
  private var buffer: [UInt8] = []
  private var position = 0
  private var hasHeader = false
  private var isDone = false
  private var rows = 0

  init(columnCount: Int) { self.columnCount = columnCount }

  mutating func feed(_ bytes: some Collection<UInt8>) {
    if position > 0, position > buffer.count / 2 {
      buffer.removeSubrange(0..<position)
      position = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// The next row, nil where a field is null; nil when no whole row is there. Throws 22P04.
  mutating func nextRow() throws(ApusError) -> [[UInt8]?]? {
    if isDone { return nil }
    if !hasHeader, try !readHeader() { return nil }
    guard let count = integer16(at: position) else { return nil }
    if count == -1 {
      isDone = true
      return nil
    }
    guard Int(count) == columnCount else {
      throw ApusError(.badCopyFileFormat, "row field count is \(count), expected \(columnCount)")
    }
    var cursor = position + 2
    var row: [[UInt8]?] = []
    row.reserveCapacity(columnCount)
    for _ in 0..<columnCount {
      guard let length = integer32(at: cursor) else { return nil }
      cursor += 4
      if length == -1 {
        row.append(nil)
        continue
      }
      guard length >= 0, Int(length) <= Limits.valueBytesMax else {
        throw ApusError(.badCopyFileFormat, "invalid field size \(length) in row \(rows + 1)")
      }
      guard buffer.count - cursor >= Int(length) else { return nil }
      row.append(Array(buffer[cursor..<cursor + Int(length)]))
      cursor += Int(length)
    }
    position = cursor
    rows += 1
    return row
  }

  /// Throws when the stream ended within a row.
  func finish() throws(ApusError) {
    guard isDone || position == buffer.count else {
      throw ApusError(.badCopyFileFormat, "unexpected EOF in COPY data")
    }
  }

  private mutating func readHeader() throws(ApusError) -> Bool {
    guard buffer.count >= 19 else { return false }
    guard buffer[0..<11].elementsEqual(Self.signature) else {
      throw ApusError(.badCopyFileFormat, "COPY file signature not recognized")
    }
    guard let flags = integer32(at: 11), flags & 0x1_0000 == 0, flags >> 17 == 0 else {
      throw ApusError(.badCopyFileFormat, "unrecognized critical flags in COPY file header")
    }
    guard let extra = integer32(at: 15), extra >= 0, Int(extra) <= Limits.valueBytesMax else {
      throw ApusError(.badCopyFileFormat, "invalid COPY file header (wrong length)")
    }
    guard buffer.count >= 19 + Int(extra) else { return false }
    position = 19 + Int(extra)
    hasHeader = true
    return true
  }

  private func integer16(at index: Int) -> Int16? {
    guard buffer.count - index >= 2 else { return nil }
    return Int16(bitPattern: UInt16(buffer[index]) << 8 | UInt16(buffer[index + 1]))
  }

  private func integer32(at index: Int) -> Int32? {
    guard buffer.count - index >= 4 else { return nil }
    var value: UInt32 = 0
    for offset in 0..<4 { value = value << 8 | UInt32(buffer[index + offset]) }
    return Int32(bitPattern: value)
  }
}
