// FloatSumStates owns sum and avg of real and double precision: exact sums, rounded once.

import ApusBase
import ApusColumns

final class FloatSumStates: AggregateStates {
  enum Result { case sum4, sum8, average }
  private let result: Result
  private var sums = ExactSums()
  private var counts = StateArray<Int64>(0)

  init(_ result: Result) { self.result = result }

  func grow(to count: Int) {
    sums.grow(to: count)
    counts.grow(to: count)
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    guard count > 0 else { return }
    let vector = try Vector.argument(arguments, 0)
    if groups == nil, case .constant(let box) = vector.storage {
      if case .float(let value) = box.vector.value(at: 0) {
        sums.add(value, times: count, 0)
        counts[0] &+= Int64(count)
      }
      return
    }
    let plain = vector.unwrapped
    defer { withExtendedLifetime(plain) {} }
    switch plain.storage {
    case .float64(let buffer):
      let values = buffer.read(Double.self)
      if groups == nil, plain.validity == nil {
        sums.addAll(values, count, 0)
        counts[0] &+= Int64(count)
      } else {
        sums.addRows(values, plain.validity, count, groups, counts: counts.pointer)
      }
    case .float32(let buffer):
      sums.addRows(buffer.read(Float.self), plain.validity, count, groups, counts: counts.pointer)
    default: throw .unexpected("sum of floats got \(vector.type.sqlName)")
    }
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    switch arguments.first {
    case .float(let value):
      sums.add(value, times: times, group)
      counts[group] &+= Int64(times)
    case .null: break
    default: return false
    }
    return true
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: FloatSumStates.self)
    sums.merge(other.sums, mapping: mapping, count: count)
    for group in 0..<count { counts[Int(mapping[group])] &+= other.counts[group] }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    for group in 0..<count where counts[group] > 0 {
      let sum = sums.result(group).high
      let shown = result == .sum4 ? Double(Float(sum)) : sum
      if shown.isInfinite, !sums.hasSpecials(group) { throw FloatErrors.overflow }
    }
    if result == .sum4 {
      return fixedVector(.float4, count, { .float32($0) }, isValid: { counts[$0] > 0 }) { (group) -> Float in
        Float(sums.result(group).high)
      }
    }
    return fixedVector(.float8, count, { .float64($0) }, isValid: { counts[$0] > 0 }) { (group) -> Double in
      let sum = sums.result(group).high
      return result == .average ? sum / Double(counts[group]) : sum
    }
  }

  func serialise(_ group: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(1)
    writer.littleEndian(counts[group])
    sums.write(group, to: &writer)
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    try readState(bytes, version: 1) {
      let more = try $0.littleEndian(Int64.self)
      try sums.mergeRead(&$0, into: group)
      counts[group] &+= more
    }
  }

  var byteCount: Int { sums.byteCount + counts.byteCount }
}

enum FloatErrors {
  static var overflow: ApusError { ApusError(.numericValueOutOfRange, "value out of range: overflow") }
}
