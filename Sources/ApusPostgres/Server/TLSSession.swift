// TLSSession owns one connection's encryption: GnuTLS over a blocking socket, with deadlines.

import ApusBase
import CGnuTLS
import Glibc

/// The server's end of a TLS connection. Used by the thread that owns the socket.
final class TLSSession: @unchecked Sendable {
  private let session: gnutls_session_t
  private let identity: TLSIdentity
  private let descriptor: Int32
  /// When reading gives up, by `monotonicNanoseconds`; nil: never.
  private var deadline: UInt64?
  /// GNUTLS_SERVER, which the header defines twice.
  private static let serverFlag: UInt32 = 1
  /// TLS 1.2 is what libpq 12 and later ask for at least.
  private static let priority = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

  /// Shakes hands; nil when the client does not, or not in time.
  init?(_ identity: TLSIdentity, descriptor: Int32, deadline: UInt64?) {
    var made: gnutls_session_t?
    guard gnutls_init(&made, Self.serverFlag) == 0, let made else { return nil }
    session = made
    self.identity = identity
    self.descriptor = descriptor
    self.deadline = deadline
    gnutls_transport_set_ptr(made, Unmanaged.passUnretained(self).toOpaque())
    gnutls_transport_set_pull_function(made, pullBytes)
    gnutls_transport_set_push_function(made, pushBytes)
    guard gnutls_priority_set_direct(made, Self.priority, nil) == 0,
      gnutls_credentials_set(made, GNUTLS_CRD_CERTIFICATE, UnsafeMutableRawPointer(identity.credentials)) == 0,
      nameProtocol(), shakeHands()
    else { return nil }
  }

  deinit { gnutls_deinit(session) }

  /// Clients that begin with TLS at once name the protocol (ALPN).
  private func nameProtocol() -> Bool {
    var name = Array("postgresql".utf8)
    return name.withUnsafeMutableBufferPointer { bytes in
      var datum = gnutls_datum_t(data: bytes.baseAddress, size: UInt32(clamping: bytes.count))
      return gnutls_alpn_set_protocols(session, &datum, 1, 0) == 0
    }
  }

  private func shakeHands() -> Bool {
    while true {
      let code = gnutls_handshake(session)
      if code == 0 { return true }
      if code == GNUTLS_E_INTERRUPTED { continue }
      if code == GNUTLS_E_AGAIN, !isLate { continue }
      if code == GNUTLS_E_WARNING_ALERT_RECEIVED { continue }
      Log.debug("postgres", "no TLS", ["reason": String(cString: gnutls_strerror(code))])
      return false
    }
  }

  private var isLate: Bool { deadline.map { monotonicNanoseconds() >= $0 } ?? false }

  func receive(into buffer: UnsafeMutableRawBufferPointer, deadline: UInt64?) -> Socket.Received {
    self.deadline = deadline
    while true {
      let count = gnutls_record_recv(session, buffer.baseAddress, buffer.count)
      if count > 0 { return .bytes(count) }
      if count == Int(GNUTLS_E_INTERRUPTED) { continue }
      if count == Int(GNUTLS_E_AGAIN) {
        if isLate { return .timeout }
        continue
      }
      return .end
    }
  }

  /// Sends all of it; false when the peer is gone.
  func send(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard var next = bytes.baseAddress else { return true }
    var rest = bytes.count
    while rest > 0 {
      let count = gnutls_record_send(session, next, rest)
      if count == Int(GNUTLS_E_INTERRUPTED) || count == Int(GNUTLS_E_AGAIN) { continue }
      guard count > 0 else { return false }
      next += count
      rest -= count
    }
    return true
  }

  /// Tells the peer that nothing more comes.
  func end() { _ = gnutls_bye(session, GNUTLS_SHUT_WR) }

  // MARK: - The socket below

  /// Waits for bytes until the deadline; GnuTLS hears EAGAIN once it has passed.
  fileprivate func pull(_ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    while true {
      if let deadline {
        let now = monotonicNanoseconds()
        let rest = now < deadline ? Int32(clamping: (deadline - now) / 1_000_000 + 1) : 0
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        let ready = rest == 0 ? 0 : poll(&entry, 1, rest)
        if ready == 0 { return failed(EAGAIN) }
        if ready < 0 {
          if errno == EINTR { continue }
          return failed(errno)
        }
      }
      let received = recv(descriptor, buffer, count, 0)
      if received >= 0 { return received }
      if errno != EINTR { return failed(errno) }
    }
  }

  fileprivate func push(_ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
    while true {
      let sent = Glibc.send(descriptor, buffer, count, Int32(MSG_NOSIGNAL))
      if sent >= 0 { return sent }
      if errno != EINTR { return failed(errno) }
    }
  }

  private func failed(_ code: Int32) -> Int {
    gnutls_transport_set_errno(session, code)
    return -1
  }
}

private let pullBytes: gnutls_pull_func = { context, buffer, count in
  guard let context else { return -1 }
  return Unmanaged<TLSSession>.fromOpaque(context).takeUnretainedValue().pull(buffer, count)
}

private let pushBytes: gnutls_push_func = { context, buffer, count in
  guard let context else { return -1 }
  return Unmanaged<TLSSession>.fromOpaque(context).takeUnretainedValue().push(buffer, count)
}
