// RawClient owns a plain TCP connection to the server under test: what no HTTP library would send can be sent.

import Foundation
import Glibc

/// One answer as it came.
struct RawAnswer {
  var status: Int
  /// Names in lower case.
  var headers: [String: String]
  var body: [UInt8]

  var text: String { String(decoding: body, as: UTF8.self) }
  var json: [String: Any] { (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:] }
  var error: [String: Any] { json["error"] as? [String: Any] ?? [:] }
}

/// A blocking connection. Every read gives up when patience ends.
final class RawClient: @unchecked Sendable {
  private let descriptor: Int32
  private var buffered: [UInt8] = []

  struct Closed: Error {}

  init(port: Int, patienceMilliseconds: Int = 10_000) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let code = withUnsafePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw Closed() }
    var patience = timeval(tv_sec: patienceMilliseconds / 1000, tv_usec: patienceMilliseconds % 1000 * 1000)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  func disconnect() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  func send(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { raw in
      var sent = 0
      while sent < raw.count {
        let count = Glibc.send(descriptor, raw.baseAddress! + sent, raw.count - sent, Int32(MSG_NOSIGNAL))
        if count <= 0 { return }
        sent += count
      }
    }
  }

  func send(_ text: String) { send(Array(text.utf8)) }

  /// Sends a request with the headers of a well-behaved client and reads its answer.
  func request(
    _ method: String, _ path: String, _ headers: [String: String] = [:], body: [UInt8] = []
  ) throws -> RawAnswer {
    send(Self.head(method, path, headers, length: body.count))
    send(body)
    return try answer(hasBody: method != "HEAD")
  }

  static func head(_ method: String, _ path: String, _ headers: [String: String], length: Int) -> String {
    var all = ["Host": "127.0.0.1"]
    if method == "POST" { all["Content-Length"] = String(length) }
    for (name, value) in headers { all[name] = value.isEmpty ? nil : value }
    return "\(method) \(path) HTTP/1.1\r\n" + all.map { "\($0): \($1)\r\n" }.sorted().joined() + "\r\n"
  }

  /// The next answer on the connection. Throws when the server closes it.
  func answer(hasBody: Bool = true) throws -> RawAnswer {
    while true {
      let head = try readHead()
      let lines = head.split(separator: "\r\n")
      guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
        throw Closed()
      }
      if status == 100 { continue }
      var headers: [String: String] = [:]
      for line in lines.dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1)
        if parts.count == 2 { headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces) }
      }
      let length = hasBody ? headers["content-length"].flatMap { Int($0) } ?? 0 : 0
      while buffered.count < length { try fill() }
      defer { buffered.removeFirst(length) }
      return RawAnswer(status: status, headers: headers, body: Array(buffered.prefix(length)))
    }
  }

  /// Reads until the server closes the connection or patience ends.
  func drain() {
    while (try? fill()) != nil {}
  }

  private func readHead() throws -> String {
    let end: [UInt8] = [13, 10, 13, 10]
    while true {
      if buffered.count >= 4, let start = (0...buffered.count - 4).first(where: { Array(buffered[$0..<$0 + 4]) == end })
      {
        defer { buffered.removeFirst(start + 4) }
        return String(decoding: buffered[0..<start], as: UTF8.self)
      }
      try fill()
    }
  }

  private func fill() throws {
    var piece = [UInt8](repeating: 0, count: 65_536)
    let count = recv(descriptor, &piece, piece.count, 0)
    guard count > 0 else { throw Closed() }
    buffered += piece[0..<count]
  }
}
