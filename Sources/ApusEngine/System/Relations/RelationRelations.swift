// RelationRelations owns the catalogs of relations and their columns: pg_namespace, pg_class, pg_attribute and kin.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore

enum RelationRelations {
  static let contents: [String: RelationContent] = [
    "pg_namespace": .live(.definitions) { source throws(ApusError) in
      source.snapshot.schemas.map { [.oid(CatalogOIDs.schema($0)), .text($0), .oid(CatalogOIDs.role), .null] }
    },
    "pg_class": RelationContent(
      fixed: { _ in ListedRelation.system.map { classRow($0, rows: nil, bytes: 0) } },
      live: { source throws(ApusError) in
        source.snapshot.store.tables.map { table in
          classRow(ListedRelation(table.definition), rows: table.rowCount, bytes: table.segmentBytes)
        } + (source.snapshot.listedBackendTables + source.snapshot.views).map { classRow($0, rows: nil, bytes: 0) }
          + rollupClassRows(source)
      }, lifetime: .commit),
    "pg_attribute": RelationContent(
      fixed: { _ in ListedRelation.system.flatMap(attributeRows) },
      live: { source throws(ApusError) in source.relations.flatMap(attributeRows) }, lifetime: .definitions),
    "pg_attrdef": .live(.definitions) { source throws(ApusError) in
      (source.tables + source.snapshot.listedBackendTables).flatMap(defaultRows)
    },
    "pg_tables": RelationContent(
      fixed: { _ in ListedRelation.system.filter { $0.kind == .table }.map(tableRow) },
      live: { source throws(ApusError) in
        (source.tables + source.snapshot.listedBackendTables.filter { $0.kind == .table }).map(tableRow)
      }, lifetime: .definitions),
    "pg_views": RelationContent(
      fixed: { _ in ListedRelation.system.filter { $0.kind == .view }.map { viewRow($0, query: nil) } },
      live: { source throws(ApusError) in
        source.snapshot.views.map { view in
          let object = source.snapshot.view(schema: view.schema.schema, name: view.name)
          return viewRow(view, query: object.flatMap { try? ViewDefinition($0) }?.query)
        }
      }, lifetime: .definitions),
    "pg_matviews": .live(.definitions) { source throws(ApusError) in
      source.snapshot.listedRollups.map { rollup in
        let object = source.snapshot.store.object(
          kind: StoredRollup.kind, schema: rollup.schema.schema, name: rollup.name)
        let query = object.flatMap { try? StoredRollup.read($0) }?.query
        return [
          .text(rollup.schema.schema), .text(rollup.name), .text("apus"), .null, .bool(false), .bool(true),
          .optional(query.map { $0 + ";" }),
        ]
      }
    },
    "pg_am": RelationContent(
      fixed: { _ in
        [
          [.oid(CatalogOIDs.heapMethod), .text("heap"), .int(3), .text("t")],
          [.int(403), .text("btree"), .int(330), .text("i")],
          [.oid(CatalogOIDs.columnarMethod), .text("columnar"), .int(0), .text("t")],
        ]
      }, live: { source throws(ApusError) in PluginRelations.accessMethods(source) }, lifetime: .definitions),
    "pg_description": RelationContent(
      fixed: { _ in SystemDescriptions.rows() },
      live: { source throws(ApusError) in
        source.snapshot.comments.map { comment in
          [.oid(comment.place.object), .oid(comment.place.catalog), .int(comment.place.column), .text(comment.text)]
        }
      }, lifetime: .definitions),
  ]

  private static func rollupClassRows(_ source: SystemSource) -> [[Value]] {
    source.snapshot.listedRollups.map { listed in
      let rollup = try? source.snapshot.rollup(RelationName(schema: listed.schema.schema, name: listed.name))
      return classRow(
        listed, rows: rollup?.kept.segments.reduce(0) { $0 + $1.record.rows }, bytes: rollup?.kept.segmentBytes ?? 0)
    }
  }

  private static func viewRow(_ view: ListedRelation, query: String?) -> [Value] {
    [.text(view.schema.schema), .text(view.name), .text("apus"), .optional(query.map { $0 + ";" })]
  }

  private static func classRow(_ relation: ListedRelation, rows: Int?, bytes: Int) -> [Value] {
    let isTable = relation.table != nil || relation.backend != nil
    let options = relation.options
    let count = relation.schema.columns.map { Int64($0.id.value) }.max() ?? 0
    return [
      .oid(relation.oid), .text(relation.name), .oid(relation.schemaOID), .oid(relation.rowType), .int(0),
      .oid(CatalogOIDs.role), .oid(relation.accessMethod), .oid(relation.kind == .table ? relation.oid : 0),
      .oid(relation.isShared ? CatalogOIDs.globalTablespace : 0),
      // relpages, reltuples, relallvisible, reltoastrelid
      .int(Int64(clamping: (bytes + 8191) / 8192) & 0x7fff_ffff), .float(rows.map { Double($0) } ?? -1), .int(0),
      .int(0),
      // relhasindex, relisshared, relpersistence, relkind
      .bool(false), .bool(relation.isShared),
      .text(relation.schema.schema.hasPrefix(TemporarySchema.prefix) ? "t" : "p"), .text(relation.kind.rawValue),
      .int(count), .int(0), .bool(false), .bool(false), .bool(false), .bool(false), .bool(false), .bool(true),
      // relreplident, relispartition, relrewrite, relfrozenxid, relminmxid
      .text(isTable || relation.kind == .materializedView ? "d" : "n"), .bool(false), .int(0), .int(0), .int(0),
      .null, options.isEmpty ? .null : .texts(options), .null,
    ]
  }

  private static func attributeRows(_ relation: ListedRelation) -> [[Value]] {
    relation.schema.columns.map { column in
      let type = CatalogTypes.entry(column.type.type.oid)
      let isGenerated = column.generatedText != nil
      // Text in system tables is in the order of its bytes.
      let collation = type?.collation ?? 0
      let isSystem = relation.isSystem
      return [
        .oid(relation.oid), .text(column.name), .oid(column.type.type.oid), .int(-1), .int(type?.length ?? -1),
        .int(Int64(column.id.value)), .int(type?.category == "A" && column.type.type.elementType != nil ? 1 : 0),
        .int(-1), .int(Int64(column.type.modifier)),
        // attbyval, attalign, attstorage, attcompression
        .bool(type?.isByValue ?? false), .text(type?.alignment ?? "i"), .text(type?.storage ?? "x"), .text(""),
        .bool(column.isNotNull), .bool(isGenerated || column.defaultText != nil), .bool(false), .text(""),
        .text(isGenerated ? "s" : ""), .bool(false), .bool(true), .int(0),
        .oid(isSystem && collation == 100 ? 950 : collation),
        .null, .null, relation.backend?.columnOptions[column.id].map { .texts([$0]) } ?? .null, .null,
      ]
    }
  }

  private static func defaultRows(_ relation: ListedRelation) -> [[Value]] {
    guard relation.table != nil || relation.backend != nil else { return [] }
    return relation.schema.columns.compactMap { column in
      guard let text = column.generatedText ?? column.defaultText else { return nil }
      return [
        .oid(relation.defaultOID(column.id)), .oid(relation.oid), .int(Int64(column.id.value)),
        .text(text),
      ]
    }
  }

  private static func tableRow(_ relation: ListedRelation) -> [Value] {
    [
      .text(relation.schema.schema), .text(relation.name), .text("apus"),
      relation.isShared ? .text("pg_global") : .null, .bool(false), .bool(false), .bool(false), .bool(false),
    ]
  }
}

extension TableSnapshot {
  /// Bytes of the segments' files.
  var segmentBytes: Int { segments.reduce(0) { $0 &+ $1.record.bytes } }
  var memtableRows: Int { memtableRowGroups.reduce(0) { $0 + $1.rowCount } }
}
