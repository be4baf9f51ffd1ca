// SystemRelations owns the list of virtual relations: pg_catalog, information_schema and apus.

import ApusBase
import ApusColumns
import ApusPlan

enum SystemRelations {
  /// All of them, schema by schema.
  static let all: [SystemRelation] =
    parse(CatalogRelationData.text, schema: "pg_catalog")
    + parse(InformationSchemaData.text, schema: "information_schema")
    + parse(ApusRelationData.text, schema: "apus")

  /// Where rows come from, by qualified name: one dictionary per file. Relations that are not here are empty.
  static let contents: [String: RelationContent] = {
    var all: [String: RelationContent] = [:]
    let parts: [(String, [String: RelationContent])] = [
      ("pg_catalog", RelationRelations.contents), ("pg_catalog", TypeRelations.contents),
      ("pg_catalog", FunctionRelations.contents), ("pg_catalog", RoleRelations.contents),
      ("pg_catalog", SettingRelations.contents), ("pg_catalog", ActivityRelations.contents),
      ("information_schema", InformationTableRelations.contents),
      ("information_schema", FunctionRelations.informationContents),
      ("apus", StoreRelations.apusContents), ("apus", ActivityRelations.apusContents),
      ("pg_catalog", PluginRelations.contents), ("apus", PluginRelations.apusContents),
      ("information_schema", PluginRelations.informationContents),
      ("apus", SettingRelations.apusContents), ("apus", AccessRelations.apusContents),
      ("apus", PolicyRelations.apusContents),
    ]
    for (schema, part) in parts { for (name, content) in part { all["\(schema).\(name)"] = content } }
    return all
  }()

  private static let byName: [String: SystemRelation] = Dictionary(
    all.map { ("\($0.schema.schema).\($0.name)", $0) }, uniquingKeysWith: { first, _ in first })
  private static let byOID: [OID: SystemRelation] = Dictionary(
    all.map { ($0.oid, $0) }, uniquingKeysWith: { first, _ in first })

  static func definition(schema: String, name: String) -> SystemRelation? { byName["\(schema).\(name)"] }
  static func definition(_ oid: OID) -> SystemRelation? { byOID[oid] }

  /// Lines of `name oid kind rowtype arraytype column:type,...`; a kind `s` is a table that databases share, a `!`
  /// after a type is NOT NULL.
  private static func parse(_ text: String, schema: String) -> [SystemRelation] {
    text.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: " ").map(String.init)
      guard parts.count == 6, let oid = OID(parts[1]) else { return nil }
      let columns = parts[5].split(separator: ",").enumerated().map { index, item in
        let isNotNull = item.hasSuffix("!")
        let halves = (isNotNull ? item.dropLast() : item).split(separator: ":").map(String.init)
        let type = halves.count == 2 ? CatalogTypes.type(named: halves[1]) : nil
        return TableColumn(
          id: ColumnID(UInt32(truncatingIfNeeded: index + 1)), name: halves[0], type: TypeReference(type ?? .text),
          isNotNull: isNotNull)
      }
      return SystemRelation(
        schema: TableSchema(oid: oid, schema: schema, name: parts[0], columns: columns),
        kind: parts[2] == "v" ? .view : .table, isShared: parts[2] == "s", rowType: OID(parts[3]) ?? 0,
        rowArrayType: OID(parts[4]) ?? 0, content: contents["\(schema).\(parts[0])"] ?? .empty)
    }
  }
}
