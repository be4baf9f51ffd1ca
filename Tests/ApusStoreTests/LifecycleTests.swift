// Deletes, compaction and retention: what scans see, what stays on disk, and power cuts at every call.
import ApusBase
import ApusColumns
import ApusFiles
import Testing

@testable import ApusStore

extension Snapshot {
  /// The numbers of the rows that are not deleted, sorted.
  func living(_ table: TableID) throws -> [Int64] {
    var found: [Int64] = []
    for group in self.table(table)?.rowGroups ?? [] {
      let column = try group.read(ColumnReference(column: ColumnID(2), type: .int8), rows: 0..<group.rowCount)
      for row in 0..<column.count where group.deletedRows?[row] != true {
        if case .int(let number) = column.value(at: row) { found.append(number) }
      }
    }
    return found.sorted()
  }
}

extension Store {
  fileprivate func living(_ table: TableID) throws -> [Int64] { try snapshot().living(table) }

  /// Which rows of which segments have a number that fits.
  private func choose(_ table: TableID, _ fits: (Int64) -> Bool) throws -> [SegmentID: Bitmap] {
    var chosen: [SegmentID: Bitmap] = [:]
    for segment in snapshot().table(table)?.segments ?? [] {
      let bits = Bitmap(repeating: false, count: segment.record.rows)
      var base = 0
      for group in segment.rowGroups {
        let column = try group.read(ColumnReference(column: ColumnID(2), type: .int8), rows: 0..<group.rowCount)
        for row in 0..<column.count where group.deletedRows?[row] != true {
          if case .int(let number) = column.value(at: row), fits(number) { bits.set(base + row) }
        }
        base += group.rowCount
      }
      chosen[segment.record.id] = bits
    }
    return chosen
  }

  @discardableResult
  fileprivate func delete(_ table: TableID, _ fits: (Int64) -> Bool) throws -> Int {
    try delete(from: table) { () throws(ApusError) in
      do { return try choose(table, fits) } catch { throw ApusError.wrapping(error) }
    }
  }
}

private func pick(_ range: Range<Int64>, _ fits: (Int64) -> Bool) -> [Int64] { range.filter(fits) }

@Suite struct Lifecycle {
  private func expectSound(_ system: SimulatedFileSystem, _ note: String = "") throws {
    let report = try Store.check(directory: "/data", fileSystem: system)
    #expect(report.findings.filter { $0.severity == .error } == [], "\(note)")
  }

  // MARK: Deletes

  @Test func `deleted rows are gone for later snapshots only, after a restart too`() throws {
    let fixture = StoreFixture()
    var store = try fixture.open()
    let table = try store.createTable(StoreFixture.definition).id
    let definition = try #require(store.snapshot().table(table)?.definition)
    try store.insert(StoreFixture.rows(Array(0..<100), in: definition))
    try store.flush(table)
    let before = store.snapshot()
    // Rows that are in a memtable only are found too.
    try store.insert(StoreFixture.rows(Array(100..<110), in: definition))
    #expect(try store.delete(table) { $0 % 2 == 0 } == 55)
    #expect(try store.living(table) == pick(0..<110) { $0 % 2 == 1 })
    #expect(try before.living(table) == Array(0..<100))
    #expect(store.snapshot().table(table)?.rowCount == 55)
    #expect(try store.delete(table) { $0 % 2 == 0 } == 0)
    #expect(try store.delete(table) { $0 < 10 } == 5)
    store.close()
    store = try fixture.open()
    #expect(try store.living(table) == pick(10..<110) { $0 % 2 == 1 })
    #expect(try store.delete(table) { _ in true } == 50)
    store.close()
    try expectSound(fixture.system)
    store = try fixture.open()
    #expect(try store.living(table) == [])
    store.close()
  }

  @Test func `a row that is deleted may come again within the window, after a restart too`() throws {
    for restarts in [false, true] {
      let fixture = StoreFixture()
      var store = try fixture.open()
      let definition = try store.createTable(StoreFixture.definition)
      try store.insert(StoreFixture.rows(Array(0..<10), in: definition))
      try store.delete(definition.id) { $0 < 5 }
      if restarts {
        store.abandon()
        store = try fixture.open()
      }
      #expect(try store.insert(StoreFixture.rows(Array(0..<10), in: definition)).batches[0].stored == 5)
      #expect(try store.living(definition.id) == Array(0..<10))
      store.close()
    }
  }

  @Test func `a delete with the power cut at any call deletes all or nothing`() throws {
    for call in 1... {
      let fixture = StoreFixture()
      let store = try fixture.open()
      let definition = try store.createTable(StoreFixture.definition)
      try store.insert(StoreFixture.rows(Array(0..<30), in: definition))
      let before = fixture.system.operationCount
      fixture.system.powerOff(afterOperations: call)
      let isDone = (try? store.delete(definition.id) { $0 % 2 == 0 }) != nil
      let calls = fixture.system.operationCount - before
      store.abandon()
      let left = StoreFixture(system: fixture.system.crashClone(seed: UInt64(call)))
      let again = try left.open()
      let living = try again.living(definition.id)
      let odd = pick(0..<30) { $0 % 2 == 1 }
      #expect(living == odd || (!isDone && living == Array(0..<30)), "call \(call)")
      // It can be done once more.
      try again.delete(definition.id) { $0 % 2 == 0 }
      #expect(try again.living(definition.id) == odd, "call \(call)")
      again.close()
      try expectSound(left.system, "call \(call)")
      if isDone, calls < call { break }
    }
  }

  @Test func `a delete bitmap survives its encoding, and damage is found`() throws {
    var random = SeededRandom(seed: 3)
    for count in [1, 7, 8, 64, 1_000, 70_000] {
      let rows = Bitmap(repeating: false, count: count)
      for row in 0..<count where random.next() % 3 == 0 { rows.set(row) }
      let bytes = SegmentDeletes(version: 4, rows: rows).encoded()
      let decoded = try #require(SegmentDeletes.decoded(bytes, version: 4))
      #expect(decoded.count == rows.setCount)
      #expect((0..<count).allSatisfy { decoded.rows[$0] == rows[$0] })
      for _ in 0..<20 {
        var damaged = bytes
        let place = Int(random.next() % UInt64(bytes.count))
        damaged[place] ^= 1 << UInt8(random.next() % 8)
        if let read = SegmentDeletes.decoded(damaged, version: 4) {
          // Only bits beyond the last row may differ.
          #expect((0..<count).allSatisfy { read.rows.count == count && read.rows[$0] == rows[$0] })
        }
      }
    }
  }

  @Test func `a directory of catalog format 1 is upgraded when it is opened, and can be checked before`() throws {
    let fixture = StoreFixture()
    var store = try fixture.open()
    // Entity ids came with format 4.
    var old = StoreFixture.definition
    old.options.entity = nil
    let definition = try store.createTable(old)
    try store.insert(StoreFixture.rows(Array(0..<10), in: definition))
    store.close(flushing: true)
    let database = try SQLiteDatabase(path: "/data/catalog.sqlite", on: fixture.system)
    try database.run("DROP TABLE deletes")
    try database.run("DROP TABLE dropped")
    try database.run("DROP TABLE entities")
    try database.run("DROP TABLE thinned")
    try database.run("UPDATE meta SET value = 1 WHERE name = 'format_version'")
    database.close()
    try expectSound(fixture.system)
    store = try fixture.open()
    try store.delete(definition.id) { $0 < 4 }
    #expect(try store.living(definition.id) == Array(4..<10))
    store.close()
    try expectSound(fixture.system)
  }

  // MARK: Compaction

  /// A table of one partition in `count` segments of ten rows.
  private func segmented(_ store: Store, _ count: Int64) throws -> TableDefinition {
    let definition = try store.createTable(StoreFixture.definition)
    for part in 0..<count {
      let numbers = Array(part * 10..<part * 10 + 10)
      try store.insert(StoreFixture.rows(numbers, in: definition, dayOf: { _ in 0 }))
      try store.flush(definition.id)
    }
    return definition
  }

  @Test func `compaction merges segments, removes deleted rows and keeps the order`() throws {
    let fixture = StoreFixture()
    var store = try fixture.open()
    let table = try segmented(store, 6).id
    try store.delete(table) { $0 % 3 == 0 }
    let before = store.snapshot()
    let expected = pick(0..<60) { $0 % 3 != 0 }
    let files = fixture.system.paths.count { $0.hasSuffix(".seg") }
    #expect(try store.compact(table) == 6)
    #expect(try store.compact(table) == 0)
    #expect(store.snapshot().table(table)?.segments.map(\.record.rows) == [40])
    #expect(try store.living(table) == expected)
    #expect(try before.living(table) == expected)
    #expect(fixture.system.paths.count { $0.hasSuffix(".seg") } == files + 1)
    withExtendedLifetime(before) {}
    store.close()
    store = try fixture.open()
    #expect(try store.living(table) == expected)
    let definition = try #require(store.snapshot().table(table)?.definition)
    #expect(try store.insert(StoreFixture.rows(expected, in: definition)).batches[0].stored == 0)
    #expect(fixture.system.paths.count { $0.hasSuffix(".seg") } == 1)
    #expect(try store.delete(table) { _ in true } == 40)
    #expect(try store.compact(table) == 1)
    #expect(store.snapshot().table(table)?.segments.isEmpty == true)
    store.close()
    try expectSound(fixture.system)
  }

  @Test func `what is deleted while a compaction runs is carried over to its output`() throws {
    let fixture = StoreFixture()
    let store = try fixture.open()
    let table = try segmented(store, 4).id
    try store.delete(table) { $0 == 7 }
    let snapshot = try #require(store.snapshot().table(table))
    let plan = try #require(store.plans(for: snapshot, isEager: true).first)
    // The plan holds the segments as they were; these rows go after it was made.
    try store.delete(table) { $0 % 10 == 3 || $0 == 8 }
    #expect(try store.compact(plan) == 4)
    let segments = try #require(store.snapshot().table(table)?.segments)
    #expect(segments.map(\.record.rows) == [39])
    #expect(segments.map(\.deletedRows) == [5])
    let expected = pick(0..<40) { ![7, 8].contains($0) && $0 % 10 != 3 }
    #expect(try store.living(table) == expected)
    // Its inputs are gone: the same plan does nothing.
    #expect(try store.compact(plan) == 0)
    store.close()
    try expectSound(fixture.system)
    let again = try fixture.open()
    #expect(try again.living(table) == expected)
    again.close()
  }

  @Test func `only segments of like size or of quiet partitions are merged by themselves`() throws {
    let fixture = StoreFixture()
    let store = try fixture.open()
    let table = try segmented(store, 3).id
    func due() throws -> [Int] {
      store.plans(for: try #require(store.snapshot().table(table)), isEager: false).map(\.inputs.count)
    }
    #expect(try due() == [])
    fixture.clock.advance(by: 2 * 3_600_000_000)
    #expect(try due() == [3])
    try store.compactWhatIsDue()
    #expect(try due() == [])
    #expect(try store.living(table) == Array(0..<30))
    store.close()
  }

  @Test func `a compaction with the power cut or a failure at any call loses nothing`() throws {
    for fails in [false, true] {
      for call in 1... {
        let fixture = StoreFixture()
        let store = try fixture.open()
        let table = try segmented(store, 3).id
        try store.delete(table) { $0 % 5 == 0 }
        let expected = pick(0..<30) { $0 % 5 != 0 }
        let before = fixture.system.operationCount
        if fails {
          fixture.system.fail(operation: call, with: .inputOutput)
        } else {
          fixture.system.powerOff(afterOperations: call)
        }
        let isDone = (try? store.compact(table)) != nil
        let calls = fixture.system.operationCount - before
        let system = fails ? fixture.system.copy() : fixture.system.crashClone(seed: UInt64(call))
        store.abandon()
        let left = StoreFixture(system: system)
        let again = try left.open()
        #expect(try again.living(table) == expected, "call \(call), fails \(fails)")
        again.close()
        try expectSound(left.system, "call \(call), fails \(fails)")
        if isDone, calls < call { break }
      }
    }
  }

  // MARK: Retention

  /// Rows on each of `days` days from noon on, with ten days of retention.
  private func aged(_ store: Store, days: Int64) throws -> TableDefinition {
    var definition = StoreFixture.definition
    definition.options.retentionSeconds = 10 * 86_400
    definition.options.acceptFutureSeconds = nil
    let made = try store.createTable(definition)
    try store.insert(StoreFixture.rows(Array(0..<days), in: made, dayOf: { $0 }))
    try store.flush(made.id)
    return made
  }

  @Test func `partitions are dropped a day before their age, restorable, and then removed`() throws {
    let fixture = StoreFixture()
    var store = try fixture.open()
    let table = try aged(store, days: 5).id
    try store.keepRetention()
    #expect(try store.living(table) == Array(0..<5))
    /// Days pass one by one, as for a server that runs.
    func pass(_ days: Int) throws {
      for _ in 0..<days * 2 {
        fixture.clock.advance(by: dayMicroseconds / 2)
        try store.keepRetention()
      }
    }
    try pass(9)
    #expect(try store.living(table) == Array(0..<5))
    // Day 0 ended nine days and twelve hours ago.
    fixture.clock.advance(by: dayMicroseconds / 2)
    try store.keepRetention()
    #expect(try store.living(table) == Array(1..<5))
    #expect(store.lifecycleJobs().map(\.state) == ["restorable"])
    #expect(fixture.system.paths.count { $0.hasSuffix(".seg") } == 5)
    store.close()
    try expectSound(fixture.system)
    store = try fixture.open()
    #expect(try store.living(table) == Array(1..<5))
    #expect(store.lifecycleJobs().map(\.rows) == [1])
    try pass(1)
    #expect(try store.living(table) == Array(2..<5))
    #expect(fixture.system.paths.count { $0.hasSuffix(".seg") } == 4)
    #expect(try store.undrop(table) == 1)
    #expect(try store.living(table) == Array(1..<5))
    try pass(3)
    #expect(try store.living(table) == Array(1..<5), "what was restored holds retention")
    var definition = try #require(store.snapshot().table(table)?.definition)
    definition.options.isRetentionHeld = nil
    try store.alterTable(definition)
    try store.keepRetention()
    #expect(try store.living(table) == [])
    store.close()
    try expectSound(fixture.system)
  }

  @Test func `a clock that jumps by more than a day pauses retention until it is confirmed`() throws {
    for jump in [400 * dayMicroseconds, -400 * dayMicroseconds] {
      let fixture = StoreFixture()
      var store = try fixture.open()
      let table = try aged(store, days: 3).id
      try store.keepRetention()
      fixture.clock.advance(by: jump)
      try store.keepRetention()
      #expect(store.isRetentionPaused)
      store.close()
      store = try fixture.open()
      try store.keepRetention()
      #expect(store.isRetentionPaused)
      #expect(try store.living(table) == Array(0..<3))
      try store.confirmClock()
      try store.keepRetention()
      #expect(!store.isRetentionPaused)
      #expect(try store.living(table) == (jump > 0 ? [] : Array(0..<3)))
      store.close()
    }
  }

  @Test func `retention with the power cut at any call drops all that is due or nothing`() throws {
    for call in 1... {
      let fixture = StoreFixture()
      let store = try fixture.open()
      let table = try aged(store, days: 3).id
      fixture.clock.advance(by: 30 * dayMicroseconds)
      try store.confirmClock()
      let before = fixture.system.operationCount
      fixture.system.powerOff(afterOperations: call)
      let isDone = (try? store.keepRetention()) != nil
      let calls = fixture.system.operationCount - before
      store.abandon()
      let left = StoreFixture(system: fixture.system.crashClone(seed: UInt64(call)), clock: fixture.clock)
      let again = try left.open()
      let living = try again.living(table)
      #expect(living.isEmpty || (!isDone && living == Array(0..<3)), "call \(call)")
      try again.keepRetention()
      #expect(try again.undrop(table) == 3, "call \(call)")
      #expect(try again.living(table) == Array(0..<3), "call \(call)")
      again.close()
      try expectSound(left.system, "call \(call)")
      if isDone, calls < call { break }
    }
  }
}
