// HTTPFixture owns a server on a free port over a database in a directory of its own.

import ApusBase
import ApusEngine
import ApusStore
import CZlib
import CZstd
import Foundation

@testable import ApusHTTP

/// Stops and removes everything when it is let go.
final class HTTPFixture {
  let directory: String
  let database: Database
  let server: HTTPServer
  let port: Int

  init(attached: Bool = true, password: String? = nil) throws {
    directory = NSTemporaryDirectory() + "apus-http-\(UUID().uuidString)"
    database = try Database.open(directory: directory, password: password)
    var options = HTTPOptions()
    options.port = 0
    server = HTTPServer(options)
    port = try server.start()
    if attached { server.attach(database) }
  }

  deinit {
    server.stop(drainSeconds: 2)
    database.close()
    try? FileManager.default.removeItem(atPath: directory)
  }

  func client() throws -> RawClient { try RawClient(port: port) }

  func get(_ path: String, _ headers: [String: String] = [:]) throws -> RawAnswer {
    try client().request("GET", path, headers)
  }

  func post(_ path: String, _ body: String, _ headers: [String: String] = [:]) throws -> RawAnswer {
    try client().request("POST", path, headers, body: Array(body.utf8))
  }

  func post(_ path: String, bytes: [UInt8], _ headers: [String: String] = [:]) throws -> RawAnswer {
    try client().request("POST", path, headers, body: bytes)
  }

  func query(_ sql: String, params: String = "[]", _ headers: [String: String] = [:]) throws -> RawAnswer {
    let body = "{\"sql\":\(jsonText(sql)),\"params\":\(params)}"
    return try post("/v1/query", body, headers.merging(["Content-Type": "application/json"]) { own, _ in own })
  }

  /// How many events have a name, asked over the wire.
  func count(_ event: String) throws -> Int {
    let answer = try query("SELECT event FROM events")
    let rows = answer.json["rows"] as? [[Any]] ?? []
    return rows.filter { $0.first as? String == event }.count
  }
}

enum Compressed {
  static func gzip(_ text: String) -> [UInt8] { gzip(Array(text.utf8)) }

  static func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(
      &stream, 6, Z_DEFLATED, 16 + 15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var input = bytes
    var out = [UInt8](repeating: 0, count: bytes.count + 1000)
    let length = input.withUnsafeMutableBufferPointer { source in
      out.withUnsafeMutableBufferPointer { target in
        stream.next_in = source.baseAddress
        stream.avail_in = UInt32(source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(target.count)
        _ = deflate(&stream, Z_FINISH)
        return target.count - Int(stream.avail_out)
      }
    }
    return Array(out[0..<length])
  }

  static func zstd(_ text: String) -> [UInt8] {
    let input = Array(text.utf8)
    var out = [UInt8](repeating: 0, count: ZSTD_compressBound(input.count))
    let length = ZSTD_compress(&out, out.count, input, input.count, 3)
    return Array(out[0..<length])
  }
}
