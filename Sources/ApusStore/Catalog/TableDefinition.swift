// TableDefinition owns what the catalog knows of a table: its columns and its options.

public import ApusBase
public import ApusColumns

/// A column of a table. Named by its id in the log and in segments, so that renaming leaves data in place.
public struct ColumnDefinition: Sendable, Hashable {
  /// Given by the store when the table is made; 0 until then.
  public var id: ColumnID
  public var name: String
  public var type: TypeReference
  public var isNotNull: Bool
  /// The text of DEFAULT, for the engine to bind.
  public var defaultExpression: String?
  /// The text of GENERATED ALWAYS AS (...), for the engine to bind. Such a column is computed when read, never stored.
  public var generatedExpression: String?
  public var isDropped: Bool

  public init(
    id: ColumnID = ColumnID(0), name: String, type: TypeReference, isNotNull: Bool = false,
    defaultExpression: String? = nil, generatedExpression: String? = nil, isDropped: Bool = false
  ) {
    self.id = id
    self.name = name
    self.type = type
    self.isNotNull = isNotNull
    self.defaultExpression = defaultExpression
    self.generatedExpression = generatedExpression
    self.isDropped = isDropped
  }
}

/// The options of a table that the store acts on. Columns are named, as in WITH (...). Durations are in seconds.
public struct TableOptions: Sendable, Hashable, Codable {
  /// A timestamptz (or timestamp) column by which rows are partitioned and admitted; nil: one partition, no bounds.
  public var timeColumn: String?
  /// The width of a partition.
  public var partitionSeconds: Int64
  /// Columns by which a segment's rows are sorted; nil: (event, time) where both are there, else the time column.
  public var orderBy: [String]?
  /// A text or uuid column whose value alone identifies an event.
  public var dedupeKey: String?
  /// How long a key is remembered, from its receipt.
  public var dedupeWindowSeconds: Int64
  /// Rows older than this are rejected as too old; nil: those past the retention, if there is one.
  public var acceptPastSeconds: Int64?
  /// Partitions wholly older than this are removed: dropped `graceSeconds` before, restorable until then. nil: none is.
  public var retentionSeconds: Int64?
  /// Restored partitions hold retention until it is set again.
  public var isRetentionHeld: Bool?
  /// Rows that match a condition are deleted at an age of their own.
  public var filteredRetention: [FilteredRetention]?
  /// Paths of jsonb columns that are removed at an age.
  public var propertyRetention: [PropertyRetention]?
  /// Sub-columns of a jsonb column in one segment; nil: `Limits.propertyColumnsPerSegmentMax`.
  public var propertyColumnsMax: Int?
  /// Rows further in the future than this are rejected as too new; nil: none is.
  public var acceptFutureSeconds: Int64?
  /// The table whose rows this one's are derived from: partials of a rollup. Such a table has no name for users, and
  /// its rows are partitioned as those that they come from.
  public var derivedFrom: UInt32?
  /// Columns whose values are numbered: each value has one id in all of them. Generated ones are named for what they
  /// are computed from. nil: none are, as in tables made before there were ids.
  public var entity: [String]?
  /// Every option as it was given, for display and for options the store does not act on.
  public var given: [String: String]

  public static let secondsPerDay: Int64 = 86_400

  public init(
    timeColumn: String? = nil, partitionSeconds: Int64 = secondsPerDay, orderBy: [String]? = nil,
    dedupeKey: String? = nil, dedupeWindowSeconds: Int64 = secondsPerDay, acceptPastSeconds: Int64? = nil,
    acceptFutureSeconds: Int64? = secondsPerDay, retentionSeconds: Int64? = nil, entity: [String]? = nil,
    given: [String: String] = [:]
  ) {
    self.timeColumn = timeColumn
    self.partitionSeconds = partitionSeconds
    self.orderBy = orderBy
    self.dedupeKey = dedupeKey
    self.dedupeWindowSeconds = dedupeWindowSeconds
    self.acceptPastSeconds = acceptPastSeconds
    self.retentionSeconds = retentionSeconds
    self.acceptFutureSeconds = acceptFutureSeconds
    self.entity = entity
    self.given = given
  }
}

/// Retention of the rows for which a condition is true.
public struct FilteredRetention: Sendable, Hashable, Codable {
  /// SQL over the columns of the table, for the engine to bind.
  public var filter: String
  /// Partitions wholly older than this lose the rows.
  public var seconds: Int64
  public init(filter: String, seconds: Int64) {
    self.filter = filter
    self.seconds = seconds
  }
}

/// Retention of one path of a jsonb column.
public struct PropertyRetention: Sendable, Hashable, Codable {
  public var column: String
  /// Keys from the root. What lies below goes with it.
  public var path: [String]
  /// Partitions wholly older than this lose the path.
  public var seconds: Int64
  public init(column: String, path: [String], seconds: Int64) {
    self.column = column
    self.path = path
    self.seconds = seconds
  }
}

/// A table as of one moment.
public struct TableDefinition: Sendable, Hashable {
  /// Given by the store when the table is made; 0 until then. At least `firstUserTable` for users' tables.
  public var id: TableID
  public var schema: String
  public var name: String
  /// In order of their ids, dropped ones included.
  public var columns: [ColumnDefinition]
  public var options: TableOptions

  public init(
    id: TableID = TableID(0), schema: String = "public", name: String, columns: [ColumnDefinition],
    options: TableOptions = TableOptions()
  ) {
    self.id = id
    self.schema = schema
    self.name = name
    self.columns = columns
    self.options = options
  }

  /// Lower ids are the store's own tables, as in PostgreSQL.
  public static let firstUserTable = TableID(16_384)

  /// The columns that are not dropped.
  public var liveColumns: [ColumnDefinition] { columns.filter { !$0.isDropped } }

  /// The columns that rows in the log, in memtables and in segments have: neither dropped nor generated.
  public var storedColumns: [ColumnDefinition] { columns.filter { !$0.isDropped && $0.generatedExpression == nil } }

  public func column(named name: String) -> ColumnDefinition? { columns.first { !$0.isDropped && $0.name == name } }
  public func column(_ id: ColumnID) -> ColumnDefinition? { columns.first { $0.id == id } }

  public var isDerived: Bool { options.derivedFrom != nil }

  /// The name as messages show it.
  public var qualifiedName: String { schema == "public" || schema.isEmpty ? name : "\(schema).\(name)" }

  /// The time column, where one is declared.
  public var timeColumn: ColumnDefinition? { options.timeColumn.flatMap { column(named: $0) } }
  public var dedupeKeyColumn: ColumnDefinition? { options.dedupeKey.flatMap { column(named: $0) } }

  /// The columns by which segments are sorted.
  public var orderColumns: [ColumnDefinition] {
    if let named = options.orderBy { return named.compactMap { column(named: $0) }.filter(\.type.type.isSortKey) }
    guard let time = timeColumn else { return [] }
    if let event = column(named: "event"), event.type.type.isSortKey { return [event, time] }
    return [time]
  }

  /// The partition of a time in microseconds since 2000-01-01; infinities go to the outermost partitions.
  public func partition(of time: PostgresMicroseconds) -> PartitionKey {
    partition(of: time, width: partitionMicroseconds)
  }

  /// The width of a partition in microseconds; 0: the table has the one partition 0.
  public var partitionMicroseconds: Int64 {
    guard timeColumn != nil else { return 0 }
    let (width, overflow) = options.partitionSeconds.multipliedReportingOverflow(by: 1_000_000)
    return overflow || width <= 0 ? 0 : width
  }

  @inline(__always)
  func partition(of time: PostgresMicroseconds, width: Int64) -> PartitionKey {
    guard width > 0 else { return PartitionKey(0) }
    let (unix, overflow) = time.addingReportingOverflow(postgresEpochUnixMicroseconds)
    let clamped = overflow ? time : unix
    let quotient = clamped / width
    return PartitionKey(clamped % width < 0 ? quotient &- 1 : quotient)
  }

  /// The times of a partition, in Unix microseconds: from inclusive, to exclusive.
  public func unixMicroseconds(of partition: PartitionKey) -> (from: Int64, to: Int64) {
    let width = partitionMicroseconds
    let (from, overflow) = partition.value.multipliedReportingOverflow(by: width)
    if width == 0 || overflow { return (Int64.min, Int64.max) }
    let (to, past) = from.addingReportingOverflow(width)
    return (from, past ? Int64.max : to)
  }
}

/// Anything else that the engine keeps in the catalog: views, rollups, policies, roles, keys. The store does not read
/// the definition.
public struct CatalogObject: Sendable, Hashable {
  /// "view", "role", "schema", ...
  public var kind: String
  public var schema: String
  public var name: String
  /// JSON, for whoever made it.
  public var definition: String

  public init(kind: String, schema: String = "public", name: String, definition: String) {
    self.kind = kind
    self.schema = schema
    self.name = name
    self.definition = definition
  }
}
