// TestServer owns a server for one test: it keeps each request and answers the n-th as the test says.

import Foundation
import Glibc

/// Listens on a free port of 127.0.0.1 and takes one connection after the other.
final class TestServer: @unchecked Sendable {
  struct Request: Sendable {
    let head: String
    let body: String
  }

  enum Answer: Sendable {
    case status(Int, headers: String = "", body: String = "")
    case hangUp
    static func stored(_ count: Int) -> Answer {
      .status(200, body: "{\"stored\":\(count),\"duplicate\":0,\"rejected\":[]}")
    }
  }

  struct Failed: Error {}

  let url: URL
  private let listener: Int32
  private let lock = NSLock()
  private var received: [Request] = []
  private var isStopped = false

  init(_ answer: @escaping @Sendable (Int) -> Answer) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
      }
    }
    guard bound, let url = URL(string: "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))") else {
      throw Failed()
    }
    self.listener = listener
    self.url = url
    Thread.detachNewThread { [self] in serve(answer) }
  }

  var requests: [Request] { lock.withLock { received } }

  func stop() {
    lock.withLock { isStopped = true }
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private func serve(_ answer: (Int) -> Answer) {
    while true {
      let connection = accept(listener, nil, nil)
      if connection < 0 || lock.withLock({ isStopped }) { return }
      if let request = read(connection) {
        let number = lock.withLock {
          received.append(request)
          return received.count - 1
        }
        if case .status(let status, let headers, let body) = answer(number) {
          let text =
            "HTTP/1.1 \(status) Answer\r\n\(headers)Content-Length: \(body.utf8.count)\r\n"
            + "Connection: close\r\n\r\n\(body)"
          _ = Array(text.utf8).withUnsafeBytes {
            send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
          }
        }
      }
      shutdown(connection, Int32(SHUT_RDWR))
      close(connection)
    }
  }

  private func read(_ connection: Int32) -> Request? {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 65536)
    while true {
      let count = recv(connection, &chunk, chunk.count, 0)
      if count <= 0 { return nil }
      bytes += chunk[..<count]
      let text = String(decoding: bytes, as: UTF8.self)
      guard let end = text.range(of: "\r\n\r\n") else { continue }
      let head = String(text[..<end.lowerBound])
      let line = head.lowercased().split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
      let length = line.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
      let body = String(text[end.upperBound...])
      if body.utf8.count >= length { return Request(head: head, body: body) }
    }
  }
}
