// ExtremeStates owns min and max of fixed-width types: a 64-bit key a group that orders as the values do.

import ApusBase
import ApusColumns

final class ExtremeStates: AggregateStates {
  private let type: DataType
  private let isMaximum: Bool
  private var keys: StateArray<Int64>
  private var seen = StateArray<Bool>(false)

  init(_ type: DataType, isMaximum: Bool) {
    self.type = type
    self.isMaximum = isMaximum
    keys = StateArray(isMaximum ? .min : .max)
  }

  func grow(to count: Int) {
    keys.grow(to: count)
    seen.grow(to: count)
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    guard count > 0 else { return }
    let vector = try Vector.argument(arguments, 0)
    if groups == nil, case .constant(let box) = vector.storage {
      _ = try accumulateConstant([box.vector.value(at: 0)], times: 1, group: 0)
      return
    }
    let plain = vector.unwrapped
    defer { withExtendedLifetime(plain) {} }
    switch plain.storage {
    case .int16(let buffer):
      let values = buffer.read(Int16.self)
      take(plain.validity, count, groups) { Int64(values[$0]) }
    case .int32(let buffer):
      let values = buffer.read(Int32.self)
      take(plain.validity, count, groups) { Int64(values[$0]) }
    case .int64(let buffer):
      let values = buffer.read(Int64.self)
      take(plain.validity, count, groups) { values[$0] }
    case .float32(let buffer):
      let values = buffer.read(Float.self)
      take(plain.validity, count, groups) { OrderKey.of(Double(values[$0])) }
    case .float64(let buffer):
      let values = buffer.read(Double.self)
      take(plain.validity, count, groups) { OrderKey.of(values[$0]) }
    default: throw .unexpected("min or max of fixed-width values got \(vector.type.sqlName)")
    }
  }

  @inline(__always)
  private func take(
    _ validity: Bitmap?, _ count: Int, _ groups: UnsafePointer<UInt32>?, _ key: (Int) -> Int64
  ) {
    if isMaximum {
      take(validity, count, groups, key) { a, b in max(a, b) }
    } else {
      take(validity, count, groups, key) { a, b in min(a, b) }
    }
  }

  @inline(__always)
  private func take(
    _ validity: Bitmap?, _ count: Int, _ groups: UnsafePointer<UInt32>?, _ key: (Int) -> Int64,
    _ better: (Int64, Int64) -> Int64
  ) {
    let out = keys.pointer
    let marks = seen.pointer
    if groups == nil {
      var best = out[0]
      var any = false
      forEachRow(count, validity, nil) { row, _ in
        best = better(best, key(row))
        any = true
      }
      out[0] = best
      if any { marks[0] = true }
      return
    }
    forEachRow(count, validity, groups) { row, group in
      out[group] = better(out[group], key(row))
      marks[group] = true
    }
  }

  private func put(_ key: Int64, _ group: Int) {
    keys[group] = isMaximum ? max(keys[group], key) : min(keys[group], key)
    seen[group] = true
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    switch arguments.first {
    case .int(let value): if times > 0 { put(value, group) }
    case .float(let value): if times > 0 { put(OrderKey.of(value), group) }
    case .null: break
    default: return false
    }
    return true
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: ExtremeStates.self)
    for group in 0..<count where other.seen[group] { put(other.keys[group], Int(mapping[group])) }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    func vector<T: BitwiseCopyable>(_ storage: (Buffer) -> Vector.Storage, _ value: (Int64) -> T) -> Vector {
      fixedVector(type, count, storage, isValid: { seen[$0] }) { value(keys[$0]) }
    }
    return switch type.physical {
    case .int16: vector({ .int16($0) }) { Int16(truncatingIfNeeded: $0) }
    case .int32: vector({ .int32($0) }) { Int32(truncatingIfNeeded: $0) }
    case .float32: vector({ .float32($0) }) { Float(OrderKey.double($0)) }
    case .float64: vector({ .float64($0) }) { OrderKey.double($0) }
    default: vector({ .int64($0) }) { $0 }
    }
  }

  func serialise(_ group: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(1)
    writer.byte(seen[group] ? 1 : 0)
    writer.littleEndian(keys[group])
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    var isSeen = false
    var key: Int64 = 0
    try readState(bytes, version: 1) {
      isSeen = try $0.littleEndian(UInt8.self) != 0
      key = try $0.littleEndian(Int64.self)
    }
    if isSeen { put(key, group) }
  }

  var byteCount: Int { keys.byteCount + seen.byteCount }
}

/// Doubles as integers of the same order: NaN, of which there is one, above everything; -0 below 0.
enum OrderKey {
  @inline(__always)
  static func of(_ value: Double) -> Int64 {
    let bits = Int64(bitPattern: value.isNaN ? Double.nan.bitPattern : value.bitPattern)
    return bits ^ Int64(bitPattern: UInt64(bitPattern: bits >> 63) >> 1)
  }
  @inline(__always)
  static func double(_ key: Int64) -> Double {
    Double(bitPattern: UInt64(bitPattern: key ^ Int64(bitPattern: UInt64(bitPattern: key >> 63) >> 1)))
  }
}
