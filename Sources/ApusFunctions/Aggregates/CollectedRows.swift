// CollectedRows owns rows kept whole for aggregates that need all of them: array_agg, string_agg, percentile_cont, ...

import ApusBase
import ApusColumns

/// The arguments of many rows and the group of each. Vectors are kept as they came.
struct CollectedRows: ~Copyable {
  private let types: [DataType]
  private var parts: [[Vector]] = []
  private var owners: [UInt32] = []
  private var heldBytes = 0

  init(_ types: [DataType]) { self.types = types }

  var byteCount: Int { heldBytes + owners.capacity * 4 }

  mutating func append(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    guard count > 0 else { return }
    guard arguments.count == types.count else { throw .unexpected("an aggregate got \(arguments.count) arguments") }
    parts.append(arguments)
    for vector in arguments { heldBytes += Self.size(vector) }
    if let groups {
      owners.append(contentsOf: UnsafeBufferPointer(start: groups, count: count))
    } else {
      owners.append(contentsOf: repeatElement(0, count: count))
    }
  }

  private static func size(_ vector: Vector) -> Int {
    switch vector.storage {
    case .bool: vector.count / 8
    case .int16: vector.count * 2
    case .int32, .float32: vector.count * 4
    case .int64, .float64: vector.count * 8
    case .interval, .uuid: vector.count * 16
    case .bytes(let offsets, _):
      vector.count * 4 + Int(offsets.read(Int32.self)[vector.count] - offsets.read(Int32.self)[0])
    case .dictionary(_, let width, _): vector.count * width
    case .list(let offsets, let child):
      vector.count * 4 + size(child.vector) * Int(offsets.read(Int32.self)[vector.count]) / max(1, child.vector.count)
    case .constant: 64
    case .shredded: vector.count * 64
    }
  }

  mutating func merge(_ other: borrowing CollectedRows, mapping: UnsafePointer<UInt32>) {
    parts.append(contentsOf: other.parts)
    owners.reserveCapacity(owners.count + other.owners.count)
    for owner in other.owners { owners.append(mapping[Int(owner)]) }
    heldBytes += other.heldBytes
  }

  /// All rows, and for each group those of its own, in the order in which they came.
  func grouped(_ groups: Int) throws(ApusError) -> GroupedRows {
    var columns: [Vector] = []
    for index in types.indices {
      columns.append(try Vector.concatenated(parts.map { $0[index] }, type: types[index]))
    }
    var starts = [Int](repeating: 0, count: groups + 1)
    for owner in owners where Int(owner) < groups { starts[Int(owner) + 1] += 1 }
    for group in 0..<groups { starts[group + 1] += starts[group] }
    var next = starts
    var rows = [UInt32](repeating: 0, count: starts[groups])
    for (row, owner) in owners.enumerated() where Int(owner) < groups {
      rows[next[Int(owner)]] = UInt32(truncatingIfNeeded: row)
      next[Int(owner)] += 1
    }
    return GroupedRows(columns: columns, rows: rows, starts: starts)
  }
}

/// Rows by group.
struct GroupedRows {
  /// One vector an argument, all rows in the order in which they came.
  let columns: [Vector]
  /// Row numbers, group by group.
  let rows: [UInt32]
  /// Where each group's begin in `rows`, and the end of the last.
  let starts: [Int]

  func rows(of group: Int) -> ArraySlice<UInt32> { rows[starts[group]..<starts[group + 1]] }
}

/// States that keep rows and compute at the end.
final class CollectingStates: AggregateStates {
  typealias Finish = @Sendable (_ rows: GroupedRows, _ groups: Int) throws(ApusError) -> Vector
  private let types: [DataType]
  private let finisher: Finish
  private var rows: CollectedRows

  init(_ types: [DataType], _ finisher: @escaping Finish) {
    self.types = types
    self.finisher = finisher
    rows = CollectedRows(types)
  }

  func grow(to count: Int) {}

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    try rows.append(arguments, count: count, groups: groups)
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool { false }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: CollectingStates.self)
    rows.merge(other.rows, mapping: mapping)
  }

  func finish(count: Int) throws(ApusError) -> Vector { try finisher(rows.grouped(count), count) }

  func serialise(_ group: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(1)
    guard let grouped = try? rows.grouped(group + 1) else { return writer.bytes }
    for row in grouped.rows(of: group) {
      for column in grouped.columns { ValueCodec.write(column.value(at: Int(row)), to: &writer) }
    }
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    var columns = [[Value]](repeating: [], count: types.count)
    try readState(bytes, version: 1) {
      while !$0.isAtEnd {
        for index in types.indices { columns[index].append(try ValueCodec.read(&$0)) }
      }
    }
    let count = columns.first?.count ?? 0
    var vectors: [Vector] = []
    for (index, values) in columns.enumerated() { vectors.append(Vector.of(values, type: types[index])) }
    let groups = Buffer(byteCount: count * 4)
    defer { withExtendedLifetime(groups) {} }
    let out = groups.write(UInt32.self)
    for row in 0..<count { out[row] = UInt32(truncatingIfNeeded: group) }
    try rows.append(vectors, count: count, groups: groups.read(UInt32.self))
  }

  var byteCount: Int { rows.byteCount }
}

/// Values as bytes: a tag, then the value.
enum ValueCodec {
  static func write(_ value: Value, to writer: inout ByteWriter) {
    func put(_ tag: UInt8, _ raw: [UInt8]) {
      writer.byte(tag)
      writer.varint(UInt64(raw.count))
      writer.append(raw)
    }
    switch value {
    case .null: writer.byte(0)
    case .bool(let flag):
      writer.byte(1)
      writer.byte(flag ? 1 : 0)
    case .int(let number):
      writer.byte(2)
      writer.littleEndian(number)
    case .float(let number):
      writer.byte(3)
      writer.littleEndian(number.bitPattern)
    case .numeric(let number): put(4, number.encoded)
    case .text(let text): put(5, Array(text.utf8))
    case .bytes(let raw): put(6, raw)
    case .interval(let interval):
      writer.byte(7)
      writer.littleEndian(interval.months)
      writer.littleEndian(interval.days)
      writer.littleEndian(interval.microseconds)
    case .uuid(let uuid):
      writer.byte(8)
      writer.littleEndian(uuid.high)
      writer.littleEndian(uuid.low)
    case .array(let values):
      writer.byte(9)
      writer.varint(UInt64(values.count))
      for element in values { write(element, to: &writer) }
    }
  }

  static func read(_ reader: inout ByteReader, depth: Int = 0) throws -> Value {
    func taken() throws -> [UInt8] {
      let length = try reader.varint()
      guard length <= UInt64(reader.remaining) else { throw ByteReader.Underflow(offset: reader.offset) }
      return try reader.take(Int(length))
    }
    let tag = try reader.littleEndian(UInt8.self)
    switch tag {
    case 0: return .null
    case 1: return .bool(try reader.littleEndian(UInt8.self) != 0)
    case 2: return .int(try reader.littleEndian(Int64.self))
    case 3: return .float(Double(bitPattern: try reader.littleEndian(UInt64.self)))
    case 4: return .numeric(try taken().withUnsafeBytes { try Numeric(encoded: $0) })
    case 5: return .text(String(decoding: try taken(), as: UTF8.self))
    case 6: return .bytes(try taken())
    case 7:
      let months = try reader.littleEndian(Int32.self)
      let days = try reader.littleEndian(Int32.self)
      return .interval(Interval(months: months, days: days, microseconds: try reader.littleEndian(Int64.self)))
    case 8:
      let high = try reader.littleEndian(UInt64.self)
      return .uuid(UUIDValue(high: high, low: try reader.littleEndian(UInt64.self)))
    case 9 where depth < 4:
      let count = try reader.varint()
      guard count <= UInt64(reader.remaining) else { throw ByteReader.Underflow(offset: reader.offset) }
      var values: [Value] = []
      for _ in 0..<count { values.append(try read(&reader, depth: depth + 1)) }
      return .array(values)
    default: throw ApusError(.dataCorrupted, "aggregate state has a value of unknown kind \(tag)")
    }
  }
}
