// ByteExtremeStates owns min and max of text, character and numeric; IntervalExtremeStates those of interval.

import ApusBase
import ApusColumns

/// Which order byte strings have.
enum ByteOrder: Sendable {
  case bytes
  /// character(n): trailing spaces do not count.
  case padded
  case numeric

  init(_ type: DataType) {
    self = type == .numeric ? .numeric : type == .bpchar ? .padded : .bytes
  }

  /// Below 0, 0 or above 0. Values that are equal in SQL but differ in their bytes are told apart by them, so that the
  /// result depends on no order.
  @inline(__always)
  func compare(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
    let order =
      switch self {
      case .bytes: compareBytes(a, b)
      case .padded: compareBytes(ByteOrder.trimmed(a), ByteOrder.trimmed(b))
      case .numeric: DecimalParts.compare(a, b)
      }
    if order != 0 { return order }
    return self == .bytes ? 0 : compareBytes(a, b)
  }

  static func trimmed(_ raw: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    var end = raw.count
    while end > 0, raw[end - 1] == 32 { end -= 1 }
    return UnsafeRawBufferPointer(rebasing: raw[0..<end])
  }
}

final class ByteExtremeStates: AggregateStates {
  private let type: DataType
  private let order: ByteOrder
  private let isMaximum: Bool
  private var best: [[UInt8]?] = []
  private var heldBytes = 0
  /// The row of this batch that is the group's best so far, or -1.
  private var candidates = StateArray<Int32>(-1)
  private var touched: [UInt32] = []

  init(_ type: DataType, isMaximum: Bool) {
    self.type = type
    self.isMaximum = isMaximum
    order = ByteOrder(type)
  }

  func grow(to count: Int) {
    if count > best.count { best.append(contentsOf: repeatElement(nil, count: count - best.count)) }
    candidates.grow(to: count)
  }

  @inline(__always)
  private func isBetter(_ a: UnsafeRawBufferPointer, than b: UnsafeRawBufferPointer) -> Bool {
    isMaximum ? order.compare(a, b) > 0 : order.compare(a, b) < 0
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    guard count > 0 else { return }
    let vector = try Vector.argument(arguments, 0)
    if vector.isConstant {
      guard !vector.isNull(0) else { return }
      let raw = vector.rawBytes(0)
      guard let groups else { return put(raw, 0) }
      choose(count, nil, groups) { _, _ in false }
      for group in touched { put(raw, Int(group)) }
    } else {
      if case .dictionary(let codes, let width, let dictionary) = vector.storage, dictionary.isSorted, order == .bytes {
        choose(codes, width, count, vector.validity, groups)
      } else {
        let plain = vector.flattened()
        defer { withExtendedLifetime(plain) {} }
        choose(count, plain.validity, groups) { row, known in
          self.isBetter(plain.rawBytes(row), than: plain.rawBytes(known))
        }
      }
      for group in touched { put(vector.rawBytes(Int(candidates[Int(group)])), Int(group)) }
    }
    for group in touched { candidates[Int(group)] = -1 }
    touched.removeAll(keepingCapacity: true)
  }

  private func choose(
    _ codes: Buffer, _ width: Int, _ count: Int, _ validity: Bitmap?, _ groups: UnsafePointer<UInt32>?
  ) {
    switch width {
    case 1: choose(codes.read(UInt8.self), count, validity, groups)
    case 2: choose(codes.read(UInt16.self), count, validity, groups)
    default: choose(codes.read(UInt32.self), count, validity, groups)
    }
  }

  @inline(__always)
  private func choose<T: FixedWidthInteger>(
    _ codes: UnsafePointer<T>, _ count: Int, _ validity: Bitmap?, _ groups: UnsafePointer<UInt32>?
  ) {
    if isMaximum {
      choose(count, validity, groups) { row, known in codes[row] > codes[known] }
    } else {
      choose(count, validity, groups) { row, known in codes[row] < codes[known] }
    }
  }

  @inline(__always)
  private func choose(
    _ count: Int, _ validity: Bitmap?, _ groups: UnsafePointer<UInt32>?, _ better: (Int, Int) -> Bool
  ) {
    let rows = candidates.pointer
    forEachRow(count, validity, groups) { row, group in
      let known = rows[group]
      if known < 0 {
        rows[group] = Int32(truncatingIfNeeded: row)
        touched.append(UInt32(truncatingIfNeeded: group))
      } else if better(row, Int(known)) {
        rows[group] = Int32(truncatingIfNeeded: row)
      }
    }
  }

  private func put(_ raw: UnsafeRawBufferPointer, _ group: Int) {
    if let known = best[group] {
      guard known.withUnsafeBytes({ isBetter(raw, than: $0) }) else { return }
      heldBytes -= known.count + 32
    }
    best[group] = Array(raw)
    heldBytes += raw.count + 32
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    switch arguments.first {
    case .text(let text): if times > 0 { Array(text.utf8).withUnsafeBytes { put($0, group) } }
    case .bytes(let bytes): if times > 0 { bytes.withUnsafeBytes { put($0, group) } }
    case .numeric(let number): if times > 0 { number.encoded.withUnsafeBytes { put($0, group) } }
    case .null: break
    default: return false
    }
    return true
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: ByteExtremeStates.self)
    for group in 0..<count {
      other.best[group]?.withUnsafeBytes { put($0, Int(mapping[group])) }
    }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    var builder = VectorBuilder(type: type, capacity: count)
    for group in 0..<count {
      if let value = best[group] { builder.append(bytes: value) } else { builder.appendNull() }
    }
    return builder.finish()
  }

  func serialise(_ group: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(1)
    writer.byte(best[group] == nil ? 0 : 1)
    writer.append(best[group] ?? [])
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    try readState(bytes, version: 1) {
      guard try $0.littleEndian(UInt8.self) != 0 else { return }
      try $0.take($0.remaining).withUnsafeBytes { put($0, group) }
    }
  }

  var byteCount: Int { best.capacity * 8 + heldBytes + candidates.byteCount }
}

final class IntervalExtremeStates: AggregateStates {
  private let isMaximum: Bool
  private var best = StateArray<Interval>(Interval())
  private var seen = StateArray<Bool>(false)

  init(isMaximum: Bool) { self.isMaximum = isMaximum }

  func grow(to count: Int) {
    best.grow(to: count)
    seen.grow(to: count)
  }

  private func put(_ value: Interval, _ group: Int) {
    if seen[group] {
      let known = best[group]
      let order = Interval.compare(value, known)
      // Equal ones in one order, whichever came first.
      if order == 0 ? (value.months, value.days) <= (known.months, known.days) : (order > 0) != isMaximum { return }
    }
    best[group] = value
    seen[group] = true
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    let vector = try Vector.argument(arguments, 0).unwrapped
    defer { withExtendedLifetime(vector) {} }
    guard case .interval(let buffer) = vector.storage else {
      throw .unexpected("min or max of intervals got \(vector.type.sqlName)")
    }
    let values = buffer.read(Interval.self)
    forEachRow(count, vector.validity, groups) { row, group in put(values[row], group) }
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool {
    switch arguments.first {
    case .interval(let value): if times > 0 { put(value, group) }
    case .null: break
    default: return false
    }
    return true
  }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: IntervalExtremeStates.self)
    for group in 0..<count where other.seen[group] { put(other.best[group], Int(mapping[group])) }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    fixedVector(.interval, count, { .interval($0) }, isValid: { seen[$0] }) { best[$0] }
  }

  func serialise(_ group: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(1)
    writer.byte(seen[group] ? 1 : 0)
    writer.littleEndian(best[group].months)
    writer.littleEndian(best[group].days)
    writer.littleEndian(best[group].microseconds)
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    try readState(bytes, version: 1) {
      let isSeen = try $0.littleEndian(UInt8.self) != 0
      let months = try $0.littleEndian(Int32.self)
      let days = try $0.littleEndian(Int32.self)
      let value = Interval(months: months, days: days, microseconds: try $0.littleEndian(Int64.self))
      if isSeen { put(value, group) }
    }
  }

  var byteCount: Int { best.byteCount + seen.byteCount }
}
