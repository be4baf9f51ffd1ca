// SortPermutation owns the order of rows in a segment.

public import ApusBase
public import ApusColumns

/// The stable order of `count` rows by `keys` (ascending, nulls last, text bytewise): row numbers, first to last. nil
/// when the rows are in order already.
public func sortPermutation(_ keys: [Vector], count: Int) throws(ApusError) -> SelectionVector? {
  var ranks: [[UInt64]] = []
  for key in keys {
    guard key.count == count else { throw .unexpected("a sort key has \(key.count) rows, not \(count)") }
    ranks.append(try sortRanks(key))
  }
  guard !ranks.isEmpty, count > 1 else { return nil }
  func precedes(_ a: Int, _ b: Int) -> Bool {
    for rank in ranks where rank[a] != rank[b] { return rank[a] < rank[b] }
    return a < b
  }
  if (1..<count).allSatisfy({ precedes($0 - 1, $0) }) { return nil }
  var order = (0..<UInt32(truncatingIfNeeded: count)).map { $0 }
  order.sort { precedes(Int($0), Int($1)) }
  return SelectionVector(order)
}

/// A number for each row that orders as the values do; the greatest for nulls.
private func sortRanks(_ key: Vector) throws(ApusError) -> [UInt64] {
  var ranks: [UInt64]
  switch key.storage {
  case .int16, .int32, .int64:
    ranks = (0..<key.count).map { row in
      guard case .int(let value) = key.value(at: row) else { return 0 }
      return UInt64(bitPattern: value) ^ (1 &<< 63)
    }
  case .dictionary(_, _, let dictionary):
    var byCode = (0..<dictionary.count).map { $0 }
    if !dictionary.isSorted { byCode.sort { compareBytes(dictionary.bytes($0), dictionary.bytes($1)) < 0 } }
    var rank = [UInt64](repeating: 0, count: dictionary.count)
    for (place, code) in byCode.enumerated() { rank[code] = UInt64(place) }
    ranks = (0..<key.count).map { row in key.code(at: row).map { rank[$0] } ?? 0 }
  case .constant: ranks = [UInt64](repeating: 0, count: key.count)
  case .bytes:
    var order = (0..<key.count).map { $0 }
    order.sort { compareBytes(key.rawBytes($0), key.rawBytes($1)) < 0 }
    ranks = [UInt64](repeating: 0, count: key.count)
    var place: UInt64 = 0
    for index in order.indices {
      if index > 0, compareBytes(key.rawBytes(order[index - 1]), key.rawBytes(order[index])) != 0 { place &+= 1 }
      ranks[order[index]] = place
    }
  default: throw .unsupported("sorting rows by a column of type \(key.type.sqlName)")
  }
  if key.nullCount > 0 { for row in 0..<key.count where key.isNull(row) { ranks[row] = .max } }
  return ranks
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

/// The rows of `columns` that `selection` names, in its order, shredded columns kept shredded.
public func gather(_ columns: [Vector], _ selection: SelectionVector) throws(ApusError) -> [Vector] {
  columns.map { column in
    guard case .shredded(let shredded) = column.storage else { return column.gathered(selection) }
    let taken = shredded.gathered(selection)
    return Vector(type: column.type, count: taken.count, validity: taken.validity, storage: .shredded(taken))
  }
}

/// Vectors end to end; when one of them is shredded, so is the result.
func concatenate(_ parts: [Vector], type: DataType) throws(ApusError) -> Vector {
  var shredded: [ShreddedColumn] = []
  for part in parts { if case .shredded(let column) = part.storage { shredded.append(column) } }
  guard !shredded.isEmpty else { return try Vector.concatenated(parts, type: type) }
  guard shredded.count == parts.count else {
    return try Vector.concatenated(parts.map { $0.flattened() }, type: type)
  }
  let joined = try ShreddedColumn.concatenated(shredded)
  return Vector(type: type, count: joined.count, validity: joined.validity, storage: .shredded(joined))
}
