// The reading of a rollup's definition from its query.

public import ApusBase
public import ApusColumns
public import ApusFunctions

extension RollupDefinition {
  /// What a rollup of this bound, not yet optimised query keeps, and the table that it is of. The query aggregates the
  /// rows of one table, or of one rollup: then `table` is that `RollupRelation`, and the definition is the query's
  /// composition with the rollup's own, over the rows of the rollup's table.
  ///
  /// 0A000 for what cannot be kept, 42P17 for what is no rollup.
  public static func extract(
    from bound: LogicalPlan, functions: FunctionRegistry, context: EvaluationContext
  ) throws(ApusError) -> (table: any TableProvider, definition: RollupDefinition) {
    try RollupQuery.check(bound)
    let rules = Rules(functions: functions, context: context, parameters: [])
    let plan = rules.formed(rules.folded(bound))
    let query = try RollupQuery(plan, named: bound.fields)
    if let relation = query.chain.scan.table as? RollupRelation {
      return (relation, try composed(query, over: relation.rollup.definition))
    }
    return (query.chain.scan.table, try query.definition())
  }

  /// The bucket's time column: what its `time_bucket` is of.
  public var timeColumn: ColumnReference? {
    guard groupings.indices.contains(bucket), case .call(_, let arguments, _) = groupings[bucket],
      arguments.count >= 2, case .column(let index, _) = arguments[1], columns.indices.contains(index)
    else { return nil }
    return columns[index]
  }
}

extension ApusError {
  static let invalidObjectDefinition = SQLState("42P17")

  static func rollupUnsupported(_ what: String, hint: String? = nil) -> ApusError {
    ApusError(.featureNotSupported, "\(what) not supported in the query of a rollup", hint: hint)
  }
  static func notRollup(_ message: String, detail: String? = nil, hint: String? = nil) -> ApusError {
    ApusError(invalidObjectDefinition, message, detail: detail, hint: hint)
  }
}

/// The query of a rollup, optimised: outputs over an aggregation over one scan.
struct RollupQuery {
  let fields: [Field]
  /// Over the aggregation's columns.
  let outputs: [Expression]
  /// Over the scan's columns, like the chain's filters.
  let groupings: [Expression]
  let sets: [[Int]]
  let calls: [AggregateCall]
  let chain: ScanChain

  private static let bucketHint = "Group by time_bucket('1 hour', time), with the width that you want to keep."

  // MARK: Reading

  /// `fields` are those of the bound query: an optimised plan may have lost their names.
  init(_ plan: LogicalPlan, named fields: [Field]) throws(ApusError) {
    var outputs = plan.fields.enumerated().map { Expression.column($0, $1.type) }
    var current = plan
    while case .project(let input, let expressions, _) = current {
      outputs = outputs.map { output in
        output.mapReferences { level, index, _ in
          level == 0 && expressions.indices.contains(index) ? expressions[index] : nil
        }
      }
      current = input
    }
    guard case .aggregate(let input, let groupings, let sets, let calls, _) = current else {
      if case .values = current { throw .notRollup("the rollup's condition is never true") }
      throw .notRollup("a rollup's query must group rows by a time bucket", hint: Self.bucketHint)
    }
    guard let chain = ScanChain(input) else {
      if case .values = input { throw .notRollup("the rollup's condition is never true") }
      throw .rollupUnsupported("this form of FROM is")
    }
    self.fields = fields
    self.outputs = outputs
    self.groupings = groupings.map { chain.over($0) }
    self.calls = calls.map { chain.over($0).plain }
    self.chain = chain
    self.sets = (sets ?? [Array(groupings.indices)]).map { Set($0).sorted() }
    if Set(self.sets).count < self.sets.count {
      throw .notRollup("a grouping set of the rollup stands there twice")
    }
  }

  /// Each of the expressions that the bucket may be: a time_bucket of a column.
  static func isBucket(_ expression: Expression) -> Bool {
    guard case .call(let function, let arguments, let type) = expression, function.kind == .function,
      function.name == "time_bucket", type == .timestamptz || type == .timestamp, arguments.count >= 2,
      case .column = arguments[1]
    else { return false }
    return arguments.enumerated().allSatisfy { index, argument in
      if index == 1 { return true }
      if case .literal(let value, _) = argument { return !value.isNull }
      return false
    }
  }

  /// The definition over the scan's own columns.
  func definition() throws(ApusError) -> RollupDefinition {
    var measures: [RollupMeasure] = []
    var places: [Int] = []
    for call in calls {
      let known = measures.firstIndex { $0.call == call }
      places.append(known ?? measures.count)
      if known == nil { measures.append(try Self.measure(call)) }
    }
    return try Self.definition(
      columns: chain.scan.columns, filters: chain.filters, groupings: groupings, sets: sets, measures: measures,
      outputs: named(try sources { (place) throws(ApusError) in places[place] }))
  }

  /// Outputs of the query's own fields.
  private func named(
    _ sources: [RollupDefinition.Output.Source]
  ) -> [(field: Field, source: RollupDefinition.Output.Source)] {
    zip(fields, sources).map { (field: $0, source: $1) }
  }

  static func measure(_ call: AggregateCall) throws(ApusError) -> RollupMeasure {
    let name = call.function.name
    if !call.order.isEmpty, !call.function.isOrderedSet {
      throw .rollupUnsupported("ORDER BY within \(name)() is")
    }
    guard
      let stored = call.function.stored(call.arguments.map(\.type), isDistinct: call.isDistinct, result: call.type)
    else {
      if call.isDistinct, !call.function.handlesDistinct {
        throw .rollupUnsupported(
          "\(name)(DISTINCT ...) is", hint: "count(DISTINCT ...) is kept exactly, and min and max need no DISTINCT.")
      }
      throw .rollupUnsupported(
        "\(name)() is",
        hint: call.function.isOrderedSet
          ? "Keep percentile_agg(x), and ask approx_percentile(0.9, rollup(x_state)) of it."
          : "Its result cannot be merged from parts. It is computed from the table's own rows.")
    }
    return RollupMeasure(call: call, stored: stored)
  }

  /// What each output is.
  func sources(
    _ measure: (Int) throws(ApusError) -> Int
  ) throws(ApusError) -> [RollupDefinition.Output.Source] {
    var list: [RollupDefinition.Output.Source] = []
    for (index, output) in outputs.enumerated() {
      guard case .column(let place, _) = output else {
        throw .rollupUnsupported(
          "column \"\(fields[index].name)\" is computed from groupings and measures, which is",
          hint: "Keep the groupings and measures themselves, and compute with them in a view over the rollup.")
      }
      list.append(place < groupings.count ? .grouping(place) : .measure(try measure(place - groupings.count)))
    }
    return list
  }

  /// Checks what all rollups must have, and leaves out columns that nothing reads.
  static func definition(
    columns: [ColumnReference], filters: [Expression], groupings: [Expression], sets: [[Int]],
    measures: [RollupMeasure], outputs: [(field: Field, source: RollupDefinition.Output.Source)]
  ) throws(ApusError) -> RollupDefinition {
    let buckets = groupings.indices.filter { isBucket(groupings[$0]) }
    guard let bucket = buckets.first else {
      throw .notRollup("a rollup must group by a time bucket", hint: bucketHint)
    }
    if buckets.count > 1 {
      throw .notRollup(
        "a rollup has one time bucket, not \(buckets.count)", hint: "Keep a rollup for each width.")
    }
    if !sets.allSatisfy({ $0.contains(bucket) }) {
      throw .notRollup(
        "the time bucket must be in every grouping set of a rollup",
        hint: "Write GROUP BY bucket, ROLLUP (...), or GROUPING SETS ((bucket), (bucket, ...)).")
    }
    var names: Set<String> = []
    for output in outputs where !names.insert(output.field.name).inserted {
      throw ApusError(.duplicateColumn, "column \"\(output.field.name)\" specified more than once")
    }
    for index in groupings.indices where !outputs.contains(where: { $0.source == .grouping(index) }) {
      throw .notRollup(
        index == bucket
          ? "the time bucket must be among the rollup's columns"
          : "every grouping of a rollup must be among its columns",
        hint: "Name what GROUP BY names in the select list too.")
    }
    var definition = RollupDefinition(
      columns: columns, filters: filters, groupings: groupings, bucket: bucket, sets: sets, measures: measures,
      outputs: outputs.map { output in
        // Its own column, whatever it came from.
        RollupDefinition.Output(
          field: Field(output.field.name, output.field.type, modifier: output.field.modifier), source: output.source)
      })
    for state in definition.stateColumns where !names.insert(state.name).inserted {
      throw ApusError(
        .duplicateColumn, "column \"\(state.name)\" is the hidden one of a measure's state",
        hint: "Name the column differently.")
    }
    definition.compact()
    return definition
  }

  // MARK: Checking the bound query

  /// Refuses what a rollup's query may not hold, in the words of its text.
  static func check(_ plan: LogicalPlan) throws(ApusError) {
    try checkExpressions(plan)
    switch plan {
    case .project(let input, _, _): try check(input)
    case .aggregate(let input, _, _, _, _): try checkSource(input)
    case .filter(let input, _):
      if containsAggregate(input) {
        throw .rollupUnsupported("HAVING is", hint: "Filter what you read of the rollup instead.")
      }
      try checkSource(input)
    case .sort: throw .rollupUnsupported("ORDER BY is", hint: "Sort what you read of the rollup instead.")
    case .limit: throw .rollupUnsupported("LIMIT is")
    case .distinct: throw .rollupUnsupported("DISTINCT is")
    case .window: throw .rollupUnsupported("window functions are")
    case .projectSet: throw .rollupUnsupported("set-returning functions are")
    case .setOperation: throw .rollupUnsupported("grouping() and set operations are")
    case .recursive, .working: throw .rollupUnsupported("WITH RECURSIVE is")
    case .gapFill: throw .rollupUnsupported("time_bucket_gapfill is")
    case .scan, .values, .join, .lateral, .tableFunction:
      throw .notRollup("a rollup's query must group rows by a time bucket", hint: bucketHint)
    }
  }

  private static func containsAggregate(_ plan: LogicalPlan) -> Bool {
    switch plan {
    case .aggregate: true
    case .filter(let input, _), .project(let input, _, _): containsAggregate(input)
    default: false
    }
  }

  private static func checkSource(_ plan: LogicalPlan) throws(ApusError) {
    try checkExpressions(plan)
    switch plan {
    case .scan: break
    case .project(let input, _, _), .filter(let input, _): try checkSource(input)
    case .join, .lateral: throw .rollupUnsupported("joins are")
    case .values, .tableFunction: throw .notRollup("a rollup must be of a table")
    case .aggregate, .distinct:
      throw .rollupUnsupported(
        "aggregation within the FROM clause is", hint: "A rollup over a rollup composes the two.")
    case .sort, .limit: throw .rollupUnsupported("ORDER BY and LIMIT in the FROM clause are")
    case .window: throw .rollupUnsupported("window functions are")
    case .projectSet: throw .rollupUnsupported("set-returning functions are")
    case .setOperation: throw .rollupUnsupported("set operations are")
    case .recursive, .working: throw .rollupUnsupported("WITH RECURSIVE is")
    case .gapFill: throw .rollupUnsupported("time_bucket_gapfill is")
    }
  }

  private static func checkExpressions(_ plan: LogicalPlan) throws(ApusError) {
    var fault: ApusError?
    plan.forEachPart(
      expression: { expression in
        _ = expression.contains { part in
          if fault == nil { fault = Self.fault(part) }
          return fault != nil
        }
      }, input: { _, _ in })
    if let fault { throw fault }
  }

  private static func fault(_ expression: Expression) -> ApusError? {
    switch expression {
    case .subquery: return .rollupUnsupported("subqueries are")
    case .parameter: return .rollupUnsupported("parameters are")
    case .outer: return .rollupUnsupported("references to other queries are")
    case .call(let function, let arguments, let type):
      if function.volatility == .immutable || Self.readsAlike(function, arguments, type) { return nil }
      let isTruncation = function.name == "date_trunc" || (function.kind == .cast && type == .date)
      let what =
        switch function.kind {
        case .function: "\(function.name)()"
        case .operator: "operator \(arguments.map(\.type.sqlName).joined(separator: " \(function.name) "))"
        case .cast: "a cast of \(arguments.first?.type.sqlName ?? "a value") to \(type.sqlName)"
        }
      return ApusError(
        invalidDefinition, "\(what) in the query of a rollup depends on the session or the time",
        hint: isTruncation
          ? "Use time_bucket('1 day', time), which is in UTC unless you give it a zone."
          : "The row alone must decide what a rollup keeps: use immutable functions, and write constants in full."
      )
    default: return nil
    }
  }

  /// Casts between text and the types whose text means the same in any session.
  private static func readsAlike(_ function: ScalarFunction, _ arguments: [Expression], _ type: DataType) -> Bool {
    guard function.kind == .cast, function.volatility == .stable, let source = arguments.first?.type else {
      return false
    }
    let plain: Set<DataType> = [.bool, .int2, .int4, .int8, .numeric, .uuid, .text, .varchar, .bpchar, .jsonb, .json]
    return plain.contains(source) && (plain.contains(type) || type == .float4 || type == .float8)
  }

  private static let invalidDefinition = ApusError.invalidObjectDefinition
}

extension RollupDefinition {
  /// Leaves out columns that no expression reads.
  mutating func compact() {
    var used: Set<Int> = []
    func note(_ expression: Expression) {
      expression.forEachReference { level, index in if level == 0 { used.insert(index) } }
    }
    filters.forEach(note)
    groupings.forEach(note)
    for measure in measures {
      measure.call.arguments.forEach(note)
      measure.call.filter.map(note)
      measure.call.order.forEach { note($0.expression) }
    }
    if used.count < columns.count { take(columns: used.sorted()) }
  }

  /// Has these columns alone, in this order.
  private mutating func take(columns kept: [Int]) {
    func moved(_ expression: Expression) -> Expression {
      expression.mapReferences { level, index, type in
        level == 0 ? kept.firstIndex(of: index).map { .column($0, type) } : nil
      }
    }
    columns = kept.map { columns[$0] }
    filters = filters.map(moved)
    groupings = groupings.map(moved)
    for index in measures.indices { measures[index].call = measures[index].call.mapping(moved) }
  }

  /// Whether the partials of one are those of the other, and its columns too.
  public func isSame(as other: RollupDefinition) -> Bool {
    let (one, two) = (inOrder, other.inOrder)
    return one.columns == two.columns && one.filters == two.filters && one.groupings == two.groupings
      && one.bucket == two.bucket && one.sets == two.sets && one.measures.map(\.call) == two.measures.map(\.call)
      && one.outputs.map(\.source) == two.outputs.map(\.source)
      && one.outputs.map(\.field.name) == two.outputs.map(\.field.name)
  }

  /// The columns by their numbers and paths, whatever the query's order was.
  private var inOrder: RollupDefinition {
    var ordered = self
    ordered.take(
      columns: columns.indices.sorted {
        (columns[$0].column.value, columns[$0].path.joined(separator: "\0"))
          < (columns[$1].column.value, columns[$1].path.joined(separator: "\0"))
      })
    return ordered
  }
}
