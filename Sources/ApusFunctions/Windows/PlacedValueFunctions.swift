// PlacedValueFunctions owns the window functions that give the value of another row: by distance or by the frame.

import ApusBase
import ApusColumns

enum PlacedValueFunctions {
  static let all: [WindowFunction] = shifts("lag", -1) + shifts("lead", 1) + framed

  private static func shifts(_ name: String, _ direction: Int64) -> [WindowFunction] {
    let lists: [[ParameterType]] = [
      [.anyElement], [.anyElement, .exact(.int4)], [.anyCompatible, .exact(.int4), .anyCompatible],
    ]
    return lists.map { parameters in
      WindowFunction(name, parameters: parameters, result: .element) {
        (arguments, layout) throws(ApusError) -> Vector in
        try shifted(arguments, layout, direction)
      }
    }
  }

  private static let framed: [WindowFunction] = [
    WindowFunction("first_value", parameters: [.anyElement], result: .element, usesFrame: true) {
      (arguments, layout) throws(ApusError) -> Vector in
      let rows = (0..<layout.count).map { row in
        layout.frameRow(row, 0)
      }
      return try Vector.argument(arguments, 0).gatheredOrNull(rows)
    },
    WindowFunction("last_value", parameters: [.anyElement], result: .element, usesFrame: true) {
      (arguments, layout) throws(ApusError) -> Vector in
      let rows = (0..<layout.count).map { row in
        layout.lastFrameRow(row)
      }
      return try Vector.argument(arguments, 0).gatheredOrNull(rows)
    },
    WindowFunction("nth_value", parameters: [.anyElement, .exact(.int4)], result: .element, usesFrame: true) {
      (arguments, layout) throws(ApusError) -> Vector in
      let places = OffsetReader(try Vector.argument(arguments, 1))
      var rows = [Int32](repeating: -1, count: layout.count)
      for row in 0..<layout.count {
        guard let place = places[row] else { continue }
        if place <= 0 {
          throw ApusError(SQLState("22016"), "argument of nth_value must be greater than zero")
        }
        rows[row] = layout.frameRow(row, place - 1)
      }
      return try Vector.argument(arguments, 0).gatheredOrNull(rows)
    },
  ]

  /// A null distance gives null, a row outside of the partition the default.
  private static func shifted(
    _ arguments: [Vector], _ layout: WindowLayout, _ direction: Int64
  ) throws(ApusError) -> Vector {
    let values = try Vector.argument(arguments, 0)
    let distances = arguments.count > 1 ? OffsetReader(arguments[1]) : nil
    let hasDefault = arguments.count > 2
    var rows = [Int32](repeating: -1, count: layout.count)
    for partition in 0..<max(0, layout.partitions.count - 1) {
      let (start, end) = (Int64(layout.partitions[partition]), Int64(layout.partitions[partition + 1]))
      for row in start..<end {
        var distance: Int64 = 1
        if let distances {
          guard let given = distances[Int(row)] else { continue }
          distance = given
        }
        let found = row + direction * distance
        if found >= start, found < end {
          rows[Int(row)] = Int32(truncatingIfNeeded: found)
        } else if hasDefault {
          rows[Int(row)] = Int32(truncatingIfNeeded: Int64(layout.count) + row)
        }
      }
    }
    if !hasDefault { return values.gatheredOrNull(rows) }
    let both = try Vector.concatenated([values.flattened(), arguments[2].flattened()], type: values.type)
    return both.gatheredOrNull(rows)
  }
}

/// Whole numbers by row; nil for null.
private struct OffsetReader {
  private let constant: Int64?
  private let vector: Vector?

  init(_ vector: Vector) {
    if vector.isConstant, vector.count > 0 {
      if case .int(let value) = vector.value(at: 0) { constant = value } else { constant = nil }
      self.vector = nil
    } else {
      constant = nil
      self.vector = vector
    }
  }

  subscript(row: Int) -> Int64? {
    guard let vector else { return constant }
    if case .int(let value) = vector.value(at: row) { return value }
    return nil
  }
}
