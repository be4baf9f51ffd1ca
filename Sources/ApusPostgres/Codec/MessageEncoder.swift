// MessageEncoder owns what the server can say in protocol 3.0, byte by byte (PostgreSQL 15 manual, section 55.7).

import ApusBase
import ApusColumns
import ApusPlan

/// Severity of an ErrorResponse: FATAL ends the connection.
enum ErrorSeverity: String, Sendable { case error = "ERROR", fatal = "FATAL" }

/// Backend messages, appended to an output buffer.
extension OutputBuffer {
  /// Begins a message; give the result to `endMessage`.
  @inline(__always)
  mutating func beginMessage(_ tag: Unicode.Scalar) -> Int {
    ensure(5)
    base[count] = UInt8(truncatingIfNeeded: tag.value)
    advance(5)
    return count &- 4
  }

  @inline(__always)
  mutating func endMessage(_ start: Int) { patch(Int32(truncatingIfNeeded: count &- start), at: start) }

  private mutating func message(_ tag: Unicode.Scalar) { endMessage(beginMessage(tag)) }

  // MARK: - Start

  mutating func authenticationOk() {
    let start = beginMessage("R")
    put(bigEndian: Int32(0))
    endMessage(start)
  }

  mutating func authenticationSASL(_ mechanisms: [String]) {
    let start = beginMessage("R")
    put(bigEndian: Int32(10))
    for mechanism in mechanisms { put(string: mechanism) }
    put(0)
    endMessage(start)
  }

  mutating func authenticationSASLContinue(_ data: [UInt8]) { authentication(11, data) }
  mutating func authenticationSASLFinal(_ data: [UInt8]) { authentication(12, data) }

  private mutating func authentication(_ code: Int32, _ data: [UInt8]) {
    let start = beginMessage("R")
    put(bigEndian: code)
    put(data)
    endMessage(start)
  }

  mutating func parameterStatus(_ name: String, _ value: String) {
    let start = beginMessage("S")
    put(string: name)
    put(string: value)
    endMessage(start)
  }

  mutating func backendKeyData(processID: Int32, secret: Int32) {
    let start = beginMessage("K")
    put(bigEndian: processID)
    put(bigEndian: secret)
    endMessage(start)
  }

  mutating func negotiateProtocolVersion(minorSupported: Int32, unknownOptions: [String]) {
    let start = beginMessage("v")
    put(bigEndian: minorSupported)
    put(bigEndian: Int32(truncatingIfNeeded: unknownOptions.count))
    for option in unknownOptions { put(string: option) }
    endMessage(start)
  }

  mutating func readyForQuery(_ status: UInt8) {
    let start = beginMessage("Z")
    put(status)
    endMessage(start)
  }

  // MARK: - Answers

  mutating func parseComplete() { message("1") }
  mutating func bindComplete() { message("2") }
  mutating func closeComplete() { message("3") }
  mutating func noData() { message("n") }
  mutating func portalSuspended() { message("s") }
  mutating func emptyQueryResponse() { message("I") }
  mutating func copyDone() { message("c") }

  mutating func commandComplete(_ tag: String) {
    let start = beginMessage("C")
    put(string: tag)
    endMessage(start)
  }

  mutating func parameterDescription(_ types: [DataType]) {
    let start = beginMessage("t")
    put(bigEndian: Int16(truncatingIfNeeded: types.count))
    for type in types { put(bigEndian: type.oid) }
    endMessage(start)
  }

  /// `formats` has one entry a field.
  mutating func rowDescription(_ fields: [Field], formats: [WireFormat]) {
    let start = beginMessage("T")
    put(bigEndian: Int16(truncatingIfNeeded: fields.count))
    for (field, format) in zip(fields, formats) {
      put(string: field.name)
      put(bigEndian: field.tableOID)
      put(bigEndian: field.columnNumber)
      put(bigEndian: field.type.oid)
      put(bigEndian: field.type.typeLength)
      put(bigEndian: field.modifier)
      put(bigEndian: format.rawValue)
    }
    endMessage(start)
  }

  /// CopyInResponse and CopyOutResponse.
  mutating func copyResponse(isInput: Bool, isBinary: Bool, columnCount: Int) {
    let start = beginMessage(isInput ? "G" : "H")
    put(isBinary ? 1 : 0)
    put(bigEndian: Int16(truncatingIfNeeded: columnCount))
    for _ in 0..<columnCount { put(bigEndian: Int16(isBinary ? 1 : 0)) }
    endMessage(start)
  }

  mutating func copyData(_ bytes: [UInt8]) {
    let start = beginMessage("d")
    put(bytes)
    endMessage(start)
  }

  // MARK: - Errors and notices

  private mutating func field(_ code: Unicode.Scalar, _ text: String?) {
    guard let text else { return }
    put(UInt8(truncatingIfNeeded: code.value))
    put(string: text)
  }

  mutating func errorResponse(_ error: ApusError, severity: ErrorSeverity = .error) {
    let start = beginMessage("E")
    field("S", severity.rawValue)
    field("V", severity.rawValue)
    field("C", error.state.code)
    field("M", error.message)
    field("D", error.detail)
    field("H", error.hint)
    field("P", error.position.map { String($0) })
    field("W", error.context)
    field("s", error.schema)
    field("t", error.table)
    field("c", error.column)
    field("n", error.constraint)
    put(0)
    endMessage(start)
  }

  mutating func noticeResponse(_ notice: Notice) {
    let start = beginMessage("N")
    field("S", notice.severity.rawValue)
    field("V", notice.severity.rawValue)
    field("C", notice.state.code)
    field("M", notice.message)
    field("D", notice.detail)
    field("H", notice.hint)
    put(0)
    endMessage(start)
  }
}
