// RowOrder owns which rows a segment takes, out of parts that lie end to end, and in which order.

import ApusBase
import ApusColumns

/// Rows `picks` of `total`, in that order.
final class RowOrder {
  let total: Int
  /// nil for all rows as they come.
  let picks: SelectionVector?
  private var inverse: Buffer?

  init(total: Int, picks: SelectionVector?) {
    self.total = total
    self.picks = picks
  }

  var count: Int { picks?.count ?? total }

  static let notPicked = UInt32.max

  /// For each of the `total` rows its place in the order (UInt32), or `notPicked`.
  func places() -> Buffer {
    if let inverse { return inverse }
    let buffer = Buffer(byteCount: total * 4)
    let out = buffer.write(UInt32.self)
    if let picks {
      out.update(repeating: Self.notPicked, count: total)
      let rows = picks.indices.read(UInt32.self)
      for place in 0..<picks.count { out[Int(rows[place])] = UInt32(truncatingIfNeeded: place) }
    } else {
      for row in 0..<total { out[row] = UInt32(truncatingIfNeeded: row) }
    }
    inverse = buffer
    return buffer
  }
}

extension Bitmap {
  /// Sets the bits of `source` (all of `count`, if nil) from bit `base` on. For the builder.
  func merge(_ source: Bitmap?, count: Int, at base: Int) {
    let out = words.write(UInt64.self)
    let shift = UInt64(truncatingIfNeeded: base & 63)
    for index in 0..<Bitmap.wordCount(count) {
      var word = source.map { $0.words.read(UInt64.self)[index] } ?? .max
      let left = count - index * 64
      if left < 64 { word &= (1 &<< UInt64(left)) &- 1 }
      if word == 0 { continue }
      out[(base >> 6) + index] |= word &<< shift
      if shift > 0 {
        let high = word &>> (64 &- shift)
        if high != 0 { out[(base >> 6) + index + 1] |= high }
      }
    }
  }
}
