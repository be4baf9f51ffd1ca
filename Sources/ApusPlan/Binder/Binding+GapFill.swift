// The binding of time_bucket_gapfill, locf and interpolate: the calls become a node over the aggregation.

import ApusBase
import ApusColumns
import ApusFunctions

/// A gap filling that GROUP BY asks for.
struct BoundGapFill {
  /// The groupings with time_bucket in place of time_bucket_gapfill.
  var groups: Binding.Groupings
  var node: GapFill
}

extension Binding {
  /// nil when no grouping is a time_bucket_gapfill.
  func gapFilling(_ groups: Groupings, _ scope: Scope) throws -> BoundGapFill? {
    var found: Int?
    for (index, grouping) in groups.expressions.enumerated() where grouping.containsGapFill {
      guard case .call(let function, _, _) = grouping, function.gapFill == .bucket else {
        throw ApusError(.featureNotSupported, "no top level time_bucket_gapfill in group by clause")
      }
      if found != nil {
        throw ApusError(.featureNotSupported, "multiple time_bucket_gapfill calls not allowed")
      }
      found = index
    }
    guard let place = found, case .call(_, let given, let type) = groups.expressions[place] else { return nil }
    if groups.sets != nil { throw ApusError.unsupported("time_bucket_gapfill in grouping sets is") }
    let parts = try arguments(given)
    var node = GapFill(
      time: place, keys: groups.expressions.indices.filter { $0 != place }, width: parts.width, zone: parts.zone)
    node.start = parts.start
    node.finish = parts.finish
    try infer(&node, parts.time, scope)
    var bucket = [parts.width, parts.time]
    if let zone = parts.zone { bucket.append(zone) }
    let wanted = bucket.map { ParameterType.exact($0.type) }
    guard let function = catalog.functions.scalars(named: "time_bucket").first(where: { $0.parameters == wanted })
    else { throw ApusError.unexpected("no time_bucket of \(type.sqlName)") }
    var plain = groups
    plain.expressions[place] = .call(function, bucket, type)
    return BoundGapFill(groups: plain, node: node)
  }

  private struct Parts {
    var width: Expression
    var time: Expression
    var zone: Expression?
    var start: Expression?
    var finish: Expression?
  }

  private func arguments(_ given: [Expression]) throws -> Parts {
    guard given.count >= 2 else { throw ApusError.unexpected("time_bucket_gapfill without arguments") }
    var parts = Parts(width: given[0], time: given[1])
    if given.count == 3 || given.count == 5, given[2].type == .text {
      if case .literal(.null, _) = given[2] {} else { parts.zone = given[2] }
    }
    if given.count >= 4 {
      parts.start = given[given.count - 2]
      parts.finish = given[given.count - 1]
    }
    for (name, part) in [
      ("bucket_width", parts.width), ("timezone", parts.zone), ("start", parts.start), ("finish", parts.finish),
    ] {
      guard let part else { continue }
      guard Self.isWithoutColumns(part), !part.isVolatile else {
        throw ApusError(
          .invalidParameterValue, "invalid time_bucket_gapfill argument: \(name) must be a simple expression")
      }
    }
    return parts
  }

  private static func isWithoutColumns(_ expression: Expression) -> Bool {
    var isPlain = true
    expression.forEachReference { level, _ in if level == 0 { isPlain = false } }
    return isPlain
  }

  /// Bounds from conditions `time >= x`, `time > x`, `time < x`, `time <= x` and their mirror images.
  private func infer(_ node: inout GapFill, _ time: Expression, _ scope: Scope) throws {
    for condition in scope.conditions {
      guard case .call(let function, let sides, _) = condition, function.kind == .operator, sides.count == 2 else {
        continue
      }
      var name = function.name
      let other: Expression
      if sides[0] == time {
        other = sides[1]
      } else if sides[1] == time {
        other = sides[0]
        name = ["<": ">", "<=": ">=", ">": "<", ">=": "<="][name] ?? name
      } else {
        continue
      }
      guard Self.isWithoutColumns(other), !other.isVolatile,
        let value = try coerce(Bound(other), to: time.type, .implicit)
      else { continue }
      switch name {
      case ">", ">=": node.lower.append(GapFillBound(value: value, isShifted: name == ">"))
      case "<", "<=": node.upper.append(GapFillBound(value: value, isShifted: name == "<="))
      default: break
      }
    }
  }

  /// Puts the node over the aggregation (and HAVING), and takes locf and interpolate out of what stands above.
  func gapFilled(
    _ plan: LogicalPlan, _ filling: BoundGapFill, _ targets: inout [SelectTarget], _ scope: Scope
  ) throws -> LogicalPlan {
    var node = filling.node
    let input = plan.fields
    for index in targets.indices {
      targets[index].bound.expression = try taken(targets[index].bound.expression, &node, input.count)
    }
    for index in scope.windowCalls.indices {
      scope.windowCalls[index] = try scope.windowCalls[index].mapping { try taken($0, &node, input.count) }
    }
    for index in scope.windowSpecs.indices {
      scope.windowSpecs[index] = try scope.windowSpecs[index].mapping { try taken($0, &node, input.count) }
    }
    for index in scope.sets.indices {
      scope.sets[index].arguments = try scope.sets[index].arguments.map { try taken($0, &node, input.count) }
    }
    let added = node.calls.map { Field($0.function == .carry ? "locf" : "interpolate", $0.type) }
    return .gapFill(plan, node, fields: input + added)
  }

  /// The expression with columns of the node in place of its calls.
  private func taken(_ expression: Expression, _ node: inout GapFill, _ width: Int) throws -> Expression {
    guard expression.containsGapFill else { return expression }
    guard case .call(let function, let arguments, let type) = expression, let kind = function.gapFill,
      kind != .bucket
    else {
      var gaps = node
      let result = try expression.mapChildren { try taken($0, &gaps, width) }
      node = gaps
      return result
    }
    if arguments.contains(where: \.containsGapFill) {
      throw ApusError(
        .featureNotSupported, "multiple interpolate/locf function calls per resultset column not supported")
    }
    if kind == .interpolate, arguments.count > 1 {
      throw ApusError.unsupported("interpolate with records before and after is")
    }
    var call = GapFillCall(function: kind, value: arguments[0], type: type)
    if arguments.count > 1 {
      if case .literal(.null, _) = arguments[1] {} else { call.previous = arguments[1] }
    }
    if arguments.count > 2 {
      guard Self.isWithoutColumns(arguments[2]) else {
        throw ApusError(
          .invalidParameterValue, "invalid locf argument: treat_null_as_missing must be a BOOL literal")
      }
      call.treatsNullAsMissing = arguments[2]
    }
    if let known = node.calls.firstIndex(of: call) { return .column(width + known, type) }
    node.calls.append(call)
    return .column(width + node.calls.count - 1, type)
  }

  /// Calls that no gap filling took out stand where they cannot.
  func refuseGapFilling(_ targets: [SelectTarget]) throws {
    for target in targets {
      guard let function = target.bound.expression.gapFillCall else { continue }
      let isBucket = function.gapFill == .bucket
      throw ApusError(
        .featureNotSupported,
        isBucket
          ? "no top level time_bucket_gapfill in group by clause"
          : "\(function.name) must be used with time_bucket_gapfill", position: target.bound.position)
    }
  }
}

extension Expression {
  /// A call of time_bucket_gapfill, locf or interpolate in it.
  var gapFillCall: ScalarFunction? {
    if case .call(let function, _, _) = self, function.gapFill != nil { return function }
    var found: ScalarFunction?
    forEachChild { if found == nil { found = $0.gapFillCall } }
    return found
  }
  var containsGapFill: Bool { gapFillCall != nil }
}
