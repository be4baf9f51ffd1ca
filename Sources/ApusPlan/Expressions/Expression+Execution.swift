// What an executor asks of bound expressions and plans: their conjuncts, and outer references replaced by values.

public import ApusColumns

extension Expression {
  /// The operands of nested ANDs.
  public var conjunctList: [Expression] { conjuncts }

  /// The columns of the own row that the expression reads, subqueries' outer references included.
  public var referencedColumns: Set<Int> {
    var found: Set<Int> = []
    forEachReference { level, index in if level == 0 { found.insert(index) } }
    return found
  }

  /// The same expression over columns moved by `offset`.
  public func movingColumns(by offset: Int) -> Expression { shifted(by: offset) }

  /// Whether a subquery stands in it.
  public var containsSubquery: Bool { hasSubquery }
}

extension LogicalPlan {
  /// The plan of a subquery with its references to the query just around it replaced by what `value` gives.
  public func replacingOuter(_ value: (_ column: Int, DataType) -> Expression) -> LogicalPlan {
    mapReferences(depth: 1) { level, index, type in
      level == 0 ? value(index, type) : .outer(level: level, index: index, type)
    }
  }

  /// The columns of the query just around it that the plan refers to, each once.
  public var outerColumns: [Int] {
    var found: Set<Int> = []
    forEachReference(depth: 1) { level, index in if level == 0 { found.insert(index) } }
    return found.sorted()
  }
}
