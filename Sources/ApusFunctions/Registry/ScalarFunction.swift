// ScalarFunction owns what a scalar function, an operator or a cast is: a name, a signature and a batch evaluator.

public import ApusBase
public import ApusColumns

/// The type of a parameter in a signature.
public enum ParameterType: Hashable, Sendable {
  case exact(DataType)
  /// anyelement / anynonarray, anyarray, anycompatible, anycompatiblearray, "any".
  case anyElement, anyNonArray, anyArray, anyCompatible, anyCompatibleArray, any
}

/// The type of a result in a signature.
public enum ResultType: Hashable, Sendable {
  case exact(DataType)
  /// What anyelement, the element of anyarray, or the array of anyelement was bound to.
  case element, array
}

public enum Volatility: Sendable { case immutable, stable, volatile }

/// Vectors of equal count in, one vector of that count out. Vectors arrive dense (no selection) in any layout, constant
/// and dictionary included; `count` is the row count. The evaluator returns any layout.
public typealias ScalarEvaluator =
  @Sendable (_ arguments: [Vector], _ count: Int, _ context: EvaluationContext) throws(ApusError) -> Vector

/// A scalar function, an operator (named by its symbol) or a cast function. Immutable; compared by identity.
public final class ScalarFunction: Sendable {
  public enum Kind: Hashable, Sendable { case function, `operator`, cast }

  public let name: String
  public let schema: String
  public let kind: Kind
  public let parameters: [ParameterType]
  /// The names by which arguments may be given, one a parameter; empty: only in order.
  public let parameterNames: [String]
  /// Whether the last parameter repeats (VARIADIC).
  public let isVariadic: Bool
  public let result: ResultType
  public let volatility: Volatility
  /// Null in, null out: the caller may skip null rows, and the evaluator still must give null for them.
  public let isStrict: Bool
  /// Whether evaluation can raise an error for some non-null input. When false, it may run on rows (dictionary entries)
  /// that turn out not to be wanted.
  public let mayFail: Bool
  /// For one-argument functions: whether result order follows argument order (date_trunc, casts int4->int8, ...), so
  /// that
  /// zone maps carry over.
  public let isMonotonic: Bool
  public let evaluate: ScalarEvaluator

  public init(
    _ name: String, schema: String = "pg_catalog", kind: Kind = .function, parameters: [ParameterType],
    parameterNames: [String] = [], isVariadic: Bool = false, result: ResultType,
    volatility: Volatility = .immutable, isStrict: Bool = true, mayFail: Bool = true, isMonotonic: Bool = false,
    evaluate: @escaping ScalarEvaluator
  ) {
    self.name = name
    self.schema = schema
    self.kind = kind
    self.parameters = parameters
    self.parameterNames = parameterNames
    self.isVariadic = isVariadic
    self.result = result
    self.volatility = volatility
    self.isStrict = isStrict
    self.mayFail = mayFail
    self.isMonotonic = isMonotonic
    self.evaluate = evaluate
  }
}

extension ScalarFunction: Hashable {
  public static func == (a: ScalarFunction, b: ScalarFunction) -> Bool { a === b }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// When a cast applies by itself (PostgreSQL's pg_cast.castcontext).
public enum CastContext: Int, Sendable, Comparable {
  case implicit, assignment, explicit
  public static func < (a: CastContext, b: CastContext) -> Bool { a.rawValue < b.rawValue }
}

/// A cast from one type to another. `function` nil: the bytes are the same (text to varchar). The cast of a type to
/// itself applies a modifier (the n of varchar(n), numeric's scale): its arguments are the value, the modifier (int4)
/// and whether the cast was written (bool). Casts from text read what the input function of the type reads.
public struct Cast: Sendable {
  public let source: DataType
  public let target: DataType
  public let context: CastContext
  public let function: ScalarFunction?

  public init(source: DataType, target: DataType, context: CastContext, function: ScalarFunction?) {
    self.source = source
    self.target = target
    self.context = context
    self.function = function
  }
}
