// Casts between numbers, and of booleans.

import ApusBase
import ApusColumns

enum NumberCasts {
  static var all: [Cast] { integers + floats + numerics + booleans }

  private static func outOfRange(_ type: DataType) -> ApusError {
    ApusError(.numericValueOutOfRange, "\(type.sqlName) out of range")
  }

  private static func integer<
    A: FixedWidthInteger & BitwiseCopyable & Sendable, B: FixedWidthInteger & BitwiseCopyable & Sendable
  >(
    _ source: DataType, _: A.Type, _ target: DataType, _: B.Type
  ) -> Cast {
    let widens = B.bitWidth > A.bitWidth
    return .to(target, from: source, widens ? .implicit : .assignment, mayFail: !widens, isMonotonic: true) {
      (arguments, count, _) throws(ApusError) in
      if widens { return mapFixed(arguments[0], A.self, count, target) { (a: A) in B(truncatingIfNeeded: a) } }
      return try mapFixedChecked(arguments[0], A.self, count, target) { (a: A) throws(ApusError) -> B in
        guard let value = B(exactly: a) else { throw outOfRange(target) }
        return value
      }
    }
  }

  private static var integers: [Cast] {
    [
      integer(.int2, Int16.self, .int4, Int32.self), integer(.int2, Int16.self, .int8, Int64.self),
      integer(.int4, Int32.self, .int8, Int64.self), integer(.int4, Int32.self, .int2, Int16.self),
      integer(.int8, Int64.self, .int4, Int32.self), integer(.int8, Int64.self, .int2, Int16.self),
    ]
  }

  private static func toFloat<A: FixedWidthInteger & BitwiseCopyable & Sendable>(_ source: DataType, _: A.Type)
    -> [Cast]
  {
    [
      .to(.float8, from: source, .implicit, mayFail: false, isMonotonic: true) { arguments, count, _ in
        mapFixed(arguments[0], A.self, count, .float8) { (a: A) in Double(a) }
      },
      .to(.float4, from: source, .implicit, mayFail: false, isMonotonic: true) { arguments, count, _ in
        mapFixed(arguments[0], A.self, count, .float4) { (a: A) in Float(a) }
      },
    ]
  }

  private static func fromFloat<
    A: BinaryFloatingPoint & BitwiseCopyable & Sendable, B: FixedWidthInteger & BitwiseCopyable & Sendable
  >(
    _ source: DataType, _: A.Type, _ target: DataType, _: B.Type
  ) -> Cast {
    .to(target, from: source, .assignment, isMonotonic: true) { (arguments, count, _) throws(ApusError) in
      try mapFixedChecked(arguments[0], A.self, count, target) { (a: A) throws(ApusError) -> B in
        // To the nearest, ties to even (rint).
        guard let value = B(exactly: Double(a).rounded(.toNearestOrEven)) else { throw outOfRange(target) }
        return value
      }
    }
  }

  private static var floats: [Cast] {
    toFloat(.int2, Int16.self) + toFloat(.int4, Int32.self) + toFloat(.int8, Int64.self) + [
      fromFloat(.float4, Float.self, .int2, Int16.self), fromFloat(.float4, Float.self, .int4, Int32.self),
      fromFloat(.float4, Float.self, .int8, Int64.self), fromFloat(.float8, Double.self, .int2, Int16.self),
      fromFloat(.float8, Double.self, .int4, Int32.self), fromFloat(.float8, Double.self, .int8, Int64.self),
      .to(.float8, from: .float4, .implicit, mayFail: false, isMonotonic: true) { arguments, count, _ in
        mapFixed(arguments[0], Float.self, count, .float8) { (a: Float) in Double(a) }
      },
      .to(.float4, from: .float8, .assignment, isMonotonic: true) { (arguments, count, _) throws(ApusError) in
        try mapFixedChecked(arguments[0], Double.self, count, .float4) { (a: Double) throws(ApusError) -> Float in
          let value = Float(a)
          if value.isInfinite, !a.isInfinite { throw FloatOperators.overflow }
          if value == 0, a != 0 { throw FloatOperators.underflow }
          return value
        }
      },
    ]
  }

  // MARK: - numeric

  private static func numeric(
    _ source: DataType, _ context: CastContext, _ make: @escaping @Sendable (Value) -> Numeric
  )
    -> Cast
  {
    .to(.numeric, from: source, context, mayFail: false, isMonotonic: true) { (arguments, count, _) throws(ApusError) in
      try mapBytes(arguments, count, .numeric) { row, out in
        out.append(contentsOf: make(arguments[0].value(at: row)).encoded)
        return true
      }
    }
  }

  private static func fromNumeric(
    _ target: DataType, _ context: CastContext, _ convert: @escaping @Sendable (Numeric) throws(ApusError) -> Value
  ) -> Cast {
    .to(target, from: .numeric, context, isMonotonic: true) { (arguments, count, _) throws(ApusError) in
      try mapValues(arguments, count, target) { (values) throws(ApusError) in
        guard case .numeric(let number) = values[0] else { return .null }
        return try convert(number)
      }
    }
  }

  /// The nearest double; 22003 when the number is too large for one.
  private static var toDouble: Cast {
    .to(.float8, from: .numeric, .implicit, isMonotonic: true) { (arguments, count, _) throws(ApusError) in
      try readFixed(arguments[0], count, .float8) { (raw) throws(ApusError) -> Double in
        // A mantissa below 2^53 and a small power of ten are exact, and so is the rounding of their quotient.
        if let parts = DecimalParts(encoded: raw), parts.units.magnitude < 1 << 53, parts.fraction >= 0,
          parts.fraction <= 5
        {
          return Double(Int64(truncatingIfNeeded: parts.units)) / tenThousands[parts.fraction]
        }
        return try Numeric(encoded: raw).float8()
      }
    }
  }
  private static let tenThousands: [Double] = [1, 1e4, 1e8, 1e12, 1e16, 1e20]

  private static func whole<A: FixedWidthInteger & BitwiseCopyable & Sendable>(_ source: DataType, _: A.Type) -> Cast {
    .to(.numeric, from: source, .implicit, mayFail: false, isMonotonic: true) {
      (arguments, count, _) throws(ApusError) in
      let column = FixedColumn(arguments[0], A.self)
      defer { withExtendedLifetime(column.owner) {} }
      return try mapBytes(arguments, count, .numeric) { row, out in
        DecimalParts(units: Int128(column[row]), fraction: 0, scale: 0).encode(into: &out)
        return true
      }
    }
  }

  private static var numerics: [Cast] {
    [
      whole(.int2, Int16.self), whole(.int4, Int32.self), whole(.int8, Int64.self),
      numeric(.float4, .assignment) {
        if case .float(let number) = $0 { Numeric(Float(number)) } else { Numeric(Int64(0)) }
      },
      numeric(.float8, .assignment) { if case .float(let number) = $0 { Numeric(number) } else { Numeric(Int64(0)) } },
      fromNumeric(.int2, .assignment) { (number) throws(ApusError) in
        .int(Int64(try number.integer(as: Int16.self, typeName: "smallint")))
      },
      fromNumeric(.int4, .assignment) { (number) throws(ApusError) in
        .int(Int64(try number.integer(as: Int32.self, typeName: "integer")))
      },
      fromNumeric(.int8, .assignment) { (number) throws(ApusError) in .int(try number.int64()) },
      fromNumeric(.float4, .implicit) { (number) throws(ApusError) in
        let wide = try number.float8()
        let value = Float(wide)
        if value.isInfinite, !wide.isInfinite {
          throw ApusError(.numericValueOutOfRange, "\"\(number.text)\" is out of range for type real")
        }
        return .float(Double(value))
      },
      toDouble,
      .modifying(.numeric) { (value, modifier, _) throws(ApusError) in
        guard case .numeric(let number) = value else { return value }
        return .numeric(try number.applying(modifier: modifier))
      },
    ]
  }

  private static var booleans: [Cast] {
    [
      .to(.int4, from: .bool, .explicit, mayFail: false) { (arguments, count, _) throws(ApusError) in
        try mapValues(arguments, count, .int4) { $0[0] == .bool(true) ? .int(1) : .int(0) }
      },
      .to(.bool, from: .int4, .explicit, mayFail: false) { arguments, count, _ in
        let flag = compareFixed([arguments[0], arguments[0]], Int32.self, Int32.self, count) { a, _ in a != 0 }
        return flag
      },
    ]
  }
}
