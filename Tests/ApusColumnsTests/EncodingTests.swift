// Tests of the encodings of column chunks: what is written comes back, and damaged bytes are errors, never traps.
import ApusBase
import Testing

@testable import ApusColumns

@Suite struct Encodings {
  /// Values of one of several shapes that columns have.
  static func integers(_ shape: Int, _ count: Int, _ random: inout SeededRandom) -> [Int64] {
    var last = Int64(truncatingIfNeeded: random.next())
    let few = (0..<5).map { _ in Int64(truncatingIfNeeded: random.next()) }
    return (0..<count).map { index in
      switch shape {
      case 0: return last
      case 1: return Int64(truncatingIfNeeded: random.next())
      case 2: return Int64(random.next() % 1000) - 500
      case 3:
        last = last &+ Int64(random.next() % 100_000)
        return last
      case 4:
        if random.next() % 50 == 0 { last = Int64(truncatingIfNeeded: random.next() % 7) }
        return last
      case 5: return few[Int(random.next() % 5)]
      case 6: return random.next() % 100 == 0 ? Int64(truncatingIfNeeded: random.next()) : 3
      case 7: return [Int64.min, .max, 0, -1][Int(random.next() % 4)]
      default: return Int64(index) &* 1_000_003
      }
    }
  }

  static func count(_ random: inout SeededRandom) -> Int {
    [0, 1, 2, 3, 63, 64, 1023, 1024, 1025, 4096, 5000][Int(random.next() % 11)] + Int(random.next() % 3)
  }

  /// The bytes as a chunk in memory.
  static func cursor(_ writer: ChunkWriter) -> ChunkCursor { ChunkCursor(Buffer(copying: Array(writer.bytes))) }

  @Test(arguments: 0..<60) func `integers come back`(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let values = Self.integers(seed % 9, Self.count(&random), &random)
    let writer = ChunkWriter()
    // Streams stand anywhere in a chunk.
    for _ in 0..<(random.next() % 9) { writer.byte(7) }
    let start = writer.count
    values.withUnsafeBufferPointer { IntegerEncoder.append($0, to: writer) }
    var cursor = Self.cursor(writer)
    try cursor.skip(start)
    let stream = try IntegerStream(&cursor, countMax: values.count)
    #expect(cursor.remaining == 0)
    let back = stream.decoded()
    #expect((0..<values.count).allSatisfy { back.read(Int64.self)[$0] == values[$0] }, "seed \(seed)")
    let low = values.isEmpty ? 0 : Int(random.next() % UInt64(values.count))
    let part = Buffer(byteCount: max(8, (values.count - low) * 8))
    stream.decode(low..<values.count, into: part.write(Int64.self))
    #expect((low..<values.count).allSatisfy { part.read(Int64.self)[$0 - low] == values[$0] }, "seed \(seed)")
  }

  @Test(arguments: 0..<60) func `codes come back in the width asked for`(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let bound = [1, 2, 3, 200, 256, 257, 60_000, 65_536, 65_537, 1 << 20][seed % 10]
    let count = Self.count(&random)
    var last: UInt32 = 0
    let codes = (0..<count).map { _ -> UInt32 in
      if seed % 3 == 0, random.next() % 40 != 0 { return last }
      last = UInt32(random.next() % UInt64(seed % 4 == 1 ? min(bound, 9) : bound))
      return last
    }
    let writer = ChunkWriter()
    codes.withUnsafeBufferPointer { raw in
      if let base = raw.baseAddress {
        CodeEncoder.append(base, count: count, to: writer)
      } else {
        withUnsafePointer(to: UInt32(0)) { CodeEncoder.append($0, count: 0, to: writer) }
      }
    }
    var cursor = Self.cursor(writer)
    let width = CodeDecoder.width(below: bound)
    let back = try CodeDecoder.decode(&cursor, count: count, bound: bound, width: width)
    for index in 0..<count {
      let code =
        width == 1
        ? UInt32(back.read(UInt8.self)[index])
        : width == 2 ? UInt32(back.read(UInt16.self)[index]) : back.read(UInt32.self)[index]
      guard code == codes[index] else {
        Issue.record("code \(index) of \(count), seed \(seed)")
        return
      }
    }
    // A code beyond the bound is an error.
    if let largest = codes.max(), largest > 0 {
      var again = Self.cursor(writer)
      #expect(throws: ApusError.self) {
        _ = try CodeDecoder.decode(&again, count: count, bound: Int(largest), width: width)
      }
    }
  }

  static func strings(_ shape: Int, _ count: Int, _ random: inout SeededRandom) -> [String] {
    func hex(_ digits: Int) -> String {
      String((0..<digits).map { _ in Array("0123456789abcdef")[Int(random.next() % 16)] })
    }
    return (0..<count).map { index in
      switch shape {
      case 0:
        let digits = hex(32)
        let parts = [(0, 8), (8, 12), (12, 16), (16, 20), (20, 32)]
        return parts.map { String(Array(digits)[$0.0..<$0.1]) }.joined(separator: "-")
      case 1: return "s_" + hex(16)
      case 2: return "trace-" + hex(40)
      case 3: return "user_" + String(random.next() % 100_000)
      case 4: return "u_" + String(String(10_000_000 + random.next() % 1_000_000).dropFirst())
      case 5: return String(repeating: "é", count: Int(random.next() % 9)) + hex(Int(random.next() % 5))
      case 6: return hex(17)
      case 7: return index % 7 == 3 ? "007" : String(random.next() % 1_000)
      case 8: return "same"
      case 9: return hex(16).uppercased()
      default: return String(random.next())
      }
    }
  }

  @Test(arguments: 0..<66) func `strings come back`(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let values = Self.strings(seed % 11, Self.count(&random), &random)
    let writer = ChunkWriter()
    Self.append(values, to: writer)
    var cursor = Self.cursor(writer)
    let (offsets, data) = try StringDecoder.decode(&cursor, count: values.count)
    #expect(cursor.remaining == 0)
    let back = ByteDictionary(count: values.count, offsets: offsets, data: data, isSorted: false)
    #expect((0..<values.count).allSatisfy { back.string($0) == values[$0] }, "seed \(seed)")
  }

  static func append(_ values: [String], to writer: ChunkWriter) {
    var builder = BytesBuilder(capacity: values.count)
    // Offsets need not begin at 0.
    builder.append("before")
    for value in values { builder.append(value) }
    let (offsets, data) = builder.finishStorage()
    withExtendedLifetime((offsets, data)) {
      StringEncoder.append(
        offsets: offsets.read(Int32.self) + 1, data: UnsafeRawPointer(data.address), count: values.count, to: writer)
    }
  }

  @Test func `UUIDs take 16 bytes and short hexadecimal numbers 8`() {
    var random = SeededRandom(seed: 1)
    for (shape, most) in [(0, 16.1), (1, 8.6), (4, 2.9), (3, 2.4)] {
      let writer = ChunkWriter()
      Self.append(Self.strings(shape, 4096, &random), to: writer)
      #expect(Double(writer.count) / 4096 < most, "shape \(shape): \(writer.count) bytes")
    }
  }

  @Test(arguments: 0..<40) func `damaged chunks are errors or values, never traps`(seed: Int) {
    var random = SeededRandom(seed: UInt64(seed) &+ 1_000)
    let writer = ChunkWriter()
    let count = 1 + Self.count(&random)
    let kind = seed % 3
    switch kind {
    case 0: Self.integers(seed % 9, count, &random).withUnsafeBufferPointer { IntegerEncoder.append($0, to: writer) }
    case 1: Self.append(Self.strings(seed % 11, count, &random), to: writer)
    default:
      let codes = (0..<count).map { _ in UInt32(random.next() % 300) / (seed % 2 == 0 ? 1 : 280) }
      codes.withUnsafeBufferPointer {
        if let base = $0.baseAddress {
          CodeEncoder.append(base, count: count, to: writer)
        }
      }
    }
    let sound = Array(writer.bytes)
    for _ in 0..<300 {
      var bytes = sound
      if random.next() % 4 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
      for _ in 0..<3 where !bytes.isEmpty {
        let reach = random.next() % 2 == 0 ? min(bytes.count, 40) : bytes.count
        bytes[Int(random.next() % UInt64(reach))] = UInt8(truncatingIfNeeded: random.next())
      }
      var cursor = ChunkCursor(Buffer(copying: bytes))
      switch kind {
      case 0: _ = (try? IntegerStream(&cursor, countMax: count))?.decoded()
      case 1: _ = try? StringDecoder.decode(&cursor, count: count)
      default: _ = try? CodeDecoder.decode(&cursor, count: count, bound: 300, width: 2)
      }
    }
  }

  @Test(arguments: 0..<10) func `a table of strings numbers them as they come and sorts them bytewise`(seed: Int) {
    var random = SeededRandom(seed: UInt64(seed))
    let values = Self.strings(seed, 3_000, &random)
    let table = StringTable()
    let numbers = values.map { value in
      var copy = value
      return copy.withUTF8 { raw in
        raw.baseAddress.map { table.number(of: UnsafeRawPointer($0), raw.count) } ?? 0
      }
    }
    let (dictionary, places) = table.sortedDictionary()
    #expect(dictionary.count == Set(values).count)
    for (value, number) in zip(values, numbers) {
      #expect(dictionary.string(Int(places.read(UInt32.self)[Int(number)])) == value)
    }
    for code in 1..<dictionary.count { #expect(compareBytes(dictionary.bytes(code - 1), dictionary.bytes(code)) < 0) }
  }
}
