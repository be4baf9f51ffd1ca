// CastLibrary owns the list of built-in casts.

import ApusBase
import ApusColumns

enum CastLibrary {
  /// All of them, gathered from one list per file.
  static var all: [Cast] {
    NumberCasts.all + TextCasts.all + TimeCasts.all + JSONCasts.all + ObjectCasts.all
  }
}

extension Cast {
  /// A cast that computes.
  static func to(
    _ target: DataType, from source: DataType, _ context: CastContext, mayFail: Bool = true,
    isMonotonic: Bool = false, volatility: Volatility = .immutable, _ evaluate: @escaping ScalarEvaluator
  ) -> Cast {
    Cast(
      source: source, target: target, context: context,
      function: ScalarFunction(
        target.catalogName, kind: .cast, parameters: [.exact(source)], result: .exact(target), volatility: volatility,
        mayFail: mayFail, isMonotonic: isMonotonic, evaluate: evaluate))
  }

  /// A cast that applies a modifier: value, modifier, whether it was written.
  static func modifying(
    _ type: DataType,
    _ body: @escaping @Sendable (Value, _ modifier: Int32, _ isExplicit: Bool) throws(ApusError) -> Value
  ) -> Cast {
    Cast(
      source: type, target: type, context: .implicit,
      function: ScalarFunction(
        type.catalogName, kind: .cast, parameters: [.exact(type), .exact(.int4), .exact(.bool)], result: .exact(type)
      ) { (arguments, count, _) throws(ApusError) in
        try mapValues(arguments, count, type) { (values) throws(ApusError) in
          guard case .int(let modifier) = values[1], case .bool(let isExplicit) = values[2] else { return .null }
          return try body(values[0], Int32(truncatingIfNeeded: modifier), isExplicit)
        }
      })
  }

  /// The same bytes under another type.
  static func relabel(_ source: DataType, _ target: DataType, _ context: CastContext) -> Cast {
    Cast(source: source, target: target, context: context, function: nil)
  }
}
