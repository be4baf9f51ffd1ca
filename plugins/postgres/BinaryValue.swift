// BinaryValue owns PostgreSQL's binary format of single values, to and from Arrow columns.

import ApusPluginKit

enum BinaryValue {
  /// 2000-01-01 from 1970-01-01.
  private static let epochDays: Int32 = 10_957
  private static let epochMicroseconds: Int64 = 946_684_800_000_000

  private static func integer<T: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _ type: T.Type, _ sqlType: PluginType
  ) throws(PluginError) -> T {
    guard bytes.count == MemoryLayout<T>.size else { throw damaged(sqlType, bytes.count) }
    return T(bigEndian: bytes.loadUnaligned(as: T.self))
  }

  private static func damaged(_ type: PluginType, _ count: Int) -> PluginError {
    PluginError(
      "22P03", "the PostgreSQL server sent \(count) bytes for a value of type \(type.sqlName)",
      hint: "Does the column have the type that Apus was told?")
  }

  // MARK: Reading

  static func append(
    _ bytes: UnsafeRawBufferPointer, _ type: PluginType, to column: ArrowColumnBuilder
  ) throws(PluginError) {
    switch type {
    case .bool: try column.append(try integer(bytes, UInt8.self, type) != 0)
    case .int2: try column.append(try integer(bytes, Int16.self, type))
    case .int4: try column.append(try integer(bytes, Int32.self, type))
    case .float4: try column.append(try integer(bytes, UInt32.self, type))
    case .int8, .time: try column.append(try integer(bytes, Int64.self, type))
    case .float8: try column.append(try integer(bytes, UInt64.self, type))
    case .date:
      let days = try integer(bytes, Int32.self, type)
      if days == .max || days == .min { return try column.append(days) }
      let (unix, overflow) = days.addingReportingOverflow(epochDays)
      if overflow { throw PluginError("22008", "date out of range") }
      try column.append(unix)
    case .timestamp, .timestamptz:
      let time = try integer(bytes, Int64.self, type)
      if time == .max || time == .min { return try column.append(time) }
      let (unix, overflow) = time.addingReportingOverflow(epochMicroseconds)
      if overflow { throw PluginError("22008", "timestamp out of range") }
      try column.append(unix)
    case .interval: try appendInterval(bytes, to: column)
    case .uuid:
      guard bytes.count == 16 else { throw damaged(type, bytes.count) }
      try column.append(bytes: bytes)
    case .numeric:
      try column.append { (out) throws(PluginError) in try NumericText.appendText(of: bytes, to: out) }
    case .jsonb:
      guard bytes.first == 1 else { throw damaged(type, bytes.count) }
      try column.append(bytes: UnsafeRawBufferPointer(rebasing: bytes.dropFirst()))
    case .text, .varchar, .bpchar, .name, .json, .bytea: try column.append(bytes: bytes)
    }
  }

  private static func appendInterval(
    _ bytes: UnsafeRawBufferPointer, to column: ArrowColumnBuilder
  ) throws(PluginError) {
    guard bytes.count == 16 else { throw damaged(.interval, bytes.count) }
    let microseconds = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    let (nanoseconds, overflow) = microseconds.multipliedReportingOverflow(by: 1000)
    if overflow { throw PluginError("22008", "interval out of range") }
    let days = Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: Int32.self))
    let months = Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: 12, as: Int32.self))
    try column.append { (out) throws(PluginError) in
      try out.append(months)
      try out.append(days)
      try out.append(nanoseconds)
    }
  }

  // MARK: Writing

  /// Appends the length and the bytes of one value, -1 for null.
  static func append(
    _ values: ArrowColumnReader, _ row: Int, _ type: PluginType, to out: GrowingBytes
  ) throws(PluginError) {
    if values.isNull(row) { return try out.appendBigEndian(Int32(-1)) }
    let start = out.count
    try out.appendBigEndian(Int32(0))
    switch type {
    case .bool: try out.append(UInt8(values.bool(row) ? 1 : 0))
    case .int2: try out.appendBigEndian(try values.value(row, as: Int16.self))
    case .int4: try out.appendBigEndian(try values.value(row, as: Int32.self))
    case .float4: try out.appendBigEndian(try values.value(row, as: UInt32.self))
    case .int8, .time: try out.appendBigEndian(try values.value(row, as: Int64.self))
    case .float8: try out.appendBigEndian(try values.value(row, as: UInt64.self))
    case .date:
      let days = try values.value(row, as: Int32.self)
      let isInfinite = days == .max || days == .min
      try out.appendBigEndian(isInfinite ? days : days &- epochDays)
    case .timestamp, .timestamptz:
      let time = try values.value(row, as: Int64.self)
      let isInfinite = time == .max || time == .min
      try out.appendBigEndian(isInfinite ? time : time &- epochMicroseconds)
    case .interval:
      let raw = try values.fixed(row, width: 16)
      try out.appendBigEndian(raw.loadUnaligned(fromByteOffset: 8, as: Int64.self) / 1000)
      try out.appendBigEndian(raw.loadUnaligned(fromByteOffset: 4, as: Int32.self))
      try out.appendBigEndian(raw.loadUnaligned(fromByteOffset: 0, as: Int32.self))
    case .uuid: try out.append(try values.fixed(row, width: 16))
    case .numeric: try NumericText.appendBinary(of: try values.bytes(row), to: out)
    case .jsonb:
      try out.append(UInt8(1))
      try out.append(try values.bytes(row))
    case .text, .varchar, .bpchar, .name, .json, .bytea: try out.append(try values.bytes(row))
    }
    guard let length = Int32(exactly: out.count &- start &- 4) else {
      throw PluginError("54000", "a value is longer than 2 GiB")
    }
    out.store(length.bigEndian, at: start)
  }
}
