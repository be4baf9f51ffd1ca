// SourceMap owns the step from byte offsets, as the parser gives them, to the character positions that clients see.

/// One source text. Positions are one-based counts of Unicode scalars.
struct SourceMap {
  private let text: String
  private let byteCount: Int
  /// Characters before each block of `blockBytes` bytes; empty when every byte is a character.
  private var charactersBefore: [UInt32] = []

  private static let blockBytes = 64

  init(_ text: String) {
    var text = text
    text.makeContiguousUTF8()
    self.text = text
    byteCount = text.utf8.count
    let counts: [UInt32]? = text.utf8.withContiguousStorageIfAvailable { bytes in
      guard bytes.contains(where: { $0 >= 0x80 }) else { return [] }
      var counts: [UInt32] = []
      counts.reserveCapacity(bytes.count / Self.blockBytes + 1)
      var characters: UInt32 = 0
      for (index, byte) in bytes.enumerated() {
        if index % Self.blockBytes == 0 { counts.append(characters) }
        if byte & 0xC0 != 0x80 { characters &+= 1 }
      }
      return counts
    }
    charactersBefore = counts ?? []
  }

  /// The position of the character at byte `offset`; nil when the parser gave none (-1).
  func position(_ offset: Int32) -> Int? {
    let offset = Int(offset)
    guard offset >= 0, offset <= byteCount else { return nil }
    if charactersBefore.isEmpty { return offset + 1 }
    let block = min(offset / Self.blockBytes, charactersBefore.count - 1)
    let start = block * Self.blockBytes
    let within = text.utf8.withContiguousStorageIfAvailable { bytes in
      bytes[start..<offset].reduce(into: 0) { count, byte in if byte & 0xC0 != 0x80 { count += 1 } }
    }
    return Int(charactersBefore[block]) + (within ?? 0) + 1
  }

  /// The text of a range of bytes, cut at character borders.
  func slice(_ offset: Int, _ length: Int) -> String {
    if offset == 0 && length == byteCount { return text }
    return text.utf8.withContiguousStorageIfAvailable { bytes in
      let range = max(0, offset)..<max(0, min(bytes.count, offset + length))
      return String(decoding: bytes[range], as: UTF8.self)
    } ?? ""
  }

  /// The bytes of the text.
  func withBytes<R>(_ body: (UnsafeBufferPointer<UInt8>) -> R) -> R? {
    text.utf8.withContiguousStorageIfAvailable(body)
  }
}
