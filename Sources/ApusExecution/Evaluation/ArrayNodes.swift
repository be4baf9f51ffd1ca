// Arrays and rows made, taken apart and cast.

import ApusBase
import ApusColumns
import ApusFunctions

/// `ARRAY[...]`.
final class ArrayNode: Node {
  let items: [Node]
  init(_ items: [Node], element: DataType) {
    self.items = items
    super.init(type: .array(element))
  }
  override var mayFail: Bool { items.contains { $0.mayFail } }
  override var cost: Double { items.reduce(8) { $0 + $1.cost } }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    let element = type.elementType ?? .text
    let width = items.count
    var parts: [Vector] = []
    for item in items { parts.append(try item.evaluate(frame).reinterpretedDeep(as: element)) }
    let offsets = Buffer(byteCount: (frame.count + 1) * 4)
    let bounds = offsets.write(Int32.self)
    for row in 0...frame.count {
      guard let end = Int32(exactly: row * width) else { throw ApusError(.programLimitExceeded, "arrays too large") }
      bounds[row] = end
    }
    let joined =
      parts.isEmpty ? Vector.nulls(type: element, count: 0) : try Vector.concatenated(parts, type: element)
    var order: [UInt32] = []
    order.reserveCapacity(frame.count * width)
    for row in 0..<frame.count {
      for item in 0..<width { order.append(UInt32(truncatingIfNeeded: item &* frame.count &+ row)) }
    }
    let child = joined.flattened().gathered(SelectionVector(order))
    return Vector(type: type, count: frame.count, storage: .list(offsets: offsets, child: VectorBox(child)))
  }
}

/// A cast of each element of an array.
final class ArrayCastNode: Node {
  let operand: Node
  let element: ScalarFunction
  private let context: EvaluationContext
  init(_ operand: Node, _ element: ScalarFunction, type: DataType, context: EvaluationContext) {
    self.operand = operand
    self.element = element
    self.context = context
    super.init(type: type)
  }
  override var mayFail: Bool { true }
  override var cost: Double { operand.cost + 16 }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    let vector = try operand.evaluate(frame).flattened()
    guard case .list(let offsets, let child) = vector.storage else { throw .unexpected("a cast of what is no array") }
    let inner = child.vector
    let cast =
      inner.count == 0
      ? Vector.nulls(type: type.elementType ?? .text, count: 0)
      : try element.evaluate([inner], inner.count, context).flattened()
    return Vector(
      type: type, count: vector.count, validity: vector.validity,
      storage: .list(offsets: offsets, child: VectorBox(cast))
    )
  }
}

/// `array[index]`, from 1 (vectors of the catalog from 0); null outside of it.
final class SubscriptNode: Node {
  let operand: Node
  let index: Node
  init(_ operand: Node, index: Node, type: DataType) {
    self.operand = operand
    self.index = index
    super.init(type: type)
  }
  override var mayFail: Bool { operand.mayFail || index.mayFail }
  override var cost: Double { operand.cost + index.cost + 4 }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    let arrays = try operand.evaluate(frame).flattened()
    let places = try index.evaluate(frame).flattened()
    guard case .list(let offsets, let child) = arrays.storage else { throw .unexpected("a subscript of no array") }
    let bounds = offsets.read(Int32.self)
    let first: Int64 = arrays.type == .int2vector || arrays.type == .oidvector ? 0 : 1
    var rows = [Int32](repeating: -1, count: frame.count)
    for row in 0..<frame.count where !arrays.isNull(row) {
      guard case .int(let wanted) = places.value(at: row) else { continue }
      let length = Int64(bounds[row + 1] - bounds[row])
      let (place, overflow) = wanted.subtractingReportingOverflow(first)
      if !overflow, place >= 0, place < length { rows[row] = bounds[row] + Int32(truncatingIfNeeded: place) }
    }
    return child.vector.gatheredOrNull(rows).reinterpretedDeep(as: type)
  }
}

/// `array[lower:upper]`; bounds left out reach to the ends.
final class SliceNode: Node {
  let operand: Node
  let lower: Node?
  let upper: Node?
  init(_ operand: Node, lower: Node?, upper: Node?, type: DataType) {
    self.operand = operand
    self.lower = lower
    self.upper = upper
    super.init(type: type)
  }
  override var mayFail: Bool { operand.mayFail || (lower?.mayFail ?? false) || (upper?.mayFail ?? false) }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    let arrays = try operand.evaluate(frame)
    let low = try lower?.evaluate(frame)
    let high = try upper?.evaluate(frame)
    var builder = VectorBuilder(type: type, capacity: frame.count)
    for row in 0..<frame.count {
      guard case .array(let items) = arrays.value(at: row) else {
        builder.appendNull()
        continue
      }
      let from = low?.value(at: row) ?? .int(1)
      let to = high?.value(at: row) ?? .int(Int64(items.count))
      guard case .int(let first) = from, case .int(let last) = to else {
        builder.appendNull()
        continue
      }
      let start = max(1, first)
      let end = min(Int64(items.count), last)
      builder.append(.array(start > end ? [] : Array(items[Int(start - 1)..<Int(end)])))
    }
    return builder.finish()
  }
}

/// `ROW(...)` as a record, in its text form.
final class RowNode: Node {
  let items: [Node]
  private let settings: FormatSettings
  init(_ items: [Node], context: EvaluationContext) {
    self.items = items
    settings = FormatSettings(
      timeZone: TimeZone.named(context.timeZone) ?? .utc, extraFloatDigits: context.extraFloatDigits)
    super.init(type: .record)
  }
  override var mayFail: Bool { items.contains { $0.mayFail } }
  override var cost: Double { 64 }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    var columns: [Vector] = []
    for item in items { columns.append(try item.evaluate(frame)) }
    return try RecordText.records(columns, count: frame.count, settings: settings)
  }
}

/// A field of a record, read from its text form.
final class RecordFieldNode: Node {
  let operand: Node
  let index: Int
  private let settings: FormatSettings
  init(_ operand: Node, index: Int, type: DataType, context: EvaluationContext) {
    self.operand = operand
    self.index = index
    settings = FormatSettings(
      timeZone: TimeZone.named(context.timeZone) ?? .utc, extraFloatDigits: context.extraFloatDigits)
    super.init(type: type)
  }
  override var mayFail: Bool { true }
  override var cost: Double { operand.cost + 64 }

  override func evaluate(_ frame: Frame) throws(ApusError) -> Vector {
    let records = try operand.evaluate(frame)
    var builder = VectorBuilder(type: type, capacity: frame.count)
    for row in 0..<frame.count {
      guard case .text(let record) = records.value(at: row), let field = RecordText.field(record, index) else {
        builder.appendNull()
        continue
      }
      builder.append(try TextFormat.input(field, type: TypeReference(type), settings: settings))
    }
    return builder.finish()
  }
}

/// The text form of records: `(1,"a b",)`.
enum RecordText {
  static func records(_ columns: [Vector], count: Int, settings: FormatSettings) throws(ApusError) -> Vector {
    var builder = VectorBuilder(type: .record, capacity: count)
    for row in 0..<count {
      var text: [UInt8] = [40]
      for (index, column) in columns.enumerated() {
        if index > 0 { text.append(44) }
        if !column.isNull(row) { try appendField(column, row, settings, into: &text) }
      }
      text.append(41)
      builder.append(bytes: text)
    }
    return builder.finish()
  }

  private static func appendField(
    _ column: Vector, _ row: Int, _ settings: FormatSettings, into text: inout [UInt8]
  ) throws(ApusError) {
    var field: [UInt8] = []
    try TextFormat.output(column, row: row, settings: settings, into: &field)
    let needsQuotes = field.isEmpty || field.contains { "\"\\(), \t\n\r\u{0B}\u{0C}".utf8.contains($0) }
    guard needsQuotes else {
      text.append(contentsOf: field)
      return
    }
    text.append(34)
    for byte in field {
      if byte == 34 || byte == 92 { text.append(byte) }
      text.append(byte)
    }
    text.append(34)
  }

  /// The text of a field as `records` wrote it; nil for null.
  static func field(_ record: String, _ wanted: Int) -> String? {
    let bytes = Array(record.utf8)
    var at = 1
    for index in 0... {
      var text: [UInt8] = []
      var isQuoted = false
      if at < bytes.count, bytes[at] == 34 {
        isQuoted = true
        at += 1
        while at < bytes.count {
          if bytes[at] == 34 || bytes[at] == 92 {
            guard at + 1 < bytes.count, bytes[at + 1] == bytes[at] else { break }
            at += 1
          }
          text.append(bytes[at])
          at += 1
        }
        at += 1
      } else {
        while at < bytes.count, bytes[at] != 44, bytes[at] != 41 {
          text.append(bytes[at])
          at += 1
        }
      }
      if index == wanted { return isQuoted || !text.isEmpty ? String(decoding: text, as: UTF8.self) : nil }
      guard at < bytes.count, bytes[at] == 44 else { return nil }
      at += 1
    }
    return nil
  }
}
