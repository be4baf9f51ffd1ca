// JSONParser owns the parsing of JSON text to tokens: whole documents, and lines of them.

public import ApusBase
private import CSimdJSON

/// A parser and its buffers, for one thread at a time. What it returns is valid until it is used again.
public final class JSONParser {
  private let parser: OpaquePointer

  /// Throws 53200.
  public init() throws(ApusError) {
    guard let created = apus_json_create(UInt32(Limits.jsonDepthMax)) else {
      throw ApusError(.outOfMemory, "out of memory")
    }
    parser = created
  }

  deinit { apus_json_destroy(parser) }

  private nonisolated(unsafe) static let nothing = UnsafePointer<UInt8>(
    UnsafeMutablePointer<UInt8>.allocate(capacity: 64))

  private func document(_ result: ApusJSONDocument, _ input: UnsafePointer<UInt8>) -> JSONDocument {
    let failed = result.error != 0
    let error =
      failed
      ? JSONError(code: result.error, offset: Int(result.error_offset), length: Int(result.error_length)) : nil
    let tokens = UnsafeRawPointer(result.tokens) ?? UnsafeRawPointer(Self.nothing)
    return JSONDocument(
      tokens: tokens.assumingMemoryBound(to: JSONToken.self), count: failed ? 0 : result.count, input: input,
      side: result.side ?? Self.nothing, error: error, line: Int(result.line), offset: result.offset,
      length: result.length)
  }

  /// One document of at most 2 GiB. `input` must outlive the use of the result.
  public func parse(_ input: UnsafeRawBufferPointer) -> JSONDocument {
    let base = input.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? Self.nothing
    var result = ApusJSONDocument()
    apus_json_parse(parser, base, input.count, &result)
    return document(result, base)
  }

  /// Begins the lines of `input`, each of which holds one document; then call `nextLine`. A line over `lineBytesMax`
  /// bytes is an error of its own.
  public func beginLines(_ input: UnsafeRawBufferPointer, lineBytesMax: Int = Limits.eventBytesMax) {
    let base = input.baseAddress?.assumingMemoryBound(to: UInt8.self) ?? Self.nothing
    linesBase = base
    apus_json_lines(parser, base, input.count, lineBytesMax)
  }
  private var linesBase: UnsafePointer<UInt8> = JSONParser.nothing

  /// The next line that is not blank, good or bad; nil at the end.
  public func nextLine() -> JSONDocument? {
    var result = ApusJSONDocument()
    guard apus_json_next_line(parser, &result) != 0 else { return nil }
    return document(result, linesBase + result.offset)
  }

  /// One past the end of the value that starts at `offset` of `input`, by brackets and quotes alone; nil when it does
  /// not end. It checks nothing: what it cuts out is to be parsed.
  public static func endOfValue(_ input: UnsafeRawBufferPointer, at offset: Int) -> Int? {
    guard let base = input.baseAddress, offset >= 0, offset < input.count else { return nil }
    let end = apus_json_skip_value(base.assumingMemoryBound(to: UInt8.self), input.count, offset)
    return end == 0 ? nil : end
  }

  /// Whether `input` is one JSON document; throws PostgreSQL's error when not.
  public func validate(_ input: UnsafeRawBufferPointer) throws(ApusError) {
    if let error = parse(input).error { throw error.apusError(input) }
  }
}
