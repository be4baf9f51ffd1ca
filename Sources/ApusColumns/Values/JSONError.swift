// JSONError owns why a text is not JSON, in PostgreSQL's words.

public import ApusBase
private import CSimdJSON

/// What is wrong with a JSON text, and where.
public struct JSONError: Sendable {
  let code: Int32
  /// The offending text in the input, in bytes.
  public let offset: Int
  public let length: Int

  public enum Kind: Sendable { case malformed, invalidUTF8, nulEscape, tooDeep, tooLarge, outOfMemory }

  public var kind: Kind {
    switch Int(code) {
    case Int(APUS_JSON_NUL_ESCAPE): .nulEscape
    case Int(APUS_JSON_INVALID_UTF8): .invalidUTF8
    case Int(APUS_JSON_TOO_DEEP): .tooDeep
    case Int(APUS_JSON_TOO_LARGE): .tooLarge
    case Int(APUS_JSON_NO_MEMORY): .outOfMemory
    default: .malformed
    }
  }

  /// The error as PostgreSQL's jsonb raises it. `input` is the text that was parsed.
  public func apusError(_ input: UnsafeRawBufferPointer) -> ApusError {
    let context = "JSON data, line \(lineNumber(input)): \(excerpt(input))"
    switch Int(code) {
    case Int(APUS_JSON_NUL_ESCAPE):
      return ApusError(
        .untranslatableCharacter, "unsupported Unicode escape sequence",
        detail: "\\u0000 cannot be converted to text.", context: context)
    case Int(APUS_JSON_INVALID_UTF8):
      return ApusError(
        .characterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": \(hexBytes(input))")
    case Int(APUS_JSON_TOO_DEEP):
      return ApusError(
        .programLimitExceeded, "JSON nested too deeply",
        detail: "At most \(Limits.jsonDepthMax) levels of objects and arrays are read.")
    case Int(APUS_JSON_TOO_LARGE):
      return ApusError(.programLimitExceeded, "JSON value too large")
    case Int(APUS_JSON_NO_MEMORY):
      return ApusError(.outOfMemory, "out of memory")
    default:
      return ApusError(
        .invalidTextRepresentation, "invalid input syntax for type json", detail: detail(input), context: context)
    }
  }

  private func detail(_ input: UnsafeRawBufferPointer) -> String {
    let found = "but found \"\(token(input))\"."
    switch Int(code) {
    case Int(APUS_JSON_UNEXPECTED_END): return "The input string ended unexpectedly."
    case Int(APUS_JSON_EXPECTED_VALUE): return "Expected JSON value, \(found)"
    case Int(APUS_JSON_EXPECTED_KEY_OR_END): return "Expected string or \"}\", \(found)"
    case Int(APUS_JSON_EXPECTED_KEY): return "Expected string, \(found)"
    case Int(APUS_JSON_EXPECTED_COLON): return "Expected \":\", \(found)"
    case Int(APUS_JSON_EXPECTED_COMMA_OR_BRACKET): return "Expected \",\" or \"]\", \(found)"
    case Int(APUS_JSON_EXPECTED_COMMA_OR_BRACE): return "Expected \",\" or \"}\", \(found)"
    case Int(APUS_JSON_EXPECTED_END): return "Expected end of input, \(found)"
    case Int(APUS_JSON_CONTROL_CHARACTER):
      let byte = offset < input.count ? input[offset] : 0
      let digits = String(byte, radix: 16)
      return "Character with value 0x\(digits.count < 2 ? "0" : "")\(digits) must be escaped."
    case Int(APUS_JSON_INVALID_ESCAPE): return "Escape sequence \"\(token(input))\" is invalid."
    case Int(APUS_JSON_INVALID_UNICODE_ESCAPE): return "\"\\u\" must be followed by four hexadecimal digits."
    case Int(APUS_JSON_LONE_LOW_SURROGATE): return "Unicode low surrogate must follow a high surrogate."
    case Int(APUS_JSON_DOUBLE_HIGH_SURROGATE): return "Unicode high surrogate must not follow a high surrogate."
    default: return "Token \"\(token(input))\" is invalid."
    }
  }

  private func clamped(_ input: UnsafeRawBufferPointer, _ start: Int, _ end: Int) -> String {
    let low = max(0, min(start, input.count))
    return String(decoding: input[low..<max(low, min(end, input.count))], as: UTF8.self)
  }

  /// The offending text, at most 64 bytes of it.
  private func token(_ input: UnsafeRawBufferPointer) -> String { clamped(input, offset, offset + min(length, 64)) }

  /// The line up to the error, as PostgreSQL shows it: its last 50 bytes or so.
  private func excerpt(_ input: UnsafeRawBufferPointer) -> String {
    let end = min(input.count, offset + min(length, 64))
    var start = min(offset, input.count)
    while start > 0, input[start - 1] != 10, end - start < 50 { start -= 1 }
    while start < end, input[start] & 0xC0 == 0x80 { start += 1 }
    let cut = start > 0 && input[start - 1] != 10
    let more = end < input.count && input[end] != 10
    return (cut ? "..." : "") + clamped(input, start, end) + (more ? "..." : "")
  }

  private func lineNumber(_ input: UnsafeRawBufferPointer) -> Int {
    var line = 1
    for index in 0..<min(offset, input.count) where input[index] == 10 { line += 1 }
    return line
  }

  private func hexBytes(_ input: UnsafeRawBufferPointer) -> String {
    guard offset < input.count else { return "" }
    let lead = input[offset]
    let wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1
    return input[offset..<min(input.count, offset + wanted)].map { byte in
      let digits = String(byte, radix: 16)
      return "0x" + (digits.count < 2 ? "0" : "") + digits
    }.joined(separator: " ")
  }
}
