// BitStates owns bool_and, bool_or, every, bit_and, bit_or and bit_xor.

import ApusBase
import ApusColumns

/// One word a group; booleans are 0 and 1.
final class BitStates: AggregateStates {
  enum Operation: Sendable { case and, or, exclusiveOr }
  private let type: DataType
  private let operation: Operation
  private var words: StateArray<Int64>
  private var seen = StateArray<Bool>(false)

  init(_ type: DataType, _ operation: Operation) {
    self.type = type
    self.operation = operation
    words = StateArray(operation == .and ? -1 : 0)
  }

  func grow(to count: Int) {
    words.grow(to: count)
    seen.grow(to: count)
  }

  @inline(__always)
  private func put(_ word: Int64, _ group: Int) {
    switch operation {
    case .and: words[group] &= word
    case .or: words[group] |= word
    case .exclusiveOr: words[group] ^= word
    }
    seen[group] = true
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    let vector = try Vector.argument(arguments, 0).unwrapped
    defer { withExtendedLifetime(vector) {} }
    switch vector.storage {
    case .bool(let bits): forEachRow(count, vector.validity, groups) { row, group in put(bits[row] ? 1 : 0, group) }
    case .int16(let buffer):
      let values = buffer.read(Int16.self)
      forEachRow(count, vector.validity, groups) { row, group in put(Int64(values[row]), group) }
    case .int32(let buffer):
      let values = buffer.read(Int32.self)
      forEachRow(count, vector.validity, groups) { row, group in put(Int64(values[row]), group) }
    case .int64(let buffer):
      let values = buffer.read(Int64.self)
      forEachRow(count, vector.validity, groups) { row, group in put(values[row], group) }
    default: throw .unexpected("an aggregate of bits got \(vector.type.sqlName)")
    }
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    guard times > 0 else { return true }
    switch arguments.first {
    case .bool(let flag): put(flag ? 1 : 0, group)
    case .int(let value):
      put(value, group)
      if operation == .exclusiveOr, times & 1 == 0 { put(value, group) }
    case .null: break
    default: return false
    }
    return true
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: BitStates.self)
    for group in 0..<count where other.seen[group] { put(other.words[group], Int(mapping[group])) }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    let isValid: (Int) -> Bool = { self.seen[$0] }
    switch type {
    case .bool:
      var builder = VectorBuilder(type: .bool, capacity: count)
      for group in 0..<count { builder.append(seen[group] ? .bool(words[group] & 1 == 1) : .null) }
      return builder.finish()
    case .int2:
      return fixedVector(type, count, { .int16($0) }, isValid: isValid) { Int16(truncatingIfNeeded: words[$0]) }
    case .int4:
      return fixedVector(type, count, { .int32($0) }, isValid: isValid) { Int32(truncatingIfNeeded: words[$0]) }
    default: return fixedVector(type, count, { .int64($0) }, isValid: isValid) { words[$0] }
    }
  }

  func serialise(_ group: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(1)
    writer.byte(seen[group] ? 1 : 0)
    writer.littleEndian(words[group])
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    try readState(bytes, version: 1) {
      let isSeen = try $0.littleEndian(UInt8.self) != 0
      let word = try $0.littleEndian(Int64.self)
      if isSeen { put(word, group) }
    }
  }

  var byteCount: Int { words.byteCount + seen.byteCount }
}
