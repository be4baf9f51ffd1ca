// StreamScratch owns the values of one stream of a column as the parts of a segment-to-be hold them: laid end to end in
// one plain form, before they are put in the segment's order.

import ApusBase
import ApusColumns

/// A part of a stream: the rows `base`..<`base + count` of all.
struct StreamPiece {
  var base: Int
  var count: Int
  /// One value a row, or, where `rows` says so, one for each of these rows of the part.
  var values: Vector
  var rows: Buffer?
}

/// Values in slots. Dense: a slot for every row. Sparse: one for every row that has a value, in the rows' order.
struct StreamScratch {
  enum Values {
    case none
    /// Int64; bits of doubles.
    case integers(Buffer)
    /// UInt32: bits, float4, or codes of a sorted dictionary.
    case small(Buffer, ByteDictionary?)
    case raw16(Buffer)
    /// Where the bytes of each value are (UInt) and how many (Int32). The pieces keep them alive.
    case text(addresses: Buffer, lengths: Buffer)
  }
  var values: Values
  var slotCount: Int
  /// Sparse: the row of each slot.
  var slotRows: Buffer?
  /// Dense: the rows that have a value; nil for all.
  var validity: Bitmap?
  /// What text points into.
  var pieces: [StreamPiece]
}

/// Rows of which fewer than one in so many have a value are kept sparse.
private let sparseFactor = 8

extension StreamScratch {
  /// `isKey` makes text a dictionary however rarely it repeats, so that codes order as the values do.
  init(_ given: [StreamPiece], total: Int, form: StreamForm, isKey: Bool = false) {
    var present = 0
    var covered = 0
    for piece in given {
      present += piece.values.count - piece.values.nullCount
      covered += piece.count
    }
    let isSparse = present * sparseFactor < total && !isKey
    pieces = given.map { Self.plain($0, isSparse: isSparse, form) }
    slotCount = isSparse ? present : total
    validity = nil
    slotRows = nil
    values = .none
    if isSparse {
      slotRows = Self.rows(of: pieces, count: present)
    } else if present < total {
      validity = Self.validity(of: pieces, total)
    }
    switch form {
    case .none, .vector: break
    case .integers, .doubles: values = .integers(integers())
    case .bits, .raw4: values = .small(small(), nil)
    case .raw16: values = .raw16(wide())
    case .text: values = text(present: present, isKey: isKey)
    }
  }

  /// Constants and what else has no plain buffer become plain; in a sparse stream only present values stay.
  private static func plain(_ piece: StreamPiece, isSparse: Bool, _ form: StreamForm) -> StreamPiece {
    var piece = piece
    if case .constant = piece.values.storage { piece.values = piece.values.flattened() }
    if isSparse, let rows = piece.rows, let validity = piece.values.validity {
      let present = SelectionVector(validity)
      let numbers = Vector(type: .int4, count: piece.values.count, storage: .int32(rows))
      piece.rows = numbers.gathered(present).fixedBuffer
      piece.values = piece.values.gathered(present)
    }
    if isSparse, piece.rows == nil {
      guard let validity = piece.values.validity else {
        let all = Buffer(byteCount: piece.count * 4)
        for row in 0..<piece.count { all.write(UInt32.self)[row] = UInt32(truncatingIfNeeded: row) }
        piece.rows = all
        return piece
      }
      let present = SelectionVector(validity)
      piece.values = piece.values.gathered(present)
      piece.rows = present.indices
    }
    return piece
  }

  private static func rows(of pieces: [StreamPiece], count: Int) -> Buffer {
    let buffer = Buffer(byteCount: count * 4)
    let out = buffer.write(UInt32.self)
    var next = 0
    for piece in pieces {
      guard let rows = piece.rows?.read(UInt32.self) else { continue }
      for index in 0..<min(piece.values.count, count - next) {
        out[next &+ index] = rows[index] &+ UInt32(truncatingIfNeeded: piece.base)
      }
      next += piece.values.count
    }
    return buffer
  }

  private static func validity(of pieces: [StreamPiece], _ total: Int) -> Bitmap {
    let bits = Bitmap(repeating: false, count: total)
    for piece in pieces {
      if let rows = piece.rows?.read(UInt32.self) {
        for index in 0..<piece.values.count where !piece.values.isNull(index) {
          bits.set(piece.base &+ Int(rows[index]))
        }
      } else {
        bits.merge(piece.values.validity, count: piece.count, at: piece.base)
      }
    }
    return bits
  }

  // MARK: Fixed width

  /// Puts the values of a piece in their slots.
  @inline(__always)
  private func place<S: BitwiseCopyable, T: BitwiseCopyable>(
    _ piece: StreamPiece, _ running: Int, _ source: UnsafePointer<S>, _ out: UnsafeMutablePointer<T>,
    _ convert: (S) -> T
  ) {
    if slotRows != nil {
      for index in 0..<piece.values.count { out[running &+ index] = convert(source[index]) }
    } else if let rows = piece.rows?.read(UInt32.self) {
      for index in 0..<piece.values.count { out[piece.base &+ Int(rows[index])] = convert(source[index]) }
    } else {
      for index in 0..<piece.count { out[piece.base &+ index] = convert(source[index]) }
    }
  }

  private func integers() -> Buffer {
    let buffer = Buffer.zeroed(byteCount: slotCount * 8)
    let out = buffer.write(Int64.self)
    var running = 0
    for piece in pieces {
      switch piece.values.storage {
      case .int64(let source), .float64(let source): place(piece, running, source.read(Int64.self), out) { $0 }
      case .int32(let source): place(piece, running, source.read(Int32.self), out) { Int64($0) }
      case .int16(let source): place(piece, running, source.read(Int16.self), out) { Int64($0) }
      default: break
      }
      running += piece.values.count
    }
    return buffer
  }

  private func small() -> Buffer {
    let buffer = Buffer.zeroed(byteCount: slotCount * 4)
    let out = buffer.write(UInt32.self)
    var running = 0
    for piece in pieces {
      switch piece.values.storage {
      case .float32(let source): place(piece, running, source.read(UInt32.self), out) { $0 }
      case .bool(let bits):
        let bytes = Buffer(byteCount: bits.count)
        let flags = bytes.write(UInt8.self)
        let words = bits.words.read(UInt64.self)
        for index in 0..<bits.count {
          flags[index] = UInt8(truncatingIfNeeded: (words[index >> 6] &>> UInt64(index & 63)) & 1)
        }
        withExtendedLifetime(bytes) { place(piece, running, bytes.read(UInt8.self), out) { UInt32($0) } }
      default: break
      }
      running += piece.values.count
    }
    return buffer
  }

  private func wide() -> Buffer {
    let buffer = Buffer.zeroed(byteCount: slotCount * 16)
    let out = buffer.write(UUIDValue.self)
    var running = 0
    for piece in pieces {
      switch piece.values.storage {
      case .interval(let source), .uuid(let source): place(piece, running, source.read(UUIDValue.self), out) { $0 }
      default: break
      }
      running += piece.values.count
    }
    return buffer
  }

  // MARK: Text

  /// Flat values after which it is looked whether they repeat.
  private static let firstLook = 8_192

  private func text(present: Int, isKey: Bool) -> Values {
    if let (codes, dictionary) = codes(present: present, isKey: isKey) { return .small(codes, dictionary) }
    let addresses = Buffer.zeroed(byteCount: slotCount * 8)
    let lengths = Buffer.zeroed(byteCount: slotCount * 4)
    let starts = addresses.write(UInt.self)
    let counts = lengths.write(Int32.self)
    var running = 0
    for piece in pieces {
      let rows = piece.rows?.read(UInt32.self)
      for index in 0..<piece.values.count where !piece.values.isNull(index) {
        let slot = slotRows != nil ? running &+ index : rows.map { piece.base &+ Int($0[index]) } ?? piece.base &+ index
        let raw = piece.values.rawBytes(index)
        starts[slot] = UInt(bitPattern: raw.baseAddress)
        counts[slot] = Int32(truncatingIfNeeded: raw.count)
      }
      running += piece.values.count
    }
    return .text(addresses: addresses, lengths: lengths)
  }

  /// Codes over one sorted dictionary, when at most half of the values are distinct.
  private func codes(present: Int, isKey: Bool) -> (Buffer, ByteDictionary)? {
    let table = StringTable()
    let buffer = Buffer.zeroed(byteCount: slotCount * 4)
    let out = buffer.write(UInt32.self)
    var running = 0
    var flat = 0
    for piece in pieces {
      switch piece.values.storage {
      case .dictionary(let codes, let width, let dictionary):
        guard let map = Self.numbers(piece.values, codes, width, dictionary, in: table) else { return nil }
        withExtendedLifetime(map) {
          let new = map.read(UInt32.self)
          switch width {
          case 1: place(piece, running, codes.read(UInt8.self), out) { new[Int($0)] }
          case 2: place(piece, running, codes.read(UInt16.self), out) { new[Int($0)] }
          default: place(piece, running, codes.read(UInt32.self), out) { new[Int($0)] }
          }
        }
      case .bytes:
        guard number(piece, running, in: table, seen: &flat, isKey: isKey, out) else { return nil }
      default: break
      }
      running += piece.values.count
    }
    guard table.count > 0, isKey || table.count * 2 <= present else { return nil }
    let (dictionary, places) = table.sortedDictionary()
    let rank = places.read(UInt32.self)
    for slot in 0..<slotCount { out[slot] = rank[Int(out[slot])] }
    return withExtendedLifetime(places) { (buffer, dictionary) }
  }

  /// The table's number for each entry that a value uses (UInt32); nil when they do not fit it.
  private static func numbers(
    _ vector: Vector, _ codes: Buffer, _ width: Int, _ dictionary: ByteDictionary, in table: StringTable
  ) -> Buffer? {
    let used = Buffer.zeroed(byteCount: max(1, dictionary.count))
    let marks = used.write(UInt8.self)
    if dictionary.count > 0 {
      switch width {
      case 1: mark(codes.read(UInt8.self), vector, marks)
      case 2: mark(codes.read(UInt16.self), vector, marks)
      default: mark(codes.read(UInt32.self), vector, marks)
      }
    }
    let map = Buffer.zeroed(byteCount: max(1, dictionary.count) * 4)
    let out = map.write(UInt32.self)
    for code in 0..<dictionary.count where marks[code] != 0 {
      let entry = dictionary.bytes(code)
      guard table.fits(entry.count) else { return nil }
      out[code] = table.number(of: entry.baseAddress ?? UnsafeRawPointer(used.address), entry.count)
    }
    return withExtendedLifetime(used) { map }
  }

  @inline(__always)
  private static func mark<T: FixedWidthInteger & BitwiseCopyable>(
    _ codes: UnsafePointer<T>, _ vector: Vector, _ marks: UnsafeMutablePointer<UInt8>
  ) {
    if let validity = vector.validity {
      for row in 0..<vector.count where validity[row] { marks[Int(codes[row])] = 1 }
    } else {
      for row in 0..<vector.count { marks[Int(codes[row])] = 1 }
    }
  }

  /// Numbers flat values; false when they do not fit or hardly repeat.
  private func number(
    _ piece: StreamPiece, _ running: Int, in table: StringTable, seen: inout Int, isKey: Bool,
    _ out: UnsafeMutablePointer<UInt32>
  ) -> Bool {
    guard case .bytes(let offsets, let data) = piece.values.storage else { return false }
    let bounds = offsets.read(Int32.self)
    let rows = piece.rows?.read(UInt32.self)
    let validity = piece.values.validity
    var nextLook = Self.firstLook
    while nextLook <= seen { nextLook *= 2 }
    for index in 0..<piece.values.count {
      if let validity, !validity[index] { continue }
      if seen == nextLook {
        if !isKey, table.count * 4 > seen * 3 { return false }
        nextLook *= 2
      }
      seen &+= 1
      let length = Int(bounds[index &+ 1] &- bounds[index])
      guard table.fits(length) else { return false }
      let number = table.number(of: UnsafeRawPointer(data.address) + Int(bounds[index]), length)
      if slotRows != nil {
        out[running &+ index] = number
      } else if let rows {
        out[piece.base &+ Int(rows[index])] = number
      } else {
        out[piece.base &+ index] = number
      }
    }
    return true
  }
}
