// Converter+Definitions owns the conversion of statements that define, change and drop objects.
import ApusBase
import CPgQuery

extension Converter {
  /// The statement when it is one of these, else nil.
  mutating func definitionStatement(_ node: Node) throws -> Statement? {
    switch node.pointee.node_case {
    case PG_QUERY__NODE__NODE_CREATE_STMT: return .createTable(try createTable(node.pointee.create_stmt))
    case PG_QUERY__NODE__NODE_CREATE_FOREIGN_TABLE_STMT:
      let foreign: UnsafeMutablePointer<PgQuery__CreateForeignTableStmt> = node.pointee.create_foreign_table_stmt
      var table = try createTable(foreign.pointee.base_stmt)
      table.server = text(foreign.pointee.servername)
      table.serverOptions = try options(foreign.pointee.options, foreign.pointee.n_options)
      return .createTable(table)
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
      return try createTableAs(node.pointee.create_table_as_stmt)
    case PG_QUERY__NODE__NODE_VIEW_STMT: return .createView(try createView(node.pointee.view_stmt))
    case PG_QUERY__NODE__NODE_REFRESH_MAT_VIEW_STMT:
      let refresh: UnsafeMutablePointer<PgQuery__RefreshMatViewStmt> = node.pointee.refresh_mat_view_stmt
      return .refreshMaterializedView(
        RefreshMaterializedView(
          name: qualifiedName(refresh.pointee.relation), isConcurrent: refresh.pointee.concurrent != 0,
          withNoData: refresh.pointee.skip_data != 0))
    case PG_QUERY__NODE__NODE_INDEX_STMT: return .createIndex(try createIndex(node.pointee.index_stmt))
    case PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT:
      let schema: UnsafeMutablePointer<PgQuery__CreateSchemaStmt> = node.pointee.create_schema_stmt
      return .createSchema(
        CreateSchema(
          name: optionalText(schema.pointee.schemaname), owner: role(schema.pointee.authrole),
          ifNotExists: schema.pointee.if_not_exists != 0,
          elements: try nodes(schema.pointee.schema_elts, schema.pointee.n_schema_elts).map { try statement($0) }))
    case PG_QUERY__NODE__NODE_CREATE_EXTENSION_STMT:
      let created: UnsafeMutablePointer<PgQuery__CreateExtensionStmt> = node.pointee.create_extension_stmt
      return .createExtension(
        CreateExtension(
          name: text(created.pointee.extname), ifNotExists: created.pointee.if_not_exists != 0,
          options: try options(created.pointee.options, created.pointee.n_options)))
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT: return .alterTable(try alterTable(node.pointee.alter_table_stmt))
    case PG_QUERY__NODE__NODE_DROP_STMT: return .drop(drop(node.pointee.drop_stmt))
    default: return try foreignStatement(node) ?? changeStatement(node)
    }
  }

  private mutating func foreignStatement(_ node: Node) throws -> Statement? {
    switch node.pointee.node_case {
    case PG_QUERY__NODE__NODE_CREATE_FOREIGN_SERVER_STMT:
      let server: UnsafeMutablePointer<PgQuery__CreateForeignServerStmt> = node.pointee.create_foreign_server_stmt
      return .createServer(
        CreateServer(
          name: text(server.pointee.servername), type: optionalText(server.pointee.servertype),
          version: optionalText(server.pointee.version), wrapper: text(server.pointee.fdwname),
          ifNotExists: server.pointee.if_not_exists != 0,
          options: try options(server.pointee.options, server.pointee.n_options)))
    case PG_QUERY__NODE__NODE_CREATE_USER_MAPPING_STMT:
      let mapping: UnsafeMutablePointer<PgQuery__CreateUserMappingStmt> = node.pointee.create_user_mapping_stmt
      return .createUserMapping(
        CreateUserMapping(
          role: role(mapping.pointee.user) ?? .public, server: text(mapping.pointee.servername),
          ifNotExists: mapping.pointee.if_not_exists != 0,
          options: try options(mapping.pointee.options, mapping.pointee.n_options)))
    case PG_QUERY__NODE__NODE_IMPORT_FOREIGN_SCHEMA_STMT:
      let load: UnsafeMutablePointer<PgQuery__ImportForeignSchemaStmt> = node.pointee.import_foreign_schema_stmt
      let names = relations(load.pointee.table_list, load.pointee.n_table_list).map(\.name)
      let selection: ImportForeignSchema.Selection =
        switch load.pointee.list_type {
        case PG_QUERY__IMPORT_FOREIGN_SCHEMA_TYPE__FDW_IMPORT_SCHEMA_LIMIT_TO: .limitTo(names)
        case PG_QUERY__IMPORT_FOREIGN_SCHEMA_TYPE__FDW_IMPORT_SCHEMA_EXCEPT: .except(names)
        default: .all
        }
      return .importForeignSchema(
        ImportForeignSchema(
          server: text(load.pointee.server_name), remoteSchema: text(load.pointee.remote_schema),
          localSchema: text(load.pointee.local_schema), selection: selection,
          options: try options(load.pointee.options, load.pointee.n_options)))
    default: return nil
    }
  }

  private mutating func changeStatement(_ node: Node) throws -> Statement? {
    switch node.pointee.node_case {
    case PG_QUERY__NODE__NODE_RENAME_STMT:
      let rename: UnsafeMutablePointer<PgQuery__RenameStmt> = node.pointee.rename_stmt
      let own = optionalText(rename.pointee.subname)
      return .rename(
        Rename(
          kind: objectKind(rename.pointee.rename_type), relation: rename.pointee.relation.map { qualifiedName($0) },
          oldName: own.map { [$0] } ?? strings(of: rename.pointee.object), newName: text(rename.pointee.newname),
          ifExists: rename.pointee.missing_ok != 0,
          cascade: rename.pointee.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE))
    case PG_QUERY__NODE__NODE_ALTER_OWNER_STMT:
      let alter: UnsafeMutablePointer<PgQuery__AlterOwnerStmt> = node.pointee.alter_owner_stmt
      guard let owner = role(alter.pointee.newowner) else { return nil }
      let name = alter.pointee.relation.map { qualifiedName($0).parts } ?? strings(of: alter.pointee.object)
      return .alterOwner(AlterOwner(kind: objectKind(alter.pointee.object_type), name: name, owner: owner))
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
      let alter: UnsafeMutablePointer<PgQuery__AlterObjectSchemaStmt> = node.pointee.alter_object_schema_stmt
      return .setSchema(
        SetSchema(
          kind: objectKind(alter.pointee.object_type), relation: alter.pointee.relation.map { qualifiedName($0) },
          name: strings(of: alter.pointee.object), schema: text(alter.pointee.newschema),
          ifExists: alter.pointee.missing_ok != 0))
    default: return nil
    }
  }

  // MARK: tables

  private mutating func createTable(_ create: UnsafeMutablePointer<PgQuery__CreateStmt>) throws -> CreateTable {
    let relation: UnsafeMutablePointer<PgQuery__RangeVar>? = create.pointee.relation
    let parents = relations(create.pointee.inh_relations, create.pointee.n_inh_relations)
    let isPartition = create.pointee.partbound != nil
    var table = CreateTable(
      name: qualifiedName(relation), persistence: persistence(relation?.pointee.relpersistence),
      ifNotExists: create.pointee.if_not_exists != 0, columns: [], constraints: [], likes: [],
      inherits: isPartition ? [] : parents, partitionOf: isPartition ? parents.first : nil,
      partitionBy: create.pointee.partspec.map { text($0.pointee.strategy) },
      ofType: try create.pointee.of_typename.map { try typeName($0) }, onCommit: onCommit(create.pointee.oncommit),
      options: try options(create.pointee.options, create.pointee.n_options),
      accessMethod: optionalText(create.pointee.access_method), tablespace: optionalText(create.pointee.tablespacename),
      server: nil, serverOptions: [])
    for node in nodes(create.pointee.table_elts, create.pointee.n_table_elts) {
      guard let node else { continue }
      switch node.pointee.node_case {
      case PG_QUERY__NODE__NODE_COLUMN_DEF: table.columns.append(try columnDefinition(node.pointee.column_def))
      case PG_QUERY__NODE__NODE_CONSTRAINT: try append(node.pointee.constraint, to: &table.constraints)
      case PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE:
        let like: UnsafeMutablePointer<PgQuery__TableLikeClause> = node.pointee.table_like_clause
        table.likes.append(.init(table: qualifiedName(like.pointee.relation), options: like.pointee.options))
      default: throw ApusError.unexpected("unknown element of CREATE TABLE")
      }
    }
    return table
  }

  private func onCommit(_ action: PgQuery__OnCommitAction) -> OnCommit {
    switch action {
    case PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_PRESERVE_ROWS: .preserveRows
    case PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DELETE_ROWS: .deleteRows
    case PG_QUERY__ON_COMMIT_ACTION__ONCOMMIT_DROP: .drop
    default: .none
    }
  }

  mutating func columnDefinitions(_ start: NodeArray?, _ count: Int) throws -> [ColumnDefinition] {
    var columns: [ColumnDefinition] = []
    for node in nodes(start, count) {
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_COLUMN_DEF, let column = node.pointee.column_def
      else { continue }
      columns.append(try columnDefinition(column))
    }
    return columns
  }

  mutating func columnDefinition(_ column: UnsafeMutablePointer<PgQuery__ColumnDef>) throws -> ColumnDefinition {
    var constraints: [Constraint] = []
    for node in nodes(column.pointee.constraints, column.pointee.n_constraints) {
      guard let node else { continue }
      if node.pointee.node_case == PG_QUERY__NODE__NODE_CONSTRAINT {
        try append(node.pointee.constraint, to: &constraints)
      }
    }
    // ALTER TABLE ... ALTER TYPE gives its expression here.
    if let value = column.pointee.raw_default {
      constraints.append(Constraint(kind: .defaultValue(try expression(value))))
    }
    return ColumnDefinition(
      name: text(column.pointee.colname), type: try column.pointee.type_name.map { try typeName($0) },
      constraints: constraints,
      collation: column.pointee.coll_clause.map { strings($0.pointee.collname, $0.pointee.n_collname) },
      compression: optionalText(column.pointee.compression),
      options: try options(column.pointee.fdwoptions, column.pointee.n_fdwoptions),
      position: position(column.pointee.location))
  }

  // MARK: constraints

  /// Adds a constraint, or applies a DEFERRABLE word to the one before.
  private mutating func append(
    _ constraint: UnsafeMutablePointer<PgQuery__Constraint>, to list: inout [Constraint]
  ) throws {
    switch constraint.pointee.contype {
    case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRABLE: if !list.isEmpty { list[list.count - 1].isDeferrable = true }
    case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_NOT_DEFERRABLE, PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_IMMEDIATE: break
    case PG_QUERY__CONSTR_TYPE__CONSTR_ATTR_DEFERRED:
      if !list.isEmpty { list[list.count - 1].isInitiallyDeferred = true }
    default: list.append(try self.constraint(constraint))
    }
  }

  mutating func constraint(_ constraint: UnsafeMutablePointer<PgQuery__Constraint>) throws -> Constraint {
    let kind: Constraint.Kind
    switch constraint.pointee.contype {
    case PG_QUERY__CONSTR_TYPE__CONSTR_NULL: kind = .null
    case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL: kind = .notNull
    case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT: kind = .defaultValue(try expression(constraint.pointee.raw_expr))
    case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED: kind = .generated(try expression(constraint.pointee.raw_expr))
    case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY:
      kind = .identity(
        isAlways: text(constraint.pointee.generated_when) == "a",
        options: try options(constraint.pointee.options, constraint.pointee.n_options))
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
      kind = .check(
        try expression(constraint.pointee.raw_expr), noInherit: constraint.pointee.is_no_inherit != 0)
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY: kind = .primaryKey(try key(constraint))
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE: kind = .unique(try key(constraint))
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
      kind = .foreignKey(
        .init(
          columns: strings(constraint.pointee.fk_attrs, constraint.pointee.n_fk_attrs),
          table: qualifiedName(constraint.pointee.pktable),
          referencedColumns: strings(constraint.pointee.pk_attrs, constraint.pointee.n_pk_attrs)))
    case PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION: kind = .exclusion
    default: throw ApusError.unexpected("unknown constraint")
    }
    return Constraint(
      name: optionalText(constraint.pointee.conname), kind: kind, isDeferrable: constraint.pointee.deferrable != 0,
      isInitiallyDeferred: constraint.pointee.initdeferred != 0, isNotValid: constraint.pointee.skip_validation != 0,
      position: position(constraint.pointee.location))
  }

  private mutating func key(_ constraint: UnsafeMutablePointer<PgQuery__Constraint>) throws -> Constraint.Key {
    Constraint.Key(
      columns: strings(constraint.pointee.keys, constraint.pointee.n_keys),
      including: strings(constraint.pointee.including, constraint.pointee.n_including),
      options: try options(constraint.pointee.options, constraint.pointee.n_options),
      index: optionalText(constraint.pointee.indexname),
      nullsNotDistinct: constraint.pointee.nulls_not_distinct != 0)
  }

  // MARK: tables and views from queries

  private mutating func createTableAs(
    _ create: UnsafeMutablePointer<PgQuery__CreateTableAsStmt>
  ) throws -> Statement? {
    guard let into = create.pointee.into, let inner = create.pointee.query else { return nil }
    let source: CreateTableAs.Source =
      inner.pointee.node_case == PG_QUERY__NODE__NODE_SELECT_STMT
      ? .query(try query(inner)) : .statement(try statement(inner))
    var form = try createTableAs(into, source, isSelectInto: create.pointee.is_select_into != 0)
    form.isMaterializedView = create.pointee.objtype == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW
    form.ifNotExists = create.pointee.if_not_exists != 0
    return .createTableAs(form)
  }

  mutating func createTableAs(
    _ into: UnsafeMutablePointer<PgQuery__IntoClause>, _ source: CreateTableAs.Source, isSelectInto: Bool
  ) throws -> CreateTableAs {
    let relation: UnsafeMutablePointer<PgQuery__RangeVar>? = into.pointee.rel
    var queryText = ""
    if case .query(let query) = source { queryText = Deparser(arena).completeQuery(query) ?? "" }
    return CreateTableAs(
      name: qualifiedName(relation), isMaterializedView: false, isSelectInto: isSelectInto,
      persistence: persistence(relation?.pointee.relpersistence), ifNotExists: false,
      columns: strings(into.pointee.col_names, into.pointee.n_col_names), source: source,
      options: try options(into.pointee.options, into.pointee.n_options),
      accessMethod: optionalText(into.pointee.access_method), tablespace: optionalText(into.pointee.table_space_name),
      onCommit: onCommit(into.pointee.on_commit), withNoData: into.pointee.skip_data != 0, queryText: queryText)
  }

  private mutating func createView(_ view: UnsafeMutablePointer<PgQuery__ViewStmt>) throws -> CreateView {
    let query = try query(view.pointee.query)
    let check: CreateView.CheckOption =
      switch view.pointee.with_check_option {
      case PG_QUERY__VIEW_CHECK_OPTION__LOCAL_CHECK_OPTION: .local
      case PG_QUERY__VIEW_CHECK_OPTION__CASCADED_CHECK_OPTION: .cascaded
      default: .none
      }
    let relation: UnsafeMutablePointer<PgQuery__RangeVar>? = view.pointee.view
    return CreateView(
      name: qualifiedName(relation), persistence: persistence(relation?.pointee.relpersistence),
      orReplace: view.pointee.replace != 0, columns: strings(view.pointee.aliases, view.pointee.n_aliases),
      query: query, options: try options(view.pointee.options, view.pointee.n_options), checkOption: check,
      queryText: Deparser(arena).completeQuery(query) ?? "")
  }

  // MARK: indexes

  private mutating func createIndex(_ index: UnsafeMutablePointer<PgQuery__IndexStmt>) throws -> CreateIndex {
    let including = nodes(index.pointee.index_including_params, index.pointee.n_index_including_params)
    return CreateIndex(
      name: optionalText(index.pointee.idxname), table: qualifiedName(index.pointee.relation),
      accessMethod: text(index.pointee.access_method),
      elements: try indexElements(index.pointee.index_params, index.pointee.n_index_params),
      including: including.compactMap { node in
        guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_INDEX_ELEM else { return nil }
        return text(node.pointee.index_elem.pointee.name)
      }, filter: try optionalExpression(index.pointee.where_clause),
      options: try options(index.pointee.options, index.pointee.n_options), isUnique: index.pointee.unique != 0,
      isConcurrent: index.pointee.concurrent != 0, ifNotExists: index.pointee.if_not_exists != 0)
  }

  mutating func indexElements(_ start: NodeArray?, _ count: Int) throws -> [IndexElement] {
    var elements: [IndexElement] = []
    for node in nodes(start, count) {
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_INDEX_ELEM, let element = node.pointee.index_elem
      else { continue }
      elements.append(
        IndexElement(
          column: optionalText(element.pointee.name), expression: try optionalExpression(element.pointee.expr),
          isDescending: element.pointee.ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC,
          nulls: nulls(element.pointee.nulls_ordering),
          operatorClass: strings(element.pointee.opclass, element.pointee.n_opclass),
          collation: strings(element.pointee.collation, element.pointee.n_collation)))
    }
    return elements
  }

  // MARK: DROP

  private func drop(_ drop: UnsafeMutablePointer<PgQuery__DropStmt>) -> Drop {
    Drop(
      kind: objectKind(drop.pointee.remove_type),
      names: nodes(drop.pointee.objects, drop.pointee.n_objects).map { strings(of: $0) },
      ifExists: drop.pointee.missing_ok != 0,
      cascade: drop.pointee.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE,
      isConcurrent: drop.pointee.concurrent != 0)
  }
}
