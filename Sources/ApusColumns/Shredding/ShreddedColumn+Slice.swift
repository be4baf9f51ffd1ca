// Ranges of rows of a shredded column.

extension ShreddedColumn {
  /// Rows `range`.
  public func slice(_ range: Range<Int>) -> ShreddedColumn {
    let sliced = paths.map { path -> PathColumn in
      guard let rows = path.rows else {
        return PathColumn(path: path.path, kind: path.kind, rows: nil, values: path.values.slice(range))
      }
      let numbers = rows.read(UInt32.self)
      var low = 0
      while low < path.values.count, Int(numbers[low]) < range.lowerBound { low += 1 }
      var high = low
      while high < path.values.count, Int(numbers[high]) < range.upperBound { high += 1 }
      let moved = (low..<high).map { numbers[$0] &- UInt32(truncatingIfNeeded: range.lowerBound) }
      return PathColumn(
        path: path.path, kind: path.kind, rows: Buffer(copying: moved), values: path.values.slice(low..<high))
    }
    return ShreddedColumn(count: range.count, validity: validity?.slice(range), paths: sliced)
  }
}
