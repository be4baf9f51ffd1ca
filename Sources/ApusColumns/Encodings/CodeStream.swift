// CodeStream owns dictionary codes on disk: bit-packed at one width, or runs.

internal import ApusBase

enum CodeEncoder {
  static let packed: UInt8 = 0
  static let runs: UInt8 = 1

  /// Appends codes of at most `width` bits, as runs where that is smaller.
  static func append(_ codes: [UInt64], width: Int, to writer: inout ByteWriter, depth: Int = 0) {
    var starts: [Int] = []
    let bytes = BitPacking.byteCount(count: codes.count, width: width)
    let runsMax = depth < 3 ? min(codes.count / 8, bytes / 4) : 0
    for index in 0..<codes.count where index == 0 || codes[index] != codes[index - 1] {
      starts.append(index)
      if starts.count > runsMax { break }
    }
    if starts.count <= runsMax, !starts.isEmpty {
      var lengths: [Int64] = []
      lengths.reserveCapacity(starts.count)
      for run in 0..<starts.count {
        lengths.append(Int64((run + 1 < starts.count ? starts[run + 1] : codes.count) - starts[run]))
      }
      writer.byte(runs)
      writer.varint(UInt64(codes.count))
      writer.varint(UInt64(starts.count))
      IntegerEncoder.append(starts.map { Int64(bitPattern: codes[$0]) }, to: &writer, depth: max(2, depth + 1))
      IntegerEncoder.append(lengths, to: &writer, depth: max(2, depth + 1))
      return
    }
    writer.byte(packed)
    writer.varint(UInt64(codes.count))
    writer.byte(UInt8(width))
    writer.align()
    codes.withUnsafeBufferPointer {
      guard let source = $0.baseAddress else { return }
      BitPacking.append(source, count: codes.count, width: width, to: &writer)
    }
  }
}

/// Parsed codes. Parsing checks that every code is below the bound.
final class CodeStream: Sendable {
  let count: Int
  private let body: Body

  private enum Body: Sendable {
    case packed(Buffer, offset: Int, width: Int)
    /// Codes (Int64) and ends (UInt32) by run.
    case runs(codes: Buffer, ends: Buffer, count: Int)
  }

  init(_ cursor: inout ChunkCursor, countMax: Int, codeBound: Int, depth: Int = 0) throws(ApusError) {
    let kind = try cursor.byte()
    count = try cursor.count(atMost: countMax)
    if kind == Int(CodeEncoder.runs) {
      let runs = try cursor.count(atMost: count)
      let codes = try IntegerStream(&cursor, countMax: runs, depth: max(2, depth + 1))
      let lengths = try IntegerStream(&cursor, countMax: runs, depth: max(2, depth + 1))
      guard codes.count == runs, lengths.count == runs else { throw damaged("runs of two counts") }
      let decoded = codes.decoded()
      for run in 0..<runs where !(0..<Int64(codeBound)).contains(decoded.read(Int64.self)[run]) {
        throw damaged("code beyond the dictionary")
      }
      body = .runs(
        codes: decoded, ends: try IntegerStream.ends(of: lengths.decoded(), runs, total: count), count: runs)
      return
    }
    guard kind == Int(CodeEncoder.packed) else { throw damaged("unknown code encoding") }
    let width = try cursor.byte()
    guard width <= 32, count == 0 || codeBound > 0 else { throw damaged("code width") }
    try cursor.align()
    let offset = cursor.offset
    try cursor.skip(BitPacking.byteCount(count: count, width: width))
    body = .packed(cursor.buffer, offset: offset, width: width)
    if width > 0, codeBound < 1 << width { try checkCodes(codeBound) }
  }

  private func checkCodes(_ bound: Int) throws(ApusError) {
    var largest: UInt32 = 0
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 4_096) { scratch in
      guard let codes = scratch.baseAddress else { return }
      var next = 0
      while next < count {
        let end = min(count, next + 4_096)
        decode(next..<end, into: codes)
        for index in 0..<(end - next) { largest = max(largest, codes[index]) }
        next = end
      }
    }
    guard count == 0 || Int(largest) < bound else { throw damaged("code beyond the dictionary") }
  }

  /// The code of all rows `range`, where that is known without decoding.
  func uniform(_ range: Range<Int>) -> Int? {
    switch body {
    case .packed(_, _, let width): return width == 0 ? 0 : nil
    case .runs(let codes, let ends, let runs):
      let run = firstRun(ends.read(UInt32.self), runs, endingAfter: range.lowerBound)
      guard run < runs, Int(ends.read(UInt32.self)[run]) >= range.upperBound else { return nil }
      return Int(codes.read(Int64.self)[run])
    }
  }

  /// Codes `range` as `T`, which must be wide enough for every code.
  @inline(__always)
  private func decodeAs<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ range: Range<Int>, _ out: UnsafeMutablePointer<T>
  ) {
    precondition(range.lowerBound >= 0 && range.upperBound <= count)
    if range.isEmpty { return }
    switch body {
    case .packed(let buffer, let offset, let width):
      let source = UnsafeRawPointer(buffer.address) + offset
      if width <= 8 {
        widening(source, width, range, UInt8.self, out)
      } else if width <= 16 {
        widening(source, width, range, UInt16.self, out)
      } else {
        widening(source, width, range, UInt32.self, out)
      }
    case .runs(let codes, let ends, let runs):
      let values = codes.read(Int64.self)
      forEachRun(ends.read(UInt32.self), runs, range) { run, rows in
        (out + (rows.lowerBound - range.lowerBound))
          .update(repeating: T(truncatingIfNeeded: values[run]), count: rows.count)
      }
    }
  }

  @inline(__always)
  private func widening<
    Lane: FixedWidthInteger & UnsignedInteger & BitwiseCopyable,
    T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable
  >(
    _ source: UnsafeRawPointer, _ width: Int, _ range: Range<Int>, _: Lane.Type, _ out: UnsafeMutablePointer<T>
  ) {
    if Lane.bitWidth == T.bitWidth {
      out.withMemoryRebound(to: Lane.self, capacity: range.count) {
        BitPacking.unpack(source, total: count, width: width, range: range, $0)
      }
      return
    }
    withUnsafeTemporaryAllocation(of: Lane.self, capacity: BitPacking.blockValues) { scratch in
      guard let lanes = scratch.baseAddress else { return }
      var next = range.lowerBound
      while next < range.upperBound {
        let end = min(range.upperBound, (next >> 10 + 1) << 10)
        BitPacking.unpack(source, total: count, width: width, range: next..<end, lanes)
        let target = out + (next - range.lowerBound)
        for index in 0..<(end - next) { target[index] = T(truncatingIfNeeded: lanes[index]) }
        next = end
      }
    }
  }

  func decode(_ range: Range<Int>, into out: UnsafeMutablePointer<UInt8>) { decodeAs(range, out) }
  func decode(_ range: Range<Int>, into out: UnsafeMutablePointer<UInt16>) { decodeAs(range, out) }
  func decode(_ range: Range<Int>, into out: UnsafeMutablePointer<UInt32>) { decodeAs(range, out) }
}
