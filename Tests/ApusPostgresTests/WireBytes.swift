// Builders of client messages and a reader of server messages, for the tests of the protocol.

import ApusBase
import ApusEngine
import ApusStore
import Foundation

@testable import ApusPostgres

/// Client messages as bytes.
enum Client {
  static func int16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }
  static func int32(_ value: Int) -> [UInt8] {
    [UInt8(value >> 24 & 255), UInt8(value >> 16 & 255), UInt8(value >> 8 & 255), UInt8(value & 255)]
  }
  static func text(_ value: String) -> [UInt8] { Array(value.utf8) + [0] }
  static func message(_ tag: Character, _ body: [UInt8]) -> [UInt8] {
    [tag.asciiValue ?? 0] + int32(body.count + 4) + body
  }
  static func startup(_ body: [UInt8]) -> [UInt8] { int32(body.count + 4) + body }
  static func startup(minor: Int = 0, _ parameters: [(String, String)]) -> [UInt8] {
    startup(int32(3 << 16 | minor) + parameters.flatMap { text($0.0) + text($0.1) } + [0])
  }
  static func query(_ sql: String) -> [UInt8] { message("Q", text(sql)) }
  static func parse(_ name: String, _ sql: String, _ types: [Int] = []) -> [UInt8] {
    message("P", text(name) + text(sql) + int16(types.count) + types.flatMap { int32($0) })
  }
  static func bind(
    _ portal: String = "", _ statement: String = "", formats: [Int] = [], _ values: [[UInt8]?] = [],
    results: [Int] = []
  ) -> [UInt8] {
    var body = text(portal) + text(statement) + int16(formats.count) + formats.flatMap { int16($0) }
    body += int16(values.count)
    for value in values { body += value.map { int32($0.count) + $0 } ?? int32(-1) }
    return message("B", body + int16(results.count) + results.flatMap { int16($0) })
  }
  static func bind(_ values: [[UInt8]?], results: [Int] = []) -> [UInt8] {
    bind("", "", formats: [], values, results: results)
  }
  static func describe(_ kind: Character, _ name: String = "") -> [UInt8] {
    message("D", [kind.asciiValue ?? 0] + text(name))
  }
  static func execute(_ portal: String = "", rows: Int = 0) -> [UInt8] { message("E", text(portal) + int32(rows)) }
  static func close(_ kind: Character, _ name: String = "") -> [UInt8] {
    message("C", [kind.asciiValue ?? 0] + text(name))
  }
  static let sync = message("S", [])
  static let flush = message("H", [])
  static func copyData(_ text: String) -> [UInt8] { message("d", Array(text.utf8)) }
  static let copyDone = message("c", [])
  static func copyFail(_ reason: String) -> [UInt8] { message("f", text(reason)) }
}

/// One message of the server.
struct ServerMessage: CustomStringConvertible {
  var tag: Character
  var body: [UInt8]

  static func read(_ bytes: [UInt8]) -> [ServerMessage] {
    var messages: [ServerMessage] = []
    var at = 0
    while at + 5 <= bytes.count {
      let length = bytes[at + 1...at + 4].reduce(0) { $0 << 8 | Int($1) }
      guard length >= 4, at + 1 + length <= bytes.count else { break }
      messages.append(
        ServerMessage(
          tag: Character(UnicodeScalar(bytes[at])), body: Array(bytes[at + 5..<at + 1 + length])))
      at += 1 + length
    }
    if at != bytes.count { messages.append(ServerMessage(tag: "?", body: Array(bytes[at...]))) }
    return messages
  }

  /// Fields of an ErrorResponse or NoticeResponse.
  var fields: [Character: String] {
    var found: [Character: String] = [:]
    for part in body.split(separator: 0) {
      guard let code = part.first else { continue }
      found[Character(UnicodeScalar(code))] = String(decoding: part.dropFirst(), as: UTF8.self)
    }
    return found
  }

  /// Values of a DataRow.
  var values: [[UInt8]?] {
    var values: [[UInt8]?] = []
    var at = 2
    while at + 4 <= body.count {
      let length = Int(Int32(truncatingIfNeeded: body[at..<at + 4].reduce(0) { $0 << 8 | Int($1) }))
      at += 4
      values.append(length < 0 ? nil : Array(body[at..<at + max(length, 0)]))
      at += max(length, 0)
    }
    return values
  }

  /// A short form: `D a,b,NULL`, `C SELECT 1`, `Z I`, `E 42601`, else the tag.
  var description: String {
    switch tag {
    case "D":
      return "D " + values.map { $0.map { String(decoding: $0, as: UTF8.self) } ?? "NULL" }.joined(separator: ",")
    case "C", "d": return "\(tag) " + String(decoding: body.filter { $0 != 0 }, as: UTF8.self)
    case "Z": return "Z " + String(decoding: body, as: UTF8.self)
    case "E", "N": return "\(tag) \(fields["C"] ?? "")"
    default: return String(tag)
    }
  }
}

/// A machine over a database of its own.
final class Conversation {
  let database: Database
  let machine: SessionMachine
  private var decoder = MessageDecoder()
  private let directory: String

  init() throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("apus-wire-\(UUID())").path
    database = try Database.open(directory: directory)
    machine = SessionMachine(session: database.makeSession())
    let start = Client.startup([("user", "apus")])
    start.withUnsafeBytes { decoder.feed($0) }
    _ = try decoder.next()
    decoder.isAuthenticated = true
  }

  deinit {
    machine.session.close()
    database.close()
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// Sends bytes and returns what comes back, in full.
  func exchange(_ bytes: [UInt8]...) -> [ServerMessage] {
    var received: [UInt8] = []
    for part in bytes { part.withUnsafeBytes { decoder.feed($0) } }
    func take() {
      received += Array(machine.output.bytes)
      machine.output.removeAll()
    }
    do throws(ApusError) {
      while !machine.isClosed, let item = try decoder.next() {
        var progress = machine.receive(item)
        while case .sendAndAdvance = progress {
          take()
          progress = machine.advance()
        }
      }
    } catch {
      machine.terminate(error)
    }
    take()
    return ServerMessage.read(received)
  }

  /// The same in short form.
  func talk(_ bytes: [UInt8]...) -> [String] {
    exchange(bytes.flatMap { $0 }).map(\.description)
  }
}
