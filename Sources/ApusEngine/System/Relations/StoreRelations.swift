// StoreRelations owns apus.rollups, apus.segments, apus.partitions, apus.tables, apus.properties and apus.jobs: what
// the store holds.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore

enum StoreRelations {
  static let apusContents: [String: RelationContent] = [
    "segments": .live(.commit) { source throws(ApusError) in
      source.snapshot.store.tables.flatMap { table in
        table.segments.map { segment in
          let record = segment.record
          return name(table) + [
            start(of: record.partition, table.definition), .int(Int64(clamping: record.id.value)),
            .int(Int64(record.rows)), .int(Int64(record.bytes)), .optional(record.minimumTime),
            .optional(record.maximumTime), .int(Int64(clamping: record.minimumLSN.value)),
            .int(Int64(clamping: record.maximumLSN.value)), .int(time(record.received)), .text(record.path),
            .int(Int64(segment.deletedRows)),
          ]
        }
      }
    },
    "partitions": .live(.commit) { source throws(ApusError) in
      source.snapshot.store.tables.flatMap { table in
        Dictionary(grouping: table.segments) { $0.record.partition }.sorted { $0.key < $1.key }.map { key, segments in
          let records = segments.map(\.record)
          return name(table) + [
            start(of: key, table.definition), end(of: key, table.definition), .int(Int64(records.count)),
            .int(Int64(segments.reduce(0) { $0 + $1.liveRows })), .int(Int64(records.reduce(0) { $0 + $1.bytes })),
            .optional(records.compactMap(\.minimumTime).min()), .optional(records.compactMap(\.maximumTime).max()),
          ]
        }
      }
    },
    "ingest": .live(.statement) { source throws(ApusError) in
      source.snapshot.store.tables.flatMap { ingestRows($0, source.database) }
    },
    "tables": .live(.commit) { source throws(ApusError) in source.snapshot.store.tables.map(tableRow) },
    "properties": .live(.statement) { source throws(ApusError) in try propertyRows(source) },
    "rollups": .live(.commit) { source throws(ApusError) in
      try source.snapshot.rollups().map { rollup in
        let table = rollup.base.definition
        let segments = rollup.kept.segments.map(\.record)
        return [
          .text(rollup.schema), .text(rollup.name), .text(table.schema), .text(table.name),
          .optional(rollup.stored.finer?.name), .int(Int64(rollup.stored.version)),
          interval(rollup.kept.definition.options.retentionSeconds), .int(Int64(segments.reduce(0) { $0 + $1.rows })),
          .int(Int64(segments.reduce(0) { $0 + $1.bytes })), .int(Int64(Set(segments.map(\.partition)).count)),
          .int(Int64(rollup.state.stale.count)), .optional(rollup.state.failure),
          rollup.historyEnd.map { start(of: $0, table) } ?? .null, .text(rollup.stored.query),
        ]
      }
    },
    "jobs": .live(.statement) { source throws(ApusError) in
      source.database.store.pendingFlushes().map { flush in
        let definition = flush.definition
        return [
          .text("flush"), .text(definition.schema), .text(definition.name),
          flush.partition.map { start(of: $0, definition) } ?? .null, .text(flush.isSealed ? "waiting" : "filling"),
          .int(Int64(flush.rows)), .int(Int64(flush.bytes)), .int(time(flush.since)),
        ]
      }
        + source.database.rollupJobs.all.map { job in
          [
            .text("rollup"), .text(job.rollup.schema), .text(job.rollup.name), .null,
            .text("\(job.done) of \(job.partitions) partitions"), .null, .null, .int(job.since),
          ]
        }
        + source.database.store.entityStatus().filter(\.isFrozen).map { entities in
          [
            .text("entities"), .text(entities.definition.schema), .text(entities.definition.name), .null,
            .text("full"), .int(Int64(entities.ids)), .int(Int64(entities.bytes)), .null,
          ]
        }
        + source.database.store.lifecycleJobs().map { job in
          [
            .text(job.kind), .text(job.definition.schema), .text(job.definition.name),
            start(of: job.partition, job.definition), .text(job.state), .int(Int64(job.rows)), .int(Int64(job.bytes)),
            .int(time(job.since)),
          ]
        }
    },
  ]

  /// What came over HTTP by dialect; the rest of what the store counted came by INSERT and COPY.
  private static func ingestRows(_ table: TableSnapshot, _ database: Database) -> [[Value]] {
    let counters = database.store.counters(table.definition.id)
    // Ingest names tables of schema public.
    let dialects =
      table.definition.schema == "public"
      ? database.ingestCounts.filter { $0.table == table.definition.name } : []
    let stored = counters.stored - dialects.reduce(0) { $0 + $1.stored }
    let duplicates = counters.duplicates - dialects.reduce(0) { $0 + $1.duplicates }
    var counts: [(dialect: String, result: String, count: Int)] = [
      ("sql", "stored", stored), ("sql", "duplicate", duplicates),
    ]
    for dialect in dialects {
      counts += [
        (dialect.dialect, "stored", dialect.stored), (dialect.dialect, "duplicate", dialect.duplicates),
        (dialect.dialect, "rejected", dialect.rejected), (dialect.dialect, "refused_request", dialect.refused),
      ]
    }
    return counts.filter { $0.count > 0 }.map { entry in
      name(table) + [.text(entry.dialect), .text(entry.result), .int(Int64(entry.count))]
    }
      + (counters.withoutKey > 0
        ? [name(table) + [.null, .text("without_key"), .int(Int64(counters.withoutKey))]] : [])
  }

  /// table_schema, table_name.
  private static func name(_ table: TableSnapshot) -> [Value] {
    [.text(table.definition.schema), .text(table.definition.name)]
  }

  private static func time(_ unix: UnixMicroseconds) -> Int64 { unix &- postgresEpochUnixMicroseconds }

  private static func start(of partition: PartitionKey, _ table: TableDefinition) -> Value {
    let from = table.unixMicroseconds(of: partition).from
    return from == .min ? .null : .int(time(from))
  }
  private static func end(of partition: PartitionKey, _ table: TableDefinition) -> Value {
    let to = table.unixMicroseconds(of: partition).to
    return to == .max ? .null : .int(time(to))
  }

  private static func interval(_ seconds: Int64?) -> Value {
    guard let seconds, let days = Int32(exactly: seconds / 86_400) else { return .null }
    return .interval(Interval(months: 0, days: days, microseconds: seconds % 86_400 * 1_000_000))
  }

  private static func tableRow(_ table: TableSnapshot) -> [Value] {
    let definition = table.definition
    let options = definition.options
    return name(table) + [
      .optional(options.timeColumn), options.timeColumn == nil ? .null : interval(options.partitionSeconds),
      .texts(definition.orderColumns.map(\.name)), .optional(options.dedupeKey),
      options.dedupeKey == nil ? .null : interval(options.dedupeWindowSeconds), interval(options.acceptPastSeconds),
      interval(options.acceptFutureSeconds), .int(Int64(table.rowCount)), .int(Int64(table.memtableRows)),
      .int(Int64(table.segments.count)), .int(Int64(table.segmentBytes)), interval(options.retentionSeconds),
      .bool(options.isRetentionHeld == true),
    ]
  }

  private static func propertyRows(_ source: SystemSource) throws(ApusError) -> [[Value]] {
    var rows: [[Value]] = []
    for table in source.snapshot.store.tables {
      for path in try table.propertyPaths() {
        guard let column = table.definition.column(path.column), !column.isDropped else { continue }
        rows.append(
          name(table) + [
            .text(column.name), .text(path.path.joined(separator: ".")), .texts(path.kinds.sorted()),
            .int(Int64(path.segments)), .int(Int64(path.rows)), .int(Int64(path.bytes)), .optional(path.cardinality),
            .bool(path.overflows),
          ])
      }
    }
    return rows
  }
}
