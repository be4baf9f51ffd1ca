// OrderedSetAggregates owns mode, percentile_cont and percentile_disc. Rows come sorted as WITHIN GROUP says.

import ApusBase
import ApusColumns

enum OrderedSetAggregates {
  static let all: [AggregateFunction] = [
    make("mode", [.anyElement], .element) { (rows, groups) throws(ApusError) in try modes(rows, groups) },
    make("percentile_disc", [.exact(.float8), .anyElement], .element) { (rows, groups) throws(ApusError) in
      try discrete(rows, groups)
    },
    make("percentile_disc", [.exact(.array(.float8)), .anyElement], .array) { (rows, groups) throws(ApusError) in
      try discrete(rows, groups)
    },
    continuous(.float8), continuous(.interval), continuousList(.float8), continuousList(.interval),
  ]

  private static func make(
    _ name: String, _ parameters: [ParameterType], _ result: ResultType, _ finish: @escaping CollectingStates.Finish
  ) -> AggregateFunction {
    AggregateFunction(name, parameters: parameters, result: result, isOrderedSet: true) {
      (types, _) throws(ApusError) -> any AggregateStates in CollectingStates(types, finish)
    }
  }

  private static func continuous(_ type: DataType) -> AggregateFunction {
    make("percentile_cont", [.exact(.float8), .exact(type)], .exact(type)) { (rows, groups) throws(ApusError) in
      try interpolated(rows, groups, type)
    }
  }

  private static func continuousList(_ type: DataType) -> AggregateFunction {
    make("percentile_cont", [.exact(.array(.float8)), .exact(type)], .exact(.array(type))) {
      (rows, groups) throws(ApusError) in try interpolated(rows, groups, .array(type))
    }
  }

  /// The most frequent value; among equals the first.
  private static func modes(_ rows: GroupedRows, _ groups: Int) throws(ApusError) -> Vector {
    let column = rows.columns[0]
    let form = try KeyForm(column.type)
    var builder = VectorBuilder(type: column.type, capacity: groups)
    for group in 0..<groups {
      var best: (value: Value, count: Int)?
      var current: (key: [UInt8], value: Value, count: Int)?
      func close() {
        if let run = current, run.count > best?.count ?? 0 { best = (run.value, run.count) }
      }
      for row in rows.rows(of: group) {
        let value = column.value(at: Int(row))
        if value.isNull { continue }
        let key =
          form == .word
          ? ValueKeys.word(of: value).map { [UInt8](word: $0) } : ValueKeys.bytes(of: value, type: column.type)
        guard let key else { continue }
        if current?.key == key {
          current?.count += 1
        } else {
          close()
          current = (key, value, 1)
        }
      }
      close()
      builder.append(best?.value ?? .null)
    }
    return builder.finish()
  }

  /// Throws 22003 for a fraction outside 0...1.
  private static func checked(_ fraction: Double) throws(ApusError) -> Double {
    guard fraction >= 0, fraction <= 1 else {
      var text: [UInt8] = []
      FloatText.append(fraction, extraFloatDigits: 0, into: &text)
      throw ApusError(
        .numericValueOutOfRange,
        "percentile value \(String(decoding: text, as: UTF8.self)) is not between 0 and 1")
    }
    return fraction
  }

  /// The direct argument with `pick` in place of each fraction.
  private static func answer(
    _ fraction: Value, _ pick: (Double) throws(ApusError) -> Value
  ) throws(ApusError) -> Value {
    switch fraction {
    case .float(let value): return try pick(checked(value))
    case .array(let values):
      var list: [Value] = []
      for value in values { list.append(try answer(value, pick)) }
      return .array(list)
    default: return .null
    }
  }

  private static func discrete(_ rows: GroupedRows, _ groups: Int) throws(ApusError) -> Vector {
    let (fractions, column) = (rows.columns[0], rows.columns[1])
    let type: DataType = fractions.type == .float8 ? column.type : .array(column.type)
    var builder = VectorBuilder(type: type, capacity: groups)
    for group in 0..<groups {
      let own = rows.rows(of: group)
      let present = own.filter { !column.isNull(Int($0)) }
      guard let first = own.first, !present.isEmpty else {
        if let first = own.first { _ = try answer(fractions.value(at: Int(first))) { _ in .null } }
        builder.appendNull()
        continue
      }
      builder.append(
        try answer(fractions.value(at: Int(first))) { fraction in
          let place = Int((fraction * Double(present.count)).rounded(.up))
          return column.value(at: Int(present[max(place, 1) - 1]))
        })
    }
    return builder.finish()
  }

  private static func interpolated(
    _ rows: GroupedRows, _ groups: Int, _ type: DataType
  ) throws(ApusError) -> Vector {
    let fractions = rows.columns[0]
    let column = rows.columns[1].unwrapped
    defer { withExtendedLifetime(column) {} }
    var builder = VectorBuilder(type: type, capacity: groups)
    for group in 0..<groups {
      let own = rows.rows(of: group)
      let present = own.filter { !column.isNull(Int($0)) }
      guard let first = own.first, !present.isEmpty else {
        if let first = own.first { _ = try answer(fractions.value(at: Int(first))) { _ in .null } }
        builder.appendNull()
        continue
      }
      let fraction = fractions.value(at: Int(first))
      switch column.storage {
      case .float64(let buffer):
        let source = buffer.read(Double.self)
        let values = sorted(present.map { source[Int($0)] })
        builder.append(try answer(fraction) { (p) throws(ApusError) in .float(between(values, p)) })
      case .interval(let buffer):
        let source = buffer.read(Interval.self)
        let values = present.map { source[Int($0)] }
        builder.append(try answer(fraction) { (p) throws(ApusError) in .interval(try between(values, p)) })
      default: throw .unexpected("percentile_cont got \(column.type.sqlName)")
      }
    }
    return builder.finish()
  }

  /// Values that came in neither order (merged from parts) are sorted upwards, NaN last.
  private static func sorted(_ values: [Double]) -> [Double] {
    var isAscending = true
    var isDescending = true
    for index in values.indices.dropFirst() {
      let (a, b) = (OrderKey.of(values[index - 1]), OrderKey.of(values[index]))
      if a > b { isAscending = false }
      if a < b { isDescending = false }
    }
    return isAscending || isDescending ? values : values.sorted { OrderKey.of($0) < OrderKey.of($1) }
  }

  private static func between(_ values: [Double], _ fraction: Double) -> Double {
    let place = fraction * Double(values.count - 1)
    let low = Int(place.rounded(.down))
    let high = Int(place.rounded(.up))
    if low == high { return values[low] }
    return values[low] + (values[high] - values[low]) * (place - Double(low))
  }

  private static func between(_ values: [Interval], _ fraction: Double) throws(ApusError) -> Interval {
    let place = fraction * Double(values.count - 1)
    let low = Int(place.rounded(.down))
    let high = Int(place.rounded(.up))
    if low == high { return values[low] }
    let part = try values[high].subtracting(values[low]).multiplied(by: place - Double(low))
    return try values[low].adding(part)
  }
}
