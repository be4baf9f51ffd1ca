// Rows owns the lifting of functions over values of any width: bytes, and whole values row by row.

import ApusBase
public import ApusColumns

/// Whether row `row` counts under a strict function's validity.
@inline(__always)
func isPresent(_ validity: Bitmap?, _ row: Int) -> Bool { validity.map { $0[row] } ?? true }

/// A test of each row's bytes.
func testBytes(
  _ vector: Vector, _ count: Int, _ test: (UnsafeRawBufferPointer) throws(ApusError) -> Bool
) throws(ApusError) -> Vector {
  let (validity, isAllNull) = strictValidity([vector], count)
  if isAllNull { return .nulls(type: .bool, count: count) }
  let bits = Bitmap(repeating: false, count: count)
  let column = BytesColumn(vector)
  defer { withExtendedLifetime(column.owner) {} }
  for row in 0..<count where isPresent(validity, row) { if try test(column[row]) { bits.set(row) } }
  return .bool(bits, validity: validity)
}

/// A test of each pair of rows' bytes.
func compareBytesRows(
  _ arguments: [Vector], _ count: Int,
  _ test: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(ApusError) -> Bool
) throws(ApusError) -> Vector {
  let (validity, isAllNull) = strictValidity(arguments, count)
  if isAllNull { return .nulls(type: .bool, count: count) }
  let bits = Bitmap(repeating: false, count: count)
  let (a, b) = (BytesColumn(arguments[0]), BytesColumn(arguments[1]))
  defer { withExtendedLifetime((a.owner, b.owner)) {} }
  for row in 0..<count where isPresent(validity, row) {
    if try test(a[row], b[row]) { bits.set(row) }
  }
  return .bool(bits, validity: validity)
}

/// Byte strings appended one after the other, at most 2 GiB in all.
struct BytesResult: ~Copyable {
  private var builder: BytesBuilder
  private let type: DataType

  init(_ type: DataType, capacity: Int) {
    builder = BytesBuilder(capacity: capacity)
    self.type = type
  }

  mutating func append(_ raw: UnsafeRawBufferPointer) throws(ApusError) {
    guard raw.count <= Limits.valueBytesMax else {
      throw ApusError(.programLimitExceeded, "a value of \(raw.count) bytes is larger than \(Limits.valueBytesMax)")
    }
    guard builder.fits(raw.count) else { throw ApusError(.programLimitExceeded, "a column larger than 2 GiB") }
    builder.append(raw)
  }
  mutating func append(_ raw: [UInt8]) throws(ApusError) {
    var failure: ApusError?
    raw.withUnsafeBytes { bytes in
      do throws(ApusError) { try append(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }
  mutating func appendEmpty() { builder.appendEmpty() }

  consuming func finish(count: Int, validity: Bitmap?) -> Vector {
    let (offsets, data) = builder.finishStorage()
    return Vector(type: type, count: count, validity: validity, storage: .bytes(offsets: offsets, data: data))
  }
}

/// Bytes of each row from the rows' arguments. `body` appends to an empty array; false gives null.
func mapBytes(
  _ arguments: [Vector], _ count: Int, _ type: DataType,
  _ body: (_ row: Int, _ out: inout [UInt8]) throws(ApusError) -> Bool
) throws(ApusError) -> Vector {
  let (validity, isAllNull) = strictValidity(arguments, count)
  if isAllNull { return .nulls(type: type, count: count) }
  var result = BytesResult(type, capacity: count)
  var nulls: Bitmap?
  var scratch: [UInt8] = []
  for row in 0..<count {
    if let validity, !validity[row] {
      result.appendEmpty()
      continue
    }
    scratch.removeAll(keepingCapacity: true)
    if try body(row, &scratch) {
      try result.append(scratch)
    } else {
      result.appendEmpty()
      let bits = nulls ?? Bitmap(repeating: true, count: count)
      bits.clear(row)
      nulls = bits
    }
  }
  return result.finish(count: count, validity: Bitmap.intersection(validity, nulls))
}

/// A value of each row from the rows' values, for functions that need no speed. Null rows stay null.
func mapValues(
  _ arguments: [Vector], _ count: Int, _ type: DataType,
  _ body: ([Value]) throws(ApusError) -> Value
) throws(ApusError) -> Vector {
  let (validity, isAllNull) = strictValidity(arguments, count)
  if isAllNull { return .nulls(type: type, count: count) }
  var builder = VectorBuilder(type: type, capacity: count)
  for row in 0..<count {
    if let validity, !validity[row] {
      builder.appendNull()
    } else {
      builder.append(try body(arguments.map { $0.value(at: row) }))
    }
  }
  return builder.finish()
}

/// The same for functions that see nulls.
func mapNullableValues(
  _ arguments: [Vector], _ count: Int, _ type: DataType,
  _ body: ([Value]) throws(ApusError) -> Value
) throws(ApusError) -> Vector {
  var builder = VectorBuilder(type: type, capacity: count)
  for row in 0..<count { builder.append(try body(arguments.map { $0.value(at: row) })) }
  return builder.finish()
}

/// A test of each row's values.
func testValues(
  _ arguments: [Vector], _ count: Int, _ test: ([Value]) throws(ApusError) -> Bool
) throws(ApusError) -> Vector {
  let (validity, isAllNull) = strictValidity(arguments, count)
  if isAllNull { return .nulls(type: .bool, count: count) }
  let bits = Bitmap(repeating: false, count: count)
  for row in 0..<count where isPresent(validity, row) {
    if try test(arguments.map { $0.value(at: row) }) { bits.set(row) }
  }
  return .bool(bits, validity: validity)
}

extension EvaluationContext {
  /// How this session writes and reads values.
  public var formatSettings: FormatSettings {
    let order: ApusColumns.DateOrder
    switch dateOrder {
    case .monthDayYear: order = .monthDayYear
    case .dayMonthYear: order = .dayMonthYear
    case .yearMonthDay: order = .yearMonthDay
    }
    let catalog = catalog
    return FormatSettings(
      timeZone: zone, extraFloatDigits: extraFloatDigits, dateOrder: order, now: transactionTime,
      objectName: { oid, type in catalog?.name(of: oid, as: type) },
      objectID: { text, type in catalog?.oid(named: text, as: type) })
  }

  /// The session's time zone.
  public var zone: TimeZone { TimeZone.named(timeZone) ?? .utc }
}
