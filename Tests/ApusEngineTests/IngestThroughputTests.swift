// Measures ingest without HTTP: decoding alone, and the whole way to durable rows. Off unless APUS_MEASURE is set:
// figures, not assertions. APUS_MEASURE_EVENTS names an NDJSON file as Benchmarks/generate.py writes it.

import ApusBase
import ApusColumns
import ApusStore
import Foundation
import Synchronization
import Testing

@testable import ApusEngine

@Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["APUS_MEASURE"] != nil)) struct IngestThroughput {
  /// Bodies of `lines` events each.
  static func bodies(_ lines: Int, _ total: Int) throws -> [[UInt8]] {
    let path = ProcessInfo.processInfo.environment["APUS_MEASURE_EVENTS"] ?? "events.ndjson"
    let data = Array(try Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped))
    var bodies: [[UInt8]] = []
    var start = 0
    var count = 0
    for index in data.indices where data[index] == 10 {
      count += 1
      if count % lines == 0 || count == total {
        bodies.append(Array(data[start...index]))
        start = index + 1
      }
      if count == total { break }
    }
    return bodies
  }

  @Test(arguments: [1, 10, 100, 1_000, 10_000]) func `events decoded a second on one thread`(lines: Int) throws {
    let fixture = try IngestFixture()
    let database = fixture.database
    let total = lines < 100 ? 50_000 : 400_000
    let bodies = try Self.bodies(lines, total)
    let target = try database.ingestTarget("events")
    var events = 0
    let started = monotonicNanoseconds()
    for body in bodies {
      let decoded = try database.decode(IngestRequest(body: body, acceptsAnyTime: true), target)
      for batch in decoded.batches { events += batch.rows.count }
    }
    let seconds = Double(monotonicNanoseconds() - started) / 1e9
    print("decode, \(lines) a body: \(events) events, \(Int(Double(events) / seconds)) events/s")
  }

  @Test(arguments: [100, 1_000, 10_000]) func `events made durable a second by four callers`(lines: Int) throws {
    let path = NSTemporaryDirectory() + "apus-ingest-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    let database = try Database.open(directory: path)
    let bodies = try Self.bodies(lines, lines < 1_000 ? 200_000 : 1_000_000)
    let next = Mutex(0)
    let stored = Mutex(0)
    let started = monotonicNanoseconds()
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      while true {
        let index = next.withLock { value in
          defer { value += 1 }
          return value
        }
        guard index < bodies.count else { break }
        do {
          let outcome = try database.ingest(IngestRequest(body: bodies[index], acceptsAnyTime: true))
          stored.withLock { $0 += outcome.stored }
        } catch {
          print("refused: \(error)")
        }
      }
    }
    let seconds = Double(monotonicNanoseconds() - started) / 1e9
    let count = stored.withLock { $0 }
    print("ingest, \(lines) a body: \(count) events, \(Int(Double(count) / seconds)) events/s")
    let flushing = monotonicNanoseconds()
    try database.store.checkpoint()
    print("  and \(Double(monotonicNanoseconds() - flushing) / 1e9) s to flush")
    database.close()
  }
}
