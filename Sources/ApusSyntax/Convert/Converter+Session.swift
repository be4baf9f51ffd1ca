// Converter+Session owns the conversion of statements that steer a session: transactions, settings, prepared
// statements, cursors, notifications and maintenance.
import ApusBase
import CPgQuery

extension Converter {
  /// The statement when it is one of these, else nil.
  mutating func sessionStatement(_ node: Node) throws -> Statement? {
    switch node.pointee.node_case {
    case PG_QUERY__NODE__NODE_TRANSACTION_STMT: return .transaction(try transaction(node.pointee.transaction_stmt))
    case PG_QUERY__NODE__NODE_VARIABLE_SET_STMT: return .setVariable(try setVariable(node.pointee.variable_set_stmt))
    case PG_QUERY__NODE__NODE_VARIABLE_SHOW_STMT:
      return .showVariable(text(node.pointee.variable_show_stmt.pointee.name))
    case PG_QUERY__NODE__NODE_EXPLAIN_STMT:
      let explain: UnsafeMutablePointer<PgQuery__ExplainStmt> = node.pointee.explain_stmt
      return .explain(
        Explain(
          statement: try statement(explain.pointee.query),
          options: try options(explain.pointee.options, explain.pointee.n_options)))
    case PG_QUERY__NODE__NODE_PREPARE_STMT: return .prepare(try prepare(node.pointee.prepare_stmt))
    case PG_QUERY__NODE__NODE_EXECUTE_STMT:
      let execute: UnsafeMutablePointer<PgQuery__ExecuteStmt> = node.pointee.execute_stmt
      return .execute(
        Execute(
          name: text(execute.pointee.name),
          arguments: try expressions(execute.pointee.params, execute.pointee.n_params)))
    case PG_QUERY__NODE__NODE_DEALLOCATE_STMT:
      return .deallocate(optionalText(node.pointee.deallocate_stmt.pointee.name))
    case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT:
      return .declareCursor(try declareCursor(node.pointee.declare_cursor_stmt))
    case PG_QUERY__NODE__NODE_FETCH_STMT: return .fetch(fetch(node.pointee.fetch_stmt))
    case PG_QUERY__NODE__NODE_CLOSE_PORTAL_STMT:
      return .closeCursor(optionalText(node.pointee.close_portal_stmt.pointee.portalname))
    case PG_QUERY__NODE__NODE_CALL_STMT:
      guard let function = node.pointee.call_stmt.pointee.funccall else { return nil }
      return .call(try call(function))
    default: return try maintenanceStatement(node)
    }
  }

  private mutating func maintenanceStatement(_ node: Node) throws -> Statement? {
    switch node.pointee.node_case {
    case PG_QUERY__NODE__NODE_DISCARD_STMT:
      let target: Discard =
        switch node.pointee.discard_stmt.pointee.target {
        case PG_QUERY__DISCARD_MODE__DISCARD_PLANS: .plans
        case PG_QUERY__DISCARD_MODE__DISCARD_SEQUENCES: .sequences
        case PG_QUERY__DISCARD_MODE__DISCARD_TEMP: .temporary
        default: .all
        }
      return .discard(target)
    case PG_QUERY__NODE__NODE_LISTEN_STMT: return .listen(text(node.pointee.listen_stmt.pointee.conditionname))
    case PG_QUERY__NODE__NODE_UNLISTEN_STMT:
      return .unlisten(optionalText(node.pointee.unlisten_stmt.pointee.conditionname))
    case PG_QUERY__NODE__NODE_NOTIFY_STMT:
      let notify: UnsafeMutablePointer<PgQuery__NotifyStmt> = node.pointee.notify_stmt
      return .notify(channel: text(notify.pointee.conditionname), payload: text(notify.pointee.payload))
    case PG_QUERY__NODE__NODE_CHECK_POINT_STMT: return .checkpoint
    case PG_QUERY__NODE__NODE_VACUUM_STMT: return .vacuum(try vacuum(node.pointee.vacuum_stmt))
    case PG_QUERY__NODE__NODE_DO_STMT:
      let block: UnsafeMutablePointer<PgQuery__DoStmt> = node.pointee.do_stmt
      let parts = try options(block.pointee.args, block.pointee.n_args)
      return .do(
        language: parts.last { $0.name == "language" }?.text, body: parts.last { $0.name == "as" }?.text ?? "")
    default: return nil
    }
  }

  // MARK: transactions

  private mutating func transaction(
    _ statement: UnsafeMutablePointer<PgQuery__TransactionStmt>
  ) throws -> TransactionCommand {
    let name = text(statement.pointee.savepoint_name)
    let chain = statement.pointee.chain != 0
    switch statement.pointee.kind {
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_BEGIN, PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START:
      let modes = transactionModes(try options(statement.pointee.options, statement.pointee.n_options))
      return .begin(
        modes, isStart: statement.pointee.kind == PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_START)
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT: return .commit(andChain: chain)
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK: return .rollback(andChain: chain)
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_SAVEPOINT: return .savepoint(name)
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_RELEASE: return .release(name)
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_TO: return .rollbackTo(name)
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_PREPARE: return .prepareTransaction(text(statement.pointee.gid))
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_COMMIT_PREPARED:
      return .commitPrepared(text(statement.pointee.gid))
    case PG_QUERY__TRANSACTION_STMT_KIND__TRANS_STMT_ROLLBACK_PREPARED:
      return .rollbackPrepared(text(statement.pointee.gid))
    default: throw ApusError.unexpected("unknown transaction statement")
    }
  }

  private func transactionModes(_ options: [StatementOption]) -> TransactionModes {
    var modes = TransactionModes()
    for option in options {
      switch option.name {
      case "transaction_isolation": modes.isolation = option.text.flatMap { .init(rawValue: $0) }
      case "transaction_read_only": modes.isReadOnly = option.integer.map { $0 != 0 }
      case "transaction_deferrable": modes.isDeferrable = option.integer.map { $0 != 0 }
      default: break
      }
    }
    return modes
  }

  // MARK: settings

  mutating func setVariable(_ statement: UnsafeMutablePointer<PgQuery__VariableSetStmt>) throws -> SetVariable {
    let name = text(statement.pointee.name)
    let action: SetVariable.Action
    switch statement.pointee.kind {
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_DEFAULT: action = .toDefault
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_CURRENT: action = .fromCurrent
    case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET: action = .reset
    case PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL: action = .resetAll
    case PG_QUERY__VARIABLE_SET_KIND__VAR_SET_MULTI:
      if name == "TRANSACTION SNAPSHOT" {
        action = .snapshot(try settingValues(statement).first?.text ?? "")
      } else {
        let modes = transactionModes(try options(statement.pointee.args, statement.pointee.n_args))
        action = .transaction(modes, isSession: name.hasPrefix("SESSION"))
      }
    default: action = .set(try settingValues(statement))
    }
    return SetVariable(name: name, action: action, isLocal: statement.pointee.is_local != 0)
  }

  private mutating func settingValues(
    _ statement: UnsafeMutablePointer<PgQuery__VariableSetStmt>
  ) throws -> [SetVariable.Value] {
    try nodes(statement.pointee.args, statement.pointee.n_args).compactMap { node in
      guard let node else { return nil }
      switch node.pointee.node_case {
      case PG_QUERY__NODE__NODE_A_CONST:
        switch constant(node.pointee.a_const) {
        case .integer(let value): return .integer(value)
        case .numeric(let value): return .numeric(value)
        case .string(let value), .bitString(let value): return .string(value)
        case .boolean(let value): return .word(value ? "true" : "false")
        case .null: return .word("null")
        }
      case PG_QUERY__NODE__NODE_TYPE_CAST:
        // SET TIME ZONE INTERVAL '...' with optional fields, whose mask is the type's first modifier.
        guard let argument = node.pointee.type_cast.pointee.arg,
          argument.pointee.node_case == PG_QUERY__NODE__NODE_A_CONST,
          case .string(let value) = constant(argument.pointee.a_const)
        else { return nil }
        let type = try typeName(node.pointee.type_cast.pointee.type_name)
        return .interval(value + intervalFields(type))
      default: return nil
      }
    }
  }

  /// The unit that an interval's fields imply for a bare number, as a suffix: `'-8' HOUR TO MINUTE` means hours.
  private func intervalFields(_ type: TypeName) -> String {
    guard let first = type.modifiers.first, case .constant(.integer(let mask)) = arena[first].kind else { return "" }
    switch mask {
    case 1 << 10: return " hour"
    default: return ""
    }
  }

  // MARK: prepared statements and cursors

  private mutating func prepare(_ statement: UnsafeMutablePointer<PgQuery__PrepareStmt>) throws -> Prepare {
    var types: [TypeName] = []
    for node in nodes(statement.pointee.argtypes, statement.pointee.n_argtypes) {
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_TYPE_NAME else { continue }
      types.append(try typeName(node.pointee.type_name))
    }
    return Prepare(
      name: text(statement.pointee.name), parameterTypes: types, statement: try self.statement(statement.pointee.query))
  }

  private mutating func declareCursor(
    _ cursor: UnsafeMutablePointer<PgQuery__DeclareCursorStmt>
  ) throws -> DeclareCursor {
    // CURSOR_OPT_ bits of PostgreSQL's parsenodes.h.
    let bits = cursor.pointee.options
    let scrolls: Bool? = bits & 0x2 != 0 ? true : bits & 0x4 != 0 ? false : nil
    return DeclareCursor(
      name: text(cursor.pointee.portalname), query: try query(cursor.pointee.query), isBinary: bits & 0x1 != 0,
      isScrollable: scrolls, isInsensitive: bits & 0x8 != 0, isHoldable: bits & 0x20 != 0)
  }

  private func fetch(_ fetch: UnsafeMutablePointer<PgQuery__FetchStmt>) -> Fetch {
    let direction: Fetch.Direction =
      switch fetch.pointee.direction {
      case PG_QUERY__FETCH_DIRECTION__FETCH_BACKWARD: .backward
      case PG_QUERY__FETCH_DIRECTION__FETCH_ABSOLUTE: .absolute
      case PG_QUERY__FETCH_DIRECTION__FETCH_RELATIVE: .relative
      default: .forward
      }
    return Fetch(
      cursor: text(fetch.pointee.portalname), direction: direction, count: fetch.pointee.how_many,
      isMove: fetch.pointee.ismove != 0)
  }

  // MARK: maintenance

  private mutating func vacuum(_ statement: UnsafeMutablePointer<PgQuery__VacuumStmt>) throws -> Vacuum {
    let relations = nodes(statement.pointee.rels, statement.pointee.n_rels).compactMap { node -> Vacuum.Relation? in
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_VACUUM_RELATION,
        let relation = node.pointee.vacuum_relation
      else { return nil }
      return Vacuum.Relation(
        name: qualifiedName(relation.pointee.relation),
        columns: strings(relation.pointee.va_cols, relation.pointee.n_va_cols))
    }
    return Vacuum(
      isVacuum: statement.pointee.is_vacuumcmd != 0, relations: relations,
      options: try options(statement.pointee.options, statement.pointee.n_options))
  }
}
