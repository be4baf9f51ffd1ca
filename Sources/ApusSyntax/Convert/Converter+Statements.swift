// Converter+Statements owns the dispatch over statements and the conversion of those that read and change rows.
import ApusBase
import CPgQuery

extension Converter {
  /// A statement, added to the arena.
  mutating func statement(_ node: Node?) throws -> StatementID {
    guard let node else { throw ApusError.unexpected("the parser gave no statement") }
    try enter()
    defer { leave() }
    return arena.add(try form(node))
  }

  private mutating func form(_ node: Node) throws -> Statement {
    switch node.pointee.node_case {
    case PG_QUERY__NODE__NODE_SELECT_STMT: return try select(node.pointee.select_stmt)
    case PG_QUERY__NODE__NODE_INSERT_STMT: return .insert(try insert(node.pointee.insert_stmt))
    case PG_QUERY__NODE__NODE_UPDATE_STMT: return .update(try update(node.pointee.update_stmt))
    case PG_QUERY__NODE__NODE_DELETE_STMT: return .delete(try delete(node.pointee.delete_stmt))
    case PG_QUERY__NODE__NODE_COPY_STMT: return .copy(try copy(node.pointee.copy_stmt))
    case PG_QUERY__NODE__NODE_TRUNCATE_STMT:
      let truncate: UnsafeMutablePointer<PgQuery__TruncateStmt> = node.pointee.truncate_stmt
      return .truncate(
        Truncate(
          tables: relations(truncate.pointee.relations, truncate.pointee.n_relations),
          restartsIdentity: truncate.pointee.restart_seqs != 0,
          cascade: truncate.pointee.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE))
    default: break
    }
    if let session = try sessionStatement(node) { return session }
    if let definition = try definitionStatement(node) { return definition }
    if let access = try accessStatement(node) { return access }
    return .other(kind: try commandTag(node))
  }

  // MARK: SELECT

  private mutating func select(_ select: SelectMessage) throws -> Statement {
    // INTO stands in the leftmost SELECT of a set operation.
    var leftmost = select
    while let left = leftmost.pointee.larg { leftmost = left }
    guard let into = leftmost.pointee.into_clause, depth == 1 else { return .select(try query(select)) }
    allowedInto = into.pointee.rel
    let source = try query(select)
    return .createTableAs(try createTableAs(into, .query(source), isSelectInto: true))
  }

  // MARK: INSERT, UPDATE, DELETE

  private mutating func insert(_ insert: UnsafeMutablePointer<PgQuery__InsertStmt>) throws -> Insert {
    let with = try insert.pointee.with_clause.map { try withClause($0) }
    let source = try insert.pointee.select_stmt.map { try query($0) }
    let overriding: Insert.Overriding =
      switch insert.pointee.override {
      case PG_QUERY__OVERRIDING_KIND__OVERRIDING_USER_VALUE: .userValue
      case PG_QUERY__OVERRIDING_KIND__OVERRIDING_SYSTEM_VALUE: .systemValue
      default: .none
      }
    let relation: UnsafeMutablePointer<PgQuery__RangeVar>? = insert.pointee.relation
    return Insert(
      with: with, table: qualifiedName(relation), alias: alias(relation?.pointee.alias)?.name,
      columns: try insertColumns(insert.pointee.cols, insert.pointee.n_cols), source: source, overriding: overriding,
      onConflict: try insert.pointee.on_conflict_clause.map { try onConflict($0) },
      returning: try targets(insert.pointee.returning_list, insert.pointee.n_returning_list))
  }

  private mutating func insertColumns(_ start: NodeArray?, _ count: Int) throws -> [Insert.Column] {
    var columns: [Insert.Column] = []
    columns.reserveCapacity(count)
    for node in nodes(start, count) {
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_RES_TARGET, let target = node.pointee.res_target
      else { continue }
      columns.append(try insertColumn(target))
    }
    return columns
  }

  private mutating func insertColumn(_ target: UnsafeMutablePointer<PgQuery__ResTarget>) throws -> Insert.Column {
    Insert.Column(
      name: text(target.pointee.name),
      indirection: try indirectionSteps(target.pointee.indirection, target.pointee.n_indirection),
      position: position(target.pointee.location))
  }

  private mutating func onConflict(_ clause: UnsafeMutablePointer<PgQuery__OnConflictClause>) throws -> OnConflict {
    var arbiter = OnConflict.Arbiter.none
    if let infer = clause.pointee.infer {
      if let name = optionalText(infer.pointee.conname) {
        arbiter = .constraint(name)
      } else {
        arbiter = .columns(
          try indexElements(infer.pointee.index_elems, infer.pointee.n_index_elems),
          filter: try optionalExpression(infer.pointee.where_clause))
      }
    }
    let updates = clause.pointee.action == PG_QUERY__ON_CONFLICT_ACTION__ONCONFLICT_UPDATE
    return OnConflict(
      arbiter: arbiter,
      update: updates ? try assignments(clause.pointee.target_list, clause.pointee.n_target_list) : nil,
      filter: try optionalExpression(clause.pointee.where_clause), position: position(clause.pointee.location))
  }

  /// SET items. Those of `(a, b) = source` arrive one a column, each referring to the same source.
  private mutating func assignments(_ start: NodeArray?, _ count: Int) throws -> [Assignment] {
    var result: [Assignment] = []
    result.reserveCapacity(count)
    var remaining = 0
    for node in nodes(start, count) {
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_RES_TARGET, let target = node.pointee.res_target
      else { continue }
      let column = try insertColumn(target)
      if let value = target.pointee.val, value.pointee.node_case == PG_QUERY__NODE__NODE_MULTI_ASSIGN_REF,
        let reference = value.pointee.multi_assign_ref
      {
        if remaining > 0, !result.isEmpty {
          result[result.count - 1].columns.append(column)
          remaining -= 1
        } else {
          result.append(
            Assignment(
              columns: [column], value: try expression(reference.pointee.source), isMultiple: true,
              position: column.position))
          remaining = Int(reference.pointee.ncolumns) - 1
        }
      } else {
        result.append(
          Assignment(
            columns: [column], value: try expression(target.pointee.val), isMultiple: false,
            position: column.position))
      }
    }
    return result
  }

  private mutating func update(_ update: UnsafeMutablePointer<PgQuery__UpdateStmt>) throws -> Update {
    let relation: UnsafeMutablePointer<PgQuery__RangeVar>? = update.pointee.relation
    return Update(
      with: try update.pointee.with_clause.map { try withClause($0) }, table: qualifiedName(relation),
      includesDescendants: relation?.pointee.inh != 0, alias: alias(relation?.pointee.alias),
      assignments: try assignments(update.pointee.target_list, update.pointee.n_target_list),
      from: try fromItems(update.pointee.from_clause, update.pointee.n_from_clause),
      filter: try optionalExpression(update.pointee.where_clause),
      returning: try targets(update.pointee.returning_list, update.pointee.n_returning_list))
  }

  private mutating func delete(_ delete: UnsafeMutablePointer<PgQuery__DeleteStmt>) throws -> Delete {
    let relation: UnsafeMutablePointer<PgQuery__RangeVar>? = delete.pointee.relation
    return Delete(
      with: try delete.pointee.with_clause.map { try withClause($0) }, table: qualifiedName(relation),
      includesDescendants: relation?.pointee.inh != 0, alias: alias(relation?.pointee.alias),
      using: try fromItems(delete.pointee.using_clause, delete.pointee.n_using_clause),
      filter: try optionalExpression(delete.pointee.where_clause),
      returning: try targets(delete.pointee.returning_list, delete.pointee.n_returning_list))
  }

  // MARK: COPY

  private mutating func copy(_ copy: UnsafeMutablePointer<PgQuery__CopyStmt>) throws -> Copy {
    let source: Copy.Source
    if let query = copy.pointee.query {
      source = .statement(try statement(query))
    } else {
      source = .table(qualifiedName(copy.pointee.relation))
    }
    let endpoint: Copy.Endpoint
    if let file = optionalText(copy.pointee.filename) {
      endpoint = copy.pointee.is_program != 0 ? .program(file) : .file(file)
    } else {
      endpoint = .client
    }
    return Copy(
      source: source, columns: strings(copy.pointee.attlist, copy.pointee.n_attlist),
      isFrom: copy.pointee.is_from != 0, endpoint: endpoint,
      options: try options(copy.pointee.options, copy.pointee.n_options),
      filter: try optionalExpression(copy.pointee.where_clause))
  }
}
