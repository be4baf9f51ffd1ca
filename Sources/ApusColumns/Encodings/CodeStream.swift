// CodeStream owns small unsigned numbers on disk (dictionary codes, bits): one value, bit-packed at one width, or runs.

public import ApusBase

private enum CodeKind {
  static let packed: UInt8 = 0
  static let runs: UInt8 = 1
  static let constant: UInt8 = 2
}

public enum CodeEncoder {
  /// Appends `count` codes: as runs where that is smaller.
  public static func append(_ codes: UnsafePointer<UInt32>, count: Int, to writer: ChunkWriter) {
    append(codes, count: count, to: writer, depth: 0)
  }

  static func append(_ codes: UnsafePointer<UInt32>, count: Int, to writer: ChunkWriter, depth: Int) {
    guard count > 0 else {
      writer.byte(CodeKind.constant)
      writer.littleEndian(UInt32(0))
      return
    }
    var largest = codes[0]
    var runs = 1
    for index in 1..<max(1, count) {
      largest = max(largest, codes[index])
      if codes[index] != codes[index &- 1] { runs &+= 1 }
    }
    if runs == 1 {
      writer.byte(CodeKind.constant)
      writer.littleEndian(codes[0])
      return
    }
    let width = BitPacking.bitWidth(UInt64(largest))
    if depth < 2, runs * 8 <= count, runs * 4 < BitPacking.byteCount(count: count, width: width) {
      appendRuns(codes, count, runs, to: writer, depth: depth)
      return
    }
    writer.byte(CodeKind.packed)
    writer.byte(UInt8(width))
    writer.align()
    BitPacking.append(codes, count: count, width: width, to: writer)
  }

  private static func appendRuns(
    _ codes: UnsafePointer<UInt32>, _ count: Int, _ runs: Int, to writer: ChunkWriter, depth: Int
  ) {
    var heads: [Int64] = []
    var lengths: [Int64] = []
    heads.reserveCapacity(runs)
    lengths.reserveCapacity(runs)
    var start = 0
    for index in 1...count where index == count || codes[index] != codes[start] {
      heads.append(Int64(codes[start]))
      lengths.append(Int64(index - start))
      start = index
    }
    writer.byte(CodeKind.runs)
    writer.varint(heads.count)
    IntegerEncoder.append(heads, to: writer, depth: 2)
    IntegerEncoder.append(lengths, to: writer, depth: 2)
  }
}

public enum CodeDecoder {
  /// The next `count` codes, each below `bound` (or 0, when there is nothing to point at), as numbers of `width` bytes:
  /// 1, 2 or 4, which must hold every number below `bound`. Throws XX001 for anything else.
  public static func decode(
    _ cursor: inout ChunkCursor, count: Int, bound: Int, width: Int
  ) throws(ApusError) -> Buffer {
    let out = Buffer(byteCount: count * width)
    switch width {
    case 1: try decode(&cursor, count, bound, out.write(UInt8.self))
    case 2: try decode(&cursor, count, bound, out.write(UInt16.self))
    default: try decode(&cursor, count, bound, out.write(UInt32.self))
    }
    return out
  }

  /// The narrowest width in bytes for codes below `bound`.
  public static func width(below bound: Int) -> Int { bound <= 1 << 8 ? 1 : bound <= 1 << 16 ? 2 : 4 }

  @inline(__always)
  private static func decode<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ cursor: inout ChunkCursor, _ count: Int, _ bound: Int, _ out: UnsafeMutablePointer<T>
  ) throws(ApusError) {
    switch UInt8(truncatingIfNeeded: try cursor.byte()) {
    case CodeKind.constant:
      let code = Int(try cursor.fixed(UInt32.self))
      guard code < bound || count == 0 else { throw damaged("code beyond the dictionary") }
      out.update(repeating: T(truncatingIfNeeded: code), count: count)
    case CodeKind.runs:
      let runs = try cursor.count(atMost: count)
      let heads = try IntegerStream(&cursor, countMax: runs, depth: 2)
      let lengths = try IntegerStream(&cursor, countMax: runs, depth: 2)
      guard heads.count == runs, lengths.count == runs else { throw damaged("runs of two counts") }
      let ends = try IntegerStream.ends(of: lengths.decoded(), runs, total: count)
      let values = heads.decoded()
      try withExtendedLifetime((ends, values)) { () throws(ApusError) in
        let stops = ends.read(UInt32.self)
        let source = values.read(Int64.self)
        var start = 0
        for run in 0..<runs {
          guard source[run] >= 0, source[run] < Int64(bound) else { throw damaged("code beyond the dictionary") }
          let end = Int(stops[run])
          (out + start).update(repeating: T(truncatingIfNeeded: source[run]), count: end - start)
          start = end
        }
      }
    case CodeKind.packed:
      let width = try cursor.byte()
      guard width >= 1, width <= 32, width <= T.bitWidth else { throw damaged("code width") }
      try cursor.align()
      let source = cursor.address
      try cursor.skip(BitPacking.byteCount(count: count, width: width))
      unpack(source, count, width, out)
      var largest: T = 0
      for index in 0..<count { largest = max(largest, out[index]) }
      guard UInt64(largest) < UInt64(bound) || count == 0 else { throw damaged("code beyond the dictionary") }
    default: throw damaged("unknown code encoding")
    }
  }

  @inline(__always)
  private static func unpack<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ count: Int, _ width: Int, _ out: UnsafeMutablePointer<T>
  ) {
    if width <= 8 {
      unpack(source, count, width, UInt8.self, out)
    } else if width <= 16 {
      unpack(source, count, width, UInt16.self, out)
    } else {
      unpack(source, count, width, UInt32.self, out)
    }
  }

  @inline(__always)
  private static func unpack<
    Lane: FixedWidthInteger & UnsignedInteger & BitwiseCopyable,
    T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable
  >(_ source: UnsafeRawPointer, _ count: Int, _ width: Int, _: Lane.Type, _ out: UnsafeMutablePointer<T>) {
    withUnsafeTemporaryAllocation(of: Lane.self, capacity: BitPacking.blockValues) { scratch in
      guard let lanes = scratch.baseAddress else { return }
      var start = 0
      while start < count {
        let length = min(BitPacking.blockValues, count - start)
        let block = source + (start >> 10) * 128 * width
        let target = out + start
        if length < BitPacking.blockValues {
          BitPacking.unpackTail(block, count: length, width: width, target)
        } else if Lane.bitWidth == T.bitWidth {
          target.withMemoryRebound(to: Lane.self, capacity: length) { BitPacking.unpackLanes(block, width, $0) }
        } else {
          BitPacking.unpackLanes(block, width, lanes)
          for index in 0..<length { target[index] = T(truncatingIfNeeded: lanes[index]) }
        }
        start += length
      }
    }
  }
}
