// ChunkDecoding owns how the payload of a block becomes a vector. Every count, code and row number is checked.

import ApusBase
import ApusColumns

/// Rows of which fewer than one in so many have a value keep row numbers rather than nulls.
private let sparseFactor = 8

struct ChunkDecoder {
  var cursor: ChunkCursor
  let rowCount: Int
  let present: Int

  static func damaged(_ what: String) -> ApusError { ApusError(.dataCorrupted, what) }

  init(_ payload: Buffer, rowCount: Int, present: Int) {
    cursor = ChunkCursor(payload)
    self.rowCount = rowCount
    self.present = present
  }

  /// The chunk of a stream. `maySparse`: the result may hold only the rows that have a value.
  mutating func chunk(
    type: DataType, form: StreamForm, dictionary: ByteDictionary?, maySparse: Bool
  ) throws(ApusError) -> StoredChunk {
    let rows = try presence()
    let values = try values(type, form, dictionary)
    guard cursor.remaining == 0 else { throw Self.damaged("bytes are left over") }
    guard values.count == present else { throw Self.damaged("it has \(values.count) values, not \(present)") }
    guard let rows else { return StoredChunk(rows: nil, values: values) }
    if maySparse, present * sparseFactor < rowCount { return StoredChunk(rows: rows, values: values) }
    return StoredChunk(rows: nil, values: values.spread(rows, over: rowCount))
  }

  /// The rows that have a value (UInt32); nil for all.
  private mutating func presence() throws(ApusError) -> Buffer? {
    guard let form = PresenceForm(rawValue: UInt8(truncatingIfNeeded: try cursor.byte())) else {
      throw Self.damaged("which rows have values is told in a form not known")
    }
    let bits: Bitmap
    switch form {
    case .all:
      guard present == rowCount else { throw Self.damaged("it has values for all rows") }
      return nil
    case .bitmap:
      try cursor.align()
      let raw = try cursor.bytes(Bitmap.wordCount(rowCount) * 8)
      let words = Buffer(byteCount: raw.count)
      if let base = raw.baseAddress { words.address.copyMemory(from: base, byteCount: raw.count) }
      bits = Bitmap(words: words, count: rowCount)
    case .runs:
      let count = try cursor.count(atMost: rowCount + 1)
      let stream = try IntegerStream(&cursor, countMax: count)
      guard stream.count == count else { throw Self.damaged("runs of another count") }
      let lengths = stream.decoded()
      bits = Bitmap(repeating: false, count: rowCount)
      var row = 0
      for run in 0..<count {
        let length = lengths.read(Int64.self)[run]
        guard length >= 0, length <= Int64(rowCount - row) else { throw Self.damaged("runs beyond the rows") }
        if run & 1 == 1 { for next in row..<row + Int(length) { bits.set(next) } }
        row += Int(length)
      }
      guard row == rowCount else { throw Self.damaged("runs end at \(row) of \(rowCount)") }
    }
    let rows = SelectionVector(bits)
    guard rows.count == present else { throw Self.damaged("\(rows.count) rows have values, not \(present)") }
    return rows.indices
  }

  private mutating func raw(_ width: Int) throws(ApusError) -> Buffer {
    let bytes = try cursor.bytes(present * width)
    let buffer = Buffer(byteCount: bytes.count)
    if let base = bytes.baseAddress { buffer.address.copyMemory(from: base, byteCount: bytes.count) }
    return buffer
  }

  private mutating func integers() throws(ApusError) -> IntegerStream {
    let stream = try IntegerStream(&cursor, countMax: present)
    guard stream.count == present else { throw Self.damaged("\(stream.count) numbers, not \(present)") }
    return stream
  }

  private mutating func values(
    _ type: DataType, _ form: StreamForm, _ dictionary: ByteDictionary?
  ) throws(ApusError) -> Vector {
    let count = present
    switch form {
    case .none: return .bool(Bitmap(repeating: false, count: count))
    case .bits:
      let codes = try CodeDecoder.decode(&cursor, count: count, bound: 2, width: 1)
      let bits = Bitmap(repeating: false, count: count)
      let flags = codes.read(UInt8.self)
      for index in 0..<count where flags[index] != 0 { bits.set(index) }
      return withExtendedLifetime(codes) { Vector(type: type, count: count, storage: .bool(bits)) }
    case .integers: return narrowed(try integers().decoded(), type)
    case .doubles: return Vector(type: type, count: count, storage: .float64(try doubles()))
    case .raw4: return Vector(type: type, count: count, storage: .float32(try raw(4)))
    case .raw16:
      let buffer = try raw(16)
      return Vector(type: type, count: count, storage: type.physical == .uuid ? .uuid(buffer) : .interval(buffer))
    case .text:
      guard let dictionary else {
        let (offsets, data) = try StringDecoder.decode(&cursor, count: count)
        return Vector(type: type, count: count, storage: .bytes(offsets: offsets, data: data))
      }
      let width = CodeDecoder.width(below: dictionary.count)
      let codes = try CodeDecoder.decode(&cursor, count: count, bound: dictionary.count, width: width)
      return Vector(
        type: type, count: count, storage: .dictionary(codes: codes, width: width, dictionary: dictionary))
    case .vector: return try whole(type)
    }
  }

  /// A vector in the form that commits have.
  private mutating func whole(_ type: DataType) throws(ApusError) -> Vector {
    let view = Buffer(viewOf: cursor.buffer, offset: cursor.offset, byteCount: cursor.remaining)
    do {
      var decoder = VectorDecoder(view)
      let vector = try decoder.vector()
      guard decoder.reader.isAtEnd, vector.type == type else { throw Self.damaged("a vector of another type") }
      try cursor.skip(view.byteCount)
      return vector
    } catch {
      throw Self.damaged((error as? ApusError)?.message ?? "it ends too early")
    }
  }

  private func narrowed(_ buffer: Buffer, _ type: DataType) -> Vector {
    let source = buffer.read(Int64.self)
    let count = present
    return withExtendedLifetime(buffer) {
      switch type.physical {
      case .int16:
        let out = Buffer(byteCount: count * 2)
        let target = out.write(Int16.self)
        for index in 0..<count { target[index] = Int16(truncatingIfNeeded: source[index]) }
        return Vector(type: type, count: count, storage: .int16(out))
      case .int32:
        let out = Buffer(byteCount: count * 4)
        let target = out.write(Int32.self)
        for index in 0..<count { target[index] = Int32(truncatingIfNeeded: source[index]) }
        return Vector(type: type, count: count, storage: .int32(out))
      default: return Vector(type: type, count: count, storage: .int64(buffer))
      }
    }
  }

  private mutating func doubles() throws(ApusError) -> Buffer {
    switch DoubleForm(rawValue: UInt8(truncatingIfNeeded: try cursor.byte())) {
    case .raw: return try raw(8)
    case .decimal:
      let scale = try cursor.byte()
      guard scale < powersOfTen.count else { throw Self.damaged("a scale of \(scale)") }
      let units = try integers().decoded()
      let source = units.read(Int64.self)
      let out = Buffer(byteCount: present * 8)
      let target = out.write(Double.self)
      let power = powersOfTen[scale]
      for index in 0..<present { target[index] = Double(source[index]) / power }
      return withExtendedLifetime(units) { out }
    case nil: throw Self.damaged("numbers in a form not known")
    }
  }
}
