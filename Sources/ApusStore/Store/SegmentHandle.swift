// SegmentHandle owns the sight of one segment at one moment: its file, and which of its rows are deleted by then.

public import ApusBase
public import ApusColumns
import ApusFiles
private import Synchronization

/// One segment file: open while anybody holds it, and unlinked after the last pin once it is dropped.
final class SegmentFile: Sendable {
  let reader: SegmentReader
  private let path: String
  private let system: any FileSystem
  private let isDropped = Atomic<Bool>(false)

  init(path: String, system: any FileSystem, cache: BlockCache) throws(ApusError) {
    self.path = path
    self.system = system
    reader = try SegmentReader(file: try system.open(path, .read), cache: cache)
  }

  func drop() { isDropped.store(true, ordering: .releasing) }

  deinit {
    guard isDropped.load(ordering: .acquiring) else { return }
    // A file that stays is removed at the next start: the catalog does not name it.
    try? system.remove(path)
  }
}

public final class SegmentHandle: Sendable {
  public let record: SegmentRecord
  /// The segment's row groups, in its order.
  public let rowGroups: [any RowGroup]
  /// nil while no row is deleted.
  let deletes: SegmentDeletes?
  let file: SegmentFile
  var reader: SegmentReader { file.reader }

  /// Rows of the file that are deleted.
  public var deletedRows: Int { deletes?.count ?? 0 }
  /// Rows that scans see.
  public var liveRows: Int { record.rows - deletedRows }

  init(
    record: SegmentRecord, directory: String, system: any FileSystem, cache: BlockCache, deletes: SegmentDeletes? = nil
  ) throws(ApusError) {
    let path = directory + "/" + record.path
    file = try SegmentFile(path: path, system: system, cache: cache)
    self.record = record
    self.deletes = deletes
    if let deletes, deletes.rows.count != file.reader.rowCount {
      throw .corrupted(path, offset: 0, "its delete bitmap is of \(deletes.rows.count) rows")
    }
    rowGroups = file.reader.rowGroups(deleted: deletes?.rows)
  }

  /// The same file with other rows deleted.
  init(_ other: SegmentHandle, deletes: SegmentDeletes) {
    record = other.record
    file = other.file
    self.deletes = deletes
    rowGroups = file.reader.rowGroups(deleted: deletes.rows)
  }

  /// The catalog names the segment no more: its file goes when the last snapshot that holds it does.
  func drop() { file.drop() }
}

/// Which rows of a segment are deleted.
struct SegmentDeletes: Sendable {
  /// Grows by one with every delete that the segment sees.
  var version: Int64
  /// A bit for every row of the file, set where it is deleted.
  var rows: Bitmap
  var count: Int

  init(version: Int64, rows: Bitmap) {
    self.version = version
    self.rows = rows
    count = rows.setCount
  }

  // In the catalog: format (1), form (0 plain, 1 zstd), four bytes of row count, eight of the plain bytes' hash, all
  // little-endian; then the bits, least significant first.
  private static let headBytes = 14

  func encoded() -> [UInt8] {
    let byteCount = (rows.count + 7) / 8
    var plain = [UInt8](repeating: 0, count: byteCount)
    for row in 0..<rows.count where rows[row] { plain[row >> 3] |= 1 << UInt8(row & 7) }
    let hash = plain.withUnsafeBytes { SegmentFormat.hash($0, seed: UInt64(rows.count)) }
    func head(_ form: UInt8) -> [UInt8] {
      var head: [UInt8] = [1, form]
      for shift in stride(from: 0, to: 32, by: 8) { head.append(UInt8(truncatingIfNeeded: rows.count >> shift)) }
      for shift in stride(from: UInt64(0), to: 64, by: 8) { head.append(UInt8(truncatingIfNeeded: hash >> shift)) }
      return head
    }
    return plain.withUnsafeBytes { Compression.compress($0, after: head(1)) } ?? head(0) + plain
  }

  /// nil for bytes that are damaged.
  static func decoded(_ bytes: [UInt8], version: Int64) -> SegmentDeletes? {
    guard bytes.count >= headBytes, bytes[0] == 1, bytes[1] <= 1 else { return nil }
    let count = bytes[2..<6].reversed().reduce(0) { $0 << 8 | Int($1) }
    let hash = bytes[6..<14].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard count <= Limits.segmentRowsMax else { return nil }
    var plain = [UInt8](repeating: 0, count: (count + 7) / 8)
    if bytes[1] == 0 {
      guard bytes.count - headBytes == plain.count else { return nil }
      plain = Array(bytes[headBytes...])
    } else {
      let isWhole = bytes.withUnsafeBytes { source in
        plain.withUnsafeMutableBytes { target in
          Compression.decompress(UnsafeRawBufferPointer(rebasing: source[headBytes...]), into: target)
        }
      }
      guard isWhole else { return nil }
    }
    guard plain.withUnsafeBytes({ SegmentFormat.hash($0, seed: UInt64(count)) }) == hash else { return nil }
    let rows = Bitmap(repeating: false, count: count)
    for row in 0..<count where plain[row >> 3] & (1 << UInt8(row & 7)) != 0 { rows.set(row) }
    return SegmentDeletes(version: version, rows: rows)
  }
}
