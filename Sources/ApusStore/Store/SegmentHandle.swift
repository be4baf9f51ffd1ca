// SegmentHandle owns one segment file: open while anybody holds it, and unlinked after the last pin once it is dropped.

public import ApusBase
public import ApusColumns
import ApusFiles
private import Synchronization

public final class SegmentHandle: Sendable {
  public let record: SegmentRecord
  /// The segment's row groups, in its order.
  public let rowGroups: [any RowGroup]
  let reader: SegmentReader
  private let path: String
  private let system: any FileSystem
  private let isDropped = Atomic<Bool>(false)

  init(record: SegmentRecord, directory: String, system: any FileSystem, cache: BlockCache) throws(ApusError) {
    self.record = record
    self.system = system
    path = directory + "/" + record.path
    reader = try SegmentReader(file: try system.open(path, .read), cache: cache)
    rowGroups = reader.rowGroups()
  }

  /// The catalog names the segment no more: its file goes when the last snapshot that holds it does.
  func drop() { isDropped.store(true, ordering: .releasing) }

  deinit {
    guard isDropped.load(ordering: .acquiring) else { return }
    // A file that stays is removed at the next start: the catalog does not name it.
    try? system.remove(path)
  }
}
