// SegmentFormat owns the bytes of a segment file: what the writer lays down and the reader takes up.

import ApusBase
import ApusColumns
import CXXHash

/// A segment file is
///
///     "APUSSEG" version u8
///     blocks
///     footer
///     footer length u32, XXH3-64 of the footer u64, "APUSEND" version u8
///
/// A block is: compression u8 (0 none, 1 zstd), raw length u32, payload. Its offset, length and XXH3-64 (seeded with
/// the
/// offset, so that a block read from the wrong place is found out) stand in the footer. The payload of a chunk is one
/// vector (`VectorEncoder`); of a property sub-column, a shredded vector of that one path; of the overflow, a shredded
/// vector of all the paths that share it.
enum SegmentFormat {
  static let version: UInt8 = 1
  static let head = Array("APUSSEG".utf8) + [version]
  static let tail = Array("APUSEND".utf8) + [version]
  static let trailerBytes = 4 + 8 + 8

  static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    guard let base = bytes.baseAddress else { return seed }
    return XXH3_64bits_withSeed(base, bytes.count, seed)
  }
}

/// What a chunk holds of its column.
enum ChunkContent: Hashable, Sendable {
  /// All of a column that is not shredded.
  case column
  /// Which rows of a jsonb column are not SQL NULL: a bool vector.
  case presence
  /// One sub-column.
  case path([String])
  /// Sub-columns beyond the bound, together.
  case overflow
}

/// One chunk of a row group, as the footer tells it.
struct ChunkRecord: Sendable {
  var content: ChunkContent
  var offset: Int
  var length: Int
  var hash: UInt64
  /// nil where bounds mean nothing (shredded parts, lists).
  var zone: ZoneMap?
}

/// One row group, as the footer tells it: the chunks of each column, in the columns' order.
struct RowGroupRecord: Sendable {
  var rowCount: Int
  var chunks: [[ChunkRecord]]
}

/// The footer of a segment.
struct SegmentFooter: Sendable {
  var description: SegmentDescription
  var summary: SegmentSummary
  var groups: [RowGroupRecord]
}

extension SegmentFooter {
  func encoded() throws(ApusError) -> [UInt8] {
    let sink = ByteSink()
    sink.littleEndian(description.table.value)
    sink.littleEndian(description.partition.value)
    sink.littleEndian(description.minimumLSN.value)
    sink.littleEndian(description.maximumLSN.value)
    sink.varint(description.orderBy.count)
    for id in description.orderBy { sink.varint(Int(id.value)) }
    sink.varint(Int(description.timeColumn?.value ?? 0))
    sink.varint(description.columns.count)
    for column in description.columns {
      sink.varint(Int(column.id.value))
      sink.littleEndian(column.type.oid)
      sink.byte(column.isFiltered ? 1 : 0)
    }
    sink.varint(summary.rowCount)
    for bound in [summary.minimumTime, summary.maximumTime] {
      sink.byte(bound == nil ? 0 : 1)
      sink.littleEndian(bound ?? 0)
    }
    sink.varint(groups.count)
    for group in groups {
      sink.varint(group.rowCount)
      for (chunks, column) in zip(group.chunks, description.columns) {
        sink.varint(chunks.count)
        for chunk in chunks { try Self.encode(chunk, type: column.type, to: sink) }
      }
    }
    return [UInt8](sink.bytes)
  }

  private static func encode(_ chunk: ChunkRecord, type: DataType, to sink: ByteSink) throws(ApusError) {
    switch chunk.content {
    case .column: sink.byte(0)
    case .presence: sink.byte(1)
    case .path(let keys):
      sink.byte(2)
      sink.varint(keys.count)
      for key in keys { sink.string(key) }
    case .overflow: sink.byte(3)
    }
    sink.varint(chunk.offset)
    sink.varint(chunk.length)
    sink.littleEndian(chunk.hash)
    guard let zone = chunk.zone else {
      sink.byte(0)
      return
    }
    sink.byte(zone.isExact ? 2 : 1)
    sink.varint(zone.nullCount)
    let bounds = Vector.of([zone.minimum ?? .null, zone.maximum ?? .null], type: type)
    try VectorEncoder.encode(bounds, to: sink)
  }

  /// Throws XX001 for bytes that `encoded` cannot have made.
  init(_ bytes: Buffer, file: String, fileBytes: Int) throws(ApusError) {
    do {
      var decoder = VectorDecoder(bytes)
      self = try Self.decode(&decoder, fileBytes: fileBytes)
    } catch let error as ApusError {
      throw ApusError(.dataCorrupted, "corrupted footer of segment \"\(file)\": \(error.message)")
    } catch {
      throw ApusError(.dataCorrupted, "corrupted footer of segment \"\(file)\": it ends too early")
    }
  }

  private static func decode(_ decoder: inout VectorDecoder, fileBytes: Int) throws -> SegmentFooter {
    let table = TableID(try decoder.reader.littleEndian(UInt32.self))
    let partition = PartitionKey(try decoder.reader.littleEndian(Int64.self))
    let minimumLSN = LSN(try decoder.reader.littleEndian(UInt64.self))
    let maximumLSN = LSN(try decoder.reader.littleEndian(UInt64.self))
    func columnID(_ number: Int) -> ColumnID { ColumnID(UInt32(truncatingIfNeeded: number)) }
    var orderBy: [ColumnID] = []
    for _ in 0..<(try decoder.count()) { orderBy.append(columnID(try decoder.count())) }
    let time = try decoder.count()
    var columns: [SegmentColumn] = []
    for _ in 0..<(try decoder.count()) {
      let id = columnID(try decoder.count())
      guard let type = DataType(oid: try decoder.reader.littleEndian(UInt32.self)) else {
        throw VectorDecoder.damaged("a column's type is not known")
      }
      columns.append(
        SegmentColumn(id: id, type: type, isFiltered: try decoder.reader.littleEndian(UInt8.self) == 1))
    }
    let rowCount = try decoder.count()
    var bounds: [PostgresMicroseconds?] = []
    for _ in 0..<2 {
      let isThere = try decoder.reader.littleEndian(UInt8.self) == 1
      let value = try decoder.reader.littleEndian(Int64.self)
      bounds.append(isThere ? value : nil)
    }
    var groups: [RowGroupRecord] = []
    var total = 0
    for _ in 0..<(try decoder.count()) {
      let rows = try decoder.count()
      guard rows > 0, rows <= Limits.rowsPerRowGroup else { throw VectorDecoder.damaged("a row group's size is wrong") }
      total += rows
      var chunks: [[ChunkRecord]] = []
      for column in columns {
        var list: [ChunkRecord] = []
        for _ in 0..<(try decoder.count()) { list.append(try chunk(&decoder, column, fileBytes)) }
        chunks.append(list)
      }
      groups.append(RowGroupRecord(rowCount: rows, chunks: chunks))
    }
    guard total == rowCount, decoder.reader.isAtEnd else { throw VectorDecoder.damaged("its counts do not agree") }
    return SegmentFooter(
      description: SegmentDescription(
        table: table, partition: partition, columns: columns, orderBy: orderBy,
        timeColumn: time == 0 ? nil : columnID(time), minimumLSN: minimumLSN, maximumLSN: maximumLSN),
      summary: SegmentSummary(
        rowCount: rowCount, byteCount: fileBytes, minimumTime: bounds[0], maximumTime: bounds[1]),
      groups: groups)
  }

  private static func chunk(
    _ decoder: inout VectorDecoder, _ column: SegmentColumn, _ fileBytes: Int
  ) throws -> ChunkRecord {
    let content: ChunkContent
    switch try decoder.reader.littleEndian(UInt8.self) {
    case 0: content = .column
    case 1: content = .presence
    case 2:
      var keys: [String] = []
      for _ in 0..<(try decoder.count()) { keys.append(try decoder.reader.string()) }
      content = .path(keys)
    case 3: content = .overflow
    default: throw VectorDecoder.damaged("a chunk's kind is not known")
    }
    let offset = try decoder.count()
    let length = try decoder.count()
    guard length >= 5, offset <= fileBytes, length <= fileBytes - offset else {
      throw VectorDecoder.damaged("a block lies outside the file")
    }
    var record = ChunkRecord(
      content: content, offset: offset, length: length, hash: try decoder.reader.littleEndian(UInt64.self), zone: nil)
    let form = try decoder.reader.littleEndian(UInt8.self)
    guard form <= 2 else { throw VectorDecoder.damaged("a chunk's bounds are of a kind not known") }
    if form > 0 {
      let nulls = try decoder.count()
      let bounds = try decoder.vector()
      guard bounds.count == 2, bounds.type == column.type else { throw VectorDecoder.damaged("bounds are malformed") }
      record.zone = ZoneMap(
        minimum: bounds.isNull(0) ? nil : bounds.value(at: 0), maximum: bounds.isNull(1) ? nil : bounds.value(at: 1),
        nullCount: nulls, isExact: form == 2)
    }
    return record
  }
}
