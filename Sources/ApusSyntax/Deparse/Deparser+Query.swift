// Deparser+Query owns the SQL of queries, FROM items and types.

extension Deparser {
  mutating func write(_ id: QueryID) {
    let query = arena[id]
    if let with = query.with { write(with) }
    switch query.body {
    case .select(let select): write(select)
    case .values(let rows):
      out += "VALUES "
      for (index, row) in rows.enumerated() {
        if index > 0 { out += ", " }
        parenthesised { $0.write(row) }
      }
    case .setOperation(let first, let rest): write(first, rest)
    }
    if !query.orderBy.isEmpty {
      out += " ORDER BY "
      write(query.orderBy)
    }
    if let offset = query.offset {
      out += " OFFSET "
      write(offset)
    }
    if let limit = query.limit {
      if query.withTies {
        out += " FETCH FIRST ("
        write(limit)
        out += ") ROWS WITH TIES"
      } else {
        out += " LIMIT "
        write(limit)
      }
    }
    for clause in query.locking {
      out += " " + clause.strength.rawValue
      if !clause.relations.isEmpty {
        out += " OF " + clause.relations.map { quoteQualified($0.parts) }.joined(separator: ", ")
      }
      switch clause.wait {
      case .block: break
      case .skipLocked: out += " SKIP LOCKED"
      case .noWait: out += " NOWAIT"
      }
    }
  }

  private mutating func write(_ with: WithClause) {
    out += with.isRecursive ? "WITH RECURSIVE " : "WITH "
    for (index, table) in with.tables.enumerated() {
      if index > 0 { out += ", " }
      out += quoteIdentifier(table.name)
      write(columns: table.columns)
      out += " AS "
      switch table.materialized {
      case .unspecified: break
      case .always: out += "MATERIALIZED "
      case .never: out += "NOT MATERIALIZED "
      }
      switch table.body {
      case .query(let query): parenthesised { $0.write(query) }
      case .statement(let statement):
        isIncomplete = true
        out += "(\(arena[statement].commandTag) ...)"
      }
      if table.hasSearchOrCycle { isIncomplete = true }
    }
    out += " "
  }

  private mutating func write(columns: [String]) {
    if !columns.isEmpty { out += "(" + columns.map { quoteIdentifier($0) }.joined(separator: ", ") + ")" }
  }

  // MARK: set operations

  private mutating func write(_ first: QueryID, _ rest: [SetOperand]) {
    // INTERSECT binds tighter: what stands on its left is wrapped when it is a UNION or EXCEPT.
    func wraps(_ index: Int) -> Bool {
      index > 0 && rest[index].operation == .intersect && rest[index - 1].operation != .intersect
    }
    out += String(repeating: "(", count: rest.indices.count { wraps($0) })
    writeSetOperand(first)
    for (index, operand) in rest.enumerated() {
      if wraps(index) { out += ")" }
      out += " \(operand.operation.rawValue) \(operand.isAll ? "ALL " : "")"
      writeSetOperand(operand.query)
    }
  }

  private mutating func writeSetOperand(_ id: QueryID) {
    let query = arena[id]
    var needsParentheses =
      query.with != nil || !query.orderBy.isEmpty || query.limit != nil || query.offset != nil
      || !query.locking.isEmpty
    if case .setOperation = query.body { needsParentheses = true }
    if needsParentheses { parenthesised { $0.write(id) } } else { write(id) }
  }

  // MARK: SELECT

  private mutating func write(_ select: Select) {
    out += "SELECT"
    switch select.distinct {
    case .none: break
    case .all: out += " DISTINCT"
    case .on(let expressions):
      out += " DISTINCT ON ("
      write(expressions)
      out += ")"
    }
    for (index, target) in select.targets.enumerated() {
      out += index > 0 ? ", " : " "
      write(target.expression)
      if let alias = target.alias { out += " AS " + quoteIdentifier(alias) }
    }
    if !select.from.isEmpty {
      out += " FROM "
      for (index, item) in select.from.enumerated() {
        if index > 0 { out += ", " }
        write(item)
      }
    }
    if let filter = select.filter {
      out += " WHERE "
      write(filter)
    }
    if !select.groupBy.isEmpty {
      out += select.groupByIsDistinct ? " GROUP BY DISTINCT " : " GROUP BY "
      write(select.groupBy)
    }
    if let having = select.having {
      out += " HAVING "
      write(having)
    }
    for (index, window) in select.windows.enumerated() {
      out += index > 0 ? ", " : " WINDOW "
      out += quoteIdentifier(window.name ?? "") + " AS "
      write(window)
    }
  }

  private mutating func write(_ items: [GroupItem]) {
    for (index, item) in items.enumerated() {
      if index > 0 { out += ", " }
      switch item {
      case .expression(let id): write(id)
      case .empty: out += "()"
      case .rollup(let ids):
        out += "ROLLUP("
        write(ids)
        out += ")"
      case .cube(let ids):
        out += "CUBE("
        write(ids)
        out += ")"
      case .sets(let sets):
        out += "GROUPING SETS ("
        write(sets)
        out += ")"
      }
    }
  }

  // MARK: FROM

  mutating func write(_ id: FromID) {
    let item = arena[id]
    switch item.kind {
    case .relation(let name, let includesDescendants):
      if !includesDescendants { out += "ONLY " }
      out += quoteQualified(name.parts)
      write(item.alias)
    case .subquery(let query, let isLateral):
      if isLateral { out += "LATERAL " }
      parenthesised { $0.write(query) }
      write(item.alias)
    case .function(let function): write(function, item.alias)
    case .join(let join):
      parenthesised { $0.write(join) }
      write(item.alias)
    case .tableSample(let sample):
      write(sample.item)
      out += " TABLESAMPLE \(quoteQualified(sample.method))("
      write(sample.arguments)
      out += ")"
      if let seed = sample.repeatable {
        out += " REPEATABLE ("
        write(seed)
        out += ")"
      }
    }
  }

  private mutating func write(_ alias: Alias?) {
    guard let alias else { return }
    out += " AS " + quoteIdentifier(alias.name)
    write(columns: alias.columns)
  }

  private mutating func write(_ join: Join) {
    write(join.left)
    let isCross = join.condition == nil && join.using.isEmpty && !join.isNatural
    if isCross {
      out += " CROSS JOIN "
    } else {
      if join.isNatural { out += " NATURAL" }
      out += join.kind == .inner ? " JOIN " : " \(join.kind.rawValue) JOIN "
    }
    write(join.right)
    if !join.using.isEmpty {
      out += " USING"
      write(columns: join.using)
      write(join.usingAlias)
    }
    if let condition = join.condition {
      out += " ON "
      write(condition)
    }
  }

  private mutating func write(_ function: RangeFunction, _ alias: Alias?) {
    if function.isLateral { out += "LATERAL " }
    if function.isRowsFrom { out += "ROWS FROM(" }
    for (index, item) in function.functions.enumerated() {
      if index > 0 { out += ", " }
      write(item.call)
      if !item.columns.isEmpty {
        out += " AS "
        write(definitions: item.columns)
      }
    }
    if function.isRowsFrom { out += ")" }
    if function.withOrdinality { out += " WITH ORDINALITY" }
    if !function.columns.isEmpty {
      out += " AS "
      if let alias { out += quoteIdentifier(alias.name) }
      write(definitions: function.columns)
    } else {
      write(alias)
    }
  }

  private mutating func write(definitions: [ColumnDefinition]) {
    out += "("
    for (index, column) in definitions.enumerated() {
      if index > 0 { out += ", " }
      out += quoteIdentifier(column.name)
      if let type = column.type {
        out += " "
        write(type)
      }
      if let collation = column.collation { out += " COLLATE " + quoteQualified(collation) }
    }
    out += ")"
  }

  // MARK: types

  mutating func write(_ type: TypeName) {
    if type.isSetOf { out += "SETOF " }
    let modifiers = type.modifiers.map { expression($0) }
    if let spelled = Self.spelling(type, modifiers, intervalMask(type)) {
      out += spelled
    } else {
      out += quoteQualified(type.names)
      if !modifiers.isEmpty { out += "(" + modifiers.joined(separator: ", ") + ")" }
    }
    if type.isColumnType { out += "%TYPE" }
    for bound in type.arrayBounds { out += bound < 0 ? "[]" : "[\(bound)]" }
  }

  private func intervalMask(_ type: TypeName) -> Int64? {
    guard let first = type.modifiers.first, case .constant(.integer(let mask)) = arena[first].kind else { return nil }
    return mask
  }

  /// SQL's spelling of a type that the grammar qualified with pg_catalog; nil for any other.
  private static func spelling(_ type: TypeName, _ modifiers: [String], _ mask: Int64?) -> String? {
    guard type.names.count == 2, type.names[0] == "pg_catalog" else { return nil }
    let list = modifiers.isEmpty ? "" : "(" + modifiers.joined(separator: ",") + ")"
    switch type.name {
    case "int2": return "smallint"
    case "int4": return "integer"
    case "int8": return "bigint"
    case "float4": return "real"
    case "float8": return "double precision"
    case "bool": return "boolean"
    case "numeric": return "numeric" + list
    case "varchar": return "character varying" + list
    case "bpchar": return modifiers.isEmpty ? nil : "character" + list
    case "timestamp": return "timestamp\(list) without time zone"
    case "timestamptz": return "timestamp\(list) with time zone"
    case "time": return "time\(list) without time zone"
    case "timetz": return "time\(list) with time zone"
    case "bit": return "bit" + list
    case "varbit": return "bit varying" + list
    case "interval": return interval(modifiers, mask)
    default: return nil
    }
  }

  /// INTERVAL with its fields, from the mask of PostgreSQL's timestamp.h.
  private static func interval(_ modifiers: [String], _ mask: Int64?) -> String {
    guard let mask else { return "interval" }
    let precision = modifiers.count > 1 ? "(\(modifiers[1]))" : ""
    switch mask {
    case 0x4: return "interval year"
    case 0x2: return "interval month"
    case 0x8: return "interval day"
    case 0x400: return "interval hour"
    case 0x800: return "interval minute"
    case 0x1000: return "interval second" + precision
    case 0x6: return "interval year to month"
    case 0x408: return "interval day to hour"
    case 0xC08: return "interval day to minute"
    case 0x1C08: return "interval day to second" + precision
    case 0xC00: return "interval hour to minute"
    case 0x1C00: return "interval hour to second" + precision
    case 0x1800: return "interval minute to second" + precision
    default: return "interval" + precision
    }
  }
}
