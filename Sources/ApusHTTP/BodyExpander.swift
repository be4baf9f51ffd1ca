// BodyExpander owns the reading of compressed bodies, with bounds on what they may expand to.

import ApusBase
import CZlib
import CZstd

/// The value of Content-Encoding that this server reads.
enum ContentEncoding: Sendable {
  case gzip, deflate, zstd

  /// nil for an encoding that is not read here; `.some(nil)` for a plain body.
  static func named(_ header: String?) -> ContentEncoding?? {
    switch header?.trimmingWhitespace().lowercased() {
    case nil, "", "identity": .some(nil)
    case "gzip", "x-gzip": .some(.gzip)
    case "deflate": .some(.deflate)
    case "zstd": .some(.zstd)
    default: nil
    }
  }
}

/// A body that expands beyond its bounds: 413, whatever the code.
struct BodyTooLarge: Error { let message: String }

enum BodyExpander {
  /// Output grows in steps of this many bytes.
  private static let stepBytes = 1 << 18

  /// The expanded body. `account` is told of each growth in bytes and may refuse it. Throws `BodyTooLarge` beyond
  /// `Limits.httpExpandedBytesMax` or the ratio, and 22P02 for what is no such format or is cut short.
  static func expand(
    _ body: [UInt8], _ encoding: ContentEncoding, account: (Int) throws -> Void
  ) throws -> [UInt8] {
    switch encoding {
    case .gzip: try inflate(body, "gzip", windowBits: 16 + 15, account)
    case .deflate: try inflate(body, "deflate", windowBits: 15, account)
    case .zstd: try unzstd(body, account)
    }
  }

  private static func check(_ expanded: Int, of compressed: Int) throws {
    if expanded > Limits.httpExpandedBytesMax {
      throw BodyTooLarge(message: "the body expands to more than \(Limits.httpExpandedBytesMax) bytes")
    }
    if expanded > Limits.httpExpansionFreeBytes, expanded / max(1, compressed) >= Limits.httpExpansionRatioMax {
      throw BodyTooLarge(message: "the body expands to more than \(Limits.httpExpansionRatioMax) times its size")
    }
  }

  private static func broken(_ format: String) -> ApusError {
    ApusError(.invalidTextRepresentation, "the body is not valid \(format)")
  }

  /// `windowBits`: 15, the largest window, of zlib's format; 16 more for gzip's.
  private static func inflate(
    _ body: [UInt8], _ format: String, windowBits: Int32, _ account: (Int) throws -> Void
  ) throws -> [UInt8] {
    var stream = z_stream()
    guard inflateInit2_(&stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
      throw ApusError(.outOfMemory, "no memory to expand the body")
    }
    defer { inflateEnd(&stream) }
    let step = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: stepBytes)
    defer { step.deallocate() }
    var out: [UInt8] = []
    try body.withUnsafeBufferPointer { input in
      guard let base = input.baseAddress, !input.isEmpty else { throw broken(format) }
      stream.next_in = UnsafeMutablePointer(mutating: base)
      stream.avail_in = UInt32(truncatingIfNeeded: input.count)
      while true {
        stream.next_out = step.baseAddress
        stream.avail_out = UInt32(stepBytes)
        let status = CZlib.inflate(&stream, Z_NO_FLUSH)
        let written = stepBytes - Int(stream.avail_out)
        try account(written)
        out.append(contentsOf: UnsafeBufferPointer(rebasing: step[0..<written]))
        try check(out.count, of: body.count)
        switch status {
        case Z_STREAM_END:
          // gzip files may be put one behind the other.
          if stream.avail_in == 0 { return }
          guard inflateReset(&stream) == Z_OK else { throw broken(format) }
        case Z_OK: continue
        default: throw broken(format)
        }
      }
    }
    return out
  }

  private static func unzstd(_ body: [UInt8], _ account: (Int) throws -> Void) throws -> [UInt8] {
    guard let stream = ZSTD_createDStream() else { throw ApusError(.outOfMemory, "no memory to expand the body") }
    defer { ZSTD_freeDStream(stream) }
    // A frame may ask for a window of up to 8 MiB, as RFC 8878 recommends.
    _ = ZSTD_DCtx_setParameter(stream, ZSTD_d_windowLogMax, 23)
    let step = UnsafeMutableRawBufferPointer.allocate(byteCount: stepBytes, alignment: 16)
    defer { step.deallocate() }
    var out: [UInt8] = []
    try body.withUnsafeBytes { input in
      guard !input.isEmpty else { throw broken("zstd") }
      var source = ZSTD_inBuffer(src: input.baseAddress, size: input.count, pos: 0)
      while true {
        var sink = ZSTD_outBuffer(dst: step.baseAddress, size: stepBytes, pos: 0)
        let status = ZSTD_decompressStream(stream, &sink, &source)
        if ZSTD_isError(status) != 0 { throw broken("zstd") }
        try account(sink.pos)
        out.append(contentsOf: UnsafeRawBufferPointer(rebasing: step[0..<sink.pos]))
        try check(out.count, of: body.count)
        // 0: a frame is whole. Otherwise more is to come: from the input, or from what the decoder holds back.
        if source.pos == source.size, status == 0 { return }
        if source.pos == source.size, sink.pos < stepBytes { throw broken("zstd") }
      }
    }
    return out
  }
}
