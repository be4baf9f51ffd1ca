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
    return try write(
      parts: [columns], order: RowOrder(total: rowCount, picks: nil), description: description, to: file,
      propertyColumnsMax: propertyColumnsMax)
  }

  /// The same for rows that lie in parts, end to end, of which `order` takes some or all: one vector for each column in
  /// every part.
  static func write(
    parts: [[Vector]], order: RowOrder, description: SegmentDescription, to file: any File,
    propertyColumnsMax: Int = Limits.propertyColumnsPerSegmentMax
  ) throws(ApusError) -> SegmentSummary {
    let output = SegmentOutput(file: file)
    try output.append(SegmentFormat.head)
    var streams: [[StreamRecord]] = []
    let groupCount = (order.count + Limits.rowsPerRowGroup - 1) / Limits.rowsPerRowGroup
    var groups = (0..<groupCount).map { group in
      let rows = min(Limits.rowsPerRowGroup, order.count - group * Limits.rowsPerRowGroup)
      return RowGroupRecord(rowCount: rows, chunks: [])
    }
    for (index, column) in description.columns.enumerated() {
      var writer = ColumnWriter(column: column, order: order, groupCount: groupCount, output: output)
      try writer.write(parts.map { $0[index] }, propertyColumnsMax: propertyColumnsMax)
      streams.append(writer.streams)
      for group in groups.indices { groups[group].chunks.append(writer.chunks[group]) }
    }
    let bounds = timeBounds(groups, description)
    var footer = SegmentFooter(
      description: description,
      summary: SegmentSummary(rowCount: order.count, byteCount: 0, minimumTime: bounds?.0, maximumTime: bounds?.1),
      streams: streams, groups: groups)
    try output.finish(footer)
    footer.summary.byteCount = output.offset
    return footer.summary
  }

  private static func timeBounds(
    _ groups: [RowGroupRecord], _ description: SegmentDescription
  ) -> (PostgresMicroseconds, PostgresMicroseconds)? {
    guard let index = description.columns.firstIndex(where: { $0.id == description.timeColumn }) else { return nil }
    var bounds: (Int64, Int64)?
    for group in groups {
      guard case .integers(let low, let high)? = group.chunks[index].first??.bounds else { continue }
      bounds = (min(bounds?.0 ?? low, low), max(bounds?.1 ?? high, high))
    }
    return bounds
  }
}

/// The streams of one column on their way out.
private struct ColumnWriter {
  let column: SegmentColumn
  let order: RowOrder
  let groupCount: Int
  let output: SegmentOutput
  var streams: [StreamRecord] = []
  /// By row group, then stream.
  var chunks: [[ChunkRecord?]]

  init(column: SegmentColumn, order: RowOrder, groupCount: Int, output: SegmentOutput) {
    self.column = column
    self.order = order
    self.groupCount = groupCount
    self.output = output
    chunks = Array(repeating: [], count: groupCount)
  }

  mutating func write(_ parts: [Vector], propertyColumnsMax: Int) throws(ApusError) {
    if column.type == .jsonb, let shredded = Self.shredded(parts) {
      try write(shredded, propertyColumnsMax)
      return
    }
    let form = StreamForm(column.type.physical)
    if form == .vector {
      let flat = try Vector.concatenated(parts.map { $0.flattened() }, type: column.type)
      try writeWhole(order.picks.map { flat.gathered($0) } ?? flat, .column)
      return
    }
    var base = 0
    var pieces: [StreamPiece] = []
    for part in parts {
      var values = part
      if case .shredded = part.storage { values = part.flattened() }
      pieces.append(StreamPiece(base: base, count: part.count, values: values))
      base += part.count
    }
    try write(pieces, StreamRecord(content: .column))
  }

  /// The parts as sub-columns; nil when one of them is not JSON, which then stays text.
  private static func shredded(_ parts: [Vector]) -> [ShreddedColumn]? {
    var all: [ShreddedColumn] = []
    for part in parts {
      guard let vector = try? part.shredded(), case .shredded(let column) = vector.storage else { return nil }
      all.append(column)
    }
    return all
  }

  // MARK: Shredded columns

  private struct PathKey: Hashable {
    var path: [String]
    var kind: PathKind
  }

  private mutating func write(_ parts: [ShreddedColumn], _ propertyColumnsMax: Int) throws(ApusError) {
    var base = 0
    var rows: [StreamPiece] = []
    var pieces: [PathKey: [StreamPiece]] = [:]
    var order: [PathKey] = []
    var present: [[String]: Int] = [:]
    for part in parts {
      rows.append(
        StreamPiece(
          base: base, count: part.count,
          values: .bool(Bitmap(repeating: false, count: part.count), validity: part.validity)))
      for path in part.paths {
        let count = path.rows == nil ? path.values.count - path.values.nullCount : path.values.count
        if count == 0 { continue }
        let key = PathKey(path: path.path, kind: path.kind)
        if pieces[key] == nil { order.append(key) }
        pieces[key, default: []].append(
          StreamPiece(base: base, count: part.count, values: path.values, rows: path.rows))
        present[path.path, default: 0] += count
      }
      base += part.count
    }
    try write(rows, StreamRecord(content: .presence))
    let own = Self.ownPaths(present, propertyColumnsMax)
    for key in order where own?.contains(key.path) ?? true {
      try write(pieces[key] ?? [], StreamRecord(content: .path(key.path, key.kind)))
    }
    if let own { try writeOverflow(parts, own) }
  }

  /// The paths with most values, when not all get sub-columns of their own; nil when they do.
  private static func ownPaths(_ present: [[String]: Int], _ most: Int) -> Set<[String]>? {
    guard present.count > most else { return nil }
    let ranked = present.sorted { a, b in
      a.value != b.value ? a.value > b.value : a.key.lexicographicallyPrecedes(b.key)
    }
    return Set(ranked.prefix(most).map(\.key))
  }

  private mutating func writeOverflow(_ parts: [ShreddedColumn], _ own: Set<[String]>) throws(ApusError) {
    let rare = parts.map { part in
      ShreddedColumn(count: part.count, validity: nil, paths: part.paths.filter { !own.contains($0.path) })
    }
    var joined = try ShreddedColumn.concatenated(rare)
    if let picks = order.picks { joined = joined.gathered(picks) }
    try writeWhole(Vector(type: .jsonb, count: joined.count, storage: .shredded(joined)), .overflow)
  }

  // MARK: Streams

  /// A stream whose chunks are whole vectors, nulls and all.
  private mutating func writeWhole(_ vector: Vector, _ content: StreamContent) throws(ApusError) {
    streams.append(StreamRecord(content: content))
    for (group, rows) in groupRanges().enumerated() {
      let sink = ByteSink()
      try VectorEncoder.encode(vector.slice(rows), to: sink)
      output.sink.removeAll()
      output.sink.byte(PresenceForm.all.rawValue)
      output.sink.append(sink.bytes)
      output.sink.isCompressible = true
      chunks[group].append(ChunkRecord(present: rows.count, block: try output.block()))
    }
  }

  private func groupRanges() -> [Range<Int>] {
    (0..<groupCount).map { group in
      let start = group * Limits.rowsPerRowGroup
      return start..<min(order.count, start + Limits.rowsPerRowGroup)
    }
  }

  private mutating func write(_ pieces: [StreamPiece], _ record: StreamRecord) throws(ApusError) {
    var record = record
    let form = record.form(column.type)
    let scratch = StreamScratch(pieces, total: order.total, form: form)
    let stream = SortedStream(scratch, in: order)
    guard stream.present > 0 || record.content == .column || record.content == .presence else { return }
    if case .small(_, let dictionary?) = stream.values {
      output.sink.removeAll()
      StringEncoder.append(
        offsets: dictionary.offsets.read(Int32.self), data: UnsafeRawPointer(dictionary.data.address),
        count: dictionary.count, to: output.sink)
      record.dictionary = DictionaryRecord(entries: dictionary.count, block: try output.block())
    }
    streams.append(record)
    let isBounded = Self.isBounded(record.type(in: column.type))
    var next = 0
    for (group, rows) in groupRanges().enumerated() {
      let present = stream.presence.map { $0.slice(rows).setCount } ?? rows.count
      let range = next..<next + present
      next += present
      if present == 0 {
        chunks[group].append(nil)
        continue
      }
      output.sink.removeAll()
      ChunkEncoder.append(presence: stream.presence, rows: rows, present: present, to: output.sink)
      try ChunkEncoder.append(stream.values, range, form: form, to: output.sink)
      var chunk = ChunkRecord(present: present, block: try output.block())
      if isBounded { chunk.bounds = ChunkEncoder.bounds(stream.values, range, form: form) }
      chunk.counts = ChunkEncoder.counts(stream.values, range)
      if column.isFiltered, let filter = ChunkEncoder.filter(stream.values, range, form: form) {
        output.sink.removeAll()
        output.sink.append(filter.buffer.address, count: filter.byteCount)
        chunk.filter = try output.block()
      }
      chunks[group].append(chunk)
    }
    withExtendedLifetime((scratch, stream)) {}
  }

  /// Whether the order of a type is that of its numbers or bytes.
  private static func isBounded(_ type: DataType) -> Bool {
    switch type.physical {
    case .int16, .int32, .int64: true
    case .bytes: type == .text || type == .varchar || type == .name
    default: false
    }
  }
}

/// The file under the writer: blocks go out as they come, one `synchronise` at the end.
private final class SegmentOutput {
  private let file: any File
  /// What the next block holds.
  let sink = ChunkWriter(capacity: 1 << 20)
  private(set) var offset = 0

  init(file: any File) { self.file = file }

  private func append(_ bytes: UnsafeRawBufferPointer) throws(ApusError) {
    try file.write(bytes, at: offset)
    offset += bytes.count
  }

  func append(_ bytes: [UInt8]) throws(ApusError) {
    do {
      try bytes.withUnsafeBytes { try append($0) }
    } catch { throw ApusError.wrapping(error) }
  }

  /// Writes what the sink holds as a block, compressed where that saves a sixteenth.
  func block() throws(ApusError) -> BlockRecord {
    let length = sink.count
    var head: [UInt8] = [1, 0, 0, 0]
    for byte in 0..<4 { head.append(UInt8(truncatingIfNeeded: length >> (8 * byte))) }
    let block: [UInt8]
    if sink.isCompressible, let smaller = Compression.compress(sink.bytes, after: head),
      smaller.count < length - length / 16
    {
      block = smaller
    } else {
      head[0] = 0
      block = head + [UInt8](sink.bytes)
    }
    let start = offset
    let hash = block.withUnsafeBytes { SegmentFormat.hash($0, seed: UInt64(start)) }
    try append(block)
    return BlockRecord(offset: start, length: block.count, hash: hash)
  }

  func finish(_ footer: SegmentFooter) throws(ApusError) {
    sink.removeAll()
    footer.encoded(to: sink)
    var trailer = ByteWriter()
    trailer.littleEndian(UInt32(truncatingIfNeeded: sink.count))
    trailer.littleEndian(SegmentFormat.hash(sink.bytes, seed: 0))
    for byte in SegmentFormat.tail { trailer.byte(byte) }
    try append(sink.bytes)
    try append(trailer.bytes)
    try file.synchronise()
  }
}
