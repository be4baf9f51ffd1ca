// CatalogOIDs owns the object identifiers that PostgreSQL does not give: ranges, and how a name becomes a number in
// them.

import ApusBase
import ApusColumns
import ApusStore

enum CatalogOIDs {
  /// The one role there is: PostgreSQL's bootstrap superuser.
  static let role: OID = 10
  /// The one database.
  static let database: OID = 16_000
  static let defaultTablespace: OID = 1663
  static let globalTablespace: OID = 1664

  static let pgCatalog: OID = 11
  static let publicSchema: OID = 2200
  static let informationSchema: OID = 13_207
  static let apusSchema: OID = 15_001

  static let heapMethod: OID = 2
  static let columnarMethod: OID = 15_002

  /// Row types of tables, and arrays of these: the table's OID and a constant.
  static let rowTypes: OID = 1_000_000_000
  static let rowArrayTypes: OID = 1_200_000_000
  static let defaults: OID = 1_400_000_000
  private static let defaultsPerTable: OID = 2_048
  private static let functions: OID = 200_000_000
  private static let schemas: OID = 400_000_000
  private static let views: OID = 600_000_000
  private static let externals: OID = 800_000_000
  private static let hashRange: UInt64 = 199_000_000

  static func rowType(of table: TableID) -> OID { rowTypes &+ table.value % 199_000_000 }
  static func rowArrayType(of table: TableID) -> OID { rowArrayTypes &+ table.value % 199_000_000 }

  /// The OID in `pg_attrdef` of a column's default or generation.
  static func columnDefault(_ table: TableID, _ column: ColumnID) -> OID {
    defaults &+ (table.value &* defaultsPerTable &+ column.value % defaultsPerTable) % 600_000_000
  }

  static func function(_ signature: String) -> OID { functions &+ hash(signature) }

  static func view(schema: String, name: String) -> OID { views &+ hash("\(schema).\(name)") }

  /// Of extensions, servers, wrappers, access methods and tables of backends.
  static func external(_ kind: String, _ name: String) -> OID { externals &+ hash("\(kind) \(name)") }

  static func schema(_ name: String) -> OID {
    switch name {
    case "pg_catalog": pgCatalog
    case "information_schema": informationSchema
    case "public": publicSchema
    case "apus": apusSchema
    default: schemas &+ hash(name)
    }
  }

  /// FNV-1a: the same number for a name in every release.
  private static func hash(_ name: String) -> OID {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return OID(truncatingIfNeeded: (hash ^ (hash >> 32)) % hashRange)
  }
}
