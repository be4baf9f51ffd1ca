// Builders for the store's tests: a table of numbered rows, and what is in it.
import ApusBase
import ApusColumns
import ApusFiles
import Testing

@testable import ApusStore

/// 2026-01-01 12:00 UTC.
let noon: UnixMicroseconds = 1_767_268_800_000_000
let dayMicroseconds: Int64 = 86_400_000_000

struct StoreFixture {
  let system: SimulatedFileSystem
  let clock: ManualClock
  var options: StoreOptions

  init(system: SimulatedFileSystem = SimulatedFileSystem(), clock: ManualClock = ManualClock(noon)) {
    self.system = system
    self.clock = clock
    options = StoreOptions()
    options.clock = clock
    options.flushesByItself = false
    options.logPreallocationBytes = 64 << 10
  }

  func open() throws -> Store { try Store.open(directory: "/data", fileSystem: system, options: options) }

  static let definition = TableDefinition(
    name: "events",
    columns: [
      ColumnDefinition(name: "time", type: TypeReference(.timestamptz), isNotNull: true),
      ColumnDefinition(name: "number", type: TypeReference(.int8)),
      ColumnDefinition(name: "event_id", type: TypeReference(.text)),
    ],
    options: TableOptions(timeColumn: "time", dedupeKey: "event_id"))

  /// Rows with these numbers, their number as key, each `dayOf(number)` days after noon.
  static func rows(
    _ numbers: [Int64], in table: TableDefinition, keyed: Bool = true, dayOf: (Int64) -> Int64 = { $0 % 3 }
  ) -> RowBatch {
    let times = numbers.map { noon - postgresEpochUnixMicroseconds + dayOf($0) * dayMicroseconds }
    let columns: [Vector] = [
      .int64(times, type: .timestamptz), .int64(numbers),
      Vector.of(numbers.map { keyed ? .text("event-\($0)") : .null }, type: .text),
    ]
    return RowBatch(
      table: table.id, columns: Array(table.columns.prefix(3).map(\.id)),
      rows: Batch(columns: columns, count: numbers.count))
  }
}

extension Store {
  @discardableResult
  func insert(_ batch: RowBatch) throws -> CommitResult {
    let transaction = begin()
    try transaction.append(batch)
    return try transaction.commit()
  }

  /// The numbers in the table, sorted.
  func numbers(_ table: TableID) throws -> [Int64] { try snapshot().numbers(table) }
}

extension Snapshot {
  func numbers(_ table: TableID) throws -> [Int64] {
    var found: [Int64] = []
    for group in self.table(table)?.rowGroups ?? [] {
      let column = try group.read(ColumnReference(column: ColumnID(2), type: .int8), rows: 0..<group.rowCount)
      for row in 0..<column.count { if case .int(let number) = column.value(at: row) { found.append(number) } }
    }
    return found.sorted()
  }
}
