// Tests of entity ids: the numbering, its file, its bound, and what a crash or damage leaves of it.
import ApusBase
import ApusColumns
import ApusFiles
import Foundation
import Synchronization
import Testing

@testable import ApusStore

@Suite struct `Entity ids` {
  private static func texts(_ values: [String?]) -> Vector {
    Vector.of(values.map { $0.map { .text($0) } ?? .null }, type: .text)
  }

  private static func ids(_ vector: Vector) -> [Int32?] {
    (0..<vector.count).map { if case .int(let id) = vector.value(at: $0) { Int32(id) } else { nil } }
  }

  // MARK: The numbering

  @Test func `strings get dense ids in the order of rows, whatever form their column has`() {
    let values = ["b", nil, "a", "b", "c", "a", "", nil, "d"]
    let codes: [UInt8] = [1, 0, 2, 1, 3, 2, 0, 0, 4]
    let validity = Bitmap(values.map { $0 != nil })
    let coded = Vector(
      type: .text, count: 9, validity: validity,
      storage: .dictionary(
        codes: Buffer(copying: codes), width: 1, dictionary: ByteDictionary(["", "b", "a", "c", "d", "nobody's"])))
    for vector in [Self.texts(values), coded] {
      let table = EntityTable(idsMax: 100, bytesMax: 1 << 30)
      #expect(Self.ids(table.ids(of: vector)) == [0, nil, 1, 0, 2, 1, 3, nil, 4])
      #expect(table.count == 5)
    }
    let table = EntityTable(idsMax: 100, bytesMax: 1 << 30)
    #expect(Self.ids(table.ids(of: .constant(.text("x"), type: .text, count: 3))) == [0, 0, 0])
    #expect(Self.ids(table.ids(of: .nulls(type: .text, count: 2))) == [nil, nil])
  }

  @Test func `many strings keep their ids and are found again`() {
    let table = EntityTable(idsMax: .max, bytesMax: .max)
    var random = SeededRandom(seed: 4)
    var known: [String: Int32] = [:]
    for _ in 0..<60 {
      let values = (0..<2_000).map { _ in "user \(random.next() % 50_000)" }
      for (value, id) in zip(values, Self.ids(table.ids(of: Self.texts(values)))) {
        if let before = known[value] { #expect(id == before) } else { known[value] = id }
      }
    }
    #expect(table.count == known.count)
    #expect(Set(known.values) == Set(0..<Int32(known.count)))
    for (value, id) in known.prefix(2_000) { #expect(String(decoding: table.bytes(Int(id)), as: UTF8.self) == value) }
  }

  @Test func `past its bound, and for long strings, there are no ids and the flag says so`() {
    let table = EntityTable(idsMax: 2, bytesMax: 1 << 30)
    let long = String(repeating: "x", count: Limits.entityBytesMax + 1)
    #expect(Self.ids(table.ids(of: Self.texts(["a", long]))) == [0, -1])
    #expect(table.hasOverflow && !table.isFrozen)
    #expect(Self.ids(table.ids(of: Self.texts(["b", "c", "a", "c"]))) == [1, -1, 0, -1])
    #expect(table.isFrozen)
    let small = EntityTable(idsMax: 1 << 20, bytesMax: 100_000)
    for start in stride(from: 0, to: 20_000, by: 100) {
      _ = small.ids(of: Self.texts((start..<start + 100).map { "a rather long name of user \($0)" }))
    }
    #expect(small.isFrozen)
    #expect(small.byteCount < 200_000)
  }

  // MARK: The store

  @Test func `rows of segments and memtables agree on ids, and a new start gives the same ones`() throws {
    let fixture = StoreFixture()
    var store = try fixture.open()
    let table = try store.createTable(StoreFixture.definition)
    var large = false
    for start in stride(from: Int64(0), to: 400, by: 40) {
      let transaction = store.begin()
      try transaction.append(StoreFixture.rows(Array(start..<start + 40), in: table))
      if large { transaction.state.withLock { $0.bytes = Limits.walTransactionBytesMax + 1 } }
      _ = try transaction.commit()
      if start % 120 == 0 { try store.flush(table.id) }
      large.toggle()
    }
    let before = try store.snapshot().entities(table.id)
    #expect(Set(before.values) == Set(0..<Int32(before.count)))
    store.abandon()
    store = try fixture.open()
    #expect(try store.snapshot().entities(table.id) == before)
    try store.checkpoint()
    #expect(try store.compact(table.id) > 0)
    #expect(try store.snapshot().entities(table.id) == before)
    store.close()
    #expect(try Store.check(directory: "/data", fileSystem: fixture.system).findings == [])
    store = try fixture.open()
    #expect(try store.snapshot().entities(table.id) == before)
    #expect(store.entityStatus().map(\.ids) == [before.count])
    try store.dropTable(table.id)
    #expect(fixture.system.paths.allSatisfy { !$0.hasSuffix(".ids") })
    store.close()
  }

  @Test func `past the bound values have no id, for good, in every later start`() throws {
    var fixture = StoreFixture()
    fixture.options.entityIDsMax = 20
    var store = try fixture.open()
    let table = try store.createTable(StoreFixture.definition)
    #expect(store.snapshot().table(table.id)?.hasEntitiesWithoutID == false)
    try store.insert(StoreFixture.rows(Array(0..<50), in: table))
    #expect(store.snapshot().table(table.id)?.hasEntitiesWithoutID == true)
    var ids = try store.snapshot().entities(table.id)
    #expect(ids.values.filter { $0 >= 0 }.count == 20)
    #expect(store.entityStatus().map(\.isFrozen) == [true])
    try store.flush(table.id)
    store.close()
    #expect(try Store.check(directory: "/data", fileSystem: fixture.system).findings == [])
    // A higher bound later gives no ids to values that were counted without.
    fixture.options.entityIDsMax = 1_000
    store = try fixture.open()
    try store.insert(StoreFixture.rows(Array(30..<80), in: table))
    ids = try store.snapshot().entities(table.id)
    #expect(ids.values.filter { $0 >= 0 }.count == 20)
    #expect(store.snapshot().table(table.id)?.hasEntitiesWithoutID == true)
    store.close()
  }

  @Test func `entity columns are text, and stay what they are`() throws {
    let fixture = StoreFixture()
    let store = try fixture.open()
    defer { store.close() }
    var definition = StoreFixture.definition
    definition.options.entity = ["number"]
    #expect(throws: ApusError.self) { try store.createTable(definition) }
    for given in [nil, ["user_id"], ["user_id", "anonymous_id"]] {
      definition.name = "events \(given?.count ?? 0)"
      definition.options.entity = given
      var table = try store.createTable(definition)
      #expect(table.entityColumns.map(\.name) == given ?? [])
      try store.insert(StoreFixture.rows([1, 2, 3], in: table))
      #expect(try store.snapshot().entities(table.id).count == [0, 2, 3][given?.count ?? 0])
      table.options.entity = ["anonymous_id"]
      let error = #expect(throws: ApusError.self) { try store.alterTable(table) }
      #expect(error?.state == .featureNotSupported)
    }
  }

  // MARK: Damage

  private func flushed() throws -> (StoreFixture, TableID) {
    let fixture = StoreFixture()
    let store = try fixture.open()
    let table = try store.createTable(StoreFixture.definition)
    for start in [Int64(0), 100] {
      try store.insert(StoreFixture.rows(Array(start..<start + 60), in: table))
      try store.checkpoint()
    }
    store.close()
    return (fixture, table.id)
  }

  @Test func `a flipped bit in the file of ids is an error that names the file, at every byte`() throws {
    let (fixture, _) = try flushed()
    let path = try #require(fixture.system.paths.first { $0.hasSuffix(".ids") })
    let size = try fixture.system.open(path, .read).size()
    for offset in 0..<size {
      let damaged = fixture.system.copy()
      damaged.flipBit(offset % 8, ofByte: offset, in: path)
      let error = #expect(throws: ApusError.self) { _ = try StoreFixture(system: damaged).open() }
      #expect(error?.message.contains(path) == true, "offset \(offset)")
      if offset % 16 == 0 {
        #expect(!(try Store.check(directory: "/data", fileSystem: damaged)).isSound, "offset \(offset)")
      }
    }
  }

  @Test func `what lies beyond the durable ids is cut, and a shorter or missing file is corruption`() throws {
    let (fixture, id) = try flushed()
    let path = try #require(fixture.system.paths.first { $0.hasSuffix(".ids") })
    let file = try fixture.system.open(path, .write)
    let size = try file.size()
    try file.write([UInt8](repeating: 7, count: 100), at: size)
    let store = try fixture.open()
    #expect(try fixture.system.open(path, .read).size() == size)
    #expect(try store.snapshot().entities(id).count > 40)
    store.close()
    try file.truncate(to: size - 1)
    var error = #expect(throws: ApusError.self) { _ = try fixture.open() }
    #expect(error?.state == .dataCorrupted)
    #expect(!(try Store.check(directory: "/data", fileSystem: fixture.system, quick: true)).isSound)
    try fixture.system.remove(path)
    error = #expect(throws: ApusError.self) { _ = try fixture.open() }
    #expect(error?.state == .dataCorrupted)
  }

  // MARK: Measures

  @Test(.enabled(if: ProcessInfo.processInfo.environment["APUS_MEASURE"] != nil))
  func `measured: look-ups, new ids, the longest wait, memory`() throws {
    let table = EntityTable(idsMax: .max, bytesMax: .max)
    var longest: UInt64 = 0
    var total: UInt64 = 0
    let rows = 8_192
    let count = 8_000_000
    func batch(_ number: (Int) -> Int) -> Vector {
      var builder = BytesBuilder(capacity: rows)
      for row in 0..<rows { builder.append("anonymous-\(number(row))") }
      let (offsets, data) = builder.finishStorage()
      return Vector(type: .text, count: rows, storage: .bytes(offsets: offsets, data: data))
    }
    for start in stride(from: 0, to: count, by: rows) {
      let vector = batch { (start + $0) &* 7_919 }
      let started = monotonicNanoseconds()
      _ = table.ids(of: vector)
      let spent = monotonicNanoseconds() - started
      longest = max(longest, spent)
      total += spent
    }
    print("new: \(Double(total) / Double(count)) ns each, at most \(Double(longest) / 1e6) ms for \(rows) rows")
    print("memory: \(Double(table.byteCount) / Double(table.count)) bytes an id")
    var random = SeededRandom(seed: 1)
    total = 0
    for _ in 0..<200 {
      let vector = batch { _ in Int(random.next() % UInt64(count)) &* 7_919 }
      let started = monotonicNanoseconds()
      _ = table.ids(of: vector)
      total += monotonicNanoseconds() - started
    }
    print("known: \(Double(total) / Double(200 * rows)) ns each")
  }
}
