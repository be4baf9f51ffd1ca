// GroupTable owns the numbering of distinct rows of keys, for grouping, DISTINCT, set operations and hash joins.

import ApusBase
import ApusColumns

/// Scratch memory for the numbers of a batch's rows.
final class NumberScratch {
  private(set) var numbers: UnsafeMutablePointer<UInt32>
  private var capacity: Int
  init() {
    capacity = 1024
    numbers = .allocate(capacity: capacity)
  }
  deinit { numbers.deallocate() }
  func fit(_ count: Int) -> UnsafeMutablePointer<UInt32> {
    if count > capacity {
      numbers.deallocate()
      capacity = count
      numbers = .allocate(capacity: count)
    }
    return numbers
  }
}

/// Distinct rows of keys, numbered from 0 as they are first seen. Nulls are equal to each other.
final class GroupTable {
  let columns: [KeyColumn]
  private let pairs: [PairTable]
  private var memories: [DictionaryNumbers]
  private let scratch = NumberScratch()
  private(set) var count: Int

  /// Without key columns there is one group, number 0, from the start.
  init(_ types: [DataType]) {
    columns = types.map { KeyColumn($0) }
    pairs = types.map { _ in PairTable() }
    memories = types.map { _ in DictionaryNumbers() }
    count = types.isEmpty ? 1 : 0
  }

  var byteCount: Int {
    columns.reduce(0) { $0 + $1.byteCount } + pairs.reduce(0) { $0 + $1.byteCount }
  }

  /// The group of each row; new rows of keys become groups.
  func insert(_ vectors: [Vector], count rows: Int, into out: UnsafeMutablePointer<UInt32>) {
    if columns.isEmpty { return out.update(repeating: 0, count: rows) }
    let numbers = scratch.fit(rows)
    var below = 1
    for (index, column) in columns.enumerated() {
      column.number(vectors[index], rows, into: numbers, inserting: true, memory: &memories[index])
      pairs[index].insert(
        index == 0 ? nil : UnsafePointer(out), below: below, numbers, below: column.count, rows: rows, into: out)
      below = pairs[index].count
    }
    count = below
  }

  /// The one group of rows whose keys are all constant.
  func insertConstant(_ vectors: [Vector]) -> UInt32 {
    var one: UInt32 = 0
    insert(vectors.map { $0.slice(0..<1) }, count: 1, into: &one)
    return one
  }

  /// The keys of all groups, one vector a column. Throws 54000 for more than 2 GiB of text.
  func keys() throws(ApusError) -> [Vector] {
    guard !columns.isEmpty else { return [] }
    var result: [Vector?] = Array(repeating: nil, count: columns.count)
    var groups = (0..<count).map { UInt32(truncatingIfNeeded: $0) }
    for index in columns.indices.reversed() {
      let firsts = pairs[index].firsts
      let seconds = pairs[index].seconds
      result[index] = try columns[index].values(groups.map { seconds[Int($0)] })
      groups = groups.map { firsts[Int($0)] }
    }
    return result.compactMap { $0 }
  }

  /// The group of each row, or `PairTable.absent`.
  func find(
    _ vectors: [Vector], count rows: Int, into out: UnsafeMutablePointer<UInt32>, with probe: GroupProbe
  ) {
    if columns.isEmpty { return out.update(repeating: 0, count: rows) }
    let numbers = probe.scratch.fit(rows)
    for (index, column) in columns.enumerated() {
      column.number(vectors[index], rows, into: numbers, inserting: false, memory: &probe.memories[index])
      pairs[index].find(index == 0 ? nil : UnsafePointer(out), numbers, rows: rows, into: out)
    }
  }
}

/// What one thread needs to look up rows in a table that nobody changes any more.
final class GroupProbe {
  fileprivate var memories: [DictionaryNumbers]
  fileprivate let scratch = NumberScratch()
  init(_ table: GroupTable) { memories = table.columns.map { _ in DictionaryNumbers() } }
}
