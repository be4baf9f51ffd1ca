// CopyBinaryParser owns the framing of binary COPY data: signature, rows, trailer, fed in pieces of any size.

import ApusBase

enum CopyBinary {
  /// `PGCOPY\n\377\r\n\0`
  static let signature: [UInt8] = [80, 71, 67, 79, 80, 89, 10, 0xFF, 13, 10, 0]
}

/// Rows out of bytes. Feed bytes, then call `nextRow` until it says false.
struct CopyBinaryParser {
  private let columnCount: Int
  private var buffer: [UInt8] = []
  private var position = 0
  private var sawHeader = false
  private var sawTrailer = false
  private var isEnded = false
  /// The number of the current row, from 1.
  private(set) var line = 0
  /// The fields of the current row, as ranges of what was fed; nil is NULL.
  private(set) var fields: [Range<Int>?] = []

  init(columnCount: Int) { self.columnCount = columnCount }

  mutating func feed(_ bytes: some Collection<UInt8>) {
    if position > 0, position > buffer.count / 2 {
      buffer.removeSubrange(0..<position)
      position = 0
    }
    buffer.append(contentsOf: bytes)
  }

  mutating func end() { isEnded = true }

  func bytes(_ range: Range<Int>) -> ArraySlice<UInt8> { buffer[range] }

  private static func broken(_ message: String) -> ApusError { ApusError(.badCopyFileFormat, message) }

  private func int32(_ offset: Int) -> Int32 {
    Int32(
      bitPattern: UInt32(buffer[offset]) << 24 | UInt32(buffer[offset + 1]) << 16 | UInt32(buffer[offset + 2]) << 8
        | UInt32(buffer[offset + 3]))
  }

  /// Reads the next row. False when no whole row is there. Throws 22P04.
  mutating func nextRow() throws(ApusError) -> Bool {
    if !sawHeader { guard try readHeader() else { return false } }
    if sawTrailer {
      if position < buffer.count { throw Self.broken("received copy data after EOF marker") }
      return false
    }
    guard buffer.count - position <= Limits.messageBytesMax else {
      throw ApusError(.programLimitExceeded, "COPY row \(line + 1) is longer than \(Limits.messageBytesMax) bytes")
    }
    guard buffer.count - position >= 2 else { return try incomplete() }
    var cursor = position
    let count = Int16(bitPattern: UInt16(buffer[cursor]) << 8 | UInt16(buffer[cursor + 1]))
    cursor += 2
    if count == -1 {
      sawTrailer = true
      position = cursor
      return try nextRow()
    }
    line += 1
    guard Int(count) == columnCount else {
      throw Self.broken("row field count is \(count), expected \(columnCount)")
    }
    fields.removeAll(keepingCapacity: true)
    for _ in 0..<columnCount {
      guard buffer.count - cursor >= 4 else { return try unfinished() }
      let length = Int(int32(cursor))
      cursor += 4
      if length == -1 {
        fields.append(nil)
        continue
      }
      guard length >= 0 else { throw Self.broken("invalid field size") }
      guard buffer.count - cursor >= length else { return try unfinished() }
      fields.append(cursor..<cursor + length)
      cursor += length
    }
    position = cursor
    return true
  }

  private mutating func unfinished() throws(ApusError) -> Bool {
    if !isEnded { line -= 1 }
    return try incomplete()
  }

  private func incomplete() throws(ApusError) -> Bool {
    // PostgreSQL takes data that end without a trailer between rows.
    if isEnded, position < buffer.count { throw Self.broken("unexpected EOF in COPY data") }
    return false
  }

  private mutating func readHeader() throws(ApusError) -> Bool {
    let signature = CopyBinary.signature
    let have = buffer.count - position
    guard buffer[position...].prefix(signature.count).elementsEqual(signature.prefix(have)) else {
      throw Self.broken("COPY file signature not recognized")
    }
    guard have >= signature.count else {
      if isEnded { throw Self.broken("COPY file signature not recognized") }
      return false
    }
    guard have >= signature.count + 8 else {
      if isEnded { throw Self.broken("invalid COPY file header (missing flags)") }
      return false
    }
    let flags = UInt32(bitPattern: int32(position + signature.count))
    if flags & (1 << 16) != 0 { throw Self.broken("invalid COPY file header (WITH OIDS)") }
    guard flags >> 16 == 0 else { throw Self.broken("unrecognized critical flags in COPY file header") }
    let extra = Int(int32(position + signature.count + 4))
    guard extra >= 0, extra <= Limits.messageBytesMax else {
      throw Self.broken("invalid COPY file header (wrong length)")
    }
    guard have >= signature.count + 8 + extra else {
      if isEnded { throw Self.broken("invalid COPY file header (wrong length)") }
      return false
    }
    position += signature.count + 8 + extra
    sawHeader = true
    return true
  }
}
