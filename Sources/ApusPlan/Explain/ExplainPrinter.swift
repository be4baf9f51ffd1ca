// ExplainPrinter owns the text of EXPLAIN: a plan as a tree, in PostgreSQL's layout.

import ApusBase
public import ApusColumns
import ApusFunctions

/// Prints a plan, one line an entry. With `format`, literals are shown as that function writes them.
public struct ExplainPrinter {
  private let format: (Value, DataType) -> String
  private var output: [String] = []

  public init(format: @escaping (Value, DataType) -> String = { value, _ in ExplainPrinter.plain(value) }) {
    self.format = format
  }

  public static func lines(
    _ plan: LogicalPlan, format: @escaping (Value, DataType) -> String = { value, _ in ExplainPrinter.plain(value) }
  ) -> [String] {
    var printer = ExplainPrinter(format: format)
    printer.node(plan, depth: 0, outer: [])
    return printer.output
  }

  /// A value without the help of type output functions.
  public static func plain(_ value: Value) -> String {
    switch value {
    case .null: "NULL"
    case .bool(let flag): flag ? "true" : "false"
    case .int(let number): String(number)
    case .float(let number): String(number)
    case .text(let text): text
    case .array(let values): "{" + values.map(plain).joined(separator: ",") + "}"
    default: String(describing: value)
    }
  }

  // MARK: Nodes

  private mutating func add(_ text: String, depth: Int) {
    let indent = depth == 0 ? "" : String(repeating: " ", count: depth * 6 - 4) + "->  "
    output.append(indent + text)
  }
  private mutating func detail(_ name: String, _ text: String, depth: Int) {
    output.append(String(repeating: " ", count: depth * 6 + 2) + "\(name): \(text)")
  }

  private mutating func node(_ plan: LogicalPlan, depth: Int, outer: [[Field]]) {
    switch plan {
    case .scan(let scan): self.scan(scan, depth: depth, outer: outer)
    case .values(let rows, _): add(rows.count == 1 ? "Result" : "Values Scan  (rows: \(rows.count))", depth: depth)
    case .filter(let input, let condition):
      add("Filter", depth: depth)
      detail("Filter", show(condition, [input.fields] + outer), depth: depth)
      subplans([condition], depth: depth, inside: [input.fields] + outer)
      node(input, depth: depth + 1, outer: outer)
    case .project(let input, let expressions, _):
      add("Project", depth: depth)
      detail("Output", expressions.map { show($0, [input.fields] + outer) }.joined(separator: ", "), depth: depth)
      subplans(expressions, depth: depth, inside: [input.fields] + outer)
      node(input, depth: depth + 1, outer: outer)
    case .aggregate(let input, let groupings, let sets, let aggregates, _):
      aggregate(input, groupings, sets, aggregates, depth: depth, outer: outer)
    case .sort(let input, let keys, let limit):
      add(limit.map { "Top-N Sort  (rows: \($0))" } ?? "Sort", depth: depth)
      detail("Sort Key", show(keys, [input.fields] + outer), depth: depth)
      node(input, depth: depth + 1, outer: outer)
    case .limit(let input, let limit, let offset):
      let levels = [[]] + outer
      let parts = [limit.map { "limit: " + show($0, levels) }, offset.map { "offset: " + show($0, levels) }]
      add("Limit  (\(parts.compactMap { $0 }.joined(separator: ", ")))", depth: depth)
      node(input, depth: depth + 1, outer: outer)
    case .distinct(let input, let on):
      add("Unique", depth: depth)
      if let on { detail("Key", on.map { show($0, [input.fields] + outer) }.joined(separator: ", "), depth: depth) }
      node(input, depth: depth + 1, outer: outer)
    case .join(let left, let right, let kind, let condition):
      join("Join", left, right, kind, condition, depth: depth, outer: outer, rightOuter: outer)
    case .lateral(let left, let right, let kind, let condition):
      join("Lateral Join", left, right, kind, condition, depth: depth, outer: outer, rightOuter: [left.fields] + outer)
    case .setOperation(let inputs, let operation, let all, _):
      let name = operation == .union ? "Append" : operation == .intersect ? "Intersect" : "Except"
      add(operation == .union && !all ? "Union" : all && operation != .union ? name + " All" : name, depth: depth)
      for input in inputs { node(input, depth: depth + 1, outer: outer) }
    case .tableFunction(let function, let arguments, let ordinality, _):
      add("Function Scan on \(function.name)\(ordinality ? "  (with ordinality)" : "")", depth: depth)
      detail(
        "Function Call", "\(function.name)(\(list(arguments, ", ", [[]] + outer)))", depth: depth)
    case .projectSet(let input, let calls, _):
      add("ProjectSet", depth: depth)
      let shown = calls.map { call in
        "\(call.function.name)(\(call.arguments.map { show($0, [input.fields] + outer) }.joined(separator: ", ")))"
      }
      detail("Functions", shown.joined(separator: ", "), depth: depth)
      node(input, depth: depth + 1, outer: outer)
    case .window(let input, let windows, let calls, _):
      add("WindowAgg", depth: depth)
      let levels = [input.fields] + outer
      for (index, window) in windows.enumerated() {
        let parts = [
          window.partition.isEmpty ? nil : "PARTITION BY " + list(window.partition, ", ", levels),
          window.order.isEmpty ? nil : "ORDER BY " + show(window.order, levels),
        ]
        detail("Window", "(\(parts.compactMap { $0 }.joined(separator: " ")))", depth: depth)
        let shown = calls.filter { $0.window == index }.map { show($0, levels) }
        detail("Functions", shown.joined(separator: ", "), depth: depth)
      }
      node(input, depth: depth + 1, outer: outer)
    case .recursive(let base, let step, _, let all, _):
      add(all ? "Recursive Union All" : "Recursive Union", depth: depth)
      node(base, depth: depth + 1, outer: outer)
      node(step, depth: depth + 1, outer: outer)
    case .working: add("WorkTable Scan", depth: depth)
    case .gapFill(let input, let gaps, _):
      gapFill(input, gaps, depth: depth, outer: outer)
    }
  }

  private mutating func gapFill(_ input: LogicalPlan, _ gaps: GapFill, depth: Int, outer: [[Field]]) {
    let levels = [input.fields] + outer
    add("GapFill", depth: depth)
    let types = gaps.keys.map { Expression.column($0, input.fields[$0].type) }
    let buckets = [gaps.width, .column(gaps.time, input.fields[gaps.time].type)] + (gaps.zone.map { [$0] } ?? [])
    detail("Buckets", "time_bucket(\(list(buckets, ", ", levels)))", depth: depth)
    let lower = gaps.start.map { [$0] } ?? gaps.lower.map(\.value)
    let upper = gaps.finish.map { [$0] } ?? gaps.upper.map(\.value)
    detail("Range", "\(list(lower, ", ", levels)) to \(list(upper, ", ", levels))", depth: depth)
    if !types.isEmpty { detail("Key", list(types, ", ", levels), depth: depth) }
    let calls = gaps.calls.map { call in
      "\(call.function == .carry ? "locf" : "interpolate")(\(show(call.value, levels)))"
    }
    if !calls.isEmpty { detail("Functions", calls.joined(separator: ", "), depth: depth) }
    node(input, depth: depth + 1, outer: outer)
  }

  private mutating func scan(_ scan: ScanNode, depth: Int, outer: [[Field]]) {
    let schema = scan.table.schema
    var columns: [String] = []
    var paths: [String] = []
    for (index, reference) in scan.columns.enumerated() {
      let name = Self.name(index, of: scan)
      if reference.path.isEmpty { columns.append(name) } else { paths.append(Self.path(name, reference)) }
    }
    var notes: [String] = []
    if !columns.isEmpty { notes.append("columns: " + columns.joined(separator: ", ")) }
    if !paths.isEmpty { notes.append("paths: " + paths.joined(separator: ", ")) }
    if let limit = scan.limit {
      notes.append("limit: \(limit)" + (scan.pushdown?.limit == .exact ? " (pushed down: exact)" : ""))
    }
    let qualified = schema.schema == "public" ? schema.name : "\(schema.schema).\(schema.name)"
    let said = scan.table.explanation(
      ScanRequest(
        columns: scan.columns, filters: scan.filters, limit: scan.limit, filterOnlyColumns: scan.filterOnlyColumns))
    add("\(said.verb) on \(qualified)" + (notes.isEmpty ? "" : "  (\(notes.joined(separator: "; ")))"), depth: depth)
    let names = scan.columns.indices.map { index in
      let reference = scan.columns[index]
      let name = Self.name(index, of: scan)
      return Field(reference.path.isEmpty ? name : Self.path(name, reference), reference.type)
    }
    for (index, filter) in scan.filters.enumerated() {
      let answer = scan.pushdown.flatMap { index < $0.filters.count ? $0.filters[index] : nil } ?? .unsupported
      let note = answer == .exact ? "  (pushed down: exact)" : answer == .inexact ? "  (pushed down: inexact)" : ""
      detail("Filter", show(filter, [names] + outer) + note, depth: depth)
    }
    for line in said.details { detail(line.name, line.text, depth: depth) }
    if let answer = scan.pushdown?.aggregate, answer != .unsupported {
      detail("Partial Aggregate", answer == .exact ? "pushed down: exact" : "pushed down: inexact", depth: depth)
    }
  }

  /// The column that a scan reads; hidden ones are in no schema.
  private static func name(_ index: Int, of scan: ScanNode) -> String {
    let found = scan.table.schema.columns.first { $0.id == scan.columns[index].column }
    return found?.name ?? (index < scan.fields.count ? scan.fields[index].name : "?")
  }

  private static func path(_ column: String, _ reference: ColumnReference) -> String {
    var text = column
    for (index, key) in reference.path.enumerated() {
      let isLast = index == reference.path.count - 1
      text += (isLast && reference.type != .jsonb ? "->>" : "->") + "'\(key)'"
    }
    return reference.type == .jsonb || reference.type == .text ? text : "(\(text))::\(reference.type.sqlName)"
  }

  private mutating func aggregate(
    _ input: LogicalPlan, _ groupings: [Expression], _ sets: [[Int]]?, _ aggregates: [AggregateCall], depth: Int,
    outer: [[Field]]
  ) {
    let levels = [input.fields] + outer
    add(groupings.isEmpty && sets == nil ? "Aggregate" : aggregates.isEmpty ? "Unique" : "HashAggregate", depth: depth)
    if let sets {
      for set in sets {
        detail("Group Key", set.isEmpty ? "()" : list(set.map { groupings[$0] }, ", ", levels), depth: depth)
      }
    } else if !groupings.isEmpty {
      detail("Group Key", groupings.map { show($0, levels) }.joined(separator: ", "), depth: depth)
    }
    if !aggregates.isEmpty {
      detail("Aggregates", aggregates.map { show($0, levels) }.joined(separator: ", "), depth: depth)
    }
    subplans(groupings + aggregates.flatMap(\.arguments), depth: depth, inside: levels)
    node(input, depth: depth + 1, outer: outer)
  }

  private mutating func join(
    _ word: String, _ left: LogicalPlan, _ right: LogicalPlan, _ kind: JoinKind, _ condition: Expression?, depth: Int,
    outer: [[Field]], rightOuter: [[Field]]
  ) {
    let prefix =
      switch kind {
      case .inner: condition == nil ? "Cross " : "Inner "
      case .left: "Left "
      case .right: "Right "
      case .full: "Full "
      case .semi: "Semi "
      case .anti: "Anti "
      }
    add(prefix + word, depth: depth)
    let levels = [left.fields + right.fields] + outer
    if let condition {
      detail("Join Cond", show(condition, levels), depth: depth)
      subplans([condition], depth: depth, inside: levels)
    }
    node(left, depth: depth + 1, outer: outer)
    node(right, depth: depth + 1, outer: rightOuter)
  }

  /// The plans of subqueries in expressions, below the node that holds them.
  private mutating func subplans(_ expressions: [Expression], depth: Int, inside levels: [[Field]]) {
    for expression in expressions where expression.hasSubquery {
      for query in Self.subqueries(expression) {
        let indent = String(repeating: " ", count: depth * 6 + 2)
        output.append("\(indent)\(query.isCorrelated ? "SubPlan" : "InitPlan") \(query.identity)")
        node(query.plan, depth: depth + 1, outer: levels)
      }
    }
  }

  private static func subqueries(_ expression: Expression) -> [SubqueryExpression] {
    var found: [SubqueryExpression] = []
    if case .subquery(let query) = expression { found.append(query) }
    expression.forEachChild { found.append(contentsOf: subqueries($0)) }
    return found
  }
}

// MARK: Expressions

extension ExplainPrinter {
  private func show(_ keys: [SortKey], _ levels: [[Field]]) -> String {
    keys.map { key in
      var text = show(key.expression, levels)
      if key.descending { text += " DESC" }
      if key.nullsFirst != key.descending { text += key.nullsFirst ? " NULLS FIRST" : " NULLS LAST" }
      return text
    }.joined(separator: ", ")
  }

  private func show(_ call: AggregateCall, _ levels: [[Field]]) -> String {
    let list = call.arguments.isEmpty ? "*" : call.arguments.map { show($0, levels) }.joined(separator: ", ")
    let order = call.order.isEmpty ? "" : " ORDER BY " + show(call.order, levels)
    let filter = call.filter.map { " FILTER (WHERE \(show($0, levels)))" } ?? ""
    if call.function.name == EntityCount.name, let id = call.arguments.first {
      return "count(DISTINCT \(show(id, levels)))\(filter)"
    }
    return "\(call.function.name)(\(call.isDistinct ? "DISTINCT " : "")\(list)\(order))\(filter)"
  }

  private func show(_ call: WindowCall, _ levels: [[Field]]) -> String {
    let isStar = call.arguments.isEmpty && { if case .aggregate = call.function { true } else { false } }()
    let filter = call.filter.map { " FILTER (WHERE \(show($0, levels)))" } ?? ""
    let text = "\(call.function.name)(\(isStar ? "*" : list(call.arguments, ", ", levels)))\(filter)"
    if call.frame == .standard { return text }
    func bound(_ bound: FrameBound) -> String {
      switch bound {
      case .unboundedPreceding: "UNBOUNDED PRECEDING"
      case .unboundedFollowing: "UNBOUNDED FOLLOWING"
      case .currentRow: "CURRENT ROW"
      case .preceding(let offset): show(offset.size, levels) + " PRECEDING"
      case .following(let offset): show(offset.size, levels) + " FOLLOWING"
      }
    }
    let mode =
      switch call.frame.mode {
      case .range: "RANGE"
      case .rows: "ROWS"
      case .groups: "GROUPS"
      }
    let left =
      switch call.frame.exclusion {
      case nil: ""
      case .currentRow: " EXCLUDE CURRENT ROW"
      case .group: " EXCLUDE GROUP"
      case .ties: " EXCLUDE TIES"
      }
    return "\(text) \(mode) BETWEEN \(bound(call.frame.start)) AND \(bound(call.frame.end))\(left)"
  }

  private func name(_ index: Int, _ level: Int, _ levels: [[Field]]) -> String {
    level < levels.count && index < levels[level].count ? levels[level][index].name : "$\(level).\(index)"
  }

  private func literal(_ value: Value, _ type: DataType) -> String {
    switch (value, type) {
    case (.null, _): return "NULL::\(type.sqlName)"
    case (.bool, _), (.int, .int4), (.numeric, _): return format(value, type)
    default:
      let text = format(value, type)
      return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''")
        + "'::\(type.sqlName)"
    }
  }

  private func list(_ parts: [Expression], _ separator: String, _ levels: [[Field]]) -> String {
    parts.map { show($0, levels) }.joined(separator: separator)
  }

  func show(_ expression: Expression, _ levels: [[Field]]) -> String {
    switch expression {
    case .column(let index, _): return name(index, 0, levels)
    case .outer(let level, let index, _): return name(index, level, levels)
    case .literal(let value, let type): return literal(value, type)
    case .parameter(let number, _): return "$\(number)"
    case .call(let function, let arguments, let type):
      switch function.kind {
      case .operator:
        return arguments.count == 1
          ? "(\(function.name) \(show(arguments[0], levels)))" : "(\(list(arguments, " \(function.name) ", levels)))"
      case .cast: return "(\(arguments.first.map { show($0, levels) } ?? ""))::\(type.sqlName)"
      case .function: return "\(function.name)(\(list(arguments, ", ", levels)))"
      }
    case .relabel(let inner, let type), .arrayCast(let inner, _, let type):
      return "(\(show(inner, levels)))::\(type.sqlName)"
    case .and(let operands): return "(\(list(operands, " AND ", levels)))"
    case .or(let operands): return "(\(list(operands, " OR ", levels)))"
    case .not(let inner): return "(NOT \(show(inner, levels)))"
    case .isNull(let inner, let negated): return "(\(show(inner, levels)) IS \(negated ? "NOT " : "")NULL)"
    case .inList(let inner, let values, let type, let negated):
      let shown = values.map { literal($0, type) }.joined(separator: ", ")
      return "(\(show(inner, levels)) \(negated ? "NOT IN" : "IN") (\(shown)))"
    default: return showOther(expression, levels)
    }
  }

  private func showOther(_ expression: Expression, _ levels: [[Field]]) -> String {
    switch expression {
    case .booleanTest(let inner, let test):
      let words: [Expression.BooleanTest: String] = [
        .isTrue: "TRUE", .isNotTrue: "NOT TRUE", .isFalse: "FALSE", .isNotFalse: "NOT FALSE", .isUnknown: "UNKNOWN",
        .isNotUnknown: "NOT UNKNOWN",
      ]
      return "(\(show(inner, levels)) IS \(words[test] ?? ""))"
    case .distinctFrom(let left, let right, _, let negated):
      return "(\(show(left, levels)) IS \(negated ? "NOT " : "")DISTINCT FROM \(show(right, levels)))"
    case .caseWhen(let branches, let otherwise, _):
      let parts = branches.map { "WHEN \(show($0.condition, levels)) THEN \(show($0.result, levels))" }
      return "CASE \(parts.joined(separator: " "))" + (otherwise.map { " ELSE \(show($0, levels))" } ?? "") + " END"
    case .coalesce(let inputs, _): return "COALESCE(\(list(inputs, ", ", levels)))"
    case .extremum(let inputs, let greatest, _):
      return "\(greatest ? "GREATEST" : "LEAST")(\(list(inputs, ", ", levels)))"
    case .quantified(let left, let function, let array, let all):
      return "(\(show(left, levels)) \(function.name) \(all ? "ALL" : "ANY") (\(show(array, levels))))"
    case .array(let elements, _): return "ARRAY[\(list(elements, ", ", levels))]"
    case .subscript_(let inner, let index, _): return "\(show(inner, levels))[\(show(index, levels))]"
    case .slice(let inner, let lower, let upper, _):
      let bounds = [lower, upper].map { $0.map { show($0, levels) } ?? "" }
      return "\(show(inner, levels))[\(bounds.joined(separator: ":"))]"
    case .row(let fields): return "ROW(\(list(fields, ", ", levels)))"
    case .field(let inner, let index, _): return "(\(show(inner, levels))).f\(index + 1)"
    case .subquery(let query): return showSubquery(query, levels)
    default: return "?"
    }
  }

  private func showSubquery(_ query: SubqueryExpression, _ levels: [[Field]]) -> String {
    let plan = "\(query.isCorrelated ? "SubPlan" : "InitPlan") \(query.identity)"
    switch query.kind {
    case .scalar: return "(\(plan))"
    case .exists: return "EXISTS(\(plan))"
    case .array: return "ARRAY(\(plan))"
    case .any(let operands, let functions):
      return "(\(list(operands, ", ", levels)) \(functions.first?.name ?? "") ANY (\(plan)))"
    case .all(let operands, let functions):
      return "(\(list(operands, ", ", levels)) \(functions.first?.name ?? "") ALL (\(plan)))"
    }
  }
}
