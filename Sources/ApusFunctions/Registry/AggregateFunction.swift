// AggregateFunction owns the aggregate algebra of DESIGN 5: state, initialise, accumulate, merge, finalise, serialise.

public import ApusBase
public import ApusColumns

/// The states of one aggregate call, one per group, held in columns. Merging in any order gives the same bits.
/// Not thread-safe: each worker has its own and they are merged.
public protocol AggregateStates: AnyObject {
  /// Makes room for groups up to `count`; new ones are in the initial state.
  func grow(to count: Int)
  /// Adds rows. `arguments` are dense vectors of `count` rows (none for count(*)). Row i belongs to group `groups[i]`,
  /// or
  /// all to group 0 when `groups` is nil. Null handling is the aggregate's own.
  func accumulate(_ arguments: [Vector], count: Int, groups: UnsafePointer<UInt32>?) throws(ApusError)
  /// Adds `count` times "a row with these constant arguments" to one group: what row group metadata answer. Returns
  /// false when the aggregate cannot (the caller then reads the rows).
  func accumulateConstant(_ arguments: [Value], times: Int, group: Int) throws(ApusError) -> Bool
  /// Merges the other's group i into this one's group `mapping[i]`. `other` has the same dynamic type.
  func merge(_ other: any AggregateStates, mapping: UnsafePointer<UInt32>, count: Int) throws(ApusError)
  /// The results of groups 0..<count. The states stay valid.
  func finish(count: Int) throws(ApusError) -> Vector
  /// A group's state as bytes, versioned; and the merge of such bytes into a group. Bytes may come from disk: errors,
  /// no
  /// traps.
  func serialise(_ group: Int) -> [UInt8]
  func mergeSerialised(_ bytes: UnsafeRawBufferPointer, into group: Int) throws(ApusError)
  /// Memory held, for budgets.
  var byteCount: Int { get }
}

/// An aggregate function by name and signature. DISTINCT, FILTER and ORDER BY are the executor's work: it filters,
/// deduplicates and sorts before `accumulate`; `count(DISTINCT x)` has states of its own.
public final class AggregateFunction: Sendable {
  public let name: String
  public let parameters: [ParameterType]
  public let isVariadic: Bool
  /// A parameter that may follow the repeated ones (a mode).
  public let trailing: ParameterType?
  public let result: ResultType
  /// The result of no rows is null (sum, max), rather than a value (count).
  public let emptyIsNull: Bool
  /// DISTINCT makes no difference (min, max, bool_and).
  public let ignoresDuplicates: Bool
  /// The result depends on input order (array_agg, string_agg, first value).
  public let isOrderSensitive: Bool
  /// Whether it is an ordered-set aggregate (percentile_cont WITHIN GROUP): direct arguments first, then sorted ones.
  public let isOrderedSet: Bool
  /// New states for argument types as bound; `isDistinct` only for aggregates that do DISTINCT themselves.
  public let makeStates:
    @Sendable (_ argumentTypes: [DataType], _ isDistinct: Bool) throws(ApusError) -> any AggregateStates
  /// Whether `makeStates(_, true)` works: count does, by hash sets or bitmaps over dictionary codes.
  public let handlesDistinct: Bool

  public init(
    _ name: String, parameters: [ParameterType], isVariadic: Bool = false, trailing: ParameterType? = nil,
    result: ResultType, emptyIsNull: Bool = true, ignoresDuplicates: Bool = false, isOrderSensitive: Bool = false,
    isOrderedSet: Bool = false, handlesDistinct: Bool = false,
    makeStates: @escaping @Sendable ([DataType], Bool) throws(ApusError) -> any AggregateStates
  ) {
    self.name = name
    self.parameters = parameters
    self.isVariadic = isVariadic
    self.trailing = trailing
    self.result = result
    self.emptyIsNull = emptyIsNull
    self.ignoresDuplicates = ignoresDuplicates
    self.isOrderSensitive = isOrderSensitive
    self.isOrderedSet = isOrderedSet
    self.handlesDistinct = handlesDistinct
    self.makeStates = makeStates
  }
}

extension AggregateFunction: Hashable {
  public static func == (a: AggregateFunction, b: AggregateFunction) -> Bool { a === b }
  public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// A set-returning function (generate_series, unnest): constant arguments in, a batch of rows out.
public final class TableFunction: Sendable {
  public let name: String
  public let schema: String
  public let parameters: [ParameterType]
  public let isVariadic: Bool
  /// Names and types of the columns, given the argument types.
  public let columns: @Sendable ([DataType]) throws(ApusError) -> [(name: String, type: DataType)]
  /// The rows for one set of arguments. Callers bound the size through `limit`.
  public let evaluate:
    @Sendable (_ arguments: [Value], _ types: [DataType], _ context: EvaluationContext) throws(ApusError) -> Batch

  public init(
    _ name: String, schema: String = "pg_catalog", parameters: [ParameterType], isVariadic: Bool = false,
    columns: @escaping @Sendable ([DataType]) throws(ApusError) -> [(name: String, type: DataType)],
    evaluate: @escaping @Sendable ([Value], [DataType], EvaluationContext) throws(ApusError) -> Batch
  ) {
    self.name = name
    self.schema = schema
    self.parameters = parameters
    self.isVariadic = isVariadic
    self.columns = columns
    self.evaluate = evaluate
  }
}
