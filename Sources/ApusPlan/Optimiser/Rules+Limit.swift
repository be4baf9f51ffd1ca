// Limits moved down, and what the providers say of what they are asked.

import ApusColumns
import ApusFunctions

extension Rules {
  /// Sorts below a limit keep only its rows, and scans stop after them.
  func limited(_ plan: LogicalPlan) -> LogicalPlan {
    let inner = plan.mapParts(expression: { $0 }, input: { input, _ in limited(input) })
    guard case .limit(let input, let limit, let offset) = inner,
      case .literal(.int(let count), _)? = limit, count >= 0
    else { return inner }
    var skipped: Int64 = 0
    if let offset {
      guard case .literal(.int(let number), _) = offset, number >= 0 else { return inner }
      skipped = number
    }
    let (total, overflow) = count.addingReportingOverflow(skipped)
    if overflow { return inner }
    return .limit(keeping(input, Int(clamping: total)), limit: limit, offset: offset)
  }

  private func keeping(_ plan: LogicalPlan, _ count: Int) -> LogicalPlan {
    switch plan {
    case .project(let input, let expressions, let fields):
      return .project(keeping(input, count), expressions, fields: fields)
    case .sort(let input, let keys, let limit): return .sort(input, keys, limit: min(limit ?? count, count))
    case .scan(var scan):
      scan.limit = min(scan.limit ?? count, count)
      return .scan(scan)
    case .setOperation(let inputs, .union, all: true, let fields):
      return .setOperation(inputs.map { keeping($0, count) }, .union, all: true, fields: fields)
    default: return plan
    }
  }

  /// Asks each provider how much of the filters, the limit and an aggregation right above the scan it takes over.
  func negotiated(_ plan: LogicalPlan) -> LogicalPlan {
    switch plan {
    case .scan(var scan):
      scan.pushdown = scan.table.capability(
        ScanRequest(
          columns: scan.columns, filters: scan.filters, limit: scan.limit,
          filterOnlyColumns: scan.filterOnlyColumns))
      return .scan(scan)
    case .aggregate(.scan(var scan), let groupings, nil, let aggregates, let fields):
      let request = AggregateRequest(groupings: groupings, aggregates: aggregates)
      scan.pushdown = scan.table.capability(
        ScanRequest(columns: scan.columns, filters: scan.filters, limit: scan.limit, aggregate: request))
      return .aggregate(.scan(scan), groupings: groupings, sets: nil, aggregates: aggregates, fields: fields)
    default: return plan.mapParts(expression: { $0 }, input: { input, _ in negotiated(input) })
    }
  }
}
