// IntegerEncoder owns the choice and the writing of integer encodings: constant, runs, distinct values with codes, and
// bit-packed blocks of 1,024 with patches, each block as values, deltas or deltas of deltas.

/// The first byte of an integer stream. Never renumbered.
enum IntegerKind: UInt8 {
  case constant = 0
  case blocks = 1
  case runs = 2
  case distinct = 3
}

/// How one block will be packed, and what it costs.
private struct BlockPlan {
  /// 0 values, 1 deltas, 2 deltas of deltas.
  var order = 0
  var base: UInt64 = 0
  var width = 0
  var exceptions = 0
  var exceptionBytes = 0
  var byteCount = Int.max
}

public enum IntegerEncoder {
  /// Appends the smallest stream found for `values`. `depth` counts streams within streams.
  static func append(_ values: [Int64], to writer: ChunkWriter, depth: Int = 0) {
    values.withUnsafeBufferPointer { append($0, to: writer, depth: depth) }
  }

  /// Appends the smallest stream found for `values`.
  public static func append(_ values: UnsafeBufferPointer<Int64>, to writer: ChunkWriter) {
    append(values, to: writer, depth: 0)
  }

  static func append(_ values: UnsafeBufferPointer<Int64>, to writer: ChunkWriter, depth: Int) {
    guard let source = values.baseAddress, let first = values.first else {
      writer.byte(IntegerKind.constant.rawValue)
      writer.varint(0)
      writer.littleEndian(Int64(0))
      return
    }
    let runs = runCount(source, values.count)
    if runs == 1 {
      writer.byte(IntegerKind.constant.rawValue)
      writer.varint(UInt64(values.count))
      writer.littleEndian(first)
      return
    }
    let plans = planBlocks(source, values.count)
    var best = plans.reduce(0) { $0 + $1.byteCount + 4 }
    var alternative: ChunkWriter?
    if depth < 2, runs * 4 < values.count, runs * 2 < best {
      let candidate = runStream(values, runs, depth: depth, aligned: writer.count & 7)
      if candidate.count < best {
        best = candidate.count
        alternative = candidate
      }
    }
    if depth < 2, values.count >= 256,
      let candidate = distinctStream(values, bytesMax: best, depth: depth, aligned: writer.count & 7)
    {
      best = candidate.count
      alternative = candidate
    }
    if let alternative {
      writer.append(UnsafeRawBufferPointer(rebasing: alternative.bytes[(writer.count & 7)...]))
    } else {
      appendBlocks(source, values.count, plans, to: writer)
    }
  }

  private static func runCount(_ values: UnsafePointer<Int64>, _ count: Int) -> Int {
    var runs = 1
    for index in 1..<max(1, count) where values[index] != values[index - 1] { runs &+= 1 }
    return runs
  }

  // MARK: Runs and distinct values

  /// A writer that starts at the alignment of the one it will be appended to.
  private static func writer(aligned: Int, _ kind: IntegerKind, _ count: Int) -> ChunkWriter {
    let writer = ChunkWriter(capacity: 4 << 10)
    for _ in 0..<aligned { writer.byte(0) }
    writer.byte(kind.rawValue)
    writer.varint(UInt64(count))
    return writer
  }

  private static func runStream(
    _ values: UnsafeBufferPointer<Int64>, _ runs: Int, depth: Int, aligned: Int
  ) -> ChunkWriter {
    var heads: [Int64] = []
    var lengths: [Int64] = []
    heads.reserveCapacity(runs)
    lengths.reserveCapacity(runs)
    var start = 0
    for index in 1...values.count where index == values.count || values[index] != values[start] {
      heads.append(values[start])
      lengths.append(Int64(index - start))
      start = index
    }
    let out = writer(aligned: aligned, .runs, values.count)
    out.varint(UInt64(heads.count))
    append(heads, to: out, depth: depth + 1)
    append(lengths, to: out, depth: depth + 1)
    return out
  }

  /// nil where there are too many distinct values, or it would be no smaller than `bytesMax`.
  private static func distinctStream(
    _ values: UnsafeBufferPointer<Int64>, bytesMax: Int, depth: Int, aligned: Int
  ) -> ChunkWriter? {
    let distinctMax = min(4_096, values.count / 8)
    let slots = 16_384
    var codes = [UInt32](repeating: 0, count: values.count)
    var found: [Int64] = []
    var table = [Int32](repeating: -1, count: slots)
    for index in 0..<values.count {
      let value = values[index]
      var slot = Int(truncatingIfNeeded: hashInteger(UInt64(bitPattern: value)) & UInt64(slots - 1))
      while table[slot] >= 0, found[Int(table[slot])] != value { slot = (slot + 1) & (slots - 1) }
      if table[slot] < 0 {
        if found.count == distinctMax { return nil }
        table[slot] = Int32(truncatingIfNeeded: found.count)
        found.append(value)
      }
      codes[index] = UInt32(truncatingIfNeeded: table[slot])
    }
    let width = BitPacking.bitWidth(UInt64(found.count - 1))
    guard BitPacking.byteCount(count: values.count, width: width) + found.count < bytesMax else { return nil }
    let order = (0..<found.count).sorted { found[$0] < found[$1] }
    var rank = [UInt32](repeating: 0, count: found.count)
    for (position, code) in order.enumerated() { rank[code] = UInt32(truncatingIfNeeded: position) }
    for index in 0..<codes.count { codes[index] = rank[Int(codes[index])] }
    let out = writer(aligned: aligned, .distinct, values.count)
    append(order.map { found[$0] }, to: out, depth: depth + 1)
    codes.withUnsafeBufferPointer {
      if let base = $0.baseAddress { CodeEncoder.append(base, count: $0.count, to: out, depth: depth + 1) }
    }
    return out.count < bytesMax ? out : nil
  }

  // MARK: Blocks

  private static func planBlocks(_ values: UnsafePointer<Int64>, _ count: Int) -> [BlockPlan] {
    var plans: [BlockPlan] = []
    plans.reserveCapacity((count + 1023) >> 10)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: BitPacking.blockValues) { scratch in
      guard let residuals = scratch.baseAddress else { return }
      for start in stride(from: 0, to: count, by: BitPacking.blockValues) {
        let length = min(BitPacking.blockValues, count - start)
        var best = BlockPlan()
        for order in 0...(length > 2 ? 2 : 0) {
          derive(values + start, length, order, residuals)
          for base in bases(residuals, length, order) {
            let plan = price(residuals, length, order, base)
            if plan.byteCount < best.byteCount { best = plan }
          }
        }
        plans.append(best)
      }
    }
    return plans
  }

  /// The values, deltas or deltas of deltas of a block, modulo 2^64. What the header holds (the first value, and for
  /// order 2 the first delta) leaves entries without meaning, which repeat the next one.
  @inline(__always)
  private static func derive(
    _ values: UnsafePointer<Int64>, _ count: Int, _ order: Int, _ out: UnsafeMutablePointer<UInt64>
  ) {
    switch order {
    case 0: for index in 0..<count { out[index] = UInt64(bitPattern: values[index]) }
    case 1:
      for index in 1..<count { out[index] = UInt64(bitPattern: values[index] &- values[index - 1]) }
      out[0] = out[1]
    default:
      for index in 2..<count {
        out[index] = UInt64(bitPattern: values[index] &- values[index - 1] &- (values[index - 1] &- values[index - 2]))
      }
      out[1] = out[2]
      out[0] = out[2]
    }
  }

  /// The bases worth trying: the least (as signed), and for deltas the least that is not negative, so that a few steps
  /// back in a sorted column become exceptions.
  private static func bases(_ residuals: UnsafePointer<UInt64>, _ count: Int, _ order: Int) -> [UInt64] {
    var least = Int64.max
    for index in 0..<count { least = min(least, Int64(bitPattern: residuals[index])) }
    guard order == 1, least < 0 else { return [UInt64(bitPattern: least)] }
    var leastPositive = Int64.max
    for index in 0..<count {
      let value = Int64(bitPattern: residuals[index])
      if value >= 0 { leastPositive = min(leastPositive, value) }
    }
    return [UInt64(bitPattern: least), UInt64(bitPattern: leastPositive)]
  }

  private static func price(
    _ residuals: UnsafePointer<UInt64>, _ count: Int, _ order: Int, _ base: UInt64
  ) -> BlockPlan {
    var best = BlockPlan()
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: 65) { histogram in
      histogram.initialize(repeating: 0)
      for index in 0..<count { histogram[BitPacking.bitWidth(residuals[index] &- base)] &+= 1 }
      var widest = 64
      while widest > 0, histogram[widest] == 0 { widest -= 1 }
      var above = 0
      for width in stride(from: widest, through: 0, by: -1) {
        let exceptionBytes = above == 0 ? 0 : (widest - width + 7) / 8
        let packed = count == 1_024 ? 128 * width : BitPacking.tailByteCount(count: count, width: width)
        let bytes = 16 + 8 * order + packed + above * (2 + exceptionBytes)
        if bytes < best.byteCount {
          best = BlockPlan(
            order: order, base: base, width: width, exceptions: above, exceptionBytes: exceptionBytes,
            byteCount: bytes)
        }
        above += Int(histogram[width])
      }
    }
    return best
  }

  private static func appendBlocks(
    _ values: UnsafePointer<Int64>, _ count: Int, _ plans: [BlockPlan], to writer: ChunkWriter
  ) {
    writer.byte(IntegerKind.blocks.rawValue)
    writer.varint(UInt64(count))
    writer.align()
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: BitPacking.blockValues) { scratch in
      guard let residuals = scratch.baseAddress else { return }
      for (block, plan) in plans.enumerated() {
        let start = block * BitPacking.blockValues
        let length = min(BitPacking.blockValues, count - start)
        derive(values + start, length, plan.order, residuals)
        appendBlock(values + start, length, residuals, plan, to: writer)
      }
    }
  }

  private static func appendBlock(
    _ values: UnsafePointer<Int64>, _ count: Int, _ residuals: UnsafeMutablePointer<UInt64>, _ plan: BlockPlan,
    to writer: ChunkWriter
  ) {
    writer.byte(UInt8(plan.width))
    writer.byte(UInt8(plan.order))
    writer.littleEndian(UInt16(plan.exceptions))
    writer.littleEndian(UInt32(plan.exceptionBytes))
    writer.littleEndian(plan.base)
    if plan.order >= 1 { writer.littleEndian(values[0]) }
    if plan.order >= 2 { writer.littleEndian(values[1] &- values[0]) }
    for index in 0..<count { residuals[index] &-= plan.base }
    appendPacked(residuals, count, plan, to: writer)
  }

  private static func appendPacked(
    _ residuals: UnsafeMutablePointer<UInt64>, _ count: Int, _ plan: BlockPlan, to writer: ChunkWriter
  ) {
    let mask = BitPacking.mask(plan.width)
    var positions: [UInt16] = []
    var highs: [UInt64] = []
    if plan.width < 64 {
      for index in 0..<count where residuals[index] > mask {
        positions.append(UInt16(truncatingIfNeeded: index))
        highs.append(residuals[index] &>> UInt64(plan.width))
        residuals[index] &= mask
      }
    }
    BitPacking.append(residuals, count: count, width: plan.width, to: writer)
    for position in positions { writer.littleEndian(position) }
    for high in highs {
      withUnsafeBytes(of: high.littleEndian) {
        writer.append(UnsafeRawBufferPointer(rebasing: $0[0..<plan.exceptionBytes]))
      }
    }
    writer.align()
  }
}
