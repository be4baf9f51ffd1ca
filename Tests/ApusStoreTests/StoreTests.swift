// Tests of commits, flushes, definitions and dedupe on a store that does not crash.
import ApusBase
import ApusColumns
import ApusFiles
import Foundation
import Synchronization
import Testing

@testable import ApusStore

@Suite struct Commits {
  @Test func `committed rows are visible to later snapshots and not to earlier ones`() throws {
    let store = try StoreFixture().open()
    defer { store.close() }
    let table = try store.createTable(StoreFixture.definition)
    let before = store.snapshot()
    let transaction = store.begin()
    try transaction.append(StoreFixture.rows([1, 2, 3], in: table))
    #expect(try store.numbers(table.id) == [])
    let result = try transaction.commit()
    #expect(result.lsn == LSN(1))
    #expect(result.batches.map(\.stored) == [3])
    #expect(try store.numbers(table.id) == [1, 2, 3])
    #expect(try before.numbers(table.id) == [])
    #expect(throws: ApusError.self) { _ = try transaction.commit() }
  }

  @Test func `rolled back rows are gone`() throws {
    let store = try StoreFixture().open()
    defer { store.close() }
    let table = try store.createTable(StoreFixture.definition)
    let transaction = store.begin()
    try transaction.append(StoreFixture.rows([1], in: table))
    transaction.rollback()
    #expect(throws: ApusError.self) { _ = try transaction.commit() }
    #expect(try store.numbers(table.id) == [])
  }

  @Test func `rows survive a close, with and without a flush, once each`() throws {
    for flushes in [false, true] {
      let fixture = StoreFixture()
      var store = try fixture.open()
      let table = try store.createTable(StoreFixture.definition)
      try store.insert(StoreFixture.rows([1, 2, 3, 4], in: table))
      if flushes { try store.flush(table.id) }
      try store.insert(StoreFixture.rows([5], in: table))
      store.close()
      store = try fixture.open()
      #expect(try store.numbers(table.id) == [1, 2, 3, 4, 5])
      #expect(store.notices.isEmpty)
      store.close()
      let report = try Store.check(directory: "/data", fileSystem: fixture.system)
      #expect(report.findings == [])
      #expect(report.segments == (flushes ? 3 : 0))
    }
  }

  @Test func `a flush moves rows to one segment a partition and pinned snapshots still read`() throws {
    let fixture = StoreFixture()
    let store = try fixture.open()
    defer { store.close() }
    let table = try store.createTable(StoreFixture.definition)
    try store.insert(StoreFixture.rows([1, 2, 3, 4], in: table))
    let before = store.snapshot()
    try store.checkpoint()
    let after = try #require(store.snapshot().table(table.id))
    #expect(after.segments.count == 3)
    #expect(after.memtableRowGroups.isEmpty)
    #expect(after.rowCount == 4)
    #expect(try before.numbers(table.id) == [1, 2, 3, 4])
    #expect(store.memtableBytes == 0)
    // Nothing is left in the log.
    let logs = fixture.system.paths.filter { $0.hasSuffix(".wal") }
    #expect(logs.count == 1)
  }

  @Test func `many threads commit together and every row is there once`() throws {
    let store = try StoreFixture().open()
    defer { store.close() }
    let table = try store.createTable(StoreFixture.definition)
    DispatchQueue.concurrentPerform(iterations: 8) { thread in
      for number in 0..<50 {
        _ = try? store.insert(StoreFixture.rows([Int64(thread * 1000 + number)], in: table))
      }
    }
    #expect(try store.numbers(table.id).count == 400)
    #expect(store.counters(table.id).stored == 400)
  }

  @Test func `completions are called with the outcome`() throws {
    let store = try StoreFixture().open()
    defer { store.close() }
    let table = try store.createTable(StoreFixture.definition)
    let waiter = CommitWaiter()
    let transaction = store.begin()
    try transaction.append(StoreFixture.rows([7], in: table))
    transaction.commit { waiter.finish($0) }
    #expect(try waiter.wait().batches[0].stored == 1)
  }

  @Test func `more than 64 open partitions share a memtable, and flush to a segment each`() throws {
    let store = try StoreFixture().open()
    defer { store.close() }
    let table = try store.createTable(StoreFixture.definition)
    try store.insert(StoreFixture.rows(Array(0..<100), in: table, dayOf: { -$0 }))
    try store.insert(StoreFixture.rows(Array(100..<200), in: table, dayOf: { 100 - $0 }))
    try store.flush(table.id)
    #expect(store.snapshot().table(table.id)?.segments.count == 100)
    #expect(try store.numbers(table.id) == Array(0..<200))
  }

  @Test func `a commit too large for the log becomes segments at once`() throws {
    let fixture = StoreFixture()
    var store = try fixture.open()
    let table = try store.createTable(StoreFixture.definition)
    let transaction = store.begin()
    try transaction.append(StoreFixture.rows([1, 2, 3], in: table))
    transaction.state.withLock { $0.bytes = Limits.walTransactionBytesMax + 1 }
    #expect(try transaction.commit().batches[0].stored == 3)
    #expect(store.snapshot().table(table.id)?.segments.count == 3)
    #expect(try store.insert(StoreFixture.rows([2, 4], in: table)).batches[0].duplicateCount == 1)
    store.close()
    store = try fixture.open()
    #expect(try store.numbers(table.id) == [1, 2, 3, 4])
    store.close()
  }

  @Test func `a nearly full disk refuses rows with 53100 and lets queries go on`() throws {
    let fixture = StoreFixture()
    let store = try fixture.open()
    defer { store.close() }
    let table = try store.createTable(StoreFixture.definition)
    try store.insert(StoreFixture.rows([1], in: table))
    fixture.system.setDiskSpace(DiskSpace(freeBytes: 1, totalBytes: 1000))
    store.lookAtDisk()
    let error = #expect(throws: ApusError.self) { try store.insert(StoreFixture.rows([2], in: table)) }
    #expect(error?.state == .diskFull)
    #expect(try store.numbers(table.id) == [1])
    fixture.system.setDiskSpace(DiskSpace(freeBytes: 900, totalBytes: 1000))
    store.lookAtDisk()
    try store.insert(StoreFixture.rows([2], in: table))
  }

  @Test func `full memtables refuse rows with 53200 until they are flushed`() throws {
    var fixture = StoreFixture()
    fixture.options.memtableBytesMax = 100_000
    let store = try fixture.open()
    defer { store.close() }
    let table = try store.createTable(StoreFixture.definition)
    var refusal: ApusError?
    for start in 0..<1000 {
      let waiter = CommitWaiter()
      let transaction = store.begin()
      let first = Int64(start * 100)
      try transaction.append(StoreFixture.rows(Array(first..<first + 100), in: table))
      transaction.commit { waiter.finish($0) }
      do {
        _ = try waiter.wait()
      } catch {
        refusal = error
        break
      }
    }
    #expect(refusal?.state == .outOfMemory)
    try store.checkpoint()
    try store.insert(StoreFixture.rows([-1], in: table))
  }

  @Test func `rejected rows are kept as rows of apus.rejects`() throws {
    let store = try StoreFixture().open()
    defer { store.close() }
    let transaction = store.begin()
    transaction.reject(
      RejectedRow(table: "events", dialect: "native", line: 3, code: "too_old", reason: "old", payload: "{}"))
    _ = try transaction.commit()
    try store.checkpoint()
    let table = try #require(store.snapshot().table(schema: "apus", name: "rejects"))
    let group = try #require(table.rowGroups.first)
    let code = try group.read(ColumnReference(column: ColumnID(6), type: .text), rows: 0..<1)
    #expect(code.value(at: 0) == .text("too_old"))
  }

  @Test func `a second opener is told which process holds the directory`() throws {
    let fixture = StoreFixture()
    let store = try fixture.open()
    defer { store.close() }
    try store.announce(postgresPort: 7432, httpPort: 7480)
    let error = #expect(throws: ApusError.self) { _ = try fixture.open() }
    #expect(error?.state == .objectInUse)
    #expect(error?.message.contains("process \(ProcessInfo.processInfo.processIdentifier)") == true)
    let holder = Store.readLock(directory: "/data", fileSystem: fixture.system)
    #expect(holder?.postgres == 7432)
    #expect(holder?.http == 7480)
  }
}

@Suite struct Dedupe {
  @Test func `a key is stored once, within a batch, across batches, flushes and restarts`() throws {
    let fixture = StoreFixture()
    var store = try fixture.open()
    let table = try store.createTable(StoreFixture.definition)
    let first = try store.insert(StoreFixture.rows([1, 2, 1], in: table))
    #expect(first.batches[0].stored == 2)
    #expect(first.batches[0].duplicates.map { [$0[0], $0[1], $0[2]] } == [false, false, true])
    try store.flush(table.id)
    #expect(try store.insert(StoreFixture.rows([2, 3], in: table)).batches[0].stored == 1)
    store.close()
    store = try fixture.open()
    let again = try store.insert(StoreFixture.rows([1, 2, 3], in: table))
    #expect(again.batches[0].stored == 0)
    #expect(again.batches[0].duplicateCount == 3)
    #expect(try store.numbers(table.id) == [1, 2, 3])
    #expect(store.counters(table.id).duplicates == 3)
    store.close()
  }

  @Test func `past the window a resend is a new event`() throws {
    let fixture = StoreFixture()
    let store = try fixture.open()
    defer { store.close() }
    let table = try store.createTable(StoreFixture.definition)
    try store.insert(StoreFixture.rows([1], in: table))
    fixture.clock.advance(by: dayMicroseconds / 2)
    #expect(try store.insert(StoreFixture.rows([1], in: table)).batches[0].stored == 0)
    fixture.clock.advance(by: dayMicroseconds)
    #expect(try store.insert(StoreFixture.rows([1], in: table)).batches[0].stored == 1)
  }

  @Test func `rows without a key are all stored, and counted`() throws {
    let store = try StoreFixture().open()
    defer { store.close() }
    let table = try store.createTable(StoreFixture.definition)
    try store.insert(StoreFixture.rows([1, 1], in: table, keyed: false))
    #expect(try store.numbers(table.id) == [1, 1])
    #expect(store.counters(table.id).withoutKey == 2)
  }

  @Test func `the index agrees with a set, over growth, expiry and removal`() {
    for seed in 0..<UInt64(20) {
      var random = SeededRandom(seed: seed)
      var index = DedupeIndex()
      var model: [KeyHash: UInt32] = [:]
      var minute: UInt32 = 100
      for _ in 0..<3000 {
        let key = KeyHash(low: random.next() % 500, high: 1 + random.next() % 5)
        if random.next() % 50 == 0 { minute += 1 }
        if random.next() % 10 == 0 {
          let removed = Buffer(copying: [key])
          index.remove(removed, count: 1, except: nil)
          model[key] = nil
        } else {
          let cutoff = minute - 10
          let known = (model[key] ?? 0) >= cutoff
          if !known { model[key] = minute }
          #expect(index.insert(key, minute: minute, cutoff: cutoff) == known, "seed \(seed)")
        }
      }
    }
  }
}

@Suite struct Definitions {
  @Test func `tables, columns, objects and settings survive a restart`() throws {
    let fixture = StoreFixture()
    var store = try fixture.open()
    var table = try store.createTable(StoreFixture.definition)
    #expect(table.id == TableDefinition.firstUserTable)
    try store.insert(StoreFixture.rows([1], in: table))
    table.columns[1].name = "renamed"
    table.columns[2].isDropped = true
    table.options.dedupeKey = nil
    table.columns.append(ColumnDefinition(name: "added", type: TypeReference(.numeric, modifier: 99)))
    let altered = try store.alterTable(table)
    #expect(altered.columns[3].id == ColumnID(4))
    let view = CatalogObject(kind: "view", name: "v", definition: "{}")
    try store.apply([.putObject(view), .putSetting(name: "TimeZone", value: "UTC")])
    store.close()
    store = try fixture.open()
    #expect(store.snapshot().table(schema: "public", name: "events")?.definition == altered)
    #expect(store.snapshot().object(kind: "view", schema: "public", name: "v") == view)
    #expect(store.snapshot().settings == ["TimeZone": "UTC"])
    #expect(try store.numbers(table.id) == [1])
    try store.checkpoint()
    #expect(try store.numbers(table.id) == [1])
    store.close()
  }

  @Test func `names, columns and options are checked`() throws {
    let store = try StoreFixture().open()
    defer { store.close() }
    try store.createTable(StoreFixture.definition)
    func state(_ change: (inout TableDefinition) -> Void) -> String? {
      var table = StoreFixture.definition
      table.name = "other"
      change(&table)
      do { try store.createTable(table) } catch { return error.state.code }
      return nil
    }
    #expect(state { $0.name = "events" } == "42P07")
    #expect(state { $0.columns.append($0.columns[1]) } == "42701")
    #expect(state { $0.options.timeColumn = "missing" } == "42703")
    #expect(state { $0.options.timeColumn = "number" } == "42P16")
    #expect(state { $0.options.partitionSeconds = 0 } == "22023")
    #expect(state { $0.options.dedupeKey = "time" } == "42P16")
    #expect(state { $0.options.orderBy = ["nothing"] } == "42703")
    #expect(throws: ApusError.self) { try store.dropTable(Rejects.table) }
  }

  @Test func `a dropped table's rows are gone, but for those who read them`() throws {
    let fixture = StoreFixture()
    var store = try fixture.open()
    let table = try store.createTable(StoreFixture.definition)
    try store.insert(StoreFixture.rows([1], in: table))
    try store.flush(table.id)
    try store.insert(StoreFixture.rows([2], in: table))
    var pinned: Snapshot? = store.snapshot()
    try store.dropTable(table.id)
    #expect(store.snapshot().table(table.id) == nil)
    #expect(try pinned?.numbers(table.id) == [1, 2])
    #expect(fixture.system.paths.contains { $0.hasSuffix(".seg") })
    pinned = nil
    #expect(!fixture.system.paths.contains { $0.hasSuffix(".seg") })
    #expect(throws: ApusError.self) { try store.insert(StoreFixture.rows([3], in: table)) }
    let again = try store.createTable(StoreFixture.definition)
    #expect(again.id > table.id)
    store.close()
    store = try fixture.open()
    #expect(try store.numbers(again.id) == [])
    store.close()
  }

  @Test func `a directory of a newer format is refused, naming both`() throws {
    let fixture = StoreFixture()
    try fixture.open().close()
    let database = try SQLiteDatabase(path: "/data/catalog.sqlite", on: fixture.system)
    try database.run("UPDATE meta SET value = 99 WHERE name = 'format_version'")
    database.close()
    let error = #expect(throws: ApusError.self) { _ = try fixture.open() }
    #expect(error?.message.contains("99") == true)
    #expect(error?.message.contains("up to 4") == true)
  }
}

@Suite struct Participants {
  /// Counts the rows of each flush, in two rows that add up to it.
  final class Counter: CommitParticipant {
    let target: TableDefinition
    let isHolding: Bool
    init(target: TableDefinition, isHolding: Bool = true) {
      self.target = target
      self.isHolding = isHolding
    }
    private func batch(_ counts: [Int64]) -> Batch { Batch(columns: [.int64(counts)], count: counts.count) }
    func derive(from sealed: SealedRows) throws(ApusError) -> Derivation {
      let count = sealed.rowGroups.reduce(0) { $0 + $1.rowCount - ($1.deletedRows?.setCount ?? 0) }
      return Derivation(
        rows: [DerivedRows(table: target.id, rows: batch([1, Int64(count - 1)]))],
        changes: [.putSetting(name: "counted", value: "yes")])
    }
    func merge(_ batches: [Batch], of table: TableDefinition) throws(ApusError) -> Batch {
      var total: Int64 = 0
      for batch in batches {
        for row in 0..<batch.count { if case .int(let count) = batch.columns[0].value(at: row) { total += count } }
      }
      return batch([total])
    }
    func changes(deletingIn partitions: Set<PartitionKey>, of table: TableID) throws(ApusError) -> [CatalogChange] {
      [.putSetting(name: "deleted", value: partitions.map(\.description).sorted().joined(separator: " "))]
    }
    func holds(_ partition: PartitionKey, of table: TableID) -> Bool { isHolding }
  }

  private func counts(_ store: Store, _ table: TableDefinition) throws -> [Int64] {
    var found: [Int64] = []
    for group in store.snapshot().table(table.id)?.rowGroups ?? [] {
      let column = try group.read(ColumnReference(column: ColumnID(1), type: .int8), rows: 0..<group.rowCount)
      for row in 0..<group.rowCount { if case .int(let count) = column.value(at: row) { found.append(count) } }
    }
    return found.sorted()
  }

  private func target(_ store: Store, of table: TableDefinition) throws -> TableDefinition {
    var options = TableOptions()
    options.derivedFrom = table.id.value
    return try store.createTable(
      TableDefinition(
        schema: "", name: "counts", columns: [ColumnDefinition(name: "n", type: TypeReference(.int8))],
        options: options))
  }

  @Test func `derived rows are committed with the rows they come from, and merged by compaction`() throws {
    let fixture = StoreFixture()
    var store = try fixture.open()
    let table = try store.createTable(StoreFixture.definition)
    let counted = try target(store, of: table)
    #expect(store.snapshot().tables.allSatisfy { $0.definition.id != counted.id })
    store.add(Counter(target: counted))
    try store.insert(StoreFixture.rows([0, 1, 3, 6], in: table, dayOf: { _ in 0 }))
    try store.flush(table.id)
    store.close()
    store = try fixture.open()
    #expect(try counts(store, counted) == [1, 3])
    #expect(store.snapshot().settings["counted"] == "yes")
    store.add(Counter(target: counted))
    try store.insert(StoreFixture.rows([7, 8], in: table, dayOf: { _ in 0 }))
    try store.flush(table.id)
    #expect(try counts(store, counted) == [1, 1, 1, 3])
    #expect(try store.compact(counted.id) == 2)
    #expect(try counts(store, counted) == [6])
    store.close()
    store = try fixture.open()
    defer { store.close() }
    #expect(try counts(store, counted) == [6])
  }

  @Test func `a partition is derived anew after a delete, in one transaction`() throws {
    let fixture = StoreFixture()
    let store = try fixture.open()
    defer { store.close() }
    let table = try store.createTable(StoreFixture.definition)
    let counted = try target(store, of: table)
    let counter = Counter(target: counted)
    store.add(counter)
    try store.insert(StoreFixture.rows([0, 1, 3, 6], in: table, dayOf: { _ in 0 }))
    let deleted = try store.delete(from: table.id) { () throws(ApusError) -> [SegmentID: Bitmap] in
      guard let segment = store.snapshot().table(table.id)?.segments.first else { return [:] }
      let bits = Bitmap(repeating: false, count: segment.record.rows)
      bits.set(0)
      return [segment.record.id: bits]
    }
    #expect(deleted == 1)
    let partition = try #require(store.snapshot().table(table.id)?.segments.first?.record.partition)
    #expect(store.snapshot().settings["deleted"] == partition.description)
    #expect(try counts(store, counted) == [1, 3])
    try store.rederive(partition, of: table.id, into: [counted.id]) { (rows) throws(ApusError) in
      try counter.derive(from: rows)
    }
    #expect(try counts(store, counted) == [1, 2])
  }

}

@Suite struct AdmissionOfTimes {
  @Test func `times outside the bounds are found, with the reason`() {
    var table = StoreFixture.definition
    table.options.acceptPastSeconds = 3600
    table.options.acceptFutureSeconds = 60
    let bounds = table.admissionBounds(now: noon)
    let now = noon - postgresEpochUnixMicroseconds
    let times = Vector.int64(
      [now, now - 3_600_000_001, now + 60_000_001, now - 3_600_000_000, now + 60_000_000], type: .timestamptz)
    let faults = bounds?.faults(in: times) ?? []
    #expect(faults.map(\.row) == [1, 2])
    #expect(faults.map(\.fault.rawValue) == ["too_old", "too_new"])
    table.options.timeColumn = nil
    #expect(table.admissionBounds(now: noon) == nil)
  }

  @Test func `partitions round towards the past, before 1970 too`() {
    let table = StoreFixture.definition
    #expect(table.partition(of: -postgresEpochUnixMicroseconds) == PartitionKey(0))
    #expect(table.partition(of: -postgresEpochUnixMicroseconds - 1) == PartitionKey(-1))
    #expect(table.partition(of: 0) == PartitionKey(10_957))
    _ = table.partition(of: Int64.max)
    _ = table.partition(of: Int64.min)
  }
}
