// SegmentRowGroup owns what scans see of one row group of a segment.

import ApusBase
import ApusColumns

final class SegmentRowGroup: RowGroup {
  private let reader: SegmentReader
  private let record: RowGroupRecord
  let deletedRows: Bitmap?

  init(reader: SegmentReader, record: RowGroupRecord, deletedRows: Bitmap?) {
    self.reader = reader
    self.record = record
    self.deletedRows = deletedRows
  }

  var rowCount: Int { record.rowCount }

  /// A stream and its chunk here.
  private struct Part {
    var stream: StreamRecord
    var chunk: ChunkRecord
  }

  private func part(_ place: Int, _ stream: Int) -> Part? {
    record.chunks[place][stream].map { Part(stream: reader.streams[place][stream], chunk: $0) }
  }

  /// The one stream whose values are those of the reference, apart from nulls. `.none` when every row is null; nil when
  /// it takes more than looking at one stream to tell.
  private enum Sole {
    case none
    case part(Part)
  }

  private func sole(_ reference: ColumnReference) -> Sole? {
    guard let place = reader.places[reference.column] else { return Sole.none }
    let streams = reader.streams[place]
    if streams.count == 1, streams[0].content == .column {
      guard reference.path.isEmpty else { return nil }
      return part(place, 0).map { .part($0) } ?? Sole.none
    }
    guard !reference.path.isEmpty, reference.type != .jsonb else { return nil }
    var found: Part?
    for index in streams.indices {
      switch streams[index].content {
      case .column: return nil
      case .presence: continue
      case .overflow: if record.chunks[place][index] != nil { return nil }
      case .path(let keys, let kind):
        guard ShreddedColumn.mayHold(reference.path, in: keys), let part = part(place, index) else { continue }
        // A lesser path holds parts of it only as a jsonb value.
        if keys.count < reference.path.count, kind != .json { continue }
        guard keys == reference.path else { return nil }
        if kind == .jsonNull { continue }
        guard found == nil else { return nil }
        found = part
      }
    }
    return found.map { .part($0) } ?? Sole.none
  }

  /// Whether the values of a stream are, as they stand, those of the reference.
  private func isSame(_ stream: StreamRecord, _ reference: ColumnReference) -> Bool {
    guard case .path(_, let kind) = stream.content else { return true }
    switch (kind, reference.type) {
    case (.text, .text), (.int8, .int8): return true
    default: return false
    }
  }

  func zoneMap(_ reference: ColumnReference) throws(ApusError) -> ZoneMap? {
    switch sole(reference) {
    case nil: return nil
    case Sole.none?: return ZoneMap(minimum: nil, maximum: nil, nullCount: rowCount, isExact: true)
    case .part(let part)?:
      guard let bounds = part.chunk.bounds else { return nil }
      let nulls = rowCount - part.chunk.present
      func map(_ low: Value, _ high: Value) -> ZoneMap {
        ZoneMap(minimum: low, maximum: high, nullCount: nulls, isExact: true)
      }
      switch bounds {
      case .texts(let low, let high):
        return isSame(part.stream, reference) ? map(.text(low), .text(high)) : nil
      case .integers(let low, let high):
        if isSame(part.stream, reference) { return map(.int(low), .int(high)) }
        guard case .path(_, let kind) = part.stream.content else { return nil }
        switch (kind, reference.type) {
        case (.int8, .numeric): return map(.numeric(Numeric(low)), .numeric(Numeric(high)))
        case (.decimal(let scale), .numeric):
          return map(.numeric(Numeric(low, scale: scale)), .numeric(Numeric(high, scale: scale)))
        default: return nil
        }
      }
    }
  }

  func codeCounts(_ reference: ColumnReference) throws(ApusError) -> CodeCounts? {
    guard case .part(let part)? = sole(reference), isSame(part.stream, reference), let counts = part.chunk.counts,
      let dictionary = part.stream.dictionary
    else { return nil }
    return CodeCounts(
      dictionary: try reader.dictionary(dictionary), counts: Buffer(copying: counts),
      nullCount: rowCount - part.chunk.present)
  }

  func mightContain(_ reference: ColumnReference, _ value: Value) throws(ApusError) -> Bool {
    switch sole(reference) {
    case nil: return true
    case Sole.none?: return false
    case .part(let part)?:
      guard isSame(part.stream, reference) else { return true }
      switch value {
      case .text(let text): return try mightContain(part, Array(text.utf8))
      case .int(let number):
        if case .integers(let low, let high)? = part.chunk.bounds, number < low || number > high { return false }
        guard let filter = part.chunk.filter else { return true }
        return try reader.filter(filter).mightContain(ValueFilter.hash(number))
      default: return true
      }
    }
  }

  private func mightContain(_ part: Part, _ wanted: [UInt8]) throws(ApusError) -> Bool {
    if case .texts(let low, let high)? = part.chunk.bounds,
      wanted.lexicographicallyPrecedes(low.utf8) || Array(high.utf8).lexicographicallyPrecedes(wanted)
    {
      return false
    }
    if let dictionary = part.stream.dictionary {
      guard let code = try reader.dictionary(dictionary).code(of: wanted) else { return false }
      return part.chunk.counts.map { $0[code] > 0 } ?? true
    }
    guard let filter = part.chunk.filter else { return true }
    return try reader.filter(filter).mightContain(wanted.withUnsafeBytes { ValueFilter.hash($0) })
  }

  // MARK: Reading

  private func chunk(_ part: Part, _ place: Int) throws(ApusError) -> StoredChunk {
    try reader.chunk(
      part.chunk, of: part.stream, column: reader.description.columns[place].type, rowCount: rowCount)
  }

  func read(_ reference: ColumnReference, rows: Range<Int>) throws(ApusError) -> Vector {
    guard let place = reader.places[reference.column] else { return .nulls(type: reference.type, count: rows.count) }
    let streams = reader.streams[place]
    if streams.count == 1, streams[0].content == .column {
      guard let part = part(place, 0) else { return .nulls(type: reference.type, count: rows.count) }
      return try readReference(reference, of: try chunk(part, place).values.slice(rows))
    }
    let column = try shredded(place, reference, rows)
    return reference.path.isEmpty ? column.assembled() : try column.read(path: reference.path, as: reference.type)
  }

  /// All rows of a whole column as it is stored: shredded where it is so.
  func readStored(_ reference: ColumnReference) throws(ApusError) -> Vector {
    let rows = 0..<rowCount
    guard let place = reader.places[reference.column], reader.streams[place].contains(where: { $0.content != .column })
    else { return try read(reference, rows: rows) }
    let column = try shredded(place, reference, rows)
    return Vector(type: reference.type, count: rowCount, validity: column.validity, storage: .shredded(column))
  }

  /// The sub-columns that hold parts of what the reference names.
  private func shredded(
    _ place: Int, _ reference: ColumnReference, _ rows: Range<Int>
  ) throws(ApusError) -> ShreddedColumn {
    let streams = reader.streams[place]
    var validity: Bitmap?
    var paths: [PathColumn] = []
    for index in streams.indices {
      switch streams[index].content {
      case .column: continue
      case .presence:
        guard reference.path.isEmpty else { continue }
        validity = try presence(place, index, rows)
      case .path(let keys, let kind):
        guard ShreddedColumn.mayHold(reference.path, in: keys), let part = part(place, index) else { continue }
        let chunk = try chunk(part, place)
        let column = PathColumn(path: keys, kind: kind, rows: chunk.rows, values: chunk.values)
        paths.append(column.slice(rows))
      case .overflow:
        guard let part = part(place, index) else { continue }
        if case .shredded(let rare) = try chunk(part, place).values.storage { paths += rare.slice(rows).paths }
      }
    }
    return ShreddedColumn(count: rows.count, validity: validity, paths: paths)
  }

  /// Which of `rows` are not SQL NULL; nil for all.
  private func presence(_ place: Int, _ stream: Int, _ rows: Range<Int>) throws(ApusError) -> Bitmap? {
    guard let part = part(place, stream) else { return Bitmap(repeating: false, count: rows.count) }
    if part.chunk.present == rowCount { return nil }
    let chunk = try chunk(part, place)
    guard let present = chunk.rows else { return chunk.values.validity?.slice(rows) }
    let bits = Bitmap(repeating: false, count: rowCount)
    for index in 0..<chunk.values.count { bits.set(Int(present.read(UInt32.self)[index])) }
    return bits.slice(rows)
  }
}
