// Converter+AlterTable owns the conversion of ALTER TABLE and its kin.
import ApusBase
import CPgQuery

extension Converter {
  mutating func alterTable(_ alter: UnsafeMutablePointer<PgQuery__AlterTableStmt>) throws -> AlterTable {
    var commands: [AlterTable.Command] = []
    for node in nodes(alter.pointee.cmds, alter.pointee.n_cmds) {
      guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_ALTER_TABLE_CMD,
        let command = node.pointee.alter_table_cmd
      else { continue }
      commands.append(try columnCommand(command) ?? relationCommand(command))
    }
    return AlterTable(
      kind: objectKind(alter.pointee.objtype), name: qualifiedName(alter.pointee.relation),
      ifExists: alter.pointee.missing_ok != 0, commands: commands)
  }

  private mutating func columnCommand(
    _ command: UnsafeMutablePointer<PgQuery__AlterTableCmd>
  ) throws -> AlterTable.Command? {
    let name = text(command.pointee.name)
    let ifExists = command.pointee.missing_ok != 0
    let cascade = command.pointee.behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE
    let definition: Node? = command.pointee.def
    switch command.pointee.subtype {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn:
      guard let definition, definition.pointee.node_case == PG_QUERY__NODE__NODE_COLUMN_DEF else { return nil }
      return .addColumn(try columnDefinition(definition.pointee.column_def), ifNotExists: ifExists)
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn: return .dropColumn(name, ifExists: ifExists, cascade: cascade)
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault:
      return .setDefault(column: name, try optionalExpression(definition))
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull: return .setNotNull(column: name)
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull: return .dropNotNull(column: name)
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType:
      guard let definition, definition.pointee.node_case == PG_QUERY__NODE__NODE_COLUMN_DEF else { return nil }
      let column = try columnDefinition(definition.pointee.column_def)
      guard let type = column.type else { return nil }
      return .alterType(column: name, type, using: column.defaultValue)
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint:
      guard let definition, definition.pointee.node_case == PG_QUERY__NODE__NODE_CONSTRAINT else { return nil }
      return .addConstraint(try constraint(definition.pointee.constraint))
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint:
      return .dropConstraint(name, ifExists: ifExists, cascade: cascade)
    default: return nil
    }
  }

  private mutating func relationCommand(
    _ command: UnsafeMutablePointer<PgQuery__AlterTableCmd>
  ) throws -> AlterTable.Command {
    let name = text(command.pointee.name)
    switch command.pointee.subtype {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetRelOptions: return .setOptions(try listedOptions(command.pointee.def))
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions: return .resetOptions(try listedOptions(command.pointee.def))
    case PG_QUERY__ALTER_TABLE_TYPE__AT_GenericOptions: return .serverOptions(try listedOptions(command.pointee.def))
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner: return .owner(role(command.pointee.newowner) ?? .currentUser)
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetAccessMethod: return .setAccessMethod(name)
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetTableSpace: return .setTablespace(name)
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity: return .rowSecurity(.enable)
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRowSecurity: return .rowSecurity(.disable)
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity: return .rowSecurity(.force)
    case PG_QUERY__ALTER_TABLE_TYPE__AT_NoForceRowSecurity: return .rowSecurity(.noForce)
    default: return .other(words(command.pointee.subtype))
    }
  }

  private mutating func listedOptions(_ node: Node?) throws -> [StatementOption] {
    guard let node, node.pointee.node_case == PG_QUERY__NODE__NODE_LIST, let list = node.pointee.list else { return [] }
    return try options(list.pointee.items, list.pointee.n_items)
  }

  /// The words of a command that nobody handles, as PostgreSQL spells them.
  private func words(_ type: PgQuery__AlterTableType) -> String {
    switch type {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropExpression: "ALTER COLUMN ... DROP EXPRESSION"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics: "ALTER COLUMN ... SET STATISTICS"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetOptions: "ALTER COLUMN ... SET"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetOptions: "ALTER COLUMN ... RESET"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStorage: "ALTER COLUMN ... SET STORAGE"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetCompression: "ALTER COLUMN ... SET COMPRESSION"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnGenericOptions: "ALTER COLUMN ... OPTIONS"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity: "ALTER COLUMN ... ADD GENERATED"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity: "ALTER COLUMN ... SET GENERATED"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity: "ALTER COLUMN ... DROP IDENTITY"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterConstraint: "ALTER CONSTRAINT"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint: "VALIDATE CONSTRAINT"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ClusterOn: "CLUSTER ON"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropCluster: "SET WITHOUT CLUSTER"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetLogged: "SET LOGGED"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetUnLogged: "SET UNLOGGED"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropOids: "SET WITHOUT OIDS"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrig, PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigAll,
      PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigUser: "ENABLE TRIGGER"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysTrig: "ENABLE ALWAYS TRIGGER"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaTrig: "ENABLE REPLICA TRIGGER"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrig, PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigAll,
      PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigUser: "DISABLE TRIGGER"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRule, PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysRule,
      PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaRule: "ENABLE RULE"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRule: "DISABLE RULE"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit: "INHERIT"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropInherit: "NO INHERIT"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddOf: "OF"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropOf: "NOT OF"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ReplicaIdentity: "REPLICA IDENTITY"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition: "ATTACH PARTITION"
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition, PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartitionFinalize:
      "DETACH PARTITION"
    default: "this command"
    }
  }
}
