// FrontendMessage owns what a client can say in protocol 3.0 (PostgreSQL 15 manual, section 55.7).

import ApusBase
import ApusColumns

/// One message of the client, decoded.
enum FrontendMessage: Sendable, Equatable {
  // Without a type byte, at the start of a connection.
  case startup(minorVersion: Int, parameters: [StartupParameter])
  case sslRequest
  case gssEncryptionRequest
  case cancelRequest(processID: Int32, secret: Int32)

  case query(String)
  case parse(name: String, sql: String, types: [OID])
  case bind(BindMessage)
  case describe(Target, name: String)
  case execute(portal: String, rowsMax: Int)
  case close(Target, name: String)
  case flush
  case sync
  case copyData([UInt8])
  case copyDone
  case copyFail(String)
  case functionCall
  case password([UInt8])
  case terminate

  /// What Describe and Close name.
  enum Target: Sendable, Equatable { case statement, portal }
}

/// A name and a value of the startup packet.
struct StartupParameter: Sendable, Equatable {
  var name: String
  var value: String
}

/// The parts of Bind, as they came: counts and codes are checked against the statement later.
struct BindMessage: Sendable, Equatable {
  var portal: String
  var statement: String
  /// None, one for all, or one a parameter.
  var parameterFormats: [Int16]
  /// nil is NULL.
  var parameters: [[UInt8]?]
  /// None, one for all, or one a column.
  var resultFormats: [Int16]
}

/// How a value travels.
enum WireFormat: Int16, Sendable { case text = 0, binary = 1 }
