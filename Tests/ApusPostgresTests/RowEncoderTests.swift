// Rows as DataRow messages: every layout and type, against TextFormat and BinaryFormat, which are held to PostgreSQL's.

import ApusBase
import ApusColumns
import Testing

@testable import ApusPostgres

private enum Samples {
  static let values: [(DataType, [Value])] = [
    (.bool, [.bool(true), .null, .bool(false)]),
    (.int2, [.int(-32_768), .int(0), .null, .int(32_767)]),
    (.int4, [.int(Int64(Int32.min)), .null, .int(10), .int(99), .int(12_345)]),
    (.int8, [.int(.min), .int(.max), .null, .int(9_999), .int(10_000), .int(-1)]),
    (.oid, [.int(0), .int(4_294_967_295), .null]),
    (.float4, [.float(1.5), .float(.nan), .null, .float(1e10)]),
    (
      .float8,
      [
        .float(0), .float(-0.0), .float(1), .float(0.1), .float(-2.25), .float(1e-4), .float(9e-5), .float(1e9),
        .float(123_456.789), .float(1.0 / 3), .float(1e300), .float(.infinity), .null, .float(0.30000000000000004),
        .float(999_999_999.999_999), .float(5e-324), .float(100.01),
      ]
    ),
    (.numeric, [.numeric(Numeric(Int64(12))), .null]),
    (.text, [.text(""), .text("häß"), .null]), (.varchar, [.text("v")]), (.name, [.text("n")]),
    (.char, [.text("c"), .text("")]),
    (.json, [.text("{}"), .null]), (.jsonb, [.text("{\"a\": 1}"), .null]), (.bytea, [.bytes([0, 255]), .null]),
    (.uuid, [.uuid(UUIDValue(high: 0x0123_4567_89AB_CDEF, low: 1)), .null]),
    (
      .date,
      [
        .int(0), .int(-1), .int(Int64(Int32.max)), .int(Int64(Int32.min)), .null, .int(2_921_939), .int(2_921_940),
        .int(-730_119), .int(-730_120), .int(59),
      ]
    ),
    (.time, [.int(0), .int(86_399_999_999), .null]),
    (
      .timestamp,
      [
        .int(0), .int(-1), .int(.max), .int(.min), .null, .int(762_525_296_789_000), .int(-63_082_281_600_000_000),
        .int(-63_082_281_600_000_001), .int(252_455_615_999_999_999), .int(252_455_616_000_000_000), .int(100_000),
      ]
    ),
    (.timestamptz, [.int(0), .int(762_525_296_789_120), .null, .int(.max), .int(-3_155_673_600_000_000)]),
    (.interval, [.interval(Interval(months: 14, days: -3, microseconds: 1)), .null]),
    (.array(.int4), [.array([.int(1), .null]), .array([]), .null]),
    (.oidvector, [.array([.int(1)])]),
  ]
}

@Suite struct `Row encoder` {
  private func rows(
    _ columns: [Vector], _ formats: [WireFormat], settings: FormatSettings = .utc
  ) throws -> [[[UInt8]?]] {
    let encoder = RowEncoder(formats: formats, settings: settings)
    let prepared = encoder.prepare(Batch(columns: columns, count: columns.first?.count ?? 0))
    var output = OutputBuffer(capacity: 1)
    var row = 0
    while row < prepared.count {
      row = try encoder.encode(prepared, from: row, to: prepared.count, bytesMax: 100, into: &output)
    }
    return ServerMessage.read(Array(output.bytes)).map(\.values)
  }

  private func expected(
    _ vector: Vector, _ format: WireFormat, _ settings: FormatSettings = .utc
  ) throws -> [[UInt8]?] {
    var values: [[UInt8]?] = []
    for row in 0..<vector.count {
      if vector.isNull(row) {
        values.append(nil)
        continue
      }
      var out: [UInt8] = []
      switch format {
      case .text: try TextFormat.output(vector, row: row, settings: settings, into: &out)
      case .binary: try BinaryFormat.output(vector, row: row, into: &out)
      }
      values.append(out)
    }
    return values
  }

  @Test(arguments: Samples.values.indices)
  func `rows say what the forms of their types say`(_ index: Int) throws {
    let (type, values) = Samples.values[index]
    let zones = [
      TimeZone.utc, .fixed(secondsEast: 19_800), .fixed(secondsEast: -12_345), TimeZone.named("Europe/Berlin"),
    ]
    for zone in zones.compactMap({ $0 }) {
      let settings = FormatSettings(timeZone: zone)
      for format in [WireFormat.text, .binary] {
        let plain = Vector.of(values, type: type)
        let wanted = try expected(plain, format, settings)
        #expect(try rows([plain], [format], settings: settings).map { $0[0] } == wanted, "\(type) \(format)")
        for value in values {
          let constant = Vector.constant(value, type: type, count: 2)
          #expect(
            try rows([constant], [format], settings: settings).map { $0[0] } == expected(constant, format, settings))
        }
        // A slice begins in the middle of the memory.
        let slice = plain.slice(1..<plain.count)
        #expect(try rows([slice], [format], settings: settings).map { $0[0] } == Array(wanted.dropFirst()))
      }
    }
  }

  @Test func `dictionaries of every width say what their strings say`() throws {
    let dictionary = ByteDictionary(["{}", "[1]", "2"])
    for width in [1, 2, 4] {
      let codes: Buffer
      switch width {
      case 1: codes = Buffer(copying: [UInt8(2), 0, 1, 0])
      case 2: codes = Buffer(copying: [UInt16(2), 0, 1, 0])
      default: codes = Buffer(copying: [UInt32(2), 0, 1, 0])
      }
      for type in [DataType.text, .jsonb, .bytea] {
        let vector = Vector(
          type: type, count: 4, validity: Bitmap([true, true, true, false]),
          storage: .dictionary(codes: codes, width: width, dictionary: dictionary))
        for format in [WireFormat.text, .binary] {
          #expect(try rows([vector], [format]).map { $0[0] } == expected(vector, format), "\(type) \(width) \(format)")
        }
      }
    }
  }

  @Test func `columns stand side by side, each in its format`() throws {
    let columns = [Vector.of([.int(1), .int(2)], type: .int4), Vector.of([.text("a"), .null], type: .text)]
    #expect(try rows(columns, [.binary, .text]) == [[[0, 0, 0, 1], [97]], [[0, 0, 0, 2], nil]])
    #expect(try rows([], []) == [])
  }

  @Test func `doubles of few digits are as short as PostgreSQL's`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    var values: [Value] = []
    for _ in 0..<20_000 {
      let whole = Double(Int64(random.next() % 2_000_000_000)) - 1e9
      let scale = [1.0, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 3][Int(random.next() % 9)]
      values.append(.float(whole / scale))
    }
    let vector = Vector.of(values, type: .float8)
    #expect(try rows([vector], [.text]).map { $0[0] } == expected(vector, .text), "seed \(seed)")
  }

  @Test func `times on every clock read as the general form`() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    let values = (0..<20_000).map { _ -> Value in
      .int(Int64(random.next() % 400_000_000_000_000_000) - 100_000_000_000_000_000)
    }
    for type in [DataType.timestamp, .timestamptz] {
      let vector = Vector.of(values, type: type)
      let settings = FormatSettings(timeZone: .fixed(secondsEast: -12_345))
      #expect(
        try rows([vector], [.text], settings: settings).map { $0[0] } == expected(vector, .text, settings),
        "seed \(seed)")
    }
  }
}
