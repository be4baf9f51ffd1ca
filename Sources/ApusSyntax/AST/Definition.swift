// Definition owns the forms of statements that define, change and drop objects.

/// Kinds of objects that DROP, COMMENT, RENAME, GRANT and their kin name.
public enum ObjectKind: String, Sendable {
  case accessMethod = "access method"
  case aggregate
  case cast
  case collation
  case column
  case conversion
  case database
  case domain
  case eventTrigger = "event trigger"
  case `extension`
  case foreignDataWrapper = "foreign-data wrapper"
  case foreignServer = "server"
  case foreignTable = "foreign table"
  case function
  case index
  case language
  case largeObject = "large object"
  case materializedView = "materialized view"
  case `operator`
  case operatorClass = "operator class"
  case operatorFamily = "operator family"
  case parameter
  case policy
  case procedure
  case publication
  case role
  case routine
  case rule
  case schema
  case sequence
  case statistics
  case subscription
  case table
  case tableConstraint = "constraint"
  case tablespace
  case textSearchConfiguration = "text search configuration"
  case textSearchDictionary = "text search dictionary"
  case textSearchParser = "text search parser"
  case textSearchTemplate = "text search template"
  case transform
  case trigger
  case type
  case userMapping = "user mapping"
  case view
  case unknown = "object"
}

public enum Persistence: Sendable { case permanent, temporary, unlogged }

/// CREATE TABLE and CREATE FOREIGN TABLE.
public struct CreateTable: Sendable {
  public struct Like: Sendable {
    public var table: QualifiedName
    /// INCLUDING options, as PostgreSQL's bit mask.
    public var options: UInt32
  }
  public var name: QualifiedName
  public var persistence: Persistence
  public var ifNotExists: Bool
  public var columns: [ColumnDefinition]
  public var constraints: [Constraint]
  public var likes: [Like]
  /// INHERITS.
  public var inherits: [QualifiedName]
  /// PARTITION OF: the parent.
  public var partitionOf: QualifiedName?
  /// PARTITION BY: the strategy (`range`, `list`, `hash`).
  public var partitionBy: String?
  /// OF type.
  public var ofType: TypeName?
  /// ON COMMIT other than the default.
  public var onCommit: OnCommit
  /// WITH (...).
  public var options: [StatementOption]
  /// USING, the storage backend.
  public var accessMethod: String?
  public var tablespace: String?
  /// CREATE FOREIGN TABLE ... SERVER.
  public var server: String?
  /// OPTIONS of a foreign table.
  public var serverOptions: [StatementOption]
}

public enum OnCommit: Sendable { case none, preserveRows, deleteRows, drop }

public struct ColumnDefinition: Sendable {
  public var name: String
  /// nil only where the grammar allows it (`OF type`, a view's columns).
  public var type: TypeName?
  public var constraints: [Constraint]
  public var collation: [String]?
  public var compression: String?
  /// OPTIONS of a foreign table's column.
  public var options: [StatementOption]
  public var position: Int?

  /// The expression of DEFAULT.
  public var defaultValue: ExprID? {
    for constraint in constraints { if case .defaultValue(let value) = constraint.kind { return value } }
    return nil
  }
  /// The expression of GENERATED ALWAYS AS (...) STORED.
  public var generated: ExprID? {
    for constraint in constraints { if case .generated(let value) = constraint.kind { return value } }
    return nil
  }
  /// NOT NULL or PRIMARY KEY.
  public var isNotNull: Bool {
    constraints.contains {
      switch $0.kind {
      case .notNull, .primaryKey: true
      default: false
      }
    }
  }
}

/// A constraint of a column or table.
public struct Constraint: Sendable {
  public struct Key: Sendable {
    /// Empty for a column's own constraint.
    public var columns: [String]
    public var including: [String]
    public var options: [StatementOption]
    /// USING INDEX.
    public var index: String?
    public var nullsNotDistinct: Bool
  }
  public struct ForeignKey: Sendable {
    public var columns: [String]
    public var table: QualifiedName
    public var referencedColumns: [String]
  }
  public enum Kind: Sendable {
    case notNull
    case null
    case defaultValue(ExprID)
    /// GENERATED ALWAYS AS (expression) STORED.
    case generated(ExprID)
    case identity(isAlways: Bool, options: [StatementOption])
    case check(ExprID, noInherit: Bool)
    indirect case primaryKey(Key)
    indirect case unique(Key)
    indirect case foreignKey(ForeignKey)
    case exclusion
  }
  public var name: String?
  public var kind: Kind
  public var isDeferrable = false
  public var isInitiallyDeferred = false
  /// NOT VALID.
  public var isNotValid = false
  public var position: Int?
}

/// CREATE TABLE AS, CREATE MATERIALIZED VIEW, SELECT INTO.
public struct CreateTableAs: Sendable {
  public enum Source: Sendable {
    case query(QueryID)
    /// EXECUTE.
    case statement(StatementID)
  }
  public var name: QualifiedName
  public var isMaterializedView: Bool
  public var isSelectInto: Bool
  public var persistence: Persistence
  public var ifNotExists: Bool
  public var columns: [String]
  public var source: Source
  public var options: [StatementOption]
  public var accessMethod: String?
  public var tablespace: String?
  public var onCommit: OnCommit
  public var withNoData: Bool
  /// The query as `Deparser` writes it, for the catalog; empty when the source is not a query, or when WITH changes
  /// rows
  /// or has SEARCH or CYCLE.
  public var queryText: String
}

public struct CreateView: Sendable {
  public enum CheckOption: Sendable { case none, local, cascaded }
  public var name: QualifiedName
  public var persistence: Persistence
  public var orReplace: Bool
  public var columns: [String]
  public var query: QueryID
  public var options: [StatementOption]
  public var checkOption: CheckOption
  /// The query as `Deparser` writes it, for the catalog; empty when WITH changes rows or has SEARCH or CYCLE.
  public var queryText: String
}

public struct RefreshMaterializedView: Sendable {
  public var name: QualifiedName
  public var isConcurrent: Bool
  public var withNoData: Bool
}

public struct CreateSchema: Sendable {
  /// nil when only AUTHORIZATION is given.
  public var name: String?
  public var owner: RoleName?
  public var ifNotExists: Bool
  public var elements: [StatementID]
}

public struct CreateExtension: Sendable {
  public var name: String
  public var ifNotExists: Bool
  /// `schema`, `new_version`, `cascade`.
  public var options: [StatementOption]
}

public struct CreateServer: Sendable {
  public var name: String
  public var type: String?
  public var version: String?
  public var wrapper: String
  public var ifNotExists: Bool
  public var options: [StatementOption]
}

public struct CreateUserMapping: Sendable {
  public var role: RoleName
  public var server: String
  public var ifNotExists: Bool
  public var options: [StatementOption]
}

public struct ImportForeignSchema: Sendable {
  public enum Selection: Sendable {
    case all
    case limitTo([String])
    case except([String])
  }
  public var server: String
  public var remoteSchema: String
  public var localSchema: String
  public var selection: Selection
  public var options: [StatementOption]
}

public struct IndexElement: Sendable {
  public var column: String?
  public var expression: ExprID?
  public var isDescending: Bool
  public var nulls: SortItem.Nulls
  public var operatorClass: [String]
  public var collation: [String]
}

public struct CreateIndex: Sendable {
  public var name: String?
  public var table: QualifiedName
  public var accessMethod: String
  public var elements: [IndexElement]
  public var including: [String]
  public var filter: ExprID?
  public var options: [StatementOption]
  public var isUnique: Bool
  public var isConcurrent: Bool
  public var ifNotExists: Bool
}

/// ALTER TABLE, VIEW, MATERIALIZED VIEW, INDEX, SEQUENCE or FOREIGN TABLE.
public struct AlterTable: Sendable {
  public enum Command: Sendable {
    indirect case addColumn(ColumnDefinition, ifNotExists: Bool)
    case dropColumn(String, ifExists: Bool, cascade: Bool)
    /// nil is DROP DEFAULT.
    case setDefault(column: String, ExprID?)
    case setNotNull(column: String)
    case dropNotNull(column: String)
    indirect case alterType(column: String, TypeName, using: ExprID?)
    /// SET (...) of the relation.
    case setOptions([StatementOption])
    case resetOptions([StatementOption])
    indirect case addConstraint(Constraint)
    case dropConstraint(String, ifExists: Bool, cascade: Bool)
    case owner(RoleName)
    case setAccessMethod(String)
    case setTablespace(String)
    /// OPTIONS (...) of a foreign table.
    case serverOptions([StatementOption])
    case rowSecurity(RowSecurity)
    /// Any other, in PostgreSQL's words (`SET STATISTICS`).
    case other(String)
  }
  public enum RowSecurity: Sendable { case enable, disable, force, noForce }
  public var kind: ObjectKind
  public var name: QualifiedName
  public var ifExists: Bool
  public var commands: [Command]
}

/// ALTER ... RENAME.
public struct Rename: Sendable {
  public var kind: ObjectKind
  /// The relation (also of a column, constraint or policy), where there is one.
  public var relation: QualifiedName?
  /// The old name of a column, constraint, schema, role or other object.
  public var oldName: [String]
  public var newName: String
  public var ifExists: Bool
  public var cascade: Bool
}

public struct AlterOwner: Sendable {
  public var kind: ObjectKind
  public var name: [String]
  public var owner: RoleName
}

/// ALTER ... SET SCHEMA.
public struct SetSchema: Sendable {
  public var kind: ObjectKind
  public var relation: QualifiedName?
  public var name: [String]
  public var schema: String
  public var ifExists: Bool
}

public struct Drop: Sendable {
  public var kind: ObjectKind
  /// Each object's name, qualifiers first. For a policy, rule or trigger: the relation's parts, then its own name.
  public var names: [[String]]
  public var ifExists: Bool
  public var cascade: Bool
  public var isConcurrent: Bool
}

public struct Comment: Sendable {
  public var kind: ObjectKind
  /// Qualifiers first; a column's is its table's parts and its own.
  public var name: [String]
  /// nil is NULL: remove it.
  public var text: String?
}

public struct CreateRole: Sendable {
  public enum Form: String, Sendable { case role = "ROLE", user = "USER", group = "GROUP" }
  public var form: Form
  public var name: String
  public var options: [StatementOption]
}

public struct AlterRole: Sendable {
  /// nil is ALL.
  public var role: RoleName?
  public var options: [StatementOption]
  /// ALTER GROUP ... DROP USER rather than ADD USER.
  public var dropsMembers: Bool
  /// ALTER ROLE ... SET or RESET.
  public var setting: SetVariable?
  /// IN DATABASE.
  public var database: String?
}

public struct DropRole: Sendable {
  public var roles: [RoleName]
  public var ifExists: Bool
}

/// GRANT or REVOKE on objects.
public struct Grant: Sendable {
  public struct Privilege: Sendable {
    /// Lower case, nil for ALL.
    public var name: String?
    public var columns: [String]
  }
  public var isGrant: Bool
  public var kind: ObjectKind
  /// ALL TABLES IN SCHEMA: `objects` are schemas.
  public var isAllInSchema: Bool
  /// ALTER DEFAULT PRIVILEGES.
  public var isDefault: Bool
  public var objects: [[String]]
  /// Empty for ALL PRIVILEGES.
  public var privileges: [Privilege]
  public var grantees: [RoleName]
  public var withGrantOption: Bool
  public var cascade: Bool
}

public struct GrantRole: Sendable {
  public var isGrant: Bool
  public var roles: [String]
  public var grantees: [RoleName]
  public var withAdminOption: Bool
  public var cascade: Bool
}
