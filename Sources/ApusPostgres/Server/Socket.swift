// Socket owns one TCP socket: blocking reads and writes that never raise SIGPIPE.

import ApusBase
import Glibc
import Synchronization

/// A socket that one thread reads and writes, and that others may only shut down.
final class Socket: Sendable {
  private let descriptor: Mutex<Int32>
  /// Once the connection is encrypted.
  private let tls = Mutex<TLSSession?>(nil)

  init(_ descriptor: Int32) {
    self.descriptor = Mutex(descriptor)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
  }

  /// For the owning thread. -1 after `close`.
  private var number: Int32 { descriptor.withLock { $0 } }

  /// Small answers go out at once, and a peer that vanished is noticed in the end.
  func configure() {
    set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
    set(SOL_SOCKET, SO_KEEPALIVE, 1)
  }

  private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
    var value = value
    _ = setsockopt(number, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
  }

  enum Received { case bytes(Int), end, timeout }

  /// Waits for bytes, at most `milliseconds` (-1: for ever). Errors count as the end.
  func receive(into buffer: UnsafeMutableRawBufferPointer, milliseconds: Int32 = -1) -> Received {
    let number = self.number
    guard number >= 0 else { return .end }
    if let session = tls.withLock({ $0 }) {
      let wait = milliseconds < 0 ? nil : UInt64(milliseconds) * 1_000_000
      return session.receive(into: buffer, deadline: wait.map { monotonicNanoseconds() + $0 })
    }
    if milliseconds >= 0 {
      var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
      let ready = poll(&entry, 1, milliseconds)
      if ready == 0 { return .timeout }
      if ready < 0, errno != EINTR { return .end }
    }
    while true {
      let count = recv(number, buffer.baseAddress, buffer.count, 0)
      if count > 0 { return .bytes(count) }
      if count < 0, errno == EINTR { continue }
      return .end
    }
  }

  /// Sends all of it; false when the peer is gone.
  func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard var next = bytes.baseAddress else { return true }
    let number = self.number
    guard number >= 0 else { return false }
    if let session = tls.withLock({ $0 }) { return session.send(bytes) }
    var rest = bytes.count
    while rest > 0 {
      let count = Glibc.send(number, next, rest, Int32(MSG_NOSIGNAL))
      if count < 0 {
        if errno == EINTR { continue }
        return false
      }
      next += count
      rest -= count
    }
    return true
  }

  // MARK: - Encryption

  var isEncrypted: Bool { tls.withLock { $0 != nil } }

  /// Encrypts what follows; false when the client does not do its part by the deadline.
  func encrypt(as identity: TLSIdentity, deadline: UInt64) -> Bool {
    guard let session = TLSSession(identity, descriptor: number, deadline: deadline) else { return false }
    tls.withLock { $0 = session }
    return true
  }

  /// Whether the client begins with a TLS handshake rather than a packet of PostgreSQL's. Waits for its first byte.
  func beginsWithTLS(milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    guard poll(&entry, 1, milliseconds) > 0 else { return false }
    var first: UInt8 = 0
    return recv(number, &first, 1, Int32(MSG_PEEK)) == 1 && first == 22
  }

  // MARK: - Ends

  /// Ends reading: a blocked read returns at once. What is being written still goes out.
  func endReading() {
    descriptor.withLock { if $0 >= 0 { _ = shutdown($0, Int32(SHUT_RD)) } }
  }

  /// Ends both ways at once.
  func abort() {
    descriptor.withLock { if $0 >= 0 { _ = shutdown($0, Int32(SHUT_RDWR)) } }
  }

  func close() {
    let session = tls.withLock { held in
      defer { held = nil }
      return held
    }
    session?.end()
    descriptor.withLock {
      if $0 >= 0 { _ = Glibc.close($0) }
      $0 = -1
    }
  }

  // MARK: - Addresses

  /// The other end, as numbers.
  func peer() -> (address: String, port: Int, isLoopback: Bool)? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let number = self.number
    let result = withUnsafeMutableBytes(of: &storage) { raw in
      raw.withMemoryRebound(to: sockaddr.self) { getpeername(number, $0.baseAddress, &length) }
    }
    return result == 0 ? Self.describe(&storage, length) : nil
  }

  static func describe(
    _ storage: inout sockaddr_storage, _ length: socklen_t
  ) -> (address: String, port: Int, isLoopback: Bool)? {
    var host = [CChar](repeating: 0, count: 64)
    var service = [CChar](repeating: 0, count: 16)
    let result = withUnsafeBytes(of: &storage) { raw in
      raw.withMemoryRebound(to: sockaddr.self) {
        getnameinfo($0.baseAddress, length, &host, 64, &service, 16, NI_NUMERICHOST | NI_NUMERICSERV)
      }
    }
    guard result == 0 else { return nil }
    let address = text(host)
    let isLoopback = address.hasPrefix("127.") || address == "::1" || address.hasPrefix("::ffff:127.")
    return (address, Int(text(service)) ?? 0, isLoopback)
  }

  private static func text(_ buffer: [CChar]) -> String {
    String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

/// A socket that takes connections.
final class ListeningSocket: Sendable {
  private let descriptor: Int32
  let port: Int

  /// Binds to a loopback address; port 0 takes a free one.
  /// `servesOthers`: addresses beyond loopback are fine.
  init(host: String, port: Int, servesOthers: Bool = false) throws(ApusError) {
    guard (0...65_535).contains(port) else {
      throw ApusError(.invalidParameterValue, "\(port) is not a port number")
    }
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_PASSIVE | (host == "localhost" ? 0 : AI_NUMERICHOST)
    var found: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host == "localhost" ? "127.0.0.1" : host, String(port), &hints, &found)
    guard code == 0, let info = found?.pointee else {
      throw ApusError(.invalidParameterValue, "\"\(host)\" is not an address to listen on")
    }
    defer { freeaddrinfo(found) }
    var storage = sockaddr_storage()
    withUnsafeMutableBytes(of: &storage) { raw in
      raw.copyMemory(from: UnsafeRawBufferPointer(start: info.ai_addr, count: min(Int(info.ai_addrlen), raw.count)))
    }
    guard servesOthers || Socket.describe(&storage, info.ai_addrlen)?.isLoopback == true else {
      throw ApusError(
        .objectNotInPrerequisiteState,
        "listening on \"\(host)\" is refused: without a password only loopback is served",
        hint: "Set APUS_PASSWORD at the first start, or ALTER ROLE apus PASSWORD '...' while it listens on loopback.")
    }
    let number = socket(info.ai_family, info.ai_socktype, info.ai_protocol)
    guard number >= 0 else { throw Self.failure("cannot make a socket", host, port) }
    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    var yes: Int32 = 1
    _ = setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard bind(number, info.ai_addr, info.ai_addrlen) == 0, listen(number, 512) == 0 else {
      let error = Self.failure("cannot listen", host, port)
      _ = Glibc.close(number)
      throw error
    }
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    _ = withUnsafeMutableBytes(of: &storage) { raw in
      raw.withMemoryRebound(to: sockaddr.self) { getsockname(number, $0.baseAddress, &length) }
    }
    descriptor = number
    self.port = Socket.describe(&storage, length)?.port ?? port
  }

  private static func failure(_ what: String, _ host: String, _ port: Int) -> ApusError {
    let reason = String(cString: strerror(errno))
    let isTaken = errno == EADDRINUSE
    return ApusError(
      isTaken ? .objectInUse : .connectionFailure, "\(what) on \(host) port \(port) for PostgreSQL: \(reason)",
      hint: isTaken ? "another process has this port; choose another with --postgres-port" : nil)
  }

  /// Waits for a connection; nil once `stop` was called. Errors that pass are waited out.
  func accept() -> Socket? {
    while true {
      let number = Glibc.accept(descriptor, nil, nil)
      if number >= 0 { return Socket(number) }
      switch errno {
      case EINTR, ECONNABORTED, EPROTO: continue
      case EMFILE, ENFILE, ENOBUFS, ENOMEM:
        Log.warning("postgres", "cannot accept a connection", ["reason": String(cString: strerror(errno))])
        _ = poll(nil, 0, 100)
      default: return nil
      }
    }
  }

  /// Makes a waiting `accept` return.
  func stop() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }
  func close() { _ = Glibc.close(descriptor) }
}
