// The placing of set-returning functions: below an aggregation that groups by them, else above it, those that stand
// over others above these; and functions in FROM that run side by side.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusSyntax

extension Expression {
  /// The set-returning functions that stand in it, by number.
  var setPlaceholders: [Int] {
    var found: [Int] = []
    forEachReference { level, index in
      if level == 0, index >= Scope.setBase, index < Scope.groupingBase { found.append(index - Scope.setBase) }
    }
    return found
  }

  /// Placeholders of set-returning functions replaced by the columns that give their rows.
  func replacingSets(_ places: [Int: Int]) -> Expression {
    if case .column(let index, let type) = self {
      guard index >= Scope.setBase, index < Scope.groupingBase, let place = places[index - Scope.setBase] else {
        return self
      }
      return .column(place, type)
    }
    return mapChildren { $0.replacingSets(places) }
  }
}

extension Binding {
  /// Runs those that the groupings need below the aggregation, and names their columns wherever they stand.
  func expandSets(
    of groups: inout Groupings, _ plan: LogicalPlan, _ targets: inout [SelectTarget], _ scope: Scope
  ) throws -> LogicalPlan {
    var wanted = Set<Int>()
    var waiting = groups.expressions.flatMap(\.setPlaceholders)
    while let next = waiting.popLast() {
      if wanted.insert(next).inserted {
        waiting += scope.sets[next].arguments.flatMap(\.setPlaceholders)
      }
    }
    if wanted.isEmpty { return plan }
    let result = expanded(plan, wanted, scope)
    let places = scope.setPlaces
    groups.expressions = groups.expressions.map { $0.replacingSets(places) }
    for index in targets.indices {
      targets[index].bound.expression = targets[index].bound.expression.replacingSets(places)
    }
    for index in scope.sets.indices {
      scope.sets[index].arguments = scope.sets[index].arguments.map { $0.replacingSets(places) }
    }
    return result
  }

  /// Runs those that are left, and puts their columns into the targets.
  func projectSets(_ plan: LogicalPlan, _ targets: inout [SelectTarget], _ scope: Scope) -> LogicalPlan {
    let left = Set(scope.sets.indices.filter { scope.setPlaces[$0] == nil })
    if left.isEmpty { return plan }
    let result = expanded(plan, left, scope)
    for index in targets.indices {
      targets[index].bound.expression = targets[index].bound.expression.replacingSets(scope.setPlaces)
    }
    return result
  }

  private func expanded(_ input: LogicalPlan, _ wanted: Set<Int>, _ scope: Scope) -> LogicalPlan {
    var plan = input
    for depth in Set(wanted.map { scope.setDepths[$0] }).sorted() {
      var fields = plan.fields
      var calls: [(function: TableFunction, arguments: [Expression])] = []
      var places: [Int: Int] = [:]
      for index in wanted.sorted() where scope.setDepths[index] == depth {
        let call = scope.sets[index]
        let columns = (try? call.function.columns(call.arguments.map(\.type))) ?? []
        calls.append((call.function, call.arguments.map { $0.replacingSets(scope.setPlaces) }))
        places[index] = fields.count
        fields.append(Field("set\(index)", columns.count == 1 ? columns[0].type : .record))
      }
      plan = .projectSet(plan, calls, fields: fields)
      scope.setPlaces.merge(places) { _, new in new }
    }
    return plan
  }
}

/// Functions in FROM that run side by side, shorter ones filled up with nulls: ROWS FROM, and unnest of several arrays.
struct SideBySide {
  /// A function and where its arguments lie among those of all.
  private struct Part: Sendable {
    var function: TableFunction
    var arguments: Range<Int>
    var types: [DataType]
  }
  private var parts: [Part] = []
  private(set) var arguments: [Expression] = []
  private(set) var columns: [(name: String, type: DataType)] = []

  mutating func add(_ function: TableFunction, _ given: [Expression]) throws {
    let first = arguments.count
    arguments += given
    columns += try function.columns(given.map(\.type))
    parts.append(Part(function: function, arguments: first..<arguments.count, types: given.map(\.type)))
  }

  /// A value of its own is a function of one row.
  mutating func add(value: Expression, named name: String) throws {
    let type = value.type
    let function = TableFunction(
      name, parameters: [.any], columns: { (_) throws(ApusError) in [(name: name, type: type)] },
      evaluate: { (values, _, _) throws(ApusError) in
        Batch(columns: [.of([values.first ?? .null], type: type)], count: 1)
      })
    try add(function, [value])
  }

  var function: TableFunction {
    let parts = parts
    let columns = columns
    return TableFunction(
      "rows from", parameters: [], columns: { (_) throws(ApusError) in columns },
      evaluate: { (values, _, context) throws(ApusError) in
        var made: [Batch] = []
        for part in parts {
          made.append(try part.function.evaluate(Array(values[part.arguments]), part.types, context).compacted())
        }
        let count = made.reduce(0) { max($0, $1.count) }
        var vectors: [Vector] = []
        for batch in made {
          for column in batch.columns {
            vectors.append(
              batch.count == count
                ? column
                : try Vector.concatenated(
                  [column, .nulls(type: column.type, count: count - batch.count)], type: column.type))
          }
        }
        return Batch(columns: vectors, count: count)
      })
  }
}

extension Binding {
  /// The functions of a FROM item as one; nil for a single one that needs no company.
  func sideBySide(_ range: RangeFunction, _ scope: Scope) throws -> SideBySide? {
    let isUnnest = range.functions.count == 1 && unnested(range.functions[0].call) != nil
    guard range.functions.count > 1 || isUnnest else { return nil }
    var all = SideBySide()
    for item in range.functions {
      let position = arena[item.call].position
      if let arrays = unnested(item.call) {
        for array in arrays {
          let bound = try expression(array, scope)
          let call = FunctionCall(names: ["unnest"], arguments: [])
          let chosen = try choose(call, [bound], position: position)
          guard case .table(let function) = chosen.callable else { throw ApusError.unexpected("unnest is no function") }
          try all.add(function, chosen.arguments)
        }
      } else if case .function(let call) = arena[item.call].kind, let table = try tableCall(call, item.call, scope) {
        try all.add(table.function, table.arguments)
      } else {
        let bound = try resolved(expression(item.call, scope))
        try all.add(value: bound.expression, named: arena.outputName(of: item.call))
      }
    }
    return all
  }

  /// The arrays of an unnest of several.
  private func unnested(_ id: ExprID) -> [ExprID]? {
    guard case .function(let call) = arena[id].kind, call.name == "unnest", call.schema ?? "pg_catalog" == "pg_catalog",
      call.arguments.count > 1, !call.isVariadic, call.arguments.allSatisfy({ $0.name == nil })
    else { return nil }
    return call.arguments.map(\.value)
  }

  // MARK: Functions that return records

  /// `json_to_recordset(x) AS t(a int, b text)` and its kin: the fields that the column definition list names, out of
  /// each object. nil for any other function.
  func recordFunction(
    _ range: RangeFunction, _ scope: Scope, position: Int?
  ) throws -> (plan: LogicalPlan, fields: [Field])? {
    let definitions = range.functions.first.map { $0.columns.isEmpty ? range.columns : $0.columns } ?? []
    let names = ["json_to_record", "jsonb_to_record", "json_to_recordset", "jsonb_to_recordset"]
    guard range.functions.count == 1, let item = range.functions.first,
      case .function(let call) = arena[item.call].kind, names.contains(call.name), call.arguments.count == 1,
      call.schema ?? "pg_catalog" == "pg_catalog"
    else {
      if definitions.isEmpty { return nil }
      throw ApusError(
        .syntaxError, "a column definition list is only allowed for functions returning \"record\"", position: position)
    }
    if definitions.isEmpty {
      throw ApusError(
        .syntaxError, "a column definition list is required for functions returning \"record\"", position: position)
    }
    if range.withOrdinality { throw ApusError.unsupported("WITH ORDINALITY of records is", position: position) }
    let type: DataType = call.name.hasPrefix("jsonb") ? .jsonb : .json
    let given = try expression(call.arguments[0].value, scope)
    guard let document = try coerce(given, to: type, modifier: -1, .implicit) else {
      throw ApusError(
        .undefinedFunction, "function \(call.name)(\(given.type.sqlName)) does not exist", position: position)
    }
    let element = Field("value", type)
    var plan = LogicalPlan.project(.values(rows: [[]], fields: []), [document], fields: [element])
    if call.name.hasSuffix("recordset") {
      let elements = catalog.functions.tableFunctions(
        named: type == .jsonb ? "jsonb_array_elements" : "json_array_elements")
      guard let function = elements.first else { throw ApusError.unexpected("no function of elements") }
      plan = .tableFunction(function, [document], ordinality: false, fields: [element])
    }
    var fields: [Field] = []
    var outputs: [Expression] = []
    for definition in definitions {
      guard let name = definition.type else { throw ApusError(.syntaxError, "a column without a type") }
      let wanted = try TypeResolver.resolve(name, in: arena)
      outputs.append(try recordField(definition.name, of: element, as: wanted, position: name.position))
      fields.append(Field(definition.name, wanted.type, modifier: wanted.modifier))
    }
    return (.project(plan, outputs, fields: fields), fields)
  }

  private func recordField(
    _ name: String, of element: Field, as wanted: TypeReference, position: Int?
  ) throws -> Expression {
    if case .array = wanted.type {
      throw ApusError.unsupported("arrays in records of json are", position: position)
    }
    let document = Bound(.column(0, element.type))
    let key = Bound(.literal(.text(name), .text))
    let text = try apply(OperatorName(symbol: "->>"), document, key, position: position)
    guard wanted.type == .json || wanted.type == .jsonb else {
      guard let value = try coerce(text, to: wanted.type, modifier: wanted.modifier, .explicit) else {
        throw ApusError.unsupported("type \(wanted.type.sqlName) in records of json is", position: position)
      }
      return value
    }
    // A null of json is a null of SQL here.
    let part = try apply(OperatorName(symbol: "->"), document, key, position: position)
    guard let value = try coerce(part, to: wanted.type, modifier: -1, .explicit) else {
      throw ApusError.unsupported("type \(wanted.type.sqlName) in records of json is", position: position)
    }
    let branch = CaseBranch(condition: .isNull(text.expression, negated: true), result: value)
    return .caseWhen([branch], otherwise: nil, wanted.type)
  }
}
