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
/// A block is: form u8 (0 plain, 1 zstd), three zeros, payload length u32, payload. Its offset, length and XXH3-64
/// (seeded with the offset, so that a block read from the wrong place is found out) stand in the footer.
///
/// A column is one stream of values, or, when it is shredded jsonb, one for the rows that are not SQL NULL and one for
/// each path and kind of value. A stream has a chunk in each row group where it has values, and, where they repeat, one
/// sorted dictionary for the whole segment, so that codes mean the same in all of its row groups.
enum SegmentFormat {
  static let version: UInt8 = 1
  static let head = Array("APUSSEG".utf8) + [version]
  static let tail = Array("APUSEND".utf8) + [version]
  static let trailerBytes = 4 + 8 + 8
  static let blockHeadBytes = 8
  /// Text longer than this is not kept as a bound.
  static let boundBytesMax = 256
  /// Dictionaries of at most so many entries have their codes counted in the footer.
  static let countedEntriesMax = 1_024

  static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
    guard let base = bytes.baseAddress else { return seed }
    return XXH3_64bits_withSeed(base, bytes.count, seed)
  }
}

/// What a stream holds of its column.
enum StreamContent: Hashable, Sendable {
  /// All of a column that is not shredded.
  case column
  /// Which rows of a jsonb column are not SQL NULL: no values.
  case presence
  /// One sub-column.
  case path([String], PathKind)
  /// Sub-columns beyond the bound, together: shredded vectors.
  case overflow
}

struct BlockRecord: Hashable, Sendable {
  var offset: Int
  var length: Int
  var hash: UInt64
}

struct DictionaryRecord: Hashable, Sendable {
  var entries: Int
  var block: BlockRecord
}

/// One stream of a segment, as the footer tells it.
struct StreamRecord: Hashable, Sendable {
  var content: StreamContent
  var dictionary: DictionaryRecord?
}

/// The bounds of a chunk's values, which occur.
enum ChunkBounds: Hashable, Sendable {
  case integers(Int64, Int64)
  case texts(String, String)
}

/// One chunk, as the footer tells it.
struct ChunkRecord: Hashable, Sendable {
  /// Rows that have a value.
  var present: Int
  var block: BlockRecord
  /// nil where bounds mean nothing or are too long.
  var bounds: ChunkBounds?
  /// How often each code occurs; nil without a dictionary or with a large one.
  var counts: [UInt32]?
  var filter: BlockRecord?
}

/// One row group, as the footer tells it: for each column, in their order, a chunk for each of its streams; nil where a
/// stream has no values.
struct RowGroupRecord: Sendable {
  var rowCount: Int
  var chunks: [[ChunkRecord?]]
}

/// The footer of a segment.
struct SegmentFooter: Sendable {
  var description: SegmentDescription
  var summary: SegmentSummary
  /// For each column, in their order.
  var streams: [[StreamRecord]]
  var groups: [RowGroupRecord]
}

extension SegmentFooter {
  func encoded(to sink: ChunkWriter) {
    sink.word(UInt64(description.table.value))
    sink.word(UInt64(bitPattern: description.partition.value))
    sink.word(description.minimumLSN.value)
    sink.word(description.maximumLSN.value)
    sink.varint(description.orderBy.count)
    for id in description.orderBy { sink.varint(Int(id.value)) }
    sink.varint(Int(description.timeColumn?.value ?? 0))
    sink.varint(description.columns.count)
    for (column, streams) in zip(description.columns, streams) {
      sink.varint(Int(column.id.value))
      sink.varint(Int(column.type.oid))
      sink.byte(column.isFiltered ? 1 : 0)
      sink.varint(streams.count)
      for stream in streams { Self.encode(stream, to: sink) }
    }
    sink.varint(summary.rowCount)
    for bound in [summary.minimumTime, summary.maximumTime] {
      sink.byte(bound == nil ? 0 : 1)
      sink.word(UInt64(bitPattern: bound ?? 0))
    }
    sink.varint(groups.count)
    for group in groups {
      sink.varint(group.rowCount)
      for chunks in group.chunks { for chunk in chunks { Self.encode(chunk, to: sink) } }
    }
  }

  private static func encode(_ block: BlockRecord, to sink: ChunkWriter) {
    sink.varint(block.offset)
    sink.varint(block.length)
    sink.word(block.hash)
  }

  private static func encode(_ stream: StreamRecord, to sink: ChunkWriter) {
    switch stream.content {
    case .column: sink.byte(0)
    case .presence: sink.byte(1)
    case .overflow: sink.byte(2)
    case .path(let keys, let kind):
      sink.byte(3)
      sink.varint(keys.count)
      for key in keys { sink.string(key) }
      let (code, scale) = VectorEncoder.code(kind)
      sink.byte(code)
      sink.byte(scale)
    }
    sink.byte(stream.dictionary == nil ? 0 : 1)
    if let dictionary = stream.dictionary {
      sink.varint(dictionary.entries)
      encode(dictionary.block, to: sink)
    }
  }

  private static func encode(_ chunk: ChunkRecord?, to sink: ChunkWriter) {
    guard let chunk else { return sink.varint(0) }
    sink.varint(chunk.present)
    encode(chunk.block, to: sink)
    var flags: UInt8 = 0
    switch chunk.bounds {
    case .integers: flags = 1
    case .texts: flags = 2
    case nil: break
    }
    if chunk.counts != nil { flags |= 4 }
    if chunk.filter != nil { flags |= 8 }
    sink.byte(flags)
    switch chunk.bounds {
    case .integers(let low, let high):
      sink.word(UInt64(bitPattern: low))
      sink.word(UInt64(bitPattern: high))
    case .texts(let low, let high):
      sink.string(low)
      sink.string(high)
    case nil: break
    }
    if let counts = chunk.counts { for count in counts { sink.varint(UInt64(count)) } }
    if let filter = chunk.filter { encode(filter, to: sink) }
  }

  /// Throws XX001 for bytes that `encoded` cannot have made.
  init(_ bytes: Buffer, file: String, fileBytes: Int) throws(ApusError) {
    do {
      var parser = FooterParser(cursor: ChunkCursor(bytes), fileBytes: fileBytes)
      self = try parser.footer()
    } catch {
      throw ApusError(.dataCorrupted, "corrupted footer of segment \"\(file)\": \(error.message)")
    }
  }
}

private struct FooterParser {
  var cursor: ChunkCursor
  let fileBytes: Int

  private func damaged(_ what: String) -> ApusError { ApusError(.dataCorrupted, what) }

  private mutating func count() throws(ApusError) -> Int { try cursor.count(atMost: Int(Int32.max)) }
  private mutating func columnID() throws(ApusError) -> ColumnID { ColumnID(UInt32(truncatingIfNeeded: try count())) }

  mutating func footer() throws(ApusError) -> SegmentFooter {
    let table = TableID(UInt32(truncatingIfNeeded: try cursor.word()))
    let partition = PartitionKey(try cursor.number())
    let minimumLSN = LSN(try cursor.word())
    let maximumLSN = LSN(try cursor.word())
    var orderBy: [ColumnID] = []
    for _ in 0..<(try count()) { orderBy.append(try columnID()) }
    let time = try count()
    var columns: [SegmentColumn] = []
    var streams: [[StreamRecord]] = []
    for _ in 0..<(try count()) {
      let id = try columnID()
      guard let type = DataType(oid: OID(truncatingIfNeeded: try count())) else {
        throw damaged("a column's type is not known")
      }
      columns.append(SegmentColumn(id: id, type: type, isFiltered: try cursor.byte() == 1))
      var list: [StreamRecord] = []
      for _ in 0..<(try count()) { list.append(try stream(of: type)) }
      streams.append(list)
    }
    let rowCount = try count()
    var bounds: [PostgresMicroseconds?] = []
    for _ in 0..<2 {
      let isThere = try cursor.byte() == 1
      let value = try cursor.number()
      bounds.append(isThere ? value : nil)
    }
    var groups: [RowGroupRecord] = []
    var total = 0
    for _ in 0..<(try count()) {
      let rows = try count()
      guard rows > 0, rows <= Limits.rowsPerRowGroup else { throw damaged("a row group's size is wrong") }
      total += rows
      var chunks: [[ChunkRecord?]] = []
      for list in streams {
        var records: [ChunkRecord?] = []
        for stream in list { records.append(try chunk(of: stream, rows)) }
        chunks.append(records)
      }
      groups.append(RowGroupRecord(rowCount: rows, chunks: chunks))
    }
    guard total == rowCount, cursor.remaining == 0 else { throw damaged("its counts do not agree") }
    return SegmentFooter(
      description: SegmentDescription(
        table: table, partition: partition, columns: columns, orderBy: orderBy,
        timeColumn: time == 0 ? nil : ColumnID(UInt32(truncatingIfNeeded: time)), minimumLSN: minimumLSN,
        maximumLSN: maximumLSN),
      summary: SegmentSummary(
        rowCount: rowCount, byteCount: fileBytes, minimumTime: bounds[0], maximumTime: bounds[1]),
      streams: streams, groups: groups)
  }

  private mutating func block() throws(ApusError) -> BlockRecord {
    let offset = try cursor.count(atMost: fileBytes)
    let length = try cursor.count(atMost: fileBytes - offset)
    guard length >= SegmentFormat.blockHeadBytes else { throw damaged("a block is too short") }
    return BlockRecord(offset: offset, length: length, hash: try cursor.word())
  }

  private mutating func stream(of type: DataType) throws(ApusError) -> StreamRecord {
    var record: StreamRecord
    switch try cursor.byte() {
    case 0: record = StreamRecord(content: .column)
    case 1: record = StreamRecord(content: .presence)
    case 2: record = StreamRecord(content: .overflow)
    case 3:
      let keyCount = try cursor.count(atMost: Limits.jsonDepthMax)
      var keys: [String] = []
      for _ in 0..<keyCount { keys.append(try cursor.string()) }
      let code = UInt8(truncatingIfNeeded: try cursor.byte())
      let scale = UInt8(truncatingIfNeeded: try cursor.byte())
      guard let kind = VectorDecoder.kind(code, scale) else { throw damaged("a path's kind is not known") }
      record = StreamRecord(content: .path(keys, kind))
    default: throw damaged("a stream's kind is not known")
    }
    guard record.content == .column || type == .jsonb else { throw damaged("only jsonb has paths") }
    if try cursor.byte() == 1 {
      guard record.form(type) == .text else { throw damaged("only text has a dictionary") }
      let entries = try count()
      record.dictionary = DictionaryRecord(entries: entries, block: try block())
    }
    return record
  }

  private mutating func chunk(of stream: StreamRecord, _ rows: Int) throws(ApusError) -> ChunkRecord? {
    let present = try cursor.count(atMost: rows)
    if present == 0 { return nil }
    var record = ChunkRecord(present: present, block: try block())
    let flags = try cursor.byte()
    switch flags & 3 {
    case 0: break
    case 1: record.bounds = .integers(try cursor.number(), try cursor.number())
    case 2: record.bounds = .texts(try cursor.string(), try cursor.string())
    default: throw damaged("a chunk's bounds are of a kind not known")
    }
    if flags & 4 != 0 {
      guard let entries = stream.dictionary?.entries, entries <= SegmentFormat.countedEntriesMax else {
        throw damaged("codes are counted where there are none")
      }
      var counts: [UInt32] = []
      for _ in 0..<entries { counts.append(UInt32(truncatingIfNeeded: try cursor.count(atMost: rows))) }
      guard counts.reduce(0, { $0 + Int($1) }) == present else { throw damaged("codes are counted wrongly") }
      record.counts = counts
    }
    if flags & 8 != 0 { record.filter = try block() }
    guard flags < 16 else { throw damaged("a chunk has parts not known") }
    return record
  }
}

/// How the values of a stream are laid down.
enum StreamForm: Sendable {
  case none, bits, integers, doubles, raw4, raw16, text, vector
}

extension StreamRecord {
  /// The type of the stream's values in a column of `type`.
  func type(in column: DataType) -> DataType {
    guard case .path(_, let kind) = content else { return content == .presence ? .bool : column }
    return kind.type
  }

  func form(_ column: DataType) -> StreamForm {
    switch content {
    case .presence: return .none
    case .overflow: return .vector
    case .path(_, .jsonNull), .path(_, .emptyObject): return .none
    case .path, .column: return StreamForm(type(in: column).physical)
    }
  }
}

extension StreamForm {
  init(_ physical: PhysicalType) {
    switch physical {
    case .bool: self = .bits
    case .int16, .int32, .int64: self = .integers
    case .float64: self = .doubles
    case .float32: self = .raw4
    case .interval, .uuid: self = .raw16
    case .bytes: self = .text
    case .list: self = .vector
    }
  }
}

extension PathKind {
  /// The type of the values of a sub-column.
  var type: DataType {
    switch self {
    case .jsonNull, .bool, .emptyObject: .bool
    case .int8, .decimal: .int8
    case .float8: .float8
    case .numeric, .text: .text
    case .json: .jsonb
    }
  }
}
