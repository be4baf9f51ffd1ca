// HTTPClient owns a kept connection to a server's HTTP port, for posting events.

import ApusBase
import Foundation

/// One connection. Not thread-safe.
final class HTTPClient {
  struct Answer {
    var status: Int
    var headers: [String: String]
    var body: [UInt8]
  }

  let host: String
  let port: Int
  private var descriptor: Int32 = -1
  private var received: [UInt8] = []
  /// Headers beyond this are no answer of ours.
  private static let headBytesMax = 64 << 10

  init(host: String = "127.0.0.1", port: Int) {
    self.host = host
    self.port = port
  }

  deinit { disconnect() }

  private func disconnect() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    received = []
  }

  /// Exit code 3 when nobody listens.
  func connect() throws {
    if descriptor >= 0 { return }
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &list) == 0 else {
      throw CommandError.unreachable("cannot connect: no address for host \"\(host)\"")
    }
    defer { freeaddrinfo(list) }
    var reason = "no address"
    var next = list
    while let address = next {
      let made = socket(address.pointee.ai_family, address.pointee.ai_socktype, address.pointee.ai_protocol)
      if made >= 0, Foundation.connect(made, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 {
        var one: Int32 = 1
        setsockopt(made, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        descriptor = made
        return
      }
      reason = String(cString: strerror(errno))
      if made >= 0 { close(made) }
      next = address.pointee.ai_next
    }
    throw CommandError.unreachable("cannot connect to \(host):\(port): \(reason)")
  }

  /// The header that shows the key APUS_KEY or the role's password; empty without either.
  private let authorization: String = {
    let environment = ProcessInfo.processInfo.environment
    if let key = environment["APUS_KEY"], !key.contains(where: \.isNewline) {
      return "Authorization: Bearer \(key)\r\n"
    }
    guard let password = (try? ServeOptions.givenPassword(environment)) ?? environment["PGPASSWORD"] else { return "" }
    return "Authorization: Basic \(Data("apus:\(password)".utf8).base64EncodedString())\r\n"
  }()

  func post(_ path: String, type: String, _ body: [UInt8]) throws -> Answer {
    try connect()
    let shown = host.contains(":") ? "[\(host)]" : host
    let head =
      "POST \(path) HTTP/1.1\r\nHost: \(shown):\(port)\r\nContent-Type: \(type)\r\n\(authorization)"
      + "Content-Length: \(body.count)\r\n\r\n"
    do {
      try send(Array(head.utf8))
      try send(body)
    } catch {
      // A server that refuses a body may answer before it has read all of it.
      if let answer = try? receive() { return answer }
      disconnect()
      throw error
    }
    return try receive()
  }

  private func send(_ bytes: [UInt8]) throws {
    var start = 0
    while start < bytes.count {
      let sent = bytes.withUnsafeBytes { raw in
        Foundation.send(descriptor, raw.baseAddress.map { $0 + start }, raw.count - start, Int32(MSG_NOSIGNAL))
      }
      if sent < 0, errno == EINTR { continue }
      guard sent > 0 else { throw lost() }
      start += sent
    }
  }

  private func lost() -> CommandError {
    .failed("the connection to \(host):\(port) was lost: \(String(cString: strerror(errno)))")
  }

  private func more() throws -> Bool {
    var piece = [UInt8](repeating: 0, count: 16 << 10)
    while true {
      let count = recv(descriptor, &piece, piece.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw lost() }
      received.append(contentsOf: piece[0..<count])
      return count > 0
    }
  }

  private func receive() throws -> Answer {
    let mark: [UInt8] = [13, 10, 13, 10]
    var head = received.firstRange(of: mark)
    while head == nil {
      guard received.count < Self.headBytesMax, try more() else {
        disconnect()
        throw CommandError.failed("\(host):\(port) closed the connection without an answer")
      }
      head = received.firstRange(of: mark)
    }
    guard let head, var answer = Self.read(Array(received[0..<head.lowerBound])) else {
      disconnect()
      throw CommandError.failed("\(host):\(port) does not speak HTTP")
    }
    received.removeFirst(head.upperBound)
    if answer.status == 100 { return try receive() }
    guard let length = answer.headers["content-length"].flatMap({ Int($0) }), length >= 0 else {
      while try more() {}
      answer.body = received
      disconnect()
      return answer
    }
    while received.count < length {
      guard try more() else {
        disconnect()
        throw CommandError.failed("\(host):\(port) closed the connection within an answer")
      }
    }
    answer.body = Array(received[0..<length])
    received.removeFirst(length)
    if answer.headers["connection"]?.lowercased() == "close" { disconnect() }
    return answer
  }

  private static func read(_ head: [UInt8]) -> Answer? {
    let lines = String(decoding: head, as: UTF8.self).components(separatedBy: "\r\n")
    let words = lines[0].split(separator: " ")
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
      headers[line[..<colon].lowercased()] = value
    }
    return Answer(status: status, headers: headers, body: [])
  }
}
