// Measures the commit path on the real disk. Off unless APUS_MEASURE is set: figures, not assertions.
import ApusBase
import ApusColumns
import ApusFiles
import Foundation
import Synchronization
import Testing

@testable import ApusStore

@Suite(.enabled(if: ProcessInfo.processInfo.environment["APUS_MEASURE"] != nil)) struct Throughput {
  @Test func `rows a second through dedupe, log and memtable, four writers`() throws {
    let path = NSTemporaryDirectory() + "apus-throughput-" + UUID().uuidString
    defer { try? FileManager.default.removeItem(atPath: path) }
    let store = try Store.open(directory: path)
    let users = ByteDictionary((0..<200_000).map { "user-\($0 * 7_919)" })
    let text = (5...12).map { ColumnDefinition(name: "c\($0)", type: TypeReference(.text)) }
    var definition = StoreFixture.definition
    definition.columns += text
    let table = try store.createTable(definition)
    let rowsPerBatch = 1_000
    let batchesPerWriter = 250
    let dictionary = ByteDictionary((0..<100).map { "value number \($0)" })
    let preparing = Mutex<UInt64>(0)
    let started = monotonicNanoseconds()
    DispatchQueue.concurrentPerform(iterations: 4) { writer in
      for number in 0..<batchesPerWriter {
        let before = monotonicNanoseconds()
        let batch = Self.batch(
          writer * 1_000_000 + number * rowsPerBatch, rowsPerBatch, table, dictionary, users)
        preparing.withLock { $0 += monotonicNanoseconds() - before }
        _ = try? store.insert(batch)
      }
    }
    let seconds = Double(monotonicNanoseconds() - started) / 1e9
    let rows = store.snapshot().table(table.id)?.rowCount ?? 0
    print("throughput: \(rows) rows in \(seconds) s = \(Int(Double(rows) / seconds)) rows/s;")
    print("  \(Double(preparing.withLock { $0 }) / 1e9) thread seconds of it building batches")
    store.close()
  }

  static func batch(
    _ start: Int, _ count: Int, _ table: TableDefinition, _ dictionary: ByteDictionary, _ users: ByteDictionary
  ) -> RowBatch {
    let time = noon - postgresEpochUnixMicroseconds
    let times = (0..<count).map { time + Int64(start + $0) }
    var keys = BytesBuilder(capacity: count)
    var random = SeededRandom(seed: UInt64(start))
    for _ in 0..<count {
      let digits = String(random.next(), radix: 16) + String(random.next(), radix: 16)
      keys.append(digits)
    }
    let (offsets, data) = keys.finishStorage()
    var columns: [Vector] = [
      .int64(times, type: .timestamptz), .int64(times),
      Vector(type: .text, count: count, storage: .bytes(offsets: offsets, data: data)),
    ]
    // Users come again; every other event is of a visitor that nobody has seen.
    for isNew in [false, true] {
      var values = BytesBuilder(capacity: count)
      for row in 0..<count {
        if isNew, row % 2 == 0 {
          values.append("anonymous-\(start + row)")
        } else {
          values.append(users.bytes(Int(random.next() % UInt64(users.count))))
        }
      }
      let (offsets, data) = values.finishStorage()
      columns.append(Vector(type: .text, count: count, storage: .bytes(offsets: offsets, data: data)))
    }
    for _ in 0..<8 {
      let codes = (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next() % 100) }
      columns.append(
        Vector(
          type: .text, count: count,
          storage: .dictionary(codes: Buffer(copying: codes), width: 1, dictionary: dictionary)))
    }
    return RowBatch(table: table.id, columns: table.columns.map(\.id), rows: Batch(columns: columns, count: count))
  }
}
