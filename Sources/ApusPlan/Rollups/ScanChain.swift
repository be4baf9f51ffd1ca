// ScanChain owns projections and filters over one scan, seen as expressions over what the scan reads.

import ApusColumns
import ApusFunctions

struct ScanChain {
  var scan: ScanNode
  /// What the chain gives, over the scan's columns.
  var outputs: [Expression]
  /// Conjuncts over the scan's columns.
  var filters: [Expression]

  /// nil for plans of another form, and where a subquery, an outer row or chance has a say.
  init?(_ plan: LogicalPlan) {
    switch plan {
    case .scan(let scan):
      if scan.limit != nil || !scan.filters.allSatisfy(\.isOfRow) { return nil }
      self.scan = scan
      outputs = scan.fields.dropLast(scan.filterOnlyColumns).indices.map { .column($0, scan.columns[$0].type) }
      filters = scan.filters.flatMap(\.conjuncts)
    case .filter(let input, let condition):
      guard var chain = ScanChain(input), condition.isOfRow else { return nil }
      chain.filters.append(contentsOf: chain.over(condition).conjuncts)
      self = chain
    case .project(let input, let expressions, _):
      guard var chain = ScanChain(input), expressions.allSatisfy(\.isOfRow) else { return nil }
      chain.outputs = expressions.map { chain.over($0) }
      self = chain
    default: return nil
    }
  }

  /// An expression over the chain's outputs as one over the scan's columns.
  func over(_ expression: Expression) -> Expression {
    expression.mapReferences { level, index, _ in
      level == 0 && outputs.indices.contains(index) ? outputs[index] : nil
    }
  }

  func over(_ call: AggregateCall) -> AggregateCall {
    var call = call
    call.arguments = call.arguments.map { over($0) }
    call.filter = call.filter.map { over($0) }
    call.order = call.order.map { SortKey(over($0.expression), descending: $0.descending, nullsFirst: $0.nullsFirst) }
    return call
  }
}

extension Expression {
  /// Whether the own row alone decides the value.
  var isOfRow: Bool { !isVolatile && !hasSubquery && !hasOuterReference && !hasParameter }
}

extension AggregateCall {
  /// The call without a DISTINCT that makes no difference.
  var plain: AggregateCall {
    var call = self
    if function.ignoresDuplicates { call.isDistinct = false }
    return call
  }

  /// Every expression of it replaced.
  func mapping(_ change: (Expression) throws -> Expression) rethrows -> AggregateCall {
    var call = self
    call.arguments = try arguments.map(change)
    call.filter = try filter.map(change)
    call.order = try order.map {
      SortKey(try change($0.expression), descending: $0.descending, nullsFirst: $0.nullsFirst)
    }
    return call
  }
}
