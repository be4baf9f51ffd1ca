// Bench owns the timing of kernels, and what is printed of it.

import ApusBase
import ApusColumns
import ApusFunctions

/// Runs each kernel over all batches several times, and prints the best round.
struct Bench {
  /// Values in a batch, as the executor's scans make them.
  static let batch = 16_384
  static let batches = 10_000_000 / batch
  static let ranges = (0..<batches).map { $0 * batch..<($0 + 1) * batch }
  static let rounds = 3

  static func parts(_ vector: Vector) -> [Vector] { ranges.map { vector.slice($0) } }

  private let chosen: [String]
  /// What kernels gave, so that no work is left out; printed at the end of each line's round.
  private var sink = 0

  init(chosen: [String]) { self.chosen = chosen }

  private func isChosen(_ name: String) -> Bool { chosen.isEmpty || chosen.contains { name.contains($0) } }

  mutating func time(_ name: String, _ body: (Int) -> Int) {
    try? timing(name) { (part) throws -> Int in body(part) }
  }

  /// `body` is told the number of the batch.
  mutating func timing(_ name: String, batches: Int = Bench.batches, _ body: (Int) throws -> Int) throws {
    guard isChosen(name) else { return }
    var best = UInt64.max
    for _ in 0..<Self.rounds {
      let start = monotonicNanoseconds()
      for part in 0..<batches { sink &+= try body(part) }
      best = min(best, monotonicNanoseconds() - start)
    }
    show(name, best, batches * Self.batch)
  }

  /// A scalar function over all batches.
  mutating func call(
    _ name: String, _ function: ScalarFunction?, batches: Int = Bench.batches, context: EvaluationContext = .utc,
    _ arguments: (Int) -> [Vector]
  ) throws {
    guard let function else { return print("\(name): no such function") }
    try timing(name, batches: batches) { part in try function.evaluate(arguments(part), Self.batch, context).count }
  }

  /// One run is over all values.
  mutating func whole(_ name: String, _ body: () throws -> Void) throws {
    guard isChosen(name) else { return }
    var best = UInt64.max
    for _ in 0..<Self.rounds {
      let start = monotonicNanoseconds()
      try body()
      best = min(best, monotonicNanoseconds() - start)
    }
    show(name, best, Self.batches * Self.batch)
  }

  private func show(_ name: String, _ nanoseconds: UInt64, _ values: Int) {
    let hundredths = Int((Double(nanoseconds) / Double(values) * 1000).rounded())
    let fraction = String(hundredths % 1000)
    let number = "\(hundredths / 1000)." + String(repeating: "0", count: 3 - fraction.count) + fraction
    let gap = String(repeating: " ", count: max(1, 46 - name.count) + max(0, 8 - number.count))
    print(name + gap + number + " ns a value")
  }
}

/// The values, the same in every run.
enum Inputs {
  /// Entries of the dictionary, and groups of the aggregations.
  static let entryCount = 1_000
  private static var count: Int { Bench.batches * Bench.batch }

  private static func filled<T: BitwiseCopyable>(_ seed: UInt64, _ make: (Int, UInt64) -> T) -> Buffer {
    var random = SeededRandom(seed: seed)
    let buffer = Buffer(byteCount: count * MemoryLayout<T>.stride)
    let out = buffer.write(T.self)
    for row in 0..<count { out[row] = make(row, random.next()) }
    return buffer
  }

  /// Below 10,007: 14 bits each.
  static let integers = Vector(
    type: .int8, count: count, storage: .int64(filled(1) { Int64($1 % 10_007) }))

  /// Events about half a second apart.
  static let instants: Vector = {
    var time: Int64 = 800_000_000_000_000
    let buffer = filled(2) { (_, random) -> Int64 in
      time += Int64(random % 1_000_000)
      return time
    }
    return Vector(type: .timestamptz, count: count, storage: .int64(buffer))
  }()

  /// UInt32, below `entryCount`.
  static let codes = filled(3) { UInt32($1 % UInt64(entryCount)) }

  static let dictionary: Vector = {
    let entries = ByteDictionary((0..<entryCount).map { "page/\($0)" }.sorted())
    let narrow = filled(3) { UInt16($1 % UInt64(entryCount)) }
    return Vector(
      type: .text, count: count, storage: .dictionary(codes: narrow, width: 2, dictionary: entries))
  }()

  static func keys(_ distinct: Int) -> Buffer { filled(4) { $1 % UInt64(distinct) &* 0x9E37_79B9 } }

  static let texts = flat(distinct: UInt64(entryCount))
  static let manyTexts = flat(distinct: 1_000_000)

  private static func flat(distinct: UInt64) -> Vector {
    var random = SeededRandom(seed: 5)
    var builder = BytesBuilder(capacity: count, bytes: count * 12)
    for _ in 0..<count { builder.append("page/\(random.next() % distinct)") }
    let (offsets, data) = builder.finishStorage()
    return Vector(type: .text, count: count, storage: .bytes(offsets: offsets, data: data))
  }

  /// About one bit in `every` is set, at random.
  static func bits(every: UInt64) -> Bitmap {
    var random = SeededRandom(seed: 6 &+ every)
    let bits = Bitmap(repeating: false, count: count)
    for row in 0..<count where random.next() % every == 0 { bits.set(row) }
    return bits
  }
}
