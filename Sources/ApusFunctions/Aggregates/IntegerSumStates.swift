// IntegerSumStates owns sum and avg of smallint, integer and bigint: exact in 128 bits.

import ApusBase
import ApusColumns

/// Sums of integers. sum(int2), sum(int4): bigint; sum(int8), avg: numeric.
final class IntegerSumStates: AggregateStates {
  private struct Cell: BitwiseCopyable {
    var low: UInt64 = 0
    var high: Int64 = 0
    var count: Int64 = 0

    @inline(__always)
    mutating func add(_ value: Int64) {
      let (sum, carry) = low.addingReportingOverflow(UInt64(bitPattern: value))
      low = sum
      high &+= (value >> 63) &+ (carry ? 1 : 0)
      count &+= 1
    }
    @inline(__always)
    mutating func add(_ value: Int128, count more: Int64) {
      sum = sum &+ value
      count &+= more
    }
    var sum: Int128 {
      get { Int128(high) &<< 64 | Int128(low) }
      set {
        low = UInt64(truncatingIfNeeded: newValue)
        high = Int64(truncatingIfNeeded: newValue >> 64)
      }
    }
  }
  private var cells = StateArray<Cell>(Cell())
  private let isAverage: Bool
  private let isNumeric: Bool

  init(_ type: DataType, isAverage: Bool) {
    self.isAverage = isAverage
    isNumeric = isAverage || type == .int8
  }

  func grow(to count: Int) { cells.grow(to: count) }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    guard count > 0 else { return }
    let vector = try Vector.argument(arguments, 0)
    if case .constant(let box) = vector.storage {
      guard case .int(let value) = box.vector.value(at: 0) else { return }
      return addConstant(value, count, groups)
    }
    switch vector.storage {
    case .int16(let buffer): add(buffer.read(Int16.self), vector.validity, count, groups)
    case .int32(let buffer): add(buffer.read(Int32.self), vector.validity, count, groups)
    case .int64(let buffer): add(buffer.read(Int64.self), vector.validity, count, groups)
    default: throw .unexpected("sum of integers got \(vector.type.sqlName)")
    }
  }

  private func addConstant(_ value: Int64, _ count: Int, _ groups: UnsafePointer<UInt32>?) {
    let out = cells.pointer
    guard let groups else { return out[0].add(Int128(value) * Int128(count), count: Int64(count)) }
    for row in 0..<count { out[Int(groups[row])].add(value) }
  }

  @inline(__always)
  private func add<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: UnsafePointer<T>, _ validity: Bitmap?, _ count: Int, _ groups: UnsafePointer<UInt32>?
  ) {
    let out = cells.pointer
    if groups == nil, validity == nil {
      out[0].add(Self.total(values, count), count: Int64(count))
    } else if groups == nil {
      var cell = out[0]
      forEachRow(count, validity, nil) { row, _ in cell.add(Int64(truncatingIfNeeded: values[row])) }
      out[0] = cell
    } else {
      forEachRow(count, validity, groups) { row, group in out[group].add(Int64(truncatingIfNeeded: values[row])) }
    }
  }

  /// Low and high halves apart, so that neither can overflow within a batch and both vectorise.
  @inline(__always)
  private static func total<T: FixedWidthInteger & BitwiseCopyable>(_ values: UnsafePointer<T>, _ count: Int) -> Int128
  {
    if T.bitWidth <= 32 {
      var sum: Int64 = 0
      for row in 0..<count { sum &+= Int64(truncatingIfNeeded: values[row]) }
      return Int128(sum)
    }
    var low: Int64 = 0
    var high: Int64 = 0
    for row in 0..<count {
      let value = Int64(truncatingIfNeeded: values[row])
      low &+= value & 0xFFFF_FFFF
      high &+= value >> 32
    }
    return Int128(high) << 32 + Int128(low)
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    switch arguments.first {
    case .int(let value): cells.pointer[group].add(Int128(value) * Int128(times), count: Int64(times))
    case .null: break
    default: return false
    }
    return true
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: IntegerSumStates.self)
    for group in 0..<count {
      let cell = other.cells[group]
      cells.pointer[Int(mapping[group])].add(cell.sum, count: cell.count)
    }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    guard isNumeric else { return try integers(count) }
    var builder = VectorBuilder(type: .numeric, capacity: count)
    for group in 0..<count {
      let cell = cells[group]
      if cell.count == 0 {
        builder.appendNull()
      } else if isAverage {
        builder.append(bytes: try Numeric(cell.sum).divided(by: Numeric(cell.count)).encoded)
      } else {
        builder.append(bytes: Numeric(cell.sum).encoded)
      }
    }
    return builder.finish()
  }

  private func integers(_ count: Int) throws(ApusError) -> Vector {
    for group in 0..<count where Int64(exactly: cells[group].sum) == nil {
      throw ApusError(.numericValueOutOfRange, "bigint out of range")
    }
    return fixedVector(.int8, count, { .int64($0) }, isValid: { cells[$0].count > 0 }) { (group) -> Int64 in
      Int64(bitPattern: cells[group].low)
    }
  }

  func serialise(_ group: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(1)
    writer.littleEndian(cells[group].low)
    writer.littleEndian(cells[group].high)
    writer.littleEndian(cells[group].count)
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    var more = Cell()
    try readState(bytes, version: 1) {
      more.low = try $0.littleEndian(UInt64.self)
      more.high = try $0.littleEndian(Int64.self)
      more.count = try $0.littleEndian(Int64.self)
    }
    cells.pointer[group].add(more.sum, count: more.count)
  }

  var byteCount: Int { cells.byteCount }
}
