// Limits owns every bound of the server: a constant with its unit and its reason. docs/LIMITS.md lists the same.

public enum Limits {
  /// Rows of a row group, a sealed memtable block and a morsel: large enough to amortise a chunk's header, small enough
  /// that a code fits 16 bits.
  public static let rowsPerRowGroup = 65_536
  /// Rows of a batch between operators: the columns of a batch stay in the second-level cache.
  public static let rowsPerBatch = 8_192

  /// PostgreSQL's own bound on a startup packet.
  public static let startupPacketBytesMax = 10_000
  /// What a connection may buffer before it is authenticated.
  public static let preAuthenticationBytesMax = 16 << 10
  /// One message of the wire protocol.
  public static let messageBytesMax = 64 << 20
  /// The text of one SQL statement.
  public static let sqlBytesMax = 16 << 20
  /// Nesting of an expression after chains are flattened.
  public static let expressionDepthMax = 256
  /// Operators and set operations in one statement, counted before the parser recurses.
  public static let operatorsPerStatementMax = 20_000
  /// Nesting of JSON, in events and in jsonb values.
  public static let jsonDepthMax = 64
  /// Objects of event properties below this depth are kept as one jsonb value.
  public static let propertyDepthMax = 8
  /// One event of an ingest request.
  public static let eventBytesMax = 1 << 20
  /// Rejected events of one ingest request: with more, the whole request is refused, and nothing of it is stored.
  public static let rejectsPerRequestMax = 100_000
  /// Links between ids that `apus.person` holds in memory.
  public static let identityLinksMax = 4_000_000
  /// An HTTP body as sent.
  public static let httpBodyBytesMax = 64 << 20
  /// An HTTP body after decompression.
  public static let httpExpandedBytesMax = 256 << 20
  /// Expanded size over compressed size: more is a decompression bomb.
  public static let httpExpansionRatioMax = 100
  /// Up to this expanded size the ratio does not count: small bodies of like lines compress better than that.
  public static let httpExpansionFreeBytes = 1 << 20
  /// All bodies of requests that run, together: beyond it 429.
  public static let httpBodiesBytesMax = 768 << 20
  /// The answer to one query: it is built in memory.
  public static let httpResultBytesMax = 64 << 20
  public static let httpHeaderBytesMax = 32 << 10
  /// Connections of ordinary users, and those kept for the superuser.
  public static let connectionsMax = 200
  public static let connectionsReserved = 3
  public static let authenticationSecondsMax = 10
  public static let httpIdleSecondsMax = 60
  public static let writeStallSecondsMax = 30
  /// A statement over HTTP. Over the wire protocol there is no limit until one is set.
  public static let httpStatementSecondsMax = 30
  /// Columns of one table (PostgreSQL's bound).
  public static let columnsPerTableMax = 1_600
  /// Property sub-columns of one segment; rarer paths share the overflow column.
  public static let propertyColumnsPerSegmentMax = 1_000
  /// Partitions of a table with a memtable of their own; older late rows share one memtable.
  public static let openPartitionsPerTableMax = 64
  /// Conditions of one funnel, sequence or retention: a bit of a word each.
  public static let sequenceConditionsMax = 32
  /// Steps that the search for a sequence pattern may take over one group: patterns with several `.*` may take as many
  /// as the product of the group's events.
  public static let sequenceStepsMax = 1_000_000
  /// A value of any type (SQLSTATE 54000 beyond).
  public static let valueBytesMax = 64 << 20
  /// A transaction whose rows are larger goes to private segments and commits in the catalog.
  public static let walTransactionBytesMax = 64 << 20
  /// Rejected events are kept this long, and at most this many bytes; the oldest go first, and are counted.
  public static let rejectsSecondsMax = 7 * 86_400
  public static let rejectsBytesMax = 1 << 30
  /// Rows of one segment, at the most.
  public static let segmentRowsMax = 1 << 28
  /// Compaction merges segments up to this many rows, and reads at most this many bytes at once: it sorts in memory.
  public static let compactionRowsMax = 16 * rowsPerRowGroup
  public static let compactionBytesMax = 128 << 20
  /// A partition that retention dropped can be restored this long, at most half of the retention.
  public static let retentionGraceSeconds: Int64 = 86_400
  /// A wall clock that moves by more pauses retention until it is confirmed.
  public static let clockStepSecondsMax: Int64 = 86_400
  /// Entities of one table that have an id, and the memory that their dictionary may hold: it lies in memory whole.
  /// Beyond either, new values get no id and are counted by their text.
  public static let entityIDsMax = 50_000_000
  public static let entityMemoryBytesMax = 2 << 30
  /// A longer value gets no id.
  public static let entityBytesMax = 4 << 10
  /// A name of a table, column or other object, as PostgreSQL's NAMEDATALEN - 1.
  public static let identifierBytesMax = 63
}
