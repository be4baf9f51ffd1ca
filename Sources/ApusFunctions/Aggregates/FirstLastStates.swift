// FirstLastStates owns first(value, time) and last(value, time).

import ApusBase
import ApusColumns

/// The value at the least or greatest time. Rows without time do not count; of several at that time the least value
/// wins, null last, so that the result depends on no order.
final class FirstLastStates: AggregateStates {
  private let types: [DataType]
  private let isLast: Bool
  private var times: StateArray<Int64>
  private var seen = StateArray<Bool>(false)
  private var values: [Value] = []
  private var candidates = StateArray<Int32>(-1)
  private var touched: [UInt32] = []
  private var heldBytes = 0

  static func function(_ name: String, isLast: Bool) -> AggregateFunction {
    AggregateFunction(name, parameters: [.anyElement, .any], result: .element) {
      (types, _) throws(ApusError) -> any AggregateStates in try FirstLastStates(types, isLast: isLast)
    }
  }

  init(_ types: [DataType], isLast: Bool) throws(ApusError) {
    guard types.count == 2 else { throw .unexpected("first or last with \(types.count) arguments") }
    switch types[1].physical {
    case .int16, .int32, .int64, .float32, .float64: break
    default: throw .unsupported("first and last by \(types[1].sqlName) are")
    }
    self.types = types
    self.isLast = isLast
    times = StateArray(isLast ? .min : .max)
  }

  func grow(to count: Int) {
    times.grow(to: count)
    seen.grow(to: count)
    candidates.grow(to: count)
    if count > values.count { values.append(contentsOf: repeatElement(.null, count: count - values.count)) }
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    guard count > 0 else { return }
    let value = try Vector.argument(arguments, 0)
    let time = try Vector.argument(arguments, 1).unwrapped
    defer { withExtendedLifetime(time) {} }
    let keys = try Self.keys(time)
    defer { withExtendedLifetime(keys) {} }
    let key = keys.read(Int64.self)
    let rows = candidates.pointer
    forEachRow(count, time.validity, groups) { row, group in
      let known = rows[group]
      if known < 0 {
        touched.append(UInt32(truncatingIfNeeded: group))
        rows[group] = Int32(truncatingIfNeeded: row)
        return
      }
      let (a, b) = (key[row], key[Int(known)])
      if a == b {
        if Self.precedes(value.value(at: row), value.value(at: Int(known))) {
          rows[group] = Int32(truncatingIfNeeded: row)
        }
      } else if (a > b) == isLast {
        rows[group] = Int32(truncatingIfNeeded: row)
      }
    }
    for number in touched {
      let group = Int(number)
      let row = Int(rows[group])
      if isBetterTime(key[row], group) { put(value.value(at: row), key[row], group) }
      rows[group] = -1
    }
    touched.removeAll(keepingCapacity: true)
  }

  private static func keys(_ time: Vector) throws(ApusError) -> Buffer {
    let count = time.count
    let buffer = Buffer(byteCount: count * 8)
    let out = buffer.write(Int64.self)
    switch time.storage {
    case .int64(let source): return source
    case .int32(let source):
      let values = source.read(Int32.self)
      for row in 0..<count { out[row] = Int64(values[row]) }
    case .int16(let source):
      let values = source.read(Int16.self)
      for row in 0..<count { out[row] = Int64(values[row]) }
    case .float32(let source):
      let values = source.read(Float.self)
      for row in 0..<count { out[row] = OrderKey.of(Double(values[row])) }
    case .float64(let source):
      let values = source.read(Double.self)
      for row in 0..<count { out[row] = OrderKey.of(values[row]) }
    default: throw .unexpected("first or last got times of \(time.type.sqlName)")
    }
    return buffer
  }

  private func isBetterTime(_ time: Int64, _ group: Int) -> Bool {
    !seen[group] || time == times[group] || (time > times[group]) == isLast
  }

  private func put(_ value: Value, _ time: Int64, _ group: Int) {
    if seen[group] {
      if time == times[group] {
        guard Self.precedes(value, values[group]) else { return }
      } else if (time > times[group]) != isLast {
        return
      }
    }
    heldBytes += Self.size(value) - Self.size(values[group])
    seen[group] = true
    times[group] = time
    values[group] = value
  }

  private static func size(_ value: Value) -> Int {
    switch value {
    case .text(let text): text.utf8.count
    case .bytes(let raw): raw.count
    case .array(let values): values.count * 32
    default: 0
    }
  }

  /// An order of values that need not be SQL's, but is one: only ties are broken by it.
  private static func precedes(_ a: Value, _ b: Value) -> Bool {
    switch (a, b) {
    case (.null, _): return false
    case (_, .null): return true
    case (.int(let x), .int(let y)): return x < y
    case (.float(let x), .float(let y)): return OrderKey.of(x) < OrderKey.of(y)
    case (.text(let x), .text(let y)): return x.utf8.lexicographicallyPrecedes(y.utf8)
    default:
      var (x, y) = (ByteWriter(), ByteWriter())
      ValueCodec.write(a, to: &x)
      ValueCodec.write(b, to: &y)
      return x.bytes.lexicographicallyPrecedes(y.bytes)
    }
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool { false }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: FirstLastStates.self)
    for group in 0..<count where other.seen[group] {
      put(other.values[group], other.times[group], Int(mapping[group]))
    }
  }

  func finish(count: Int) throws(ApusError) -> Vector { Vector.of(Array(values.prefix(count)), type: types[0]) }

  func serialise(_ group: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(1)
    writer.byte(seen[group] ? 1 : 0)
    writer.littleEndian(times[group])
    ValueCodec.write(values[group], to: &writer)
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    try readState(bytes, version: 1) {
      let isSeen = try $0.littleEndian(UInt8.self) != 0
      let time = try $0.littleEndian(Int64.self)
      let value = try ValueCodec.read(&$0)
      if isSeen { put(value, time, group) }
    }
  }

  var byteCount: Int {
    times.byteCount + seen.byteCount + candidates.byteCount + values.capacity * MemoryLayout<Value>.stride + heldBytes
  }
}
