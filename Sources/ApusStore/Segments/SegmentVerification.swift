// SegmentVerification owns the checking of whole segments: what `apus check` reads.

public import ApusBase
import ApusColumns

extension SegmentReader {
  /// Reads everything and checks it: checksums, counts, bounds, order. Throws XX001 for the first fault.
  public func verify() throws(ApusError) {
    for list in streams {
      for stream in list { if let record = stream.dictionary { try verify(record) } }
    }
    for group in groups {
      var keys: [ColumnID: Vector] = [:]
      for (place, column) in description.columns.enumerated() {
        for (index, stream) in streams[place].enumerated() {
          guard let record = group.chunks[place][index] else {
            if stream.content == .column { keys[column.id] = .nulls(type: column.type, count: group.rowCount) }
            continue
          }
          let chunk = try chunk(record, of: stream, column: column.type, rowCount: group.rowCount, isCached: false)
          if stream.content == .column { keys[column.id] = chunk.values }
          try verify(record, chunk, column.id)
        }
      }
      let order = description.orderBy.compactMap { keys[$0] }
      guard try sortPermutation(order, count: group.rowCount) == nil else {
        throw damage(0, "rows are out of order")
      }
    }
  }

  private func damage(_ offset: Int, _ what: String) -> ApusError { .corrupted(path, offset: offset, what) }

  private func verify(_ record: DictionaryRecord) throws(ApusError) {
    let dictionary = try dictionary(record, isCached: false)
    for code in 1..<max(1, dictionary.count)
    where compareBytes(dictionary.bytes(code - 1), dictionary.bytes(code)) >= 0 {
      throw damage(record.block.offset, "a dictionary is not sorted")
    }
  }

  private func verify(_ record: ChunkRecord, _ chunk: StoredChunk, _ column: ColumnID) throws(ApusError) {
    let present = chunk.values.count - chunk.values.nullCount
    if case .shredded = chunk.values.storage { return }
    if case .list = chunk.values.storage { return }
    guard present == record.present else { throw damage(record.block.offset, "\(present) rows have values") }
    let flawed = damage(record.block.offset, "what the footer says of column \(column) is wrong")
    if let bounds = record.bounds, bounds != Self.bounds(chunk.values) { throw flawed }
    if let counts = record.counts, counts != Self.counts(chunk.values) { throw flawed }
    guard let block = record.filter else { return }
    let filter = try filter(block)
    for row in 0..<chunk.values.count where !chunk.values.isNull(row) {
      let hash: UInt64
      switch chunk.values.storage {
      case .bytes, .dictionary: hash = ValueFilter.hash(chunk.values.rawBytes(row))
      default:
        guard case .int(let number) = chunk.values.value(at: row) else { continue }
        hash = ValueFilter.hash(number)
      }
      guard filter.mightContain(hash) else { throw flawed }
    }
  }

  private static func counts(_ vector: Vector) -> [UInt32]? {
    guard case .dictionary(_, _, let dictionary) = vector.storage else { return nil }
    var counts = [UInt32](repeating: 0, count: dictionary.count)
    for row in 0..<vector.count { if let code = vector.code(at: row) { counts[code] &+= 1 } }
    return counts
  }

  private static func bounds(_ vector: Vector) -> ChunkBounds? {
    var low: Int64?
    var high: Int64?
    for row in 0..<vector.count where !vector.isNull(row) {
      var number: Int64
      if let code = vector.code(at: row) {
        number = Int64(code)
      } else {
        guard case .int(let value) = vector.value(at: row) else { return nil }
        number = value
      }
      low = min(low ?? number, number)
      high = max(high ?? number, number)
    }
    guard let low, let high else { return nil }
    guard case .dictionary(_, _, let dictionary) = vector.storage else { return .integers(low, high) }
    return .texts(dictionary.string(Int(low)), dictionary.string(Int(high)))
  }
}

extension Vector {
  /// The dictionary code of a row; nil for a null one and for other layouts.
  func code(at row: Int) -> Int? {
    guard case .dictionary(let codes, let width, _) = storage, !isNull(row) else { return nil }
    switch width {
    case 1: return Int(codes.read(UInt8.self)[row])
    case 2: return Int(codes.read(UInt16.self)[row])
    default: return Int(codes.read(UInt32.self)[row])
    }
  }
}
