// One test for each message of the server.

import ApusBase
import ApusColumns
import ApusPlan
import Testing

@testable import ApusPostgres

@Suite struct `Message encoder` {
  private func bytes(_ write: (inout OutputBuffer) -> Void) -> [UInt8] {
    var output = OutputBuffer(capacity: 1)
    write(&output)
    return Array(output.bytes)
  }

  @Test func `the messages of the start`() {
    #expect(bytes { $0.authenticationOk() } == Client.message("R", [0, 0, 0, 0]))
    #expect(bytes { $0.parameterStatus("a", "b") } == Client.message("S", [97, 0, 98, 0]))
    #expect(
      bytes { $0.backendKeyData(processID: 1, secret: -1) } == Client.message("K", [0, 0, 0, 1, 255, 255, 255, 255]))
    let negotiation = bytes { $0.negotiateProtocolVersion(minorSupported: 0, unknownOptions: ["_pq_.x"]) }
    #expect(negotiation == Client.message("v", Client.int32(0) + Client.int32(1) + Client.text("_pq_.x")))
    #expect(bytes { $0.readyForQuery(73) } == Client.message("Z", [73]))
  }

  @Test func `the messages without a body`() {
    #expect(bytes { $0.parseComplete() } == [49, 0, 0, 0, 4])
    #expect(bytes { $0.bindComplete() } == [50, 0, 0, 0, 4])
    #expect(bytes { $0.closeComplete() } == [51, 0, 0, 0, 4])
    #expect(bytes { $0.noData() } == [110, 0, 0, 0, 4])
    #expect(bytes { $0.portalSuspended() } == [115, 0, 0, 0, 4])
    #expect(bytes { $0.emptyQueryResponse() } == [73, 0, 0, 0, 4])
    #expect(bytes { $0.copyDone() } == [99, 0, 0, 0, 4])
  }

  @Test func `command complete and parameter description`() {
    #expect(bytes { $0.commandComplete("SELECT 1") } == Client.message("C", Client.text("SELECT 1")))
    let described = bytes { $0.parameterDescription([.int8, .text]) }
    #expect(described == Client.message("t", [0, 2] + Client.int32(20) + Client.int32(25)))
  }

  @Test func `row description`() {
    let field = Field("n", .varchar, modifier: 14, tableOID: 16_384, columnNumber: 2)
    let body =
      [0, 1] + Client.text("n") + Client.int32(16_384) + [0, 2] + Client.int32(1043) + [255, 255] + Client.int32(14)
      + [0, 1]
    #expect(bytes { $0.rowDescription([field], formats: [.binary]) } == Client.message("T", body))
  }

  @Test func `the messages of copy`() {
    #expect(
      bytes { $0.copyResponse(isInput: true, isBinary: false, columnCount: 2) }
        == Client.message("G", [0, 0, 2, 0, 0, 0, 0]))
    #expect(
      bytes { $0.copyResponse(isInput: false, isBinary: true, columnCount: 1) } == Client.message("H", [1, 0, 1, 0, 1]))
    #expect(bytes { $0.copyData([1, 2]) } == Client.message("d", [1, 2]))
  }

  @Test func `errors carry all their fields and notices theirs`() throws {
    let error = ApusError(
      .notNullViolation, "m", detail: "d", hint: "h", position: 7, context: "w", schema: "s", table: "t", column: "c",
      constraint: "n")
    let message = try #require(ServerMessage.read(bytes { $0.errorResponse(error) }).first)
    #expect(message.tag == "E")
    let wanted: [Character: String] = [
      "S": "ERROR", "V": "ERROR", "C": "23502", "M": "m", "D": "d", "H": "h", "P": "7", "W": "w", "s": "s", "t": "t",
      "c": "c", "n": "n",
    ]
    #expect(message.fields == wanted)
    let fatal = ServerMessage.read(bytes { $0.errorResponse(error, severity: .fatal) })
    #expect(fatal.first?.fields["V"] == "FATAL")
    let notice = ServerMessage.read(bytes { $0.noticeResponse(Notice(.warning, "m", detail: "d")) })
    #expect(notice.first?.fields == ["S": "WARNING", "V": "WARNING", "C": "00000", "M": "m", "D": "d"])
  }

  @Test func `a zero byte in text does not break the framing`() {
    #expect(bytes { $0.commandComplete("a\0b") } == Client.message("C", Client.text("ab")))
  }
}
