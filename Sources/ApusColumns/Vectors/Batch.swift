// Batch owns a set of rows on their way between operators.

/// Columns of equal count, and which of their rows count.
public struct Batch: Sendable {
  /// Rows in every column.
  public let physicalCount: Int
  public var columns: [Vector]
  /// The rows that count, ascending; `nil` for all.
  public var selection: SelectionVector?

  public init(columns: [Vector], count: Int, selection: SelectionVector? = nil) {
    self.columns = columns
    self.physicalCount = count
    self.selection = selection
  }

  /// Rows that count.
  public var count: Int { selection?.count ?? physicalCount }

  /// The same rows with every column dense.
  public func compacted() -> Batch {
    guard let selection else { return self }
    return Batch(columns: columns.map { $0.gathered(selection) }, count: selection.count)
  }

  public static let empty = Batch(columns: [], count: 0)
}

/// Ascending row numbers (UInt32).
public struct SelectionVector: Sendable {
  public let indices: Buffer
  public let count: Int

  public init(indices: Buffer, count: Int) {
    precondition(indices.byteCount >= count * 4)
    self.indices = indices
    self.count = count
  }

  public init(_ rows: [UInt32]) { self.init(indices: Buffer(copying: rows), count: rows.count) }

  /// The rows whose bit is set.
  public init(_ bits: Bitmap) {
    let total = bits.setCount
    let buffer = Buffer(byteCount: total * 4)
    let out = buffer.write(UInt32.self)
    let words = bits.words.read(UInt64.self)
    var next = 0
    for wordIndex in 0..<Bitmap.wordCount(bits.count) {
      var word = words[wordIndex]
      if wordIndex == bits.count >> 6 { word &= (1 &<< UInt64(bits.count & 63)) &- 1 }
      while word != 0 {
        out[next] = UInt32(truncatingIfNeeded: wordIndex &* 64 &+ word.trailingZeroBitCount)
        next &+= 1
        word &= word &- 1
      }
    }
    self.init(indices: buffer, count: total)
  }

  @inlinable @inline(__always)
  public subscript(index: Int) -> Int { Int(indices.read(UInt32.self)[index]) }
}
