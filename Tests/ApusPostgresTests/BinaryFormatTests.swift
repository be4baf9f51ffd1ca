// The binary forms of values against bytes that PostgreSQL 15.13 sent (SELECT $1::text::type, result format 1).

import ApusBase
import ApusColumns
import Testing

private enum Sent {
  /// Type, text form, bytes.
  static let values: [(oid: OID, text: String, hex: String)] = [
    (16, "t", "01"),
    (16, "f", "00"),
    (21, "-32768", "8000"),
    (21, "7", "0007"),
    (23, "-1", "ffffffff"),
    (23, "2147483647", "7fffffff"),
    (20, "-9223372036854775808", "8000000000000000"),
    (20, "42", "000000000000002a"),
    (700, "1.5", "3fc00000"),
    (700, "NaN", "7fc00000"),
    (700, "-Infinity", "ff800000"),
    (701, "-0", "8000000000000000"),
    (701, "2.5", "4004000000000000"),
    (701, "1e300", "7e37e43c8800759c"),
    (701, "Infinity", "7ff0000000000000"),
    (1700, "0", "0000000000000000"),
    (1700, "0.00", "0000000000000002"),
    (1700, "1", "00010000000000000001"),
    (1700, "-1", "00010000400000000001"),
    (1700, "12345.678", "0003000100000003000109291a7c"),
    (1700, "0.0001", "0001ffff000000040001"),
    (1700, "-0.00012", "0002ffff40000005000107d0"),
    (1700, "10000", "00010001000000000001"),
    (1700, "100000000", "00010002000000000001"),
    (1700, "99999999999999999999.9999", "0006000400000004270f270f270f270f270f270f"),
    (1700, "NaN", "00000000c0000000"),
    (1700, "Infinity", "00000000d0000020"),
    (1700, "-Infinity", "00000000f0000020"),
    (1700, "1e20", "00010005000000000001"),
    (1700, "1.10", "0002000000000002000103e8"),
    (1700, "12345678901234567890123456789", "0008000700000000000109291a85007b11d722c509291a85"),
    (25, "", ""),
    (25, "häß", "68c3a4c39f"),
    (1043, "v", "76"),
    (1042, "b  ", "622020"),
    (19, "n", "6e"),
    (18, "c", "63"),
    (18, "", "00"),
    (17, "\\x", ""),
    (17, "\\x00ff41", "00ff41"),
    (2950, "12345678-9abc-def0-1234-56789abcdef0", "123456789abcdef0123456789abcdef0"),
    (114, "{\"a\": [1, 2]}", "7b2261223a205b312c20325d7d"),
    (3802, "{\"b\":1,\"a\":null}", "017b2261223a206e756c6c2c202262223a20317d"),
    (1082, "2000-01-01", "00000000"),
    (1082, "1999-12-31", "ffffffff"),
    (1082, "infinity", "7fffffff"),
    (1082, "-infinity", "80000000"),
    (1082, "4714-11-24 BC", "ffda97a7"),
    (1083, "00:00:00", "0000000000000000"),
    (1083, "23:59:59.999999", "000000141dd75fff"),
    (1083, "24:00:00", "000000141dd76000"),
    (1114, "2024-02-29 12:34:56.789", "0002b58341728608"),
    (1114, "infinity", "7fffffffffffffff"),
    (1114, "-infinity", "8000000000000000"),
    (1184, "2024-02-29 12:34:56.789+00", "0002b58341728608"),
    (1184, "1900-01-01 00:00:00+00", "fff4c9ee7c0b8000"),
    (1186, "1 year 2 mons -3 days 04:05:06.7", "000000036c966ee0fffffffd0000000e"),
    (1186, "-00:00:01", "fffffffffff0bdc00000000000000000"),
    (26, "0", "00000000"),
    (26, "4294967295", "ffffffff"),
    (28, "77", "0000004d"),
    (2206, "bigint", "00000014"),
    (1007, "{}", "000000000000000000000017"),
    (1007, "{1,NULL,-3}", "00000001000000010000001700000003000000010000000400000001ffffffff00000004fffffffd"),
    (
      1009, "{a,\"b c\",NULL,\"\"}",
      "0000000100000001000000190000000400000001000000016100000003622063ffffffff00000000"
    ),
    (
      1231, "{1.5,2}",
      "0000000100000000000006a400000002000000010000000c0002000000000001000113880000000a00010000000000000002"
    ),
    (1000, "{t,f}", "000000010000000000000010000000020000000100000001010000000100"),
    (1185, "{\"2000-01-01 00:00:00+00\"}", "0000000100000000000004a00000000100000001000000080000000000000000"),
    (3807, "{\"{\\\"a\\\": 1}\"}", "000000010000000000000eda000000010000000100000009017b2261223a20317d"),
    (22, "1 2 3", "0000000100000000000000150000000300000000000000020001000000020002000000020003"),
    (22, "", "0000000100000000000000150000000000000000"),
    (30, "10 20", "00000001000000000000001a0000000200000000000000040000000a0000000400000014"),
  ]
}

@Suite struct `Binary format` {

  static func bytes(_ hex: String) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = hex[...]
    while !rest.isEmpty {
      bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
      rest = rest.dropFirst(2)
    }
    return bytes
  }

  private func sent(_ value: Value, _ type: DataType) throws -> [UInt8] {
    var out: [UInt8] = []
    try BinaryFormat.output(Vector.of([value], type: type), row: 0, into: &out)
    return out
  }

  @Test(arguments: Sent.values.indices)
  func `values are read from and written as PostgreSQL's bytes`(_ index: Int) throws {
    let (oid, text, hex) = Sent.values[index]
    let type = try #require(DataType(oid: oid))
    let bytes = Self.bytes(hex)
    let value = try BinaryFormat.input(bytes, type: TypeReference(type))
    #expect(try sent(value, type) == bytes, "\(type) \(text)")
    if type.physical != .list || type.elementType == .int4, !type.isOIDLike {
      let read = try TextFormat.input(text, type: TypeReference(type), settings: .utc)
      #expect(try sent(read, type) == bytes, "\(type) \(text) by its text")
    }
  }

  @Test func `constant vectors are written as their value`() throws {
    var out: [UInt8] = []
    try BinaryFormat.output(.constant(.int(7), type: .int4, count: 3), row: 2, into: &out)
    #expect(out == [0, 0, 0, 7])
  }

  private func state(_ hex: String, _ type: DataType, modifier: Int32 = -1) -> SQLState? {
    do {
      _ = try BinaryFormat.input(Self.bytes(hex), type: TypeReference(type, modifier: modifier))
      return nil
    } catch {
      return error.state
    }
  }

  @Test func `bytes that make no value are refused`() {
    #expect(state("0000", .int4) == .protocolViolation)
    #expect(state("0000000000", .int4) == .invalidBinaryRepresentation)
    #expect(state("02", .bool) == nil)
    #expect(state("c328", .text) == .characterNotInRepertoire)
    #expect(state("6100", .text) == .characterNotInRepertoire)
    #expect(state("027b7d", .jsonb) == .internalError)
    #expect(state("017b", .jsonb) == .invalidTextRepresentation)
    #expect(state("7b", .json) == .invalidTextRepresentation)
    #expect(state("00010000000000002710", .numeric) == .invalidBinaryRepresentation)
    #expect(state("0000000012340000", .numeric) == .invalidBinaryRepresentation)
    #expect(state("000000000000ffff", .numeric) == .invalidBinaryRepresentation)
    #expect(state("ffff000000000000", .numeric) == .protocolViolation)
    #expect(state("00010000000000000064", .numeric, modifier: (2 << 16 | 1) + 4) == .numericValueOutOfRange)
    #expect(state("000000141dd76001", .time) == .datetimeFieldOverflow)
    #expect(state("7ffffffffffffffe", .timestamp) == .datetimeFieldOverflow)
    #expect(state("7ffffffe", .date) == .datetimeFieldOverflow)
    #expect(state("000000010000000000000014", .array(.int4)) == .datatypeMismatch)
    #expect(state("ffffffff0000000000000017", .array(.int4)) == .invalidBinaryRepresentation)
    #expect(state("000000010000000200000017", .array(.int4)) == .invalidBinaryRepresentation)
    #expect(state("0000000100000000000000177fffffff00000001", .array(.int4)) == .protocolViolation)
    #expect(state("00", .record) == .undefinedFunction)
  }

  @Test func `digits beyond the scale are cut, as PostgreSQL does`() throws {
    let value = try BinaryFormat.input(Self.bytes("000200000000000100010d05"), type: TypeReference(.numeric))
    guard case .numeric(let number) = value else {
      Issue.record("not numeric")
      return
    }
    #expect(number.text == "1.3")
  }

  @Test func `no bytes make it trap`() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    let types = DataType.all + DataType.all.filter { $0.oid != 0 && $0.elementType == nil }.map { .array($0) }
    for _ in 0..<20_000 {
      let type = types[Int(random.next() % UInt64(types.count))]
      var bytes = (0..<Int(random.next() % 40)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
      if random.next() % 2 == 0, let known = Sent.values.randomElement(using: &random) {
        bytes = Self.bytes(known.hex)
        if !bytes.isEmpty { bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next()) }
      }
      guard let value = try? BinaryFormat.input(bytes, type: TypeReference(type)) else { continue }
      _ = try? sent(value, type)
    }
    print("binary format fuzz seed \(seed)")
  }
}
