// Sizes and counts of tables, and apus.flush.

import ApusBase
import ApusColumns
import ApusStore

extension CatalogFunctions {
  static let sizeBodies: [String: Body] = [
    "pg_relation_size": { (catalog, arguments) throws(ApusError) -> Value in
      if arguments.count > 1 {
        guard ["main", "fsm", "vm", "init"].contains(arguments[1].asText) else {
          throw ApusError(
            .invalidParameterValue, "invalid fork name",
            hint: "Valid fork names are \"main\", \"fsm\", \"vm\", and \"init\".")
        }
        if arguments[1].asText != "main" { return catalog.relation(arguments[0].asOID) == nil ? .null : .int(0) }
      }
      return catalog.size(arguments[0])
    },
    "pg_table_size": { (catalog, arguments) throws(ApusError) -> Value in catalog.size(arguments[0]) },
    "pg_total_relation_size": { (catalog, arguments) throws(ApusError) -> Value in catalog.size(arguments[0]) },
    "pg_indexes_size": { (catalog, arguments) throws(ApusError) -> Value in
      catalog.relation(arguments[0].asOID) == nil ? .null : .int(0)
    },
    "pg_database_size": { (catalog, arguments) throws(ApusError) -> Value in
      if case .text(let name) = arguments[0], name != "apus" {
        throw ApusError(.invalidCatalogName, "database \"\(name)\" does not exist")
      }
      if case .int = arguments[0], arguments[0].asOID != CatalogOIDs.database { return .null }
      return .int(catalog.totalSize)
    },
    "pg_tablespace_size": { (catalog, arguments) throws(ApusError) -> Value in
      if case .text(let name) = arguments[0] {
        guard ["pg_default", "pg_global"].contains(name) else {
          throw ApusError(.undefinedObject, "tablespace \"\(name)\" does not exist")
        }
        return .int(name == "pg_default" ? catalog.totalSize : 0)
      }
      switch arguments[0].asOID {
      case CatalogOIDs.defaultTablespace: return .int(catalog.totalSize)
      case CatalogOIDs.globalTablespace: return .int(0)
      default: return .null
      }
    },
    "pg_relation_filenode": { (catalog, arguments) throws(ApusError) -> Value in
      catalog.relation(arguments[0].asOID).map { $0.kind == .view ? .null : .oid($0.oid) } ?? .null
    },
    "pg_relation_is_publishable": { (catalog, arguments) throws(ApusError) -> Value in
      // Nothing is published.
      catalog.relation(arguments[0].asOID) == nil ? .null : .bool(false)
    },
    "pg_relation_is_updatable": { (catalog, arguments) throws(ApusError) -> Value in
      // INSERT and DELETE: bits 3 and 4, as PostgreSQL numbers its commands.
      catalog.relation(arguments[0].asOID).map { .int($0.table == nil ? 0 : 24) } ?? .int(0)
    },
    "pg_column_is_updatable": { (_, _) throws(ApusError) -> Value in .bool(false) },
    "pg_stat_get_live_tuples": { (catalog, arguments) throws(ApusError) -> Value in
      .int(Int64(catalog.table(arguments[0])?.rowCount ?? 0))
    },
    "pg_stat_get_tuples_inserted": { (catalog, arguments) throws(ApusError) -> Value in
      .int(Int64(catalog.snapshot.database.store.counters(TableID(arguments[0].asOID)).stored))
    },
    "pg_stat_get_tuples_updated": { (_, _) throws(ApusError) -> Value in .int(0) },
    "pg_stat_get_tuples_deleted": { (_, _) throws(ApusError) -> Value in .int(0) },
    "pg_stat_get_dead_tuples": { (catalog, arguments) throws(ApusError) -> Value in
      .int(Int64(catalog.table(arguments[0])?.segments.reduce(0) { $0 + $1.deletedRows } ?? 0))
    },
    // Nothing is vacuumed, and statistics are kept as rows come in.
    "pg_stat_get_last_vacuum_time": { (_, _) throws(ApusError) -> Value in .null },
    "pg_stat_get_last_autovacuum_time": { (_, _) throws(ApusError) -> Value in .null },
    "pg_stat_get_last_analyze_time": { (_, _) throws(ApusError) -> Value in .null },
    "pg_stat_get_last_autoanalyze_time": { (_, _) throws(ApusError) -> Value in .null },
    "apus.flush": { (catalog, arguments) throws(ApusError) -> Value in
      guard let table = catalog.table(arguments[0]) else {
        let name = catalog.name(of: arguments[0].asOID, as: .regclass) ?? String(arguments[0].asOID)
        throw ApusError(.wrongObjectType, "\"\(name)\" is not a table")
      }
      try catalog.snapshot.database.store.flush(table.definition.id)
      return .text("")
    },
  ]

  private var totalSize: Int64 { snapshot.store.tables.reduce(0) { $0 &+ Int64($1.segmentBytes) } }

  private func table(_ oid: Value) -> TableSnapshot? { snapshot.store.table(TableID(oid.asOID)) }

  /// Bytes of segment files; rows that are in the log alone are not counted.
  private func size(_ oid: Value) -> Value {
    if let table = table(oid) { return .int(Int64(table.segmentBytes)) }
    return relation(oid.asOID) == nil ? .null : .int(0)
  }
}
