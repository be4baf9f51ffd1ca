// EntityFile owns the file of a table's entity ids: blocks of strings, only ever appended.

import ApusBase
import ApusColumns
import ApusFiles
private import CXXHash

/// The file `ids/<table>.ids`, all little-endian:
///
///     head    "APUSIDS", format u8, table u32, zero u32, xxh3 of these u64
///     block   first id u32, strings u32, bytes stored u32, bytes raw u32, xxh3 u64 of the sixteen bytes before it and
///             the stored ones, seeded by the block's offset; then the stored bytes: the raw ones, or zstd of them when
///             there are fewer
///     raw     each string: its length as a varint, its bytes
///
/// Its length up to which it counts is in the catalog. What lies beyond was never named by a commit and is cut.
struct EntityFile {
  static let version: UInt8 = 1
  static let headBytes = 24
  static let blockHeadBytes = 24
  /// A block is ended by whichever comes first.
  static let stringsPerBlock = 16_384
  static let bytesPerBlock = 4 << 20

  let path: String
  let table: TableID
  let system: any FileSystem
  private var file: (any File)?
  /// What is written; synchronised after `synchronise`.
  private(set) var mark = EntityMark()
  private var isDirty = false

  init(path: String, table: TableID, system: any FileSystem) {
    self.path = path
    self.table = table
    self.system = system
  }

  private static func hash(_ bytes: [UInt8], _ more: UnsafeRawBufferPointer, seed: Int) -> UInt64 {
    let first = bytes.withUnsafeBytes { SegmentFormat.hash($0, seed: UInt64(seed)) }
    return SegmentFormat.hash(more, seed: first)
  }

  private var head: [UInt8] {
    var writer = ByteWriter()
    writer.append(Array("APUSIDS".utf8) + [Self.version])
    writer.littleEndian(table.value)
    writer.littleEndian(UInt32(0))
    writer.littleEndian(writer.bytes.withUnsafeBytes { SegmentFormat.hash($0, seed: 0) })
    return writer.bytes
  }

  // MARK: Writing

  /// The next strings, from `first`, that make a block.
  struct Block {
    var first: Int
    var count: Int
    var raw: [UInt8]
  }

  static func block(from first: Int, upTo end: Int, of table: EntityTable) -> Block {
    var writer = ByteWriter()
    var id = first
    while id < end, id - first < stringsPerBlock, writer.count < bytesPerBlock {
      let bytes = table.bytes(id)
      writer.varint(UInt64(bytes.count))
      writer.append(bytes)
      id += 1
    }
    return Block(first: first, count: id - first, raw: writer.bytes)
  }

  /// Appends a block; it counts once it is synchronised.
  mutating func append(_ block: Block) throws(ApusError) {
    if file == nil { try create() }
    guard let file else { return }
    let compressed = block.raw.withUnsafeBytes { Compression.compress($0, after: []) }
    let stored = compressed ?? block.raw
    var writer = ByteWriter(reserving: Self.blockHeadBytes + stored.count)
    for number in [block.first, block.count, stored.count, block.raw.count] {
      writer.littleEndian(UInt32(truncatingIfNeeded: number))
    }
    let head = writer.bytes
    writer.littleEndian(stored.withUnsafeBytes { Self.hash(head, $0, seed: mark.bytes) })
    writer.append(stored)
    try file.write(writer.bytes, at: mark.bytes)
    isDirty = true
    mark.ids += block.count
    mark.bytes += writer.count
  }

  private mutating func create() throws(ApusError) {
    // One that is there was never named by the catalog.
    let made = try system.open(path, .create)
    try made.truncate(to: 0)
    try made.write(head, at: 0)
    try made.synchronise()
    try system.synchroniseDirectory(directoryName(path))
    file = made
    mark = EntityMark(ids: 0, bytes: Self.headBytes)
  }

  mutating func synchronise() throws(ApusError) {
    guard isDirty, let file else { return }
    try file.synchronise()
    isDirty = false
  }

  mutating func remove() {
    file?.close()
    file = nil
    // One that stays is removed at the next start: its table is gone.
    try? system.remove(path)
  }

  // MARK: Reading

  private func damaged(_ offset: Int, _ what: String) -> ApusError { .corrupted(path, offset: offset, what) }

  /// Reads what counts into an empty table, and cuts what lies beyond it unless `isReadOnly`.
  mutating func load(_ mark: EntityMark, into table: EntityTable, isReadOnly: Bool = false) throws(ApusError) {
    guard mark.bytes > 0 else { return }
    guard try system.exists(path) else { throw damaged(0, "the file of entity ids is missing") }
    let file = try system.open(path, isReadOnly ? .read : .write)
    let size = try file.size()
    guard size >= mark.bytes, mark.bytes >= Self.headBytes else {
      throw damaged(size, "it ends before byte \(mark.bytes), up to which the catalog states it as durable")
    }
    let start = try file.read(Self.headBytes, at: 0)
    if start.count == Self.headBytes, start.prefix(7).elementsEqual("APUSIDS".utf8), start[7] > Self.version {
      throw ApusError(
        .featureNotSupported,
        "the file of entity ids \"\(path)\" has format \(start[7]); this version of Apus knows formats up to "
          + "\(Self.version)")
    }
    guard start == head else { throw damaged(0, "the head of the file of entity ids is damaged") }
    var offset = Self.headBytes
    while offset < mark.bytes { offset = try readBlock(file, offset, mark, into: table) }
    guard table.count == mark.ids else {
      throw damaged(offset, "it holds \(table.count) entity ids, and the catalog states \(mark.ids)")
    }
    if !isReadOnly, size > mark.bytes { try file.truncate(to: mark.bytes) }
    self.file = file
    self.mark = EntityMark(ids: mark.ids, bytes: mark.bytes)
  }

  /// Returns where the block ends.
  private func readBlock(
    _ file: any File, _ offset: Int, _ mark: EntityMark, into table: EntityTable
  ) throws(ApusError) -> Int {
    let head = try file.read(Self.blockHeadBytes, at: offset)
    guard head.count == Self.blockHeadBytes, offset + Self.blockHeadBytes <= mark.bytes else {
      throw damaged(offset, "a block of entity ids ends early")
    }
    func number(_ index: Int) -> Int { head[index * 4..<index * 4 + 4].reversed().reduce(0) { $0 << 8 | Int($1) } }
    let (first, count, storedBytes, rawBytes) = (number(0), number(1), number(2), number(3))
    let hash = head[16..<24].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let end = offset + Self.blockHeadBytes + storedBytes
    guard end <= mark.bytes, rawBytes <= 2 * Self.bytesPerBlock else {
      throw damaged(offset, "the head of a block of entity ids is damaged")
    }
    let stored = try file.read(storedBytes, at: offset + Self.blockHeadBytes)
    let isWhole =
      stored.count == storedBytes
      && stored.withUnsafeBytes { Self.hash(Array(head[..<16]), $0, seed: offset) } == hash
    guard isWhole else { throw damaged(offset, "the checksum of a block of entity ids is wrong") }
    var raw = stored
    if storedBytes != rawBytes {
      raw = [UInt8](repeating: 0, count: rawBytes)
      let isRight = stored.withUnsafeBytes { source in
        raw.withUnsafeMutableBytes { Compression.decompress(source, into: $0) }
      }
      guard isRight else { throw damaged(offset, "a block of entity ids does not decompress") }
    }
    guard first == table.count, Self.add(raw, count, to: table) else {
      throw damaged(offset, "a block of entity ids does not hold what its head says")
    }
    return end
  }

  private static func add(_ raw: [UInt8], _ count: Int, to table: EntityTable) -> Bool {
    raw.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      for _ in 0..<count {
        guard let length = try? reader.varint(), length <= UInt64(Limits.entityBytesMax) else { return false }
        let start = reader.offset
        guard (try? reader.skip(Int(length))) != nil,
          table.add(UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(length)]))
        else { return false }
      }
      return reader.isAtEnd
    }
  }
}
