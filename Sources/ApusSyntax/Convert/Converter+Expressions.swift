// Converter+Expressions owns the conversion of scalar expressions. Left-deep runs of operators and nested AND and OR
// are walked by loops; all other nesting counts against the depth limit.
import ApusBase
import CPgQuery

extension Converter {
  mutating func expressions(_ start: NodeArray?, _ count: Int) throws -> [ExprID] {
    if count == 0 { return [] }
    var result: [ExprID] = []
    result.reserveCapacity(count)
    for node in nodes(start, count) { result.append(try expression(node)) }
    return result
  }

  mutating func optionalExpression(_ node: Node?) throws -> ExprID? {
    try node.map { try expression($0) }
  }

  /// Any expression node.
  mutating func expression(_ node: Node?) throws -> ExprID {
    guard let node else { throw ApusError.unexpected("the parser gave no expression") }
    try enter()
    defer { leave() }
    switch node.pointee.node_case {
    case PG_QUERY__NODE__NODE_COLUMN_REF: return try column(node.pointee.column_ref)
    case PG_QUERY__NODE__NODE_A_CONST:
      let literal: UnsafeMutablePointer<PgQuery__AConst> = node.pointee.a_const
      return arena.add(.constant(constant(literal)), position: position(literal.pointee.location))
    case PG_QUERY__NODE__NODE_A_EXPR: return try operation(node)
    case PG_QUERY__NODE__NODE_FUNC_CALL: return try call(node.pointee.func_call)
    case PG_QUERY__NODE__NODE_TYPE_CAST: return try typeCast(node.pointee.type_cast)
    case PG_QUERY__NODE__NODE_BOOL_EXPR: return try boolean(node.pointee.bool_expr)
    case PG_QUERY__NODE__NODE_PARAM_REF: return try parameter(node.pointee.param_ref)
    case PG_QUERY__NODE__NODE_NULL_TEST:
      let test: UnsafeMutablePointer<PgQuery__NullTest> = node.pointee.null_test
      let negated = test.pointee.nulltesttype == PG_QUERY__NULL_TEST_TYPE__IS_NOT_NULL
      return arena.add(
        .nullTest(try expression(test.pointee.arg), isNegated: negated), position: position(test.pointee.location))
    default: return try rareExpression(node)
    }
  }

  private mutating func rareExpression(_ node: Node) throws -> ExprID {
    switch node.pointee.node_case {
    case PG_QUERY__NODE__NODE_CASE_EXPR: return try caseExpression(node.pointee.case_expr)
    case PG_QUERY__NODE__NODE_SUB_LINK: return try subquery(node.pointee.sub_link)
    case PG_QUERY__NODE__NODE_A_INDIRECTION: return try indirection(node.pointee.a_indirection)
    case PG_QUERY__NODE__NODE_COALESCE_EXPR, PG_QUERY__NODE__NODE_MIN_MAX_EXPR, PG_QUERY__NODE__NODE_A_ARRAY_EXPR,
      PG_QUERY__NODE__NODE_ROW_EXPR, PG_QUERY__NODE__NODE_GROUPING_FUNC:
      return try listExpression(node)
    case PG_QUERY__NODE__NODE_BOOLEAN_TEST: return try booleanTest(node.pointee.boolean_test)
    case PG_QUERY__NODE__NODE_SQLVALUE_FUNCTION: return try sqlValue(node.pointee.sqlvalue_function)
    case PG_QUERY__NODE__NODE_COLLATE_CLAUSE:
      let clause: UnsafeMutablePointer<PgQuery__CollateClause> = node.pointee.collate_clause
      let names = strings(clause.pointee.collname, clause.pointee.n_collname)
      return arena.add(
        .collate(try expression(clause.pointee.arg), names: names), position: position(clause.pointee.location))
    case PG_QUERY__NODE__NODE_SET_TO_DEFAULT:
      return arena.add(.default, position: position(node.pointee.set_to_default.pointee.location))
    case PG_QUERY__NODE__NODE_XML_EXPR:
      throw ApusError.unsupported("XML expressions are", position: position(node.pointee.xml_expr.pointee.location))
    case PG_QUERY__NODE__NODE_XML_SERIALIZE:
      throw ApusError.unsupported("XMLSERIALIZE is", position: position(node.pointee.xml_serialize.pointee.location))
    case PG_QUERY__NODE__NODE_CURRENT_OF_EXPR: throw ApusError.unsupported("WHERE CURRENT OF is")
    case PG_QUERY__NODE__NODE_NAMED_ARG_EXPR:
      throw ApusError(
        .syntaxError, "a named argument is not allowed here",
        position: position(node.pointee.named_arg_expr.pointee.location))
    default:
      throw ApusError.unsupported("this form of expression (grammar node \(node.pointee.node_case.rawValue)) is")
    }
  }

  // MARK: leaves

  private mutating func column(_ reference: UnsafeMutablePointer<PgQuery__ColumnRef>) throws -> ExprID {
    let fields = nodes(reference.pointee.fields, reference.pointee.n_fields)
    var names: [String] = []
    names.reserveCapacity(fields.count)
    var isStar = false
    for field in fields {
      if let name = string(field) { names.append(name) } else { isStar = true }
    }
    return arena.add(.column(names: names, isStar: isStar), position: position(reference.pointee.location))
  }

  func constant(_ literal: UnsafeMutablePointer<PgQuery__AConst>) -> Constant {
    if literal.pointee.isnull != 0 { return .null }
    switch literal.pointee.val_case {
    case PG_QUERY__A__CONST__VAL_IVAL: return .integer(Int64(literal.pointee.ival.pointee.ival))
    case PG_QUERY__A__CONST__VAL_FVAL:
      let digits = text(literal.pointee.fval.pointee.fval)
      return Int64(digits).map { .integer($0) } ?? .numeric(digits)
    case PG_QUERY__A__CONST__VAL_BOOLVAL: return .boolean(literal.pointee.boolval.pointee.boolval != 0)
    case PG_QUERY__A__CONST__VAL_SVAL: return .string(text(literal.pointee.sval.pointee.sval))
    case PG_QUERY__A__CONST__VAL_BSVAL: return .bitString(text(literal.pointee.bsval.pointee.bsval))
    default: return .null
    }
  }

  private mutating func parameter(_ reference: UnsafeMutablePointer<PgQuery__ParamRef>) throws -> ExprID {
    let number = Int(reference.pointee.number)
    let place = position(reference.pointee.location)
    // The wire protocol counts parameters in 16 bits.
    guard number >= 1, number <= Int(UInt16.max) else {
      throw ApusError(.undefinedParameter, "there is no parameter $\(number)", position: place)
    }
    parameterCount = max(parameterCount, number)
    return arena.add(.parameter(number), position: place)
  }

  private mutating func sqlValue(_ value: UnsafeMutablePointer<PgQuery__SQLValueFunction>) throws -> ExprID {
    let form: SQLValue? =
      switch value.pointee.op {
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_DATE: .currentDate
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME,
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME_N:
        .currentTime
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP,
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N:
        .currentTimestamp
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME,
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N:
        .localTime
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP,
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N:
        .localTimestamp
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_ROLE: .currentRole
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_USER: .currentUser
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_USER: .user
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_SESSION_USER: .sessionUser
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_CATALOG: .currentCatalog
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_SCHEMA: .currentSchema
      default: nil
      }
    guard let form else { throw ApusError.unexpected("unknown SQL value function") }
    let hasPrecision =
      switch value.pointee.op {
      case PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIME_N,
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_CURRENT_TIMESTAMP_N,
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIME_N,
        PG_QUERY__SQLVALUE_FUNCTION_OP__SVFOP_LOCALTIMESTAMP_N:
        true
      default: false
      }
    return arena.add(
      .sqlValue(form, precision: hasPrecision ? Int(value.pointee.typmod) : nil),
      position: position(value.pointee.location))
  }

  // MARK: Boolean forms

  private mutating func boolean(_ expr: UnsafeMutablePointer<PgQuery__BoolExpr>) throws -> ExprID {
    let place = position(expr.pointee.location)
    let operation = expr.pointee.boolop
    if operation == PG_QUERY__BOOL_EXPR_TYPE__NOT_EXPR {
      return arena.add(
        .not(try expression(nodes(expr.pointee.args, expr.pointee.n_args).first ?? nil)), position: place)
    }
    // Nested operands of the same kind are spliced in, in order, with a stack of what is left to visit.
    var operands: [ExprID] = []
    operands.reserveCapacity(expr.pointee.n_args)
    var waiting: [Node?] = nodes(expr.pointee.args, expr.pointee.n_args).reversed()
    while let next = waiting.popLast() {
      if let next, next.pointee.node_case == PG_QUERY__NODE__NODE_BOOL_EXPR,
        let inner = next.pointee.bool_expr, inner.pointee.boolop == operation
      {
        waiting.append(contentsOf: nodes(inner.pointee.args, inner.pointee.n_args).reversed())
      } else {
        operands.append(try expression(next))
      }
    }
    let isAnd = operation == PG_QUERY__BOOL_EXPR_TYPE__AND_EXPR
    return arena.add(isAnd ? .and(operands) : .or(operands), position: place)
  }

  private mutating func booleanTest(_ test: UnsafeMutablePointer<PgQuery__BooleanTest>) throws -> ExprID {
    let form: BooleanTest =
      switch test.pointee.booltesttype {
      case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_TRUE: .isNotTrue
      case PG_QUERY__BOOL_TEST_TYPE__IS_FALSE: .isFalse
      case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_FALSE: .isNotFalse
      case PG_QUERY__BOOL_TEST_TYPE__IS_UNKNOWN: .isUnknown
      case PG_QUERY__BOOL_TEST_TYPE__IS_NOT_UNKNOWN: .isNotUnknown
      default: .isTrue
      }
    return arena.add(
      .booleanTest(try expression(test.pointee.arg), form), position: position(test.pointee.location))
  }

  // MARK: operators

  private mutating func operation(_ node: Node) throws -> ExprID {
    let expr: UnsafeMutablePointer<PgQuery__AExpr> = node.pointee.a_expr
    let place = position(expr.pointee.location)
    switch expr.pointee.kind {
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP:
      guard expr.pointee.lexpr != nil else {
        let name = operatorName(expr.pointee.name, expr.pointee.n_name)
        return arena.add(.operator(name, left: nil, right: try expression(expr.pointee.rexpr)), position: place)
      }
      return try operatorRun(node)
    case PG_QUERY__A__EXPR__KIND__AEXPR_OP_ANY, PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL:
      let name = operatorName(expr.pointee.name, expr.pointee.n_name)
      let left = try expression(expr.pointee.lexpr)
      let array = try expression(expr.pointee.rexpr)
      let isAll = expr.pointee.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP_ALL
      return arena.add(.quantified(name, left: left, array: array, isAll: isAll), position: place)
    case PG_QUERY__A__EXPR__KIND__AEXPR_DISTINCT, PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT:
      let left = try expression(expr.pointee.lexpr)
      let right = try expression(expr.pointee.rexpr)
      let negated = expr.pointee.kind == PG_QUERY__A__EXPR__KIND__AEXPR_NOT_DISTINCT
      return arena.add(.distinct(left: left, right: right, isNegated: negated), position: place)
    case PG_QUERY__A__EXPR__KIND__AEXPR_NULLIF:
      let left = try expression(expr.pointee.lexpr)
      return arena.add(.nullIf(left, try expression(expr.pointee.rexpr)), position: place)
    case PG_QUERY__A__EXPR__KIND__AEXPR_IN:
      let operand = try expression(expr.pointee.lexpr)
      let list = try listItems(expr.pointee.rexpr)
      let negated = operatorName(expr.pointee.name, expr.pointee.n_name).symbol == "<>"
      return arena.add(.inList(operand: operand, list: list, isNegated: negated), position: place)
    case PG_QUERY__A__EXPR__KIND__AEXPR_LIKE, PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE,
      PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR:
      return try patternMatch(expr, place)
    default: return try between(expr, place)
    }
  }

  /// A binary operator with all operators on its left spine.
  private mutating func operatorRun(_ top: Node) throws -> ExprID {
    var spine: [UnsafeMutablePointer<PgQuery__AExpr>] = []
    var node: Node? = top
    while let current = node, current.pointee.node_case == PG_QUERY__NODE__NODE_A_EXPR,
      let expr = current.pointee.a_expr, expr.pointee.kind == PG_QUERY__A__EXPR__KIND__AEXPR_OP,
      expr.pointee.lexpr != nil
    {
      spine.append(expr)
      node = expr.pointee.lexpr
    }
    if spine.count > Expression.operatorChainThreshold {
      let first = try expression(node)
      var links: [OperatorLink] = []
      links.reserveCapacity(spine.count)
      for expr in spine.reversed() {
        links.append(
          OperatorLink(
            name: operatorName(expr.pointee.name, expr.pointee.n_name), operand: try expression(expr.pointee.rexpr),
            position: position(expr.pointee.location)))
      }
      return arena.add(
        .operatorChain(first: first, links: links), position: position(top.pointee.a_expr.pointee.location))
    }
    // The leftmost operand sits as deep as the run is long: the limit holds for the tree that others walk.
    let levels = spine.count - 1
    try enter(levels)
    var result = try expression(node)
    leave(levels)
    for (index, expr) in spine.enumerated().reversed() {
      try enter(index)
      let right = try expression(expr.pointee.rexpr)
      leave(index)
      let name = operatorName(expr.pointee.name, expr.pointee.n_name)
      result = arena.add(.operator(name, left: result, right: right), position: position(expr.pointee.location))
    }
    return result
  }

  /// The items of the List on the right of IN and BETWEEN.
  private mutating func listItems(_ node: Node?) throws -> [ExprID] {
    guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_LIST, let list = node.pointee.list else {
      throw ApusError.unexpected("the parser gave no list")
    }
    return try expressions(list.pointee.items, list.pointee.n_items)
  }

  private mutating func patternMatch(_ expr: UnsafeMutablePointer<PgQuery__AExpr>, _ place: Int?) throws -> ExprID {
    let form: PatternMatch.Form =
      switch expr.pointee.kind {
      case PG_QUERY__A__EXPR__KIND__AEXPR_ILIKE: .caseInsensitiveLike
      case PG_QUERY__A__EXPR__KIND__AEXPR_SIMILAR: .similar
      default: .like
      }
    let operand = try expression(expr.pointee.lexpr)
    var pattern: Node? = expr.pointee.rexpr
    var escape: Node?
    // ESCAPE comes as a call of pg_catalog.like_escape or similar_to_escape around the pattern.
    if let right = pattern, right.pointee.node_case == PG_QUERY__NODE__NODE_FUNC_CALL,
      let call = right.pointee.func_call
    {
      let names = strings(call.pointee.funcname, call.pointee.n_funcname)
      let arguments = nodes(call.pointee.args, call.pointee.n_args)
      if names == ["pg_catalog", form == .similar ? "similar_to_escape" : "like_escape"], let first = arguments.first,
        call.pointee.location == expr.pointee.location
      {
        pattern = first
        if arguments.count > 1 { escape = arguments[1] }
      }
    }
    let symbol = operatorName(expr.pointee.name, expr.pointee.n_name).symbol
    let match = PatternMatch(
      form: form, operand: operand, pattern: try expression(pattern), escape: try optionalExpression(escape),
      isNegated: symbol.hasPrefix("!"))
    return arena.add(.match(match), position: place)
  }

  private mutating func between(_ expr: UnsafeMutablePointer<PgQuery__AExpr>, _ place: Int?) throws -> ExprID {
    let operand = try expression(expr.pointee.lexpr)
    let bounds = try listItems(expr.pointee.rexpr)
    guard bounds.count == 2 else { throw ApusError.unexpected("BETWEEN without two bounds") }
    let (negated, symmetric) =
      switch expr.pointee.kind {
      case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN: (true, false)
      case PG_QUERY__A__EXPR__KIND__AEXPR_BETWEEN_SYM: (false, true)
      case PG_QUERY__A__EXPR__KIND__AEXPR_NOT_BETWEEN_SYM: (true, true)
      default: (false, false)
      }
    let form = Between(
      operand: operand, low: bounds[0], high: bounds[1], isNegated: negated, isSymmetric: symmetric)
    return arena.add(.between(form), position: place)
  }

  // MARK: calls, casts and composite forms

  private mutating func typeCast(_ cast: UnsafeMutablePointer<PgQuery__TypeCast>) throws -> ExprID {
    let type = try typeName(cast.pointee.type_name)
    let operand = try expression(cast.pointee.arg)
    // `date '2026-01-01'` has no place of its own: the type's is where it begins.
    return arena.add(.cast(operand, type), position: position(cast.pointee.location) ?? type.position)
  }

  mutating func call(_ call: UnsafeMutablePointer<PgQuery__FuncCall>) throws -> ExprID {
    var form = FunctionCall(names: strings(call.pointee.funcname, call.pointee.n_funcname))
    form.arguments.reserveCapacity(call.pointee.n_args)
    for node in nodes(call.pointee.args, call.pointee.n_args) {
      if let node, node.pointee.node_case == PG_QUERY__NODE__NODE_NAMED_ARG_EXPR,
        let named = node.pointee.named_arg_expr
      {
        form.arguments.append(
          FunctionArgument(
            name: text(named.pointee.name), value: try expression(named.pointee.arg),
            position: position(named.pointee.location)))
      } else {
        form.arguments.append(FunctionArgument(value: try expression(node)))
      }
    }
    form.isStar = call.pointee.agg_star != 0
    form.isDistinct = call.pointee.agg_distinct != 0
    form.isVariadic = call.pointee.func_variadic != 0
    form.isWithinGroup = call.pointee.agg_within_group != 0
    form.orderBy = try sortItems(call.pointee.agg_order, call.pointee.n_agg_order)
    form.filter = try optionalExpression(call.pointee.agg_filter)
    form.isSQLSyntax = call.pointee.funcformat == PG_QUERY__COERCION_FORM__COERCE_SQL_SYNTAX
    if let over = call.pointee.over { form.over = try windowReference(over) }
    return arena.add(.function(form), position: position(call.pointee.location))
  }

  private mutating func caseExpression(_ expr: UnsafeMutablePointer<PgQuery__CaseExpr>) throws -> ExprID {
    let operand = try optionalExpression(expr.pointee.arg)
    var branches: [CaseExpression.Branch] = []
    branches.reserveCapacity(expr.pointee.n_args)
    for node in nodes(expr.pointee.args, expr.pointee.n_args) {
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_CASE_WHEN, let when = node.pointee.case_when
      else { throw ApusError.unexpected("CASE without WHEN") }
      let condition = try expression(when.pointee.expr)
      branches.append(.init(condition: condition, result: try expression(when.pointee.result)))
    }
    let form = CaseExpression(
      operand: operand, branches: branches, otherwise: try optionalExpression(expr.pointee.defresult))
    return arena.add(.case(form), position: position(expr.pointee.location))
  }

  private mutating func listExpression(_ node: Node) throws -> ExprID {
    switch node.pointee.node_case {
    case PG_QUERY__NODE__NODE_COALESCE_EXPR:
      let expr: UnsafeMutablePointer<PgQuery__CoalesceExpr> = node.pointee.coalesce_expr
      let operands = try expressions(expr.pointee.args, expr.pointee.n_args)
      return arena.add(.coalesce(operands), position: position(expr.pointee.location))
    case PG_QUERY__NODE__NODE_MIN_MAX_EXPR:
      let expr: UnsafeMutablePointer<PgQuery__MinMaxExpr> = node.pointee.min_max_expr
      let operands = try expressions(expr.pointee.args, expr.pointee.n_args)
      let isGreatest = expr.pointee.op == PG_QUERY__MIN_MAX_OP__IS_GREATEST
      return arena.add(isGreatest ? .greatest(operands) : .least(operands), position: position(expr.pointee.location))
    case PG_QUERY__NODE__NODE_A_ARRAY_EXPR:
      let expr: UnsafeMutablePointer<PgQuery__AArrayExpr> = node.pointee.a_array_expr
      let elements = try expressions(expr.pointee.elements, expr.pointee.n_elements)
      return arena.add(.array(elements), position: position(expr.pointee.location))
    case PG_QUERY__NODE__NODE_ROW_EXPR:
      let expr: UnsafeMutablePointer<PgQuery__RowExpr> = node.pointee.row_expr
      let fields = try expressions(expr.pointee.args, expr.pointee.n_args)
      let isExplicit = expr.pointee.row_format == PG_QUERY__COERCION_FORM__COERCE_EXPLICIT_CALL
      return arena.add(.row(fields, isExplicit: isExplicit), position: position(expr.pointee.location))
    default:
      let expr: UnsafeMutablePointer<PgQuery__GroupingFunc> = node.pointee.grouping_func
      let operands = try expressions(expr.pointee.args, expr.pointee.n_args)
      return arena.add(.grouping(operands), position: position(expr.pointee.location))
    }
  }

  private mutating func subquery(_ link: UnsafeMutablePointer<PgQuery__SubLink>) throws -> ExprID {
    let name = operatorName(link.pointee.oper_name, link.pointee.n_oper_name)
    let isIn = link.pointee.n_oper_name == 0
    let comparison = isIn ? OperatorName(symbol: "=") : name
    let form: Subquery.Form
    switch link.pointee.sub_link_type {
    case PG_QUERY__SUB_LINK_TYPE__EXISTS_SUBLINK: form = .exists
    case PG_QUERY__SUB_LINK_TYPE__EXPR_SUBLINK: form = .scalar
    case PG_QUERY__SUB_LINK_TYPE__ARRAY_SUBLINK: form = .array
    case PG_QUERY__SUB_LINK_TYPE__ANY_SUBLINK: form = .any(test: try expression(link.pointee.testexpr), comparison)
    case PG_QUERY__SUB_LINK_TYPE__ALL_SUBLINK: form = .all(test: try expression(link.pointee.testexpr), comparison)
    default: throw ApusError.unexpected("unknown kind of subquery")
    }
    var subquery = Subquery(form: form, query: try query(link.pointee.subselect))
    if case .any = form { subquery.isIn = isIn }
    return arena.add(.subquery(subquery), position: position(link.pointee.location))
  }

  private mutating func indirection(_ expr: UnsafeMutablePointer<PgQuery__AIndirection>) throws -> ExprID {
    let base = try expression(expr.pointee.arg)
    let steps = try indirectionSteps(expr.pointee.indirection, expr.pointee.n_indirection)
    return arena.add(.indirection(base, steps), position: arena[base].position)
  }

  mutating func indirectionSteps(_ start: NodeArray?, _ count: Int) throws -> [IndirectionStep] {
    var steps: [IndirectionStep] = []
    for node in nodes(start, count) {
      guard let node else { continue }
      switch node.pointee.node_case {
      case PG_QUERY__NODE__NODE_STRING: steps.append(.field(text(node.pointee.string.pointee.sval)))
      case PG_QUERY__NODE__NODE_A_STAR: steps.append(.star)
      case PG_QUERY__NODE__NODE_A_INDICES:
        let indices: UnsafeMutablePointer<PgQuery__AIndices> = node.pointee.a_indices
        if indices.pointee.is_slice != 0 {
          let low = try optionalExpression(indices.pointee.lidx)
          steps.append(.slice(low, try optionalExpression(indices.pointee.uidx)))
        } else {
          steps.append(.index(try expression(indices.pointee.uidx)))
        }
      default: throw ApusError.unexpected("unknown indirection")
      }
    }
    return steps
  }
}
