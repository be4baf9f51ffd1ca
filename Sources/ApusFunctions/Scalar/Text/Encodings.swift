// Encodings owns encode, decode, md5, sha256, to_hex and the conversions of encodings.

import ApusBase
import ApusColumns

enum EncodingFunctions {
  private static let hexDigits = Array("0123456789abcdef".utf8)
  private static let base64Digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func hex(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count * 2)
    for byte in bytes {
      out.append(hexDigits[Int(byte >> 4)])
      out.append(hexDigits[Int(byte & 15)])
    }
    return out
  }

  private static func fromHex(_ text: [UInt8]) throws(ApusError) -> [UInt8] {
    var out: [UInt8] = []
    var half: UInt8?
    for byte in text where !isSpaceByte(byte) {
      let digit: UInt8
      switch byte {
      case 48...57: digit = byte - 48
      case 97...102: digit = byte - 87
      case 65...70: digit = byte - 55
      default:
        throw ApusError(
          .invalidParameterValue, "invalid hexadecimal digit: \"\(String(decoding: [byte], as: UTF8.self))\"")
      }
      if let high = half {
        out.append(high << 4 | digit)
        half = nil
      } else {
        half = digit
      }
    }
    guard half == nil else {
      throw ApusError(.invalidParameterValue, "invalid hexadecimal data: odd number of digits")
    }
    return out
  }

  /// Lines of 76 characters, as PostgreSQL has them.
  private static func base64(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    var column = 0
    for start in stride(from: 0, to: bytes.count, by: 3) {
      if column == 76 {
        out.append(10)
        column = 0
      }
      let left = bytes.count - start
      let second = left > 1 ? bytes[start + 1] : 0
      let third = left > 2 ? bytes[start + 2] : 0
      let word = UInt32(bytes[start]) << 16 | UInt32(second) << 8 | UInt32(third)
      out.append(base64Digits[Int(word >> 18)])
      out.append(base64Digits[Int(word >> 12 & 63)])
      out.append(left > 1 ? base64Digits[Int(word >> 6 & 63)] : 61)
      out.append(left > 2 ? base64Digits[Int(word & 63)] : 61)
      column += 4
    }
    return out
  }

  private static func fromBase64(_ text: [UInt8]) throws(ApusError) -> [UInt8] {
    var out: [UInt8] = []
    var word: UInt32 = 0
    var count = 0
    var padding = 0
    for byte in text {
      if byte == 32 || byte == 9 || byte == 10 || byte == 13 { continue }
      var digit: UInt32 = 0
      if byte == 61 {
        guard count >= 2 else {
          throw ApusError(.invalidParameterValue, "unexpected \"=\" while decoding base64 sequence")
        }
        padding += 1
      } else if let found = base64Digits.firstIndex(of: byte), padding == 0 {
        digit = UInt32(found)
      } else {
        throw ApusError(
          .invalidParameterValue,
          "invalid symbol \"\(String(decoding: [byte], as: UTF8.self))\" found while decoding base64 sequence")
      }
      word = word << 6 | digit
      count += 1
      if count == 4 {
        out.append(UInt8(truncatingIfNeeded: word >> 16))
        if padding < 2 { out.append(UInt8(truncatingIfNeeded: word >> 8)) }
        if padding < 1 { out.append(UInt8(truncatingIfNeeded: word)) }
        (word, count, padding) = (0, 0, padding > 0 ? 3 : 0)
      }
    }
    guard count == 0 else {
      throw ApusError(
        .invalidParameterValue, "invalid base64 end sequence",
        hint: "Input data is missing padding, is truncated, or is otherwise corrupted.")
    }
    return out
  }

  private static func escape(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    for byte in bytes {
      if byte == 0 || byte >= 128 {
        out += [92, 48 + (byte >> 6), 48 + (byte >> 3 & 7), 48 + (byte & 7)]
      } else if byte == 92 {
        out += [92, 92]
      } else {
        out.append(byte)
      }
    }
    return out
  }

  private static func fromEscape(_ text: [UInt8]) throws(ApusError) -> [UInt8] {
    var out: [UInt8] = []
    var at = 0
    while at < text.count {
      if text[at] != 92 {
        out.append(text[at])
        at += 1
      } else if at + 3 < text.count, (48...51).contains(text[at + 1]), (48...55).contains(text[at + 2]),
        (48...55).contains(text[at + 3])
      {
        out.append((text[at + 1] - 48) << 6 | (text[at + 2] - 48) << 3 | (text[at + 3] - 48))
        at += 4
      } else if at + 1 < text.count, text[at + 1] == 92 {
        out.append(92)
        at += 2
      } else {
        throw ApusError(.invalidTextRepresentation, "invalid input syntax for type bytea")
      }
    }
    return out
  }

  private static func unknown(_ name: String) -> ApusError {
    ApusError(.invalidParameterValue, "unrecognized encoding: \"\(name)\"")
  }

  private static func requireUTF8(_ name: String, _ role: String) throws(ApusError) {
    let plain = name.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " }
    if plain == "utf8" || plain == "unicode" || plain == "sqlascii" { return }
    throw .unsupported("the \(role) encoding \"\(name)\" is")
  }

  static var all: [ScalarFunction] {
    [
      .rows("encode", [.bytea, .text], .text) { (row, _) throws(ApusError) in
        switch row.text(1).lowercased() {
        case "hex": return .text(utf8: hex(row.bytes(0)))
        case "base64": return .text(utf8: base64(row.bytes(0)))
        case "escape": return .text(utf8: escape(row.bytes(0)))
        default: throw unknown(row.text(1))
        }
      },
      .rows("decode", [.text, .text], .bytea) { (row, _) throws(ApusError) in
        switch row.text(1).lowercased() {
        case "hex": return .bytes(try fromHex(row.utf8(0)))
        case "base64": return .bytes(try fromBase64(row.utf8(0)))
        case "escape": return .bytes(try fromEscape(row.utf8(0)))
        default: throw unknown(row.text(1))
        }
      },
      .rows("md5", [.text], .text, mayFail: false) { (row, _) in .text(utf8: hex(Digests.md5(row.utf8(0)))) },
      .rows("md5", [.bytea], .text, mayFail: false) { (row, _) in .text(utf8: hex(Digests.md5(row.bytes(0)))) },
      .rows("sha256", [.bytea], .bytea, mayFail: false) { (row, _) in .bytes(Digests.sha256(row.bytes(0))) },
      .rows("to_hex", [.int4], .text, mayFail: false) { (row, _) in
        .text(String(UInt32(truncatingIfNeeded: row.int(0)), radix: 16))
      },
      .rows("to_hex", [.int8], .text, mayFail: false) { (row, _) in
        .text(String(UInt64(bitPattern: row.int(0)), radix: 16))
      },
      .rows("convert_from", [.bytea, .name], .text) { (row, _) throws(ApusError) in
        try requireUTF8(row.text(1), "source")
        guard let text = String(validating: row.bytes(0), as: UTF8.self), !row.bytes(0).contains(0) else {
          throw ApusError(.characterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
        }
        return .text(text)
      },
      .rows("convert_to", [.text, .name], .bytea) { (row, _) throws(ApusError) in
        try requireUTF8(row.text(1), "destination")
        return .bytes(row.utf8(0))
      },
      .rows("get_byte", [.bytea, .int4], .int4) { (row, _) throws(ApusError) in
        let bytes = row.bytes(0)
        let index = row.int(1)
        guard index >= 0, index < bytes.count else {
          throw ApusError(
            SQLState("2202E"), "index \(index) out of valid range, 0..\(bytes.count - 1)")
        }
        return .int(Int64(bytes[Int(index)]))
      },
      .rows("set_byte", [.bytea, .int4, .int4], .bytea) { (row, _) throws(ApusError) in
        var bytes = row.bytes(0)
        let index = row.int(1)
        guard index >= 0, index < bytes.count else {
          throw ApusError(
            SQLState("2202E"), "index \(index) out of valid range, 0..\(bytes.count - 1)")
        }
        bytes[Int(index)] = UInt8(truncatingIfNeeded: row.int(2))
        return .bytes(bytes)
      },
    ]
  }
}
