// RowSorter owns the order of rows by several keys.

import ApusBase
import ApusColumns

/// One key's vector and direction.
struct SortColumn {
  let vector: Vector
  let descending: Bool
  let nullsFirst: Bool
  init(_ vector: Vector, descending: Bool, nullsFirst: Bool) {
    self.vector = vector
    self.descending = descending
    self.nullsFirst = nullsFirst
  }
}

/// Sorts row numbers; equal rows keep their order.
struct RowSorter {
  private struct Key {
    let order: RowOrder
    let descending: Bool
    let nullsFirst: Bool
    let validity: Bitmap?
    /// 64-bit prefixes by row, in the key's direction.
    let prefixes: [UInt64]
    let isDecisive: Bool
  }
  private let keys: [Key]
  private let count: Int

  /// Throws 42883 for a type that has no order.
  init(_ columns: [SortColumn], count: Int) throws(ApusError) {
    var keys: [Key] = []
    for column in columns where !column.vector.isConstant {
      let order = try RowOrder(column.vector)
      let flip: UInt64 = column.descending ? .max : 0
      let validity = order.vector.validity
      var prefixes = [UInt64](repeating: 0, count: count)
      for row in 0..<count {
        if let validity, !validity[row] { continue }
        prefixes[row] = order.prefix(row) ^ flip
      }
      keys.append(
        Key(
          order: order, descending: column.descending, nullsFirst: column.nullsFirst, validity: validity,
          prefixes: prefixes, isDecisive: order.isPrefixDecisive))
    }
    self.keys = keys
    self.count = count
  }

  private struct Entry {
    var prefix: UInt64
    var row: UInt32
  }

  func sorted() -> [UInt32] {
    guard let first = keys.first else { return (0..<count).map { UInt32(truncatingIfNeeded: $0) } }
    if keys.count == 1, first.isDecisive, first.validity == nil {
      var entries = (0..<count).map { Entry(prefix: first.prefixes[$0], row: UInt32(truncatingIfNeeded: $0)) }
      entries.sort { $0.prefix == $1.prefix ? $0.row < $1.row : $0.prefix < $1.prefix }
      return entries.map(\.row)
    }
    var rows = (0..<count).map { UInt32(truncatingIfNeeded: $0) }
    rows.sort { a, b in
      let compared = compare(Int(a), Int(b))
      return compared == 0 ? a < b : compared < 0
    }
    return rows
  }

  /// Sorts some of the rows, which keep their order where they are equal (so given rows must ascend).
  func sort(_ segment: UnsafeMutableBufferPointer<UInt32>) {
    var rows = segment
    if rows.count < 2 || isSorted(rows) { return }
    if keys.count == 1, let key = keys.first, key.isDecisive, key.validity == nil {
      key.prefixes.withUnsafeBufferPointer { prefixes in
        rows.sort { a, b in
          let (x, y) = (prefixes[Int(a)], prefixes[Int(b)])
          return x == y ? a < b : x < y
        }
      }
      return
    }
    rows.sort { a, b in
      let compared = compare(Int(a), Int(b))
      return compared == 0 ? a < b : compared < 0
    }
  }

  /// Whether the rows are in order as they are.
  func isSorted(_ rows: UnsafeMutableBufferPointer<UInt32>) -> Bool {
    if keys.isEmpty || rows.count < 2 { return true }
    if keys.count == 1, let key = keys.first, key.isDecisive, key.validity == nil {
      return key.prefixes.withUnsafeBufferPointer { prefixes in
        for index in 1..<rows.count where prefixes[Int(rows[index])] < prefixes[Int(rows[index - 1])] { return false }
        return true
      }
    }
    for index in 1..<rows.count where compare(Int(rows[index]), Int(rows[index - 1])) < 0 { return false }
    return true
  }

  /// Whether two rows are equal in all keys.
  func areEqual(_ a: Int, _ b: Int) -> Bool { compare(a, b) == 0 }

  private func compare(_ a: Int, _ b: Int) -> Int {
    for key in keys {
      if let validity = key.validity {
        let (aValid, bValid) = (validity[a], validity[b])
        if !aValid || !bValid {
          if aValid == bValid { continue }
          return (aValid == key.nullsFirst) ? 1 : -1
        }
      }
      let (x, y) = (key.prefixes[a], key.prefixes[b])
      if x != y { return x < y ? -1 : 1 }
      if key.isDecisive { continue }
      let compared = key.order.compare(a, b)
      if compared != 0 { return (compared < 0) != key.descending ? -1 : 1 }
    }
    return 0
  }
}
