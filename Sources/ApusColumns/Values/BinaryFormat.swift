// BinaryFormat owns the binary forms of all types: what PostgreSQL's send functions write and its receive functions
// read.

public import ApusBase

public enum BinaryFormat {
  // MARK: - Output

  /// Appends the binary form of row `row`, which must not be null. Throws XX001 for a damaged numeric, 42883 for a type
  /// without a binary form.
  public static func output(_ vector: Vector, row: Int, into out: inout [UInt8]) throws(ApusError) {
    switch vector.storage {
    case .constant(let box): try output(box.vector, row: 0, into: &out)
    case .bool(let bits): out.append(bits[row] ? 1 : 0)
    case .int16(let buffer): put(buffer.read(Int16.self)[row], into: &out)
    case .int32(let buffer): put(buffer.read(Int32.self)[row], into: &out)
    case .int64(let buffer):
      let value = buffer.read(Int64.self)[row]
      if vector.type.isOIDLike { put(UInt32(truncatingIfNeeded: value), into: &out) } else { put(value, into: &out) }
    case .float32(let buffer): put(buffer.read(Float.self)[row].bitPattern, into: &out)
    case .float64(let buffer): put(buffer.read(Double.self)[row].bitPattern, into: &out)
    case .interval(let buffer):
      let interval = buffer.read(Interval.self)[row]
      put(interval.microseconds, into: &out)
      put(interval.days, into: &out)
      put(interval.months, into: &out)
    case .uuid(let buffer):
      let uuid = buffer.read(UUIDValue.self)[row]
      put(uuid.high, into: &out)
      put(uuid.low, into: &out)
    case .bytes, .dictionary: try bytes(vector.rawBytes(row), vector.type, into: &out)
    case .list(let offsets, let child):
      let bounds = offsets.read(Int32.self)
      try list(child.vector, Int(bounds[row])..<Int(bounds[row + 1]), of: vector.type, into: &out)
    case .shredded(let column):
      let text = column.slice(row..<row + 1).assembled()
      out.append(1)
      withExtendedLifetime(text) { out.append(contentsOf: text.rawBytes(0)) }
    }
  }

  private static func put<T: FixedWidthInteger>(_ value: T, into out: inout [UInt8]) {
    withUnsafeBytes(of: value.bigEndian) { out.append(contentsOf: $0) }
  }

  private static func bytes(
    _ raw: UnsafeRawBufferPointer, _ type: DataType, into out: inout [UInt8]
  ) throws(ApusError) {
    switch type {
    case .numeric: numeric(try Numeric(encoded: raw), into: &out)
    case .jsonb:
      out.append(1)
      out.append(contentsOf: raw)
    case .char: out.append(raw.first ?? 0)
    case .aclitem, .record:
      throw ApusError(.undefinedFunction, "no binary output function available for type \(type.sqlName)")
    default: out.append(contentsOf: raw)
    }
  }

  private static let negativeSign: UInt16 = 0x4000
  private static let notANumberSign: UInt16 = 0xC000
  private static let infinitySign: UInt16 = 0xD000
  private static let negativeInfinitySign: UInt16 = 0xF000

  private static func numeric(_ value: Numeric, into out: inout [UInt8]) {
    put(UInt16(truncatingIfNeeded: value.digits.count), into: &out)
    put(Int16(truncatingIfNeeded: value.digits.isEmpty ? 0 : value.weight), into: &out)
    let sign: UInt16
    switch value.sign {
    case .positive: sign = 0
    case .negative: sign = negativeSign
    case .notANumber: sign = notANumberSign
    case .positiveInfinity: sign = infinitySign
    case .negativeInfinity: sign = negativeInfinitySign
    }
    put(sign, into: &out)
    // PostgreSQL sends the low bits of an infinity's header as its scale.
    put(UInt16(truncatingIfNeeded: value.isInfinite ? 0x20 : value.scale), into: &out)
    for digit in value.digits { put(digit, into: &out) }
  }

  private static func list(
    _ child: Vector, _ range: Range<Int>, of type: DataType, into out: inout [UInt8]
  ) throws(ApusError) {
    let isVector = type == .int2vector || type == .oidvector
    let element = type.elementType ?? child.type
    let hasDimension = isVector || !range.isEmpty
    put(Int32(hasDimension ? 1 : 0), into: &out)
    put(Int32(range.contains { child.isNull($0) } ? 1 : 0), into: &out)
    put(element.oid, into: &out)
    guard hasDimension else { return }
    put(Int32(truncatingIfNeeded: range.count), into: &out)
    put(Int32(isVector ? 0 : 1), into: &out)
    for index in range {
      let start = out.count
      put(Int32(-1), into: &out)
      if child.isNull(index) { continue }
      try output(child, row: index, into: &out)
      let length = UInt32(truncatingIfNeeded: out.count - start - 4)
      for (offset, shift) in [UInt32(24), 16, 8, 0].enumerated() {
        out[start + offset] = UInt8(truncatingIfNeeded: length >> shift)
      }
    }
  }

  // MARK: - Input

  /// Reads a value as PostgreSQL's receive function of the type does, the modifier applied. Throws 08P01 when bytes are
  /// missing, 22P03 when there are too many or they make no value, 22021, 22P02, 22003 and 22008 for values that are
  /// none.
  public static func input(_ raw: UnsafeRawBufferPointer, type: TypeReference) throws(ApusError) -> Value {
    var reader = ByteReader(raw)
    let value = try read(&reader, type)
    guard reader.isAtEnd else { throw ApusError(.invalidBinaryRepresentation, "incorrect binary data format") }
    return value
  }

  /// The same for bytes in an array.
  public static func input(_ bytes: [UInt8], type: TypeReference) throws(ApusError) -> Value {
    let result = bytes.withUnsafeBytes { raw -> Result<Value, ApusError> in
      do throws(ApusError) { return .success(try input(raw, type: type)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  private static func take<T: FixedWidthInteger & BitwiseCopyable>(
    _ reader: inout ByteReader, _: T.Type
  ) throws(ApusError) -> T {
    do { return try reader.bigEndian(T.self) } catch { throw short }
  }

  private static var short: ApusError { ApusError(.protocolViolation, "insufficient data left in message") }

  private static func rest(_ reader: inout ByteReader) throws(ApusError) -> [UInt8] {
    do { return try reader.take(reader.remaining) } catch { throw short }
  }

  private static func read(_ reader: inout ByteReader, _ type: TypeReference) throws(ApusError) -> Value {
    switch type.type {
    case .bool: return .bool(try take(&reader, UInt8.self) != 0)
    case .int2: return .int(Int64(try take(&reader, Int16.self)))
    case .int4: return .int(Int64(try take(&reader, Int32.self)))
    case .int8: return .int(try take(&reader, Int64.self))
    case .float4: return .float(Double(Float(bitPattern: try take(&reader, UInt32.self))))
    case .float8: return .float(Double(bitPattern: try take(&reader, UInt64.self)))
    case .date: return .int(Int64(try date(&reader)))
    case .time:
      let value = try take(&reader, Int64.self)
      guard value >= 0, value <= Microseconds.perDay else { throw outOfRange("time") }
      return .int(value)
    case .timestamp, .timestamptz:
      let value = try take(&reader, Int64.self)
      let isInfinite = value == TimestampRange.infinity || value == TimestampRange.negativeInfinity
      guard isInfinite || TimestampRange.contains(value) else { throw outOfRange("timestamp") }
      return .int(value)
    case .interval:
      let time = try take(&reader, Int64.self)
      let days = try take(&reader, Int32.self)
      return .interval(Interval(months: try take(&reader, Int32.self), days: days, microseconds: time))
    case .uuid:
      let high = try take(&reader, UInt64.self)
      return .uuid(UUIDValue(high: high, low: try take(&reader, UInt64.self)))
    case .numeric: return .numeric(try numeric(&reader).applying(modifier: type.modifier))
    case .bytea, .aggregateState: return .bytes(try rest(&reader))
    case .jsonb:
      let version = try take(&reader, UInt8.self)
      guard version == 1 else { throw ApusError(.internalError, "unsupported jsonb version number \(version)") }
      return try TextFormat.input(try text(&reader), type: type, settings: .utc)
    case .char:
      let byte = try take(&reader, UInt8.self)
      return .text(byte == 0 ? "" : String(decoding: [byte], as: UTF8.self))
    case .text, .varchar, .bpchar, .name, .json, .unknown:
      return try TextFormat.input(try text(&reader), type: type, settings: .utc)
    case .array(let element): return try array(&reader, TypeReference(element, modifier: type.modifier))
    case .int2vector: return try array(&reader, TypeReference(.int2))
    case .oidvector: return try array(&reader, TypeReference(.oid))
    case _ where type.type.isOIDLike: return .int(Int64(try take(&reader, UInt32.self)))
    default:
      throw ApusError(.undefinedFunction, "no binary input function available for type \(type.type.sqlName)")
    }
  }

  private static func outOfRange(_ what: String) -> ApusError {
    ApusError(.datetimeFieldOverflow, "\(what) out of range")
  }

  private static func date(_ reader: inout ByteReader) throws(ApusError) -> Int32 {
    let days = try take(&reader, Int32.self)
    let isInfinite = days == CivilDate.infinity || days == CivilDate.negativeInfinity
    guard isInfinite || (Int64(days) >= CivilDate.daysMin && Int64(days) <= CivilDate.daysMax) else {
      throw outOfRange("date")
    }
    return days
  }

  private static func text(_ reader: inout ByteReader) throws(ApusError) -> String {
    let bytes = try rest(&reader)
    guard let text = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
      throw ApusError(.characterNotInRepertoire, "invalid byte sequence for encoding \"UTF8\"")
    }
    return text
  }

  private static func numeric(_ reader: inout ByteReader) throws(ApusError) -> Numeric {
    func broken(_ part: String) -> ApusError {
      ApusError(.invalidBinaryRepresentation, "invalid \(part) in external \"numeric\" value")
    }
    let count = Int(try take(&reader, UInt16.self))
    let weight = Int(try take(&reader, Int16.self))
    let signCode = try take(&reader, UInt16.self)
    let scale = Int(try take(&reader, UInt16.self))
    let sign: Numeric.Sign
    switch signCode {
    case 0: sign = .positive
    case negativeSign: sign = .negative
    case notANumberSign: sign = .notANumber
    case infinitySign: sign = .positiveInfinity
    case negativeInfinitySign: sign = .negativeInfinity
    default: throw broken("sign")
    }
    guard scale & ~0x3FFF == 0 else { throw broken("scale") }
    guard count * 2 <= reader.remaining else { throw short }
    var digits: [UInt16] = []
    digits.reserveCapacity(count)
    for _ in 0..<count {
      let digit = try take(&reader, UInt16.self)
      guard digit < 10_000 else { throw broken("digit") }
      digits.append(digit)
    }
    guard sign == .positive || sign == .negative else {
      return Numeric(sign: sign, weight: 0, scale: 0, digits: [])
    }
    return Numeric.normalised(sign, weight, scale, digits).truncated(scale)
  }

  private static func array(_ reader: inout ByteReader, _ element: TypeReference) throws(ApusError) -> Value {
    let dimensions = try take(&reader, Int32.self)
    let flags = try take(&reader, Int32.self)
    let oid = try take(&reader, UInt32.self)
    guard dimensions >= 0 else {
      throw ApusError(.invalidBinaryRepresentation, "invalid number of dimensions: \(dimensions)")
    }
    guard flags == 0 || flags == 1 else { throw ApusError(.invalidBinaryRepresentation, "invalid array flags") }
    guard oid == element.type.oid else {
      let given = DataType(oid: oid)?.sqlName ?? "unknown"
      throw ApusError(
        .datatypeMismatch,
        "binary data has array element type \(oid) (\(given)) instead of expected \(element.type.oid) "
          + "(\(element.type.sqlName))")
    }
    guard dimensions > 0 else { return .array([]) }
    guard dimensions == 1 else { throw .unsupported("multidimensional arrays are") }
    let count = try take(&reader, Int32.self)
    _ = try take(&reader, Int32.self)
    guard count >= 0, Int(count) * 4 <= reader.remaining else { throw short }
    var values: [Value] = []
    values.reserveCapacity(Int(count))
    for _ in 0..<count {
      let length = Int(try take(&reader, Int32.self))
      if length == -1 {
        values.append(.null)
        continue
      }
      guard length >= 0, length <= reader.remaining else { throw short }
      let part = UnsafeRawBufferPointer(rebasing: reader.bytes[reader.offset..<reader.offset + length])
      values.append(try input(part, type: element))
      do { try reader.skip(length) } catch { throw short }
    }
    return .array(values)
  }
}
