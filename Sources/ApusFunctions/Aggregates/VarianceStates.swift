// VarianceStates owns variance, stddev and their kin of integers and numeric, computed exactly and rounded once.

import ApusBase
import ApusColumns

/// What is made of a count and sums.
struct Spread: Sendable {
  let isSample: Bool
  let isRoot: Bool

  static let all: [(name: String, spread: Spread)] = [
    ("var_pop", Spread(isSample: false, isRoot: false)), ("var_samp", Spread(isSample: true, isRoot: false)),
    ("variance", Spread(isSample: true, isRoot: false)), ("stddev_pop", Spread(isSample: false, isRoot: true)),
    ("stddev_samp", Spread(isSample: true, isRoot: true)), ("stddev", Spread(isSample: true, isRoot: true)),
  ]

  static let functions: [AggregateFunction] = {
    var list: [AggregateFunction] = []
    for (name, spread) in all {
      for type in [DataType.int2, .int4, .int8, .numeric] {
        list.append(
          AggregateFunction(name, parameters: [.exact(type)], result: .exact(.numeric)) {
            (_, _) throws(ApusError) -> any AggregateStates in VarianceStates(type, spread)
          })
      }
      for type in [DataType.float4, .float8] {
        list.append(
          AggregateFunction(name, parameters: [.exact(type)], result: .exact(.float8)) {
            (_, _) throws(ApusError) -> any AggregateStates in FloatVarianceStates(spread)
          })
      }
    }
    return list
  }()
}

final class VarianceStates: AggregateStates {
  private let spread: Spread
  private var counts = StateArray<Int64>(0)
  private var sums: NumericSums
  private var squares: NumericSums

  init(_ type: DataType, _ spread: Spread) {
    self.spread = spread
    sums = NumericSums(fraction: type == .numeric ? 4 : 0)
    squares = NumericSums(fraction: type == .numeric ? 4 : 0)
  }

  func grow(to count: Int) {
    counts.grow(to: count)
    sums.grow(to: count)
    squares.grow(to: count)
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    let vector = try Vector.argument(arguments, 0)
    if vector.type == .numeric {
      for row in 0..<count where !vector.isNull(row) {
        try add(encoded: vector.rawBytes(row), groups.map { Int($0[row]) } ?? 0)
      }
      return
    }
    for row in 0..<count {
      guard case .int(let value) = vector.value(at: row) else { continue }
      try add(Int128(value), groups.map { Int($0[row]) } ?? 0)
    }
  }

  private func add(_ value: Int128, _ group: Int) throws(ApusError) {
    counts[group] &+= 1
    try sums.add(unscaled: value, group)
    // A bigint's square is at most 2^126.
    try squares.add(unscaled: value * value, group)
  }

  private func add(encoded raw: UnsafeRawBufferPointer, _ group: Int) throws(ApusError) {
    counts[group] &+= 1
    try sums.add(encoded: raw, group)
    if let square = DecimalParts(encoded: raw)?.squared, squares.add(square, group) { return }
    let value = try Numeric(encoded: raw)
    try squares.add(value.multiplied(by: value), group)
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool { false }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: VarianceStates.self)
    try sums.merge(other.sums, mapping: mapping, count: count)
    try squares.merge(other.squares, mapping: mapping, count: count)
    for group in 0..<count { counts[Int(mapping[group])] &+= other.counts[group] }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    var builder = VectorBuilder(type: .numeric, capacity: count)
    for group in 0..<count {
      if let result = try result(group) { builder.append(bytes: result.encoded) } else { builder.appendNull() }
    }
    return builder.finish()
  }

  /// PostgreSQL's numeric_stddev_internal: (N * sum of squares - square of sum) / (N * (N - 1)), or / N^2.
  private func result(_ group: Int) throws(ApusError) -> Numeric? {
    let total = counts[group]
    if total == 0 || (spread.isSample && total == 1) { return nil }
    let sum = try sums.result(group)
    guard sum.isFinite else { return .notANumber }
    let numerator = try Numeric(total).multiplied(by: squares.result(group)).subtracting(sum.multiplied(by: sum))
    if numerator.isZero || numerator.isNegative { return .zero }
    let divisor = try Numeric(total).multiplied(by: Numeric(spread.isSample ? total - 1 : total))
    let variance = try numerator.divided(by: divisor)
    return spread.isRoot ? variance.squareRoot(places: variance.scale) : variance
  }

  func serialise(_ group: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(1)
    writer.littleEndian(counts[group])
    sums.write(group, to: &writer)
    squares.write(group, to: &writer)
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    try readState(bytes, version: 1) {
      let more = try $0.littleEndian(Int64.self)
      try sums.mergeRead(&$0, into: group)
      try squares.mergeRead(&$0, into: group)
      counts[group] &+= more
    }
  }

  var byteCount: Int { counts.byteCount + sums.byteCount + squares.byteCount }
}

/// Exact sums of products of doubles: each product is its rounded part and its error, both exact.
struct ProductSums: ~Copyable {
  private var high = ExactSums()
  private var low = ExactSums(unitExponent: -130)

  init() {}

  var byteCount: Int { high.byteCount + low.byteCount }
  mutating func grow(to groups: Int) {
    high.grow(to: groups)
    low.grow(to: groups)
  }

  @inline(__always)
  mutating func add(_ a: Double, _ b: Double, _ group: Int) {
    let product = a * b
    high.add(product, group)
    let error = (-product).addingProduct(a, b)
    if error != 0, error.isFinite { low.add(error, group) }
  }

  @inline(__always)
  mutating func addRows<T: BinaryFloatingPoint & BitwiseCopyable>(
    _ a: UnsafePointer<T>, _ b: UnsafePointer<T>, _ validity: Bitmap?, _ count: Int, _ groups: UnsafePointer<UInt32>?
  ) {
    forEachRow(count, validity, groups) { row, group in add(Double(a[row]), Double(b[row]), group) }
  }

  mutating func merge(_ other: borrowing ProductSums, mapping: UnsafePointer<UInt32>, count: Int) {
    high.merge(other.high, mapping: mapping, count: count)
    low.merge(other.low, mapping: mapping, count: count)
  }

  func result(_ group: Int) -> DoubleDouble {
    let (a, b) = (high.result(group), low.result(group))
    return DoubleDouble(a.high, a.low) + DoubleDouble(b.high, b.low)
  }

  func write(_ group: Int, to writer: inout ByteWriter) {
    high.write(group, to: &writer)
    low.write(group, to: &writer)
  }
  mutating func mergeRead(_ reader: inout ByteReader, into group: Int) throws(ByteReader.Underflow) {
    try high.mergeRead(&reader, into: group)
    try low.mergeRead(&reader, into: group)
  }
}

/// About 106 bits: a double and what it lacks (Dekker 1971).
struct DoubleDouble {
  var high: Double
  var low: Double

  init(_ high: Double, _ low: Double = 0) {
    self.high = high
    self.low = low
  }

  static func + (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let sum = a.high + b.high
    guard sum.isFinite else { return DoubleDouble(sum) }
    let part = sum - a.high
    let error = (a.high - (sum - part)) + (b.high - part) + a.low + b.low
    let high = sum + error
    return DoubleDouble(high, error - (high - sum))
  }
  static prefix func - (a: DoubleDouble) -> DoubleDouble { DoubleDouble(-a.high, -a.low) }
  static func * (a: DoubleDouble, b: DoubleDouble) -> DoubleDouble {
    let product = a.high * b.high
    guard product.isFinite else { return DoubleDouble(product) }
    let error = (-product).addingProduct(a.high, b.high) + (a.high * b.low + a.low * b.high)
    let high = product + error
    return DoubleDouble(high, error - (high - product))
  }
}

final class FloatVarianceStates: AggregateStates {
  private let spread: Spread
  private var counts = StateArray<Int64>(0)
  private var sums = ExactSums()
  private var squares = ProductSums()

  init(_ spread: Spread) { self.spread = spread }

  func grow(to count: Int) {
    counts.grow(to: count)
    sums.grow(to: count)
    squares.grow(to: count)
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    let vector = try Vector.argument(arguments, 0).unwrapped
    defer { withExtendedLifetime(vector) {} }
    switch vector.storage {
    case .float64(let buffer):
      let values = buffer.read(Double.self)
      sums.addRows(values, vector.validity, count, groups, counts: counts.pointer)
      squares.addRows(values, values, vector.validity, count, groups)
    case .float32(let buffer):
      let values = buffer.read(Float.self)
      sums.addRows(values, vector.validity, count, groups, counts: counts.pointer)
      squares.addRows(values, values, vector.validity, count, groups)
    default: throw .unexpected("variance of floats got \(vector.type.sqlName)")
    }
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool { false }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: FloatVarianceStates.self)
    sums.merge(other.sums, mapping: mapping, count: count)
    squares.merge(other.squares, mapping: mapping, count: count)
    for group in 0..<count { counts[Int(mapping[group])] &+= other.counts[group] }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    let least = spread.isSample ? 2 : 1
    for group in 0..<count where counts[group] >= least {
      if !sums.hasSpecials(group), !squares.result(group).high.isFinite { throw FloatErrors.overflow }
    }
    return fixedVector(.float8, count, { .float64($0) }, isValid: { counts[$0] >= least }) { (group) -> Double in
      if sums.hasSpecials(group) { return .nan }
      let total = Double(counts[group])
      let sum = sums.result(group)
      let exact = DoubleDouble(sum.high, sum.low)
      let numerator = (DoubleDouble(total) * squares.result(group) + -(exact * exact)).high
      let variance = max(0, numerator) / (total * (spread.isSample ? total - 1 : total))
      return spread.isRoot ? variance.squareRoot() : variance
    }
  }

  func serialise(_ group: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(1)
    writer.littleEndian(counts[group])
    sums.write(group, to: &writer)
    squares.write(group, to: &writer)
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    try readState(bytes, version: 1) {
      let more = try $0.littleEndian(Int64.self)
      try sums.mergeRead(&$0, into: group)
      try squares.mergeRead(&$0, into: group)
      counts[group] &+= more
    }
  }

  var byteCount: Int { counts.byteCount + sums.byteCount + squares.byteCount }
}
