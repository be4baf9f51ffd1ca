// Crash tests: power cuts at any moment, every call failing once, every bit flipped.
import ApusBase
import ApusColumns
import ApusFiles
import Synchronization
import Testing

@testable import ApusStore

@Suite struct Crashes {
  /// What one run acknowledged and tried.
  struct History {
    var table: TableDefinition?
    /// Numbers of commits that were acknowledged, and of one that was not.
    var acknowledged: [[Int64]] = []
    var uncertain: [[Int64]] = []
  }

  /// Commits, flushes and checkpoints until something fails or the work is done.
  private func work(
    _ fixture: StoreFixture, _ history: inout History, from start: Int64, _ random: inout SeededRandom
  ) {
    guard let store = try? fixture.open() else { return }
    var next = start
    for _ in 0..<14 {
      if history.table == nil {
        history.table = try? store.createTable(StoreFixture.definition)
        if history.table == nil { history.table = store.snapshot().table(schema: "public", name: "events")?.definition }
        guard history.table != nil else { break }
      }
      guard let table = history.table else { break }
      switch random.next() % 8 {
      case 0: try? store.flush(table.id)
      case 1: try? store.checkpoint()
      default:
        let count = Int64(1 + random.next() % 40)
        let numbers = Array(next..<next + count)
        next += count
        let transaction = store.begin()
        do {
          try transaction.append(StoreFixture.rows(numbers, in: table))
          if random.next() % 10 == 0 { transaction.state.withLock { $0.bytes = Limits.walTransactionBytesMax + 1 } }
          _ = try transaction.commit()
          history.acknowledged.append(numbers)
        } catch {
          history.uncertain.append(numbers)
        }
      }
      if store.failure != nil { break }
    }
    if random.next() % 2 == 0 { store.abandon() } else { store.close() }
  }

  private func expectSound(_ fixture: StoreFixture, _ history: History, _ note: String) throws {
    guard try fixture.system.exists("/data/catalog.sqlite") else {
      #expect(history.acknowledged.isEmpty, "\(note)")
      return
    }
    let report = try Store.check(directory: "/data", fileSystem: fixture.system)
    #expect(report.findings.filter { $0.severity == .error } == [], "\(note)")
    let store = try fixture.open()
    defer { store.close() }
    let present = store.snapshot().table(schema: "public", name: "events")
    guard let id = present?.definition.id else {
      #expect(history.acknowledged.isEmpty, "\(note)")
      return
    }
    let numbers = try store.numbers(id)
    let found = Set(numbers)
    #expect(found.count == numbers.count, "a row twice; \(note)")
    for commit in history.acknowledged { #expect(found.isSuperset(of: commit), "an acknowledged row lost; \(note)") }
    for commit in history.uncertain {
      let there = commit.count(where: { found.contains($0) })
      #expect(there == 0 || there == commit.count, "a commit in part; \(note)")
    }
    let expected = Set((history.acknowledged + history.uncertain).joined())
    #expect(found.isSubset(of: expected), "\(note)")
    var problems: [String] = []
    _ = try store.snapshot().entities(id, &problems)
    #expect(problems == [], "\(note)")
    // What was stored is known as a duplicate now.
    if let commit = history.acknowledged.first, let table = present?.definition {
      #expect(try store.insert(StoreFixture.rows(commit, in: table)).batches[0].stored == 0, "\(note)")
    }
  }

  @Test func `every acknowledged row is there once after power cuts at any moment, twice in a row`() throws {
    for seed in 0..<UInt64(300) {
      var random = SeededRandom(seed: seed)
      var fixture = StoreFixture()
      fixture.options.logFileBytes = 2048
      var history = History()
      var start: Int64 = 0
      for round in 0..<2 {
        fixture.system.powerOff(afterOperations: Int.random(in: 1...900, using: &random))
        work(fixture, &history, from: start, &random)
        start += 1_000
        let system = fixture.system.crashClone(seed: seed &* 31 &+ UInt64(round))
        let options = fixture.options
        fixture = StoreFixture(system: system)
        fixture.options = options
      }
      try expectSound(fixture, history, "seed \(seed)")
    }
  }

  @Test func `every call may fail once, and nothing acknowledged is lost`() throws {
    for fault in [SimulatedFault.inputOutput, .noSpace] {
      for call in stride(from: 1, to: 420, by: 3) {
        var random = SeededRandom(seed: 7)
        let fixture = StoreFixture()
        fixture.system.fail(operation: call, with: fault)
        var history = History()
        work(fixture, &history, from: 0, &random)
        let system = fixture.system.crashClone(seed: UInt64(call))
        try expectSound(StoreFixture(system: system), history, "call \(call), \(fault)")
      }
    }
  }

  // The segments of a flush whose catalog COMMIT failed were once unlinked, though its frames were whole in SQLite's
  // journal: the next start found the commit, skipped the rows in the log, and missed the files.
  @Test func `a flush in which any one call fails loses nothing when the process ends there`() throws {
    var failures = 0
    for call in 1... {
      let fixture = StoreFixture()
      let store = try fixture.open()
      let table = try store.createTable(StoreFixture.definition)
      try store.insert(StoreFixture.rows(Array(0..<30), in: table))
      let before = fixture.system.operationCount
      fixture.system.fail(operation: call, with: .inputOutput)
      let isFlushed = (try? store.flush(table.id)) != nil
      let calls = fixture.system.operationCount - before
      // What the kernel has been given stays; nothing else is written.
      let left = StoreFixture(system: fixture.system.copy())
      store.abandon()
      if !isFlushed { failures += 1 }
      let again = try left.open()
      #expect(try again.numbers(table.id) == Array(0..<30), "call \(call)")
      // Ids given before and after the crash agree.
      try again.insert(StoreFixture.rows(Array(20..<60), in: table))
      try again.flush(table.id)
      var problems: [String] = []
      _ = try again.snapshot().entities(table.id, &problems)
      #expect(problems == [], "call \(call)")
      again.close()
      let report = try Store.check(directory: "/data", fileSystem: left.system)
      #expect(report.findings.filter { $0.severity == .error } == [], "call \(call)")
      if calls < call { break }
    }
    #expect(failures > 10)
  }

  @Test func `a failed fsync acknowledges nothing more`() throws {
    let fixture = StoreFixture()
    let store = try fixture.open()
    let table = try store.createTable(StoreFixture.definition)
    try store.insert(StoreFixture.rows([1], in: table))
    store.system.fatal.report(ApusError(.ioError, "fsync"))
    #expect(throws: ApusError.self) { try store.insert(StoreFixture.rows([2], in: table)) }
    #expect(store.failure != nil)
    store.close()
  }

  @Test func `a flipped bit in the log is an error or the same answer after a clean stop`() throws {
    let fixture = StoreFixture()
    let store = try fixture.open()
    let table = try store.createTable(StoreFixture.definition)
    for number in 0..<5 { try store.insert(StoreFixture.rows([Int64(number)], in: table)) }
    store.close()
    for path in fixture.system.paths where path.hasSuffix(".wal") {
      let size = try fixture.system.open(path, .read).size()
      for offset in stride(from: 0, to: size, by: 3) {
        let damaged = StoreFixture(system: fixture.system.copy())
        damaged.system.flipBit(offset % 8, ofByte: offset, in: path)
        guard let again = try? damaged.open() else { continue }
        #expect(try again.numbers(table.id) == [0, 1, 2, 3, 4], "offset \(offset) of \(path)")
        again.close()
      }
    }
  }

  @Test func `a flipped bit before a record that states it durable is corruption, with file and offset`() throws {
    let fixture = StoreFixture()
    let store = try fixture.open()
    let table = try store.createTable(StoreFixture.definition)
    for number in 0..<3 { try store.insert(StoreFixture.rows([Int64(number)], in: table)) }
    store.abandon()
    let path = try #require(fixture.system.paths.last { $0.hasSuffix(".wal") })
    let clone = fixture.system.crashClone(seed: 1)
    clone.flipBit(3, ofByte: 64 + 40, in: path)
    let error = #expect(throws: ApusError.self) { _ = try StoreFixture(system: clone).open() }
    #expect(error?.state == .dataCorrupted)
    #expect(error?.message.contains("offset 64") == true)
    let report = try Store.check(directory: "/data", fileSystem: clone)
    #expect(!report.isSound)
  }

  @Test func `a missing log file is corruption`() throws {
    var fixture = StoreFixture()
    fixture.options.logFileBytes = 256
    let store = try fixture.open()
    let table = try store.createTable(StoreFixture.definition)
    for number in 0..<9 { try store.insert(StoreFixture.rows([Int64(number)], in: table)) }
    store.close()
    let logs = fixture.system.paths.filter { $0.hasSuffix(".wal") }
    try #require(logs.count > 2)
    try fixture.system.remove(logs[1])
    #expect(throws: ApusError.self) { _ = try fixture.open() }
  }
}
