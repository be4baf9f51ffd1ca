// Ranges of rows of a shredded column.

extension ShreddedColumn {
  /// Rows `range`.
  public func slice(_ range: Range<Int>) -> ShreddedColumn {
    if range == 0..<count { return self }
    return ShreddedColumn(count: range.count, validity: validity?.slice(range), paths: paths.map { $0.slice(range) })
  }
}

extension PathColumn {
  /// Rows `range` of the column.
  public func slice(_ range: Range<Int>) -> PathColumn {
    guard let rows else { return PathColumn(path: path, kind: kind, rows: nil, values: values.slice(range)) }
    let numbers = rows.read(UInt32.self)
    let low = Self.lowerBound(numbers, values.count, range.lowerBound)
    let high = Self.lowerBound(numbers, values.count, range.upperBound)
    let moved = Buffer(byteCount: (high - low) * 4)
    let out = moved.write(UInt32.self)
    for index in low..<high { out[index - low] = numbers[index] &- UInt32(truncatingIfNeeded: range.lowerBound) }
    return PathColumn(path: path, kind: kind, rows: moved, values: values.slice(low..<high))
  }

  /// The first of `count` ascending row numbers that is not below `row`.
  private static func lowerBound(_ numbers: UnsafePointer<UInt32>, _ count: Int, _ row: Int) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) >> 1
      if Int(numbers[middle]) < row { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
