// BytesColumn owns the sight of a vector of byte strings as pointers, whatever its layout.

import ApusBase
import ApusColumns

/// Byte strings by row. The rows of a constant vector are one; those of a dictionary vector are its entries by code.
struct BytesColumn {
  private let offsets: UnsafePointer<Int32>
  private let data: UnsafeRawPointer
  private let codes: UnsafeRawPointer
  /// Bytes of a code; 0 where rows are entries.
  private let width: Int
  /// 0 where all rows are the first entry.
  private let step: Int
  /// Keeps the memory.
  let owner: Vector

  init(_ vector: Vector) {
    var source = vector
    var step = 1
    if case .constant(let box) = vector.storage {
      source = box.vector.flattened()
      step = 0
    } else if case .shredded = vector.storage {
      source = vector.flattened()
    }
    var width = 0
    switch source.storage {
    case .bytes(let offsets, let data):
      self.offsets = offsets.read(Int32.self)
      self.data = UnsafeRawPointer(data.address)
      codes = UnsafeRawPointer(data.address)
    case .dictionary(let codes, let codeWidth, let dictionary) where dictionary.count > 0:
      offsets = dictionary.offsets.read(Int32.self)
      data = UnsafeRawPointer(dictionary.data.address)
      self.codes = UnsafeRawPointer(codes.address)
      width = codeWidth
    default:
      // All rows are null: they read as empty.
      let none = Buffer.zeroed(byteCount: 8)
      source = Vector(type: vector.type, count: 1, storage: .bytes(offsets: none, data: none))
      offsets = none.read(Int32.self)
      data = UnsafeRawPointer(none.address)
      codes = data
      step = 0
    }
    self.width = width
    self.step = step
    owner = source
  }

  @inline(__always)
  subscript(row: Int) -> UnsafeRawBufferPointer {
    let entry: Int
    switch width {
    case 0: entry = row &* step
    case 1: entry = Int(codes.load(fromByteOffset: row, as: UInt8.self))
    case 2: entry = Int(codes.load(fromByteOffset: row &* 2, as: UInt16.self))
    default: entry = Int(codes.load(fromByteOffset: row &* 4, as: UInt32.self))
    }
    let start = Int(offsets[entry])
    return UnsafeRawBufferPointer(start: data + start, count: Int(offsets[entry &+ 1]) &- start)
  }
}

/// A test of each pair of rows' bytes that cannot fail.
@inline(__always)
func compareBytesFixed(
  _ arguments: [Vector], _ count: Int, _ test: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Bool
) -> Vector {
  let (validity, isAllNull) = strictValidity(arguments, count)
  if isAllNull { return .nulls(type: .bool, count: count) }
  let (a, b) = (BytesColumn(arguments[0]), BytesColumn(arguments[1]))
  let bits = withExtendedLifetime((a.owner, b.owner)) {
    if arguments[1].isConstant {
      let one = b[0]
      return packRows(count) { test(a[$0], one) }
    }
    return packRows(count) { test(a[$0], b[$0]) }
  }
  return .bool(bits, validity: validity)
}

/// A fixed-width value of each row's bytes.
@inline(__always)
func readFixed<R: BitwiseCopyable>(
  _ vector: Vector, _ count: Int, _ type: DataType,
  _ function: (UnsafeRawBufferPointer) throws(ApusError) -> R
) throws(ApusError) -> Vector {
  let (validity, isAllNull) = strictValidity([vector], count)
  if isAllNull { return .nulls(type: type, count: count) }
  let source = BytesColumn(vector)
  let buffer = Buffer.zeroed(byteCount: count * MemoryLayout<R>.stride)
  let out = buffer.write(R.self)
  defer { withExtendedLifetime(source.owner) {} }
  for row in 0..<count {
    if let validity, !validity[row] { continue }
    out[row] = try function(source[row])
  }
  return Vector(type: type, count: count, validity: validity, storage: fixedStorage(buffer, type))
}
