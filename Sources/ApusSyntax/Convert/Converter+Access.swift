// Converter+Access owns the conversion of statements on roles, privileges and comments.
import ApusBase
import CPgQuery

extension Converter {
  /// The statement when it is one of these, else nil.
  mutating func accessStatement(_ node: Node) throws -> Statement? {
    switch node.pointee.node_case {
    case PG_QUERY__NODE__NODE_CREATE_ROLE_STMT:
      let create: UnsafeMutablePointer<PgQuery__CreateRoleStmt> = node.pointee.create_role_stmt
      let form: CreateRole.Form =
        switch create.pointee.stmt_type {
        case PG_QUERY__ROLE_STMT_TYPE__ROLESTMT_USER: .user
        case PG_QUERY__ROLE_STMT_TYPE__ROLESTMT_GROUP: .group
        default: .role
        }
      return .createRole(
        CreateRole(
          form: form, name: text(create.pointee.role),
          options: try options(create.pointee.options, create.pointee.n_options)))
    case PG_QUERY__NODE__NODE_ALTER_ROLE_STMT:
      let alter: UnsafeMutablePointer<PgQuery__AlterRoleStmt> = node.pointee.alter_role_stmt
      return .alterRole(
        AlterRole(
          role: role(alter.pointee.role), options: try options(alter.pointee.options, alter.pointee.n_options),
          dropsMembers: alter.pointee.action < 0, setting: nil, database: nil))
    case PG_QUERY__NODE__NODE_ALTER_ROLE_SET_STMT:
      let alter: UnsafeMutablePointer<PgQuery__AlterRoleSetStmt> = node.pointee.alter_role_set_stmt
      return .alterRole(
        AlterRole(
          role: role(alter.pointee.role), options: [], dropsMembers: false,
          setting: try alter.pointee.setstmt.map { try setVariable($0) },
          database: optionalText(alter.pointee.database)))
    case PG_QUERY__NODE__NODE_DROP_ROLE_STMT:
      let drop: UnsafeMutablePointer<PgQuery__DropRoleStmt> = node.pointee.drop_role_stmt
      return .dropRole(
        DropRole(roles: roles(drop.pointee.roles, drop.pointee.n_roles), ifExists: drop.pointee.missing_ok != 0))
    case PG_QUERY__NODE__NODE_GRANT_STMT: return .grant(grant(node.pointee.grant_stmt, isDefault: false))
    case PG_QUERY__NODE__NODE_ALTER_DEFAULT_PRIVILEGES_STMT:
      guard let action = node.pointee.alter_default_privileges_stmt.pointee.action else { return nil }
      return .grant(grant(action, isDefault: true))
    case PG_QUERY__NODE__NODE_GRANT_ROLE_STMT: return .grantRole(grantRole(node.pointee.grant_role_stmt))
    case PG_QUERY__NODE__NODE_COMMENT_STMT:
      let comment: UnsafeMutablePointer<PgQuery__CommentStmt> = node.pointee.comment_stmt
      return .comment(
        Comment(
          kind: objectKind(comment.pointee.objtype), name: strings(of: comment.pointee.object),
          text: optionalText(comment.pointee.comment)))
    default: return nil
    }
  }

  private func grant(_ grant: UnsafeMutablePointer<PgQuery__GrantStmt>, isDefault: Bool) -> Grant {
    let privileges = nodes(grant.pointee.privileges, grant.pointee.n_privileges).compactMap {
      node -> Grant.Privilege? in
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_ACCESS_PRIV, let one = node.pointee.access_priv
      else { return nil }
      return Grant.Privilege(
        name: optionalText(one.pointee.priv_name), columns: strings(one.pointee.cols, one.pointee.n_cols))
    }
    return Grant(
      isGrant: grant.pointee.is_grant != 0, kind: objectKind(grant.pointee.objtype),
      isAllInSchema: grant.pointee.targtype == PG_QUERY__GRANT_TARGET_TYPE__ACL_TARGET_ALL_IN_SCHEMA,
      isDefault: isDefault, objects: nodes(grant.pointee.objects, grant.pointee.n_objects).map { strings(of: $0) },
      privileges: privileges, grantees: roles(grant.pointee.grantees, grant.pointee.n_grantees),
      withGrantOption: grant.pointee.grant_option != 0,
      cascade: grant.pointee.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
  }

  private func grantRole(_ grant: UnsafeMutablePointer<PgQuery__GrantRoleStmt>) -> GrantRole {
    let granted = nodes(grant.pointee.granted_roles, grant.pointee.n_granted_roles).compactMap { node -> String? in
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_ACCESS_PRIV else { return nil }
      return text(node.pointee.access_priv.pointee.priv_name)
    }
    return GrantRole(
      isGrant: grant.pointee.is_grant != 0, roles: granted,
      grantees: roles(grant.pointee.grantee_roles, grant.pointee.n_grantee_roles),
      withAdminOption: grant.pointee.admin_opt != 0,
      cascade: grant.pointee.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE)
  }
}
