// The functions that tell whether a plain name finds an object.

import ApusBase
import ApusColumns

extension CatalogFunctions {
  /// Each gives null for an OID that names nothing.
  static let visibilityBodies: [String: Body] = {
    var bodies: [String: Body] = [
      "pg_table_is_visible": { (catalog, arguments) throws(ApusError) -> Value in
        catalog.relation(arguments[0].asOID).map { .bool(catalog.isVisible($0)) } ?? .null
      },
      "pg_type_is_visible": { (catalog, arguments) throws(ApusError) -> Value in
        let oid = arguments[0].asOID
        if CatalogTypes.entry(oid) != nil { return .bool(true) }
        return catalog.relation(rowType: oid).map { .bool(catalog.isVisible($0.0)) } ?? .null
      },
      "pg_function_is_visible": { (catalog, arguments) throws(ApusError) -> Value in
        catalog.functions.function(arguments[0].asOID).map {
          .bool(catalog.schemasSearched.contains($0.schema))
        } ?? .null
      },
      "pg_operator_is_visible": { (catalog, arguments) throws(ApusError) -> Value in
        catalog.functions.operator_(arguments[0].asOID) == nil ? .null : .bool(true)
      },
      "pg_collation_is_visible": { (_, arguments) throws(ApusError) -> Value in
        collations.contains { $0.oid == arguments[0].asOID } ? .bool(true) : .null
      },
    ]
    // There is none of these.
    for kind in [
      "opclass", "opfamily", "conversion", "statistics_obj", "ts_config", "ts_dict", "ts_parser", "ts_template",
    ] {
      bodies["pg_\(kind)_is_visible"] = nothing
    }
    return bodies
  }()
}
