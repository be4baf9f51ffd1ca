// Tests of the bytes of commits: every layout comes back, and damaged bytes are errors.
import ApusBase
import ApusColumns
import Testing

@testable import ApusStore

@Suite struct CommitBytes {
  private func vectors() -> [Vector] {
    let bits = Bitmap([true, false, true])
    let dictionary = ByteDictionary(["a", "bb", String(repeating: "c", count: 300)])
    let paths = [
      PathColumn(
        path: ["a", "b"], kind: .decimal(scale: 2), rows: Buffer(copying: [UInt32(1)]), values: .int64([1250])),
      PathColumn(path: ["c"], kind: .text, rows: nil, values: Vector.of([.text("x"), .null, .text("y")], type: .text)),
      PathColumn(
        path: [], kind: .emptyObject, rows: Buffer(copying: [UInt32(0), 2]), values: .bool(Bitmap([true, true]))),
    ]
    return [
      .bool(bits, validity: Bitmap([true, true, false])), .int64([1, -2, Int64.max]), .float64([1.5, -0.0, .nan]),
      Vector.of([.int(1), .null, .int(3)], type: .int2), Vector.of([.int(1), .null, .int(3)], type: .date),
      Vector.of([.text("é"), .null, .text("")], type: .text),
      Vector.of([.text(String(repeating: "z", count: 70_000)), .null, .text("")], type: .text),
      Vector.of([.uuid(UUIDValue(high: 1, low: 2)), .null, .null], type: .uuid),
      Vector.of([.array([.int(1), .null]), .null, .array([])], type: .array(.int8)),
      Vector(
        type: .text, count: 3,
        storage: .dictionary(codes: Buffer(copying: [UInt8(2), 0, 1]), width: 1, dictionary: dictionary)),
      .constant(.text("same"), type: .text, count: 3), .nulls(type: .int8, count: 3),
      Vector(type: .jsonb, count: 3, storage: .shredded(ShreddedColumn(count: 3, validity: nil, paths: paths))),
    ]
  }

  private func encoded() throws -> [UInt8] {
    let vectors = vectors()
    let batch = RowBatch(
      table: TableID(5), columns: (1...vectors.count).map { ColumnID(UInt32($0)) },
      rows: Batch(columns: vectors, count: 3))
    return try BatchCodec.encode(received: 42, [batch, batch], using: ByteSink(capacity: 16))
  }

  @Test func `every layout comes back as it was`() throws {
    let record = try encoded().withUnsafeBytes { try BatchCodec.decode($0, file: "f") }
    #expect(record.received == 42)
    #expect(record.batches.count == 2)
    for (before, after) in zip(vectors(), record.batches[1].rows.columns) {
      #expect(before.type == after.type)
      if case .shredded(let a) = before.storage, case .shredded(let b) = after.storage {
        #expect(a.paths.map(\.path) == b.paths.map(\.path))
        #expect(a.paths.map(\.kind) == b.paths.map(\.kind))
        #expect(b.paths[0].values.value(at: 0) == .int(1250))
        #expect(b.paths[2].rows?.read(UInt32.self)[1] == 2)
        continue
      }
      for row in 0..<3 { #expect("\(before.value(at: row))" == "\(after.value(at: row))") }
    }
    if case .dictionary = record.batches[0].rows.columns[9].storage {} else { Issue.record("the dictionary was lost") }
  }

  @Test func `slices are written as what they show`() throws {
    let text = Vector.of((0..<100).map { .text("text \($0)") }, type: .text).slice(10..<20)
    let sink = ByteSink()
    try VectorEncoder.encode(text, to: sink)
    var decoder = VectorDecoder(Buffer(copying: Array(sink.bytes)))
    let back = try decoder.vector()
    #expect((0..<10).map { back.value(at: $0) } == (10..<20).map { .text("text \($0)") })
  }

  @Test func `damaged and shortened bytes throw and never trap`() throws {
    let sink = ByteSink()
    for vector in vectors() { try VectorEncoder.encode(vector.slice(0..<3), to: sink) }
    let sound = Array(sink.bytes)
    var random = SeededRandom(seed: 11)
    for _ in 0..<4000 {
      var bytes = sound
      if random.next() % 4 == 0 { bytes.removeLast(Int(random.next() % UInt64(bytes.count))) }
      for _ in 0..<2 where !bytes.isEmpty {
        bytes[Int(random.next() % UInt64(min(bytes.count, 800)))] = UInt8(truncatingIfNeeded: random.next())
      }
      var decoder = VectorDecoder(Buffer(copying: bytes))
      while !decoder.reader.isAtEnd { if (try? decoder.vector()) == nil { break } }
    }
  }
}
