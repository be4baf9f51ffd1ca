// Characters owns what text functions know of UTF-8: where characters begin, their case and class.

import ApusBase
import ApusColumns

enum Characters {
  @inline(__always)
  static func isContinuation(_ byte: UInt8) -> Bool { byte & 0xC0 == 0x80 }

  /// Characters of a text.
  static func count(_ raw: UnsafeRawBufferPointer) -> Int {
    var total = 0
    for byte in raw { total &+= byte & 0xC0 != 0x80 ? 1 : 0 }
    return total
  }
  static func count(_ bytes: [UInt8]) -> Int { bytes.withUnsafeBytes { count($0) } }

  /// The byte offset of character `number` (from 0), at most the end.
  static func offset(_ bytes: [UInt8], _ number: Int) -> Int {
    if number <= 0 { return 0 }
    var left = number
    for (index, byte) in bytes.enumerated() where !isContinuation(byte) {
      if left == 0 { return index }
      left -= 1
    }
    return bytes.count
  }

  /// Each character's bytes.
  static func split(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var list: [ArraySlice<UInt8>] = []
    var start = 0
    for index in bytes.indices.dropFirst() where !isContinuation(bytes[index]) {
      list.append(bytes[start..<index])
      start = index
    }
    if !bytes.isEmpty { list.append(bytes[start...]) }
    return list
  }

  /// Characters from `start` (counted from 1, as SQL does) on, `length` of them or all.
  static func substring(_ bytes: [UInt8], from start: Int64, length: Int64?) throws(ApusError) -> [UInt8] {
    if let length, length < 0 {
      throw ApusError(.substringError, "negative substring length not allowed")
    }
    var end = Int64.max
    if let length {
      let (sum, overflow) = start.addingReportingOverflow(length)
      end = overflow ? Int64.max : sum
    }
    let first = max(start, 1)
    guard end > first, first <= Int64(bytes.count) else { return [] }
    let from = offset(bytes, Int(first) - 1)
    let to = end > Int64(bytes.count) ? bytes.count : offset(bytes, Int(end) - 1)
    return Array(bytes[from..<max(from, to)])
  }

  /// Case by the simple mapping of each character, as the C library does it.
  static func lower(_ bytes: [UInt8]) -> [UInt8] { mapped(bytes, isUpper: false) }
  static func upper(_ bytes: [UInt8]) -> [UInt8] { mapped(bytes, isUpper: true) }

  static func lower(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    let text = scalar.properties.lowercaseMapping.unicodeScalars
    return text.count == 1 ? text.first ?? scalar : scalar
  }
  static func upper(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    let text = scalar.properties.uppercaseMapping.unicodeScalars
    return text.count == 1 ? text.first ?? scalar : scalar
  }

  private static func mapped(_ bytes: [UInt8], isUpper: Bool) -> [UInt8] {
    if bytes.allSatisfy({ $0 < 128 }) {
      let first: UInt8 = isUpper ? 97 : 65
      return bytes.map { $0 &- first < 26 ? $0 ^ 0x20 : $0 }
    }
    var out = String.UnicodeScalarView()
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      out.append(isUpper ? upper(scalar) : lower(scalar))
    }
    return Array(String(out).utf8)
  }

  static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.value < 128 {
      let byte = UInt8(scalar.value)
      let letter = byte | 0x20
      return isDigitByte(byte) || (letter >= 97 && letter <= 122)
    }
    return scalar.properties.isAlphabetic || scalar.properties.numericType == .decimal
  }

  static func initcap(_ text: String) -> String {
    var out = String.UnicodeScalarView()
    var isInWord = false
    for scalar in text.unicodeScalars {
      out.append(isInWord ? lower(scalar) : upper(scalar))
      isInWord = isAlphanumeric(scalar)
    }
    return String(out)
  }

  /// The byte offset of `wanted` in `text` from `start` on.
  static func find(_ wanted: ArraySlice<UInt8>, in text: [UInt8], from start: Int = 0) -> Int? {
    guard let first = wanted.first else { return start }
    guard text.count - start >= wanted.count else { return nil }
    return text.withUnsafeBufferPointer { text in
      wanted.withUnsafeBufferPointer { wanted -> Int? in
        for index in start...(text.count - wanted.count) where text[index] == first {
          var same = 1
          while same < wanted.count, text[index + same] == wanted[same] { same += 1 }
          if same == wanted.count { return index }
        }
        return nil
      }
    }
  }
  static func find(_ wanted: [UInt8], in text: [UInt8], from start: Int = 0) -> Int? {
    find(wanted[...], in: text, from: start)
  }
}
