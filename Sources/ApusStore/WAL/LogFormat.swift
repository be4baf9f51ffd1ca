// LogFormat owns the bytes of a write-ahead log file: its header, the headers of its records, their checksums.

import ApusBase
private import CXXHash

/// The layout, all little-endian:
///
///     file    magic "APUSWAL\0", version u32, 0 u32, file id u64, number u64, first LSN u64, xxh3 of these 40 bytes
///     u64,
///             zeros to 64 bytes; then records, each starting on 8 bytes; then zeros
///     record  xxh3 u64 of what follows, length u32, kind u32, LSN u64, durable LSN u64, payload
///
/// A record's checksum is seeded with the file id and its offset, so that bytes of another file or place do not pass.
enum LogFormat {
  static let magic: [UInt8] = [0x41, 0x50, 0x55, 0x53, 0x57, 0x41, 0x4C, 0]
  static let version: UInt32 = 1
  static let fileHeaderBytes = 64
  static let recordHeaderBytes = 32
  /// A record is never larger: a commit of `Limits.walTransactionBytesMax` and what its framing adds.
  static let recordBytesMax = 2 * Limits.walTransactionBytesMax

  enum Kind: UInt32 { case commit = 1, endMark = 2 }

  /// The id that the checksums of file `number` of the store `storeID` are seeded with.
  static func fileID(storeID: UInt64, number: UInt64) -> UInt64 {
    var random = SeededRandom(seed: storeID ^ (number &* 0x9E37_79B9_7F4A_7C15))
    return random.next()
  }

  static func aligned(_ offset: Int) -> Int { (offset + 7) & ~7 }

  static func fileName(_ number: UInt64) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, 16 - digits.count)) + digits + ".wal"
  }

  static func number(ofFileName name: String) -> UInt64? {
    guard name.hasSuffix(".wal") else { return nil }
    return UInt64(name.dropLast(4))
  }

  static func fileHeader(storeID: UInt64, number: UInt64, firstLSN: LSN) -> [UInt8] {
    var writer = ByteWriter(reserving: fileHeaderBytes)
    for byte in magic { writer.byte(byte) }
    writer.littleEndian(version)
    writer.littleEndian(UInt32(0))
    writer.littleEndian(fileID(storeID: storeID, number: number))
    writer.littleEndian(number)
    writer.littleEndian(firstLSN.value)
    writer.littleEndian(writer.bytes.withUnsafeBytes { checksum($0, seed: 0) })
    return writer.bytes + [UInt8](repeating: 0, count: fileHeaderBytes - writer.count)
  }

  enum FileHeader {
    case valid(firstLSN: LSN)
    case newer(version: UInt32)
    case damaged
  }

  static func readFileHeader(_ bytes: UnsafeRawBufferPointer, storeID: UInt64, number: UInt64) -> FileHeader {
    guard bytes.count >= fileHeaderBytes, zip(bytes, magic).allSatisfy({ $0 == $1 }) else { return .damaged }
    func word(_ offset: Int) -> UInt64 {
      UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    guard checksum(UnsafeRawBufferPointer(rebasing: bytes[0..<40]), seed: 0) == word(40) else { return .damaged }
    let version = UInt32(truncatingIfNeeded: word(8))
    guard version <= Self.version else { return .newer(version: version) }
    guard word(16) == fileID(storeID: storeID, number: number), word(24) == number else { return .damaged }
    return .valid(firstLSN: LSN(word(32)))
  }

  static func checksum(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    XXH3_64bits_withSeed(bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 1), bytes.count, seed)
  }

  static func seed(fileID: UInt64, offset: Int) -> UInt64 {
    fileID &+ UInt64(truncatingIfNeeded: offset) &* 0xFF51_AFD7_ED55_8CCD
  }

  struct Record {
    var kind: Kind
    var lsn: LSN
    var durable: LSN
    /// Of the record's header, in the file.
    var offset: Int
    var payloadBytes: Int

    var payload: Range<Int> { offset + recordHeaderBytes..<offset + recordHeaderBytes + payloadBytes }
    var end: Int { LogFormat.aligned(payload.upperBound) }
  }

  /// The record at `offset`, if the bytes there are one.
  static func record(in bytes: UnsafeRawBufferPointer, at offset: Int, fileID: UInt64) -> Record? {
    guard offset + recordHeaderBytes <= bytes.count else { return nil }
    let length = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self))
    let kind = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 12, as: UInt32.self))
    guard let kind = Kind(rawValue: kind), Int(length) <= recordBytesMax,
      offset + recordHeaderBytes + Int(length) <= bytes.count
    else { return nil }
    let stored = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    let covered = UnsafeRawBufferPointer(rebasing: bytes[offset + 8..<offset + recordHeaderBytes + Int(length)])
    guard checksum(covered, seed: seed(fileID: fileID, offset: offset)) == stored else { return nil }
    let lsn = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 16, as: UInt64.self))
    let durable = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 24, as: UInt64.self))
    return Record(kind: kind, lsn: LSN(lsn), durable: LSN(durable), offset: offset, payloadBytes: Int(length))
  }
}
