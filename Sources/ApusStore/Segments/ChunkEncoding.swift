// ChunkEncoding owns how the values of one stream in one row group become the payload of a block.

import ApusBase
import ApusColumns

/// Which rows have a value: all, a bitmap, or the lengths of runs that are, in turn, without and with values.
enum PresenceForm: UInt8 {
  case all = 0, bitmap, runs
}

/// How float8 values are laid down.
enum DoubleForm: UInt8 {
  /// Eight bytes each.
  case raw = 0
  /// A scale, and an integer stream of units of 10^-scale whose quotients are exactly the values.
  case decimal
}

let powersOfTen: [Double] = [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9]

enum ChunkEncoder {
  /// Rows `rows` of a segment, of which `presence` (of all of the segment) says those that have a value.
  static func append(presence: Bitmap?, rows: Range<Int>, present: Int, to writer: ChunkWriter) {
    guard let presence, present < rows.count else { return writer.byte(PresenceForm.all.rawValue) }
    let bits = presence.slice(rows)
    let words = bits.words.read(UInt64.self)
    let count = Bitmap.wordCount(rows.count)
    var changes = 0
    var last: UInt64 = 0
    for index in 0..<count {
      changes &+= (words[index] ^ (words[index] &<< 1 | last)).nonzeroBitCount
      last = words[index] >> 63
    }
    if changes * 4 < count * 8 {
      appendRuns(bits, to: writer)
      return
    }
    writer.byte(PresenceForm.bitmap.rawValue)
    writer.align()
    writer.append(bits.words.address, count: count * 8)
    // Bits past the end say nothing, and the same rows must give the same bytes.
    if rows.count & 63 != 0 { writer.maskLastWord(bits: rows.count & 63) }
    writer.isCompressible = true
  }

  private static func appendRuns(_ bits: Bitmap, to writer: ChunkWriter) {
    var lengths: [Int64] = []
    var isSet = false
    var start = 0
    for row in 0..<bits.count where bits[row] != isSet {
      lengths.append(Int64(row - start))
      start = row
      isSet.toggle()
    }
    lengths.append(Int64(bits.count - start))
    writer.byte(PresenceForm.runs.rawValue)
    writer.varint(lengths.count)
    lengths.withUnsafeBufferPointer { IntegerEncoder.append($0, to: writer) }
  }

  /// Values `range` of a stream.
  static func append(
    _ values: StreamScratch.Values, _ range: Range<Int>, form: StreamForm, to writer: ChunkWriter
  ) throws(ApusError) {
    switch values {
    case .none: break
    case .integers(let buffer):
      let base = buffer.read(Int64.self) + range.lowerBound
      if form == .doubles {
        appendDoubles(base, range.count, to: writer)
      } else {
        IntegerEncoder.append(UnsafeBufferPointer(start: base, count: range.count), to: writer)
      }
    case .small(let buffer, _):
      let base = buffer.read(UInt32.self) + range.lowerBound
      if form == .raw4 {
        writer.append(UnsafeRawPointer(base), count: range.count * 4)
        writer.isCompressible = true
      } else {
        CodeEncoder.append(base, count: range.count, to: writer)
      }
    case .raw16(let buffer):
      writer.append(buffer.address + range.lowerBound * 16, count: range.count * 16)
      writer.isCompressible = true
    case .text(let addresses, let lengths): try appendText(addresses, lengths, range, to: writer)
    }
  }

  private static func appendText(
    _ addresses: Buffer, _ lengths: Buffer, _ range: Range<Int>, to writer: ChunkWriter
  ) throws(ApusError) {
    let starts = addresses.read(UInt.self) + range.lowerBound
    let counts = lengths.read(Int32.self) + range.lowerBound
    var total = 0
    for index in 0..<range.count { total &+= Int(counts[index]) }
    guard total <= Int(Int32.max) else {
      throw ApusError(.programLimitExceeded, "the text of a row group is larger than 2 GiB")
    }
    let offsets = Buffer(byteCount: (range.count + 1) * 4)
    let ends = offsets.write(Int32.self)
    let data = Buffer(byteCount: total)
    var end = 0
    ends[0] = 0
    for index in 0..<range.count {
      let length = Int(counts[index])
      if length > 0, let source = UnsafeRawPointer(bitPattern: starts[index]) {
        (data.address + end).copyMemory(from: source, byteCount: length)
      }
      end &+= length
      ends[index &+ 1] = Int32(truncatingIfNeeded: end)
    }
    withExtendedLifetime((offsets, data)) {
      StringEncoder.append(
        offsets: offsets.read(Int32.self), data: UnsafeRawPointer(data.address), count: range.count, to: writer)
    }
  }

  private static func appendDoubles(_ bits: UnsafePointer<Int64>, _ count: Int, to writer: ChunkWriter) {
    if let (scale, units) = decimal(bits, count) {
      writer.byte(DoubleForm.decimal.rawValue)
      writer.byte(UInt8(scale))
      units.withUnsafeBufferPointer { IntegerEncoder.append($0, to: writer) }
      return
    }
    writer.byte(DoubleForm.raw.rawValue)
    writer.append(UnsafeRawPointer(bits), count: count * 8)
    writer.isCompressible = true
  }

  /// The least scale at which every value is exactly a quotient of an integer, and these integers.
  private static func decimal(_ bits: UnsafePointer<Int64>, _ count: Int) -> (Int, [Int64])? {
    var units = [Int64](repeating: 0, count: count)
    var scale = 0
    var index = 0
    while index < count {
      let value = Double(bitPattern: UInt64(bitPattern: bits[index]))
      let scaled = (value * powersOfTen[scale]).rounded()
      // Minus zero, NaN and the infinities are not integers.
      if scaled.magnitude < 9e15, !(scaled == 0 && bits[index] != 0), scaled / powersOfTen[scale] == value {
        units[index] = Int64(scaled)
        index += 1
        continue
      }
      scale += 1
      if scale == powersOfTen.count { return nil }
      index = 0
    }
    return (scale, units)
  }

  /// The bounds of values `range`, for types whose order is that of their numbers or bytes.
  static func bounds(_ values: StreamScratch.Values, _ range: Range<Int>, form: StreamForm) -> ChunkBounds? {
    guard !range.isEmpty else { return nil }
    switch values {
    case .integers(let buffer) where form == .integers:
      let source = buffer.read(Int64.self) + range.lowerBound
      var low = source[0]
      var high = source[0]
      for index in 0..<range.count {
        low = min(low, source[index])
        high = max(high, source[index])
      }
      return .integers(low, high)
    case .small(let buffer, let dictionary?):
      let source = buffer.read(UInt32.self) + range.lowerBound
      var low = source[0]
      var high = source[0]
      for index in 0..<range.count {
        low = min(low, source[index])
        high = max(high, source[index])
      }
      let (first, last) = (dictionary.bytes(Int(low)), dictionary.bytes(Int(high)))
      guard first.count <= SegmentFormat.boundBytesMax, last.count <= SegmentFormat.boundBytesMax else { return nil }
      return .texts(dictionary.string(Int(low)), dictionary.string(Int(high)))
    default: return nil
    }
  }

  /// How often each code occurs among values `range`; nil for large dictionaries.
  static func counts(_ values: StreamScratch.Values, _ range: Range<Int>) -> [UInt32]? {
    guard case .small(let buffer, let dictionary?) = values, dictionary.count <= SegmentFormat.countedEntriesMax else {
      return nil
    }
    let source = buffer.read(UInt32.self) + range.lowerBound
    return [UInt32](unsafeUninitializedCapacity: dictionary.count) { counts, filled in
      counts.initialize(repeating: 0)
      for index in 0..<range.count { counts[Int(source[index])] &+= 1 }
      filled = dictionary.count
    }
  }

  /// A filter over values `range`; nil where a dictionary or nothing tells what is there.
  static func filter(_ values: StreamScratch.Values, _ range: Range<Int>, form: StreamForm) -> ValueFilter? {
    guard !range.isEmpty else { return nil }
    switch values {
    case .text(let addresses, let lengths):
      let filter = ValueFilter(count: range.count)
      let starts = addresses.read(UInt.self)
      let counts = lengths.read(Int32.self)
      for index in range {
        filter.insert(
          ValueFilter.hash(
            UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: starts[index]), count: Int(counts[index]))))
      }
      return filter
    case .integers(let buffer) where form == .integers:
      let filter = ValueFilter(count: range.count)
      let source = buffer.read(Int64.self)
      for index in range { filter.insert(ValueFilter.hash(source[index])) }
      return filter
    default: return nil
    }
  }
}
