// Tests of the text forms of all types: inputs and outputs as PostgreSQL 15 gives them.

import ApusBase
import ApusColumns
import Testing

@Suite struct TextForms {
  private func roundTrip(_ text: String, _ type: DataType, modifier: Int32 = -1) throws -> String {
    let settings = FormatSettings(timeZone: TimeZone.named("Europe/Berlin") ?? .utc)
    let value = try TextFormat.input(text, type: TypeReference(type, modifier: modifier), settings: settings)
    var out: [UInt8] = []
    try TextFormat.output(.of([value], type: type), row: 0, settings: settings, into: &out)
    return String(decoding: out, as: UTF8.self)
  }

  @Test(arguments: [
    (" yes ", DataType.bool, "t"), ("off", .bool, "f"), (" -32768 ", .int2, "-32768"), ("+7", .int4, "7"),
    ("9223372036854775807", .int8, "9223372036854775807"), ("1e20", .float8, "1e+20"), ("0.1", .float4, "0.1"),
    ("NaN", .float8, "NaN"), ("12.50", .numeric, "12.50"), ("abc", .text, "abc"),
    ("A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", .uuid, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"),
    (#"\x DE ad"#, .bytea, #"\xdead"#), (#"a\\b\001"#, .bytea, #"\x615c6201"#), ("2026-02-28", .date, "2026-02-28"),
    ("2026-03-29 01:00:00+00", .timestamptz, "2026-03-29 03:00:00+02"), ("infinity", .timestamp, "infinity"),
    ("2026-07-01 12:00:00.500", .timestamp, "2026-07-01 12:00:00.5"), ("04:05:06.789", .time, "04:05:06.789"),
    ("1 day 2 hours", .interval, "1 day 02:00:00"), (#"{1, NULL ,3}"#, .array(.int4), "{1,NULL,3}"),
    (#"{"a b", "x\"y", "NULL", ""}"#, .array(.text), #"{"a b","x\"y","NULL",""}"#), ("{}", .array(.text), "{}"),
  ])
  func `a value is written as PostgreSQL writes what it read`(input: String, type: DataType, output: String) throws {
    #expect(try roundTrip(input, type) == output)
  }

  @Test(arguments: [
    ("x", DataType.int4, "22P02", #"invalid input syntax for type integer: "x""#),
    ("99999999999", .int4, "22003", #"value "99999999999" is out of range for type integer"#),
    ("32768", .int2, "22003", #"value "32768" is out of range for type smallint"#),
    ("maybe", .bool, "22P02", #"invalid input syntax for type boolean: "maybe""#),
    ("a0eebc99", .uuid, "22P02", #"invalid input syntax for type uuid: "a0eebc99""#),
    (#"\xabc"#, .bytea, "22023", "invalid hexadecimal data: odd number of digits"),
    ("1,2", .array(.int4), "22P02", #"malformed array literal: "1,2""#),
  ])
  func `bad input has PostgreSQL's error`(input: String, type: DataType, state: String, message: String) {
    let error = #expect(throws: ApusError.self) { try roundTrip(input, type) }
    #expect(error?.state.code == state)
    #expect(error?.message == message)
  }

  @Test func `modifiers round, pad and refuse`() throws {
    #expect(try roundTrip("1.255", .numeric, modifier: (10 << 16 | 2) + 4) == "1.26")
    #expect(try roundTrip("ab  ", .varchar, modifier: 2 + 4) == "ab")
    #expect(try roundTrip("ab", .bpchar, modifier: 4 + 4) == "ab  ")
    let error = #expect(throws: ApusError.self) { try roundTrip("abc", .varchar, modifier: 2 + 4) }
    #expect(error?.message == "value too long for type character varying(2)")
  }
}
