// NumericSumStates owns sum and avg of numeric: exact, in 128 bits where that is enough.

import ApusBase
import ApusColumns

/// Exact sums of numerics by group. Values of up to 16 digits after the point add up in a 128-bit word; others, and
/// what overflows, in a `Numeric`.
struct NumericSums: ~Copyable {
  /// Groups of four digits after the point that the 128-bit word holds.
  private let fraction: Int
  private var narrow = StateArray<Int128>(0)
  /// The most digits shown after the point.
  private var scales = StateArray<UInt16>(0)
  private var wide: [UInt32: Numeric] = [:]

  init(fraction: Int = 4) { self.fraction = fraction }

  var byteCount: Int { narrow.byteCount + scales.byteCount + wide.count * 128 }

  mutating func grow(to groups: Int) {
    narrow.grow(to: groups)
    scales.grow(to: groups)
  }

  @inline(__always)
  mutating func add(encoded raw: UnsafeRawBufferPointer, _ group: Int) throws(ApusError) {
    if let parts = DecimalParts(encoded: raw), add(parts, group) { return }
    try add(Numeric(encoded: raw), group)
  }

  /// Whether the value could be added to the 128-bit word.
  @inline(__always)
  mutating func add(_ parts: DecimalParts, _ group: Int) -> Bool {
    let shift = fraction &- parts.fraction
    guard shift >= 0, shift <= 9 else { return false }
    let (scaled, tooLarge) = parts.units.multipliedReportingOverflow(by: DecimalParts.powers[shift])
    let (sum, overflow) = narrow[group].addingReportingOverflow(scaled)
    guard !tooLarge, !overflow else { return false }
    narrow[group] = sum
    let scale = UInt16(truncatingIfNeeded: parts.scale)
    if scale > scales[group] { scales[group] = scale }
    return true
  }

  mutating func add(_ value: Numeric, _ group: Int) throws(ApusError) {
    if value.isFinite { scales[group] = max(scales[group], UInt16(truncatingIfNeeded: value.scale)) }
    let key = UInt32(truncatingIfNeeded: group)
    wide[key] = try wide[key].map { (known) throws(ApusError) in try known.adding(value) } ?? value
  }

  mutating func add(unscaled more: Int128, _ group: Int) throws(ApusError) {
    let (sum, overflow) = narrow[group].addingReportingOverflow(more)
    if overflow {
      try add(Numeric(more, scale: fraction * 4), shown: scales[group], group)
    } else {
      narrow[group] = sum
    }
  }

  private mutating func add(_ value: Numeric, shown: UInt16, _ group: Int) throws(ApusError) {
    try add(value, group)
    scales[group] = shown
  }

  mutating func merge(_ other: borrowing NumericSums, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    for group in 0..<count {
      let target = Int(mapping[group])
      try add(unscaled: other.narrow[group], target)
      scales[target] = max(scales[target], other.scales[group])
      if let more = other.wide[UInt32(group)] {
        let shown = scales[target]
        try add(more, shown: shown, target)
      }
    }
  }

  /// The sum, shown with as many digits as its longest term.
  func result(_ group: Int) throws(ApusError) -> Numeric {
    var sum = Numeric(narrow[group], scale: fraction * 4)
    if let more = wide[UInt32(truncatingIfNeeded: group)] { sum = try sum.adding(more) }
    if sum.isFinite { sum.scale = Int(scales[group]) }
    return sum
  }

  func write(_ group: Int, to writer: inout ByteWriter) {
    writer.littleEndian(UInt64(truncatingIfNeeded: narrow[group]))
    writer.littleEndian(Int64(truncatingIfNeeded: narrow[group] >> 64))
    writer.littleEndian(scales[group])
    let more = wide[UInt32(truncatingIfNeeded: group)]?.encoded ?? []
    writer.varint(UInt64(more.count))
    writer.append(more)
  }

  mutating func mergeRead(_ reader: inout ByteReader, into group: Int) throws {
    let low = try reader.littleEndian(UInt64.self)
    let high = try reader.littleEndian(Int64.self)
    let scale = try reader.littleEndian(UInt16.self)
    let length = try reader.varint()
    guard length <= UInt64(reader.remaining) else { throw ByteReader.Underflow(offset: reader.offset) }
    let raw = try reader.take(Int(length))
    try add(unscaled: Int128(high) &<< 64 | Int128(low), group)
    let shown = max(scales[group], scale)
    if !raw.isEmpty { try add(raw.withUnsafeBytes { try Numeric(encoded: $0) }, group) }
    scales[group] = shown
  }
}

final class NumericSumStates: AggregateStates {
  private let isAverage: Bool
  private var sums = NumericSums()
  private var counts = StateArray<Int64>(0)

  init(isAverage: Bool) { self.isAverage = isAverage }

  func grow(to count: Int) {
    sums.grow(to: count)
    counts.grow(to: count)
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    let vector = try Vector.argument(arguments, 0)
    for row in 0..<count where !vector.isNull(row) {
      let group = groups.map { Int($0[row]) } ?? 0
      try sums.add(encoded: vector.rawBytes(row), group)
      counts[group] &+= 1
    }
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    switch arguments.first {
    case .numeric(let value):
      guard times > 0 else { return true }
      try sums.add(value.multiplied(by: Numeric(Int64(times))), group)
      counts[group] &+= Int64(times)
    case .null: break
    default: return false
    }
    return true
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: NumericSumStates.self)
    try sums.merge(other.sums, mapping: mapping, count: count)
    for group in 0..<count { counts[Int(mapping[group])] &+= other.counts[group] }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    var builder = VectorBuilder(type: .numeric, capacity: count)
    for group in 0..<count {
      if counts[group] == 0 {
        builder.appendNull()
        continue
      }
      let sum = try sums.result(group)
      builder.append(bytes: (isAverage ? try sum.divided(by: Numeric(counts[group])) : sum).encoded)
    }
    return builder.finish()
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

/// sum and avg of interval: fields add up each for itself.
final class IntervalSumStates: AggregateStates {
  private struct Cell: BitwiseCopyable {
    var microseconds: Int128 = 0
    var days: Int64 = 0
    var months: Int64 = 0
    var count: Int64 = 0

    mutating func add(_ other: Cell) {
      microseconds = microseconds &+ other.microseconds
      days &+= other.days
      months &+= other.months
      count &+= other.count
    }
    init() {}
    init(_ value: Interval, times: Int64 = 1) {
      microseconds = Int128(value.microseconds) &* Int128(times)
      days = Int64(value.days) &* times
      months = Int64(value.months) &* times
      count = times
    }
  }
  private let isAverage: Bool
  private var cells = StateArray<Cell>(Cell())

  init(isAverage: Bool) { self.isAverage = isAverage }

  func grow(to count: Int) { cells.grow(to: count) }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    let vector = try Vector.argument(arguments, 0).unwrapped
    defer { withExtendedLifetime(vector) {} }
    guard case .interval(let buffer) = vector.storage else {
      throw .unexpected("sum of intervals got \(vector.type.sqlName)")
    }
    let values = buffer.read(Interval.self)
    let out = cells.pointer
    forEachRow(count, vector.validity, groups) { row, group in out[group].add(Cell(values[row])) }
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    switch arguments.first {
    case .interval(let value): cells.pointer[group].add(Cell(value, times: Int64(times)))
    case .null: break
    default: return false
    }
    return true
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: IntervalSumStates.self)
    for group in 0..<count { cells.pointer[Int(mapping[group])].add(other.cells[group]) }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    var results: [Interval] = []
    for group in 0..<count {
      let cell = cells[group]
      guard let months = Int32(exactly: cell.months), let days = Int32(exactly: cell.days),
        let microseconds = Int64(exactly: cell.microseconds)
      else { throw ApusError(.datetimeFieldOverflow, "interval out of range") }
      let sum = Interval(months: months, days: days, microseconds: microseconds)
      results.append(isAverage && cell.count > 0 ? try sum.divided(by: Double(cell.count)) : sum)
    }
    return fixedVector(.interval, count, { .interval($0) }, isValid: { cells[$0].count > 0 }) { results[$0] }
  }

  func serialise(_ group: Int) -> [UInt8] {
    let cell = cells[group]
    var writer = ByteWriter()
    writer.byte(1)
    writer.littleEndian(UInt64(truncatingIfNeeded: cell.microseconds))
    writer.littleEndian(Int64(truncatingIfNeeded: cell.microseconds >> 64))
    for field in [cell.days, cell.months, cell.count] { writer.littleEndian(field) }
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    var more = Cell()
    try readState(bytes, version: 1) {
      let low = try $0.littleEndian(UInt64.self)
      more.microseconds = Int128(try $0.littleEndian(Int64.self)) &<< 64 | Int128(low)
      more.days = try $0.littleEndian(Int64.self)
      more.months = try $0.littleEndian(Int64.self)
      more.count = try $0.littleEndian(Int64.self)
    }
    cells.pointer[group].add(more)
  }

  var byteCount: Int { cells.byteCount }
}
