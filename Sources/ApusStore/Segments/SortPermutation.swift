// SortPermutation owns the order of rows in a segment.

public import ApusBase
public import ApusColumns

/// The stable order of `count` rows by `keys` (ascending, nulls last, text bytewise): row numbers, first to last. nil
/// when the rows are in order already.
public func sortPermutation(_ keys: [Vector], count: Int) throws(ApusError) -> SelectionVector? {
  var scratches: [StreamScratch] = []
  for key in keys {
    guard key.count == count else { throw .unexpected("a sort key has \(key.count) rows, not \(count)") }
    scratches.append(try sortKey([StreamPiece(base: 0, count: count, values: key)], total: count, type: key.type))
  }
  return sortPermutation(scratches, count: count)
}

/// The values of a key, in a form whose order is theirs.
func sortKey(_ pieces: [StreamPiece], total: Int, type: DataType) throws(ApusError) -> StreamScratch {
  let form = StreamForm(type.physical)
  guard type.isSortKey else {
    throw .unsupported("sorting rows by a column of type \(type.sqlName) is")
  }
  return StreamScratch(pieces, total: total, form: form, isKey: true)
}

extension DataType {
  /// Whether rows of a segment can be sorted by values of this type.
  public var isSortKey: Bool {
    switch StreamForm(physical) {
    case .integers, .text, .bits: true
    default: false
    }
  }
}

func sortPermutation(_ keys: [StreamScratch], count: Int) -> SelectionVector? {
  guard !keys.isEmpty, count > 1 else { return nil }
  let ranked = keys.map { Ranks($0, count: count) }
  if ranked.reduce(0, { $0 + $1.bits }) <= 64 { return radixOrder(ranked, count) }
  var columns: [Buffer] = []
  for rank in ranked {
    let buffer = Buffer.zeroed(byteCount: count * 8)
    rank.append(to: buffer.write(UInt64.self), count: count)
    columns.append(buffer)
  }
  let pointers = columns.map { $0.read(UInt64.self) }
  func precedes(_ a: Int, _ b: Int) -> Bool {
    for rank in pointers where rank[a] != rank[b] { return rank[a] < rank[b] }
    return a < b
  }
  return withExtendedLifetime(columns) {
    var isOrdered = true
    for row in 1..<count where !precedes(row - 1, row) {
      isOrdered = false
      break
    }
    if isOrdered { return nil }
    var order = [UInt32](unsafeUninitializedCapacity: count) { buffer, filled in
      for row in 0..<count { buffer[row] = UInt32(truncatingIfNeeded: row) }
      filled = count
    }
    order.sort { precedes(Int($0), Int($1)) }
    return SelectionVector(order)
  }
}

/// A number for each row that orders as the values do; the greatest for nulls.
private struct Ranks {
  private let scratch: StreamScratch
  private var least: Int64 = 0
  private var nullRank: UInt64 = 0
  /// Bits that every rank fits.
  private(set) var bits = 0

  init(_ scratch: StreamScratch, count: Int) {
    self.scratch = scratch
    var low: Int64 = 0
    var high: Int64 = 0
    switch scratch.values {
    case .integers(let buffer):
      // Slots without a value hold zero, which does no more than widen the range.
      let values = buffer.read(Int64.self)
      low = .max
      high = .min
      for row in 0..<count {
        low = min(low, values[row])
        high = max(high, values[row])
      }
    case .small(let buffer, let dictionary):
      let values = buffer.read(UInt32.self)
      if let dictionary {
        high = Int64(max(0, dictionary.count - 1))
      } else {
        for row in 0..<count { high = max(high, Int64(values[row])) }
      }
    default: break
    }
    least = low
    let range = UInt64(bitPattern: high &- low)
    if scratch.validity != nil {
      // The whole range of Int64 leaves no number above for nulls; they then tie with the greatest value.
      nullRank = range == .max ? .max : range + 1
    } else {
      nullRank = range
    }
    bits = 64 - nullRank.leadingZeroBitCount
  }

  /// Shifts what `out` holds up and adds the ranks below.
  func append(to out: UnsafeMutablePointer<UInt64>, count: Int) {
    let shift = UInt64(bits)
    let isWhole = bits >= 64
    let base = least
    switch scratch.values {
    case .integers(let buffer):
      let values = buffer.read(Int64.self)
      if isWhole {
        for row in 0..<count { out[row] = UInt64(bitPattern: values[row] &- base) }
      } else {
        for row in 0..<count { out[row] = out[row] &<< shift | UInt64(bitPattern: values[row] &- base) }
      }
    case .small(let buffer, _):
      let values = buffer.read(UInt32.self)
      for row in 0..<count { out[row] = out[row] &<< shift | UInt64(values[row]) }
    default: if !isWhole { for row in 0..<count { out[row] = out[row] &<< shift } }
    }
    guard let validity = scratch.validity else { return }
    let mask: UInt64 = isWhole ? 0 : .max &<< shift
    for row in 0..<count where !validity[row] { out[row] = out[row] & mask | nullRank }
  }
}

/// Least digit first, digits of eleven bits; those in which all rows agree are skipped.
private func radixOrder(_ keys: [Ranks], _ count: Int) -> SelectionVector? {
  let digitBits = 11
  let digits = 1 << digitBits
  let all = Buffer.zeroed(byteCount: count * 8)
  let ranks = all.write(UInt64.self)
  for key in keys { key.append(to: ranks, count: count) }
  var isOrdered = true
  for row in 1..<count where ranks[row] < ranks[row - 1] {
    isOrdered = false
    break
  }
  if isOrdered { return nil }
  let bits = keys.reduce(0) { $0 + $1.bits }
  let spare = Buffer(byteCount: count * 8)
  let first = Buffer(byteCount: count * 4)
  let second = Buffer(byteCount: count * 4)
  return withExtendedLifetime((all, spare, first, second)) {
    var (from, to) = (ranks, spare.write(UInt64.self))
    var (rows, newRows) = (first, second)
    for row in 0..<count { rows.write(UInt32.self)[row] = UInt32(truncatingIfNeeded: row) }
    withUnsafeTemporaryAllocation(of: Int.self, capacity: digits) { ends in
      guard let starts = ends.baseAddress else { return }
      for shift in stride(from: 0, to: bits, by: digitBits) {
        starts.initialize(repeating: 0, count: digits)
        for row in 0..<count { starts[Int(truncatingIfNeeded: from[row] &>> UInt64(shift)) & (digits - 1)] &+= 1 }
        if starts[Int(truncatingIfNeeded: from[0] &>> UInt64(shift)) & (digits - 1)] == count { continue }
        var sum = 0
        for digit in 0..<digits {
          let here = starts[digit]
          starts[digit] = sum
          sum &+= here
        }
        let source = rows.read(UInt32.self)
        let target = newRows.write(UInt32.self)
        for row in 0..<count {
          let digit = Int(truncatingIfNeeded: from[row] &>> UInt64(shift)) & (digits - 1)
          let place = starts[digit]
          starts[digit] = place &+ 1
          to[place] = from[row]
          target[place] = source[row]
        }
        swap(&from, &to)
        swap(&rows, &newRows)
      }
    }
    return SelectionVector(indices: rows, count: count)
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
