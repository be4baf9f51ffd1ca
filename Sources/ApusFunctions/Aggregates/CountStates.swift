// CountStates owns count(*) and count(x).

import ApusBase
import ApusColumns

/// Rows, or rows whose argument is not null.
class CountStates: AggregateStates {
  fileprivate(set) var counts = StateArray<Int64>(0)

  func grow(to count: Int) { counts.grow(to: count) }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    guard count > 0 else { return }
    guard let vector = arguments.first else { return countRows(count, groups, into: counts.pointer) }
    if vector.isConstant {
      if !vector.isNull(0) { countRows(count, groups, into: counts.pointer) }
      return
    }
    let values = Self.plain(vector)
    defer { withExtendedLifetime(values) {} }
    guard let validity = values.validity else { return countRows(count, groups, into: counts.pointer) }
    if groups == nil {
      counts[0] &+= Int64(validity.setCount)
      return
    }
    let out = counts.pointer
    forEachRow(count, validity, groups) { _, group in out[group] &+= 1 }
  }

  private static func plain(_ vector: Vector) -> Vector {
    if case .shredded = vector.storage { vector.flattened() } else { vector }
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    if arguments.first?.isNull != true { counts[group] &+= Int64(times) }
    return true
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: CountStates.self)
    for group in 0..<count { counts[Int(mapping[group])] &+= other.counts[group] }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    let buffer = Buffer(byteCount: count * 8)
    buffer.write(Int64.self).update(from: counts.pointer, count: count)
    return Vector(type: .int8, count: count, storage: .int64(buffer))
  }

  func serialise(_ group: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(1)
    writer.littleEndian(counts[group])
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    var more: Int64 = 0
    try readState(bytes, version: 1) { more = try $0.littleEndian(Int64.self) }
    counts[group] &+= more
  }

  var byteCount: Int { counts.byteCount }
}
