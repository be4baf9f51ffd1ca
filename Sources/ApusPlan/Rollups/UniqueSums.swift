// The finding of sums over unique counts: what was unique in each bucket is not so over several.

import ApusBase
import ApusColumns
import ApusFunctions

extension LogicalPlan {
  /// The columns of rollups, as `rollup.column`, that hold unique counts and are summed up or averaged in this bound
  /// plan.
  public var summedUniqueCounts: [String] {
    var found: [String] = []
    collectUniqueSums(into: &found)
    return found
  }

  private func collectUniqueSums(into found: inout [String]) {
    if case .aggregate(let input, _, _, let aggregates, _) = self {
      for call in aggregates where call.function.name == "sum" || call.function.name == "avg" {
        guard let argument = call.arguments.first, let name = input.uniqueCount(argument) else { continue }
        if !found.contains(name) { found.append(name) }
      }
    }
    forEachPart(expression: { _ in }, input: { input, _ in input.collectUniqueSums(into: &found) })
  }

  /// The column of a rollup that the expression is, over this plan's columns, if it holds unique counts.
  private func uniqueCount(_ expression: Expression) -> String? {
    switch expression {
    case .relabel(let inner, _): return uniqueCount(inner)
    // The cast that sum() of another type wants.
    case .call(let function, let arguments, _) where function.kind == .cast:
      return arguments.first.flatMap { uniqueCount($0) }
    case .column(let index, _):
      switch self {
      case .filter(let input, _), .sort(let input, _, _): return input.uniqueCount(expression)
      case .project(let input, let expressions, _):
        return expressions.indices.contains(index) ? input.uniqueCount(expressions[index]) : nil
      case .scan(let scan):
        guard let relation = scan.table as? RollupRelation, scan.columns.indices.contains(index) else { return nil }
        let output = Int(scan.columns[index].column.value) - 1
        let definition = relation.rollup.definition
        guard definition.outputs.indices.contains(output),
          case .measure(let measure) = definition.outputs[output].source
        else { return nil }
        let call = definition.measures[measure].call
        guard call.isDistinct || call.function.name == "approx_count_distinct" || call.function.name == "count_entities"
        else { return nil }
        return "\(relation.rollup.name).\(definition.outputs[output].field.name)"
      default: return nil
      }
    default: return nil
    }
  }
}
