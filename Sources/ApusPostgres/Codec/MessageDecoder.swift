// MessageDecoder owns the bytes of the client until they are whole messages. No input traps; lengths are bounded before
// anything is kept.

import ApusBase
import ApusColumns

/// Messages out of bytes that come in pieces of any size.
struct MessageDecoder {
  enum Item: Sendable, Equatable {
    case message(FrontendMessage)
    /// The body of a message contradicts its form; the stream is still in step. `tag` is its type byte.
    case malformed(ApusError, tag: UInt8)
  }

  private var buffer: [UInt8] = []
  private var position = 0
  /// Before the startup packet messages have no type byte.
  private(set) var isStarting = true
  /// Until the client is let in, only small messages are taken.
  var isAuthenticated = false

  mutating func feed(_ bytes: UnsafeRawBufferPointer) {
    if position == buffer.count {
      buffer.removeAll(keepingCapacity: buffer.capacity <= 1 << 20)
      position = 0
    } else if position > 0, position > buffer.count / 2 {
      buffer.removeSubrange(0..<position)
      position = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// Bytes that wait for the rest of their message.
  var pendingBytes: Int { buffer.count - position }

  /// The next whole message, or nil when there is none yet. An error leaves the stream out of step: the connection
  /// must end.
  mutating func next() throws(ApusError) -> Item? {
    isStarting ? try nextStartup() : try nextRegular()
  }

  private func integer(at offset: Int) -> Int {
    Int(
      Int32(
        truncatingIfNeeded: UInt32(buffer[offset]) << 24 | UInt32(buffer[offset + 1]) << 16
          | UInt32(buffer[offset + 2]) << 8 | UInt32(buffer[offset + 3])))
  }

  // MARK: - Startup

  private static let sslCode = 80_877_103
  private static let cancelCode = 80_877_102
  private static let gssCode = 80_877_104

  private mutating func nextStartup() throws(ApusError) -> Item? {
    guard pendingBytes >= 4 else { return nil }
    let length = integer(at: position)
    guard length >= 8, length <= Limits.startupPacketBytesMax else {
      throw ApusError(.protocolViolation, "invalid length of startup packet")
    }
    guard pendingBytes >= length else { return nil }
    var body = MessageBody(buffer, position + 4, position + length)
    position += length
    let code = Int(try body.int32())
    switch code {
    case Self.sslCode: return .message(.sslRequest)
    case Self.gssCode: return .message(.gssEncryptionRequest)
    case Self.cancelCode:
      return .message(.cancelRequest(processID: try body.int32(), secret: try body.int32()))
    default: break
    }
    let major = code >> 16
    let minor = code & 0xFFFF
    guard major == 3 else {
      throw ApusError(
        .featureNotSupported,
        "unsupported frontend protocol \(major & 0xFFFF).\(minor): server supports 3.0 to 3.0")
    }
    var parameters: [StartupParameter] = []
    while true {
      let name = try body.string()
      if name.isEmpty { break }
      parameters.append(StartupParameter(name: name, value: try body.string()))
    }
    guard body.isAtEnd else {
      throw ApusError(
        .protocolViolation, "invalid startup packet layout: expected terminator as last byte")
    }
    isStarting = false
    return .message(.startup(minorVersion: minor, parameters: parameters))
  }

  // MARK: - After it

  private mutating func nextRegular() throws(ApusError) -> Item? {
    guard pendingBytes >= 1 else { return nil }
    let tag = buffer[position]
    guard Self.isKnown(tag) else {
      throw ApusError(.protocolViolation, "invalid frontend message type \(tag)")
    }
    guard pendingBytes >= 5 else { return nil }
    let length = integer(at: position + 1)
    let limit = isAuthenticated ? Limits.messageBytesMax : Limits.preAuthenticationBytesMax
    guard length >= 4 else { throw ApusError(.protocolViolation, "invalid message length") }
    guard length <= limit else {
      throw ApusError(
        .protocolViolation, "invalid message length", detail: "The message has \(length) bytes, the limit is \(limit).")
    }
    guard pendingBytes >= length + 1 else { return nil }
    var body = MessageBody(buffer, position + 5, position + 1 + length)
    position += length + 1
    do throws(ApusError) {
      let message = try Self.decode(tag, &body)
      guard body.isAtEnd else { throw ApusError(.protocolViolation, "invalid message format") }
      return .message(message)
    } catch {
      return .malformed(error, tag: tag)
    }
  }

  private static func isKnown(_ tag: UInt8) -> Bool {
    switch UnicodeScalar(tag) {
    case "Q", "P", "B", "D", "E", "C", "H", "S", "d", "c", "f", "F", "p", "X": true
    default: false
    }
  }

  private static func decode(_ tag: UInt8, _ body: inout MessageBody) throws(ApusError) -> FrontendMessage {
    switch UnicodeScalar(tag) {
    case "Q": return .query(try body.string())
    case "P": return try parse(&body)
    case "B": return .bind(try bind(&body))
    case "D": return .describe(try target(&body, "DESCRIBE"), name: try body.string())
    case "E":
      let portal = try body.string()
      return .execute(portal: portal, rowsMax: max(0, Int(try body.int32())))
    case "C": return .close(try target(&body, "CLOSE"), name: try body.string())
    case "H": return .flush
    case "S": return .sync
    case "d": return .copyData(body.rest())
    case "c": return .copyDone
    case "f": return .copyFail(try body.string())
    case "F":
      _ = body.rest()
      return .functionCall
    case "p": return .password(body.rest())
    default:
      // PostgreSQL does not look into Terminate either.
      _ = body.rest()
      return .terminate
    }
  }

  private static func parse(_ body: inout MessageBody) throws(ApusError) -> FrontendMessage {
    let name = try body.string()
    let sql = try body.string()
    let count = try body.count(bytesEach: 4)
    var types: [OID] = []
    types.reserveCapacity(count)
    for _ in 0..<count { types.append(OID(bitPattern: try body.int32())) }
    return .parse(name: name, sql: sql, types: types)
  }

  private static func bind(_ body: inout MessageBody) throws(ApusError) -> BindMessage {
    let portal = try body.string()
    let statement = try body.string()
    let parameterFormats = try formats(&body)
    let count = try body.count(bytesEach: 4)
    var parameters: [[UInt8]?] = []
    parameters.reserveCapacity(count)
    for _ in 0..<count {
      let length = Int(try body.int32())
      parameters.append(length == -1 ? nil : try body.take(length))
    }
    return BindMessage(
      portal: portal, statement: statement, parameterFormats: parameterFormats, parameters: parameters,
      resultFormats: try formats(&body))
  }

  private static func formats(_ body: inout MessageBody) throws(ApusError) -> [Int16] {
    let count = try body.count(bytesEach: 2)
    var formats: [Int16] = []
    formats.reserveCapacity(count)
    for _ in 0..<count { formats.append(try body.int16()) }
    return formats
  }

  private static func target(_ body: inout MessageBody, _ verb: String) throws(ApusError) -> FrontendMessage.Target {
    let byte = try body.byte()
    switch UnicodeScalar(byte) {
    case "S": return .statement
    case "P": return .portal
    default: throw ApusError(.protocolViolation, "invalid \(verb) message subtype \(byte)")
    }
  }
}

/// The body of one message.
struct MessageBody {
  private let bytes: [UInt8]
  private var position: Int
  private let end: Int

  /// `bytes[start..<end]`, which the caller has checked to be there.
  init(_ bytes: [UInt8], _ start: Int, _ end: Int) {
    self.bytes = bytes
    position = start
    self.end = end
  }

  var isAtEnd: Bool { position == end }
  private var remaining: Int { end - position }

  private static var short: ApusError { ApusError(.protocolViolation, "insufficient data left in message") }

  mutating func byte() throws(ApusError) -> UInt8 {
    guard remaining >= 1 else { throw Self.short }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func int16() throws(ApusError) -> Int16 {
    guard remaining >= 2 else { throw Self.short }
    defer { position += 2 }
    return Int16(bitPattern: UInt16(bytes[position]) << 8 | UInt16(bytes[position + 1]))
  }

  mutating func int32() throws(ApusError) -> Int32 {
    let high = UInt32(UInt16(bitPattern: try int16()))
    return Int32(bitPattern: high << 16 | UInt32(UInt16(bitPattern: try int16())))
  }

  /// An unsigned 16-bit count of items that have at least `bytesEach` bytes each.
  mutating func count(bytesEach: Int) throws(ApusError) -> Int {
    let count = Int(UInt16(bitPattern: try int16()))
    guard count * bytesEach <= remaining else { throw Self.short }
    return count
  }

  mutating func take(_ count: Int) throws(ApusError) -> [UInt8] {
    guard count >= 0, count <= remaining else { throw Self.short }
    defer { position += count }
    return Array(bytes[position..<position + count])
  }

  mutating func rest() -> [UInt8] {
    defer { position = end }
    return Array(bytes[position..<end])
  }

  /// UTF-8 up to a zero byte.
  mutating func string() throws(ApusError) -> String {
    guard let stop = bytes[position..<end].firstIndex(of: 0) else {
      throw ApusError(.protocolViolation, "invalid string in message")
    }
    defer { position = stop + 1 }
    guard let text = String(validating: bytes[position..<stop], as: UTF8.self) else {
      throw invalidUTF8(bytes[position..<stop])
    }
    return text
  }
}

/// 22021 with the first bytes that are no character, as PostgreSQL shows them.
func invalidUTF8(_ bytes: ArraySlice<UInt8>) -> ApusError {
  var rest = bytes
  var decoder = UTF8()
  var iterator = rest.makeIterator()
  var good = 0
  scan: while true {
    switch decoder.decode(&iterator) {
    case .scalarValue(let scalar): good += UTF8.width(scalar)
    case .emptyInput, .error: break scan
    }
  }
  rest = rest.dropFirst(good)
  let lead = rest.first ?? 0
  let length = lead >= 0xF8 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1
  let shown = rest.prefix(length).map { byte in
    let hex = String(byte, radix: 16)
    return "0x" + (hex.count < 2 ? "0" : "") + hex
  }
  return ApusError(
    .characterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\": \(shown.joined(separator: " "))")
}
