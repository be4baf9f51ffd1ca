// Times the kernels that queries spend their time in, one thread, over ten million values in batches of the executor's
// size, and prints nanoseconds a value. `make bench-kernels`; names or parts of names as arguments choose some.

import ApusBase
import ApusColumns
import ApusExecution
import ApusFunctions
import ApusPlan
import ApusSketches

let total = 10_000_000 / Bench.batch * Bench.batch
var bench = Bench(chosen: Array(CommandLine.arguments.dropFirst()))
try bitmaps(&bench)
try gathers(&bench)
try operators(&bench)
try aggregates(&bench)
try tables(&bench)
try encodings(&bench)
try documents(&bench)
try dictionaryFilter(&bench)

// MARK: - Bits and rows

func bitmaps(_ bench: inout Bench) throws {
  let (a, b) = (Inputs.bits(every: 2), Inputs.bits(every: 3))
  let (aParts, bParts) = (Bench.ranges.map { a.slice($0) }, Bench.ranges.map { b.slice($0) })
  bench.time("bitmap and") { part in aParts[part].and(bParts[part]).count }
  bench.time("bitmap or") { part in aParts[part].or(bParts[part]).count }
  bench.time("bitmap popcount") { part in aParts[part].setCount }
  bench.time("selection from bitmap, half set") { part in SelectionVector(aParts[part]).count }
  let sparse = Bench.ranges.map { Inputs.bits(every: 100).slice($0) }
  bench.time("selection from bitmap, 1 % set") { part in SelectionVector(sparse[part]).count }
}

func gathers(_ bench: inout Bench) throws {
  let half = SelectionVector(Inputs.bits(every: 2).slice(0..<Bench.batch))
  for (name, vector) in [
    ("int64", Inputs.integers), ("text", Inputs.texts), ("dictionary", Inputs.dictionary),
  ] {
    let parts = Bench.parts(vector)
    bench.time("gather \(name), half of the rows") { part in parts[part].gathered(half).count }
    try bench.timing("concatenate \(name), 4 batches") { part in
      let at = part & ~3
      guard part == at, at + 4 <= parts.count else { return 0 }
      return try Vector.concatenated(Array(parts[at..<at + 4]), type: vector.type).count
    }
  }
}

// MARK: - Functions

func operators(_ bench: inout Bench) throws {
  let (integers, texts) = (Bench.parts(Inputs.integers), Bench.parts(Inputs.texts))
  let instants = Bench.parts(Inputs.instants)
  func infix(_ name: String, _ type: DataType) -> ScalarFunction? {
    FunctionRegistry.standard.operators(named: name).first { $0.parameters == [.exact(type), .exact(type)] }
  }
  let bound = Vector.constant(.int(5_000), type: .int8, count: Bench.batch)
  try bench.call("int64 < constant", infix("<", .int8)) { [integers[$0], bound] }
  try bench.call("int64 = int64", infix("=", .int8)) { [integers[$0], integers[$0]] }
  try bench.call("int64 + int64", infix("+", .int8)) { [integers[$0], integers[$0]] }
  let word = Vector.constant(.text("page/77"), type: .text, count: Bench.batch)
  try bench.call("text = constant", infix("=", .text)) { [texts[$0], word] }
  let day = Vector.constant(.text("day"), type: .text, count: Bench.batch)
  let truncate = FunctionRegistry.standard.scalars(named: "date_trunc").first {
    $0.parameters == [.exact(.text), .exact(.timestamptz)]
  }
  try bench.call("date_trunc day, UTC", truncate) { [day, instants[$0]] }
  let berlin = EvaluationContext(timeZone: "Europe/Berlin")
  try bench.call("date_trunc day, Europe/Berlin", truncate, context: berlin) { [day, instants[$0]] }
}

func aggregates(_ bench: inout Bench) throws {
  let integers = Bench.parts(Inputs.integers)
  let codes = Inputs.codes
  for name in ["sum", "min", "max"] {
    guard
      let function = FunctionRegistry.standard.aggregates(named: name).first(where: {
        $0.parameters == [.exact(.int8)]
      })
    else { continue }
    for isGrouped in [false, true] {
      let states = try function.makeStates([.int8], false)
      states.grow(to: Inputs.entryCount)
      try bench.timing("\(name) of int64, \(isGrouped ? "\(Inputs.entryCount) groups" : "one group")") { part in
        let groups = isGrouped ? codes.read(UInt32.self) + part * Bench.batch : nil
        try states.accumulate([integers[part]], count: Bench.batch, groups: groups)
        return 1
      }
    }
  }
  guard let count = FunctionRegistry.standard.aggregates(named: "count").first(where: { $0.parameters.isEmpty }) else {
    return
  }
  let states = try count.makeStates([], false)
  states.grow(to: Inputs.entryCount)
  try bench.timing("count(*) by codes, \(Inputs.entryCount) groups") { part in
    try states.accumulate([], count: Bench.batch, groups: codes.read(UInt32.self) + part * Bench.batch)
    return 1
  }
}

/// The tables that grouping, joins and DISTINCT number their keys with.
func tables(_ bench: inout Bench) throws {
  let numbers = Buffer(byteCount: Bench.batch * 4)
  let out = numbers.write(UInt32.self)
  for distinct in [1_000, 1_000_000] {
    let keys = Inputs.keys(distinct)
    let table = IntegerTable()
    bench.time("hash int64, \(distinct) distinct") { part in
      table.insert(keys.read(UInt64.self) + part * Bench.batch, count: Bench.batch, into: out)
      return table.count
    }
  }
  for (name, vector) in [("1000", Inputs.texts), ("1000000", Inputs.manyTexts)] {
    guard case .bytes(let offsets, let data) = vector.storage else { continue }
    let table = BytesTable()
    bench.time("hash text, \(name) distinct") { part in
      table.insert(
        offsets: offsets.read(Int32.self) + part * Bench.batch, data: UnsafeRawPointer(data.address), validity: nil,
        count: Bench.batch, nullNumber: 0, into: out)
      return table.count
    }
  }
}

// MARK: - What segments store

func encodings(_ bench: inout Bench) throws {
  try decode(&bench, "bit-unpack 14-bit int64", Bench.parts(Inputs.integers))
  try decode(&bench, "delta-decode timestamps", Bench.parts(Inputs.instants))
}

private func decode(_ bench: inout Bench, _ name: String, _ parts: [Vector]) throws {
  var encoded: [Buffer] = []
  var bytes = 0
  let writer = ChunkWriter()
  for part in parts {
    guard case .int64(let buffer) = part.storage else { return }
    writer.removeAll()
    IntegerEncoder.append(UnsafeBufferPointer(start: buffer.read(Int64.self), count: part.count), to: writer)
    encoded.append(Buffer(copying: Array(writer.bytes)))
    bytes += writer.count
  }
  try bench.timing("\(name), \(bytes * 8 / total) bits each") { part in
    var cursor = ChunkCursor(encoded[part])
    return try IntegerStream(&cursor, countMax: Bench.batch).decoded().byteCount
  }
}

func documents(_ bench: inout Bench) throws {
  var builder = VectorBuilder(type: .jsonb, capacity: Bench.batch)
  for row in 0..<Bench.batch {
    let plan = ["free", "pro", "team"][row % 3]
    builder.append(
      text: "{\"plan\": \"\(plan)\", \"price\": \(row % 90).25, \"path\": \"/page/\(row % 977)\", \"n\": \(row)}")
  }
  let texts = builder.finish()
  let shredded = try texts.shredded()
  if case .shredded(let column) = shredded.storage {
    try bench.timing("jsonb path as text, shredded") { _ in try column.read(path: ["plan"], as: .text).count }
    try bench.timing("jsonb path as int8, shredded") { _ in try column.read(path: ["n"], as: .int8).count }
  }
  let key = Vector.constant(.text("plan"), type: .text, count: Bench.batch)
  let arrow = FunctionRegistry.standard.operators(named: "->>").first {
    $0.parameters == [.exact(.jsonb), .exact(.text)]
  }
  try bench.call("jsonb path as text, of jsonb text", arrow, batches: 60) { _ in [texts, key] }
}

/// A range test of dictionary codes, through the executor: a filter and a count over one thread.
func dictionaryFilter(_ bench: inout Bench) throws {
  let reference = ColumnReference(column: ColumnID(1), type: .text)
  let size = Limits.rowsPerRowGroup
  let groups: [any RowGroup] = stride(from: 0, to: total, by: size).map { start in
    let part = Inputs.dictionary.slice(start..<min(total, start + size))
    return VectorRowGroup(columns: [(reference, part)], rowCount: part.count)
  }
  let schema = TableSchema(
    oid: 1, schema: "public", name: "t",
    columns: [TableColumn(id: ColumnID(1), name: "name", type: TypeReference(.text))])
  let table = MemoryTable(schema: schema, groups: groups)
  guard
    let less = FunctionRegistry.standard.operators(named: "<").first(where: {
      $0.parameters == [.exact(.text), .exact(.text)]
    }), let count = FunctionRegistry.standard.aggregates(named: "count").first(where: { $0.parameters.isEmpty })
  else { return }
  let filter = Expression.call(less, [.column(0, .text), .literal(.text("page/5"), .text)], .bool)
  let scan = ScanNode(table: table, columns: [reference], fields: [Field("name", .text)], filters: [filter])
  let plan = LogicalPlan.aggregate(
    .scan(scan), groupings: [], sets: nil, aggregates: [AggregateCall(function: count, arguments: [], type: .int8)],
    fields: [Field("count", .int8)])
  let executor = Executor(threads: 1)
  try bench.whole("filter dictionary text < constant, and count") {
    _ = try executor.execute(plan, context: .utc).collect()
  }
}
