// RowBlock owns a run of rows in memory as scans see it.

import ApusBase
import ApusColumns
import Synchronization

/// At most 65,536 rows held as vectors.
final class RowBlock: RowGroup {
  let rowCount: Int
  let deletedRows: Bitmap?
  let columns: [SegmentColumn]
  let vectors: [Vector]
  private let places: [ColumnID: Int]

  init(columns: [SegmentColumn], vectors: [Vector], rowCount: Int, deletedRows: Bitmap? = nil) {
    self.columns = columns
    self.vectors = vectors
    self.rowCount = rowCount
    self.deletedRows = deletedRows
    places = Dictionary(columns.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// What was found out about columns, once each.
  private struct Known {
    var zones: [ColumnReference: ZoneMap?] = [:]
    var counts: [ColumnReference: CodeCounts?] = [:]
  }
  private let known = Mutex(Known())

  /// Of columns whose bounds are quickly found: numbers, times, and text over a dictionary.
  func zoneMap(_ column: ColumnReference) throws(ApusError) -> ZoneMap? {
    guard column.path.isEmpty, let place = places[column.column] else { return nil }
    if let zone = known.withLock({ $0.zones[column] }) { return zone }
    let zone = Self.zoneMap(vectors[place])
    known.withLock { $0.zones[column] = .some(zone) }
    return zone
  }

  private static func zoneMap(_ vector: Vector) -> ZoneMap? {
    let nulls = vector.nullCount
    if nulls == vector.count { return ZoneMap(minimum: nil, maximum: nil, nullCount: nulls, isExact: true) }
    var bounds: (low: Value, high: Value)?
    switch vector.storage {
    case .int64(let buffer): bounds = range(buffer.read(Int64.self), vector)
    case .int32(let buffer): bounds = range(buffer.read(Int32.self), vector)
    case .int16(let buffer): bounds = range(buffer.read(Int16.self), vector)
    case .dictionary where vector.type == .text || vector.type == .varchar || vector.type == .name:
      guard let counts = codeCounts(of: vector) else { return nil }
      bounds = range(counts)
    default: break
    }
    return bounds.map { ZoneMap(minimum: $0.low, maximum: $0.high, nullCount: nulls, isExact: true) }
  }

  @inline(__always)
  private static func range<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: UnsafePointer<T>, _ vector: Vector
  ) -> (low: Value, high: Value) {
    var low = T.max
    var high = T.min
    if let validity = vector.validity {
      for row in 0..<vector.count where validity[row] {
        low = min(low, values[row])
        high = max(high, values[row])
      }
    } else {
      for row in 0..<vector.count {
        low = min(low, values[row])
        high = max(high, values[row])
      }
    }
    return (.int(Int64(low)), .int(Int64(high)))
  }

  private static func range(_ counts: CodeCounts) -> (low: Value, high: Value)? {
    let dictionary = counts.dictionary
    let times = counts.counts.read(UInt32.self)
    var low: Int?
    var high: Int?
    for code in 0..<dictionary.count where times[code] > 0 {
      let entry = dictionary.bytes(code)
      if low.map({ compareBytes(entry, dictionary.bytes($0)) < 0 }) ?? true { low = code }
      if high.map({ compareBytes(entry, dictionary.bytes($0)) > 0 }) ?? true { high = code }
    }
    guard let low, let high else { return nil }
    return (.text(dictionary.string(low)), .text(dictionary.string(high)))
  }

  func codeCounts(_ column: ColumnReference) throws(ApusError) -> CodeCounts? {
    guard places[column.column] != nil, column.path.isEmpty || column.type == .text else { return nil }
    if let counts = known.withLock({ $0.counts[column] }) { return counts }
    let counts = Self.codeCounts(of: try read(column, rows: 0..<rowCount))
    known.withLock { $0.counts[column] = .some(counts) }
    return counts
  }

  /// nil for vectors that are not over a dictionary, or over one that is large for them.
  private static func codeCounts(of vector: Vector) -> CodeCounts? {
    guard case .dictionary(let codes, let width, let dictionary) = vector.storage, dictionary.count <= 4_096 else {
      return nil
    }
    let counts = Buffer.zeroed(byteCount: max(1, dictionary.count) * 4)
    let out = counts.write(UInt32.self)
    switch width {
    case 1: count(codes.read(UInt8.self), vector, out)
    case 2: count(codes.read(UInt16.self), vector, out)
    default: count(codes.read(UInt32.self), vector, out)
    }
    return CodeCounts(dictionary: dictionary, counts: counts, nullCount: vector.nullCount)
  }

  @inline(__always)
  private static func count<T: FixedWidthInteger & BitwiseCopyable>(
    _ codes: UnsafePointer<T>, _ vector: Vector, _ out: UnsafeMutablePointer<UInt32>
  ) {
    if let validity = vector.validity {
      for row in 0..<vector.count where validity[row] { out[Int(codes[row])] &+= 1 }
    } else {
      for row in 0..<vector.count { out[Int(codes[row])] &+= 1 }
    }
  }

  func mightContain(_ column: ColumnReference, _ value: Value) throws(ApusError) -> Bool { true }

  func read(_ column: ColumnReference, rows: Range<Int>) throws(ApusError) -> Vector {
    guard let place = places[column.column] else { return .nulls(type: column.type, count: rows.count) }
    return try readReference(column, of: vectors[place].slice(rows))
  }

  /// Rows 0..<count as a block of their own.
  func prefix(_ count: Int) -> RowBlock {
    count >= rowCount
      ? self : RowBlock(columns: columns, vectors: vectors.map { $0.slice(0..<count) }, rowCount: count)
  }
}

/// A column, or the path into it that `reference` names, out of the stored vector.
func readReference(_ reference: ColumnReference, of vector: Vector) throws(ApusError) -> Vector {
  if case .shredded(let shredded) = vector.storage {
    if reference.path.isEmpty { return shredded.assembled() }
    return try shredded.read(path: reference.path, as: reference.type)
  }
  if reference.path.isEmpty { return vector }
  guard case .shredded(let shredded) = try vector.shredded().storage else {
    throw .unexpected("a jsonb column does not shred")
  }
  return try shredded.read(path: reference.path, as: reference.type)
}
