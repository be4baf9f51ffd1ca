// OutputName owns PostgreSQL's rule for naming the columns of a result (FigureColname of parse_target.c).

extension Arena {
  /// The name of an output column without an alias; `?column?` when nothing gives one.
  public func outputName(of id: ExprID) -> String {
    name(of: id, 0)?.name ?? "?column?"
  }

  /// The names of a query's columns; nil for an item that stands for several (`*`).
  public func outputNames(of id: QueryID) -> [String?] {
    var id = id
    // A set operation takes the names of its first operand.
    while true {
      switch self[id].body {
      case .setOperation(let first, _): id = first
      case .values(let rows): return (rows.first ?? []).indices.map { "column\($0 + 1)" }
      case .select(let select):
        return select.targets.map { target in
          if let alias = target.alias { return alias }
          switch self[target.expression].kind {
          case .column(_, isStar: true): return nil
          case .indirection(_, let steps): if case .star = steps.last { return nil }
          default: break
          }
          return outputName(of: target.expression)
        }
      }
    }
  }

  /// A name and its strength: 1 may be replaced by a better one from outside, 2 is final.
  private func name(of id: ExprID, _ depth: Int) -> (name: String, strength: Int)? {
    // Trees from the parser are far shallower; this holds for those that others build.
    if depth > 1_000 { return nil }
    switch self[id].kind {
    case .column(let names, _): return names.last.map { ($0, 2) }
    case .indirection(let base, let steps):
      for step in steps.reversed() { if case .field(let name) = step { return (name, 2) } }
      return name(of: base, depth + 1)
    case .function(let call): return (call.name, 2)
    case .nullIf: return ("nullif", 2)
    case .cast(let operand, let type):
      if let inner = name(of: operand, depth + 1), inner.strength > 1 { return inner }
      return (type.name, 1)
    case .collate(let operand, _): return name(of: operand, depth + 1)
    case .grouping: return ("grouping", 2)
    case .subquery(let subquery):
      switch subquery.form {
      case .exists: return ("exists", 2)
      case .array: return ("array", 2)
      case .scalar: return (outputNames(of: subquery.query).first ?? nil).map { ($0, 2) }
      case .any, .all: return nil
      }
    case .case(let form):
      if let otherwise = form.otherwise, let inner = name(of: otherwise, depth + 1), inner.strength > 1 { return inner }
      return ("case", 1)
    case .array: return ("array", 2)
    case .row: return ("row", 2)
    case .coalesce: return ("coalesce", 2)
    case .greatest: return ("greatest", 2)
    case .least: return ("least", 2)
    case .sqlValue(let value, _): return (value.rawValue.lowercased(), 2)
    default: return nil
    }
  }
}
