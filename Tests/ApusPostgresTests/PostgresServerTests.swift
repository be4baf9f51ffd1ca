// The listener with real sockets: start on a free port, limits, cancellation, and the end.

import ApusBase
import ApusEngine
import Foundation
import Glibc
import Testing

@testable import ApusPostgres

/// A blocking client socket.
private final class Peer {
  private let descriptor: Int32

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr = in_addr(s_addr: UInt32(0x7F00_0001).bigEndian)
    var timeout = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    let result = withUnsafeBytes(of: &address) { raw in
      raw.withMemoryRebound(to: sockaddr.self) {
        connect(descriptor, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw ApusError(.connectionFailure, "no server") }
  }

  deinit { Glibc.close(descriptor) }

  func send(_ bytes: [UInt8]) {
    _ = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }

  /// Reads until `stop` holds or the server has ended the connection.
  func read(until stop: ([UInt8]) -> Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while !stop(bytes) {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count <= 0 { break }
      bytes += buffer[..<count]
    }
    return bytes
  }

  func messages() -> [ServerMessage] {
    ServerMessage.read(read { ServerMessage.read($0).last?.tag == "Z" })
  }

  func login(user: String = "apus") -> [ServerMessage] {
    send(Client.startup([("user", user)]))
    return messages()
  }

  func query(_ sql: String) -> [String] {
    send(Client.query(sql))
    return messages().map(\.description)
  }
}

private final class Serving {
  let database: Database
  let server: PostgresServer
  let port: Int
  private let directory: String

  init(_ configuration: PostgresServer.Configuration = .init()) throws {
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("apus-serve-\(UUID())").path
    database = try Database.open(directory: directory)
    server = PostgresServer(database: database, port: 0, configuration: configuration)
    port = try server.start()
  }

  deinit {
    server.stop(drainSeconds: 1)
    database.close()
    try? FileManager.default.removeItem(atPath: directory)
  }

  /// Waits for something that another thread brings about.
  func wait(_ condition: () -> Bool) -> Bool {
    for _ in 0..<2_000 {
      if condition() { return true }
      usleep(5_000)
    }
    return false
  }
}

@Suite struct `Postgres server` {
  @Test func `a client logs in, queries, and is counted`() throws {
    let serving = try Serving()
    let peer = try Peer(port: serving.port)
    #expect(peer.login().last?.description == "Z I")
    #expect(peer.query("VALUES (1)") == ["T", "D 1", "C SELECT 1", "Z I"])
    #expect(serving.server.counts.open == 1)
    peer.send(Client.message("X", []))
    #expect(serving.wait { serving.server.counts.open == 0 })
    #expect(serving.server.counts.opened == 1)
  }

  @Test func `encryption is declined and the plain startup goes on`() throws {
    let serving = try Serving()
    let peer = try Peer(port: serving.port)
    peer.send(Client.startup(Client.int32(80_877_104)))
    #expect(peer.read { $0.count == 1 } == [78])
    peer.send(Client.startup(Client.int32(80_877_103)))
    #expect(peer.read { $0.count == 1 } == [78])
    #expect(peer.login().last?.description == "Z I")
  }

  @Test func `beyond the limit only the reserved role is let in`() throws {
    var configuration = PostgresServer.Configuration()
    configuration.connectionsMax = 2
    configuration.connectionsReserved = 1
    let serving = try Serving(configuration)
    let peers = try (0..<4).map { _ in try Peer(port: serving.port) }
    #expect(peers[0].login(user: "ann").last?.tag == "Z")
    #expect(peers[1].login(user: "bob").last?.tag == "Z")
    #expect(peers[2].login(user: "cid").first?.fields["C"] == "53300")
    #expect(peers[3].login(user: "apus").last?.tag == "Z")
    let last = try Peer(port: serving.port)
    #expect(last.login().first?.fields["C"] == "53300")
    #expect(serving.server.counts.refused == 2)
  }

  @Test func `a client that says nothing is let go`() throws {
    var configuration = PostgresServer.Configuration()
    configuration.authenticationSecondsMax = 1
    let serving = try Serving(configuration)
    let peer = try Peer(port: serving.port)
    let answer = ServerMessage.read(peer.read { _ in false })
    #expect(answer.first?.fields["V"] == "FATAL")
  }

  @Test func `a broken stream gets a last error`() throws {
    let serving = try Serving()
    let peer = try Peer(port: serving.port)
    _ = peer.login()
    peer.send([0xFF, 0, 0, 0, 4])
    let answer = ServerMessage.read(peer.read { _ in false })
    #expect(answer.map { $0.fields["C"] } == ["08P01"] && answer[0].fields["V"] == "FATAL")
  }

  @Test func `a cancel request ends a running statement`() throws {
    let serving = try Serving()
    let peer = try Peer(port: serving.port)
    let key = try #require(peer.login().first { $0.tag == "K" }?.body)
    _ = peer.query("CREATE TABLE big (id bigint)")
    peer.send(Client.query("COPY big FROM STDIN"))
    _ = peer.read { ServerMessage.read($0).last?.tag == "G" }
    peer.send(Client.copyData((0..<3_000).map { "\($0)\n" }.joined()) + Client.copyDone)
    _ = peer.messages()
    peer.send(Client.query("SELECT count(*) FROM big a, big b, big c WHERE a.id + b.id + c.id = -1"))
    let port = serving.port
    let canceller = Thread {
      for _ in 0..<20 {
        usleep(100_000)
        guard let other = try? Peer(port: port) else { return }
        other.send(Client.startup(Client.int32(80_877_102) + key))
        _ = other.read { _ in false }
      }
    }
    canceller.start()
    let answer = peer.messages().map(\.description)
    #expect(answer.suffix(2) == ["E 57014", "Z I"])
    #expect(serving.server.counts.cancelRequests > 0)
    _ = serving.wait { canceller.isFinished }
  }

  @Test func `the end tells idle clients and rolls back what is open`() throws {
    let serving = try Serving()
    let peer = try Peer(port: serving.port)
    _ = peer.login()
    _ = peer.query("CREATE TABLE t (id bigint)")
    _ = peer.query("BEGIN; INSERT INTO t VALUES (1)")
    serving.server.stop(drainSeconds: 5)
    let answer = ServerMessage.read(peer.read { _ in false })
    #expect(answer.first?.fields["C"] == "57P01")
    #expect(serving.server.counts.open == 0)
    #expect((try? Peer(port: serving.port)) == nil)
  }

  @Test func `a port that is taken and an address that is no loopback are refused`() throws {
    let serving = try Serving()
    #expect(throws: ApusError.self) {
      _ = try PostgresServer(database: serving.database, port: serving.port).start()
    }
    for host in ["0.0.0.0", "192.0.2.1", "nonsense"] {
      #expect(throws: ApusError.self) {
        _ = try PostgresServer(database: serving.database, host: host, port: 0).start()
      }
    }
  }

  @Test func `many clients at once are all answered`() throws {
    let serving = try Serving()
    let peers = try (0..<100).map { _ in try Peer(port: serving.port) }
    for peer in peers { #expect(peer.login().last?.tag == "Z") }
    for (number, peer) in peers.enumerated() {
      #expect(peer.query("VALUES (\(number))") == ["T", "D \(number)", "C SELECT 1", "Z I"])
    }
  }
}
