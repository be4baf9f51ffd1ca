// RoleRelations owns the catalogs of what a cluster has: roles, databases, tablespaces.

import ApusBase
import ApusColumns

enum RoleRelations {
  static let contents: [String: RelationContent] = [
    "pg_authid": .fixed {
      [
        [
          .oid(CatalogOIDs.role), .text("apus"), .bool(true), .bool(true), .bool(true), .bool(true), .bool(true),
          .bool(true), .bool(true), .int(-1), .null, .null,
        ]
      ]
    },
    "pg_roles": .fixed {
      [
        [
          .text("apus"), .bool(true), .bool(true), .bool(true), .bool(true), .bool(true), .bool(true), .int(-1),
          .text("********"), .null, .bool(true), .null, .oid(CatalogOIDs.role),
        ]
      ]
    },
    "pg_user": .fixed { [user(password: .text("********"))] },
    "pg_shadow": .fixed { [user(password: .null)] },
    "pg_database": .fixed {
      [
        [
          .oid(CatalogOIDs.database), .text("apus"), .oid(CatalogOIDs.role), .int(6), .text("c"), .bool(false),
          .bool(true), .int(-1), .int(0), .int(0), .oid(CatalogOIDs.defaultTablespace), .text("C.UTF-8"),
          .text("C.UTF-8"), .null, .null, .null,
        ]
      ]
    },
    "pg_tablespace": .fixed {
      [(CatalogOIDs.defaultTablespace, "pg_default"), (CatalogOIDs.globalTablespace, "pg_global")].map { oid, name in
        [.oid(oid), .text(name), .oid(CatalogOIDs.role), .null, .null]
      }
    },
    "pg_shdescription": .fixed {
      [[.oid(CatalogOIDs.database), .int(1262), .text(databaseDescription)]]
    },
  ]

  static let databaseDescription = "the one database of this server"

  private static func user(password: Value) -> [Value] {
    [
      .text("apus"), .oid(CatalogOIDs.role), .bool(true), .bool(true), .bool(true), .bool(true), password, .null, .null,
    ]
  }
}
