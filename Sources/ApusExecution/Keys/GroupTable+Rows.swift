// The rows of an input brought together by their keys: partitions of windows, series of gap filling.

import ApusBase
import ApusColumns

extension GroupTable {
  /// The rows by their keys, in the order of the keys, each group's in the order they came, and the borders of the
  /// groups, one more than these. Without keys one group.
  static func rowsByKey(
    _ keys: [Vector], count: Int
  ) throws(ApusError) -> (rows: [UInt32], borders: [Int32]) {
    var rows = (0..<count).map { UInt32(truncatingIfNeeded: $0) }
    if keys.isEmpty { return (rows, [0, Int32(truncatingIfNeeded: count)]) }
    let table = GroupTable(keys.map(\.type))
    let scratch = NumberScratch()
    let numbers = scratch.fit(count)
    table.insert(keys, count: count, into: numbers)
    let sorter = try RowSorter(
      try table.keys().map { SortColumn($0, descending: false, nullsFirst: false) }, count: table.count)
    var ranks = [Int](repeating: 0, count: table.count)
    for (rank, group) in sorter.sorted().enumerated() { ranks[Int(group)] = rank }
    var borders = [Int32](repeating: 0, count: table.count + 1)
    for row in 0..<count { borders[ranks[Int(numbers[row])] + 1] += 1 }
    for rank in 0..<table.count { borders[rank + 1] += borders[rank] }
    var next = borders
    for row in 0..<count {
      let rank = ranks[Int(numbers[row])]
      rows[Int(next[rank])] = UInt32(truncatingIfNeeded: row)
      next[rank] += 1
    }
    return (rows, borders)
  }
}
