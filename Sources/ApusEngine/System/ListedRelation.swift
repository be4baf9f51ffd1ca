// ListedRelation owns the sight of a relation of any kind as the catalogs list it: system relations and tables alike.

import ApusBase
import ApusColumns
import ApusPlan
import ApusStore

/// One relation as pg_class, pg_attribute and information_schema list it.
struct ListedRelation: Sendable {
  let schema: TableSchema
  let kind: RelationKind
  let isShared: Bool
  let rowType: OID
  let rowArrayType: OID
  /// nil for system relations.
  let table: TableDefinition?
  /// Of a table of a storage backend: the access method, for one that Apus owns, and its options and its columns'.
  let backend: (accessMethod: OID, options: [String], columnOptions: [ColumnID: String])?
  /// The options of a rollup.
  private(set) var rollupOptions: [String: String]?

  var oid: OID { schema.oid }
  var name: String { schema.name }
  var schemaOID: OID { CatalogOIDs.schema(schema.schema) }

  init(_ relation: SystemRelation) {
    schema = relation.schema
    kind = relation.kind
    isShared = relation.isShared
    rowType = relation.rowType
    rowArrayType = relation.rowArrayType
    table = nil
    backend = nil
  }

  init(_ table: TableDefinition) {
    schema = StoreTable.schema(of: table)
    kind = .table
    isShared = false
    rowType = CatalogOIDs.rowType(of: table.id)
    rowArrayType = CatalogOIDs.rowArrayType(of: table.id)
    self.table = table
    backend = nil
  }

  /// A table whose rows are in a server. `options` are those that may be shown.
  init(_ table: NamedBackendTable, accessMethod: OID, options: [String]) {
    schema = table.object.tableSchema(schema: table.schema, name: table.name)
    kind = table.object.isOwned ? .table : .foreign
    isShared = false
    rowType = 0
    rowArrayType = 0
    self.table = nil
    var columnOptions: [ColumnID: String] = [:]
    for (column, kept) in zip(schema.columns, table.object.columns) where kept.remoteName != kept.name {
      columnOptions[column.id] = "column_name=\(kept.remoteName)"
    }
    backend = (table.object.isOwned ? accessMethod : 0, table.object.isOwned ? options : [], columnOptions)
  }

  init(_ view: ViewDefinition, schema place: String, name: String) {
    schema = view.tableSchema(schema: place, name: name)
    kind = .view
    isShared = false
    rowType = 0
    rowArrayType = 0
    table = nil
    backend = nil
  }

  init(_ rollup: StoredRollup, _ name: RelationName) {
    schema = rollup.tableSchema(name)
    kind = .materializedView
    isShared = false
    rowType = 0
    rowArrayType = 0
    table = nil
    backend = nil
    rollupOptions = rollup.options
  }

  /// One of pg_catalog, information_schema or apus.
  var isSystem: Bool { table == nil && backend == nil && kind == .table }

  /// Every system relation.
  static let system: [ListedRelation] = SystemRelations.all.map { ListedRelation($0) }

  /// The OID in `pg_attrdef` of a column's default or generation.
  func defaultOID(_ column: ColumnID) -> OID {
    table.map { CatalogOIDs.columnDefault($0.id, column) }
      ?? CatalogOIDs.external("default", "\(schema.schema).\(name).\(column.value)")
  }

  var accessMethod: OID {
    if let backend { return backend.accessMethod }
    if table != nil || kind == .materializedView { return CatalogOIDs.columnarMethod }
    return kind == .table ? CatalogOIDs.heapMethod : 0
  }

  /// The options of CREATE TABLE, as `pg_class.reloptions` has them.
  var options: [String] {
    if let backend { return backend.options }
    let given = table?.options.given ?? rollupOptions.map { $0.merging(["rollup": "true"]) { first, _ in first } }
    return given?.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" } ?? []
  }
}

extension SystemSource {
  /// Every table of the store, the store's own included.
  var tables: [ListedRelation] { snapshot.store.tables.map { ListedRelation($0.definition) } }
  /// Tables, views and rollups.
  var relations: [ListedRelation] {
    tables + snapshot.listedBackendTables + snapshot.views + snapshot.listedRollups
  }
}

extension Value {
  static func oid(_ value: OID) -> Value { .int(Int64(value)) }
  static func optional(_ text: String?) -> Value { text.map { .text($0) } ?? .null }
  static func optional(_ number: Int64?) -> Value { number.map { .int($0) } ?? .null }
  static func texts(_ values: [String]) -> Value { .array(values.map { .text($0) }) }
  static func oids(_ values: [OID]) -> Value { .array(values.map { .int(Int64($0)) }) }
  /// information_schema's yes_or_no.
  static func yes(_ flag: Bool) -> Value { .text(flag ? "YES" : "NO") }
}
