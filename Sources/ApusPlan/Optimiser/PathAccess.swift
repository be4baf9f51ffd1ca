// PathAccess owns what the plan knows of paths into jsonb columns: `properties->'a'->>'b'`, cast or not, which a scan
// reads as a column of its own.

import ApusBase
import ApusColumns
import ApusFunctions

/// A path below a column, as the type that is wanted (see `ColumnReference`).
struct PathDemand: Hashable {
  var path: [String]
  var type: DataType
}

/// What the operators above need of one column.
struct ColumnDemand {
  var isWhole = false
  var paths: [PathDemand] = []

  mutating func add(_ path: PathDemand) { if !paths.contains(path) { paths.append(path) } }
}

/// Where a pruned plan gives what was demanded of one column: -1 for what was not.
struct ColumnPlace {
  var whole = -1
  /// In the order of the demand's paths.
  var paths: [Int] = []
}

/// The types that a scan may give for a path, beside jsonb and text: those whose text means the same in any session.
private let pathTypes: Set<DataType> = [.bool, .int2, .int4, .int8, .float4, .float8, .numeric]

extension Expression {
  /// The column and path that this expression reads, if it is that and nothing else.
  var pathAccess: (column: Int, demand: PathDemand)? {
    guard case .call(let function, let arguments, let type) = self else { return nil }
    if function.kind == .operator, arguments.count == 2 {
      return operatorAccess(function.name, arguments, type)
    }
    if function.kind == .cast, arguments.count == 1, pathTypes.contains(type),
      let inner = arguments[0].pathAccess, inner.demand.type == .text
    {
      return (inner.column, PathDemand(path: inner.demand.path, type: type))
    }
    return nil
  }

  private func operatorAccess(
    _ name: String, _ arguments: [Expression], _ type: DataType
  ) -> (column: Int, demand: PathDemand)? {
    guard type == .jsonb || type == .text, arguments[0].type == .jsonb else { return nil }
    let keys: [String]
    switch (name, arguments[1]) {
    case ("->", .literal(.text(let key), _)), ("->>", .literal(.text(let key), _)): keys = [key]
    case ("#>", .literal(.array(let values), _)), ("#>>", .literal(.array(let values), _)):
      // A number may be the index of an array's element, which a path of keys does not reach.
      var found: [String] = []
      for value in values {
        guard case .text(let key) = value, Int(key) == nil else { return nil }
        found.append(key)
      }
      if found.isEmpty { return nil }
      keys = found
    default: return nil
    }
    if case .column(let index, .jsonb) = arguments[0] {
      guard keys.count <= Limits.propertyDepthMax else { return nil }
      return (index, PathDemand(path: keys, type: type))
    }
    guard let inner = arguments[0].pathAccess, inner.demand.type == .jsonb else { return nil }
    let path = inner.demand.path + keys
    return path.count <= Limits.propertyDepthMax ? (inner.column, PathDemand(path: path, type: type)) : nil
  }

  /// Adds what this expression needs of its input.
  func demand(of columns: inout [ColumnDemand]) {
    if let access = pathAccess {
      columns[access.column].add(access.demand)
      return
    }
    switch self {
    case .column(let index, _): columns[index].isWhole = true
    case .literal, .outer, .parameter: break
    default:
      forEachChild { $0.demand(of: &columns) }
      if case .subquery(let query) = self, query.isCorrelated {
        query.plan.forEachReference(depth: 1) { level, index in if level == 0 { columns[index].isWhole = true } }
      }
    }
  }

  /// The same over a pruned input.
  func placed(_ demand: [ColumnDemand], _ places: [ColumnPlace]) -> Expression {
    if let access = pathAccess, let index = demand[access.column].paths.firstIndex(of: access.demand) {
      return .column(places[access.column].paths[index], access.demand.type)
    }
    switch self {
    case .column(let index, let type): return .column(places[index].whole, type)
    case .literal, .outer, .parameter: return self
    case .subquery(var query):
      if case .subquery(let mapped) = mapChildren({ $0.placed(demand, places) }) { query = mapped }
      if query.isCorrelated {
        query.plan = query.plan.mapReferences(depth: 1) { level, index, type in
          level == 0 ? .column(places[index].whole, type) : nil
        }
      }
      return .subquery(query)
    default: return mapChildren { $0.placed(demand, places) }
    }
  }
}

extension Rules {
  /// The expression that computes a path of a jsonb value; nil when the registry lacks an operator.
  func computed(_ base: Expression, _ demand: PathDemand) -> Expression? {
    func apply(_ name: String, _ value: Expression, _ key: String, _ type: DataType) -> Expression? {
      functions.operators(named: name).first { $0.parameters == [.exact(.jsonb), .exact(.text)] }
        .map { .call($0, [value, .literal(.text(key), .text)], type) }
    }
    var value = base
    for key in demand.path.dropLast() {
      guard let next = apply("->", value, key, .jsonb) else { return nil }
      value = next
    }
    guard let last = demand.path.last else { return base }
    if demand.type == .jsonb { return apply("->", value, last, .jsonb) }
    guard let text = apply("->>", value, last, .text) else { return nil }
    if demand.type == .text { return text }
    return functions.cast(from: .text, to: demand.type)?.function.map { .call($0, [text], demand.type) }
  }
}
