// Tests of the ground floor: binary reading and writing, logs, metrics.

import ApusBase
import Testing

@Suite struct ByteFormats {
  @Test func `numbers come back as they were written`() throws {
    var writer = ByteWriter()
    writer.byte(7)
    writer.littleEndian(UInt32(0xDEAD_BEEF))
    writer.bigEndian(Int16(-2))
    for value: UInt64 in [0, 127, 128, 300, .max] { writer.varint(value) }
    writer.string("Grüße")
    try writer.bytes.withUnsafeBytes { raw throws in
      var reader = ByteReader(raw)
      #expect(try reader.littleEndian(UInt8.self) == 7)
      #expect(try reader.littleEndian(UInt32.self) == 0xDEAD_BEEF)
      #expect(try reader.bigEndian(Int16.self) == -2)
      for value: UInt64 in [0, 127, 128, 300, .max] { #expect(try reader.varint() == value) }
      #expect(try reader.string() == "Grüße")
      #expect(reader.isAtEnd)
    }
  }

  @Test func `a value that ends too early is an error and not a trap`() {
    let cases: [[UInt8]] = [[], [1], [1, 2, 3], [0xFF], [200, 1, 65]]
    for bytes in cases {
      bytes.withUnsafeBytes { raw in
        var reader = ByteReader(raw)
        #expect(throws: ByteReader.Underflow.self) { try reader.littleEndian(UInt64.self) }
        var strings = ByteReader(raw)
        if bytes.first != 1 || bytes.count < 2 {
          #expect(throws: ByteReader.Underflow.self) { _ = try strings.string() }
        }
      }
    }
  }

  @Test func `a length beyond the input is refused before anything is read`() {
    let bytes: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]
    bytes.withUnsafeBytes { raw in
      var reader = ByteReader(raw)
      #expect(throws: ByteReader.Underflow.self) { try reader.string() }
      #expect(throws: ByteReader.Underflow.self) { try reader.skip(-1) }
    }
  }
}

@Suite struct LogLines {
  @Test func `logfmt quotes what needs it and JSON escapes everything`() {
    let time: Int64 = 1_782_864_000_000_123
    let plain = Log.render(.info, "http", "it is ready", ["port": "7480"], format: .logfmt, time: time)
    #expect(plain == #"time=2026-07-01T00:00:00.000123Z level=info module=http message="it is ready" port=7480"#)
    let json = Log.render(.error, "store", "a \"b\"\n", [:], format: .json, time: time)
    #expect(
      json == #"{"time":"2026-07-01T00:00:00.000123Z","level":"error","module":"store","message":"a \"b\"\n"}"#)
  }
}

@Suite struct MetricsText {
  @Test func `counters, gauges and histograms are shown in Prometheus' format`() {
    let metrics = Metrics()
    metrics.add("apus_events_total", 2, labels: "result=\"stored\"", help: "Events.")
    metrics.add("apus_events_total", labels: "result=\"stored\"", help: "Events.")
    metrics.set("apus_memory_bytes", 1.5, help: "Memory.")
    metrics.observe("apus_seconds", seconds: 0.0002, help: "Seconds.")
    let text = metrics.exposition()
    #expect(text.contains("# TYPE apus_events_total counter\napus_events_total{result=\"stored\"} 3\n"))
    #expect(text.contains("apus_memory_bytes 1.5\n"))
    #expect(text.contains("apus_seconds_bucket{le=\"0.0001\"} 0\n"))
    #expect(text.contains("apus_seconds_bucket{le=\"0.00025\"} 1\n"))
    #expect(text.contains("apus_seconds_count 1\n"))
  }
}
