// InformationTableRelations owns information_schema's relations of schemas, tables and columns.

import ApusBase
import ApusColumns
import ApusPlan

enum InformationTableRelations {
  static let database = Value.text("apus")

  static let contents: [String: RelationContent] = [
    "information_schema_catalog_name": .fixed { [[database]] },
    "schemata": .live(.definitions) { source throws(ApusError) in
      source.snapshot.schemas.map { [database, .text($0), .text("apus"), .null, .null, .null, .null] }
    },
    "tables": listed { [tableRow($0)] },
    "columns": listed(columnRows),
    "views": RelationContent(
      fixed: { _ in ListedRelation.system.filter { $0.kind == .view }.map { viewRow($0, query: nil) } },
      live: { source throws(ApusError) in
        source.snapshot.views.map { view in
          let object = source.snapshot.view(schema: view.schema.schema, name: view.name)
          return viewRow(view, query: object.flatMap { try? ViewDefinition($0) }?.query)
        }
      }, lifetime: .definitions),
    "element_types": listed(elementRows),
    "column_udt_usage": listed { relation in
      relation.schema.columns.map { column in
        let type = TypeFacets(column.type)
        return [database, .text("pg_catalog"), .text(type.udtName)] + path(relation) + [.text(column.name)]
      }
    },
    "table_constraints": listed { relation in
      notNullColumns(relation).map { name, _ in
        [database, .text(relation.schema.schema), .text(name)] + path(relation)
          + [.text("CHECK"), .yes(false), .yes(false), .yes(true), .null]
      }
    },
    "check_constraints": listed { relation in
      notNullColumns(relation).map { name, column in
        [database, .text(relation.schema.schema), .text(name), .text("\(column) IS NOT NULL")]
      }
    },
    "table_privileges": listed(tablePrivileges),
    "role_table_grants": listed(tablePrivileges),
    "column_privileges": listed(columnPrivileges),
    "role_column_grants": listed(columnPrivileges),
    "enabled_roles": .fixed { [[.text("apus")]] },
    "character_sets": .fixed {
      [[.null, .null, .text("UTF8"), .text("UCS"), .text("UTF8"), database, .null, .null]]
    },
    "collations": .fixed { collations.map { [database, .text("pg_catalog"), .text($0), .text("NO PAD")] } },
    "collation_character_set_applicability": .fixed {
      collations.map { [database, .text("pg_catalog"), .text($0), .null, .null, .text("UTF8")] }
    },
  ]

  private static func viewRow(_ view: ListedRelation, query: String?) -> [Value] {
    [
      database, .text(view.schema.schema), .text(view.name), .optional(query.map { $0 + ";" }), .text("NONE"),
      .yes(false), .yes(false), .yes(false), .yes(false), .yes(false),
    ]
  }

  private static let collations = ["default", "C", "POSIX", "ucs_basic", "C.utf8"]

  /// Rows of every relation: the system's once, tables' as they come and go.
  static func listed(_ rows: @escaping @Sendable (ListedRelation) -> [[Value]]) -> RelationContent {
    RelationContent(
      fixed: { _ in ListedRelation.system.flatMap(rows) },
      live: { source throws(ApusError) in source.relations.flatMap(rows) }, lifetime: .definitions)
  }

  /// table_catalog, table_schema, table_name.
  static func path(_ relation: ListedRelation) -> [Value] {
    [database, .text(relation.schema.schema), .text(relation.name)]
  }

  private static func tableRow(_ relation: ListedRelation) -> [Value] {
    path(relation) + [
      .text(relation.kind == .view ? "VIEW" : relation.kind == .foreign ? "FOREIGN" : "BASE TABLE"), .null, .null,
      .null, .null, .null,
      .yes(relation.table != nil), .yes(false), .null,
    ]
  }

  private static let columnTemplate = RowTemplate(
    "columns",
    """
    table_catalog table_schema table_name column_name ordinal_position column_default is_nullable is_generated
    generation_expression is_updatable is_self_referencing is_identity identity_cycle udt_catalog udt_schema udt_name
    dtd_identifier collation_catalog collation_schema collation_name data_type character_maximum_length
    character_octet_length numeric_precision numeric_precision_radix numeric_scale datetime_precision interval_type
    """)

  @Sendable private static func columnRows(_ relation: ListedRelation) -> [[Value]] {
    relation.schema.columns.map { column in
      let type = TypeFacets(column.type)
      let isCollated = CatalogTypes.entry(column.type.type.oid)?.collation == 950
      let collation: [Value] = isCollated ? [database, .text("pg_catalog"), .text("C")] : [.null, .null, .null]
      let ordinal = Int64(column.id.value)
      let isGenerated = column.generatedText != nil
      return columnTemplate.row(
        path(relation) + [
          .text(column.name), .int(ordinal), isGenerated ? .null : .optional(column.defaultText),
          .yes(!column.isNotNull), .text(isGenerated ? "ALWAYS" : "NEVER"), .optional(column.generatedText),
          // There is no UPDATE yet.
          .yes(false), .yes(false), .yes(false), .yes(false), database, .text("pg_catalog"), .text(type.udtName),
          .text(String(ordinal)),
        ] + collation + type.lengths + type.precisions)
    }
  }

  private static let elementTemplate = RowTemplate(
    "element_types",
    """
    object_catalog object_schema object_name object_type collection_type_identifier data_type udt_catalog udt_schema
    udt_name dtd_identifier
    """)

  @Sendable private static func elementRows(_ relation: ListedRelation) -> [[Value]] {
    relation.schema.columns.compactMap { column in
      guard let element = column.type.type.elementType else { return nil }
      let number = String(column.id.value)
      let name = CatalogTypes.entry(element.oid)?.name ?? element.catalogName
      return elementTemplate.row(
        path(relation) + [
          .text(relation.kind == .view ? "VIEW" : "TABLE"), .text(number), .text(element.sqlName), database,
          .text("pg_catalog"), .text(name), .text("a" + number),
        ])
    }
  }

  /// NOT NULL as the constraints that the standard has for it, named as PostgreSQL names them.
  private static func notNullColumns(_ relation: ListedRelation) -> [(name: String, column: String)] {
    relation.schema.columns.filter(\.isNotNull).map { column in
      ("\(relation.schemaOID)_\(relation.oid)_\(column.id)_not_null", column.name)
    }
  }

  @Sendable private static func tablePrivileges(_ relation: ListedRelation) -> [[Value]] {
    ["INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"].map { privilege in
      [.text("apus"), .text("apus")] + path(relation) + [.text(privilege), .yes(true), .yes(privilege == "SELECT")]
    }
  }

  @Sendable private static func columnPrivileges(_ relation: ListedRelation) -> [[Value]] {
    relation.schema.columns.flatMap { column in
      ["SELECT", "INSERT", "UPDATE", "REFERENCES"].map { privilege in
        [.text("apus"), .text("apus")] + path(relation) + [.text(column.name), .text(privilege), .yes(true)]
      }
    }
  }
}
