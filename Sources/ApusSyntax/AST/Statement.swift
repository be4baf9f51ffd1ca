// Statement owns the list of statements and the forms of those that read and change rows or steer a session.

/// One statement. Those with a grammar but nobody to run them arrive as `other` with PostgreSQL's command tag.
public enum Statement: Sendable {
  case select(QueryID)
  indirect case insert(Insert)
  indirect case update(Update)
  indirect case delete(Delete)
  indirect case copy(Copy)
  indirect case truncate(Truncate)

  indirect case createTable(CreateTable)
  indirect case createTableAs(CreateTableAs)
  indirect case createView(CreateView)
  indirect case createSchema(CreateSchema)
  indirect case createExtension(CreateExtension)
  indirect case createServer(CreateServer)
  indirect case createUserMapping(CreateUserMapping)
  indirect case createIndex(CreateIndex)
  indirect case importForeignSchema(ImportForeignSchema)
  indirect case refreshMaterializedView(RefreshMaterializedView)
  indirect case alterTable(AlterTable)
  indirect case rename(Rename)
  indirect case alterOwner(AlterOwner)
  indirect case setSchema(SetSchema)
  indirect case drop(Drop)
  indirect case comment(Comment)

  indirect case createRole(CreateRole)
  indirect case alterRole(AlterRole)
  indirect case dropRole(DropRole)
  indirect case grant(Grant)
  indirect case grantRole(GrantRole)

  indirect case explain(Explain)
  indirect case setVariable(SetVariable)
  /// SHOW; the name `all` is SHOW ALL.
  case showVariable(String)
  indirect case transaction(TransactionCommand)
  indirect case prepare(Prepare)
  indirect case execute(Execute)
  /// DEALLOCATE; nil is ALL.
  case deallocate(String?)
  indirect case declareCursor(DeclareCursor)
  indirect case fetch(Fetch)
  /// CLOSE; nil is ALL.
  case closeCursor(String?)
  case discard(Discard)
  case listen(String)
  /// UNLISTEN; nil is `*`.
  case unlisten(String?)
  case notify(channel: String, payload: String)
  indirect case vacuum(Vacuum)
  case checkpoint
  /// CALL; the expression is a function call.
  case call(ExprID)
  /// DO; the language is nil when not given.
  case `do`(language: String?, body: String)
  case other(kind: String)
}

public struct Insert: Sendable {
  public struct Column: Sendable {
    public var name: String
    /// Of `column.field` or `column[1]`.
    public var indirection: [IndirectionStep]
    public var position: Int?
  }
  public enum Overriding: Sendable { case none, userValue, systemValue }
  public var with: WithClause?
  public var table: QualifiedName
  public var alias: String?
  /// Empty when not given.
  public var columns: [Column]
  /// nil for DEFAULT VALUES.
  public var source: QueryID?
  public var overriding: Overriding
  public var onConflict: OnConflict?
  public var returning: [Target]
}

public struct OnConflict: Sendable {
  public enum Arbiter: Sendable {
    case none
    case columns([IndexElement], filter: ExprID?)
    case constraint(String)
  }
  public var arbiter: Arbiter
  /// nil for DO NOTHING.
  public var update: [Assignment]?
  public var filter: ExprID?
  public var position: Int?
}

/// `column = value`, or `(a, b) = source` with several columns.
public struct Assignment: Sendable {
  /// One, or those of a multiple assignment.
  public var columns: [Insert.Column]
  public var value: ExprID
  public var isMultiple: Bool
  public var position: Int?
}

public struct Update: Sendable {
  public var with: WithClause?
  public var table: QualifiedName
  public var includesDescendants: Bool
  public var alias: Alias?
  public var assignments: [Assignment]
  public var from: [FromID]
  public var filter: ExprID?
  public var returning: [Target]
}

public struct Delete: Sendable {
  public var with: WithClause?
  public var table: QualifiedName
  public var includesDescendants: Bool
  public var alias: Alias?
  public var using: [FromID]
  public var filter: ExprID?
  public var returning: [Target]
}

public struct Copy: Sendable {
  public enum Source: Sendable {
    case table(QualifiedName)
    /// `COPY (query) TO`.
    case statement(StatementID)
  }
  public enum Endpoint: Sendable {
    /// STDIN or STDOUT.
    case client
    case file(String)
    case program(String)
  }
  public var source: Source
  public var columns: [String]
  /// FROM rather than TO.
  public var isFrom: Bool
  public var endpoint: Endpoint
  public var options: [StatementOption]
  public var filter: ExprID?
}

public struct Truncate: Sendable {
  public var tables: [QualifiedName]
  public var restartsIdentity: Bool
  public var cascade: Bool
}

public struct Explain: Sendable {
  public var statement: StatementID
  /// ANALYZE and VERBOSE written without parentheses are here too.
  public var options: [StatementOption]
}

/// SET, SET LOCAL, RESET.
public struct SetVariable: Sendable {
  public enum Value: Sendable {
    case integer(Int64)
    case numeric(String)
    case string(String)
    /// A bare word (`SET x = on`); PostgreSQL does not tell it from a string.
    case word(String)
    /// SET TIME ZONE INTERVAL '...' [fields].
    case interval(String)

    /// The value as text.
    public var text: String {
      switch self {
      case .integer(let number): String(number)
      case .numeric(let text), .string(let text), .word(let text), .interval(let text): text
      }
    }
  }
  public enum Action: Sendable {
    /// One value, or a list as for search_path.
    case set([Value])
    /// TO DEFAULT.
    case toDefault
    /// FROM CURRENT.
    case fromCurrent
    case reset
    case resetAll
    /// SET TRANSACTION, or SET SESSION CHARACTERISTICS AS TRANSACTION when `isSession`.
    case transaction(TransactionModes, isSession: Bool)
    /// SET TRANSACTION SNAPSHOT 'id'.
    case snapshot(String)
  }
  public var name: String
  public var action: Action
  public var isLocal: Bool
}

public struct TransactionModes: Sendable {
  public enum Isolation: String, Sendable {
    case readUncommitted = "read uncommitted"
    case readCommitted = "read committed"
    case repeatableRead = "repeatable read"
    case serializable = "serializable"
  }
  public var isolation: Isolation?
  public var isReadOnly: Bool?
  public var isDeferrable: Bool?

  public init() {}
}

public enum TransactionCommand: Sendable {
  /// BEGIN or START TRANSACTION.
  case begin(TransactionModes, isStart: Bool)
  case commit(andChain: Bool)
  case rollback(andChain: Bool)
  case savepoint(String)
  case release(String)
  case rollbackTo(String)
  case prepareTransaction(String)
  case commitPrepared(String)
  case rollbackPrepared(String)
}

public struct Prepare: Sendable {
  public var name: String
  public var parameterTypes: [TypeName]
  public var statement: StatementID
}

public struct Execute: Sendable {
  public var name: String
  public var arguments: [ExprID]
}

public struct DeclareCursor: Sendable {
  public var name: String
  public var query: QueryID
  public var isBinary: Bool
  /// nil when neither SCROLL nor NO SCROLL is written.
  public var isScrollable: Bool?
  public var isInsensitive: Bool
  public var isHoldable: Bool
}

public struct Fetch: Sendable {
  public enum Direction: Sendable { case forward, backward, absolute, relative }
  public var cursor: String
  public var direction: Direction
  /// `Int64.max` is ALL.
  public var count: Int64
  /// MOVE: without rows.
  public var isMove: Bool
}

public enum Discard: String, Sendable { case all = "ALL", plans = "PLANS", sequences = "SEQUENCES", temporary = "TEMP" }

/// VACUUM or ANALYZE.
public struct Vacuum: Sendable {
  public struct Relation: Sendable {
    public var name: QualifiedName
    public var columns: [String]
  }
  public var isVacuum: Bool
  public var relations: [Relation]
  public var options: [StatementOption]
}
