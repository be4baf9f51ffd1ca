// UUIDText owns the text form of a UUID: SQLite keeps it, since it sorts as the bytes do.

enum UUIDText {
  private static let digits = Array("0123456789abcdef".utf8)

  static func hexadecimal(_ byte: UInt8) -> String {
    String(decoding: [digits[Int(byte >> 4)], digits[Int(byte & 15)]], as: UTF8.self)
  }

  /// 36 characters of 16 bytes.
  static func text(of bytes: some Sequence<UInt8>) -> String {
    var text: [UInt8] = []
    for (index, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// nil for what is not 32 hexadecimal digits, hyphens left out.
  static func bytes(of text: UnsafeRawBufferPointer) -> [UInt8]? {
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in text where character != UInt8(ascii: "-") {
      let digit: UInt8
      switch character {
      case 48...57: digit = character &- 48
      case 65...70: digit = character &- 55
      case 97...102: digit = character &- 87
      default: return nil
      }
      if let upper = high {
        bytes.append(upper << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return bytes.count == 16 && high == nil ? bytes : nil
  }
}
