// RollupRelation owns a rollup as names see it: a relation that the optimiser replaces by what it is made of.

public import ApusBase
import ApusColumns
public import ApusFunctions

/// What a bound plan scans where a query names a rollup. `Optimiser` puts `RollupPlan.relation` in its place; the query
/// of a rollup over a rollup is read as it is.
public final class RollupRelation: TableProvider {
  public let rollup: any RollupTable
  /// The rollup's columns, then the hidden ones.
  public let schema: TableSchema
  /// How many of the columns `*` gives.
  public let visibleCount: Int

  public init(_ rollup: any RollupTable) {
    self.rollup = rollup
    let definition = rollup.definition
    var columns: [TableColumn] = []
    func add(_ name: String, _ type: TypeReference) {
      columns.append(TableColumn(id: ColumnID(UInt32(columns.count + 1)), name: name, type: type))
    }
    for output in definition.outputs {
      add(output.field.name, TypeReference(output.field.type, modifier: output.field.modifier))
    }
    visibleCount = columns.count
    for state in definition.stateColumns { add(state.name, TypeReference(.aggregateState)) }
    schema = TableSchema(oid: rollup.oid, schema: rollup.schema, name: rollup.name, columns: columns)
  }

  public var rowCountEstimate: Int? { rollup.partials.rowCountEstimate }
  public var readsPaths: Bool { false }

  public func capability(_ request: ScanRequest) -> ScanCapability {
    ScanCapability(
      filters: request.filters.map { _ in .unsupported }, limit: .unsupported, aggregate: .unsupported)
  }

  public func scan(_ request: ScanRequest, context: EvaluationContext) throws(ApusError) -> ScanOutput {
    throw .unexpected("rollup \"\(rollup.name)\" was not replaced by its parts")
  }
}

extension RollupDefinition {
  /// The columns that `*` does not give: the states of measures that are kept as such, `NAME_state` for each output.
  public var stateColumns: [(name: String, measure: Int)] {
    outputs.compactMap { output in
      guard case .measure(let index) = output.source, measures[index].stored.type == .aggregateState else {
        return nil
      }
      return (output.field.name + "_state", index)
    }
  }
}

extension Rules {
  /// The plan with every rollup replaced by what it is made of, in subqueries too.
  func expanded(_ plan: LogicalPlan) -> LogicalPlan {
    if case .scan(let scan) = plan, let relation = scan.table as? RollupRelation {
      return RollupPlan.relation(relation.rollup, reading: scan)
    }
    return plan.mapParts(
      expression: { $0.mapSubqueries { expanded($0.plan) } }, input: { input, _ in expanded(input) })
  }
}
