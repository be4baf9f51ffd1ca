// RegressionStates owns corr, covar_pop, covar_samp and the regr_ family over pairs (y, x).

import ApusBase
import ApusColumns

final class RegressionStates: AggregateStates {
  enum Measure: String, CaseIterable, Sendable {
    case corr, covar_pop, covar_samp, regr_avgx, regr_avgy, regr_intercept, regr_r2, regr_slope, regr_sxx, regr_sxy
    case regr_syy, regr_count
  }

  static let functions: [AggregateFunction] = Measure.allCases.map { measure in
    AggregateFunction(
      measure.rawValue, parameters: [.exact(.float8), .exact(.float8)],
      result: .exact(measure == .regr_count ? .int8 : .float8), emptyIsNull: measure != .regr_count
    ) { (_, _) throws(ApusError) -> any AggregateStates in RegressionStates(measure) }
  }

  private let measure: Measure
  private var counts = StateArray<Int64>(0)
  private var sumsX = ExactSums()
  private var sumsY = ExactSums()
  private var squaresX = ProductSums()
  private var squaresY = ProductSums()
  private var products = ProductSums()

  init(_ measure: Measure) { self.measure = measure }

  func grow(to count: Int) {
    counts.grow(to: count)
    sumsX.grow(to: count)
    sumsY.grow(to: count)
    squaresX.grow(to: count)
    squaresY.grow(to: count)
    products.grow(to: count)
  }

  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError) {
    let first = try Vector.argument(arguments, 0).unwrapped
    defer { withExtendedLifetime(first) {} }
    let second = try Vector.argument(arguments, 1).unwrapped
    defer { withExtendedLifetime(second) {} }
    guard case .float64(let left) = first.storage, case .float64(let right) = second.storage else {
      throw .unexpected("a regression got other types than double precision")
    }
    let (y, x) = (left.read(Double.self), right.read(Double.self))
    let valid = Bitmap.intersection(first.validity, second.validity)
    defer { withExtendedLifetime(valid) {} }
    let scratch = Buffer.zeroed(byteCount: max(1, self.counts.count) * 8)
    withExtendedLifetime((left, right, scratch)) {
      sumsX.addRows(x, valid, count, groups, counts: counts.pointer)
      sumsY.addRows(y, valid, count, groups, counts: scratch.write(Int64.self))
      squaresX.addRows(x, x, valid, count, groups)
      squaresY.addRows(y, y, valid, count, groups)
      products.addRows(x, y, valid, count, groups)
    }
  }

  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool { false }

  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError) {
    let other = try sameKind(other, as: RegressionStates.self)
    sumsX.merge(other.sumsX, mapping: mapping, count: count)
    sumsY.merge(other.sumsY, mapping: mapping, count: count)
    squaresX.merge(other.squaresX, mapping: mapping, count: count)
    squaresY.merge(other.squaresY, mapping: mapping, count: count)
    products.merge(other.products, mapping: mapping, count: count)
    for group in 0..<count { counts[Int(mapping[group])] &+= other.counts[group] }
  }

  func finish(count: Int) throws(ApusError) -> Vector {
    if measure == .regr_count {
      return fixedVector(.int8, count, { .int64($0) }, isValid: { _ in true }) { counts[$0] }
    }
    var results: [Double?] = []
    for group in 0..<count { results.append(try result(group)) }
    return fixedVector(.float8, count, { .float64($0) }, isValid: { results[$0] != nil }) { results[$0] ?? 0 }
  }

  /// N times the sum of products of deviations: N sum(ab) - sum(a) sum(b).
  private func deviations(
    _ products: borrowing ProductSums, _ a: DoubleDouble, _ b: DoubleDouble, _ group: Int
  ) -> DoubleDouble {
    DoubleDouble(Double(counts[group])) * products.result(group) + -(a * b)
  }

  private func result(_ group: Int) throws(ApusError) -> Double? {
    let count = counts[group]
    if count == 0 || (measure == .covar_samp && count == 1) { return nil }
    let total = Double(count)
    if sumsX.hasSpecials(group) || sumsY.hasSpecials(group) { return .nan }
    let x = DoubleDouble(sumsX.result(group).high, sumsX.result(group).low)
    let y = DoubleDouble(sumsY.result(group).high, sumsY.result(group).low)
    for sum in [x.high, y.high, squaresX.result(group).high, squaresY.result(group).high] where !sum.isFinite {
      throw FloatErrors.overflow
    }
    let (exactXX, exactXY) = (deviations(squaresX, x, x, group), deviations(products, x, y, group))
    let sxx = max(0, exactXX.high) / total
    let syy = max(0, deviations(squaresY, y, y, group).high) / total
    let sxy = exactXY.high / total
    switch measure {
    case .regr_count: return total
    case .regr_avgx: return x.high / total
    case .regr_avgy: return y.high / total
    case .regr_sxx: return sxx
    case .regr_syy: return syy
    case .regr_sxy: return sxy
    case .covar_pop: return sxy / total
    case .covar_samp: return sxy / (total - 1)
    case .corr: return sxx == 0 || syy == 0 ? nil : sxy / (sxx * syy).squareRoot()
    case .regr_r2: return sxx == 0 ? nil : syy == 0 ? 1 : (sxy * sxy) / (sxx * syy)
    case .regr_slope: return sxx == 0 ? nil : sxy / sxx
    case .regr_intercept: return sxx == 0 ? nil : (y * exactXX + -(x * exactXY)).high / (total * exactXX.high)
    }
  }

  func serialise(_ group: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.byte(1)
    writer.littleEndian(counts[group])
    sumsX.write(group, to: &writer)
    sumsY.write(group, to: &writer)
    squaresX.write(group, to: &writer)
    squaresY.write(group, to: &writer)
    products.write(group, to: &writer)
    return writer.bytes
  }

  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError) {
    try readState(bytes, version: 1) {
      let more = try $0.littleEndian(Int64.self)
      try sumsX.mergeRead(&$0, into: group)
      try sumsY.mergeRead(&$0, into: group)
      try squaresX.mergeRead(&$0, into: group)
      try squaresY.mergeRead(&$0, into: group)
      try products.mergeRead(&$0, into: group)
      counts[group] &+= more
    }
  }

  var byteCount: Int {
    counts.byteCount + sumsX.byteCount + sumsY.byteCount + squaresX.byteCount + squaresY.byteCount
      + products.byteCount
  }
}
