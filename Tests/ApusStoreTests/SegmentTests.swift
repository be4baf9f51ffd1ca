// Tests of segment files: random tables come back as they were, whatever their parts and order; damage is an error.
import ApusBase
import ApusColumns
import ApusFiles
import Testing

@testable import ApusStore

/// Random rows of many types, in parts as memtables hold them.
struct RandomRows {
  static let types: [DataType] = [
    .timestamptz, .text, .text, .text, .int2, .int4, .bool, .float8, .float8, .float4, .uuid, .numeric, .array(.int8),
    .interval, .jsonb, .text, .int8,
  ]
  static let columns = types.enumerated().map {
    SegmentColumn(id: ColumnID(UInt32($0 + 1)), type: $1, isFiltered: $0 == 15 || $0 == 16)
  }
  var parts: [[Vector]] = []
  var counts: [Int] = []

  init(_ random: inout SeededRandom, rows: [Int]) throws {
    for count in rows {
      var vectors: [Vector] = []
      for (place, type) in Self.types.enumerated() {
        let nulls = random.next() % 3 == 0
        var values = (0..<count).map { row -> Value in
          if nulls, random.next() % 4 == 0 { return .null }
          return Self.value(place, row, &random)
        }
        if place == 0 { values = values.map { $0.isNull ? .int(5) : $0 } }
        vectors.append(try Self.vector(values, type, &random))
      }
      parts.append(vectors)
      counts.append(count)
    }
  }

  private static func value(_ place: Int, _ row: Int, _ random: inout SeededRandom) -> Value {
    switch place {
    case 0: return .int(Int64(random.next() % 1_000_000))
    case 1: return .text(["view", "click", "buy", ""][Int(random.next() % 4)])
    case 2: return .text("url/\(random.next() % 700)")
    case 3: return .text(String(random.next(), radix: 16))
    case 4: return .int(Int64(random.next() % 9) - 4)
    case 5: return .int(Int64(Int32(truncatingIfNeeded: random.next())))
    case 6: return .bool(random.next() % 3 == 0)
    case 7: return .float(Double(random.next() % 10_000) / 100)
    case 8: return .float([0.1, -0.0, .infinity, 1e300][Int(random.next() % 4)])
    case 9: return .float(Double(Float(random.next() % 77) / 7))
    case 10: return .uuid(UUIDValue(high: random.next(), low: 3))
    case 11: return .numeric(Numeric(Int64(random.next() % 500), scale: 2))
    case 12: return .array((0..<Int(random.next() % 3)).map { .int(Int64($0)) })
    case 13: return .interval(Interval(months: 1, days: 2, microseconds: Int64(random.next() % 5)))
    case 14: return .text(json(&random))
    case 15: return .text("event-\(random.next())")
    default: return .int(Int64(random.next() >> 1))
    }
  }

  private static func json(_ random: inout SeededRandom) -> String {
    var keys: [String] = []
    if random.next() % 2 == 0 { keys.append("\"country\": \"\(["DE", "FR", "BR"][Int(random.next() % 3)])\"") }
    if random.next() % 3 == 0 { keys.append("\"price\": \(random.next() % 100).\(10 + random.next() % 90)") }
    if random.next() % 4 == 0 { keys.append("\"n\": \(random.next() % 50)") }
    if random.next() % 40 == 0 { keys.append("\"rare\": {\"deep\": [1, 2]}") }
    if random.next() % 30 == 0 {
      keys.append("\"mixed\": \(["null", "true", "1", "\"x\"", "{}"][Int(random.next() % 5)])")
    }
    return "{" + keys.sorted { $0.count != $1.count ? $0.count < $1.count : $0 < $1 }.joined(separator: ", ") + "}"
  }

  private static func vector(_ values: [Value], _ type: DataType, _ random: inout SeededRandom) throws -> Vector {
    let flat = Vector.of(values, type: type)
    if type == .jsonb { return try flat.shredded() }
    guard type.physical == .bytes, random.next() % 2 == 0 else {
      return random.next() % 9 == 0 && !values.isEmpty && !values[0].isNull
        ? .constant(values[0], type: type, count: values.count) : flat
    }
    // As a dictionary in no order, with an entry that nothing uses.
    let table = StringTable()
    _ = withUnsafePointer(to: UInt64(0)) { table.number(of: UnsafeRawPointer($0), 8) }
    let codes = (0..<values.count).map { row -> UInt32 in
      if flat.isNull(row) { return 0 }
      let raw = flat.rawBytes(row)
      return withUnsafePointer(to: UInt64(0)) {
        table.number(of: raw.baseAddress ?? UnsafeRawPointer($0), raw.count)
      }
    }
    return Vector(
      type: type, count: values.count, validity: flat.validity,
      storage: .dictionary(codes: Buffer(copying: codes), width: 4, dictionary: table.dictionary()))
  }

  var total: Int { counts.reduce(0, +) }

  func value(_ row: Int, _ column: Int) -> Value {
    var rest = row
    for (part, count) in zip(parts, counts) {
      if rest < count { return part[column].value(at: rest) }
      rest -= count
    }
    return .null
  }
}

@Suite struct Segments {
  private let description = SegmentDescription(
    table: TableID(9), partition: PartitionKey(3), columns: RandomRows.columns, timeColumn: ColumnID(1),
    minimumLSN: LSN(4), maximumLSN: LSN(5))

  private func write(
    _ rows: RandomRows, _ order: RowOrder, on system: SimulatedFileSystem, propertyColumnsMax: Int = 1_000
  ) throws -> SegmentReader {
    let file = try system.open("/s", .create)
    try file.truncate(to: 0)
    let summary = try SegmentWriter.write(
      parts: rows.parts, order: order, description: description, to: file, propertyColumnsMax: propertyColumnsMax)
    let reader = try SegmentReader(file: file, cache: BlockCache(bytesMax: 64 << 20))
    #expect(summary.rowCount == order.count)
    #expect(reader.summary.byteCount == summary.byteCount)
    #expect(reader.description == description)
    return reader
  }

  @Test(arguments: 0..<40) func `rows come back as they were, in their order`(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let sizes = [[0], [1], [900], [300, 1, 500], [64, 64, 2_000], [3_000, 0, 10]][seed % 6]
    let rows = try RandomRows(&random, rows: sizes)
    var picks: [UInt32]? = (0..<UInt32(rows.total)).shuffled(using: &random)
    if seed % 4 == 1 { picks = nil }
    if seed % 4 == 2 { picks = picks?.dropLast(rows.total / 3) }
    let order = RowOrder(total: rows.total, picks: picks.map { SelectionVector($0) })
    let reader = try write(rows, order, on: SimulatedFileSystem(), propertyColumnsMax: seed % 5 == 0 ? 2 : 1_000)
    try reader.verify()
    guard let group = reader.rowGroups().first else {
      #expect(order.count == 0)
      return
    }
    #expect(group.rowCount == order.count)
    for (place, column) in RandomRows.columns.enumerated() {
      let reference = ColumnReference(column: column.id, type: column.type)
      let low = Int(random.next() % UInt64(order.count))
      for range in [0..<order.count, low..<order.count] {
        let back = try group.read(reference, rows: range)
        #expect(back.type == column.type && back.count == range.count)
        for row in range {
          let wanted = rows.value(picks.map { Int($0[row]) } ?? row, place)
          let found = back.value(at: row - range.lowerBound)
          guard "\(found)" == "\(wanted)" else {
            Issue.record("column \(place), row \(row): \(found), not \(wanted); seed \(seed)")
            return
          }
          if place != 14, row % 50 == 0, !wanted.isNull { #expect(try group.mightContain(reference, wanted)) }
        }
      }
    }
    try expectPaths(group, rows, picks, seed)
  }

  private func expectPaths(_ group: any RowGroup, _ rows: RandomRows, _ picks: [UInt32]?, _ seed: Int) throws {
    for (key, type) in [
      ("country", DataType.text), ("price", .numeric), ("n", .int8), ("n", .int4), ("price", .float8), ("mixed", .text),
    ] {
      let reference = ColumnReference(column: ColumnID(15), path: [key], type: type)
      let back = try group.read(reference, rows: 0..<group.rowCount)
      var nulls = 0
      for row in 0..<group.rowCount {
        let whole = rows.value(picks.map { Int($0[row]) } ?? row, 14)
        guard case .text(let text) = whole else {
          nulls += 1
          #expect(back.isNull(row))
          continue
        }
        let found = try Array(text.utf8).withUnsafeBytes { try JSONB.extractText($0, [.key(key)]) }
        let wanted = found.map { String(decoding: $0, as: UTF8.self) }
        if wanted == nil { nulls += 1 }
        var out: [UInt8] = []
        if !back.isNull(row) { try TextFormat.output(back, row: row, settings: .utc, into: &out) }
        if type == .float8 {
          #expect(back.value(at: row) == wanted.map { .float(Double($0) ?? .nan) } ?? .null)
          continue
        }
        let text2 = back.isNull(row) ? nil : String(decoding: out, as: UTF8.self)
        guard wanted == text2 else {
          Issue.record("\(key), row \(row): \(String(describing: text2)), not \(String(describing: wanted)); \(seed)")
          return
        }
      }
      if let zone = try group.zoneMap(reference) { #expect(zone.nullCount == nulls, "\(key), seed \(seed)") }
      if let counts = try group.codeCounts(reference) {
        #expect(counts.nullCount == nulls)
        let total = (0..<counts.dictionary.count).reduce(0) { $0 + Int(counts.counts.read(UInt32.self)[$1]) }
        #expect(total + nulls == group.rowCount)
      }
    }
  }

  @Test func `row groups of a segment share one dictionary, and look-ups touch only what matters`() throws {
    let count = Limits.rowsPerRowGroup + 1_000
    let names = (0..<count).map { Value.text(["view", "click", "buy"][($0 / 50_000) % 3]) }
    let ids = (0..<count).map { Value.text("id-\($0)-x") }
    let columns = [
      SegmentColumn(id: ColumnID(1), type: .text), SegmentColumn(id: ColumnID(2), type: .text, isFiltered: true),
    ]
    let file = try SimulatedFileSystem().open("/s", .create)
    _ = try SegmentWriter.write(
      [Vector.of(names, type: .text), Vector.of(ids, type: .text)], rowCount: count,
      description: SegmentDescription(table: TableID(1), partition: PartitionKey(0), columns: columns), to: file)
    let groups = try SegmentReader(file: file, cache: BlockCache(bytesMax: 64 << 20)).rowGroups()
    #expect(groups.count == 2)
    let event = ColumnReference(column: ColumnID(1), type: .text)
    var dictionaries: [ByteDictionary] = []
    for group in groups {
      guard case .dictionary(_, let width, let dictionary) = try group.read(event, rows: 0..<100).storage else {
        Issue.record("no dictionary")
        return
      }
      #expect(width == 1)
      dictionaries.append(dictionary)
      #expect(try group.codeCounts(event)?.dictionary === dictionary)
    }
    #expect(dictionaries[0] === dictionaries[1])
    #expect(dictionaries[0].isSorted)
    #expect(try groups[1].mightContain(event, .text("view")) == false)
    #expect(try groups[0].mightContain(event, .text("view")))
    let id = ColumnReference(column: ColumnID(2), type: .text)
    #expect(try groups[0].mightContain(id, .text("id-17-x")))
    let absent = try (0..<2_000).count { try groups[0].mightContain(id, .text("no-\($0)")) }
    #expect(absent < 100)
  }

  @Test(arguments: 0..<8) func `memtable blocks know bounds and counts`(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let rows = try RandomRows(&random, rows: [700])
    let memtable = MemTable(columns: RandomRows.columns)
    try memtable.append(Batch(columns: rows.parts[0], count: 700), lsn: LSN(1))
    let group = try #require(memtable.rowGroups().first)
    for (place, column) in RandomRows.columns.enumerated() where column.type != .jsonb {
      let reference = ColumnReference(column: column.id, type: column.type)
      for _ in 0..<2 {
        let values = (0..<700).map { rows.value($0, place) }
        let present = values.filter { !$0.isNull }
        if let zone = try group.zoneMap(reference) {
          #expect(zone.nullCount == 700 - present.count)
          if column.type == .text {
            let texts = present.compactMap { if case .text(let text) = $0 { text } else { nil } }
            #expect(zone.minimum == texts.min { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { .text($0) })
            #expect(zone.maximum == texts.max { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { .text($0) })
          } else {
            let numbers = present.compactMap { if case .int(let number) = $0 { number } else { nil } }
            #expect(zone.minimum == numbers.min().map { .int($0) } && zone.maximum == numbers.max().map { .int($0) })
          }
        }
        guard let counts = try group.codeCounts(reference) else { continue }
        var found = 0
        for code in 0..<counts.dictionary.count { found += Int(counts.counts.read(UInt32.self)[code]) }
        #expect(found == present.count && counts.nullCount == 700 - present.count)
      }
    }
  }

  @Test func `a flipped bit anywhere is an error or the same answer`() throws {
    var random = SeededRandom(seed: 5)
    let rows = try RandomRows(&random, rows: [40])
    let system = SimulatedFileSystem()
    let order = RowOrder(total: 40, picks: nil)
    _ = try write(rows, order, on: system)
    let size = try system.open("/s", .read).size()
    for offset in 0..<size {
      let damaged = system.copy()
      damaged.flipBit(offset % 8, ofByte: offset, in: "/s")
      let file = try damaged.open("/s", .read)
      let error = #expect(throws: ApusError.self, "offset \(offset)") {
        try SegmentReader(file: file, cache: BlockCache(bytesMax: 1 << 20)).verify()
      }
      #expect([.dataCorrupted, .featureNotSupported].contains(error?.state), "offset \(offset)")
    }
  }

  @Test(arguments: 0..<30) func `damage behind right checksums is an error or a value, never a trap`(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let rows = try RandomRows(&random, rows: [200, 100])
    let system = SimulatedFileSystem()
    let reader = try write(rows, RowOrder(total: 300, picks: nil), on: system)
    var whole = [UInt8](repeating: 0, count: try system.open("/s", .read).size())
    _ = try whole.withUnsafeMutableBytes { try system.open("/s", .read).read(into: $0, at: 0) }
    // The footer.
    let footer = SegmentFooter(
      description: reader.description, summary: reader.summary, streams: reader.streams, groups: reader.groups)
    let sink = ChunkWriter()
    footer.encoded(to: sink)
    for _ in 0..<200 {
      let bytes = Self.damaged(Array(sink.bytes), &random)
      _ = try? SegmentFooter(Buffer(copying: bytes), file: "/s", fileBytes: whole.count)
    }
    // The blocks.
    for (place, column) in reader.description.columns.enumerated() {
      for (index, stream) in reader.streams[place].enumerated() {
        guard let chunk = reader.groups[0].chunks[place][index] else { continue }
        let block = Array(whole[chunk.block.offset..<chunk.block.offset + chunk.block.length])
        guard block[0] == 0 else { continue }
        let dictionary = try stream.dictionary.map { try reader.dictionary($0) }
        for _ in 0..<20 {
          let payload = Buffer(copying: Self.damaged(Array(block.dropFirst(8)), &random))
          var decoder = ChunkDecoder(payload, rowCount: 300, present: chunk.present)
          let found = try? decoder.chunk(
            type: stream.type(in: column.type), form: stream.form(column.type), dictionary: dictionary,
            maySparse: stream.content != .column)
          if let found { for row in 0..<found.values.count { _ = found.values.value(at: row) } }
        }
      }
    }
  }

  private static func damaged(_ sound: [UInt8], _ random: inout SeededRandom) -> [UInt8] {
    var bytes = sound
    if random.next() % 4 == 0, !bytes.isEmpty { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
    for _ in 0..<2 where !bytes.isEmpty {
      bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
    }
    return bytes
  }

  @Test(arguments: 0..<20) func `keys sort as their values do, nulls last`(seed: Int) throws {
    var random = SeededRandom(seed: UInt64(seed))
    let rows = try RandomRows(&random, rows: [500])
    let places = [[1, 0], [4, 6, 0], [3], [5, 16], [16, 0, 5], [15, 1], [2, 0]][seed % 7]
    let keys = places.map { rows.parts[0][$0] }
    let order = try sortPermutation(keys, count: 500)
    let found = order.map { order in (0..<500).map { order[$0] } } ?? Array(0..<500)
    let wanted = (0..<500).sorted { a, b in
      for key in keys {
        switch (key.value(at: a), key.value(at: b)) {
        case (.null, .null): continue
        case (.null, _): return false
        case (_, .null): return true
        case (.int(let x), .int(let y)): if x != y { return x < y }
        case (.bool(let x), .bool(let y)): if x != y { return y }
        case (.text(let x), .text(let y)): if x != y { return x.utf8.lexicographicallyPrecedes(y.utf8) }
        default: continue
        }
      }
      return a < b
    }
    #expect(found == wanted, "seed \(seed)")
  }
}
