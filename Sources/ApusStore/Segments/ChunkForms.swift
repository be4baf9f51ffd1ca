// ChunkForms owns what a chunk becomes before it is written: a sorted dictionary where values repeat, and its bounds.

import ApusBase
import ApusColumns

/// Text longer than this is not kept as a bound.
private let boundBytesMax = 256

/// The vector over a sorted dictionary with codes as narrow as they go, when at most half of the rows are distinct;
/// else
/// a flat one. Vectors that are not bytes come back as they are.
func sortedDictionary(_ vector: Vector) -> Vector {
  switch vector.storage {
  case .dictionary(_, _, let dictionary): return resorted(vector, dictionary)
  case .bytes: return encoded(vector)
  default: return vector
  }
}

private func resorted(_ vector: Vector, _ dictionary: ByteDictionary) -> Vector {
  var isUsed = [Bool](repeating: false, count: dictionary.count)
  for row in 0..<vector.count { if let code = vector.code(at: row) { isUsed[code] = true } }
  var used = (0..<dictionary.count).filter { isUsed[$0] }
  guard used.count * 2 <= vector.count else { return vector.flattened() }
  if !dictionary.isSorted { used.sort { compareBytes(dictionary.bytes($0), dictionary.bytes($1)) < 0 } }
  var renamed = [UInt32](repeating: 0, count: dictionary.count)
  var entries = BytesBuilder(capacity: used.count)
  for (place, code) in used.enumerated() {
    renamed[code] = UInt32(truncatingIfNeeded: place)
    entries.append(dictionary.bytes(code))
  }
  let codes = (0..<vector.count).map { row in vector.code(at: row).map { renamed[$0] } ?? 0 }
  return overSorted(vector, codes, &entries, used.count)
}

private func encoded(_ vector: Vector) -> Vector {
  let count = vector.count
  var capacity = 64
  while capacity < count * 2 { capacity *= 2 }
  var slots = [Int32](repeating: -1, count: capacity)
  var first: [Int] = []
  var codes = [UInt32](repeating: 0, count: count)
  for row in 0..<count where !vector.isNull(row) {
    let bytes = vector.rawBytes(row)
    var slot = Int(truncatingIfNeeded: hashBytes(bytes) & UInt64(capacity - 1))
    while slots[slot] >= 0, compareBytes(vector.rawBytes(first[Int(slots[slot])]), bytes) != 0 {
      slot = (slot + 1) & (capacity - 1)
    }
    if slots[slot] < 0 {
      guard (first.count + 1) * 2 <= count else { return vector }
      slots[slot] = Int32(truncatingIfNeeded: first.count)
      first.append(row)
    }
    codes[row] = UInt32(truncatingIfNeeded: Int(slots[slot]))
  }
  var order = Array(first.indices)
  order.sort { compareBytes(vector.rawBytes(first[$0]), vector.rawBytes(first[$1])) < 0 }
  var renamed = [UInt32](repeating: 0, count: first.count)
  var entries = BytesBuilder(capacity: first.count)
  for (place, old) in order.enumerated() {
    renamed[old] = UInt32(truncatingIfNeeded: place)
    entries.append(vector.rawBytes(first[old]))
  }
  if !first.isEmpty { for row in 0..<count where !vector.isNull(row) { codes[row] = renamed[Int(codes[row])] } }
  return overSorted(vector, codes, &entries, first.count)
}

private func overSorted(_ vector: Vector, _ codes: [UInt32], _ entries: inout BytesBuilder, _ count: Int) -> Vector {
  let (offsets, data) = entries.finishStorage()
  let dictionary = ByteDictionary(count: count, offsets: offsets, data: data, isSorted: true)
  let width = count <= 1 << 8 ? 1 : count <= 1 << 16 ? 2 : 4
  let buffer: Buffer
  switch width {
  case 1: buffer = Buffer(copying: codes.map { UInt8(truncatingIfNeeded: $0) })
  case 2: buffer = Buffer(copying: codes.map { UInt16(truncatingIfNeeded: $0) })
  default: buffer = Buffer(copying: codes)
  }
  return Vector(
    type: vector.type, count: vector.count, validity: vector.validity,
    storage: .dictionary(codes: buffer, width: width, dictionary: dictionary))
}

/// The bounds of a chunk; nil for types whose order is not that of their bytes or numbers.
func zoneMap(_ vector: Vector) -> ZoneMap? {
  let nulls = vector.nullCount
  switch vector.storage {
  case .constant(let box):
    guard isBounded(box.vector.type), let value = bound(box.vector.value(at: 0)) else { return nil }
    let only: Value? = value.isNull ? nil : value
    return ZoneMap(minimum: only, maximum: only, nullCount: nulls, isExact: true)
  case .dictionary(_, _, let dictionary):
    guard isBounded(vector.type) else { return nil }
    guard dictionary.count > 0 else { return ZoneMap(minimum: nil, maximum: nil, nullCount: nulls, isExact: true) }
    guard let low = bound(.text(dictionary.string(0))), let high = bound(.text(dictionary.string(dictionary.count - 1)))
    else { return nil }
    return ZoneMap(minimum: low, maximum: high, nullCount: nulls, isExact: true)
  case .int16, .int32, .int64:
    var low = Int64.max
    var high = Int64.min
    for row in 0..<vector.count {
      guard case .int(let value) = vector.value(at: row) else { continue }
      low = min(low, value)
      high = max(high, value)
    }
    let isEmpty = nulls == vector.count
    return ZoneMap(
      minimum: isEmpty ? nil : .int(low), maximum: isEmpty ? nil : .int(high), nullCount: nulls, isExact: true)
  default: return nil
  }
}

private func isBounded(_ type: DataType) -> Bool {
  type == .text || type == .varchar || type == .name || type.physical == .int16 || type.physical == .int32
    || type.physical == .int64
}

private func bound(_ value: Value) -> Value? {
  if case .text(let text) = value, text.utf8.count > boundBytesMax { return nil }
  return value
}
