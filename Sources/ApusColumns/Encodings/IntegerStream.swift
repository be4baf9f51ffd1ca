// IntegerStream owns the reading of integer encodings (IntegerEncoder writes them).

public import ApusBase

/// A parsed stream of integers. Parsing checks everything, so that decoding cannot fail.
public final class IntegerStream: Sendable {
  public let count: Int
  private let body: Body

  private enum Body: Sendable {
    case constant(Int64)
    /// Offsets (UInt32) of the blocks in the buffer.
    case blocks(Buffer, offsets: Buffer)
    /// Heads (Int64) and the rows (UInt32) after each run.
    case runs(heads: Buffer, ends: Buffer, count: Int)
    case distinct(values: Buffer, codes: Buffer)
  }

  /// Reads a stream of at most `countMax` values.
  public convenience init(_ cursor: inout ChunkCursor, countMax: Int) throws(ApusError) {
    try self.init(&cursor, countMax: countMax, depth: 0)
  }

  init(_ cursor: inout ChunkCursor, countMax: Int, depth: Int) throws(ApusError) {
    guard let kind = IntegerKind(rawValue: UInt8(truncatingIfNeeded: try cursor.byte())), depth < 4 else {
      throw damaged("unknown integer encoding")
    }
    count = try cursor.count(atMost: countMax)
    switch kind {
    case .constant: body = .constant(try cursor.fixed(Int64.self))
    case .blocks: body = try Self.blocks(&cursor, count)
    case .runs:
      let runs = try cursor.count(atMost: count)
      let heads = try IntegerStream(&cursor, countMax: runs, depth: depth + 1)
      let lengths = try IntegerStream(&cursor, countMax: runs, depth: depth + 1)
      guard heads.count == runs, lengths.count == runs else { throw damaged("runs of two counts") }
      let ends = try Self.ends(of: lengths.decoded(), runs, total: count)
      body = .runs(heads: heads.decoded(), ends: ends, count: runs)
    case .distinct:
      let values = try IntegerStream(&cursor, countMax: count, depth: depth + 1)
      let codes = try CodeDecoder.decode(&cursor, count: count, bound: values.count, width: 4)
      body = .distinct(values: values.decoded(), codes: codes)
    }
  }

  /// Sums of run lengths, each at least 1, which must end at `total`.
  static func ends(of lengths: Buffer, _ runs: Int, total: Int) throws(ApusError) -> Buffer {
    let source = lengths.read(Int64.self)
    let buffer = Buffer(byteCount: runs * 4)
    let out = buffer.write(UInt32.self)
    var sum = 0
    for run in 0..<runs {
      let length = source[run]
      guard length > 0, length <= Int64(total - sum) else { throw damaged("run lengths do not fit") }
      sum += Int(length)
      out[run] = UInt32(truncatingIfNeeded: sum)
    }
    guard sum == total else { throw damaged("runs end at \(sum) of \(total)") }
    return buffer
  }

  private static func blocks(_ cursor: inout ChunkCursor, _ count: Int) throws(ApusError) -> Body {
    try cursor.align()
    let blocks = (count + 1023) >> 10
    guard blocks <= cursor.remaining / 16 else { throw damaged("\(count) integers do not fit") }
    let offsets = Buffer(byteCount: blocks * 4)
    for block in 0..<blocks {
      let length = min(BitPacking.blockValues, count - block << 10)
      guard let offset = UInt32(exactly: cursor.offset) else { throw damaged("chunk larger than 4 GiB") }
      offsets.write(UInt32.self)[block] = offset
      let width = try cursor.byte()
      let order = try cursor.byte()
      let exceptions = Int(try cursor.fixed(UInt16.self))
      let exceptionBytes = Int(try cursor.fixed(UInt32.self))
      guard width <= 64, order <= 2, exceptions <= length, exceptionBytes <= 8 else { throw damaged("block header") }
      try cursor.skip(8 + 8 * order)
      try cursor.skip(length == 1_024 ? 128 * width : BitPacking.tailByteCount(count: length, width: width))
      for _ in 0..<exceptions {
        guard Int(try cursor.fixed(UInt16.self)) < length else { throw damaged("exception position") }
      }
      try cursor.skip(exceptions * exceptionBytes)
      try cursor.align()
    }
    return .blocks(cursor.buffer, offsets: offsets)
  }

  /// The one value of a constant stream.
  public var constantValue: Int64? { if case .constant(let value) = body { value } else { nil } }

  /// All values as Int64.
  public func decoded() -> Buffer {
    let buffer = Buffer(byteCount: count * 8)
    decode(0..<count, into: buffer.write(Int64.self))
    return buffer
  }

  /// Values `range`, which must lie within the count.
  func decode(_ range: Range<Int>, into out: UnsafeMutablePointer<Int64>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    if range.isEmpty { return }
    switch body {
    case .constant(let value): out.update(repeating: value, count: range.count)
    case .blocks(let buffer, let offsets): decodeBlocks(buffer, offsets, range, out)
    case .runs(let heads, let ends, let runs):
      let values = heads.read(Int64.self)
      forEachRun(ends.read(UInt32.self), runs, range) { run, rows in
        (out + (rows.lowerBound - range.lowerBound)).update(repeating: values[run], count: rows.count)
      }
    case .distinct(let values, let codes):
      let table = values.read(Int64.self)
      let chosen = codes.read(UInt32.self) + range.lowerBound
      for index in 0..<range.count { out[index] = table[Int(chosen[index])] }
    }
  }

  private func decodeBlocks(
    _ buffer: Buffer, _ offsets: Buffer, _ range: Range<Int>, _ out: UnsafeMutablePointer<Int64>
  ) {
    let table = offsets.read(UInt32.self)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: BitPacking.blockValues) { scratch in
      guard let values = scratch.baseAddress else { return }
      var next = range.lowerBound
      while next < range.upperBound {
        let block = next >> 10
        let start = block << 10
        let length = min(BitPacking.blockValues, count - start)
        let end = min(start + length, range.upperBound)
        Self.decodeBlock(UnsafeRawPointer(buffer.address) + Int(table[block]), length, values)
        let target = out + (next - range.lowerBound)
        let source = values + (next - start)
        for index in 0..<(end - next) { target[index] = Int64(bitPattern: source[index]) }
        next = end
      }
    }
  }

  private static func decodeBlock(_ block: UnsafeRawPointer, _ count: Int, _ out: UnsafeMutablePointer<UInt64>) {
    let width = Int(block.loadUnaligned(as: UInt8.self))
    let order = Int(block.loadUnaligned(fromByteOffset: 1, as: UInt8.self))
    let exceptions = Int(block.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    let exceptionBytes = Int(block.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    let base = block.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
    let packed = block + 16 + 8 * order
    BitPacking.unpack(packed, count: count, width: width, out)
    if exceptions > 0 {
      let bytes = count == 1_024 ? 128 * width : BitPacking.tailByteCount(count: count, width: width)
      let positions = packed + bytes
      let highs = positions + 2 * exceptions
      for index in 0..<exceptions {
        var high: UInt64 = 0
        for byte in 0..<exceptionBytes {
          high |= UInt64(highs.load(fromByteOffset: index * exceptionBytes + byte, as: UInt8.self)) &<< UInt64(8 * byte)
        }
        let position = Int(positions.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self))
        out[position] |= high << UInt64(width)
      }
    }
    switch order {
    case 0: for index in 0..<count { out[index] &+= base }
    case 1:
      var sum = block.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
      out[0] = sum
      for index in 1..<max(1, count) {
        sum = sum &+ base &+ out[index]
        out[index] = sum
      }
    default:
      var sum = block.loadUnaligned(fromByteOffset: 16, as: UInt64.self)
      var delta = block.loadUnaligned(fromByteOffset: 24, as: UInt64.self)
      out[0] = sum
      sum &+= delta
      if count > 1 { out[1] = sum }
      for index in 2..<max(2, count) {
        delta = delta &+ base &+ out[index]
        sum &+= delta
        out[index] = sum
      }
    }
  }
}

/// Calls `body` with each run that meets `range`, and the rows of `range` in it. `ends` ascend.
@inline(__always)
func forEachRun(
  _ ends: UnsafePointer<UInt32>, _ runs: Int, _ range: Range<Int>, _ body: (Int, Range<Int>) -> Void
) {
  var run = firstRun(ends, runs, endingAfter: range.lowerBound)
  var next = range.lowerBound
  while next < range.upperBound, run < runs {
    let end = min(Int(ends[run]), range.upperBound)
    body(run, next..<end)
    next = end
    run &+= 1
  }
}

/// The first run that ends after `row`.
func firstRun(_ ends: UnsafePointer<UInt32>, _ runs: Int, endingAfter row: Int) -> Int {
  var low = 0
  var high = runs
  while low < high {
    let middle = (low + high) >> 1
    if Int(ends[middle]) <= row { low = middle + 1 } else { high = middle }
  }
  return low
}
