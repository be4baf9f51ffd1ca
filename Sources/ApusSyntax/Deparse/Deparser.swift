// Deparser owns the step from an arena back to SQL: expressions, as EXPLAIN and the catalog show them. Its output
// parses
// to the same tree; operators are wrapped in parentheses, as PostgreSQL's ruleutils.c does.

extension Arena {
  /// The SQL of an expression.
  public func deparse(_ id: ExprID) -> String { Deparser(self).expression(id) }
  /// The SQL of a query, on one line.
  public func deparse(_ id: QueryID) -> String { Deparser(self).query(id) }
}

/// Writes SQL for the nodes of one arena.
public struct Deparser {
  let arena: Arena
  var out = ""
  /// Something was met that this does not write: a statement that changes rows in WITH, or SEARCH and CYCLE.
  var isIncomplete = false

  public init(_ arena: Arena) { self.arena = arena }

  public func expression(_ id: ExprID) -> String {
    var copy = self
    copy.write(id)
    return copy.out
  }

  public func query(_ id: QueryID) -> String {
    var copy = self
    copy.write(id)
    return copy.out
  }

  /// The SQL of a query, or nil when it holds something that is not written.
  func completeQuery(_ id: QueryID) -> String? {
    var copy = self
    copy.write(id)
    return copy.isIncomplete ? nil : copy.out
  }

  public func type(_ type: TypeName) -> String {
    var copy = self
    copy.write(type)
    return copy.out
  }

  // MARK: expressions

  mutating func write(_ ids: [ExprID]) {
    for (index, id) in ids.enumerated() {
      if index > 0 { out += ", " }
      write(id)
    }
  }

  /// An expression where an operator or suffix follows or precedes: a negative number needs parentheses.
  mutating func writeOperand(_ id: ExprID) {
    switch arena[id].kind {
    case .constant(.integer(let value)) where value < 0: parenthesised { $0.write(id) }
    case .constant(.numeric(let text)) where text.hasPrefix("-"): parenthesised { $0.write(id) }
    default: write(id)
    }
  }

  mutating func parenthesised(_ body: (inout Deparser) -> Void) {
    out += "("
    body(&self)
    out += ")"
  }

  mutating func write(_ id: ExprID) {
    switch arena[id].kind {
    case .column(let names, let isStar):
      out += quoteQualified(names)
      if isStar { out += names.isEmpty ? "*" : ".*" }
    case .constant(let constant): write(constant)
    case .parameter(let number): out += "$\(number)"
    case .operator(let name, let left, let right): writeOperator(name, left, right)
    case .operatorChain(let first, let links): writeChain(first, links)
    case .and(let operands): writeJoined(operands, " AND ")
    case .or(let operands): writeJoined(operands, " OR ")
    case .not(let operand):
      out += "(NOT "
      writeOperand(operand)
      out += ")"
    case .function(let call): write(call)
    case .cast(let operand, let type):
      writeOperand(operand)
      out += "::"
      write(type)
    case .case(let form): write(form)
    case .subquery(let subquery): write(subquery)
    case .indirection(let base, let steps): write(base, steps)
    default: writePredicate(id)
    }
  }

  private mutating func writePredicate(_ id: ExprID) {
    switch arena[id].kind {
    case .quantified(let name, let left, let array, let isAll):
      out += "("
      writeOperand(left)
      out += " \(symbol(name)) \(isAll ? "ALL" : "ANY") ("
      write(array)
      out += "))"
    case .inList(let operand, let list, let isNegated):
      out += "("
      writeOperand(operand)
      out += isNegated ? " NOT IN (" : " IN ("
      write(list)
      out += "))"
    case .match(let match): write(match)
    case .between(let between): write(between)
    case .distinct(let left, let right, let isNegated):
      out += "("
      writeOperand(left)
      out += isNegated ? " IS NOT DISTINCT FROM " : " IS DISTINCT FROM "
      writeOperand(right)
      out += ")"
    case .nullTest(let operand, let isNegated):
      out += "("
      writeOperand(operand)
      out += isNegated ? " IS NOT NULL)" : " IS NULL)"
    case .booleanTest(let operand, let test):
      out += "("
      writeOperand(operand)
      out += " \(test.rawValue))"
    case .collate(let operand, let names):
      out += "("
      writeOperand(operand)
      out += " COLLATE \(quoteQualified(names)))"
    default: writeListForm(id)
    }
  }

  private mutating func writeListForm(_ id: ExprID) {
    switch arena[id].kind {
    case .nullIf(let left, let right): writeCall("NULLIF", [left, right])
    case .coalesce(let operands): writeCall("COALESCE", operands)
    case .greatest(let operands): writeCall("GREATEST", operands)
    case .least(let operands): writeCall("LEAST", operands)
    case .grouping(let operands): writeCall("GROUPING", operands)
    case .array(let elements):
      out += "ARRAY["
      write(elements)
      out += "]"
    case .row(let fields, let isExplicit): writeCall(isExplicit ? "ROW" : "", fields)
    case .sqlValue(let value, let precision):
      out += value.rawValue
      if let precision { out += "(\(precision))" }
    case .default: out += "DEFAULT"
    default: break
    }
  }

  private mutating func writeCall(_ name: String, _ operands: [ExprID]) {
    out += name + "("
    write(operands)
    out += ")"
  }

  mutating func write(_ constant: Constant) {
    switch constant {
    case .null: out += "NULL"
    case .boolean(let flag): out += flag ? "true" : "false"
    case .integer(let value): out += String(value)
    case .numeric(let text): out += text
    case .string(let text): out += quoteLiteral(text)
    case .bitString(let text):
      out += (text.hasPrefix("x") ? "X" : "B") + quoteLiteral(String(text.dropFirst()))
    }
  }

  // MARK: operators

  func symbol(_ name: OperatorName) -> String {
    name.schema.map { "OPERATOR(\(quoteIdentifier($0)).\(name.symbol))" } ?? name.symbol
  }

  private mutating func writeOperator(_ name: OperatorName, _ left: ExprID?, _ right: ExprID) {
    out += "("
    if let left {
      writeOperand(left)
      out += " "
    }
    out += symbol(name) + " "
    writeOperand(right)
    out += ")"
  }

  /// Flat where one associative operator follows itself, so that a long chain does not become deep parentheses.
  private mutating func writeChain(_ first: ExprID, _ links: [OperatorLink]) {
    func isFlat(_ index: Int) -> Bool {
      let symbol = links[index].name.symbol
      return links[index].name == links[index - 1].name && !["=", "<", ">", "<=", ">=", "<>"].contains(symbol)
    }
    let wraps = links.indices.dropFirst().reduce(into: 0) { count, index in if !isFlat(index) { count += 1 } }
    out += String(repeating: "(", count: wraps + 1)
    writeOperand(first)
    for (index, link) in links.enumerated() {
      if index > 0 && !isFlat(index) { out += ")" }
      out += " \(symbol(link.name)) "
      writeOperand(link.operand)
    }
    out += ")"
  }

  private mutating func writeJoined(_ operands: [ExprID], _ separator: String) {
    out += "("
    for (index, operand) in operands.enumerated() {
      if index > 0 { out += separator }
      writeOperand(operand)
    }
    out += ")"
  }

  private mutating func write(_ match: PatternMatch) {
    out += "("
    writeOperand(match.operand)
    out += " \(match.isNegated ? "NOT " : "")\(match.form.rawValue) "
    writeOperand(match.pattern)
    if let escape = match.escape {
      out += " ESCAPE "
      writeOperand(escape)
    }
    out += ")"
  }

  private mutating func write(_ between: Between) {
    out += "("
    writeOperand(between.operand)
    out += between.isNegated ? " NOT BETWEEN " : " BETWEEN "
    if between.isSymmetric { out += "SYMMETRIC " }
    writeOperand(between.low)
    out += " AND "
    writeOperand(between.high)
    out += ")"
  }

  // MARK: composite forms

  private mutating func write(_ form: CaseExpression) {
    out += "CASE"
    if let operand = form.operand {
      out += " "
      write(operand)
    }
    for branch in form.branches {
      out += " WHEN "
      write(branch.condition)
      out += " THEN "
      write(branch.result)
    }
    if let otherwise = form.otherwise {
      out += " ELSE "
      write(otherwise)
    }
    out += " END"
  }

  private mutating func write(_ subquery: Subquery) {
    switch subquery.form {
    case .exists: out += "EXISTS "
    case .scalar: break
    case .array: out += "ARRAY"
    case .any(let test, let name):
      out += "("
      writeOperand(test)
      out += subquery.isIn ? " IN " : " \(symbol(name)) ANY "
    case .all(let test, let name):
      out += "("
      writeOperand(test)
      out += " \(symbol(name)) ALL "
    }
    parenthesised { $0.write(subquery.query) }
    switch subquery.form {
    case .any, .all: out += ")"
    default: break
    }
  }

  private mutating func write(_ base: ExprID, _ steps: [IndirectionStep]) {
    // `a.b` names a column; a field of a column needs the parentheses, a subscript does not.
    var isBare = false
    switch arena[base].kind {
    case .column(_, isStar: false), .parameter:
      switch steps.first {
      case .index, .slice: isBare = true
      default: break
      }
    default: break
    }
    if isBare { write(base) } else { parenthesised { $0.write(base) } }
    for step in steps {
      switch step {
      case .field(let name): out += "." + quoteIdentifier(name)
      case .star: out += ".*"
      case .index(let index):
        out += "["
        write(index)
        out += "]"
      case .slice(let low, let high):
        out += "["
        if let low { write(low) }
        out += ":"
        if let high { write(high) }
        out += "]"
      }
    }
  }

  // MARK: calls

  private mutating func write(_ call: FunctionCall) {
    if call.isSQLSyntax, writeSyntax(call) { return }
    out += quoteQualified(call.names) + "("
    if call.isDistinct { out += "DISTINCT " }
    if call.isStar { out += "*" }
    for (index, argument) in call.arguments.enumerated() {
      if index > 0 { out += ", " }
      if call.isVariadic && index == call.arguments.count - 1 { out += "VARIADIC " }
      if let name = argument.name { out += quoteIdentifier(name) + " => " }
      write(argument.value)
    }
    if !call.orderBy.isEmpty {
      if call.isWithinGroup {
        out += ") WITHIN GROUP (ORDER BY "
      } else {
        out += " ORDER BY "
      }
      write(call.orderBy)
    }
    out += ")"
    if let filter = call.filter {
      out += " FILTER (WHERE "
      write(filter)
      out += ")"
    }
    switch call.over {
    case nil: break
    case .named(let name, _): out += " OVER " + quoteIdentifier(name)
    case .definition(let window):
      out += " OVER "
      write(window)
    }
  }

  /// The spellings that SQL gives to some functions; false to write a plain call.
  private mutating func writeSyntax(_ call: FunctionCall) -> Bool {
    guard call.arguments.count == 2 else { return false }
    let (first, second) = (call.arguments[0].value, call.arguments[1].value)
    switch call.names {
    case ["pg_catalog", "timezone"]:
      out += "("
      writeOperand(second)
      out += " AT TIME ZONE "
      writeOperand(first)
      out += ")"
      return true
    case ["pg_catalog", "extract"]:
      guard case .constant(.string(let field)) = arena[first].kind else { return false }
      out += "EXTRACT(\(quoteIdentifier(field)) FROM "
      write(second)
      out += ")"
      return true
    default: return false
    }
  }

  mutating func write(_ items: [SortItem]) {
    for (index, item) in items.enumerated() {
      if index > 0 { out += ", " }
      write(item.expression)
      switch item.direction {
      case .unspecified: break
      case .ascending: out += " ASC"
      case .descending: out += " DESC"
      case .using(let name): out += " USING " + symbol(name)
      }
      switch item.nulls {
      case .unspecified: break
      case .first: out += " NULLS FIRST"
      case .last: out += " NULLS LAST"
      }
    }
  }

  /// `(...)` of a window.
  mutating func write(_ window: WindowDefinition) {
    out += "("
    var separator = ""
    if let base = window.base {
      out += quoteIdentifier(base)
      separator = " "
    }
    if !window.partitionBy.isEmpty {
      out += separator + "PARTITION BY "
      write(window.partitionBy)
      separator = " "
    }
    if !window.orderBy.isEmpty {
      out += separator + "ORDER BY "
      write(window.orderBy)
      separator = " "
    }
    if !window.frame.isDefault {
      out += separator + window.frame.mode.rawValue + " BETWEEN "
      write(window.frame.start)
      out += " AND "
      write(window.frame.end)
      if window.frame.exclusion != .noOthers { out += " " + window.frame.exclusion.rawValue }
    }
    out += ")"
  }

  private mutating func write(_ bound: WindowFrame.Bound) {
    switch bound {
    case .unboundedPreceding: out += "UNBOUNDED PRECEDING"
    case .preceding(let offset):
      write(offset)
      out += " PRECEDING"
    case .currentRow: out += "CURRENT ROW"
    case .following(let offset):
      write(offset)
      out += " FOLLOWING"
    case .unboundedFollowing: out += "UNBOUNDED FOLLOWING"
    }
  }
}
