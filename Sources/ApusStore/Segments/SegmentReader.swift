// SegmentReader owns the reading of segment files.

public import ApusBase
public import ApusColumns
public import ApusFiles
private import Synchronization

/// An open segment: its parsed footer, and its row groups. Shared by all queries; blocks come through the cache.
public final class SegmentReader: Sendable {
  public let description: SegmentDescription
  public let summary: SegmentSummary
  let streams: [[StreamRecord]]
  let groups: [RowGroupRecord]
  let places: [ColumnID: Int]
  private let file: any File
  private let cache: BlockCache
  /// Dictionaries in use somewhere, so that those that the cache let go are not loaded a second time.
  private let dictionaries = Mutex<[Int: WeakDictionary]>([:])

  private struct WeakDictionary: @unchecked Sendable { weak var dictionary: ByteDictionary? }

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
    guard withExtendedLifetime(footer, { SegmentFormat.hash(footer.rawBytes, seed: 0) }) == hash else {
      throw .corrupted(file.path, offset: trailerAt - length, "the footer's checksum is wrong")
    }
    let parsed = try SegmentFooter(footer, file: file.path, fileBytes: size)
    description = parsed.description
    summary = parsed.summary
    streams = parsed.streams
    groups = parsed.groups
    places = Dictionary(parsed.description.columns.enumerated().map { ($1.id, $0) }) { first, _ in first }
  }

  var path: String { file.path }
  var rowCount: Int { groups.reduce(0) { $0 + $1.rowCount } }

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
      // A group without deleted rows stays as quick as if there were none.
      let gone = deleted.map { $0.slice(start..<start + group.rowCount) }.flatMap { $0.setCount > 0 ? $0 : nil }
      return SegmentRowGroup(reader: self, record: group, deletedRows: gone)
    }
  }

  // MARK: Blocks

  /// The chunk of a stream in a group of `rowCount` rows.
  func chunk(
    _ record: ChunkRecord, of stream: StreamRecord, column type: DataType, rowCount: Int, isCached: Bool = true
  ) throws(ApusError) -> StoredChunk {
    let key = BlockCache.Key(reader: ObjectIdentifier(self), offset: record.block.offset)
    if isCached, case .chunk(let known)? = cache.find(key) { return known }
    let payload = try payload(record.block)
    let dictionary = try stream.dictionary.map { (record) throws(ApusError) in
      try self.dictionary(record, isCached: isCached)
    }
    let chunk: StoredChunk
    do throws(ApusError) {
      var decoder = ChunkDecoder(payload, rowCount: rowCount, present: record.present)
      chunk = try decoder.chunk(
        type: stream.type(in: type), form: stream.form(type), dictionary: dictionary,
        maySparse: stream.content != .column)
    } catch {
      throw .corrupted(file.path, offset: record.block.offset, error.message)
    }
    guard isCached, case .chunk(let kept) = cache.keep(.chunk(chunk), for: key) else { return chunk }
    return kept
  }

  /// The dictionary of a stream: one object for all who read it at a time.
  func dictionary(_ record: DictionaryRecord, isCached: Bool = true) throws(ApusError) -> ByteDictionary {
    let key = BlockCache.Key(reader: ObjectIdentifier(self), offset: record.block.offset)
    if case .dictionary(let known)? = cache.find(key) { return known }
    if let known = dictionaries.withLock({ $0[key.offset]?.dictionary }) {
      if isCached { _ = cache.keep(.dictionary(known), for: key) }
      return known
    }
    let payload = try payload(record.block)
    let loaded: ByteDictionary
    do throws(ApusError) {
      var cursor = ChunkCursor(payload)
      let (offsets, data) = try StringDecoder.decode(&cursor, count: record.entries)
      guard cursor.remaining == 0 else { throw ChunkDecoder.damaged("bytes are left over") }
      loaded = ByteDictionary(count: record.entries, offsets: offsets, data: data, isSorted: true)
    } catch {
      throw .corrupted(file.path, offset: record.block.offset, error.message)
    }
    let shared = dictionaries.withLock { known in
      if let first = known[key.offset]?.dictionary { return first }
      known[key.offset] = WeakDictionary(dictionary: loaded)
      return loaded
    }
    if isCached { _ = cache.keep(.dictionary(shared), for: key) }
    return shared
  }

  func filter(_ record: BlockRecord) throws(ApusError) -> ValueFilter {
    let key = BlockCache.Key(reader: ObjectIdentifier(self), offset: record.offset)
    if case .filter(let known)? = cache.find(key) { return known }
    guard let filter = ValueFilter(try payload(record)) else {
      throw .corrupted(file.path, offset: record.offset, "a filter of an impossible size")
    }
    guard case .filter(let kept) = cache.keep(.filter(filter), for: key) else { return filter }
    return kept
  }

  /// The payload of a block, checked and decompressed.
  private func payload(_ record: BlockRecord) throws(ApusError) -> Buffer {
    let block = try Self.bytes(of: file, record.length, at: record.offset)
    guard
      withExtendedLifetime(block, { SegmentFormat.hash(block.rawBytes, seed: UInt64(record.offset)) }) == record.hash
    else { throw .corrupted(file.path, offset: record.offset, "the block's checksum is wrong") }
    let head = SegmentFormat.blockHeadBytes
    let form = block.read(UInt8.self)[0]
    let length = Int(UInt32(littleEndian: block.read(UInt32.self)[1]))
    let body = Buffer(viewOf: block, offset: head, byteCount: record.length - head)
    if form == 0, length == body.byteCount { return body }
    guard form == 1, length <= Limits.walTransactionBytesMax * 64 else {
      throw .corrupted(file.path, offset: record.offset, "the block's head is damaged")
    }
    let raw = Buffer(byteCount: length)
    let target = UnsafeMutableRawBufferPointer(start: raw.address, count: length)
    guard withExtendedLifetime(body, { Compression.decompress(body.rawBytes, into: target) }) else {
      throw .corrupted(file.path, offset: record.offset, "the block does not decompress")
    }
    return raw
  }
}

extension Buffer {
  /// The bytes, in an array of their own: `rawBytes` is good only while something holds the buffer.
  fileprivate var copied: [UInt8] { withExtendedLifetime(self) { [UInt8](rawBytes) } }
}
