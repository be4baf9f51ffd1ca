// Tests of columns: bitmaps, gathering, shredded jsonb, and the values that PostgreSQL 15 gives.

import ApusBase
import ApusColumns
import Testing

@Suite struct Bitmaps {
  @Test func `counts and combinations agree with a plain array, at every length around a word`() {
    var random = SeededRandom(seed: 7)
    for count in [0, 1, 63, 64, 65, 127, 128, 200] {
      let a = (0..<count).map { _ in Bool.random(using: &random) }
      let b = (0..<count).map { _ in Bool.random(using: &random) }
      let left = Bitmap(a)
      let right = Bitmap(b)
      #expect(left.setCount == a.filter { $0 }.count)
      #expect(left.and(right).setCount == zip(a, b).filter { $0 && $1 }.count)
      #expect(left.or(right).setCount == zip(a, b).filter { $0 || $1 }.count)
      #expect(left.andNot(right).setCount == zip(a, b).filter { $0 && !$1 }.count)
      #expect(SelectionVector(left).count == left.setCount)
    }
  }
}

@Suite struct Gathering {
  static let samples: [(DataType, [Value])] = [
    (.bool, [.bool(true), .null, .bool(false)]), (.int8, [.int(5), .int(-1), .null]),
    (.float8, [.float(1.5), .null, .float(-0.25)]), (.text, [.text("a"), .text(""), .null]),
    (.interval, [.interval(Interval(months: 1, days: 2, microseconds: 3)), .null, .interval(Interval())]),
    (.uuid, [.uuid(UUIDValue(high: 1, low: 2)), .null, .uuid(UUIDValue(high: 0, low: 9))]),
    (.array(.int4), [.array([.int(1), .null]), .null, .array([])]),
  ]

  @Test(arguments: samples.indices)
  func `rows are taken in the order asked for`(index: Int) {
    let (type, values) = Self.samples[index]
    let taken = Vector.of(values, type: type).gathered(SelectionVector([2, 0, 0, 1]))
    #expect((0..<4).map { taken.value(at: $0) } == [values[2], values[0], values[0], values[1]])
  }

  @Test(arguments: samples.indices)
  func `vectors are joined end to end`(index: Int) throws {
    let (type, values) = Self.samples[index]
    let part = Vector.of(values, type: type)
    let joined = try Vector.concatenated([part, part.slice(1..<3), part], type: type)
    #expect((0..<joined.count).map { joined.value(at: $0) } == values + values[1...] + values)
  }
}

@Suite struct Shredded {
  /// {"b": 12.50, "aa": {"x": "y"}}, NULL, {}, {"b": null, "aa": {}}
  static let column = ShreddedColumn(
    count: 4, validity: Bitmap([true, false, true, true]),
    paths: [
      PathColumn(
        path: ["aa", "x"], kind: .text, rows: Buffer(copying: [UInt32(0)]), values: .of([.text("y")], type: .text)),
      PathColumn(path: ["b"], kind: .decimal(scale: 2), rows: Buffer(copying: [UInt32(0)]), values: .int64([1250])),
      PathColumn(path: ["b"], kind: .jsonNull, rows: Buffer(copying: [UInt32(3)]), values: .bool(Bitmap([true]))),
      PathColumn(path: ["aa"], kind: .emptyObject, rows: Buffer(copying: [UInt32(3)]), values: .bool(Bitmap([true]))),
    ])

  @Test func `whole values read as PostgreSQL prints jsonb`() {
    let text = Self.column.assembled()
    #expect(text.value(at: 0) == .text(#"{"b": 12.50, "aa": {"x": "y"}}"#))
    #expect(text.value(at: 1) == .null)
    #expect(text.value(at: 2) == .text("{}"))
    #expect(text.value(at: 3) == .text(#"{"b": null, "aa": {}}"#))
  }

  @Test func `a path reads as the arrow operators give it`() throws {
    let text = try Self.column.read(path: ["b"], as: .text)
    #expect((0..<4).map { text.value(at: $0) } == [.text("12.50"), .null, .null, .null])
    let json = try Self.column.read(path: ["b"], as: .jsonb)
    #expect((0..<4).map { json.value(at: $0) } == [.text("12.50"), .null, .null, .text("null")])
    let object = try Self.column.read(path: ["aa"], as: .text)
    #expect((0..<4).map { object.value(at: $0) } == [.text(#"{"x": "y"}"#), .null, .null, .text("{}")])
  }

  @Test func `rows taken and joined keep their values`() throws {
    let turned = Self.column.gathered(SelectionVector([3, 2, 1, 0]))
    let joined = try ShreddedColumn.concatenated([Self.column, turned])
    let expected = Self.column.assembled()
    let text = joined.assembled()
    for row in 0..<4 {
      #expect(text.value(at: row) == expected.value(at: row))
      #expect(text.value(at: 7 - row) == expected.value(at: row))
    }
  }
}

@Suite struct ValuesOfPostgreSQL {
  static func text(_ number: Numeric) -> String {
    var out: [UInt8] = []
    number.write(into: &out)
    return String(decoding: out, as: UTF8.self)
  }

  @Test func `numeric division, multiplication and roots have PostgreSQL's scales`() throws {
    let one = try Numeric(text: "1")
    let three = try Numeric(text: "3")
    #expect(try Self.text(one.divided(by: three)) == "0.33333333333333333333")
    #expect(try Self.text(Numeric(text: "10").divided(by: Numeric(text: "4"))) == "2.5000000000000000")
    #expect(try Self.text(Numeric(text: "2").multiplied(by: Numeric(text: "3.10"))) == "6.20")
    #expect(try Self.text(Numeric(text: "2").squareRoot()) == "1.414213562373095")
    #expect(try Self.text(Numeric(text: "1e-3").adding(Numeric(text: "1.5"))) == "1.501")
    #expect(throws: ApusError.self) { try one.divided(by: Numeric(text: "0")) }
    #expect(try Numeric(text: "1.0") == Numeric(text: "1.00"))
  }

  @Test func `numerics come back from their encoded form, and damaged ones are errors`() throws {
    for text in ["0", "-12.50", "99999999999999999999.000000001", "NaN", "1e30"] {
      let number = try Numeric(text: text)
      let back = try number.encoded.withUnsafeBytes { try Numeric(encoded: $0) }
      #expect(Self.text(back) == Self.text(number))
    }
    #expect(throws: ApusError.self) { try [9, 0, 0].withUnsafeBytes { try Numeric(encoded: $0) } }
  }

  @Test func `intervals are read and written as PostgreSQL does`() throws {
    for (input, output) in [
      ("1 day 2 hours", "1 day 02:00:00"), ("1 year 2 mons -3 days", "1 year 2 mons -3 days"),
      ("90 minutes ago", "-01:30:00"), ("P1Y2M3DT4H5M6S", "1 year 2 mons 3 days 04:05:06"), ("0", "00:00:00"),
    ] {
      var out: [UInt8] = []
      try Interval(text: input).write(into: &out)
      #expect(String(decoding: out, as: UTF8.self) == output)
    }
  }
}
