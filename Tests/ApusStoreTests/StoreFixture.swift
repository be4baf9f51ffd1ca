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
      ColumnDefinition(name: "user_id", type: TypeReference(.text)),
      ColumnDefinition(name: "anonymous_id", type: TypeReference(.text)),
    ],
    options: TableOptions(timeColumn: "time", dedupeKey: "event_id", entity: ["user_id", "anonymous_id"]))

  /// Users come again, visitors mostly do not, and some of either are of one name.
  static func user(_ number: Int64) -> String? { number % 3 == 0 ? nil : "person \(number % 17)" }
  static func visitor(_ number: Int64) -> String? { number % 5 == 0 ? nil : "person \(number)" }

  /// Rows with these numbers, their number as key, each `dayOf(number)` days after noon.
  static func rows(
    _ numbers: [Int64], in table: TableDefinition, keyed: Bool = true, dayOf: (Int64) -> Int64 = { $0 % 3 }
  ) -> RowBatch {
    let times = numbers.map { noon - postgresEpochUnixMicroseconds + dayOf($0) * dayMicroseconds }
    func texts(_ text: (Int64) -> String?) -> Vector {
      Vector.of(numbers.map { text($0).map { .text($0) } ?? .null }, type: .text)
    }
    let columns: [Vector] = [
      .int64(times, type: .timestamptz), .int64(numbers), texts { keyed ? "event-\($0)" : nil }, texts(user),
      texts(visitor),
    ]
    return RowBatch(
      table: table.id, columns: Array(table.columns.prefix(5).map(\.id)),
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

extension Snapshot {
  /// The id of each entity in the table's rows, -1 for those without; what is wrong with them goes to `problems`.
  func entities(_ table: TableID, _ problems: inout [String]) throws -> [String: Int32] {
    guard let snapshot = self.table(table) else { return [:] }
    var ids: [String: Int32] = [:]
    var owners: [Int32: String] = [:]
    for group in snapshot.rowGroups {
      let rows = 0..<group.rowCount
      for column in snapshot.definition.entityColumns {
        let texts = try group.read(ColumnReference(column: column.id, type: .text), rows: rows)
        let numbers = try group.read(ColumnReference(column: column.id.entityIDs, type: .int4), rows: rows)
        for row in rows {
          switch (texts.value(at: row), numbers.value(at: row)) {
          case (.null, .null): continue
          case (.text(let text), .int(let number)):
            let id = Int32(number)
            if let known = ids[text], known != id { problems.append("\(text) has the ids \(known) and \(id)") }
            if let owner = owners[id], owner != text, id >= 0 { problems.append("\(id) is of \(owner) and \(text)") }
            ids[text] = id
            owners[id] = text
          case (let text, let id): problems.append("\(text) has the id \(id)")
          }
        }
      }
    }
    return ids
  }

  func entities(_ table: TableID) throws -> [String: Int32] {
    var problems: [String] = []
    let ids = try entities(table, &problems)
    #expect(problems == [])
    return ids
  }
}
