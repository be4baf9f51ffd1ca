// RollupPlan owns the plans that rollups are made and read by: partials from rows, partials merged, and a rollup as a
// relation.

import ApusBase
public import ApusColumns
import ApusFunctions

public enum RollupPlan {
  // MARK: Partials from rows

  /// The partials of a table's rows, with the columns of `RollupDefinition`: the set, the groupings, the states.
  /// One row a set and key.
  public static func partials(of definition: RollupDefinition, from table: any TableProvider) -> LogicalPlan {
    partials(of: definition, from: scan(definition, table))
  }

  /// The same over a plan that gives `definition.columns`.
  static func partials(of definition: RollupDefinition, from rows: LogicalPlan) -> LogicalPlan {
    let whole = definition.wholeSet
    let input = Expression.conjunction(definition.filters).map { .filter(rows, $0) } ?? rows
    let calls = definition.measures.map { measure in
      AggregateCall(
        function: measure.stored.partial, arguments: measure.call.arguments, isDistinct: measure.call.isDistinct,
        filter: measure.call.filter, type: measure.stored.type)
    }
    let base = LogicalPlan.aggregate(
      input, groupings: whole.map { definition.groupings[$0] }, sets: nil, aggregates: calls,
      fields: whole.map { definition.groupingField($0) } + definition.measureFields)
    let columns = base.fields.enumerated().map { Expression.column($0, $1.type) }
    if definition.sets.count == 1 {
      return .project(base, [.literal(.int(0), .int2)] + columns, fields: definition.partialFields)
    }
    return sets(of: definition, base, columns)
  }

  /// The rows of every set from those of the set of all groupings. A set is told by the one marker that it has as a
  /// grouping.
  private static func sets(
    of definition: RollupDefinition, _ base: LogicalPlan, _ columns: [Expression]
  ) -> LogicalPlan {
    let whole = definition.wholeSet
    let width = whole.count
    let markers = definition.sets.indices.map { Expression.literal(.int(Int64($0)), .int2) }
    let combined = LogicalPlan.aggregate(
      base, groupings: Array(columns[..<width]) + markers,
      sets: definition.sets.enumerated().map { index, set in
        set.compactMap { whole.firstIndex(of: $0) } + [width + index]
      },
      aggregates: definition.measures.indices.map { definition.combining($0, columns[width + $0]) },
      fields: whole.map { definition.groupingField($0) } + markers.indices.map { Field("set\($0)", .int2) }
        + definition.measureFields)
    let outputs = combined.fields.enumerated().map { Expression.column($0, $1.type) }
    return .project(
      combined,
      [.coalesce(Array(outputs[width..<width + markers.count]), .int2)] + outputs[..<width]
        + outputs[(width + markers.count)...],
      fields: definition.partialFields)
  }

  private static func scan(_ definition: RollupDefinition, _ table: any TableProvider) -> LogicalPlan {
    let names = Dictionary(table.schema.columns.map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    let fields = definition.columns.map { Field($0.path.last ?? names[$0.column] ?? "", $0.type) }
    return .scan(ScanNode(table: table, columns: definition.columns, fields: fields))
  }

  // MARK: Partials merged

  /// Partials with those of equal set and key merged to one row, in the same columns.
  public static func combined(_ definition: RollupDefinition, over partials: any TableProvider) -> LogicalPlan {
    let input = LogicalPlan.scan(
      ScanNode(table: partials, columns: definition.partialColumns, fields: definition.partialFields))
    let columns = definition.partialFields.enumerated().map { Expression.column($0, $1.type) }
    let width = 1 + definition.groupings.count
    return .aggregate(
      input, groupings: Array(columns[..<width]), sets: nil,
      aggregates: definition.measures.indices.map { definition.combining($0, columns[width + $0]) },
      fields: definition.partialFields)
  }

  // MARK: A rollup as a relation

  /// A rollup read as a relation: one row a set and key, with its columns and then, hidden, the states of its measures.
  public static func relation(
    _ rollup: any RollupTable
  ) -> (plan: LogicalPlan, columns: [(name: String, isHidden: Bool)]) {
    let relation = RollupRelation(rollup)
    let columns = relation.schema.columns
    let scan = ScanNode(
      table: relation, columns: columns.map { ColumnReference(column: $0.id, type: $0.type.type) },
      fields: columns.map { Field($0.name, $0.type.type, modifier: $0.type.modifier) })
    return (
      self.relation(rollup, reading: scan),
      columns.enumerated().map { ($1.name, $0 >= relation.visibleCount) }
    )
  }

  /// What the scan of a `RollupRelation` reads.
  static func relation(_ rollup: any RollupTable, reading scan: ScanNode) -> LogicalPlan {
    let definition = rollup.definition
    let width = 1 + definition.groupings.count
    let fields = definition.partialFields
    let stored = LogicalPlan.scan(
      ScanNode(
        table: RollupPart(rollup.partials, verb: "Rollup Scan"), columns: definition.partialColumns, fields: fields))
    let fresh = RollupPart(rollup.uncounted, details: [("Rows", "not in the rollup yet")])
    let input = LogicalPlan.setOperation(
      [stored, partials(of: definition, from: fresh)], .union, all: true, fields: fields)
    let columns = fields.enumerated().map { Expression.column($0, $1.type) }
    let states = definition.stateColumns
    var calls = definition.measures.enumerated().map { index, measure in
      AggregateCall(
        function: measure.stored.merge, arguments: [columns[width + index]], type: measure.call.type)
    }
    for state in states { calls.append(definition.combining(state.measure, columns[width + state.measure])) }
    // Without several sets the keys tell the rows apart.
    let keys = definition.sets.count == 1 ? 1..<width : 0..<width
    let merged = LogicalPlan.aggregate(
      input, groupings: Array(columns[keys]), sets: nil, aggregates: calls,
      fields: Array(fields[keys]) + calls.map { Field($0.function.name, $0.type) })
    var outputs: [Expression] = definition.outputs.map { output in
      switch output.source {
      case .grouping(let index):
        .column(1 + index - keys.lowerBound, definition.groupings[index].type)
      case .measure(let index): .column(keys.count + index, definition.measures[index].call.type)
      }
    }
    for index in states.indices {
      outputs.append(.column(keys.count + definition.measures.count + index, .aggregateState))
    }
    let asked = scan.columns.compactMap { reference -> Expression? in
      let index = Int(reference.column.value) - 1
      return outputs.indices.contains(index) ? outputs[index] : nil
    }
    return .project(merged, asked, fields: scan.fields)
  }
}

extension RollupDefinition {
  /// Every grouping that a set has, ascending.
  var wholeSet: [Int] { Set(sets.flatMap { $0 }).sorted() }

  /// The columns of stored partials: set, groupings, states.
  public var partialColumns: [ColumnReference] {
    [Self.setColumn] + groupings.indices.map { groupingColumn($0) } + measures.indices.map { measureColumn($0) }
  }

  /// The same as fields, named by the outputs.
  public var partialFields: [Field] {
    [Field("set", .int2)] + groupings.indices.map { groupingField($0) } + measureFields
  }

  func groupingField(_ index: Int) -> Field {
    Field(outputs.first { $0.source == .grouping(index) }?.field.name ?? "group\(index)", groupings[index].type)
  }

  var measureFields: [Field] {
    measures.indices.map { index in
      Field(
        outputs.first { $0.source == .measure(index) }?.field.name ?? "measure\(index)", measures[index].stored.type)
    }
  }

  func combining(_ measure: Int, _ states: Expression) -> AggregateCall {
    AggregateCall(
      function: measures[measure].stored.combine, arguments: [states], type: measures[measure].stored.type)
  }
}
