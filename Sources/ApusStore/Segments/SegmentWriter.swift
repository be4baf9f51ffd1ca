// SegmentWriter owns the making of segment files.

public import ApusBase
public import ApusColumns
public import ApusFiles

public enum SegmentWriter {
  /// Writes a segment of `rowCount` rows, which are already in the order of `description.orderBy`: one vector for each
  /// of `description.columns`, in their order. The file must be empty. When this returns, its bytes are synchronised;
  /// naming it (rename, directory) is the caller's. At most `propertyColumnsMax` paths of a jsonb column get
  /// sub-columns of their own; the rarest share an overflow column.
  public static func write(
    _ columns: [Vector], rowCount: Int, description: SegmentDescription, to file: any File,
    propertyColumnsMax: Int = Limits.propertyColumnsPerSegmentMax
  ) throws(ApusError) -> SegmentSummary {
    guard columns.count == description.columns.count, columns.allSatisfy({ $0.count == rowCount }) else {
      throw .unexpected("a segment's columns do not fit its description")
    }
    let output = SegmentOutput(file: file)
    try output.append(SegmentFormat.head)
    let ranked = columns.map { rankedPaths($0) }
    var groups: [RowGroupRecord] = []
    var start = 0
    while start < rowCount {
      let range = start..<min(rowCount, start + Limits.rowsPerRowGroup)
      var chunks: [[ChunkRecord]] = []
      for (index, column) in columns.enumerated() {
        let part = column.slice(range)
        if case .shredded(let shredded) = part.storage {
          chunks.append(try write(shredded, own: Set(ranked[index].prefix(propertyColumnsMax)), to: output))
        } else {
          let encoded = sortedDictionary(part)
          let zone = zoneMap(encoded)
          chunks.append([try output.block(encoded, content: .column, zone: zone)])
        }
      }
      groups.append(RowGroupRecord(rowCount: range.count, chunks: chunks))
      start = range.upperBound
    }
    let bounds = timeBounds(groups, description)
    var footer = SegmentFooter(
      description: description,
      summary: SegmentSummary(rowCount: rowCount, byteCount: 0, minimumTime: bounds?.0, maximumTime: bounds?.1),
      groups: groups)
    let bytes = try footer.encoded()
    let hash = bytes.withUnsafeBytes { SegmentFormat.hash($0, seed: 0) }
    var trailer = ByteWriter()
    trailer.littleEndian(UInt32(truncatingIfNeeded: bytes.count))
    trailer.littleEndian(hash)
    trailer.append(SegmentFormat.tail)
    try output.append(bytes)
    try output.append(trailer.bytes)
    try output.finish()
    footer.summary.byteCount = output.offset
    return footer.summary
  }

  /// The paths of a shredded column, those with most values first.
  private static func rankedPaths(_ column: Vector) -> [[String]] {
    guard case .shredded(let shredded) = column.storage else { return [] }
    var counts: [[String]: Int] = [:]
    for path in shredded.paths { counts[path.path, default: 0] += path.presentRows.count }
    return counts.sorted { a, b in a.value != b.value ? a.value > b.value : a.key.lexicographicallyPrecedes(b.key) }
      .map(\.key)
  }

  private static func write(
    _ column: ShreddedColumn, own: Set<[String]>, to output: SegmentOutput
  ) throws(ApusError) -> [ChunkRecord] {
    let bits = column.validity ?? Bitmap(repeating: true, count: column.count)
    let presence: Vector =
      column.validity == nil ? .constant(.bool(true), type: .bool, count: column.count) : .bool(bits)
    var chunks = [try output.block(presence, content: .presence, zone: nil)]
    func block(_ paths: [PathColumn], _ content: ChunkContent) throws(ApusError) {
      let part = ShreddedColumn(count: column.count, validity: nil, paths: paths)
      let vector = Vector(type: .jsonb, count: column.count, storage: .shredded(part))
      chunks.append(try output.block(vector, content: content, zone: nil))
    }
    var rare: [PathColumn] = []
    for path in column.paths where path.presentRows.count > 0 {
      var path = path
      path.values = sortedDictionary(path.values)
      if own.contains(path.path) { try block([path], .path(path.path)) } else { rare.append(path) }
    }
    if !rare.isEmpty { try block(rare, .overflow) }
    return chunks
  }

  private static func timeBounds(
    _ groups: [RowGroupRecord], _ description: SegmentDescription
  ) -> (PostgresMicroseconds, PostgresMicroseconds)? {
    guard let index = description.columns.firstIndex(where: { $0.id == description.timeColumn }) else { return nil }
    var bounds: (Int64, Int64)?
    for group in groups {
      guard case .int(let low)? = group.chunks[index].first?.zone?.minimum,
        case .int(let high)? = group.chunks[index].first?.zone?.maximum
      else { continue }
      bounds = (min(bounds?.0 ?? low, low), max(bounds?.1 ?? high, high))
    }
    return bounds
  }
}

/// The file under the writer: blocks go out as they come, one `synchronise` at the end.
private final class SegmentOutput {
  private let file: any File
  private let sink = ByteSink()
  private(set) var offset = 0

  init(file: any File) { self.file = file }

  func append(_ bytes: [UInt8]) throws(ApusError) {
    do {
      try bytes.withUnsafeBytes { try file.write($0, at: offset) }
    } catch { throw ApusError.wrapping(error) }
    offset += bytes.count
  }

  func block(_ vector: Vector, content: ChunkContent, zone: ZoneMap?) throws(ApusError) -> ChunkRecord {
    sink.removeAll()
    try VectorEncoder.encode(vector, to: sink)
    var head = ByteWriter()
    head.byte(1)
    head.littleEndian(UInt32(truncatingIfNeeded: sink.bytes.count))
    let block: [UInt8]
    if let smaller = Compression.compress(sink.bytes, after: head.bytes) {
      block = smaller
    } else {
      block = [0] + head.bytes[1...] + [UInt8](sink.bytes)
    }
    let start = offset
    let hash = block.withUnsafeBytes { SegmentFormat.hash($0, seed: UInt64(start)) }
    try append(block)
    return ChunkRecord(content: content, offset: start, length: block.count, hash: hash, zone: zone)
  }

  func finish() throws(ApusError) { try file.synchronise() }
}
