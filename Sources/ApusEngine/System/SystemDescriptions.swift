// SystemDescriptions owns the comments on what Apus adds to the catalogs: schema apus and its relations.

import ApusBase
import ApusColumns

enum SystemDescriptions {
  private static let relations: [(name: String, text: String)] = [
    ("segments", "segment files of columnar tables"),
    ("partitions", "partitions of columnar tables, summed over their segments"),
    ("tables", "columnar tables with their options, rows and sizes"),
    ("properties", "paths within jsonb columns, as segments store them"),
    ("ingest", "what was taken in since the start, by table, dialect and result"),
    ("queries", "what sessions run now"),
    ("settings", "settings with their values and where they come from"),
    ("keys", "keys for ingest and queries, without their secrets"),
    ("rollups", "rollups: what they keep, and how much of it is up to date"),
    ("jobs", "background work that runs or waits"),
    ("policies", "what goes for its age, and how far that has come"),
    ("catalog_misses", "what clients asked of the catalogs that is not there"),
    ("rejects", "rows that could not be stored"),
  ]

  private static let classOID: OID = 1259
  private static let namespaceOID: OID = 2615

  static let schemas: [(OID, String)] = [
    (CatalogOIDs.pgCatalog, "system catalog schema"), (CatalogOIDs.publicSchema, "standard public schema"),
    (CatalogOIDs.apusSchema, "what Apus tells of itself"),
  ]

  /// (object, catalog, column, text)
  static let all: [(object: OID, catalog: OID, column: Int64, text: String)] =
    schemas.map { ($0.0, namespaceOID, 0, $0.1) }
    + relations.compactMap { entry in
      SystemRelations.definition(schema: "apus", name: entry.name).map { ($0.oid, classOID, 0, entry.text) }
    } + [(CatalogOIDs.columnarMethod, 2601, 0, "columnar table access method")]

  @Sendable static func rows() -> [[Value]] {
    all.map { [.oid($0.object), .oid($0.catalog), .int($0.column), .text($0.text)] }
  }

  static func text(object: OID, catalog: OID?, column: Int64 = 0) -> String? {
    all.first { $0.object == object && (catalog == nil || $0.catalog == catalog) && $0.column == column }?.text
  }
}
