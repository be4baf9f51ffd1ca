// BatchCodec owns the bytes of a commit in the log: rows column by column, dictionaries kept, sub-columns kept.

import ApusBase
import ApusColumns

/// What one record of the log holds.
struct CommitRecord {
  /// When the commit was received, in Unix microseconds: the clock of the dedupe window.
  var received: UnixMicroseconds
  var batches: [RowBatch]
}

/// The payload, all little-endian:
///
///     frame   version u8, compression u8 (0 none, 1 zstd), raw bytes u32, then the raw bytes, compressed or not
///     raw     received i64, batches varint, then each: table u32, rows varint, columns varint, then each column's id
///             varint and its vector
///
/// A vector is described in `VectorEncoder`.
enum BatchCodec {
  static let version: UInt8 = 1
  private static let headBytes = 6

  static func encode(received: UnixMicroseconds, _ batches: [RowBatch], using sink: ByteSink) throws(ApusError)
    -> [UInt8]
  {
    sink.removeAll()
    sink.littleEndian(received)
    sink.varint(batches.count)
    for batch in batches {
      sink.littleEndian(batch.table.value)
      sink.varint(batch.rows.physicalCount)
      sink.varint(batch.columns.count)
      for (id, vector) in zip(batch.columns, batch.rows.columns) {
        sink.varint(UInt64(id.value))
        try VectorEncoder.encode(vector, to: sink)
      }
    }
    guard sink.count <= LogFormat.recordBytesMax - 64, let size = UInt32(exactly: sink.count) else {
      throw ApusError(.programLimitExceeded, "a commit of \(sink.count) bytes is too large for the log")
    }
    let sizeBytes = withUnsafeBytes(of: size.littleEndian) { Array($0) }
    if let compressed = Compression.compress(sink.bytes, after: [version, 1] + sizeBytes) { return compressed }
    return [version, 0] + sizeBytes + Array(sink.bytes)
  }

  /// Throws XX001 for bytes that `encode` cannot have made. `file` names them in the error.
  static func decode(_ bytes: UnsafeRawBufferPointer, file: String) throws(ApusError) -> CommitRecord {
    func damaged(_ what: String) -> ApusError { ApusError(.dataCorrupted, "corrupted commit in \"\(file)\": \(what)") }
    guard bytes.count >= headBytes else { throw damaged("it is too short") }
    guard bytes[0] <= version else {
      throw ApusError(
        .featureNotSupported,
        "a commit in \"\(file)\" has format \(bytes[0]); this version of Apus knows formats up to \(version)")
    }
    let size = Int(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 2, as: UInt32.self)))
    guard size <= LogFormat.recordBytesMax else { throw damaged("its size is impossible") }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[headBytes...])
    let raw = Buffer(byteCount: size)
    let target = UnsafeMutableRawBufferPointer(start: raw.address, count: size)
    if bytes[1] == 0 {
      guard rest.count == size else { throw damaged("its size is wrong") }
      target.copyMemory(from: rest)
    } else {
      guard Compression.decompress(rest, into: target) else { throw damaged("it does not decompress") }
    }
    do {
      return try decodeRaw(raw)
    } catch let error as ApusError {
      throw damaged(error.message)
    } catch {
      throw damaged("it ends too early")
    }
  }

  private static func decodeRaw(_ raw: Buffer) throws -> CommitRecord {
    var decoder = VectorDecoder(raw)
    var record = CommitRecord(received: try decoder.reader.littleEndian(Int64.self), batches: [])
    let count = try decoder.count()
    for _ in 0..<count {
      let table = TableID(try decoder.reader.littleEndian(UInt32.self))
      let rows = try decoder.count()
      let columnCount = try decoder.count()
      var columns: [ColumnID] = []
      var vectors: [Vector] = []
      for _ in 0..<columnCount {
        columns.append(ColumnID(UInt32(truncatingIfNeeded: try decoder.reader.varint())))
        let vector = try decoder.vector()
        guard vector.count == rows else { throw VectorDecoder.damaged("a column's count is wrong") }
        vectors.append(vector)
      }
      record.batches.append(RowBatch(table: table, columns: columns, rows: Batch(columns: vectors, count: rows)))
    }
    guard decoder.reader.isAtEnd else { throw VectorDecoder.damaged("bytes are left over") }
    return record
  }
}
