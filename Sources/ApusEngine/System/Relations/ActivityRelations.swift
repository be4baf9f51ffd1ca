// ActivityRelations owns what tells of running sessions and of work done: pg_stat_activity, pg_stat_* of tables and of
// the database, apus.queries, apus.catalog_misses.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore

enum ActivityRelations {
  static let contents: [String: RelationContent] = [
    "pg_stat_activity": .live(.statement) { source throws(ApusError) in source.database.activities.map(activityRow) },
    "pg_stat_ssl": .live(.statement) { source throws(ApusError) in
      source.database.activities.map {
        [.int(Int64($0.processID)), .bool(false), .null, .null, .null, .null, .null, .null]
      }
    },
    "pg_stat_gssapi": .live(.statement) { source throws(ApusError) in
      source.database.activities.map { [.int(Int64($0.processID)), .bool(false), .null, .bool(false)] }
    },
    "pg_stat_database": .live(.statement) { source throws(ApusError) in
      // Counts that are not kept are null.
      [
        [.oid(CatalogOIDs.database), .text("apus"), .int(Int64(source.database.activities.count))]
          + [Value](repeating: .null, count: 25)
      ]
    },
    "pg_stat_all_tables": tables("all", tableRow),
    "pg_stat_user_tables": tables("user", tableRow),
    "pg_stat_sys_tables": tables("sys", tableRow),
    "pg_statio_all_tables": tables("all", blockRow),
    "pg_statio_user_tables": tables("user", blockRow),
    "pg_statio_sys_tables": tables("sys", blockRow),
  ]

  /// Tables by which of pg_stat_X_tables and pg_statio_X_tables lists them.
  private static func isListed(_ table: TableSnapshot, in part: String) -> Bool {
    part == "all" || (part == "user") == (table.definition.id >= TableDefinition.firstUserTable)
  }

  static let apusContents: [String: RelationContent] = [
    "queries": .live(.statement) { source throws(ApusError) in
      let now = source.database.now()
      return source.database.activities.filter { $0.state == "active" }.map { session in
        [
          .int(Int64(session.processID)), .text(session.user), .text(session.applicationName),
          .optional(session.clientAddress), .optional(session.queryStart),
          session.queryStart.map { .interval(Interval(months: 0, days: 0, microseconds: now &- $0)) } ?? .null,
          .text(session.state), .text(session.query),
        ]
      }
    },
    "catalog_misses": .live(.statement) { source throws(ApusError) in
      source.database.catalogMisses.all.map { miss in
        [
          .text(miss.kind), .text(miss.name), .int(miss.count), .int(miss.first), .int(miss.last), .text(miss.query),
        ]
      }
    },
  ]

  private static func activityRow(_ session: SessionActivity.State) -> [Value] {
    let isIdle = session.state == "idle"
    return [
      .oid(CatalogOIDs.database), .text("apus"), .int(Int64(session.processID)), .null, .oid(CatalogOIDs.role),
      .text(session.user), .text(session.applicationName), .optional(session.clientAddress), .null,
      .optional(session.clientPort), .int(session.start), isIdle ? .null : .optional(session.transactionStart),
      .optional(session.queryStart), .int(session.stateChange), isIdle ? .text("Client") : .null,
      isIdle ? .text("ClientRead") : .null, .text(session.state), .null, .null, .null, .text(session.query),
      .text("client backend"),
    ]
  }

  private static func tables(
    _ part: String, _ row: @escaping @Sendable (TableSnapshot, IngestCounters) -> [Value]
  ) -> RelationContent {
    .live(.statement) { source throws(ApusError) in
      source.snapshot.store.tables.filter { isListed($0, in: part) }.map { table in
        row(table, source.database.store.counters(table.definition.id))
      }
    }
  }

  /// relid, schemaname, relname.
  private static func name(_ table: TableSnapshot) -> [Value] {
    [.oid(table.definition.id.value), .text(table.definition.schema), .text(table.definition.name)]
  }

  /// Counts that are not kept are null.
  @Sendable private static func tableRow(_ table: TableSnapshot, _ counters: IngestCounters) -> [Value] {
    let none = Value.null
    return name(table) + [
      // seq_scan, seq_tup_read, idx_scan, idx_tup_fetch
      none, none, none, none, .int(Int64(counters.stored)), .int(0), .int(0), .int(0), .int(Int64(table.rowCount)),
      .int(0), none, none, none, none, none, none, .int(0), .int(0), .int(0), .int(0),
    ]
  }

  /// Blocks are not PostgreSQL's: nothing is counted.
  @Sendable private static func blockRow(_ table: TableSnapshot, _ counters: IngestCounters) -> [Value] {
    name(table) + [Value](repeating: .null, count: 8)
  }
}
