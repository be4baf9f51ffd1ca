// SegmentReader owns the reading of segment files.

public import ApusBase
public import ApusColumns
public import ApusFiles

/// An open segment: its parsed footer, and its row groups. Shared by all queries; blocks come through the cache.
public final class SegmentReader: Sendable {
  public let description: SegmentDescription
  public let summary: SegmentSummary
  let groups: [RowGroupRecord]
  private let file: any File
  private let cache: BlockCache

  /// Opens a segment and reads its footer. Throws XX001 when the file is damaged, 0A000 for a format newer than known.
  public init(file: any File, cache: BlockCache) throws(ApusError) {
    self.file = file
    self.cache = cache
    let size = try file.size()
    let least = SegmentFormat.head.count + SegmentFormat.trailerBytes
    guard size >= least else { throw .corrupted(file.path, offset: 0, "it has \(size) bytes, fewer than any segment") }
    let head = try Self.bytes(of: file, SegmentFormat.head.count, at: 0).copied
    guard head.prefix(7).elementsEqual(SegmentFormat.head.prefix(7)) else {
      throw .corrupted(file.path, offset: 0, "it is not a segment")
    }
    guard head[7] == SegmentFormat.version else {
      throw ApusError(
        .featureNotSupported,
        "segment \"\(file.path)\" has format \(head[7]); this release knows \(SegmentFormat.version)")
    }
    let trailerAt = size - SegmentFormat.trailerBytes
    let trailer = try Self.bytes(of: file, SegmentFormat.trailerBytes, at: trailerAt).copied
    let length = trailer[0..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
    let hash = trailer[4..<12].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard trailer.dropFirst(12).elementsEqual(SegmentFormat.tail), length <= size - least else {
      throw .corrupted(file.path, offset: trailerAt, "its end is damaged")
    }
    let footer = try Self.bytes(of: file, length, at: trailerAt - length)
    guard SegmentFormat.hash(footer.rawBytes, seed: 0) == hash else {
      throw .corrupted(file.path, offset: trailerAt - length, "the footer's checksum is wrong")
    }
    let parsed = try SegmentFooter(footer, file: file.path, fileBytes: size)
    description = parsed.description
    summary = parsed.summary
    groups = parsed.groups
  }

  deinit { cache.forget(ObjectIdentifier(self)) }

  private static func bytes(of file: any File, _ count: Int, at offset: Int) throws(ApusError) -> Buffer {
    let buffer = Buffer(byteCount: count)
    let target = UnsafeMutableRawBufferPointer(start: buffer.address, count: count)
    guard try file.read(into: target, at: offset) == count else {
      throw .corrupted(file.path, offset: offset, "it ends before the \(count) bytes that should be here")
    }
    return buffer
  }

  /// The row groups, in order. `deleted` has a bit for every row of the segment, set where the row is deleted.
  public func rowGroups(deleted: Bitmap? = nil) -> [any RowGroup] {
    var start = 0
    return groups.map { group in
      defer { start += group.rowCount }
      let gone = deleted.map { $0.slice(start..<start + group.rowCount) }
      return SegmentRowGroup(reader: self, record: group, deletedRows: gone)
    }
  }

  /// The vector of a chunk of a group of `rowCount` rows.
  func chunk(_ record: ChunkRecord, rowCount: Int, isCached: Bool = true) throws(ApusError) -> Vector {
    let key = BlockCache.Key(reader: ObjectIdentifier(self), offset: record.offset)
    if isCached, let known = cache.find(key) { return known }
    let block = try Self.bytes(of: file, record.length, at: record.offset)
    guard SegmentFormat.hash(block.rawBytes, seed: UInt64(record.offset)) == record.hash else {
      throw .corrupted(file.path, offset: record.offset, "the block's checksum is wrong")
    }
    let raw = try payload(block, record)
    let vector: Vector
    do {
      var decoder = VectorDecoder(raw)
      vector = try decoder.vector()
      guard decoder.reader.isAtEnd else { throw VectorDecoder.damaged("bytes are left over") }
    } catch {
      let what = (error as? ApusError)?.message ?? "it ends too early"
      throw .corrupted(file.path, offset: record.offset, what)
    }
    guard vector.count == rowCount else {
      throw .corrupted(file.path, offset: record.offset, "it has \(vector.count) rows, not \(rowCount)")
    }
    if isCached { cache.keep(vector, for: key) }
    return vector
  }

  private func payload(_ block: Buffer, _ record: ChunkRecord) throws(ApusError) -> Buffer {
    let (form, length) = withExtendedLifetime(block) {
      (block.rawBytes[0], Int(block.rawBytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
    }
    let body = Buffer(viewOf: block, offset: 5, byteCount: record.length - 5)
    if form == 0, length == body.byteCount { return body }
    guard form == 1, length <= Limits.walTransactionBytesMax * 16 else {
      throw .corrupted(file.path, offset: record.offset, "the block's head is damaged")
    }
    let raw = Buffer(byteCount: length)
    let target = UnsafeMutableRawBufferPointer(start: raw.address, count: length)
    guard withExtendedLifetime(body, { Compression.decompress(body.rawBytes, into: target) }) else {
      throw .corrupted(file.path, offset: record.offset, "the block does not decompress")
    }
    return raw
  }

  /// Reads everything and checks it: checksums, counts, bounds, order. Throws XX001 for the first fault.
  public func verify() throws(ApusError) {
    for group in groups {
      var keys: [ColumnID: Vector] = [:]
      for (column, chunks) in zip(description.columns, group.chunks) {
        for chunk in chunks {
          let vector = try self.chunk(chunk, rowCount: group.rowCount, isCached: false)
          if chunk.content == .column { keys[column.id] = vector }
          guard let zone = chunk.zone, let found = zoneMap(vector) else { continue }
          guard found.nullCount == zone.nullCount, found.minimum == zone.minimum, found.maximum == zone.maximum else {
            throw .corrupted(file.path, offset: chunk.offset, "the bounds of column \(column.id) are wrong")
          }
        }
      }
      let order = description.orderBy.compactMap { keys[$0] }
      guard try sortPermutation(order, count: group.rowCount) == nil else {
        throw .corrupted(file.path, offset: 0, "rows are out of order")
      }
    }
  }
}

/// One row group of a segment.
private final class SegmentRowGroup: RowGroup {
  private let reader: SegmentReader
  private let record: RowGroupRecord
  let deletedRows: Bitmap?

  init(reader: SegmentReader, record: RowGroupRecord, deletedRows: Bitmap?) {
    self.reader = reader
    self.record = record
    self.deletedRows = deletedRows
  }

  var rowCount: Int { record.rowCount }

  private func chunks(_ column: ColumnID) -> [ChunkRecord]? {
    reader.description.columns.firstIndex { $0.id == column }.map { record.chunks[$0] }
  }

  func zoneMap(_ column: ColumnReference) throws(ApusError) -> ZoneMap? {
    guard column.path.isEmpty, let chunks = chunks(column.column), chunks.count == 1 else { return nil }
    return chunks[0].zone
  }

  func codeCounts(_ column: ColumnReference) throws(ApusError) -> CodeCounts? {
    guard column.path.isEmpty, let chunks = chunks(column.column), chunks.count == 1 else { return nil }
    let vector = try reader.chunk(chunks[0], rowCount: rowCount)
    guard case .dictionary(_, _, let dictionary) = vector.storage else { return nil }
    var counts = [UInt32](repeating: 0, count: dictionary.count)
    for row in 0..<vector.count { if let code = vector.code(at: row) { counts[code] &+= 1 } }
    return CodeCounts(dictionary: dictionary, counts: Buffer(copying: counts), nullCount: vector.nullCount)
  }

  func mightContain(_ column: ColumnReference, _ value: Value) throws(ApusError) -> Bool {
    guard column.path.isEmpty, case .text(let text) = value, let chunks = chunks(column.column), chunks.count == 1,
      case .text(let low)? = chunks[0].zone?.minimum, case .text(let high)? = chunks[0].zone?.maximum
    else { return true }
    let wanted = Array(text.utf8)
    if wanted.lexicographicallyPrecedes(low.utf8) || Array(high.utf8).lexicographicallyPrecedes(wanted) { return false }
    let vector = try reader.chunk(chunks[0], rowCount: rowCount)
    guard case .dictionary(_, _, let dictionary) = vector.storage else { return true }
    return dictionary.code(of: wanted) != nil
  }

  func read(_ column: ColumnReference, rows: Range<Int>) throws(ApusError) -> Vector {
    guard let chunks = chunks(column.column) else { return .nulls(type: column.type, count: rows.count) }
    if chunks.count == 1, chunks[0].content == .column {
      return try readReference(column, of: try reader.chunk(chunks[0], rowCount: rowCount).slice(rows))
    }
    var validity: Bitmap?
    var paths: [PathColumn] = []
    for chunk in chunks {
      switch chunk.content {
      case .column: continue
      case .presence:
        if case .bool(let bits) = try reader.chunk(chunk, rowCount: rowCount).storage { validity = bits }
      case .path(let keys):
        if !ShreddedColumn.mayHold(column.path, in: keys) { continue }
        fallthrough
      case .overflow:
        if case .shredded(let part) = try reader.chunk(chunk, rowCount: rowCount).storage { paths += part.paths }
      }
    }
    let whole = ShreddedColumn(count: rowCount, validity: validity, paths: paths)
    let vector = Vector(type: .jsonb, count: rowCount, validity: validity, storage: .shredded(whole))
    return try readReference(column, of: vector.slice(rows))
  }
}

extension Buffer {
  /// The bytes, in an array of their own: `rawBytes` is good only while something holds the buffer.
  fileprivate var copied: [UInt8] { withExtendedLifetime(self) { [UInt8](rawBytes) } }
}
