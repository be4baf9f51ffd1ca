// One test for each message of the client, and the bounds of the decoder.

import ApusBase
import Testing

@testable import ApusPostgres

@Suite struct `Message decoder` {
  /// A decoder past the startup packet.
  private func started() throws -> MessageDecoder {
    var decoder = MessageDecoder()
    Client.startup([("user", "u")]).withUnsafeBytes { decoder.feed($0) }
    _ = try decoder.next()
    decoder.isAuthenticated = true
    return decoder
  }

  private func decode(_ bytes: [UInt8]) throws -> FrontendMessage? {
    var decoder = try started()
    bytes.withUnsafeBytes { decoder.feed($0) }
    guard case .message(let message)? = try decoder.next() else { return nil }
    #expect(decoder.pendingBytes == 0)
    return message
  }

  private func malformation(_ bytes: [UInt8]) throws -> SQLState? {
    var decoder = try started()
    bytes.withUnsafeBytes { decoder.feed($0) }
    guard case .malformed(let error, _)? = try decoder.next() else { return nil }
    #expect(decoder.pendingBytes == 0, "the stream stays in step")
    return error.state
  }

  private func start(_ bytes: [UInt8]) throws -> MessageDecoder.Item? {
    var decoder = MessageDecoder()
    bytes.withUnsafeBytes { decoder.feed($0) }
    return try decoder.next()
  }

  @Test func `startup gives its version and parameters`() throws {
    let item = try start(Client.startup(minor: 2, [("user", "ann"), ("database", "d")]))
    let parameters = [
      StartupParameter(name: "user", value: "ann"), StartupParameter(name: "database", value: "d"),
    ]
    #expect(item == .message(.startup(minorVersion: 2, parameters: parameters)))
  }

  @Test func `requests for TLS, GSS and cancellation are known by their codes`() throws {
    #expect(try start(Client.startup(Client.int32(80_877_103))) == .message(.sslRequest))
    #expect(try start(Client.startup(Client.int32(80_877_104))) == .message(.gssEncryptionRequest))
    let cancel = Client.startup(Client.int32(80_877_102) + Client.int32(7) + Client.int32(-9))
    #expect(try start(cancel) == .message(.cancelRequest(processID: 7, secret: -9)))
  }

  @Test func `startup packets of wrong length, version or layout are refused`() {
    for bytes in [
      Client.int32(7), Client.int32(10_001), Client.int32(-1), Client.startup(Client.int32(2 << 16)),
      Client.startup(Client.int32(3 << 16) + Client.text("user")),
      Client.startup(Client.int32(3 << 16) + [0, 0]), Client.startup(Client.int32(80_877_102)),
    ] {
      #expect(throws: ApusError.self) { _ = try start(bytes) }
    }
  }

  @Test func `nothing is said before a message is whole`() throws {
    var decoder = try started()
    let bytes = Client.query("SELECT 1")
    for byte in bytes.dropLast() {
      [byte].withUnsafeBytes { decoder.feed($0) }
      #expect(try decoder.next() == nil)
    }
    bytes.suffix(1).withUnsafeBytes { decoder.feed($0) }
    #expect(try decoder.next() == .message(.query("SELECT 1")))
  }

  @Test func `query`() throws { #expect(try decode(Client.query("SELECT 'ä'")) == .query("SELECT 'ä'")) }

  @Test func `parse`() throws {
    #expect(
      try decode(Client.parse("s", "SELECT $1", [20, 0])) == .parse(name: "s", sql: "SELECT $1", types: [20, 0]))
  }

  @Test func `bind`() throws {
    let wanted = BindMessage(
      portal: "p", statement: "s", parameterFormats: [1, 0], parameters: [[1, 2], nil], resultFormats: [1])
    #expect(try decode(Client.bind("p", "s", formats: [1, 0], [[1, 2], nil], results: [1])) == .bind(wanted))
  }

  @Test func `describe and close name a statement or a portal`() throws {
    #expect(try decode(Client.describe("S", "a")) == .describe(.statement, name: "a"))
    #expect(try decode(Client.describe("P", "")) == .describe(.portal, name: ""))
    #expect(try decode(Client.close("S", "a")) == .close(.statement, name: "a"))
    #expect(try decode(Client.close("P", "b")) == .close(.portal, name: "b"))
    #expect(try malformation(Client.describe("X", "a")) == .protocolViolation)
    #expect(try malformation(Client.close("X", "a")) == .protocolViolation)
  }

  @Test func `execute has no limit for zero and below`() throws {
    #expect(try decode(Client.execute("p", rows: 5)) == .execute(portal: "p", rowsMax: 5))
    #expect(try decode(Client.execute("p", rows: -5)) == .execute(portal: "p", rowsMax: 0))
  }

  @Test func `flush, sync, terminate and the messages of copy`() throws {
    #expect(try decode(Client.flush) == .flush)
    #expect(try decode(Client.sync) == .sync)
    #expect(try decode(Client.message("X", [])) == .terminate)
    #expect(try decode(Client.copyData("a\n")) == .copyData([97, 10]))
    #expect(try decode(Client.copyDone) == .copyDone)
    #expect(try decode(Client.copyFail("no")) == .copyFail("no"))
    #expect(try decode(Client.message("F", [1, 2, 3])) == .functionCall)
    #expect(try decode(Client.message("p", [1])) == .password([1]))
  }

  @Test func `bodies that contradict themselves are errors of that message alone`() throws {
    #expect(try malformation(Client.message("Q", [65])) == .protocolViolation)
    #expect(try malformation(Client.message("Q", [65, 0, 65])) == .protocolViolation)
    #expect(try malformation(Client.message("Q", [0xFF, 0])) == .characterNotInRepertoire)
    #expect(try malformation(Client.message("P", Client.text("") + Client.text("") + [0, 9])) == .protocolViolation)
    #expect(try malformation(Client.message("S", [1])) == .protocolViolation)
    #expect(try malformation(Client.message("E", Client.text("") + [0])) == .protocolViolation)
    let negative = Client.text("") + Client.text("") + [0, 0, 0, 1] + Client.int32(-2) + [0, 0]
    #expect(try malformation(Client.message("B", negative)) == .protocolViolation)
    let long = Client.text("") + Client.text("") + [0, 0, 0, 1] + Client.int32(1 << 30) + [0, 0]
    #expect(try malformation(Client.message("B", long)) == .protocolViolation)
  }

  @Test func `impossible lengths and types end the connection`() throws {
    let broken: [[UInt8]] = [
      [81, 0, 0, 0, 3], [81, 0xFF, 0xFF, 0xFF, 0xFF], [81, 4, 0, 0, 1], [0, 0, 0, 0, 4], [200],
    ]
    for bytes in broken {
      var decoder = try started()
      bytes.withUnsafeBytes { decoder.feed($0) }
      #expect(throws: ApusError.self) { _ = try decoder.next() }
    }
  }

  @Test func `before the client is let in only small messages are taken`() throws {
    var decoder = try started()
    decoder.isAuthenticated = false
    [UInt8](Client.message("p", Array(repeating: 0, count: 20_000))).withUnsafeBytes { decoder.feed($0) }
    #expect(throws: ApusError.self) { _ = try decoder.next() }
  }

  @Test func `bytes that are no text are shown as PostgreSQL does`() {
    #expect(invalidUTF8([65, 0xFF]).message == "invalid byte sequence for encoding \"UTF8\": 0xff")
    #expect(
      invalidUTF8([0xE4, 0x62, 0x63, 0x64]).message == "invalid byte sequence for encoding \"UTF8\": 0xe4 0x62 0x63")
  }
}
