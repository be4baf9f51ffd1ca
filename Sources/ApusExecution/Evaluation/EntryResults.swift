// EntryResults owns the results of a function over the entries of a dictionary, and their mapping to rows by code.

import ApusBase
import ApusColumns
import ApusSketches

/// One result for each code of a dictionary.
struct EntryResults {
  private let values: Vector
  /// For boolean results: 1 for true by code; nulls are 0.
  private let flags: [UInt8]
  /// For byte results: the code in `dictionary` by code of the argument.
  private let recoded: [UInt32]
  private let dictionary: ByteDictionary?

  /// Throws 54000 for more than 2 GiB of text.
  init(_ result: Vector) throws(ApusError) {
    let flat = result.flattened()
    values = flat
    if case .bool(let bits) = flat.storage {
      flags = (0..<flat.count).map { bits[$0] && !flat.isNull($0) ? 1 : 0 }
    } else {
      flags = []
    }
    guard flat.type.physical == .bytes else {
      recoded = []
      dictionary = nil
      return
    }
    let table = BytesTable(capacity: flat.count)
    var codes: [UInt32] = []
    codes.reserveCapacity(flat.count)
    for row in 0..<flat.count { codes.append(flat.isNull(row) ? 0 : table.insert(flat.rawBytes(row))) }
    recoded = codes
    let (offsets, data) = try table.storage()
    dictionary = ByteDictionary(count: table.count, offsets: offsets, data: data, isSorted: false)
  }

  /// The results of `count` rows with these codes.
  func map(codes: Buffer, width: Int, validity: Bitmap?, count: Int) -> Vector {
    var valid = validity
    if values.validity != nil { valid = Bitmap.intersection(valid, bits(codes, width, count) { !values.isNull($0) }) }
    if !flags.isEmpty { return .bool(flagBits(codes, width, count), validity: valid) }
    let wide = wideCodes(codes, width: width, count: count)
    if let dictionary {
      if dictionary.count == 0 { return .nulls(type: values.type, count: count) }
      let out = Buffer(byteCount: count * 4)
      let target = out.write(UInt32.self)
      let source = wide.read(UInt32.self)
      recoded.withUnsafeBufferPointer { table in
        for row in 0..<count { target[row] = table[Int(source[row])] }
      }
      return Vector(
        type: values.type, count: count, validity: valid,
        storage: .dictionary(codes: out, width: 4, dictionary: dictionary))
    }
    let taken = Vector(type: values.type, count: values.count, storage: values.storage)
      .gathered(SelectionVector(indices: wide, count: count))
    return Vector(type: values.type, count: count, validity: valid, storage: taken.storage)
  }

  private func bits(_ codes: Buffer, _ width: Int, _ count: Int, _ test: (Int) -> Bool) -> Bitmap {
    let table = (0..<values.count).map { test($0) ? UInt8(1) : 0 }
    return codeBits(codes, width: width, count: count, table: table)
  }
  private func flagBits(_ codes: Buffer, _ width: Int, _ count: Int) -> Bitmap {
    codeBits(codes, width: width, count: count, table: flags)
  }
}

/// A bit a row: `table[code]`, which is 0 or 1.
func codeBits(_ codes: Buffer, width: Int, count: Int, table: [UInt8]) -> Bitmap {
  table.withUnsafeBufferPointer { table in
    switch width {
    case 1: packBits(codes.read(UInt8.self), count) { UInt64(table[Int($0)]) }
    case 2: packBits(codes.read(UInt16.self), count) { UInt64(table[Int($0)]) }
    default: packBits(codes.read(UInt32.self), count) { UInt64(table[Int($0)]) }
    }
  }
}

/// Packs a bit a row, each 0 or 1.
@inline(__always)
func packBits<T: BitwiseCopyable>(_ values: UnsafePointer<T>, _ count: Int, _ test: (T) -> UInt64) -> Bitmap {
  let buffer = Buffer(byteCount: Bitmap.wordCount(count) * 8)
  let words = buffer.write(UInt64.self)
  var row = 0
  var word = 0
  while row &+ 64 <= count {
    var bits: UInt64 = 0
    for bit in 0..<64 { bits |= test(values[row &+ bit]) &<< UInt64(truncatingIfNeeded: bit) }
    words[word] = bits
    word &+= 1
    row &+= 64
  }
  if row < count {
    var bits: UInt64 = 0
    for bit in 0..<(count &- row) { bits |= test(values[row &+ bit]) &<< UInt64(truncatingIfNeeded: bit) }
    words[word] = bits
  }
  return Bitmap(words: buffer, count: count)
}

/// Codes as UInt32.
func wideCodes(_ codes: Buffer, width: Int, count: Int) -> Buffer {
  if width == 4 { return codes }
  let out = Buffer(byteCount: count * 4)
  let target = out.write(UInt32.self)
  if width == 1 {
    let source = codes.read(UInt8.self)
    for row in 0..<count { target[row] = UInt32(source[row]) }
  } else {
    let source = codes.read(UInt16.self)
    for row in 0..<count { target[row] = UInt32(source[row]) }
  }
  return out
}
