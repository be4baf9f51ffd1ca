// VectorCodec owns the bytes of one vector in the log: every layout that a vector can have, checked when read back.

import ApusBase
import ApusColumns

/// A vector is: type (OID u32), layout u8, count varint, validity flag u8 and its words, then by layout
///
///     bits            words
///     fixed           values
///     bytes           strings (below)
///     dictionary      width u8, entries varint, sorted u8, strings, codes
///     list            lengths, then the child vector
///     constant        the one-row vector
///     shredded        paths varint, then each: keys varint, the keys, kind u8, scale u8, sparse u8, row numbers,
///     vector
///
/// Strings are their lengths (width u8 1, 2 or 4, then one each) and their bytes.
enum VectorLayout: UInt8 {
  case bits = 1, fixed2, fixed4, fixed8, fixed16, bytes, dictionary, list, constant, shredded
}

enum VectorEncoder {
  static func encode(_ vector: Vector, to sink: ByteSink) throws(ApusError) {
    sink.littleEndian(vector.type.oid)
    let count = vector.count
    switch vector.storage {
    case .bool(let bits):
      head(.bits, vector, sink)
      words(bits, sink)
    case .int16(let buffer): fixed(.fixed2, buffer, 2, vector, sink)
    case .int32(let buffer), .float32(let buffer): fixed(.fixed4, buffer, 4, vector, sink)
    case .int64(let buffer), .float64(let buffer): fixed(.fixed8, buffer, 8, vector, sink)
    case .interval(let buffer), .uuid(let buffer): fixed(.fixed16, buffer, 16, vector, sink)
    case .bytes(let offsets, let data):
      head(.bytes, vector, sink)
      strings(offsets, data, count, sink)
    case .dictionary(let codes, let width, let dictionary):
      head(.dictionary, vector, sink)
      sink.byte(UInt8(truncatingIfNeeded: width))
      sink.varint(dictionary.count)
      sink.byte(dictionary.isSorted ? 1 : 0)
      strings(dictionary.offsets, dictionary.data, dictionary.count, sink)
      sink.append(codes.address, count: count * width)
    case .list(let offsets, let child):
      head(.list, vector, sink)
      let bounds = offsets.read(Int32.self)
      lengths(bounds, count, sink)
      try encode(child.vector.slice(Int(bounds[0])..<Int(bounds[count])), to: sink)
    case .constant(let box):
      head(.constant, vector, sink)
      try encode(box.vector, to: sink)
    case .shredded(let column):
      head(.shredded, vector, sink)
      try shredded(column, sink)
    }
  }

  private static func head(_ layout: VectorLayout, _ vector: Vector, _ sink: ByteSink) {
    sink.byte(layout.rawValue)
    sink.varint(vector.count)
    sink.byte(vector.validity == nil ? 0 : 1)
    if let validity = vector.validity { words(validity, sink) }
  }

  private static func words(_ bits: Bitmap, _ sink: ByteSink) {
    sink.append(bits.words.address, count: Bitmap.wordCount(bits.count) * 8)
  }

  private static func fixed(_ layout: VectorLayout, _ buffer: Buffer, _ width: Int, _ vector: Vector, _ sink: ByteSink)
  {
    head(layout, vector, sink)
    sink.append(buffer.address, count: vector.count * width)
  }

  private static func strings(_ offsets: Buffer, _ data: Buffer, _ count: Int, _ sink: ByteSink) {
    let bounds = offsets.read(Int32.self)
    lengths(bounds, count, sink)
    sink.append(data.address + Int(bounds[0]), count: Int(bounds[count] &- bounds[0]))
  }

  private static func lengths(_ bounds: UnsafePointer<Int32>, _ count: Int, _ sink: ByteSink) {
    var longest: Int32 = 0
    for index in 0..<count { longest = max(longest, bounds[index &+ 1] &- bounds[index]) }
    if longest < 256 {
      sink.byte(1)
      let out = sink.extend(count).assumingMemoryBound(to: UInt8.self)
      for index in 0..<count { out[index] = UInt8(truncatingIfNeeded: bounds[index &+ 1] &- bounds[index]) }
    } else if longest < 65_536 {
      sink.byte(2)
      let out = sink.extend(count * 2)
      for index in 0..<count {
        let length = UInt16(truncatingIfNeeded: bounds[index &+ 1] &- bounds[index])
        out.storeBytes(of: length.littleEndian, toByteOffset: index * 2, as: UInt16.self)
      }
    } else {
      sink.byte(4)
      let out = sink.extend(count * 4)
      for index in 0..<count {
        let length = UInt32(truncatingIfNeeded: bounds[index &+ 1] &- bounds[index])
        out.storeBytes(of: length.littleEndian, toByteOffset: index * 4, as: UInt32.self)
      }
    }
  }

  private static func shredded(_ column: ShreddedColumn, _ sink: ByteSink) throws(ApusError) {
    sink.byte(column.validity == nil ? 0 : 1)
    if let validity = column.validity { words(validity, sink) }
    sink.varint(column.paths.count)
    for path in column.paths {
      sink.varint(path.path.count)
      for key in path.path { sink.string(key) }
      let (kind, scale) = code(path.kind)
      sink.byte(kind)
      sink.byte(scale)
      if let rows = path.rows {
        sink.byte(1)
        sink.varint(path.values.count)
        sink.append(rows.address, count: path.values.count * 4)
      } else {
        sink.byte(0)
      }
      try encode(path.values, to: sink)
    }
  }

  static func code(_ kind: PathKind) -> (UInt8, UInt8) {
    switch kind {
    case .jsonNull: (0, 0)
    case .bool: (1, 0)
    case .int8: (2, 0)
    case .decimal(let scale): (3, UInt8(truncatingIfNeeded: scale))
    case .float8: (4, 0)
    case .numeric: (5, 0)
    case .text: (6, 0)
    case .json: (7, 0)
    case .emptyObject: (8, 0)
    }
  }
}

/// Reads vectors back. Every count, offset, code and row number is checked before anything trusts it.
struct VectorDecoder {
  var reader: ByteReader
  private let raw: Buffer

  init(_ raw: Buffer) {
    self.raw = raw
    reader = ByteReader(raw.rawBytes)
  }

  static func damaged(_ what: String) -> ApusError { ApusError(.dataCorrupted, what) }

  /// A count of things: bounded, so that it may be multiplied.
  mutating func count() throws -> Int {
    let value = try reader.varint()
    guard value <= UInt64(Int32.max) else { throw Self.damaged("a count is impossible") }
    return Int(value)
  }

  /// The next bytes, in memory of their own (aligned as vectors need).
  private mutating func buffer(_ byteCount: Int) throws -> Buffer {
    guard byteCount >= 0, byteCount <= reader.remaining else { throw Self.damaged("a column ends too early") }
    let start = reader.offset
    try reader.skip(byteCount)
    let copy = Buffer(byteCount: byteCount)
    copy.address.copyMemory(from: raw.address + start, byteCount: byteCount)
    return copy
  }

  private mutating func bitmap(_ count: Int) throws -> Bitmap {
    Bitmap(words: try buffer(Bitmap.wordCount(count) * 8), count: count)
  }

  mutating func vector(depth: Int = 0) throws -> Vector {
    guard depth < 4 else { throw Self.damaged("a column is nested too deeply") }
    guard let type = DataType(oid: try reader.littleEndian(UInt32.self)),
      let layout = VectorLayout(rawValue: try reader.littleEndian(UInt8.self))
    else { throw Self.damaged("a column's type is not known") }
    let count = try count()
    let hasValidity = try reader.littleEndian(UInt8.self) != 0
    let validity = hasValidity ? try bitmap(count) : nil
    let storage = try storage(layout, type, count, validity, depth)
    return Vector(type: type, count: count, validity: validity, storage: storage)
  }

  private mutating func storage(
    _ layout: VectorLayout, _ type: DataType, _ count: Int, _ validity: Bitmap?, _ depth: Int
  ) throws -> Vector.Storage {
    switch (layout, type.physical) {
    case (.bits, .bool): return .bool(try bitmap(count))
    case (.fixed2, .int16): return .int16(try buffer(count * 2))
    case (.fixed4, .int32): return .int32(try buffer(count * 4))
    case (.fixed4, .float32): return .float32(try buffer(count * 4))
    case (.fixed8, .int64): return .int64(try buffer(count * 8))
    case (.fixed8, .float64): return .float64(try buffer(count * 8))
    case (.fixed16, .interval): return .interval(try buffer(count * 16))
    case (.fixed16, .uuid): return .uuid(try buffer(count * 16))
    case (.bytes, .bytes):
      let (offsets, data) = try strings(count)
      return .bytes(offsets: offsets, data: data)
    case (.dictionary, .bytes): return try dictionary(count, validity)
    case (.list, .list):
      let (offsets, total) = try offsets(count)
      let child = try vector(depth: depth + 1)
      guard child.count == total else { throw Self.damaged("a list's lengths are wrong") }
      return .list(offsets: offsets, child: VectorBox(child))
    case (.constant, _):
      let child = try vector(depth: depth + 1)
      guard child.count == 1, !child.isConstant, child.type.physical == type.physical else {
        throw Self.damaged("a constant column is damaged")
      }
      return .constant(VectorBox(child))
    case (.shredded, .bytes): return .shredded(try shredded(count, depth))
    default: throw Self.damaged("a column's layout does not suit its type")
    }
  }

  private mutating func offsets(_ count: Int) throws -> (Buffer, total: Int) {
    let width = Int(try reader.littleEndian(UInt8.self))
    guard [1, 2, 4].contains(width) else { throw Self.damaged("a column's lengths are damaged") }
    let lengths = try buffer(count * width)
    let offsets = Buffer(byteCount: (count + 1) * 4)
    let out = offsets.write(Int32.self)
    var total = 0
    out[0] = 0
    for index in 0..<count {
      switch width {
      case 1: total &+= Int(lengths.read(UInt8.self)[index])
      case 2: total &+= Int(UInt16(littleEndian: lengths.read(UInt16.self)[index]))
      default: total &+= Int(UInt32(littleEndian: lengths.read(UInt32.self)[index]))
      }
      guard total <= Int(Int32.max) else { throw Self.damaged("a column's lengths are impossible") }
      out[index + 1] = Int32(truncatingIfNeeded: total)
    }
    return (offsets, total)
  }

  private mutating func strings(_ count: Int) throws -> (offsets: Buffer, data: Buffer) {
    let (offsets, total) = try offsets(count)
    return (offsets, try buffer(total))
  }

  private mutating func dictionary(_ count: Int, _ validity: Bitmap?) throws -> Vector.Storage {
    let width = Int(try reader.littleEndian(UInt8.self))
    guard [1, 2, 4].contains(width) else { throw Self.damaged("a dictionary's width is impossible") }
    let entries = try self.count()
    let isSorted = try reader.littleEndian(UInt8.self) != 0
    let (offsets, data) = try strings(entries)
    let codes = try buffer(count * width)
    for index in 0..<count {
      let code =
        width == 1
        ? Int(codes.read(UInt8.self)[index])
        : width == 2 ? Int(codes.read(UInt16.self)[index]) : Int(codes.read(UInt32.self)[index])
      let isNull = validity.map { !$0[index] } ?? false
      guard code < entries || (isNull && code == 0) else { throw Self.damaged("a dictionary code is out of range") }
    }
    let dictionary = ByteDictionary(count: entries, offsets: offsets, data: data, isSorted: isSorted)
    return .dictionary(codes: codes, width: width, dictionary: dictionary)
  }

  private mutating func shredded(_ count: Int, _ depth: Int) throws -> ShreddedColumn {
    let hasValidity = try reader.littleEndian(UInt8.self) != 0
    let validity = hasValidity ? try bitmap(count) : nil
    let pathCount = try self.count()
    var paths: [PathColumn] = []
    for _ in 0..<pathCount {
      let keyCount = try self.count()
      guard keyCount <= Limits.jsonDepthMax else { throw Self.damaged("a path is too long") }
      var keys: [String] = []
      for _ in 0..<keyCount { keys.append(try reader.string()) }
      let code = try reader.littleEndian(UInt8.self)
      let scale = try reader.littleEndian(UInt8.self)
      guard let kind = Self.kind(code, scale) else { throw Self.damaged("a path's kind is not known") }
      var rows: Buffer?
      var valueCount = count
      if try reader.littleEndian(UInt8.self) != 0 {
        valueCount = try self.count()
        rows = try rowNumbers(valueCount, below: count)
      }
      let values = try vector(depth: depth + 1)
      guard values.count == valueCount else { throw Self.damaged("a path's count is wrong") }
      paths.append(PathColumn(path: keys, kind: kind, rows: rows, values: values))
    }
    return ShreddedColumn(count: count, validity: validity, paths: paths)
  }

  private mutating func rowNumbers(_ count: Int, below limit: Int) throws -> Buffer {
    let rows = try buffer(count * 4)
    let numbers = rows.read(UInt32.self)
    for index in 0..<count {
      let ascends = index == 0 || numbers[index - 1] < numbers[index]
      guard ascends, Int(numbers[index]) < limit else { throw Self.damaged("a path's row numbers are wrong") }
    }
    return rows
  }

  static func kind(_ code: UInt8, _ scale: UInt8) -> PathKind? {
    switch code {
    case 0: .jsonNull
    case 1: .bool
    case 2: .int8
    case 3: (1...18).contains(scale) ? .decimal(scale: Int(scale)) : nil
    case 4: .float8
    case 5: .numeric
    case 6: .text
    case 7: .json
    case 8: .emptyObject
    default: nil
    }
  }
}

extension Vector {
  /// Bytes that the vector keeps in memory, shared parts counted in full.
  var heldBytes: Int {
    let own: Int =
      switch storage {
      case .bool(let bits): Bitmap.wordCount(bits.count) * 8
      case .int16(let buffer), .int32(let buffer), .int64(let buffer), .float32(let buffer), .float64(let buffer),
        .interval(let buffer), .uuid(let buffer):
        buffer.byteCount
      case .bytes(let offsets, let data): offsets.byteCount + (count == 0 ? 0 : data.byteCount)
      case .dictionary(let codes, _, let dictionary): codes.byteCount + dictionary.byteCount
      case .list(let offsets, let child): offsets.byteCount + child.vector.heldBytes
      case .constant(let box): box.vector.heldBytes
      case .shredded(let column):
        column.paths.reduce(0) { $0 + $1.values.heldBytes + ($1.rows?.byteCount ?? 0) }
      }
    return own + (validity == nil ? 0 : Bitmap.wordCount(count) * 8)
  }
}
