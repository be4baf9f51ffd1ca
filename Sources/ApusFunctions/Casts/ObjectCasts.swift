// Casts of oid and the `reg` types.

import ApusBase
import ApusColumns

enum ObjectCasts {
  private static let registered: [DataType] = [
    .regproc, .regprocedure, .regoper, .regoperator, .regclass, .regtype, .regnamespace, .regrole, .regcollation,
  ]

  static var all: [Cast] {
    var list: [Cast] = []
    for type in registered {
      list += [.relabel(.oid, type, .implicit), .relabel(type, .oid, .implicit)]
      list += [widening(.int4, Int32.self, type), widening(.int2, Int16.self, type), fromLong(type)]
      list += [toLong(type), toInteger(type), named(.text, type, type == .regclass ? .implicit : .explicit)]
      if type == .regclass { list.append(named(.varchar, type, .implicit)) }
    }
    list += [widening(.int4, Int32.self, .oid), widening(.int2, Int16.self, .oid), fromLong(.oid)]
    list += [toLong(.oid), toInteger(.oid)]
    list += [.relabel(.regproc, .regprocedure, .implicit), .relabel(.regprocedure, .regproc, .implicit)]
    list += [.relabel(.regoper, .regoperator, .implicit), .relabel(.regoperator, .regoper, .implicit)]
    return list
  }

  private static func widening<T: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ source: DataType, _: T.Type, _ target: DataType
  ) -> Cast {
    .to(target, from: source, .implicit, mayFail: false) { arguments, count, _ in
      mapFixed(arguments[0], T.self, count, target) { (a: T) in Int64(UInt32(truncatingIfNeeded: a)) }
    }
  }

  private static func fromLong(_ target: DataType) -> Cast {
    .to(target, from: .int8, .implicit) { (arguments, count, _) throws(ApusError) in
      try mapFixedChecked(arguments[0], Int64.self, count, target) { (a: Int64) throws(ApusError) -> Int64 in
        guard a >= 0, a <= Int64(UInt32.max) else { throw ApusError(.numericValueOutOfRange, "OID out of range") }
        return a
      }
    }
  }

  private static func toLong(_ source: DataType) -> Cast {
    .to(.int8, from: source, .assignment, mayFail: false) { arguments, count, _ in
      mapFixed(arguments[0], Int64.self, count, .int8) { (a: Int64) in a }
    }
  }

  private static func toInteger(_ source: DataType) -> Cast {
    .to(.int4, from: source, .assignment, mayFail: false) { arguments, count, _ in
      mapFixed(arguments[0], Int64.self, count, .int4) { (a: Int64) in Int32(truncatingIfNeeded: a) }
    }
  }

  /// By name, or by the digits of an OID; `-` is none.
  private static func named(_ source: DataType, _ target: DataType, _ context: CastContext) -> Cast {
    .to(target, from: source, context, volatility: .stable) { (arguments, count, session) throws(ApusError) in
      try mapValues(arguments, count, target) { (values) throws(ApusError) in
        guard case .text(let text) = values[0] else { return .null }
        return .int(Int64(try oid(text, target, session)))
      }
    }
  }

  static func oid(_ text: String, _ type: DataType, _ session: EvaluationContext) throws(ApusError) -> OID {
    if text == "-" { return 0 }
    if let number = UInt32(text) { return number }
    if let found = session.catalog?.oid(named: text, as: type) { return found }
    throw TextFormat.missingObject(text, type)
  }
}
