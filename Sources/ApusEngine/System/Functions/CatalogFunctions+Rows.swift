// The functions that give rows: an array of rows, each an array of its columns.

import ApusBase
import ApusColumns

extension CatalogFunctions {
  static let rowBodies: [String: Body] = [
    "pg_get_keywords": { (_, _) throws(ApusError) -> Value in keywords },
    "pg_show_all_settings": { (catalog, _) throws(ApusError) -> Value in
      .array(SettingRelations.rows(catalog.context.settings, catalog.snapshot.database).map { .array($0) })
    },
    // Every privilege is by default: there is no list to take apart.
    "aclexplode": { (_, _) throws(ApusError) -> Value in .array([]) },
    "pg_listening_channels": { (_, _) throws(ApusError) -> Value in .array([]) },
    "pg_tablespace_databases": { (_, arguments) throws(ApusError) -> Value in
      .array(arguments[0].asOID == CatalogOIDs.defaultTablespace ? [.array([.oid(CatalogOIDs.database)])] : [])
    },
    // A table is one relation, however many partitions by time it has.
    "pg_partition_tree": { (_, _) throws(ApusError) -> Value in .array([]) },
    "pg_partition_ancestors": { (_, _) throws(ApusError) -> Value in .array([]) },
  ]

  private static let keywords: Value = {
    let classes = [
      "U": "unreserved", "C": "unreserved (cannot be function or type name)",
      "T": "reserved (can be function or type name)", "R": "reserved",
    ]
    return .array(
      KeywordData.text.split(separator: " ").map { item in
        // word, class, and - when it needs AS as a label
        let needsAs = item.hasSuffix("-")
        let body = needsAs ? item.dropLast() : item
        let code = String(body.suffix(1))
        return .array([
          .text(String(body.dropLast())), .text(code), .bool(!needsAs), .optional(classes[code]),
          .text(needsAs ? "requires AS" : "can be bare label"),
        ])
      })
  }()
}
