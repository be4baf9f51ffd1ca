// Converter+Query owns the conversion of SELECT, VALUES, set operations and FROM clauses. Left-deep runs of set
// operations are walked by a loop.
import ApusBase
import CPgQuery

typealias SelectMessage = UnsafeMutablePointer<PgQuery__SelectStmt>

extension Converter {
  mutating func query(_ node: Node?) throws -> QueryID {
    guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_SELECT_STMT, let select = node.pointee.select_stmt
    else { throw ApusError.unexpected("the parser gave no query") }
    return try query(select)
  }

  mutating func query(_ select: SelectMessage) throws -> QueryID {
    try enter()
    defer { leave() }
    var result = Query(try body(select))
    if let with = select.pointee.with_clause { result.with = try withClause(with) }
    result.orderBy = try sortItems(select.pointee.sort_clause, select.pointee.n_sort_clause)
    result.limit = try optionalExpression(select.pointee.limit_count)
    result.offset = try optionalExpression(select.pointee.limit_offset)
    result.withTies = select.pointee.limit_option == PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_WITH_TIES
    result.locking = locking(select.pointee.locking_clause, select.pointee.n_locking_clause)
    return arena.add(result)
  }

  private mutating func body(_ select: SelectMessage) throws -> Query.Body {
    if isSetOperation(select) { return try setOperation(select) }
    if select.pointee.n_values_lists > 0 {
      var rows: [[ExprID]] = []
      rows.reserveCapacity(select.pointee.n_values_lists)
      for node in nodes(select.pointee.values_lists, select.pointee.n_values_lists) {
        guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_LIST, let list = node.pointee.list else {
          throw ApusError.unexpected("VALUES without a list")
        }
        rows.append(try expressions(list.pointee.items, list.pointee.n_items))
      }
      return .values(rows)
    }
    return .select(try selectCore(select))
  }

  private func isSetOperation(_ select: SelectMessage) -> Bool {
    switch select.pointee.op {
    case PG_QUERY__SET_OPERATION__SETOP_UNION, PG_QUERY__SET_OPERATION__SETOP_INTERSECT,
      PG_QUERY__SET_OPERATION__SETOP_EXCEPT:
      true
    default: false
    }
  }

  /// Clauses that belong to a whole query keep it from being spliced into its parent's run.
  private func hasOwnClauses(_ select: SelectMessage) -> Bool {
    let query = select.pointee
    return query.n_sort_clause > 0 || query.limit_count != nil || query.limit_offset != nil
      || query.with_clause != nil || query.n_locking_clause > 0
  }

  private mutating func setOperation(_ top: SelectMessage) throws -> Query.Body {
    var spine: [SelectMessage] = []
    var current = top
    while true {
      spine.append(current)
      guard let left = current.pointee.larg else { throw ApusError.unexpected("a set operation without operands") }
      guard isSetOperation(left), !hasOwnClauses(left) else { break }
      current = left
    }
    guard let leftmost = spine.last?.pointee.larg else {
      throw ApusError.unexpected("a set operation without operands")
    }
    let first = try query(leftmost)
    var rest: [SetOperand] = []
    rest.reserveCapacity(spine.count)
    for select in spine.reversed() {
      guard let right = select.pointee.rarg else { throw ApusError.unexpected("a set operation without operands") }
      let operation: SetOperand.Operation =
        switch select.pointee.op {
        case PG_QUERY__SET_OPERATION__SETOP_INTERSECT: .intersect
        case PG_QUERY__SET_OPERATION__SETOP_EXCEPT: .except
        default: .union
        }
      rest.append(SetOperand(operation: operation, isAll: select.pointee.all != 0, query: try query(right)))
    }
    return .setOperation(first: first, rest: rest)
  }

  private mutating func selectCore(_ select: SelectMessage) throws -> Select {
    if let into = select.pointee.into_clause, into.pointee.rel != allowedInto {
      throw ApusError(
        .syntaxError, "SELECT ... INTO is not allowed here",
        position: into.pointee.rel.flatMap { position($0.pointee.location) })
    }
    var core = Select()
    let distinct = nodes(select.pointee.distinct_clause, select.pointee.n_distinct_clause)
    if !distinct.isEmpty {
      // Plain DISTINCT is a list of one empty node.
      let isPlain = distinct.count == 1 && isEmpty(distinct[0])
      core.distinct =
        isPlain
        ? .all : .on(try expressions(select.pointee.distinct_clause, select.pointee.n_distinct_clause))
    }
    core.targets = try targets(select.pointee.target_list, select.pointee.n_target_list)
    core.from = try fromItems(select.pointee.from_clause, select.pointee.n_from_clause)
    core.filter = try optionalExpression(select.pointee.where_clause)
    core.groupBy = try groupItems(select.pointee.group_clause, select.pointee.n_group_clause)
    core.groupByIsDistinct = select.pointee.group_distinct != 0
    core.having = try optionalExpression(select.pointee.having_clause)
    for node in nodes(select.pointee.window_clause, select.pointee.n_window_clause) {
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_WINDOW_DEF, let window = node.pointee.window_def
      else { continue }
      core.windows.append(try windowDefinition(window))
    }
    return core
  }

  private func isEmpty(_ node: Node?) -> Bool {
    guard let node else { return true }
    return node.pointee.node_case == PG_QUERY__NODE__NODE__NOT_SET
  }

  mutating func targets(_ start: NodeArray?, _ count: Int) throws -> [Target] {
    var result: [Target] = []
    result.reserveCapacity(count)
    for node in nodes(start, count) {
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_RES_TARGET, let target = node.pointee.res_target
      else { throw ApusError.unexpected("the parser gave no select item") }
      result.append(
        Target(
          alias: optionalText(target.pointee.name), expression: try expression(target.pointee.val),
          position: position(target.pointee.location)))
    }
    return result
  }

  // MARK: GROUP BY, ORDER BY, WINDOW

  private mutating func groupItems(_ start: NodeArray?, _ count: Int) throws -> [GroupItem] {
    var items: [GroupItem] = []
    items.reserveCapacity(count)
    for node in nodes(start, count) {
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_GROUPING_SET, let set = node.pointee.grouping_set
      else {
        items.append(.expression(try expression(node)))
        continue
      }
      try enter()
      switch set.pointee.kind {
      case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_EMPTY: items.append(.empty)
      case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_ROLLUP:
        items.append(.rollup(try expressions(set.pointee.content, set.pointee.n_content)))
      case PG_QUERY__GROUPING_SET_KIND__GROUPING_SET_CUBE:
        items.append(.cube(try expressions(set.pointee.content, set.pointee.n_content)))
      default: items.append(.sets(try groupItems(set.pointee.content, set.pointee.n_content)))
      }
      leave()
    }
    return items
  }

  mutating func sortItems(_ start: NodeArray?, _ count: Int) throws -> [SortItem] {
    if count == 0 { return [] }
    var items: [SortItem] = []
    items.reserveCapacity(count)
    for node in nodes(start, count) {
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_SORT_BY, let sort = node.pointee.sort_by else {
        throw ApusError.unexpected("the parser gave no sort item")
      }
      var item = SortItem(expression: try expression(sort.pointee.node))
      switch sort.pointee.sortby_dir {
      case PG_QUERY__SORT_BY_DIR__SORTBY_ASC: item.direction = .ascending
      case PG_QUERY__SORT_BY_DIR__SORTBY_DESC: item.direction = .descending
      case PG_QUERY__SORT_BY_DIR__SORTBY_USING:
        item.direction = .using(operatorName(sort.pointee.use_op, sort.pointee.n_use_op))
      default: break
      }
      item.nulls = nulls(sort.pointee.sortby_nulls)
      item.position = position(sort.pointee.location) ?? arena[item.expression].position
      items.append(item)
    }
    return items
  }

  func nulls(_ order: PgQuery__SortByNulls) -> SortItem.Nulls {
    switch order {
    case PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST: .first
    case PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST: .last
    default: .unspecified
    }
  }

  mutating func windowReference(_ window: UnsafeMutablePointer<PgQuery__WindowDef>) throws -> WindowReference {
    if let name = optionalText(window.pointee.name) {
      return .named(name, position: position(window.pointee.location))
    }
    return .definition(try windowDefinition(window))
  }

  mutating func windowDefinition(_ window: UnsafeMutablePointer<PgQuery__WindowDef>) throws -> WindowDefinition {
    var definition = WindowDefinition()
    definition.name = optionalText(window.pointee.name)
    definition.base = optionalText(window.pointee.refname)
    definition.partitionBy = try expressions(window.pointee.partition_clause, window.pointee.n_partition_clause)
    definition.orderBy = try sortItems(window.pointee.order_clause, window.pointee.n_order_clause)
    definition.frame = try frame(window)
    definition.position = position(window.pointee.location)
    return definition
  }

  /// The frame, from the FRAMEOPTION_ bits of PostgreSQL's parsenodes.h.
  private mutating func frame(_ window: UnsafeMutablePointer<PgQuery__WindowDef>) throws -> WindowFrame {
    let bits = window.pointee.frame_options
    var frame = WindowFrame()
    guard bits & 0x1 != 0 else { return frame }
    frame.isDefault = false
    frame.mode = bits & 0x4 != 0 ? .rows : bits & 0x8 != 0 ? .groups : .range
    let start = try optionalExpression(window.pointee.start_offset)
    let end = try optionalExpression(window.pointee.end_offset)
    if bits & 0x20 != 0 {
      frame.start = .unboundedPreceding
    } else if bits & 0x80 != 0 {
      frame.start = .unboundedFollowing
    } else if bits & 0x800 != 0, let start {
      frame.start = .preceding(start)
    } else if bits & 0x2000 != 0, let start {
      frame.start = .following(start)
    } else {
      frame.start = .currentRow
    }
    if bits & 0x40 != 0 {
      frame.end = .unboundedPreceding
    } else if bits & 0x100 != 0 {
      frame.end = .unboundedFollowing
    } else if bits & 0x1000 != 0, let end {
      frame.end = .preceding(end)
    } else if bits & 0x4000 != 0, let end {
      frame.end = .following(end)
    } else {
      frame.end = .currentRow
    }
    frame.exclusion =
      bits & 0x8000 != 0 ? .currentRow : bits & 0x10000 != 0 ? .group : bits & 0x20000 != 0 ? .ties : .noOthers
    return frame
  }

  // MARK: WITH and locking

  mutating func withClause(_ with: UnsafeMutablePointer<PgQuery__WithClause>) throws -> WithClause {
    var tables: [CommonTable] = []
    for node in nodes(with.pointee.ctes, with.pointee.n_ctes) {
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_COMMON_TABLE_EXPR,
        let table = node.pointee.common_table_expr, let inner = table.pointee.ctequery
      else { throw ApusError.unexpected("WITH without a query") }
      let body: CommonTable.Body =
        inner.pointee.node_case == PG_QUERY__NODE__NODE_SELECT_STMT
        ? .query(try query(inner)) : .statement(try statement(inner))
      let materialized: CommonTable.Materialized =
        switch table.pointee.ctematerialized {
        case PG_QUERY__CTEMATERIALIZE__CTEMaterializeAlways: .always
        case PG_QUERY__CTEMATERIALIZE__CTEMaterializeNever: .never
        default: .unspecified
        }
      tables.append(
        CommonTable(
          name: text(table.pointee.ctename),
          columns: strings(table.pointee.aliascolnames, table.pointee.n_aliascolnames), body: body,
          materialized: materialized,
          hasSearchOrCycle: table.pointee.search_clause != nil || table.pointee.cycle_clause != nil,
          position: position(table.pointee.location)))
    }
    return WithClause(
      isRecursive: with.pointee.recursive != 0, tables: tables, position: position(with.pointee.location))
  }

  private func locking(_ start: NodeArray?, _ count: Int) -> [LockingClause] {
    nodes(start, count).compactMap { node in
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_LOCKING_CLAUSE,
        let clause = node.pointee.locking_clause
      else { return nil }
      let strength: LockingClause.Strength =
        switch clause.pointee.strength {
        case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORKEYSHARE: .keyShare
        case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORSHARE: .share
        case PG_QUERY__LOCK_CLAUSE_STRENGTH__LCS_FORNOKEYUPDATE: .noKeyUpdate
        default: .update
        }
      let wait: LockingClause.Wait =
        switch clause.pointee.wait_policy {
        case PG_QUERY__LOCK_WAIT_POLICY__LockWaitSkip: .skipLocked
        case PG_QUERY__LOCK_WAIT_POLICY__LockWaitError: .noWait
        default: .block
        }
      return LockingClause(
        strength: strength, relations: relations(clause.pointee.locked_rels, clause.pointee.n_locked_rels), wait: wait)
    }
  }

  // MARK: FROM

  func alias(_ alias: UnsafeMutablePointer<PgQuery__Alias>?) -> Alias? {
    guard let alias else { return nil }
    return Alias(
      name: text(alias.pointee.aliasname), columns: strings(alias.pointee.colnames, alias.pointee.n_colnames))
  }

  mutating func fromItems(_ start: NodeArray?, _ count: Int) throws -> [FromID] {
    var items: [FromID] = []
    items.reserveCapacity(count)
    for node in nodes(start, count) { items.append(try fromItem(node)) }
    return items
  }

  mutating func fromItem(_ node: Node?) throws -> FromID {
    guard let node else { throw ApusError.unexpected("the parser gave no FROM item") }
    try enter()
    defer { leave() }
    switch node.pointee.node_case {
    case PG_QUERY__NODE__NODE_RANGE_VAR:
      let variable: UnsafeMutablePointer<PgQuery__RangeVar> = node.pointee.range_var
      let name = qualifiedName(variable)
      let item = FromItem(
        .relation(name, includesDescendants: variable.pointee.inh != 0), alias: alias(variable.pointee.alias),
        position: name.position)
      return arena.add(item)
    case PG_QUERY__NODE__NODE_JOIN_EXPR: return try join(node.pointee.join_expr)
    case PG_QUERY__NODE__NODE_RANGE_SUBSELECT:
      let item: UnsafeMutablePointer<PgQuery__RangeSubselect> = node.pointee.range_subselect
      let kind = FromItem.Kind.subquery(
        try query(item.pointee.subquery), isLateral: item.pointee.lateral != 0)
      return arena.add(FromItem(kind, alias: alias(item.pointee.alias)))
    case PG_QUERY__NODE__NODE_RANGE_FUNCTION: return try rangeFunction(node.pointee.range_function)
    case PG_QUERY__NODE__NODE_RANGE_TABLE_SAMPLE:
      let sample: UnsafeMutablePointer<PgQuery__RangeTableSample> = node.pointee.range_table_sample
      let kind = FromItem.Kind.tableSample(
        TableSample(
          item: try fromItem(sample.pointee.relation),
          method: strings(sample.pointee.method, sample.pointee.n_method),
          arguments: try expressions(sample.pointee.args, sample.pointee.n_args),
          repeatable: try optionalExpression(sample.pointee.repeatable)))
      return arena.add(FromItem(kind, position: position(sample.pointee.location)))
    case PG_QUERY__NODE__NODE_RANGE_TABLE_FUNC:
      throw ApusError.unsupported("XMLTABLE is", position: position(node.pointee.range_table_func.pointee.location))
    default:
      throw ApusError.unsupported("this form of FROM item (grammar node \(node.pointee.node_case.rawValue)) is")
    }
  }

  private mutating func join(_ expr: UnsafeMutablePointer<PgQuery__JoinExpr>) throws -> FromID {
    let kind: Join.Kind =
      switch expr.pointee.jointype {
      case PG_QUERY__JOIN_TYPE__JOIN_LEFT: .left
      case PG_QUERY__JOIN_TYPE__JOIN_RIGHT: .right
      case PG_QUERY__JOIN_TYPE__JOIN_FULL: .full
      default: .inner
      }
    let left = try fromItem(expr.pointee.larg)
    let right = try fromItem(expr.pointee.rarg)
    let join = Join(
      kind: kind, left: left, right: right, isNatural: expr.pointee.is_natural != 0,
      using: strings(expr.pointee.using_clause, expr.pointee.n_using_clause),
      usingAlias: alias(expr.pointee.join_using_alias), condition: try optionalExpression(expr.pointee.quals))
    return arena.add(FromItem(.join(join), alias: alias(expr.pointee.alias), position: arena[left].position))
  }

  private mutating func rangeFunction(_ range: UnsafeMutablePointer<PgQuery__RangeFunction>) throws -> FromID {
    var functions: [RangeFunction.Item] = []
    for node in nodes(range.pointee.functions, range.pointee.n_functions) {
      // Each is a list of the call and its own column definitions.
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_LIST, let pair = node.pointee.list else {
        throw ApusError.unexpected("a function in FROM without a list")
      }
      let items = nodes(pair.pointee.items, pair.pointee.n_items)
      var columns: [ColumnDefinition] = []
      if items.count > 1, let list = items[1], list.pointee.node_case == PG_QUERY__NODE__NODE_LIST,
        let definitions = list.pointee.list
      {
        columns = try columnDefinitions(definitions.pointee.items, definitions.pointee.n_items)
      }
      functions.append(.init(call: try expression(items.first ?? nil), columns: columns))
    }
    let place = functions.first.flatMap { arena[$0.call].position }
    let item = RangeFunction(
      functions: functions, isLateral: range.pointee.lateral != 0, withOrdinality: range.pointee.ordinality != 0,
      isRowsFrom: range.pointee.is_rowsfrom != 0,
      columns: try columnDefinitions(range.pointee.coldeflist, range.pointee.n_coldeflist))
    return arena.add(FromItem(.function(item), alias: alias(range.pointee.alias), position: place))
  }
}
