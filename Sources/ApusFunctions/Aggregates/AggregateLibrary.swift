// AggregateLibrary owns the list of built-in aggregates.

import ApusBase
import ApusColumns

enum AggregateLibrary {
  /// All of them, gathered from one list per kind.
  static var all: [AggregateFunction] {
    counts + sums + extremes + bits + approximations + Spread.functions + RegressionStates.functions
      + CollectingAggregates.all + OrderedSetAggregates.all + SketchAggregates.all
      + Funnel.functions + SequenceSearch.functions + [RetentionStates.function]
      + [FirstLastStates.function("first", isLast: false), FirstLastStates.function("last", isLast: true)]
  }

  private static let counts: [AggregateFunction] = [
    AggregateFunction("count", parameters: [], result: .exact(.int8), emptyIsNull: false) {
      (_, _) throws(ApusError) -> any AggregateStates in CountStates()
    },
    AggregateFunction("count", parameters: [.any], result: .exact(.int8), emptyIsNull: false, handlesDistinct: true) {
      (types, isDistinct) throws(ApusError) -> any AggregateStates in
      isDistinct ? try DistinctStates(types.first ?? .text) : CountStates()
    },
  ]

  private static func plain(
    _ name: String, _ parameter: DataType, _ result: DataType, ignoresDuplicates: Bool = false,
    _ make: @escaping @Sendable () throws(ApusError) -> any AggregateStates
  ) -> AggregateFunction {
    AggregateFunction(
      name, parameters: [.exact(parameter)], result: .exact(result), ignoresDuplicates: ignoresDuplicates
    ) { (_, _) throws(ApusError) -> any AggregateStates in try make() }
  }

  private static let sums: [AggregateFunction] = {
    var list: [AggregateFunction] = []
    for (type, sum) in [(DataType.int2, DataType.int8), (.int4, .int8), (.int8, .numeric)] {
      list.append(plain("sum", type, sum) { () throws(ApusError) in IntegerSumStates(type, isAverage: false) })
      list.append(plain("avg", type, .numeric) { () throws(ApusError) in IntegerSumStates(type, isAverage: true) })
    }
    list.append(plain("sum", .float4, .float4) { () throws(ApusError) in FloatSumStates(.sum4) })
    list.append(plain("sum", .float8, .float8) { () throws(ApusError) in FloatSumStates(.sum8) })
    for type in [DataType.float4, .float8] {
      list.append(plain("avg", type, .float8) { () throws(ApusError) in FloatSumStates(.average) })
    }
    for (name, isAverage) in [("sum", false), ("avg", true)] {
      list.append(plain(name, .numeric, .numeric) { () throws(ApusError) in NumericSumStates(isAverage: isAverage) })
      list.append(plain(name, .interval, .interval) { () throws(ApusError) in IntervalSumStates(isAverage: isAverage) })
    }
    return list
  }()

  private static let extremes: [AggregateFunction] = {
    var list: [AggregateFunction] = []
    for (name, isMaximum) in [("min", false), ("max", true)] {
      for type in [
        DataType.int8, .int4, .int2, .oid, .float4, .float8, .date, .time, .timestamp, .timestamptz,
      ] {
        list.append(
          plain(name, type, type, ignoresDuplicates: true) { () throws(ApusError) in
            ExtremeStates(type, isMaximum: isMaximum)
          })
      }
      for type in [DataType.text, .numeric, .bpchar] {
        list.append(
          plain(name, type, type, ignoresDuplicates: true) { () throws(ApusError) in
            ByteExtremeStates(type, isMaximum: isMaximum)
          })
      }
      list.append(
        plain(name, .interval, .interval, ignoresDuplicates: true) { () throws(ApusError) in
          IntervalExtremeStates(isMaximum: isMaximum)
        })
    }
    return list
  }()

  private static let bits: [AggregateFunction] = {
    var list: [AggregateFunction] = []
    for (name, operation) in [("bool_and", BitStates.Operation.and), ("every", .and), ("bool_or", .or)] {
      list.append(
        plain(name, .bool, .bool, ignoresDuplicates: true) { () throws(ApusError) in BitStates(.bool, operation) })
    }
    for (name, operation) in [("bit_and", BitStates.Operation.and), ("bit_or", .or), ("bit_xor", .exclusiveOr)] {
      for type in [DataType.int2, .int4, .int8] {
        list.append(
          plain(name, type, type, ignoresDuplicates: operation != .exclusiveOr) { () throws(ApusError) in
            BitStates(type, operation)
          })
      }
    }
    return list
  }()

  private static let approximations: [AggregateFunction] = [
    AggregateFunction(
      "approx_count_distinct", parameters: [.any], result: .exact(.int8), emptyIsNull: false, ignoresDuplicates: true
    ) { (types, _) throws(ApusError) -> any AggregateStates in
      try ApproximateCountStates(types.first ?? .text, givesState: false)
    }
  ]
}
