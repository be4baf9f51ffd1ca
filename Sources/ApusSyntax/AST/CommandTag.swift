// CommandTag owns PostgreSQL's name of each statement, for errors and for the completion message (which adds counts to
// some of them).

extension Statement {
  /// PostgreSQL's command tag, without counts: `SELECT`, `CREATE TABLE`, `START TRANSACTION`.
  public var commandTag: String {
    switch self {
    case .select: "SELECT"
    case .insert: "INSERT"
    case .update: "UPDATE"
    case .delete: "DELETE"
    case .copy: "COPY"
    case .truncate: "TRUNCATE TABLE"
    case .createTable(let table): table.server == nil ? "CREATE TABLE" : "CREATE FOREIGN TABLE"
    case .createTableAs(let table):
      table.isMaterializedView
        ? "CREATE MATERIALIZED VIEW" : table.isSelectInto ? "SELECT INTO" : "CREATE TABLE AS"
    case .createView: "CREATE VIEW"
    case .createSchema: "CREATE SCHEMA"
    case .createExtension: "CREATE EXTENSION"
    case .createServer: "CREATE SERVER"
    case .createUserMapping: "CREATE USER MAPPING"
    case .createIndex: "CREATE INDEX"
    case .importForeignSchema: "IMPORT FOREIGN SCHEMA"
    case .refreshMaterializedView: "REFRESH MATERIALIZED VIEW"
    case .alterTable(let alter): "ALTER \(alter.kind.tagWords)"
    case .rename(let rename): "ALTER \((rename.kind == .column ? .table : rename.kind).tagWords)"
    case .alterOwner(let alter): "ALTER \(alter.kind.tagWords)"
    case .setSchema(let alter): "ALTER \(alter.kind.tagWords)"
    case .drop(let drop): "DROP \(drop.kind.tagWords)"
    case .comment: "COMMENT"
    case .createRole: "CREATE ROLE"
    case .alterRole: "ALTER ROLE"
    case .dropRole: "DROP ROLE"
    case .grant(let grant): grant.isDefault ? "ALTER DEFAULT PRIVILEGES" : grant.isGrant ? "GRANT" : "REVOKE"
    case .grantRole(let grant): grant.isGrant ? "GRANT ROLE" : "REVOKE ROLE"
    default: sessionTag
    }
  }

  private var sessionTag: String {
    switch self {
    case .explain: "EXPLAIN"
    case .setVariable(let set):
      switch set.action {
      case .reset, .resetAll: "RESET"
      default: "SET"
      }
    case .showVariable: "SHOW"
    case .transaction(let command): command.commandTag
    case .prepare: "PREPARE"
    case .execute: "EXECUTE"
    case .deallocate(let name): name == nil ? "DEALLOCATE ALL" : "DEALLOCATE"
    case .declareCursor: "DECLARE CURSOR"
    case .fetch(let fetch): fetch.isMove ? "MOVE" : "FETCH"
    case .closeCursor(let name): name == nil ? "CLOSE CURSOR ALL" : "CLOSE CURSOR"
    case .discard(let target): "DISCARD \(target.rawValue)"
    case .listen: "LISTEN"
    case .unlisten: "UNLISTEN"
    case .notify: "NOTIFY"
    case .vacuum(let vacuum): vacuum.isVacuum ? "VACUUM" : "ANALYZE"
    case .checkpoint: "CHECKPOINT"
    case .call: "CALL"
    case .do: "DO"
    case .other(let kind): kind
    default: "???"
    }
  }
}

extension TransactionCommand {
  public var commandTag: String {
    switch self {
    case .begin(_, let isStart): isStart ? "START TRANSACTION" : "BEGIN"
    case .commit: "COMMIT"
    case .rollback, .rollbackTo: "ROLLBACK"
    case .savepoint: "SAVEPOINT"
    case .release: "RELEASE"
    case .prepareTransaction: "PREPARE TRANSACTION"
    case .commitPrepared: "COMMIT PREPARED"
    case .rollbackPrepared: "ROLLBACK PREPARED"
    }
  }
}

extension ObjectKind {
  /// The kind as a command tag spells it.
  public var tagWords: String {
    switch self {
    case .foreignDataWrapper: "FOREIGN DATA WRAPPER"
    case .tableConstraint: "TABLE"
    default: rawValue.uppercased()
    }
  }
}
