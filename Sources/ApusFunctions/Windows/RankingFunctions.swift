// RankingFunctions owns the window functions that look only at where a row stands.

import ApusBase
import ApusColumns

enum RankingFunctions {
  static let all: [WindowFunction] = [
    WindowFunction("row_number", parameters: [], result: .exact(.int8)) { (_, layout) throws(ApusError) -> Vector in
      integers(layout) { _, start, row in row - start + 1 }
    },
    WindowFunction("rank", parameters: [], result: .exact(.int8), usesPeers: true) {
      (_, layout) throws(ApusError) -> Vector in
      byPeers(layout) { start, _, first, _, _ in Int64(first - start + 1) }
    },
    WindowFunction("dense_rank", parameters: [], result: .exact(.int8), usesPeers: true) {
      (_, layout) throws(ApusError) -> Vector in
      byPeers(layout) { _, _, _, _, group in Int64(group + 1) }
    },
    WindowFunction("percent_rank", parameters: [], result: .exact(.float8), usesPeers: true) {
      (_, layout) throws(ApusError) -> Vector in
      byPeers(layout) { start, end, first, _, _ in
        end - start > 1 ? Double(first - start) / Double(end - start - 1) : 0.0
      }
    },
    WindowFunction("cume_dist", parameters: [], result: .exact(.float8), usesPeers: true) {
      (_, layout) throws(ApusError) -> Vector in
      byPeers(layout) { start, end, _, next, _ in Double(next - start) / Double(end - start) }
    },
    WindowFunction("ntile", parameters: [.exact(.int4)], result: .exact(.int4)) {
      (arguments, layout) throws(ApusError) -> Vector in
      try ntile(try Vector.argument(arguments, 0), layout)
    },
  ]

  @inline(__always)
  private static func integers(
    _ layout: WindowLayout, _ value: (_ partition: Int, _ start: Int, _ row: Int) -> Int
  ) -> Vector {
    let buffer = Buffer(byteCount: layout.count * 8)
    let out = buffer.write(Int64.self)
    for partition in 0..<max(0, layout.partitions.count - 1) {
      let start = Int(layout.partitions[partition])
      for row in start..<Int(layout.partitions[partition + 1]) { out[row] = Int64(value(partition, start, row)) }
    }
    return Vector(type: .int8, count: layout.count, storage: .int64(buffer))
  }

  /// One value for each group of peers: of its partition's borders, its own borders, and its number in the partition.
  @inline(__always)
  private static func byPeers<T: BitwiseCopyable>(
    _ layout: WindowLayout, _ value: (_ start: Int, _ end: Int, _ first: Int, _ next: Int, _ group: Int) -> T
  ) -> Vector {
    let buffer = Buffer(byteCount: layout.count * 8)
    let out = buffer.write(T.self)
    var peer = 0
    for partition in 0..<max(0, layout.partitions.count - 1) {
      let (start, end) = (Int(layout.partitions[partition]), Int(layout.partitions[partition + 1]))
      var group = 0
      while peer + 1 < layout.peers.count, layout.peers[peer] < layout.partitions[partition + 1] {
        let (first, next) = (Int(layout.peers[peer]), Int(layout.peers[peer + 1]))
        let made = value(start, end, first, next, group)
        for row in first..<next { out[row] = made }
        group += 1
        peer += 1
      }
    }
    let isFloat = T.self == Double.self
    return Vector(
      type: isFloat ? .float8 : .int8, count: layout.count, storage: isFloat ? .float64(buffer) : .int64(buffer))
  }

  /// The number of buckets is that of the partition's first row.
  private static func ntile(_ buckets: Vector, _ layout: WindowLayout) throws(ApusError) -> Vector {
    var builder = VectorBuilder(type: .int4, capacity: layout.count)
    for partition in 0..<max(0, layout.partitions.count - 1) {
      let (start, end) = (Int(layout.partitions[partition]), Int(layout.partitions[partition + 1]))
      guard case .int(let wanted) = buckets.value(at: start) else {
        for _ in start..<end { builder.appendNull() }
        continue
      }
      guard wanted > 0 else {
        throw ApusError(SQLState("22014"), "argument of ntile must be greater than zero")
      }
      let size = Int64(end - start)
      let (each, more) = (size / wanted, size % wanted)
      let wide = more * (each + 1)
      for place in 0..<size {
        let bucket = place < wide ? place / (each + 1) : more + (place - wide) / max(1, each)
        builder.append(.int(bucket + 1))
      }
    }
    return builder.finish()
  }
}
