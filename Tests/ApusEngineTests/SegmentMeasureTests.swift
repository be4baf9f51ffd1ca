// Measures segments of real events: time to flush, bytes by column, time to read. Off unless APUS_MEASURE is set:
// figures, not assertions. APUS_MEASURE_EVENTS names an NDJSON file as Benchmarks/generate.py writes it.

import ApusBase
import ApusColumns
import Foundation
import Testing

@testable import ApusEngine
@testable import ApusStore

@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["APUS_MEASURE"] != nil)) struct SegmentMeasures {
  @Test func `flush, bytes and reads of a million events`() throws {
    let path = NSTemporaryDirectory() + "apus-segments-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    var options = StoreOptions()
    options.flushesByItself = false
    options.memtableBytesMax = 4 << 30
    options.memtableBytesPerFlush = 4 << 30
    options.blockCacheBytesMax = 4 << 30
    let database = try Database.open(directory: path, options: options)
    let started = monotonicNanoseconds()
    var events = 0
    for body in try IngestThroughput.bodies(10_000, 1_000_000) {
      events += try database.ingest(IngestRequest(body: body, acceptsAnyTime: true)).stored
    }
    print("ingested \(events) events, \(Double(monotonicNanoseconds() - started) / 1e3 / Double(events)) us each")
    let flushing = monotonicNanoseconds()
    try database.store.checkpoint()
    print("flush: \(Double(monotonicNanoseconds() - flushing) / 1e3 / Double(events)) us an event")
    try report(database, path, events)
    database.close()
  }

  private func report(_ database: Database, _ path: String, _ events: Int) throws {
    let table = try #require(database.store.snapshot().table(schema: "public", name: "events"))
    var bytes: [String: (Int, Int, Int)] = [:]
    var total = 0
    for segment in table.segments {
      total += segment.record.bytes
      let reader = segment.reader
      for (place, column) in reader.description.columns.enumerated() {
        let name = table.definition.column(column.id)?.name ?? "?"
        for (index, stream) in reader.streams[place].enumerated() {
          var key = name
          if case .path(let keys, let kind) = stream.content { key = "\(keys.joined(separator: ".")) \(kind)" }
          if stream.content == .presence { key += " presence" }
          var sum = bytes[key] ?? (0, 0, 0)
          sum.0 += stream.dictionary?.block.length ?? 0
          for group in reader.groups {
            sum.1 += group.chunks[place][index]?.block.length ?? 0
            sum.2 += group.chunks[place][index]?.filter?.length ?? 0
          }
          bytes[key] = sum
        }
      }
    }
    func each(_ count: Int) -> String { String(format: "%.3f", Double(count) / Double(events)) }
    print("\(table.segments.count) segments, \(each(total)) bytes an event")
    for (key, sum) in bytes.sorted(by: { $0.value.1 + $0.value.0 > $1.value.1 + $1.value.0 }) {
      print("  \(key): dictionary \(each(sum.0)) values \(each(sum.1)) filter \(each(sum.2))")
    }
    try measureReads(table, events)
  }

  private func measureReads(_ table: TableSnapshot, _ events: Int) throws {
    var references = table.definition.storedColumns.filter { $0.type.type != .jsonb }
      .map { ($0.name, ColumnReference(column: $0.id, type: $0.type.type)) }
    if let properties = table.definition.columns.first(where: { $0.name == "properties" }) {
      for (key, type) in [("country", DataType.text), ("url", .text), ("revenue", .float8), ("duration_ms", .int8)] {
        references.append((key, ColumnReference(column: properties.id, path: [key], type: type)))
      }
      references.append(("properties", ColumnReference(column: properties.id, type: .jsonb)))
    }
    for (name, reference) in references {
      var times: [Double] = []
      for _ in 0..<3 {
        let started = monotonicNanoseconds()
        for group in table.rowGroups {
          var start = 0
          while start < group.rowCount {
            let end = min(group.rowCount, start + Limits.rowsPerBatch)
            _ = try group.read(reference, rows: start..<end)
            start = end
          }
        }
        times.append(Double(monotonicNanoseconds() - started) / Double(events))
      }
      print("  read \(name): cold \(String(format: "%.2f", times[0])) hot \(String(format: "%.2f", times[2])) ns a row")
    }
  }
}
