// TypeRelations owns the catalogs of types: pg_type, pg_collation, pg_cast, pg_range.

import ApusBase
import ApusColumns
import ApusFunctions
import ApusPlan

enum TypeRelations {
  static let contents: [String: RelationContent] = [
    "pg_type": RelationContent(
      fixed: { _ in CatalogTypes.all.map(typeRow) + ListedRelation.system.flatMap(rowTypes) },
      live: { source throws(ApusError) in source.tables.flatMap(rowTypes) }, lifetime: .definitions),
    "pg_collation": .fixed {
      [
        ("default", 100, "d", -1, nil), ("C", 950, "c", -1, "C"), ("POSIX", 951, "c", -1, "POSIX"),
        ("ucs_basic", 12_340, "c", 6, "C"), ("C.utf8", 12_341, "c", 6, "C.utf8"),
      ].map { (name: String, oid: Int64, provider: String, encoding: Int64, locale: String?) -> [Value] in
        [
          .int(oid), .text(name), .oid(CatalogOIDs.pgCatalog), .oid(CatalogOIDs.role), .text(provider), .bool(true),
          .int(encoding), .optional(locale), .optional(locale), .null, .null,
        ]
      }
    },
    "pg_cast": .functions { functions in
      let known = Set(functions.registry.allCasts.map { [$0.source.oid, $0.target.oid] })
      return CastData.text.split(separator: ";").compactMap { record in
        let parts = record.split(separator: " ").map(String.init)
        guard parts.count == 6, let source = CatalogTypes.entry(named: parts[1])?.oid,
          let target = CatalogTypes.entry(named: parts[2])?.oid, known.contains([source, target])
        else { return nil }
        return [
          .optional(Int64(parts[0])), .oid(source), .oid(target), .optional(Int64(parts[3])), .text(parts[4]),
          .text(parts[5]),
        ]
      }
    },
  ]

  private static func typeRow(_ type: CatalogType) -> [Value] {
    let f = type.functions
    let schema: Value = .oid(CatalogOIDs.pgCatalog)
    return [
      .oid(type.oid), .text(type.name), schema, .oid(CatalogOIDs.role), .int(type.length), .bool(type.isByValue),
      .text(type.kind), .text(type.category), .bool(type.isPreferred), .bool(true), .text(","), .int(0),
      .oid(type.subscripting), .oid(type.element), .oid(type.array), .oid(f[0]), .oid(f[1]), .oid(f[2]), .oid(f[3]),
      .oid(f[4]), .oid(f[5]), .oid(f[6]), .text(type.alignment), .text(type.storage), .bool(false), .int(0), .int(-1),
      .int(0), .oid(type.collation), .null, .null, .null,
    ]
  }

  /// The row type of a relation, and its array. Their functions are those of `record` and of arrays.
  private static func rowTypes(_ relation: ListedRelation) -> [[Value]] {
    func row(_ oid: OID, _ name: String, isArray: Bool) -> [Value] {
      let functions: [Int64] = isArray ? [750, 751, 2400, 2401, 3816] : [2290, 2291, 2402, 2403, 0]
      return [
        .oid(oid), .text(name), .oid(relation.schemaOID), .oid(CatalogOIDs.role), .int(-1), .bool(false),
        .text(isArray ? "b" : "c"), .text(isArray ? "A" : "C"), .bool(false), .bool(true), .text(","),
        .oid(isArray ? 0 : relation.oid), .int(isArray ? 6179 : 0), .oid(isArray ? relation.rowType : 0),
        .oid(isArray ? 0 : relation.rowArrayType), .int(functions[0]), .int(functions[1]), .int(functions[2]),
        .int(functions[3]), .int(0), .int(0), .int(functions[4]), .text("d"), .text("x"), .bool(false), .int(0),
        .int(-1), .int(0), .int(0), .null, .null, .null,
      ]
    }
    guard relation.rowType != 0 else { return [] }
    var rows = [row(relation.rowType, relation.name, isArray: false)]
    if relation.rowArrayType != 0 { rows.append(row(relation.rowArrayType, "_" + relation.name, isArray: true)) }
    return rows
  }
}
